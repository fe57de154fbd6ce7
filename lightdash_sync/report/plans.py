"""Builds the report of a plan: first why it will be refused, then what it does, then notes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.changes.items import Status, space_of
from lightdash_sync.content.json import get_str
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.tree import place_of
from lightdash_sync.report.blockers import (
    blockers,
    drift_code,
    planned_changes,
    source_changes,
    target_changes,
)
from lightdash_sync.report.differences import count_by_kind, counts_block, group_by_space, report_item
from lightdash_sync.report.json import changes_json, findings_json, loud_changes_json
from lightdash_sync.report.phrases import VERBS, amounts, counted, short_digest, target_name
from lightdash_sync.report.value import Alert, Items, Notes, Report, Table, TableRow, Tone
from lightdash_sync.sync.plan.document import digest as digest_of
from lightdash_sync.sync.plan.values import PROMOTE, Action, Gravity, Outlook, nothing
from lightdash_sync.sync.undo import not_undone, restorable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lightdash_sync.changes.change import Change
    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.report.value import FindingGroup, ItemGroup
    from lightdash_sync.sync.plan.values import AccessChange, Drift, Look, Plan, Step

REFUSED = "This plan will be refused"
_NEEDED = "needed by the selection"
_COMES_BACK = "comes back with the selection"
_LINKS = 10  # listed one by one

_STATUS = {Action.CREATE: Status.CREATED, Action.UPDATE: Status.CHANGED, Action.DELETE: Status.DELETED}
_TITLES = {"sync": "Plan", "restore": "Plan to restore", PROMOTE: "Promotion"}
_ACCESS = {"gains": Tone.GOOD, "loses": Tone.BAD, "changes": Tone.WARNING}


def plan_report(plan: Plan, look: Look = nothing) -> Report:
    """Return a plan as a report.

    Its data does not include the contents that the plan writes; the file of `plan -o` does.

    Args:
        plan: the plan.
        look: returns content of the target that the plan does not change, for the names of spaces.
    """
    refusals, warnings, digest = blockers(plan), _warnings(plan), digest_of(plan)
    outlook = Outlook.of(plan.steps, look)
    steps = [_StepItem(step, _space(step, outlook)) for step in plan.steps]
    counts = _counts(plan)
    adopted = _adopted(plan)
    alert = Alert(refusals, REFUSED)
    return Report(
        _title(plan),
        _data(plan, refusals, steps, counts, adopted, warnings, digest),
        (
            alert,
            counts_block({} if plan.is_empty else counts, (*VERBS, "unchanged")),
            Items(_groups(plan, steps, outlook)),
            _access(plan.access),
            Notes(tuple(warnings), "Warnings", Tone.WARNING),
            Notes(tuple(f"{one.item}: {one.why}" for one in plan.left_out), "Left out"),
            Notes(tuple(_links(adopted)), "Linked by this plan"),
        ),
        source=plan.source,
        target=target_name(plan.target),
        totals=_totals(plan),
        digest=short_digest(digest),
        verdict=f"{REFUSED}: {counted(alert.total, 'reason')}, listed above." if refusals else "",
        tone=Tone.BAD if refusals else Tone.INFO,
        more="--format json lists everything",
    )


@dataclass(frozen=True)
class _StepItem:
    """A step as an item that differs.

    Attributes:
        step: the step.
        space: the key of its current or former space; "" if it has none.
    """

    step: Step
    space: str

    @property
    def kind(self) -> Kind:
        return self.step.kind

    @property
    def key(self) -> str:
        return self.step.key

    @property
    def name(self) -> str:
        return self.step.name

    @property
    def status(self) -> Status:
        return _STATUS[self.step.action]

    @property
    def before(self) -> Json | None:
        return self.step.before

    @property
    def after(self) -> Json | None:
        return self.step.after

    @property
    def changes(self) -> list[Change]:
        return self.step.changes


def _space(step: Step, outlook: Outlook) -> str:
    if step.kind is Kind.SPACE:
        return step.key
    if step.after is None:
        return space_of(outlook.before, step.kind, step.key, step.before)
    return space_of(outlook.after, step.kind, step.key, step.after)


def _title(plan: Plan) -> str:
    if plan.undoes:
        return f"Plan to undo the run {plan.undoes}"
    return _TITLES.get(plan.purpose, "Plan")


def _totals(plan: Plan) -> str:
    unchanged = len(plan.unchanged)
    if plan.is_empty:
        are = "is as it" if unchanged == 1 else "are as they"
        return f"Nothing to do: {counted(unchanged, 'item')} {are} should be."
    verbs = Counter(step.verb for step in plan.steps)
    return ", ".join([*amounts(verbs), f"{unchanged} unchanged"])


def _counts(plan: Plan) -> dict[Kind, Counter[str]]:
    """Return the numbers of items to create, update and delete, and of unchanged items."""
    found = [(step.kind, step.action.value) for step in plan.steps]
    places = (place_of(path) for path in plan.unchanged)
    return count_by_kind([*found, *((place[0], "unchanged") for place in places if place)])


def _groups(plan: Plan, steps: Sequence[_StepItem], outlook: Outlook) -> tuple[ItemGroup, ...]:
    names: dict[str, str] = {}
    for key in {one.space for one in steps if one.space}:
        content = outlook.after(Kind.SPACE, key) or outlook.before(Kind.SPACE, key)
        names[key] = get_str(content, "name") or key
    mark = _COMES_BACK if plan.puts_back else _NEEDED
    items = [(one.space, report_item(one, one.step.verb, "" if one.step.selected else mark)) for one in steps]
    return group_by_space(items, names)


def _access(changes: Sequence[AccessChange]) -> Table:
    rows = tuple(TableRow(_access_cells(one), _ACCESS[_access_verb(one)]) for one in changes)
    return Table(("who", "", "where", "before", "after"), rows, "Access", "change")


def _access_cells(change: AccessChange) -> tuple[str, str, str, str, str]:
    """Return the cells of a row: who, the change, where, and the role before and after."""
    who = f"group {change.who}" if change.is_group else change.who or "everybody in the project"
    where = f"space:{change.space}"
    if change.item:
        where = f"{change.item}, which moves to {where}"
    return who, _access_verb(change), where, change.before or "none", change.after or "none"


def _access_verb(change: AccessChange) -> str:
    """Return the change of access as a word that is stable across versions."""
    return "gains" if change.before is None else "loses" if change.after is None else "changes"


def _warnings(plan: Plan) -> list[str]:
    """Return the warnings, which do not block the plan."""
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
    return [*found, *_scheduler_warnings(plan)]


def _allowed(drift: Drift, step: Step | None) -> str:
    """Return the effect of the plan on a change of the target that the user allowed."""
    outcome = "the target's side is overwritten, as allowed"
    if step is None:
        outcome = "the target keeps it as it is"
    elif step.source is not None:
        outcome = "the changes of both sides are combined"
    return f"{drift.reason}: {outcome}"


def _scheduler_warnings(plan: Plan) -> Iterator[str]:
    written = [step for step in plan.steps if step.kind is Kind.SCHEDULER and step.after is not None]
    running = sum(_is_on(step.after) and not _is_on(step.before) for step in written)
    if written and plan.enable_schedulers and running:
        yield f"{counted(running, 'scheduler')} will be switched on and deliver by schedule"
    elif any(step.action is Action.CREATE for step in written) and not plan.enable_schedulers:
        yield "new schedulers are made switched off; --enable-schedulers has them as the source does"


def _is_on(scheduler: Json) -> bool:
    return isinstance(scheduler, dict) and scheduler.get("enabled") is True


def _adopted(plan: Plan) -> list[tuple[Kind, str, str]]:
    """Return kind, key and uuid of the target's items that the plan links; an undo links nothing."""
    if plan.purpose == "undo":
        return []
    return [
        (kind, key, get_str(facts, "uuid"))
        for kind, entries in sorted(plan.adopted.items())
        for key, facts in sorted(entries.items())
    ]


