"""A plan as one HTML file: no script, nothing from the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.plan.outlook import nothing

if TYPE_CHECKING:
    from lightdash_sync.plan.outlook import Look
    from lightdash_sync.plan.values import Plan


def plan_html(plan: Plan, *, look: Look = nothing, every: bool = False) -> str:
    """Return a whole document, in UTF-8 once it is written."""
    return f"<!doctype html>\n<html lang='en'><body>{len(plan.steps)} steps</body></html>\n"
