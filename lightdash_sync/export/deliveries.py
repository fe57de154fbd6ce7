"""Reads schedulers item by item: for a token that may not list those of a project, and in a first export.

A later export knows the schedulers of the previous snapshot, so it notices a list that came back short. The
first one knows none, so it compares the list with the schedulers of each chart and dashboard.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import Incomplete, NotAuthorised
from lightdash_sync.export.inventory import if_allowed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.export.items import Readings
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.lightdash.versions import Server

R = TypeVar("R")

_READINGS = 4  # how often the list is read until it includes schedulers created meanwhile
_PAUSE = 0.3  # seconds; each reading waits that much longer
# The progress counts what is asked, not the schedulers that come.
_ITEMS, _FOR_SCHEDULERS = ("item", "items"), "for their schedulers"


def deliverable(inventory: Inventory, hidden: Collection[str], server: Server) -> dict[str, list[str]]:
    """Return the uuids of items that can have schedulers, by the name in the path of their endpoint.

    Args:
        inventory: the project's lists.
        hidden: uuids of charts that no list names.
        server: decides whether SQL charts can have schedulers.
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
    """Add the schedulers of some charts and dashboards, item by item, because the token may not list them.

    Args:
        lightdash: the server.
        inventory: the project's lists.
        owners: as `deliverable` returns them.
        readings: reads items, and records what could not be read.

    Raises:
        NotAuthorised: the token may not read schedulers at all.
    """
    rows, before = [*(inventory.schedulers or [])], len(readings.unread)
    try:
        for kind, uuids in owners.items():
            ask = partial(lightdash.schedulers_of, kind)
            found = readings.of(Kind.SCHEDULER, uuids, ask, {}, _FOR_SCHEDULERS, _ITEMS)
            rows += [row for schedulers in found.values() for row in schedulers]
        for item in readings.unread[before:]:
            if isinstance(item.error, NotAuthorised):
                raise item.error
    except NotAuthorised as error:
        if error.status == 403:
            error.hint = (
                "The token's owner may not read schedulers. Use the token of a project admin, or export "
                "without them: `lightdash-sync export --only space,chart,sql_chart,dashboard`."
            )
        raise
    own = lightdash.server.can("own_schedulers_only")
    return replace(inventory, schedulers=rows, has_own_schedulers=own)


def require_all_listed(
    lightdash: Lightdash, inventory: Inventory, owners: Mapping[str, list[str]], readings: Readings
) -> Inventory:
    """Compare the list of schedulers with the schedulers of each chart and dashboard.

    Args:
        lightdash: the server.
        inventory: the project's lists; the list of schedulers is read again if some were created meanwhile.
        owners: as `deliverable` returns them.
        readings: reads items, and records what could not be read.

    Raises:
        Incomplete: the list lacks an existing scheduler, however often it is read.
    """
    if inventory.schedulers is None:
        return inventory
    there = _found_at(lightdash, owners, readings)
    readings_left = _READINGS
    while missing := there.keys() - {row.schedulerUuid for row, _ in inventory.schedulers or []}:
        if not readings_left:
            uuid = min(missing)
            raise Incomplete(
                f"the list of schedulers does not name {there[uuid].name!r} ({uuid}), which is there; "
                "no snapshot was written",
                hint="Export again; if it stays so, save the delivery in Lightdash, or leave all out.",
            )
        lightdash.session.pacer.sleep(_PAUSE * (_READINGS - readings_left))
        inventory = replace(inventory, schedulers=lightdash.schedulers(inventory.project.projectUuid))
        # People may have deleted them meanwhile, or created others.
        asked: dict[str, set[str]] = {}
        for uuid in missing:
            asked.setdefault(there[uuid].kind, set()).add(there[uuid].owner)
        again = {kind: sorted(uuids) for kind, uuids in sorted(asked.items())}
        there = _found_at(lightdash, again, readings)
        readings_left -= 1
    return inventory


@dataclass(frozen=True, slots=True)
class _Found:
    """A delivery of a chart or dashboard.

    Attributes:
        name: name of the delivery.
        kind: kind of the owner, as in the API's paths.
        owner: uuid of the chart or dashboard.
    """

    name: str
    kind: str
    owner: str


def _found_at(lightdash: Lightdash, owners: Mapping[str, list[str]], readings: Readings) -> dict[str, _Found]:
    """Return uuid of a delivery -> its name and owner, for all deliveries of some owners."""
    there: dict[str, _Found] = {}
    for kind, uuids in owners.items():
        ask = partial(lightdash.schedulers_of, kind)
        found = readings.of(Kind.SCHEDULER, uuids, partial(_if_allowed, ask), {}, _FOR_SCHEDULERS, _ITEMS)
        for owner, rows in found.items():
            there |= {row.schedulerUuid: _Found(row.name, kind, owner) for row, _ in rows or []}
    return there


def _if_allowed(ask: Callable[[str], R], uuid: str) -> R | None:
    return if_allowed(partial(ask, uuid))
