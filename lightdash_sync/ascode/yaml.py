"""Writes YAML byte for byte as the official tool does, and reads YAML that anybody may have written.

The same bytes keep git from showing lines whose content did not change. The official tool's library folds
texts at 80 columns, quotes with `"`, and quotes every text that a YAML reader could take for something else.
Lengths are counted in UTF-16 units, as JavaScript counts them.

In order: scalars, writing a document, and reading one.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import yaml

from lightdash_sync.content.json import MAX_DEPTH

if TYPE_CHECKING:
    from lightdash_sync.content.json import Json, JsonObject

WIDTH = 80
_NARROWEST = 40
INDENT = 2

_PRINTABLE = "\x20-\x7e\xa1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff"
_NOT_PLAIN = re.compile(
    rf"^[\s\-?:,\[\]{{}}#&*!|=>'\"%@`]|[^{_PRINTABLE}]|[ :]$|: |(?<= )#"  # how it begins, ends, what is in it
)
_UNPRINTABLE = re.compile(rf"[^{_PRINTABLE}\n]")

# Texts that a reader of YAML 1.1 or 1.2 would not read as texts.
NULL = re.compile(r"~|null|Null|NULL|")
BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
INT = re.compile(
    r"[-+]?(?:0b[01][01_]*(?<!_)|0x[0-9a-fA-F][0-9a-fA-F_]*(?<!_)|0o[0-7][0-7_]*(?<!_)|[0-9][0-9_]*(?<!_))"
)
FLOAT = re.compile(
    r"(?:[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9_]+(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))(?<!_)"
)
_OTHERS = re.compile(
    r"<<|[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?"
    r"(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?"
    r"|[yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF"
    r"|[-+]?[0-9_]+(?::[0-9_]+)+(?:\.[0-9_]*)?"
)
_AMBIGUOUS = (NULL, BOOL, INT, FLOAT, _OTHERS)

_ESCAPES = {
    "\0": r"\0", "\a": r"\a", "\b": r"\b", "\t": r"\t", "\n": r"\n", "\v": r"\v", "\f": r"\f", "\r": r"\r",
    "\x1b": r"\e", '"': r"\"", "\\": r"\\", "\x85": r"\N", "\xa0": r"\_", "\u2028": r"\L", "\u2029": r"\P",
}  # fmt: skip
_ESCAPED = re.compile(rf'["\\]|[^{_PRINTABLE}]')
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_FILLER = "\uffff"  # takes the place of the second unit of a character that counts as two in JavaScript


def key(text: str) -> str:
    """Return the name of a field, quoted if necessary."""
    return text if _is_plain(text) else _quoted(text)


def scalar(text: str, level: int) -> str:
    """Return a text as the value of a field or the element of a list.

    Args:
        text: the text.
        level: its depth; 1 for the fields of the document. Lines of a block are indented accordingly.
    """
    counted = _ASTRAL.sub(lambda found: found[0] + _FILLER, text)
    width = max(_NARROWEST, WIDTH - INDENT * level)
    too_long = any(len(line) > width and line[0] != " " for line in counted.split("\n"))
    if _UNPRINTABLE.search(text) or ("\n" not in text and not too_long):
        return text if _is_plain(text) else _quoted(text)
    body = _folded(counted, width).replace(_FILLER, "") if too_long else text
    margin = " " * (INDENT * level)
    lines = [margin + line if line else line for line in body.removesuffix("\n").split("\n")]
    return (">" if too_long else "|") + _header(text) + "\n" + "\n".join(lines)


def number(value: float) -> str:
    """Return a number as JavaScript writes it."""
    if isinstance(value, int):
        return str(value)
    digits, _, exponent = repr(value).partition("e")
    if value == 0 or 1e-6 <= abs(value) < 1e21:  # Python switches to exponents earlier
        plain = f"{Decimal(repr(value)):f}"
        return plain.removesuffix(".0")
    mantissa = digits if "." in digits or abs(value) >= 1 else f"{digits}."
    return f"{mantissa}e{'-' if exponent.startswith('-') else '+'}{exponent.lstrip('+-0')}"


def _is_plain(text: str) -> bool:
    return not _NOT_PLAIN.search(text) and not any(one.fullmatch(text) for one in _AMBIGUOUS)


def _quoted(text: str) -> str:
    return '"' + _ESCAPED.sub(_escape, text) + '"'


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    if char in _ESCAPES:
        return _ESCAPES[char]
    code = ord(char)
    return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _header(text: str) -> str:
    """Return the indicators after `|` or `>`, for a leading space and for line ends at the end."""
    indicator = str(INDENT) if text.lstrip("\n").startswith(" ") else ""
    if not text.endswith("\n"):
        return indicator + "-"
    return indicator + ("+" if text == "\n" or text.endswith("\n\n") else "")


def _folded(text: str, width: int) -> str:
    """Break long lines at spaces; lines that begin with a space are left as they are, as YAML requires."""
    lines = text.split("\n")
    result = _broken(lines[0], width)
    indented = text.startswith(("\n", " "))
    gap = ""
    for line in lines[1:]:
        gap += "\n"
        if not line:
            continue
        begins_so = line.startswith(" ")
        result += gap + ("" if indented or begins_so else "\n") + _broken(line, width)
        indented, gap = begins_so, ""
    return result + gap


def _broken(line: str, width: int) -> str:
    """Break one line at single spaces into parts that are as long as possible."""
    if not line or line.startswith(" "):
        return line
    parts: list[str] = []
    start = last = 0
    for found in re.finditer(r" (?=[^ ])", line):
        here = found.start()
        if here - start > width:
            end = last if last > start else here
            parts.append(line[start:end])
            start = end + 1
        last = here
    if len(line) - start > width and last > start:
        parts += [line[start:last], line[last + 1 :]]
    else:
        parts.append(line[start:])
    return "\n".join(parts)


# Writing a document as the official tool does: sorted fields, two spaces, no aliases.
#
# No library for Python writes this style, and a team that comes from the official tool would otherwise see
# every file of its repository changed.


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
    """Return the lines of a field, or of an element of a list."""
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


# Reading YAML that anybody may have written, as JSON: no tags and no objects.
#
# It is read by PyYAML's safe loader with the scalars of YAML 1.2, which the official tool uses: `no` and
# `12:30` are texts, and so is a date (which that tool turns into a time). Aliases are followed, but a
# document whose aliases expand to a million values, or refer to themselves, is rejected.

MAX_BYTES = 16 * 1024 * 1024
MAX_VALUES = 1_000_000
_SAFE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C loader, if available, is ten times as fast


class _Loader(_SAFE):  # type: ignore[misc]
    """A loader with null, booleans and numbers only, which rejects duplicate fields."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, Any]]] = {}  # noqa: RUF012 - PyYAML adds to it

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Make an object; names of fields are always texts."""
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
    """Something that no document contains."""

    def __init__(self, problem: str, node: yaml.Node) -> None:
        super().__init__(problem=problem, problem_mark=node.start_mark)


def from_yaml(data: bytes) -> JsonObject:
    """Read a document.

    Raises:
        ValueError: it is not YAML, not an object, or contains something that JSON cannot express; the message
            says where.
    """
    if len(data) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 2**20} MB")
    try:
        found = yaml.load(data, _Loader)  # noqa: S506 - derived from a safe loader
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
    """Copy a value, counting the values behind an alias each time that the alias is used."""
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
            value.encode()  # raises for unpaired surrogates
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


_LONGEST_NUMBER = 300  # digits; no JSON number is longer
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
