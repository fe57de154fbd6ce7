"""What a plan says, put in words once for all formats: its head, totals, steps and notes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.model.changes import Status, space_of
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import KINDS, Kind
from lightdash_sync.model.tree import place_of
from lightdash_sync.plan.document import digest
from lightdash_sync.plan.outlook import Outlook, nothing
from lightdash_sync.plan.values import PROMOTE, Action, Gravity
from lightdash_sync.report.diffs import Section
from lightdash_sync.report.parts.phrases import amounts, counted, short_digest, told_target
from lightdash_sync.sync.undoing import not_undone, restorable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightdash_sync.model.canonical import Json
    from lightdash_sync.model.changes import Change
    from lightdash_sync.plan.outlook import Look
    from lightdash_sync.plan.values import AccessChange, Drift, Plan, Step

NEEDED = "needed by the selection"
COMES_BACK = "comes back with the selection"
_LINKS = 10  # that are listed one by one
REFUSED = "This plan will be refused"

_STATUS = {Action.CREATE: Status.CREATED, Action.UPDATE: Status.CHANGED, Action.DELETE: Status.DELETED}
_TITLES = {"sync": "Plan", "restore": "Plan to restore", PROMOTE: "Promotion"}


@dataclass(frozen=True)
class StepItem:
    """A step as an item of a report of differences.

    Attributes:
        step: the step.
        space: the key of the space that it is in, or was; "" if it has none.
    """

    step: Step
    space: str

    @property
    def kind(self) -> Kind:
        """Of the item."""
        return self.step.kind

    @property
    def key(self) -> str:
        """Of the item."""
        return self.step.key

    @property
    def name(self) -> str:
        """What people call it."""
        return self.step.name

    @property
    def status(self) -> Status:
        """What is to become of it."""
        return _STATUS[self.step.action]

    @property
    def before(self) -> Json | None:
        """Its content on the target, or None."""
        return self.step.before

    @property
    def after(self) -> Json | None:
        """The content that it shall have, or None."""
        return self.step.after

    @property
    def changes(self) -> list[Change]:
        """What differs."""
        return self.step.changes


@dataclass(frozen=True)
class Told:
    """A plan in words.

    Attributes:
        plan: the plan.
        look: content of the target that the plan leaves alone.
        every: tell what means nothing to users too, and as much as there is.
    """

    plan: Plan
    look: Look = nothing
    every: bool = False

    @property
    def title(self) -> str:
        """What it is."""
        if self.plan.undoes:
            return f"Plan to undo the run {self.plan.undoes}"
        return _TITLES.get(self.plan.purpose, "Plan")

    @property
    def target(self) -> str:
        """Where it goes to."""
        return told_target(self.plan.target)

    @property
    def digest(self) -> str:
        """The beginning of its digest."""
        return short_digest(digest(self.plan))

    @property
    def totals(self) -> str:
        """All counts in one line."""
        unchanged = len(self.plan.unchanged)
        if self.plan.is_empty:
            are = "is as it" if unchanged == 1 else "are as they"
            return f"Nothing to do: {counted(unchanged, 'item')} {are} should be."
        verbs = Counter(step.verb for step in self.plan.steps)
        return ", ".join([*amounts(verbs), f"{unchanged} unchanged"])

    @property
    def counts(self) -> dict[Kind, Counter[str]]:
        """Kind -> how many items are to be created, updated and deleted, and how many are unchanged."""
        found: dict[Kind, Counter[str]] = {kind: Counter() for kind in KINDS}
        for step in self.plan.steps:
            found[step.kind][step.action.value] += 1
        for path in self.plan.unchanged:
            if place := place_of(path):
                found[place[0]]["unchanged"] += 1
        return {kind: numbers for kind, numbers in found.items() if numbers}

    @property
    def section(self) -> Section:
        """The steps, as a report of differences shows them."""
        items = self.items
        mark = COMES_BACK if self.plan.puts_back else NEEDED
        return Section(
            title=self.title,
            old=self.plan.source,
            new=self.target,
            items=items,
            spaces=self._spaces(items),
            every=self.every,
            verbs={(step.kind, step.key): step.verb for step in self.plan.steps},
            marks={(step.kind, step.key): mark for step in self.plan.steps if not step.selected},
        )

    @property
    def items(self) -> list[StepItem]:
        """The steps in their order, each with its space."""
        outlook = Outlook.of(self.plan.steps, self.look)
        return [StepItem(step, _space(step, outlook)) for step in self.plan.steps]

    def _spaces(self, items: list[StepItem]) -> dict[str, str]:
        outlook = Outlook.of(self.plan.steps, self.look)
        found: dict[str, str] = {}
        for key in {item.space for item in items if item.space}:
            content = outlook.after(Kind.SPACE, key) or outlook.before(Kind.SPACE, key)
            found[key] = text(content, "name") or key
        return found

    @property
    def warnings(self) -> list[str]:
        """What people should know, and what stands in no way."""
        plan = self.plan
        found = [f"{one.item}: {one.what}" for one in plan.problems if one.gravity is Gravity.WARNS]
        steps = {step.item: step for step in plan.steps}
        found += [_allowed(drift, steps.get(drift.item)) for drift in plan.drift if drift.allowed]
        found += [
            f"{twin.item}: another one called {twin.name!r} will be made, as allowed"
            for twin in plan.twins
            if twin.allowed
        ]
        if plan.purpose not in ("sync", PROMOTE):
            found += not_undone(plan)
        found += restorable(plan)
        return [*found, *self._schedulers()]

    def _schedulers(self) -> Iterator[str]:
        made = [step for step in self.plan.steps if step.kind is Kind.SCHEDULER and step.after is not None]
        running = sum(_is_on(step.after) and not _is_on(step.before) for step in made)
        if made and self.plan.enable_schedulers and running:
            yield f"{counted(running, 'scheduler')} will be switched on and deliver by schedule"
        elif any(step.action is Action.CREATE for step in made) and not self.plan.enable_schedulers:
            yield "new schedulers are made switched off; --enable-schedulers has them as the source does"

    @property
    def adopted(self) -> list[tuple[Kind, str, str]]:
        """Kind, key and uuid of the target's items that the plan links; undoing a run links nothing."""
        if self.plan.purpose == "undo":
            return []
        return [
            (kind, key, text(facts, "uuid"))
            for kind, entries in sorted(self.plan.adopted.items())
            for key, facts in sorted(entries.items())
        ]

    @property
    def links(self) -> list[str]:
        """The target's items that the plan links, in words; long lists as counts, unless all is wanted."""
        found = self.adopted
        if self.every or len(found) <= _LINKS:
            return [f"{kind}:{key} is {uuid} from now on" for kind, key, uuid in found]
        numbers = Counter(kind for kind, _, _ in found)
        counts = ", ".join(f"{number} {KINDS[kind].noun[number != 1]}" for kind, number in numbers.items())
        return [f"{counts} of the target are linked from now on (plan --format json lists them)"]


