"""The content files of one side of a comparison, with the map that says whom its keys mean.

A tree is a mapping of path (as in a snapshot) to canonical bytes. Bytes are read when they are asked for,
and only then: what two trees have in common is told by its hashes, so a comparison of two large projects
that hardly differ reads, and parses, only what differs. It does not know where the bytes come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import sha256
from lightdash_sync.model.identity import Identity
from lightdash_sync.model.keys import is_key
from lightdash_sync.model.kinds import KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
