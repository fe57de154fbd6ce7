"""Changes for machines: the same fields wherever a change is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.changes import ABSENT, summary, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.model.changes import Change


def changes_json(changes: Sequence[Change]) -> JsonObject:
    """Return changes, and all of them in one line."""
    return {"summary": summary(changes), "changes": [_change_json(change) for change in changes]}


def with_values(changes: Sequence[Change]) -> JsonObject:
    """Return changes with the values before and after; a value that is not there has no field."""
    told: list[Json] = []
    for change in changes:
        sides = {"before": change.before, "after": change.after}
        values = {side: value for side, value in sides.items() if value is not ABSENT}
        told.append(_change_json(change) | values)
    return {"summary": summary(changes), "changes": told}


def _change_json(change: Change) -> JsonObject:
    return {
        "what": change.what,
        "where": [*change.where],
        "name": change.name,
        "words": words(change),
        "quiet": change.quiet,
    }
