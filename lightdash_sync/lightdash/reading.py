"""The endpoints of Lightdash that are read, one method each, with the shape of each answer checked.

Every method sends GET requests only. Its result is complete for its endpoint (pages are followed to their
end); docstrings say what the endpoint itself leaves out, because a backup must know. Facts:
docs/lightdash-api.md.

In order: access to spaces, the client, and lists of content that snapshots do not contain.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from pydantic import BaseModel

from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import ApiError, NotAuthorised, NotFound, Unavailable
from lightdash_sync.lightdash import schemas
from lightdash_sync.lightdash.as_code import ask_either
from lightdash_sync.lightdash.promotion import PromotionDiff, promotion_path
from lightdash_sync.lightdash.requests import read_pages, rows_of, segment, unexpected, viewed
from lightdash_sync.lightdash.schemas import SpaceShare, View
from lightdash_sync.lightdash.tokens import TokenKind
from lightdash_sync.lightdash.versions import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.lightdash.session import Session

    T = TypeVar("T")


# Access to spaces: the answers that contain grants, one for all spaces and one for a single space.
#
# Since 1.104.0 a space contains only the caller's own access. Spaces as code contain every grant as it was
# given, by e-mail and by the name of a group; they leave out personal spaces, and the access of spaces with a
# holder without such a name. The list of access of one space contains for everybody the highest role of all
# that gives them access: a grant of their own, a group, a space above. (Its `directOnly` leaves out people
# who have a higher role by a space above, so it is not used.)


class UserGrant(View):
    """A grant of a person, by e-mail."""

    email: str
    role: str


class GroupGrant(View):
    """A grant of a group, by name."""

    name: str
    role: str


class CodeAccess(View):
    """The access that is given in the space itself."""

    inheritParentPermissions: bool
    projectMemberAccessRole: str | None = None
    users: list[UserGrant]
    groups: list[GroupGrant]


class CodeSpace(View):
    """A space as code; without `access` if a holder of a grant has no name in code."""

    slug: str
    spaceName: str
    access: CodeAccess | None = None


class _Skipped(View):
    slug: str


class CodeSpaces(View):
    """The spaces of a project as code.

    Attributes:
        spaces: those that code can express.
        skipped: those that code cannot express, or not their access; a personal space is in neither.
    """

    spaces: list[CodeSpace]
    skipped: tuple[_Skipped, ...] = ()

    @property
    def slugs(self) -> frozenset[str]:
        """The slugs in code of all spaces in the answer."""
        return frozenset([*(one.slug for one in self.spaces), *(one.slug for one in self.skipped)])


class AccessEntry(SpaceShare):
    """Somebody who can see a space, with their highest role there."""

    role: str | None = None


def read_code_spaces(session: Session, project: str) -> CodeSpaces:
    """`GET /projects/{p}/code/spaces`: all that the token sees, except personal ones.

    Raises:
        NotAuthorised: the token may not read content as code.
        NotFound: the server has no spaces as code.
    """
    path = f"/api/v1/projects/{project}/code/spaces"
    return viewed(CodeSpaces, [session.get(path)], path)[0][0]


def read_space_access(session: Session, project: str, space: str) -> list[AccessEntry]:
    """`GET /projects/{p}/spaces/{s}/access`: everybody who can see a space, page by page."""
    path = f"/api/v1/projects/{project}/spaces/{space}/access"
    return [row for row, _ in read_pages(session, AccessEntry, path, {}, lambda row: row.userUuid)]


_LATELY = timedelta(minutes=2)
V = TypeVar("V", bound=BaseModel)

_MANY = 100_000  # maximum number of members of a group, or of an organisation


class Lightdash:
    """A Lightdash server, as one token sees it.

    Args:
        session: sends the requests.
        server: its version and capabilities; by default these are taken from the answers, or requested.
        today: the day (UTC) of the reading; by default that of the clock. The embedded Lightdash has another
            one, because its clock is frozen.
    """

    def __init__(self, session: Session, server: Server | None = None, today: date | None = None) -> None:
        self.session = session
        self.today = today or datetime.now(UTC).date()
        self._server = server
        self._first: tuple[str, tuple[schemas.Project, JsonObject]] | None = None

    @property
    def server(self) -> Server:
        """The version and capabilities of this server.

        Each answer has the version in a header since 0.1408.0. For an older server, or one behind a proxy
        that removes the header, it is requested (`GET /health`).
        """
        if self._server is None:
            self._server = Server(self.session.version or self.health().version)
        return self._server

    def open_project(self, project: str) -> Server:
        """Begin reading a project, and check the version of the server.

        The version comes with the project's own answer, which the next call of `project` returns, so it takes
        no request of its own. If that answer is an error, `/health` is requested, to distinguish a wrong URL
        or a server that is too old from a wrong project.

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

    def has_name(self, project: str, name: str) -> bool:
        """Whether a project exists and has a name; the next call of `project` returns the same answer.

        Raises:
            ApiError: the server does not answer, or does not accept the token.
        """
        try:
            found = self.project(project)
        except NotFound:
            return False
        except NotAuthorised as error:
            if error.status == 401:
                raise
            return False
        self._first = (project, found)
        return found[0].name == name

    def forget(self) -> None:
        """Drop what is kept of earlier answers; this class keeps nothing."""

    def health(self) -> schemas.Health:
        """`GET /health`: needs no token."""
        return self._one(schemas.Health, "/api/v1/health")[0]

    def user(self) -> schemas.User:
        """`GET /user`: the owner of the token."""
        return self._one(schemas.User, "/api/v1/user")[0]

    def token_expiry(self) -> datetime | None:
        """Return when the token of this session expires; None if never, or if it is unknown.

        `GET /user/me/personal-access-tokens` lists the tokens of its owner, without the secrets. The server
        records once a minute that a token was used: if several were used lately, it is unknown which is this
        one.
        """
        kind = self.session.connection.token_kind
        if kind is not TokenKind.PERSONAL or not self.server.can("oauth_tokens"):
            return None
        try:
            rows = self._rows(schemas.PersonalToken, "/api/v1/user/me/personal-access-tokens")
        except ApiError as error:
            if error.status is not None and error.status < 500:
                return None
            raise
        times = [row.lastUsedAt for row in rows if row.lastUsedAt is not None]
        lately = [row for row in rows if row.lastUsedAt and row.lastUsedAt >= max(times) - _LATELY]
        return lately[0].expiresAt if len(lately) == 1 else None

    def flag(self, name: str) -> bool | None:
        """`GET /api/v2/feature-flag/{name}`: whether a feature is on for the caller; None if unknown."""
        try:
            results = self.session.get(f"/api/v2/feature-flag/{name}")
        except ApiError as error:
            if error.status in (400, 403, 404, 422):
                return None
            raise
        enabled = results.get("enabled") if isinstance(results, dict) else None
        return enabled if isinstance(enabled, bool) else None

    def members(self) -> list[schemas.Member]:
        """`GET /org/users`: everybody in the organisation, with e-mail."""
        return self._rows(schemas.Member, "/api/v1/org/users", inside="data")

    def members_with_groups(self) -> list[schemas.MemberOfGroups]:
        """`GET /org/users?includeGroups=...`: everybody in the organisation, with their groups.

        The server sorts uuids and names of a member's groups independently and then pairs them. So for a
        member of several groups the sets of uuids and of names are right, but not the pairs. The number
        limits the members, in no particular order.
        """
        path = "/api/v1/org/users"
        results = self.session.get(path, {"includeGroups": _MANY})
        members = [row for row, _ in rows_of(schemas.MemberOfGroups, results, path, "data")]
        if len(members) >= _MANY:
            raise unexpected(path, f"there are {len(members)} members or more")
        return members

    def groups(self) -> list[schemas.Group]:
        """`GET /org/groups`: all groups of the organisation; this endpoint has pages only if requested."""
        return self._rows(schemas.Group, "/api/v1/org/groups", inside="data")

    def teams(self) -> list[schemas.Team]:
        """`GET /org/groups`, with all members of each."""
        results = self.session.get("/api/v1/org/groups", {"includeMembers": _MANY})
        rows = results.get("data") if isinstance(results, dict) else None
        return [row for row, _ in viewed(schemas.Team, rows, "/api/v1/org/groups")]

    def color_palettes(self) -> list[schemas.Palette]:
        """`GET /org/color-palettes`: all of the organisation; names need not be unique."""
        return self._rows(schemas.Palette, "/api/v1/org/color-palettes")

    def slack_channels(self) -> list[schemas.SlackChannel] | None:
        """`GET /slack/channels`: None if the server cannot list them, for example without Slack.

        A server without a Slack integration answers without `results`.
        """
        path = "/api/v1/slack/channels"
        try:
            results = self.session.get(path, bare=True)
            return (
                None if results is None else [row for row, _ in viewed(schemas.SlackChannel, results, path)]
            )
        except ApiError:
            return None

    def projects(self) -> list[schemas.ProjectRow]:
        """`GET /org/projects`: the projects that the token sees."""
        return self._rows(schemas.ProjectRow, "/api/v1/org/projects")

    def project(self, project: str) -> tuple[schemas.Project, JsonObject]:
        """`GET /projects/{p}`: contains connection details; only an allow-list of it may be stored."""
        first, self._first = self._first, None
        if first is not None and first[0] == project:
            return first[1]
        return self._one(schemas.Project, f"/api/v1/projects/{project}")

    def spaces(self, project: str) -> list[tuple[schemas.SpaceRow, JsonObject]]:
        """`GET /projects/{p}/spaces`: those that the token sees; private ones only for admins and members."""
        return self._many(schemas.SpaceRow, f"/api/v1/projects/{project}/spaces")

    def space(self, project: str, space: str) -> tuple[schemas.Space, JsonObject]:
        """`GET /projects/{p}/spaces/{s}`."""
        return self._one(schemas.Space, f"/api/v1/projects/{project}/spaces/{space}")

    def code_spaces(self, project: str) -> CodeSpaces:
        """See `lightdash.reading.read_code_spaces`."""
        return read_code_spaces(self.session, project)

    def space_access(self, project: str, space: str) -> list[AccessEntry]:
        """See `lightdash.reading.read_space_access`."""
        return read_space_access(self.session, project, space)

    def charts(self, project: str) -> list[schemas.ChartRow]:
        """`GET /projects/{p}/charts`: charts in spaces, including SQL charts; none inside dashboards."""
        return self._rows(schemas.ChartRow, f"/api/v1/projects/{project}/charts")

    def chart_summaries(self, project: str) -> list[schemas.SummaryRow]:
        """`GET /projects/{p}/chart-summaries`: explore charts, also those on a dashboard's latest version.

        0.1372.1 lists a chart on two tiles twice; here each is returned once.
        """
        rows = self._rows(schemas.SummaryRow, f"/api/v1/projects/{project}/chart-summaries")
        return list({row.uuid: row for row in rows}.values())

    def dashboards(self, project: str) -> list[schemas.DashboardRow]:
        """`GET /projects/{p}/dashboards`: all that the token sees; without slugs."""
        return self._rows(schemas.DashboardRow, f"/api/v1/projects/{project}/dashboards")

    def content(self, project: str) -> list[schemas.ContentRow]:
        """`GET /api/v2/content`: charts in spaces, SQL charts and dashboards, by another query.

        Also data apps, on servers that have them; snapshots do not contain these, but count them.
        """
        query = {"projectUuids": project}
        if self.server.can("app_deliveries"):
            query["includePersonalDataApps"] = "true"
        rows = self._pages(schemas.ContentRow, "/api/v2/content", query, lambda row: row.uuid)
        return [row for row, _ in rows]

    def deleted(self, project: str) -> list[schemas.Deleted]:
        """`GET /api/v2/content/deleted`: what can be restored; of others' only for admins."""
        query = {"projectUuids": project}
        rows = self._pages(schemas.Deleted, "/api/v2/content/deleted", query, lambda row: row.uuid)
        return [row for row, _ in rows]

    def dashboard(self, dashboard: str) -> tuple[schemas.Dashboard, JsonObject]:
        """`GET /api/v2/content/deleted`: what can be restored; other people's only for admins."""
        return self._one(schemas.Dashboard, f"/api/v1/dashboards/{dashboard}")

    def dashboard_history(self, dashboard: str) -> list[schemas.VersionRow]:
        """`GET /dashboards/{u}/history`: as `chart_history`; only for those who may manage the dashboard.

        Raises:
            UnexpectedAnswer: there is no version at all, or they do not come newest first.
        """
        return self._history(f"/api/v1/dashboards/{dashboard}/history", "dashboard")

    def dashboard_version(self, dashboard: str, version: str) -> tuple[schemas.DashboardVersion, JsonObject]:
        """`GET /dashboards/{u}/version/{v}`: works at any age, and does not count as a view."""
        return self._one(schemas.DashboardVersion, f"/api/v1/dashboards/{dashboard}/version/{version}")

    def chart_history(self, chart: str) -> list[schemas.VersionRow]:
        """`GET /saved/{u}/history`: newest first; all of them since 0.3007.0, else the last days'.

        The order is the server's. It stores microseconds but returns milliseconds, so for two versions that
        were saved in the same millisecond only its order shows which one is current.

        Raises:
            UnexpectedAnswer: there is no version at all, or they do not come newest first.
        """
        return self._history(f"/api/v1/saved/{chart}/history", "chart")

    def chart_version(self, chart: str, version: str) -> tuple[schemas.ChartVersion, JsonObject]:
        """`GET /saved/{u}/version/{v}`: works at any age, and does not count as a view."""
        return self._one(schemas.ChartVersion, f"/api/v1/saved/{chart}/version/{version}")

    def history(self, kind: Kind, uuid: str) -> list[schemas.VersionRow]:
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
        return self._one(schemas.Chart, f"{saved}/{segment(slug, saved)}")[0].uuid

    def sql_chart(self, project: str, chart: str) -> tuple[schemas.SqlChart, JsonObject]:
        """`GET /projects/{p}/sqlRunner/saved/{u}`."""
        return self._one(schemas.SqlChart, f"/api/v1/projects/{project}/sqlRunner/saved/{chart}")

    def schedulers_of(self, kind: str, uuid: str) -> list[tuple[schemas.Scheduler, JsonObject]]:
        """Schedulers of one item, for tokens that may not list those of the project.

        `GET /api/v2/saved/{u}/schedulers` or `/api/v2/dashboards/{u}/schedulers`, in pages, if the server has
        it; else the same below `/api/v1`. `GET /projects/{p}/sqlRunner/saved/{u}/schedulers` has no pages.

        Args:
            kind: `saved`, `dashboards`, or for a SQL chart `projects/{p}/sqlRunner/saved`.
            uuid: uuid of the chart, dashboard or SQL chart.
        """
        path = f"{kind}/{uuid}/schedulers"
        if self.server.can("scheduler_pages") and kind in ("saved", "dashboards"):
            return self._pages(schemas.Scheduler, f"/api/v2/{path}", {}, lambda row: row.schedulerUuid)
        return self._many(schemas.Scheduler, f"/api/v1/{path}")

    def scheduler(self, scheduler: str) -> tuple[schemas.Scheduler, JsonObject]:
        """`GET /schedulers/{u}`."""
        return self._one(schemas.Scheduler, f"/api/v1/schedulers/{scheduler}")

    def schedulers(self, project: str) -> list[tuple[schemas.Scheduler, JsonObject]]:
        """All schedulers of a project, including disabled ones and those on charts inside dashboards.

        `GET /schedulers/{p}/list` if the server has it, else `GET /schedulers/{p}/logs`, whose `schedulers`
        are all of them (observed on 0.1372.1) and which needs the editor role.
        """
        if self.server.can("scheduler_list"):
            path = f"/api/v1/schedulers/{project}/list"
            return self._pages(schemas.Scheduler, path, {}, lambda row: row.schedulerUuid)
        return self._many(schemas.Scheduler, f"/api/v1/schedulers/{project}/logs", inside="schedulers")

    def tags(self, project: str) -> list[tuple[schemas.Tag, JsonObject]]:
        """`GET /projects/{p}/tags`: 0.1372.1 leaves out tags whose author was deleted."""
        return self._many(schemas.Tag, f"/api/v1/projects/{project}/tags")

    def metrics(self, project: str) -> list[schemas.Metric]:
        """`GET /projects/{p}/dataCatalog/metrics`: with their tags and icons."""
        path = f"/api/v1/projects/{project}/dataCatalog/metrics"
        return [
            row for row, _ in self._pages(schemas.Metric, path, {}, lambda row: (row.tableName, row.name))
        ]

    def explores(self, project: str) -> list[schemas.ExploreRow]:
        """`GET /projects/{p}/explores`: all explores, including faulty ones and virtual views."""
        return self._rows(schemas.ExploreRow, f"/api/v1/projects/{project}/explores")

    def explore(self, project: str, table: str) -> JsonObject:
        """`GET /projects/{p}/explores/{table}`: with the definitions of its fields."""
        return self._object(f"/api/v1/projects/{project}/explores/{quote(table, safe='')}")

    def virtual_view(self, project: str, name: str) -> tuple[schemas.VirtualView, JsonObject]:
        """`GET /projects/{p}/explores/{name}` of a virtual view.

        Raises:
            NotFound: there is no explore with this name, or it is not a virtual view.
        """
        explores = f"/api/v1/projects/{project}/explores"
        path = f"{explores}/{segment(name, explores)}"
        explore = self._object(path)
        if explore.get("type") != "virtual":
            raise NotFound("the explore is no virtual view", method="GET", path=path, status=200)
        return viewed(schemas.VirtualView, [explore], path)[0]

    def code_views(self, project: str) -> tuple[dict[str, JsonObject], set[str]]:
        """`GET /projects/{p}/code/virtualViews`: the virtual views as code.

        Returns:
            The virtual views by name, and the names of those that code cannot express.

        Raises:
            NotAuthorised: the token may not read content as code.
            NotFound: the server has no virtual views as code.
        """
        path, results = ask_either(self.session, self.server, project, "virtualViews", self.session.get)
        told = viewed(schemas.CodeViews, [results], path)[0][0]
        rows = rows_of(schemas.CodeView, results, path, "virtualViews")
        return {row.slug: raw for row, raw in rows}, {one.slug for one in told.skipped}

    def charts_using(self, project: str, metric: schemas.Metric) -> list[schemas.UsingChart]:
        """`GET /projects/{p}/dataCatalog/{table}/analytics/{field}`: charts whose current version uses it.

        This is the only list that includes charts saved in a dashboard that none of its tiles shows any more.
        """
        catalog = f"/api/v1/projects/{project}/dataCatalog"
        table, field = segment(metric.tableName, catalog), segment(metric.name, catalog)
        path = f"{catalog}/{table}/analytics/{field}"
        return self._rows(schemas.UsingChart, path, inside="charts")

    def pins(self, project: str, pinned_list: str) -> list[schemas.Pin]:
        """`GET /projects/{p}/pinned-lists/{list}/items`."""
        return self._rows(schemas.Pin, f"/api/v1/projects/{project}/pinned-lists/{pinned_list}/items")

    def job_status(self, job: str) -> schemas.JobStatus:
        """`GET /schedulers/job/{j}/status`: the state of a job, such as a validation."""
        jobs = "/api/v1/schedulers/job"
        return self._one(schemas.JobStatus, f"{jobs}/{segment(job, jobs)}/status")[0]

    def validation(self, project: str) -> list[schemas.Validation]:
        """The problems found by the last validation, including warnings about the configuration of charts.

        `GET /api/v2/projects/{p}/validate`, in pages, if the server has it; else the same below `/api/v1`.
        """
        path = f"projects/{project}/validate"
        if not self.server.can("validation_pages"):
            return self._rows(schemas.Validation, f"/api/v1/{path}")
        query = {"includeChartConfigWarnings": "true"}
        rows = self._pages(schemas.Validation, f"/api/v2/{path}", query, lambda row: row.key)
        return [row for row, _ in rows]

    def comments(self, dashboard: str) -> JsonObject:
        """`GET /comments/dashboards/{u}`: unresolved comments by tile uuid; does not count as a view."""
        return self._object(f"/api/v1/comments/dashboards/{dashboard}")

    def promotion_diff(self, kind: Kind, uuid: str, project: str) -> PromotionDiff:
        """`GET .../promoteDiff`: what promotion would write; see `lightdash.promotion`.

        Args:
            kind: kind of the item that would be promoted: a chart, a dashboard or a SQL chart.
            uuid: uuid of the item in the source project.
            project: uuid of the source project.

        Raises:
            NotFound: there is no upstream project.
            ApiError: 409 if the upstream project has several items with the slug of one.
            SyncError: the server does not promote this kind; nothing was requested.
        """
        path = f"{promotion_path(self.server, kind, uuid, project)}/promoteDiff"
        return self._one(PromotionDiff, path)[0]

    def _history(self, path: str, noun: str) -> list[schemas.VersionRow]:
        versions = self._rows(schemas.VersionRow, path, inside="history")
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


