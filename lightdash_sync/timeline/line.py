"""One time line of an item, of commits and of Lightdash's versions.

A version says who saved it and when. What a commit changed is told by the versions that it holds; of the
commit itself only what belongs to no version is told (name, description, place), and of an item without
versions all. Lightdash does not say who did that, nor when: somebody, before that commit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from lightdash_sync.model.authorship import creation_stamp, of_no_version, of_version, version_stamp
from lightdash_sync.model.changes import changes
from lightdash_sync.model.changes.change import same
from lightdash_sync.model.identity import former_uuids
from lightdash_sync.snapshot.layout import is_version_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lightdash_sync.git import Revision
    from lightdash_sync.model.canonical import Json
    from lightdash_sync.model.changes import Change
    from lightdash_sync.model.kinds import Kind
    from lightdash_sync.timeline.past import Past, State, Version

_NOT_YET = datetime.max.replace(tzinfo=UTC)
_AT_ONCE = timedelta(seconds=1)  # the first save of a new item follows its creation within milliseconds


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
class Entry:
    """One thing that happened.

    Attributes:
        event: what.
        time: when, in UTC; None for what is on disk and not committed yet.
        seen_by: whether it happened at that time or any time before: that of the commit is all that is known.
        person: key of who it was; None if nobody knows.
        changes: what differs from before.
        version: name of the version that came of it; "" if none did, or it has no name.
        commit: the first commit that holds it; None if none does.
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
        """Whether it means nothing to users."""
        return self.event is Event.CHANGED and all(change.quiet for change in self.changes)


def time_line(past: Past) -> list[Entry]:
    """Return what happened to an item, newest first."""
    versions = sorted(past.versions.items(), key=lambda named: (named[1].stamp.time, named[0]))
    saved = _by_versions(past.item.kind, versions)
    committed = [*_by_commits(past)]
    beginnings = [entry for entry in committed[:1] if entry.event in (Event.CREATED, Event.FIRST_SEEN)]
    committed = committed[len(beginnings) :]
    if created := _creation(past):
        beginnings = [created]
        if versions and created.time and versions[0][1].stamp.time - created.time <= _AT_ONCE:
            saved = saved[1:]
    elif beginnings and beginnings[0].event is Event.CREATED and saved:
        beginnings, saved[0] = [], replace(saved[0], event=Event.CREATED)
    elif beginnings and beginnings[0].event is Event.FIRST_SEEN and beginnings[0].commit is None:
        beginnings = []  # there are no commits at all
    return _newest_first([*beginnings, *saved, *committed])


def _creation(past: Past) -> Entry | None:
    """Return when an item was made, for kinds of which Lightdash says so."""
    first = next((state for state in past.states if state.content is not None), None)
    stamp = creation_stamp(past.item.kind, first.facts, first.content) if first else None
    if first is None or stamp is None:
        return None
    return Entry(Event.CREATED, stamp.time, False, stamp.person, commit=first.commit)


def _by_versions(kind: Kind, versions: Sequence[tuple[str, Version]]) -> list[Entry]:
    """Tell each version by what it changed of the one before."""
    told = []
    before: Json = None
    for name, version in versions:
        event = Event.FIRST_VERSION if before is None else Event.CHANGED
        differs = () if before is None else tuple(changes(kind, before, version.content))
        shown = name if is_version_name(name) else ""
        stamp = version.stamp
        told.append(Entry(event, stamp.time, False, stamp.person, differs, shown, version.commit))
        before = version.content
    return told


def _by_commits(past: Past) -> Iterator[Entry]:
    """Tell each commit by what it changed that no version tells."""
    last: State | None = None
    for state in past.states:
        time = state.commit.committed if state.commit else None
        if state.content is None:
            yield Entry(Event.DELETED, time, True, None, commit=state.commit)
            continue
        event = _event(state, last)
        differs = _unexplained(past, state, last)
        if differs or event is not Event.CHANGED:
            yield Entry(event, time, True, None, tuple(differs), commit=state.commit)
        last = state


def _event(state: State, last: State | None) -> Event:
    if state.before is None and last is None:
        return Event.FIRST_SEEN if state.begins else Event.CREATED
    uuids = {uuid for one in (last, state) if one and isinstance(uuid := one.facts.get("uuid"), str)}
    is_same = len(uuids) < 2  # as far as anybody knows
    if state.before is None:
        return Event.RESTORED if is_same else Event.RECREATED
    if is_same:
        return Event.CHANGED
    return Event.RECREATED if last and last.facts.get("uuid") in former_uuids(state.facts) else Event.REPLACED


def _unexplained(past: Past, state: State, last: State | None) -> list[Change]:
    """Return what differs from before, without what versions tell."""
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


def _newest_first(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries newest first. Commits stay in their order, whatever their clocks said."""
    latest = datetime.min.replace(tzinfo=UTC)
    placed = []
    for entry in entries:
        time = entry.time or _NOT_YET
        if entry.seen_by:
            time = latest = max(latest, time)
        placed.append((time, entry))
    return [entry for _, entry in sorted(placed, key=lambda one: one[0])][::-1]
