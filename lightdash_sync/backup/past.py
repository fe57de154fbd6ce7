"""What a snapshot tells of the past: every state that an item is known to have had.

Of a chart these are its earlier versions and the current one, of a dashboard too where the server keeps a
history of them, of everything else the current one alone. An earlier version comes with what does not belong
to a version (name, description, place) as it is now, because Lightdash does not tell what it was. A version
that refers to something that no longer exists has no state of its own: it would be a snapshot with a hole. It
stays in the item's history.

A dashboard to which charts or other dashboards refer stands there empty before it gets its content, like
a space: what it showed then is not known either, and a chart that is saved in it has to be somewhere. Where
its history is known, its oldest version takes that place, unless what it shows needs the dashboard itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import partial
from typing import TYPE_CHECKING

from lightdash_sync.export.reuse import SEEN
from lightdash_sync.model.authorship import moment, of_no_version, version_stamp
from lightdash_sync.model.canonical import JsonObject, canonical, parse, sha256
from lightdash_sync.model.kinds import KINDS, Kind
from lightdash_sync.model.links import is_known, links, schema_problem
from lightdash_sync.model.older import item_as_written_today
from lightdash_sync.model.parts import PARTS, parts_in, without_parts
from lightdash_sync.snapshot.layout import item_path, parse_path, version_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

    from lightdash_sync.git import Content
    from lightdash_sync.model.canonical import Json
    from lightdash_sync.model.identity import Identity
    from lightdash_sync.snapshot.read import Snapshot

Item = tuple[Kind, str]

_KINDS: frozenset[str] = frozenset(Kind)
_UNIDENTIFIED = frozenset({Kind.COMMENTS, Kind.PINS, Kind.METRIC_ICONS, Kind.PROJECT})
_ON_TOP = frozenset({Kind.COMMENTS, Kind.PINS, Kind.SCHEDULER})


class Rank(IntEnum):
    """When a state comes, if nothing that it refers to holds it up."""

    FIRST = 0
    AT_ITS_TIME = 1
    LAST = 2


@dataclass(frozen=True, slots=True)
class File:
    """A file that a state brings.

    Attributes:
        content: what is in it.
        sha: SHA-256 of that.
    """

    content: Content
    sha: str


@dataclass(frozen=True, slots=True)
class State:
    """An item as it was from some time on.

    Attributes:
        item: kind and key.
        rank: when it comes.
        time: since when it was so, if that is known.
        person: key of who made it so, if that is known.
        files: what it adds to a snapshot, or changes there, by path.
        facts: all that `identity.json` says of the item from then on; None if it says nothing.
        needs: items that it refers to.
        is_first: whether the item was not there before.
    """

    item: Item
    rank: Rank
    time: datetime | None
    person: str | None
    files: Mapping[str, File]
    facts: JsonObject | None
    needs: frozenset[Item]
    is_first: bool


def states(snapshot: Snapshot, identity: Identity) -> list[State]:
    """Return every state that is known, those of one item in their order.

    Raises:
        SnapshotError: a file is not as it was written.
    """
    reader = _Reader(snapshot, identity)
    places = [place for path in sorted(snapshot.manifest.files) if (place := parse_path(path))]
    found = [state for place in places if not place.version for state in reader.states(place.kind, place.key)]
    entered = {
        item
        for state in found
        if state.item[0] not in _ON_TOP
        for item in state.needs
        if item[0] is Kind.DASHBOARD
    }
    needs = {state.item: state.needs for state in found if state.is_first}
    empty = {item for item in entered if not reader.tells_past(item) or _needs_itself(item, needs)}
    return [
        part
        for state in found
        for part in (reader.begun(state) if state.is_first and state.item in empty else (state,))
    ]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one item at a time, and keeps no content."""

    snapshot: Snapshot
    identity: Identity

    def states(self, kind: Kind, key: str) -> Iterator[State]:
        """Yield the states of an item, the current one last."""
        path, facts = item_path(kind, key), self.identity.facts(kind, key)
        content = parse(self.snapshot.checked(path))
        files: dict[str, File] = {}
        is_first = True
        known: JsonObject = {}
        for name, about in sorted(_object(facts.get("versions")).items()) if KINDS[kind].history else ():
            state = self._earlier((kind, key), name, content, _object(about), known)
            if state is not None:
                yield replace(state, files={**state.files, **files}, is_first=is_first)
                files, is_first = {}, False
            known = known | {name: about}
            files[version_path(kind, key, name)] = self._file(version_path(kind, key, name))
        stamp = None if kind in _ON_TOP else version_stamp(kind, facts)
        yield State(
            item=(kind, key),
            rank=_rank(kind, stamp.time if stamp else None),
            time=stamp.time if stamp else None,
            person=stamp.person if stamp else None,
            files=files | {path: self._file(path)},
            facts=None if kind in _UNIDENTIFIED else facts,
            needs=_needs(kind, key, content),
            is_first=is_first,
        )

    def tells_past(self, item: Item) -> bool:
        """Whether the server tells of earlier versions of an item."""
        return isinstance(self.identity.facts(*item).get("version"), str)

    def begun(self, state: State) -> tuple[State, State]:
        """Divide the first state of a dashboard: there it stands empty, then it has its content."""
        (kind, key), path = state.item, item_path(*state.item)
        content = _object(parse(self.snapshot.checked(path)))
        filters: JsonObject = {group: [] for group in _object(content.get("filters"))}
        empty = _object(of_no_version(kind, content)) | {"tiles": [], "tabs": [], "filters": filters}
        facts = {name: value for name, value in (state.facts or {}).items() if name in ("uuid", "slug")}
        data = canonical(empty)
        begun = State(
            item=state.item,
            rank=Rank.FIRST,
            time=None,
            person=None,
            files={path: File(data, sha256(data))},
            facts=facts | {part: {} for part in PARTS},
            needs=_needs(kind, key, empty),
            is_first=True,
        )
        return begun, replace(state, is_first=False)

    def _earlier(
        self, item: Item, name: str, now: Json, about: JsonObject, known: JsonObject
    ) -> State | None:
        """Return an item as it was in an earlier version; None if it cannot stand in a snapshot."""
        (kind, key), path, version = item, item_path(*item), version_path(*item, name)
        saved = _object(parse(self.snapshot.checked(version)))
        then = _then(kind, saved, now)
        if schema_problem(kind, then) or not all(is_known(link, self.identity) for link in links(kind, then)):
            return None
        time, person = moment(saved.get("createdAt")), saved.get("createdBy")
        facts = {
            fact: value
            for fact, value in self.identity.facts(kind, key).items()
            if fact not in (SEEN, "version", "versions", "dashboardVersionId")
        }
        facts |= {"version": about.get("uuid"), "updatedAt": saved.get("createdAt"), "updatedBy": person}
        facts = (without_parts(facts) if parts_in(about) else facts) | parts_in(about)
        return State(
            item=item,
            rank=_rank(kind, time),
            time=time,
            person=person if isinstance(person, str) else None,
            files={path: File(partial(self._read_then, kind, version, path), sha256(canonical(then)))},
            facts=facts | ({"versions": known} if known else {}),
            needs=_needs(kind, key, then),
            is_first=False,
        )

    def _read_then(self, kind: Kind, version: str, path: str) -> bytes:
        saved, now = (parse(self.snapshot.checked(one)) for one in (version, path))
        return canonical(_then(kind, _object(saved), now))

    def _file(self, path: str) -> File:
        return File(self.snapshot.root / path, self.snapshot.manifest.files[path])


