"""What has a slug in a project, for servers that create with a chosen one.

Reading a chart or dashboard by its slug counts a view; there is nothing to count where nothing has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from lightdash_sync.errors import NotAuthorised, NotFound, UnexpectedAnswer
from lightdash_sync.model.kinds import Kind

if TYPE_CHECKING:
    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.model.canonical import JsonObject

_ITEMS = {Kind.CHART: "saved", Kind.DASHBOARD: "dashboards"}


def is_taken(lightdash: Lightdash, kind: Kind, project: str, slug: str) -> bool:
    """Whether an item of a kind has a slug; hidden charts inside dashboards count, the trash does not.

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
    """Return a chart or dashboard by its slug, or None: `GET /saved/{slug}?projectUuid=`.

    Counts a view. Without the project the server would look in all of them (trap 45).
    """
    path = f"/api/v1/{_ITEMS[kind]}/{quote(slug, safe='')}"
    try:
        results = lightdash.session.get(path, {"projectUuid": project})
    except NotFound:
        return None
    if not isinstance(results, dict) or results.get("projectUuid") != project:
        raise UnexpectedAnswer("an item of the project was expected", method="GET", path=path, status=200)
    return results
