"""What a backup leaves in git."""

from __future__ import annotations

import random
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from lightdash_standin.server import Server
from lightdash_sync.backup.commits import Manner, commit_snapshot, write_out
from lightdash_sync.errors import Refused
from lightdash_sync.snapshot.verify import verify
from tests.export.editing import Editors
from tests.exporting import export_world, lightdash_at, tree
from tests.worlds import demo_world

from .looking import git, restored

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_standin.state import World
    from lightdash_sync.git import Repository


def test_the_first_backup_is_one_commit_and_a_quiet_night_none(repository: Repository) -> None:
    """Everything is there once; when nothing changed there is no commit."""
    world, folder = demo_world(), repository.root / "snapshots/production"
    export_world(world, folder)
    assert len(commit_snapshot(repository, folder, "production")) == 1
    export_world(world, folder)
    assert commit_snapshot(repository, folder, "production") == []
    assert git(repository.root, "status", "--porcelain", "--", "snapshots/production") == ""


def test_each_author_gets_a_commit_at_their_time(repository: Repository) -> None:
    """Two people made new versions, somebody renamed something: three commits, each by who did it."""
    world, folder = demo_world(), repository.root / "snapshots/production"
    export_world(world, folder)
    commit_snapshot(repository, folder, "production")
    with Server(world) as server:
        editors = Editors(server.url, world, random.Random(1))
        charts = [uuid for uuid in editors._charts() if world.charts[uuid].space_uuid]
        for who, uuid in (("admin", charts[0]), ("editor", charts[1])):
            world.clock.advance(hours=1)
            lightdash = lightdash_at(server.url, world.tokens[who])
            with lightdash.session:
                lightdash.session._http.post(
                    f"{server.url}/api/v1/saved/{uuid}/version", json=editors._query()
                )
        editors.close()
    world.charts[charts[2]].name = "Renamed\nCo-authored-by: nobody <x@y>"
    export_world(world, folder)
    made = commit_snapshot(repository, folder, "production")
    assert len(made) == 3
    log = git(repository.root, "log", "-3", "--format=%an <%ae>|%cn|%s")
    authors = [line.split("|")[0] for line in log.splitlines()]
    assert len(set(authors)) == 3
    assert "lightdash-sync" in authors[0]
    assert "\nCo-authored-by: nobody" not in git(repository.root, "log", "-1", "--format=%B")


@pytest.mark.parametrize("seed", [1, 2])
def test_every_commit_holds_a_whole_snapshot(repository: Repository, tmp_path: Path, seed: int) -> None:
    """After nights of random work each commit passes verify, and the last one restores exactly."""
    world, folder = demo_world(), repository.root / "snapshots/production"
    export_world(world, folder)
    commit_snapshot(repository, folder, "production")
    for night in range(6):
        with Server(world) as server:
            editors = Editors(server.url, world, random.Random(100 * seed + night))
            for _ in range(4):
                editors.edit()
            editors.close()
        try:
            export_world(world, folder)
        except Refused:
            export_world(world, folder, accept_shrink=True)
        commit_snapshot(repository, folder, "production")
    for commit in git(repository.root, "rev-list", "HEAD").splitlines():
        assert verify(restored(repository, commit, folder, tmp_path / commit)).damages == []
    assert tree(tmp_path / git(repository.root, "rev-parse", "HEAD")) == tree(folder)