def _links(adopted: Sequence[tuple[Kind, str, str]]) -> list[str]:
    """Return the target's items that the plan links, in words; many of them as counts only."""
    if len(adopted) <= _LINKS:
        return [f"{kind}:{key} is {uuid} from now on" for kind, key, uuid in adopted]
    numbers = Counter(kind for kind, _, _ in adopted)
    counts = ", ".join(counted(number, *KINDS[kind].noun) for kind, number in numbers.items())
    return [f"{counts} of the target are linked from now on (plan --format json lists them)"]


# --- JSON ---


def _data(
    plan: Plan,
    refusals: Sequence[FindingGroup],
    steps: Sequence[_StepItem],
    counts: Mapping[Kind, Counter[str]],
    adopted: Sequence[tuple[Kind, str, str]],
    warnings: Sequence[str],
    digest: str,
) -> JsonObject:
    return {
        "digest": digest,
        "purpose": plan.purpose,
        "undoes": plan.undoes or None,
        "source": plan.source,
        "target": {
            "environment": plan.target.environment,
            "url": plan.target.url,
            "project": plan.target.project,
            "project_name": plan.target.project_name,
        },
        "enable_schedulers": plan.enable_schedulers,
        "empty": plan.is_empty,
        "refused": bool(refusals),
        "refusals": findings_json(refusals),
        "counts": _counts_json(plan, counts),
        "steps": [_step_json(one) for one in steps],
        "drift": [_drift_json(one) for one in plan.drift],
        "problems": [
            {"item": one.item, "code": one.code, "what": one.what, "gravity": one.gravity.value}
            for one in plan.problems
        ],
        "twins": [
            {"item": one.item, "name": one.name, "candidates": [*one.candidates], "allowed": one.allowed}
            for one in plan.twins
        ],
        "access": [_access_json(one) for one in plan.access],
        "limits": [*plan.limits],
        "left_out": [{"item": one.item, "why": one.why} for one in plan.left_out],
        "adopted": [{"kind": kind.value, "key": key, "uuid": uuid} for kind, key, uuid in adopted],
        "warnings": [*warnings],
    }


