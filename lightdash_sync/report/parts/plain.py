"""What speaks against something, and notes, as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from lightdash_sync.report.shown import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lightdash_sync.report.parts.objections import Objection, Objections

LISTED = 40  # objections of a reason, notes; unless everything is asked for
_LINES, _HINTS = 8, 6  # of an objection


def objections_text(
    title: str, groups: Sequence[Objections], *, every: bool, colour: str = "red"
) -> Iterator[Text]:
    """Yield objections by reason, below a title; nothing if there are none.

    Args:
        title: of the program's own.
        groups: what to tell.
        every: as much as there is.
        colour: red for what is refused, yellow for what is only to be known.
    """
    if not groups:
        return
    yield Text()
    yield Text(f"{title}:", style=f"bold {colour}")
    for group in groups:
        yield Text(f"  {group.title}", style=colour)
        first = group.found if every else group.found[:LISTED]
        for one in first:
            yield from _objection(one, every=every)
        if left := len(group.found) - len(first):
            yield Text(f"    … and {left} more (--all lists everything)")


def _objection(one: Objection, *, every: bool) -> Iterator[Text]:
    name = f" ({shown(one.name)})" if one.name else ""
    head = f"{shown(one.item)}{name} {shown(one.what)}" if one.item else shown(one.what)
    yield Text(f"    {head}")
    for heading, lines in one.details:
        if lines:
            yield Text(f"      {heading}:", style="dim")
        yield from _cut([Text(f"        {shown(line)}") for line in lines], _LINES, every=every)
    hints = [Text.assemble("      ", (shown(option), "bold"), f" {does}") for option, does in one.hints]
    yield from _cut(hints, _HINTS, every=every)


def _cut(lines: Sequence[Text], limit: int, *, every: bool) -> Iterable[Text]:
    if every or len(lines) <= limit:
        return lines
    return [*lines[:limit], Text(f"        … and {len(lines) - limit} more", style="dim")]


def notes_text(title: str, lines: Sequence[str], *, every: bool, style: str = "bold cyan") -> Iterator[Text]:
    """Yield lines of text from anywhere below a title; nothing if there are none."""
    if not lines:
        return
    listed = lines if every else lines[:LISTED]
    yield Text()
    yield Text(title, style=style)
    for line in listed:
        yield Text(f"  {shown(line)}")
    if len(lines) > len(listed):
        yield Text(f"  … and {len(lines) - len(listed)} more (--all lists everything)")
