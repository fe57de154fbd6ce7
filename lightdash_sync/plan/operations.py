"""From the steps of a plan to single operations, in an order in which each finds what it refers to.

A step says what an item shall be; an operation is what is done at one moment, and what a journal tells of.
Access narrows before content arrives and widens after it; what creates comes before what refers to it;
schedulers are last but for deletes. Where references form a circle, an item is created with a placeholder
in the place of what does not exist yet (`Operation.unknown`), and an operation `finish` writes it once
more when it does. Pure: it asks no server.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, NamedTuple

from lightdash_sync.model.authorship import of_version
from lightdash_sync.model.kinds import Kind
from lightdash_sync.plan.order import ordered, refers_to
from lightdash_sync.plan.values import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.plan.options import Item
    from lightdash_sync.plan.values import Plan, Step


class What(StrEnum):
    """What an operation does; the words stay the same from version to version."""

    SPACE_CREATE = "space_create"
    SPACE_UPDATE = "space_update"
    SPACE_MOVE = "space_move"
    SPACE_REVOKE = "space_revoke"
    SPACE_GRANT = "space_grant"
    SPACE_LEAVE = "space_leave"
    CHART_CREATE = "chart_create"
    CHART_PATCH = "chart_patch"
    CHART_VERSION = "chart_version"
    CHART_ROLLBACK = "chart_rollback"
    SQL_CREATE = "sql_create"
    SQL_UPDATE = "sql_update"
    DASHBOARD_CREATE = "dashboard_create"
    DASHBOARD_UPDATE = "dashboard_update"
    TAG_CREATE = "tag_create"
    TAG_UPDATE = "tag_update"
    TAG_METRICS = "tag_metrics"
    ICONS = "icons"
    PINS = "pins"
    SCHEDULER_CREATE = "scheduler_create"
    SCHEDULER_PAUSE = "scheduler_pause"
    SCHEDULER_BODY = "scheduler_body"
    SCHEDULER_ENABLE = "scheduler_enable"
    FINISH = "finish"
    DELETE = "delete"


CREATES = frozenset(
    {
        What.SPACE_CREATE,
        What.CHART_CREATE,
        What.SQL_CREATE,
        What.DASHBOARD_CREATE,
        What.TAG_CREATE,
        What.SCHEDULER_CREATE,
    }
)

# Whoever must not see a space any more is out before something new is in it.
_NARROWING = frozenset({What.SPACE_UPDATE, What.SPACE_REVOKE})


@dataclass(frozen=True)
class Operation:
    """What is done at one moment.

    Attributes:
        number: its place in the order, from 0.
        step: index of the plan's step that it belongs to.
        what: what is done.
        item: `kind:key` of the item.
        needs: numbers of operations that must have succeeded.
        parallel: whether it may run beside its neighbours that may, too; never a create.
        unknown: items that it refers to and that do not exist yet; a later `finish` writes them.
    """

    number: int
    step: int
    what: What
    item: str
    needs: tuple[int, ...] = ()
    parallel: bool = False
    unknown: tuple[Item, ...] = ()


class Phase(IntEnum):
    """Operations of a lower phase come first."""

    SPACES = 0
    NARROWING = 1
    SHELLS = 2
    CHARTS = 3
    CHART_UPDATES = 4
    DASHBOARDS = 5
    GRANTS = 6
    TAGS = 7
    METRICS = 8
    PINS = 9
    SCHEDULERS = 10
    FINISHES = 11
    DELETES = 12
    LEAVES = 13


class _Draft(NamedTuple):
    """An operation that has no number yet."""

    phase: Phase
    step: int
    what: What
    parallel: bool = False


def operations(plan: Plan) -> tuple[Operation, ...]:
    """Return what is done for a plan, in order.

    Comments and settings of a project cannot be written: steps of these kinds have no operation.
    """
    drafts = [draft for index, step in enumerate(plan.steps) for draft in _drafts(index, step, plan)]
    births = {_of(plan.steps[draft.step]): draft for draft in drafts if draft.what in CREATES}
    drafts = [_postponed(draft, plan.steps, births) for draft in drafts]
    drafts = _sorted(drafts, plan.steps, births)
    unknown = _unknown(drafts, plan.steps)
    finished = sorted({drafts[number].step for number in unknown}, key=lambda index: plan.steps[index].item)
    finishes = [_Draft(Phase.FINISHES, step, What.FINISH) for step in finished]
    at = next((n for n, draft in enumerate(drafts) if draft.phase > Phase.FINISHES), len(drafts))
    late = {number + len(finishes) * (number >= at): items for number, items in unknown.items()}
    drafts[at:at] = finishes
    needs = _needs(drafts, plan.steps)
    return tuple(
        Operation(
            number,
            draft.step,
            draft.what,
            plan.steps[draft.step].item,
            tuple(sorted(needs[number])),
            draft.parallel,
            tuple(sorted(late.get(number, ()))),
        )
        for number, draft in enumerate(drafts)
    )


def _drafts(index: int, step: Step, plan: Plan) -> Iterator[_Draft]:
    if step.action is Action.DELETE:
        if step.kind in _DELETED:
            yield _Draft(Phase.DELETES, index, What.DELETE)
        return
    before, after = _object(step.before), _object(step.after)
    creates = step.action is Action.CREATE
    match step.kind:
        case Kind.SPACE:
            yield from _space(index, before, after, creates=creates)
        case Kind.CHART | Kind.SQL_CHART:
            yield from _chart(index, step, before, after)
        case Kind.DASHBOARD:
            if creates:
                yield _Draft(Phase.SHELLS, index, What.DASHBOARD_CREATE)
            yield _Draft(Phase.DASHBOARDS, index, What.DASHBOARD_UPDATE, parallel=True)
        case Kind.TAG:
            if creates:
                yield _Draft(Phase.TAGS, index, What.TAG_CREATE)
            elif _differ(before, after, "name", "color"):
                yield _Draft(Phase.TAGS, index, What.TAG_UPDATE)
            if _differ(before, after, "metrics"):
                yield _Draft(Phase.METRICS, index, What.TAG_METRICS)
        case Kind.METRIC_ICONS:
            yield _Draft(Phase.METRICS, index, What.ICONS)
        case Kind.PINS:
            yield _Draft(Phase.PINS, index, What.PINS)
        case Kind.SCHEDULER:
            yield from _scheduler(index, before, after, creates=creates, enable=plan.enable_schedulers)
        case Kind.COMMENTS | Kind.PROJECT:
            return


def _space(index: int, before: JsonObject, after: JsonObject, *, creates: bool) -> Iterator[_Draft]:
    if creates:
        yield _Draft(Phase.SPACES, index, What.SPACE_CREATE)
        yield _Draft(Phase.GRANTS, index, What.SPACE_GRANT)
    else:
        opens = after.get("inheritsAccess") is True and before.get("inheritsAccess") is not True
        if _differ(before, after, "name", "inheritsAccess"):
            yield _Draft(Phase.GRANTS if opens else Phase.NARROWING, index, What.SPACE_UPDATE)
        if _differ(before, after, "parent"):
            yield _Draft(Phase.SPACES, index, What.SPACE_MOVE)
        narrows = before.get("inheritsAccess") is True and after.get("inheritsAccess") is not True
        if _differ(before, after, "access") or narrows:
            yield _Draft(Phase.NARROWING, index, What.SPACE_REVOKE)
            yield _Draft(Phase.GRANTS, index, What.SPACE_GRANT)
            yield _Draft(Phase.LEAVES, index, What.SPACE_LEAVE)
    if creates:
        yield _Draft(Phase.LEAVES, index, What.SPACE_LEAVE)


def _chart(index: int, step: Step, before: JsonObject, after: JsonObject) -> Iterator[_Draft]:
    sql = step.kind is Kind.SQL_CHART
    if step.action is Action.CREATE:
        yield _Draft(Phase.CHARTS, index, What.SQL_CREATE if sql else What.CHART_CREATE)
        return
    patched = _differ(before, after, *_METADATA)
    written = of_version(step.kind, before) != of_version(step.kind, after)
    if sql:
        if patched or written:
            yield _Draft(Phase.CHART_UPDATES, index, What.SQL_UPDATE, parallel=True)
        return
    if patched:
        yield _Draft(Phase.CHART_UPDATES, index, What.CHART_PATCH, parallel=True)
    if written:
        what = What.CHART_ROLLBACK if step.restores else What.CHART_VERSION
        yield _Draft(Phase.CHART_UPDATES, index, what, parallel=True)


def _scheduler(
    index: int, before: JsonObject, after: JsonObject, *, creates: bool, enable: bool
) -> Iterator[_Draft]:
    """A new one can send nothing before it is paused; it is switched on last, and only if that is wanted."""
    if creates:
        yield _Draft(Phase.SCHEDULERS, index, What.SCHEDULER_CREATE)
    pauses = creates or (before.get("enabled") is True and after.get("enabled") is False)
    if pauses:
        yield _Draft(Phase.SCHEDULERS, index, What.SCHEDULER_PAUSE)
    if creates or _differ(before, after, *((before.keys() | after.keys()) - {"enabled", "owner"})):
        yield _Draft(Phase.SCHEDULERS, index, What.SCHEDULER_BODY)
    if enable and after.get("enabled") is True and before.get("enabled") is not True:
        yield _Draft(Phase.SCHEDULERS, index, What.SCHEDULER_ENABLE)


_METADATA = ("name", "description", "space", "dashboard")
_DELETED = (Kind.SCHEDULER, Kind.DASHBOARD, Kind.CHART, Kind.SQL_CHART, Kind.TAG, Kind.SPACE)
# What of its item an operation writes; the others write all of it.
_FIELDS: Mapping[What, tuple[str, ...]] = {
    What.SPACE_CREATE: ("name", "inheritsAccess", "parent"),
    What.SPACE_UPDATE: ("name", "inheritsAccess"),
    What.SPACE_MOVE: ("parent",),
    What.CHART_PATCH: _METADATA,
    What.DASHBOARD_CREATE: ("name", "space"),
    What.TAG_CREATE: ("name", "color"),
    What.TAG_UPDATE: ("name", "color"),
    What.SCHEDULER_CREATE: ("name", "chart", "sqlChart", "dashboard", "cron", "format", "options"),
}
_NOTHING = frozenset(
    {
        What.SPACE_REVOKE,
        What.SPACE_GRANT,
        What.SPACE_LEAVE,
        What.TAG_METRICS,
        What.SCHEDULER_PAUSE,
        What.SCHEDULER_ENABLE,
        What.CHART_ROLLBACK,
        What.DELETE,
    }
)


def written(what: What, step: Step) -> Json:
    """Return what of its step's content an operation writes, as far as it may refer to something."""
    if what in _NOTHING:
        return {}
    if what is What.CHART_VERSION:
        return of_version(step.kind, step.after)
    if what is What.FINISH and step.kind is Kind.SPACE:
        what = What.SPACE_UPDATE  # the rest of it is written by other operations
    fields = _FIELDS.get(what)
    return step.after if fields is None else {name: _object(step.after).get(name) for name in fields}


