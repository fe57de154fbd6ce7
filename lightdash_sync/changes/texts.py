"""Long texts that differ, line by line: SQL, Markdown, descriptions.

Bounded: a diff of two texts that have little in common is cut, and says so.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from lightdash_sync.changes.change import dotted
from lightdash_sync.content.json import ABSENT, get_field, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lightdash_sync.changes.change import Change, Path
    from lightdash_sync.content.json import Value

MAX_LINES = 80  # of one text
_MAX_TEXTS = 12  # of one change
_CONTEXT = 2  # lines around what differs
_MANY = 300  # lines; comparing in order takes the square of them
_LONG = 400  # characters of a line
_SQL = ("sql", "content")  # fields that are texts even where they have one line


class Sign(StrEnum):
    """What a line of a diff is."""

    ADDED = "+"
    REMOVED = "-"
    KEPT = " "
    LEFT_OUT = "…"


@dataclass(frozen=True, slots=True)
class TextChange:
    """A text that differs.

    Attributes:
        where: which field, for people; from content.
        lines: what a diff shows; text from content, without line breaks. Of lines that are left out it says
            how many.
    """

    where: str
    lines: tuple[tuple[Sign, str], ...]


def texts(change: Change) -> list[TextChange]:
    """Return the long texts that a change changes: those of many lines, SQL and Markdown."""
    found: list[TextChange] = []
    for path, before, after in _leaves(change.before, change.after, change.where):
        if len(found) == _MAX_TEXTS:
            break
        found.append(TextChange(dotted(path), tuple(_bounded(_compared(before, after)))))
    return found


def _leaves(before: Value, after: Value, path: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Yield path, old and new lines of each long text that differs at or below two values."""
    if same(before, after):
        return
    sides = [side for side in (before, after) if side is not ABSENT and side is not None]
    if all(isinstance(side, str) for side in sides):
        if any("\n" in str(side) for side in sides) or path[-1:] in [(name,) for name in _SQL]:
            yield path, _split(before), _split(after)
    elif all(isinstance(side, dict) for side in sides):
        for name in sorted({name for side in sides if isinstance(side, dict) for name in side}):
            yield from _leaves(get_field(before, name), get_field(after, name), (*path, name))
    elif len(sides) == 1 and isinstance(sides[0], list):
        for place, element in enumerate(sides[0]):
            was, now = (ABSENT, element) if sides[0] is after else (element, ABSENT)
            yield from _leaves(was, now, (*path, place))


def _split(side: Value) -> list[str]:
    return side.split("\n") if isinstance(side, str) and side else []


def _compared(old: list[str], new: list[str]) -> list[tuple[Sign, str]]:
    """Return all lines of two texts in the order of a diff."""
    shorter = min(len(old), len(new))
    start = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    end = next((n for n in range(shorter - start) if old[-1 - n] != new[-1 - n]), shorter - start)
    lines = [(Sign.KEPT, line) for line in old[:start]]
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    if max(len(before), len(after)) > _MANY:
        lines += _replaced(before, after)
    else:
        steps = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        for what, old_from, old_to, new_from, new_to in steps:
            if what == "equal":
                lines += [(Sign.KEPT, line) for line in before[old_from:old_to]]
            else:
                lines += _replaced(before[old_from:old_to], after[new_from:new_to])
    return lines + [(Sign.KEPT, line) for line in old[len(old) - end :]]


def _replaced(old: Sequence[str], new: Sequence[str]) -> list[tuple[Sign, str]]:
    return [(Sign.REMOVED, line) for line in old] + [(Sign.ADDED, line) for line in new]


def _bounded(lines: Sequence[tuple[Sign, str]]) -> Iterator[tuple[Sign, str]]:
    """Leave out what is far from any difference, and what is too much."""
    near = {
        place
        for at, (sign, _) in enumerate(lines)
        if sign is not Sign.KEPT
        for place in range(at - _CONTEXT, at + _CONTEXT + 1)
    }
    told, skipped = 0, 0
    for place, (sign, line) in enumerate(lines):
        if place not in near or told == MAX_LINES:
            skipped += 1
            continue
        if skipped:
            yield _left_out(skipped)
            skipped = 0
        told += 1
        yield sign, line if len(line) <= _LONG else f"{line[:_LONG]}… ({len(line):,} characters)"
    if skipped:
        yield _left_out(skipped)


def _left_out(lines: int) -> tuple[Sign, str]:
    return Sign.LEFT_OUT, f"{lines} line{'' if lines == 1 else 's'}"
