"""Looking into values of any shape: what is not there, or is something else, is no error.

Content comes from people, servers and pull requests, and nothing but the form of JSON is sure.
"""

from __future__ import annotations

from lightdash_sync.model.canonical import Json, JsonObject, canonical, objects
from lightdash_sync.model.changes.change import ABSENT, Value, same


def itself(element: Value) -> bytes:
    """A key for elements that are their own name."""
    return b"" if element is ABSENT else canonical(element)


def get(item: Value, name: str) -> Value:
    """Return a field of an object; `ABSENT` where there is none."""
    return item.get(name, ABSENT) if isinstance(item, dict) else ABSENT


def inside(item: Value, *names: str) -> Json:
    """Return the value below some names; null where there is none."""
    for name in names:
        item = get(item, name)
    return None if item is ABSENT else item


def text(item: Value, *names: str) -> str:
    """Return the text below some names; "" where there is none."""
    found = inside(item, *names)
    return found if isinstance(found, str) else ""


def held(item: Value, *names: str) -> list[JsonObject]:
    """Return the objects of the list below some names."""
    return objects(inside(item, *names))


def differs(old: Value, new: Value, name: str) -> bool:
    """Whether a field of two objects differs."""
    return not same(get(old, name), get(new, name))


def different(old: Value, new: Value) -> set[str]:
    """Return the names of the fields that differ."""
    names = {name for side in (old, new) if isinstance(side, dict) for name in side}
    return {name for name in names if differs(old, new, name)}


def without(item: Value, names: frozenset[str]) -> Value:
    """Return a value without the fields of these names, at any depth."""
    if not names:
        return item
    if isinstance(item, dict):
        return {key: without(inner, names) for key, inner in item.items() if key not in names}  # type: ignore[misc]
    if isinstance(item, list):
        return [without(inner, names) for inner in item]  # type: ignore[misc]
    return item
