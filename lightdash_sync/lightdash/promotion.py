"""Lightdash's own promotion endpoints: paths, requests, and the shape of both answers.

The diff changes nothing and checks no permission (docs/lightdash-api.md#endpoints-and-diff); requesting that
of a chart or a dashboard counts no view. It has the content that would be written, but neither the content
that is there now nor deletions. The promotion is one request and no transaction: an error with `unclear` may
have done a part of the work.
Facts: docs/lightdash-api.md#promotion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Literal, TypeAlias, TypeVar

from pydantic import Field

from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.errors import NotFound, SyncError
from lightdash_sync.lightdash import schemas
from lightdash_sync.lightdash.requests import Sender, checked, told
from lightdash_sync.lightdash.schemas import Uuid, View

if TYPE_CHECKING:
    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.lightdash.versions import Server

Action: TypeAlias = Literal["no changes", "create", "update"]

_PATHS = {
    Kind.CHART: "/api/v1/saved/{uuid}",
    Kind.DASHBOARD: "/api/v1/dashboards/{uuid}",
    Kind.SQL_CHART: "/api/v1/projects/{project}/sqlRunner/saved/{uuid}",
}
# The messages of a 404 before anything is written; any other 404 may come from the middle of the work.
_NO_UPSTREAM = (
    "This chart does not have an upstream project",
    "This dashboard's project does not have an upstream project",
)


class PromotedSpace(View):
    """A space of a diff: the upstream one with the source's name, or the source's if it will be created.

    Attributes:
        uuid: uuid of the upstream space; of the source's space if it will be created.
        projectUuid: always the upstream project.
        path: since 0.1610.1; spaces are found by it.
    """

    uuid: Uuid
    name: str
    slug: str
    projectUuid: Uuid
    path: str | None = None


class _InSpace(View):
    uuid: Uuid
    name: str
    slug: str
    projectUuid: Uuid
    spaceSlug: str
    spacePath: str | None = None
    spaceUuid: Uuid | None = None


class PromotedDashboard(_InSpace):
    """A dashboard of a diff: that of the source, with the uuid of the upstream one if there is one.

    Its tiles are those of the source, with the source's charts (docs/lightdash-api.md#endpoints-and-diff).

    Attributes:
        spaceSlug: slug of the source's space.
        spaceUuid: uuid of the space that the upstream dashboard is in now.
    """


class PromotedChart(_InSpace):
    """A chart or SQL chart of a diff: that of the source, with the uuid of the upstream one if there is one.

    Attributes:
        oldUuid: uuid of the source's chart.
        spaceSlug: slug of the source's space.
        spaceUuid: uuid of the space that the upstream chart is in now; missing for SQL charts.
    """

    oldUuid: Uuid


D = TypeVar("D", PromotedSpace, PromotedDashboard, PromotedChart)


class PromotedContent(View, Generic[D]):
    """One item of a diff, with what the server announces to do with it."""

    action: Action
    data: D


class PromotionDiff(View):
    """`GET .../promoteDiff`: what would be written, by kind.

    Attributes:
        spaces: the spaces of all other items; with their ancestors if the server has nested spaces.
        dashboards: at most one, never with `no changes`.
        charts: charts on the tiles; on 0.1372.1 a chart on two tiles is listed twice.
        sqlCharts: since 0.2462.0.
    """

    spaces: list[PromotedContent[PromotedSpace]]
    dashboards: list[PromotedContent[PromotedDashboard]]
    charts: list[PromotedContent[PromotedChart]]
    sqlCharts: list[PromotedContent[PromotedChart]] = Field(default_factory=list)


class PromotionWrites(Sender):
    """Requests that promote."""

    def promote(self, kind: Kind, uuid: str, project: str) -> JsonObject:
        """`POST .../promote`: promote a chart, a dashboard with the charts on it, or a SQL chart.

        Args:
            kind: kind of the item.
            uuid: uuid of the item in the source project.
            project: uuid of the source project.

        Returns:
            The answer: chart or dashboard as it is upstream, with its `uuid` there. For a chart that the
            server did not change, it has the *source's* content with the upstream uuid
            (docs/lightdash-api.md#what-promotion-writes). For a SQL chart it has `savedSqlUuid` instead.

        Raises:
            NotFound: there is no upstream project; any other 404 is `unclear`, because the server also looks
                for items between its writes.
            ApiError: 403 and 409 come before anything is written.
            SyncError: the server does not promote this kind; nothing was sent.
        """
        path = f"{promotion_path(self.server, kind, uuid, project)}/promote"
        try:
            results = self._post(path)
        except NotFound as error:
            error.unclear = error.reason not in _NO_UPSTREAM
            raise
        told(schemas.MadeSqlChart if kind is Kind.SQL_CHART else schemas.CreatedReply, results, "POST", path)
        return results if isinstance(results, dict) else {}


def promotion_path(server: Server, kind: Kind, uuid: str, project: str) -> str:
    """Return the path of an item, below which its promotion endpoints are.

    Raises:
        SyncError: this server does not promote items of this kind, or a uuid is invalid.
    """
    if kind not in _PATHS or (kind is Kind.SQL_CHART and not server.can("promotes_sql_charts")):
        raise SyncError(f"Lightdash {server.version} does not promote {KINDS[kind].noun[1]}")
    return _PATHS[kind].format(uuid=checked(uuid), project=checked(project))