def _counts_json(plan: Plan, counts: Mapping[Kind, Counter[str]]) -> JsonObject:
    verbs = {verb: sum(step.action.value == verb for step in plan.steps) for verb in VERBS}
    verbs |= {verb: sum(step.verb == verb for step in plan.steps) for verb in ("rename", "move")}
    kinds: JsonObject = {kind.value: dict(numbers) for kind, numbers in counts.items()}
    return {**verbs, "unchanged": len(plan.unchanged), "kinds": kinds}


def _step_json(item: _StepItem) -> Json:
    step = item.step
    return {
        "action": step.action.value,
        "verb": step.verb,
        "kind": step.kind.value,
        "key": step.key,
        "name": step.name,
        "space": item.space or None,
        "uuid": step.uuid,
        "selected": step.selected,
        **loud_changes_json(step.changes),
    }


def _drift_json(drift: Drift) -> Json:
    return {
        "item": drift.item,
        "name": drift.name,
        "how": drift_code(drift),
        "allowed": drift.allowed,
        "conflicts": [[*path] for path in drift.conflicts],
        "target": changes_json(target_changes(drift)),
        "source": changes_json(source_changes(drift)),
        "outcome": changes_json(planned_changes(drift)),
        "saved": saved_json(drift),
    }


def saved_json(drift: Drift) -> JsonObject:
    """Return who saved each side of a drift last, and when; null if Lightdash does not report it."""
    sides = (("target", drift.saved_there), ("source", drift.saved_here))
    return {
        side: None if saved is None else {"at": saved.at, "by": saved.by or None} for side, saved in sides
    }


def _access_json(change: AccessChange) -> Json:
    return {
        "what": _access_verb(change),
        "who": change.who or None,
        "everybody": not change.who and not change.is_group,
        "is_group": change.is_group,
        "space": change.space,
        "item": change.item or None,
        "before": change.before,
        "after": change.after,
    }