def _postponed(draft: _Draft, steps: Sequence[Step], births: Mapping[Item, _Draft]) -> _Draft:
    """Put off an update that refers to what is made later: nothing is written twice that need not be."""
    if not (draft.parallel or draft.what is What.TAG_UPDATE):
        return draft
    if draft.what is What.DASHBOARD_UPDATE and steps[draft.step].action is Action.CREATE:
        return draft
    referred = refers_to(steps[draft.step].kind, written(draft.what, steps[draft.step]))
    later = any(births[item].phase > draft.phase for item in referred if item in births)
    return draft._replace(phase=Phase.FINISHES, parallel=False) if later else draft


def _sorted(drafts: list[_Draft], steps: Sequence[Step], births: Mapping[Item, _Draft]) -> list[_Draft]:
    """Put drafts in order: by phase, then what is created in the order of references, then the others."""
    names = {item: (births[item].phase, *item) for item in births}
    needed = {
        item: refers_to(steps[draft.step].kind, written(draft.what, steps[draft.step])) & births.keys()
        for item, draft in births.items()
    }
    place = {item: n for n, item in enumerate(ordered(names, needed))}

    def rank(draft: _Draft) -> tuple[int, int, int, str]:
        step = steps[draft.step]
        if draft.what is What.DELETE:
            return draft.phase, _DELETED.index(step.kind), -_depth(step, steps, Action.DELETE), step.key
        if draft.what is What.SPACE_MOVE:
            return draft.phase, 1, _depth(step, steps, Action.UPDATE), step.key
        # What follows a create at once goes with it; all else comes after what is created.
        with_birth = _of(step) in births and births[_of(step)].phase == draft.phase
        return draft.phase, 0 if with_birth else 1, place.get(_of(step), 0), step.item

    return sorted(drafts, key=rank)


