"""How much a plan may delete before somebody has to say that it is meant.

A wrong path, a half-read source or a filter that matches nothing look like a source whose people deleted
nearly everything. So many deletes of a kind are refused, and so is a source without any item. Integers
only: what is exactly at a limit is allowed.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from lightdash_sync.model.kinds import KINDS
from lightdash_sync.plan.values import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lightdash_sync.model.kinds import Kind
    from lightdash_sync.plan.options import Options
    from lightdash_sync.plan.values import Step

FEW = 10  # of a kind with fewer items than these, any number may go
MOST_PERCENT = 30
MOST = 20


def delete_limits(
    steps: Iterable[Step], existing: Mapping[Kind, int], options: Options, desired: int
) -> tuple[str, ...]:
    """Return why the deletes of a plan are too many, in words with the numbers; nothing if they are not.

    Args:
        steps: of the plan; only deletes count.
        existing: how many items of each kind the target has, selected or not.
        options: `max_deletes`, if given, is the limit of each kind in place of the usual ones. It does
            not excuse a source that is empty.
        desired: how many items the source has, selected or not.
    """
    deletes = Counter(step.kind for step in steps if step.action is Action.DELETE)
    if deletes and not desired:
        there = sum(existing.values())
        return (
            f"the source is empty, and the target has {there} {_items(there)}: "
            f"all {deletes.total()} in question would be deleted",
        )
    found = (
        _too_many(kind, count, existing.get(kind, 0), options.max_deletes)
        for kind, count in sorted(deletes.items())
    )
    return tuple(words for words in found if words)


def _too_many(kind: Kind, deletes: int, existing: int, allowed: int | None) -> str:
    noun = KINDS[kind].noun[existing != 1]
    said = f"{deletes} of {existing} {noun} would be deleted"
    if allowed is not None:
        return f"{said}, and {allowed} may be" if deletes > allowed else ""
    if existing < FEW:
        return ""
    if deletes > MOST:
        return f"{said}, and more than {MOST} of a kind are refused"
    if deletes * 100 > MOST_PERCENT * existing:
        return f"{said}, and more than {MOST_PERCENT} % of a kind are refused"
    return ""


def _items(count: int) -> str:
    return "item" if count == 1 else "items"
