"""Who looks at a promotion need not be who runs it: a pull request is reviewed by a token with few rights."""

from __future__ import annotations

from pathlib import Path

from lightdash_standin.state import World
from lightdash_sync.content.kinds import Kind
from tests.cli.running import run
from tests.promotion.hands import Hands
from tests.promotion.worlds import PREVIEW, STATES
from tests.sync.desk import TOKEN, Desk

FILE = Path("promotions/changed.json")


def _viewer(world: World) -> dict[str, str]:
    """Return the variables of somebody who may look at all projects, and change nothing."""
    return {TOKEN: world.tokens["interactive_viewer"]}


def test_a_viewer_can_say_whether_a_review_is_still_what_was_approved(desk: Desk) -> None:
    """The right to promote is asked of who promotes: exit 0 here, and 4 for a run with this token."""
    key = desk.world.charts[desk.uuid(Kind.CHART, STATES["changed"][1], PREVIEW)].slug
    chosen = ("--env", PREVIEW, "--chart", key)
    desk.do("promote", "review", *chosen, "--format", "json", "-o", str(FILE))
    looked = run("promote", "review", "--approved", str(FILE), env=_viewer(desk.world))
    assert looked.code == 0, looked.err
    with desk.nothing_is_written():
        done = run("promote", "run", "--approved", str(FILE), "--yes", env=_viewer(desk.world))
    assert done.code == 4, done.err


def test_what_somebody_without_the_right_reviewed_can_be_run_by_another(desk: Desk) -> None:
    """They are told that they may not promote it; what they saw can be approved all the same."""
    key = desk.world.charts[desk.uuid(Kind.CHART, STATES["changed"][1], PREVIEW)].slug
    chosen = ("--env", PREVIEW, "--chart", key)
    made = run("promote", "review", *chosen, "--format", "json", "-o", str(FILE), env=_viewer(desk.world))
    assert made.code == 4, made.err
    desk.do("promote", "run", "--approved", str(FILE), "--yes")


def test_a_machine_is_told_of_a_stale_review_once(desk: Desk) -> None:
    """With --json there is one object on stdout, also where a review is not what was approved."""
    hands = Hands(desk, PREVIEW)
    desk.do("promote", "review", "--env", PREVIEW, "--chart", "changed", "--format", "json", "-o", str(FILE))
    hands.edit("Changed", 99)
    said = desk.do("promote", "review", "--approved", str(FILE), "--json", code=5).json
    assert "chart:changed is another (what it would have)" in said["error"]["message"]
