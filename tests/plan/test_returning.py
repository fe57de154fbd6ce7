"""Tiles, pins and comments of what is put back: what belongs to others stays as it is."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.json import Json, objects
from lightdash_sync.content.kinds import Kind
from lightdash_sync.sync.plan.lists import pinned
from lightdash_sync.sync.plan.restored import lost_comments, pinned_again, refilled

A, B = (Kind.CHART, "a"), (Kind.CHART, "b")
SQL = (Kind.SQL_CHART, "sql")


def _tile(name: str, field: str = "chart", shows: str | None = None, **more: Any) -> dict[str, Json]:
    return {"id": name, "x": 0, "properties": {"title": "", field: shows, **more}}


def _board(*tiles: dict[str, Json]) -> dict[str, Json]:
    return {"name": "Board", "tiles": [*tiles]}


def _pins(keys: str) -> list[Json]:
    return [{"kind": "chart", "key": key, "order": place} for place, key in enumerate(keys, 1)]


def _keys(pins: Json) -> str:
    return "".join(str(pin["key"]) for pin in objects(pins))


def test_only_empty_tiles_that_showed_it_are_filled() -> None:
    """Not one that shows something else by now, nor one that is empty for another reason."""
    before = _board(_tile("one", shows="a"), _tile("two", shows="a"), _tile("three", shows="b"))
    now = _board(_tile("one", title="Mine"), _tile("two", shows="b"), _tile("three"), _tile("four"))
    found = refilled(now, before, {A})
    assert found.content == now | {
        "tiles": [_tile("one", shows="a", title="Mine"), *objects(now["tiles"])[1:]]
    }
    assert found.shown == {A}
    assert found.changed == ("two",)


def test_a_dashboard_without_such_tiles_is_the_same() -> None:
    now = _board(_tile("one"))
    for before in (_board(), _board(_tile("one", shows="b")), _board(_tile("gone", shows="a"))):
        assert refilled(now, before, {A}).content == now
    assert refilled(now, _board(_tile("gone", shows="a")), {A}).changed == ("gone",)


def test_the_tile_of_a_sql_chart_gets_its_title_back_unless_it_has_a_new_one() -> None:
    """Lightdash deletes what such a tile says, too."""
    before = _board(_tile("one", "sqlChart", "sql", title="By shop", hideTitle=True))
    empty = _board(_tile("one", "sqlChart", title="", hideTitle=False))
    assert refilled(empty, before, {SQL}).content == before
    titled = _board(_tile("one", "sqlChart", title="New", hideTitle=False))
    assert refilled(titled, before, {SQL}).content == _board(
        _tile("one", "sqlChart", "sql", title="New", hideTitle=False)
    )


def test_a_pin_comes_back_behind_what_it_stood_behind() -> None:
    returning = {(Kind.CHART, key) for key in "bc"}
    assert _keys(pinned_again(_pins("ad"), _pins("abcd"), returning)) == "abcd"
    assert _keys(pinned_again(_pins("dxa"), _pins("abcd"), returning)) == "dxabc"
    assert _keys(pinned_again(_pins("d"), _pins("bcd"), returning)) == "bcd"
    assert _keys(pinned_again(None, _pins("ab"), returning)) == "b"


@given(st.permutations("abcdef"), st.permutations("abcdef"), st.sets(st.sampled_from("abcdef")))
def test_pins_of_others_keep_their_order(now: list[str], before: list[str], lost: set[str]) -> None:
    """And each that returns is there once, numbered in the order of the list."""
    there = _pins("".join(key for key in now if key not in lost))
    found = objects(pinned_again(there, _pins("".join(before)), {(Kind.CHART, key) for key in lost}))
    assert [pin["key"] for pin in found if pin["key"] not in lost] == [pin["key"] for pin in objects(there)]
    assert sorted(pinned(pin)[1] for pin in found) == sorted(now)
    orders = [pin["order"] for pin in found]
    assert orders == sorted(set(orders))  # type: ignore[type-var]


def test_comments_are_lost_on_deleted_charts_only_and_replies_count() -> None:
    before = _board(_tile("one", shows="a"), _tile("two", shows="b"), _tile("three", "sqlChart", "sql"))
    said: Json = {"tiles": {"one": [{"text": "x", "replies": [{"text": "y"}]}], "two": [{"text": "z"}]}}
    assert lost_comments(said, before, {A, SQL}) == 2
    assert lost_comments(said, before, {A, B}) == 3
    assert lost_comments(said, before, {SQL}) == 0
    assert lost_comments(None, before, {A}) == 0
