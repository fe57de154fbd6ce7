"""Whether a create whose end nobody heard has happened: looked for just as the create itself looks.

Nothing is sent: the create is gone through with a target that only reads, up to the place where it would
write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from lightdash_sync.apply.perform import perform
from lightdash_sync.apply.target import Target, Task
from lightdash_sync.errors import SyncError, Unsure
from lightdash_sync.model.references import UnresolvedReference

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.plan.operations import Operation

T = TypeVar("T")


class WouldWriteError(SyncError):
    """An operation came to a place where it would write."""


class ReadOnlyTarget(Target):
    """A target that is looked at.

    Attributes:
        found: uuid of what the operation that is gone through has made; "" if nothing was found.
        patient: whether to look for some seconds, because the server may still be at work.
    """

    found: str = ""
    patient: bool = False

    def once(self, write: Callable[[], T], look: Callable[[], T | None], *, doubtful: bool) -> T:
        """Look whether a write has happened.

        Raises:
            WouldWriteError: it has not.
        """
        del write, doubtful
        found = self.look_for(look) if self.patient else look()
        if found is None:
            raise WouldWriteError("it was not found")
        if isinstance(found, dict):
            self.found = str(found.get("uuid", ""))
        return found

    def send(self, write: Callable[[], T]) -> T:
        """Send nothing.

        Raises:
            WouldWriteError: always.
        """
        del write
        raise WouldWriteError("nothing is written while looking")


def find_made(target: ReadOnlyTarget, operation: Operation) -> JsonObject | None:
    """Return the facts of what a create has made, or None: it was not found, or nobody can tell.

    Args:
        target: the project.
        operation: creates something, and has no known end.
    """
    step = target.plan.steps[operation.step]
    target.found = ""
    try:
        return perform(target, Task(operation, step, doubtful=True))
    except WouldWriteError:  # what is left to be written of it is no matter here
        return {"uuid": target.found, **step.layout} if target.found else None
    except (Unsure, UnresolvedReference):
        return None
