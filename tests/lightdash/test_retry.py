"""How often, how long and for whom a run waits: laws that hold for every failure and every server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.errors import Interrupted
from lightdash_sync.lightdash.retry import Failure, Pacer, RetryPolicy, parse_retry_after
from tests.lightdash.support import SandGlass

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PASSING = [Failure.NOT_SENT, Failure.REFUSED, Failure.UNCLEAR]


def _repeat(pacer: Pacer, failure: Failure = Failure.UNCLEAR, **changes: object) -> float | None:
    asked = {"write": False, "attempt": 1, "waited": 0.0, "retry_after": None}
    return pacer.repeat(failure, **(asked | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1", 1),
        ("0", 0),
        (" 7 ", 7),
        (format_datetime(NOW + timedelta(seconds=30), usegmt=True), 30),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0),
        ("Sun, 01 Mar 2026 13:00:30 +0100", 30),
        ("Sun Mar  1 12:00:30 2026", 30),
        ("-5", None),
        ("0.5", None),
        ("soon", None),
        ("1e9", None),
        ("٣", None),
        ("³", None),
        ("", None),
        ("  ", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2026 00:00:00 +99999999999999", None),
    ],
)
def test_retry_after_in_all_forms(value: str, seconds: float | None) -> None:
    """Whole seconds and HTTP dates are understood, a date that is past means now; all else is nothing."""
    assert parse_retry_after(value, NOW) == seconds


def test_retry_after_is_reckoned_from_the_present() -> None:
    """A date is a wait from now on, whatever the day."""
    ahead = datetime.now(UTC) + timedelta(seconds=60)
    assert 55 < (parse_retry_after(format_datetime(ahead)) or 0) <= 60


@pytest.fixture
def in_india(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine's clock shows the time of India."""
    with monkeypatch.context() as there:
        there.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_india")
@pytest.mark.parametrize("value", ["Sun Mar  1 12:00:30 2026", "Sun, 01 Mar 2026 12:00:30 -0000"])
def test_a_date_without_a_zone_is_that_of_the_web(value: str) -> None:
    """A date that names no time zone is in UTC, wherever the machine is."""
    assert parse_retry_after(value, NOW) == 30


@given(st.one_of(st.text(), st.from_regex(r"\A[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ [\d:]+ ([+-]\d+|GMT)?\Z")))
def test_no_retry_after_breaks_a_run(value: str) -> None:
    """Whatever a server sends as Retry-After, it is seconds or nothing, and never an error."""
    seconds = parse_retry_after(value)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("value", "wait"),
    [("1", 1), ("0", 0), ("120", 120), ("121", None), ("1" * 400, None), ("9" * 5000, None)],
)
def test_a_server_is_obeyed_within_reason(value: str, wait: float | None) -> None:
    """A Retry-After of two minutes is waited to the second; a longer one ends the request at once."""
    assert _repeat(SandGlass(), Failure.REFUSED, retry_after=value) == wait


@pytest.mark.parametrize("value", ["-5", "0.5", "soon", "1e9", "٣", ""])
def test_nonsense_means_our_own_wait(value: str) -> None:
    """A Retry-After that says nothing does not change how long is waited."""
    assert _repeat(SandGlass(seed=7), retry_after=value) == _repeat(SandGlass(seed=7))


@pytest.mark.parametrize("failure", Failure)
@pytest.mark.parametrize("write", [False, True])
def test_only_what_surely_did_not_happen_is_written_again(failure: Failure, write: bool) -> None:
    """A write is repeated only if it certainly was not carried out; a read unless the failure is final."""
    again = _repeat(SandGlass(), failure, write=write) is not None
    assert again == (failure in ([Failure.NOT_SENT, Failure.REFUSED] if write else PASSING))


def test_four_tries_at_most() -> None:
    """The fourth try is the last one, whatever it fails of."""
    pacer = SandGlass()
    assert all(_repeat(pacer, attempt=attempt) is not None for attempt in (1, 2, 3))
    assert all(_repeat(pacer, failure, attempt=4) is None for failure in PASSING)


@given(
    attempt=st.integers(1, 3),
    waited=st.floats(0, 300),
    retry_after=st.none() | st.integers(0, 300).map(str),
    seed=st.integers(),
)
def test_no_request_waits_longer_than_two_minutes(
    attempt: int, waited: float, retry_after: str | None, seed: int
) -> None:
    """All waits of a request together stay within two minutes, our own below 20 s each."""
    pacer = SandGlass(seed=seed)
    wait = _repeat(pacer, attempt=attempt, waited=waited, retry_after=retry_after)
    if wait is not None:
        assert wait >= 0
        assert waited + wait <= 120
        assert retry_after is not None or wait <= min(20, 0.5 * 2 ** (attempt - 1))


