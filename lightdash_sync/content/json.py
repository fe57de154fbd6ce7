"""One byte form for every JSON value.

Two values are equal when their canonical bytes are: in Python `True == 1`, and a difference library
takes seconds where a comparison of bytes takes a fraction of a millisecond. Keys are sorted, the
indent is two spaces, the last byte is a newline, so that git shows one changed value as one line.
Nothing is interpreted: timestamps stay text, and integers up to 64 bits stay integers.
"""

from __future__ import annotations

import hashlib
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

if TYPE_CHECKING:
    Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
else:
    Json = Any  # pydantic, which reads annotations, need not look at each value: a parser made them
JsonObject: TypeAlias = dict[str, Json]

# orjson writes no deeper value, so nothing that a snapshot can hold is refused on the way back.
MAX_DEPTH = 254
_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"


def canonical(value: Mapping[str, Json] | Sequence[Json] | Json) -> bytes:
    """Return the canonical bytes of a JSON value.

    Raises:
        ValueError: the value is nested too deeply or holds something JSON cannot (a lone surrogate).
    """
    try:
        return orjson.dumps(
            value, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        )
    except (orjson.JSONEncodeError, RecursionError) as error:
        why = _TOO_DEEP if _depth_exceeds(cast("Json", value), MAX_DEPTH) else str(error)
        raise ValueError(f"cannot be written as JSON: {why}") from error


def sent_size(value: Json) -> int:
    """Return how many bytes a value takes as the body of a request."""
    return len(orjson.dumps(value))


def parse(data: bytes) -> Json:
    """Read JSON.

    Raises:
        ValueError: not JSON, or nested deeper than `MAX_DEPTH`.
    """
    value: Json = orjson.loads(data)
    if _depth_exceeds(value, MAX_DEPTH):
        raise ValueError(_TOO_DEEP)
    return value


def begins(data: bytes, name: str) -> bytes:
    """Return the first byte of what a field of the outermost object holds, without parsing.

    Args:
        data: an object in the canonical form.
        name: of the field.

    Returns:
        Such as `b'"'` for text and `b"n"` for null; nothing if the object has no such field.
    """
    _, _, value = data.partition(f'\n  "{name}": '.encode())
    return value[:1]


def sha256(data: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def digest(text: str, length: int = 12) -> str:
    """Return the first hexadecimal digits of a text's SHA-256: a short name for it."""
    return sha256(text.encode("utf-8", "surrogatepass"))[:length]


def objects(value: Json) -> list[JsonObject]:
    """Return the objects of a list; nothing if it is no list, or holds anything else."""
    items = value if isinstance(value, list) else []
    found = [item for item in items if isinstance(item, dict)]
    return found if len(found) == len(items) else []


def _depth_exceeds(value: Json, limit: int) -> bool:
    """Walk level by level: recursion would let a hostile file choose the stack's depth."""
    level: list[Json] = [value]
    for _ in range(limit + 1):
        children: list[Json] = []
        for item in level:
            if isinstance(item, dict):
                children.extend(item.values())
            elif isinstance(item, list):
                children.extend(item)
        if not children:
            return False
        level = children
    return True


# Looking into values of any shape: what is not there, or is something else, is no error.
#
# Content comes from people, servers and pull requests, and nothing but the form of JSON is sure.


def itself(element: Value) -> bytes:
    """A key for elements that are their own name."""
    return b"" if element is ABSENT else canonical(element)


def get_field(item: Value, name: str) -> Value:
    """Return a field of an object; `ABSENT` where there is none."""
    return item.get(name, ABSENT) if isinstance(item, dict) else ABSENT


def get_path(item: Value, *names: str) -> Json:
    """Return the value below some names; null where there is none."""
    for name in names:
        item = get_field(item, name)
    return None if item is ABSENT else item


def get_str(item: Value, *names: str) -> str:
    """Return the text below some names; "" where there is none."""
    found = get_path(item, *names)
    return found if isinstance(found, str) else ""


def get_list(item: Value, *names: str) -> list[JsonObject]:
    """Return the objects of the list below some names."""
    return objects(get_path(item, *names))


def differs(old: Value, new: Value, name: str) -> bool:
    """Whether a field of two objects differs."""
    return not same(get_field(old, name), get_field(new, name))


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


class Absent(Enum):
    """The type of `ABSENT`: not there at all, which is not the same as null."""

    ABSENT = "absent"


ABSENT: Final[Literal[Absent.ABSENT]] = Absent.ABSENT


Value: TypeAlias = "Json | Literal[Absent.ABSENT]"


def same(old: Value, new: Value) -> bool:
    """Whether two values have the same canonical bytes: in Python, `True == 1 == 1.0`."""
    if old is ABSENT or new is ABSENT:
        return old is new
    return old == new and canonical(old) == canonical(new)
