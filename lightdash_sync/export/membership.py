"""Who is who: members of the organisation and its groups, read only if somebody is named who is not known."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from lightdash_sync.export.inventory import if_allowed
from lightdash_sync.model.keys import EXTERNAL
from lightdash_sync.model.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    from lightdash_sync.client import views
    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.export.reader import ChartRead
    from lightdash_sync.export.readings import Readings
    from lightdash_sync.export.reuse import Kept
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.identity import Identity

    Teams = Future[list[views.Team] | None]


def with_members(
    lightdash: Lightdash,
    inventory: Inventory,
    spaces: Mapping[str, tuple[views.Space, JsonObject]],
    hidden: Mapping[str, ChartRead],
    kept: Mapping[Kind, Mapping[str, Kept]],
    known: Identity,
) -> Inventory:
    """Read the members of the organisation, unless everybody who may be named is known.

    Args:
        lightdash: the server.
        inventory: the project's lists, without members.
        spaces: the spaces that were read; they tell the e-mails of who has a grant.
        hidden: charts that no list names; they tell who saved them.
        kept: kind -> uuid -> what is taken over, and names nobody new.
        known: the map of the older snapshot.
    """
    people = {share.userUuid for space, _ in spaces.values() for share in space.access}
    emails = (name for name in known.people if not name.startswith(EXTERNAL))  # others may be outside still
    people |= {str(known.people[name]["uuid"]) for name in emails}
    named = {uuid for row, _ in inventory.spaces for uuid in row.access}
    named |= {str(raw["createdBy"]) for _, raw in inventory.schedulers or [] if raw.get("createdBy")}
    named |= {author for row, _ in inventory.tags if (author := row.author)}
    named |= {author for chart in hidden.values() for author in chart.authors()}
    items = len(inventory.summaries) + len(inventory.sql_charts) + len(inventory.dashboards)
    as_before = sum(len(kept[kind]) for kind in (Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD))
    if named <= people and items == as_before:
        return inventory
    return replace(inventory, members=if_allowed(lightdash.members))


def begin_teams(lightdash: Lightdash, known: Identity, readings: Readings) -> Teams | None:
    """Ask who is in which group, if a space was shared with one before: so it takes no time of its own.

    Returns:
        The groups to come, None where they are not needed; see `with_teams`.
    """
    if not known.groups or not lightdash.server.can("space_member_role"):
        return None
    return readings.workers.begin([partial(if_allowed, lightdash.teams)])[0]


def with_teams(
    lightdash: Lightdash,
    inventory: Inventory,
    spaces: Mapping[str, tuple[views.Space, JsonObject]],
    begun: Teams | None,
) -> Inventory:
    """Add who is in which group, where the list of spaces names their members, too.

    Args:
        lightdash: the server.
        inventory: the project's lists.
        spaces: the spaces that were read.
        begun: what `begin_teams` has asked for.
    """
    if not lightdash.server.can("space_member_role"):
        return inventory
    shared = any(space.groupsAccess for space, _ in spaces.values())
    teams = (begun.result() if begun else if_allowed(lightdash.teams)) if shared else []
    return replace(inventory, teams={team.uuid: team.memberUuids for team in teams or []})
