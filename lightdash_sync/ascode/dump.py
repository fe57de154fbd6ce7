"""A document as YAML, byte for byte as the official tool writes it: sorted fields, two spaces, no aliases.

No library for Python writes this style, and a team that comes from the official tool would otherwise see
every file of its repository changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.ascode.scalars import INDENT, key, number, scalar

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import Json, JsonObject


def to_yaml(document: JsonObject) -> bytes:
    """Return a document as the bytes of its file."""
    lines = _mapping(document, 0) if document else ["{}"]
    return ("\n".join(lines) + "\n").encode()


def _mapping(fields: JsonObject, level: int) -> list[str]:
    margin = " " * (INDENT * level)
    lines: list[str] = []
    for name in sorted(fields, key=_as_javascript_sorts):
        lines += _entry(f"{margin}{key(name)}:", fields[name], level)
    return lines


def _sequence(items: list[Json], level: int) -> list[str]:
    margin = " " * (INDENT * level)
    lines: list[str] = []
    for item in items:
        if isinstance(item, dict | list) and item:
            first, *rest = _block(item, level + 1)
            lines += [f"{margin}- {first.lstrip(' ')}", *rest]
        else:
            lines += _entry(f"{margin}-", item, level)
    return lines


def _entry(said: str, value: Json, level: int) -> list[str]:
    """Return the lines of a field, or of an element that is no block."""
    match value:
        case dict() | list() if value:
            return [said, *_block(value, level + 1)]
        case dict():
            return [f"{said} {{}}"]
        case list():
            return [f"{said} []"]
        case str():
            return [f"{said} {scalar(value, level + 1)}"]
        case None:
            return [f"{said} null"]
        case bool():
            return [f"{said} {'true' if value else 'false'}"]
        case _:
            return [f"{said} {number(value)}"]


def _block(value: JsonObject | list[Json], level: int) -> list[str]:
    return _mapping(value, level) if isinstance(value, dict) else _sequence(value, level)


def _as_javascript_sorts(name: str) -> bytes:
    return name.encode("utf-16-be", "surrogatepass")
