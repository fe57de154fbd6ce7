"""Values in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.changes import wording
from lightdash_sync.changes.change import QUIET, Change
from lightdash_sync.changes.differ import changes
from lightdash_sync.changes.wording import summary, words
from lightdash_sync.content.json import ABSENT
from lightdash_sync.content.kinds import Kind
from tests.content.changes.samples import rule, sample

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=150)

RULES: list[tuple[Any, str]] = [
    (rule("a", operator="isNull"), "is null"),
    (rule("a", operator="notNull"), "is not null"),
    (rule("a", "x"), "is 'x'"),
    (rule("a", 1, 2, 3, 4, 5), "is 1, 2, 3, 4, 5"),
    (rule("a", 1, 2, 3, 4, 5, 6), "is 1, 2, 3, 4, and 2 more"),
    (rule("a", True, operator="notEquals"), "is not true"),
    (rule("a"), "any value"),
    (rule("a", operator="startsWith"), "starts with none"),
    (rule("a", "x", operator="endsWith"), "ends with 'x'"),
    (rule("a", "x", operator="include"), "contains 'x'"),
    (rule("a", "x", operator="doesNotInclude"), "does not contain 'x'"),
    (rule("a", 1, operator="lessThanOrEqual"), "is at most 1"),
    (rule("a", 1, 5, operator="inBetween"), "is between 1 and 5"),
    (rule("a", 1, operator="notInBetween"), "is not between 1"),
    (rule("a", 3, operator="inThePast", settings={"unitOfTime": "months"}), "in the last 3 months"),
    (
        rule("a", 3, operator="notInThePast", settings={"unitOfTime": "days", "completed": True}),
        "not in the last 3 completed days",
    ),
    (rule("a", 1, operator="inTheCurrent", settings={"unitOfTime": "years"}), "in the current years"),
    (rule("a", 1, operator="inPeriodToDate"), "in units to date"),
    (rule("a", "{unit}", operator="newOne"), "newOne '{unit}'"),
    (rule("a", "x", disabled=True), "is 'x' (off)"),
    ({"operator": "equals", "values": "odd"}, "is 'odd'"),
    ({"operator": "equals", "values": None}, "any value"),
    ({"and": [rule("a", 1), {"or": [rule("b", 2)]}]}, "all of (orders_a is 1, any of (orders_b is 2))"),
    ({"or": [{"target": {"fieldRef": "orders.c"}, "operator": "isNull"}]}, "any of (orders.c is null)"),
    ({"and": []}, "all of (none)"),
    (ABSENT, "any value"),
]


@pytest.mark.parametrize(("item", "said"), RULES)
def test_a_filter_is_said_as_lightdash_says_it(item: Any, said: str) -> None:
    """What a filter lets through is said in the words of Lightdash's own filter editor."""
    assert wording.rule(item) == said


SCHEDULES = [
    ("0 9 * * *", "daily 9:00"),
    ("5 14 * * *", "daily 14:05"),
    ("0 9 * * 1", "Mondays 9:00"),
    ("0 9 * * 1,3", "Mondays, Wednesdays 9:00"),
    ("0 9 * * 0", "Sundays 9:00"),
    ("0 9 * * 7", "Sundays 9:00"),
    ("0 9 * * 1-5", "weekdays 9:00"),
    ("0 9 * * 6,0", "weekends 9:00"),
    ("15 * * * *", "hourly at :15"),
    ("0 6 1 * *", "day 1 of each month 6:00"),
    ("0 9 1 1 *", "cron 0 9 1 1 *"),
    ("0 9 1 * 1", "cron 0 9 1 * 1"),
    ("0 9 * * MON", "cron 0 9 * * MON"),
    ("0 9 * * 1,,", "cron 0 9 * * 1,,"),
    ("0 */2 * * *", "cron 0 */2 * * *"),
    ("0 * * * 1", "cron 0 * * * 1"),
    ("0 * 1 * *", "cron 0 * 1 * *"),
    ("* * * * *", "cron * * * * *"),
    ("² 9 * * *", "cron ² 9 * * *"),
    ("0 9 * *", "cron 0 9 * *"),
    ("", "cron ''"),
    (None, "cron none"),
    (ABSENT, "cron not set"),
]


@pytest.mark.parametrize(("cron", "said"), SCHEDULES)
def test_a_schedule_is_said_only_if_it_is_surely_understood(cron: Any, said: str) -> None:
    """The usual schedules are said in words; any other is shown as it is, never guessed."""
    assert wording.schedule(cron) == said


def test_two_schedules_of_the_same_meaning_are_told_apart() -> None:
    """Where the words are the same, the expressions are shown."""
    change = Change("schedule_changed", ("cron",), "0 9 * * 0", "0 9 * * 7")
    assert words(change) == "schedule: '0 9 * * 0' → '0 9 * * 7'"


@given(_TEXTS, _TEXTS)
def test_two_texts_are_told_apart(old: str, new: str) -> None:
    """Two different texts never look alike, however long they are and wherever they differ."""
    before, after = wording.both(old, new)
    assert (before == after) == (old == new)
    assert max(len(before), len(after)) < 120


