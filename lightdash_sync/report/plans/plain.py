"""A plan as text for a terminal: first why it will be refused, then what it does, then what to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from lightdash_sync.plan.outlook import nothing
from lightdash_sync.report.diffs.plain import items_text
from lightdash_sync.report.plans.against import objections
from lightdash_sync.report.plans.told import REFUSED, Told, access_row, counted
from lightdash_sync.report.shown import shown
from lightdash_sync.report.terminal import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console

    from lightdash_sync.plan.outlook import Look
    from lightdash_sync.plan.values import Plan
    from lightdash_sync.report.plans.against import Objection

_LISTED = 40  # objections of a reason, rows of access, notes; unless everything is asked for
_LINES, _HINTS = 8, 6  # of an objection


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
    for line in _refusals(told):
        out.print(line)
    items_text(told.section, out)
    _access(told, out)
    notes = [f"{kind}:{key} is {uuid} from now on" for kind, key, uuid in told.adopted]
    _list(told, out, "Warnings", told.warnings, "yellow")
    _list(told, out, "Left out", [f"{one.item}: {one.why}" for one in plan.left_out])
    _list(told, out, "Linked by this plan", notes)
    if number := sum(len(group.found) for group in objections(plan)):
        out.print()
        out.print(Text(f"{REFUSED}: {counted(number, 'reason')}, told above.", style="bold red"))


def _refusals(told: Told) -> Iterator[Text]:
    groups = objections(told.plan)
    if not groups:
        return
    yield Text()
    yield Text(f"{REFUSED}:", style="bold red")
    for group in groups:
        yield Text(f"  {group.title}", style="red")
        shown_first = group.found if told.every else group.found[:_LISTED]
        for one in shown_first:
            yield from _objection(one, every=told.every)
        if left := len(group.found) - len(shown_first):
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


def _access(told: Told, out: Console) -> None:
    rows = told.plan.access
    if not rows:
        return
    listed = rows if told.every else rows[:_LISTED]
    out.print()
    out.print(Text("Access", style="bold cyan"))
    columns = ["WHO", "", "WHERE", "BEFORE", "AFTER"]
    out.print(table(columns, (access_row(change) for change in listed)))
    if len(rows) > len(listed):
        out.print(f"… and {counted(len(rows) - len(listed), 'more change')} (--all lists everything)")


def _list(told: Told, out: Console, title: str, lines: Sequence[str], style: str = "bold cyan") -> None:
    if not lines:
        return
    listed = lines if told.every else lines[:_LISTED]
    out.print()
    out.print(Text(title, style=style))
    for line in listed:
        out.print(Text(f"  {shown(line)}"))
    if len(lines) > len(listed):
        out.print(f"  … and {len(lines) - len(listed)} more (--all lists everything)")
