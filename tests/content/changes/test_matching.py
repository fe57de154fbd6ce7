"""What is matched with what, and where changes say that they are."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.changes.differ import changes
from lightdash_sync.changes.walk import match
from lightdash_sync.changes.wording import words
from lightdash_sync.content.json import Json, Value, canonical, parse
from lightdash_sync.content.kinds import Kind
from tests.content.changes.samples import rule, sample, series


def _told(kind: Kind, old: Any, new: Any) -> list[tuple[str, tuple[str | int, ...]]]:
    return [(change.what, change.where) for change in changes(kind, old, new)]


def _numbered(item: Value) -> int | None:
    """Zero has no name."""
    return item if isinstance(item, int) and item else None


def _json(value: Any) -> Json:
    return parse(canonical(value))


@given(st.lists(st.integers(0, 4)), st.lists(st.integers(0, 4)))
def test_each_element_has_at_most_one_partner(old: list[Json], new: list[Json]) -> None:
    """No element is lost or used twice, partners have the same key, and swapping swaps the pairs."""
    found = match(old, new, _numbered)
    assert sorted([was for was, _ in found.both] + found.removed) == list(range(len(old)))
    assert sorted([now for _, now in found.both] + found.added) == list(range(len(new)))
    assert all(old[was] == new[now] != 0 for was, now in found.both)
    assert sum(min(old.count(n), new.count(n)) for n in range(1, 5)) == len(found.both)
    swapped = match(new, old, _numbered)
    assert sorted(swapped.both) == sorted((now, was) for was, now in found.both)


def test_tiles_are_matched_by_their_name() -> None:
    """A tile that moved to the front is the same tile, and where it is now is said."""
    old, new = sample(Kind.DASHBOARD), sample(Kind.DASHBOARD)
    new["tiles"].insert(0, new["tiles"].pop(2) | {"y": -1})
    assert _told(Kind.DASHBOARD, old, new) == [("tile_moved", ("tiles", 0)), ("order_changed", ("tiles",))]


def test_tiles_of_other_names_are_matched_by_what_they_show() -> None:
    """The same tile under another name, as another environment may have it, changed nothing users see."""
    old, new = sample(Kind.DASHBOARD), sample(Kind.DASHBOARD)
    for n, tile in enumerate(new["tiles"]):
        tile["id"] = f"other-{n}"
    new["filters"]["dimensions"][0]["tileTargets"] = {"other-1": False}
    (change,) = changes(Kind.DASHBOARD, old, new)
    assert change.quiet
    assert set(change.places) == {
        ("tiles", 0, "id"),
        ("tiles", 1, "id"),
        ("tiles", 2, "id"),
        ("filters", "dimensions", 0, "tileTargets"),
    }
    new["tiles"][0]["x"] = 24
    told = [words(change) for change in changes(Kind.DASHBOARD, old, new) if not change.quiet]
    assert told == ["tile moved: other-0 (0,0) → (24,0)"]


def test_two_tiles_of_one_chart_under_other_names() -> None:
    """Of two tiles that show the same chart, those that are exactly alike belong together."""
    old, new = sample(Kind.DASHBOARD), sample(Kind.DASHBOARD)
    twin = old["tiles"][0]
    old["tiles"] = [twin | {"id": "a", "y": 1}, twin | {"id": "b", "y": 2}]
    new["tiles"] = [twin | {"id": "c", "y": 2}, twin | {"id": "d", "y": 7}]
    told = [words(change) for change in changes(Kind.DASHBOARD, old, new) if not change.quiet]
    assert told == ["tile moved: d (0,1) → (0,7)"]


def test_tabs_of_other_names_are_matched_by_their_title() -> None:
    """The same tab under another name takes its tiles along."""
    old, new = sample(Kind.DASHBOARD), sample(Kind.DASHBOARD)
    new["tabs"][0]["id"] = "first-2"
    for tile in new["tiles"]:
        tile["tab"] = "first-2"
    (change,) = changes(Kind.DASHBOARD, old, new)
    assert change.quiet


def test_names_that_stand_twice_are_no_reason_to_lose_a_change() -> None:
    """Two tiles of one name, as only a hand-made file has them, are still compared."""
    old, new = sample(Kind.DASHBOARD), sample(Kind.DASHBOARD)
    old["tiles"] = [tile | {"id": "a"} for tile in old["tiles"]]
    new["tiles"] = [tile | {"id": "b"} for tile in new["tiles"]]
    new["filters"]["metrics"] = "odd"
    assert {change.what for change in changes(Kind.DASHBOARD, old, new)} >= {"ids_changed", "field_changed"}


def test_a_filter_that_names_no_tile() -> None:
    """Where a filter says a name that only one side has a tile for, it applies to another tile there."""
    old, new = sample(Kind.DASHBOARD), sample(Kind.DASHBOARD)
    new["tiles"][1]["id"] = "other"
    for one, two in ((old, new), (new, old)):
        loud = [change.what for change in changes(Kind.DASHBOARD, one, two) if not change.quiet]
        assert loud == ["filter_changed"]


def test_tiles_of_other_names_beside_filters_of_any_shape() -> None:
    """Filters that apply to no tile in particular, or that are none, do not hinder the matching."""
    for filters in ("odd", {"dimensions": [rule("week", 3)], "metrics": None}):
        old, new = ({"tiles": [{"id": name, "type": "loom"}], "filters": filters} for name in ("a", "b"))
        (change,) = changes(Kind.DASHBOARD, _json(old), _json(new))
        assert change.places == (("tiles", 0, "id"),)


def test_an_order_of_elements_with_the_same_name() -> None:
    """Where those that changed places have the same name, their places are told."""
    old: Json = {"tabs": [{"id": "a", "name": "Main"}, {"id": "b", "name": "Main"}]}
    new: Json = {"tabs": [{"id": "b", "name": "Main"}, {"id": "a", "name": "Main"}]}
    assert [words(change) for change in changes(Kind.DASHBOARD, old, new)] == ["tabs reordered: 1, 0 → 0, 1"]


def test_filters_are_matched_by_their_field() -> None:
    """Another rule before it does not make a filter another one."""
    old, new = sample(Kind.DASHBOARD), sample(Kind.DASHBOARD)
    new["filters"]["dimensions"].insert(0, rule("week", 3))
    assert _told(Kind.DASHBOARD, old, new) == [("filter_added", ("filters", "dimensions", 0))]


def test_several_filters_on_one_field() -> None:
    """Of several rules on one field, those that are alike belong together, whatever their ids are."""
    kept, changed = rule("status", "a"), rule("status", "b")
    old: Json = {"metricQuery": {"filters": {"dimensions": {"id": "g", "and": [kept, changed]}}}}
    new_rules: list[Json] = [changed | {"values": ["c"], "id": "n"}, kept | {"id": "m"}]
    new: Json = {"metricQuery": {"filters": {"dimensions": {"id": "g", "and": new_rules}}}}
    loud = [change for change in changes(Kind.CHART, old, new) if not change.quiet]
    assert [words(change) for change in loud] == ["filter on orders_status: is 'b' → is 'c'"]


def test_nested_groups_of_filters() -> None:
    """A rule deep inside groups is found, and its path leads to it."""
    old, new = sample(Kind.CHART), sample(Kind.CHART)
    for chart, value in ((old, 1), (new, 2)):
        group = {"id": f"h{value}", "or": [rule("week", 7), {"and": [rule("amount", value)]}]}
        chart["metricQuery"]["filters"]["dimensions"]["and"].append(group)
    path = ("metricQuery", "filters", "dimensions", "and", 1)
    assert _told(Kind.CHART, old, new) == [
        ("filter_changed", (*path, "or", 1, "and", 0)),
        ("ids_changed", (*path, "id")),
    ]


def test_a_rule_that_becomes_a_group() -> None:
    """A rule is no group: one goes, the other comes."""
    old, new = sample(Kind.CHART), sample(Kind.CHART)
    new["metricQuery"]["filters"]["dimensions"]["and"] = [{"or": [rule("status", "open")]}]
    told = [change.what for change in changes(Kind.CHART, old, new)]
    assert told == ["filter_group_added", "filter_removed"]


def test_markers_and_rules_of_formatting_have_ids_that_mean_nothing() -> None:
    """Ids made in the browser alone are one quiet change, however many there are."""

    def chart(name: str) -> Any:
        content = sample(Kind.CHART)
        config = content["chartConfig"]["config"]
        config["conditionalFormattings"] = [{"rules": [{"id": name, "values": [1]}]}]
        config["eChartsConfig"]["series"][0]["markLine"] = {"data": [{"uuid": name, "yAxis": 5}]}
        content["metricQuery"]["filters"]["dimensions"]["id"] = name
        return content

    (change,) = changes(Kind.CHART, chart("a"), chart("b"))
    assert (change.what, change.quiet, len(change.places)) == ("ids_changed", True, 3)


def test_series_are_matched_by_what_they_show() -> None:
    """Series of one field are told apart by their pivot values, and named by them."""
    old, new = sample(Kind.CHART), sample(Kind.CHART)
    for chart, colour in ((old, "#000"), (new, "#fff")):
        found = chart["chartConfig"]["config"]["eChartsConfig"]["series"]
        for value in ("open", "paid"):
            one = series("revenue", color=colour if value == "paid" else "#123")
            one["encode"]["yRef"]["pivotValues"] = [{"field": "orders_status", "value": value}]
            found.append(one)
    new["chartConfig"]["config"]["eChartsConfig"]["series"].pop(0)
    assert [words(change) for change in changes(Kind.CHART, old, new)] == [
        "colour of series orders.revenue (paid): #000 → #fff",
        "series removed: orders.revenue",
    ]


def test_series_of_odd_shape_are_named_all_the_same() -> None:
    """A series without a field is named by its own name, or by nothing."""
    old: Any = {"chartConfig": {"type": "cartesian", "config": {"eChartsConfig": {"series": []}}}}
    new: Any = {
        "chartConfig": {"type": "cartesian", "config": {"eChartsConfig": {"series": [{"name": "x"}, {}]}}}
    }
    told = [words(change) for change in changes(Kind.CHART, old, new)]
    assert told[:2] == ["series added: x", "series added: without a field"]


def test_lists_that_nobody_has_words_for_are_compared_by_position() -> None:
    """Of an unknown list, what is between an equal beginning and an equal end is told."""
    old: Json = {"new": [{"a": 1}, {"b": 1}, {"c": 1}]}
    new: Json = {"new": [{"a": 1}, {"b": 2}, {"x": 1}, {"c": 1}]}
    assert [words(change) for change in changes(Kind.CHART, old, new)] == [
        "field new[1].b: 1 → 2",
        'field new[2]: not set → {"x":1}',
    ]
    assert [words(change) for change in changes(Kind.CHART, new, old)] == [
        "field new[1].b: 2 → 1",
        'field new[2]: {"x":1} → not set',
    ]


def test_a_move_and_an_explore_are_one_change_each() -> None:
    """What two fields say is one change, which names both places."""
    old, new = sample(Kind.CHART), sample(Kind.CHART)
    new["dashboard"] = new.pop("space")
    new["tableName"] = new["metricQuery"]["exploreName"] = "shops"
    moved, explore = changes(Kind.CHART, old, new)
    assert moved.places == (("space",), ("dashboard",))
    assert explore.places == (("tableName",), ("metricQuery", "exploreName"))


def test_three_edits_in_a_large_chart_are_three_changes() -> None:
    """In a chart of 49 kB nothing else is told."""
    old = sample(Kind.CHART)
    found = []
    for n in range(190):
        one = series("revenue", color="#123456", yAxisIndex=0)
        one["encode"]["yRef"]["pivotValues"] = [{"field": "orders_status", "value": f"status {n}"}]
        found.append(one)
    old["chartConfig"]["config"]["eChartsConfig"]["series"] = found
    new: Any = copy.deepcopy(old)
    new["chartConfig"]["config"]["eChartsConfig"]["series"][99]["color"] = "#fff"
    new["metricQuery"]["limit"] = 1
    new["name"] = "Other"
    assert len(canonical(old)) > 49_000
    assert len(changes(Kind.CHART, old, new)) == 3
