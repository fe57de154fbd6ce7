"""Whether linked items that the target's lists no longer name are really gone.

A list that comes back short, or a token that sees less than the last one, looks like deletions; a plan
would then make everything a second time. So each such item is asked for by itself, and only "not found",
or another project, counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.errors import Incomplete, NotAuthorised, NotFound, Refused
from lightdash_sync.export.workers import Workers
from lightdash_sync.model.keys import virtual_view_uuid
from lightdash_sync.model.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.plan.keys import Linked
    from lightdash_sync.plan.options import Item
    from lightdash_sync.sync.target import Place

_FORBIDDEN = 403


def require_gone(
    place: Place,
    found: Linked,
    links: Mapping[Kind, Mapping[str, JsonObject]],
    wanted: Callable[[Item], bool],
) -> None:
    """Ask for every linked item that no list names.

    Args:
        place: the target.
        found: what its lists name, and what they do not.
        links: kind -> key -> facts with the uuid.
        wanted: whether a plan would make an item.

    Raises:
        Refused: the token may not see an item, which may be there all the same.
        Incomplete: an item is there, so a list came back short.
    """
    lost = [
        (kind, key, str(links[kind][key]["uuid"]))
        for kind, keys in found.gone.items()
        for key in sorted(keys)
        if kind is not Kind.TAG and wanted((kind, key)) and key in links.get(kind, {})
    ]
    if not lost:
        return
    session = place.lightdash.session
    workers = Workers(session.connection.concurrency, session.pacer.stopped, place.progress)
    try:
        _, failed = workers.run(
            "items that no list names", lost, lambda one: _ask(place, *one), lambda one: f"{one[0]}:{one[1]}"
        )
    finally:
        workers.close()
    if failed:
        raise Incomplete(
            f"{failed[0].what}: it is not known whether the target still has it: {failed[0].error.message}",
            hint="Plan again.",
        )


def _ask(place: Place, kind: Kind, key: str, uuid: str) -> None:
    """Ask for one item; return if it is gone."""
    try:
        project = _project_of(place.lightdash, place.project, kind, uuid)
    except NotFound:
        return
    except NotAuthorised as error:
        if error.status != _FORBIDDEN:
            raise
        raise Refused(
            f"the token may not see {kind}:{key}, which it saw when that was linked",
            hint="Use the token of a project admin; with another one, items would be made a second time.",
        ) from error
    if project == place.project:
        raise Incomplete(
            f"{kind}:{key} is on the target, and its lists do not name it",
            hint="Plan again; if it stays so, open the item in Lightdash.",
        )


def _project_of(lightdash: Lightdash, project: str, kind: Kind, uuid: str) -> str:
    """Return the project that an item is in now.

    Raises:
        NotFound: there is no such item.
    """
    match kind:
        case Kind.SPACE:
            lightdash.space(project, uuid)
            return project
        case Kind.CHART:
            version = lightdash.chart_history(uuid)[0].versionUuid
            chart = lightdash.chart_version(uuid, version)[1].get("chart")
            return str(chart.get("projectUuid")) if isinstance(chart, dict) else ""
        case Kind.SQL_CHART:
            lightdash.sql_chart(project, uuid)
            return project
        case Kind.VIRTUAL_VIEW:
            there = {
                virtual_view_uuid(project, row.name) for row in lightdash.explores(project) if row.is_virtual
            }
            return project if uuid in there else ""
        case Kind.DASHBOARD:
            return str(lightdash.dashboard(uuid)[1].get("projectUuid"))
        case _:
            lightdash.scheduler(uuid)
            return project
