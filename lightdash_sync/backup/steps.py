"""From one snapshot to the next in steps, one for each author, every step a whole snapshot.

A step holds the files that its author changed, and a manifest and an identity map that fit. New spaces,
which Lightdash tells no author of, come first, because the work of others stands in them. Who changed
something that cannot stand without another's work (a dashboard that shows their new chart) waits for it;
those who wait for each other share a step. So every commit can be restored.
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
from lightdash_sync.errors import naming
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


# Who changed what between two snapshots, as far as Lightdash tells.
#
# It tells the author of a version of a chart, SQL chart or dashboard, and the owner of a new scheduler. It
# does not tell who renamed, moved, deleted, shared or tagged something: that is nobody's by name.


@dataclass(frozen=True, slots=True)
class AuthorShare:
    """What one person changed.

    Attributes:
        person: key of the person in the identity map, or None for what is nobody's by name.
        others: who made versions in between that these replace.
        time: of the last of these changes; None if it is nobody's.
        paths: files that were added, changed or removed.
    """

    person: str | None
    time: datetime | None
    paths: frozenset[str]
    others: tuple[str, ...] = ()

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who has a part in it, the one who made the last change last."""
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
        New spaces, if people did something too; one share for each person, by the time of the last
        change; then what else is nobody's, if anything.
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
    """Return who made the new earlier versions of charts that some files hold."""
    found = set()
    for path in paths:
        place = parse_path(path)
        if place is None or not place.version:
            continue
        versions = identity.facts(place.kind, place.key).get("versions")
        facts = versions.get(place.version) if isinstance(versions, dict) else None
        told = known.facts(place.kind, place.key).get("version")  # by the last backup, as the current one
        if isinstance(facts, dict) and facts.get("uuid") != told and isinstance(facts.get("createdBy"), str):
            found.add(str(facts["createdBy"]))
    return found


def _is_new_space(path: str, old: Manifest, new: Manifest) -> bool:
    place = parse_path(path)
    return place is not None and place.kind is Kind.SPACE and path in new.files and path not in old.files


def _author(path: str, known: Identity, identity: Identity) -> tuple[str, datetime] | None:
    """Return who made the current version of an item, and when, if that version is new."""
    place = parse_path(path)
    if place is None:
        return None
    facts, before = identity.facts(place.kind, place.key), known.facts(place.kind, place.key)
    now, was = version_stamp(place.kind, facts), version_stamp(place.kind, before)
    is_same = was and now and was.version == now.version and facts.get("uuid") == before.get("uuid")
    return None if now is None or now.person is None or is_same else (now.person, now.time)


@dataclass(frozen=True, slots=True)
class BackupStep:
    """A snapshot on the way from the old to the new one.

    Attributes:
        files: all of it: path to what is in the file.
        people: keys of those who changed something since the step before, the last one last.
        time: of the last of these changes, or None.
        happened: what happened to which item since the step before.
        is_nobodys: whether it holds something that is nobody's by name, so that all people are co-authors.
        is_all: whether nothing was there before, and all came at once.
        is_past: whether it is of a time before the first backup.
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
        workspace: a directory for the steps between, which get numbers for names.
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
                break  # the last step, which needs no assembling
            if way.goes([share]):
                left.remove(share)
                is_news = True
    if left and rest and way.goes(left):  # they only need each other
        left = []
    return [*way.made, _step([*left, *rest], way.last, new)]


@dataclass
class _Way:
    """Goes from the old snapshot towards the new one, as long as each step is a snapshot that is whole.

    Attributes:
        before: the old snapshot.
        after: the new one.
        workspace: where the steps are put.
        applied: paths that are as in the new one.
        made: the steps.
        tries: how many steps were tried.
        last: where the last step is.
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
        """Make a step of some changes; return whether it could be made."""
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
    """Return a snapshot with nothing before it as one step."""
    files = files_of(new)
    items = happened(files.keys() - {IDENTITY, MANIFEST}, None, new)
    # Nobody knows since when they are there.
    return BackupStep(files, (), None, [replace(item, verb="first seen") for item in items], is_all=True)


def joined(series: list[BackupStep]) -> BackupStep:
    """Return all steps as one, which has no time."""
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
    """Write a snapshot that has some changes and not the others."""
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
    # A version that is like the one before changes the history of its chart, not the chart's file.
    changed = {(place.kind, place.key) for path in applied if (place := parse_path(path))}
    are_new = {
        path: (place.kind, place.key) in changed for path in files if (place := parse_path(path)) is not None
    }
    with naming(root):
        (root / IDENTITY).write_bytes(_identity(before.identity(), after.identity(), are_new).to_bytes())
        (root / MANIFEST).write_bytes(_manifest(before.manifest, root, list(files)).to_bytes())


def _identity(known: Identity, now: Identity, are_new: Mapping[str, bool]) -> Identity:
    """Return the map of the items that are there, each as it was or as it is."""
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
    """Return those who are not known by another name now."""
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
