"""What an older snapshot already says: items that the lists prove unchanged are not asked for again.

`updatedAt` alone proves nothing (renames and moves do not touch it), so a *fingerprint* is made of every
field that the lists carry of an item, and kept in the sidecar. An item whose fingerprint is the same is
taken over from the old snapshot, unless its file is damaged, or refers to something that has appeared or
vanished since (a deleted chart empties its tiles without a trace in any list of dashboards). Which
changes could still slip through is said in docs/design.md; a full read finds them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lightdash_sync.content.json import Json, JsonObject, begins, canonical, objects, parse, sha256
from lightdash_sync.content.keys import EXTERNAL, external_key
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.references import Reference, links
from lightdash_sync.errors import SnapshotError
from lightdash_sync.export.convert import PEOPLE, names_in
from lightdash_sync.export.membership import may_hold_unseen
from lightdash_sync.export.spaces import personal_spaces
from lightdash_sync.snapshot.layout import item_path
from lightdash_sync.snapshot.manifest import CONVERSION, MERGES_OF_CHARTS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.export.convert import MentionedNames
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.export.previous import Old
    from lightdash_sync.export.selection import ExportSelection
    from lightdash_sync.export.spaces import Grants
    from lightdash_sync.lightdash import schemas
    from lightdash_sync.lightdash.versions import Server
    from lightdash_sync.snapshot.manifest import SnapshotSelection

SEEN = "seen"  # the fact that holds the fingerprint

# What changes by being looked at, says something of other items, or is in pins.json.
_VOLATILE = frozenset(
    {"views", "viewsCount", "firstViewedAt", "validationErrors", "spaceName", "dashboardName"}
    | {"organizationUuid", "projectUuid", "pinnedListUuid", "pinnedListOrder"}
)
_SPACE_VOLATILE = KINDS[Kind.SPACE].volatile - {"projectMemberAccessRole"}
_ONLY_THERE = ("slug", "verification")  # what only the list of content tells, or tells right
_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def fingerprints(inventory: Inventory) -> dict[str, str]:
    """Return uuid -> fingerprint of every chart and dashboard that a list names."""
    carried: dict[str, list[JsonObject]] = {}
    rows: list[schemas.Row] = [*inventory.summaries, *inventory.charts, *inventory.dashboards]
    for row in rows:
        fields = {name: value for name, value in row.model_dump().items() if name not in _VOLATILE}
        carried.setdefault(row.uuid, []).append(fields)
    for item in inventory.content:
        if item.uuid in carried:
            said = item.model_dump()
            carried[item.uuid].append({name: said[name] for name in _ONLY_THERE if said[name] is not None})
    return {uuid: sha256(canonical([*fields]))[:16] for uuid, fields in carried.items()}


def space_fingerprints(inventory: Inventory, grants: Grants) -> dict[str, str]:
    """Return uuid -> fingerprint of every space that the lists of a current server tell whole.

    Spaces as code tell all grants. The list of spaces names whoever has a grant, of their own or by a group,
    and tells the reader's role alone. So it tells a space whole if nobody else has a grant, and no group is
    without a member who would be named. Of a personal space no list tells the roles, and of none its palette:
    that they are older is said; see `not_exported`.
    """
    told: dict[str, str] = {}
    personal = personal_spaces(inventory)
    for row, raw in inventory.spaces:
        fields = {name: value for name, value in raw.items() if name not in _SPACE_VOLATILE}
        fields |= {"access": [*sorted(row.access)], **({"personal": True} if row.uuid in personal else {})}
        reader = row.userAccess if isinstance(row.userAccess, dict) else {}
        uuid = str(reader.get("userUuid"))
        is_own = row.uuid in personal and grants.server.can("own_access_only")
        if row.uuid in grants.told:
            fields["grants"] = grants.told[row.uuid].access
        elif set(row.access) <= {uuid} and (is_own or not may_hold_unseen(inventory, uuid)):
            fields["role"] = reader.get("role") if row.access else None
        elif not is_own:
            continue
        told[row.uuid] = sha256(canonical(fields))[:16]
    return told


@dataclass(frozen=True, slots=True)
class Kept:
    """An item that is taken over from the old snapshot.

    Attributes:
        facts: its old facts.
        names: what its file names.
        comments: what the comments on a dashboard name, None if there are none.
        leads_outside: whether a tile shows a chart of another project.
    """

    facts: JsonObject
    names: MentionedNames
    comments: MentionedNames | None = None
    leads_outside: bool = False


class Reuse:
    """Decides what is taken over from an older snapshot.

    Args:
        old: the older snapshot, or None.
        server: as it is now; another version may say the same thing otherwise.
        seen: uuid -> fingerprint, now.
        present: uuid of everything that the project has now.
        chosen: what is wanted; an old snapshot of less is no help.
        palettes: name of a colour palette -> facts, now.
        otherwise: people and groups that have another name by now, as tokens name them.
    """

    def __init__(
        self,
        old: Old | None,
        server: Server,
        seen: Mapping[str, str],
        present: Collection[str],
        chosen: ExportSelection,
        palettes: Mapping[str, JsonObject] | None = None,
        otherwise: Collection[str] = (),
    ) -> None:
        self._old = old if old is not None and is_like(old, server.version, chosen.in_manifest()) else None
        self._with_history = {kind for kind in Kind if chosen.wants_history(kind, server)}
        self._palettes = bool(palettes)
        before = self._old.identity.palettes if self._old else {}
        self._renamed = {name for name, facts in before.items() if (palettes or {}).get(name) != facts}
        self._otherwise = frozenset(otherwise)
        self._chosen = chosen
        self._seen = seen
        self._before = old
        self._tells_merges = old is None or not old.manifest.leaves_out(MERGES_OF_CHARTS)
        self._fresh: set[str] = set()
        self._vanished: set[Reference] = set()
        self._keys = {kind: self._old.identity.known_keys(kind) for kind in Kind} if self._old else {}
        known = {uuid for keys in self._keys.values() for uuid in keys}
        for kind, keys in self._keys.items():
            self._vanished |= {Reference(kind, key) for uuid, key in keys.items() if uuid not in present}
        for uuid in set(present) - known if self._old else ():
            self._fresh |= {uuid, external_key(uuid)}

    def kept(self, kind: Kind, uuid: str) -> Kept | None:
        """Return what is known of an item if it can be taken over, else None.

        Reads the item's file, and that of a dashboard's comments, to see that they are whole and refer to
        nothing that came or went; nobody needs to read them again.
        """
        if self._old is None or uuid in self._old.again:
            return None
        key = self._keys[kind].get(uuid)
        facts = self._old.identity.facts(kind, key) if key else {}
        if not key or uuid not in self._seen or facts.get(SEEN) != self._seen[uuid]:
            return None
        if kind in self._with_history and "version" not in facts:
            return None  # by a version of this tool that read no history of the kind
        if kind is Kind.CHART and self._chosen.merges and not self._tells_merges:
            return None
        if any(f"user:{facts.get(name)}" in self._otherwise for name in PEOPLE.values()):
            return None
        data = self._untouched(self._old, kind, key)
        if data is None or (uuid in self._chosen.palettes and not begins(data, "palette")):
            return None
        if (
            kind is Kind.SPACE
            and self._chosen.whole_spaces
            and self._palettes
            and not begins(data, "palette")
        ):
            return None
        if kind is Kind.SPACE:
            space = _kept_space(facts, data)
            return None if space is None or self._names_otherwise(space.names) else space
        outside = kind is Kind.DASHBOARD and _shows_outside(data)
        kept = Kept(facts, names_in(data), leads_outside=outside)
        if kind is Kind.DASHBOARD and item_path(Kind.COMMENTS, key) in self._old.manifest.files:
            comments = self._untouched(self._old, Kind.COMMENTS, key)
            return None if comments is None else replace(kept, comments=names_in(comments))
        return kept

    def kept_view(self, uuid: str, told: JsonObject) -> Kept | None:
        """Return what is known of a virtual view if its file says just what it says as code, else None."""
        key = self._keys[Kind.VIRTUAL_VIEW].get(uuid) if self._old else None
        if self._old is None or key is None or uuid in self._old.again:
            return None
        data = self._untouched(self._old, Kind.VIRTUAL_VIEW, key)
        if data is None or b"@{" in data or EXTERNAL.encode() in data or not _says(data, told):
            return None
        return Kept(self._old.identity.facts(Kind.VIRTUAL_VIEW, key), names_in(data))

    @property
    def is_settled(self) -> bool:
        """Whether nothing has appeared or vanished since the old snapshot."""
        return self._old is not None and not self._fresh and not self._vanished

    def merges(self, chart: str) -> bool:
        """Whether the old snapshot, as it may be, has a chart that merges rows of other queries."""
        if self._before is None:
            return False
        key = self._before.identity.known_keys(Kind.CHART).get(chart)
        try:
            return key is not None and begins(self._before.read(item_path(Kind.CHART, key)), "merge") == b"{"
        except SnapshotError:
            return False

    def _untouched(self, old: Old, kind: Kind, key: str) -> bytes | None:
        """Return a file; None if it is damaged, or refers to what came or went since."""
        try:
            data = old.read(item_path(kind, key))
        except SnapshotError:
            return None
        if (self._renamed or self._otherwise) and self._names_otherwise(names_in(data)):
            return None
        if self._fresh:
            named = {*names_in(data).external, *(uuid.decode() for uuid in _UUID.findall(data))}
            if not self._fresh.isdisjoint(named):
                return None
        try:
            touched = self._vanished and not self._vanished.isdisjoint(links(kind, parse(data)))
        except ValueError:
            return None
        return None if touched else data

    def _names_otherwise(self, names: MentionedNames) -> bool:
        """Whether a file names what has another name by now."""
        return not (self._renamed.isdisjoint(names.palettes) and self._otherwise.isdisjoint(names.tokens))

    def pins(self, marked: set[tuple[str, str, int | None]]) -> bool:
        """Whether the old snapshot has just these pinned items: type, uuid and order."""
        if self._old is None:
            return False
        path = item_path(Kind.PINS)
        if path not in self._old.manifest.files:
            return not marked
        try:
            held = {self._pinned(self._old.identity, row) for row in objects(self._old.content(path))}
        except (SnapshotError, ValueError, KeyError, TypeError):  # not as an export writes it
            return False
        return held == marked

    @staticmethod
    def _pinned(identity: Identity, row: JsonObject) -> tuple[str, str | None, Json]:
        kind = str(row["kind"])
        return kind, identity.uuid(Kind(kind), str(row["key"])), row["order"]


def without_renamed(
    kept: Mapping[Kind, Mapping[str, Kept]], before: Identity, now: Mapping[str, JsonObject]
) -> dict[Kind, dict[str, Kept]]:
    """Return what is taken over, without what names a colour palette that has another name now.

    Args:
        kept: kind -> uuid -> item.
        before: the map of the older snapshot.
        now: name of a colour palette -> facts.
    """
    renamed = {name for name, facts in before.palettes.items() if now.get(name) != facts}
    return {
        kind: {uuid: item for uuid, item in items.items() if renamed.isdisjoint(item.names.palettes)}
        for kind, items in kept.items()
    }


def _says(data: bytes, told: JsonObject) -> bool:
    """Whether the file of a virtual view says what it says as code, and nothing more."""
    columns = objects(told.get("columns"))
    wanted: JsonObject = {
        "name": told.get("slug"),
        "label": told.get("name"),
        "sql": told.get("sql"),
        "columns": [*sorted(columns, key=lambda column: str(column.get("reference")))],
        "parameterValues": told.get("parameters") or None,
    }
    return parse(data) == {name: value for name, value in wanted.items() if value is not None}


def _kept_space(facts: JsonObject, data: bytes) -> Kept | None:
    """Return a space with the people whom its grants name; None if it is not as its list can tell it."""
    content = parse(data)
    access = content.get("access") if isinstance(content, dict) else None
    if not isinstance(access, dict):
        return None
    users, groups = objects(access.get("users")), objects(access.get("groups"))
    if any(grant.get("role") is None for grant in users):  # it may be told now
        return None
    holders = {f"user:{grant.get('email')}" for grant in users}
    holders |= {f"group:{grant.get('group')}" for grant in groups}
    if any("@{" in holder for holder in holders):  # a name with a uuid in it
        return None
    names = names_in(data)
    return Kept(facts, replace(names, tokens=names.tokens | holders))


def _shows_outside(data: bytes) -> bool:
    """Whether a tile of a dashboard shows a chart of another project."""
    if EXTERNAL.encode() not in data:
        return False
    content = parse(data)
    tiles = objects(content.get("tiles")) if isinstance(content, dict) else []
    shown = [tile["properties"] for tile in tiles if isinstance(tile.get("properties"), dict)]
    return any(str(shows.get("chart")).startswith(EXTERNAL) for shows in shown if isinstance(shows, dict))


def is_like(old: Old, version: str, chosen: SnapshotSelection) -> bool:
    """Whether an old snapshot was made the way one would be made now."""
    manifest, held = old.manifest, old.manifest.selection
    same = manifest.source.lightdash == version and manifest.conversion == CONVERSION
    if held.history:
        enough = held.reaches_back_to(chosen) if chosen.history else not old.is_replaced
    else:
        enough = not chosen.history
    return same and enough and (held.kinds, held.spaces) == (chosen.kinds, chosen.spaces) and not old.full
