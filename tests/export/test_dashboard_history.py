"""What an export keeps of the history of dashboards, from servers that tell it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from lightdash_standin import seed
from lightdash_standin.faults import Fault, Faults
from lightdash_standin.server import Server
from lightdash_sync.content.json import canonical, sha256
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.parts import FILTERS, server_ids
from lightdash_sync.content.portable import to_server
from lightdash_sync.errors import SnapshotError
from lightdash_sync.export.run import export_beside, read_now
from lightdash_sync.export.selection import Depth, ExportSelection
from lightdash_sync.lightdash.reading import Lightdash
from lightdash_sync.snapshot.layout import parse_path
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.verify import verify
from lightdash_sync.workers import Silent
from tests.exporting import export_world, lightdash_at, tree, undated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lightdash_standin.state import Dashboard, World

CURRENT = "0.2904.5"
PATH = "dashboards/sales-overview.json"


@pytest.fixture
def world() -> World:
    """The demo on a server that tells the history of dashboards."""
    return seed.demo_world(CURRENT)


def _dashboard(world: World, slug: str = "sales-overview") -> Dashboard:
    found = (one for one in world.dashboards.values() if one.slug == slug)
    production = world.projects["production"]
    return next(one for one in found if world.spaces[one.space_uuid].project_uuid == production)


@contextmanager
def _asking(world: World, who: str = "admin") -> Iterator[Callable[..., Any]]:
    """Ask the embedded Lightdash as somebody."""
    headers = {"Authorization": f"ApiKey {world.tokens[who]}"}
    with (
        Server(world) as server,
        httpx.Client(
            base_url=f"{server.url}/api/v1", headers=headers, trust_env=False, verify=False
        ) as client,
    ):

        def ask(method: str, path: str, body: Any = None) -> Any:
            answer = client.request(method, path, json=body)
            assert answer.is_success, answer.text
            return answer.json().get("results")

        yield ask


def _save(world: World, change: Callable[[list[Any]], list[Any]], who: str = "admin") -> None:
    """Save a dashboard with other tiles, a day later."""
    world.clock.advance(days=1)
    dashboard = _dashboard(world).uuid
    with _asking(world, who) as ask:
        now = ask("GET", f"/dashboards/{dashboard}")
        ask("PATCH", f"/dashboards/{dashboard}", now | {"tiles": change(now["tiles"])})


def _roll_back(world: World, versions: int) -> None:
    """Go back by so many versions."""
    dashboard = _dashboard(world)
    then = world.dashboard_version_uuid(dashboard.versions[-1 - versions])
    with _asking(world) as ask:
        ask("POST", f"/dashboards/{dashboard.uuid}/rollback/{then}")


def _files(root: Path) -> dict[str, Any]:
    """The earlier versions of dashboards in a snapshot."""
    names = Snapshot(root).manifest.files
    found = [name for name in names if (place := parse_path(name)) and place.version]
    return {
        name: orjson.loads((root / name).read_bytes()) for name in found if name.startswith("dashboards/")
    }


def _versions(root: Path) -> Any:
    return Snapshot(root).identity().facts(Kind.DASHBOARD, "sales-overview")["versions"]


def _asked(world: World, what: str) -> list[str]:
    return [path for _, path in world.requests if path.startswith("/api/v1/dashboards/") and what in path]


def test_each_earlier_version_is_kept_with_its_author_and_without_what_belongs_to_none(
    world: World, tmp_path: Path
) -> None:
    """Who saved what when is in the snapshot, in keys; today's name and place are not among it."""
    _save(world, lambda tiles: tiles[1:], "editor")
    _save(world, lambda tiles: tiles)
    report = export_world(world, tmp_path / "p")
    assert verify(tmp_path / "p").damages == []
    files = {path: one for path, one in _files(tmp_path / "p").items() if "/sales-overview." in path}
    assert report.manifest.counts["dashboard_version"] == len(_files(tmp_path / "p"))
    newest = files[max(files)]
    assert newest["createdBy"] == next(one.email for one in world.people.values() if one.role == "editor")
    assert newest["createdAt"] == _dashboard(world).versions[-2].created_at
    assert {"name", "description", "space", "uuid", "slug"}.isdisjoint(newest["dashboard"])
    assert {"tiles", "tabs", "filters"} <= newest["dashboard"].keys()
    assert world.crashes == []


