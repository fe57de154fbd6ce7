"""Reading the past of one item.

However many commits there are, git is started a few times only: two logs, two searches for files, and one
reading of all contents (of the maps of identities some at once). What cannot be read (no JSON, no regular
file, another form) is passed over with a note: a commit may come from anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.errors import SnapshotError
from lightdash_sync.model.authorship import BACKFILLED
from lightdash_sync.model.canonical import Json, JsonObject, parse
from lightdash_sync.model.changes.change import same
from lightdash_sync.model.identity import former_uuids
from lightdash_sync.model.kinds import KINDS, Kind
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST, history_folder, parse_path, version_path
from lightdash_sync.timeline.item import is_possible, unknown_item
from lightdash_sync.timeline.past import Past, State, readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lightdash_sync.git import Revision
    from lightdash_sync.snapshot.read import Snapshot
    from lightdash_sync.timeline.item import Item
    from lightdash_sync.timeline.sources import Commits, Sources

_MAPS_AT_ONCE = 16  # each names every item of the project
_WITHOUT_FACTS = (Kind.COMMENTS, Kind.PINS, Kind.METRIC_ICONS, Kind.PROJECT)


def read_past(sources: Sources, item: Item) -> Past:
    """Gather what is remembered of an item.

    Raises:
        ConfigError: there is no such item, and never was.
        GitError: git could not be asked.
    """
    past = Past(item)
    if is_possible(item):
        if sources.commits is not None:
            _Committed(sources.commits, past).read()
        if sources.snapshot is not None:
            _on_disk(sources.snapshot, past, sources.commits)
    past.settle()
    if not (past.states or past.versions or past.notes):
        raise unknown_item(item, all_paths(sources), str(sources.folder))
    return past


def all_paths(sources: Sources) -> list[str]:
    """Return the files of the snapshot on disk; where there is none, of the newest commit."""
    if sources.snapshot is not None:
        return list(sources.snapshot.manifest.files)
    commits = sources.commits
    return list(commits.repository.files(commits.start, commits.folder)) if commits else []


def facts_in(data: bytes, item: Item) -> tuple[JsonObject, dict[str, JsonObject]]:
    """Return what a map of identities knows of one item, and its people.

    Raises:
        ValueError: it is no JSON.
    """
    document = parse(data)
    facts = _inside(_inside(_inside(document, "items"), item.kind.value), item.key)
    people = _inside(document, "people")
    return facts, {key: found for key, found in people.items() if isinstance(found, dict)}


@dataclass(slots=True)
class _Committed:
    """Reads the past out of git."""

    commits: Commits
    past: Past
    maps: list[Revision] | None = None

    def read(self) -> None:
        revisions = self._history(self.past.item.path)
        kept = self._kept()
        sides = [side for one in revisions for side in (one.before, one.after)]
        blobs = {blob for side in sides for blob in side.values()} | {blob for _, blob in kept.values()}
        names = sorted(blobs)
        contents = dict(zip(names, self.commits.repository.blobs(names), strict=True))
        self._states(revisions, contents)
        for version, (revision, blob) in kept.items():
            path = version_path(self.past.item.kind, self.past.item.key, version)
            self.past.remember_version(version, contents[blob], (revision, path))

    def _history(self, path: str) -> list[Revision]:
        """Return the commits that touched a file or folder, oldest first."""
        try:
            place = self.commits.file(path)
        except SnapshotError as error:
            self.past.note("git", error.message)
            return []
        return [*self.commits.repository.history(place, self.commits.start)][::-1]

    def _kept(self) -> dict[str, tuple[Revision, str]]:
        """Return the earlier versions that git holds: name -> first commit that has it, id of its content."""
        found: dict[str, tuple[Revision, str]] = {}
        item = self.past.item
        if KINDS[item.kind].history:
            for revision in self._history(history_folder(item.kind, item.key)):
                for path, blob in revision.after.items():
                    place = parse_path("/".join(path.split("/")[-3:]))
                    if place is not None and place.version:
                        found.setdefault(place.version, (revision, blob))
        return found

    def _states(self, revisions: list[Revision], contents: Mapping[str, bytes]) -> None:
        item, last = self.past.item, None
        path = f"{self.commits.repository.inside(self.commits.folder)}/{item.path}"
        told = [*self._facts(revisions)]
        begun = [*self._begins(revisions)]
        for place, (revision, facts, begins) in enumerate(zip(revisions, told, begun, strict=True)):
            before, content = (
                readable(item.kind, contents[side[path]]) if path in side else None
                for side in (revision.before, revision.after)
            )
            if content is None and revision.changes.get(path) != "D":
                self.past.note(f"commit {revision.id[:10]}", f"{item} is not of the expected form there")
                continue
            if before is None and revision.changes[path] != "A":  # what was passed over tells no difference
                before = last
            self.past.remember(State(revision, before, content, facts, begins))
            last = content
            after = place + 1
            is_last = after == len(revisions)
            if last is not None and (is_last or told[after].get("uuid") != facts.get("uuid")):
                self._remember_made_anew(revision, facts, last, None if is_last else revisions[after])

    def _remember_made_anew(
        self, since: Revision, facts: JsonObject, content: Json, until: Revision | None
    ) -> None:
        """Remember that the item was deleted and put back between two commits that touched its file.

        What is as it was before has the same file, so only the map of identities tells: by another uuid. The
        first commit that has it is looked for by halves, because each map names every item.

        Args:
            since: the commit that touched the file first.
            facts: of the item there.
            content: of the item there.
            until: the commit that touched it next; None for none.
        """
        if self.past.item.kind in _WITHOUT_FACTS:
            return
        maps = self._maps()
        ids = [one.id for one in maps]
        start = ids.index(since.id) if since.id in ids else None
        end = len(ids) if until is None else ids.index(until.id) if until.id in ids else None
        if start is None or end is None or end - start < 2:
            return
        last = self._facts_at(maps[end - 1])
        if facts.get("uuid") not in former_uuids(last):
            return
        low, high = start, end - 1  # by `low` it is the former item, by `high` the new one
        while high - low > 1:
            middle = (low + high) // 2
            found = self._facts_at(maps[middle])
            low, high = (low, middle) if found.get("uuid") == last.get("uuid") else (middle, high)
        self.past.remember(State(maps[high], content, content, self._facts_at(maps[high]), False))

    def _maps(self) -> list[Revision]:
        """Return the commits that touched the map of identities, oldest first; read once."""
        if self.maps is None:
            self.maps = self._history(IDENTITY)
        return self.maps

    def _facts_at(self, revision: Revision) -> JsonObject:
        return next(self._facts([revision]))

    def _facts(self, revisions: list[Revision]) -> Iterator[JsonObject]:
        """Yield what each commit's map of identities says of the item."""
        needed = [] if self.past.item.kind in _WITHOUT_FACTS else revisions
        found = self.commits.repository.find([(one.id, self.commits.folder / IDENTITY) for one in needed])
        maps = self.commits.repository.blobs([name for name in found if name], at_once=_MAPS_AT_ONCE)
        for revision, name in zip(needed, found, strict=True):
            facts: JsonObject = {}
            if name is not None:
                try:
                    facts, people = facts_in(next(maps), self.past.item)
                    self.past.people.update(people)
                except ValueError:
                    self.past.note(f"{IDENTITY} of commit {revision.id[:10]}", "it is no JSON")
            yield facts
        yield from ({} for _ in revisions[len(needed) :])

    def _begins(self, revisions: list[Revision]) -> Iterator[bool]:
        """Yield of each commit whether what it adds may be older: it is of the first backup."""
        manifest = self.commits.folder / MANIFEST
        places = [(parent, manifest) for one in revisions for parent in one.parents[:1]]
        found = dict(zip(places, self.commits.repository.find(places), strict=True))
        for one in revisions:
            is_first = not any(found[parent, manifest] for parent in one.parents[:1])
            yield is_first or BACKFILLED in one.message.splitlines()


