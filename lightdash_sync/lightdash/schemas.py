"""What we rely on in the server's answers, as pydantic views.

A view looks at an answer and never replaces it: the raw JSON is what gets stored. Uuids are checked for
their form, because they go into paths of further requests.
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
    """Base of all views: fields we do not rely on are ignored, and errors never repeat the input."""

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
        """For how many days what is deleted can be restored; None if it cannot."""
        return self.softDelete.retentionDays if self.softDelete and self.softDelete.enabled else None


class AbilityRule(View):
    """One thing that a user may do; or, `inverted`, may not."""

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
    """`GET /api/v1/user`; of a service account its own row, with its description for a name and no e-mail."""

    userUuid: Uuid
    organizationUuid: Uuid | None = None
    role: str | None = None
    email: str | None = None
    firstName: str = ""
    abilityRules: list[AbilityRule] = []

    def sees_all_spaces(self, project: str) -> bool:
        """Whether private spaces without a grant are shown too: only admins manage any space."""
        return self.may("manage", "Space", project)

    def may(self, action: str, subject: str, project: str) -> bool:
        """Whether something may be done to everything of a kind in a project."""
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
    """A group that a member is in; the name may be that of another of their groups."""

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
        """Whether whoever reads the list is an admin of the project, and hence sees every space."""
        access = self.userAccess if isinstance(self.userAccess, dict) else {}
        return access.get("inheritedRole") == "admin" and access.get("inheritedFrom") != "space_group"


class SpaceShare(View):
    """Someone who can see a space."""

    userUuid: Uuid
    email: str | None = None
    firstName: str = ""
    lastName: str = ""


class SharedGroup(View):
    """A group that was granted a space."""

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
    """Who made a version; null fields are those of a deleted user."""

    userUuid: Uuid | None = None
    firstName: str | None = None
    lastName: str | None = None


class Row(View):
    """A row of a list of items, with every field it came with: what it says proves what is unchanged."""

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
    """Who made an item, or saved it last, in `GET /api/v2/content`."""

    uuid: Uuid
    firstName: str = ""
    lastName: str = ""


class ContentRow(View):
    """An item of `GET /api/v2/content`, of any type; newer servers tell here alone who verified it, and when.

    `template` is that of a data app: it tells apps from custom chart types.
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
        """The uuid of who saved it; "" if the server does not say."""
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
    """A row of `GET /api/v2/content/deleted`; what was deleted with its space is named by that only."""

    uuid: Uuid
    contentType: str
    source: str | None = None
    spaceUuid: Uuid | None = None


class _Tile(View):
    uuid: Uuid
    type: str
    properties: dict[str, object]


class Dashboard(View):
    """`GET /api/v1/dashboards/{u}`; `versionUuid` where dashboards have a history (0.2450.0)."""

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


# What we rely on in answers about explores, and the catalogue of their metrics; as above.


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
    """`GET /api/v1/projects/{p}/explores/{e}` of an explore that somebody wrote in SQL."""

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
    """`GET /api/v1/projects/{p}/code/virtualViews`: all virtual views; some may not be said in code."""

    virtualViews: list[CodeView]
    skipped: list[_Skipped]


class Tag(View):
    """A row of `GET /api/v1/projects/{p}/tags`."""

    tagUuid: Uuid
    name: str
    createdBy: Author | None = None

    @property
    def author(self) -> str | None:
        """The uuid of whoever made it."""
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
        """The metric's name in charts."""
        return f"{self.tableName}_{self.name.replace('.', '__')}"


class UsingChart(View):
    """A chart of `GET /api/v1/projects/{p}/dataCatalog/{table}/analytics/{field}`."""

    uuid: Uuid


# What we rely on in answers to writes, and about jobs and channels; as above.


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
    """`PATCH .../pinning`: spaces come whole, charts and dashboards say `isPinned`."""

    pinnedListUuid: MaybeUuid
    isPinned: bool | None = None

    @property
    def now(self) -> bool:
        """Whether it is pinned."""
        return self.pinnedListUuid is not None if self.isPinned is None else self.isPinned


class StartedJob(View):
    """A job, by its number; 0.1372.1 says it as a number, current servers as text."""

    jobId: Annotated[str, BeforeValidator(lambda number: str(number) if isinstance(number, int) else number)]


class JobStatus(View):
    """`GET /api/v1/schedulers/job/{j}/status`."""

    status: str
    details: dict[str, Any] | None = None

    @property
    def over(self) -> bool:
        """Whether the job has ended, well or not."""
        return self.status in ("completed", "error")


class Validation(View):
    """A row of `GET .../projects/{p}/validate`: something that is wrong with an item or a table.

    Of what lies in spaces that the token does not see there is no uuid, and no true name.
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
        """What names it: a uuid since 0.2872.0, before that a number."""
        return self.validationUuid or str(self.validationId)


class SlackChannel(View):
    """A row of `GET /api/v1/slack/channels`; the id is what schedulers hold."""

    id: str
    name: str
