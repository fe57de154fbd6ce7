"""What speaks against something, counts and notes, as Markdown; each of a bounded length."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lightdash_sync.report.diffs.markdown import inert
from lightdash_sync.report.diffs.section import noun

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lightdash_sync.model.kinds import Kind
    from lightdash_sync.report.parts.objections import Objection, Objections

LABEL = 200  # characters of content in a head
CELL = 80  # in a table, or as a name
_LINE = 300
_LINES, _HINTS = 5, 4  # of an objection
_NOTES = 4_000  # characters of a list
_PLAIN = re.compile(r"[-\w:= .]{1,200}", re.ASCII)


def objections_markdown(title: str, groups: Sequence[Objections], limit: int) -> Iterator[str]:
    """Yield objections by reason, below a title; nothing if there are none.

    Args:
        title: of the program's own.
        groups: what to tell.
        limit: characters of all objections; what one reason does not need, the next ones have.
    """
    if groups:
        yield f"\n#### {title}\n"
    for number, group in enumerate(groups):
        yield f"\n##### {group.title}\n\n"
        told = "".join(fitting([_objection(one) for one in group.found], limit // (len(groups) - number)))
        limit = max(limit - len(told), 0)
        yield told


def _objection(one: Objection) -> str:
    name = f" ({inert(one.name, CELL)})" if one.name else ""
    label = f"{inert(one.item, CELL)}{name} " if one.item else ""
    found = [f"- {label}{inert(one.what, _LINE)}"]
    for heading, lines in one.details:
        found += [f"  - {heading}: {inert(line, _LINE)}" for line in lines[:_LINES]]
        if len(lines) > _LINES:
            found.append(f"  - {heading}: … and {len(lines) - _LINES} more")
    found += [f"  - {_option(option)} {does}" for option, does in one.hints[:_HINTS]]
    return "\n".join(found) + "\n"


def _option(option: str) -> str:
    return f"`{option}`" if _PLAIN.fullmatch(option) else inert(option, LABEL)


def counts_markdown(counts: Mapping[Kind, Mapping[str, int]], columns: Sequence[str]) -> str:
    """Return a table of how many items of each kind have which fate.

    Args:
        counts: kind -> fate -> how many.
        columns: the fates, in order.
    """
    rows = [
        f"| {noun(kind, 2)} | {' | '.join(str(found.get(name) or '') for name in columns)} |\n"
        for kind, found in counts.items()
    ]
    return f"\n| | {' | '.join(columns)} |\n| --- |{' ---: |' * len(columns)}\n{''.join(rows)}"


def notes_markdown(title: str, lines: Sequence[str]) -> Iterator[str]:
    """Yield lines of text from anywhere below a title; nothing if there are none."""
    if lines:
        yield f"\n#### {title}\n\n"
        yield from fitting([f"- {inert(line, _LINE)}\n" for line in lines], _NOTES)


def fitting(blocks: Sequence[str], limit: int, *, separate: bool = False) -> Iterator[str]:
    """Yield blocks as long as they fit, and how many are left.

    Args:
        blocks: entries of a list, or rows of a table.
        limit: characters.
        separate: put the last line outside, because it is no row.
    """
    for told, block in enumerate(blocks):
        limit -= len(block)
        if limit < 0:
            more = f"… and {len(blocks) - told} more\n"
            yield f"\n{more}" if separate else f"- {more}"
            return
        yield block
