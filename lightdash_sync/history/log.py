"""The history of a whole snapshot by commit, and the time line of one item.

`snapshot_log` lists for each commit which items were created, changed and deleted; `time_line` merges the
commits of one item with the versions that people saved in Lightdash.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from lightdash_sync.changes.differ import changes
from lightdash_sync.changes.items import ItemChange, compare
from lightdash_sync.content.authorship import (
    BACKFILLED,
    MADE_ANEW,
    creation_stamp,
    of_no_version,
    of_version,
    version_stamp,
)
from lightdash_sync.content.identity import Identity, former_uuids, made_anew
from lightdash_sync.content.json import same
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import GitError, SnapshotError
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST, is_version_name, parse_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from lightdash_sync.changes.change import Change
    from lightdash_sync.content.json import Json
    from lightdash_sync.git import Repository, Revision
    from lightdash_sync.history.past import CommittedState, ItemHistory, ItemVersion
    from lightdash_sync.history.sources import Commits

_AT_ONCE = 500  # contents in memory
_ORDER = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class SnapshotCommit:
    """One commit of a snapshot.

    Attributes:
        revision: the commit.
        items: the changed items by kind and key, up to the requested number.
        more: number of further items that it changed.
        begins: whether items that it adds may be older, because it is of the first backup.
        made_anew: kind and key of the items that were deleted and created again before it.
    """

    revision: Revision
    items: list[ItemChange]
    more: int
    begins: bool
    made_anew: frozenset[tuple[Kind, str]] = frozenset()


def snapshot_log(commits: Commits, limit: int | None, listed: int | None) -> Iterator[SnapshotCommit]:
    """Yield the commits that touched a snapshot, newest first.

    Args:
        commits: the commits to read.
        limit: number of commits; None for all.
        listed: number of items of each commit; None for all. Only the contents of these are read.

    Raises:
        GitError: git failed, or the snapshot was never committed.
    """
    repository = commits.repository
    revisions = [*commits.history(commits.folder, limit)]
    if not revisions:
        raise GitError(f"{commits.folder} was never committed", "`lightdash-sync backup` commits it")
    prefix = f"{repository.inside(commits.folder)}/"
    waiting: list[_Touched] = []
    for revision in revisions:
        waiting.append(_touched(revision, prefix, listed))
        if sum(len(one.ids) for one in waiting) >= _AT_ONCE:
            yield from _read(repository, waiting)
            waiting = []
    yield from _read(repository, waiting)


@dataclass(frozen=True, slots=True)
class _Touched:
    """The changes of a commit, before their contents are read.

    Attributes:
        revision: the commit.
        before: path in the snapshot -> id of the content before the commit, for the listed items.
        after: the same after the commit.
        more: number of items that are not listed.
        begins: whether it is of the first backup.
        maps: ids of the identity maps before and after, if its message mentions items made anew.
    """

    revision: Revision
    before: Mapping[str, str]
    after: Mapping[str, str]
    more: int
    begins: bool
    maps: tuple[str, ...] = ()

    @property
    def ids(self) -> set[str]:
        return {*self.before.values(), *self.after.values(), *self.maps}


def _touched(revision: Revision, prefix: str, listed: int | None) -> _Touched:
    names = [path.removeprefix(prefix) for path in revision.before.keys() | revision.after.keys()]
    places = [(place, name) for name in names if (place := parse_path(name)) and not place.version]
    items = [name for _, name in sorted(places, key=lambda one: (_ORDER[one[0].kind], one[0].key))]
    chosen = items[:listed]
    before, after = (
        {name: side[prefix + name] for name in chosen if prefix + name in side}
        for side in (revision.before, revision.after)
    )
    is_first = prefix + MANIFEST in revision.after and prefix + MANIFEST not in revision.before
    begins = is_first or BACKFILLED in revision.message.splitlines()
    maps = [side.get(prefix + IDENTITY, "") for side in (revision.before, revision.after)]
    tells = MADE_ANEW in revision.message and all(maps)
    return _Touched(revision, before, after, len(items) - len(chosen), begins, tuple(maps) if tells else ())


def _read(repository: Repository, waiting: list[_Touched]) -> Iterator[SnapshotCommit]:
    ids = sorted({name for one in waiting for name in one.ids})
    contents = dict(zip(ids, repository.blobs(ids), strict=True))
    for one in waiting:
        before, after = (
            {path: contents[name] for path, name in side.items()} for side in (one.before, one.after)
        )
        anew = _made_anew(*(contents[name] for name in one.maps)) if one.maps else frozenset()
        yield SnapshotCommit(one.revision, compare(before, after), one.more, one.begins, anew)


def _made_anew(before: bytes, after: bytes) -> frozenset[tuple[Kind, str]]:
    """Return the items created again between two identity maps; empty if a map cannot be read."""
    try:
        return frozenset(made_anew(Identity.from_bytes(before), Identity.from_bytes(after)))
    except SnapshotError:
        return frozenset()


# The time line of one item, merged from commits and Lightdash's versions.
#
# A version has an author and a time. Changes that belong to a version are listed with it; a commit lists only
# the other changes (name, description, place), or all changes of an item without versions. Lightdash reports
# neither author nor time of those: somebody made them at some time before the commit.

_NOT_YET = datetime.max.replace(tzinfo=UTC)
_REVISIONS_AT_ONCE = timedelta(
    seconds=1
)  # the first save of a new item follows its creation within milliseconds


class Event(StrEnum):
    """What happened to an item."""

    FIRST_VERSION = "first_version"
    FIRST_SEEN = "first_seen"
    CREATED = "created"
    CHANGED = "changed"
    REPLACED = "replaced"
    DELETED = "deleted"
    RESTORED = "restored"
    RECREATED = "recreated"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of a time line.

    Attributes:
        event: the event.
        time: of the event, in UTC; None for a change on disk that is not committed yet.
        seen_by: whether only the time of the commit is known, so that the event may be earlier.
        person: key of the person who did it; None if unknown.
        changes: the differences from before.
        version: name of the resulting version; "" if there is none, or it has no name.
        commit: the first commit that has the change; None if there is none.
    """

    event: Event
    time: datetime | None
    seen_by: bool
    person: str | None
    changes: tuple[Change, ...] = ()
    version: str = ""
    commit: Revision | None = None

    @property
    def quiet(self) -> bool:
        """Whether the entry is of no interest to users."""
        return self.event is Event.CHANGED and all(change.quiet for change in self.changes)


