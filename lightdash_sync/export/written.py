"""Reuses the answers to this run's own writes instead of reading the written items again.

The answer to a write is the item as the server reads it after the write. The lists, which are read after all
writes, prove that the item is still in that state: name, description and place are the same, and it was saved
at that time by the same person. An item that does not fit the lists is read.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import ValidationError

from lightdash_sync.content.authorship import moment
from lightdash_sync.content.json import JsonObject, get_str
from lightdash_sync.lightdash import schemas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.lightdash.versions import Server

# Lists have a slightly later time than the version itself.
_LATER = timedelta(milliseconds=100)


def written_charts(
    told: Mapping[str, JsonObject], inventory: Inventory, server: Server
) -> dict[str, JsonObject]:
    """Return uuid -> explore chart, for the charts that the lists show unchanged since their last write.

    The result is empty if the server supports merged charts: the fields that only a chart's own answer has
    are requested again before a version is written.

    Args:
        told: uuid -> the server's answer to the last write of an item.
        inventory: the lists, read afterwards.
        server: its version and capabilities.
    """
    if server.can("merged_charts"):
        return {}
    listed = {row.uuid: row for row in inventory.charts}
    return {
        row.uuid: raw
        for row in inventory.summaries
        if (raw := told.get(row.uuid)) is not None
        and _is_listed(row, raw)
        and raw.get("slug") == row.slug
        and raw.get("dashboardUuid") == row.dashboardUuid
        and (row.uuid not in listed or _is_listed(listed[row.uuid], raw))
    }


def written_dashboards(
    told: Mapping[str, JsonObject], inventory: Inventory
) -> dict[str, tuple[schemas.Dashboard, JsonObject]]:
    """Return uuid -> dashboard, for those unchanged since their last write; see `written_charts`."""
    slugs = {row.uuid: row.slug for row in inventory.content}
    found: dict[str, tuple[schemas.Dashboard, JsonObject]] = {}
    for row in inventory.dashboards:
        raw = told.get(row.uuid)
        if raw is None or not _is_listed(row, raw) or raw.get("slug") != slugs.get(row.uuid):
            continue
        try:
            found[row.uuid] = schemas.Dashboard.model_validate(raw), raw
        except ValidationError:
            continue
    return found


def _is_listed(row: schemas.Row, raw: JsonObject) -> bool:
    """Whether a list has an item as the answer to its last write has it."""
    more = row.model_extra or {}
    saved, listed = moment(raw.get("updatedAt")), moment(getattr(row, "updatedAt", more.get("updatedAt")))
    if saved is None or listed is None or not timedelta() <= listed - saved <= _LATER:
        return False
    if (row.name, row.spaceUuid) != (raw.get("name"), raw.get("spaceUuid")):
        return False
    if "description" in more and (more["description"] or None) != (raw.get("description") or None):
        return False
    author = more.get("updatedByUser")
    return not isinstance(author, dict) or author.get("userUuid") == get_str(raw, "updatedByUser", "userUuid")
