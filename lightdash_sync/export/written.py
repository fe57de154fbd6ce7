"""Items that this run wrote, taken as the server told them in the answer to the last write of each.

Such an answer is the item as the server reads it after the write, and the lists, which are read after all
writes, prove that it is still that: its name, description and place are the same, and it was saved then, by
the same person. So reading it again would tell nothing new. What does not fit is read.
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

# Lists tell the time of a version some milliseconds later than the version itself.
_LATER = timedelta(milliseconds=100)


def written_charts(
    told: Mapping[str, JsonObject], inventory: Inventory, server: Server
) -> dict[str, JsonObject]:
    """Return uuid -> explore chart, of those that are as they were told.

    There are none where charts may merge rows of other queries: what nothing but a chart's own answer tells
    of them is asked for again before a version is written.

    Args:
        told: uuid -> what the server said of an item when it was written last.
        inventory: the lists, read afterwards.
        server: what it can do.
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
    """Return uuid -> dashboard, of those that are as they were told; arguments as of `written_charts`."""
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
    """Whether a list has an item as it was told."""
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
