"""What is in no snapshot: counted, and named in the manifest with the reason.

What the lists of a project tell anyway is counted each time: apps and types of content that this version
does not know; groups and palettes of the organisation, if they are asked for (see `spared`). What has a list
of its own is asked for when everything is read. What is not asked for is taken over from the older manifest:
that says of which day it is (see below).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.errors import ApiError, NotAuthorised
from lightdash_sync.export.membership import may_hold_unseen
from lightdash_sync.export.spaces import leaves_out_palettes, personal_spaces
from lightdash_sync.lightdash.reading import ELSEWHERE, Elsewhere, lists_elsewhere, names_elsewhere
from lightdash_sync.snapshot.manifest import UNKNOWN, NotExported, Older

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.export.reuse import Kept
    from lightdash_sync.export.selection import ExportSelection
    from lightdash_sync.lightdash import schemas
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.lightdash.schemas import ContentRow, Group, Palette, Project
    from lightdash_sync.lightdash.versions import Server
    from lightdash_sync.snapshot.manifest import Manifest
    from lightdash_sync.workers import Workers

GROUPS, PALETTES = "groups of the organisation", "colour palettes of the organisation"
NUMBERS = "numbers of what no snapshot holds"  # what is older, if they are taken over

_HELD = frozenset({"chart", "dashboard", "space"})  # types of content
_APPS, _CHART_TYPES = "data apps", "custom chart types"
_OF_PROJECT = "no snapshot holds them; keep what they are made of elsewhere"
_OF_ORGANISATION = "they belong to the organisation, not to the project; content names them"
_OF_ROLES = "they belong to the organisation, not to the project"
_UNKNOWN = "this version does not know this type of content"
_DIRECT = "this Lightdash can share a single chart or dashboard, and no list tells with whom"
_UNAUTHORISED = 401


def listed_elsewhere(
    content: Iterable[ContentRow],
    groups: Sequence[Group] | None,
    palettes: Sequence[Palette],
    server: Server,
) -> list[NotExported]:
    """Return what the lists of a project tell of that no snapshot holds.

    Args:
        content: of the project, of every type.
        groups: of the organisation; None if the token may not list them.
        palettes: of the organisation.
        server: what it can do.
    """
    names: dict[str, list[str]] = {}
    for row in content:
        if row.contentType not in _HELD:
            names.setdefault(_type(row), []).append(row.name)
    found = [
        _counted(what, rows, _OF_PROJECT if what in (_APPS, _CHART_TYPES) else _UNKNOWN)
        for what, rows in names.items()
    ]
    for what, named in (
        (GROUPS, [row.name for row in groups or ()]),
        (PALETTES, [row.name for row in palettes]),
    ):
        found += [_counted(what, named, _OF_ORGANISATION)] if named else []
    if server.can("direct_access"):
        found.append(NotExported(what="access to single charts and dashboards", count=None, why=_DIRECT))
    return sorted(found, key=lambda one: one.what)


def ask_elsewhere(lightdash: Lightdash, project: Project, workers: Workers) -> list[NotExported]:
    """Ask for each list of what no snapshot holds, and return what there is; one that fails is told.

    Args:
        lightdash: the server.
        project: the project.
        workers: ask side by side.

    Raises:
        NotAuthorised: the token is not accepted (401).
    """

    def ask(one: Elsewhere) -> NotExported | None:
        return _asked(lightdash, one, project)

    found, _ = workers.run("other lists", lists_elsewhere(lightdash.server), ask, lambda one: one.what)
    return sorted((one for one in found if one is not None), key=lambda one: one.what)


def asked_elsewhere(lightdash: Lightdash, project: Project) -> list[NotExported]:
    """Return the same as `ask_elsewhere`, asking one list after the other."""
    found = [_asked(lightdash, one, project) for one in lists_elsewhere(lightdash.server)]
    return sorted((one for one in found if one is not None), key=lambda one: one.what)


def known_elsewhere(manifest: Manifest) -> list[NotExported]:
    """Return what an older manifest tells of the lists that are asked for only when everything is read."""
    asked = {one.what for one in ELSEWHERE}
    return [left for left in manifest.leftOut if left.what in asked]


def with_unasked(
    listed: list[NotExported], unasked: Collection[str], manifest: Manifest
) -> list[NotExported]:
    """Add what an older manifest tells of lists that were not asked for, in the place that it has there."""
    known = [left for left in manifest.leftOut if left.what in unasked]
    return sorted([*listed, *known], key=lambda one: one.what)


def _asked(lightdash: Lightdash, one: Elsewhere, project: Project) -> NotExported | None:
    try:
        names = names_elsewhere(lightdash.session, one, project.projectUuid, project.organizationUuid)
    except ApiError as error:
        if isinstance(error, NotAuthorised) and error.status == _UNAUTHORISED:
            raise
        return NotExported(what=one.what, count=None, why=f"they could not be counted: {error.reason}")
    why = _OF_PROJECT if "{p}" in one.path else _OF_ROLES
    return _counted(one.what, names, why) if names else None


def _type(row: ContentRow) -> str:
    if row.contentType == "data_app":
        return _CHART_TYPES if row.template == "data_app_viz" else _APPS
    return f"content of the type {row.contentType!r}"


def _counted(what: str, names: Sequence[str], why: str) -> NotExported:
    named = sorted(name for name in names if name)
    return NotExported(what=what, count=len(names), names=named, why=why)


# What of a snapshot is older than the export that made it, and how its manifest says so.
#
# An export that reads only what changed takes over some things of which no list tells a change. Each is
# named, with the day on which everything was read. This module is the list of them; whoever takes
# something over unread adds it here, or reads it every time.

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


def what_is_older(
    taken: TakenOver, inventory: Inventory, server: Server, chosen: ExportSelection
) -> tuple[str, ...]:
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
        found.append(f"comments of {_counted_before({Kind.DASHBOARD: len(silent)})}")
    if inventory.has_palettes or (inventory.is_spared and server.can("chart_palettes")):
        told = {Kind.CHART: len(charts) if chosen.singly else 0}
        told |= {Kind.DASHBOARD: len(dashboards)}
        if not leaves_out_palettes(inventory, server, singly=chosen.whole_spaces):
            told |= {Kind.SPACE: len(spaces)}
        if any(told.values()):
            found.append(f"colour palettes of {_counted_before(told)}")
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
            found.append(f"roles in {_counted_before({Kind.SPACE: number})} of single people")
    if server.can("verification"):
        inside = {row.uuid for row in inventory.summaries if row.dashboardUuid is not None}
        if number := len(inside & charts.keys()):
            found.append(f"verification of {_counted_before({Kind.CHART: number})} inside dashboards")
    if number := sum(item.leads_outside for item in dashboards.values()):
        found.append(f"charts of other projects on {_counted_before({Kind.DASHBOARD: number})}")
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


def _reader(row: schemas.SpaceRow) -> str:
    """Return the uuid of whose token it is; "" if the row does not tell."""
    return str(row.userAccess.get("userUuid")) if isinstance(row.userAccess, dict) else ""


def _counted_before(numbers: Mapping[Kind, int]) -> str:
    """Return numbers in words: "2 charts, 1 dashboard and 3 spaces"."""
    words = [f"{number} {KINDS[kind].noun[number > 1]}" for kind, number in numbers.items() if number]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