@pytest.mark.parametrize(("attempt", "bound"), [(1, 0.5), (2, 1.0), (3, 2.0), (9, 20.0)])
def test_waits_are_spread_over_the_whole_range(attempt: int, bound: float) -> None:
    """Jitter is full: workers that fail together come back at moments that have nothing in common."""
    pacer = SandGlass(RetryPolicy(attempts=10, floor=10_000))
    waits = sorted(_repeat(pacer, attempt=attempt) or 0.0 for _ in range(1000))
    quarters = [sum(low <= wait / bound < low + 0.25 for wait in waits) for low in (0, 0.25, 0.5, 0.75)]
    assert all(190 < count < 310 for count in quarters)
    drawn = Random(3)
    pairs = [abs(drawn.choice(waits) - drawn.choice(waits)) for _ in range(2000)]
    assert sum(gap < 0.01 * bound for gap in pairs) < 0.05 * len(pairs)


def test_one_refusal_pauses_all_workers() -> None:
    """After a 429 no worker sends anything until the pause is over, and then not all at one moment."""
    pacer = SandGlass()
    pacer.pause_all(30)
    began, sent = pacer.now, []
    for _ in range(8):
        pacer.now = began  # each worker's own time
        pacer.before_request()
        sent.append(pacer.now - began)
    assert all(30 < after <= 30.5 for after in sent)
    assert all(gap > 0.001 for gap in (b - a for a, b in pairwise(sorted(sent))))


class _ToldAgain(SandGlass):
    """A worker that another one's refusal reaches while it waits for the first time."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.waits) == 1:
            self.pause_all(30)


def test_a_pause_that_grows_is_waited_to_its_end() -> None:
    """Whoever waits out a pause waits on when it becomes longer; a shorter one changes nothing."""
    pacer = _ToldAgain()
    pacer.pause_all(10)
    pacer.pause_all(2)
    pacer.before_request()
    assert [10 <= pacer.waits[0] <= 10.5, 30 <= pacer.waits[1] <= 30.5] == [True, True]


def test_a_pause_without_reason_is_not_obeyed() -> None:
    """A server that wants an hour of silence pauses nobody: the request that it told fails instead."""
    pacer = SandGlass()
    pacer.pause_all(3600)
    pacer.before_request()
    assert pacer.waits == []


def test_a_stopped_run_sends_nothing_more() -> None:
    """Ctrl-C ends a wait at once, and no request follows it or is counted."""
    pacer = Pacer()
    pacer.pause_all(100)
    threading.Timer(0.05, pacer.stopped.set).start()
    with pytest.raises(Interrupted):
        pacer.before_request()
    with pytest.raises(Interrupted):
        pacer.before_request()
    assert pacer.requests == 0


def _outage(pacer: SandGlass, requests: int, chance: Random) -> int:
    """Let a run meet a server that fails nine times of ten; return the most tries of one request."""
    most = 0
    for _ in range(requests):
        attempt, waited = 0, 0.0
        while True:
            attempt += 1
            pacer.before_request()
            if chance.random() > 0.9:
                break
            failure = chance.choice(PASSING)
            asked = chance.choice([None, "0", "1", "30", "121", "soon"])
            if failure is Failure.REFUSED:
                pacer.pause_all(chance.choice([0, 1, 5]))
            wait = _repeat(pacer, failure, attempt=attempt, waited=waited, retry_after=asked)
            if wait is None:
                break
            waited += wait
            pacer.sleep(wait)
        most = max(most, attempt)
        assert waited <= 120
    return most


@pytest.mark.parametrize("requests", [1, 8, 60, 100, 3000])
def test_an_outage_is_not_multiplied(requests: int) -> None:
    """A run sends at most a tenth more requests than it needs, or ten, however ill the server is."""
    for seed in range(1000 if requests <= 60 else 20):
        pacer = SandGlass(seed=seed)
        assert _outage(pacer, requests, Random(-seed)) <= 4
        assert pacer.requests == requests + pacer.repeats <= 1.1 * requests + 10
        assert pacer.repeats >= min(requests // 10, 10), "and it does try again"


def test_the_budget_holds_for_all_threads_together() -> None:
    """Workers that fail at the same time do not overdraw the budget, and every request is counted."""
    pacer = Pacer(RetryPolicy(floor=5))
    granted: list[float | None] = []
    barrier = threading.Barrier(8)

    def work() -> None:
        barrier.wait()
        for _ in range(50):
            pacer.before_request()
            granted.append(_repeat(pacer))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pacer.requests == 400
    assert pacer.repeats == sum(wait is not None for wait in granted) <= 41
