"""Colour palettes belong to an organisation; what uses one names it, and so comes to another organisation."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lightdash_standin.accounts import ColorPalette
from lightdash_sync.content.kinds import Kind
from lightdash_sync.snapshot.read import Snapshot
from tests.apply.small_world import small_world
from tests.sync.desk import FROM_TO, SOURCE, TARGET, TO, Desk, desk_at, read

NEW = "0.2904.5"
STORED = ("--from", "./snapshots/source", *TO)
COLOURS = [f"#0000{number:02x}" for number in range(20)]


@pytest.fixture
def painted(tmp_path: Path) -> Iterator[Desk]:
    """On a current server a chart, a dashboard and a space have a palette."""
    with desk_at(small_world(NEW), tmp_path / "work") as desk:
        org = next(iter(desk.world.orgs.values()))
        palette = ColorPalette(desk.world.new_uuid(), "Autumn", COLOURS, None, desk.world.clock.now())
        org.palettes[palette.uuid] = palette
        _paint(desk, palette.uuid)
        yield desk


def _paint(desk: Desk, palette: str | None) -> None:
    chart, dashboard = (
        desk.uuid(*one, SOURCE) for one in ((Kind.CHART, "Inside"), (Kind.DASHBOARD, "Overview"))
    )
    space = desk.uuid(Kind.SPACE, "Sales", SOURCE)
    desk.send("PATCH", f"/saved/{chart}", {"colorPaletteUuid": palette})
    desk.send("PATCH", f"/dashboards/{dashboard}", {"name": "Overview", "colorPaletteUuid": palette})
    body = {"name": "Sales", "inheritParentPermissions": True, "colorPaletteUuid": palette}
    desk.send("PATCH", f"/projects/{desk.projects[SOURCE]}/spaces/{space}", body)


def _exported(desk: Desk, where: str) -> dict[str, bytes]:
    """Export with history: only so each chart is read by itself, which alone tells its palette."""
    path = desk.folder / "snapshots" / where
    shutil.rmtree(path, ignore_errors=True)
    desk.do("export", "--env", where)
    tree = Snapshot(path).tree()
    return {name: tree[name] for name in tree}


def _palettes(files: dict[str, bytes]) -> set[Any]:
    paths = ("charts/inside.json", "dashboards/overview.json", "spaces/sales.json")
    return {read(files, path)["palette"] for path in paths}


def _elsewhere(desk: Desk, *names: str) -> None:
    """Let the target be a project of another organisation, which has palettes of its own."""
    world = desk.world
    org = next(iter(world.orgs.values()))
    uuids = {palette.name: uuid for uuid, palette in org.palettes.items()}
    for uuid in list(org.palettes):
        palette = org.palettes.pop(uuid)
        if palette.name in names:
            palette.uuid = world.new_uuid()
            org.palettes[palette.uuid] = palette
    assert not set(uuids.values()) & set(org.palettes)


def test_a_palette_is_named_and_comes_along(painted: Desk) -> None:
    here = _exported(painted, SOURCE)
    identity = Snapshot(painted.folder / "snapshots" / SOURCE).identity()
    assert (list(identity.palettes), dict(identity.external)) == (["Autumn"], {})
    applied = painted.do("apply", *STORED, "--yes", "--adopt-by-name", "--json").json
    assert (applied["complete"], applied["mismatches"]) == (True, [])
    assert _palettes(here) == _palettes(_exported(painted, TARGET)) == {"Autumn"}
    with painted.nothing_is_written():
        assert painted.do("apply", *STORED, "--yes", "--json").json["empty"]


def test_a_palette_that_got_another_name_is_read_again(painted: Desk) -> None:
    """Though no list says so of the charts that use it."""
    _exported(painted, SOURCE)
    (palette,) = (one for org in painted.world.orgs.values() for one in org.palettes.values())
    palette.name = "Winter"
    painted.do("export", "--env", SOURCE)
    tree = Snapshot(painted.folder / "snapshots" / SOURCE).tree()
    assert _palettes({path: tree[path] for path in tree}) == {"Winter"}


def test_a_snapshot_comes_to_an_organisation_that_has_a_palette_of_the_name(painted: Desk) -> None:
    _exported(painted, SOURCE)
    _elsewhere(painted, "Autumn")
    painted.do("apply", *STORED, "--yes", "--adopt-by-name")
    assert _palettes(_exported(painted, TARGET)) == {"Autumn"}


def test_where_there_is_none_of_the_name_that_is_told_and_all_else_is_done(painted: Desk) -> None:
    _exported(painted, SOURCE)
    _elsewhere(painted)
    planned = painted.do("plan", *STORED, "--adopt-by-name", "--json").json
    told = {one["item"] for one in planned["problems"] if one["code"] == "missing_palette"}
    assert (told, planned["refusals"]) == ({"chart:inside", "dashboard:overview", "space:sales"}, [])
    painted.do("apply", *STORED, "--yes", "--adopt-by-name")
    assert _palettes(_exported(painted, TARGET)) == {None}
    with painted.nothing_is_written():
        assert painted.do("apply", *STORED, "--yes", "--json").json["empty"]


def test_a_live_source_tells_palettes_of_what_changed_since_its_snapshot_with_history(painted: Desk) -> None:
    """Of the rest the snapshot tells them."""
    _exported(painted, SOURCE)
    painted.do("apply", *STORED, "--yes", "--adopt-by-name")
    chart = painted.uuid(Kind.CHART, "Inside", SOURCE)
    painted.send("PATCH", f"/saved/{chart}", {"description": "Other words", "colorPaletteUuid": None})
    painted.apply()
    assert _palettes(_exported(painted, TARGET)) == {None, "Autumn"}


def test_a_live_source_that_cannot_tell_the_palettes_of_charts_says_so(painted: Desk) -> None:
    planned = painted.do("plan", *FROM_TO, "--adopt-by-name")
    assert "source (live) does not tell the colour palettes of charts" in planned.err
    painted.export(SOURCE)
    assert "./snapshots/source does not tell the colour" in painted.do("plan", *STORED, "--adopt-by-name").err
    _exported(painted, SOURCE)
    assert "does not tell" not in painted.do("plan", *STORED, "--adopt-by-name").err


def test_the_first_plan_knows_which_palettes_charts_of_the_target_have(painted: Desk) -> None:
    """Also of those that are linked by this very plan: what is the same already is no step of it."""
    _exported(painted, SOURCE)
    painted.do("apply", *STORED, "--yes", "--adopt-by-name")
    for forgotten in (painted.memory, painted.folder / "snapshots" / f".{TARGET}.local"):
        shutil.rmtree(forgotten)
    planned = painted.do("plan", *STORED, "--adopt-by-name", "--allow-twins", "all", "--json", code=4).json
    assert "inside" in {one["key"] for one in planned["adopted"] if one["kind"] == "chart"}
    assert "inside" not in {one["key"] for one in planned["steps"] if one["kind"] == "chart"}
