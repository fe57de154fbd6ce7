"""Which element of one list is which of another: by what names it, never by chance."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from lightdash_sync.model.canonical import Json
    from lightdash_sync.model.changes.change import Value

Key: TypeAlias = "Callable[[Value], Hashable]"


class Matched(NamedTuple):
    """What became of the elements of two lists, by their places.

    Attributes:
        both: (place in the old list, place in the new one), in the order of the new one.
        added: places of what is only in the new list.
        removed: places of what is only in the old one.
    """

    both: list[tuple[int, int]]
    added: list[int]
    removed: list[int]


def match(old: Sequence[Json], new: Sequence[Json], *keys: Key) -> Matched:
    """Pair the elements of two lists.

    The first key pairs what it can, the next one what is left, and so on; where several elements share a
    key, the first is paired with the first. Swapping the lists swaps the pairs.

    Args:
        old: the one list.
        new: the other.
        keys: what names an element, strictest first. None as a key names nothing.
    """
    partner: dict[int, int] = {}
    left_old, left_new = list(range(len(old))), list(range(len(new)))
    for key in keys:
        waiting: dict[Hashable, deque[int]] = {}
        for index in left_old:
            if (found := key(old[index])) is not None:
                waiting.setdefault(found, deque()).append(index)
        unmatched = []
        for index in left_new:
            if candidates := waiting.get(key(new[index])):
                partner[index] = candidates.popleft()
            else:
                unmatched.append(index)
        taken = set(partner.values())
        left_old, left_new = [index for index in left_old if index not in taken], unmatched
    both = [(partner[index], index) for index in range(len(new)) if index in partner]
    return Matched(both, left_new, left_old)
