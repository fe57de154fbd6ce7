"""Renders a report as JSON. Fields and codes are stable across versions; texts may change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.changes.change import QUIET
from lightdash_sync.changes.wording import summary, words
from lightdash_sync.content.json import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lightdash_sync.changes.change import Change
    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.report.value import FindingGroup, Report


def render_json(report: Report) -> JsonObject:
    """Return the documented object of a report, without length limits."""
    return report.data


def changes_json(changes: Sequence[Change]) -> JsonObject:
    """Return changes, with a summary in one line."""
    return {"summary": summary(changes), "changes": [_change_json(change) for change in changes]}


def loud_changes_json(changes: Iterable[Change]) -> JsonObject:
    """Return the changes that are of interest to users, with a summary in one line."""
    return changes_json([change for change in changes if change.what not in QUIET])


def changes_with_values(changes: Sequence[Change]) -> JsonObject:
    """Return changes with the values before and after; a missing value has no field."""
    found: list[Json] = []
    for change in changes:
        sides = {"before": change.before, "after": change.after}
        values = {side: value for side, value in sides.items() if value is not ABSENT}
        found.append(_change_json(change) | values)
    return {"summary": summary(changes), "changes": found}


def _change_json(change: Change) -> JsonObject:
    return {
        "what": change.what,
        "where": [*change.where],
        "name": change.name,
        "words": words(change),
        "quiet": change.quiet,
    }


def findings_json(groups: Iterable[FindingGroup]) -> list[Json]:
    """Return all findings, each with the code of its reason."""
    return [
        {
            "reason": group.code,
            "code": one.code,
            "item": one.item or None,
            "name": one.name or None,
            "what": one.what,
            "hints": [{"option": hint.command, "does": hint.effect} for hint in one.hints],
        }
        for group in groups
        for one in group.findings
    ]
