"""A plan as Markdown for a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.plan.outlook import nothing

if TYPE_CHECKING:
    from lightdash_sync.plan.outlook import Look
    from lightdash_sync.plan.values import Plan


def plan_markdown(plan: Plan, *, look: Look = nothing, every: bool = False) -> str:
    """Return a plan as Markdown of at most `diffs.MAX_CHARACTERS`."""
    return f"### {len(plan.steps)} steps\n"
