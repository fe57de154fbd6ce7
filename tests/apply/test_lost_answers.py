"""The answer of a write is lost after the server acted: it is looked for, and nothing is made twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lightdash_standin.faults import Fault
from lightdash_standin.spaces import create_space, delete_space
from lightdash_standin.state import Space
from lightdash_sync.content.tree import Tree
from lightdash_sync.errors import Unsure
from lightdash_sync.sync.apply.engine import OperationState
from lightdash_sync.sync.apply.journal import read_journal
from lightdash_sync.sync.plan.options import PlanOptions
from tests.apply.edits import emptied, reworked
from tests.apply.moving import Move, moving
from tests.apply.small_world import small_world
from tests.worlds import can

DEADLINE = 0.8  # seconds; a server that is slow beyond that gives no answer in time
LOST = {
    "cut": Fault.cut(),
    "dropped": Fault.dropped().late(),
    "502": Fault.status(502, body="html").late(),
    "timeout": Fault.dropped().late().slow(DEADLINE * 1.5),
}
NOT_ACTED = {"dropped": Fault.dropped(), "502": Fault.status(502, body="html"), "500": Fault.status(500)}
# Writes of the plans below; a test says that this is so.
CREATING, UPDATING, DELETING = 23, 13, 10


def lose(tmp_path: Path, number: int, fault: Fault, change: Callable[[Tree], Tree] | None = None) -> bool:
    """Lose one answer of a plan, and return whether it had so many writes.

    Args:
        tmp_path: a folder.
        number: of the write.
        fault: how its answer is lost.
        change: what is changed of what has arrived; without, the plan is that which brings everything.
    """
    with moving(small_world(), tmp_path) as move:
        desired = move.read(move.source)
        if change is not None:
            move.apply(*move.plan(desired))
            desired = change(desired)
        options = PlanOptions(delete=True, max_deletes=99)
        plan, found = move.plan(desired, options)
        faults = move.strike(number, fault)
        outcome = move.apply(plan, found, deadline=DEADLINE)
        move.calm()
        assert [result for result in outcome.results if result.error] == []
        move.require_arrived(desired, options)
        return bool(faults.struck)


@pytest.mark.parametrize("number", [1, 3, 4, 6, 8, 9, 15, 19])
def test_a_lost_answer_makes_no_twin(tmp_path: Path, number: int) -> None:
    assert lose(tmp_path, number, LOST["cut"])


@pytest.mark.parametrize("number", [1, 4, 5, 6, 7])
def test_a_lost_answer_makes_no_second_version(tmp_path: Path, number: int) -> None:
    assert lose(tmp_path, number, LOST["502"], reworked)


@pytest.mark.parametrize("fault", NOT_ACTED)
def test_a_write_that_did_not_happen_is_made(tmp_path: Path, fault: str) -> None:
    assert lose(tmp_path, 4, NOT_ACTED[fault])


@pytest.mark.parametrize("number", [2, 5])
def test_a_server_that_acts_and_does_not_answer_in_time_makes_no_twin(tmp_path: Path, number: int) -> None:
    assert lose(tmp_path, number, LOST["timeout"])


@pytest.mark.slow
@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("number", range(1, CREATING + 1))
def test_any_lost_answer_of_a_creating_plan_makes_no_twin(tmp_path: Path, number: int, fault: str) -> None:
    lose(tmp_path, number, LOST[fault])


@pytest.mark.slow
@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("number", range(1, UPDATING + 1))
def test_any_lost_answer_of_an_updating_plan_is_looked_for(tmp_path: Path, number: int, fault: str) -> None:
    lose(tmp_path, number, LOST[fault], reworked)


@pytest.mark.slow
@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("number", range(1, DELETING + 1))
def test_any_lost_answer_of_a_deleting_plan_is_looked_for(tmp_path: Path, number: int, fault: str) -> None:
    lose(tmp_path, number, LOST[fault], emptied)


@pytest.mark.parametrize(("writes", "change"), [(CREATING, None), (UPDATING, reworked), (DELETING, emptied)])
def test_these_plans_have_just_the_writes_that_are_lost_here(
    tmp_path: Path, writes: int, change: Callable[[Tree], Tree] | None
) -> None:
    assert lose(tmp_path, writes, LOST["cut"], change)
    assert not lose(tmp_path, writes + 1, LOST["cut"], change)


def test_a_chart_whose_explore_is_missing_is_found_and_not_made_again(tmp_path: Path) -> None:
    """The server answers 404 after it has created it; where slugs are chosen, it asks for no explore."""
    with moving(small_world(), tmp_path) as move:
        desired = move.read(move.source)
        plan, found = move.plan(desired)
        move.world.project_rows[move.target].explores.pop("orders")
        outcome = move.apply(plan, found)
        failed = {result.operation.item for result in outcome.results if result.error}
        # No list shows a chart inside a dashboard before it is placed.
        assert failed == (set() if can("chosen_slugs") else {"chart:inside"})
        names = [row.name for row in move.lightdash.chart_summaries(move.target)]
        assert sorted(set(names) - {"Inside"}) == ["Orders", "Orders, again"]
        assert len(names) - names.count("Inside") == 3


def test_what_may_be_ours_or_not_is_neither_taken_nor_made_again(tmp_path: Path) -> None:
    """Somebody makes a chart of the same name in the same space, just when our answer is lost."""
    with moving(small_world(), tmp_path) as move:
        desired = move.read(move.source)
        plan, found = move.plan(desired)
        move.strike(5, Fault.status(502), also=lambda: _made_by_hand(move))
        outcome = move.apply(plan, found)
        move.calm()
        (failed,) = [result for result in outcome.results if result.error]
        if can("chosen_slugs"):
            assert failed.operation.item == "chart:orders"
            assert "somebody made a chart with its slug orders" in str(failed.error)
        else:
            assert failed.operation.item == "chart:orders-1"
            assert "1 new of that name, 0 of them with its content" in str(failed.error)


def _made_by_hand(move: Move) -> None:
    """A chart that was not there before."""
    world = move.world
    chart = next(one for one in world.charts.values() if one.name == "Orders")
    spaces = [world.spaces[uuid] for uuid in world.project_rows[move.target].spaces]
    (sales,) = [space for space in spaces if space.name == "Sales"]
    copy = world.new_uuid()
    world.charts[copy] = replace(chart, uuid=copy, space_uuid=sales.uuid, description="By hand")
    sales.charts[copy] = None


def test_somebody_elses_space_of_the_name_is_not_taken_for_ours(tmp_path: Path) -> None:
    """It was made by another person, at the moment when our answer was lost."""
    with moving(small_world(), tmp_path) as move:
        plan, found = move.plan(move.read(move.source))
        world = move.world
        editor = world.token_rows[world.tokens["editor"]].person_uuid

        def by_hand() -> None:
            create_space(world, move.target, "Sales", None, is_private=True).access[editor] = "admin"

        move.strike(2, Fault.status(502), also=by_hand)
        outcome = move.apply(plan, found)
        move.calm()
        (failed,) = outcome.of(OperationState.FAILED)
        assert failed.operation.item == "space:sales"
        assert isinstance(failed.error, Unsure)


def test_an_operation_of_which_nobody_can_tell_is_looked_for_when_the_run_goes_on(tmp_path: Path) -> None:
    """Somebody deletes the other space, and the run makes its own."""
    with moving(small_world(), tmp_path) as move:
        desired = move.read(move.source)
        plan, found = move.plan(desired)
        world, journal = move.world, move.journal()
        foreign: list[Space] = []
        move.strike(
            2,
            Fault.status(502),
            also=lambda: foreign.append(create_space(world, move.target, "Sales", None, is_private=True)),
        )
        assert not move.apply(plan, found, journal=journal).is_complete
        move.calm()
        assert read_journal(journal).doubtful == {1}
        assert not move.apply(plan, found, journal=journal).is_complete
        delete_space(world, foreign[0])
        assert move.apply(plan, found, journal=journal).is_complete
        move.require_arrived(desired)
