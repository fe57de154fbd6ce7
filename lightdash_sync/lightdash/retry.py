"""Decides how long to wait and whether to repeat a failed request, by the class of the failure.

The server has no idempotency key, so a write is repeated only when it certainly was not carried out (the
connection was never made, or the server refused it with 429 or 503). A read is repeated after any failure
that may be temporary. Waits are random below an exponential bound (full jitter), `Retry-After` is honoured
within limits, and a budget for the whole run keeps retries from making an outage worse. If a server that has
answered before becomes unavailable, all workers wait for it together (`Outage`).
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from random import Random
from typing import TYPE_CHECKING

from lightdash_sync.errors import Interrupted
from lightdash_sync.workers import Stop

if TYPE_CHECKING:
    from collections.abc import Callable


# Outages of the server, which all workers of a run wait out together.
#
# If each worker retried by itself, all attempts would be used up within a moment. So one of them probes the
# server with growing waits, and the others wait for the result. This applies to a server that has answered
# in this run; a server that never answered is not waited for.

WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)  # bounds of the waits in seconds; each is at least half of that
_LOOK = 0.2  # seconds between checks, while waiting, whether the run was stopped


class Outage:
    """The state of an outage, and which worker probes the server.

    Args:
        random: source of jitter.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._changed = threading.Condition()
        self._has_answered = False
        self._lasts = False
        self._prober: int | None = None
        self._tries = 0
        self._noticed = 0.0  # when a request last failed because of the outage

    @property
    def has_answered(self) -> bool:
        """Whether the server has answered in this run."""
        return self._has_answered

    def answered(self, sent: float) -> None:
        """Record that the server answered, with whatever status.

        Args:
            sent: when the request was sent, in seconds of `time.monotonic`. An answer to a request from
                before the outage may arrive during it, and does not end it.
        """
        with self._changed:
            self._has_answered = True
            if sent >= self._noticed and (self._lasts or self._prober is not None or self._tries):
                self._lasts, self._prober, self._tries = False, None, 0
                self._changed.notify_all()

    def hold(self, is_stopped: Callable[[], bool]) -> None:
        """Wait while another worker probes whether the outage is over."""
        with self._changed:
            while self._prober not in (None, threading.get_ident()) and not is_stopped():
                self._changed.wait(_LOOK)

    def try_again(self, is_stopped: Callable[[], bool], *, has_waited: bool) -> float | None:
        """Return how long to wait before a request that failed in an outage is sent again.

        Args:
            is_stopped: returns whether the run was stopped.
            has_waited: whether the request has waited for the end of an outage before. If that is over and
                the request fails again, the request itself is the problem.

        Returns:
            Seconds; 0 if another worker has found that the outage is over. None if the outage lasts, or if
            the server never answered: then the request has failed like any other.
        """
        me = threading.get_ident()
        with self._changed:
            self._noticed = time.monotonic()
            if self._prober not in (None, me):
                while self._prober not in (None, me) and not is_stopped():
                    self._changed.wait(_LOOK)
                return None if self._lasts else 0.0
            if not self._has_answered or self._lasts or (has_waited and not self._tries):
                return None
            if self._tries == len(WAITS):
                self._lasts, self._prober = True, None
                self._changed.notify_all()
                return None
            bound = WAITS[self._tries]
            self._prober, self._tries = me, self._tries + 1
            return self._random.uniform(bound / 2, bound)

    def leave(self) -> None:
        """Let another worker probe, if this one did and now ends for another reason."""
        with self._changed:
            if self._prober == threading.get_ident():
                self._prober = None
                self._changed.notify_all()


