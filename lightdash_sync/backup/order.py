"""In which order the states of a project's items became a project.

A state comes after everything that it refers to; of those that could come, the oldest first. Items that
refer to each other in a circle come together. States may be gathered: what one person did in one day, or
month, or year, comes at once if nothing stands between; but never two states of one item.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from lightdash_sync.backup.past import Rank

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterator, Sequence

    from lightdash_sync.backup.past import Item, State

_NEVER = datetime.min.replace(tzinfo=UTC)

Turn = tuple[Rank, datetime, "Item", int]


def in_order(states: Sequence[State], alike: int | None) -> Iterator[list[State]]:
    """Yield the states that come together, one after another.

    Args:
        states: those of one item in their order.
        alike: how many characters of their times (ISO 8601, UTC) two states of one person have in common
            to come together: 10 for the day, 7 for the month, 4 for the year, 0 for all time; None to let
            each come alone. What has no time of its own comes together in any case.
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
    """Return what refers to each other in a circle together, and everything else alone.

    Args:
        refers: for each thing, by its number, the numbers of those it refers to.

    This is Tarjan's algorithm, without recursion: a circle may be long.
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


def _references(states: Sequence[State]) -> list[set[int]]:
    """Return for each state the numbers of those that must be there: what it refers to, its predecessor."""
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
    """States that cannot come but together, most often one.

    Attributes:
        members: their numbers.
        items: what they are of.
        turn: when they come; what is less comes first.
        gathered: events that are equal in this come together.
    """

    members: tuple[int, ...]
    items: frozenset[Item]
    turn: Turn
    gathered: Hashable

    @classmethod
    def of(cls, members: Sequence[int], states: Sequence[State], alike: int | None) -> _Event:
        mine = [states[member] for member in members]
        last = max(mine, key=lambda state: (state.time or _NEVER, state.item))
        rank = Rank.AT_ITS_TIME if last.time else max(state.rank for state in mine)
        gathered: Hashable = rank
        if last.time:
            gathered = members[0] if alike is None else (last.person, last.time.isoformat()[:alike])
        turn = (rank, last.time or _NEVER, last.item, members[0])
        return cls(tuple(members), frozenset(state.item for state in mine), turn, (rank, gathered))


class _Queue:
    """Events that could come, the oldest first."""

    def __init__(self, events: Sequence[_Event], sorter: TopologicalSorter[int]) -> None:
        self._events = events
        self._sorter = sorter
        self._ready: list[tuple[Turn, int]] = []
        self._gathered: dict[Hashable, list[tuple[Turn, int]]] = {}
        self._done: set[int] = set()
        self._arrive()

    def batch(self) -> list[_Event]:
        """Return what comes next; nothing at the end."""
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
