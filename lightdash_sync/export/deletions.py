"""Proves that an item which no list names any more was deleted, and guards against exporting nothing.

A list that came back short looks like deletions, and so does a token that sees less than the last one. So
each such item is requested by itself, and only the server's answer that it does not exist (404) counts, about
an item that a token could see before. This is the only guard for every kind, in exports and in plans.

In order: requesting unlisted items, and the guards of an export.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING

from lightdash_sync.content.json import objects
from lightdash_sync.content.keys import virtual_view_uuid
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.errors import NotAuthorised, NotFound, Refused
from lightdash_sync.export.items import Moved, read_chart
from lightdash_sync.snapshot.layout import parse_path

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.export.items import ChartRead, Readings
    from lightdash_sync.export.previous import Old
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.snapshot.manifest import Manifest

# Kinds whose items each have an endpoint of their own.
ASKED = (Kind.SPACE, Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD, Kind.VIRTUAL_VIEW, Kind.SCHEDULER)
_FORBIDDEN = 403
_NAMED = 10  # maximum number of items in an error message


@dataclass(frozen=True, slots=True)
class Unlisted:
    """A known item that no list names.

    Attributes:
        kind: one of `ASKED`.
        key: key of the item.
        uuid: uuid of the item.
        slug: for a virtual view the name of its explore, if known; otherwise the key is tried.
    """

    kind: Kind
    key: str
    uuid: str
    slug: str = ""

    @property
    def item(self) -> str:
        """The item in messages: `kind:key`."""
        return f"{self.kind}:{self.key}"


@dataclass
class There:
    """Items that exist although no list names them.

    Attributes:
        charts: uuid -> charts; on 0.1372.1 no list names some charts in dashboards.
        others: items of other kinds; they mean that a list came back short.
    """

    charts: dict[str, ChartRead] = field(default_factory=dict)
    others: list[Unlisted] = field(default_factory=list)


def confirm_deleted(
    lightdash: Lightdash,
    project: str,
    unlisted: Iterable[Unlisted],
    readings: Readings,
    *,
    seen: str,
    hint: str,
) -> There:
    """Request each item that no list names, and return those that still exist.

    All others were deleted, unless `readings` could not read them.

    Args:
        lightdash: the server.
        project: uuid of the project; an item that is in another one now counts as deleted.
        unlisted: the items.
        readings: reads with all workers.
        seen: when the token saw the items, for the error message.
        hint: what the user can do if the token may not see one of them now.

    Raises:
        Refused: the token may not see some of them now (403), so it is unknown whether they exist.
    """
    by_uuid = {one.uuid: one for one in unlisted}
    there, forbidden = There(), []
    for kind in ASKED:
        names = {one.uuid: one.key for one in by_uuid.values() if one.kind is kind}
        ask = partial(_ask, lightdash, project, by_uuid)
        answers = readings.of(kind, sorted(names), ask, names, "that no list names")
        for uuid, answer in answers.items():
            if answer is _Answer.HIDDEN:
                forbidden.append(by_uuid[uuid].item)
            elif answer is _Answer.THERE:
                there.others.append(by_uuid[uuid])
            elif answer is not _Answer.DELETED:
                there.charts[uuid] = answer
    if forbidden:
        raise Refused(
            f"the token saw more {seen} than it does now: it may not see {_listed(forbidden)} (403)",
            hint=hint,
        )
    there.others.sort(key=lambda one: one.item)
    return there


def is_there(ask: Callable[[str, str], object], project: str, uuid: str) -> bool:
    """Whether something that is only referred to exists in the project and may be seen."""
    try:
        ask(project, uuid)
    except NotFound:
        return False
    except NotAuthorised as error:
        if error.status != _FORBIDDEN:
            raise
        return False
    return True


class _Answer(Enum):
    """What the server's answer says about an item."""

    THERE = auto()
    DELETED = auto()
    HIDDEN = auto()


def _ask(lightdash: Lightdash, project: str, items: dict[str, Unlisted], uuid: str) -> ChartRead | _Answer:
    """Request one item; for an existing chart the result is the chart itself."""
    try:
        found = _found(lightdash, project, items[uuid])
    except NotFound:
        return _Answer.DELETED
    except NotAuthorised as error:
        if error.status != _FORBIDDEN:
            raise
        return _Answer.HIDDEN
    if isinstance(found, bool):
        return _Answer.THERE if found else _Answer.DELETED
    return found


def _found(lightdash: Lightdash, project: str, one: Unlisted) -> ChartRead | bool:
    """Read one item, and return whether it is in the project.

    Raises:
        NotFound: it does not exist.
    """
    match one.kind:
        case Kind.CHART:
            chart = read_chart(lightdash, one.uuid)
            return chart if chart.raw.get("projectUuid") == project else False
        case Kind.DASHBOARD:
            return lightdash.dashboard(one.uuid)[1].get("projectUuid") == project
        case Kind.SPACE:
            lightdash.space(project, one.uuid)
        case Kind.SQL_CHART:
            lightdash.sql_chart(project, one.uuid)
        case Kind.VIRTUAL_VIEW:
            return _has_virtual_view(lightdash, project, one)
        case _:
            lightdash.scheduler(one.uuid)
    return True


