"""A run that is killed between any two lines of its journal goes on where it was, and makes nothing twice."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from lightdash_standin.faults import Fault
from lightdash_sync.content.json import JsonObject
from lightdash_sync.errors import SyncError
from lightdash_sync.sync.apply.journal import Journal, read_journal
from tests.apply.edits import reworked
from tests.apply.moving import Move, moving
from tests.apply.small_world import small_world

CREATING, UPDATING = 44, 34  # lines of the journals of the plans below; a test says that this is so


class Killed(BaseException):
    """The end of a process, as far as a test can have it."""


def killing(line: int, *, torn: bool) -> type[Journal]:
    """Return a journal whose owner dies in the place of writing one of its lines, or in its middle."""
    came = 0
    one_by_one = threading.Lock()

    class Killing(Journal):
        def _write(self, record: JsonObject) -> None:
            nonlocal came
            with one_by_one:
                came += 1
                if came < line:
                    super()._write(record)
                elif came == line and torn:
                    self._file.write(b'{"event":"do')
                    self._file.flush()
                if came >= line:
                    raise Killed

    return Killing


def kill(tmp_path: Path, line: int, *, updates: bool, torn: bool = False) -> bool:
    """Kill a run, go on with it, and return whether its journal had so many lines."""
    with moving(small_world(), tmp_path) as move:
        desired = move.read(move.source)
        if updates:
            move.apply(*move.plan(desired))
            desired = reworked(desired)
        plan, found = move.plan(desired)
        path = move.journal()
        died = False
        try:
            move.apply(plan, found, journal=path, opening=killing(line, torn=torn))
        except Killed:
            died = True
        before = len(move.writes())
        outcome = move.apply(plan, found, journal=path)
        assert outcome.is_complete
        assert died or len(move.writes()) == before
        move.require_arrived(desired)
        return died


@pytest.mark.parametrize("line", [1, 2, 3, 9, 10, 18, 31, 33, 43])
def test_a_killed_run_that_creates_goes_on(tmp_path: Path, line: int) -> None:
    assert kill(tmp_path, line, updates=False, torn=bool(line % 2))


@pytest.mark.parametrize("line", [3, 8, 10, 15, 25])
def test_a_killed_run_that_updates_goes_on(tmp_path: Path, line: int) -> None:
    assert kill(tmp_path, line, updates=True, torn=bool(line % 2))


@pytest.mark.slow
@pytest.mark.parametrize("torn", [False, True])
@pytest.mark.parametrize("line", range(1, CREATING + 1))
def test_a_creating_run_can_be_killed_anywhere(tmp_path: Path, line: int, torn: bool) -> None:
    kill(tmp_path, line, updates=False, torn=torn)


@pytest.mark.slow
@pytest.mark.parametrize("line", range(1, UPDATING + 1))
def test_an_updating_run_can_be_killed_anywhere(tmp_path: Path, line: int) -> None:
    kill(tmp_path, line, updates=True)


@pytest.mark.parametrize(("lines", "updates"), [(CREATING, False), (UPDATING, True)])
def test_these_journals_have_just_so_many_lines(tmp_path: Path, lines: int, updates: bool) -> None:
    assert kill(tmp_path, lines, updates=updates)
    assert not kill(tmp_path, lines + 1, updates=updates)


def test_a_run_that_was_killed_while_an_answer_was_lost_goes_on(tmp_path: Path) -> None:
    """The chart was made; neither its answer nor the look for it ever came."""
    with moving(small_world(), tmp_path) as move:
        desired = move.read(move.source)
        plan, found = move.plan(desired)
        path, of_source = move.journal(), len(move.world.charts)
        move.strike(5, Fault.cut())
        with pytest.raises(Killed):
            move.apply(plan, found, journal=path, opening=killing(11, torn=False))
        move.calm()
        assert of_source < len(move.world.charts) <= 2 * of_source
        assert move.apply(plan, found, journal=path).is_complete
        assert len(move.world.charts) == 2 * of_source  # each was made once
        move.require_arrived(desired)


def test_what_failed_is_tried_again_and_what_was_skipped_for_it(tmp_path: Path) -> None:
    with moving(small_world(), tmp_path) as move:
        desired = move.read(move.source)
        plan, found = move.plan(desired)
        path = move.journal()
        move.strike(3, Fault.status(403))
        assert not move.apply(plan, found, journal=path).is_complete
        move.calm()
        before = len(move.writes())
        outcome = move.apply(plan, found, journal=path)
        assert outcome.is_complete
        assert not any(path.endswith("/spaces") for _, path in move.writes()[before:])
        move.require_arrived(desired)


def test_a_run_goes_on_only_with_its_own_plan(tmp_path: Path) -> None:
    with moving(small_world(), tmp_path) as move:
        desired = move.read(move.source)
        plan, found = move.plan(desired)
        path = move.journal()
        with pytest.raises(Killed):
            move.apply(plan, found, journal=path, opening=killing(6, torn=False))
        other, _ = move.plan(reworked(desired))
        before = _written(move)
        with pytest.raises(SyncError, match="another plan"):
            move.apply(other, found, journal=path)
        assert _written(move) == before


def _written(move: Move) -> int:
    return len(move.writes())


def test_a_journal_tells_what_is_done_what_is_doubtful_and_what_failed(tmp_path: Path) -> None:
    with moving(small_world(), tmp_path) as move:
        plan, found = move.plan(move.read(move.source))
        path = move.journal()
        move.strike(2, Fault.status(403))
        with pytest.raises(Killed):
            move.apply(plan, found, journal=path, opening=killing(8, torn=True))
        told = read_journal(path)
        assert told.is_begun
        assert set(told.done) == {0}
        assert told.done[0]["uuid"] in move.world.spaces
        assert set(told.failed) == {1}
        assert told.doubtful == frozenset()


def test_a_journal_that_was_damaged_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"event":"started","plan":"x","known":{}}\n{"event":"beg\n{"event":"ended"}\n')
    with pytest.raises(SyncError, match="cannot be read"):
        read_journal(path)
