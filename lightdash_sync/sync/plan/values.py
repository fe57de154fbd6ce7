"""What a plan says, as frozen values: steps, and everything that speaks against them.

A plan is a function of the desired content, the existing content, the state of the last sync, facts about
the target and the user's options. It knows nothing of time or of the machine, so the same inputs give the
same plan and the same digest (`document`). It holds the content that is to be written, so that applying
it needs nothing of the source any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from lightdash_sync.changes.differ import changes
from lightdash_sync.changes.wording import edit
from lightdash_sync.content.json import Json, JsonObject, get_str
from lightdash_sync.content.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightdash_sync.changes.change import Change
    from lightdash_sync.content.kinds import ItemKey

PROMOTE = "promote"  # the purpose of a plan that tells of a promotion


class Action(StrEnum):
    """What a step does to its item."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True)
class Step:
    """One item that has to be written.

    Attributes:
        action: what happens to it.
        kind: of the item.
        key: of the item, the same on both sides; "" for a kind that is one list.
        uuid: of the item on the target; None for what does not exist yet.
        before: its content on the target; None if it does not exist.
        after: the content that it shall have, as the target can hold it; None for a delete.
        selected: whether the user chose it; else something that was chosen needs it.
        layout: of a dashboard: `{part: {name: id}}`, the ids to write of tiles, tabs and rules of filters.
        version: the version that the target's item is in, where a rollback may need it; else "".
        restores: the version on the target that has exactly the content `after`, by its uuid, or its time
            where the snapshot does not know that; or "".
        source: the content that the source wants, where a merge made another one of it; else None.
        former: of a create in the project that the content was taken from, the uuid that it had; else "".
        slug: of a create: the slug that it shall be given; "" for what the server makes of its name.
    """

    action: Action
    kind: Kind
    key: str
    uuid: str | None = None
    before: Json = None
    after: Json = None
    selected: bool = True
    layout: JsonObject = field(default_factory=dict)
    version: str = ""
    restores: str = ""
    source: Json = None
    former: str = ""
    slug: str = ""

    @property
    def item(self) -> str:
        """The item as the command line says it: `chart:weekly-revenue`."""
        return f"{self.kind}:{self.key}" if self.key else str(self.kind)

    @property
    def name(self) -> str:
        """What it is called; its key if it has no name."""
        return (
            get_str(self.before if self.after is None else self.after, "name") or self.key or str(self.kind)
        )

    @cached_property
    def changes(self) -> list[Change]:
        """What differs, in the words of `model.changes`."""
        return changes(self.kind, self.before, self.after)

    @property
    def verb(self) -> str:
        """What people call it: an update that only renames or moves has a word of its own."""
        return edit(self.changes) if self.action is Action.UPDATE else str(self.action)


class DriftKind(StrEnum):
    """How the target went its own way since the last sync."""

    CHANGED = "changed on the target"
    BOTH = "changed on both sides"
    DELETED = "deleted on the target"
    EDITED = "changed on the target since the last backup"
    UNSAVED = "on the target and not in the last backup"
    UNSYNCED = "different on the target, and never synced"


LATER: Mapping[str, bool] = {"later": True}
"""Marks a field that plans have since a later version: where it says nothing, it is in no document."""


@dataclass(frozen=True)
class SavedBy:
    """Who saved a version of an item, and when.

    Attributes:
        at: when, in UTC, as ISO 8601.
        by: who, by name or e-mail; "" if Lightdash does not say.
    """

    at: str
    by: str = ""


@dataclass(frozen=True)
class Drift:
    """An item that the target's people changed since the last sync, or that no sync ever knew.

    Attributes:
        how: in which way.
        kind: of the item.
        key: of the item.
        name: what it is called on the target, or was.
        base: its content after the last sync.
        existing: its content now, or None.
        desired: the content that the source wants, or None if the source has it no more.
        merged: the content that has the changes of both sides; None if they contradict each other.
        conflicts: paths where they do.
        allowed: whether the user said that the target's change may be overwritten, or merged it.
        saved_there: the version in which the target has it; None if Lightdash tells of none.
        saved_here: the version in which the source has it.
    """

    how: DriftKind
    kind: Kind
    key: str
    name: str
    base: Json
    existing: Json
    desired: Json
    merged: Json = None
    conflicts: tuple[tuple[str | int, ...], ...] = ()
    allowed: bool = False
    saved_there: SavedBy | None = field(default=None, metadata=LATER)
    saved_here: SavedBy | None = field(default=None, metadata=LATER)

    @property
    def item(self) -> str:
        """The item as the command line says it."""
        return f"{self.kind}:{self.key}" if self.key else str(self.kind)

    @property
    def is_of_backup(self) -> bool:
        """Whether it is told by the last backup of the target, and not by the last sync to it."""
        return self.how in (DriftKind.EDITED, DriftKind.UNSAVED)

    @property
    def reason(self) -> str:
        """Why the plan is refused for it, in words."""
        if self.how is DriftKind.UNSYNCED and self.desired is None:
            return f"{self.item} was never synced, and would be deleted"
        if self.how in (DriftKind.UNSYNCED, DriftKind.UNSAVED):
            return f"{self.item} is {self.how}"
        return f"{self.item} was {self.how}{'' if self.is_of_backup else ' since the last sync'}"


class Gravity(StrEnum):
    """What a problem means for the plan."""

    BLOCKS = "blocks"
    WARNS = "warns"


@dataclass(frozen=True, order=True)
class Problem:
    """Something that would be broken, or left out, if the plan were applied.

    Attributes:
        item: `kind:key` of the item that has it.
        code: stays the same from version to version, such as `missing_explore`.
        what: in words.
        gravity: whether the plan is refused because of it.
    """

    item: str
    code: str
    what: str
    gravity: Gravity = Gravity.BLOCKS


