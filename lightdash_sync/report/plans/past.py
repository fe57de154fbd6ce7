"""The runs of an environment: what was applied, when, and what became of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from lightdash_sync.report.parts.phrases import VERBS
from lightdash_sync.report.terminal import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.plan.values import Plan
    from lightdash_sync.sync.runs import Run

_SIGNS = {"create": "+", "update": "~", "delete": "-"}
_BY = {"undone": "undone by", "superseded": "superseded by"}


@dataclass(frozen=True)
class _Row:
    """One run as it is told.

    Attributes:
        run: the run.
        plan: its plan; None if the run cannot be read.
        result: how it ended; None if it was cut short.
    """

    run: Run
    plan: Plan | None
    result: JsonObject | None

    @property
    def state(self) -> str:
        """A word that stays the same."""
        if self.plan is None:
            return "damaged"
        return "unfinished" if self.result is None else str(self.result.get("state", "unknown"))

    @property
    def by(self) -> str:
        """The run that took it back, or took its place; "" for none."""
        by = (self.result or {}).get("by")
        return by if isinstance(by, str) else ""

    @property
    def counts(self) -> Mapping[str, int]:
        """How many items it was to create, update and delete."""
        return Counter(step.action.value for step in self.plan.steps) if self.plan else {}


def runs_text(found: Sequence[Run], out: Console) -> None:
    """Print a table of runs.

    Args:
        found: newest first, as `sync.runs.runs` returns them.
        out: where to; from `terminal.console`.
    """
    if not found:
        out.print("No runs.")
        return
    columns = ["RUN", "WHEN (UTC)", "WHAT", "ITEMS", "STATE", "SOURCE"]
    out.print(table(columns, (_cells(_row(run)) for run in found), whole={"RUN"}))


def runs_json(found: Sequence[Run]) -> JsonObject:
    """Return runs, for machines."""
    return {"runs": [_told(_row(run)) for run in found]}


def _row(run: Run) -> _Row:
    return _Row(run, None, None) if run.damage() else _Row(run, run.plan(), run.result())


def _cells(row: _Row) -> list[str]:
    plan = row.plan
    counts = " ".join(f"{_SIGNS[verb]}{row.counts[verb]}" for verb in VERBS if row.counts.get(verb))
    state = f"{_BY.get(row.state, row.state)} {row.by}".strip() if row.by else row.state
    when = f"{row.run.began.astimezone(UTC):%Y-%m-%d %H:%M}"
    return [row.run.id, when, plan.purpose if plan else "", counts, state, plan.source if plan else ""]


def _told(row: _Row) -> Json:
    plan = row.plan
    return {
        "id": row.run.id,
        "began": row.run.began.isoformat(timespec="seconds"),
        "ended": (row.result or {}).get("ended"),
        "purpose": plan.purpose if plan else None,
        "source": plan.source if plan else None,
        "undoes": (plan.undoes or None) if plan else None,
        "counts": {verb: row.counts.get(verb, 0) for verb in VERBS},
        "state": row.state,
        "by": row.by or None,
    }
