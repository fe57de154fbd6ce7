"""Schedulers, item by item: for a token that may not list those of the whole project."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from lightdash_sync.errors import NotAuthorised
from lightdash_sync.model.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from lightdash_sync.client.capabilities import Server
    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.export.readings import Readings


def deliverable(inventory: Inventory, hidden: Collection[str], server: Server) -> dict[str, list[str]]:
    """Return the uuids of what can have schedulers, by the name that its endpoint has for it.

    Args:
        inventory: the project's lists.
        hidden: uuids of charts that no list names.
        server: whether SQL charts can have them depends on it.
    """
    charts = [*(row.uuid for row in inventory.summaries), *hidden]
    found = {"saved": charts, "dashboards": [row.uuid for row in inventory.dashboards]}
    if server.can("sql_chart_schedulers"):
        below = f"projects/{inventory.project.projectUuid}/sqlRunner/saved"
        found[below] = [row.uuid for row in inventory.sql_charts]
    return found


def with_schedulers(
    lightdash: Lightdash, inventory: Inventory, owners: Mapping[str, list[str]], readings: Readings
) -> Inventory:
    """Add the schedulers of some charts and dashboards, item by item: the token may not list them.

    Args:
        lightdash: the server.
        inventory: the project's lists.
        owners: as `deliverable` returns them.
        readings: reads, and remembers what could not be read.

    Raises:
        NotAuthorised: it may not read them at all.
    """
    rows, before = [*(inventory.schedulers or [])], len(readings.unread)
    try:
        for kind, uuids in owners.items():
            found = readings.of(Kind.SCHEDULER, uuids, partial(lightdash.schedulers_of, kind), {})
            rows += [row for schedulers in found.values() for row in schedulers]
        for item in readings.unread[before:]:
            if isinstance(item.error, NotAuthorised):
                raise item.error
    except NotAuthorised as error:
        if error.status == 403:
            error.hint = (
                "The token's owner may not read schedulers: use an admin's token, or leave them out (--only)."
            )
        raise
    return replace(inventory, schedulers=rows)
