"""Counts what snapshots do not contain, and lists what in a snapshot may be older than its export.

Both are named in the manifest with the reason. Content that appears in lists which are read anyway is counted
each time: apps and types of content that this version does not know, and the organisation's groups and
palettes if they are requested (see `spared`). Content with a list of its own is requested when everything is
read. What is not requested is copied from the previous manifest, and is then named as older.
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
NUMBERS = "numbers of what no snapshot holds"  # named as older if they are copied

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
    """Return what the lists of a project contain but snapshots do not.

    Args:
        content: list of the project's content of every type.
        groups: groups of the organisation; None if the token may not list them.
        palettes: colour palettes of the organisation.
        server: its version and capabilities.
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
    """Request each list of content that snapshots do not contain, and return what exists or failed.

    Args:
        lightdash: the server.
        project: the project.
        workers: make the requests in parallel.

    Raises:
        NotAuthorised: the token is not accepted (401).
    """

    def ask(one: Elsewhere) -> NotExported | None:
        return _asked(lightdash, one, project)

    found, _ = workers.run("other lists", lists_elsewhere(lightdash.server), ask, lambda one: one.what)
    return sorted((one for one in found if one is not None), key=lambda one: one.what)


def asked_elsewhere(lightdash: Lightdash, project: Project) -> list[NotExported]:
    """Return the same as `ask_elsewhere`, with one request after the other."""
    found = [_asked(lightdash, one, project) for one in lists_elsewhere(lightdash.server)]
    return sorted((one for one in found if one is not None), key=lambda one: one.what)


def known_elsewhere(manifest: Manifest) -> list[NotExported]:
    """Return the entries of a previous manifest from lists that are requested only in a full read."""
    asked = {one.what for one in ELSEWHERE}
    return [left for left in manifest.leftOut if left.what in asked]


def with_unasked(
    listed: list[NotExported], unasked: Collection[str], manifest: Manifest
) -> list[NotExported]:
    """Add the entries of a previous manifest from lists that were not requested, in its order."""
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


# What in a snapshot is older than the export that made it, and how its manifest names it.
#
# An export that reads only what changed copies some content whose changes no list shows. Each such part is
# named, with the day of the last full read. `what_is_older` is the complete list: code that copies something
# without reading it either adds it there, or reads it every time.

UNSHOWN = "charts that were saved in dashboards and never shown on them"


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What an export takes over from the previous snapshot.

    Attributes:
        kept: kind -> uuid -> the selected items that are reused.
        commented: uuids of reused dashboards whose comments are read all the same.
        numbers: whether the numbers of what snapshots do not contain are copied, too.
    """

    kept: Mapping[Kind, Mapping[str, Kept]]
    commented: Collection[str]
    numbers: bool = False


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh the result of a reading is.

    Attributes:
        whole: the last day (UTC) on which everything was read; None if it is not known.
        what: descriptions of what was not read this time.
    """

    whole: date | None
    what: tuple[str, ...] = ()

    @property
    def older(self) -> list[Older]:
        """What was not read this time, each with the day on which it was read."""
        day = UNKNOWN if self.whole is None else self.whole.isoformat()
        return [Older(what=what, asOf=day) for what in self.what]


def what_is_older(
    taken: TakenOver, inventory: Inventory, server: Server, chosen: ExportSelection
) -> tuple[str, ...]:
    """Return descriptions of what in a snapshot may be older than its export.

    Args:
        taken: what is taken over.
        inventory: the lists, as they are now.
        server: its version and capabilities.
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
    """Return a manifest with its freshness; with that of the old one if nothing else changed.

    What the old manifest says is still true then, and a night without changes leaves the snapshot as it was.
    There are two exceptions: after a full read nothing is older any more; and where the day of the last full
    read is recorded nowhere else, it is updated.

    Args:
        new: the manifest.
        old: the manifest of the snapshot that it replaces, or None.
        said: the freshness of the new snapshot.
        renews: whether to update the day although nothing else changed.
    """
    if old is not None and old.wholeOn is not None and new.says_the_same(old):
        is_better = not said.what and (old.older or renews)
        if not is_better:
            return new.model_copy(update={"wholeOn": old.wholeOn, "older": old.older})
    day = None if said.whole is None else said.whole.isoformat()
    return new.model_copy(update={"wholeOn": day, "older": said.older})


def _reader(row: schemas.SpaceRow) -> str:
    """Return the uuid of the token's owner; "" if the row does not have it."""
    return str(row.userAccess.get("userUuid")) if isinstance(row.userAccess, dict) else ""


def _counted_before(numbers: Mapping[Kind, int]) -> str:
    """Return numbers in words: "2 charts, 1 dashboard and 3 spaces"."""
    words = [f"{number} {KINDS[kind].noun[number > 1]}" for kind, number in numbers.items() if number]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
