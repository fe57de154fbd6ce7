"""Texts that lead to what the target cannot have: refused, or written with a dead link if allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.content.kinds import Kind
from tests.sync.desk import FROM_TO, SOURCE, TARGET, TO

if TYPE_CHECKING:
    from tests.sync.desk import Desk


def test_a_link_to_a_chart_that_no_tile_shows_is_refused_or_made_a_dead_one(desk: Desk) -> None:
    """No uuid of the source is sent; the next plan alike is empty, and an undo takes it back."""
    world = desk.world
    inside, board = desk.uuid(Kind.CHART, "Inside", SOURCE), desk.uuid(Kind.DASHBOARD, "Overview", SOURCE)
    tiles = world.dashboards[board].version.tiles
    tiles[:] = [one for one in tiles if one["properties"].get("savedChartUuid") != inside]
    world.dashboards[board].description = f"See /projects/{desk.projects[SOURCE]}/saved/{inside}/view"
    before = desk.content(TARGET)
    refused = desk.do("plan", *FROM_TO, "--adopt-by-name", code=4)
    assert "its text refers to chart:inside, which the target does not have" in refused.out
    assert "--allow-broken dashboard:overview writes it with such links leading nowhere" in refused.out
    allowed = ("--adopt-by-name", "--allow-broken", "dashboard:overview")
    assert desk.apply(*allowed)["complete"]
    made = world.dashboards[desk.uuid(Kind.DASHBOARD, "Overview")]
    assert str(made.description).endswith("/saved/missing-inside/view")
    assert inside not in str(made)
    assert desk.plan(*allowed)["empty"]
    desk.do("undo", *TO, "--yes")
    assert desk.content(TARGET) == before
