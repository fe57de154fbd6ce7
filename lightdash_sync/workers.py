"""Runs work in threads, with progress, and stops it early: a whole run, or one piece of it.

Ctrl-C ends the run: no further request is sent. A piece of work that fails ends only its own threads, because
the run may continue: it reads the project again, or reports what was done.

In order: the flag that stops work, work that ends between operations, and many reads in parallel.
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
    """A flag that ends work. Setting it ends all parts of the work, but a part does not end the whole.

    A part looks at the flag of its whole. The whole has no list of its parts: that would need weak
    references, and Ctrl-C is lost if it comes while Python runs the callback of one.

    Args:
        whole: the flag of the work that this is a part of, or None.
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
        """Wait until the work is ended, or the time is over; return whether the work was ended."""
        with self._changed:
            return self._changed.wait_for(self.is_set, seconds)

    @contextmanager
    def within(self) -> Iterator[None]:
        """Make this thread's work in the context end with this flag."""
        token = _CURRENT.set(self)
        try:
            yield
        finally:
            _CURRENT.reset(token)

    def current(self) -> Stop:
        """Return the flag of the piece of work that this thread does; this one if there is none."""
        return _CURRENT.get() or self


# Work that Ctrl-C and SIGTERM end between two operations, or else between two requests, never within one.
#
# If a write is cut off in the middle, nobody knows whether it was carried out. So the work runs in a thread
# of its own: the signal reaches only the main thread, which asks the work to begin nothing new, gives it some
# seconds to finish, then makes the session send nothing more, and waits for the last answer.

T = TypeVar("T")

# Seconds for an operation of several requests to finish; SIGTERM is often followed by SIGKILL after ten.
_GRACE = 5.0


def run_stoppable(work: Callable[[], T], wind_down: Callable[[], None], stopped: Stop) -> T:
    """Do some work, and return its result.

    Args:
        work: sends requests.
        wind_down: asks the work to begin nothing new.
        stopped: flag of the session's pacer; once set, the next request raises `Interrupted`. A second signal
            sets it at once.

    Raises:
        KeyboardInterrupt: a signal came; the work has ended all the same.
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


# Many small reads in parallel, with one way to stop them all.
#
# One item that cannot be read does not stop the others: it is returned by name, and the caller decides. A
# failure that would affect every item (an invalid token, a stopped run, a bug) ends this piece of work at
# once. The run itself can continue after it, unless it was interrupted.

R = TypeVar("R")

# Number of failed items after which the whole work fails, so that a server that is down is not sent ten
# thousand requests.
MAX_UNREAD = 25

_BESIDE = 2  # long reads in parallel; the server works on them one after the other anyway


class Progress(Protocol):
    """Shows progress; keeps the terminal out of the work itself."""

    def track(
        self, what: str, total: int, verb: str = "Reading"
    ) -> AbstractContextManager[Callable[[], None]]:
        """Show that work is under way, for as long as the context lasts.

        Args:
            what: description of the items.
            total: number of items.
            verb: what is done with them.

        Returns:
            A context that gives a function to call once for each finished item, from any thread.
        """

    def noted(self, message: str) -> None:
        """Show a message."""


class Silent:
    """Progress that shows nothing."""

    def track(
        self, what: str, total: int, verb: str = "Reading"
    ) -> AbstractContextManager[Callable[[], None]]:
        """Show nothing."""
        del what, total, verb
        return nullcontext(lambda: None)

    def noted(self, message: str) -> None:
        """Show nothing."""


@dataclass(frozen=True, slots=True)
class Unread:
    """An item that could not be read.

    Attributes:
        what: `kind:key`, or the kind if it has no key yet.
        error: why.
    """

    what: str
    error: ApiError | Unconvertible
    kind: str = ""
    uuid: str = ""


class Workers:
    """A pool of threads.

    Args:
        size: number of threads.
        stopped: the run's flag. It is set here when the run is interrupted, and only then.
        progress: receives the progress.
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
        """End the threads; work that has not begun is dropped."""
        self._beside.shutdown(wait=True, cancel_futures=True)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def begin(self, work: Iterable[Callable[[], R]]) -> list[Future[R]]:
        """Start some long reads beside all others, in threads of their own.

        A page of a hundred charts loads the server in another way than many small requests do, so both
        together take less time than one after the other.
        """
        futures = [self._beside.submit(_within, self._begun_stop, one) for one in work]
        self._begun += futures
        return futures

    def forget(self) -> None:
        """End what `begin` started: wait for requests that are under way, and send nothing more."""
        self._begun_stop.set()
        while self._begun:  # the work may start more
            begun, self._begun = self._begun, []
            for future in begun:
                future.cancel()
            wait(begun)
        self._begun_stop = self._stopped.part()

    def run(
        self, what: str, items: Iterable[T], work: Callable[[T], R], name: Callable[[T], str] = str
    ) -> tuple[list[R], list[Unread]]:
        """Do some work for each item, in any order.

        Args:
            what: description of the items for the progress.
            items: the items.
            work: the work; called from several threads.
            name: returns the name of an item that cannot be read.

        Returns:
            The results, and the items that failed with an `ApiError`, or cannot be converted.

        Raises:
            NotAuthorised: the token is not accepted (401).
            ApiError: more than `MAX_UNREAD` items failed, not counting those that do not exist or cannot be
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
                    item = futures[future]
                    unread.append(Unread(name(item), error, uuid=item if isinstance(item, str) else ""))
                    failed += not isinstance(error, (NotFound, Unconvertible))  # these affect one item only
                    if failed > MAX_UNREAD or (isinstance(error, NotAuthorised) and error.status == 401):
                        raise
                advance()
        except BaseException as error:
            (stop if isinstance(error, Exception) else self._stopped).set()
            for future in futures:
                future.cancel()
            wait(futures)  # so that nothing is written any more when the caller cleans up
            raise
        return results, sorted(unread, key=lambda item: item.what)


def _within(stop: Stop, work: Callable[[], R]) -> R:
    """Do some work that ends when a flag is set."""
    with stop.within():
        return work()
