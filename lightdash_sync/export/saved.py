"""Reading dashboards through their versions, where the server keeps a history of them.

The current version says all that the dashboard itself does, counts no view, and has to be asked for a
history anyway. It differs in one thing: it still names charts that were deleted but can be restored, where
the dashboard shows an empty tile. Such a tile is emptied here too, so that both ways give the same bytes.

Earlier versions are read with it, because their tiles name charts that no list has any more. They are kept
packed: a project may have thousands.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightdash_sync.errors import NotAuthorised, NotFound
from lightdash_sync.export.reader import DashboardRead, Saved, charts_on, read_dashboard
from lightdash_sync.export.readings import Moved
from lightdash_sync.model.canonical import JsonObject, objects
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.normal import normalise

if TYPE_CHECKING:
    from collections.abc import Collection

    from lightdash_sync.client import views
    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.export.past import Past

_TRIES = 10  # somebody may save between two requests


def read_saved_dashboard(
    lightdash: Lightdash,
    uuid: str,
    *,
    comments: bool,
    past: Past | None,
    listed: Collection[str],
) -> DashboardRead:
    """Read a dashboard through its current version, and its earlier versions if wanted.

    Args:
        lightdash: the server.
        uuid: of the dashboard.
        comments: whether to read the comments on it.
        past: reads the earlier versions that the older snapshot does not hold; None for none.
        listed: the uuids of all charts that a list names.

    Returns:
        The dashboard; without versions, and counted as a view, if the token may not read its history.

    Raises:
        Moved: it is being saved all the time.
    """
    try:
        listing = past.history(Kind.DASHBOARD, uuid) if past else lightdash.dashboard_history(uuid)
        versions, view, raw = _current(lightdash, uuid, listing)
    except NotAuthorised as error:
        if error.status != 403:
            raise
        return read_dashboard(lightdash, uuid, comments=comments)
    raw = _emptied(lightdash, raw, charts_on(raw) - set(listed))
    said = lightdash.comments(uuid) if comments else None
    read = DashboardRead(view, normalise(Kind.DASHBOARD, raw), said, tuple(versions))
    return _with_earlier(past, uuid, read) if past else read


def _with_earlier(past: Past, uuid: str, read: DashboardRead) -> DashboardRead:
    """Add the earlier versions that the older snapshot does not hold."""
    earlier: dict[str, Saved] = {}
    shown: set[str] = set()
    missing = past.earlier(Kind.DASHBOARD, uuid, read.current, read.versions).missing()
    for name, version in missing.items():
        found, then = past.version(Kind.DASHBOARD, uuid, version)
        shown |= charts_on(then)
        earlier[name] = Saved.of(found, then)
    return replace(read, earlier=earlier, formerly=frozenset(shown))


def _current(
    lightdash: Lightdash, uuid: str, versions: list[views.Version]
) -> tuple[list[views.Version], views.Dashboard, JsonObject]:
    """Read the current version, and return it with the history.

    The dashboard in a version names the current one. If that is another, somebody saved since the history was
    read, and it is the one to read. Versions between them are in no list until the next export.
    """
    current = versions[0].versionUuid
    for _ in range(_TRIES):
        version, raw = _version(lightdash, uuid, current)
        if current != versions[0].versionUuid:
            versions = [version, *versions]
        if version.dashboard.versionUuid in (None, current):
            return versions, version.dashboard, raw
        current = version.dashboard.versionUuid
    raise Moved(f"dashboard {uuid} is being saved")


def _version(lightdash: Lightdash, uuid: str, version: str) -> tuple[views.DashboardVersion, JsonObject]:
    view, raw = lightdash.dashboard_version(uuid, version)
    dashboard = raw.get("dashboard")
    return view, dashboard if isinstance(dashboard, dict) else {}


def _emptied(lightdash: Lightdash, raw: JsonObject, unlisted: Collection[str]) -> JsonObject:
    """Empty the tiles of charts that are gone; the version does not say that they are."""
    gone = {chart for chart in sorted(unlisted) if _is_gone(lightdash, chart)}
    if not gone:
        return raw
    return raw | {"tiles": [_without(tile, gone) for tile in objects(raw.get("tiles"))]}


def _is_gone(lightdash: Lightdash, chart: str) -> bool:
    try:
        lightdash.chart_history(chart)
    except NotFound:
        return True
    except NotAuthorised as error:
        if error.status != 403:
            raise
    return False


def _without(tile: JsonObject, gone: Collection[str]) -> JsonObject:
    shows = tile.get("properties")
    if isinstance(shows, dict) and shows.get("savedChartUuid") in gone:
        return tile | {"properties": shows | {"savedChartUuid": None}}
    return tile
