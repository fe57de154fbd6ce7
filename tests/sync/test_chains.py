"""Runs that are cut short, one after the other, with work in between: any next command goes on.

Each is killed between two lines of its journal. Whatever comes next takes nothing that the tool did for
somebody's work, makes nothing twice, forgets nothing that a plan has shown, and overwrites nobody.
"""

from __future__ import annotations

import pytest

from lightdash_sync.content.kinds import Kind
from tests.sync.desk import FROM_TO, SOURCE, TARGET, TO, Desk
from tests.sync.killing import kill
from tests.sync.people import EDITS, People
from tests.sync.rows import rows_of

FIRST = ("apply", *FROM_TO, "--adopt-by-name", "--yes")
AGAIN = ("apply", *FROM_TO, "--yes")
UNDO = ("undo", *TO, "--yes")
RESUME = ("apply", "--resume", *TO, "--yes")
CREATING = [2, 3, 5, 7, 9, 12, 17, 21, 30, 38]
UPDATING = [2, 3, 4, 6, 9, 12, 15, 19, 23]
UNDOING = [2, 3, 4, 6, 8, 11, 14, 17]


def require_alike(desk: Desk) -> None:
    """Require that the target is what the source is, with nothing twice, and nothing left to do."""
    assert desk.content(SOURCE) == desk.content(TARGET)
    kinds = [
        sorted(kind for kind, _ in rows_of(desk.world, desk.projects[where])) for where in (SOURCE, TARGET)
    ]
    assert kinds[0] == kinds[1]
    assert desk.plan("--delete")["empty"]
    assert desk.world.crashes == []


def edit_all(people: People, *, but: str = "") -> None:
    """Change something of each field, but for those of one kind of item."""
    for change, item in EDITS.values():
        if not but or not item.startswith(but):
            change(people)


@pytest.mark.parametrize("line", CREATING)
def test_a_plain_apply_goes_on_with_one_that_was_killed_while_it_created(desk: Desk, line: int) -> None:
    """Also where nobody had heard whether something was made: it is looked for first."""
    assert kill(desk, line, *FIRST)
    desk.do(*FIRST)
    require_alike(desk)


@pytest.mark.parametrize("line", CREATING[::2])
def test_an_apply_that_was_killed_twice_is_gone_on_with(desk: Desk, line: int) -> None:
    assert kill(desk, line, *FIRST)
    kill(desk, 6, *FIRST)
    desk.do(*FIRST)
    require_alike(desk)


@pytest.mark.parametrize("line", UPDATING)
def test_what_a_killed_apply_wrote_is_no_drift_when_the_source_goes_on(desk: Desk, line: int) -> None:
    desk.do(*FIRST)
    people = People(desk, SOURCE)
    edit_all(people)
    assert kill(desk, line, *AGAIN)
    edit_all(people, but="space")  # whose grants would get roles that no API tells of the source
    desk.do(*AGAIN)
    require_alike(desk)


@pytest.mark.parametrize("line", UPDATING)
def test_work_on_the_target_after_a_kill_is_not_overwritten(desk: Desk, line: int) -> None:
    """Neither by a new plan nor by going on, whatever the killed run did of the item."""
    desk.do(*FIRST)
    people, there = People(desk, SOURCE), People(desk, TARGET)
    edit_all(people)
    assert kill(desk, line, *AGAIN)
    there.chart_description()
    edit_all(people)
    before = rows_of(desk.world, desk.projects[TARGET])[Kind.CHART, there.chart]
    desk.do(*AGAIN, code=4)
    desk.do(*RESUME, may=(0, 3, 5))  # 3: what was written before is not as it was written
    assert rows_of(desk.world, desk.projects[TARGET])[Kind.CHART, there.chart] == before


@pytest.mark.parametrize("line", [3, 5, 6, 7, 8, 9, 11, 13])
def test_a_selection_that_was_cut_short_loses_no_grants(desk: Desk, line: int) -> None:
    """Its space comes along because it is missing; once it is there, its access is still to be written."""
    chosen = ("apply", *FROM_TO, "--yes", "--chart", "orders-again")
    if not kill(desk, line, *chosen):
        return
    desk.do(*chosen)
    spaces = [desk.content(where)["spaces/board.json"] for where in (SOURCE, TARGET)]
    assert spaces[0] == spaces[1]
    assert desk.plan("--chart", "orders-again")["empty"]


@pytest.mark.parametrize("line", UNDOING)
@pytest.mark.parametrize("on", [UNDO, RESUME])
def test_an_undo_that_was_killed_is_gone_on_with(desk: Desk, line: int, on: tuple[str, ...]) -> None:
    """Not taken back itself, and not refused for its own deletes."""
    before = desk.content(TARGET)
    rows = rows_of(desk.world, desk.projects[TARGET])
    desk.do(*FIRST)
    run = desk.runs[-1].name
    assert kill(desk, line, *UNDO)
    assert f"undo {TO[0]}" in desk.do("plan", *FROM_TO, may=(0, 4)).err
    desk.do(*on)
    assert desk.content(TARGET) == before
    assert rows_of(desk.world, desk.projects[TARGET]) == rows
    assert "was undone already" in desk.do("undo", run, *TO, "--yes", code=4).err
    desk.do(*FIRST)
    require_alike(desk)


@pytest.mark.parametrize("line", [3, 6, 9, 12])
def test_an_undo_that_was_killed_twice_is_gone_on_with(desk: Desk, line: int) -> None:
    desk.do(*FIRST)
    before = desk.content(TARGET)
    people = People(desk, SOURCE)
    edit_all(people)
    desk.send("DELETE", f"/dashboards/{people.dashboard}")
    desk.do(*AGAIN, "--delete")
    assert kill(desk, line, *UNDO)
    kill(desk, 5, *UNDO)
    desk.do(*UNDO)
    assert desk.content(TARGET) == before


@pytest.mark.parametrize("line", [2, 3, 4, 5, 6, 7, 8])
def test_deletes_that_were_cut_short_are_gone_on_with(desk: Desk, line: int) -> None:
    desk.do(*FIRST)
    people = People(desk, SOURCE)
    desk.send("DELETE", f"/dashboards/{people.dashboard}")
    desk.send("DELETE", f"/saved/{people.chart}")
    if not kill(desk, line, *AGAIN, "--delete"):
        return
    desk.do(*AGAIN, "--delete")
    require_alike(desk)
