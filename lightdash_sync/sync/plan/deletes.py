"""What a plan may delete, and what would go along with it.

Only items that are linked are ever deleted: those this tool made, or a person adopted. (In the project
that the desired content was taken from, that is every item.) Lightdash deletes what is in a space or
dashboard with it, so nothing may be deleted that holds something the plan does not delete. It also deletes
charts inside a dashboard that no version of it has shown, each time the dashboard's content is saved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lightdash_sync.content.authorship import moment, of_version
from lightdash_sync.content.display import shown
from lightdash_sync.content.json import Json, get_path, get_str, objects
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.sync.plan.matching import LINKED
from lightdash_sync.sync.plan.options import allows
from lightdash_sync.sync.plan.scope import is_chosen
from lightdash_sync.sync.plan.values import Action, Gravity, Problem
from lightdash_sync.sync.plan.virtual_views import views_used

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence, Set

    from lightdash_sync.content.contents import Contents
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.sync.plan.options import ItemSelection, PlanOptions
    from lightdash_sync.sync.plan.values import Step

# What lies in what, or hangs on it, and is deleted with it.
_CONTAINERS = (
    ("space", Kind.SPACE),
    ("parent", Kind.SPACE),
    ("dashboard", Kind.DASHBOARD),
    ("chart", Kind.CHART),
    ("sqlChart", Kind.SQL_CHART),
)
_ON_TILES = (("chart", Kind.CHART), ("sqlChart", Kind.SQL_CHART))


def surplus(
    mine: Iterable[ItemKey], desired: Collection[ItemKey], existing: Contents, choice: ItemSelection
) -> frozenset[ItemKey]:
    """Return what the target has and the source has not, among the items that may be deleted.

    What lies in a chosen item, or hangs on it, comes along: Lightdash would delete it in any case.

    Args:
        mine: the items that may.
        desired: the items of the source.
        existing: content of the target.
        choice: of the user.
    """
    candidates = {item for item in mine if item[0] in LINKED and item not in desired}
    found = {item for item in candidates if is_chosen(item, choice, existing)}
    waiting = candidates - found
    while waiting:
        along = {item for item in waiting if any(_deleted(existing.of(item), _CONTAINERS, found))}
        if not along:
            break
        found |= along
        waiting -= along
    return frozenset(found)


def unshown_charts(steps: Sequence[Step], existing: Contents) -> Iterator[Problem]:
    """Yield the charts that go with the saving of their dashboard, and which no step deletes.

    They were made in the dashboard, and nobody has put them on a tile yet. A chart that no tile shows and
    that is older than the dashboard's last version is none of these: it would have gone with that.

    Args:
        steps: of the plan.
        existing: content of the target.
    """
    deleted = {(step.kind, step.key) for step in steps if step.action is Action.DELETE}
    for step in steps:
        if step.kind is not Kind.DASHBOARD or step.action is not Action.UPDATE or not _saves_content(step):
            continue
        placed = {chart for side in (step.before, step.after) for chart in _charts_shown(side)}
        saved = existing.saved((Kind.DASHBOARD, step.key))
        for chart in sorted(existing.inside.get(step.key, set()) - deleted):
            if chart[1] not in placed and _is_younger(existing.saved(chart), saved):
                what = (
                    f"is inside {shown(step.item)} and was perhaps never on a tile of it: Lightdash deletes "
                    "such a chart when the dashboard is saved; put it on a tile, or move it into a space"
                )
                yield Problem(f"{chart[0]}:{chart[1]}", "never_shown", what)


def _saves_content(step: Step) -> bool:
    """Whether a step writes what belongs to a version of its item: a new name alone makes none."""
    before, after = (side if isinstance(side, dict) else {} for side in (step.before, step.after))
    return of_version(step.kind, before) != of_version(step.kind, after)


def _charts_shown(dashboard: Json) -> Iterator[str]:
    for tile in objects(get_path(dashboard, "tiles")):
        yield get_str(tile, "properties", "chart")


def _is_younger(chart: str, dashboard: str) -> bool:
    """Whether a chart may be younger than a version of its dashboard, by when each was saved."""
    made, saved = moment(chart), moment(dashboard)
    return made is None or saved is None or made >= saved


def holding_left(
    steps: Sequence[Step], left: Iterable[ItemKey], existing: Contents
) -> dict[ItemKey, ItemKey]:
    """Return the deletes that would take along an item that stays where it is -> that item.

    Args:
        steps: of the plan.
        left: items that shall be elsewhere, and cannot be moved there.
        existing: content of the target.
    """
    deleted = {(step.kind, step.key): step.before for step in steps if step.action is Action.DELETE}
    after = {(step.kind, step.key): step.after for step in steps if step.after is not None}
    found: dict[ItemKey, ItemKey] = {}
    for item in left:
        content: Json = after.get(item, existing.of(item))
        while holders := [*_deleted(content, _CONTAINERS, set(deleted))]:
            found[holders[0]] = item
            content = deleted[holders[0]]
    return found


def delete_problems(steps: Sequence[Step], existing: Contents) -> Iterator[Problem]:
    """Yield what would be deleted or emptied without being named."""
    deleted = {(step.kind, step.key) for step in steps if step.action is Action.DELETE}
    if not deleted:
        return
    after = {(step.kind, step.key): step.after for step in steps if step.after is not None}
    views = {get_str(existing.of(item), "name"): item for item in deleted if item[0] is Kind.VIRTUAL_VIEW}
    for item in sorted(existing.there - deleted):
        content = after.get(item, existing.of(item))
        named = f"{item[0]}:{item[1]}"
        for container in _deleted(content, _CONTAINERS, deleted):
            yield Problem(
                f"{container[0]}:{container[1]}",
                "not_empty",
                f"would be deleted together with {named}, which the plan does not delete; move that first",
            )
        for view in sorted(views_used(item[0], content, views)):
            what = f"is still used by {named}, which would fail without it; delete that, too, or change it"
            yield Problem(f"{view[0]}:{view[1]}", "still_used", what)
        for tile in objects(get_path(content, "tiles")):
            for emptied in _deleted(get_path(tile, "properties"), _ON_TILES, deleted):
                yield Problem(
                    f"{emptied[0]}:{emptied[1]}",
                    "still_shown",
                    f"is still on a tile of {named}, which would become empty",
                    Gravity.WARNS,
                )


def _deleted(content: Json, fields: Sequence[tuple[str, Kind]], deleted: set[ItemKey]) -> Iterator[ItemKey]:
    return (item for name, kind in fields if (item := (kind, get_str(content, name))) in deleted)


# How much a plan may delete before somebody has to say that it is meant.
#
# A wrong path, a half-read source or a filter that matches nothing look like a source whose people deleted
# nearly everything. So many deletes of a kind are refused, and so is a source without any item. Integers
# only: what is exactly at a limit is allowed.

FEW = 10  # of a kind with fewer items than these, any number may go
MOST_PERCENT = 30
MOST = 20


def delete_limits(
    steps: Iterable[Step], existing: Mapping[Kind, int], options: PlanOptions, desired: int
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


# Deletes and creates that follow from the absence of an item whose reader is not shown everything.
#
# A token of lesser rights is told of private spaces and deliveries only in part, with status 200. That an
# item is not in what it read proves nothing: so nothing is deleted because such a source lacks it, and
# nothing is created because such a target lacks it, unless the user says that a second one may be made.

Unseen = Mapping[str, str]
"""Name of a kind -> what of it a reader may not have been shown, in words."""

UNSEEN_IN_SOURCE, UNSEEN_ON_TARGET = "unseen_in_source", "unseen_on_target"

# What tells where an item is. Of these kinds an equal item may be in a place that the plan leaves alone.
_PLACES: Mapping[Kind, tuple[tuple[str, Kind], ...]] = {
    Kind.SPACE: (("parent", Kind.SPACE),),
    Kind.SCHEDULER: (("chart", Kind.CHART), ("sqlChart", Kind.SQL_CHART), ("dashboard", Kind.DASHBOARD)),
}


def unseen_deletes(steps: Sequence[Step], desired: Set[ItemKey], unseen: Unseen) -> Iterator[Problem]:
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
    steps: Sequence[Step], known: Collection[ItemKey], unseen: Unseen, options: PlanOptions
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
            ((kind, key) for field, kind in _PLACES[step.kind] if (key := get_str(step.after, field))), None
        )
        if place in created:
            continue  # nobody can have put one there
        allowed = allows(options.allow_twins, step.item)
        what = (
            f"would be created, but the target may have this {KINDS[step.kind].noun[0]}: its token is not "
            f"shown {unseen[step.kind]}"
        )
        yield Problem(step.item, UNSEEN_ON_TARGET, what, Gravity.WARNS if allowed else Gravity.BLOCKS)
