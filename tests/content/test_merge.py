"""Merging what two sides did to one content: nothing is lost, and nothing is decided for people."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.changes.merge import merge
from lightdash_sync.content.json import ABSENT, canonical

_SCALARS: Any = (
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a", "b"]) | st.just(1.0)
)
_NAMES = st.sampled_from(["id", "name", "x", "y", "fieldId"])
_VALUES: Any = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=8,
)
# Objects of named tiles, as dashboards have them: what differs is always one scalar.
_TILES: Any = st.dictionaries(
    st.sampled_from("abcd"),
    st.fixed_dictionaries({"x": st.integers(0, 9), "y": st.integers(0, 9)}),
    min_size=1,
)


def _listed(tiles: Any) -> list[Any]:
    return [{"id": name, **tile} for name, tile in tiles.items()]


def _same(one: Any, other: Any) -> bool:
    return one is other if ABSENT in (one, other) else canonical(one) == canonical(other)


@given(_VALUES, _VALUES)
def test_what_one_side_changed_is_taken_from_it(base: Any, changed: Any) -> None:
    """Whichever side it is; no conflict."""
    for result in (merge(base, changed, base), merge(base, base, changed), merge(base, changed, changed)):
        assert _same(result.value, changed)
        assert result.conflicts == ()


@given(_VALUES, _VALUES, _VALUES)
def test_conflicts_are_the_same_from_both_sides(base: Any, ours: Any, theirs: Any) -> None:
    one, other = merge(base, ours, theirs), merge(base, theirs, ours)
    assert set(one.conflicts) == set(other.conflicts)


@given(_VALUES, _VALUES, _VALUES)
def test_merging_changes_none_of_its_sides(base: Any, ours: Any, theirs: Any) -> None:
    before = copy.deepcopy((base, ours, theirs))
    merge(base, ours, theirs)
    assert before == (base, ours, theirs)


@given(_TILES, st.data())
def test_conflicts_are_exactly_the_scalars_that_both_changed_otherwise(
    tiles: Any, data: st.DataObject
) -> None:
    """Edits of different fields, even of one tile, are combined; those of one field are told by path."""
    places = [(name, side) for name in sorted(tiles) for side in "xy"]
    sides = [copy.deepcopy(tiles), copy.deepcopy(tiles)]
    for side in sides:
        for name, field in data.draw(st.lists(st.sampled_from(places), unique=True)):
            side[name][field] = data.draw(st.integers(0, 9))
    ours, theirs = sides
    expected, conflicts = copy.deepcopy(tiles), set()
    for name, field in places:
        base, mine, other = (side[name][field] for side in (tiles, ours, theirs))
        expected[name][field] = other if mine == base else mine
        if mine != other and base not in (mine, other):
            conflicts.add(("tiles", name, field))
    result = merge({"tiles": _listed(tiles)}, {"tiles": _listed(ours)}, {"tiles": _listed(theirs)})
    assert set(result.conflicts) == conflicts
    assert result.value == {"tiles": _listed(expected)}


@given(st.lists(st.sampled_from("abcdef"), unique=True), st.sets(st.sampled_from("abcdef")), st.data())
def test_additions_and_removals_of_both_sides_are_combined(
    base: Any, gone: set[str], data: st.DataObject
) -> None:
    """Each side's removals are gone, each side's additions are there, and nothing else."""
    ours = [name for name in base if name not in gone]
    theirs = list(base)
    for side, new in ((ours, "u"), (theirs, "v")):
        side.insert(data.draw(st.integers(0, len(side))), new)
    result = merge(base, ours, theirs)
    assert result.conflicts == ()
    assert isinstance(result.value, list)
    assert sorted(map(str, result.value)) == sorted([*(set(base) - gone), "u", "v"])


@pytest.mark.parametrize("swapped", [False, True])
def test_a_new_order_of_one_side_is_kept_beside_a_change_of_the_other(swapped: bool) -> None:
    """The order of sorts and columns means something to users."""
    base: Any = [{"fieldId": name, "descending": False} for name in "abc"]
    reordered: Any = [base[2], base[0], base[1]]
    changed: list[Any] = [{"fieldId": "a", "descending": True}, base[1], base[2], {"fieldId": "d"}]
    sides = (changed, reordered) if swapped else (reordered, changed)
    result = merge(base, *sides)
    assert result.conflicts == ()
    assert result.value == [base[2], {"fieldId": "d"}, changed[0], base[1]]


def test_two_new_orders_are_a_conflict() -> None:
    result = merge({"sorts": ["a", "b", "c"]}, {"sorts": ["b", "a", "c"]}, {"sorts": ["c", "b", "a"]})
    assert result.conflicts == (("sorts",),)


def test_the_same_new_order_on_both_sides_is_no_conflict() -> None:
    result = merge(["a", "b", "c"], ["c", "b", "a", "d"], ["c", "b", "a"])
    assert result == merge(["a", "b", "c"], ["c", "b", "a"], ["c", "b", "a", "d"])
    assert (result.value, result.conflicts) == (["c", "b", "a", "d"], ())


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        ({"table": "orders", "metric": "count"}, {"table": "shops", "metric": "count"}),
        ({"kind": "chart", "key": "a"}, {"kind": "dashboard", "key": "a"}),
        ({"table": "orders", "name": "count"}, {"table": "shops", "name": "count"}),
        ({"email": "ann@example.com", "role": "viewer"}, {"email": "bob@example.com", "role": "viewer"}),
    ],
)
def test_rows_that_both_sides_added_are_both_there(mine: Any, other: Any) -> None:
    """Metrics of a tag, pins, custom metrics of two tables, grants."""
    result = merge([], [mine], [other])
    assert result.conflicts == ()
    assert isinstance(result.value, list)
    assert sorted(map(canonical, result.value)) == sorted(map(canonical, [mine, other]))


def test_what_one_side_removed_and_the_other_changed_is_a_conflict() -> None:
    base: Any = [{"id": "a", "x": 1}]
    changed: Any = [{"id": "a", "x": 2}]
    assert merge(base, [], changed).conflicts == (("a",),)
    assert merge(base, changed, []).conflicts == (("a",),)
    assert merge({"a": 1}, ABSENT, {"a": 2}).conflicts == ((),)


@pytest.mark.parametrize("odd", [[1, 2], ["a", "a"], [{"id": "a"}, {"id": "a"}], [None], [[]]])
def test_lists_whose_elements_have_no_names_are_one_conflict(odd: Any) -> None:
    """Rows are never guessed to be each other."""
    result = merge({"list": odd}, {"list": [*odd, "u"]}, {"list": [*odd, "v"]})
    assert result.conflicts == (("list",),)


def test_true_and_one_are_not_the_same() -> None:
    assert merge({"a": 1}, {"a": True}, {"a": 1}).value == {"a": True}
    assert merge({"a": 1}, {"a": True}, {"a": 1.0}).conflicts == (("a",),)
