"""Promotion by Lightdash's own endpoints: what is asked, what is sent, and the shape of both answers.

The diff changes nothing and checks no permission (docs/lightdash-api.md#endpoints-and-diff); reading
that of a chart or of a dashboard counts no view. It says what would be written, never what is there now, nor
what would be deleted. The promotion is one request and no transaction: an error with `unclear` may have done
a part of the work.
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
# Said before anything is written; any other 404 may come from the middle of the work.
_NO_UPSTREAM = "This chart does not have an upstream project"


class PromotedSpace(View):
    """A space of a diff: the upstream one with the source's name, or the source's if it will be created.

    Attributes:
        uuid: of the upstream space; of the source's if it will be created.
        projectUuid: always the upstream project.
        path: since 0.1610.1, spaces are found by it.
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
    """A dashboard of a diff: the source's, but for the upstream uuid if there is one.

    Its tiles are the source's and show the source's charts (docs/lightdash-api.md#endpoints-and-diff).

    Attributes:
        spaceSlug: of the source's space.
        spaceUuid: of the space that the upstream dashboard is in now.
    """


class PromotedChart(_InSpace):
    """A chart of a diff: the source's, but for the upstream uuid if there is one; SQL charts too.

    Attributes:
        oldUuid: of the source's chart.
        spaceSlug: of the source's space.
        spaceUuid: of the space that the upstream chart is in now; SQL charts do not say it.
    """

    oldUuid: Uuid


D = TypeVar("D", PromotedSpace, PromotedDashboard, PromotedChart)


class PromotedContent(View, Generic[D]):
    """One item of a diff, and what the server says it will do with it."""

    action: Action
    data: D


class PromotionDiff(View):
    """`GET .../promoteDiff`: by kind, what would be written.

    Attributes:
        spaces: each that something of the rest is in; ancestors too where spaces are nested.
        dashboards: none or one, never with `no changes`.
        charts: those on the tiles; one on two tiles is there twice on 0.1372.1.
        sqlCharts: since 0.2462.0.
    """

    spaces: list[PromotedContent[PromotedSpace]]
    dashboards: list[PromotedContent[PromotedDashboard]]
    charts: list[PromotedContent[PromotedChart]]
    sqlCharts: list[PromotedContent[PromotedChart]] = Field(default_factory=list)


class PromotionWrites(Sender):
    """The promotion itself."""

    def promote(self, kind: Kind, uuid: str, project: str) -> JsonObject:
        """`POST .../promote`: promote a chart, a dashboard with what it shows, or a SQL chart.

        Args:
            kind: of it.
            uuid: of it, in the source project.
            project: uuid of the source project.

        Returns:
            The answer: chart or dashboard as it is upstream, with its `uuid` there. Of a chart that the
            server left as it was, it holds the *source's* content under the upstream uuid
            (docs/lightdash-api.md#what-promotion-writes). A SQL chart has `savedSqlUuid` instead.

        Raises:
            NotFound: no upstream project; any other 404 is `unclear`, as the server looks for items between
                its writes, too.
            ApiError: 403 and 409 come before anything is written.
            SyncError: the server does not promote this kind; nothing was sent.
        """
        path = f"{promotion_path(self.server, kind, uuid, project)}/promote"
        try:
            results = self._post(path)
        except NotFound as error:
            error.unclear = error.reason != _NO_UPSTREAM
            raise
        told(schemas.MadeSqlChart if kind is Kind.SQL_CHART else schemas.CreatedReply, results, "POST", path)
        return results if isinstance(results, dict) else {}


def promotion_path(server: Server, kind: Kind, uuid: str, project: str) -> str:
    """Return the path of an item below which it is promoted.

    Raises:
        SyncError: this server does not promote items of this kind, or what is given is no uuid.
    """
    if kind not in _PATHS or (kind is Kind.SQL_CHART and not server.can("promotes_sql_charts")):
        raise SyncError(f"Lightdash {server.version} does not promote {KINDS[kind].noun[1]}")
    return _PATHS[kind].format(uuid=checked(uuid), project=checked(project))
