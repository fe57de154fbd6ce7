"""One item that nobody expected: it is named, and it ends neither the export of others nor the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lightdash_sync.errors import Incomplete
from lightdash_sync.export.selection import Depth, ExportSelection
from lightdash_sync.snapshot.verify import verify
from tests.exporting import export_world, tree
from tests.worlds import demo_world

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_standin.state import World

# An answer of more than 1024 levels cannot be parsed. Schedulers come in a list, which cannot be read then.
ODD = [
    (kind, levels)
    for kind in ("chart", "chart_version", "sql_chart", "dashboard", "scheduler")
    for levels in (255, 400, 900, 1500)
    if (kind, levels) != ("scheduler", 1500)
]


def nested(levels: int) -> Any:
    """A value so deep."""
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def make_odd(world: World, kind: str, value: Any) -> None:
    """Let an item of production hold a value."""
    spaces = [one for one in world.spaces.values() if one.project_uuid == world.projects["production"]]
    match kind:
        case "chart":
            chart = next(uuid for space in spaces for uuid in space.charts)
            world.charts[chart].version.chart_config["odd"] = value
        case "chart_version":
            charts = [world.charts[uuid] for space in spaces for uuid in space.charts]
            versions = next([*chart.versions.values()] for chart in charts if len(chart.versions) > 1)
            for version in versions:
                version.created_at = versions[-1].created_at  # young enough to be listed
            versions[0].chart_config["odd"] = value
        case "sql_chart":
            sql_chart = next(uuid for space in spaces for uuid in space.sql_charts)
            world.sql_charts[sql_chart].config["odd"] = value
        case "dashboard":
            dashboard = next(uuid for space in spaces for uuid in space.dashboards)
            world.dashboards[dashboard].version.filters["odd"] = value
        case _:
            homes = {uuid for space in spaces for uuid in space.dashboards}
            scheduler = next(one for one in world.schedulers.values() if one.dashboard_uuid in homes)
            scheduler.fields["options"] = {"odd": value}


@pytest.mark.parametrize(("kind", "levels"), ODD)
def test_an_item_that_is_nested_too_deeply_is_named(tmp_path: Path, kind: str, levels: int) -> None:
    """Any editor can save one. Nothing else is lost by it, and the old snapshot stands."""
    world = demo_world()
    export_world(world, tmp_path / "p", chosen=ExportSelection(depth=Depth.CONTENT))
    before = tree(tmp_path / "p")
    make_odd(world, kind, nested(levels))
    named = "chart" if kind == "chart_version" else kind
    with pytest.raises(Incomplete, match=rf"1 item could not be read \({named}:.*nested") as caught:
        export_world(world, tmp_path / "p", full=True)
    assert caught.value.exit_code == 3
    assert "Lightdash" in caught.value.hint
    assert before == tree(tmp_path / "p")
    assert world.crashes == []


@pytest.mark.parametrize("kind", ["chart", "sql_chart", "dashboard", "scheduler"])
def test_as_deep_as_a_snapshot_can_hold_is_no_trouble(tmp_path: Path, kind: str) -> None:
    """What is nested 240 levels deep is stored, compared and verified like anything else."""
    world = demo_world()
    make_odd(world, kind, nested(240))
    export_world(world, tmp_path / "p")
    assert verify(tmp_path / "p").damages == []
    export_world(world, tmp_path / "p")