def test_the_ids_of_parts_that_are_gone_are_known(world: World, tmp_path: Path) -> None:
    """A version can be said in the server's words again, with the very tiles and filters that it had."""
    _save(world, lambda tiles: tiles[2:])
    board = _dashboard(world)
    with _asking(world) as ask:
        world.clock.advance(days=1)
        now = ask("GET", f"/dashboards/{board.uuid}")
        (first, *rest) = now["filters"]["dimensions"]
        rules = [*rest, {**first, "id": "made anew"}]
        ask("PATCH", f"/dashboards/{board.uuid}", now | {"filters": now["filters"] | {"dimensions": rules}})
    _save(world, lambda tiles: [{**tile, "uuid": None} for tile in tiles])
    export_world(world, tmp_path / "p")
    identity = Snapshot(tmp_path / "p").identity()
    for path, saved in _files(tmp_path / "p").items():
        place = parse_path(path)
        assert place is not None
        layout = identity.facts(Kind.DASHBOARD, place.key)["versions"][place.version]  # type: ignore[index, call-overload]
        then = identity.extended({Kind.DASHBOARD: {place.key: layout | {"uuid": "x"}}})  # type: ignore[operator]
        server = to_server(Kind.DASHBOARD, place.key, saved["dashboard"], then)
        dashboard = next(
            one for one in world.dashboards.values() if one.uuid == identity.uuid(Kind.DASHBOARD, place.key)
        )
        version = next(one for one in dashboard.versions if one.created_at == saved["createdAt"])
        assert {tile["uuid"] for tile in version.tiles} == {tile["uuid"] for tile in server["tiles"]}  # type: ignore[union-attr, index, call-overload]
        assert {tab["uuid"] for tab in version.tabs} == {tab["uuid"] for tab in server["tabs"]}  # type: ignore[union-attr, index, call-overload]
        assert server_ids({"filters": version.filters}, FILTERS) == server_ids(server, FILTERS)
    names = [identity.facts(Kind.DASHBOARD, "sales-overview"), *_versions(tmp_path / "p").values()]
    ids = {one["filters"]["orders-channel"] for one in names if one["filters"]}
    assert ids == {"f-channel", "made anew"}


def test_a_tile_has_one_name_in_all_versions(world: World, tmp_path: Path) -> None:
    """A tile that was taken off and came back is the same one for whoever compares versions."""
    export_world(world, tmp_path / "p")
    before = orjson.loads((tmp_path / "p" / PATH).read_bytes())
    _save(world, lambda tiles: tiles[1:])
    export_world(world, tmp_path / "p")
    _roll_back(world, 1)
    export_world(world, tmp_path / "p")
    after = orjson.loads((tmp_path / "p" / PATH).read_bytes())
    assert before["tiles"] == after["tiles"]
    said = [{tile["id"] for tile in one["dashboard"]["tiles"]} for one in _files(tmp_path / "p").values()]
    assert {tile["id"] for tile in before["tiles"]} in said