def time_line(past: ItemHistory) -> list[LogEntry]:
    """Return the time line of an item, newest first."""
    versions = past.versions_in_order()
    saved = _by_versions(past.item.kind, versions)
    committed = [*_by_commits(past)]
    beginnings = [entry for entry in committed[:1] if entry.event in (Event.CREATED, Event.FIRST_SEEN)]
    committed = committed[len(beginnings) :]
    if created := _creation(past):
        beginnings = [created]
        if versions and created.time and versions[0][1].stamp.time - created.time <= _REVISIONS_AT_ONCE:
            saved = saved[1:]
    elif beginnings and beginnings[0].event is Event.CREATED and saved:
        beginnings, saved[0] = [], replace(saved[0], event=Event.CREATED)
    elif beginnings and beginnings[0].event is Event.FIRST_SEEN and beginnings[0].commit is None:
        beginnings = []  # there are no commits at all
    return _newest_first([*beginnings, *saved, *committed])


def _creation(past: ItemHistory) -> LogEntry | None:
    """Return the creation of an item, for kinds whose time of creation Lightdash reports."""
    first = next((state for state in past.states if state.content is not None), None)
    stamp = creation_stamp(past.item.kind, first.facts, first.content) if first else None
    if first is None or stamp is None:
        return None
    return LogEntry(Event.CREATED, stamp.time, False, stamp.person, commit=first.commit)


def _by_versions(kind: Kind, versions: Sequence[tuple[str, ItemVersion]]) -> list[LogEntry]:
    """Return an entry for each version, with its changes from the version before."""
    told = []
    before: Json = None
    for name, version in versions:
        event = Event.FIRST_VERSION if before is None else Event.CHANGED
        differs = () if before is None else tuple(changes(kind, before, version.content))
        shown = name if is_version_name(name) else ""
        stamp = version.stamp
        told.append(LogEntry(event, stamp.time, False, stamp.person, differs, shown, version.commit))
        before = version.content
    return told


def _by_commits(past: ItemHistory) -> Iterator[LogEntry]:
    """Yield an entry for each commit, with the changes that no version explains."""
    last: CommittedState | None = None
    for state in past.states:
        time = state.commit.committed if state.commit else None
        if state.content is None:
            yield LogEntry(Event.DELETED, time, True, None, commit=state.commit)
            continue
        event = _event(state, last)
        differs = _unexplained(past, state, last)
        if differs or event is not Event.CHANGED:
            yield LogEntry(event, time, True, None, tuple(differs), commit=state.commit)
        last = state


def _event(state: CommittedState, last: CommittedState | None) -> Event:
    if state.before is None and last is None:
        return Event.FIRST_SEEN if state.begins else Event.CREATED
    uuids = {uuid for one in (last, state) if one and isinstance(uuid := one.facts.get("uuid"), str)}
    is_same = len(uuids) < 2  # as far as anybody knows
    if state.before is None:
        return Event.RESTORED if is_same else Event.RECREATED
    if is_same:
        return Event.CHANGED
    return Event.RECREATED if last and last.facts.get("uuid") in former_uuids(state.facts) else Event.REPLACED


def _unexplained(past: ItemHistory, state: CommittedState, last: CommittedState | None) -> list[Change]:
    """Return the differences from before that no version explains."""
    kind = past.item.kind
    before = last.content if state.before is None and last is not None else state.before
    if before is None:
        return []
    stamp = version_stamp(kind, state.facts)
    if stamp is not None:
        former = None if last is None else version_stamp(kind, last.facts)
        same_item = last is not None and last.facts.get("uuid") == state.facts.get("uuid")
        explained = not same_item or former is None or former.version != stamp.version
    else:
        saved = of_version(kind, state.content)
        explained = any(same(saved, one.content) for one in past.versions.values())
    if explained:
        return changes(kind, of_no_version(kind, before), of_no_version(kind, state.content))
    return changes(kind, before, state.content)


def _newest_first(entries: Iterable[LogEntry]) -> list[LogEntry]:
    """Return entries newest first. Commits keep their order, whatever their times are."""
    latest = datetime.min.replace(tzinfo=UTC)
    placed = []
    for entry in entries:
        time = entry.time or _NOT_YET
        if entry.seen_by:
            time = latest = max(latest, time)
        placed.append((time, entry))
    return [entry for _, entry in sorted(placed, key=lambda one: one[0])][::-1]