def _has_virtual_view(lightdash: Lightdash, project: str, one: Unlisted) -> bool:
    """Whether a virtual view exists; its uuid is made from project and name."""
    name = one.slug or one.key
    if virtual_view_uuid(project, name) == one.uuid:
        lightdash.virtual_view(project, name)
        return True
    listed = (row.name for row in lightdash.explores(project) if row.is_virtual)
    return one.uuid in {virtual_view_uuid(project, name) for name in listed}


def _listed(items: list[str]) -> str:
    named = ", ".join(items[:_NAMED])
    return named if len(items) <= _NAMED else f"{named} and {len(items) - _NAMED} more"


# Guards of an export: what is missing must really be deleted, and not too much at once.
#
# A wrong token, a half-restored server or a list that came back short must never become the backup. Every
# item that the lists no longer name is requested by itself (`confirm_deleted`). Even if all of them were
# deleted, a project that lost a whole kind, or half of one, does not replace the previous snapshot until a
# person accepts that.

_FEW = 2  # losing a single item is normal, however many there were


def unlisted_items(inventory: Inventory, known: Identity, listed: Collection[str]) -> list[Unlisted]:
    """Return the items of the previous snapshot that no list names any more.

    Args:
        inventory: the project's lists; schedulers are skipped if the token may not list them.
        known: identity map of the previous snapshot.
        listed: uuids of everything that the lists name.
    """
    kinds = [kind for kind in ASKED if kind is not Kind.SCHEDULER or inventory.schedulers is not None]
    return [
        Unlisted(kind, key, str(facts["uuid"]), str(facts.get("slug") or ""))
        for kind in kinds
        for key, facts in known.items.get(kind, {}).items()
        if facts["uuid"] not in listed
    ]


def require_listed(hidden: Mapping[str, ChartRead]) -> None:
    """Check that hidden charts are in dashboards, because every chart in a space must be in a list.

    Raises:
        Moved: one of them is in a space, so a list came back short.
    """
    for uuid, chart in hidden.items():
        if chart.view.dashboardUuid is None:
            raise Moved(f"chart {chart.view.slug or uuid} is in no list, but it is in a space")


def require_tags(inventory: Inventory, known: Identity) -> None:
    """Check that tags which metrics still have did not disappear from the list of tags.

    0.1372.1 stops listing a tag when its author is deleted; a list that came back short looks the same.

    Raises:
        Refused: one did.
    """
    listed = {row.tagUuid for row, _ in inventory.tags}
    carried = {tag.tagUuid for metric in inventory.metrics for tag in metric.categories}
    for key, facts in known.items.get(Kind.TAG, {}).items():
        if facts.get("createdAt") and facts["uuid"] in carried - listed:
            raise Refused(
                f"tag:{key} is not listed any more, though metrics carry it; the old snapshot stands",
                hint="If its author was deleted that is as it should be: export once with --accept-shrink.",
            )


def confirm_metrics(lightdash: Lightdash, inventory: Inventory, old: Old, readings: Readings) -> None:
    """Check explores for metrics that had tags or icons and are not in the catalogue any more.

    Raises:
        Moved: an explore still has one, so the catalogue came back short, or is being rebuilt.
    """
    named: set[tuple[str, str]] = set()
    for path in old.manifest.files:
        place = parse_path(path)
        if place is not None and place.kind in (Kind.TAG, Kind.METRIC_ICONS):
            content = old.content(path)
            rows = objects(content.get("metrics") if isinstance(content, dict) else content)
            named |= {(str(row.get("table")), str(row.get("metric"))) for row in rows}
    gone = named - {(metric.tableName, metric.name) for metric in inventory.metrics}
    ask = partial(_shown_metrics, lightdash, inventory.project.projectUuid)
    shown = readings.of("explore", sorted({table for table, _ in gone}), ask, {})
    for table, metric in sorted(gone):
        if metric in shown.get(table, ()):
            raise Moved(f"metric {metric} of {table} is not in the catalogue, but it is in the explore")


def _shown_metrics(lightdash: Lightdash, project: str, table: str) -> set[str]:
    """Return the visible metrics of an explore; none if there is no such explore."""
    try:
        explore = lightdash.explore(project, table)
    except NotFound:
        return set()
    tables = explore.get("tables")
    base = tables.get(table) if isinstance(tables, dict) else None
    metrics = base.get("metrics") if isinstance(base, dict) else None
    found = metrics.items() if isinstance(metrics, dict) else ()
    return {name for name, metric in found if isinstance(metric, dict) and not metric.get("hidden")}


def require_no_shrink(old: Manifest, known: Identity, new: Mapping[str, int], identity: Identity) -> None:
    """Refuse to replace a snapshot by one that lost a kind, or half of one.

    Args:
        old: manifest of the previous snapshot.
        known: its identity map.
        new: counts of the new snapshot.
        identity: identity map of the new snapshot.

    Raises:
        Refused: the new snapshot lost too much; the message has the numbers.
    """
    losses = []
    for kind in Kind:
        before = old.counts.get(kind, 0)
        if KINDS[kind].is_list:  # rows have no identities
            gone = before - new.get(kind, 0)
        else:
            gone = len(set(known.known_keys(kind)) - set(identity.known_keys(kind)))
        emptied = before > 0 and not new.get(kind, 0) and gone
        if emptied or (gone >= _FEW and 2 * gone >= before):
            losses.append(f"{gone} of {before} {KINDS[kind].noun[1]}")
    if losses:
        raise Refused(
            f"since the last export {', '.join(losses)} are gone; the old snapshot stands as it was",
            hint="If people really deleted them, export once with --accept-shrink.",
        )
