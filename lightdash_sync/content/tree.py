"""The content files of one side of a comparison, with the map that says whom its keys mean.

A tree is a mapping of path (as in a snapshot) to canonical bytes. Bytes are read when they are asked for,
and only then: what two trees have in common is told by its hashes, so a comparison of two large projects
that hardly differ reads, and parses, only what differs. It does not know where the bytes come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import canonical, objects, parse, sha256
from lightdash_sync.content.keys import is_key
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.normal import in_order
from lightdash_sync.content.parts import PARTS, names_of, parts_in, without_parts
from lightdash_sync.content.portable import to_portable, to_server
from lightdash_sync.content.references import tokenise, untokenise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lightdash_sync.content.json import Json, JsonObject

_FOLDERS = {spec.folder: kind for kind, spec in KINDS.items() if spec.folder}
_FILES = {f"{kind}.json": kind for kind, spec in KINDS.items() if not spec.folder}


@dataclass(frozen=True, eq=False)
class Tree(Mapping[str, bytes]):
    """Content files by path.

    Attributes:
        digests: path -> SHA-256 of the bytes, in hexadecimal.
        read: returns the bytes of a path of `digests`; may raise `SnapshotError`.
        identity: what the keys mean on the server that the content came from.
    """

    digests: Mapping[str, str]
    read: Callable[[str], bytes] = field(repr=False)
    identity: Identity = field(repr=False, default_factory=Identity)

    @classmethod
    def of(cls, files: Mapping[str, bytes], identity: Identity | None = None) -> Tree:
        """Return a tree of what is in memory."""
        digests = {path: sha256(data) for path, data in files.items()}
        return cls(digests, lambda path: files[path], identity or Identity())

    def __getitem__(self, path: str) -> bytes:
        if path not in self.digests:
            raise KeyError(path)
        return self.read(path)

    def __iter__(self) -> Iterator[str]:
        return iter(self.digests)

    def __len__(self) -> int:
        return len(self.digests)

    def __contains__(self, path: object) -> bool:
        return path in self.digests


def same_file(old: Mapping[str, bytes], new: Mapping[str, bytes], path: str) -> bool:
    """Whether two sides have the same bytes at a path, or both have none; told by hash where there is one."""
    if isinstance(old, Tree) and isinstance(new, Tree):
        return old.digests.get(path) == new.digests.get(path)
    return old.get(path) == new.get(path)


def place_of(path: str) -> tuple[Kind, str] | None:
    """Return the kind and key that a path stands for (key "" for a kind that is one file), or None."""
    if kind := _FILES.get(path):
        return kind, ""
    folder, _, name = path.partition("/")
    key = name.removesuffix(".json")
    kind = _FOLDERS.get(folder)
    return (kind, key) if kind and name.endswith(".json") and is_key(key) else None


# The same content, said in other keys.
#
# Two environments may call one item by two keys, because each gave its own before anybody linked them. What
# a file says in the keys of one identity map is said here in those of another that has the same uuids: by
# way of the server's form, so that every reference follows, at any depth. Nothing is converted if no key
# differs. Files of earlier versions, comments and project settings are passed over.

_PASSED_OVER = frozenset({Kind.COMMENTS, Kind.PROJECT})
_WITH_REFERENCES = frozenset({Kind.SPACE, Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD, Kind.SCHEDULER})


def file_of(kind: Kind, key: str = "") -> str:
    """Return the path of an item's content file in a tree."""
    folder = KINDS[kind].folder
    return f"{folder}/{key}.json" if folder else f"{kind}.json"


def items_of(tree: Tree) -> dict[str, tuple[Kind, str]]:
    """Return path -> kind and key of every item that can be carried to another project."""
    found = {path: place_of(path) for path in tree}
    return {path: place for path, place in found.items() if place and place[0] not in _PASSED_OVER}


def rekeyed(tree: Tree, to: Identity) -> Tree:
    """Return the items of a tree in the keys of another identity map.

    Args:
        tree: content, with the map in whose keys it is said.
        to: a map with the same uuids. Its dashboards name their parts.

    Raises:
        UnresolvedReference: a file names something that its own map does not have.
    """
    places = items_of(tree)
    if _says_the_same(tree.identity, to):
        return Tree({path: tree.digests[path] for path in places}, tree.read, to)
    sources = {
        file_of(kind, _other_key(kind, key, tree.identity, to)): path for path, (kind, key) in places.items()
    }

    def said(path: str) -> bytes:
        kind, key = places[sources[path]]
        return canonical(in_other_keys(kind, key, parse(tree[sources[path]]), tree.identity, to))

    return Tree({path: sha256(said(path)) for path in sources}, said, to)


def in_other_keys(kind: Kind, key: str, content: Json, here: Identity, there: Identity) -> Json:
    """Return one content in the keys of another map.

    Args:
        kind: of the item.
        key: its key here.
        content: what its file says.
        here: the map in whose keys it is said.
        there: the other map.

    Raises:
        UnresolvedReference: the content names something that the map here does not have.
    """
    if kind is Kind.PINS:
        return [_pin(pin, here, there) for pin in objects(content)]
    if kind not in _WITH_REFERENCES:
        return tokenise(untokenise(content, here), there)
    said = cast("JsonObject", content)
    normal = to_server(kind, key, said, _named_as_there(kind, key, said, here, there))
    return in_order(kind, to_portable(kind, _other_key(kind, key, here, there), normal, there).content)


def _named_as_there(kind: Kind, key: str, content: JsonObject, here: Identity, there: Identity) -> Identity:
    """Return the map here, with the names that parts of a dashboard have there, where it has none itself."""
    dashboard = key if kind is Kind.DASHBOARD else str(content.get("dashboard"))
    facts = here.facts(Kind.DASHBOARD, dashboard)
    if not facts:
        return here
    named = parts_in(there.facts(Kind.DASHBOARD, _other_key(Kind.DASHBOARD, dashboard, here, there)))
    lacking = without_parts(named, parts_in(facts))
    return here.extended({Kind.DASHBOARD: {dashboard: lacking}}) if lacking else here


def _pin(pin: JsonObject, here: Identity, there: Identity) -> Json:
    kind = Kind(str(pin.get("kind")))
    return pin | {"key": _other_key(kind, str(pin.get("key")), here, there)}


def _other_key(kind: Kind, key: str, here: Identity, there: Identity) -> str:
    uuid = here.uuid(kind, key)
    return key if uuid is None or not KINDS[kind].folder else there.key(kind, uuid)


def _says_the_same(here: Identity, there: Identity) -> bool:
    """Whether a map has the same key, and the same names of a dashboard's parts, for each uuid of another."""
    return all(
        _is_same(facts, there.facts(kind, key))
        for kind, entries in here.items.items()
        if KINDS[kind].folder
        for key, facts in entries.items()
    )


def _is_same(here: JsonObject, there: JsonObject) -> bool:
    if here["uuid"] != there.get("uuid"):
        return False
    return all(
        part in here or part not in there  # what has no names here gets those that it has there
        if not (names := names_of(here, part))
        else names.items() <= names_of(there, part).items()
        for part in PARTS
    )
