"""Reads the past of one item: its state after each commit, and the versions that people saved in Lightdash.

The sections: the values, parsing the name of an item (`chart:weekly-revenue`), and reading.
"""

from __future__ import annotations

import difflib
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lightdash_sync.content.authorship import BACKFILLED, Stamp, moment, of_version, version_stamp
from lightdash_sync.content.identity import former_uuids
from lightdash_sync.content.json import Json, JsonObject, get_str, parse, same
from lightdash_sync.content.keys import is_key
from lightdash_sync.content.kinds import KINDS, Kind, kind_called
from lightdash_sync.content.older import item_as_written_today
from lightdash_sync.content.versions import oldest_first, place_of, time_in_name
from lightdash_sync.errors import ConfigError, SnapshotError
from lightdash_sync.snapshot.layout import (
    IDENTITY,
    MANIFEST,
    history_folder,
    is_version_name,
    item_path,
    parse_path,
    version_name,
    version_path,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lightdash_sync.git import Revision
    from lightdash_sync.history.sources import Commits, Sources
    from lightdash_sync.snapshot.read import Snapshot


_CURRENT = sys.maxsize  # place of a version that was the current one: the last of its time


@dataclass(frozen=True, slots=True)
class CommittedState:
    """The state of an item after a commit, or on disk.

    Attributes:
        commit: the commit; None for the snapshot on disk, where it differs from the last commit.
        before: the content before it; None if the item did not exist.
        content: the content after it; None if the item was deleted.
        facts: of the item in the identity map.
        begins: whether the item may be older than this state, because there was no backup before.
    """

    commit: Revision | None
    before: Json
    content: Json
    facts: JsonObject
    begins: bool


@dataclass(frozen=True, slots=True)
class ItemVersion:
    """A version that somebody saved in Lightdash.

    Attributes:
        stamp: time and author.
        content: the part of the item's content that belongs to a version.
        commit: the first commit that has it; None if it is only on disk.
        source: where it can be read: a commit (None for the disk), and a path in the snapshot.
    """

    stamp: Stamp
    content: Json
    commit: Revision | None
    source: tuple[Revision | None, str]


@dataclass(frozen=True)
class ItemHistory:
    """The known history of an item.

    Attributes:
        item: the item.
        states: oldest first; add with `remember`.
        versions: name -> version. Where Lightdash lists earlier versions of a kind, the name is that of the
            file; otherwise it has no meaning.
        places: name -> place of a version among those of its time, as identity maps say it.
        people: key of a person -> facts.
        notes: what could not be read, as text for the user.
    """

    item: HistoryItem
    states: list[CommittedState] = field(default_factory=list)
    versions: dict[str, ItemVersion] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    people: dict[str, JsonObject] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The current or last name of the item; "" if it is unknown."""
        contents = (state.content for state in reversed(self.states) if state.content is not None)
        return get_str(next(contents, None), "name")

    def remember(self, state: CommittedState) -> None:
        """Add the next state, and the item's version in it."""
        self.states.append(state)
        self.remember_places(state.facts)
        if state.content is not None:
            self.remember_saved(state.content, state.facts, state.commit)

    def remember_saved(self, content: Json, facts: JsonObject, commit: Revision | None) -> None:
        """Add the current version of an item, unless an older commit had it already."""
        stamp = version_stamp(self.item.kind, facts)
        if stamp is not None:
            saved = ItemVersion(stamp, of_version(self.item.kind, content), commit, (commit, self.item.path))
            self.versions.setdefault(version_in(self.item, facts), saved)

    def remember_version(self, name: str, data: bytes, source: tuple[Revision | None, str]) -> None:
        """Add an earlier version, from its own file.

        Args:
            name: of the version.
            data: the file.
            source: the first commit that has it (None for the disk), and its path in the snapshot.
        """
        document, history = readable(self.item.kind, data), KINDS[self.item.kind].history
        saved = document.get(history.saved) if history and isinstance(document, dict) else None
        time = moment(document.get("createdAt")) if isinstance(document, dict) else None
        if not isinstance(document, dict) or time is None or not isinstance(saved, dict):
            self.note(f"version {name}", "it is not of the expected form")
            return
        person = document.get("createdBy")
        stamp = Stamp(name, time, person if isinstance(person, str) else None)
        new = ItemVersion(stamp, item_as_written_today(self.item.kind, saved), source[0], source)
        known = self.versions.get(name)
        self.versions[name] = new if known is None else replace(new, commit=known.commit or source[0])

    def remember_places(self, facts: JsonObject) -> None:
        """Learn the order of versions of one time from the facts of the item in an identity map."""
        for name, version in oldest_first(facts.get("versions")):
            if place := place_of(version):
                self.places[name] = place
        if current := version_in(self.item, facts):
            self.places.setdefault(current, _CURRENT)

    def versions_in_order(self) -> list[tuple[str, ItemVersion]]:
        """Return name and version of each, in the order in which they were saved."""
        return sorted(
            self.versions.items(), key=lambda one: (one[1].stamp.time, self.places.get(one[0], 0), one[0])
        )

    def tied_versions(self) -> list[str]:
        """Return the names of the versions that are not the only one of their time."""
        named = [name for name in self.versions if is_version_name(name)]
        times = Counter(map(time_in_name, named))
        return [name for name in named if times[time_in_name(name)] > 1]

    def settle(self) -> None:
        """Merge duplicates: a version that was seen before the server reported its uuid has two names.

        Of versions of one time, it was the last.
        """
        named = {
            version.stamp.time: name for name, version in self.versions_in_order() if is_version_name(name)
        }
        for name in [name for name in self.versions if not is_version_name(name)]:
            if (other := named.get(self.versions[name].stamp.time)) is not None:
                first = self.versions.pop(name)
                self.versions[other] = replace(self.versions[other], commit=first.commit)

    def note(self, where: str, problem: str) -> None:
        """Add a note about something that is skipped."""
        self.notes.append(f"{where} is passed over: {problem}")


def version_in(item: HistoryItem, facts: JsonObject) -> str:
    """Return the name of the version that the facts of an item mention; "" if they mention none."""
    stamp = version_stamp(item.kind, facts)
    if stamp is None:
        return ""
    if KINDS[item.kind].history and isinstance(uuid := facts.get("version"), str):
        return version_name(str(facts.get("updatedAt")), uuid)
    return f"{facts.get('uuid')} {stamp.version}"


def readable(kind: Kind, data: bytes) -> Json:
    """Return the content of an item's file, in the form that this version of the tool writes.

    None if it is not JSON, or not an object (for some kinds a list).
    """
    try:
        content = parse(data)
    except ValueError:
        return None
    if not isinstance(content, list if KINDS[kind].is_list else dict):
        return None
    return item_as_written_today(kind, content) if isinstance(content, dict) else content


# The name of an item, as users type it: `chart:weekly-revenue`.

_SUGGESTED = 4  # similar keys that an error suggests
_ALIKE = 0.5


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One piece of content.

    Attributes:
        kind: of the item.
        key: of the item; "" for a kind that is one file.
    """

    kind: Kind
    key: str = ""

    @property
    def path(self) -> str:
        """Its file in a snapshot."""
        return item_path(self.kind, self.key)

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}" if self.key else str(self.kind)


def parse_item(said: str) -> HistoryItem:
    """Parse `KIND:KEY`, or `KIND` for a kind that is one file.

    Raises:
        ConfigError: there is no such kind, the key is missing, or the kind has no keys.
    """
    name, _, key = said.partition(":")
    kind = kind_called(name)
    if kind is None:
        raise ConfigError(f"{name!r} is no kind of content", hint=f"There are: {', '.join(Kind)}.")
    if bool(key) != bool(KINDS[kind].folder):
        needed = f"{kind}:KEY" if KINDS[kind].folder else str(kind)
        raise ConfigError(f"{said!r} names no item", hint=f"Say it as {needed}.")
    return HistoryItem(kind, key)


def unknown_item(item: HistoryItem, paths: Iterable[str], where: str) -> ConfigError:
    """Return the error for an unknown item, with similar items as suggestions.

    Args:
        item: the item that was not found.
        paths: the existing files.
        where: what was searched, in words.
    """
    places = [place for path in paths if (place := parse_path(path)) and place.key and not place.version]
    known = sorted({place.key for place in places if place.kind is item.kind})
    close = difflib.get_close_matches(item.key.lower(), known, _SUGGESTED, _ALIKE)
    close += [key for key in known if item.key and item.key in key and key not in close][:_SUGGESTED]
    near = [HistoryItem(place.kind, place.key) for place in places if place.key == item.key]
    near += [HistoryItem(item.kind, key) for key in close]
    noun = KINDS[item.kind].noun[1]
    there = f"There are: {', '.join(known)}." if 0 < len(known) <= _SUGGESTED else ""
    hint = f"Did you mean {' or '.join(map(str, near[:_SUGGESTED]))}?" if near else there
    if not known:
        hint = hint or f"There are no {noun} in it."
    return ConfigError(f"there is no {item} in {where}", hint=hint)


def is_possible(item: HistoryItem) -> bool:
    """Whether a snapshot can have such an item at all."""
    return not item.key or is_key(item.key)


# Reading the past of one item.
#
# git is started only a few times, however many commits there are: two logs, two searches for files, and one
# read of all contents (identity maps are read in groups). Files that cannot be read (not JSON, not a regular
# file, another form) are skipped with a note, because a commit may come from anybody.

_MAPS_AT_ONCE = 16  # each names every item of the project
_WITHOUT_FACTS = (Kind.COMMENTS, Kind.PINS, Kind.METRIC_ICONS, Kind.PROJECT)


def read_past(sources: Sources, item: HistoryItem) -> ItemHistory:
    """Read the history of an item.

    Raises:
        ConfigError: there is no such item, and never was.
        GitError: git failed.
    """
    past = ItemHistory(item)
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
    """Return the files of the snapshot on disk or, if there is none, of the newest commit."""
    if sources.snapshot is not None:
        return list(sources.snapshot.manifest.files)
    commits = sources.commits
    return list(commits.repository.files(commits.start, commits.folder)) if commits else []


def facts_in(data: bytes, item: HistoryItem) -> tuple[JsonObject, dict[str, JsonObject]]:
    """Return the facts of one item in an identity map, and the people of the map.

    Raises:
        ValueError: the map is not JSON.
    """
    document = parse(data)
    facts = _inside(_inside(_inside(document, "items"), item.kind.value), item.key)
    people = _inside(document, "people")
    return facts, {key: found for key, found in people.items() if isinstance(found, dict)}


@dataclass(slots=True)
class _Committed:
    """Reads the past from git."""

    commits: Commits
    past: ItemHistory
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
        tied = {kept[name][0].id: kept[name][0] for name in self.past.tied_versions() if name in kept}
        for facts in self._facts([*tied.values()]) if tied else ():
            self.past.remember_places(facts)

    def _history(self, path: str) -> list[Revision]:
        """Return the commits that touched a file or folder, oldest first."""
        try:
            place = self.commits.file(path)
        except SnapshotError as error:
            self.past.note("git", error.message)
            return []
        return [*self.commits.history(place)][::-1]

    def _kept(self) -> dict[str, tuple[Revision, str]]:
        """Return the earlier versions in git: name -> first commit that has it, and id of its content."""
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
            self.past.remember(CommittedState(revision, before, content, facts, begins))
            last = content
            after = place + 1
            is_last = after == len(revisions)
            if last is not None and (is_last or told[after].get("uuid") != facts.get("uuid")):
                self._remember_made_anew(revision, facts, last, None if is_last else revisions[after])

    def _remember_made_anew(
        self, since: Revision, facts: JsonObject, content: Json, until: Revision | None
    ) -> None:
        """Record that the item was deleted and created again between two commits that touched its file.

        If its content is the same, only the identity map shows this, by another uuid. A binary search finds
        the first commit with that uuid, because each map is large: it names every item.

        Args:
            since: the first of the two commits.
            facts: of the item in that commit.
            content: of the item in that commit.
            until: the next commit that touched the file, or None.
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
        self.past.remember(CommittedState(maps[high], content, content, self._facts_at(maps[high]), False))

    def _maps(self) -> list[Revision]:
        """Return the commits that touched the identity map, oldest first; read once."""
        if self.maps is None:
            self.maps = self._history(IDENTITY)
        return self.maps

    def _facts_at(self, revision: Revision) -> JsonObject:
        return next(self._facts([revision]))

    def _facts(self, revisions: list[Revision]) -> Iterator[JsonObject]:
        """Yield the facts of the item in the identity map of each commit."""
        needed = [] if self.past.item.kind in _WITHOUT_FACTS else revisions
        found = self.commits.find([(one.id, self.commits.folder / IDENTITY) for one in needed])
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
        """Yield for each commit whether it is of the first backup, so that items it adds may be older."""
        manifest = self.commits.folder / MANIFEST
        places = [(parent, manifest) for one in revisions for parent in one.parents[:1]]
        found = dict(zip(places, self.commits.find(places), strict=True))
        for one in revisions:
            is_first = not any(found[parent, manifest] for parent in one.parents[:1])
            yield is_first or BACKFILLED in one.message.splitlines()


def _on_disk(snapshot: Snapshot, past: ItemHistory, commits: Commits | None) -> None:
    """Add the parts of the snapshot on disk that are in no commit."""
    try:
        content, facts = _disk_state(snapshot, past)
    except (SnapshotError, ValueError) as error:
        past.note(f"{snapshot.root}/{past.item.path}", str(error))
        return
    past.remember_places(facts)
    last = past.states[-1].content if past.states else None
    is_anew = bool(past.states) and past.states[-1].facts.get("uuid") in former_uuids(facts)
    if not same(last, content) or is_anew:
        begins = commits is None or not commits.has_snapshot
        past.remember(CommittedState(None, last, content, facts, begins))
    elif content is not None:
        past.remember_saved(content, facts, None)  # a save without a change is a version, too
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


def _disk_state(snapshot: Snapshot, past: ItemHistory) -> tuple[Json, JsonObject]:
    """Return the content of the item on disk (None if it does not exist) and its facts.

    Raises:
        SnapshotError: a file cannot be read.
        ValueError: a file does not have the expected form.
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
