"""A plan as text for a terminal: first why it will be refused, then what it does, then what to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from lightdash_sync.plan.outlook import nothing
from lightdash_sync.report.diffs.plain import items_text
from lightdash_sync.report.parts.phrases import counted
from lightdash_sync.report.parts.plain import LISTED, notes_text, objections_text
from lightdash_sync.report.plans.against import objections
from lightdash_sync.report.plans.told import REFUSED, Told, access_row
from lightdash_sync.report.shown import shown
from lightdash_sync.report.terminal import table

if TYPE_CHECKING:
    from rich.console import Console

    from lightdash_sync.plan.outlook import Look
    from lightdash_sync.plan.values import Plan


def plan_text(plan: Plan, out: Console, *, look: Look = nothing, every: bool = False) -> None:
    """Print a plan.

    Args:
        plan: what to tell.
        out: where to; from `terminal.console`, which takes every text literally.
        look: content of the target that the plan leaves alone, for the names of spaces.
        every: show what means nothing to users too, and as much as there is.
    """
    told = Told(plan, look, every)
    arrow = Text.assemble((shown(plan.source), "bold"), " → ", (shown(told.target), "bold"))
    out.print(Text.assemble(f"{shown(told.title)}: ", arrow))
    out.print(Text.assemble(f"{told.totals}  ", (f"digest {told.digest}", "dim")))
    for line in objections_text(REFUSED, objections(plan), every=every):
        out.print(line)
    items_text(told.section, out)
    _access(told, out)
    for line in (
        *notes_text("Warnings", told.warnings, every=every, style="yellow"),
        *notes_text("Left out", [f"{one.item}: {one.why}" for one in plan.left_out], every=every),
        *notes_text("Linked by this plan", told.links, every=every),
    ):
        out.print(line)
    if number := sum(len(group.found) for group in objections(plan)):
        out.print()
        out.print(Text(f"{REFUSED}: {counted(number, 'reason')}, told above.", style="bold red"))


def _access(told: Told, out: Console) -> None:
    rows = told.plan.access
    if not rows:
        return
    listed = rows if told.every else rows[:LISTED]
    out.print()
    out.print(Text("Access", style="bold cyan"))
    columns = ["WHO", "", "WHERE", "BEFORE", "AFTER"]
    out.print(table(columns, (access_row(change) for change in listed)))
    if len(rows) > len(listed):
        out.print(f"… and {counted(len(rows) - len(listed), 'more change')} (--all lists everything)")