def test_with_history_and_without_the_files_of_dashboards_are_the_same(world: World, tmp_path: Path) -> None:
    """Reading a dashboard through its version gives the bytes of reading the dashboard."""
    _save(world, lambda tiles: tiles[1:])
    shown = _dashboard(world).version.tiles[0]["properties"]["savedChartUuid"]
    with _asking(world) as ask:
        ask("DELETE", f"/saved/{shown}")
    export_world(world, tmp_path / "with")
    export_world(world, tmp_path / "without", chosen=ExportSelection(depth=Depth.CONTENT))
    both = tree(tmp_path / "with"), tree(tmp_path / "without")
    for path in both[1]:
        if path.startswith("dashboards/"):
            assert both[0][path] == both[1][path]
    assert not _files(tmp_path / "without")
    with_, without = (
        Snapshot(tmp_path / name).identity().facts(Kind.DASHBOARD, "sales-overview")
        for name in ("with", "without")
    )
    assert without == {name: value for name, value in with_.items() if name != "versions"}


def test_a_version_is_asked_for_once_and_kept_when_the_server_lists_it_no_more(
    world: World, tmp_path: Path
) -> None:
    """However far back the server's window reaches, what was current at an export is never lost."""
    export_world(world, tmp_path / "p")
    for _ in range(2):
        _save(world, lambda tiles: tiles)
        world.clock.advance(days=9)
        export_world(world, tmp_path / "p")
    held = _files(tmp_path / "p")
    world.requests.clear()
    _save(world, lambda tiles: tiles[1:])
    world.clock.advance(days=9)
    _save(world, lambda tiles: tiles)
    world.clock.advance(days=9)
    export_world(world, tmp_path / "p")
    assert held.items() < _files(tmp_path / "p").items()
    assert len(_asked(world, "/version/")) == 3  # the current one, the one before, what was current last time
    assert verify(tmp_path / "p").damages == []


def test_nothing_is_asked_where_nothing_changed(world: World, tmp_path: Path) -> None:
    """A dashboard that the lists prove unchanged is taken over with its versions, as hard links."""
    _save(world, lambda tiles: tiles[1:])
    export_world(world, tmp_path / "p")
    inodes = {name: (tmp_path / "p" / name).stat().st_ino for name in _files(tmp_path / "p")}
    assert inodes
    world.requests.clear()
    report = export_world(world, tmp_path / "p")
    assert (report.added, report.changed, report.removed) == ([], [], [])
    assert _asked(world, "") == []
    assert inodes == {name: (tmp_path / "p" / name).stat().st_ino for name in _files(tmp_path / "p")}


def test_an_export_without_history_keeps_what_is_there(world: World, tmp_path: Path) -> None:
    """A fuller snapshot is not made poorer; the next export with history closes the gap, as for charts."""
    _save(world, lambda tiles: tiles[1:])
    export_world(world, tmp_path / "p")
    held = _files(tmp_path / "p")
    _save(world, lambda tiles: tiles[1:])
    export_world(world, tmp_path / "p", chosen=ExportSelection(depth=Depth.CONTENT))
    assert _files(tmp_path / "p") == held
    assert verify(tmp_path / "p").damages == []
    export_world(world, tmp_path / "p")
    assert held.items() < _files(tmp_path / "p").items()


def test_a_damaged_version_is_an_error_and_not_built_upon(world: World, tmp_path: Path) -> None:
    """What cannot be read from Lightdash again is missed loudly."""
    _save(world, lambda tiles: tiles[1:])
    export_world(world, tmp_path / "p")
    path = next(iter(_files(tmp_path / "p")))
    (tmp_path / "p" / path).write_text("{}")
    with pytest.raises(SnapshotError, match="is damaged"):
        export_world(world, tmp_path / "p")
    assert path in {damage.path for damage in verify(tmp_path / "p").damages}


def test_who_may_not_manage_a_dashboard_gets_it_without_history(world: World, tmp_path: Path) -> None:
    """The history is shown to those who may manage a dashboard; the others are told what is missing."""
    report = export_world(
        world, tmp_path / "p", who="viewer", chosen=ExportSelection(kinds=frozenset({Kind.DASHBOARD}))
    )
    assert report.manifest.counts["dashboard"]
    assert "dashboard_version" not in report.manifest.counts
    assert any("may not read the history" in warning for warning in report.warnings)


