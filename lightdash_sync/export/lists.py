"""Writing what the lists of a project hold whole: schedulers, virtual views, tags, icons, pins, settings.

Each method leaves the files of one kind; nothing more is read for them. See `export.content` for the
items that are read one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import canonical
from lightdash_sync.model.delivered import why_not_replayed
from lightdash_sync.model.keys import virtual_view_uuid
from lightdash_sync.model.kinds import PROJECT_SETTINGS, Kind
from lightdash_sync.model.normal import has_secret, normalise
from lightdash_sync.snapshot.layout import item_path
from lightdash_sync.snapshot.manifest import LeftOut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.client import catalogue, views
    from lightdash_sync.export.convert import Converter
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.snapshot.write import Staging

_PINNED = {"space": Kind.SPACE, "chart": Kind.CHART, "dashboard": Kind.DASHBOARD}
_DEFAULT_ORDER = 100  # what a new pin gets; several may have it


class ListWriter:
    """Writes the lists of one export.

    Args:
        converter: makes files of answers.
        staging: takes the files.
    """

    def __init__(self, converter: Converter, staging: Staging) -> None:
        self._converter = converter
        self._identity = converter.identity
        self._staging = staging

    def scheduler(self, row: views.Scheduler, raw: JsonObject) -> list[LeftOut]:
        """Write a scheduler.

        Returns:
            It, if the snapshot does not hold all that it takes to make it anew: a secret address, or what
            it delivers.
        """
        key = self._identity.key(Kind.SCHEDULER, row.schedulerUuid)
        self._put(Kind.SCHEDULER, key, raw)
        reasons = [why] if (why := why_not_replayed(raw)) else []
        reasons += ["its webhook address is a secret; keep it elsewhere"] if has_secret(raw) else []
        return [LeftOut(what=f"scheduler:{key}", why=why) for why in reasons]

    def virtual_view(self, project: str, name: str, raw: JsonObject) -> None:
        """Write a virtual view, given as an explore."""
        key = self._identity.key(Kind.VIRTUAL_VIEW, virtual_view_uuid(project, name))
        self._put(Kind.VIRTUAL_VIEW, key, raw)

    def tags(self, inventory: Inventory) -> int:
        """Write tags with the metrics that carry them.

        Returns:
            How many there are; more than the list of tags has, where an author was deleted.
        """
        rows = {tag.tagUuid: _category(tag) for metric in inventory.metrics for tag in metric.categories}
        rows |= {row.tagUuid: raw for row, raw in inventory.tags}
        for uuid, raw in rows.items():
            metrics: list[Json] = [
                {"table": table, "metric": name}
                for table, name in sorted(
                    (metric.tableName, metric.name)
                    for metric in inventory.metrics
                    if uuid in {tag.tagUuid for tag in metric.categories}
                )
            ]
            self._put(Kind.TAG, self._identity.key(Kind.TAG, uuid), {**raw, "metrics": metrics})
        return len(rows)

    def metric_icons(self, inventory: Inventory) -> int:
        """Write the icons of metrics, if there are any."""
        icons: list[Json] = [
            {"table": metric.tableName, "metric": metric.name, "icon": {**metric.icon}}
            for metric in sorted(inventory.metrics, key=lambda metric: (metric.tableName, metric.name))
            if metric.icon
        ]
        if icons:
            self._staging.put(item_path(Kind.METRIC_ICONS), self._converter.with_tokens(icons))
        return len(icons)

    def pins(self, inventory: Inventory) -> int:
        """Write the pinned items in their order, if there are any."""
        pins: list[tuple[int, str, str]] = []
        for pin in inventory.pins:
            if (kind := _PINNED.get(pin.type)) is not None:
                order = _DEFAULT_ORDER if pin.data.pinnedListOrder is None else pin.data.pinnedListOrder
                pins.append((order, kind.value, self._identity.key(kind, pin.data.uuid)))
        if pins:
            rows: list[Json] = [
                {"kind": kind, "key": key, "order": order} for order, kind, key in sorted(pins)
            ]
            self._staging.put(item_path(Kind.PINS), canonical(rows))
        return len(pins)

    def project(self, settings: Mapping[str, Json]) -> None:
        """Write the settings of the project that may leave the server, and no connection detail."""
        allowed: JsonObject = {name: settings[name] for name in PROJECT_SETTINGS if name in settings}
        self._staging.put(item_path(Kind.PROJECT), self._converter.with_tokens(allowed))

    def _put(self, kind: Kind, key: str, raw: JsonObject) -> None:
        self._staging.put(item_path(kind, key), self._converter.item(kind, key, normalise(kind, raw)))


def unsupported(inventory: Inventory) -> list[LeftOut]:
    """Return what the lists show and this tool cannot read."""
    left_out = [
        LeftOut(
            what=f"{row.source} chart {row.name!r}", why="charts of this source cannot be read with this API"
        )
        for row in inventory.other_charts
    ]
    left_out += [
        LeftOut(what=f"pinned {pin.type}", why="items of this type cannot be read with this API")
        for pin in inventory.pins
        if pin.type not in _PINNED
    ]
    return sorted(left_out, key=lambda item: item.what)


def _category(tag: catalogue.Category) -> JsonObject:
    return {"tagUuid": tag.tagUuid, "name": tag.name, "color": tag.color}
