"""The fields of the server's answers that this tool relies on, as pydantic views.

A view checks an answer but never replaces it: the raw JSON is what is stored. The form of uuids is checked,
because they become part of paths of further requests.

In order: content and organisation, explores and metrics, and answers to writes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

Uuid: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
]

# SQL charts have "" where others have null.
MaybeUuid: TypeAlias = Annotated[Uuid | None, BeforeValidator(lambda value: value or None)]

# Counts from SQL aggregates are strings (docs/lightdash-api.md#values), which pydantic reads as numbers.
Count: TypeAlias = int


class View(BaseModel):
    """Base of all views: other fields are ignored, and errors never repeat the input."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class _SoftDelete(View):
    enabled: bool = False
    retentionDays: int = 0


class Health(View):
    """`GET /api/v1/health`."""

    version: str
    siteUrl: str | None = None
    softDelete: _SoftDelete | None = None

    @property
    def keeps_deleted(self) -> int | None:
        """Number of days for which deleted content can be restored; None if it cannot."""
        return self.softDelete.retentionDays if self.softDelete and self.softDelete.enabled else None


class AbilityRule(View):
    """Something that a user may do; or, if `inverted`, may not do."""

    action: str | list[str]
    subject: str | list[str]
    conditions: dict[str, object] = {}
    inverted: bool = False
    fields: str | list[str] | None = None


class PersonalToken(View):
    """A row of `GET /api/v1/user/me/personal-access-tokens`; nothing of its secret."""

    description: str = ""
    expiresAt: datetime | None = None
    lastUsedAt: datetime | None = None


class User(View):
    """`GET /api/v1/user`; for a service account its own row, with its description as name and no e-mail."""

    userUuid: Uuid
    organizationUuid: Uuid | None = None
    role: str | None = None
    email: str | None = None
    firstName: str = ""
    abilityRules: list[AbilityRule] = []

    def sees_all_spaces(self, project: str) -> bool:
        """Whether the user sees private spaces without a grant: only admins manage all spaces."""
        return self.may("manage", "Space", project)

    def may(self, action: str, subject: str, project: str) -> bool:
        """Whether the user may do something with all content of a kind in a project."""
        mine = {"organizationUuid": self.organizationUuid, "projectUuid": project}
        return any(
            rule.action == action
            and rule.subject in (subject, "all")
            and all(mine.get(name) == value for name, value in rule.conditions.items())
            for rule in self.abilityRules
        )


class Member(View):
    """A row of `GET /api/v1/org/users`."""

    userUuid: Uuid
    email: str
    role: str | None = None
    firstName: str = ""
    lastName: str = ""


class GroupOfMember(View):
    """A group of a member; the name may be that of another of their groups."""

    uuid: Uuid
    name: str | None = None


class MemberOfGroups(Member):
    """A row of `GET /api/v1/org/users?includeGroups=...`."""

    groups: list[GroupOfMember]


class Group(View):
    """A row of `GET /api/v1/org/groups`."""

    uuid: Uuid
    name: str


class Palette(View):
    """A row of `GET /api/v1/org/color-palettes`."""

    colorPaletteUuid: Uuid
    name: str


class Team(Group):
    """A row of `GET /api/v1/org/groups?includeMembers=...`."""

    memberUuids: list[Uuid]


class ProjectRow(View):
    """A row of `GET /api/v1/org/projects`."""

    projectUuid: Uuid
    name: str
    type: str = "DEFAULT"
    upstreamProjectUuid: Uuid | None = None


class Project(ProjectRow):
    """`GET /api/v1/projects/{p}`."""

    organizationUuid: Uuid
    pinnedListUuid: Uuid | None = None


class SpaceRow(View):
    """A row of `GET /api/v1/projects/{p}/spaces`."""

    uuid: Uuid
    slug: str
    name: str
    access: list[Uuid]
    chartCount: Count
    dashboardCount: Count
    parentSpaceUuid: Uuid | None = None
    pinnedListUuid: MaybeUuid = None
    pinnedListOrder: int | None = None
    userAccess: Any = None

    @property
    def reader_is_admin(self) -> bool:
        """Whether the token's owner is an admin of the project, and hence sees every space."""
        access = self.userAccess if isinstance(self.userAccess, dict) else {}
        return access.get("inheritedRole") == "admin" and access.get("inheritedFrom") != "space_group"


