"""What of a snapshot is older than the export that made it, and how its manifest says so.

An export that reads only what changed takes over some things of which no list tells a change. Each is named,
with the day on which everything was read. This module is the list of them; whoever takes something over
unread adds it here, or reads it every time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.export.elsewhere import NUMBERS
from lightdash_sync.export.membership import may_hold_unseen
from lightdash_sync.export.personal import personal_spaces
from lightdash_sync.export.spaces import leaves_out_palettes
from lightdash_sync.model.kinds import KINDS, Kind
from lightdash_sync.snapshot.manifest import UNKNOWN, Older

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from lightdash_sync.client import views
    from lightdash_sync.client.capabilities import Server
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.export.reuse import Kept
    from lightdash_sync.export.selection import Chosen
    from lightdash_sync.snapshot.manifest import Manifest


UNSHOWN = "charts that were saved in dashboards and never shown on them"


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What an export takes over from the older snapshot.

    Attributes:
        kept: kind -> uuid -> the item, of the chosen ones.
        commented: uuids of those dashboards whose comments are read all the same.
        numbers: whether the numbers of what no snapshot holds are taken over, too.
    """

    kept: Mapping[Kind, Mapping[str, Kept]]
    commented: Collection[str]
    numbers: bool = False


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh what a reading gave is.

    Attributes:
        whole: the last day (UTC) on which everything was read; None if it is not known.
        what: what was not read this time, in words.
    """

    whole: date | None
    what: tuple[str, ...] = ()

    @property
    def older(self) -> list[Older]:
        """What was not read this time, each with the day on which it was."""
        day = UNKNOWN if self.whole is None else self.whole.isoformat()
        return [Older(what=what, asOf=day) for what in self.what]


def what_is_older(taken: TakenOver, inventory: Inventory, server: Server, chosen: Chosen) -> tuple[str, ...]:
    """Return what of a snapshot may be older than its export, in words.

    Args:
        taken: what is taken over.
        inventory: the lists, as they are now.
        server: what it can tell.
        chosen: what is exported.
    """
    charts, dashboards, spaces = (
        taken.kept.get(kind, {}) for kind in (Kind.CHART, Kind.DASHBOARD, Kind.SPACE)
    )
    found: list[str] = []
    if chosen.wants(Kind.COMMENTS) and (silent := dashboards.keys() - set(taken.commented)):
        found.append(f"comments of {_counted({Kind.DASHBOARD: len(silent)})}")
    if inventory.has_palettes or (inventory.is_spared and server.can("chart_palettes")):
        told = {Kind.CHART: len(charts) if chosen.singly else 0}
        told |= {Kind.DASHBOARD: len(dashboards)}
        if not leaves_out_palettes(inventory, server, singly=chosen.whole_spaces):
            told |= {Kind.SPACE: len(spaces)}
        if any(told.values()):
            found.append(f"colour palettes of {_counted(told)}")
    if inventory.is_spared and charts and server.can("charts_in_bulk"):
        found.append(UNSHOWN)
    if server.can("own_access_only"):
        whole = {
            row.uuid
            for row, _ in inventory.spaces
            if set(row.access) <= {_reader(row)}
            and not inventory.has_groups_of_members
            and not may_hold_unseen(inventory, _reader(row))
        }
        if number := len((personal_spaces(inventory) & spaces.keys()) - whole):
            found.append(f"roles in {_counted({Kind.SPACE: number})} of single people")
    if server.can("verification"):
        inside = {row.uuid for row in inventory.summaries if row.dashboardUuid is not None}
        if number := len(inside & charts.keys()):
            found.append(f"verification of {_counted({Kind.CHART: number})} inside dashboards")
    if number := sum(item.leads_outside for item in dashboards.values()):
        found.append(f"charts of other projects on {_counted({Kind.DASHBOARD: number})}")
    if taken.numbers:
        found.append(NUMBERS)
    return tuple(found)


def with_freshness(new: Manifest, old: Manifest | None, said: Freshness, *, renews: bool) -> Manifest:
    """Return a manifest that says how fresh it is; as the old one does where nothing else is new.

    What the old one says stays true then, and a night without news leaves the snapshot as it was. But what it
    calls older is not, once everything was read; and where nothing else remembers when that was, the day is
    renewed.

    Args:
        new: the manifest.
        old: that of the snapshot that it replaces, or None.
        said: how fresh it is.
        renews: whether the day is renewed though nothing else is new.
    """
    if old is not None and old.wholeOn is not None and new.says_the_same(old):
        is_better = not said.what and (old.older or renews)
        if not is_better:
            return new.model_copy(update={"wholeOn": old.wholeOn, "older": old.older})
    day = None if said.whole is None else said.whole.isoformat()
    return new.model_copy(update={"wholeOn": day, "older": said.older})


def _reader(row: views.SpaceRow) -> str:
    """Return the uuid of whose token it is; "" if the row does not tell."""
    return str(row.userAccess.get("userUuid")) if isinstance(row.userAccess, dict) else ""


def _counted(numbers: Mapping[Kind, int]) -> str:
    """Return numbers in words: "2 charts, 1 dashboard and 3 spaces"."""
    words = [f"{number} {KINDS[kind].noun[number > 1]}" for kind, number in numbers.items() if number]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
