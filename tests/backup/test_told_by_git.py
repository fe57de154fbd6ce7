"""What git tells of a project whose first backup was made with its past: log, blame, every commit whole."""

from __future__ import annotations

import random
from contextlib import closing
from typing import TYPE_CHECKING

import httpx
import pytest

from lightdash_standin import seed
from lightdash_standin.charts import read_chart
from lightdash_standin.server import Server
from lightdash_sync.backup.commits import Manner, commit_snapshot
from lightdash_sync.content.authorship import moment
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import SnapshotError
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.verify import verify
from tests.export.editing import Editors
from tests.exporting import export_world, lightdash_at, tree
from tests.worlds import can, demo_world

from .looking import git, restored

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_standin.state import Chart, World
    from lightdash_sync.git import Repository
    from lightdash_sync.lightdash.schemas import VersionRow

WHO = ("admin", "second_admin", "editor", "second_editor", "developer")
TOOL = "lightdash-sync"
PAST = Manner(backfill=True)


def chart_of(world: World, name: str) -> Chart:
    """The chart of production that has a name."""
    spaces = world.project_rows[world.projects["production"]].spaces
    return next(
        chart
        for chart in world.charts.values()
        if chart.name == name and (chart.dashboard_uuid or chart.space_uuid in spaces)
    )


def save(server: Server, world: World, who: str, chart: Chart, **query: object) -> None:
    """Let somebody save a new version of a chart, two hours after the last thing that happened."""
    world.clock.advance(hours=2)
    body = read_chart(world, chart)
    body = {**body, "metricQuery": {**body["metricQuery"], **query}}
    headers = {"Authorization": f"ApiKey {world.tokens[who]}"}
    url = f"{server.url}/api/v1/saved/{chart.uuid}/version"
    httpx.post(url, json=body, headers=headers, trust_env=False, verify=False).raise_for_status()


@pytest.fixture
def world() -> World:
    """The demo after two more days of work: charts in spaces and in dashboards, each by several people."""
    world, chance = demo_world(), random.Random(7)
    names = (
        "Weekly revenue",
        "Orders by status",
        "Subscriptions by plan",
        "Why people leave",
        "Revenue to date",
    )
    with Server(world) as server:
        for number in range(20):
            save(
                server, world, chance.choice(WHO), chart_of(world, chance.choice(names)), limit=2000 + number
            )
    return world


def said_by(history: list[VersionRow]) -> list[str]:
    """Author and time of each version in a history, oldest first."""
    told = []
    for version in reversed(history):
        time, by = moment(version.createdAt), version.createdBy
        assert time is not None
        name = f"{by.firstName} {by.lastName}" if by and by.userUuid else TOOL
        told.append(f"{name} {time.replace(microsecond=0).isoformat()}")
    return told


def log_of(repository: Repository, *paths: Path, form: str = "%an %aI") -> list[str]:
    """What git log says of some files, oldest first."""
    return git(repository.root, "log", "--reverse", f"--format={form}", "--", *map(str, paths)).splitlines()


def test_the_log_of_every_chart_is_the_history_that_the_server_lists(
    repository: Repository, world: World
) -> None:
    """Author and time of each commit of a chart's file are those of its versions, in dashboards too."""
    folder = repository.root / "snapshots/production"
    nobodys = chart_of(world, "Revenue to date")
    next(iter(nobodys.versions.values())).created_by = None
    export_world(world, folder)
    commit_snapshot(repository, folder, "production", PAST)
    charts = Snapshot(folder).identity().items[Kind.CHART]
    lengths = set()
    with Server(world) as server:
        lightdash = lightdash_at(server.url, world.tokens["admin"])
        with lightdash.session:
            for key, facts in charts.items():
                told = log_of(repository, folder / f"charts/{key}.json")
                assert told == said_by(lightdash.chart_history(str(facts["uuid"])))
                lengths.add(len(told))
    assert len(charts) > 25
    assert max(lengths) >= 4
    assert git(repository.root, "status", "--porcelain", "--", "snapshots/production") == ""