def access_row(change: AccessChange) -> tuple[str, str, str, str, str]:
    """Return who, what becomes of their access, where, and the role before and after."""
    who = f"group {change.who}" if change.is_group else change.who or "everybody in the project"
    where = f"space:{change.space}"
    if change.item:
        where = f"{change.item}, which moves to {where}"
    return who, access_verb(change), where, change.before or "none", change.after or "none"


def access_verb(change: AccessChange) -> str:
    """Return what becomes of somebody's access, in a word that stays the same."""
    return "gains" if change.before is None else "loses" if change.after is None else "changes"


def _is_on(scheduler: Json) -> bool:
    return isinstance(scheduler, dict) and scheduler.get("enabled") is True


def _allowed(drift: Drift, step: Step | None) -> str:
    """Say what becomes of a change of the target that the user knows of."""
    fate = "the target's side is overwritten, as allowed"
    if step is None:
        fate = "the target keeps it as it is"
    elif step.source is not None:
        fate = "the changes of both sides are combined"
    return f"{drift.reason}: {fate}"


def _space(step: Step, outlook: Outlook) -> str:
    if step.kind is Kind.SPACE:
        return step.key
    if step.after is None:
        return space_of(outlook.before, step.kind, step.key, step.before)
    return space_of(outlook.after, step.kind, step.key, step.after)
