"""Guards against a backup of nothing: what vanished must be gone, and not too much at once.

A wrong token, a half-restored server or a list that came back short must never become the backup. Every
item that the lists no longer name is asked for by itself (`deleted`). And even if all are deleted, a project
that lost a whole kind, or half of one, is not written over the old snapshot until a person says so.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lightdash_sync.errors import NotFound, Refused
from lightdash_sync.export.deleted import ASKED, Unlisted
from lightdash_sync.export.readings import Moved
from lightdash_sync.model.canonical import objects
from lightdash_sync.model.kinds import KINDS, Kind
from lightdash_sync.snapshot.layout import parse_path

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.export.old import Old
    from lightdash_sync.export.reader import ChartRead
    from lightdash_sync.export.readings import Readings
    from lightdash_sync.model.identity import Identity
    from lightdash_sync.snapshot.manifest import Manifest

_FEW = 2  # losing one item is everyday work, however many there were


def unlisted_items(inventory: Inventory, known: Identity, listed: Collection[str]) -> list[Unlisted]:
    """Return what the old snapshot has and no list names any more.

    Args:
        inventory: the project's lists; schedulers that may not be listed are in none that could be short.
        known: identity map of the old snapshot.
        listed: uuid of everything that the lists name.
    """
    kinds = [kind for kind in ASKED if kind is not Kind.SCHEDULER or inventory.schedulers is not None]
    return [
        Unlisted(kind, key, str(facts["uuid"]), str(facts.get("slug") or ""))
        for kind in kinds
        for key, facts in known.items.get(kind, {}).items()
        if facts["uuid"] not in listed
    ]


def require_listed(hidden: Mapping[str, ChartRead]) -> None:
    """Check that charts which no list names are ones that no list names.

    Raises:
        Moved: one of them stands in a space, so a list came back short.
    """
    for uuid, chart in hidden.items():
        if chart.view.dashboardUuid is None:
            raise Moved(f"chart {chart.view.slug or uuid} is in no list, but it is in a space")


def require_tags(inventory: Inventory, known: Identity) -> None:
    """Check that tags which metrics still carry did not leave the list of tags.

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
    """Ask the explores for metrics that had tags or icons and are not in the catalogue any more.

    Raises:
        Moved: an explore still has one, so the catalogue came back short, or is being made anew.
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
    """Return the metrics that an explore shows, none if there is no such explore."""
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
        old: manifest of the old snapshot.
        known: its identity map.
        new: counts of the new snapshot.
        identity: its identity map.

    Raises:
        Refused: with the numbers.
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
