"""A plan as Markdown for a comment on a pull request: what speaks against it first, and all of it bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.plan.outlook import nothing
from lightdash_sync.report.diffs.markdown import MAX_CHARACTERS, inert, items_markdown
from lightdash_sync.report.parts.markdown import (
    CELL,
    LABEL,
    counts_markdown,
    fitting,
    notes_markdown,
    objections_markdown,
)
from lightdash_sync.report.parts.phrases import VERBS
from lightdash_sync.report.plans.against import objections
from lightdash_sync.report.plans.told import REFUSED, Told, access_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightdash_sync.plan.outlook import Look
    from lightdash_sync.plan.values import Plan

# Characters of a part; the steps get what the others leave.
_AGAINST, _ACCESS = 16_000, 8_000
_COLUMNS = ("who", "", "where", "before", "after")


def plan_markdown(plan: Plan, *, look: Look = nothing, every: bool = False) -> str:
    """Return a plan as Markdown of at most `diffs.MAX_CHARACTERS`.

    Args:
        plan: what to tell.
        look: content of the target that the plan leaves alone, for the names of spaces.
        every: tell changes that mean nothing to users, too.
    """
    told = Told(plan, look, every)
    above = "".join([*_head(told), *objections_markdown(f"🛑 {REFUSED}", objections(plan), _AGAINST)])
    below = "".join(
        [
            *_access(told),
            *notes_markdown("Warnings", told.warnings),
            *notes_markdown("Left out", [f"{one.item}: {one.why}" for one in plan.left_out]),
            *notes_markdown("Linked by this plan", told.links),
        ]
    )
    return above + items_markdown(told.section, MAX_CHARACTERS - len(above) - len(below)) + below


def _head(told: Told) -> Iterator[str]:
    yield f"### {inert(told.title, LABEL)}\n\n"
    yield f"{inert(told.plan.source, LABEL)} → {inert(told.target, LABEL)}\n\n"
    yield f"{told.totals} (digest {told.digest})\n"
    if not told.plan.is_empty:
        yield counts_markdown(told.counts, (*VERBS, "unchanged"))


def _access(told: Told) -> Iterator[str]:
    rows = told.plan.access
    if not rows:
        return
    yield "\n#### Access\n\n"
    yield f"| {' | '.join(_COLUMNS)} |\n|{' --- |' * len(_COLUMNS)}\n"
    told_rows = [f"| {' | '.join(inert(cell, CELL) for cell in access_row(row))} |\n" for row in rows]
    yield from fitting(told_rows, _ACCESS, separate=True)
