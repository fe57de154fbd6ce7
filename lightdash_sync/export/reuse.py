"""Decides which items are taken over from the previous snapshot because the lists prove them unchanged.

`updatedAt` alone proves nothing (renames and moves do not touch it). So a *fingerprint* is made of every
field that the lists have of an item, and is kept in the identity map. An item with the same fingerprint is
taken over from the previous snapshot, unless its file is damaged or refers to something that was created or
deleted since (a deleted chart empties its tiles without a trace in any list of dashboards). docs/design.md
says which changes could still be missed; a full read finds them.
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
from lightdash_sync.export.unreadable import Skipped
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

# Fields that change when an item is viewed, that describe other items, or that are in pins.json.
_VOLATILE = frozenset(
    {"views", "viewsCount", "firstViewedAt", "validationErrors", "spaceName", "dashboardName"}
    | {"organizationUuid", "projectUuid", "pinnedListUuid", "pinnedListOrder"}
)
_SPACE_VOLATILE = KINDS[Kind.SPACE].volatile - {"projectMemberAccessRole"}
_ONLY_THERE = ("slug", "verification")  # fields that only the list of content has, or has right
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
    """Return uuid -> fingerprint of every space that the lists of a current server describe completely.

    Spaces as code have all grants. The list of spaces names everybody who has a grant, of their own or by a
    group, but has only the reader's role. So it describes a space completely if nobody else has a grant, and
    no group without a listed member can have one. No list has the roles of a personal space, or the
    palette of any space; `not_exported` reports that these may be older.
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
    """An item that is taken over from the previous snapshot.

    Attributes:
        facts: its facts in the previous identity map.
        names: people, groups and external references mentioned in its file.
        comments: the same for the comments on a dashboard; None if there are none.
        leads_outside: whether a tile shows a chart of another project.
    """

    facts: JsonObject
    names: MentionedNames
    comments: MentionedNames | None = None
    leads_outside: bool = False


