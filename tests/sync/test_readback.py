"""What a server makes of what was written: its own ways are no failure, anything else is."""

from __future__ import annotations

from typing import Any

import pytest

from lightdash_sync.content.json import canonical
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.tree import Tree, file_of
from lightdash_sync.sync.plan.values import Action, Plan, PlanTarget, Step
from lightdash_sync.sync.readback import Mismatch, added_by_server, differences

CHART: Any = {
    "name": "Weekly", "space": "sales", "tableName": "orders", "metricQuery": {"limit": 500},
    "chartConfig": {"type": "table"}, "tableConfig": {"columnOrder": []},
}  # fmt: skip
TILE: Any = {
    "id": "note", "type": "markdown", "tab": None, "x": 0, "y": 0, "w": 6, "h": 3,
    "properties": {"title": "Note", "content": "hi"},
}  # fmt: skip
BOARD: Any = {
    "name": "Board",
    "space": "sales",
    "tiles": [TILE],
    "tabs": [{"id": "t", "name": "T", "order": 0}],
}


def found(kind: Kind, wanted: Any, there: Any) -> list[Mismatch]:
    """What is told of one item."""
    step = Step(Action.CREATE, kind, "it", after=wanted)
    target = PlanTarget("production", "https://lightdash.example.com", "p", "Production")
    plan = Plan("sync", "staging", target, steps=(step,))
    return [*differences(plan, plan.steps, Tree.of({file_of(kind, "it"): canonical(there)}))]


def test_what_is_there_as_it_was_written_is_no_difference() -> None:
    assert found(Kind.CHART, CHART, CHART) == []


@pytest.mark.parametrize("empty", [None, False, {}, [], ""])
def test_empty_fields_that_a_newer_server_fills_in_are_harmless(empty: Any) -> None:
    """Seen from 0.1372.1 to 0.2904.5: `metricOverrides: {}`, `hidden: false`, `hideFrame: false`."""
    query = {**CHART["metricQuery"], "metricOverrides": empty}
    (chart,) = found(Kind.CHART, CHART, {**CHART, "metricQuery": query})
    tile = {**TILE, "properties": {**TILE["properties"], "hideFrame": empty}}
    tab = {**BOARD["tabs"][0], "hidden": empty}
    (board,) = found(Kind.DASHBOARD, BOARD, {**BOARD, "tiles": [tile], "tabs": [tab]})
    assert chart.is_harmless
    assert board.is_harmless


@pytest.mark.parametrize(
    "there",
    [
        {"metricQuery": {"limit": 5}},
        {"metricQuery": {}},
        {"name": ""},
        {"parameters": {"day": [0]}},
        {"pivotConfig": {"columns": ["x"]}},
    ],
)
def test_what_says_something_else_is_told(there: Any) -> None:
    (mismatch,) = found(Kind.CHART, CHART, {**CHART, **there})
    assert not mismatch.is_harmless
    assert mismatch.changes


def test_a_field_that_nobody_here_knows_is_the_servers_own() -> None:
    """What was not sent is no deviation, and is named; what was sent and comes back otherwise is one."""
    there = {**CHART, "more": [0], "metricQuery": {"limit": 500, "deep": True}}
    (mismatch,) = found(Kind.CHART, CHART, there)
    assert mismatch.is_harmless
    assert mismatch.added == ("field metricQuery.deep", "field more")
    assert added_by_server([mismatch, mismatch])["chart: field more"] == 2
    (other,) = found(Kind.CHART, {**CHART, "more": [1]}, there)
    assert not other.is_harmless
    (lost,) = found(Kind.CHART, {**CHART, "more": [1]}, CHART)
    assert not lost.is_harmless


def test_html_that_the_server_writes_its_own_way_in_markdown_is_harmless() -> None:
    """Seen on 0.1372.1: `<br>` comes back as `<br />`; where and how large the tile is counts."""
    there = {**TILE, "properties": {**TILE["properties"], "content": "hi<br />"}}
    (mismatch,) = found(Kind.DASHBOARD, BOARD, {**BOARD, "tiles": [there]})
    assert mismatch.is_harmless
    (moved,) = found(Kind.DASHBOARD, BOARD, {**BOARD, "tiles": [{**there, "x": 6}]})
    assert not moved.is_harmless
    titled = {**there, "properties": {**there["properties"], "title": "Other"}}
    (other,) = found(Kind.DASHBOARD, BOARD, {**BOARD, "tiles": [titled]})
    assert not other.is_harmless
