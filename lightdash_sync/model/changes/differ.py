"""What differs between two contents of one item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from lightdash_sync.model.changes.change import ABSENT, Change, same
from lightdash_sync.model.changes.charts import chart, sql_chart, tables
from lightdash_sync.model.changes.codes import QUIET
from lightdash_sync.model.changes.dashboards import dashboard
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.changes.others import (
    COMMENTS,
    METRIC_ICONS,
    PINS,
    PROJECT,
    SCHEDULER,
    SPACE,
    TAG,
    VIRTUAL_VIEW,
)
from lightdash_sync.model.changes.walk import Node, Walk
from lightdash_sync.model.kinds import KINDS, Kind

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import Json
    from lightdash_sync.model.changes.change import Path, Value

_NODES: Mapping[Kind, Node] = {
    Kind.SPACE: SPACE,
    Kind.VIRTUAL_VIEW: VIRTUAL_VIEW,
    Kind.CHART: chart,
    Kind.SQL_CHART: sql_chart,
    Kind.DASHBOARD: dashboard,
    Kind.SCHEDULER: SCHEDULER,
    Kind.TAG: TAG,
    Kind.COMMENTS: COMMENTS,
    Kind.PINS: PINS,
    Kind.METRIC_ICONS: METRIC_ICONS,
    Kind.PROJECT: PROJECT,
}

# Of these there is one change, however many places it has.
_GATHERED = ("ids_changed", "renumbered")


def changes(kind: Kind, old: Json | None, new: Json | None) -> list[Change]:
    """Return what differs between two contents, in the order in which people would tell it.

    No changes mean the same canonical bytes, and the other way round. Every value that differs lies at
    or below one of the `places` of a change. Swapping the contents swaps what is added and removed.

    Args:
        kind: of the item.
        old: what its content file held, or None if there was none.
        new: what it holds, or None if there is none.
    """
    if old is None or new is None:
        before: Value = ABSENT if old is None else old
        after: Value = ABSENT if new is None else new
        return [] if old is new else _one_sided(kind, before, after)
    if same(old, new):
        return []
    walk = Walk(tables(old) | tables(new) if kind is Kind.CHART else ())
    walk.at(_NODES[kind], old, new, ())
    return _gathered(walk.found)


def _one_sided(kind: Kind, old: Value, new: Value) -> list[Change]:
    content = old if new is ABSENT else new
    name = text(content, "name") or KINDS[kind].noun[0]
    return [Change("deleted" if new is ABSENT else "created", (), old, new, name)]


def _gathered(found: list[Change]) -> list[Change]:
    """Make one change of all that say the same quiet thing, less what louder ones explain."""
    loud = [change for change in found if change.what not in QUIET]
    explained = {change.where for change in loud if change.after is not ABSENT}
    result = [change for change in found if change.what not in _GATHERED]
    for what in _GATHERED:
        several = [change for change in found if change.what == what]
        several = [change for change in several if not _all_below(change, explained)] or (
            several if not result else []
        )
        if several:
            places = [place for change in several for place in change.places]
            first = several[0]
            if len(several) > 1:
                before = [change.before for change in several if change.before is not ABSENT]
                after = [change.after for change in several if change.after is not ABSENT]
                first = replace(first, before=before, after=after, name="")
            result.append(replace(first, where=places[0], also=tuple(places[1:])))
    return result


def _all_below(change: Change, explained: set[Path]) -> bool:
    return all(
        any(place[:length] in explained for length in range(len(place) + 1)) for place in change.places
    )
