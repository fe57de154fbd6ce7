"""The endpoints of Lightdash that are read, one method each, with the shape of each answer checked.

Every method is a GET. Paths and shapes: api-facts sections 2 to 10 and the recordings. What a method
returns is complete for its endpoint (pages are followed to their end); what the endpoint itself leaves
out is said in its docstring, because a backup must know.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from pydantic import BaseModel

from lightdash_sync.client import catalogue, replies, views
from lightdash_sync.client.answers import rows_of, segment, unexpected, viewed
from lightdash_sync.client.capabilities import Server
from lightdash_sync.client.code_paths import ask_either
from lightdash_sync.client.pages import read_pages
from lightdash_sync.client.promotion import PromotionDiff, promotion_path
from lightdash_sync.client.space_access import read_code_spaces, read_space_access
from lightdash_sync.errors import ApiError, NotFound, Unavailable
from lightdash_sync.model.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from lightdash_sync.client.session import Session
    from lightdash_sync.client.space_access import CodeSpaces, Entry
    from lightdash_sync.model.canonical import JsonObject

V = TypeVar("V", bound=BaseModel)

_MANY = 100_000  # members of a group, or of an organisation


class Lightdash:
    """A Lightdash server, seen with one token.

    Args:
        session: sends the requests.
        server: what the server can do; if not given, it is learnt from the answers, or asked for.
        today: the day (UTC) on which it is read; that of the clock if not given. It is another one for
            the embedded Lightdash, whose clock is frozen.
    """

    def __init__(self, session: Session, server: Server | None = None, today: date | None = None) -> None:
        self.session = session
        self.today = today or datetime.now(UTC).date()
        self._server = server
        self._first: tuple[str, tuple[views.Project, JsonObject]] | None = None

    @property
    def server(self) -> Server:
        """What this server can do, by its version.

        Each answer has the version in a header since 0.1408.0. An older server, or one behind a proxy that
        takes the header away, is asked (`GET /health`).
        """
        if self._server is None:
            self._server = Server(self.session.version or self.health().version)
        return self._server

    def open_project(self, project: str) -> Server:
        """Begin the reading of a project: its own answer tells the version of the server, too.

        That answer is the one that the next call of `project` returns, so it takes no request of its own. If
        it is an error, `/health` is asked: it tells a wrong URL, or a server too old, from a wrong project.

        Raises:
            ApiError: this is no Lightdash, it does not work, or the project cannot be read.
            SyncError: the server is too old.
        """
        if self._server is None and self.session.version is None:
            try:
                self._first = (project, self.project(project))
            except Unavailable:
                raise
            except ApiError:
                self.server.require_supported()
                raise
        self.server.require_supported()
        return self.server

    def health(self) -> views.Health:
        """`GET /health`: needs no token."""
        return self._one(views.Health, "/api/v1/health")[0]

    def user(self) -> views.User:
        """`GET /user`: whose token this is."""
        return self._one(views.User, "/api/v1/user")[0]

    def flag(self, name: str) -> bool | None:
        """`GET /api/v2/feature-flag/{name}`: whether a feature is on for who asks; None if it is not told."""
        try:
            results = self.session.get(f"/api/v2/feature-flag/{name}")
        except ApiError as error:
            if error.status in (400, 403, 404, 422):
                return None
            raise
        enabled = results.get("enabled") if isinstance(results, dict) else None
        return enabled if isinstance(enabled, bool) else None

    def members(self) -> list[views.Member]:
        """`GET /org/users`: everybody in the organisation, with e-mail."""
        return self._rows(views.Member, "/api/v1/org/users", inside="data")

    def members_with_groups(self) -> list[views.MemberOfGroups]:
        """`GET /org/users?includeGroups=...`: everybody in the organisation, with their groups.

        The server sorts uuids and names of a member's groups apart from each other, and then pairs them, so
        who is in several groups tells which, and what they are called, but not which is called how. The
        number limits the members, in no order.
        """
        path = "/api/v1/org/users"
        results = self.session.get(path, {"includeGroups": _MANY})
        members = [row for row, _ in rows_of(views.MemberOfGroups, results, path, "data")]
        if len(members) >= _MANY:
            raise unexpected(path, f"there are {len(members)} members or more")
        return members

    def groups(self) -> list[views.Group]:
        """`GET /org/groups`: all groups of the organisation; this endpoint pages only if it is asked to."""
        return self._rows(views.Group, "/api/v1/org/groups", inside="data")

    def teams(self) -> list[views.Team]:
        """`GET /org/groups`, with all members of each."""
        results = self.session.get("/api/v1/org/groups", {"includeMembers": _MANY})
        rows = results.get("data") if isinstance(results, dict) else None
        return [row for row, _ in viewed(views.Team, rows, "/api/v1/org/groups")]

    def color_palettes(self) -> list[views.Palette]:
        """`GET /org/color-palettes`: all of the organisation; names need not be unique."""
        return self._rows(views.Palette, "/api/v1/org/color-palettes")

    def slack_channels(self) -> list[replies.SlackChannel] | None:
        """`GET /slack/channels`: None if the server cannot tell, as without a Slack integration.

        A server without one answers no `results`.
        """
        path = "/api/v1/slack/channels"
        try:
            results = self.session.get(path, bare=True)
            return (
                None if results is None else [row for row, _ in viewed(replies.SlackChannel, results, path)]
            )
        except ApiError:
            return None

    def projects(self) -> list[views.ProjectRow]:
        """`GET /org/projects`: the projects that the token sees."""
        return self._rows(views.ProjectRow, "/api/v1/org/projects")

    def project(self, project: str) -> tuple[views.Project, JsonObject]:
        """`GET /projects/{p}`: holds connection details; only an allow-list of it may be stored."""
        first, self._first = self._first, None
        if first is not None and first[0] == project:
            return first[1]
        return self._one(views.Project, f"/api/v1/projects/{project}")

    def spaces(self, project: str) -> list[tuple[views.SpaceRow, JsonObject]]:
        """`GET /projects/{p}/spaces`: those the token sees, so private ones only for admins and members."""
        return self._many(views.SpaceRow, f"/api/v1/projects/{project}/spaces")

    def space(self, project: str, space: str) -> tuple[views.Space, JsonObject]:
        """`GET /projects/{p}/spaces/{s}`."""
        return self._one(views.Space, f"/api/v1/projects/{project}/spaces/{space}")

    def code_spaces(self, project: str) -> CodeSpaces:
        """See `client.space_access.read_code_spaces`."""
        return read_code_spaces(self.session, project)

    def space_access(self, project: str, space: str) -> list[Entry]:
        """See `client.space_access.read_space_access`."""
        return read_space_access(self.session, project, space)

    def charts(self, project: str) -> list[views.ChartRow]:
        """`GET /projects/{p}/charts`: charts in spaces, SQL charts too; none that live in a dashboard."""
        return self._rows(views.ChartRow, f"/api/v1/projects/{project}/charts")

    def chart_summaries(self, project: str) -> list[views.SummaryRow]:
        """`GET /projects/{p}/chart-summaries`: explore charts, also those on a dashboard's latest version.

        A chart on two tiles is listed twice by 0.1372.1; each is returned once.
        """
        rows = self._rows(views.SummaryRow, f"/api/v1/projects/{project}/chart-summaries")
        return list({row.uuid: row for row in rows}.values())

    def dashboards(self, project: str) -> list[views.DashboardRow]:
        """`GET /projects/{p}/dashboards`: all that the token sees; without slugs."""
        return self._rows(views.DashboardRow, f"/api/v1/projects/{project}/dashboards")

    def content(self, project: str) -> list[views.ContentRow]:
        """`GET /api/v2/content`: charts in spaces, SQL charts and dashboards, by another query.

        On servers that have data apps also these; they are in no snapshot, but counted.
        """
        query = {"projectUuids": project}
        if self.server.can("app_deliveries"):
            query["includePersonalDataApps"] = "true"
        rows = self._pages(views.ContentRow, "/api/v2/content", query, lambda row: row.uuid)
        return [row for row, _ in rows]

    def deleted(self, project: str) -> list[views.Deleted]:
        """`GET /api/v2/content/deleted`: what can be restored; of others' only for admins."""
        query = {"projectUuids": project}
        rows = self._pages(views.Deleted, "/api/v2/content/deleted", query, lambda row: row.uuid)
        return [row for row, _ in rows]

    def dashboard(self, dashboard: str) -> tuple[views.Dashboard, JsonObject]:
        """`GET /dashboards/{u}`: counts as a view; 0.1372.1 has no other way to read one."""
        return self._one(views.Dashboard, f"/api/v1/dashboards/{dashboard}")

    def dashboard_history(self, dashboard: str) -> list[views.Version]:
        """`GET /dashboards/{u}/history`: as `chart_history`; only for those who may manage the dashboard.

        Raises:
            UnexpectedAnswer: there is no version at all, or they do not come newest first.
        """
        return self._history(f"/api/v1/dashboards/{dashboard}/history", "dashboard")

    def dashboard_version(self, dashboard: str, version: str) -> tuple[views.DashboardVersion, JsonObject]:
        """`GET /dashboards/{u}/version/{v}`: works at any age, and does not count as a view."""
        return self._one(views.DashboardVersion, f"/api/v1/dashboards/{dashboard}/version/{version}")

    def chart_history(self, chart: str) -> list[views.Version]:
        """`GET /saved/{u}/history`: newest first; all of them since 0.3007.0, else the last days'.

        The order is the server's. It keeps microseconds and tells milliseconds, so of two versions that
        were saved in one millisecond only its order says which one is current.

        Raises:
            UnexpectedAnswer: there is no version at all, or they do not come newest first.
        """
        return self._history(f"/api/v1/saved/{chart}/history", "chart")

    def chart_version(self, chart: str, version: str) -> tuple[views.ChartVersion, JsonObject]:
        """`GET /saved/{u}/version/{v}`: works at any age, and does not count as a view."""
        return self._one(views.ChartVersion, f"/api/v1/saved/{chart}/version/{version}")

    def history(self, kind: Kind, uuid: str) -> list[views.Version]:
        """Return the history of a chart or dashboard; see `chart_history` and `dashboard_history`."""
        return self.chart_history(uuid) if kind is Kind.CHART else self.dashboard_history(uuid)

    def version(self, kind: Kind, uuid: str, version: str) -> JsonObject:
        """Return a chart or dashboard as it was in a version; see `chart_version`, `dashboard_version`."""
        read = self.chart_version if kind is Kind.CHART else self.dashboard_version
        saved = read(uuid, version)[1].get(kind.value)
        return saved if isinstance(saved, dict) else {}

    def chart_uuid(self, project: str, slug: str) -> str:
        """`GET /api/v2/projects/{p}/saved/{slug}`: the uuid of a chart; counts as a view."""
        saved = f"/api/v2/projects/{project}/saved"
        return self._one(views.Chart, f"{saved}/{segment(slug, saved)}")[0].uuid

    def sql_chart(self, project: str, chart: str) -> tuple[views.SqlChart, JsonObject]:
        """`GET /projects/{p}/sqlRunner/saved/{u}`."""
        return self._one(views.SqlChart, f"/api/v1/projects/{project}/sqlRunner/saved/{chart}")

    def schedulers_of(self, kind: str, uuid: str) -> list[tuple[views.Scheduler, JsonObject]]:
        """Schedulers of one item, for who may not list those of the project.

        `GET /api/v2/saved/{u}/schedulers` or `/api/v2/dashboards/{u}/schedulers`, in pages, where the server
        has it; else the same below `/api/v1`. `GET /projects/{p}/sqlRunner/saved/{u}/schedulers` has none.

        Args:
            kind: `saved`, `dashboards`, or for a SQL chart `projects/{p}/sqlRunner/saved`.
            uuid: of the chart, dashboard or SQL chart.
        """
        path = f"{kind}/{uuid}/schedulers"
        if self.server.can("scheduler_pages") and kind in ("saved", "dashboards"):
            return self._pages(views.Scheduler, f"/api/v2/{path}", {}, lambda row: row.schedulerUuid)
        return self._many(views.Scheduler, f"/api/v1/{path}")

    def scheduler(self, scheduler: str) -> tuple[views.Scheduler, JsonObject]:
        """`GET /schedulers/{u}`."""
        return self._one(views.Scheduler, f"/api/v1/schedulers/{scheduler}")

    def schedulers(self, project: str) -> list[tuple[views.Scheduler, JsonObject]]:
        """All schedulers of a project, disabled ones and those on charts inside dashboards included.

        `GET /schedulers/{p}/list` where the server has it, else `GET /schedulers/{p}/logs`, whose
        `schedulers` are all of them (observed on 0.1372.1) and which needs the editor role.
        """
        if self.server.can("scheduler_list"):
            path = f"/api/v1/schedulers/{project}/list"
            return self._pages(views.Scheduler, path, {}, lambda row: row.schedulerUuid)
        return self._many(views.Scheduler, f"/api/v1/schedulers/{project}/logs", inside="schedulers")

    def tags(self, project: str) -> list[tuple[catalogue.Tag, JsonObject]]:
        """`GET /projects/{p}/tags`: 0.1372.1 leaves out tags whose author was deleted."""
        return self._many(catalogue.Tag, f"/api/v1/projects/{project}/tags")

    def metrics(self, project: str) -> list[catalogue.Metric]:
        """`GET /projects/{p}/dataCatalog/metrics`: with their tags and icons."""
        path = f"/api/v1/projects/{project}/dataCatalog/metrics"
        return [
            row for row, _ in self._pages(catalogue.Metric, path, {}, lambda row: (row.tableName, row.name))
        ]

    def explores(self, project: str) -> list[catalogue.ExploreRow]:
        """`GET /projects/{p}/explores`: all that there are, faulty ones and virtual views included."""
        return self._rows(catalogue.ExploreRow, f"/api/v1/projects/{project}/explores")

    def explore(self, project: str, table: str) -> JsonObject:
        """`GET /projects/{p}/explores/{table}`: with the definitions of its fields."""
        return self._object(f"/api/v1/projects/{project}/explores/{quote(table, safe='')}")

    def virtual_view(self, project: str, name: str) -> tuple[catalogue.VirtualView, JsonObject]:
        """`GET /projects/{p}/explores/{name}`, of a virtual view.

        Raises:
            NotFound: there is no explore of this name, or it is another one.
        """
        explores = f"/api/v1/projects/{project}/explores"
        path = f"{explores}/{segment(name, explores)}"
        explore = self._object(path)
        if explore.get("type") != "virtual":
            raise NotFound("the explore is no virtual view", method="GET", path=path, status=200)
        return viewed(catalogue.VirtualView, [explore], path)[0]

    def code_views(self, project: str) -> tuple[dict[str, JsonObject], set[str]]:
        """`GET /projects/{p}/code/virtualViews`: what people wrote of each virtual view, by name.

        Returns:
            The virtual views, and the names of those that cannot be said in code.

        Raises:
            NotAuthorised: the token may not read content as code.
            NotFound: the server has no virtual views as code.
        """
        path, results = ask_either(self.session, self.server, project, "virtualViews", self.session.get)
        told = viewed(catalogue.CodeViews, [results], path)[0][0]
        rows = rows_of(catalogue.CodeView, results, path, "virtualViews")
        return {row.slug: raw for row, raw in rows}, {one.slug for one in told.skipped}

    def charts_using(self, project: str, metric: catalogue.Metric) -> list[catalogue.UsingChart]:
        """`GET /projects/{p}/dataCatalog/{table}/analytics/{field}`: charts whose current version uses it.

        The only list that also has charts saved in a dashboard that none of its tiles shows any more.
        """
        catalog = f"/api/v1/projects/{project}/dataCatalog"
        table, field = segment(metric.tableName, catalog), segment(metric.name, catalog)
        path = f"{catalog}/{table}/analytics/{field}"
        return self._rows(catalogue.UsingChart, path, inside="charts")

    def pins(self, project: str, pinned_list: str) -> list[views.Pin]:
        """`GET /projects/{p}/pinned-lists/{list}/items`."""
        return self._rows(views.Pin, f"/api/v1/projects/{project}/pinned-lists/{pinned_list}/items")

    def job_status(self, job: str) -> replies.JobStatus:
        """`GET /schedulers/job/{j}/status`: how far a job is, such as that of a validation."""
        jobs = "/api/v1/schedulers/job"
        return self._one(replies.JobStatus, f"{jobs}/{segment(job, jobs)}/status")[0]

    def validation(self, project: str) -> list[replies.Validation]:
        """What the last validation of the project found wrong, warnings about what a chart shows included.

        `GET /api/v2/projects/{p}/validate`, in pages, where the server has it; else the same below `/api/v1`.
        """
        path = f"projects/{project}/validate"
        if not self.server.can("validation_pages"):
            return self._rows(replies.Validation, f"/api/v1/{path}")
        query = {"includeChartConfigWarnings": "true"}
        rows = self._pages(replies.Validation, f"/api/v2/{path}", query, lambda row: row.key)
        return [row for row, _ in rows]

    def comments(self, dashboard: str) -> JsonObject:
        """`GET /comments/dashboards/{u}`: unresolved comments by tile uuid; does not count as a view."""
        return self._object(f"/api/v1/comments/dashboards/{dashboard}")

    def promotion_diff(self, kind: Kind, uuid: str, project: str) -> PromotionDiff:
        """`GET .../promoteDiff`: what promotion would write; see `client.promotion`.

        Args:
            kind: of what would be promoted: a chart, a dashboard or a SQL chart.
            uuid: of it, in the source project.
            project: uuid of the source project.

        Raises:
            NotFound: there is no upstream project.
            ApiError: 409 if the upstream project has several items with the slug of one.
            SyncError: the server does not promote this kind; nothing was asked.
        """
        path = f"{promotion_path(self.server, kind, uuid, project)}/promoteDiff"
        return self._one(PromotionDiff, path)[0]

    def _history(self, path: str, noun: str) -> list[views.Version]:
        versions = self._rows(views.Version, path, inside="history")
        if not versions:
            raise unexpected(path, f"the {noun} has no version", "Saving it in Lightdash makes one.")
        times = [version.createdAt for version in versions]
        if times != sorted(times, reverse=True):
            raise unexpected(path, f"the versions of the {noun} do not come newest first")
        return versions

    def _one(self, view: type[V], path: str) -> tuple[V, JsonObject]:
        return viewed(view, [self._object(path)], path)[0]

    def _object(self, path: str) -> JsonObject:
        results = self.session.get(path)
        if not isinstance(results, dict):
            raise unexpected(path, "an object was expected")
        return results

    def _rows(self, view: type[V], path: str, inside: str = "") -> list[V]:
        return [row for row, _ in self._many(view, path, inside)]

    def _many(self, view: type[V], path: str, inside: str = "") -> list[tuple[V, JsonObject]]:
        results = self.session.get(path)
        return rows_of(view, results, path, inside) if inside else viewed(view, results, path)

    def _pages(
        self, view: type[V], path: str, query: dict[str, str], key: Callable[[V], Hashable]
    ) -> list[tuple[V, JsonObject]]:
        return read_pages(self.session, view, path, query, key)
