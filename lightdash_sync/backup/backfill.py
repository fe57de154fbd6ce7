"""Makes the steps of a first backup with history: one step for each known state of an item, oldest first.

The first step has the items without author and references: the project, spaces, tags, metric icons, and
dashboards that others refer to, still empty. Each version of a chart, each SQL chart and each dashboard
follows at its time, with its author. Pins, comments and schedulers come last. Every step is a complete
snapshot with the identity map and manifest of its time, as far as they are known; the last step is the given
snapshot, byte for byte.

As every step has an identity map and a manifest, the total size grows with the square of the project. If it
would exceed `BUDGET`, the steps of one person are combined: by day, otherwise by month, by year, or all of
them; but never two versions of one chart, so that each is in a commit of its author. A combined step has the
time of its last state.

An item first appears with its oldest known version. It may be older than that, so its event is *first seen*,
and each commit is marked as from before the first backup (`BACKFILLED`).

The commits are not strictly in the order of their times: an item that refers to a newer one comes after it.

The sections: the known states, their order, and the steps.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import IntEnum
from functools import partial
from graphlib import TopologicalSorter
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from lightdash_sync.backup.steps import BackupStep, files_of, whole
from lightdash_sync.content.authorship import moment, of_no_version, version_stamp
from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import JsonObject, canonical, parse, sha256
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.older import item_as_written_today
from lightdash_sync.content.parts import PARTS, parts_in, without_parts
from lightdash_sync.content.references import is_known, links, schema_problem
from lightdash_sync.content.versions import oldest_first
from lightdash_sync.export.reuse import SEEN
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST, item_path, parse_path, version_path
from lightdash_sync.snapshot.read import Snapshot

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
    from pathlib import Path

    from lightdash_sync.content.json import Json
    from lightdash_sync.git import Content
    from lightdash_sync.snapshot.manifest import Manifest


# The known states of each item in a snapshot.
#
# A chart has its earlier versions and the current one; so does a dashboard, if the server keeps its history;
# any other item has only the current state. The parts that do not belong to a version (name, description,
# place) have their current values in every state, because Lightdash does not report earlier ones. A version
# that refers to an item that no longer exists has no state, because the snapshot would be incomplete; it
# stays in the item's history.
#
# A dashboard to which charts or other dashboards refer exists empty before it gets its content, like a space:
# its content at that time is unknown, and a chart inside it needs a place. If its history is known, it begins
# with its oldest version instead, unless the content of that needs the dashboard itself.

Item = tuple[Kind, str]

_KINDS: frozenset[str] = frozenset(Kind)
_UNIDENTIFIED = frozenset({Kind.COMMENTS, Kind.PINS, Kind.METRIC_ICONS, Kind.PROJECT})
_ON_TOP = frozenset({Kind.COMMENTS, Kind.PINS, Kind.SCHEDULER})


class Rank(IntEnum):
    """The position of a state in the order, unless it must wait for an item that it refers to."""

    FIRST = 0
    AT_ITS_TIME = 1
    LAST = 2


@dataclass(frozen=True, slots=True)
class File:
    """A file of a state.

    Attributes:
        content: of the file.
        sha: SHA-256 of the content.
    """

    content: Content
    sha: str


@dataclass(frozen=True, slots=True)
class PastState:
    """A state of an item from some time on.

    Attributes:
        item: kind and key.
        rank: its position in the order.
        time: when the state began, if known.
        person: key of its author, if known.
        files: files that it adds to a snapshot or changes, by path.
        facts: of the item in `identity.json` from then on; None if there are none.
        needs: items that it refers to.
        is_first: whether it is the first state of the item.
    """

    item: Item
    rank: Rank
    time: datetime | None
    person: str | None
    files: Mapping[str, File]
    facts: JsonObject | None
    needs: frozenset[Item]
    is_first: bool


def states(snapshot: Snapshot, identity: Identity) -> list[PastState]:
    """Return all known states; those of one item are in order.

    Raises:
        SnapshotError: a file was changed since it was written.
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

    def states(self, kind: Kind, key: str) -> Iterator[PastState]:
        """Yield the states of an item, the current one last."""
        path, facts = item_path(kind, key), self.identity.facts(kind, key)
        content = parse(self.snapshot.checked(path))
        files: dict[str, File] = {}
        is_first = True
        known: JsonObject = {}
        for name, about in oldest_first(facts.get("versions")) if KINDS[kind].history else ():
            state = self._earlier((kind, key), name, content, about, known)
            if state is not None:
                yield replace(state, files={**state.files, **files}, is_first=is_first)
                files, is_first = {}, False
            known = known | {name: about}
            files[version_path(kind, key, name)] = self._file(version_path(kind, key, name))
        stamp = None if kind in _ON_TOP else version_stamp(kind, facts)
        yield PastState(
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
        """Whether earlier versions of an item are known."""
        return isinstance(self.identity.facts(*item).get("version"), str)

    def begun(self, state: PastState) -> tuple[PastState, PastState]:
        """Split the first state of a dashboard into an empty dashboard and one with its content."""
        (kind, key), path = state.item, item_path(*state.item)
        content = _object(parse(self.snapshot.checked(path)))
        filters: JsonObject = {group: [] for group in _object(content.get("filters"))}
        empty = _object(of_no_version(kind, content)) | {"tiles": [], "tabs": [], "filters": filters}
        facts = {name: value for name, value in (state.facts or {}).items() if name in ("uuid", "slug")}
        data = canonical(empty)
        begun = PastState(
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
    ) -> PastState | None:
        """Return the state of an item in an earlier version; None if a snapshot cannot have it."""
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
        return PastState(
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
    """Whether an item refers to itself, directly or through other items."""
    reached: set[Item] = set()
    ahead = [*needs.get(item, ())]
    while ahead and item not in reached:
        if (other := ahead.pop()) not in reached:
            reached.add(other)
            ahead += needs.get(other, ())
    return item in reached


def _then(kind: Kind, saved: JsonObject, now: Json) -> JsonObject:
    """Return the content of an item's file at the time when a version was current."""
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


# The order of the states.
#
# A state comes after the items that it refers to; among the states that are ready, the oldest is first. Items
# that refer to each other in a cycle come together. States of one person in one day (or month, or year) may
# be combined if nothing has to come between them; but never two states of one item.

_NEVER = datetime.min.replace(tzinfo=UTC)

Turn = tuple[Rank, datetime, "Item", int]


def in_order(states: Sequence[PastState], alike: int | None) -> Iterator[list[PastState]]:
    """Yield groups of states that come together, in order.

    Args:
        states: the states; those of one item are in order.
        alike: number of leading characters of their times (ISO 8601, UTC) that two states of one person must
            share to be combined: 10 for the day, 7 for the month, 4 for the year, 0 for all time; None to
            combine none. States without a time are always combined.
    """
    refers = _references(states)
    events = [_Event.of(sorted(circle), states, alike) for circle in circles(refers)]
    event_of = {member: number for number, event in enumerate(events) for member in event.members}
    sorter = TopologicalSorter(
        {
            number: {event_of[other] for member in event.members for other in refers[member]} - {number}
            for number, event in enumerate(events)
        }
    )
    sorter.prepare()
    queue = _Queue(events, sorter)
    while batch := queue.batch():
        yield [states[member] for event in batch for member in event.members]


def circles(refers: Sequence[Collection[int]]) -> list[list[int]]:
    """Return the strongly connected components of a graph: each cycle as one group, other nodes alone.

    Args:
        refers: for each node, by its number, the numbers of the nodes it refers to.

    This is Tarjan's algorithm without recursion, because a cycle may be long.
    """
    found: list[list[int]] = []
    index: dict[int, int] = {}
    lowest: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    for start in range(len(refers)):
        way = [] if start in index else [(start, iter(refers[start]))]
        while way:
            here, ahead = way[-1]
            if here not in index:
                index[here] = lowest[here] = len(index)
                stack.append(here)
                on_stack.add(here)
            for there in ahead:
                if there not in index:
                    way.append((there, iter(refers[there])))
                    break
                if there in on_stack:
                    lowest[here] = min(lowest[here], index[there])
            else:
                way.pop()
                if way:
                    lowest[way[-1][0]] = min(lowest[way[-1][0]], lowest[here])
                if lowest[here] == index[here]:
                    circle = [stack.pop()]
                    while circle[-1] != here:
                        circle.append(stack.pop())
                    on_stack.difference_update(circle)
                    found.append(circle)
    return found


def _references(states: Sequence[PastState]) -> list[set[int]]:
    """Return for each state the numbers of the states that must come before it: references, predecessor."""
    first: dict[Item, int] = {}
    last: dict[Item, int] = {}
    for number, state in enumerate(states):
        first.setdefault(state.item, number)
    refers = []
    for number, state in enumerate(states):
        needed = {first[item] for item in state.needs if item in first}
        if state.item in last:
            needed.add(last[state.item])
        last[state.item] = number
        refers.append(needed)
    return refers


@dataclass(frozen=True, slots=True)
class _Event:
    """States that must come together; usually a single one.

    Attributes:
        members: their numbers.
        items: their items.
        turn: sort key of the order.
        gathered: events with equal values may be combined.
    """

    members: tuple[int, ...]
    items: frozenset[Item]
    turn: Turn
    gathered: Hashable

    @classmethod
    def of(cls, members: Sequence[int], states: Sequence[PastState], alike: int | None) -> _Event:
        mine = [states[member] for member in members]
        last = max(mine, key=lambda state: (state.time or _NEVER, state.item))
        rank = Rank.AT_ITS_TIME if last.time else max(state.rank for state in mine)
        gathered: Hashable = rank
        if last.time:
            gathered = members[0] if alike is None else (last.person, last.time.isoformat()[:alike])
        turn = (rank, last.time or _NEVER, last.item, members[0])
        return cls(tuple(members), frozenset(state.item for state in mine), turn, (rank, gathered))


class _Queue:
    """The events that are ready, the oldest first."""

    def __init__(self, events: Sequence[_Event], sorter: TopologicalSorter[int]) -> None:
        self._events = events
        self._sorter = sorter
        self._ready: list[tuple[Turn, int]] = []
        self._gathered: dict[Hashable, list[tuple[Turn, int]]] = {}
        self._done: set[int] = set()
        self._arrive()

    def batch(self) -> list[_Event]:
        """Return the events that come next; empty at the end."""
        while self._ready and self._ready[0][1] in self._done:
            heappop(self._ready)
        if not self._ready:
            return []
        found: list[_Event] = []
        items: set[Item] = set()
        put_off = []
        waiting = self._gathered[self._events[self._ready[0][1]].gathered]
        while waiting:
            turn, number = heappop(waiting)
            event = self._events[number]
            if items.isdisjoint(event.items):
                items |= event.items
                found.append(event)
                self._done.add(number)
                self._sorter.done(number)
                self._arrive()
            else:
                put_off.append((turn, number))
        for entry in put_off:
            heappush(waiting, entry)
        return found

    def _arrive(self) -> None:
        for number in self._sorter.get_ready():
            entry = (self._events[number].turn, number)
            heappush(self._ready, entry)
            heappush(self._gathered.setdefault(self._events[number].gathered, []), entry)


BUDGET = 4 * 2**30
"""Bytes of identity maps and manifests that all steps together may have before steps are combined."""

_ALIKE = (None, len("2026-03-02"), len("2026-03"), len("2026"), 0)


def backfill(new: Path, budget: int = BUDGET) -> Iterator[BackupStep]:
    """Yield the steps that lead to a snapshot; the last is the snapshot itself.

    Args:
        new: directory of the snapshot, which has passed `verify`.
        budget: bytes of identity maps and manifests that all steps together may have.

    Raises:
        SnapshotError: a file was changed since it was written.
    """
    snapshot = Snapshot(new)
    identity = snapshot.identity()
    known = states(snapshot, identity)
    size = sum((new / path).stat().st_size for path in (IDENTITY, MANIFEST))
    batches = _gathered(known, size, budget)
    sidecars = _Sidecars(snapshot.manifest, identity, batches)
    told = {(item.kind, item.key): item for item in whole(new).happened}
    files: dict[str, Content] = {}
    for number, batch in enumerate(batches, 1):
        files |= {path: file.content for state in batch for path, file in state.files.items()}
        beside = {IDENTITY: partial(sidecars.identity, number), MANIFEST: partial(sidecars.manifest, number)}
        yield BackupStep(
            files=files_of(new) if number == len(batches) else {**files, **beside},
            people=_people(batch),
            time=max((state.time for state in batch if state.time), default=None),
            happened=[
                replace(told[state.item], verb="first seen" if state.is_first else "updated")
                for state in sorted(batch, key=lambda state: state.item)
            ],
            is_past=True,
        )
    if not batches:
        yield whole(new)


def _gathered(known: Sequence[PastState], size: int, budget: int) -> list[list[PastState]]:
    """Return the states of each step, combined as far as the budget requires.

    Args:
        known: all states.
        size: bytes of the last step's identity map and manifest; the size of an earlier step is estimated
            in proportion to its number of states.
        budget: bytes.
    """
    batches: list[list[PastState]] = []
    for alike in _ALIKE:
        batches = list(in_order(known, alike))
        there, total = 0, 0
        for batch in batches:
            there += len(batch)
            total += size * there // len(known)
        if total <= budget:
            break
    return batches


def _people(batch: Sequence[PastState]) -> tuple[str, ...]:
    """Return the people with a part in a step, each once, ordered by their last state."""
    signed = [(state.time, state.person) for state in batch if state.time and state.person]
    return tuple(dict.fromkeys(person for _, person in sorted(signed, reverse=True)))[::-1]


@dataclass
class _Sidecars:
    """`identity.json` and `snapshot.json` of each step (the first is 1), made on demand.

    All of them at once would not fit into memory. They are requested in the order of the steps, more than
    once: moving forward by a step is cheap, moving back starts from the beginning.
    """

    final: Manifest
    known: Identity
    batches: Sequence[Sequence[PastState]]
    at: int = 0
    items: dict[Kind, dict[str, JsonObject]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    digests: dict[int, str] = field(default_factory=dict)

    def identity(self, number: int) -> bytes:
        """Return the identity map of a step."""
        self._go(number)
        data = replace(self.known, items=self.items).to_bytes()
        self.digests[number] = sha256(data)
        return data

    def manifest(self, number: int) -> bytes:
        """Return the manifest of a step."""
        if number not in self.digests:
            self.identity(number)
        self._go(number)
        return self.final.model_copy(
            update={
                "files": {**self.files, IDENTITY: self.digests[number]},
                "counts": dict(sorted(self.counts.items())),
            }
        ).to_bytes()

    def _go(self, number: int) -> None:
        if number < self.at or not self.at:
            self._begin()
        for batch in self.batches[self.at : number]:
            for state in batch:
                kind, key = state.item
                if state.facts is not None:
                    self.items.setdefault(kind, {})[key] = state.facts
                for path, file in state.files.items():
                    self._count(path)
                    self.files[path] = file.sha
        self.at = number

    def _begin(self) -> None:
        """Start with the items without files: a partial snapshot has identities of items that it lacks."""
        held: set[Item] = {state.item for batch in self.batches for state in batch}
        self.items = {
            kind: {key: facts for key, facts in entries.items() if (kind, key) not in held}
            for kind, entries in self.known.items.items()
        }
        self.files = {}
        self.counts = Counter()
        self.at = 0

    def _count(self, path: str) -> None:
        place = parse_path(path)
        if place is None or path in self.files:
            return
        if KINDS[place.kind].is_list:
            self.counts[place.kind.value] = self.final.counts.get(place.kind, 0)
        else:
            self.counts[place.counted] += 1
