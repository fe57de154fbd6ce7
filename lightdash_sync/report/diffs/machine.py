"""Differences as JSON. Fields and codes stay the same from version to version; words may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.report.changes import changes_json, with_values
from lightdash_sync.report.diffs.section import created_or_deleted

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.report.diffs.section import Item, Section


def diff_json(section: Section) -> JsonObject:
    """Return all differences, with the values of each change; of what was created or deleted no content."""
    items: list[Json] = [_item(section, item) for item in section.items]
    counts: JsonObject = {
        kind.value: {status.value: number for status, number in found.items()}
        for kind, found in section.counts.items()
    }
    return {
        "old": section.old,
        "new": section.new,
        "different": bool(section.items),
        "counts": counts,
        "items": items,
        "quiet_items": section.quiet,
        "warnings": [*section.notes],
    }


def _item(section: Section, item: Item) -> JsonObject:
    told = changes_json if created_or_deleted(item) else with_values
    return {
        "kind": item.kind.value,
        "key": item.key,
        "name": item.name,
        "space": item.space or None,
        "status": item.status.value,
        **told(section.told(item)),
    }
