"""Builds the reports of the local records of an environment: its runs, and its links."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from lightdash_sync.report.phrases import VERBS
from lightdash_sync.report.value import Notes, Report, Table, TableRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.report.value import Block
    from lightdash_sync.sync.links import Link
    from lightdash_sync.sync.plan.values import Plan
    from lightdash_sync.sync.runs import Run

_SIGNS = {"create": "+", "update": "~", "delete": "-"}
_BY = {"undone": "undone by", "superseded": "superseded by"}


def runs_report(found: Sequence[Run]) -> Report:
    """Return the runs of an environment, newest first, as `sync.runs.runs` returns them."""
    runs = [_read(run) for run in found]
    rows = tuple(TableRow(_cells(run)) for run in runs)
    columns = ("run", "when (UTC)", "what", "items", "state", "source")
    table = Table(columns, rows, unbroken=frozenset({"run"}))
    return Report("Runs", {"runs": [_run_json(run) for run in runs]}, (_or_none(table, "No runs."),))


def links_report(found: Sequence[Link]) -> Report:
    """Return which item of an environment is which item of its sources, from `sync.links.links_of`."""
    rows = tuple(
        TableRow((one.item, one.name, one.uuid, one.slug, one.how, "yes" if one.exists else "no"))
        for one in found
    )
    table = Table(("item", "name", "uuid", "slug", "how", "there"), rows, unbroken=frozenset({"uuid"}))
    return Report("Links", {"links": [_link_json(one) for one in found]}, (_or_none(table, "No links."),))


def _or_none(table: Table, none: str) -> Block:
    return table if table.rows else Notes((none,))


@dataclass(frozen=True)
class _ReadRun:
    """A run with what its files hold.

    Attributes:
        run: the run.
        plan: its plan; None if the run cannot be read.
        result: how it ended; None if it was interrupted.
    """

    run: Run
    plan: Plan | None
    result: JsonObject | None

    @property
    def state(self) -> str:
        """The state as a word that is stable across versions."""
        if self.plan is None:
            return "damaged"
        return "unfinished" if self.result is None else str(self.result.get("state", "unknown"))

    @property
    def by(self) -> str:
        """The run that undid or superseded it; "" for none."""
        by = (self.result or {}).get("by")
        return by if isinstance(by, str) else ""

    @property
    def counts(self) -> Mapping[str, int]:
        """The planned numbers of items to create, update and delete."""
        return Counter(step.action.value for step in self.plan.steps) if self.plan else {}


def _read(run: Run) -> _ReadRun:
    return _ReadRun(run, None, None) if run.damage() else _ReadRun(run, run.plan(), run.result())


def _cells(one: _ReadRun) -> tuple[str, ...]:
    plan = one.plan
    counts = " ".join(f"{_SIGNS[verb]}{one.counts[verb]}" for verb in VERBS if one.counts.get(verb))
    state = f"{_BY.get(one.state, one.state)} {one.by}".strip() if one.by else one.state
    when = f"{one.run.began.astimezone(UTC):%Y-%m-%d %H:%M}"
    return one.run.id, when, plan.purpose if plan else "", counts, state, plan.source if plan else ""


def _run_json(one: _ReadRun) -> Json:
    plan = one.plan
    return {
        "id": one.run.id,
        "began": one.run.began.isoformat(timespec="seconds"),
        "ended": (one.result or {}).get("ended"),
        "purpose": plan.purpose if plan else None,
        "source": plan.source if plan else None,
        "undoes": (plan.undoes or None) if plan else None,
        "counts": {verb: one.counts.get(verb, 0) for verb in VERBS},
        "state": one.state,
        "by": one.by or None,
    }


def _link_json(one: Link) -> Json:
    return {
        "kind": one.kind.value,
        "key": one.key,
        "name": one.name or None,
        "uuid": one.uuid,
        "slug": one.slug or None,
        "how": one.how,
        "exists": one.exists,
    }
