"""Work that Ctrl-C and SIGTERM end between two operations, or else between two requests, never within one.

A write that is cut off in the middle leaves nobody knowing whether it happened. So the work runs in a
thread of its own: the signal reaches the main thread only, which asks the work to begin nothing new, lets
it finish for some seconds, then tells the session to send nothing more, and waits for the last answer.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightdash_sync.client.stop import Stop

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
