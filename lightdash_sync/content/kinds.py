"""The kinds of content, as one table: where each is kept, and what of the server's answer is not content.

Kinds differ in data, not in behaviour, so they are rows and not classes. A field of an answer goes one
of four ways: *volatile* fields are dropped (this table is the documented list), *facts* go to the
identity sidecar, *references* become keys, and every other field, known to us or not, is content.
Source of the field lists: the answers of 0.1372.1 and 0.2904.5.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lightdash_sync.content.json import JsonObject


class Kind(StrEnum):
    """A kind of content, by the name it has on the command line and in `identity.json`."""

    SPACE = "space"
    VIRTUAL_VIEW = "virtual_view"
    CHART = "chart"
    SQL_CHART = "sql_chart"
    DASHBOARD = "dashboard"
    SCHEDULER = "scheduler"
    TAG = "tag"
    COMMENTS = "comments"
    PINS = "pins"
    METRIC_ICONS = "metric_icons"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class History:
    """How earlier versions of a kind are kept, and where they are found.

    Attributes:
        saved: field that holds what was saved, in the server's answer for a version and in its file here.
        capability: what a server must be able to do to tell them; "" if every one can.
    """

    saved: str
    capability: str = ""


@dataclass(frozen=True, slots=True)
class KindSpec:
    """What is to know about one kind.

    Attributes:
        folder: its directory in a snapshot, or "" when one file holds all of it.
        noun: singular and plural, for people.
        volatile: fields that are dropped: they change by themselves, are derived from others, or
            say something of the reader and not of the item.
        facts: fields that go to the identity sidecar: identity, version, time and author.
        is_list: whether its one file is a list; its rows are what is counted.
        history: how its earlier versions are kept; None for a kind without.
    """

    folder: str
    noun: tuple[str, str]
    volatile: frozenset[str] = field(default_factory=frozenset)
    facts: frozenset[str] = field(default_factory=frozenset)
    is_list: bool = False
    history: History | None = None


PERSONAL = "personal"  # of a space: that Lightdash made it for one person; a field of its file, and a fact
PERSONAL_ROOT = "Default User Spaces"  # the space that Lightdash makes them in

# The reader's own access, the organisation's colours, and where the item was found.
_ABOUT_THE_READER = {"organizationUuid", "projectUuid", "access", "isPrivate", "inheritsFromOrgOrProject"}
_PINNED = {"pinnedListUuid", "pinnedListOrder"}  # kept in pins.json
_PALETTE = {"colorPalette", "resolvedColorPalette"}
# Drafts that wait for the reader (2.x).
_DRAFTS = {
    "hasUnpublishedChanges", "draftsAwaitingReview", "draftStaleness", "dismissedDraftUuid",
    "draftOverlayError",
}  # fmt: skip

KINDS: dict[Kind, KindSpec] = {
    Kind.SPACE: KindSpec(
        folder="spaces",
        noun=("space", "spaces"),
        volatile=frozenset(
            {"organizationUuid", "projectUuid", "queries", "dashboards", "childSpaces", "breadcrumbs"}
            | {"userAccess", "chartCount", "dashboardCount", "childSpaceCount", "appCount"}
            | {"inheritsFromOrgOrProject"}
            | _PINNED
        ),
        facts=frozenset({"uuid", "slug", "path"}),
    ),
    Kind.VIRTUAL_VIEW: KindSpec(
        folder="virtual_views",
        noun=("virtual view", "virtual views"),
        # All that the server makes of name, label, SQL and columns; `normal` says these.
        volatile=frozenset(
            {"tables", "baseTable", "joinedTables", "targetDatabase", "type", "tags", "meta", "spotlight"}
            | {"warehouse", "groups", "parameters", "warnings", "unfilteredTables", "savedParameterValues"}
        ),
    ),
    Kind.CHART: KindSpec(
        folder="charts",
        noun=("chart", "charts"),
        volatile=frozenset(
            {"spaceName", "dashboardName", "dashboardSlug"} | _ABOUT_THE_READER | _PINNED | _PALETTE | _DRAFTS
        ),
        facts=frozenset({"uuid", "slug", "updatedAt", "updatedByUser"}),
        history=History("chart"),
    ),
    Kind.SQL_CHART: KindSpec(
        folder="sql_charts",
        noun=("SQL chart", "SQL charts"),
        volatile=frozenset(
            {"project", "organization", "views", "firstViewedAt", "lastViewedAt"}
            | _ABOUT_THE_READER
            | _PALETTE
        ),
        facts=frozenset({"savedSqlUuid", "slug", "createdAt", "createdBy", "lastUpdatedAt", "lastUpdatedBy"}),
    ),
    Kind.DASHBOARD: KindSpec(
        folder="dashboards",
        noun=("dashboard", "dashboards"),
        volatile=frozenset(
            {"spaceName", "views", "firstViewedAt", "owner"}  # nobody writes the owner back (2.x)
            | _ABOUT_THE_READER
            | _PINNED
            | _PALETTE
            | _DRAFTS
        ),
        facts=frozenset({"uuid", "slug", "dashboardVersionId", "versionUuid", "updatedAt", "updatedByUser"}),
        history=History("dashboard", "dashboard_history"),
    ),
    Kind.SCHEDULER: KindSpec(
        folder="schedulers",
        noun=("scheduler", "schedulers"),
        volatile=frozenset(
            {"createdByName", "savedChartName", "dashboardName", "savedSqlName", "appName", "latestRun"}
            | {"projectUuid", "projectName", "projectSchedulerTimezone"}
        ),
        facts=frozenset({"schedulerUuid", "slug", "createdAt", "updatedAt"}),
    ),
    Kind.TAG: KindSpec(
        folder="tags",
        noun=("tag", "tags"),
        volatile=frozenset({"projectUuid"}),
        facts=frozenset({"tagUuid", "createdAt", "createdBy"}),
    ),
    Kind.COMMENTS: KindSpec(folder="comments", noun=("commented dashboard", "commented dashboards")),
    Kind.PINS: KindSpec(folder="", noun=("pinned item", "pinned items"), is_list=True),
    Kind.METRIC_ICONS: KindSpec(folder="", noun=("metric icon", "metric icons"), is_list=True),
    Kind.PROJECT: KindSpec(folder="", noun=("project settings file", "project settings files")),
}


def kind_called(name: str) -> Kind | None:
    """Return the kind that goes by a name (its own, its folder's, its noun), or None."""
    return _CALLED.get(_joined(name))


def _joined(words: str) -> str:
    return words.lower().replace("-", "_").replace(" ", "_")


_CALLED = {
    _joined(name): kind
    for kind, spec in KINDS.items()
    for name in (kind.value, spec.folder, *spec.noun)
    if name
}

# Tiles carry names of what they show; a rename of a chart must not change its dashboards' files.
TILE_DERIVED = frozenset(
    {"chartName", "lastVersionChartKind", "belongsToDashboard", "chartSlug", "appDeletedAt"}
)

# Made anew by the server with every write, so they name nothing.
METRIC_REGENERATED = frozenset({"uuid"})
TARGET_REGENERATED = frozenset(
    {"schedulerUuid", "createdAt", "updatedAt"}
    | {"schedulerSlackTargetUuid", "schedulerEmailTargetUuid"}
    | {"schedulerMsTeamsTargetUuid", "schedulerGoogleChatTargetUuid"}
)

# Ids of comments cannot be restored, and the replies stand below what they answer.
COMMENT_VOLATILE = frozenset({"canRemove", "commentId", "replyTo"})
# What newer servers say besides of who wrote one: the account, which the name stands for, and its picture.
COMMENTER_VOLATILE = frozenset({"userUuid", "avatarUrl", "avatarGradient"})

# Addresses that are secrets: whoever knows one can post to the channel.
SECRET_TARGETS = frozenset({"webhook", "googleChatWebhook"})
SECRET = "(secret: not in the snapshot)"  # noqa: S105

# What of a project may leave the server: never dbtConnection or warehouseConnection.
PROJECT_SETTINGS = ("name", "type", "dbtVersion", "schedulerTimezone", "queryTimezone")

# Of a chart, what neither lists nor pages of many charts tell, but only its own answer. An export without
# history leaves it out, however it reads: there it is not known, which is not the same as null.
CHART_APART = frozenset({"colorPaletteUuid"})

# What belongs to no version: a rename or a move changes it, and every version comes with today's.
UNVERSIONED = frozenset(
    {"name", "description", "spaceUuid", "dashboardUuid", "verification", "colorPaletteUuid"}
)


ItemKey = tuple[Kind, str]


VERIFICATION = "verification"


VERIFIABLE = frozenset({Kind.CHART, Kind.DASHBOARD})


# What a content says of a verification that is to come.
BY_THE_OWNER: JsonObject = {"verifiedBy": {"firstName": "the token's", "lastName": "owner"}}
