"""Exports without single items that the server does not give, if the user wants that (`--keep-going`).

Such an item stays as the previous snapshot has it; if there is none, it is left out. The manifest names it
with the day since which it cannot be read, and each export asks for it again. After the first failure of an
item `run` reads again, so everything else is as if nobody had asked for the item.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.errors import ApiError, Incomplete
from lightdash_sync.snapshot.manifest import NotExported

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.snapshot.manifest import Manifest
    from lightdash_sync.workers import Unread

SKIPPED = (Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD)
"""The kinds without whose items an export can go on."""

_NAMED = 5


class Unreadable(Incomplete):
    """Some items could not be read.

    Args:
        message: for people.
        hint: what to do.
        items: the items.
    """

    def __init__(self, message: str, hint: str, items: Sequence[Unread]) -> None:
        super().__init__(message, hint=hint)
        self.items = tuple(items)


@dataclass(frozen=True)
class Skipped:
    """Items that an export goes on without.

    Attributes:
        kept: kind -> uuid -> why it cannot be read, of items that the previous snapshot has.
        left: the same, of items that it does not have.
    """

    kept: Mapping[Kind, Mapping[str, str]] = field(default_factory=dict)
    left: Mapping[Kind, Mapping[str, str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.kept or self.left)

    def keeps(self, kind: Kind, uuid: str) -> bool:
        """Whether an item stays as the previous snapshot has it."""
        return uuid in self.kept.get(kind, {})

    def leaves(self, kind: Kind, uuid: str) -> bool:
        """Whether an item is left out."""
        return uuid in self.left.get(kind, {})

    def extended(self, items: Iterable[Unread], known: Identity) -> Skipped | None:
        """Add items that could not be read; None if an export cannot go on without one of them.

        An item that could not be kept the first time, because its file is damaged or refers to something that
        is deleted, is left out.

        Args:
            items: that could not be read.
            known: identity map of the previous snapshot.
        """
        kept = {kind: {**of_kind} for kind, of_kind in self.kept.items()}
        left = {kind: {**of_kind} for kind, of_kind in self.left.items()}
        items = [*items]
        failed = {item.uuid for item in items if item.kind in SKIPPED}
        for item in items:
            if item.kind == Kind.SCHEDULER and item.uuid in failed:
                continue  # what an item delivers was asked for, too
            kind = next((one for one in SKIPPED if one == item.kind), None)
            uuid = item.uuid
            if kind is None or not uuid or self.leaves(kind, uuid):
                return None
            was_kept = kept.get(kind, {}).pop(uuid, None) is not None
            into = kept if not was_kept and uuid in known.known_keys(kind) else left
            into.setdefault(kind, {})[uuid] = _reason(item)
        return Skipped({kind: one for kind, one in kept.items() if one}, left)

    def without_left(self, inventory: Inventory) -> Inventory:
        """Return the lists of a project without the items that are left out, and without their schedulers."""
        if not self.left:
            return inventory
        left = {uuid for of_kind in self.left.values() for uuid in of_kind}
        charts = len(self.left.get(Kind.CHART, {}))
        schedulers = inventory.schedulers
        return replace(
            inventory,
            charts=[row for row in inventory.charts if row.uuid not in left],
            summaries=[row for row in inventory.summaries if row.uuid not in left],
            dashboards=[row for row in inventory.dashboards if row.uuid not in left],
            content=[row for row in inventory.content if row.uuid not in left],
            schedulers=None
            if schedulers is None
            else [(row, raw) for row, raw in schedulers if row.delivers not in left],
            chart_total=None if inventory.chart_total is None else inventory.chart_total - charts,
        )

    def not_exported(self, identity: Identity, before: Manifest | None, today: date) -> list[NotExported]:
        """Return the entries of the manifest; the day stays that of the first export that could not read it.

        Args:
            identity: the map of the new snapshot.
            before: manifest of the previous snapshot, or None.
            today: the day (UTC).
        """
        since = {one.what: one.unreadSince for one in before.leftOut} if before else {}
        found = []
        for kind, uuids in self.kept.items():
            for uuid, why in uuids.items():
                what = f"{kind}:{identity.key(kind, uuid)}"
                day = since.get(what) or today.isoformat()
                words = f"it could not be read ({why}); it is as the export before {day} had it"
                found.append(NotExported(what=what, why=words, unreadSince=day))
        for kind, uuids in self.left.items():
            for uuid, why in uuids.items():
                what = f"{KINDS[kind].noun[0]} {uuid}"
                day = since.get(what) or today.isoformat()
                words = f"it could not be read ({why}), and no snapshot has it"
                found.append(NotExported(what=what, why=words, unreadSince=day, unseenKinds=[kind.value]))
        return sorted(found, key=lambda one: one.what)


def _reason(item: Unread) -> str:
    """Return why an item could not be read, in words that stay the same from night to night."""
    error = item.error
    if isinstance(error, ApiError):
        return "no answer" if error.status is None else f"the server answers {error.status}"
    return error.message


def named(items: Sequence[Unread]) -> str:
    """Return the items, or the first of many, in words."""
    more = f" and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
    return ", ".join(item.what for item in items[:_NAMED]) + more
