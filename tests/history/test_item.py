"""How items are named on the command line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.errors import ConfigError
from lightdash_sync.history.past import HistoryItem, parse_item, unknown_item

PATHS = [
    "charts/weekly-revenue.json",
    "charts/weekly-revenue-1.json",
    "charts/weekly-revenue.history/20260303T070928041Z-16d3214a.json",
    "charts/kpis.json",
    "dashboards/kpis.json",
    "identity.json",
    "pins.json",
]


@pytest.mark.parametrize("said", ["chart:x", "charts:x", "Chart:x", "CHARTS:x"])
def test_kinds_may_be_said_as_folders_are_called(said: str) -> None:
    """Singular or plural, in capitals or not."""
    assert parse_item(said) == HistoryItem(Kind.CHART, "x")


@pytest.mark.parametrize("said", ["sql_chart:x", "sql-chart:x", "sql_charts:x", "SQL charts:x"])
def test_words_may_be_joined_in_any_way(said: str) -> None:
    """An underscore, a dash or a space."""
    assert parse_item(said) == HistoryItem(Kind.SQL_CHART, "x")


@given(st.sampled_from(Kind), st.from_regex(r"[a-z0-9][a-z0-9_-]{0,79}", fullmatch=True))
def test_what_an_item_calls_itself_is_understood(kind: Kind, key: str) -> None:
    """Whatever the tool prints can be typed."""
    item = HistoryItem(kind, key if KINDS[kind].folder else "")
    assert parse_item(str(item)) == item


@pytest.mark.parametrize("said", ["", ":", "foo", "foo:x", "x:chart", "--all", "\x1b[31m:x"])
def test_an_unknown_kind_is_answered_with_those_there_are(said: str) -> None:
    """A typing error in the kind: the error lists all kinds."""
    with pytest.raises(ConfigError, match="is no kind of content") as caught:
        parse_item(said)
    assert "sql_chart, dashboard" in caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("said", "hint"),
    [("chart", "Say it as chart:KEY."), ("charts:", "Say it as chart:KEY."), ("pins:x", "Say it as pins.")],
)
def test_a_kind_has_keys_or_is_one_file(said: str, hint: str) -> None:
    """Pins and settings have no key, and charts have one."""
    with pytest.raises(ConfigError, match="names no item") as caught:
        parse_item(said)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("item", "hint"),
    [
        (
            HistoryItem(Kind.CHART, "weekly-revenu"),
            "Did you mean chart:weekly-revenue or chart:weekly-revenue-1?",
        ),
        (HistoryItem(Kind.CHART, "revenue"), "Did you mean chart:weekly-revenue or chart:weekly-revenue-1?"),
        (HistoryItem(Kind.SPACE, "kpis"), "Did you mean chart:kpis or dashboard:kpis?"),
        (HistoryItem(Kind.CHART, "WEEKLY-REVENUE-1"), "chart:weekly-revenue-1"),
        (HistoryItem(Kind.CHART, "zzz"), "There are: kpis, weekly-revenue, weekly-revenue-1."),
        (HistoryItem(Kind.SPACE, "zzz"), "There are no spaces in it."),
    ],
)
def test_an_unknown_key_is_answered_with_similar_ones(item: HistoryItem, hint: str) -> None:
    """A typing error, a part of the key, the key of another kind: the error says what may be meant."""
    error = unknown_item(item, PATHS, "snapshots/production")
    assert error.message == f"there is no {item} in snapshots/production"
    assert hint in error.hint
    assert error.exit_code == 2


def test_many_keys_are_not_listed() -> None:
    """Where nothing is similar and there are many, none is named."""
    paths = [f"charts/chart-{number}.json" for number in range(50)]
    assert unknown_item(HistoryItem(Kind.CHART, "zzz"), paths, "here").hint == ""