def _on_disk(snapshot: Snapshot, past: Past, commits: Commits | None) -> None:
    """Add what the snapshot on disk says and no commit does."""
    try:
        content, facts = _disk_state(snapshot, past)
    except (SnapshotError, ValueError) as error:
        past.note(f"{snapshot.root}/{past.item.path}", str(error))
        return
    last = past.states[-1].content if past.states else None
    is_anew = bool(past.states) and past.states[-1].facts.get("uuid") in former_uuids(facts)
    if not same(last, content) or is_anew:
        begins = commits is None or not commits.has_snapshot
        past.remember(State(None, last, content, facts, begins))
    elif content is not None:
        past.remember_saved(content, facts, None)  # somebody may have saved it as it was
    for path in snapshot.manifest.files:
        place = parse_path(path)
        if place and place.version and (place.kind, place.key) == (past.item.kind, past.item.key):
            known = past.versions.get(place.version)
            if known is not None and known.source[1] == path:
                continue
            try:
                past.remember_version(place.version, snapshot.read(path), (None, path))
            except SnapshotError as error:
                past.note(f"version {place.version}", error.message)


def _disk_state(snapshot: Snapshot, past: Past) -> tuple[Json, JsonObject]:
    """Return the content of the item on disk (None if it is gone) and its facts.

    Raises:
        SnapshotError: one cannot be read.
        ValueError: one is not of the expected form.
    """
    if past.item.path not in snapshot.manifest.files:
        return None, {}
    content = readable(past.item.kind, snapshot.read(past.item.path))
    if content is None:
        raise ValueError("it is not of the expected form")
    facts, people = facts_in(snapshot.read(IDENTITY), past.item)
    past.people.update(people)
    return content, facts


def _inside(document: Json, name: str) -> JsonObject:
    found = document.get(name) if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}