def test_a_chart_that_only_an_earlier_version_shows_is_found(world: World, tmp_path: Path) -> None:
    """A chart inside a dashboard that left its tiles is in the snapshot, even if it uses no metric."""
    dashboard = _dashboard(world)
    table: Any = {"columnOrder": []}
    query = {
        "exploreName": "orders", "dimensions": [], "metrics": [], "filters": {}, "sorts": [], "limit": 5,
        "tableCalculations": [],
    }  # fmt: skip
    body = {
        "name": "Inside once", "tableName": "orders", "metricQuery": query, "tableConfig": table,
        "chartConfig": {"type": "table", "config": {}}, "dashboardUuid": dashboard.uuid,
    }  # fmt: skip
    with _asking(world) as ask:
        chart = ask("POST", f"/projects/{world.projects['production']}/saved", body)["uuid"]
    place = {"type": "saved_chart", "x": 0, "y": 99, "w": 6, "h": 6, "properties": {"savedChartUuid": chart}}
    _save(world, lambda tiles: [*tiles, place])
    _save(world, lambda tiles: tiles[:-1] if tiles[-1]["y"] == 99 else tiles)
    assert all(tile["properties"].get("savedChartUuid") != chart for tile in dashboard.version.tiles)
    export_world(world, tmp_path / "p")
    key = Snapshot(tmp_path / "p").identity().known_keys(Kind.CHART)[chart]
    shown = [
        tile["properties"].get("chart")
        for one in _files(tmp_path / "p").values()
        for tile in one["dashboard"]["tiles"]
    ]
    assert key in shown


def test_a_dashboard_that_is_saved_while_it_is_read_is_read_as_one_version(
    world: World, tmp_path: Path
) -> None:
    """Between the history and its newest version somebody saves: what is written is one version whole."""
    dashboard = _dashboard(world)
    saved: list[str] = []

    def save(_number: int, _method: str, path: str) -> Fault | None:
        if f"{dashboard.uuid}/version/" in path and not saved:
            saved.append(path)
            version = dashboard.version
            moment = world.clock.tick()
            dashboard.versions.append(
                type(version)(
                    **{**vars(version), "id": 999, "created_at": moment, "tiles": version.tiles[1:]}
                )
            )
        return None

    export_world(world, tmp_path / "p", faults=Faults(rule=save))
    facts = Snapshot(tmp_path / "p").identity().facts(Kind.DASHBOARD, "sales-overview")
    content = orjson.loads((tmp_path / "p" / PATH).read_bytes())
    assert saved
    assert facts["version"] == world.dashboard_version_uuid(dashboard.version)
    assert facts["updatedAt"] == dashboard.version.created_at
    assert len(content["tiles"]) == len(dashboard.version.tiles)


def test_a_chart_that_could_be_restored_leaves_an_empty_tile(world: World, tmp_path: Path) -> None:
    """Versions go on naming charts that were deleted softly; dashboards do not, nor does a snapshot."""
    dashboard = _dashboard(world)
    version = world.dashboard_version_uuid(dashboard.version)
    shown = dashboard.version.tiles[0]["properties"]["savedChartUuid"]
    with _asking(world) as ask:
        said = ask("GET", f"/dashboards/{dashboard.uuid}/version/{version}")
        ask("DELETE", f"/saved/{shown}")
    answer = Fault.content(orjson.dumps({"status": "ok", "results": said}))
    faults = Faults(rule=lambda _number, _method, path: answer if path.endswith(version) else None)
    export_world(world, tmp_path / "with", faults=faults)
    export_world(world, tmp_path / "without", chosen=ExportSelection(depth=Depth.CONTENT))
    assert (tmp_path / "with" / PATH).read_bytes() == (tmp_path / "without" / PATH).read_bytes()
    assert b'"chart": null' in (tmp_path / "with" / PATH).read_bytes()
    assert verify(tmp_path / "with").damages == []


