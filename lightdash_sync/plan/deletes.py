"""What a plan may delete, and what would go along with it.

Only items that are linked are ever deleted: those this tool made, or a person adopted. (In the project
that the desired content was taken from, that is every item.) Lightdash deletes what is in a space or
dashboard with it, so nothing may be deleted that holds something the plan does not delete. It also deletes
charts inside a dashboard that no version of it has shown, each time the dashboard's content is saved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.authorship import moment, of_version
from lightdash_sync.model.canonical import Json, objects
from lightdash_sync.model.changes.look import inside, text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.shown import shown
from lightdash_sync.plan.keys import LINKED
from lightdash_sync.plan.scope import is_chosen
from lightdash_sync.plan.values import Action, Gravity, Problem
from lightdash_sync.plan.virtual_views import views_used

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from lightdash_sync.plan.options import Choice, Item
    from lightdash_sync.plan.scope import Contents
    from lightdash_sync.plan.values import Step

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
    mine: Iterable[Item], desired: Collection[Item], existing: Contents, choice: Choice
) -> frozenset[Item]:
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
    for tile in objects(inside(dashboard, "tiles")):
        yield text(tile, "properties", "chart")


def _is_younger(chart: str, dashboard: str) -> bool:
    """Whether a chart may be younger than a version of its dashboard, by when each was saved."""
    made, saved = moment(chart), moment(dashboard)
    return made is None or saved is None or made >= saved


def delete_problems(steps: Sequence[Step], existing: Contents) -> Iterator[Problem]:
    """Yield what would be deleted or emptied without being named."""
    deleted = {(step.kind, step.key) for step in steps if step.action is Action.DELETE}
    if not deleted:
        return
    after = {(step.kind, step.key): step.after for step in steps if step.after is not None}
    views = {text(existing.of(item), "name"): item for item in deleted if item[0] is Kind.VIRTUAL_VIEW}
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
        for tile in objects(inside(content, "tiles")):
            for emptied in _deleted(inside(tile, "properties"), _ON_TILES, deleted):
                yield Problem(
                    f"{emptied[0]}:{emptied[1]}",
                    "still_shown",
                    f"is still on a tile of {named}, which would become empty",
                    Gravity.WARNS,
                )


def _deleted(content: Json, fields: Sequence[tuple[str, Kind]], deleted: set[Item]) -> Iterator[Item]:
    return (item for name, kind in fields if (item := (kind, text(content, name))) in deleted)
