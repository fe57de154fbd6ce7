"""Differences as text for a terminal: by space, one line for each change, and the lines of long texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from lightdash_sync.model.changes import Status, words
from lightdash_sync.model.changes.texts import Sign, texts
from lightdash_sync.report.diffs.section import created_or_deleted, label, own_name
from lightdash_sync.report.shown import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from lightdash_sync.model.changes import Change
    from lightdash_sync.report.diffs.section import Item, Section

_ITEMS, _CHANGES, _LINES = 200, 15, 12  # shown, unless everything is
_STYLES = {Status.CREATED: "green", Status.CHANGED: "yellow", Status.DELETED: "red"}
_SIGNS = {Sign.ADDED: "green", Sign.REMOVED: "red", Sign.KEPT: "dim", Sign.LEFT_OUT: "dim"}


def diff_text(section: Section, out: Console) -> None:
    """Print what differs.

    Args:
        section: what to tell.
        out: where to; from `terminal.console`, which takes every text literally.
    """
    out.print(Text.assemble((shown(section.old), "bold"), " → ", (shown(section.new), "bold")))
    out.print(Text(section.totals))
    items_text(section, out)
    if section.hidden:
        out.print()
        out.print(Text(section.hidden, style="dim"))


def items_text(section: Section, out: Console) -> None:
    """Print the items by space, each with its changes."""
    left = len(section.items) if section.every else _ITEMS
    for heading, items in section.groups:
        if left > 0:
            out.print()
            out.print(Text(shown(heading), style="bold cyan"))
        for item in items[: max(left, 0)]:
            for line in _item(section, item):
                out.print(line)
        left -= len(items)
    if left < 0:
        out.print(f"\n… and {_counted(-left, 'more item')} (--all lists everything)")


def _item(section: Section, item: Item) -> Iterator[Text]:
    head = Text.assemble("  ", (section.word(item), _STYLES[item.status]), f" {shown(label(item))}")
    if name := own_name(item):
        head.append(f" ({shown(name)})")
    if mark := section.mark(item):
        head.append(f"  {mark}", style="dim")
    yield head
    if created_or_deleted(item):
        return
    changes = section.told(item)
    limit = len(changes) if section.every else _CHANGES
    for change in changes[:limit]:
        yield Text(f"    {shown(words(change))}")
        yield from _texts(change, every=section.every)
    if len(changes) > limit:
        yield Text(f"    … and {_counted(len(changes) - limit, 'more change')}")


def _texts(change: Change, *, every: bool) -> Iterator[Text]:
    for one in texts(change):
        lines = one.lines if every else one.lines[:_LINES]
        for sign, line in lines:
            said = shown(line.replace("\t", "    "))
            yield Text(f"      {sign} {said}", style=_SIGNS[sign])
        if len(one.lines) > len(lines):
            left = _counted(len(one.lines) - len(lines), "more line")
            yield Text(f"      … and {left}", style="dim")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
