"""An outage of the server, met by all workers of a run together.

Each for itself would use up its tries within a moment. So one of them tries whether it is over, with waits
that grow, and the others wait for what it finds out. That holds for a server that has answered in this run;
one that never did is not waited for.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)  # bounds of the waits in seconds; each is at least half of that
_LOOK = 0.2  # seconds after which who waits looks whether the run was stopped


class Outage:
    """Whether the server is gone for now, and who tries.

    Args:
        random: where jitter comes from.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._changed = threading.Condition()
        self._has_answered = False
        self._lasts = False
        self._prober: int | None = None
        self._tries = 0
        self._noticed = 0.0  # when the last request that met it failed

    @property
    def has_answered(self) -> bool:
        """Whether the server ever answered in this run."""
        return self._has_answered

    def answered(self, sent: float) -> None:
        """Note that the server answered, whatever the answer was.

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
        """Wait while another worker tries whether the outage is over."""
        with self._changed:
            while self._prober not in (None, threading.get_ident()) and not is_stopped():
                self._changed.wait(_LOOK)

    def try_again(self, is_stopped: Callable[[], bool], *, has_waited: bool) -> float | None:
        """Say of a request that met an outage how long to wait before it is sent again.

        Args:
            is_stopped: whether the run was stopped.
            has_waited: whether the request has waited for the end of an outage before. If that is over and it
                fails again, the request itself is the trouble.

        Returns:
            Seconds; 0 if another worker has found out meanwhile that it is over. None if it lasts, or if the
            server never answered: then the request has failed like any other.
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
        """Let another worker try, if this one did and ends now for another reason."""
        with self._changed:
            if self._prober == threading.get_ident():
                self._prober = None
                self._changed.notify_all()
