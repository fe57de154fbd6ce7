"""The state of a Lightdash instance: the rows behind its API, as plain objects by uuid.

The objects change in place, as rows in a database do; everything that answers a request gets the `World` as
an argument. Relations that frequent endpoints follow (project to spaces, space to charts ...) are kept as
ordered dictionaries without values, so that no endpoint has to search.
"""

from __future__ import annotations

import hashlib
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

from lightdash_standin import versions
from lightdash_standin.accounts import Group, Org, Person, Token
from lightdash_standin.clock import Clock
from lightdash_standin.slugs import SlugRegister

VERSION = "0.1372.1"  # the imitated version by default

Json = dict[str, Any]
Keys = dict[str, None]


@dataclass
class Project:
    """A project: its content, the people who may use it, its explores and catalogue."""

    uuid: str
    name: str
    org_uuid: str
    created_by: str
    type: str = "DEFAULT"
    upstream_uuid: str | None = None
    scheduler_timezone: str = "UTC"
    dbt_connection: Json = field(default_factory=dict)
    warehouse_connection: Json = field(default_factory=dict)
    dbt_version: str = "v1.4"
    pinned_list_uuid: str | None = None
    access: dict[str, str] = field(default_factory=dict)
    group_access: dict[str, str] = field(default_factory=dict)
    explores: dict[str, Json] = field(default_factory=dict)
    compilable: dict[str, Json] = field(default_factory=dict)
    catalog: dict[str, CatalogItem] = field(default_factory=dict)
    spaces: Keys = field(default_factory=dict)
    tags: Keys = field(default_factory=dict)
    validations: list[Json] = field(default_factory=list)
    color_palette_uuid: str | None = None
    created_at: str = ""
    query_timezone: str | None = None
    parameters: Json = field(default_factory=dict)
    defaults: Json | None = None
    expires_at: str | None = None
    default_user_spaces: bool = False


@dataclass
class CatalogItem:
    """A field in the catalogue; its uuid is new after each compile, categories and icon are kept."""

    uuid: str
    definition: Json
    explore: str
    categories: Keys = field(default_factory=dict)
    icon: Json | None = None


@dataclass
class Space:
    """A space, with the direct grants to users and groups.

    Attributes:
        is_private: whether it does not inherit the access of the project or, for a nested space, of the space
            that it is in (newer versions: `inheritParentPermissions: false`).
        parent_uuid: the space that it is in, if any.
        path: the slugs from the root down, with `_` for `-`, joined by dots; not changed by renames.
        member_role: the role of all members of the project in it, if set.
        is_personal: whether the server made it for a person; no answer contains this.
    """

    uuid: str
    project_uuid: str
    name: str
    slug: str
    is_private: bool
    access: dict[str, str] = field(default_factory=dict)
    group_access: dict[str, str] = field(default_factory=dict)
    charts: Keys = field(default_factory=dict)
    sql_charts: Keys = field(default_factory=dict)
    dashboards: Keys = field(default_factory=dict)
    pin_order: int | None = None
    parent_uuid: str | None = None
    path: str = ""
    member_role: str | None = None
    color_palette_uuid: str | None = None
    children: Keys = field(default_factory=dict)
    created_at: str = ""
    created_by: str | None = None
    is_personal: bool = False


@dataclass(frozen=True)
class Verification:
    """The verification of a chart or dashboard."""

    uuid: str
    person_uuid: str
    verified_at: str


@dataclass
class ChartVersion:
    """One version of a chart: the part that is replaced as a whole, in the form of answers."""

    uuid: str
    created_at: str
    created_by: str | None
    table_name: str
    metric_query: Json
    chart_config: Json
    column_order: list[str]
    pivot_columns: list[str] | None
    kind: str | None
    parameters: Json | None = None
    merge: Json | None = None
    pivot_rows: list[str] | None = None


