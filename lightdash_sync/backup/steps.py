"""Splits the difference between two snapshots into steps by author; each step is a complete snapshot.

A step has the files that its author changed, and a matching manifest and identity map, so every commit can
be restored. New spaces have no known author and come first, because other items are in them. Changes that
depend on those of another author (a dashboard that shows their new chart) follow them; authors who depend
on each other share a step.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lightdash_sync.backup.messages import happened
from lightdash_sync.content.authorship import version_stamp
from lightdash_sync.content.identity import Identity, made_anew
from lightdash_sync.content.json import sha256
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.errors import SnapshotError, naming
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST, item_path, parse_path
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from lightdash_sync.backup.messages import Happened
    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.git import Content
    from lightdash_sync.snapshot.manifest import Manifest


# The changes between two snapshots by author, as far as Lightdash reports authors.
#
# It reports the author of a version of a chart, SQL chart or dashboard, and the owner of a new scheduler. It
# does not report who renamed, moved, deleted, shared or tagged something; such changes have no author here.


@dataclass(frozen=True, slots=True)
class AuthorShare:
    """The changes of one person.

    Attributes:
        person: key of the person in the identity map; None for changes without a known author.
        others: keys of the authors of intermediate versions that these changes replace.
        time: of the last of these changes; None if the author is unknown.
        paths: files that were added, changed or removed.
    """

    person: str | None
    time: datetime | None
    paths: frozenset[str]
    others: tuple[str, ...] = ()

    @property
    def people(self) -> tuple[str, ...]:
        """All people with a part in the changes; the author of the last change is last."""
        return (*self.others, self.person) if self.person else self.others


def changed_paths(old: Manifest, new: Manifest) -> set[str]:
    """Return the content files that differ between two snapshots, without the sidecars."""
    paths = set(old.files) | set(new.files)
    return {path for path in paths if parse_path(path) and old.files.get(path) != new.files.get(path)}


def shares(old: Manifest, known: Identity, new: Manifest, identity: Identity) -> list[AuthorShare]:
    """Divide the changes between two snapshots among their authors.

    Args:
        old: manifest of the older snapshot.
        known: its identity map.
        new: manifest of the newer one.
        identity: its identity map.

    Returns:
        New spaces, if there is a change with an author; one share for each person, ordered by the time of
        their last change; then the other changes without an author, if any.
    """
    by_person: dict[str, list[tuple[datetime, str]]] = {}
    nobodys: set[str] = set()
    anew = {item_path(*item) for item in made_anew(known, identity)} & old.files.keys() & new.files.keys()
    for path in changed_paths(old, new) | anew:
        found = _author(path, known, identity) if path in new.files else None
        if found is None:
            nobodys.add(path)
        else:
            by_person.setdefault(found[0], []).append((found[1], path))
    told = []
    for person, changes in by_person.items():
        paths = frozenset(path for _, path in changes)
        others = _between(paths - old.files.keys(), known, identity) - {person}
        told.append(AuthorShare(person, max(time for time, _ in changes), paths, tuple(sorted(others))))
    told.sort(key=lambda share: (share.time, share.person))
    spaces = {path for path in nobodys if told and _is_new_space(path, old, new)}
    early, rest = (AuthorShare(None, None, frozenset(paths)) for paths in (spaces, nobodys - spaces))
    return [share for share in (early, *told, rest) if share.paths]


def _between(paths: Iterable[str], known: Identity, identity: Identity) -> set[str]:
    """Return the authors of new intermediate versions among the files of earlier versions."""
    found = set()
    for path in paths:
        place = parse_path(path)
        if place is None or not place.version:
            continue
        versions = identity.facts(place.kind, place.key).get("versions")
        facts = versions.get(place.version) if isinstance(versions, dict) else None
        told = known.facts(place.kind, place.key).get("version")  # current at the last backup
        if isinstance(facts, dict) and facts.get("uuid") != told and isinstance(facts.get("createdBy"), str):
            found.add(str(facts["createdBy"]))
    return found


def _is_new_space(path: str, old: Manifest, new: Manifest) -> bool:
    place = parse_path(path)
    return place is not None and place.kind is Kind.SPACE and path in new.files and path not in old.files


def _author(path: str, known: Identity, identity: Identity) -> tuple[str, datetime] | None:
    """Return the author and time of the current version of an item; None if it is not new or not known."""
    place = parse_path(path)
    if place is None:
        return None
    facts, before = identity.facts(place.kind, place.key), known.facts(place.kind, place.key)
    now, was = version_stamp(place.kind, facts), version_stamp(place.kind, before)
    is_same = was and now and was.version == now.version and facts.get("uuid") == before.get("uuid")
    return None if now is None or now.person is None or is_same else (now.person, now.time)


@dataclass(frozen=True, slots=True)
class BackupStep:
    """A complete snapshot between the old and the new one, or the new one itself.

    Attributes:
        files: all its files: path -> content.
        people: keys of the authors of the changes since the step before; the latest is last.
        time: of the last of these changes, or None.
        happened: the events of items since the step before.
        is_nobodys: whether a change has no known author, so that all people become co-authors.
        is_all: whether it is the first snapshot, with nothing before it.
        is_past: whether it is from before the first backup.
    """

    files: Mapping[str, Content]
    people: tuple[str, ...]
    time: datetime | None
    happened: list[Happened]
    is_nobodys: bool = False
    is_all: bool = False
    is_past: bool = False


def files_of(root: Path) -> dict[str, Content]:
    """Return the files of a snapshot on disk."""
    return {path: root / path for path in (MANIFEST, *Snapshot(root).manifest.files)}


def steps(old: Path, new: Path, workspace: Path) -> list[BackupStep]:
    """Return the steps from one snapshot to another; the last is the new snapshot itself.

    Args:
        old: directory of the older snapshot.
        new: directory of the newer one, of the same project.
        workspace: a directory for the intermediate steps, whose names are numbers.
    """
    before, after = Snapshot(old), Snapshot(new)
    told = shares(before.manifest, before.identity(), after.manifest, after.identity())
    rest = [share for share in told[-1:] if not share.person]
    left = told[: len(told) - len(rest)]
    way = _Way(before, after, workspace)
    is_news = True
    while is_news:
        is_news = False
        for share in [*left]:
            if left == [share] and not rest:
                break  # the last step is the new snapshot; nothing to assemble
            if way.goes([share]):
                left.remove(share)
                is_news = True
    if left and rest and way.goes(left):  # they depend only on each other
        left = []
    return [*way.made, _step([*left, *rest], way.last, new)]


@dataclass
class _Way:
    """Moves from the old snapshot towards the new one, by steps that are complete snapshots.

    Attributes:
        before: the old snapshot.
        after: the new snapshot.
        workspace: directory of the steps.
        applied: paths that already match the new snapshot.
        made: the steps so far.
        tries: number of steps tried.
        last: directory of the last step.
    """

    before: Snapshot
    after: Snapshot
    workspace: Path
    applied: set[str] = field(default_factory=set)
    made: list[BackupStep] = field(default_factory=list)
    tries: int = 0
    last: Path = field(init=False)

    def __post_init__(self) -> None:
        self.last = self.before.root

    def goes(self, told: list[AuthorShare]) -> bool:
        """Try to make a step of some shares; return whether the result is a complete snapshot."""
        self.tries += 1
        root = self.workspace / str(self.tries)
        applied = self.applied.union(*(share.paths for share in told))
        _assemble(self.before, self.after, applied, root)
        if verify(root).damages:
            shutil.rmtree(root)
            return False
        self.made.append(_step(told, self.last, root))
        self.applied, self.last = applied, root
        return True


def whole(new: Path) -> BackupStep:
    """Return the first snapshot as one step."""
    files = files_of(new)
    items = happened(files.keys() - {IDENTITY, MANIFEST}, None, new)
    # It is not known when these items were created.
    return BackupStep(files, (), None, [replace(item, verb="first seen") for item in items], is_all=True)


def whole_again(old: Path, new: Path) -> BackupStep:
    """Return one step from a folder whose snapshot is damaged, for example edited by hand, to the new one.

    Whose changes these are cannot be told: the old identity map may be wrong.
    """
    then, now = Snapshot(old), files_of(new)
    before = {path for path in then.files() if path not in (IDENTITY, MANIFEST)}
    paths = {
        path
        for path in before | (now.keys() - {IDENTITY, MANIFEST})
        if path not in before or path not in now or (old / path).read_bytes() != (new / path).read_bytes()
    }
    try:
        items = happened(paths, old, new)
    except (SnapshotError, ValueError):
        found = happened({path for path in paths if path in now}, None, new)
        items = [one if _path(one) not in before else replace(one, verb="updated") for one in found]
    return BackupStep(now, (), None, items)


def _path(item: Happened) -> str:
    return item_path(item.kind, item.key)


def joined(series: list[BackupStep]) -> BackupStep:
    """Return all steps as one step without a time."""
    items = (one for step in series for one in step.happened)
    return BackupStep(
        files=series[-1].files,
        people=tuple(person for step in series for person in step.people),
        time=None,
        happened=sorted(items, key=lambda one: (one.kind, one.key)),
        is_nobodys=True,
        is_all=series[0].is_all,
    )


def _step(told: list[AuthorShare], last: Path, root: Path) -> BackupStep:
    return BackupStep(
        files=files_of(root),
        people=tuple(dict.fromkeys(one for share in told for one in share.people)),
        time=max((share.time for share in told if share.time), default=None),
        happened=happened({path for share in told for path in share.paths}, last, root),
        is_nobodys=any(share.person is None for share in told),
    )


def _assemble(before: Snapshot, after: Snapshot, applied: set[str], root: Path) -> None:
    """Write a snapshot that has some of the changes."""
    files = {path: before for path in before.manifest.files if path != IDENTITY and path not in applied}
    files |= {path: after for path in applied if path in after.manifest.files}
    root.mkdir(parents=True)
    for path, source in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source.root / path, target, follow_symlinks=False)
        except OSError:
            shutil.copyfile(source.root / path, target, follow_symlinks=False)
    # A version equal to the one before changes the history of its chart, but not the chart's file.
    changed = {(place.kind, place.key) for path in applied if (place := parse_path(path))}
    are_new = {
        path: (place.kind, place.key) in changed for path in files if (place := parse_path(path)) is not None
    }
    with naming(root):
        (root / IDENTITY).write_bytes(_identity(before.identity(), after.identity(), are_new).to_bytes())
        (root / MANIFEST).write_bytes(_manifest(before.manifest, root, list(files)).to_bytes())


def _identity(known: Identity, now: Identity, are_new: Mapping[str, bool]) -> Identity:
    """Return the identity map of the existing items, each with its old or its new facts."""
    items: dict[Kind, dict[str, JsonObject]] = {}
    for path, is_new in are_new.items():
        place = parse_path(path)
        if place is None or place.version:
            continue
        if facts := (now if is_new else known).facts(place.kind, place.key):
            items.setdefault(place.kind, {})[place.key] = facts
    named = (now.people, now.groups, now.palettes)
    uuids = {facts["uuid"] for entries in named for facts in entries.values()}
    return Identity(
        items=items,
        people={**_others(known.people, uuids), **now.people},
        groups={**_others(known.groups, uuids), **now.groups},
        palettes={**_others(known.palettes, uuids), **now.palettes},
        external={**known.external, **now.external},
        project=now.project,
    )


def _others(named: Mapping[str, JsonObject], uuids: set[Json]) -> dict[str, JsonObject]:
    """Return the entries whose uuid is not among the given ones, that is, has no key in the new map."""
    return {name: facts for name, facts in named.items() if facts["uuid"] not in uuids}


def _manifest(before: Manifest, root: Path, paths: Iterable[str]) -> Manifest:
    """Return the manifest of a step: its files, hashed and counted."""
    lists = {kind for kind, spec in KINDS.items() if spec.is_list}  # as before: the last step changes them
    counts: Counter[str] = Counter({kind.value: before.counts.get(kind, 0) for kind in lists})
    for path in paths:
        place = parse_path(path)
        if place is not None and place.kind not in lists:
            counts[place.counted] += 1
    files = {path: sha256((root / path).read_bytes()) for path in sorted([*paths, IDENTITY])}
    return before.model_copy(update={"files": files, "counts": dict(sorted(counts.items()))})