def _depth(step: Step, steps: Sequence[Step], action: Action) -> int:
    """Return below how many spaces of the same fate a space stands: where it was, or where it goes."""
    if step.kind is not Kind.SPACE:
        return 0
    alike = {one.key: one for one in steps if one.kind is Kind.SPACE and one.action is action}
    seen: set[str] = set()
    key: Json = step.key
    while isinstance(key, str) and key in alike and key not in seen:
        seen.add(key)
        key = _object(alike[key].before if action is Action.DELETE else alike[key].after).get("parent")
    return len(seen)


def _unknown(drafts: Sequence[_Draft], steps: Sequence[Step]) -> dict[int, frozenset[Item]]:
    """Return, for each draft that writes a reference to what does not exist yet, what that is."""
    births = {_of(steps[draft.step]): n for n, draft in enumerate(drafts) if draft.what in CREATES}
    found: dict[int, frozenset[Item]] = {}
    for number, draft in enumerate(drafts):
        referred = refers_to(steps[draft.step].kind, written(draft.what, steps[draft.step]))
        if late := frozenset(item for item in referred if births.get(item, -1) >= number):
            found[number] = late
    return found


def _needs(drafts: Sequence[_Draft], steps: Sequence[Step]) -> list[set[int]]:
    """Return for each draft the numbers of those that must have succeeded."""
    births = {_of(steps[draft.step]): n for n, draft in enumerate(drafts) if draft.what in CREATES}
    narrowed: dict[Item, set[int]] = {}
    of_step: dict[int, list[int]] = {}
    users: dict[Item, set[int]] = {}
    needs: list[set[int]] = []
    for number, draft in enumerate(drafts):
        step, item = steps[draft.step], _of(steps[draft.step])
        needed = {births[item]} if births.get(item, number) < number else set()
        if draft.what is What.DELETE:
            needed |= users.get(item, set())
        for referred in refers_to(step.kind, written(draft.what, step)):
            needed |= {births[referred]} if births.get(referred, number) < number else set()
            needed |= set() if draft.what in _NARROWING else narrowed.get(referred, set())
        needed |= _chain(draft, of_step.get(draft.step, ()), drafts)
        if draft.phase is Phase.NARROWING:
            narrowed.setdefault(item, set()).add(number)
        of_step.setdefault(draft.step, []).append(number)
        for referred in refers_to(step.kind, step.before):
            users.setdefault(referred, set()).add(number)
        needs.append(needed - {number})
    return needs


def _chain(draft: _Draft, earlier: Iterable[int], drafts: Sequence[_Draft]) -> set[int]:
    """Return what of the same item must have succeeded: a scheduler has no body before it is paused."""
    wanted = {
        What.SCHEDULER_BODY: {What.SCHEDULER_PAUSE},
        What.SCHEDULER_ENABLE: {What.SCHEDULER_BODY, What.SCHEDULER_PAUSE},
        What.SPACE_GRANT: {What.SPACE_UPDATE, What.SPACE_REVOKE},
        What.SPACE_LEAVE: {What.SPACE_GRANT},
    }.get(draft.what, set())
    return {number for number in earlier if drafts[number].what in wanted}


def _of(step: Step) -> Item:
    return step.kind, step.key


def _object(content: Json) -> JsonObject:
    return content if isinstance(content, dict) else {}


def _differ(before: JsonObject, after: JsonObject, *names: str) -> bool:
    return any(before.get(name) != after.get(name) for name in names)
