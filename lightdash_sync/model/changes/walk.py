"""The walk through two contents at once: nodes say what they understand, the rest is said field by field.

A node gets two unequal values and says what differs. Objects are walked by a table of nodes for the
fields somebody has words for; every other field, known to us or not, goes to a general node, so that no
difference is passed over. If a node finds nothing to say, the walk says the difference itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

from lightdash_sync.model.changes.change import ABSENT, Change, dotted, field_name, same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lightdash_sync.model.canonical import Json
    from lightdash_sync.model.changes.change import Path, Value

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