class Reuse:
    """Decides what is taken over from the previous snapshot.

    Args:
        old: the previous snapshot, or None.
        server: the server; another version may describe the same content differently.
        seen: uuid -> fingerprint, now.
        present: uuids of everything that the project has now.
        chosen: the selection to export; a previous snapshot of a smaller one is of no use.
        palettes: name of a colour palette -> facts, now.
        otherwise: people and groups whose name changed since, as tokens.
        skipped: items that the server does not give.
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
        skipped: Skipped | None = None,
    ) -> None:
        self._old = old if old is not None and is_like(old, server.version, chosen.in_manifest()) else None
        self._with_history = {kind for kind in Kind if chosen.wants_history(kind, server)}
        self._palettes = bool(palettes)
        before = self._old.identity.palettes if self._old else {}
        self._renamed = {name for name, facts in before.items() if (palettes or {}).get(name) != facts}
        self._otherwise = frozenset(otherwise)
        self._chosen = chosen
        self._skipped = skipped or Skipped()
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

        Reads the item's file, and that of a dashboard's comments, to check that they are intact and refer to
        nothing that was created or deleted since.
        """
        if self._old is None:
            return None
        if self._skipped.keeps(kind, uuid):
            return self._kept_unread(self._old, kind, uuid)
        if uuid in self._old.again:
            return None
        key = self._keys[kind].get(uuid)
        facts = self._old.identity.facts(kind, key) if key else {}
        if not key or uuid not in self._seen or facts.get(SEEN) != self._seen[uuid]:
            return None
        if kind in self._with_history and "version" not in facts:
            return None  # written by a version of this tool that read no history of this kind
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
        return self._with_comments(self._old, kind, key, facts, data)

    def _kept_unread(self, old: Old, kind: Kind, uuid: str) -> Kept | None:
        """Return what is known of an item that the server does not give; None if its file is of no use.

        It has no fingerprint, so that the next export asks for it.
        """
        key = self._keys[kind].get(uuid)
        data = self._untouched(old, kind, key) if key else None
        if key is None or data is None:
            return None
        facts = {name: value for name, value in old.identity.facts(kind, key).items() if name != SEEN}
        return self._with_comments(old, kind, key, facts, data)

    def _with_comments(self, old: Old, kind: Kind, key: str, facts: JsonObject, data: bytes) -> Kept | None:
        """Return an item with the names in its file and its comments; None if these are of no use."""
        outside = kind is Kind.DASHBOARD and _shows_outside(data)
        kept = Kept(facts, names_in(data), leads_outside=outside)
        if kind is Kind.DASHBOARD and item_path(Kind.COMMENTS, key) in old.manifest.files:
            comments = self._untouched(old, Kind.COMMENTS, key)
            return None if comments is None else replace(kept, comments=names_in(comments))
        return kept

    def kept_view(self, uuid: str, told: JsonObject) -> Kept | None:
        """Return what is known of a virtual view if its file has the same content as its code, else None."""
        key = self._keys[Kind.VIRTUAL_VIEW].get(uuid) if self._old else None
        if self._old is None or key is None or uuid in self._old.again:
            return None
        data = self._untouched(self._old, Kind.VIRTUAL_VIEW, key)
        if data is None or b"@{" in data or EXTERNAL.encode() in data or not _says(data, told):
            return None
        return Kept(self._old.identity.facts(Kind.VIRTUAL_VIEW, key), names_in(data))

    @property
    def is_settled(self) -> bool:
        """Whether nothing was created or deleted since the previous snapshot."""
        return self._old is not None and not self._fresh and not self._vanished

    def merges(self, chart: str) -> bool:
        """Whether a chart merges rows of other queries in the previous snapshot, even if it is not reused."""
        if self._before is None:
            return False
        key = self._before.identity.known_keys(Kind.CHART).get(chart)
        try:
            return key is not None and begins(self._before.read(item_path(Kind.CHART, key)), "merge") == b"{"
        except SnapshotError:
            return False

    def _untouched(self, old: Old, kind: Kind, key: str) -> bytes | None:
        """Return a file; None if it is damaged, or refers to something that was created or deleted since."""
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
        """Whether a file mentions palettes, people or groups whose name changed since."""
        return not (self._renamed.isdisjoint(names.palettes) and self._otherwise.isdisjoint(names.tokens))

    def pins(self, marked: set[tuple[str, str, int | None]]) -> bool:
        """Whether the previous snapshot has exactly these pinned items: type, uuid and order."""
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
    """Return the reused items, except those that mention a colour palette whose name changed.

    Args:
        kept: kind -> uuid -> item.
        before: the identity map of the previous snapshot.
        now: name of a colour palette -> facts.
    """
    renamed = {name for name, facts in before.palettes.items() if now.get(name) != facts}
    return {
        kind: {uuid: item for uuid, item in items.items() if renamed.isdisjoint(item.names.palettes)}
        for kind, items in kept.items()
    }


def _says(data: bytes, told: JsonObject) -> bool:
    """Whether the file of a virtual view has exactly the content of its code."""
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
    """Return a space with the people whom its grants name; None if its grants have to be read again."""
    content = parse(data)
    access = content.get("access") if isinstance(content, dict) else None
    if not isinstance(access, dict):
        return None
    users, groups = objects(access.get("users")), objects(access.get("groups"))
    if any(grant.get("role") is None for grant in users):  # the role may be known now
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
    """Whether a previous snapshot was made the same way as one would be made now."""
    manifest, held = old.manifest, old.manifest.selection
    same = manifest.source.lightdash == version and manifest.conversion == CONVERSION
    if held.history:
        enough = held.reaches_back_to(chosen) if chosen.history else not old.is_replaced
    else:
        enough = not chosen.history
    return same and enough and (held.kinds, held.spaces) == (chosen.kinds, chosen.spaces) and not old.full