@dataclass(frozen=True, order=True)
class AccessChange:
    """Who gains or loses access to a space, or to an item that moves to another space.

    Attributes:
        space: its key; of an item that moves, of the space that it moves to.
        who: an e-mail, the name of a group, or "" for everybody in the project.
        is_group: whether it is a group.
        item: `kind:key` of what moves; "" for the space itself.
        before: the role there is, or None for no access.
        after: the role there will be, or None.
    """

    space: str
    who: str
    is_group: bool
    item: str = field(default="", kw_only=True)  # here, so that no two are compared by their roles
    before: str | None
    after: str | None


@dataclass(frozen=True)
class PossibleDuplicate:
    """An item of the target that looks like one that would be created, and is not linked with it.

    Attributes:
        kind: of both.
        key: of the desired item.
        name: of both.
        candidates: uuids of the target's items.
        allowed: whether the user said that a second one may be created.
    """

    kind: Kind
    key: str
    name: str
    candidates: tuple[str, ...]
    allowed: bool = False

    @property
    def item(self) -> str:
        """The desired item as the command line says it."""
        return f"{self.kind}:{self.key}"


@dataclass(frozen=True, order=True)
class NotPlanned:
    """Something of the selection that the plan does not carry over.

    Attributes:
        item: `kind:key`, or words.
        why: in words.
    """

    item: str
    why: str


@dataclass(frozen=True)
class PlanTarget:
    """Where a plan is meant to be applied.

    Attributes:
        environment: its name.
        url: of the server.
        project: uuid.
        project_name: for people.
    """

    environment: str
    url: str
    project: str
    project_name: str


@dataclass(frozen=True)
class Plan:
    """An ordered list of steps, and what is to be known before they are taken.

    Attributes:
        purpose: `sync`, `restore`, `undo`, or `promote`: then the steps are what the server will do.
        source: what the desired side is, in words.
        target: where to.
        enable_schedulers: whether schedulers are switched on as the source has them.
        verification: whether it carries verification.
        keeps_deleted: for how many days the target can restore what is deleted; None if it cannot.
        undoes: the run that is taken back; "" for none.
        steps: in an order in which people read them; `operations` says in which they are done.
        unchanged: path -> hash of what the target has, of items in the selection that are as they should be.
        drift: what the target changed since the last sync.
        problems: what would be broken or left out.
        access: who gains and loses access.
        twins: what may exist already.
        limits: why the deletes are too many, in words.
        left_out: what is not carried over.
        adopted: kind -> key -> facts of items of the target that are linked by this plan.
        items: kind -> key -> uuid (and names of parts of dashboards) of everything that the target had.
        external: `~` key -> uuid of what lies outside the project, where the target can say it.
    """

    purpose: str
    source: str
    target: PlanTarget
    enable_schedulers: bool = False
    verification: bool = False
    keeps_deleted: int | None = None
    undoes: str = ""
    steps: tuple[Step, ...] = ()
    unchanged: Mapping[str, str] = field(default_factory=dict)
    drift: tuple[Drift, ...] = ()
    problems: tuple[Problem, ...] = ()
    access: tuple[AccessChange, ...] = ()
    twins: tuple[PossibleDuplicate, ...] = ()
    limits: tuple[str, ...] = ()
    left_out: tuple[NotPlanned, ...] = ()
    adopted: Mapping[Kind, Mapping[str, JsonObject]] = field(default_factory=dict)
    items: Mapping[Kind, Mapping[str, JsonObject]] = field(default_factory=dict)
    external: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.steps

    @property
    def puts_back(self) -> bool:
        """Whether what it creates was deleted there, and is nothing new."""
        return self.purpose in ("restore", "undo")

    def refusals(self) -> list[str]:
        """Return why this plan must not be applied, in words; nothing if it may."""
        found = [*self.limits]
        found += [drift.reason for drift in self.drift if not drift.allowed]
        found += [
            f"{problem.item}: {problem.what}"
            for problem in self.problems
            if problem.gravity is Gravity.BLOCKS
        ]
        found += [
            f"{twin.item}: the target has {len(twin.candidates)} called {twin.name!r} that are not linked"
            for twin in self.twins
            if not twin.allowed
        ]
        return found


# The target's content before a plan and after it, for checks that look at more than one item.
#
# A plan holds what it changes; the rest of the content stays as it is and is looked up where a check needs
# it, such as the explore of an unchanged chart on a changed dashboard.

Look: TypeAlias = Callable[[Kind, str], "Json"]


def nothing(_kind: Kind, _key: str) -> Json:
    """Know no content besides that of the plan."""
    return None


@dataclass(frozen=True)
class Outlook:
    """Content by kind and key, before and after.

    Attributes:
        steps: of the plan, by kind and key.
        look: the content of an item of the target that the plan leaves alone; None if there is none.
    """

    steps: Mapping[ItemKey, Step] = field(default_factory=dict)
    look: Look = nothing

    @classmethod
    def of(cls, steps: Sequence[Step], look: Look = nothing) -> Outlook:
        """Return the outlook of a plan."""
        return cls({(step.kind, step.key): step for step in steps}, look)

    def before(self, kind: Kind, key: str) -> Json:
        """Return an item as the target has it, or None."""
        step = self.steps.get((kind, key))
        return self.look(kind, key) if step is None else step.before

    def after(self, kind: Kind, key: str) -> Json:
        """Return an item as the target will have it, or None."""
        step = self.steps.get((kind, key))
        return self.look(kind, key) if step is None else step.after
