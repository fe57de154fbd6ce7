"""Ending work early: a whole run, or one piece of work of it.

Ctrl-C ends the run: nothing is sent any more. A piece of work that fails ends only its own threads, because
the run may go on: it reads the project again, or reports what was done.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from lightdash_sync.errors import ApiError, NotAuthorised, NotFound, Unconvertible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future
    from contextlib import AbstractContextManager

_CURRENT: ContextVar[Stop | None] = ContextVar("stop", default=None)


class Stop:
    """A flag that ends work. Setting it ends all parts of the work, and not the other way round.

    A part looks at the flag of its whole. The whole keeps no list of its parts: that would need weak
    references, and Ctrl-C is lost if it comes while Python calls back for one of them.

    Args:
        whole: the flag of the work of which this is a part, or None.
    """

    def __init__(self, whole: Stop | None = None) -> None:
        self._whole = whole
        self._is_set = False
        self._changed: threading.Condition = threading.Condition() if whole is None else whole._changed

    def part(self) -> Stop:
        """Return the flag of a piece of this work."""
        return Stop(self)

    def set(self) -> None:
        """End the work, with all its parts."""
        with self._changed:
            self._is_set = True
            self._changed.notify_all()

    def is_set(self) -> bool:
        """Whether the work was ended."""
        return self._is_set or (self._whole is not None and self._whole.is_set())

    def wait(self, seconds: float) -> bool:
        """Wait, but not longer than until the work is ended; return whether it was."""
        with self._changed:
            return self._changed.wait_for(self.is_set, seconds)

    @contextmanager
    def within(self) -> Iterator[None]:
        """Let what this thread does here end with this piece of work."""
        token = _CURRENT.set(self)
        try:
            yield
        finally:
            _CURRENT.reset(token)

    def current(self) -> Stop:
        """Return the flag of the piece of work that this thread does; this one if it does none."""
        return _CURRENT.get() or self


# Work that Ctrl-C and SIGTERM end between two operations, or else between two requests, never within one.
#
# A write that is cut off in the middle leaves nobody knowing whether it happened. So the work runs in a
# thread of its own: the signal reaches the main thread only, which asks the work to begin nothing new, lets
# it finish for some seconds, then tells the session to send nothing more, and waits for the last answer.

T = TypeVar("T")

# Seconds that an operation of several requests has to end; who sends SIGTERM often kills after ten.
_GRACE = 5.0


def run_stoppable(work: Callable[[], T], wind_down: Callable[[], None], stopped: Stop) -> T:
    """Do some work, and return what it returns.

    Args:
        work: sends requests.
        wind_down: asks it to begin nothing new.
        stopped: of the session's pacer; set, and the next request raises `Interrupted`. A second signal sets
            it at once.

    Raises:
        KeyboardInterrupt: a signal came; the work has come to its end all the same.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="stoppable") as pool:
        future = pool.submit(work)
        try:
            return future.result()
        except BaseException:
            if not future.done():
                try:
                    wind_down()
                    wait([future], _GRACE)
                finally:
                    stopped.set()
            raise


# Many small reads at the same time, with one way to stop them all.
#
# One item that cannot be read does not stop the others: it is returned by name, and the caller decides.
# What would fail for every item (an unknown token, a stopped run, a bug) ends this piece of work at once.
# The run itself can go on after it, unless it was interrupted.

R = TypeVar("R")

# Failures of single items after which the whole is taken to fail: a server that is gone is not asked
# ten thousand times.
MAX_UNREAD = 25

_BESIDE = 2  # long reads at the same time; the server does them one after the other all the same


class Progress(Protocol):
    """Shows how far the work is; the work itself knows no terminal."""

    def track(
        self, what: str, total: int, verb: str = "Reading"
    ) -> AbstractContextManager[Callable[[], None]]:
        """Show that work is under way, for as long as the context lasts.

        Args:
            what: the items, in words.
            total: how many items.
            verb: what is done with them, in words.

        Returns:
            A context that gives a function to call once for each finished item, from any thread.
        """

    def noted(self, message: str) -> None:
        """Something worth a line happened."""