# Lists of content that snapshots do not contain; their items are only counted, and named.
#
# Each has an endpoint of its own. Those of the Enterprise edition answer 422 `MissingConfigError` without a
# licence (1.219.0), or 403 or 404; such an answer means that the server has nothing of the kind.

_UNLICENSED = "MissingConfigError"
_NOT_FOUND, _FORBIDDEN = 404, 403


@dataclass(frozen=True)
class Elsewhere:
    """A list of something that snapshots do not contain.

    Attributes:
        what: name of the items.
        path: path of its endpoint, with `{p}` for the project and `{o}` for the organisation.
        inside: the field of the answer with the rows; "" if the answer is the list.
        named: the field of a row with its name.
        own: field and value of rows that people created, if the list has rows of the server, too; else None.
    """

    what: str
    path: str
    inside: str = ""
    named: str = "name"
    own: tuple[str, str] | None = None


_PROJECT = "/api/v1/projects/{p}"
ELSEWHERE = (
    Elsewhere("AI agents", f"{_PROJECT}/aiAgents"),
    Elsewhere("external connections", "/api/v1/ee/projects/{p}/external-connections"),
    Elsewhere("homepages", f"{_PROJECT}/homepage/list"),
    Elsewhere("metrics trees", f"{_PROJECT}/dataCatalog/metrics/trees", "data"),
    Elsewhere(
        "settings of Spotlight's table", f"{_PROJECT}/spotlight/table/config", "columnConfig", "column"
    ),
    Elsewhere("custom roles of the organisation", "/api/v2/orgs/{o}/roles", own=("ownerType", "user")),
    Elsewhere("user attributes of the organisation", "/api/v1/org/attributes"),
)