def test_the_log_of_every_dashboard_is_the_history_that_the_server_lists(
    repository: Repository, tmp_path: Path
) -> None:
    """Where dashboards have a history, each of their versions is a commit at its time, by its author."""
    world, folder = seed.demo_world("0.2904.5"), repository.root / "snapshots/production"
    with Server(world) as server, closing(Editors(server.url, world, random.Random(5))) as editors:
        for _ in range(8):
            for edit in (editors.move_tile, editors.create_chart_inside, editors.roll_dashboard_back):
                world.clock.advance(hours=1)
                edit()
    export_world(world, folder)
    made = commit_snapshot(repository, folder, "production", PAST)
    dashboards = Snapshot(folder).identity().items[Kind.DASHBOARD]
    lengths = []
    with Server(world) as server:
        lightdash = lightdash_at(server.url, world.tokens["admin"])
        with lightdash.session:
            for key, facts in dashboards.items():
                place = folder / "dashboards"  # whoever saves one unchanged adds to its history only
                told = log_of(repository, place / f"{key}.json", place / f"{key}.history")
                history = said_by(lightdash.dashboard_history(str(facts["uuid"])))
                assert told[-len(history) :] == history
                lengths.append((len(history), len(told) - len(history)))
    assert max(lengths)[0] >= 5
    assert {more for _, more in lengths} == {0, 1}  # some have charts inside, and begin empty
    for one in made[::5]:
        assert verify(restored(repository, one.id, folder, tmp_path / one.id)).damages == []


def test_blame_names_who_wrote_a_line(repository: Repository) -> None:
    """Each line of a chart, in a dashboard or not, is of the person who saved it so."""
    world, folder = demo_world(), repository.root / "snapshots/production"
    charts = {"orders-by-status": "Orders by status", "revenue-to-date": "Revenue to date"}
    with Server(world) as server:
        for name in charts.values():
            save(server, world, "second_editor", chart_of(world, name), limit=77)
            save(server, world, "developer", chart_of(world, name), timezone="Europe/Paris")
            save(server, world, "second_admin", chart_of(world, name), limit=78)
    export_world(world, folder)
    commit_snapshot(repository, folder, "production", PAST)
    for key in charts:
        blamed = git(repository.root, "blame", "--line-porcelain", "--", str(folder / f"charts/{key}.json"))
        author, by = "", {}
        for line in blamed.splitlines():
            if line.startswith("author "):
                author = line.removeprefix("author ")
            elif line.startswith("\t"):
                by[line.strip().rstrip(",")] = author
        assert by['"limit": 78'] == "Bruno Oliveira"
        assert by['"timezone": "Europe/Paris"'] == "Lena Brandt"
        assert by['"tableName": "orders"'] in ("Ines Marchetti", "Tom Okafor")


@pytest.mark.parametrize("seed", [1, 2])
def test_every_commit_holds_a_whole_snapshot(
    repository: Repository, world: World, tmp_path: Path, seed: int
) -> None:
    """After days of random work too: each commit passes verify, and the last one restores exactly."""
    folder = repository.root / "snapshots/production"
    with Server(world) as server:
        editors = Editors(server.url, world, random.Random(seed))
        for _ in range(40):
            editors.edit()
        editors.close()
    export_world(world, folder)
    made = commit_snapshot(repository, folder, "production", PAST)
    assert len(made) > 30
    for one in made:
        assert verify(restored(repository, one.id, folder, tmp_path / one.id)).damages == []
    assert tree(tmp_path / made[-1].id) == tree(folder)


def test_the_messages_say_what_came_when(repository: Repository, world: World) -> None:
    """First the tool's places, then a commit for each version, with the item's name; schedulers last."""
    folder = repository.root / "snapshots/production"
    export_world(world, folder)
    made = [one.subject for one in commit_snapshot(repository, folder, "production", PAST)]
    spaces = 9 if world.can("nested_spaces") else 7
    # Dashboards that were first made longer ago than the server's history goes back come empty first.
    empty = "1 dashboard" if world.can("dashboard_history") else "2 dashboards"
    others = (
        f"{empty}, {spaces} spaces and 5" if not can("whole_history") else f"{spaces} spaces, 3 tags and 2"
    )
    assert made[0] == f"production: {others} other items first seen"
    assert "production: chart Revenue to date first seen in Sales" in made
    assert made.count("production: chart Revenue to date updated in Sales") > 1
    assert "production: dashboard Sales overview updated in Sales" in made
    schedulers = len([*(folder / "schedulers").glob("*.json")])
    assert made[-1] == f"production: {schedulers} schedulers and 2 other items first seen"


