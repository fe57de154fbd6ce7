"""A plan as Markdown for a comment on a pull request: what speaks against it first, and all of it bounded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lightdash_sync.plan.outlook import nothing
from lightdash_sync.report.diffs.markdown import MAX_CHARACTERS, inert, items_markdown
from lightdash_sync.report.diffs.section import noun
from lightdash_sync.report.plans.against import objections
from lightdash_sync.report.plans.told import REFUSED, VERBS, Told, access_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lightdash_sync.plan.outlook import Look
    from lightdash_sync.plan.values import Plan
    from lightdash_sync.report.plans.against import Objection

# Characters of a part; the steps get what the others leave.
_AGAINST, _ACCESS, _NOTES = 16_000, 8_000, 4_000
_CELL, _LABEL, _LINE = 80, 200, 300  # characters of content
_LINES, _HINTS = 5, 4  # of an objection
_PLAIN = re.compile(r"[-\w:= .]{1,200}", re.ASCII)
_COLUMNS = ("who", "", "where", "before", "after")


def plan_markdown(plan: Plan, *, look: Look = nothing, every: bool = False) -> str:
    """Return a plan as Markdown of at most `diffs.MAX_CHARACTERS`.

    Args:
        plan: what to tell.
        look: content of the target that the plan leaves alone, for the names of spaces.
        every: tell changes that mean nothing to users, too.
    """
    told = Told(plan, look, every)
    above = "".join([*_head(told), *_refusals(told)])
    below = "".join(
        [
            *_access(told),
            *_notes("Warnings", told.warnings),
            *_notes("Left out", [f"{one.item}: {one.why}" for one in plan.left_out]),
            *_notes("Linked by this plan", [f"{kind}:{key} = {uuid}" for kind, key, uuid in told.adopted]),
        ]
    )
    return above + items_markdown(told.section, MAX_CHARACTERS - len(above) - len(below)) + below


def _head(told: Told) -> Iterator[str]:
    yield f"### {inert(told.title, _LABEL)}\n\n"
    yield f"{inert(told.plan.source, _LABEL)} → {inert(told.target, _LABEL)}\n\n"
    yield f"{told.totals} (digest {told.digest})\n"
    if not told.plan.is_empty:
        columns = (*VERBS, "unchanged")
        yield f"\n| | {' | '.join(columns)} |\n| --- |{' ---: |' * len(columns)}\n"
        for kind, found in told.counts.items():
            yield f"| {noun(kind, 2)} | {' | '.join(str(found[name] or '') for name in columns)} |\n"


def _refusals(told: Told) -> Iterator[str]:
    groups = objections(told.plan)
    if not groups:
        return
    yield f"\n#### 🛑 {REFUSED}\n"
    for group in groups:
        yield f"\n##### {group.title}\n\n"
        yield from _fitting([_objection(one) for one in group.found], _AGAINST // len(groups))


def _objection(one: Objection) -> str:
    name = f" ({inert(one.name, _CELL)})" if one.name else ""
    label = f"{inert(one.item, _CELL)}{name} " if one.item else ""
    found = [f"- {label}{inert(one.what, _LINE)}"]
    for heading, lines in one.details:
        found += [f"  - {heading}: {inert(line, _LINE)}" for line in lines[:_LINES]]
        if len(lines) > _LINES:
            found.append(f"  - {heading}: … and {len(lines) - _LINES} more")
    found += [f"  - {_option(option)} {does}" for option, does in one.hints[:_HINTS]]
    return "\n".join(found) + "\n"


def _option(option: str) -> str:
    return f"`{option}`" if _PLAIN.fullmatch(option) else inert(option, _LABEL)


def _access(told: Told) -> Iterator[str]:
    rows = told.plan.access
    if not rows:
        return
    yield "\n#### Access\n\n"
    yield f"| {' | '.join(_COLUMNS)} |\n|{' --- |' * len(_COLUMNS)}\n"
    told_rows = [f"| {' | '.join(inert(cell, _CELL) for cell in access_row(row))} |\n" for row in rows]
    yield from _fitting(told_rows, _ACCESS, separate=True)


def _notes(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"\n#### {title}\n\n"
        yield from _fitting([f"- {inert(line, _LINE)}\n" for line in lines], _NOTES)


def _fitting(blocks: Sequence[str], limit: int, *, separate: bool = False) -> Iterator[str]:
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
