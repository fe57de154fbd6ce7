"""Whatever happens to a promotion on its way, it is told exactly what was done, and nothing is repeated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import Incomplete, NotAuthorised
from lightdash_sync.promotion.run import PromotionResult, done_items
from lightdash_sync.sync.runs import Run
from tests.promotion.promoting import DEADLINE, Stage, results, stage_of, told
from tests.promotion.test_running import TO, WORK, server_side
from tests.promotion.worlds import PRODUCTION, promotion_desk
from tests.sync.desk import Desk

LOST = {
    "cut": Fault.cut(),
    "dropped": Fault.dropped().late(),
    "502": Fault.status(502, body="html").late(),
    "timeout": Fault.dropped().late().slow(DEADLINE * 1.5),
}
NOT_DONE = {"dropped": Fault.dropped(), "502": Fault.status(502, body="html"), "403": Fault.status(403)}
CALLS = 8
A_NEW_CHART, A_NEW_BOARD = 1, 6  # places among the calls; a test says that it is so


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A Lightdash whose promotion keeps slugs, so that promoting again makes no second copies."""
    with promotion_desk(tmp_path / "work", "0.1505.2") as desk:
        yield desk


@pytest.mark.parametrize(
    ("number", "fault"),
    [(A_NEW_CHART, "cut"), (A_NEW_CHART, "timeout"), (A_NEW_BOARD, "502"), (A_NEW_BOARD, "dropped")],
)
def test_what_was_done_although_its_answer_is_lost_is_found(desk: Desk, number: int, fault: str) -> None:
    _lose(desk, number, fault)


@pytest.mark.slow
@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("number", range(1, CALLS + 1))
def test_any_lost_answer_is_looked_for(desk: Desk, number: int, fault: str) -> None:
    _lose(desk, number, fault)


def _lose(desk: Desk, number: int, fault: str) -> None:
    """Lose an answer, and require that it makes no difference; undo shows that all uuids are right."""
    before = server_side(desk)
    with stage_of(desk, deadline=DEADLINE if fault == "timeout" else 5.0) as stage:
        promoted, calls = _struck(stage, number, LOST[fault])
        assert promoted.is_complete, told(promoted)
        assert [called.unclear for called in promoted.calls].count(True) == 1
        assert calls == CALLS
        assert stage.promote(*WORK).run is None
    desk.do("undo", *TO, "--yes")
    assert server_side(desk).items() <= before.items()
    assert len(server_side(desk)) == len(before) - 1  # what no tile showed is not put back


@pytest.mark.parametrize(
    ("number", "fault"), [(A_NEW_CHART, "dropped"), (A_NEW_BOARD, "502"), (A_NEW_BOARD, "403")]
)
def test_what_failed_is_told_and_the_rest_is_done(desk: Desk, number: int, fault: str) -> None:
    """And running again does what is left, and nothing twice."""
    _fail(desk, number, fault)


@pytest.mark.slow
@pytest.mark.parametrize("fault", NOT_DONE)
@pytest.mark.parametrize("number", [A_NEW_CHART, A_NEW_BOARD])
def test_whatever_failed_is_told_and_the_rest_is_done(desk: Desk, number: int, fault: str) -> None:
    _fail(desk, number, fault)


def _fail(desk: Desk, number: int, fault: str) -> None:
    """Let a call fail, and require that all others are made, and this one the next time."""
    with stage_of(desk) as stage:
        promoted, calls = _struck(stage, number, NOT_DONE[fault])
        assert (promoted.is_complete, calls) == (False, CALLS)
        lost = {
            A_NEW_CHART: {"space:fresh", "chart:in-a-new-space"},
            A_NEW_BOARD: {"dashboard:board-new", "chart:new"},
        }[number]
        assert {item for item, result in results(promoted).items() if result == "failed"} == lost
        assert (promoted.mismatches, promoted.unforeseen) == ((), ())
        again = stage.promote(*WORK)
        assert again.is_complete, told(again)
        assert set(results(again)) == lost
    assert [Run(path).result()["state"] for path in desk.runs] == ["superseded", "done"]  # type: ignore[index]


def test_a_token_that_is_not_accepted_any_more_ends_the_run(desk: Desk) -> None:
    with stage_of(desk) as stage:
        with pytest.raises(NotAuthorised):
            _struck(stage, 3, Fault.status(401))
        assert stage.promotions() == 3
        assert Run(desk.runs[-1]).result() is None
        assert stage.promote(*WORK).is_complete


def test_a_server_that_is_gone_ends_the_run_and_the_next_one_goes_on(desk: Desk) -> None:
    """What was made before is known all the same."""
    with stage_of(desk) as stage:
        prepared = stage.review(*WORK)
        came = 0

        def gone(_number: int, method: str, _path: str) -> Fault | None:
            nonlocal came
            came += method != "GET"
            return Fault.status(502).late() if came >= A_NEW_CHART else None

        desk.server.app.faults = Faults(rule=gone)
        with pytest.raises(Incomplete, match="was cut short") as raised:
            stage.run(prepared)
        desk.calm()
        assert "promote run --env preview" in raised.value.hint
        plan = desk.do("plan", "--from", "preview", *TO, "--only=chart:renamed", may=(0, 4)).err
        assert "`lightdash-sync promote run --env preview` goes on" in plan
        assert "only Lightdash itself" in desk.do("apply", "--resume", *TO, code=4).err
        again = stage.promote(*WORK)
        assert again.is_complete, told(again)
        assert "chart:in-a-new-space" not in results(again)
    assert len(desk.uuids(Kind.CHART, "In a new space", PRODUCTION)) == 1


def test_what_an_approved_review_did_is_known_to_the_next_run(desk: Desk) -> None:
    with stage_of(desk) as stage:
        prepared = stage.review(*WORK)
        desk.strike(A_NEW_BOARD, Fault.status(403))
        promoted = stage.run(prepared, "digest-of-the-review")
        desk.calm()
        done = done_items(stage.place.folders.runs, "digest-of-the-review")
        assert done == {item for item, result in results(promoted).items() if result != "failed"}
        assert done_items(stage.place.folders.runs, "another") == frozenset()
        desk.do("undo", *TO, "--yes")
        assert done_items(stage.place.folders.runs, "digest-of-the-review") == frozenset()


def _struck(stage: Stage, number: int, fault: Fault) -> tuple[PromotionResult, int]:
    """Review, run with a fault at one of the calls, and return what came of it and the number of calls."""
    prepared = stage.review(*WORK)
    before = stage.promotions()
    stage.desk.strike(number, fault)
    try:
        return stage.run(prepared), stage.promotions() - before
    finally:
        stage.desk.calm()
