"""Deletes and creates that follow from the absence of an item whose reader is not shown everything.

A token of lesser rights is told of private spaces and deliveries only in part, with status 200. That an item
is not in what it read proves nothing: so nothing is deleted because such a source lacks it, and nothing is
created because such a target lacks it, unless the user says that a second one may be made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import KINDS, Kind
from lightdash_sync.plan.options import allows
from lightdash_sync.plan.values import Action, Gravity, Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence, Set

    from lightdash_sync.plan.options import Item, Options
    from lightdash_sync.plan.values import Step

Unseen = Mapping[str, str]
"""Name of a kind -> what of it a reader may not have been shown, in words."""

UNSEEN_IN_SOURCE, UNSEEN_ON_TARGET = "unseen_in_source", "unseen_on_target"

# What tells where an item is. Of these kinds an equal item may be in a place that the plan leaves alone.
_PLACES: Mapping[Kind, tuple[tuple[str, Kind], ...]] = {
    Kind.SPACE: (("parent", Kind.SPACE),),
    Kind.SCHEDULER: (("chart", Kind.CHART), ("sqlChart", Kind.SQL_CHART), ("dashboard", Kind.DASHBOARD)),
}


def unseen_deletes(steps: Sequence[Step], desired: Set[Item], unseen: Unseen) -> Iterator[Problem]:
    """Yield the deletes of items that the source may have, though its reader was not shown them.

    Args:
        steps: of the plan.
        desired: the items of the source.
        unseen: what the reader of the source may not have been shown.
    """
    for step in steps:
        if step.action is Action.DELETE and step.kind in unseen and (step.kind, step.key) not in desired:
            what = (
                f"would be deleted, but the source may have this {KINDS[step.kind].noun[0]}: its token was "
                f"not shown {unseen[step.kind]}"
            )
            yield Problem(step.item, UNSEEN_IN_SOURCE, what)


def unseen_creates(
    steps: Sequence[Step], known: Collection[Item], unseen: Unseen, options: Options
) -> Iterator[Problem]:
    """Yield the creates of items that the target may have, though its reader was not shown them.

    A chart or dashboard is made in a space that the reader sees, so an equal one there would have been seen.

    Args:
        steps: of the plan.
        known: items that were asked for by their uuid, and are not on the target.
        unseen: what the reader of the target may not have been shown.
        options: `allow_twins` allows the creates.
    """
    created = {(step.kind, step.key) for step in steps if step.action is Action.CREATE}
    for step in steps:
        item = (step.kind, step.key)
        if item not in created or item in known or step.kind not in unseen or step.kind not in _PLACES:
            continue
        place = next(
            ((kind, key) for field, kind in _PLACES[step.kind] if (key := text(step.after, field))), None
        )
        if place in created:
            continue  # nobody can have put one there
        allowed = allows(options.allow_twins, step.item)
        what = (
            f"would be created, but the target may have this {KINDS[step.kind].noun[0]}: its token is not "
            f"shown {unseen[step.kind]}"
        )
        yield Problem(step.item, UNSEEN_ON_TARGET, what, Gravity.WARNS if allowed else Gravity.BLOCKS)
