"""Renders a report as text for a terminal, a file or a pipe.

Control characters in names are made harmless, and names are never markup. Lists are limited in length unless
the report is complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table as Grid
from rich.text import Text

from lightdash_sync.changes.items import Status
from lightdash_sync.changes.texts import Sign, texts
from lightdash_sync.changes.wording import words
from lightdash_sync.content.display import shown
from lightdash_sync.report.phrases import counted, listed
from lightdash_sync.report.terminal import table
from lightdash_sync.report.value import (
    Alert,
    Counts,
    Items,
    Matrix,
    NameLists,
    Notes,
    Table,
    Tone,
)

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from lightdash_sync.changes.change import Change
    from lightdash_sync.report.value import Block, Finding, FindingGroup, Hint, ItemGroup, Report, ReportItem

LISTED = 40  # findings of a reason, notes, rows
_OUTCOMES = 25  # findings without a title, and lines that people copy
_LINES, _HINTS = 8, 6  # of a finding
_ITEMS, _CHANGES, _TEXT_LINES = 200, 15, 12
_ACROSS = 8  # columns of a matrix; more are shown as lists

_STATUS = {Status.CREATED: "green", Status.CHANGED: "yellow", Status.DELETED: "red"}
_SIGNS = {Sign.ADDED: "green", Sign.REMOVED: "red", Sign.KEPT: "dim", Sign.LEFT_OUT: "dim"}
_TITLES = {Tone.BAD: "red", Tone.WARNING: "yellow", Tone.GOOD: "green", Tone.QUIET: "dim", Tone.INFO: "cyan"}


def render_text(report: Report, out: Console) -> None:
    """Print a report.

    Args:
        report: what to show.
        out: the console to print to, from `terminal.console`, which takes every text literally.
    """
    is_first = True
    for line in _head(report):
        out.print(line)
        is_first = False
    for block in report.blocks:
        for part in _block(block, report, out.width):
            if part is None:
                if not is_first:
                    out.print()
                continue
            out.print(part, soft_wrap=True if isinstance(block, Notes) and block.is_unbroken else None)
            is_first = False
    if report.verdict:
        out.print()
        out.print(Text(shown(report.verdict), style=f"bold {_TITLES[report.tone]}"))


def summary(report: Report) -> Iterator[Text]:
    """Yield the first lines of a report, and its verdict."""
    yield from _head(report)
    if report.verdict:
        verdict = report.verdict.replace(", listed above", "")
        yield Text(shown(verdict), style=f"bold {_TITLES[report.tone]}")


def _head(report: Report) -> Iterator[Text]:
    digest = (f"  digest {shown(report.digest)}" if report.digest else "", "dim")
    if report.target:
        arrow = ((shown(report.source), "bold"), " → ", (shown(report.target), "bold"))
        yield Text.assemble(f"{shown(report.title)}: ", *arrow)
        if report.lead:
            yield Text(shown(report.lead))
        yield Text.assemble(shown(report.totals), digest)
    elif report.totals:
        yield Text.assemble(
            (f"{shown(report.title)}: ", f"bold {_TITLES[report.tone]}"), shown(report.totals)
        )
    elif report.lead:
        yield Text(shown(report.lead), style="bold")
    if report.facts:
        yield Text(shown(report.facts), style="dim")


def _block(block: Block, report: Report, width: int) -> Iterator[RenderableType | None]:
    """Yield the printed parts of a block; None is an empty line, unless nothing was printed yet."""
    match block:
        case Alert():
            yield from _alert(block, report)
        case Items():
            yield from _items(block, report)
        case Table():
            yield from _table(block, report)
        case Matrix():
            yield from _matrix(block, width)
        case Notes():
            yield from _notes(block, report)
        case NameLists():
            names = ", ".join if report.is_complete else listed
            lines = tuple(f"{sentence}: {names(several)}" for sentence, several in block.lists)
            yield from _notes(Notes(lines, block.title), report)
        case Counts():
            return


def _more(number: int, report: Report, noun: str = "", indent: int = 2) -> Text:
    what = counted(number, f"more {noun}") if noun else f"{number} more"
    how = f" ({report.more})" if report.more else ""
    return Text(f"{' ' * indent}… and {what}{how}")


# --- findings ---


def _alert(alert: Alert, report: Report) -> Iterator[Text | None]:
    if not alert.total:
        return
    colour = _TITLES[alert.tone]
    if alert.title:
        yield None
        yield Text(f"{alert.title}:", style=f"bold {colour}")
    for group in alert.groups:
        yield from _group(group, alert, report, colour)


def _group(group: FindingGroup, alert: Alert, report: Report, colour: str) -> Iterator[Text]:
    indent = 4 if alert.title else 2
    if group.title:
        yield Text(f"  {group.title}", style=colour)
    limit = LISTED if alert.title else _OUTCOMES
    left = len(group.findings) if report.is_complete else limit
    for cluster in group.clusters if group.findings else ():
        if left <= 0:
            break
        for one in cluster.findings[:left]:
            yield from _finding(one, indent, colour, report)
        left -= len(cluster.findings)
        if len(cluster.findings) > 1 and cluster.hints:
            yield Text(f"{' ' * indent}for each of these {len(cluster.findings)}:", style="dim")
        yield from _hints(cluster.hints, indent + 2, report)
    if (hidden := len(group.findings) - limit) > 0 and not report.is_complete:
        yield _more(hidden, report, alert.noun, indent)


def _finding(one: Finding, indent: int, colour: str, report: Report) -> Iterator[Text]:
    name = f" ({shown(one.name)})" if one.name else ""
    head = f"{shown(one.item)}{name} {shown(one.what)}" if one.item else shown(one.what)
    yield Text.assemble(" " * indent, (f"{one.mark} " if one.mark else "", colour), head)
    for detail in one.details:
        below = indent + 2
        if detail.heading and detail.lines:
            yield Text(f"{' ' * below}{detail.heading}:", style="dim")
            below += 2
        lines = [Text(f"{' ' * below}{shown(line)}") for line in detail.lines]
        yield from _cut(lines, _LINES, below, report)
    yield from _hints(one.hints, indent + 2, report)


def _hints(hints: Sequence[Hint], indent: int, report: Report) -> Iterable[Text]:
    lines = [
        Text.assemble(
            " " * indent, (shown(one.command), "bold"), " " if one.option else "", shown(one.effect)
        )
        for one in hints
    ]
    return _cut(lines, _HINTS, indent, report)


def _cut(lines: Sequence[Text], limit: int, indent: int, report: Report) -> Iterable[Text]:
    if report.is_complete or len(lines) <= limit:
        return lines
    return [*lines[:limit], Text(f"{' ' * indent}… and {len(lines) - limit} more", style="dim")]


# --- items ---


def _items(block: Items, report: Report) -> Iterator[Text | None]:
    if not block.groups:
        return
    if block.title:
        yield None
        yield Text(block.title, style="bold")
        if block.intro:
            yield Text(f"  {block.intro}")
    left = block.total if report.is_complete else _ITEMS
    for group in block.groups:
        if left > 0 or report.is_complete:
            yield None
            yield from _item_group(group, left, report)
        left -= len(group.items)
    if left < 0:
        yield None
        yield _more(-left, report, "item", 0)


def _item_group(group: ItemGroup, left: int, report: Report) -> Iterator[Text]:
    yield Text.assemble((shown(group.heading), "bold cyan"), f": {shown(group.intro)}" if group.intro else "")
    for item in group.items[:left]:
        yield from _item(item, report)
    if group.more:
        yield _more(group.more, report)


def _item(item: ReportItem, report: Report) -> Iterator[Text]:
    head = Text.assemble("  ", (item.verb, _STATUS[item.status]), f" {shown(item.label)}")
    if item.name:
        head.append(f" ({shown(item.name)})")
    if item.summary:
        head.append(f": {shown(item.summary)}")
    if item.mark:
        head.append(f"  {shown(item.mark)}", style="dim")
    yield head
    if not item.has_both_sides:
        return
    limit = len(item.changes) if report.is_complete else _CHANGES
    for change in item.changes[:limit]:
        yield Text(f"    {shown(words(change))}")
        yield from _long_texts(change, report)
    if (left := len(item.changes) - limit) > 0:
        yield Text(f"    … and {counted(left, 'more change')}")


def _long_texts(change: Change, report: Report) -> Iterator[Text]:
    for one in texts(change):
        lines = one.lines if report.is_complete else one.lines[:_TEXT_LINES]
        for sign, line in lines:
            bare = shown(line.replace("\t", "    "))
            yield Text(f"      {sign} {bare}", style=_SIGNS[sign])
        if left := len(one.lines) - len(lines):
            yield Text(f"      … and {counted(left, 'more line')}", style="dim")


# --- tables and notes ---


def _table(block: Table, report: Report) -> Iterator[RenderableType | None]:
    if not block.rows:
        return
    if block.title:
        yield None
        yield Text(block.title, style="bold cyan")
    rows = block.rows if report.is_complete or not block.noun else block.rows[:LISTED]
    grid = table(
        [column.upper() for column in block.columns] or [""] * len(rows[0].cells),
        ((_toned(row.cells[0], row.tone), *row.cells[1:]) for row in rows),
        {column.upper() for column in block.unbroken},
    )
    grid.show_header = bool(block.columns)
    yield grid
    if len(block.rows) > len(rows):
        yield _more(len(block.rows) - len(rows), report, block.noun, 0)


def _toned(cell: str, tone: Tone) -> Text:
    return Text(shown(cell), style="" if tone is Tone.INFO else _TITLES[tone])


def _matrix(matrix: Matrix, width: int) -> Iterator[RenderableType | None]:
    yield None
    if _fits(matrix, width):
        yield _grid(matrix)
        return
    for name, cells in matrix.lists:
        yield Text(f"{shown(name)} →", style="bold")
        for cell, others in cells:
            yield Text(f"  {shown(cell)}: {', '.join(map(shown, others))}")


def _grid(matrix: Matrix) -> Grid:
    grid = Grid(box=None, pad_edge=False, header_style="bold")
    grid.add_column(matrix.corner.upper(), no_wrap=True)
    for column, name in enumerate(matrix.names):
        grid.add_column(Text(shown(name)), min_width=_longest(_words(matrix, column)))
    for name, cells in zip(matrix.names, matrix.cells, strict=True):
        grid.add_row(Text(shown(name), style="bold"), *(Text(shown(cell)) for cell in cells))
    return grid


def _fits(matrix: Matrix, width: int) -> bool:
    """Whether the table fits the width, if each word of a cell may be on a line of its own."""
    needed = [_longest(matrix.names), *(_longest(_words(matrix, n)) for n in range(len(matrix.names)))]
    return len(matrix.names) <= _ACROSS and sum(needed) + 2 * len(needed) <= width


def _words(matrix: Matrix, column: int) -> Iterator[str]:
    """Yield the title of a column, and the words of its cells."""
    yield matrix.names[column]
    for row in matrix.cells:
        yield from row[column].split()


def _longest(several: Iterable[str]) -> int:
    return max((cell_len(shown(one)) for one in several), default=0)


def _notes(notes: Notes, report: Report) -> Iterator[Text | None]:
    if not notes.lines:
        return
    indent = "  " if notes.title else ""
    if notes.title:
        yield None
        style = _TITLES[notes.tone] if notes.tone is not Tone.INFO else "bold cyan"
        yield Text(shown(notes.title), style=style)
    limit = _OUTCOMES if notes.is_unbroken else LISTED
    lines = notes.lines if report.is_complete else notes.lines[:limit]
    for number, line in enumerate(lines, 1):
        numbered = f"{number}. " if notes.is_numbered else ""
        style = "dim" if notes.tone is Tone.QUIET else ""
        yield Text(f"{indent}{numbered}{shown(line)}", style=style)
    if len(notes.lines) > len(lines):
        yield _more(len(notes.lines) - len(lines), report, notes.noun, len(indent))