def _rewrite_facts(root: Path, change: Callable[[Any], object]) -> None:
    """Change what a snapshot knows of the dashboard, and drop the files of versions it knows no more."""
    identity, manifest = (
        orjson.loads((root / name).read_bytes()) for name in ("identity.json", "snapshot.json")
    )
    facts = identity["items"]["dashboard"]["sales-overview"]
    change(facts)
    (root / "identity.json").write_bytes(canonical(identity))
    for path in [path for path in manifest["files"] if path.startswith("dashboards/sales-overview.history/")]:
        if path.rsplit("/", 1)[1].removesuffix(".json") not in facts.get("versions", {}):
            (root / path).unlink()
            del manifest["files"][path]
    manifest["files"]["identity.json"] = sha256(canonical(identity))
    (root / "snapshot.json").write_bytes(canonical(manifest))


def test_a_snapshot_of_before_this_tool_knew_of_histories_gets_them(world: World, tmp_path: Path) -> None:
    """Nothing changed in Lightdash, and yet a dashboard is read whose versions nobody has asked for."""
    _save(world, lambda tiles: tiles[1:])
    export_world(world, tmp_path / "p")
    before = undated(tmp_path / "p")
    _rewrite_facts(tmp_path / "p", lambda facts: [facts.pop(name) for name in ("version", "versions")])
    export_world(world, tmp_path / "p")
    assert undated(tmp_path / "p") == before


@pytest.mark.parametrize("names", [None, ["x"], {"a": 1, "b": None, "c": ["d"]}])
def test_names_of_tiles_that_somebody_edited_stop_nothing(world: World, tmp_path: Path, names: Any) -> None:
    """A snapshot may come by pull request: whatever it calls the tiles, the next export is whole."""
    _save(world, lambda tiles: tiles[1:])
    export_world(world, tmp_path / "p")
    _rewrite_facts(
        tmp_path / "p",
        lambda facts: [one.update(tiles=names, tabs=names) for one in facts["versions"].values()],
    )
    _save(world, lambda tiles: tiles[1:])
    export_world(world, tmp_path / "p")
    assert verify(tmp_path / "p").damages == []


def test_an_older_server_gives_what_it_gave(tmp_path: Path) -> None:
    """Where there is no history, there is none in the snapshot, nor a question for it."""
    world = seed.demo_world("0.1372.1")
    report = export_world(world, tmp_path / "p")
    assert not _files(tmp_path / "p")
    assert "dashboard_version" not in report.manifest.counts
    assert "version" not in Snapshot(tmp_path / "p").identity().facts(Kind.DASHBOARD, "sales-overview")
    assert _asked(world, "history") == []


def test_looking_at_a_project_as_it_is_now_counts_no_view(world: World, tmp_path: Path) -> None:
    """Plans and comparisons read the project too; they take a request more rather than leave a trace."""
    export_world(world, tmp_path / "p")
    _save(world, lambda tiles: tiles[1:])
    views = {uuid: dashboard.views for uuid, dashboard in world.dashboards.items()}
    with Server(world) as server, lightdash_at(server.url, world.tokens["admin"]).session as session:
        lightdash, over = Lightdash(session), Snapshot(tmp_path / "p")
        read_now(lightdash, world.projects["production"], over, tmp_path / "now", progress=Silent())
        export_beside(lightdash, tmp_path / "p", tmp_path / "beside", progress=Silent())
    assert views == {uuid: dashboard.views for uuid, dashboard in world.dashboards.items()}
    export_world(world, tmp_path / "p", chosen=ExportSelection(depth=Depth.CONTENT))
    for name in ("now", "beside"):
        assert (tmp_path / name / PATH).read_bytes() == (tmp_path / "p" / PATH).read_bytes()
        assert not any((tmp_path / name).glob("dashboards/*/*"))
