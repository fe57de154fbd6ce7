"""YAML that anybody may have written, as JSON: no tags, no objects, no surprises.

Read by PyYAML's safe loader with the words of YAML 1.2, which the official tool goes by: `no` and `12:30` are
texts, and so is a date (which that tool makes a time of). Aliases are followed, but a document of a few lines
that stands for a million values, or for itself, is refused.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import yaml

from lightdash_sync.ascode.scalars import BOOL, FLOAT, INT, NULL
from lightdash_sync.model.canonical import MAX_DEPTH

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import Json, JsonObject

MAX_BYTES = 16 * 1024 * 1024
MAX_VALUES = 1_000_000
_SAFE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # C where it is there: ten times as quick


class _Loader(_SAFE):  # type: ignore[misc]
    """Knows null, booleans and numbers, and takes no field twice."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, Any]]] = {}  # noqa: RUF012 - PyYAML adds to it

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Make an object; a name is a text, whatever it looks like."""
        names: set[str] = set()
        for name, _ in node.value:
            if not isinstance(name, yaml.ScalarNode):
                raise _Wrong("a field has no name", name)
            if name.value in names:
                raise _Wrong(f"the field {name.value!r} stands twice", name)
            if name.value == "<<" and not name.style:  # plain
                raise _Wrong("`<<` is not followed; write out what it stands for", name)
            names.add(name.value)
            name.tag = _TEXT
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made


class _Wrong(yaml.MarkedYAMLError):
    """Something that no document has."""

    def __init__(self, problem: str, node: yaml.Node) -> None:
        super().__init__(problem=problem, problem_mark=node.start_mark)


def from_yaml(data: bytes) -> JsonObject:
    """Read a document.

    Raises:
        ValueError: it is no YAML, no object, or holds something that JSON cannot; says where.
    """
    if len(data) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 2**20} MB")
    try:
        found = yaml.load(data, _Loader)  # noqa: S506 - a safe loader with fewer words
        counted = [MAX_VALUES]
        value = _json(found, counted, MAX_DEPTH)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise ValueError(f"it is no YAML: {error.problem or error.context}{where}") from error
    except (yaml.YAMLError, UnicodeError, OverflowError) as error:
        raise ValueError(f"it is no YAML: {str(error).splitlines()[0]}") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("it holds no object")
    return value


def _json(value: object, left: list[int], depth: int) -> Json:
    """Copy a value, so that what aliases stand for is counted as often as they stand for it."""
    left[0] -= 1
    if left[0] < 0 or depth < 0:
        raise ValueError(
            "it is nested too deeply" if depth < 0 else f"it holds more than {MAX_VALUES} values"
        )
    match value:
        case dict():
            return {str(name): _json(inner, left, depth - 1) for name, inner in value.items()}
        case list():
            return [_json(inner, left, depth - 1) for inner in value]
        case str():
            value.encode()  # no half characters
            return value
        case None | bool():
            return value
        case int() if abs(value) < 2**63:
            return value
        case int() | float() if math.isfinite(value):
            return float(value)
        case _:
            raise ValueError("it holds a value that JSON does not have")


def _int(loader: Any, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node)).replace("_", "").lower()
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text.lstrip("+"))
    if len(digits) > _LONGEST_NUMBER:
        raise _Wrong("a number is too long", node)
    base = {"0b": 2, "0o": 8, "0x": 16}.get(digits[:2], 10)
    return sign * int(digits if base == 10 else digits[2:], base)


def _float(loader: Any, node: yaml.ScalarNode) -> float:
    return float(str(loader.construct_scalar(node)).replace("_", "").lower().replace(".inf", "inf"))


_LONGEST_NUMBER = 300  # digits; more are no number that JSON has
_YAML = "tag:yaml.org,2002:"
_TEXT = f"{_YAML}str"
_NUMBERS = "-+.0123456789"
for _name, _words, _first in (
    ("null", NULL, ["~", "n", "N", ""]),
    ("bool", BOOL, list("tTfF")),
    ("int", INT, list(_NUMBERS)),
    ("float", FLOAT, list(_NUMBERS)),
):
    _Loader.add_implicit_resolver(f"{_YAML}{_name}", re.compile(rf"(?:{_words.pattern})\Z"), _first)
_Loader.add_constructor(f"{_YAML}int", _int)
_Loader.add_constructor(f"{_YAML}float", _float)
