"""Three-way merge of contents: what each side changed since a common base, together.

Objects are merged field by field, lists of named elements (tiles, tabs, filters, metrics …) element by
element, lists of texts as sets that keep an order. What only one side changed is taken from there; what
both changed alike is taken once; what they changed otherwise is a conflict, told by its path, and never
decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.model.changes.change import ABSENT, Path, Value, same

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import Json, JsonObject

# What names an element of a list, tried in this order.
_NAMES = ("id", "uuid", "fieldId", "name", "email", "group", "recipient", "channel")


@dataclass(frozen=True)
class Merged:
    """The result of a merge.

    Attributes:
        value: what both sides together say; where they contradict each other, what the first says.
        conflicts: where they do.
    """

    value: Value
    conflicts: tuple[Path, ...] = ()


def merge(base: Value, ours: Value, theirs: Value, path: Path = ()) -> Merged:
    """Merge two values that came from one.

    Args:
        base: what both began with; `ABSENT` for nothing.
        ours: what the first side has.
        theirs: what the second side has.
        path: where this is, for conflicts.
    """
    if same(ours, theirs) or same(theirs, base):
        return Merged(ours)
    if same(ours, base):
        return Merged(theirs)
    if isinstance(base, dict) and isinstance(ours, dict) and isinstance(theirs, dict):
        return _objects(base, ours, theirs, path)
    if isinstance(base, list) and isinstance(ours, list) and isinstance(theirs, list):
        return _lists(base, ours, theirs, path)
    return Merged(ours, (path,))


def _objects(base: JsonObject, ours: JsonObject, theirs: JsonObject, path: Path) -> Merged:
    result: JsonObject = {}
    conflicts: list[Path] = []
    for name in sorted(base.keys() | ours.keys() | theirs.keys()):
        before, mine, other = (side.get(name, ABSENT) for side in (base, ours, theirs))
        one = merge(before, mine, other, (*path, name))
        conflicts += one.conflicts
        if one.value is not ABSENT:
            result[name] = one.value
    return Merged(result, tuple(conflicts))


def _lists(base: list[Json], ours: list[Json], theirs: list[Json], path: Path) -> Merged:
    """Merge element by element, in our order; what they added comes after what it stood behind."""
    named = [_by_name(side) for side in (base, ours, theirs)]
    first, second, third = named
    if first is None or second is None or third is None:
        return Merged(ours, (path,))
    result: dict[str, Json] = {}
    conflicts: list[Path] = []
    for name in _in_order(list(second), list(third), set(first)):
        before, mine, other = (side.get(name, ABSENT) for side in (first, second, third))
        one = merge(before, mine, other, (*path, name))
        conflicts += one.conflicts
        if one.value is not ABSENT:
            result[name] = one.value
    return Merged([*result.values()], tuple(conflicts))


def _in_order(ours: list[str], theirs: list[str], base: set[str]) -> list[str]:
    """Return all names: ours in our order, each of theirs behind the one it follows; removed ones last."""
    order = list(ours)
    before: str | None = None
    for name in theirs:
        if name not in order:
            order.insert(0 if before is None else order.index(before) + 1, name)
        before = name
    return order + sorted(base - set(order))


def _by_name(items: list[Json]) -> dict[str, Json] | None:
    """Return name -> element; None if an element has no name, or two have the same."""
    found: dict[str, Json] = {}
    for item in items:
        name = _name(item)
        if name is None or name in found:
            return None
        found[name] = item
    return found


def _name(item: Json) -> str | None:
    if isinstance(item, str):
        return item
    if isinstance(item, dict):
        return next((value for field in _NAMES if isinstance(value := item.get(field), str)), None)
    return None
