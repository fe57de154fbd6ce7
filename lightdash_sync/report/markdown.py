"""Renders a report as Markdown for a comment on a pull request, within the limits of GitHub and GitLab.

Names are inert: no text of content is markup, mentions anybody or becomes a link.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lightdash_sync.changes.items import Status
from lightdash_sync.changes.texts import texts
from lightdash_sync.changes.wording import words
from lightdash_sync.content.display import shown
from lightdash_sync.report.phrases import counted, listed
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
    from collections.abc import Iterator, Sequence

    from lightdash_sync.changes.change import Change
    from lightdash_sync.report.value import Block, Finding, FindingGroup, Hint, ItemGroup, Report, ReportItem

MAX_CHARACTERS = 60_000
_RESERVED = 400  # characters for the last line
_ROOM = {Table: 8_000, Items: 8_000, Counts: 8_000, Matrix: 20_000}  # characters of a block
_ROOM_OF_REFUSALS, _ROOM_OF_WARNINGS, _ROOM_OF_LINES = 16_000, 6_000, 4_000
_ITEM = 6_000  # characters of one item
_LONG_NAME, _LONG_LABEL, _LONG_LINE, _CELL = 120, 300, 400, 80  # characters of content
_TEXT_LINES = 30  # of a long text
_LINES, _HINTS = 5, 4  # of a finding
_ACROSS = 8  # columns of a matrix; more are shown as lists

_STATUS = {Status.CREATED: "➕", Status.CHANGED: "✏️", Status.DELETED: "➖"}
_TONES = {Tone.BAD: "🛑 ", Tone.WARNING: "⚠️ "}
_NOTHING = "\u200b"  # a space of no width; `shown` leaves none in a text
_MARKUP = re.compile(r"[&<>|`*~\\\[\]$!#]|(?<![^\W_])_|_(?![^\W_])")
# Characters that mention a person, an issue, a label or a milestone, or make a link without markup.
_REFERENCE = re.compile(r"[@#~%!$&](?=[^\s])|:(?=//)|(?<=\bwww)\.|(?<=\bGH)-(?=\d)", re.IGNORECASE)
_PLAIN_OPTION = re.compile(r"[-\w:= .]{1,200}", re.ASCII)


def render_markdown(report: Report) -> str:
    """Return a report as Markdown of at most `MAX_CHARACTERS`."""
    head = "".join(_head(report))
    left = MAX_CHARACTERS - _RESERVED - len(head)
    main = next((block for block in report.blocks if isinstance(block, Items)), None)
    parts: dict[int, str] = {}
    for number, block in enumerate(report.blocks):
        if block is not main:
            parts[number] = _block(block, min(_room(block), left))
            left -= len(parts[number])
    for number, block in enumerate(report.blocks):
        if block is main:
            parts[number] = _block(block, left)
    return head + "".join(parts[number] for number in sorted(parts))


def _head(report: Report) -> Iterator[str]:
    yield f"### {inert(report.title, _LONG_LABEL)}\n"
    if report.target:
        yield f"\n{inert(report.source, _LONG_LABEL)} → {inert(report.target, _LONG_LABEL)}\n"
    digest = f" (digest {inert(report.digest, _LONG_LABEL)})" if report.digest else ""
    for line in (inert(report.totals, _LONG_LABEL) + digest, inert(report.lead, _LONG_LABEL)):
        if line.strip():
            yield f"\n{line}\n"
    if report.facts:
        yield f"\n*{inert(report.facts, _LONG_LABEL).strip()}*\n"
    if report.verdict and report.tone is Tone.GOOD:
        yield f"\n#### ✅ {inert(report.verdict, _LONG_LABEL)}\n"


def _room(block: Block) -> int:
    if isinstance(block, Alert):
        return _ROOM_OF_REFUSALS if block.tone is Tone.BAD else _ROOM_OF_WARNINGS
    return _ROOM.get(type(block), _ROOM_OF_LINES)


def _block(block: Block, limit: int) -> str:
    match block:
        case Alert():
            return "".join(_alert(block, limit))
        case Counts():
            return _counts(block)
        case Items():
            return _items(block, limit)
        case Table():
            return "".join(_table(block, limit))
        case Matrix():
            return "".join(_matrix(block))
        case NameLists():
            lines = tuple(f"{sentence}: {listed(names)}" for sentence, names in block.lists)
            return "".join(_notes(Notes(lines, block.title), limit))
        case Notes():
            return "".join(_notes(block, limit))


def _fitting(blocks: Sequence[str], limit: int, *, is_list: bool = True) -> Iterator[str]:
    """Yield blocks as long as they fit, and how many are left.

    Args:
        blocks: entries of a list, or rows of a table.
        limit: characters.
        is_list: whether the last line is an entry, too.
    """
    for number, block in enumerate(blocks):
        limit -= len(block)
        if limit < 0:
            more = f"… and {len(blocks) - number} more\n"
            yield f"- {more}" if is_list else f"\n{more}"
            return
        yield block


# --- findings ---


def _alert(alert: Alert, limit: int) -> Iterator[str]:
    """Yield findings by reason; space that one reason does not need is available to the next ones."""
    groups = [group for group in alert.groups if group.findings]
    if groups:
        yield f"\n#### {_TONES.get(alert.tone, '')}{alert.title}\n" if alert.title else "\n"
    for number, group in enumerate(groups):
        if group.title:
            yield f"\n##### {group.title}\n\n"
        text = "".join(_fitting([*_findings(group)], limit // (len(groups) - number)))
        limit = max(limit - len(text), 0)
        yield text


def _findings(group: FindingGroup) -> Iterator[str]:
    for cluster in group.clusters:
        if len(cluster.findings) == 1:
            yield _finding(cluster.findings[0], cluster.hints)
            continue
        for one in cluster.findings:
            yield _finding(one, one.hints)
        if cluster.hints:
            yield "\n".join([f"- For each of these {len(cluster.findings)}:", *_hints(cluster.hints)]) + "\n"


def _finding(one: Finding, hints: Sequence[Hint]) -> str:
    mark = f"{one.mark} " if one.mark else ""
    name = f" ({inert(one.name, _CELL)})" if one.name else ""
    label = f"{inert(one.item, _CELL)}{name} " if one.item else ""
    lines = [f"- {mark}{label}{inert(one.what, _LONG_LABEL)}"]
    for detail in one.details:
        heading = f"{detail.heading}: " if detail.heading else ""
        lines += [f"  - {heading}{inert(line, _LONG_LABEL)}" for line in detail.lines[:_LINES]]
        if len(detail.lines) > _LINES:
            lines.append(f"  - {heading}… and {len(detail.lines) - _LINES} more")
    return "\n".join([*lines, *_hints(hints)]) + "\n"


def _hints(hints: Sequence[Hint]) -> list[str]:
    return [f"  - {_option(one)}{inert(one.effect, _LONG_LABEL)}" for one in hints[:_HINTS]]


def _option(hint: Hint) -> str:
    command = hint.command
    if not command:
        return ""
    return f"`{command}` " if _PLAIN_OPTION.fullmatch(command) else f"{inert(command, 200)} "


# --- items ---


def _items(block: Items, limit: int) -> str:
    """Return items with their changes, without them, or only their number, to stay within the limit."""
    if not block.groups:
        return ""
    pieces = [f"\n### {block.title}\n"] if block.title else []
    pieces += [f"\n{block.intro}\n"] if block.intro else []
    limit -= sum(map(len, pieces))
    pieces.append(_folded(block, limit) if block.is_folded else _listed(block, limit))
    return "".join(pieces)


def _listed(block: Items, limit: int) -> str:
    pieces: list[str] = []
    is_whole, number = True, 0
    for group in block.groups:
        title = f"\n#### {inert(group.heading, _LONG_NAME)}\n\n"
        if group.intro:
            title += f"{inert(group.intro, _LONG_LABEL)}\n\n"
        for item in group.items:
            entry = _item(item)
            if is_whole and len(title) + len(entry) > limit:
                is_whole = False
                pieces.append("\n*What follows is cut: the comment would be too long.*\n")
            if not is_whole:
                entry = _line(item)
                if len(title) + len(entry) > limit:
                    continue
            pieces += [title, entry]
            limit -= len(title) + len(entry)
            title, number = "", number + 1
        if group.more:
            pieces.append(f"- … and {group.more} more\n")
    if left := block.total - number:
        pieces.append(f"\n*… and {counted(left, 'more item')}.*\n")
    return "".join(pieces)


def _folded(block: Items, limit: int) -> str:
    pieces: list[str] = []
    for group in block.groups:
        piece = "".join(_fold(group))
        limit -= len(piece)
        if limit < 0:
            pieces.append("\n*What follows is cut: the comment would be too long.*\n")
            break
        pieces.append(piece)
    return "".join(pieces)


def _fold(group: ItemGroup) -> Iterator[str]:
    yield f"\n<details><summary>{inert(group.heading, _LONG_LABEL)}</summary>\n\n"
    if group.intro:
        yield f"{inert(group.intro, _LONG_LABEL)}\n\n"
    yield from map(_line, group.items)
    if group.more:
        yield f"- … and {group.more} more\n"
    yield "\n</details>\n"


def _line(item: ReportItem) -> str:
    """Return an item without its changes."""
    return f"- {_headline(item)}\n"


def _headline(item: ReportItem) -> str:
    name = f" ({inert(item.name, _LONG_NAME)})" if item.name else ""
    summary = f": {inert(item.summary, _LONG_LINE)}" if item.summary else ""
    mark = f", {inert(item.mark, _LONG_NAME)}" if item.mark else ""
    return f"{_STATUS[item.status]} {item.verb} {inert(item.label, _LONG_NAME)}{name}{summary}{mark}"


def _item(item: ReportItem) -> str:
    """Return an item with its changes, folded."""
    if not item.has_both_sides or item.summary:
        return _line(item)
    head = f"{_headline(item)}: {counted(len(item.changes), 'change')}"
    pieces, left = [f"\n<details><summary>{head}</summary>\n\n"], _ITEM
    for number, change in enumerate(item.changes):
        lines = _change(change)
        if len(lines) > left:
            pieces.append(f"- … and {len(item.changes) - number} more\n")
            break
        pieces.append(lines)
        left -= len(lines)
    return "".join([*pieces, "\n</details>\n\n"])


def _change(change: Change) -> str:
    """Return a change as an entry of a list, with the lines of long texts."""
    lines = [f"- {inert(words(change), _LONG_LINE)}"]
    for one in texts(change):
        body = [f"{sign} {_cut(_bare(line), _LONG_LINE)}" for sign, line in one.lines[:_TEXT_LINES]]
        if len(one.lines) > _TEXT_LINES:
            body.append(f"… {counted(len(one.lines) - _TEXT_LINES, 'more line')}")
        longest = max((len(run) for line in body for run in re.findall("`+", line)), default=0)
        fence = "`" * max(3, longest + 1)
        lines += ["", *(f"  {line}" for line in (f"{fence}diff", *body, fence)), ""]
    return "\n".join(lines) + "\n"


# --- tables and notes ---


def _counts(counts: Counts) -> str:
    if not counts.rows:
        return ""
    rows = [
        f"| {noun} | {' | '.join(str(number or '') for number in numbers)} |\n"
        for noun, numbers in counts.rows
    ]
    return f"\n| | {' | '.join(counts.columns)} |\n| --- |{' ---: |' * len(counts.columns)}\n{''.join(rows)}"


def _table(table: Table, limit: int) -> Iterator[str]:
    if not table.rows:
        return
    if table.title:
        yield f"\n#### {table.title}\n"
    columns = table.columns or ("",) * len(table.rows[0].cells)
    yield f"\n| {' | '.join(columns)} |\n|{' --- |' * len(columns)}\n"
    rows = [f"| {' | '.join(inert(cell, _CELL) for cell in row.cells)} |\n" for row in table.rows]
    yield from _fitting(rows, limit, is_list=False)


def _matrix(matrix: Matrix) -> Iterator[str]:
    yield "\n"
    if len(matrix.names) > _ACROSS:
        for name, by_cell in matrix.lists:
            yield f"- {inert(name, _LONG_NAME)} →\n"
            for cell, others in by_cell:
                line = f"{cell}: {', '.join(others)}"
                yield f"  - {inert(line, MAX_CHARACTERS)}\n"
        return
    names = [inert(name, _LONG_NAME) for name in matrix.names]
    yield f"| {inert(matrix.corner, _CELL)} | {' | '.join(names)} |\n| --- |{' --- |' * len(names)}\n"
    for name, cells in zip(names, matrix.cells, strict=True):
        yield f"| {name} | {' | '.join(inert(cell, _LONG_NAME) for cell in cells)} |\n"


def _notes(notes: Notes, limit: int) -> Iterator[str]:
    if not notes.lines:
        return
    if notes.title:
        yield f"\n#### {inert(notes.title, _LONG_NAME)}\n"
    yield "\n"
    entries = [
        f"{f'{number}.' if notes.is_numbered else '-'} {inert(line, _LONG_LABEL)}\n"
        for number, line in enumerate(notes.lines, 1)
    ]
    yield from _fitting(entries, limit, is_list=not notes.is_numbered)


# --- untrusted text ---


def inert(text: str, limit: int) -> str:
    """Return untrusted text so that Markdown shows it literally, in one line.

    Args:
        text: the untrusted text.
        limit: number of its characters to show.
    """
    begun = _bare(text[: limit + 1])  # each character is shown as at least one
    broken = _REFERENCE.sub(lambda found: f"{found[0]}{_NOTHING}", _cut(begun, limit))
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};", broken).replace(_NOTHING, "&#8203;")


def _bare(text: str) -> str:
    return shown(text.replace("\t", "    "))


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
