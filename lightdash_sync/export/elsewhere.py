"""What is in no snapshot: counted, and named in the manifest with the reason.

What the lists of a project tell anyway is counted each time: apps and types of content that this version
does not know; groups and palettes of the organisation, if they are asked for (see `spared`). What has a list
of its own is asked for when everything is read. What is not asked for is taken over from the older manifest:
that says of which day it is (see `freshness`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.client.elsewhere import ELSEWHERE, Elsewhere, lists_elsewhere, names_elsewhere
from lightdash_sync.errors import ApiError, NotAuthorised
from lightdash_sync.snapshot.manifest import LeftOut

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from lightdash_sync.client.capabilities import Server
    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.client.views import ContentRow, Group, Palette, Project
    from lightdash_sync.export.workers import Workers
    from lightdash_sync.snapshot.manifest import Manifest

GROUPS, PALETTES = "groups of the organisation", "colour palettes of the organisation"
NUMBERS = "numbers of what no snapshot holds"  # what is older, if they are taken over

_HELD = frozenset({"chart", "dashboard", "space"})  # types of content
_APPS, _CHART_TYPES = "data apps", "custom chart types"
_OF_PROJECT = "no snapshot holds them; keep what they are made of elsewhere"
_OF_ORGANISATION = "they belong to the organisation, not to the project; content names them"
_OF_ROLES = "they belong to the organisation, not to the project"
_UNKNOWN = "this version does not know this type of content"
_DIRECT = "this Lightdash can share a single chart or dashboard, and no list tells with whom"
_UNAUTHORISED = 401


def listed_elsewhere(
    content: Iterable[ContentRow],
    groups: Sequence[Group] | None,
    palettes: Sequence[Palette],
    server: Server,
) -> list[LeftOut]:
    """Return what the lists of a project tell of that no snapshot holds.

    Args:
        content: of the project, of every type.
        groups: of the organisation; None if the token may not list them.
        palettes: of the organisation.
        server: what it can do.
    """
    names: dict[str, list[str]] = {}
    for row in content:
        if row.contentType not in _HELD:
            names.setdefault(_type(row), []).append(row.name)
    found = [
        _counted(what, rows, _OF_PROJECT if what in (_APPS, _CHART_TYPES) else _UNKNOWN)
        for what, rows in names.items()
    ]
    for what, named in (
        (GROUPS, [row.name for row in groups or ()]),
        (PALETTES, [row.name for row in palettes]),
    ):
        found += [_counted(what, named, _OF_ORGANISATION)] if named else []
    if server.can("direct_access"):
        found.append(LeftOut(what="access to single charts and dashboards", count=None, why=_DIRECT))
    return sorted(found, key=lambda one: one.what)


def ask_elsewhere(lightdash: Lightdash, project: Project, workers: Workers) -> list[LeftOut]:
    """Ask for each list of what no snapshot holds, and return what there is; one that fails is told.

    Args:
        lightdash: the server.
        project: the project.
        workers: ask side by side.

    Raises:
        NotAuthorised: the token is not accepted (401).
    """

    def ask(one: Elsewhere) -> LeftOut | None:
        return _asked(lightdash, one, project)

    found, _ = workers.run("other lists", lists_elsewhere(lightdash.server), ask, lambda one: one.what)
    return sorted((one for one in found if one is not None), key=lambda one: one.what)


def asked_elsewhere(lightdash: Lightdash, project: Project) -> list[LeftOut]:
    """Return the same as `ask_elsewhere`, asking one list after the other."""
    found = [_asked(lightdash, one, project) for one in lists_elsewhere(lightdash.server)]
    return sorted((one for one in found if one is not None), key=lambda one: one.what)


def known_elsewhere(manifest: Manifest) -> list[LeftOut]:
    """Return what an older manifest tells of the lists that are asked for only when everything is read."""
    asked = {one.what for one in ELSEWHERE}
    return [left for left in manifest.leftOut if left.what in asked]


def with_unasked(listed: list[LeftOut], unasked: Collection[str], manifest: Manifest) -> list[LeftOut]:
    """Add what an older manifest tells of lists that were not asked for, in the place that it has there."""
    known = [left for left in manifest.leftOut if left.what in unasked]
    return sorted([*listed, *known], key=lambda one: one.what)


def _asked(lightdash: Lightdash, one: Elsewhere, project: Project) -> LeftOut | None:
    try:
        names = names_elsewhere(lightdash.session, one, project.projectUuid, project.organizationUuid)
    except ApiError as error:
        if isinstance(error, NotAuthorised) and error.status == _UNAUTHORISED:
            raise
        return LeftOut(what=one.what, count=None, why=f"they could not be counted: {error.reason}")
    why = _OF_PROJECT if "{p}" in one.path else _OF_ROLES
    return _counted(one.what, names, why) if names else None


def _type(row: ContentRow) -> str:
    if row.contentType == "data_app":
        return _CHART_TYPES if row.template == "data_app_viz" else _APPS
    return f"content of the type {row.contentType!r}"


def _counted(what: str, names: Sequence[str], why: str) -> LeftOut:
    named = sorted(name for name in names if name)
    return LeftOut(what=what, count=len(names), names=named, why=why)
