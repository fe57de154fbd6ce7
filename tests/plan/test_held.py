"""What a version of Lightdash cannot hold is named before anything is written, and left out on both sides."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.json import Json, canonical
from lightdash_sync.content.kinds import Kind
from lightdash_sync.lightdash.versions import CAPABILITIES, Server
from lightdash_sync.sync.plan.compatibility import FEATURES, FIELDS, FieldFate, FittedContent, fit_to_server
from lightdash_sync.sync.plan.options import PlanOptions, TargetFacts
from lightdash_sync.sync.plan.values import Gravity

from .making import chart, dashboard, scheduler, space

OLD = TargetFacts(lacks=Server("0.1372.1").cannot)
NEW = TargetFacts(lacks=Server("1.219.0").cannot)
BEFORE = TargetFacts(lacks=Server("0.2904.5").cannot)
QUERY: Any = {"exploreName": "events", "dimensions": ["events_day"]}
MERGE: Any = {"sources": [{"id": "a", "kind": "chart"}, {"id": "b", "kind": "query", "metricQuery": QUERY}]}
ALLOWED = PlanOptions(allow_broken=frozenset({"all"}))
CALCULATION: Any = {"name": "c", "displayName": "c"}
OPERATOR: Any = {"id": "r", "target": {"fieldId": "orders_amount"}, "values": [1, 2]}


def filtered(operator: str) -> Any:
    """Filters with one rule."""
    return {"dimensions": {"id": "g", "and": [{"id": "h", "or": [OPERATOR | {"operator": operator}]}]}}


def tile(kind: str, **properties: Json) -> Any:
    """A tile."""
    return {"id": f"a-{kind}", "type": kind, "properties": properties}


# Code -> an item that has the feature.
HAVING: dict[tuple[Kind, str], Any] = {
    (Kind.CHART, "treemap"): chart() | {"chartConfig": {"type": "treemap"}},
    (Kind.CHART, "gauge"): chart() | {"chartConfig": {"type": "gauge"}},
    (Kind.CHART, "map"): chart() | {"chartConfig": {"type": "map"}},
    (Kind.CHART, "sankey"): chart() | {"chartConfig": {"type": "sankey"}},
    (Kind.CHART, "data_app_chart"): chart() | {"chartConfig": {"type": "data_app_viz"}},
    (Kind.CHART, "merged_chart"): chart() | {"merge": MERGE},
    (Kind.CHART, "readers_time_zone"): chart(timezone="user_timezone"),
    (Kind.CHART, "unknown_time_zone"): chart(timezone="Europe/Berlin"),
    (Kind.CHART, "template_calculation"): chart(
        tableCalculations=[CALCULATION | {"template": {"type": "running_total"}}]
    ),
    (Kind.CHART, "formula_calculation"): chart(tableCalculations=[CALCULATION | {"formula": "=1"}]),
    (Kind.CHART, "custom_group"): chart(
        customDimensions=[{"id": "g", "name": "g", "binType": "custom_group", "customGroups": [1]}]
    ),
    (Kind.CHART, "period_over_period"): chart(
        additionalMetrics=[{"name": "m", "table": "orders", "generationType": "periodOverPeriod"}]
    ),
    (Kind.CHART, "not_in_between"): chart(filters=filtered("notInBetween")),
    (Kind.CHART, "in_period_to_date"): chart(filters=filtered("inPeriodToDate")),
    (Kind.DASHBOARD, "not_in_between"): dashboard(rules=[OPERATOR | {"operator": "notInBetween"}]),
    (Kind.DASHBOARD, "in_period_to_date"): dashboard(rules=[OPERATOR | {"operator": "inPeriodToDate"}]),
    (Kind.SCHEDULER, "not_in_between"): scheduler(filters=[OPERATOR | {"operator": "notInBetween"}]),
    (Kind.SCHEDULER, "in_period_to_date"): scheduler(filters=[OPERATOR | {"operator": "inPeriodToDate"}]),
    (Kind.DASHBOARD, "heading_tile"): dashboard() | {"tiles": [tile("heading", text="H")]},
    (Kind.DASHBOARD, "semantic_viewer_tile"): dashboard() | {"tiles": [tile("semantic_viewer_chart")]},
    (Kind.CHART, "filter_with_null"): chart(
        filters={"dimensions": {"and": [OPERATOR | {"includeNull": True}]}}
    ),
    (Kind.DASHBOARD, "filter_with_null"): dashboard(rules=[OPERATOR | {"includeNull": True}]),
    (Kind.SCHEDULER, "filter_with_null"): scheduler(filters=[OPERATOR | {"includeNull": True}]),
    (Kind.DASHBOARD, "locked_filter"): dashboard(rules=[OPERATOR | {"lockedTabUuids": ["first"]}]),
    (Kind.DASHBOARD, "filter_group"): dashboard(rules=[OPERATOR | {"requiredGroupId": "g"}]),
    (Kind.DASHBOARD, "date_zoom_control"): dashboard() | {"config": {"dateZoomConfig": {"controls": [1]}}},
    (Kind.SCHEDULER, "pivoted_export"): scheduler(options={"exportPivotedData": False}),
    (Kind.SCHEDULER, "page_by_tab"): scheduler(options={"pagePerTab": True}),
    (Kind.SCHEDULER, "xlsx_delivery"): scheduler(format="xlsx"),
    (Kind.SCHEDULER, "pdf_delivery"): scheduler(format="pdf"),
    (Kind.SCHEDULER, "teams_target"): scheduler(targets=[{"webhook": "secret"}, {"recipient": "a@b.c"}]),
    (Kind.SCHEDULER, "chat_target"): scheduler(targets=[{"googleChatWebhook": "secret"}]),
    (Kind.SCHEDULER, "attachment"): scheduler(options={"asAttachment": True}),
    (Kind.SCHEDULER, "sql_chart_delivery"): scheduler(sqlChart="x"),
}  # fmt: skip

# What newer servers tell and older ones do not, item by item, and the words that tell of its loss.
SAYING: dict[str, tuple[Kind, Any, str]] = {
    "a role for all": (Kind.SPACE, space() | {"projectMemberAccessRole": "viewer"}, "all members"),
    "parameters": (Kind.CHART, chart() | {"parameters": {"a": "b"}}, "parameters"),
    "overrides": (Kind.CHART, chart(metricOverrides={"m": {"label": "M"}}), "formats and names"),
    "rows of a pivot": (
        Kind.CHART,
        chart() | {"pivotConfig": {"columns": [], "rows": ["a"]}},
        "rows of its pivot",
    ),
    "nulls": (Kind.CHART, chart(sorts=[{"fieldId": "a", "nullsFirst": True}]), "sorts put what is empty"),
    "config": (Kind.DASHBOARD, dashboard() | {"config": {"isDateZoomDisabled": True}}, "date zoom"),
    "a hidden tab": (Kind.DASHBOARD, dashboard() | {"tabs": [{"id": "t", "hidden": True}]}, "will see them"),
    "no frame": (
        Kind.DASHBOARD,
        dashboard() | {"tiles": [tile("markdown", content="x", hideFrame=True)]},
        "Markdown has no frame",
    ),
    "of a delivery": (Kind.SCHEDULER, scheduler(parameters={"a": 1}), "parameters"),
}


def kept(
    kind: Kind, content: Any, facts: TargetFacts, now: Json = None, options: PlanOptions = ALLOWED
) -> FittedContent:
    """An item as a server can hold it."""
    return fit_to_server((kind, "x"), content, now, facts, options)


def test_every_capability_of_the_table_exists() -> None:
    assert {row.needs for row in FIELDS} | {row.needs for row in FEATURES} <= CAPABILITIES.keys()
    assert {(row.kind, row.code) for row in FEATURES} == HAVING.keys()


@pytest.mark.parametrize("feature", FEATURES, ids=lambda row: f"{row.kind}-{row.code}")
def test_what_a_server_cannot_hold_is_named_before_the_first_write(feature: Any) -> None:
    """What would not work, or be refused, stops the plan, unless it is allowed."""
    content = HAVING[feature.kind, feature.code]
    able, unable = (OLD, NEW) if feature.ends else (NEW, OLD)
    assert feature.code not in {one.code for one in kept(feature.kind, content, able).problems}
    told = kept(feature.kind, content, unable, options=PlanOptions()).problems
    (problem,) = [one for one in told if one.code == feature.code]
    blocks = feature.fate in (FieldFate.BROKEN, FieldFate.REFUSED)
    assert problem.gravity == (Gravity.BLOCKS if blocks else Gravity.WARNS)
    allowed = kept(feature.kind, content, unable)
    assert bool(allowed.why_not) == (feature.fate is FieldFate.REFUSED)
    assert all(one.gravity is Gravity.WARNS for one in allowed.problems)


@pytest.mark.parametrize("case", SAYING)
def test_a_value_that_an_older_server_does_not_know_is_left_out_and_told(case: str) -> None:
    kind, content, words = SAYING[case]
    held = kept(kind, content, OLD)
    (problem,) = held.problems
    assert (problem.code, problem.gravity) == ("not_held", Gravity.WARNS)
    assert words in problem.what
    assert kept(kind, content, NEW).problems == ()


@pytest.mark.parametrize("case", SAYING)
def test_what_says_nothing_is_left_out_without_a_word(case: str) -> None:
    kind, content, _ = SAYING[case]
    silent = kept(kind, kept(kind, content, OLD).content, NEW).content
    assert kept(kind, silent, OLD).problems == ()


CONTENTS = st.sampled_from(
    [(kind, item) for (kind, _), item in HAVING.items()] + [(kind, item) for kind, item, _ in SAYING.values()]
)


@given(CONTENTS, st.sampled_from([OLD, NEW]))
def test_what_is_held_is_held_as_it_is(case: tuple[Kind, Any], facts: TargetFacts) -> None:
    """So the plan after an apply finds nothing to do."""
    kind, content = case
    once = kept(kind, content, facts)
    if not once.why_not:
        again = kept(kind, once.content, facts, once.content)
        assert canonical(again.content) == canonical(once.content)
        assert not again.why_not


@given(CONTENTS)
def test_from_old_to_new_and_back_nothing_of_the_old_one_is_lost(case: tuple[Kind, Any]) -> None:
    """What an older server holds, a newer one holds as well, with its own fields unset."""
    kind, content = case
    held = kept(kind, content, OLD)
    there = kept(kind, held.content, TargetFacts(source_lacks=OLD.lacks))
    ended = {feature.code for feature in FEATURES if feature.ends}
    if held.why_not or ended & {one.code for one in there.problems}:
        return
    back = kept(kind, there.content, OLD)
    assert canonical(back.content) == canonical(held.content)
    assert not any(one.code == "not_held" for one in back.problems)


def test_new_fields_are_filled_in_as_the_server_shows_them() -> None:
    board = dashboard() | {"tabs": [{"id": "t", "name": "T"}], "tiles": [tile("markdown", content="x")]}
    held: Any = kept(Kind.DASHBOARD, board, NEW).content
    assert held["config"] is None
    assert held["tabs"] == [{"id": "t", "name": "T", "hidden": False}]
    assert held["tiles"][0]["properties"] == {"content": "x", "hideFrame": False}


def test_a_merged_chart_is_refused_where_it_would_become_a_plain_one() -> None:
    """The server would store the chart without its merge, and say nothing."""
    (problem,) = kept(Kind.CHART, chart() | {"merge": MERGE}, BEFORE, options=PlanOptions()).problems
    assert problem.gravity is Gravity.BLOCKS
    assert "cannot hold the merge with a query of events" in problem.what


@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "user_timezone", ""])
def test_zones_that_current_servers_know_are_kept(zone: str) -> None:
    """All others become the zone of the project when they are written."""
    item = chart(timezone=zone) if zone else chart()
    held = kept(Kind.CHART, item, NEW)
    assert (held.problems, held.content) == ((), item)


def test_a_zone_that_a_current_server_replaces_is_named() -> None:
    """So what is wanted is what becomes of it."""
    held = kept(Kind.CHART, chart(timezone="Europe/Berlin"), NEW)
    (problem,) = held.problems
    assert "the time zone Europe/Berlin (times will be those of the project's zone)" in problem.what
    assert held.content == chart()


def test_names_of_sql_dimensions_are_no_columns_on_newer_servers() -> None:
    """Older ones list them among the columns; a plan must not find that to differ for ever."""
    query: Any = {
        "customDimensions": [
            {"id": "sql_id", "name": "By SQL", "type": "sql"},
            {"id": "bin_id", "name": "Bin", "type": "bin"},
        ]
    }
    item: Any = chart("sql_id", "bin_id", **query)
    item["tableConfig"] = {"columnOrder": ["sql_id", "By SQL", "bin_id", "Bin", "orders_count"]}
    newer: Any = kept(Kind.CHART, item, NEW).content
    assert newer["tableConfig"]["columnOrder"] == ["sql_id", "bin_id", "Bin", "orders_count"]
    older: Any = kept(Kind.CHART, item, OLD).content
    assert older["tableConfig"] == item["tableConfig"]


def test_what_the_source_cannot_say_stays_as_the_target_has_it() -> None:
    """People of a newer target hide a tab and set parameters; an older source knows of neither."""
    theirs = dashboard() | {
        "config": {"isDateZoomDisabled": True}, "parameters": {"a": {"value": 1}},
        "tabs": [{"id": "t", "name": "T", "hidden": True}],
    }  # fmt: skip
    source = dashboard() | {"name": "Renamed", "tabs": [{"id": "t", "name": "T"}]}
    held = kept(Kind.DASHBOARD, source, TargetFacts(source_lacks=OLD.lacks), now=theirs).content
    assert held == theirs | {"name": "Renamed"}
