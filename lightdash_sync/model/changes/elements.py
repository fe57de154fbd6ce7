"""Lists whose elements have a name of their own: matched by it, said element by element."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from lightdash_sync.model.canonical import Json, canonical
from lightdash_sync.model.changes.change import ABSENT
from lightdash_sync.model.changes.look import itself, without
from lightdash_sync.model.changes.match import Key, match
from lightdash_sync.model.changes.walk import Node, Walk, anything

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from lightdash_sync.model.changes.change import Path, Value

Namer: TypeAlias = "Callable[[Walk, Value], str]"


class Codes(NamedTuple):
    """The codes of a list.

    Attributes:
        added: for an element that is only in the new list.
        removed: for one that is only in the old list.
        changed: for one that is in both and differs; "" to say what differs in it field by field.
        reordered: for another order of those in both; "" where the order means nothing.
    """

    added: str
    removed: str
    changed: str = ""
    reordered: str = ""


def nouns(noun: str, reordered: str = "") -> Codes:
    """Return the codes of a list by the noun of its elements."""
    return Codes(f"{noun}_added", f"{noun}_removed", f"{noun}_changed", reordered)


@dataclass(frozen=True)
class Elements:
    """A node for a list whose elements are told apart by what they are.

    Attributes:
        codes: how its changes are called.
        keys: what an element is matched by, strictest first.
        name: what it is called.
        unsaid: fields, at any depth of an element, that alone make a quiet change only.
        quietly: the code of this quiet change.
        rank: what orders the elements, if it is not their place in the list.
        inner: the node for two elements that are the same one and differ, if one change does not do.
    """

    codes: Codes
    keys: tuple[Key, ...]
    name: Namer
    unsaid: frozenset[str] = field(default_factory=frozenset)
    quietly: str = "ids_changed"
    rank: Callable[[Value], float] | None = None
    inner: Node | None = None

    def __call__(self, walk: Walk, old: Value, new: Value, path: Path) -> None:
        """Say what differs between two lists; what is absent or null has no elements."""
        before, after = _as_list(old), _as_list(new)
        if before is None or after is None:
            anything()(walk, old, new, path)
            return
        also = (path,) if old is None or new is None else ()
        exact: Key = lambda element: (self.keys[0](element), _bytes(element, self.unsaid))  # noqa: E731
        found = match(before, after, exact, *self.keys)
        for was, now in found.both:
            walk.at(self._element, before[was], after[now], (*path, now))
        for now in found.added:
            name = self.name(walk, after[now])
            walk.say(self.codes.added, (*path, now), ABSENT, after[now], name, also)
        for was in found.removed:
            name = self.name(walk, before[was])
            walk.say(self.codes.removed, (*path, was), before[was], ABSENT, name, also)
        self._order(walk, before, after, found.both, path)

    def _element(self, walk: Walk, old: Value, new: Value, path: Path) -> None:
        if _bytes(old, self.unsaid) == _bytes(new, self.unsaid):
            walk.say(self.quietly, path, old, new)
        elif self.inner:
            self.inner(walk, old, new, path)
        elif self.codes.changed:
            walk.say(self.codes.changed, path, old, new, self.name(walk, new))
        else:
            anything()(walk, old, new, path)

    def _order(
        self,
        walk: Walk,
        old: Sequence[Json],
        new: Sequence[Json],
        pairs: Sequence[tuple[int, int]],
        path: Path,
    ) -> None:
        """Compare the order of the elements that are in both lists."""
        rank = self.rank or (lambda _element: 0.0)
        was = [now for _, now in sorted(pairs, key=lambda pair: (rank(old[pair[0]]), pair[0]))]
        now = [now for _, now in sorted(pairs, key=lambda pair: (rank(new[pair[1]]), pair[1]))]
        if was != now:
            said_was: list[Json] = [self.name(walk, new[index]) for index in was]
            said_now: list[Json] = [self.name(walk, new[index]) for index in now]
            if said_was == said_now:  # they have the same names: their places, then
                said_was, said_now = [*was], [*now]
            name = "" if self.codes.reordered else ".".join(str(part) for part in path)
            walk.say(self.codes.reordered or "order_changed", path, said_was, said_now, name)


def by(*names: str) -> Key:
    """A key made of some fields; None, which matches nothing, where all are missing."""

    def key(element: Value) -> Hashable:
        if not isinstance(element, dict):
            return itself(element)
        found = [element.get(name) for name in names]
        return None if found == [None] * len(names) else canonical(found)

    return key


def _bytes(item: Value, unsaid: frozenset[str]) -> bytes:
    return itself(without(item, unsaid))


def _as_list(item: Value) -> Sequence[Json] | None:
    if item is ABSENT or item is None:
        return ()
    return item if isinstance(item, list) else None