def lists_elsewhere(server: Server) -> tuple[Elsewhere, ...]:
    """Return the lists that a server may have; none if its answer would not show that it lacks one."""
    return ELSEWHERE if server.can("json_for_unknown_endpoints") else ()


def is_not_here(error: ApiError) -> bool:
    """Whether an error means that the server has nothing of the kind, or nothing for this token."""
    return error.status in (_NOT_FOUND, _FORBIDDEN) or error.name == _UNLICENSED


def if_here(read: Callable[[], T]) -> T | None:
    """Return the result of `read`, or None if the server has nothing of the kind."""
    try:
        return read()
    except ApiError as error:
        if is_not_here(error):
            return None
        raise


def names_elsewhere(session: Session, one: Elsewhere, project: str, organisation: str) -> list[str]:
    """Return the names of the items in a list; none if the server has nothing of the kind.

    Args:
        session: sends the request.
        one: the list.
        project: uuid of the project.
        organisation: uuid of the organisation.

    Raises:
        ApiError: the list cannot be read.
    """
    path = one.path.format(p=project, o=organisation)
    results = if_here(lambda: session.get(path, bare=True))
    rows = results.get(one.inside) if one.inside and isinstance(results, dict) else results
    if rows is None:
        return []
    if not isinstance(rows, list):
        raise unexpected(path, "a list was expected")
    return [_name(row, one.named) for row in rows if one.own is None or _has(row, *one.own)]


def _name(row: Json, named: str) -> str:
    name = row.get(named) if isinstance(row, dict) else None
    return name if isinstance(name, str) else ""


def _has(row: Json, field: str, value: str) -> bool:
    return isinstance(row, dict) and row.get(field) == value
