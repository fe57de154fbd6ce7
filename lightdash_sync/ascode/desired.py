"""Turns a tree of documents into complete content with keys: the desired side of a plan or a comparison.

A document identifies an item by its slug alone. So here, and only here, an item of the project with the same
slug (for spaces: the same path) *is* the document's item. If there is none, an item counts whose key is made
from that slug, because an earlier sync from such a tree created it. Fields that documents cannot express are
taken from the project.

In order: applying one document to an existing item, and building the whole tree.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from lightdash_sync.ascode.deliveries import Board, taken_over_delivery
from lightdash_sync.ascode.documents import APP_TILE, CHART_TILES, IF_SET, SAME, board_of, taken_over_view
from lightdash_sync.ascode.layouts import laid_out
from lightdash_sync.ascode.names import ADDED, DOCUMENTED, DocumentNames, made_up, with_ids
from lightdash_sync.content.authorship import version_fields
from lightdash_sync.content.json import JsonObject, canonical, get_list, get_str
from lightdash_sync.content.keys import EXTERNAL, Candidate, assign_keys, external_key, key_from
from lightdash_sync.content.kinds import BY_THE_OWNER, KINDS, PERSONAL, VERIFIABLE, VERIFICATION, Kind
from lightdash_sync.content.naming import layout_names
from lightdash_sync.content.normal import in_order, normalise, without_unset
from lightdash_sync.content.parts import parts_in
from lightdash_sync.content.portable import to_portable, to_server
from lightdash_sync.content.references import tokenise
from lightdash_sync.content.tree import Tree, file_of
from lightdash_sync.errors import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from lightdash_sync.ascode.tree import CodeTree, Document
    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.kinds import ItemKey


# Applying a document to an existing item gives complete content.
#
# Many fields of an item cannot be expressed in a document (see `documents`). They stay as they are in the
# project. So an unchanged document changes nothing of its item, a changed one changes only what it expresses,
# and the result converts back to the same document. A field that a document could express but leaves out is
# removed: a chart without `pivotConfig` has no pivot.

_PLACES = ("spaceUuid", "dashboardUuid")
# The minimum of a query; people leave out what they do not need.
_QUERY: JsonObject = {
    "dimensions": [], "metrics": [], "filters": {}, "sorts": [], "limit": 500, "tableCalculations": [],
    "additionalMetrics": [], "customDimensions": [],
}  # fmt: skip


class ItemPlaces(Protocol):
    """Resolves the spaces and dashboards that documents name."""

    def space(self, path: str) -> str:
        """Return the uuid of a space."""

    def dashboard(self, slug: str) -> str:
        """Return the uuid of a dashboard."""


def taken_over(document: Document, existing: JsonObject | None, places: ItemPlaces) -> JsonObject:
    """Return a chart or SQL chart in the server's form, or a dashboard without tiles, tabs and filters.

    Args:
        document: the desired document.
        existing: the item in the server's form; None if the project does not have it.
        places: resolves spaces and dashboards.
    """
    body, kind = document.body, document.kind
    result = dict(existing or {})
    for name in SAME[kind] + (IF_SET if kind is Kind.DASHBOARD else ()):
        if name in body:
            result[name] = body[name]
        elif name == "tableConfig":
            result.setdefault(name, {"columnOrder": []})
        elif result.get(name) is not None:
            del result[name]
    if kind is Kind.SQL_CHART and "chartKind" not in body:
        _keep(result, "chartKind", existing)
    if kind is Kind.CHART and "merge" in body:  # 2.x has it; without it the chart keeps its merge
        result["merge"] = body["merge"]
    if kind is Kind.CHART:
        result = without_unset(kind, result | {"metricQuery": _query(document, existing)})
    if kind in VERIFIABLE and isinstance(verified := body.get("verified"), bool):  # else it stays unchanged
        had = result.get(VERIFICATION)
        result[VERIFICATION] = (had if isinstance(had, dict) else BY_THE_OWNER) if verified else None
    return result | _place(document, result, places, existing)


def _keep(result: JsonObject, name: str, existing: JsonObject | None) -> None:
    if existing is not None and name in existing:
        result[name] = existing[name]


def _place(
    document: Document, result: JsonObject, places: ItemPlaces, existing: JsonObject | None
) -> JsonObject:
    """Return the space or dashboard that an item is in; removes the previous one from the result."""
    dashboard, path = document.body.get("dashboardSlug"), str(document.body["spaceSlug"])
    if document.kind is Kind.SQL_CHART and existing and existing.get("dashboardUuid"):
        return {}  # documents of SQL charts cannot express this
    for name in _PLACES:
        result.pop(name, None)
    if document.kind is Kind.CHART and isinstance(dashboard, str):
        return {"dashboardUuid": places.dashboard(dashboard)}
    return {"spaceUuid": places.space(path)}


def _query(document: Document, existing: JsonObject | None) -> JsonObject:
    """Return a query completed with the minimum of every query, and with an id for each filter."""
    said, before = document.body["metricQuery"], (existing or {}).get("metricQuery")
    query = said if isinstance(said, dict) else {}
    needed = _QUERY | {"exploreName": document.body["tableName"]}
    if isinstance(before, dict):
        needed = {name: value for name, value in needed.items() if name in before}
    query = needed | query
    if isinstance(filters := query.get("filters"), dict):
        query["filters"] = {
            name: with_ids(group, f"{document.slug}/{name}") for name, group in filters.items()
        }
    return query


_OWNERS = (("dashboard", Kind.DASHBOARD), ("chart", Kind.CHART), ("sqlChart", Kind.SQL_CHART))


@dataclass(frozen=True)
class Desired:
    """The content that a tree of documents desires of a project.

    Attributes:
        tree: the content; items that the project has keep their keys.
        links: kind -> key -> facts of the items that the project has.
        notes: remarks for the user.
    """

    tree: Tree
    links: Mapping[Kind, Mapping[str, JsonObject]] = field(repr=False)
    notes: tuple[str, ...] = ()


def desired_of(
    code: CodeTree,
    project: Tree,
    kept: Collection[ItemKey] = (),
    synced: Collection[ItemKey] | None = None,
    aliases: Mapping[Kind, Mapping[str, str]] | None = None,
) -> Desired:
    """Return the content that a tree of documents desires of a project.

    Args:
        code: the documents.
        project: the existing content of the project.
        kept: items without a document that are kept as the project has them. An item that belongs to a chart
            or dashboard that the documents no longer have is left out with it.
        synced: items of the project that an earlier sync created or a person linked; None if every key
            counts.
        aliases: kind -> slug -> the current slug of the project's item that had it before it was renamed.

    Raises:
        SnapshotError: a document cannot be understood, or names something that the project has twice.
    """
    return _Desiring(code, project, kept, synced, aliases or {}).desired()


class _Desiring:
    """Builds the desired content; the methods are in the order in which `desired` calls them."""

    def __init__(
        self,
        code: CodeTree,
        project: Tree,
        kept: Collection[ItemKey],
        synced: Collection[ItemKey] | None,
        aliases: Mapping[Kind, Mapping[str, str]],
    ) -> None:
        self._code, self._project, self._kept, self._aliases = code, project, kept, aliases
        self._names = DocumentNames(project)
        self._by_slug = {kind: {**there} for kind, there in self._names.by_slug.items()}
        for kind, found in aliases.items():
            there = self._names.by_slug[kind]
            self._by_slug[kind] |= {slug: there[now] for slug, now in found.items() if now in there}
        self._synced = self._names.contents.there if synced is None else synced
        self._keys: dict[tuple[Kind, str], str] = {}
        self._there: set[ItemKey] = set()
        self._lost: dict[str, int] = {}
        self._identity = self._names.identity
        self._files: dict[str, bytes] = {}
        self._laid: DocumentNames | None = None

    def desired(self) -> Desired:
        self._name_all()
        files = self._files
        files |= {file_of(Kind.SPACE, key): data for key, data in self._spaces()}
        for document in sorted(self._code.documents.values(), key=lambda one: one.kind is Kind.SCHEDULER):
            key = self._keys[document.kind, document.slug]
            try:
                files[file_of(document.kind, key)] = self._item(document, key)
            except ValueError as error:
                raise SnapshotError(f"{document.file}: {error}") from error
        files |= {file_of(*item): self._project[file_of(*item)] for item in self._beside()}
        return Desired(Tree.of(files, self._map()), self._links(), tuple(self._notes()))

    def _name_all(self) -> None:
        """Assign a key to every item that has a document."""
        said: dict[Kind, list[str]] = {kind: [] for kind in (*DOCUMENTED, *ADDED)}
        said[Kind.SPACE] = [*self._code.spaces]
        for kind, slug in self._code.documents:
            said[kind].append(slug)
        new: dict[Kind, dict[str, JsonObject]] = {}
        for kind, slugs in said.items():
            found = self._found(kind, slugs)
            keys = {made_up(kind, slug): slug for slug in slugs if slug not in found}
            fresh = assign_keys(
                [Candidate(uuid, slug.rpartition("/")[2], slug) for uuid, slug in keys.items()],
                {}, reserved={*self._identity.items.get(kind, {})},
            )  # fmt: skip
            for slug, key in found.items():
                self._keys[kind, slug] = key
                self._there.add((kind, key))
            for uuid, key in fresh.items():
                slug = keys[uuid]
                self._keys[kind, slug] = key
                facts: JsonObject = {"uuid": uuid, "slug": slug.rpartition("/")[2]}
                if kind is Kind.SPACE and slug in self._code.personal:  # existing spaces have it already
                    facts[PERSONAL] = True
                new.setdefault(kind, {})[key] = facts
        self._identity = self._identity.extended(new)

    def _found(self, kind: Kind, slugs: list[str]) -> dict[str, str]:
        """Return slug (for spaces: path) -> key of the items that the project has."""
        there = self._by_slug[kind]
        for slug in slugs:
            if len(keys := there.get(slug, [])) > 1:
                raise SnapshotError(
                    f"{self._file(kind, slug)}: the project has {len(keys)} with the slug {slug!r}"
                    f" ({', '.join(keys)})",
                    hint="Rename one of them in Lightdash, or link it by hand in a snapshot.",
                )
        found = {slug: there[slug][0] for slug in slugs if slug in there}
        taken = set(found.values())
        if len(taken) < len(found):
            self._require_one_name_each(kind, found)
        for slug in slugs:
            key = key_from(slug.rpartition("/")[2])
            item = (kind, key)
            if (
                slug not in found
                and item in self._synced
                and item in self._names.contents.there
                and key not in taken
            ):
                found[slug] = key
                taken.add(key)
        return found

    def _require_one_name_each(self, kind: Kind, found: Mapping[str, str]) -> None:
        """Check that no item has two documents, one by its slug and one by a slug that it had before.

        Raises:
            SnapshotError: an item has two.
        """
        for slug, now in self._aliases.get(kind, {}).items():
            if slug in found and now in found:
                raise SnapshotError(
                    f"{self._file(kind, slug)} and {self._file(kind, now)} are of one {KINDS[kind].noun[0]}:"
                    f" {slug} was renamed to {now} there",
                    hint="Take the older document away.",
                )

    def _file(self, kind: Kind, slug: str) -> str:
        document = self._code.documents.get((kind, slug))
        return document.file if document else f"{kind} {slug}"

    def _spaces(self) -> Iterable[tuple[str, bytes]]:
        """Yield key and content of the spaces; access to an existing space stays if no document has it."""
        for path, name in sorted(self._code.spaces.items()):
            key = self._keys[Kind.SPACE, path]
            parent, _, last = path.rpartition("/")
            if (Kind.SPACE, key) in self._there:
                content = dict(self._names.contents.of((Kind.SPACE, key)))
                content |= {"name": name} if name is not None else {}
                yield key, canonical(content | self._access(path, content))
                continue
            new: JsonObject = {
                "name": last.replace("-", " ").capitalize() if name is None else name,
                "parent": self._keys[Kind.SPACE, parent] if parent else None,
                "inheritsAccess": bool(parent) and path not in self._code.personal,
                "access": {"users": [], "groups": []},
            }
            yield key, canonical(new | self._access(path, new))

    def _access(self, path: str, before: JsonObject) -> JsonObject:
        """Return the access to a space from its document; {} if the document does not have it.

        Holders without an e-mail address, such as people who left, cannot be in a document: they are kept.
        """
        said = self._code.access.get(path)
        if said is None:
            return {}
        access: JsonObject = {}
        for who, theirs, ours in (("users", "email", "email"), ("groups", "name", "group")):
            unsaid = [
                one for one in get_list(before, "access", who) if get_str(one, ours).startswith(EXTERNAL)
            ]
            named = [
                {ours: tokenise(one[theirs], self._identity), "role": one["role"]}
                for one in get_list(said, who)
            ]
            access[who] = [*sorted([*unsaid, *named], key=lambda one: str(one[ours]))]
        found: JsonObject = {"inheritsAccess": said["inheritParentPermissions"], "access": access}
        role = said.get("projectMemberAccessRole")
        if role is not None or "projectMemberAccessRole" in before:
            found["projectMemberAccessRole"] = role
        return found

    def _item(self, document: Document, key: str) -> bytes:
        """Return the content of an item; the project's own bytes if only the order differs."""
        kind, path = document.kind, file_of(document.kind, key)
        before = self._names.contents.of((kind, key)) if (kind, key) in self._there else None
        existing = None if before is None else to_server(kind, key, before, self._names.identity)
        if kind in ADDED:
            content = canonical(in_order(kind, self._added(document, key, before, existing)))
            is_same = before is not None and canonical(in_order(kind, before)) == content
            return self._project[path] if is_same else content
        raw = taken_over(document, existing, self)
        if kind is Kind.DASHBOARD:
            laid = laid_out(document, existing or {}, self._names, self)
            raw |= laid.content
            if laid.lost:
                self._lost[document.file] = laid.lost
        normal = normalise(kind, raw).content
        if kind is Kind.DASHBOARD:
            names = layout_names(normal, self._identity, self._identity.facts(kind, key))
            self._identity = self._identity.extended({kind: {key: names}})
        content = canonical(in_order(kind, to_portable(kind, key, normal, self._identity).content))
        is_same = before is not None and canonical(in_order(kind, before)) == content
        return self._project[path] if is_same else content

    def _added(
        self, document: Document, key: str, before: JsonObject | None, existing: JsonObject | None
    ) -> JsonObject:
        """Return the content of a virtual view or delivery."""
        if document.kind is Kind.VIRTUAL_VIEW:
            return taken_over_view(document.body, before)
        shown, slug = (get_str(document.body, "resource", name) for name in ("type", "slug"))
        kind = Kind.DASHBOARD if shown == Kind.DASHBOARD else Kind.CHART
        uuid = self._uuid(kind, slug)
        board = self._board(slug) if kind is Kind.DASHBOARD else Board()
        raw, lost = taken_over_delivery(document, existing, uuid, board)
        if lost:
            self._lost[document.file] = lost
        normal = normalise(document.kind, raw).content
        portable = to_portable(document.kind, key, normal, self._identity)
        self._identity = self._identity.extended({}, portable.external)
        return portable.content

    def _board(self, slug: str) -> Board:
        """Return the names that documents use for the parts of a dashboard, which was built before."""
        if self._laid is None:
            there = {path: self._project[path] for path in self._project}
            self._laid = DocumentNames(Tree.of(there | self._files, self._identity))
        item = (
            Kind.DASHBOARD,
            self._keys.get((Kind.DASHBOARD, slug))
            or self._identity.key(Kind.DASHBOARD, self._uuid(Kind.DASHBOARD, slug)),
        )
        return board_of(item, self._laid) if item in self._laid.contents.there else Board()

    def space(self, path: str) -> str:
        """Return the uuid of a space; a made-up one if it is to be created."""
        return str(self._identity.facts(Kind.SPACE, self._keys[Kind.SPACE, path])["uuid"])

    def dashboard(self, slug: str) -> str:
        """Return the uuid of the dashboard that a document's item is in."""
        return self._uuid(Kind.DASHBOARD, slug)

    def knows(self, slug: str) -> bool:
        """Whether the documents or the project have a chart with a slug."""
        return any(self._is_known(kind, slug) for _, kind in CHART_TILES.values())

    def chart(self, slug: str, tile_type: str) -> tuple[str, str]:
        """Return the type of the tile that shows a chart, and the chart's uuid."""
        ways = sorted(CHART_TILES.items(), key=lambda way: way[0] != tile_type)
        for name, (_, kind) in ways:
            if self._is_known(kind, slug):
                return name, self._uuid(kind, slug)
        return tile_type, self._uuid(CHART_TILES[tile_type][1], slug)

    def app(self, slug: str) -> str:
        """Return the uuid of a data app that a dashboard of the project shows; a made-up one if none does."""
        for kind, key in sorted(self._names.contents.there):
            for tile in (
                get_list(self._names.contents.of((kind, key)), "tiles") if kind is Kind.DASHBOARD else ()
            ):
                shown = get_str(tile, "properties", "app")
                if get_str(tile, "properties", "appSlug") == slug and shown in self._identity.external:
                    return self._identity.external[shown]
        uuid = made_up(APP_TILE, slug)
        self._identity = self._identity.extended({}, {external_key(uuid): uuid})
        return uuid

    def _is_known(self, kind: Kind, slug: str) -> bool:
        return (kind, slug) in self._code.documents or slug in self._by_slug[kind]

    def _uuid(self, kind: Kind, slug: str) -> str:
        """Return the uuid of an item by its slug; a made-up one if there is no such item."""
        key = self._keys.get((kind, slug)) or next(iter(self._by_slug[kind].get(slug, [])), None)
        if key is None:
            uuid = made_up(kind, "missing", slug)
            key = assign_keys([Candidate(uuid, slug, slug)], {}, {*self._identity.items.get(kind, {})})[uuid]
            self._keys[kind, slug] = key
            self._identity = self._identity.extended({kind: {key: {"uuid": uuid, "slug": slug}}})
        return str(self._identity.facts(kind, key)["uuid"])

    def _beside(self) -> Iterable[ItemKey]:
        """Yield the kept items that have no document."""
        said = {(kind, self._keys[kind, slug]) for kind, slug in self._code.documents}
        said |= {(Kind.SPACE, self._keys[Kind.SPACE, path]) for path in self._code.spaces}
        for item in self._kept:
            if item[0] in DOCUMENTED or item in said or file_of(*item) not in self._project:
                continue
            content = self._names.contents.of(item)
            owners = [(kind, key) for name, kind in _OWNERS if isinstance(key := content.get(name), str)]
            if all(owner in said or owner not in self._kept for owner in owners):
                yield item

    def _links(self) -> dict[Kind, dict[str, JsonObject]]:
        links: dict[Kind, dict[str, JsonObject]] = {}
        for kind, key in sorted(self._there):
            facts = self._project.identity.facts(kind, key)
            if facts:
                links.setdefault(kind, {})[key] = parts_in(facts, ("uuid",))
        return links

    def _map(self) -> Identity:
        """Return the identity map of the documents: of no project, and with the times of the download."""
        items: dict[Kind, dict[str, JsonObject]] = {
            kind: {key: parts_in(facts, ("uuid", "slug", "path")) for key, facts in entries.items()}
            for kind, entries in self._identity.items.items()
        }
        for path in self._code.personal:
            if (key := self._keys[Kind.SPACE, path]) and (Kind.SPACE, key) not in self._there:
                items[Kind.SPACE][key][PERSONAL] = True
        for (kind, slug), document in self._code.documents.items():
            if document.downloaded:
                items[kind][self._keys[kind, slug]] |= version_fields(kind, document.downloaded)
        project = self._project.identity.project
        organisation = {name: project[name] for name in ("organizationUuid",) if name in project}
        return replace(self._identity, items=items, project=organisation)

    def _notes(self) -> Iterable[str]:
        for kind, found in self._aliases.items():
            for slug, now in found.items():
                if (kind, slug) in self._code.documents and now in self._by_slug[kind]:
                    noun = KINDS[kind].noun[0]
                    yield f"{noun} {slug} of the tree is {now} there: its slug was renamed since"
        if self._lost:
            number, first = sum(self._lost.values()), next(iter(self._lost))
            yield (
                f"filters and date zoom name tiles or tabs that are not known here ({number}, such as in"
                f" {first}): they are left out there, as by the official tool"
            )
