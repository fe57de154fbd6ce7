"""A list that comes back empty or short never becomes the backup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson
import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_standin.server import Server
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import Incomplete, Refused, SyncError
from lightdash_sync.snapshot.read import Snapshot
from tests.exporting import export_world, lightdash_at, tree
from tests.worlds import SCHEDULER_LIST, demo_world

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_standin.state import World
    from lightdash_sync.content.json import Json

LISTS = {
    "spaces": "/projects/[^/]*/spaces",
    "charts": "/projects/[^/]*/charts",  # and not what a server has as code
    "chart summaries": "/chart-summaries",
    "dashboards": "/projects/[^/]*/dashboards",
    "content": "/api/v2/content",
    "schedulers": f"/{SCHEDULER_LIST}",
    "tags": "/tags",
    "metrics": "/dataCatalog/metrics",
}


def _answers(world: World) -> dict[str, object]:
    """What each list says now."""
    project = world.projects["production"]
    with Server(world) as server:
        lightdash = lightdash_at(server.url, world.tokens["admin"])
        paths = {
            "spaces": f"/api/v1/projects/{project}/spaces",
            "charts": f"/api/v1/projects/{project}/charts",
            "chart summaries": f"/api/v1/projects/{project}/chart-summaries",
            "dashboards": f"/api/v1/projects/{project}/dashboards",
            "content": f"/api/v2/content?projectUuids={project}&page=1&pageSize=50000",
            "schedulers": f"/api/v1/schedulers/{project}/{SCHEDULER_LIST}?page=1&pageSize=50000",
            "tags": f"/api/v1/projects/{project}/tags",
            "metrics": f"/api/v1/projects/{project}/dataCatalog/metrics?page=1&pageSize=50000",
        }
        with lightdash.session:
            return {name: lightdash.session.get(path) for name, path in paths.items()}


def _shortened(results: object, share: float) -> object:
    """The same list with only a share of its rows, and counts that fit."""
    if isinstance(results, list):
        return results[: int(len(results) * share)]
    assert isinstance(results, dict)
    short = dict(results)
    for name in ("data", "schedulers"):
        if name in short:
            short[name] = _shortened(short[name], share)
    if "pagination" in short:
        short["pagination"] = short["pagination"] | {"totalResults": len(short["data"]), "totalPageCount": 1}
    return short


def _short_list(name: str, results: object, share: float) -> Faults:
    body = orjson.dumps({"status": "ok", "results": _shortened(results, share)})
    fault, path = Fault.content(body), re.compile(LISTS[name] + r"(\?|$)")
    return Faults(rule=lambda _n, _method, asked: fault if path.search(asked) else None)


@pytest.mark.parametrize("share", [0.0, 0.5])
@pytest.mark.parametrize("name", sorted(LISTS))
def test_an_empty_or_half_list_never_becomes_the_backup(tmp_path: Path, name: str, share: float) -> None:
    """Whichever list comes back short, the old snapshot stays as it was, and the error says why."""
    world = demo_world()
    export_world(world, tmp_path / "p")
    before, answers = tree(tmp_path / "p"), _answers(world)
    with pytest.raises((Refused, Incomplete)) as caught:
        export_world(world, tmp_path / "p", faults=_short_list(name, answers[name], share))
    assert caught.value.exit_code in (3, 4)
    assert before == tree(tmp_path / "p")


@pytest.mark.parametrize("share", [0.0, 0.5])
@pytest.mark.parametrize("name", sorted(set(LISTS) - {"spaces", "tags", "metrics"}))
def test_an_empty_or_half_list_never_becomes_the_first_backup(
    tmp_path: Path, name: str, share: float
) -> None:
    """There is no older snapshot that knows better: the lists, and what the items say, are all there is."""
    world = demo_world()
    answers = _answers(world)
    with pytest.raises(Incomplete):
        export_world(world, tmp_path / "p", faults=_short_list(name, answers[name], share))
    assert not (tmp_path / "p").exists()


DELETES = {
    "space": "projects/{p}/spaces/{u}",
    "chart": "saved/{u}",
    "sql_chart": "projects/{p}/sqlRunner/saved/{u}",
    "dashboard": "dashboards/{u}",
    "virtual_view": "projects/{p}/sqlRunner/virtual-view/{k}",
    "scheduler": "schedulers/{u}",
}


def _send(world: World, method: str, path: str, body: Json = None) -> None:
    """Change the world as a person would."""
    with Server(world) as server:
        lightdash = lightdash_at(server.url, world.tokens["admin"])
        with lightdash.session:
            lightdash.session.write(method, f"/api/v1/{path}", body)


@pytest.mark.parametrize("kind", sorted(DELETES))
def test_what_the_token_may_not_see_is_not_taken_for_deleted(tmp_path: Path, kind: str) -> None:
    """No list names an item any more, and the server says 403 of it: the error names it, nothing is lost."""
    world = demo_world()
    view: Json = {
        "name": "Big orders",
        "sql": "select 1 as a",
        "columns": [{"reference": "a", "type": "number"}],
    }
    _send(world, "POST", f"projects/{world.projects['production']}/sqlRunner/virtual-view", view)
    export_world(world, tmp_path / "p")
    before = tree(tmp_path / "p")
    key, facts = next(iter(sorted(Snapshot(tmp_path / "p").identity().items[Kind(kind)].items())))
    uuid, project = str(facts["uuid"]), world.projects["production"]
    _send(world, "DELETE", DELETES[kind].format(p=project, u=uuid, k=facts.get("slug")))

    def forbidden(_n: int, _method: str, asked: str) -> Fault | None:
        named = str(facts["slug"]) if kind == "virtual_view" else uuid
        return Fault.status(403) if named in asked.split("/") else None

    with pytest.raises(Refused, match=f"{kind}:{key}") as caught:
        export_world(world, tmp_path / "p", faults=Faults(rule=forbidden))
    assert caught.value.exit_code == 4
    assert "may not see" in caught.value.message
    assert before == tree(tmp_path / "p")


def test_losing_a_kind_is_refused_until_a_person_says_so(tmp_path: Path) -> None:
    """All schedulers are really deleted: the export stops with the numbers, and --accept-shrink goes on."""
    world = demo_world()
    had = export_world(world, tmp_path / "p").manifest.counts["scheduler"]
    before = tree(tmp_path / "p")
    world.schedulers.clear()
    with pytest.raises(Refused, match=f"{had} of {had} schedulers") as caught:
        export_world(world, tmp_path / "p")
    assert caught.value.exit_code == 4
    assert "--accept-shrink" in caught.value.hint
    assert before == tree(tmp_path / "p")
    export_world(world, tmp_path / "p", accept_shrink=True)
    assert not (tmp_path / "p/schedulers").exists()


def test_losing_one_item_is_everyday_work(tmp_path: Path) -> None:
    """A single deleted scheduler is exported without a question."""
    world = demo_world()
    had = export_world(world, tmp_path / "p").manifest.counts["scheduler"]
    del world.schedulers[next(iter(world.schedulers))]
    report = export_world(world, tmp_path / "p")
    assert report.manifest.counts["scheduler"] == had - 1


def test_a_token_that_sees_fewer_spaces_is_refused(tmp_path: Path) -> None:
    """Somebody swapped the admin's token for an editor's: private spaces are not taken for deleted."""
    world = demo_world()
    export_world(world, tmp_path / "p")
    before = tree(tmp_path / "p")
    with pytest.raises(SyncError, match="saw more") as caught:
        export_world(world, tmp_path / "p", who="viewer")
    assert caught.value.exit_code == 4
    assert before == tree(tmp_path / "p")