class Failure(Enum):
    """How a request failed, as far as retries are concerned."""

    NOT_SENT = auto()  # no connection: nothing happened on the server
    REFUSED = auto()  # 429, or 503 with Retry-After: the server did nothing, by its own answer
    UNCLEAR = auto()  # no answer, half an answer, 500, 502, 503, 504: it may have been carried out
    FINAL = auto()  # an answer that another attempt would get again


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often to repeat, and how long to wait.

    Attributes:
        attempts: attempts of one request, the first included.
        base: bound of the first wait, in seconds; it doubles with each further one.
        cap: bound of any wait that the server did not ask for, in seconds.
        longest: the longest `Retry-After` that is honoured, and the longest total wait of one request, in
            seconds.
        share: repeats allowed in a run, as a share of its requests without repeats.
        floor: repeats allowed in a run, however few requests it makes.
    """

    attempts: int = 4
    base: float = 0.5
    cap: float = 20.0
    longest: float = 120.0
    share: float = 0.1
    floor: int = 10


@dataclass
class Pacer:
    """Decides waits and repeats for all workers of a run together.

    Attributes:
        policy: the numbers.
        clock: monotonic seconds.
        random: source of jitter.
        stopped: once set, no request is sent and waits end. A thread that does a piece of the run's work
            (`Stop.within`) also stops when that piece is stopped.
        outage: the state of an outage, shared by all workers.
        requests: number of requests sent, repeats included.
        repeats: number of repeats among them.
    """

    policy: RetryPolicy = field(default_factory=RetryPolicy)
    clock: Callable[[], float] = time.monotonic
    random: Random = field(default_factory=Random)
    stopped: Stop = field(default_factory=Stop)
    outage: Outage = field(init=False)
    requests: int = 0
    repeats: int = 0
    _paused_until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.outage = Outage(self.random)

    def sleep(self, seconds: float) -> None:
        """Wait, but only until the run, or this thread's work, is stopped."""
        self.stopped.current().wait(seconds)

    def before_request(self) -> None:
        """Count a request, and wait for as long as the server asked all workers to.

        Raises:
            Interrupted: the run, or this thread's work, was stopped.
        """
        self.outage.hold(self._is_stopped)
        # The pause may be extended while this thread waits.
        while (wait := self._paused_until - self.clock()) > 0 and not self._is_stopped():
            # Jitter keeps the workers from continuing at the same moment.
            self.sleep(wait + self.random.uniform(0, self.policy.base))
        if self._is_stopped():
            raise Interrupted("stopped")
        with self._lock:
            self.requests += 1

    def _is_stopped(self) -> bool:
        return self.stopped.is_set() or self.stopped.current().is_set()

    def pause_all(self, seconds: float) -> None:
        """Pause all workers for some seconds: a 429 to one of them is meant for all.

        A pause longer than `longest` is ignored here; the request that received it fails.
        """
        if seconds <= self.policy.longest:
            with self._lock:
                self._paused_until = max(self._paused_until, self.clock() + seconds)

    def repeat(
        self, failure: Failure, *, write: bool, attempt: int, waited: float, retry_after: str | None
    ) -> float | None:
        """Return how long to wait before another attempt.

        Args:
            failure: the class of the failure.
            write: whether the request changes something.
            attempt: number of attempts so far.
            waited: seconds that this request has waited before.
            retry_after: the header of that name, if the answer had one.

        Returns:
            Seconds to wait, or None for no further attempt.
        """
        if (
            failure is Failure.FINAL
            or (write and failure is Failure.UNCLEAR)
            or attempt >= self.policy.attempts
        ):
            return None
        asked = None if retry_after is None else parse_retry_after(retry_after)
        own = self.random.uniform(0, min(self.policy.cap, self.policy.base * 2 ** (attempt - 1)))
        wait = own if asked is None else asked
        if waited + wait > self.policy.longest:
            return None
        return wait if self._may_repeat() else None

    def wait_out(self, failure: Failure, *, write: bool, has_waited: bool) -> float | None:
        """Return how long to wait before a request that failed in an outage is sent again.

        Args:
            failure: the class of its failure.
            write: whether the request changes something.
            has_waited: whether it has waited for an outage before.

        Returns:
            Seconds to wait, or None: it has failed like any other.
        """
        if write and failure is not Failure.NOT_SENT:
            return None
        wait = self.outage.try_again(self._is_stopped, has_waited=has_waited)
        if wait is None or self._may_repeat():
            return wait
        self.outage.leave()
        return None

    def _may_repeat(self) -> bool:
        """Take a repeat from the run's budget; return whether there was one left."""
        with self._lock:
            first_tries = self.requests - self.repeats
            if self.repeats >= max(self.policy.floor, first_tries * self.policy.share):
                return False
            self.repeats += 1
        return True


def parse_retry_after(value: str, now: datetime | None = None) -> float | None:
    """Parse a `Retry-After` header (RFC 9110, 10.2.3).

    Args:
        value: whole seconds, or an HTTP date.
        now: the current time; by default that of the clock.

    Returns:
        Seconds to wait, 0 or more; None for anything else, so that the usual wait applies.
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter for years out of range
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
