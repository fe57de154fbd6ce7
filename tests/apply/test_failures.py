"""What fails stops only what needs it; what nobody can do any more stops all."""

from __future__ import annotations

from pathlib import Path

import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_sync.content.json import JsonObject, canonical
from lightdash_sync.content.tree import Tree
from lightdash_sync.errors import NotAuthorised, Unavailable
from lightdash_sync.sync.apply.engine import MAX_UNAVAILABLE, OperationState
from lightdash_sync.sync.apply.journal import read_journal
from lightdash_sync.sync.plan.options import PlanOptions
from tests.apply.edits import content, edited, without
from tests.apply.moving import Move, moving
from tests.apply.small_world import small_world
from tests.worlds import can


def items(move: Move, number: int, about: str = "") -> tuple[set[str], set[str]]:
    """Refuse one write, of those with some path, and return what failed and what was skipped for it."""
    plan, found = move.plan(move.read(move.source))
    move.strike(number, Fault.status(403), about=about)
    outcome = move.apply(plan, found)
    move.calm()
    skipped = outcome.of(OperationState.SKIPPED)
    assert all(outcome.results[one.because or 0].state is not OperationState.DONE for one in skipped)
    return (
        {one.operation.item for one in outcome.of(OperationState.FAILED)},
        {one.operation.item for one in skipped}
        - {one.operation.item for one in outcome.of(OperationState.FAILED)},
    )


def test_a_space_that_fails_stops_what_would_be_in_it(tmp_path: Path) -> None:
    with moving(small_world(), tmp_path) as move:
        failed, skipped = items(move, 1)
        assert failed == {"space:board"}
        assert skipped == {"chart:orders-again", "chart:orders"}  # they name each other


def test_a_chart_that_fails_stops_the_dashboard_that_shows_it_and_no_more(tmp_path: Path) -> None:
    with moving(small_world(), tmp_path) as move:
        # Where charts have slugs of our choosing, their paths name them, and they come in any order.
        failed, skipped = items(move, 1, "/inside") if can("chosen_slugs") else items(move, 4)
        assert failed == {"chart:inside"}
        assert skipped == {"dashboard:overview"}
        (overview,) = [row.uuid for row in move.lightdash.dashboards(move.target)]
        (new,) = move.lightdash.schedulers_of("dashboards", overview)
        assert new[0].name == "Each hour"  # it delivers the dashboard, not what is on it


def test_a_tag_that_fails_stops_nothing_else(tmp_path: Path) -> None:
    with moving(small_world(), tmp_path) as move:
        failed, skipped = items(move, 13)
        assert (failed, skipped) == ({"tag:core"}, set())


def test_what_must_not_be_seen_any_more_stays_out_of_a_space_that_could_not_be_closed(tmp_path: Path) -> None:
    """A chart is not moved into a space whose audience could not be made smaller first."""
    with moving(small_world(), tmp_path) as move:
        source = move.read(move.source)
        assert move.apply(*move.plan(source)).is_complete
        desired = edited(
            source,
            {"spaces/sales": {"inheritsAccess": False}, "charts/orders-again": {"space": "sales"}},
        )
        plan, found = move.plan(desired)
        move.strike(1, Fault.status(403))
        outcome = move.apply(plan, found)
        assert {one.operation.item for one in outcome.of(OperationState.FAILED)} == {"space:sales"}
        assert "chart:orders-again" in {one.operation.item for one in outcome.of(OperationState.SKIPPED)}


def test_nothing_is_deleted_that_something_still_shows(tmp_path: Path) -> None:
    """The write that takes a chart off its dashboard fails, so the chart stays."""
    with moving(small_world(), tmp_path) as move:
        source = move.read(move.source)
        assert move.apply(*move.plan(source)).is_complete
        tiles = content(source, "dashboards/overview.json")["tiles"]
        assert isinstance(tiles, list)
        desired = without(source, "sql_charts/orders-per-shop-sql.json")
        left = [tile for tile in tiles if isinstance(tile, dict) and tile["type"] != "sql_chart"]
        plan, found = move.plan(
            edited(desired, {"dashboards/overview": {"tiles": [*left]}}), PlanOptions(delete=True)
        )
        move.strike(1, Fault.status(403))
        outcome = move.apply(plan, found)
        assert [one.operation.item for one in outcome.of(OperationState.FAILED)] == ["dashboard:overview"]
        assert [one.operation.item for one in outcome.of(OperationState.SKIPPED)] == [
            "sql_chart:orders-per-shop-sql"
        ]


def test_a_token_that_is_not_accepted_any_more_ends_the_run(tmp_path: Path) -> None:
    with moving(small_world(), tmp_path) as move:
        plan, found = move.plan(move.read(move.source))
        move.strike(3, Fault.status(401))
        before = len(move.writes())
        with pytest.raises(NotAuthorised):
            move.apply(plan, found)
        assert len(move.writes()) == before + 3


def test_a_server_that_is_gone_ends_the_run_and_the_run_can_go_on(tmp_path: Path) -> None:
    """Not each of ten thousand items is tried on a server that answers none."""
    with moving(small_world(), tmp_path) as move:
        source = move.read(move.source)
        assert move.apply(*move.plan(source)).is_complete
        query = content(source, "charts/inside.json")
        files = {path: source[path] for path in source}
        files |= {f"charts/new-{n}.json": canonical(_placed(query, n)) for n in range(40)}
        desired = Tree.of(files, source.identity)
        plan, found = move.plan(desired)
        path = move.journal()
        fault = Fault.status(503, retry_after="1000")
        move.server.app.faults = Faults(rule=lambda _n, method, _p: None if method == "GET" else fault)
        before = len(move.writes())
        with pytest.raises(Unavailable):
            move.apply(plan, found, journal=path)
        assert len(move.writes()) - before == MAX_UNAVAILABLE
        move.calm()
        assert move.apply(plan, found, journal=path).is_complete
        move.require_arrived(desired)


@pytest.mark.parametrize("charts", [25, 26, 40])
def test_a_server_that_is_gone_while_charts_are_updated_side_by_side_ends_the_run(
    tmp_path: Path, charts: int
) -> None:
    """Nothing more is begun; what was begun is in the journal, and the run can go on."""
    with moving(small_world(), tmp_path) as move:
        source = move.read(move.source)
        query = content(source, "charts/inside.json")
        files = {path: source[path] for path in source}
        files |= {f"charts/new-{n}.json": canonical(_placed(query, n)) for n in range(charts)}
        assert move.apply(*move.plan(Tree.of(files, source.identity))).is_complete
        renamed: dict[str, JsonObject] = {f"charts/new-{n}": {"name": f"Renamed {n}"} for n in range(charts)}
        desired = edited(Tree.of(files, source.identity), renamed)
        plan, found = move.plan(desired)
        path = move.journal()
        fault = Fault.status(503, retry_after="1000")
        move.server.app.faults = Faults(rule=lambda _n, method, _p: None if method == "GET" else fault)
        before = len(move.writes())
        with pytest.raises(Unavailable):
            move.apply(plan, found, journal=path)
        sent = len(move.writes()) - before
        assert MAX_UNAVAILABLE <= sent < MAX_UNAVAILABLE + 8  # those that were under way beside it
        assert len(read_journal(path).failed) == sent
        move.calm()
        assert move.apply(plan, found, journal=path).is_complete
        move.require_arrived(desired)


def _placed(chart: JsonObject, number: int) -> JsonObject:
    """A chart like one inside a dashboard, in a space."""
    kept = {name: value for name, value in chart.items() if name != "dashboard"}
    return kept | {"space": "sales", "name": f"New {number}"}
