"""What has a slug in a project, for servers that create with a chosen one.

Newer servers find an item by the slugs that it had before it was renamed, too: such a slug is an *alias* of
the item, and taken like any other. Reading a chart or dashboard by its slug counts a view; there is nothing
to count where nothing has it, and pages of content as code count none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from lightdash_sync.client.code_pages import CodePages
from lightdash_sync.errors import NotAuthorised, NotFound, UnexpectedAnswer
from lightdash_sync.model.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.model.canonical import JsonObject

_ITEMS = {Kind.CHART: "saved", Kind.DASHBOARD: "dashboards"}
_AS_CODE = {Kind.CHART: "charts", Kind.DASHBOARD: "dashboards", Kind.SQL_CHART: "sqlCharts"}


def find_aliases(
    lightdash: Lightdash, project: str, slugs: Mapping[Kind, Collection[str]]
) -> dict[Kind, dict[str, str]]:
    """Return kind -> slug -> the current slug of the item that had it before; only of aliases.

    Asks only where the server may know aliases, a hundred slugs at once. Returns nothing for a token that may
    not read content as code.

    Args:
        lightdash: the server.
        project: uuid of the project.
        slugs: kind -> slugs that no list of the project names.
    """
    pages, found = CodePages(lightdash.session, lightdash.server, project), dict[Kind, dict[str, str]]()
    for kind, wanted in slugs.items():
        if not wanted or kind not in _AS_CODE or not lightdash.server.may_have_aliases(kind):
            continue
        try:
            holders = pages.holders(_AS_CODE[kind], sorted(wanted))
        except NotAuthorised as error:
            if error.status != 403:
                raise
            continue
        found[kind] = {slug: now for slug, now in holders.items() if now != slug}
    return found


def is_taken(lightdash: Lightdash, kind: Kind, project: str, slug: str) -> bool:
    """Whether an item of a kind has a slug, or had it; hidden charts count, the trash does not.

    `GET /saved/{slug}?projectUuid=`, the same of dashboards, or `GET .../sqlRunner/saved/slug/{slug}`.
    """
    try:
        if kind is Kind.SQL_CHART:
            lightdash.session.get(f"/api/v1/projects/{project}/sqlRunner/saved/slug/{quote(slug, safe='')}")
            return True
        return read_by_slug(lightdash, kind, project, slug) is not None
    except NotFound:
        return False
    except NotAuthorised as error:
        if error.status == 403:  # somebody's whom this token does not see
            return True
        raise


def read_by_slug(lightdash: Lightdash, kind: Kind, project: str, slug: str) -> JsonObject | None:
    """Return a chart or dashboard by its slug, or by one that it had: `GET /saved/{slug}?projectUuid=`.

    None if there is none. What was found by an alias says another slug of itself. Counts a view.
    Without the project the server would look in all of them (trap 45).
    """
    path = f"/api/v1/{_ITEMS[kind]}/{quote(slug, safe='')}"
    try:
        results = lightdash.session.get(path, {"projectUuid": project})
    except NotFound:
        return None
    if not isinstance(results, dict) or results.get("projectUuid") != project:
        raise UnexpectedAnswer("an item of the project was expected", method="GET", path=path, status=200)
    return results
