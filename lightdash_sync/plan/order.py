"""The order of things that refer to one another."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, TypeVar

from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.links import links

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from lightdash_sync.model.canonical import Json
    from lightdash_sync.plan.options import Item

T = TypeVar("T")

_KINDS = frozenset(Kind)


def refers_to(kind: Kind, content: Json) -> frozenset[Item]:
    """Return the items that a content file refers to, by field or in text; people and groups are none."""
    return frozenset((Kind(link.to), link.key) for link in links(kind, content) if link.to in _KINDS)


def ordered(names: Mapping[T, tuple[object, ...]], needed: Mapping[T, Collection[T]]) -> list[T]:
    """Put things in an order in which each comes after what it needs, and by name where that is open.

    Where things need each other in a circle, the first of them by name comes first.

    Args:
        names: what is to be put in order, with a name that can be compared.
        needed: what each of them needs; what is not among the names does not count.
    """
    waits = {one: {need for need in needed.get(one, ()) if need in names and need != one} for one in names}
    users: dict[T, list[T]] = {one: [] for one in names}
    for one, needs in waits.items():
        for need in needs:
            users[need].append(one)
    by_name = {names[one]: one for one in names}
    if len(by_name) != len(names):
        raise ValueError("two things have one name")
    left = sorted(by_name, reverse=True)
    ready = [names[one] for one, needs in waits.items() if not needs]
    heapq.heapify(ready)
    done: set[T] = set()
    result: list[T] = []
    while len(result) < len(names):
        # Where nothing is ready there is a circle, and somebody has to begin.
        one = by_name[heapq.heappop(ready) if ready else left.pop()]
        if one in done:
            continue
        done.add(one)
        result.append(one)
        for user in users[one]:
            waits[user].discard(one)
            if not waits[user] and user not in done:
                heapq.heappush(ready, names[user])
    return result
