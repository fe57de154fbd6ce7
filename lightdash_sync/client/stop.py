"""Ending work early: a whole run, or one piece of work of it.

Ctrl-C ends the run: nothing is sent any more. A piece of work that fails ends only its own threads, because
the run may go on: it reads the project again, or reports what was done.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

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
