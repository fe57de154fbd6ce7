"""Ending work early: a whole run, or one piece of work of it.

Ctrl-C ends the run: nothing is sent any more. A piece of work that fails ends only its own threads, because
the run may go on: it reads the project again, or reports what was done.
"""

from __future__ import annotations

import threading
import weakref
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CURRENT: ContextVar[Stop | None] = ContextVar("stop", default=None)


class Stop:
    """A flag that ends work. Setting it sets those of all its parts, and not the other way round.

    Args:
        whole: the flag of the work of which this is a part, or None.
    """

    def __init__(self, whole: Stop | None = None) -> None:
        self._event = threading.Event()
        self._parts: weakref.WeakSet[Stop] = weakref.WeakSet()
        self._lock = threading.Lock()
        if whole is not None:
            whole._add(self)

    def part(self) -> Stop:
        """Return the flag of a piece of this work."""
        return Stop(self)

    def set(self) -> None:
        """End the work, with all its parts."""
        with self._lock:
            self._event.set()
            parts = [*self._parts]
        for part in parts:
            part.set()

    def is_set(self) -> bool:
        """Whether the work was ended."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait, but not longer than until the work is ended; return whether it was."""
        return self._event.wait(seconds)

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

    def _add(self, part: Stop) -> None:
        with self._lock:
            self._parts.add(part)
            ended = self._event.is_set()
        if ended:
            part.set()
