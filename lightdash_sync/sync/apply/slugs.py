"""Whether a slug is taken, looked at right before something is created with it.

What is created side by side is looked at together, by one request, and believed for as long as it takes to
create these few. A slug that something has, or a token or server that cannot be
asked so, is looked at by itself.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from lightdash_sync.lightdash.as_code import find_holders, is_taken
from lightdash_sync.sync.plan.operations import CREATES, operations

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightdash_sync.content.kinds import Kind
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.sync.plan.values import Plan, Step

_AT_ONCE = 8  # as many as are created side by side
_SECONDS = 10.0  # for which an answer is believed, however slow the server is


class TakenSlugs:
    """The slugs that a plan gives.

    Args:
        plan: what is applied.
        lightdash: reads the target.
        sees_all: whether the token sees all that may have a slug; asked when it is needed.
    """

    def __init__(self, plan: Plan, lightdash: Lightdash, sees_all: Callable[[], bool]) -> None:
        self._plan, self._lightdash, self._sees_all = plan, lightdash, sees_all
        self._order: dict[Kind, list[str]] | None = None
        self._free: dict[tuple[Kind, str], float] = {}
        self._lock = threading.Lock()

    def is_taken(self, step: Step) -> bool:
        """Whether an item of the target has, or had, the slug that a step gives.

        Raises:
            ApiError: nobody can tell.
        """
        kind, slug = step.kind, step.slug
        with self._lock:
            if (kind, slug) not in self._free:
                self._look_ahead(kind, slug)
            looked = self._free.pop((kind, slug), None)
        if looked is not None and time.monotonic() - looked < _SECONDS:
            return False
        return is_taken(self._lightdash, kind, self._plan.target.project, slug)

    def _look_ahead(self, kind: Kind, slug: str) -> None:
        """Look at a slug together with those that are given next."""
        if self._order is None:
            self._order = _order(self._plan)
        order = self._order.get(kind, [])
        if slug not in order or not self._sees_all():
            return
        at = order.index(slug)
        begin = at if at >= _AT_ONCE else 0  # those before it are begun in this moment, too
        portion = order[begin : begin + _AT_ONCE]
        del order[begin : begin + _AT_ONCE]  # each is looked at together once
        if len(portion) == 1:
            return
        now = time.monotonic()
        holders = find_holders(self._lightdash, self._plan.target.project, kind, portion)
        if holders is not None:
            self._free |= {(kind, one): now for one in portion if one not in holders}


def _order(plan: Plan) -> dict[Kind, list[str]]:
    """Return the slugs of each kind in the order in which they are given."""
    order: dict[Kind, list[str]] = {}
    for operation in operations(plan):
        step = plan.steps[operation.step]
        if operation.what in CREATES and step.slug:
            order.setdefault(step.kind, []).append(step.slug)
    return order