@given(st.text("ab", min_size=100, max_size=150), st.text("ab", max_size=5), st.text("ab", max_size=150))
def test_long_texts_are_told_apart_by_what_differs(start: str, middle: str, end: str) -> None:
    """Of long texts that are nearly the same, the part that is not is shown."""
    before, after = wording.both(f"{start}{middle}{end}", f"{start}X{middle}{end}")
    assert before != after
    assert "X" in after


def test_a_long_text_is_shown_around_the_difference() -> None:
    """Of a long text, the words around the difference and the length are shown."""
    old = "The number of orders in the week, without those that were cancelled by the customer."
    change = Change("description_changed", ("description",), old, old.replace("cancelled", "returned"))
    assert words(change) == (
        "description: …e that were cancelled by the cu… (86 characters) → "
        "…e that were returned by the cu… (85 characters)"
    )


def test_a_long_value_is_cut() -> None:
    """A long value that came or went is cut, and its length is said."""
    assert words(Change("field_changed", ("x",), ABSENT, "y" * 5000, "x")) == (
        f"field x: not set → '{'y' * 59}… (5,002 characters)"
    )


def test_line_breaks_stay_in_their_line() -> None:
    """A name with line breaks and tabs makes no second line; a break and its escape are told apart."""
    renamed = Change("renamed", ("name",), "a\rb", "a\\rb")
    assert words(renamed) == "renamed: 'a\\rb' → 'a\\\\rb'"
    assert words(Change("tile_removed", ("tiles", 0), {}, ABSENT, "a\n\tb\u2028")) == (
        "tile removed: a\\n\\tb\\u2028"
    )


def test_the_line_is_bounded_wherever_the_text_stands() -> None:
    """A key, an icon or a position that is no such thing makes neither a second line nor an endless one."""
    for change in (
        Change("moved", ("space",), {"space": "a\nb" * 999}, {"space": "c"}),
        Change("icon_changed", (0, "icon"), {"icon": {"unicode": "a\nb"}}, {"icon": None}),
        Change("tile_moved", ("tiles", 0), {"x": "a\nb" * 999}, {"x": 1}),
    ):
        for said in (words(change), summary([change])):
            assert len(said) < 850
            assert len(said.splitlines()) == 1


def test_content_is_never_taken_for_a_template() -> None:
    """Braces in names are shown, not filled in."""
    assert words(Change("tile_removed", ("tiles", 0), {}, ABSENT, "{before}{x}")) == (
        "tile removed: {before}{x}"
    )
    assert wording.rule(rule("a", "{}", "{unit}")) == "is '{}', '{unit}'"


def test_many_fields_of_an_element_are_counted() -> None:
    """Of an element that differs in much, three fields are told and the others counted."""
    old, new = sample(Kind.DASHBOARD), sample(Kind.DASHBOARD)
    new["tiles"][0]["properties"] |= {"a": 1, "b": 2, "c": 3, "d": 4}
    assert [words(change) for change in changes(Kind.DASHBOARD, old, new)] == [
        "tile changed: weekly-revenue (a: not set → 1, b: not set → 2, c: not set → 3, and 1 more)"
    ]


def test_long_lists_are_shown_from_where_they_differ() -> None:
    """Of a long list in another order, what is before the first difference is left out."""
    fields = [f"f{n}" for n in range(20)]
    other = [*fields[:15], fields[16], fields[15], *fields[17:]]
    old: Any = {"metricQuery": {"metrics": fields}}
    new: Any = {"metricQuery": {"metrics": other}}
    assert [words(change) for change in changes(Kind.CHART, old, new)] == [
        "metrics reordered: f15, f16, f17, f18, f19 → f16, f15, f17, f18, f19"
    ]


def test_a_summary_tells_the_first_kinds_of_change() -> None:
    """A summary names three kinds of change, counts those of one kind, and counts the rest."""
    old, new = sample(Kind.CHART), sample(Kind.CHART)
    new["metricQuery"]["dimensions"] += ["orders_a", "orders_b"]
    new["metricQuery"]["filters"] = {}
    assert summary(changes(Kind.CHART, old, new)) == (
        "2 dimensions added: orders.a, orders.b; filter removed: orders.status"
    )
    new["space"] = "finance"
    new["metricQuery"]["limit"] = 1
    new["description"] = "x"
    assert summary(changes(Kind.CHART, old, new)) == (
        "moved to finance; description changed; 2 dimensions added: orders.a, orders.b; and 2 more"
    )


def test_a_summary_leaves_out_what_means_nothing() -> None:
    """Quiet changes are not counted, unless there is nothing else to say."""
    old, new = sample(Kind.DASHBOARD), sample(Kind.DASHBOARD)
    new["filters"]["dimensions"][0]["id"] = "other"
    found = changes(Kind.DASHBOARD, old, new)
    assert [change.quiet for change in found] == [True]
    assert {change.what for change in found} <= QUIET
    assert summary(found) == "ids made anew"
    new["name"] = "All KPIs"
    assert summary(changes(Kind.DASHBOARD, old, new)) == "renamed to 'All KPIs'"
    assert summary([]) == ""


def test_a_summary_of_many_names_is_bounded() -> None:
    """Many changes of one kind are counted, not listed."""
    old, new = sample(Kind.CHART), sample(Kind.CHART)
    new["metricQuery"]["metrics"] += [f"orders_metric_{n}" for n in range(99)]
    assert summary(changes(Kind.CHART, old, new)) == "99 metrics added"
