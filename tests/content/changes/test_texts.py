"""Long texts that differ, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.changes.change import Change
from lightdash_sync.changes.differ import changes
from lightdash_sync.changes.texts import MAX_LINES, Sign, TextChange, texts
from lightdash_sync.content.json import ABSENT
from lightdash_sync.content.kinds import Kind
from tests.content.changes.mutations import pairs
from tests.content.changes.samples import sample

if TYPE_CHECKING:
    from lightdash_sync.content.json import Json

_LINES = st.lists(st.sampled_from(["a", "b", "", "select 1", "where x"]), max_size=12).map("\n".join)


def _sql(before: str, after: str) -> list[TextChange]:
    return texts(Change("sql_changed", ("sql",), before, after))


def test_what_came_and_went_stands_between_what_stayed() -> None:
    """As in any diff: two lines around, what is farther away is left out and counted."""
    old = "\n".join("abcdefgh")
    [found] = _sql(old, old.replace("e", "E\nE2"))
    assert found.where == "sql"
    assert found.lines == (
        (Sign.LEFT_OUT, "2 lines"),
        (Sign.KEPT, "c"),
        (Sign.KEPT, "d"),
        (Sign.REMOVED, "e"),
        (Sign.ADDED, "E"),
        (Sign.ADDED, "E2"),
        (Sign.KEPT, "f"),
        (Sign.KEPT, "g"),
        (Sign.LEFT_OUT, "1 line"),
    )


def test_texts_inside_an_element_are_found() -> None:
    """The Markdown of a tile, the SQL of a calculation: each with the field that holds it."""
    old, new = sample(Kind.DASHBOARD), sample(Kind.DASHBOARD)
    new["tiles"][2]["properties"]["content"] = "# Read this"
    [change] = changes(Kind.DASHBOARD, old, new)
    [found] = texts(change)
    assert found.where == "tiles[2].properties.content"
    assert found.lines == ((Sign.REMOVED, "# Read me"), (Sign.ADDED, "# Read this"))


def test_what_is_new_is_shown_as_a_whole() -> None:
    """The SQL of a chart that was created; short values of it are no texts."""
    [change] = changes(Kind.SQL_CHART, None, sample(Kind.SQL_CHART))
    [found] = texts(change)
    assert found.lines == tuple((Sign.ADDED, line) for line in ("select 1", "from a", "where b"))


def test_a_text_of_any_length_is_bounded() -> None:
    """Two texts that share nothing are cut, quickly, and what is left out is counted."""
    [found] = _sql("\n".join(f"a{n}" for n in range(20_000)), "\n".join(f"b{n}" for n in range(20_000)))
    assert len(found.lines) == MAX_LINES + 1
    assert found.lines[-1] == (Sign.LEFT_OUT, f"{40_000 - MAX_LINES} lines")
    [wide] = _sql("", "x" * 100_000)
    assert len(wide.lines[0][1]) < 500


@given(_LINES, _LINES)
def test_the_lines_make_the_one_of_the_other(old: str, new: str) -> None:
    """Without what was added it is the old text, without what was removed the new one."""
    if found := _sql(old, new):
        lines = found[0].lines
        if Sign.LEFT_OUT not in {sign for sign, _ in lines}:
            for side, other in ((old, Sign.ADDED), (new, Sign.REMOVED)):
                assert [line for sign, line in lines if sign is not other] == (
                    side.split("\n") if side else []
                )
    else:
        assert old == new


@given(pairs())
def test_no_line_has_a_line_break(pair: tuple[Kind, Json, Json]) -> None:
    """Of whatever content, and swapping the sides swaps what came and went."""
    kind, old, new = pair
    for change in changes(kind, old, new):
        assert all("\n" not in line for one in texts(change) for _, line in one.lines)
    whole = changes(kind, None, new)
    for change in whole:
        assert change.before is ABSENT
        assert all(sign in (Sign.ADDED, Sign.LEFT_OUT) for one in texts(change) for sign, _ in one.lines)