def _work(url: str, world: World, who: str, method: str, path: str, body: object) -> Any:
    """Let somebody do something through the API."""
    world.clock.advance(hours=1)
    lightdash = lightdash_at(url, world.tokens[who])
    with lightdash.session:
        answer = lightdash.session._http.request(method, f"{url}/api/v1{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json().get("results")


def test_what_is_nobodys_is_in_nobodys_name(repository: Repository, tmp_path: Path) -> None:
    """Somebody makes a space, others work in it together, somebody deletes: all are told apart."""
    world, folder = demo_world(), repository.root / "snapshots/production"
    export_world(world, folder)
    commit_snapshot(repository, folder, "production")
    with Server(world) as server:
        project = world.projects["production"]
        editors = Editors(server.url, world, random.Random(1))
        query, sql = editors._query(), editors._sql_charts()[0]
        editors.close()
        space = _work(server.url, world, "admin", "POST", f"/projects/{project}/spaces", {"name": "Lab"})
        board = _work(
            server.url, world, "second_admin", "POST", f"/projects/{project}/dashboards",
            {"name": "Board", "spaceUuid": space["uuid"], "tiles": [], "tabs": []},
        )  # fmt: skip
        chart = _work(
            server.url, world, "admin", "POST", f"/projects/{project}/saved",
            {**query, "name": "Trial", "spaceUuid": space["uuid"]},
        )  # fmt: skip
        tile = {"type": "saved_chart", "x": 0, "y": 0, "w": 6, "h": 6}
        tile |= {"properties": {"savedChartUuid": chart["uuid"]}}
        _work(
            server.url,
            world,
            "second_admin",
            "PATCH",
            f"/dashboards/{board['uuid']}",
            {"tiles": [tile], "tabs": []},
        )
        _work(server.url, world, "admin", "POST", f"/saved/{chart['uuid']}/version", query)
        _work(server.url, world, "admin", "DELETE", f"/projects/{project}/sqlRunner/saved/{sql}", None)
    export_world(world, folder)
    made = commit_snapshot(repository, folder, "production")
    assert [one.subject for one in made] == [
        "production: space Lab created",
        "production: chart Trial created in Lab",
        "production: dashboard Board created in Lab",
        made[-1].subject,
    ]
    assert "\n- deleted SQL chart " in git(repository.root, "log", "-1", "--format=%B")
    assert [one.author is None for one in made] == [True, False, False, True]
    for commit in made:
        write_out(repository, commit.id, folder, tmp_path / commit.id)
        assert verify(tmp_path / commit.id).damages == []


def _versions(server: Server, world: World, saves: list[tuple[str, int, int]]) -> list[str]:
    """Let people save versions of charts: who, which chart, which limit; return the charts."""
    charts = sorted(uuid for uuid, one in world.charts.items() if one.space_uuid)
    for who, number, limit in saves:
        query = {
            "exploreName": "orders", "dimensions": [], "metrics": [], "filters": {}, "sorts": [],
            "limit": limit, "tableCalculations": [],
        }  # fmt: skip
        body = {"tableName": "orders", "metricQuery": query, "chartConfig": {"type": "table"}}
        body["tableConfig"] = {"columnOrder": []}
        _work(server.url, world, who, "POST", f"/saved/{charts[number]}/version", body)
    return charts


def test_who_saved_in_between_is_a_co_author(repository: Repository) -> None:
    """Two people saved one chart since the last backup: the last one is the author, the other is named."""
    world, folder = demo_world(), repository.root / "snapshots/production"
    with Server(world) as server:
        _versions(server, world, [("admin", 0, 1)])
    export_world(world, folder)
    commit_snapshot(repository, folder, "production")
    with Server(world) as server:
        _versions(server, world, [("second_admin", 0, 2), ("editor", 0, 3)])
    export_world(world, folder)
    commit_snapshot(repository, folder, "production")
    author, body = git(repository.root, "log", "-1", "--format=%ae%x00%B").split("\0")
    owners = {row.secret: row.person_uuid for row in world.token_rows.values()}
    emails = {
        who: world.people[owners[token]].email for who, token in world.tokens.items() if token in owners
    }
    assert author == emails["editor"]
    assert f"<{emails['second_admin']}>" in body
    assert f"<{emails['admin']}>" not in body  # whose version was in the backup before


def test_a_save_without_a_change_keeps_its_authors_other_work_apart(
    repository: Repository, tmp_path: Path
) -> None:
    """Saving a chart as it was is a version like any other: it joins nobody's work with somebody else's."""
    world, folder = demo_world(), repository.root / "snapshots/production"
    with Server(world) as server:
        _versions(server, world, [("admin", 0, 7)])
    export_world(world, folder)
    commit_snapshot(repository, folder, "production")
    with Server(world) as server:
        charts = _versions(server, world, [("editor", 0, 7), ("editor", 1, 8)])
        _work(server.url, world, "admin", "PATCH", f"/saved/{charts[2]}", {"name": "Renamed"})
    export_world(world, folder)
    made = commit_snapshot(repository, folder, "production")
    assert [one.author is None for one in made] == [False, True]
    assert "renamed" in made[1].subject
    for one in made:
        assert verify(restored(repository, one.id, folder, tmp_path / one.id)).damages == []


def test_a_version_of_nobody_is_told_at_its_time(repository: Repository) -> None:
    """Who made a version may be unknown (they left); when it was made is not."""
    world, folder = demo_world(), repository.root / "snapshots/production"
    chart = next(one for one in world.charts.values() if one.slug == "weekly-revenue")
    for version in chart.versions.values():
        version.created_by = None
    export_world(world, folder)
    commit_snapshot(repository, folder, "production", Manner(backfill=True))
    path = "snapshots/production/charts/weekly-revenue.json"
    told = git(repository.root, "log", "--format=%an %at", "--", path).splitlines()
    times = [int(datetime.fromisoformat(one.created_at).timestamp()) for one in chart.versions.values()]
    assert told == [f"lightdash-sync {time}" for time in times[::-1][: len(told)]]
    assert len(told) > 1
