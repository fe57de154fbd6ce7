"""What a review of a promotion says, as frozen values.

A promotion is one call of the server for each dashboard, and for each chart that is chosen by itself. What
it writes is told by item: what the server says it will do, what the upstream project has now, what it will
have, and what is to be thought of it. Like a plan, a review knows nothing of time or of the machine: the
same two projects and the same choice give the same review and the same digest (`document`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from lightdash_sync.changes.differ import changes
from lightdash_sync.changes.items import Status
from lightdash_sync.content.json import Json, JsonObject, get_str

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.changes.change import Change
    from lightdash_sync.content.kinds import Kind
    from lightdash_sync.sync.plan.values import PlanTarget


class ServerAction(StrEnum):
    """What the server says of an item (`action` in the answer of promoteDiff, api-facts 12.2)."""

    CREATE = "create"
    UPDATE = "update"
    SAME = "no changes"
    NOTHING = ""  # it was not asked, or gave no answer


class FindingCode(StrEnum):
    """What is to be thought of an item. Codes stay the same from version to version."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    UPSTREAM_NEWER = "upstream_newer"
    UPSTREAM_CHANGED = "upstream_changed"
    WOULD_DUPLICATE = "would_duplicate"
    WOULD_DELETE = "would_delete"
    WOULD_HIDE = "would_hide"
    WOULD_BREAK = "would_break"
    POINTS_TO_SOURCE = "points_to_source"
    RENAMES_SPACE = "renames_space"
    NOT_MOVED = "not_moved"
    OTHER_ITEM = "other_item"
    AMBIGUOUS = "ambiguous"
    FORBIDDEN = "forbidden"
    INSIDE_DASHBOARD = "inside_dashboard"
    NOT_PROMOTABLE = "not_promotable"
    UNCLEAR = "unclear"
    WIDENS_ACCESS = "widens_access"
    MOVES_COMMENTS = "moves_comments"
    BREAKS_DELIVERIES = "breaks_deliveries"
    STAYS_VERIFIED = "stays_verified"


NEVER_ACCEPTED = frozenset(
    {
        FindingCode.AMBIGUOUS,
        FindingCode.FORBIDDEN,
        FindingCode.INSIDE_DASHBOARD,
        FindingCode.NOT_PROMOTABLE,
        FindingCode.UNCLEAR,
    }
)
"""What the server would refuse, or what nobody can foresee: no word of the user allows it."""


class Severity(StrEnum):
    """What a verdict means for the promotion."""

    BLOCKS = "blocks"
    WARNS = "warns"
    TELLS = "tells"


@dataclass(frozen=True)
class Verdict:
    """What is to be thought of an item, and why.

    Attributes:
        code: stays the same from version to version.
        what: the reason in words; may hold names of content.
        weight: whether the promotion is refused because of it.
        accepted: whether the user said that it may be so.
        replay: whether a replay (`--via replay`) does it right.
    """

    code: FindingCode
    what: str
    weight: Severity = Severity.TELLS
    accepted: bool = False
    replay: bool = False

    @property
    def blocks(self) -> bool:
        """Whether the promotion is refused because of it."""
        return self.weight is Severity.BLOCKS and not self.accepted


@dataclass(frozen=True)
class Compared:
    """An item on two sides: the upstream project's now, and another.

    Attributes:
        kind: of the item.
        key: of the item, as the source calls it; "" for a kind that is one list.
        before: its content upstream; None if there is none.
        after: what it is compared with; None if there is none.
        space: key of the space that it is in; "" for none.
    """

    kind: Kind
    key: str
    before: Json
    after: Json
    space: str = ""

    @property
    def item(self) -> str:
        """The item as the command line says it: `chart:weekly-revenue`."""
        return f"{self.kind}:{self.key}" if self.key else str(self.kind)

    @property
    def name(self) -> str:
        """What people call it; its key if it has no name."""
        return (
            get_str(self.before if self.after is None else self.after, "name") or self.key or str(self.kind)
        )

    @property
    def status(self) -> Status:
        """Whether it is new, gone, or another (also if it is the same)."""
        if self.before is None:
            return Status.CREATED
        return Status.DELETED if self.after is None else Status.CHANGED

    @cached_property
    def changes(self) -> list[Change]:
        """What differs, in the words of `model.changes`."""
        return changes(self.kind, self.before, self.after)


