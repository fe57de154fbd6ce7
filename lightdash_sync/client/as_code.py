"""Creation with a chosen slug, by the endpoints of Lightdash's own "content as code".

Each of them creates or *updates*, whichever the slug calls for, and an update is not what is wanted here:
its answer says what it did, and whoever calls looks before and at the answer after. A space that does not
exist is refused, never made (`skipSpaceCreate`). Unlike the ordinary endpoints they look for no explore,
so no 404 comes late. What the body cannot say (unknown keys of a query, palettes) is compared afterwards.
Sources: api-facts section 13, recordings 228 to 239 of 0.2904.5.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from pydantic import Field

from lightdash_sync.client.code_paths import write_either
from lightdash_sync.client.promotion import Action
from lightdash_sync.client.sending import Sender, checked, only, taken, told
from lightdash_sync.client.views import Uuid, View
from lightdash_sync.errors import SyncError
from lightdash_sync.model.canonical import objects

if TYPE_CHECKING:
    from collections.abc import Collection

    from lightdash_sync.model.canonical import Json, JsonObject

_VERSION = 1  # of the form of the body
_CHART = ("tableName", "metricQuery", "chartConfig", "tableConfig")


class _Item(View):
    uuid: Uuid
    slug: str
    spaceUuid: Uuid | None = None
    dashboardUuid: Uuid | None = None


class _Done(View):
    action: Action
    data: _Item


class _Charts(View):
    charts: list[_Done] = Field(min_length=1, max_length=1)


class _Dashboards(View):
    dashboards: list[_Done] = Field(min_length=1)


@dataclass(frozen=True)
class Upserted:
    """What the server did.

    Attributes:
        action: `create`, `update` or `no changes`.
        uuid: of the item.
        space: uuid of the space that it is in.
        dashboard: uuid of the dashboard that it is inside, or None.
        raw: the item as it is now.
    """

    action: Action
    uuid: str
    space: str | None
    dashboard: str | None
    raw: JsonObject = field(default_factory=dict)


class CodeWrites(Sender):
    """Charts and dashboards with a slug of our choosing."""

    def upsert_chart(
        self, project: str, slug: str, chart: JsonObject, space_path: str, dashboard_slug: str = ""
    ) -> Upserted:
        """`POST /projects/{p}/code/charts/{slug}`.

        Args:
            project: its uuid.
            slug: that of the chart.
            chart: normal form.
            space_path: path of the space (`a_b.c`, as the list of spaces tells it); for a chart inside a
                dashboard that of the dashboard's space.
            dashboard_slug: of the dashboard that it is to be inside; "" for none. If there is no such
                dashboard, the server makes an empty one.

        Raises:
            NotFound: there is no space of that path; nothing was written.
            ApiError: 422 if the body does not pass the server's checks; nothing was written.
        """
        body = only(chart, ("name", "pivotConfig", "parameters")) | taken(
            chart, _CHART, "POST", "code/charts"
        )
        body |= _place(slug, space_path) | _told(chart, ("description",))
        if dashboard_slug:
            body["dashboardSlug"] = dashboard_slug
        path, results = self._upsert(project, "charts", slug, body)
        return _upserted(told(_Charts, results, "POST", path).charts[0], results, "charts")

    def upsert_empty_dashboard(
        self, project: str, slug: str, dashboard: JsonObject, space_path: str
    ) -> Upserted:
        """`POST /projects/{p}/code/dashboards/{slug}`: of the dashboard only the name; no tiles.

        Args and errors as of `upsert_chart`.
        """
        body = taken(dashboard, ("name",), "POST", "code/dashboards") | {"tiles": [], "tabs": []}
        path, results = self._upsert(project, "dashboards", slug, body | _place(slug, space_path))
        return _upserted(told(_Dashboards, results, "POST", path).dashboards[0], results, "dashboards")

    def _upsert(self, project: str, what: str, slug: str, body: JsonObject) -> tuple[str, Json]:
        place = (checked(project), what, _segment(slug))
        return write_either(self.session, self.server, *place, lambda path: self._post(path, body))

    def roll_back_dashboard(self, dashboard: str, version: str) -> None:
        """`POST /dashboards/{u}/rollback/{v}`: charts inside it go back to that moment, too."""
        self._post(f"/api/v1/dashboards/{checked(dashboard)}/rollback/{checked(version)}")


def code_path(path: str) -> str:
    """Return the path of a space in the words of these endpoints: `a-b/c` for `a_b.c`.

    The server turns each `-` into `_` and each `/` into `.` again, so it is the same path for it.
    """
    return path.replace("_", "-").replace(".", "/")


def _place(slug: str, space_path: str) -> JsonObject:
    return {
        "slug": slug,
        "spaceSlug": code_path(space_path),
        "version": _VERSION,
        "skipSpaceCreate": True,
    }


def _told(content: JsonObject, names: Collection[str]) -> JsonObject:
    """Return some fields, those that are not null."""
    return {name: value for name, value in only(content, names).items() if value is not None}


def _segment(slug: str) -> str:
    if slug in ("", ".", ".."):
        raise SyncError(f"{slug!r} is no slug, so nothing was sent")
    return quote(slug, safe="")


def _upserted(done: _Done, results: Json, name: str) -> Upserted:
    rows = objects(results.get(name)) if isinstance(results, dict) else []
    raw = rows[0].get("data")
    item = done.data
    return Upserted(
        done.action, item.uuid, item.spaceUuid, item.dashboardUuid, raw if isinstance(raw, dict) else {}
    )