class Silent:
    """Progress that nobody looks at."""

    def track(
        self, what: str, total: int, verb: str = "Reading"
    ) -> AbstractContextManager[Callable[[], None]]:
        """Show nothing."""
        del what, total, verb
        return nullcontext(lambda: None)

    def noted(self, message: str) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True)
class Unread:
    """An item that could not be read.

    Attributes:
        what: `kind:key`, or the kind where it has no key yet.
        error: why.
    """

    what: str
    error: ApiError | Unconvertible


class Workers:
    """A pool of threads.

    Args:
        size: how many.
        stopped: the run's flag. It is set here when the run is interrupted, and only then.
        progress: who is told.
    """

    def __init__(self, size: int, stopped: Stop, progress: Progress) -> None:
        self.progress = progress
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="read")
        alone = size == 1  # then one request after the other
        self._beside = self._pool if alone else ThreadPoolExecutor(_BESIDE, thread_name_prefix="page")
        self._begun: list[Future[Any]] = []
        self._stopped = stopped
        self._begun_stop = stopped.part()

    def close(self) -> None:
        """End the threads; what has not begun never will."""
        self._beside.shutdown(wait=True, cancel_futures=True)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def begin(self, work: Iterable[Callable[[], R]]) -> list[Future[R]]:
        """Have some long reads done beside all others, by threads of their own.

        A page of a hundred charts keeps the server busy in another way than many small requests do, so it
        answers both together sooner than one after the other.
        """
        futures = [self._beside.submit(_within, self._begun_stop, one) for one in work]
        self._begun += futures
        return futures

    def forget(self) -> None:
        """End what was begun: wait for requests that are under way, and let nothing more be sent."""
        self._begun_stop.set()
        while self._begun:  # what was begun may begin more
            begun, self._begun = self._begun, []
            for future in begun:
                future.cancel()
            wait(begun)
        self._begun_stop = self._stopped.part()

    def run(
        self, what: str, items: Iterable[T], work: Callable[[T], R], name: Callable[[T], str] = str
    ) -> tuple[list[R], list[Unread]]:
        """Do some work for each item, in no order.

        Args:
            what: the items, in words for the progress.
            items: the items.
            work: what to do; called from several threads.
            name: how an item is called where it cannot be read.

        Returns:
            The results, and the items that failed with an `ApiError`, or that cannot be converted.

        Raises:
            NotAuthorised: the token is not accepted (401).
            ApiError: more than `MAX_UNREAD` items failed; not counted is what is not there, or cannot be
                converted.
        """
        stop = self._stopped.part()
        futures: dict[Future[R], T] = {
            self._pool.submit(_within, stop, partial(work, item)): item for item in items
        }
        tracked = self.progress.track(what, len(futures)) if futures else nullcontext(lambda: None)
        with tracked as advance:
            return self._collect(futures, stop, name, advance)

    def _collect(
        self,
        futures: dict[Future[R], T],
        stop: Stop,
        name: Callable[[T], str],
        advance: Callable[[], None],
    ) -> tuple[list[R], list[Unread]]:
        results: list[R] = []
        unread: list[Unread] = []
        failed = 0
        try:
            for future in as_completed(futures):
                try:
                    results.append(future.result())
                except (ApiError, Unconvertible) as error:
                    unread.append(Unread(name(futures[future]), error))
                    failed += not isinstance(error, (NotFound, Unconvertible))  # which say nothing of others
                    if failed > MAX_UNREAD or (isinstance(error, NotAuthorised) and error.status == 401):
                        raise
                advance()
        except BaseException as error:
            (stop if isinstance(error, Exception) else self._stopped).set()
            for future in futures:
                future.cancel()
            wait(futures)  # nobody writes any more when the caller cleans up
            raise
        return results, sorted(unread, key=lambda item: item.what)


def _within(stop: Stop, work: Callable[[], R]) -> R:
    """Do some work that ends when a flag is set."""
    with stop.within():
        return work()
