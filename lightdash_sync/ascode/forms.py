"""What a document must have; more is welcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lightdash_sync.ascode.deliveries import ALERT, DELIVERY, OF_DASHBOARDS, SAID, SHEET
from lightdash_sync.ascode.documents import CONTENT_TYPE, IF_SET, SAME, VERSION
from lightdash_sync.ascode.names import DOCUMENTED
from lightdash_sync.ascode.views import CONTENT_TYPE as VIEW
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.problems import first_problem

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import JsonObject

_DATED = frozenset({"slug", "version", "contentType", "updatedAt", "downloadedAt"})
_ALWAYS = _DATED | {"spaceSlug"}
_KNOWN = {
    Kind.CHART: _ALWAYS | {*SAME[Kind.CHART], "dashboardSlug", "verified", "verification", "merge"},
    Kind.SQL_CHART: _ALWAYS | {*SAME[Kind.SQL_CHART]},
    Kind.DASHBOARD: _ALWAYS
    | {*SAME[Kind.DASHBOARD], *IF_SET, "tiles", "filters", "verified", "verification"},
    Kind.VIRTUAL_VIEW: _DATED | {"name", "sql", "columns", "parameters"},
    Kind.SCHEDULER: _DATED
    | {*SAID, *OF_DASHBOARDS, "resource", "filters", "targets", "format", "options", "destination"}
    | {"thresholds", "notificationFrequency"},
}


class _Form(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, hide_input_in_errors=True)


class _Item(_Form):
    name: str
    slug: str = Field(min_length=1)
    spaceSlug: str = Field(min_length=1)
    description: str | None = None
    version: int = VERSION


class _Chart(_Item):
    tableName: str
    metricQuery: dict[str, Any]
    chartConfig: dict[str, Any]
    dashboardSlug: str | None = None


class _SqlChart(_Item):
    sql: str
    config: dict[str, Any]
    limit: int = 500


class _Tile(_Form):
    type: str
    x: float
    y: float
    w: float
    h: float
    properties: dict[str, Any]
    tabUuid: str | None = None
    tabSlug: str | None = None
    tileSlug: str | None = None


class _Tab(_Form):
    name: str
    slug: str | None = None


class _Filters(_Form):
    dimensions: list[dict[str, Any]] = []
    metrics: list[dict[str, Any]] = []
    tableCalculations: list[dict[str, Any]] = []


class _Dashboard(_Item):
    tiles: list[_Tile]
    tabs: list[_Tab] = []
    filters: _Filters | None = None


class _Person(_Form):
    email: str
    role: str


class _Group(_Form):
    name: str
    role: str


class _Access(_Form):
    inheritParentPermissions: bool
    projectMemberAccessRole: str | None = None
    users: list[_Person] = []
    groups: list[_Group] = []


class _Space(_Form):
    slug: str = Field(min_length=1)
    spaceName: str
    access: _Access | None = None


class _Column(_Form):
    reference: str
    type: str


class _View(_Form):
    slug: str = Field(min_length=1)
    name: str
    sql: str
    columns: list[_Column] = Field(min_length=1)
    parameters: dict[str, Any] | None = None
    version: int = VERSION


class _Resource(_Form):
    type: Literal["chart", "dashboard"]
    slug: str = Field(min_length=1)


class _Target(_Form):
    type: Literal["email", "slack"]
    recipient: str | None = None
    channel: str | None = None


class _Destination(_Form):
    spreadsheetId: str
    spreadsheetName: str
    organizationName: str
    url: str
    tabName: str | None = None


class _Delivery(_Form):
    slug: str = Field(min_length=1)
    contentType: Literal["scheduled_delivery", "alert", "google_sheets_sync"]
    name: str
    cron: str
    enabled: bool
    includeLinks: bool
    message: str | None = None
    timezone: str | None = None
    plainTextEmail: bool = False
    resource: _Resource
    targets: list[_Target] = []
    destination: _Destination | None = None
    format: str | None = None
    options: dict[str, Any] | None = None
    thresholds: list[dict[str, Any]] = []
    filters: list[dict[str, Any]] | dict[str, Any] | None = None
    selectedTabs: list[str] | None = None
    version: int = VERSION

    @model_validator(mode="after")
    def _is_whole(self) -> _Delivery:
        """Require what a document of its kind cannot do without."""
        lacks = {
            ALERT: not self.thresholds and "thresholds",
            SHEET: self.destination is None and "destination",
            DELIVERY: self.format is None and "format",
        }[self.contentType]
        if lacks:
            raise ValueError(f"it has no `{lacks}`")
        if any((one.recipient if one.type == "email" else one.channel) is None for one in self.targets):
            raise ValueError("one of its `targets` has no address")
        return self


_FORMS: dict[Kind, type[BaseModel]] = {
    Kind.SPACE: _Space, Kind.CHART: _Chart, Kind.SQL_CHART: _SqlChart, Kind.DASHBOARD: _Dashboard,
    Kind.VIRTUAL_VIEW: _View, Kind.SCHEDULER: _Delivery,
}  # fmt: skip


def form_problem(kind: Kind, body: JsonObject) -> str | None:
    """Return what is wrong with a document, in words; None if nothing is."""
    try:
        _FORMS[kind].model_validate(body)
    except ValidationError as error:
        return first_problem(error)
    if kind is Kind.SPACE:
        return path_problem(str(body["slug"]))
    said = body.get("contentType")
    if said is not None and said not in CONTENT_TYPES[kind]:
        return f"its contentType is {said!r}, and where it stands it would be a {kind}"
    if body.get("version", VERSION) != VERSION:
        return f"it has version {body['version']}, and this version of lightdash-sync knows {VERSION}"
    return path_problem(str(body["spaceSlug"])) if kind in DOCUMENTED else None


def path_problem(path: str) -> str | None:
    """Return what is wrong with the path of a space."""
    parts = path.split("/")
    return f"{path!r} is no path of a space" if not all(parts) or len(parts) > _DEEPEST else None


def unknown_fields(kind: Kind, body: JsonObject) -> set[str]:
    """Return the names of fields that no document of a known version has."""
    return body.keys() - _KNOWN[kind]


CONTENT_TYPES = {kind: (name,) for kind, name in CONTENT_TYPE.items()} | {
    Kind.VIRTUAL_VIEW: (VIEW,),
    Kind.SCHEDULER: (DELIVERY, ALERT, SHEET),
}
_DEEPEST = 50
