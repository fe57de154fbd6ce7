"""Is a snapshot whole? Every hash, count, form and reference, in both directions.

`verify` finds what is wrong and names each file; it changes nothing, and never stops at the first find.
`differences` compares two snapshots of one project file by file: the one on disk, and one made of the
project as it is now.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import canonical, parse, sha256
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.references import Reference, is_known, links, schema_problem
from lightdash_sync.disk import Disk
from lightdash_sync.errors import SnapshotError
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST, ContentPath, parse_path, version_path
from lightdash_sync.snapshot.manifest import Manifest
from lightdash_sync.snapshot.read import (
    OTHER_LINE_ENDS,
    Snapshot,
    has_other_line_ends,
    with_our_line_ends,
)
from lightdash_sync.snapshot.write import locked

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_sync.content.json import Json


@dataclass(frozen=True, slots=True)
class Damage:
    """Something that is wrong.

    Attributes:
        path: the file, relative to the snapshot.
        problem: what is wrong with it, in words.
    """

    path: str
    problem: str


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """What `verify` found.

    Attributes:
        root: the snapshot.
        manifest: what it says of itself.
        files: how many were looked at.
        damages: what is wrong, by path; empty if the snapshot is whole.
    """

    root: Path
    manifest: Manifest
    files: int
    damages: list[Damage]

    @property
    def has_other_line_ends(self) -> bool:
        """Whether files differ from what was written by their line ends."""
        return any(damage.problem == OTHER_LINE_ENDS for damage in self.damages)


@dataclass(frozen=True, slots=True)
class Differences:
    """How a project differs from its snapshot; items as `kind:key`.

    Attributes:
        added: items that only the project has.
        changed: items that say something else.
        removed: items that only the snapshot has.
    """

    added: list[str]
    changed: list[str]
    removed: list[str]


def verify(root: Path) -> VerifyResult:
    """Check a snapshot.

    Raises:
        SnapshotError: there is none, or its manifest cannot be read.
    """
    snapshot = Snapshot(root)
    check = _Check(snapshot)
    check.run()
    damages = sorted(set(check.damages), key=lambda damage: (damage.path, damage.problem))
    return VerifyResult(root, snapshot.manifest, len(snapshot.manifest.files) + 1, damages)


def fix_line_ends(root: Path) -> int:
    """Give the files of a snapshot the line ends back that they were written with; return of how many.

    Only files are changed that are then what the manifest says; and the manifest itself.

    Raises:
        SnapshotError: there is no snapshot, or a file cannot be read.
        Locked: another run writes there.
    """
    disk, count = Disk(), 0
    with locked(root, disk):
        snapshot = Snapshot(root)
        for path, expected in sorted(snapshot.manifest.files.items()):
            if (root / path).is_file() and has_other_line_ends(data := snapshot.read(path), expected):
                disk.replace(root / path, with_our_line_ends(data))
                count += 1
        if b"\r\n" in (data := snapshot.read(MANIFEST)):
            disk.replace(root / MANIFEST, with_our_line_ends(data))
            count += 1
    return count


def differences(snapshot: Manifest, live: Manifest) -> Differences:
    """Compare a snapshot with one of the project as it is now, both with the same keys."""
    old, new = _items(snapshot), _items(live)
    return Differences(
        added=sorted(set(new) - set(old)),
        changed=sorted(item for item in set(old) & set(new) if old[item] != new[item]),
        removed=sorted(set(old) - set(new)),
    )


def _items(manifest: Manifest) -> dict[str, str]:
    """Return item -> hash, without the sidecar and earlier versions, which are no differences."""
    items: dict[str, str] = {}
    for path, sha in manifest.files.items():
        place = parse_path(path)
        if place is not None and not place.version:
            items[f"{place.kind}:{place.key}" if place.key else place.kind.value] = sha
    return items


@dataclass
class _Check:
    """One check; the methods stand in the order in which `run` calls them."""

    snapshot: Snapshot
    damages: list[Damage] = field(default_factory=list)
    identity: Identity = field(default_factory=Identity)
    places: dict[str, ContentPath] = field(default_factory=dict)
    links: dict[Reference, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        self._presence()
        try:
            self.identity = Identity.from_bytes(with_our_line_ends(self.snapshot.read(IDENTITY)))
        except SnapshotError as error:
            self._damage(IDENTITY, error.message)
        for path in sorted(self.snapshot.manifest.files):
            self._file(path)
        self._counts()
        self._identities()
        self._references()

    def _presence(self) -> None:
        """Compare the files there are with the files there should be."""
        listed = set(self.snapshot.manifest.files)
        try:
            there = set(self.snapshot.files()) - {MANIFEST}
        except SnapshotError as error:
            self._damage(".", error.message)
            return
        for path in sorted(there - listed):
            self._damage(path, "is not part of the snapshot")
        if b"\r\n" in self.snapshot.read(MANIFEST):
            self._damage(MANIFEST, OTHER_LINE_ENDS)
        if IDENTITY not in listed:
            self._damage(IDENTITY, "is not listed in snapshot.json")

    def _file(self, path: str) -> None:
        """Check one file: its path, hash, form, and what it refers to."""
        place = parse_path(path)
        if place is None and path != IDENTITY:
            self._damage(path, "no snapshot has such a path")
            return
        try:
            data = self.snapshot.read(path)
        except SnapshotError as error:
            self._damage(path, error.message)
            return
        expected = self.snapshot.manifest.files[path]
        if has_other_line_ends(data, expected):
            self._damage(path, OTHER_LINE_ENDS)
            data = with_our_line_ends(data)
        elif sha256(data) != expected:
            self._damage(path, "is not as it was written")
        if place is None:
            return
        self.places[path] = place
        try:
            content = parse(data)
        except ValueError as error:
            self._damage(path, f"is not JSON: {error}")
            return
        if canonical(content) != data:
            self._damage(path, "is not in canonical form")
        self._content(path, place, content)

    def _content(self, path: str, place: ContentPath, content: Json) -> None:
        if place.version:
            self.counts[place.counted] += 1
            history = KINDS[place.kind].history
            saved = content.get(history.saved) if history and isinstance(content, dict) else None
            if not isinstance(saved, dict):
                self._damage(path, f"is not an earlier version of a {KINDS[place.kind].noun[0]}")
            return
        self.counts[place.kind] += len(content) if isinstance(content, list) else 1
        if problem := schema_problem(place.kind, content):
            self._damage(path, problem)
        for link in links(place.kind, content):
            self.links.setdefault(link, path)

    def _counts(self) -> None:
        said = {kind: count for kind, count in self.snapshot.manifest.counts.items() if count}
        for kind in sorted(set(said) | set(self.counts)):
            if said.get(kind, 0) != self.counts[kind]:
                self._damage(
                    MANIFEST, f"says {said.get(kind, 0)} of {kind}, and there are {self.counts[kind]}"
                )

    def _identities(self) -> None:
        """Every item has an identity, and every identity of a chosen kind has an item."""
        for path, place in self.places.items():
            kind: Kind = Kind.DASHBOARD if place.kind is Kind.COMMENTS else place.kind
            if place.version:
                versions = self.identity.facts(kind, place.key).get("versions")
                if not isinstance(versions, dict) or place.version not in versions:
                    self._damage(path, f"belongs to no {KINDS[kind].noun[0]} in identity.json")
            elif place.key and self.identity.uuid(kind, place.key) is None:
                self._damage(path, "has no entry in identity.json")
        there = {(place.kind, place.key) for place in self.places.values()}
        for kind, entries in self.identity.items.items():
            for key, facts in entries.items():
                if not self.snapshot.manifest.selection.is_partial and (kind, key) not in there:
                    self._damage(
                        f"{KINDS[kind].folder}/{key}.json", "is missing, though identity.json names it"
                    )
                versions = facts.get("versions")
                for version in versions if isinstance(versions, dict) else {}:
                    if (path := version_path(kind, key, version)) not in self.snapshot.manifest.files:
                        self._damage(path, "is missing, though identity.json names it")

    def _references(self) -> None:
        """Whatever a file refers to is known."""
        for link, path in self.links.items():
            if not is_known(link, self.identity):
                self._damage(path, f"refers to {link.to} {link.key}, which is not in the snapshot")

    def _damage(self, path: str, problem: str) -> None:
        self.damages.append(Damage(path, problem))