def _needs_itself(item: Item, needs: Mapping[Item, Collection[Item]]) -> bool:
    """Whether what an item refers to refers back to it, by any way."""
    reached: set[Item] = set()
    ahead = [*needs.get(item, ())]
    while ahead and item not in reached:
        if (other := ahead.pop()) not in reached:
            reached.add(other)
            ahead += needs.get(other, ())
    return item in reached


def _then(kind: Kind, saved: JsonObject, now: Json) -> JsonObject:
    """Return the content of an item's file when a version was the current one."""
    history = KINDS[kind].history
    then = _object(saved.get(history.saved)) if history else {}
    return item_as_written_today(kind, then) | _object(of_no_version(kind, now))


def _rank(kind: Kind, time: datetime | None) -> Rank:
    if time is not None:
        return Rank.AT_ITS_TIME
    return Rank.LAST if kind in _ON_TOP else Rank.FIRST


def _needs(kind: Kind, key: str, content: Json) -> frozenset[Item]:
    """Return the other items that a content file refers to; comments are on the dashboard of their key."""
    found = {(Kind(link.to), link.key) for link in links(kind, content) if link.to in _KINDS}
    if kind is Kind.COMMENTS:
        found.add((Kind.DASHBOARD, key))
    return frozenset(found - {(kind, key)})


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}
