"""What came of an apply: counts, what failed and why, what the server made of it, and where to look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.sync.applying import Applied


def applied_text(applied: Applied, out: Console) -> None:
    """Print what came of an apply.

    Args:
        applied: what came of it; it has the plan.
        out: where to; from `terminal.console`.
    """
    out.print(Text(applied.run.id))


def applied_json(applied: Applied) -> JsonObject:
    """Return what came of an apply, for machines."""
    return {"run": applied.run.id, "complete": applied.is_complete}