@dataclass(frozen=True)
class Reviewed(Compared):
    """An item that a promotion concerns; `after` is what the upstream project will have.

    Attributes:
        said: what the server says that it does.
        uuid: of the source's item; "" for what only the upstream project has.
        upstream: uuid of the upstream item that the server takes for the same; None if it finds none.
        verdicts: what is to be thought of it, the weightiest first.
        effective: whether the upstream item becomes another, as users see it.
        layout: of a dashboard: ids of the parts that it will have, as in a plan's step.
    """

    said: ServerAction = ServerAction.NOTHING
    uuid: str = ""
    upstream: str | None = None
    verdicts: tuple[Verdict, ...] = ()
    effective: bool = False
    layout: JsonObject = field(default_factory=dict)

    @property
    def blocking(self) -> tuple[Verdict, ...]:
        """The verdicts because of which the promotion is refused."""
        return tuple(verdict for verdict in self.verdicts if verdict.blocks)


@dataclass(frozen=True)
class Call:
    """One call of the server: a dashboard with all that it shows, or a chart.

    Attributes:
        kind: of what is promoted.
        key: of what is promoted.
        uuid: of what is promoted, in the source project.
        items: `kind:key` of all that it concerns.
        needed: whether anything would become another by it; if not, it is not made.
    """

    kind: Kind
    key: str
    uuid: str
    items: tuple[str, ...]
    needed: bool = True

    @property
    def item(self) -> str:
        """What is promoted, as the command line says it."""
        return f"{self.kind}:{self.key}"


@dataclass(frozen=True)
class PromotionSelection:
    """What is to be promoted; the keys are the source's.

    Attributes:
        dashboards: keys.
        charts: keys.
        spaces: keys: every dashboard and chart in them, and in the spaces below.
        all: everything.
        changed: of everything, what a promotion would make another; what is meant if nothing is chosen.
    """

    dashboards: tuple[str, ...] = ()
    charts: tuple[str, ...] = ()
    spaces: tuple[str, ...] = ()
    all: bool = False
    changed: bool = False

    @property
    def names(self) -> bool:
        """Whether items or spaces were named."""
        return bool(self.dashboards or self.charts or self.spaces)

    @property
    def given(self) -> bool:
        """Whether anything was chosen."""
        return self.names or self.all or self.changed


@dataclass(frozen=True)
class Review:
    """What a promotion would do, and what speaks against it.

    Attributes:
        source: the environment that is promoted, for people.
        source_project: its uuid.
        target: the upstream project.
        selection: what was chosen.
        accepted: `kind:key` of the items whose verdicts the user accepted.
        items: what the promotion concerns, by kind and key.
        calls: what is called, in order.
        left_behind: what differs and no promotion carries: schedulers, tags, pins, access of spaces.
        spaces: key -> name of spaces.
        notes: what people should know.
    """

    source: str
    source_project: str
    target: PlanTarget
    selection: PromotionSelection
    accepted: tuple[str, ...] = ()
    items: tuple[Reviewed, ...] = ()
    calls: tuple[Call, ...] = ()
    left_behind: tuple[Compared, ...] = ()
    spaces: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def effective(self) -> tuple[Reviewed, ...]:
        """The items that become others."""
        return tuple(item for item in self.items if item.effective)

    @property
    def is_empty(self) -> bool:
        """Whether a run would call nothing."""
        return not any(call.needed for call in self.calls)

    def refusals(self) -> list[str]:
        """Return why the promotion must not be run, in words; nothing if it may."""
        return [f"{item.item}: {verdict.what}" for item in self.items for verdict in item.blocking]
