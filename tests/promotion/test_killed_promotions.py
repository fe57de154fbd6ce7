"""Promotions that are killed, one after the other: the tool's own work holds up none of the later ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from lightdash_sync.content.kinds import Kind
from tests.promotion.hands import Hands
from tests.promotion.promoting import Stage, results, stage_of, told
from tests.promotion.worlds import PREVIEW, PRODUCTION, promotion_desk
from tests.sync.killing import Killed, killing

WORK = ("changed", "renamed", "in a new space", "dashboard changed", "dashboard new")


def kill(stage: Stage, line: int) -> None:
    """Promote, accepting nothing, and die in the place of writing a line of the journal."""
    prepared = stage.review(*WORK, accept=False)
    assert prepared.review.refusals() == []
    with killing(line), pytest.raises(Killed):
        stage.run(prepared)


@pytest.mark.parametrize("before", [False, True], ids=["first", "after a whole one"])
@pytest.mark.parametrize("lines", [(2, 2), (3, 3), (4, 5), (6, 3), (8, 6), (10, 4)])
def test_promotions_that_were_killed_hold_up_no_later_one(
    tmp_path: Path, lines: tuple[int, int], before: bool
) -> None:
    """The preview goes on between them; what a killed run wrote upstream is nobody's work.

    After a whole promotion there is a base, and what a killed one wrote differs from that.
    """
    with promotion_desk(tmp_path / "work", "0.1505.2") as desk, stage_of(desk) as stage:
        hands = Hands(desk, PREVIEW)
        if before:
            assert stage.promote(*WORK).is_complete
            for number, name in enumerate(("Changed", "Renamed, now", "In a new space")):
                hands.edit(name, 200 + number)
            hands.add("Board, changed", hands.text("Later"))
        for round_, line in enumerate(lines):
            kill(stage, line)
            hands.edit("Changed", 300 + round_)
            hands.edit("In a new space", 300 + round_)
        prepared = stage.review(*WORK, accept=False)
        assert prepared.review.refusals() == []
        again = stage.run(prepared)
        assert again.is_complete, told(again)
        assert stage.promote(*WORK).run is None
        assert len(desk.uuids(Kind.CHART, "In a new space", PRODUCTION)) == 1
        assert results(again)


CREATED = ((Kind.CHART, "In a new space"), (Kind.DASHBOARD, "Board, new"))


@pytest.mark.parametrize("line", [4, 5, 14])
def test_what_a_killed_promotion_created_can_be_taken_back(tmp_path: Path, line: int) -> None:
    """Also that of which the killed run had no time to note the answer."""
    with promotion_desk(tmp_path / "work", "0.1505.2") as desk, stage_of(desk) as stage:
        kill(stage, line)
        assert any(desk.uuids(kind, name, PRODUCTION) for kind, name in CREATED)
        desk.do("undo", "--to", PRODUCTION, "--yes")
        assert not any(desk.uuids(kind, name, PRODUCTION) for kind, name in CREATED)