def test_what_refers_to_each_other_is_one_commit_of_all_its_authors(
    repository: Repository, tmp_path: Path
) -> None:
    """Two charts whose descriptions name each other come together: by who was last, with the other's help."""
    world, folder = demo_world(), repository.root / "snapshots/production"
    one, two = chart_of(world, "Recurring revenue"), chart_of(world, "Revenue to date")
    one.description, two.description = f"see {two.uuid}", f"see {one.uuid}"
    export_world(world, folder)
    made = commit_snapshot(repository, folder, "production", PAST)
    (both,) = [made_.id for made_ in made if made_.subject == "production: 2 charts first seen"]
    assert (
        git(repository.root, "log", "-1", "--format=%an %aI", both)
        == "Bruno Oliveira 2026-03-03T07:16:41+00:00"
    )
    trailers = ["Lightdash-Sync: backfill", "Co-authored-by: Ines Marchetti <ines.marchetti@kettle.example>"]
    assert git(repository.root, "log", "-1", "--format=%(trailers)", both).splitlines() == trailers
    assert verify(restored(repository, both, folder, tmp_path / "both")).damages == []


def test_the_past_is_told_once(repository: Repository, world: World) -> None:
    """Asked for again, a backup goes on from where it is: nothing for no change, one commit for one."""
    folder = repository.root / "snapshots/production"
    export_world(world, folder)
    before = len(commit_snapshot(repository, folder, "production", PAST))
    assert commit_snapshot(repository, folder, "production", PAST) == []
    with Server(world) as server:
        save(server, world, "developer", chart_of(world, "Weekly revenue"), limit=9)
    export_world(world, folder)
    (made,) = commit_snapshot(repository, folder, "production", PAST)
    assert made.subject == "production: chart Weekly revenue updated in Sales"
    assert int(git(repository.root, "rev-list", "--count", "HEAD")) == before + 1


def test_the_past_is_told_only_where_nothing_was_committed_before(repository: Repository) -> None:
    """A folder that git knows already, even with a snapshot that cannot be read, gets one commit."""
    folder = repository.root / "snapshots/production"
    export_world(demo_world(), folder)
    (folder / "snapshot.json").rename(repository.root / "kept")
    git(repository.root, "add", "snapshots")
    git(repository.root, "-c", "user.name=x", "-c", "user.email=x", "commit", "--quiet", "-m", "Half of it")
    (repository.root / "kept").rename(folder / "snapshot.json")
    assert len(commit_snapshot(repository, folder, "production", PAST)) == 1


def test_a_dry_run_tells_the_same_and_commits_nothing(repository: Repository, world: World) -> None:
    """What a backup would commit is known before."""
    folder = repository.root / "snapshots/production"
    export_world(world, folder)
    foretold = commit_snapshot(repository, folder, "production", Manner(backfill=True, dry=True))
    assert repository.head().commit is None
    made = commit_snapshot(repository, folder, "production", PAST)
    assert [(one.subject, one.author) for one in foretold] == [(one.subject, one.author) for one in made]


def test_one_commit_for_all_has_no_past(repository: Repository, world: World) -> None:
    """Who wants a single commit gets one."""
    folder = repository.root / "snapshots/production"
    export_world(world, folder)
    assert len(commit_snapshot(repository, folder, "production", Manner(single=True, backfill=True))) == 1
    assert "Co-authored-by" not in git(repository.root, "log", "--format=%B")


def test_a_version_that_was_changed_by_hand_stops_everything(repository: Repository, world: World) -> None:
    """A damaged snapshot has no past, and nothing is committed."""
    folder = repository.root / "snapshots/production"
    export_world(world, folder)
    version = next((folder / "charts").glob("*.history/*.json"))
    version.write_bytes(version.read_bytes() + b"\n")
    with pytest.raises(SnapshotError, match="is not as it was written"):
        commit_snapshot(repository, folder, "production", PAST)
    assert repository.head().commit is None