@dataclass
class Chart:
    """A saved chart, in a space or inside a dashboard; `aliases` are its previous slugs."""

    uuid: str
    slug: str
    name: str
    description: str | None
    space_uuid: str | None
    dashboard_uuid: str | None
    created_at: str
    last_updated_at: str
    last_updated_by: str
    versions: dict[str, ChartVersion] = field(default_factory=dict)
    pin_order: int | None = None
    views: int = 0
    first_viewed_at: str | None = None
    current: ChartVersion | None = None
    verification: Verification | None = None
    color_palette_uuid: str | None = None
    aliases: list[str] = field(default_factory=list)

    @property
    def version(self) -> ChartVersion:
        """The current version."""
        if self.current is None:
            self.current = list(self.versions.values())[-1]
        return self.current


@dataclass
class SqlChart:
    """A chart written in SQL; its earlier versions cannot be read, so only the current one is kept."""

    uuid: str
    slug: str
    name: str
    description: str | None
    project_uuid: str
    space_uuid: str
    sql: str
    limit: int
    config: Json
    created_at: str
    created_by: str
    last_updated_at: str
    last_updated_by: str


@dataclass
class DashboardVersion:
    """One version of a dashboard; `config` and `parameters` are for newer servers."""

    id: int
    created_at: str
    created_by: str
    tiles: list[Json]
    tabs: list[Json]
    filters: Json
    config: Json | None = None
    parameters: Json | None = None


@dataclass
class Dashboard:
    """A dashboard; `charts` are the charts inside it, on a tile or not."""

    uuid: str
    slug: str
    name: str
    description: str | None
    space_uuid: str
    created_at: str
    created_by: str
    versions: list[DashboardVersion] = field(default_factory=list)
    charts: Keys = field(default_factory=dict)
    placed: set[str] = field(default_factory=set)
    pin_order: int | None = None
    views: int = 0
    first_viewed_at: str | None = None
    verification: Verification | None = None
    color_palette_uuid: str | None = None

    @property
    def version(self) -> DashboardVersion:
        """The current version."""
        return self.versions[-1]


@dataclass
class Scheduler:
    """A scheduled delivery or alert, with its targets in the form of answers."""

    uuid: str
    chart_uuid: str | None
    dashboard_uuid: str | None
    created_by: str
    created_at: str
    updated_at: str
    fields: Json
    enabled: bool = True
    targets: list[Json] = field(default_factory=list)
    sql_chart_uuid: str | None = None
    app_uuid: str | None = None
    slug: str = ""
    project_uuid: str = ""

    @property
    def delivers(self) -> str:
        """The uuid of the delivered chart, dashboard, SQL chart or app."""
        return self.chart_uuid or self.dashboard_uuid or self.sql_chart_uuid or self.app_uuid or ""


@dataclass
class DataApp:
    """A data app, which the API can only read: creating one needs a licence."""

    uuid: str
    slug: str
    name: str
    project_uuid: str
    deleted_at: str | None = None
    space_uuid: str | None = None
    template: str | None = None
    created_at: str = ""
    created_by: str = ""


@dataclass
class Tag:
    """A tag (category) of the metrics of a project."""

    uuid: str
    project_uuid: str
    name: str
    color: str
    created_by: str
    yaml_reference: str | None = None


@dataclass
class Comment:
    """A comment; it belongs to a tile uuid, not to a dashboard."""

    uuid: str
    tile_uuid: str
    text: str
    text_html: str
    mentions: list[str]
    reply_to: str | None
    person_uuid: str
    created_at: str
    resolved: bool = False
    chart_uuid: str | None = None