class SpaceShare(View):
    """Someone who can see a space."""

    userUuid: Uuid
    email: str | None = None
    firstName: str = ""
    lastName: str = ""


class SharedGroup(View):
    """A group that has a grant in a space."""

    groupUuid: Uuid
    groupName: str


class _Listed(View):
    uuid: Uuid


class Space(View):
    """`GET /api/v1/projects/{p}/spaces/{s}`."""

    uuid: Uuid
    access: list[SpaceShare]
    groupsAccess: list[SharedGroup]
    queries: list[_Listed]
    dashboards: list[_Listed]


class Author(View):
    """The author of a version; the fields are null for a deleted user."""

    userUuid: Uuid | None = None
    firstName: str | None = None
    lastName: str | None = None


class Row(View):
    """A row of a list of items with all of its fields, which are compared to find unchanged items."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    uuid: Uuid
    slug: str = ""
    name: str
    spaceUuid: Uuid
    pinnedListUuid: MaybeUuid = None
    pinnedListOrder: int | None = None


class ChartRow(Row):
    """A row of `GET /api/v1/projects/{p}/charts`: charts in spaces, of every source."""

    slug: str
    source: str = "dbt_explore"


class SummaryRow(Row):
    """A row of `GET /api/v1/projects/{p}/chart-summaries`: explore charts, those in dashboards included."""

    slug: str
    dashboardUuid: Uuid | None = None
    updatedAt: str


class DashboardRow(Row):
    """A row of `GET /api/v1/projects/{p}/dashboards`; without a slug."""

    updatedAt: str


class Creator(View):
    """Who created an item, or saved it last, in `GET /api/v2/content`."""

    uuid: Uuid
    firstName: str = ""
    lastName: str = ""


class ContentRow(View):
    """An item of `GET /api/v2/content`, of any type; on newer servers the only answer with its verification.

    `template` is that of a data app: it distinguishes apps from custom chart types.
    """

    uuid: Uuid
    contentType: str
    slug: str = ""
    name: str = ""
    template: str | None = None
    verification: dict[str, Any] | None = None
    createdAt: str | None = None
    createdBy: Creator | None = None
    lastUpdatedAt: str | None = None
    lastUpdatedBy: Creator | None = None


class VersionRow(View):
    """A version of a chart or dashboard, in its history or by itself."""

    versionUuid: Uuid
    createdAt: str
    createdBy: Author | None = None

    @property
    def author(self) -> str:
        """The uuid of the author; "" if the server does not report it."""
        return (self.createdBy.userUuid if self.createdBy else None) or ""


class Chart(View):
    """A chart inside a version."""

    uuid: Uuid
    slug: str
    name: str
    spaceUuid: Uuid
    dashboardUuid: Uuid | None = None


class ChartVersion(VersionRow):
    """`GET /api/v1/saved/{u}/version/{v}`."""

    chart: Chart


class SqlChart(View):
    """`GET /api/v1/projects/{p}/sqlRunner/saved/{u}`."""

    savedSqlUuid: Uuid
    slug: str


class Deleted(View):
    """A row of `GET /api/v2/content/deleted`; content deleted along with its space has no row."""

    uuid: Uuid
    contentType: str
    source: str | None = None
    spaceUuid: Uuid | None = None


class _Tile(View):
    uuid: Uuid
    type: str
    properties: dict[str, object]


class Dashboard(View):
    """`GET /api/v1/dashboards/{u}`; `versionUuid` if dashboards have a history (0.2450.0)."""

    uuid: Uuid
    slug: str
    name: str
    spaceUuid: Uuid
    tiles: list[_Tile]
    versionUuid: Uuid | None = None


class DashboardVersion(VersionRow):
    """`GET /api/v1/dashboards/{u}/version/{v}`; the dashboard inside names its *current* version."""

    dashboard: Dashboard


class Scheduler(View):
    """A scheduler with its targets."""

    schedulerUuid: Uuid
    name: str
    savedChartUuid: Uuid | None = None
    dashboardUuid: Uuid | None = None
    savedSqlUuid: Uuid | None = None

    @property
    def delivers(self) -> str:
        """The uuid of the chart or dashboard that it delivers."""
        return self.savedChartUuid or self.dashboardUuid or self.savedSqlUuid or ""


class _PinnedData(View):
    uuid: Uuid
    pinnedListOrder: int | None = None


class Pin(View):
    """A row of `GET /api/v1/projects/{p}/pinned-lists/{list}/items`."""

    type: str
    data: _PinnedData


# Answers about explores and the catalogue of their metrics.


class ExploreRow(View):
    """A row of `GET /api/v1/projects/{p}/explores`; those of dbt have no type, or `default`."""

    name: str
    type: str | None = None

    @property
    def is_virtual(self) -> bool:
        """Whether it is a virtual view: one that somebody wrote in SQL."""
        return self.type == "virtual"


class _VirtualTable(View):
    sqlTable: str
    dimensions: dict[str, dict[str, Any]]


class VirtualView(View):
    """`GET /api/v1/projects/{p}/explores/{e}` of a virtual view."""

    name: str
    label: str
    baseTable: str
    tables: dict[str, _VirtualTable]


class CodeView(View):
    """A virtual view as code."""

    slug: str


class _Skipped(View):
    slug: str


class CodeViews(View):
    """`GET /api/v1/projects/{p}/code/virtualViews`: all virtual views; code cannot express skipped ones."""

    virtualViews: list[CodeView]
    skipped: list[_Skipped]


class Tag(View):
    """A row of `GET /api/v1/projects/{p}/tags`."""

    tagUuid: Uuid
    name: str
    createdBy: Author | None = None

    @property
    def author(self) -> str | None:
        """The uuid of its author."""
        return self.createdBy.userUuid if self.createdBy else None


class Category(View):
    """A tag on a metric."""

    tagUuid: Uuid
    name: str
    color: str | None = None


class Metric(View):
    """A row of `GET /api/v1/projects/{p}/dataCatalog/metrics`."""

    tableName: str
    name: str
    categories: list[Category] = Field(default_factory=list)
    icon: dict[str, str] | None = None
    chartUsage: int | None = None
    catalogSearchUuid: MaybeUuid = None

    @property
    def field_id(self) -> str:
        """The metric's id in charts."""
        return f"{self.tableName}_{self.name.replace('.', '__')}"


