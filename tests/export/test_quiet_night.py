"""A night on which nothing changed asks for little, and misses nothing: what it did not ask for has a day."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import httpx
import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_standin.palettes import create_palette
from lightdash_standin.people import create_group
from lightdash_standin.seed import demo_world, generated_world
from lightdash_standin.server import Server
from lightdash_standin.virtual_views import store_virtual_view
from lightdash_sync.export.not_exported import UNSHOWN
from lightdash_sync.export.selection import Depth, ExportSelection
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.verify import verify
from tests.exporting import export_world, undated

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lightdash_standin.accounts import Group, Org
    from lightdash_standin.state import Project, World
    from lightdash_sync.export.run import ExportResult

CURRENT = "1.219.0"
DEPTHS = [Depth.CONTENT, Depth.HISTORY]
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_AS_CODE = re.compile(r"/code(/|$)|/code\?")
_P = "/api/v1/projects/U"
LISTS = [
    _P,
    f"{_P}/charts",
    f"{_P}/chart-summaries",
    f"{_P}/dashboards",
    f"{_P}/spaces",
    f"{_P}/tags",
    f"{_P}/dataCatalog/metrics",
    "/api/v1/org/users",
    "/api/v2/content",
]
SPACES = 5  # of the project below, the one that Lightdash makes included
# Version -> what a night asks for besides; spaces are read by themselves where no answer tells their grants.
ALSO = {
    "0.1372.1": [
        "/api/v1/health", f"{_P}/explores", "/api/v1/schedulers/U/logs", *([f"{_P}/spaces/U"] * SPACES),
    ],
    "0.2904.5": [
        "/api/v1/org/groups", "/api/v1/org/color-palettes", f"{_P}/explores", f"{_P}/charts/code",
        "/api/v1/schedulers/U/list", f"{_P}/spaces/U",
    ],
    CURRENT: [f"{_P}/code/spaces", f"{_P}/code/virtualViews", "/api/v1/schedulers/U/list"],
}  # fmt: skip


def _asked(world: World) -> list[str]:
    """The paths that were asked for, but those of comments."""
    paths = (_UUID.sub("U", path.split("?")[0]) for _, path in world.requests)
    return sorted(path for path in paths if "/comments/" not in path)


def _night(world: World, target: Path, depth: Depth = Depth.HISTORY, *, full: bool = False) -> ExportResult:
    world.requests.clear()
    report = export_world(world, target, chosen=ExportSelection(depth=depth), full=full)
    assert verify(target).damages == []
    assert world.crashes == []
    return report


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("version", ALSO)
def test_a_quiet_night_asks_for_its_lists_and_nothing_else(
    version: str, depth: Depth, tmp_path: Path
) -> None:
    """Twelve requests on a current server, however much there is; comments are not among them."""
    world = generated_world(charts=20, dashboards=5, spaces=4, version=version)
    _view(world, "one", "select 1")
    _view(world, "two", "select 2")
    for _ in range(2):
        _night(world, tmp_path / "p", depth)
    views = [] if version == CURRENT else [f"{_P}/explores/{name}" for name in ("one", "two")]
    assert _asked(world) == sorted([*LISTS, *ALSO[version], *views])
    assert version != CURRENT or len(_asked(world)) <= 12


def _project(world: World) -> Project:
    return world.project_rows[world.projects["production"]]


def _org(world: World) -> Org:
    return world.orgs[_project(world).org_uuid]


def _group(world: World) -> Group:
    """The group that has a grant in a space."""
    granted = {uuid for space in world.spaces.values() for uuid in space.group_access}
    return next(one for one in world.groups.values() if one.uuid in granted)


def _view(world: World, name: str, sql: str, label: str = "A view") -> None:
    body = {"sql": sql, "columns": [{"reference": "a", "type": "number"}]}
    store_virtual_view(world, _project(world), name, label, body)


def _people(world: World) -> list[str]:
    return [one.uuid for one in world.people.values() if one.org_uuid == _org(world).uuid]


def _a_world() -> World:
    """A current project in which groups have grants, and a chart, a dashboard and a space have a palette."""
    world = demo_world(CURRENT)
    group = _group(world)
    group.members = dict.fromkeys(_people(world)[:2])
    palette = create_palette(world, _org(world).uuid, "Autumn", ["#111111"])
    spaces = _project(world).spaces
    for rows in (world.charts, world.dashboards):
        next(one for one in rows.values() if one.space_uuid in spaces).color_palette_uuid = palette.uuid
    world.spaces[next(iter(spaces))].color_palette_uuid = palette.uuid
    for name in ("shop", "stock", "staff"):
        _view(world, name, "select 1 as a")
    _project(world).explores["staff"]["brandNew"] = 1
    return world


def _rename_the_group(world: World) -> None:
    _group(world).name = "Renamed"


def _empty_and_rename_the_group(world: World) -> None:
    _group(world).members.clear()
    _rename_the_group(world)


def _swap_names(world: World) -> None:
    """Two groups with the very same people exchange their names: the list of people looks as before."""
    first = _group(world)
    other = next(one for one in world.groups.values() if one.name == "Also")
    first.name, other.name = other.name, first.name


def _grant_to_a_group_without_members(world: World) -> None:
    group = create_group(world, "Nobody yet", _org(world).uuid, None)
    space = next(one for one in world.spaces.values() if one.uuid in _project(world).spaces)
    space.group_access[group.uuid] = "viewer"


def _new_group(world: World) -> None:
    create_group(world, "New", _org(world).uuid, None).members |= dict.fromkeys(_people(world)[:1])


def _new_address(world: World) -> None:
    for uuid in _people(world):
        person = world.people[uuid]
        person.email = f"new-{person.email}"


def _change_a_view(world: World) -> None:
    _view(world, "shop", "select 2 as a")


def _rename_a_view(world: World) -> None:
    _view(world, "shop", "select 1 as a", label="Another name")


def _retype_a_column(world: World) -> None:
    table = _project(world).explores["shop"]["tables"]["shop"]
    table["dimensions"]["a"]["type"] = "string"


def _make_a_view(world: World) -> None:
    _view(world, "more", "select 3 as a")


def _delete_a_view(world: World) -> None:
    del _project(world).explores["shop"]


def _change_what_no_code_tells(world: World) -> None:
    """A server newer than this tool may say more of a virtual view than its form as code has."""
    _project(world).explores["staff"]["brandNew"] = 2


FOUND: list[Callable[[World], None]] = [
    _rename_the_group,
    _empty_and_rename_the_group,
    _swap_names,
    _grant_to_a_group_without_members,
    _new_group,
    _new_address,
    _change_a_view,
    _rename_a_view,
    _retype_a_column,
    _make_a_view,
    _delete_a_view,
    _change_what_no_code_tells,
]


@pytest.mark.parametrize("change", FOUND)
@pytest.mark.parametrize("depth", DEPTHS)
def test_what_is_not_asked_for_by_itself_is_found_the_same_night(
    change: Callable[[World], None], depth: Depth, tmp_path: Path
) -> None:
    """A list that is left out has its content in another one, or is asked for as soon as that one differs."""
    world = _a_world()
    if change is _swap_names:
        create_group(world, "Also", _org(world).uuid, None).members |= _group(world).members
    _night(world, tmp_path / "p", depth)
    change(world)
    shutil.copytree(tmp_path / "p", tmp_path / "full")
    _night(world, tmp_path / "full", depth, full=True)
    report = _night(world, tmp_path / "p", depth)
    assert not report.full
    assert undated(tmp_path / "p") == undated(tmp_path / "full")


def _touch_a_chart(world: World) -> None:
    next(one for one in world.charts.values() if one.space_uuid in _project(world).spaces).name += " now"


def _rename_the_palette(world: World) -> None:
    next(one for one in _org(world).palettes.values() if one.name == "Autumn").name = "Winter"


def _make_a_chart_that_nothing_shows(world: World) -> None:
    spaces = _project(world).spaces
    dashboard = next(one for one in world.dashboards.values() if one.space_uuid in spaces)
    body = {
        "name": "Never shown",
        "dashboardUuid": dashboard.uuid,
        "tableName": "orders",
        "metricQuery": {
            "exploreName": "orders", "dimensions": [], "metrics": [], "filters": {}, "sorts": [], "limit": 5,
            "tableCalculations": [],
        },
        "chartConfig": {"type": "table", "config": {}},
        "tableConfig": {"columnOrder": []},
    }  # fmt: skip
    with Server(world) as server:
        headers = {"Authorization": f"ApiKey {world.tokens['admin']}"}
        url = f"{server.url}/api/v1/projects/{world.projects['production']}/saved"
        answer = httpx.post(url, json=body, headers=headers, trust_env=False)
    assert answer.is_success, answer.text


NAMED = {
    "a renamed palette": (_rename_the_palette, "colour palettes of"),
    "a chart that nothing shows": (_make_a_chart_that_nothing_shows, UNSHOWN),
}


@pytest.mark.parametrize("what", NAMED)
@pytest.mark.parametrize("then", ["a full reading", "anything that changes"])
def test_what_is_not_asked_for_at_all_is_named_until_it_is_found(
    what: str, then: str, tmp_path: Path
) -> None:
    """The manifest says of which day it is; anything else that changes, and a full reading, brings it."""
    world, (change, named) = _a_world(), NAMED[what]
    _night(world, tmp_path / "p")
    change(world)
    report = _night(world, tmp_path / "p")
    assert [one.asOf for one in report.older if one.what.startswith(named)] == [report.manifest.wholeOn]
    if then == "anything that changes":
        _touch_a_chart(world)
    shutil.copytree(tmp_path / "p", tmp_path / "full")
    _night(world, tmp_path / "full", full=True)
    report = _night(world, tmp_path / "p", full=then == "a full reading")
    assert undated(tmp_path / "p") == undated(tmp_path / "full")
    files = b"".join((tmp_path / "p" / path).read_bytes() for path in Snapshot(tmp_path / "p").manifest.files)
    assert (b"Winter" if change is _rename_the_palette else b"Never shown") in files
    assert b"Autumn" not in files or change is not _rename_the_palette
    assert UNSHOWN not in [one.what for one in report.older]


@pytest.mark.parametrize("what", NAMED)
def test_a_reading_for_a_plan_asks_for_all_lists(what: str, tmp_path: Path) -> None:
    """Nobody would read the day in its manifest: it shows what an export of that moment shows."""
    world, (change, _) = _a_world(), NAMED[what]
    _night(world, tmp_path / "p", Depth.AUTHORS)
    change(world)
    shutil.copytree(tmp_path / "p", tmp_path / "full")
    _night(world, tmp_path / "full", Depth.AUTHORS, full=True)
    _night(world, tmp_path / "p", Depth.AUTHORS)
    assert undated(tmp_path / "p") == undated(tmp_path / "full")


def test_a_chart_that_only_pages_tell_of_stays_named(tmp_path: Path) -> None:
    """Nothing shows it, and another has its slug: the manifest says so each night, and so makes no commit."""
    world = _a_world()
    _make_a_chart_that_nothing_shows(world)
    chart = next(one for one in world.charts.values() if one.name == "Never shown")
    chart.slug = next(one.slug for one in world.charts.values() if one.space_uuid in _project(world).spaces)
    for depth in DEPTHS:
        _night(world, tmp_path / depth.name, depth)
        before = undated(tmp_path / depth.name)
        _night(world, tmp_path / depth.name, depth)
        assert undated(tmp_path / depth.name) == before
        manifest = Snapshot(tmp_path / depth.name).manifest
        assert [left.what for left in manifest.leftOut if repr(chart.slug) in left.what]


def test_people_in_several_groups_do_not_mix_these_up(tmp_path: Path) -> None:
    """The list of people pairs uuids and names of groups wrongly; who is in one alone, and the rest, tell."""
    world = _a_world()
    ann, ben, *_ = _people(world)
    granted = _group(world)
    granted.name = "ZZZ"
    granted.members = dict.fromkeys([ann, ben])
    names = ("AAA", "MMM") if granted.uuid < world.new_uuid() else ("MMM", "AAA")
    for name, people in zip(names, ([ann], [ann, ben]), strict=True):
        create_group(world, name, _org(world).uuid, None).members |= dict.fromkeys(people)
    create_group(world, "Only Ben", _org(world).uuid, None).members |= dict.fromkeys([ben])
    _night(world, tmp_path / "p")
    before = undated(tmp_path / "p")
    _night(world, tmp_path / "p")
    assert undated(tmp_path / "p") == before
    granted.name = "ZZZ 2"
    _night(world, tmp_path / "p")
    assert "ZZZ 2" in Snapshot(tmp_path / "p").identity().groups


@pytest.mark.parametrize("status", [403, 404])
def test_where_content_as_code_cannot_be_read_older_lists_are(status: int, tmp_path: Path) -> None:
    """Then no answer tells the virtual views, or the grants, of all; the snapshot is the same."""
    world = _a_world()
    chosen = ExportSelection(depth=Depth.CONTENT)
    faults = Faults(rule=lambda _n, _m, path: Fault.status(status) if _AS_CODE.search(path) else None)
    for _ in range(2):
        world.requests.clear()
        export_world(world, tmp_path / "p", chosen=chosen, faults=faults)
    before = undated(tmp_path / "p")
    assert {f"{_P}/explores", f"{_P}/explores/shop", "/api/v1/org/groups"} <= set(_asked(world))
    export_world(world, tmp_path / "p", chosen=chosen, faults=faults, full=True)
    assert undated(tmp_path / "p") == before
