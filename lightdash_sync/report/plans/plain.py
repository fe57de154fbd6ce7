"""A plan as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from lightdash_sync.plan.outlook import nothing
from lightdash_sync.report.shown import shown

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
    for step in plan.steps:
        out.print(Text(f"{step.verb} {shown(step.item)}"))