class UsingChart(View):
    """A chart of `GET /api/v1/projects/{p}/dataCatalog/{table}/analytics/{field}`."""

    uuid: Uuid


# Answers to writes, and about jobs and channels.


class CreatedReply(View):
    """The answer to the creation of a space, chart or dashboard."""

    uuid: Uuid


class MadeSqlChart(View):
    """`POST /api/v1/projects/{p}/sqlRunner/saved`."""

    savedSqlUuid: Uuid


class MadeScheduler(View):
    """`POST .../schedulers`."""

    schedulerUuid: Uuid


class MadeTag(View):
    """`POST /api/v1/projects/{p}/tags`."""

    tagUuid: Uuid


class Pinned(View):
    """`PATCH .../pinning`: the answer is a whole space, or has `isPinned` for charts and dashboards."""

    pinnedListUuid: MaybeUuid
    isPinned: bool | None = None

    @property
    def now(self) -> bool:
        """Whether it is pinned."""
        return self.pinnedListUuid is not None if self.isPinned is None else self.isPinned


class StartedJob(View):
    """A job by its number, which 0.1372.1 returns as a number, and current servers as text."""

    jobId: Annotated[str, BeforeValidator(lambda number: str(number) if isinstance(number, int) else number)]


class JobStatus(View):
    """`GET /api/v1/schedulers/job/{j}/status`."""

    status: str
    details: dict[str, Any] | None = None

    @property
    def over(self) -> bool:
        """Whether the job has ended, successfully or not."""
        return self.status in ("completed", "error")


class Validation(View):
    """A row of `GET .../projects/{p}/validate`: something that is wrong with an item or a table.

    For items in spaces that the token cannot see, there is no uuid, and no true name.
    """

    name: str
    error: str
    errorType: str | None = None
    source: str | None = None
    chartUuid: Uuid | None = None
    dashboardUuid: Uuid | None = None
    fieldName: str | None = None
    validationId: int | None = None
    validationUuid: Uuid | None = None

    @property
    def key(self) -> str:
        """Its identifier: a uuid since 0.2872.0, before that a number."""
        return self.validationUuid or str(self.validationId)


class SlackChannel(View):
    """A row of `GET /api/v1/slack/channels`; schedulers refer to the id."""

    id: str
    name: str
