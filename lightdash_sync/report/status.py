"""Who is behind where, as a table of environments by environments, and a block for each pair that differs.

Names are made harmless on their way out. Markdown stays below the length that a comment may have.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from lightdash_sync.model.changes import Status
from lightdash_sync.report.diffs.markdown import MAX_CHARACTERS, inert
from lightdash_sync.report.diffs.section import noun
from lightdash_sync.report.shown import shown

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from rich.console import Console

    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.model.kinds import Kind
    from lightdash_sync.sync.behind import Behind, Differing
    from lightdash_sync.sync.status import Looked, Pair, Standing

_ITEMS = 3  # of a pair, unless all are asked for
_ACROSS = 8  # environments in a table; more are told as lists
_STYLES = {Status.CREATED: "green", Status.CHANGED: "yellow", Status.DELETED: "red"}
_SIGNS = {Status.CREATED: "➕", Status.CHANGED: "✏️", Status.DELETED: "➖"}
_SAME, _UNKNOWN, _MISSING, _ITSELF, _UPSTREAM = "same", "unknown", "no snapshot", "—", "↑"
_LEGEND = f"{_UPSTREAM} Lightdash promotes from the row to the column."
_NAME, _LABEL, _RESERVED = 120, 300, 300  # characters of Markdown


def status_text(standing: Standing, out: Console, now: datetime, *, every: bool = False) -> None:
    """Print who is behind where.

    Args:
        standing: what to tell.
        out: where to; from `terminal.console`, which takes every text literally.
        now: the present, for the age of snapshots.
        every: tell all items of each pair, not the oldest ones only.
    """
    for one in standing.environments:
        out.print(Text.assemble((shown(one.environment), "bold"), f": {shown(_age(one, now))}"))
    out.print()
    if _fits(standing, out.width):
        out.print(_matrix(standing))
    else:
        for line in _lists(standing):
            out.print(line)
    if any(pair.is_upstream for pair in standing.pairs):
        out.print(Text(_LEGEND, style="dim"))
    for pair in standing.pairs:
        if pair.behind and pair.behind.items:
            out.print()
            for line in _block(pair, pair.behind, every=every):
                out.print(line)


def status_json(standing: Standing) -> JsonObject:
    """Return who is behind where, with all items of each pair."""
    environments: list[Json] = [_looked_json(one) for one in standing.environments]
    pairs: list[Json] = [_pair_json(pair) for pair in standing.pairs]
    return {
        "different": standing.differs,
        "environments": environments,
        "pairs": pairs,
        "warnings": [*standing.notes],
    }


def status_markdown(standing: Standing, now: datetime, *, every: bool = False) -> str:
    """Return who is behind where as Markdown of at most `diffs.MAX_CHARACTERS`.

    Args:
        standing: what to tell.
        now: the present, for the age of snapshots.
        every: tell all items of each pair, not the oldest ones only.
    """
    head = "".join(_head_markdown(standing, now))
    parts, left = [head], MAX_CHARACTERS - _RESERVED - len(head)
    for pair in standing.pairs:
        if pair.behind and pair.behind.items:
            block = "".join(_block_markdown(pair, pair.behind, every=every))
            left -= len(block)
            if left < 0:
                parts.append("\n*What follows is cut: the comment would be too long.*\n")
                break
            parts.append(block)
    return "".join(parts)


# --- what both say ---


def _age(one: Looked, now: datetime) -> str:
    """Return what was looked at, and how old it is."""
    if not one.is_there:
        return _MISSING
    if one.is_live:
        return f"{one.project}, as it is now"
    if one.exported is None:
        return f"snapshot of {one.project}, age unknown here"
    return f"snapshot of {one.project}, {_ago(now - one.exported)} old"


def _ago(age: timedelta) -> str:
    minutes = max(int(age.total_seconds()) // 60, 0)
    for size, unit in ((60 * 24, "day"), (60, "hour")):
        if minutes >= 2 * size:
            return f"{minutes // size} {unit}s"
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def _cell(pair: Pair | None) -> str:
    if pair is None:
        return _ITSELF
    if pair.behind is None:
        return _MISSING
    said = _how_many(pair.behind) if pair.behind.items else _SAME
    return f"{said} {_UPSTREAM}" if pair.is_upstream else said


def _how_many(behind: Behind) -> str:
    return (
        f"{len(behind.items)} since {_day(behind.since)}"
        if behind.since
        else f"{len(behind.items)}, age unknown"
    )


def _day(when: datetime | None) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d}" if when else _UNKNOWN


def _counted(behind: Behind) -> str:
    return "; ".join(_counts(kind, found) for kind, found in behind.counts.items())


def _counts(kind: Kind, found: Counter[Status]) -> str:
    numbers = ", ".join(f"{found[status]} {status}" for status in Status if found[status])
    return f"{noun(kind, sum(found.values()))}: {numbers}"


def _own_name(one: Differing) -> str:
    return "" if one.name in (one.key, one.kind) else one.name


def _told(behind: Behind, *, every: bool) -> tuple[Differing, ...]:
    return behind.items if every else behind.items[:_ITEMS]


# --- text ---


def _rows(standing: Standing) -> list[tuple[str, list[str]]]:
    names = [one.environment for one in standing.environments]
    return [
        (row, [_cell(None if row == column else standing.between(row, column)) for column in names])
        for row in names
    ]


def _fits(standing: Standing, width: int) -> bool:
    """Whether a table can be read, with cells of as many lines as they have words."""
    rows = _rows(standing)
    columns = [[name, *(row[1][number] for row in rows)] for number, (name, _) in enumerate(rows)]
    needed = [_longest(name for name, _ in rows)]
    needed += [
        _longest([shown(column[0]), *(word for cell in column[1:] for word in cell.split())])
        for column in columns
    ]
    return len(rows) <= _ACROSS and sum(needed) + 2 * len(needed) <= width


def _longest(texts: Iterator[str] | list[str]) -> int:
    return max((cell_len(shown(text)) for text in texts), default=0)


def _matrix(standing: Standing) -> Table:
    rows = _rows(standing)
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    drawn.add_column("FROM \\ TO", no_wrap=True)
    for number, (name, _) in enumerate(rows):
        words = [word for _, cells in rows for word in cells[number].split()]
        drawn.add_column(Text(shown(name)), min_width=_longest([name, *words]))
    for name, cells in rows:
        drawn.add_row(Text(shown(name), style="bold"), *(Text(cell) for cell in cells))
    return drawn


def _lists(standing: Standing) -> Iterator[Text]:
    """Yield a line for each environment, and one for each way in which it stands to others."""
    for one in standing.environments:
        yield Text(f"{shown(one.environment)} →", style="bold")
        found: dict[str, list[str]] = {}
        for pair in standing.pairs:
            if pair.source == one.environment:
                found.setdefault(_cell(pair), []).append(pair.target)
        for cell, others in found.items():
            yield Text(f"  {cell}: {', '.join(map(shown, others))}")


def _block(pair: Pair, behind: Behind, *, every: bool) -> Iterator[Text]:
    arrow = f"{shown(pair.source)} → {shown(pair.target)}"
    upstream = " (its upstream)" if pair.is_upstream else ""
    yield Text.assemble((arrow, "bold"), f"{upstream}: {_how_many(behind)}: {_counted(behind)}")
    told = _told(behind, every=every)
    for one in told:
        name = f" ({shown(_own_name(one))})" if _own_name(one) else ""
        status = (f"{one.status:<7}", _STYLES[one.status])
        yield Text.assemble(f"  {_day(one.since):<10}  ", status, f"  {shown(one.item)}{name}")
    if left := len(behind.items) - len(told):
        yield Text(f"  … and {left} more (--all lists everything)", style="dim")


# --- Markdown ---


def _head_markdown(standing: Standing, now: datetime) -> Iterator[str]:
    yield "### Who is behind where\n\n"
    for one in standing.environments:
        yield f"- {inert(one.environment, _NAME)}: {inert(_age(one, now), _LABEL)}\n"
    yield "\n"
    if len(standing.environments) <= _ACROSS:
        names = [inert(one.environment, _NAME) for one in standing.environments]
        yield f"| from \\ to | {' | '.join(names)} |\n| --- |{' --- |' * len(names)}\n"
        for name, cells in _rows(standing):
            yield f"| {inert(name, _NAME)} | {' | '.join(cells)} |\n"
    else:
        for line in _lists(standing):
            is_below = line.plain.startswith("  ")
            yield f"{'  ' if is_below else ''}- {inert(line.plain.strip(), MAX_CHARACTERS)}\n"
    if any(pair.is_upstream for pair in standing.pairs):
        yield f"\n{_LEGEND}\n"
    for note in standing.notes:
        yield f"\n*{inert(note, 2 * _LABEL)}*\n"


def _block_markdown(pair: Pair, behind: Behind, *, every: bool) -> Iterator[str]:
    upstream = " (its upstream)" if pair.is_upstream else ""
    arrow = f"{inert(pair.source, _NAME)} → {inert(pair.target, _NAME)}{upstream}"
    yield f"\n<details><summary>{arrow}: {_how_many(behind)}</summary>\n\n{_counted(behind)}\n\n"
    told = _told(behind, every=every)
    for one in told:
        name = f" ({inert(_own_name(one), _NAME)})" if _own_name(one) else ""
        yield f"- {_day(one.since)} {_SIGNS[one.status]} {one.status} {inert(one.item, _NAME)}{name}\n"
    if left := len(behind.items) - len(told):
        yield f"- … and {left} more\n"
    yield "\n</details>\n"


# --- JSON ---


def _looked_json(one: Looked) -> JsonObject:
    return {
        "name": one.environment,
        "read": "live" if one.is_live else "snapshot" if one.is_there else None,
        "project": one.project or None,
        "exported": one.exported.isoformat() if one.exported else None,
    }


def _pair_json(pair: Pair) -> JsonObject:
    behind = pair.behind
    found: JsonObject = {
        "from": pair.source,
        "to": pair.target,
        "upstream": pair.is_upstream,
        "same": None if behind is None else not behind.items,
    }
    if behind is None:
        return found
    counts: JsonObject = {
        kind.value: {status.value: number for status, number in numbers.items()}
        for kind, numbers in behind.counts.items()
    }
    items: list[Json] = [
        {
            "kind": one.kind.value,
            "key": one.key,
            "name": one.name,
            "status": one.status.value,
            "since": one.since.isoformat() if one.since else None,
        }
        for one in behind.items
    ]
    return found | {
        "different": len(behind.items),
        "since": behind.since.isoformat() if behind.since else None,
        "counts": counts,
        "items": items,
        "not_counted": behind.uncarried,
        "same_named": behind.same_named,
    }
