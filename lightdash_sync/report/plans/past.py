"""The runs of an environment: what was applied, when, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.sync.runs import Run


def runs_text(found: Sequence[Run], out: Console) -> None:
    """Print a table of runs.

    Args:
        found: newest first, as `sync.runs.runs` returns them.
        out: where to; from `terminal.console`.
    """
    for run in found:
        out.print(Text(run.id))


def runs_json(found: Sequence[Run]) -> JsonObject:
    """Return runs, for machines."""
    return {"runs": [{"id": run.id} for run in found]}
