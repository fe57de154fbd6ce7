"""The table of who is behind where: readable at any width, bounded, and inert."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from lightdash_sync.changes.items import Status
from lightdash_sync.content.kinds import Kind
from lightdash_sync.report.markdown import MAX_CHARACTERS, render_markdown
from lightdash_sync.report.overview import status_report
from lightdash_sync.report.text import render_text
from lightdash_sync.sync.status import Behind, Differing, Looked, Pair, Standing
from tests.report.sections import hostile

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CELLS = ("12 since 2026-11-02", "same", "no snapshot", "1, age unknown", "—")


def item(number: int, since: datetime | None = NOW) -> Differing:
    """A chart that differs."""
    return Differing(Kind.CHART, f"c{number}", f"Chart {number}", [*Status][number % 3], since)


def standing(names: list[str], most: int = 12) -> Standing:
    """Environments of which each is behind the next in another way."""
    oldest = datetime(2026, 11, 2, 23, 59, tzinfo=UTC)
    ways = [
        Behind(tuple(item(number, oldest + timedelta(hours=number)) for number in range(most))),
        Behind(),
        None,
        Behind((item(1, None),)),
    ]
    pairs = [
        Pair(one, other, ways[number % len(ways)], is_upstream=number == 0)
        for number, (one, other) in enumerate(permutations(names, 2))
    ]
    looked = [Looked(name, is_there=True, is_live=False, project=f"{name}'s") for name in names]
    return Standing(tuple(looked), tuple(pairs))


def printed(told: Standing, width: int = 80, *, every: bool = False) -> list[str]:
    """What appears on a terminal of a width, line by line."""
    stream = io.StringIO()
    out = Console(file=stream, width=width, markup=False, highlight=False, emoji=False, color_system=None)
    render_text(status_report(told, NOW, every=every), out)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_a_table_has_a_row_and_a_column_for_each_environment() -> None:
    lines = printed(standing(["dev", "staging", "production"]))
    start = next(number for number, line in enumerate(lines) if line.startswith("FROM"))
    assert lines[start].split() == ["FROM", "\\", "TO", "dev", "staging", "production"]
    rows = lines[start + 1 : start + 4]
    assert [row.split()[0] for row in rows] == ["dev", "staging", "production"]
    assert [row.count("—") for row in rows] == [1, 1, 1]
    assert all(any(cell in row for cell in CELLS[:4]) for row in rows)


@pytest.mark.parametrize("number", [2, 3, 4, 5, 8, 9, 14])
def test_however_many_environments_there_are_80_columns_are_enough(number: int) -> None:
    """No line is longer, no word is cut, and each environment's name is whole."""
    names = [f"environment-{letter}" for letter in "abcdefghijklmn"[:number]]
    lines = printed(standing(names))
    assert max(map(cell_len, lines)) <= 80
    words = {word.strip(":,") for line in lines for word in line.split()}
    assert {*names} <= words
    assert {"same", "2026-11-02"} <= words


def test_more_than_eight_are_told_as_lists_on_any_terminal() -> None:
    """By what is said of them, so that all that are the same stand in one line."""
    names = [f"e{number}" for number in range(9)]
    same = Standing(
        tuple(Looked(name, is_there=True, is_live=True, project="P") for name in names),
        tuple(Pair(one, other, Behind()) for one, other in permutations(names, 2)),
    )
    lines = printed(same, 200)
    assert not any("FROM" in line for line in lines)
    assert "  same: e1, e2, e3, e4, e5, e6, e7, e8" in lines
    assert "| from" not in render_markdown(status_report(same, NOW))
    assert "  - same: e1, e2" in render_markdown(status_report(same, NOW))


@given(names=st.lists(hostile, min_size=2, max_size=10, unique=True), width=st.integers(60, 240))
def test_names_of_environments_break_nothing(names: list[str], width: int) -> None:
    """Nothing but printable characters; a Markdown table keeps its columns."""
    told = standing(names)
    assert all(line.isprintable() for line in printed(told, width))
    markdown = render_markdown(status_report(told, NOW))
    assert {char for char in markdown if not char.isprintable()} <= {"\n", "\u200b"}
    for line in markdown.splitlines():
        assert not line.startswith("|") or line.count("|") == len(names) + 2


def test_markdown_fits_into_a_comment() -> None:
    """However many items are asked for, it is cut between blocks, closed, and says so."""
    told = render_markdown(status_report(standing(["a", "b", "cc"], 2000), NOW, every=True))
    assert len(told) <= MAX_CHARACTERS
    assert "What follows is cut" in told
    assert told.count("<details>") == told.count("</details>")


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(seconds=-5), "0 minutes old"),
        (timedelta(seconds=61), "1 minute old"),
        (timedelta(minutes=119), "119 minutes old"),
        (timedelta(hours=2), "2 hours old"),
        (timedelta(hours=47), "47 hours old"),
        (timedelta(days=12), "12 days old"),
    ],
)
def test_the_age_of_a_snapshot_is_told_in_words(age: timedelta, said: str) -> None:
    """Also by a clock that goes wrong."""
    one = Looked("a", is_there=True, is_live=False, project="P", exported=NOW - age)
    other = Looked("b", is_there=False, is_live=False)
    told = Standing((one, other), (Pair("a", "b", None), Pair("b", "a", None)))
    assert printed(told)[:2] == [f"a: snapshot of P, {said}", "b: no snapshot"]


def test_json_has_all_items_and_says_what_is_not_known() -> None:
    """A pair without a snapshot is neither the same nor another."""
    said = status_report(standing(["dev", "staging", "x"], 5), NOW).data
    pairs = said["pairs"]
    assert said["different"] is True
    assert isinstance(pairs, list)
    found = {one["same"]: one for one in pairs if isinstance(one, dict)}
    assert found.keys() == {True, False, None}
    listed = [pair.get("items") for pair in pairs if isinstance(pair, dict)]
    assert [len(items) for items in listed if isinstance(items, list)] == [5, 0, 1, 5, 0]
    assert "items" not in found[None]
    assert found[True]["items"] == []
