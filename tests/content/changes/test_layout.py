"""What became of the tiles of a dashboard, tab by tab."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from lightdash_sync.changes.dashboards import COLUMNS, MAX_ROWS, Box, Tab, TileFate, layout
from lightdash_sync.content.json import Json
from lightdash_sync.content.kinds import Kind
from tests.content.changes.mutations import chaos, pairs
from tests.content.changes.samples import sample


def _fates(tabs: list[Tab]) -> dict[str, dict[str, TileFate]]:
    return {tab.name: {tile.label: tile.fate for tile in tab.tiles} for tab in tabs}


def _dashboard() -> Any:
    return sample(Kind.DASHBOARD)


def test_a_dashboard_is_laid_out_like_itself() -> None:
    """Every tab is there on both sides, no tile went anywhere, and nothing counts as changed."""
    tabs = layout(_dashboard(), _dashboard())
    assert [(tab.name, tab.before, tab.after) for tab in tabs] == [
        ("First", True, True),
        ("Second", True, True),
    ]
    assert _fates(tabs)["First"] == dict.fromkeys(("weekly-revenue", "costs", "Notes"), TileFate.SAME)
    assert not any(tab.is_changed for tab in tabs)


def test_each_tile_has_one_fate() -> None:
    """Moved, resized, changed, added and removed are told apart; where a tile was is kept."""
    old, new = _dashboard(), _dashboard()
    old["tiles"].append({**old["tiles"][0], "id": "gone", "properties": {"chart": "gone"}})
    new["tiles"].append({**new["tiles"][0], "id": "fresh", "properties": {"chart": "fresh"}})
    new["tiles"][0] |= {"y": 20}
    new["tiles"][1] |= {"w": 24}
    new["tiles"][2]["properties"]["content"] = "# Other"
    [first, second] = layout(old, new)
    assert {tile.label: tile.fate for tile in first.tiles} == {
        "weekly-revenue": TileFate.MOVED,
        "costs": TileFate.RESIZED,
        "Notes": TileFate.CHANGED,
        "fresh": TileFate.ADDED,
        "gone": TileFate.REMOVED,
    }
    moved = next(tile for tile in first.tiles if tile.fate is TileFate.MOVED)
    assert (moved.before, moved.after) == (Box(0, 0, 12, 9), Box(0, 20, 12, 9))
    assert (first.is_changed, second.is_changed) == (True, False)


def test_a_tile_that_went_to_another_tab_is_seen_on_both() -> None:
    """On the one it was, on the other it is; neither says that it was added or removed."""
    old, new = _dashboard(), _dashboard()
    new["tiles"][1]["tab"] = "second"
    [first, second] = layout(old, new)
    [left] = [tile for tile in first.tiles if tile.label == "costs"]
    [arrived] = second.tiles
    assert (left.fate, left.before, left.after) == (TileFate.MOVED, Box(12, 0, 12, 9), None)
    assert (arrived.fate, arrived.before, arrived.after) == (TileFate.MOVED, None, Box(12, 0, 12, 9))


def test_tiles_are_matched_by_what_they_show() -> None:
    """A dashboard that was copied has other ids, and the same layout."""
    old, new = _dashboard(), _dashboard()
    for tile in new["tiles"]:
        tile["id"] = f"copy-of-{tile['id']}"
        tile["tab"] = "tab-1"
    new["tabs"][0]["id"] = "tab-1"
    tabs = layout(old, new)
    assert {tile.fate for tile in tabs[0].tiles} == {TileFate.SAME}
    assert len(tabs) == 2


def test_a_dashboard_on_one_side_only() -> None:
    """All of it is added, or removed; no dashboard has no tabs."""
    assert {tile.fate for tab in layout(None, _dashboard()) for tile in tab.tiles} == {TileFate.ADDED}
    assert {tile.fate for tab in layout(_dashboard(), None) for tile in tab.tiles} == {TileFate.REMOVED}
    assert layout(None, None) == []


def test_a_dashboard_without_tabs_is_one_picture() -> None:
    """Its tiles are on a tab without a name."""
    content = _dashboard() | {"tabs": []}
    for tile in content["tiles"]:
        tile["tab"] = None
    [tab] = layout(content, content)
    assert (tab.name, len(tab.tiles)) == ("", 3)


def test_places_that_no_grid_has_are_cut() -> None:
    """Numbers of any size, texts and nothing at all give a place that can be drawn."""
    places: list[dict[str, Any]] = [
        {"x": -5, "y": 2**63, "w": 1e300, "h": -1},
        {"x": "left", "y": None, "w": True, "h": {}},
        {},
    ]
    tiles: Json = [{"id": str(number), "type": "markdown", **place} for number, place in enumerate(places)]
    [tab] = layout(None, {"tiles": tiles})
    assert {tile.after for tile in tab.tiles} == {Box(0, MAX_ROWS, COLUMNS, 1), Box(0, 0, 1, 1)}


@given(pairs())
def test_any_two_contents_can_be_laid_out(pair: tuple[Kind, Json, Json]) -> None:
    """Whatever they are; every box lies in the grid, and swapping the sides swaps added and removed."""
    _, old, new = pair
    there, back = layout(old, new), layout(new, old)
    for tab in there:
        for tile in tab.tiles:
            for box in (tile.before, tile.after):
                assert box is None or (0 <= box.x < box.x + box.w <= COLUMNS and 0 <= box.y <= MAX_ROWS)
            assert (tile.before or tile.after) is not None
    for one, other in ((TileFate.ADDED, TileFate.REMOVED), (TileFate.REMOVED, TileFate.ADDED)):
        found = [tile for tab in there for tile in tab.tiles if tile.fate is one]
        assert len(found) == len([tile for tab in back for tile in tab.tiles if tile.fate is other])


@given(chaos())
def test_nothing_moves_between_equal_contents(content: Json) -> None:
    """What is the same on both sides has no changed tab."""
    assert not any(tab.is_changed for tab in layout(content, content))
