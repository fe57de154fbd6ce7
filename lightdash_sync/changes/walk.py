"""The walk through two contents at once: nodes say what they understand, the rest is said field by field.

A node gets two unequal values and says what differs. Objects are walked by a table of nodes for the
fields somebody has words for; every other field, known to us or not, goes to a general node, so that no
difference is passed over. If a node finds nothing to say, the walk says the difference itself.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

from lightdash_sync.changes.change import Change, dotted, field_name
from lightdash_sync.content.json import ABSENT, Json, canonical, differs, get_str, itself, same, without

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from lightdash_sync.changes.change import Path
    from lightdash_sync.content.json import Value

Node: TypeAlias = "Callable[[Walk, Value, Value, Path], None]"

_DEEP = 64  # levels; below that, a difference is said as a whole


class Walk:
    """What was found so far, and what names need.

    Args:
        tables: names of dbt models, by which the id of a field is told from its table.
    """

    def __init__(self, tables: Iterable[str] = ()) -> None:
        self.found: list[Change] = []
        self._told = 0
        self._tables = tuple(sorted(set(tables), key=lambda table: (-len(table), table)))

    def at(self, node: Node, old: Value, new: Value, path: Path) -> None:
        """Compare two values; if they differ, something is said of it, whatever the node does."""
        if same(old, new):
            return
        if {old is ABSENT, new is ABSENT} == {old is None, new is None} == {True, False}:
            self.say("null_changed", path, old, new, dotted(path))
            return
        told = self._told
        if len(path) < _DEEP:
            node(self, old, new, path)
        if self._told == told:
            self.say("field_changed", path, old, new, dotted(path))

    def say(
        self, what: str, where: Path, before: Value, after: Value, name: str = "", also: Iterable[Path] = ()
    ) -> None:
        """Note a change."""
        self.told()
        self.found.append(Change(what, where, before, after, name, tuple(also), self._tables))

    def told(self) -> None:
        """Note that what is being compared is explained."""
        self._told += 1

    def field(self, field_id: Value) -> str:
        """Return the id of a field as `table.field`, if its table is known; else as it is."""
        return field_name(str(field_id), self._tables)


def value(code: str, also: tuple[Path, ...] = ()) -> Node:
    """A node for a value that is said as a whole, and explains other places `also`."""
    return lambda walk, old, new, path: walk.say(code, path, old, new, also=also)


def elsewhere(walk: Walk, _old: Value, _new: Value, _path: Path) -> None:
    """A node for a value that another change explains."""
    walk.told()


def flip(to_true: str, to_false: str) -> Node:
    """A node for a switch: one code for on, one for off."""

    def node(walk: Walk, old: Value, new: Value, path: Path) -> None:
        if isinstance(old, bool) and isinstance(new, bool):
            walk.say(to_true if new else to_false, path, old, new)

    return node


def anything(
    code: str = "field_changed", below: Path = (), is_id: Callable[[Path], bool] = lambda _path: False
) -> Node:
    """A node for whatever nobody has words for: one change for each value that differs.

    Args:
        code: of the changes.
        below: the path that their names leave out.
        is_id: whether a path leads to an id that means nothing.
    """

    def node(walk: Walk, old: Value, new: Value, path: Path) -> None:
        if is_id(path):
            walk.say("ids_changed", path, old, new)
        elif isinstance(old, dict) and isinstance(new, dict):
            for name in sorted(old.keys() | new.keys()):
                walk.at(node, old.get(name, ABSENT), new.get(name, ABSENT), (*path, name))
        elif isinstance(old, list) and isinstance(new, list) and _holds_more(old, new):
            _by_position(walk, node, old, new, path)
        else:
            inner = path[len(below) :] if path[: len(below)] == below else ()
            walk.say(code, path, old, new, dotted(inner or path))

    return node


def fields(nodes: Mapping[str, Node], other: Node | None = None) -> Node:
    """A node for an object.

    Args:
        nodes: for each field that there are words for, in the order in which they are told.
        other: for all other fields, and for what is no object.
    """
    rest = other or anything()

    def node(walk: Walk, old: Value, new: Value, path: Path) -> None:
        before, after = _as_object(old), _as_object(new)
        if before is None or after is None:
            rest(walk, old, new, path)
            return
        names = before.keys() | after.keys()
        for name in [*(name for name in nodes if name in names), *sorted(names - nodes.keys())]:
            inner = nodes.get(name, rest)
            walk.at(inner, before.get(name, ABSENT), after.get(name, ABSENT), (*path, name))

    return node


def each(node_of: Callable[[str], Node]) -> Node:
    """A node for an object whose names are data: each value has the same kind of node."""

    def node(walk: Walk, old: Value, new: Value, path: Path) -> None:
        names = sorted((_as_object(old) or {}).keys() | (_as_object(new) or {}).keys())
        fields({name: node_of(name) for name in names})(walk, old, new, path)

    return node


def _as_object(item: Value) -> dict[str, Json] | None:
    """What is absent has no fields."""
    if item is ABSENT:
        return {}
    return item if isinstance(item, dict) else None


def _holds_more(old: list[Json], new: list[Json]) -> bool:
    """Whether lists are more than lists of plain values, which are said as one."""
    return any(isinstance(item, dict | list) for item in (*old, *new))


def _by_position(walk: Walk, node: Node, old: list[Json], new: list[Json], path: Path) -> None:
    """Compare by position what is left between an equal beginning and an equal end."""
    shorter = min(len(old), len(new))
    start = next((n for n in range(shorter) if not same(old[n], new[n])), shorter)
    end = next((n for n in range(shorter - start) if not same(old[-1 - n], new[-1 - n])), shorter - start)
    for n in range(start, max(len(old), len(new)) - end):
        before = cast("Value", old[n]) if n < len(old) - end else ABSENT
        after = cast("Value", new[n]) if n < len(new) - end else ABSENT
        walk.at(node, before, after, (*path, n))


# Which element of one list is which of another: by what names it, never by chance.

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


# Lists whose elements have a name of their own: matched by it, said element by element.

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


# What all items have: a name, a description, a place.


def described(nodes: Mapping[str, Node], placed_by: tuple[str, ...] = ("space", "dashboard")) -> Node:
    """A node for an item.

    Args:
        nodes: for the fields of its kind.
        placed_by: the fields that say where it is, of which it has one.
    """
    inner = fields(
        {
            "name": value("renamed"),
            **dict.fromkeys(placed_by, elsewhere),
            "description": value("description_changed"),
            **nodes,
            "verification": _verification,
            "palette": value("palette_changed"),
        }
    )

    def node(walk: Walk, old: Value, new: Value, path: Path) -> None:
        if isinstance(old, dict) and isinstance(new, dict):
            _moved(walk, old, new, path, placed_by)
            inner(walk, old, new, path)

    return node


def _moved(
    walk: Walk, old: dict[str, Json], new: dict[str, Json], path: Path, placed_by: tuple[str, ...]
) -> None:
    """One move, whichever of the fields of the place came and went."""
    placed = [name for name in placed_by if old.get(name) is not None or new.get(name) is not None]
    if changed := [(*path, name) for name in placed if differs(old, new, name)]:
        before: Value = {name: old[name] for name in placed_by if name in old}
        after: Value = {name: new[name] for name in placed_by if name in new}
        walk.say("moved", changed[0], before, after, also=changed[1:])


def _verification(walk: Walk, old: Value, new: Value, path: Path) -> None:
    """Somebody vouches for a chart or dashboard, or nobody does any more."""
    if old in (None, ABSENT) and isinstance(new, dict):
        walk.say("verified", path, old, new, _person(new))
    elif new in (None, ABSENT) and isinstance(old, dict):
        walk.say("unverified", path, old, new, _person(old))
    else:
        anything()(walk, old, new, path)


def _person(verification: Json) -> str:
    names = (get_str(verification, "verifiedBy", name) for name in ("firstName", "lastName"))
    return " ".join(name for name in names if name) or "somebody"