@dataclass
class World:
    """A whole instance.

    Attributes:
        version: the imitated Lightdash version, which `/health` returns.
        tokens: personal access token by nickname of its owner ("admin", "editor", "viewer" ...).
        projects: project uuid by nickname ("staging", "production").
        shuffle: if set, every list without a guaranteed order comes back in an order of its choosing.
        requests: method and path (with query) of every request received, in order.
        crashes: errors of the stand-in itself (answered with 500); tests require it to stay empty.
        history_days: number of days in the history of a chart.
        dashboard_history_days: number of days in the history of a dashboard.
        favorites: project uuid by person, kind and uuid of the person's favorites.
        soft_delete: whether deleted content can be restored (off by default on a real server, too).
        has_google: whether people have connected their Google accounts, without which newer versions accept
            no delivery to Google Sheets.
        flags: names of features that are off by default, and on here.
        licensed: path of a route -> its answer: that of a licensed server, or what people created.
        slug_gap: seconds that a creating request sleeps between choosing a slug and storing it (races).
    """

    version: str = VERSION
    seed: str = "embedded-lightdash"
    clock: Clock = field(default_factory=Clock)
    tokens: dict[str, str] = field(default_factory=dict)
    projects: dict[str, str] = field(default_factory=dict)
    shuffle: random.Random | None = None
    requests: list[tuple[str, str]] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    history_days: int = 3
    dashboard_history_days: int = 3
    soft_delete: bool = False
    has_google: bool = True
    slug_gap: float = 0.0
    flags: set[str] = field(default_factory=set)
    slugs: SlugRegister = field(default_factory=SlugRegister)
    orgs: dict[str, Org] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    token_rows: dict[str, Token] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    project_rows: dict[str, Project] = field(default_factory=dict)
    spaces: dict[str, Space] = field(default_factory=dict)
    charts: dict[str, Chart] = field(default_factory=dict)
    sql_charts: dict[str, SqlChart] = field(default_factory=dict)
    dashboards: dict[str, Dashboard] = field(default_factory=dict)
    schedulers: dict[str, Scheduler] = field(default_factory=dict)
    schedulers_of: dict[str, Keys] = field(default_factory=dict)
    tags: dict[str, Tag] = field(default_factory=dict)
    apps: dict[str, DataApp] = field(default_factory=dict)
    licensed: dict[str, Any] = field(default_factory=dict)
    deleted: dict[str, Any] = field(default_factory=dict)
    favorites: dict[tuple[str, str, str], str] = field(default_factory=dict)
    comments: dict[str, list[Comment]] = field(default_factory=dict)
    jobs: dict[str, Json] = field(default_factory=dict)
    scheduler_jobs: dict[str, Json] = field(default_factory=dict)
    counter: int = 0
    last_dashboard_version: int = 0
    last_validation: int = 0

    def __post_init__(self) -> None:
        if self.can("random_slug_without_letters"):
            self.slugs.without_letters = lambda: self.hex_id()[:5]
        if self.can("promotes_by_path"):
            self.slugs.scoped = frozenset({"spaces"})
            self.slugs.random_end = lambda: self.hex_id()[:10]
        if self.can("unique_slugs"):
            self.slugs.scoped = frozenset(self.slugs.taken)
            self.slugs.random_end = None

    def can(self, capability: str) -> bool:
        """Whether the imitated version has one of the changes of `versions.SINCE`."""
        return versions.can(self.version, capability)

    def hex_id(self) -> str:
        """The next 32 hexadecimal digits, which are the same in every run."""
        self.counter += 1
        return hashlib.sha256(f"{self.seed}:{self.counter}".encode()).hexdigest()[:32]

    def new_uuid(self) -> str:
        """The next uuid: deterministic, but shaped like the random ones of the real server."""
        return str(uuid.UUID(hex=self.hex_id(), version=4))

    def dashboard_version_uuid(self, version: DashboardVersion) -> str:
        """The uuid of a version of a dashboard; older servers have it, too, but do not return it."""
        digits = hashlib.sha256(f"{self.seed}:dashboard-version:{version.id}".encode()).hexdigest()[:32]
        return str(uuid.UUID(hex=digits, version=4))

    def delete_scheduler(self, uuid: str) -> None:
        """Delete a scheduler, and release its slug."""
        scheduler = self.schedulers.pop(uuid)
        self.schedulers_of[scheduler.delivers].pop(uuid)
        self.slugs.release("schedulers", scheduler.slug, scheduler.project_uuid)

    def delete_schedulers_of(self, uuid: str) -> None:
        """Delete all schedulers that deliver an item."""
        for scheduler in list(self.schedulers_of.get(uuid, {})):
            self.delete_scheduler(scheduler)
        self.schedulers_of.pop(uuid, None)

    def jumbled(self, items: list[Any]) -> list[Any]:
        """The items in an order of the server's choosing: as they are, or shuffled when `shuffle` is set."""
        if self.shuffle is None:
            return items
        items = list(items)
        self.shuffle.shuffle(items)
        return items
