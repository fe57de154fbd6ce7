"""Laws of changes, for whatever content holds."""

from __future__ import annotations

import copy
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.changes.change import CODES, Change
from lightdash_sync.changes.differ import changes
from lightdash_sync.changes.wording import summary, words
from lightdash_sync.content.json import ABSENT, MAX_DEPTH, Json, canonical, parse
from lightdash_sync.content.kinds import Kind
from tests.content.changes.mutations import chaos, pairs, walked
from tests.content.changes.samples import demo, sample

if TYPE_CHECKING:
    from collections.abc import Iterable

_OPPOSITE = {
    "made_private": "access_inherited",
    "paused": "resumed",
    "access_given": "access_taken",
    "metric_tagged": "metric_untagged",
    "pinned": "unpinned",
    "created": "deleted",
    "verified": "unverified",
    "tab_hidden": "tab_shown",
}
_OPPOSITE |= {other: code for code, other in _OPPOSITE.items()}
_OPPOSITE |= {code: code.removesuffix("added") + "removed" for code in CODES if code.endswith("_added")}
_OPPOSITE |= {code: code.removesuffix("removed") + "added" for code in CODES if code.endswith("_removed")}


def _general(path: Iterable[str | int]) -> tuple[str, ...]:
    """A path whose positions in lists are stars: they differ between the two sides."""
    return tuple("*" if isinstance(part, int) else f".{part}" for part in path)


def _leaves(content: Json) -> Counter[tuple[tuple[str, ...], bytes]]:
    """Each value that holds no other, with its place."""
    return Counter(
        (_general(path), canonical(value))
        for path, value in walked(content)
        if not isinstance(value, dict | list) or not value
    )


@given(st.sampled_from([*demo(), *((kind, sample(kind)) for kind in Kind)]))
def test_equal_contents_have_no_changes(item: tuple[Kind, Json]) -> None:
    """What has the same bytes has no changes, in whatever order its fields come."""
    kind, content = item
    assert changes(kind, content, parse(canonical(content))) == []


@given(st.sampled_from(list(Kind)), chaos())
def test_equal_chaos_has_no_changes(kind: Kind, content: Json) -> None:
    """However odd a content is, it does not differ from itself."""
    assert changes(kind, content, copy.deepcopy(content)) == []


@given(pairs())
def test_no_difference_is_passed_over(pair: tuple[Kind, Json, Json]) -> None:
    """Contents with different bytes have at least one change, and those with equal bytes none."""
    kind, old, new = pair
    assert bool(changes(kind, old, new)) == (canonical(old) != canonical(new))


@given(pairs())
def test_every_value_that_differs_lies_below_a_change(pair: tuple[Kind, Json, Json]) -> None:
    """A value that is only on one side is explained by a change of that place or of one around it."""
    kind, old, new = pair
    if old is None or new is None:
        return
    places = {_general(place) for change in changes(kind, old, new) for place in change.places}
    before, after = _leaves(old), _leaves(new)
    for path, leaf in (before - after) + (after - before):
        below = leaf in (b"{}\n", b"[]\n") and any(place[: len(path)] == path for place in places)
        assert below or any(path[:length] in places for length in range(len(path) + 1)), path


@given(pairs())
def test_the_whole_item_is_blamed_only_where_it_is_no_item(pair: tuple[Kind, Json, Json]) -> None:
    """A change says where it is: of two objects, it is never the whole."""
    kind, old, new = pair
    if isinstance(old, dict) and isinstance(new, dict):
        assert all(place for change in changes(kind, old, new) for place in change.places)


@given(pairs())
def test_swapping_the_sides_swaps_the_changes(pair: tuple[Kind, Json, Json]) -> None:
    """What is added one way is removed the other way, and nothing else is said."""
    kind, old, new = pair
    forth = Counter(_OPPOSITE.get(change.what, change.what) for change in changes(kind, old, new))
    assert forth == Counter(change.what for change in changes(kind, new, old))


@given(pairs())
def test_before_and_after_differ(pair: tuple[Kind, Json, Json]) -> None:
    """A change is one: what it says was before is not what it says is after."""
    kind, old, new = pair
    for change in changes(kind, old, new):
        assert change.what in CODES
        if change.before is not ABSENT and change.after is not ABSENT:
            assert canonical(change.before) != canonical(change.after), change


@given(pairs())
def test_words_are_one_short_line(pair: tuple[Kind, Json, Json]) -> None:
    """Whatever content holds, a change is said in one line of bounded length, and so are all of them."""
    kind, old, new = pair
    found = changes(kind, old, new)
    for said in (*map(words, found), summary(found)):
        assert len(said.splitlines()) == (1 if found else 0)
        assert len(said) < 850, said
        assert "\t" not in said


@given(pairs())
def test_words_never_say_that_something_became_itself(pair: tuple[Kind, Json, Json]) -> None:
    """`x → x` is never said, however alike two values look."""
    kind, old, new = pair
    for change in changes(kind, old, new):
        before, arrow, after = words(change).partition(" → ")
        if arrow and " → " not in after:
            assert not before.endswith(f": {after}"), change


@given(pairs())
def test_comparing_changes_nothing(pair: tuple[Kind, Json, Json]) -> None:
    """The contents stay as they are, and comparing them again says the same."""
    kind, old, new = pair
    bytes_before = canonical([old, new])
    first = changes(kind, old, new)
    assert canonical([old, new]) == bytes_before
    assert [(change, words(change)) for change in first] == [
        (change, words(change)) for change in changes(kind, old, new)
    ]


def _nested(how: str, core: Json) -> Json:
    """A value as deep as a file may hold, but for what stands around it."""
    value = core
    for _ in range((MAX_DEPTH - 6) // (1 if how in ("list", "object") else 2)):
        match how:
            case "list":
                value = [value]
            case "object":
                value = {"a": value}
            case "filters":
                value = {"and": [value]}
            case _:
                value = {"createdAt": "x", "replies": [value]}
    return value


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("nested", ["list", "object", "filters", "replies"])
def test_content_as_deep_as_files_can_be(kind: Kind, nested: str) -> None:
    """Content nested as deeply as a file may hold is compared, not run into the limits of the stack."""
    old, new = _nested(nested, 1), _nested(nested, 2)
    inside: list[tuple[Json, Json]] = [(old, new)]
    if nested == "filters":
        inside.append(
            ({"metricQuery": {"filters": {"metrics": old}}}, {"metricQuery": {"filters": {"metrics": new}}})
        )
    if nested == "replies":
        inside.append(({"tiles": {"t": [old]}}, {"tiles": {"t": [new]}}))
    for before, after in inside:
        found = changes(kind, before, after)
        assert found
        assert all(words(change) for change in found)


def test_two_items_of_which_none_is_there() -> None:
    """Where there is nothing on both sides, nothing differs."""
    assert changes(Kind.CHART, None, None) == []


def test_a_change_is_a_value() -> None:
    """Two changes that say the same are equal, and nobody can alter one."""
    change = Change("renamed", ("name",), "a", "b")
    assert change == Change("renamed", ("name",), "a", "b")
    with pytest.raises(AttributeError):
        change.what = "moved"  # type: ignore[misc]
