"""Three-way merge of contents: what each side changed since a common base, together.

Objects are merged field by field, lists of named elements (tiles, tabs, filters, metrics …) element by
element, lists of texts as sets that keep an order. What only one side changed is taken from there, an
order of elements too; what both changed alike is taken once; what they changed otherwise is a conflict,
told by its path, and never decided here. Where no common base is known, nobody can tell who changed what:
then each place where the two differ is a conflict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.changes.change import Path
from lightdash_sync.content.json import ABSENT, Value, same

if TYPE_CHECKING:
    from lightdash_sync.content.json import Json, JsonObject

# What names an element of a list, tried in this order.
_NAMES = (
    ("id",),
    ("uuid",),
    ("fieldId",),
    ("table", "metric"),
    ("table", "name"),
    ("kind", "key"),
    ("name",),
    ("email",),
    ("group",),
    ("recipient",),
    ("channel",),
)


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


def merge_without_base(ours: Value, theirs: Value, path: Path = ()) -> Merged:
    """Merge two values of which nobody knows what they came from: each place where they differ is a conflict.

    Args:
        ours: what the first side has; `ABSENT` for nothing.
        theirs: what the second side has.
        path: where this is, for conflicts.
    """
    if same(ours, theirs):
        return Merged(ours)
    found: list[Path] = []
    if isinstance(ours, dict) and isinstance(theirs, dict):
        mine, other = ours, theirs
    elif (pair := _named_lists(ours, theirs)) is not None:
        mine, other = pair
        both = mine.keys() & other.keys()
        if [name for name in mine if name in both] != [name for name in other if name in both]:
            found.append(path)
    else:
        return Merged(ours, (path,))
    for name in sorted(mine.keys() | other.keys()):
        one = merge_without_base(mine.get(name, ABSENT), other.get(name, ABSENT), (*path, name))
        found += one.conflicts
    return Merged(ours, tuple(found))


def _named_lists(ours: Value, theirs: Value) -> tuple[dict[str, Json], dict[str, Json]] | None:
    """Return the elements of two lists by their names; None if that is not what the two are."""
    if not (isinstance(ours, list) and isinstance(theirs, list)):
        return None
    mine, other = _by_name(ours), _by_name(theirs)
    return None if mine is None or other is None else (mine, other)


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
    """Merge element by element; what one side added comes after what it stood behind there."""
    first, second, third = (_by_name(side) for side in (base, ours, theirs))
    if first is None or second is None or third is None:
        return Merged(ours, (path,))
    result: list[Json] = []
    order = _order(list(first), list(second), list(third))
    conflicts: list[Path] = [] if order is not None else [path]
    for name in order or _woven(list(second), list(third)):
        before, mine, other = (side.get(name, ABSENT) for side in (first, second, third))
        one = merge(before, mine, other, (*path, name))
        conflicts += one.conflicts
        if one.value is not ABSENT:
            result.append(one.value)
    return Merged(result, tuple(conflicts))


def _order(base: list[str], ours: list[str], theirs: list[str]) -> list[str] | None:
    """Return the names of both sides in the order of who changed it; None if both did, and otherwise."""
    everywhere = set(base) & set(ours) & set(theirs)
    before, mine, other = ([name for name in side if name in everywhere] for side in (base, ours, theirs))
    if other in (before, mine):
        return _woven(ours, theirs)
    return _woven(theirs, ours) if mine == before else None


def _woven(first: list[str], second: list[str]) -> list[str]:
    """Return the names of two lists in the order of the first, the others behind what they follow."""
    order = list(first)
    before: str | None = None
    for name in second:
        if name not in first:
            order.insert(0 if before is None else order.index(before) + 1, name)
        before = name
    return order


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
    if not isinstance(item, dict):
        return None
    found = ([item.get(field) for field in fields] for fields in _NAMES)
    return next((".".join(map(str, values)) for values in found if all(map(_is_text, values))), None)


def _is_text(value: Json) -> bool:
    return isinstance(value, str)
