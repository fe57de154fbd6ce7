"""The review of a promotion, as frozen values.

A promotion is one call to the server for each dashboard, and for each chart that is selected by itself. The
review has an entry for each item: the server's announced action, the content upstream now, the content
afterwards, and the findings. Like a plan, a review depends on neither time nor machine: the same two projects
and the same selection give the same review and the same digest (`promotion.approval`).
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
    """The server's action for an item, as promoteDiff has it (docs/lightdash-api.md#endpoints-and-diff)."""

    CREATE = "create"
    UPDATE = "update"
    SAME = "no changes"
    NOTHING = ""  # the server was not asked, or did not answer


class FindingCode(StrEnum):
    """The kind of a finding. Codes are stable across versions of this tool."""

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
"""Findings that the user cannot accept: the server would refuse, or the effect is unknown."""


class Severity(StrEnum):
    """The effect of a finding on the promotion."""

    BLOCKS = "blocks"
    WARNS = "warns"
    TELLS = "tells"


@dataclass(frozen=True)
class Verdict:
    """A finding for an item, with its reason.

    Attributes:
        code: stable across versions of this tool.
        what: the reason in words; may contain names of content.
        weight: its severity; a blocking finding refuses the promotion.
        accepted: whether the user accepted it.
        replay: whether a replay (`--via replay`) avoids the problem.
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
    """An item of the upstream project, compared with another content of it.

    Attributes:
        kind: of the item.
        key: of the item in the source; "" for a kind that is one list.
        before: its content upstream; None if there is none.
        after: the content to compare with; None if there is none.
        space: key of its space; "" for none.
    """

    kind: Kind
    key: str
    before: Json
    after: Json
    space: str = ""

    @property
    def item(self) -> str:
        """The item in the form of the command line: `chart:weekly-revenue`."""
        return f"{self.kind}:{self.key}" if self.key else str(self.kind)

    @property
    def name(self) -> str:
        """The name of the item; its key if it has no name."""
        return (
            get_str(self.before if self.after is None else self.after, "name") or self.key or str(self.kind)
        )

    @property
    def status(self) -> Status:
        """Whether it is added, removed or changed (also if both contents are equal)."""
        if self.before is None:
            return Status.CREATED
        return Status.DELETED if self.after is None else Status.CHANGED

    @cached_property
    def changes(self) -> list[Change]:
        """The differences, in the words of `changes`."""
        return changes(self.kind, self.before, self.after)


@dataclass(frozen=True)
class Reviewed(Compared):
    """An item that a promotion concerns; `after` is its content upstream after the promotion.

    Attributes:
        said: the server's announced action.
        uuid: of the source's item; "" for an item that only the upstream project has.
        upstream: uuid of the upstream item that the server matches; None if it finds none.
        verdicts: the findings, the most severe first.
        effective: whether the upstream item changes for users.
        layout: for a dashboard, the ids of the parts that it will have, as in a plan's step.
    """

    said: ServerAction = ServerAction.NOTHING
    uuid: str = ""
    upstream: str | None = None
    verdicts: tuple[Verdict, ...] = ()
    effective: bool = False
    layout: JsonObject = field(default_factory=dict)

    @property
    def blocking(self) -> tuple[Verdict, ...]:
        """The findings that block the promotion."""
        return tuple(verdict for verdict in self.verdicts if verdict.blocks)


@dataclass(frozen=True)
class Call:
    """One call to the server, which promotes a dashboard with all that it shows, or a chart.

    Attributes:
        kind: of the promoted item.
        key: of the promoted item.
        uuid: of the promoted item, in the source project.
        items: `kind:key` of all items that the call concerns.
        needed: whether the call would change anything; if not, it is not made.
    """

    kind: Kind
    key: str
    uuid: str
    items: tuple[str, ...]
    needed: bool = True

    @property
    def item(self) -> str:
        """The promoted item in the form of the command line."""
        return f"{self.kind}:{self.key}"


@dataclass(frozen=True)
class PromotionSelection:
    """The items to promote, by their keys in the source.

    Attributes:
        dashboards: keys.
        charts: keys.
        spaces: keys: every dashboard and chart in them, and in the spaces below.
        all: everything.
        changed: everything that a promotion would change; the default if nothing is selected.
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
        """Whether anything was selected."""
        return self.names or self.all or self.changed


@dataclass(frozen=True)
class Review:
    """What a promotion would do, with the findings against it.

    Attributes:
        source: name of the environment that is promoted.
        source_project: uuid of its project.
        target: the upstream project.
        selection: the items that the user selected.
        accepted: `kind:key` of the items whose findings the user accepted.
        items: the items that the promotion concerns, by kind and key.
        calls: the calls, in order.
        left_behind: differences that no promotion carries: schedulers, tags, pins, access of spaces.
        spaces: key -> name of spaces.
        notes: further notes for the user.
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
        """The items that change."""
        return tuple(item for item in self.items if item.effective)

    @property
    def is_empty(self) -> bool:
        """Whether a run would make no call."""
        return not any(call.needed for call in self.calls)

    def refusals(self) -> list[str]:
        """Return the reasons why the promotion must not be run, in words; empty if it may."""
        return [f"{item.item}: {verdict.what}" for item in self.items for verdict in item.blocking]
