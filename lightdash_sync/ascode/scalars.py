"""Texts and numbers in YAML as the official tool writes them, so that git shows no line that says the same.

Its library folds texts at 80 columns, quotes with `"`, and quotes every text that any YAML reader could take
for something else. Lengths are counted in UTF-16 units, as JavaScript counts them.
"""

from __future__ import annotations

import re
from decimal import Decimal

WIDTH = 80
_NARROWEST = 40
INDENT = 2

_PRINTABLE = "\x20-\x7e\xa1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff"
_NOT_PLAIN = re.compile(
    rf"^[\s\-?:,\[\]{{}}#&*!|=>'\"%@`]|[^{_PRINTABLE}]|[ :]$|: |(?<= )#"  # how it begins, ends, what is in it
)
_UNPRINTABLE = re.compile(rf"[^{_PRINTABLE}\n]")

# What a reader of YAML 1.1 or 1.2 takes for something else than a text.
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
_FILLER = "\uffff"  # stands for the second half of a character that JavaScript counts twice


def key(text: str) -> str:
    """Return the name of a field."""
    return text if _is_plain(text) else _quoted(text)


def scalar(text: str, level: int) -> str:
    """Return a text as the value of a field or the element of a list.

    Args:
        text: the text.
        level: how deep it stands; 1 for the fields of the document. Lines of a block are indented by it.
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
    if value == 0 or 1e-6 <= abs(value) < 1e21:  # where Python turns to exponents earlier
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
    """Return what stands behind `|` or `>`: whether it begins with a space, and how many line ends it has."""
    indicator = str(INDENT) if text.lstrip("\n").startswith(" ") else ""
    if not text.endswith("\n"):
        return indicator + "-"
    return indicator + ("+" if text == "\n" or text.endswith("\n\n") else "")


def _folded(text: str, width: int) -> str:
    """Break long lines at spaces; lines that begin with a space are left as they are, as YAML wants it."""
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
    """Break one line at single spaces, each part as long as fits."""
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
