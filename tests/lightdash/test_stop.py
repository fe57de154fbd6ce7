"""What ends early, and what goes on."""

from __future__ import annotations

import threading
import time

import pytest

from lightdash_sync.errors import Interrupted
from lightdash_sync.lightdash.retry import Pacer
from lightdash_sync.workers import Stop


def test_the_end_of_a_run_is_the_end_of_all_its_work() -> None:
    """Whoever works for the run ends with it, also work that begins afterwards."""
    run = Stop()
    work = run.part()
    piece = work.part()
    run.set()
    assert (work.is_set(), piece.is_set(), run.part().is_set()) == (True, True, True)


def test_the_end_of_a_piece_of_work_is_not_that_of_the_run() -> None:
    """What else the run does goes on, other pieces of work too."""
    run = Stop()
    work, other = run.part(), run.part()
    work.set()
    assert (work.is_set(), other.is_set(), run.is_set()) == (True, False, False)


def test_a_thread_sends_nothing_more_for_work_that_has_ended() -> None:
    """It may do other work of the same run afterwards."""
    pacer = Pacer()
    work = pacer.stopped.part()
    work.set()
    with work.within(), pytest.raises(Interrupted):
        pacer.before_request()
    pacer.before_request()
    assert pacer.requests == 1


def test_a_wait_between_tries_ends_with_the_work() -> None:
    """Nobody waits for the next try of what nobody wants any more."""
    pacer = Pacer()
    work = pacer.stopped.part()

    def wait() -> None:
        with work.within():
            pacer.sleep(30)

    began = time.monotonic()
    thread = threading.Thread(target=wait)
    thread.start()
    work.set()
    thread.join(10)
    assert time.monotonic() - began < 5
