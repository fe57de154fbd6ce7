"""What to do when a request fails: decided by the class of the failure, never by a blind repeat.

The server has no idempotency key, so a write may be repeated only when it certainly was not carried out
(the connection was never made, or the server refused it with 429 or 503). A read may be repeated after
any failure that may pass. Waits are drawn at random below an exponential bound (full jitter), a
`Retry-After` is honoured within reason, and a budget for the whole run keeps an outage from being
multiplied. A server that has answered before and is gone is waited for by all workers together (`outage`).
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

from lightdash_sync.client.outage import Outage
from lightdash_sync.client.stop import Stop
from lightdash_sync.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable


class Failure(Enum):
    """How a request failed, as far as a repeat is concerned."""

    NOT_SENT = auto()  # no connection: nothing happened on the server
    REFUSED = auto()  # 429, or 503 with Retry-After: the server says it did nothing
    UNCLEAR = auto()  # no answer, half an answer, 500, 502, 503, 504: it may have happened
    FINAL = auto()  # an answer that another try would get again


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long.

    Attributes:
        attempts: tries of one request, the first included.
        base: bound of the first wait, in seconds; it doubles with each further one.
        cap: bound of any wait of our own, in seconds.
        longest: the longest `Retry-After` that is obeyed, and the most that one request may wait in
            all, in seconds.
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
        random: where jitter comes from.
        stopped: set it, and no request is sent and no wait waited any more. A thread that does a piece of
            the run's work (`Stop.within`) ends with that, too.
        outage: whether the server is gone for now, for all workers together.
        requests: how many were sent, repeats included.
        repeats: how many of them were repeats.
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
        """Wait, but not longer than until the run, or this thread's work, is stopped."""
        self.stopped.current().wait(seconds)

    def before_request(self) -> None:
        """Count a request, and wait as long as the server asked all of us to.

        Raises:
            Interrupted: the run, or this thread's work, was stopped.
        """
        self.outage.hold(self._is_stopped)
        # Whoever waits may be told meanwhile to wait on.
        while (wait := self._paused_until - self.clock()) > 0 and not self._is_stopped():
            # Not all at the same moment again.
            self.sleep(wait + self.random.uniform(0, self.policy.base))
        if self._is_stopped():
            raise Interrupted("stopped")
        with self._lock:
            self.requests += 1

    def _is_stopped(self) -> bool:
        return self.stopped.is_set() or self.stopped.current().is_set()

    def pause_all(self, seconds: float) -> None:
        """Let no worker send a request for some seconds: a 429 to one is meant for all.

        A longer pause than we ever obey is not obeyed here either: the request that was told fails.
        """
        if seconds <= self.policy.longest:
            with self._lock:
                self._paused_until = max(self._paused_until, self.clock() + seconds)

    def repeat(
        self, failure: Failure, *, write: bool, attempt: int, waited: float, retry_after: str | None
    ) -> float | None:
        """Say how long to wait before another try.

        Args:
            failure: the class of the failure.
            write: whether the request changes something.
            attempt: how many tries were made.
            waited: seconds that this request has waited before.
            retry_after: the header of that name, if the answer had one.

        Returns:
            Seconds to wait, or None: do not try again.
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
        """Say how long to wait before a request is sent again that met an outage.

        Args:
            failure: the class of its failure.
            write: whether the request changes something.
            has_waited: whether it did so before.

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
        """Take a repeat out of the run's budget, if there is one left."""
        with self._lock:
            first_tries = self.requests - self.repeats
            if self.repeats >= max(self.policy.floor, first_tries * self.policy.share):
                return False
            self.repeats += 1
        return True


def parse_retry_after(value: str, now: datetime | None = None) -> float | None:
    """Read a `Retry-After` header (RFC 9110, 10.2.3).

    Args:
        value: whole seconds, or an HTTP date.
        now: the time to reckon a date from; the present by default.

    Returns:
        Seconds to wait, 0 or more; None for what is neither, so that our own wait applies.
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter for years that no machine can count
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
