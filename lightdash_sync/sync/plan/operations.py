"""From the steps of a plan to single operations, in an order in which each finds what it refers to.

A step says what an item shall be; an operation is what is done at one moment, and what a journal tells of.
Access narrows before content arrives and widens after it; what creates comes before what refers to it;
schedulers are last but for deletes. Where references form a circle, an item is created with a placeholder
in the place of what does not exist yet (`Operation.unknown`), and an operation `finish` writes it once
more when it does. Pure: it asks no server.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from lightdash_sync.content.authorship import of_version
from lightdash_sync.content.kinds import VERIFIABLE, Kind
from lightdash_sync.content.references import links
from lightdash_sync.sync.plan.managed import is_verified
from lightdash_sync.sync.plan.values import PROMOTE, Action
from lightdash_sync.sync.plan.virtual_views import views_of, views_used

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.sync.plan.values import Plan, Step


# What is done for one step of a plan, and in which phase of the whole; and what of the item it writes.
#
# Pure. In which order things are done within a phase, and what needs what, is `operations`.


class OperationKind(StrEnum):
    """What an operation does; the words stay the same from version to version."""

    SPACE_CREATE = "space_create"
    SPACE_UPDATE = "space_update"
    SPACE_MOVE = "space_move"
    SPACE_REVOKE = "space_revoke"
    SPACE_GRANT = "space_grant"
    SPACE_LEAVE = "space_leave"
    VIEW_CREATE = "view_create"
    VIEW_UPDATE = "view_update"
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
    VERIFY = "verify"
    DELETE = "delete"
    PROMOTE = "promote"  # the server does it, as a part of a promotion


CREATES = frozenset(
    {
        OperationKind.SPACE_CREATE,
        OperationKind.VIEW_CREATE,
        OperationKind.CHART_CREATE,
        OperationKind.SQL_CREATE,
        OperationKind.DASHBOARD_CREATE,
        OperationKind.TAG_CREATE,
        OperationKind.SCHEDULER_CREATE,
    }
)


class Phase(IntEnum):
    """Operations of a lower phase come first."""

    NARROWING = 0
    SPACES = 1
    VIRTUAL_VIEWS = 2
    SHELLS = 3
    CHARTS = 4
    CHART_UPDATES = 5
    DASHBOARDS = 6
    GRANTS = 7
    TAGS = 8
    METRICS = 9
    PINS = 10
    SCHEDULERS = 11
    FINISHES = 12
    VERIFICATIONS = 13
    DELETES = 14
    LEAVES = 15


class Draft(NamedTuple):
    """An operation that has no number yet."""

    phase: Phase
    step: int
    what: OperationKind
    parallel: bool = False


def drafts_of(index: int, step: Step, plan: Plan) -> Iterator[Draft]:
    """Yield what is done for a step; what is done to one item within a phase is in order."""
    if step.action is Action.DELETE:
        if step.kind in DELETED:
            yield Draft(Phase.DELETES, index, OperationKind.DELETE)
        return
    yield from _written(index, step, plan)
    if plan.verification and step.kind in VERIFIABLE:
        yield from _verified(index, step, plan)


def _verified(index: int, step: Step, plan: Plan) -> Iterator[Draft]:
    """Verify what shall be verified once all else is written, or take that off where nothing else does."""
    edits = any(True for _ in _written(index, step, plan))
    before, after = is_verified(step.before), is_verified(step.after)
    if (after and edits) or (before != after and not edits):
        yield Draft(Phase.VERIFICATIONS, index, OperationKind.VERIFY, parallel=True)


def _written(index: int, step: Step, plan: Plan) -> Iterator[Draft]:
    """Yield what is written of an item that is created or changed, but for its verification."""
    before, after = content_of(step.before), content_of(step.after)
    creates = step.action is Action.CREATE
    match step.kind:
        case Kind.SPACE:
            yield from _space(index, before, after, creates=creates)
        case Kind.VIRTUAL_VIEW:
            yield Draft(
                Phase.VIRTUAL_VIEWS,
                index,
                OperationKind.VIEW_CREATE if creates else OperationKind.VIEW_UPDATE,
            )
        case Kind.CHART | Kind.SQL_CHART:
            yield from _chart(index, step, before, after)
        case Kind.DASHBOARD:
            if creates:
                yield Draft(Phase.SHELLS, index, OperationKind.DASHBOARD_CREATE, parallel=bool(step.slug))
            if creates or _differ(before, after, *((before.keys() | after.keys()) - {"verification"})):
                yield Draft(Phase.DASHBOARDS, index, OperationKind.DASHBOARD_UPDATE, parallel=True)
        case Kind.TAG:
            if creates:
                yield Draft(Phase.TAGS, index, OperationKind.TAG_CREATE)
            elif _differ(before, after, "name", "color"):
                yield Draft(Phase.TAGS, index, OperationKind.TAG_UPDATE)
            if _differ(before, after, "metrics"):
                yield Draft(Phase.METRICS, index, OperationKind.TAG_METRICS)
        case Kind.METRIC_ICONS:
            yield Draft(Phase.METRICS, index, OperationKind.ICONS)
        case Kind.PINS:
            yield Draft(Phase.PINS, index, OperationKind.PINS)
        case Kind.SCHEDULER:
            yield from _scheduler(index, before, after, creates=creates, enable=plan.enable_schedulers)
        case Kind.COMMENTS | Kind.PROJECT:
            return  # nothing of them can be written


def _space(index: int, before: JsonObject, after: JsonObject, *, creates: bool) -> Iterator[Draft]:
    if creates:
        yield Draft(Phase.SPACES, index, OperationKind.SPACE_CREATE)
        if any(after.get(name) is not None for name in _NOT_CREATED):
            yield Draft(Phase.GRANTS, index, OperationKind.SPACE_UPDATE)
        yield Draft(Phase.GRANTS, index, OperationKind.SPACE_GRANT)
    else:
        opens = after.get("inheritsAccess") is True and before.get("inheritsAccess") is not True
        narrows = before.get("inheritsAccess") is True and after.get("inheritsAccess") is not True
        if _differ(before, after, *_FIELDS[OperationKind.SPACE_UPDATE]):
            widens = opens or (_rank_of_all(after) > _rank_of_all(before) and not narrows)
            yield Draft(Phase.GRANTS if widens else Phase.NARROWING, index, OperationKind.SPACE_UPDATE)
        if _differ(before, after, "parent"):
            yield Draft(Phase.SPACES, index, OperationKind.SPACE_MOVE)
        if _differ(before, after, "access") or narrows:
            yield Draft(Phase.NARROWING, index, OperationKind.SPACE_REVOKE)
            yield Draft(Phase.GRANTS, index, OperationKind.SPACE_GRANT)
            yield Draft(Phase.LEAVES, index, OperationKind.SPACE_LEAVE)
    if creates:
        yield Draft(Phase.LEAVES, index, OperationKind.SPACE_LEAVE)


def _chart(index: int, step: Step, before: JsonObject, after: JsonObject) -> Iterator[Draft]:
    sql = step.kind is Kind.SQL_CHART
    if step.action is Action.CREATE:
        what = OperationKind.SQL_CREATE if sql else OperationKind.CHART_CREATE
        yield Draft(Phase.CHARTS, index, what, parallel=bool(step.slug) and not sql)
        if after.get("palette") is not None:  # which only a patch can say
            yield Draft(Phase.CHART_UPDATES, index, OperationKind.CHART_PATCH, parallel=True)
        return
    patched = _differ(before, after, *_METADATA)
    written = of_version(step.kind, before) != of_version(step.kind, after)
    if sql:
        if patched or written:
            yield Draft(Phase.CHART_UPDATES, index, OperationKind.SQL_UPDATE, parallel=True)
        return
    if patched:
        yield Draft(Phase.CHART_UPDATES, index, OperationKind.CHART_PATCH, parallel=True)
    if written:
        what = OperationKind.CHART_ROLLBACK if step.restores else OperationKind.CHART_VERSION
        yield Draft(Phase.CHART_UPDATES, index, what, parallel=True)


def _rank_of_all(space: JsonObject) -> int:
    """How much the role is that all members of the project have in a space; 0 for none."""
    return _RANK_OF_ALL.get(str(space.get("projectMemberAccessRole")), 0)


def _scheduler(
    index: int, before: JsonObject, after: JsonObject, *, creates: bool, enable: bool
) -> Iterator[Draft]:
    """A new one can send nothing before it is paused; it is switched on last, and only if that is wanted."""
    if creates:
        yield Draft(Phase.SCHEDULERS, index, OperationKind.SCHEDULER_CREATE)
    pauses = creates or (before.get("enabled") is True and after.get("enabled") is False)
    if pauses:
        yield Draft(Phase.SCHEDULERS, index, OperationKind.SCHEDULER_PAUSE)
    if creates or _differ(before, after, *((before.keys() | after.keys()) - {"enabled", "owner"})):
        yield Draft(Phase.SCHEDULERS, index, OperationKind.SCHEDULER_BODY)
    if enable and after.get("enabled") is True and before.get("enabled") is not True:
        yield Draft(Phase.SCHEDULERS, index, OperationKind.SCHEDULER_ENABLE)


_METADATA = ("name", "description", "space", "dashboard", "palette")
_NOT_CREATED = ("projectMemberAccessRole", "palette")  # of a space; no create takes them
_RANK_OF_ALL = {"viewer": 1, "editor": 2, "admin": 3}
DELETED = (
    Kind.SCHEDULER,
    Kind.DASHBOARD,
    Kind.CHART,
    Kind.SQL_CHART,
    Kind.VIRTUAL_VIEW,
    Kind.TAG,
    Kind.SPACE,
)
# What of its item an operation writes; the others write all of it.
_FIELDS: Mapping[OperationKind, tuple[str, ...]] = {
    OperationKind.SPACE_CREATE: ("name", "inheritsAccess", "parent"),
    OperationKind.SPACE_UPDATE: ("name", "inheritsAccess", *_NOT_CREATED),
    OperationKind.SPACE_MOVE: ("parent",),
    OperationKind.CHART_PATCH: _METADATA,
    OperationKind.DASHBOARD_CREATE: ("name", "space"),
    OperationKind.TAG_CREATE: ("name", "color"),
    OperationKind.TAG_UPDATE: ("name", "color"),
    OperationKind.SCHEDULER_CREATE: (
        "name",
        "chart",
        "sqlChart",
        "dashboard",
        "cron",
        "format",
        "options",
        "includeLinks",
    ),
}
_NOTHING = frozenset(
    {
        OperationKind.SPACE_REVOKE,
        OperationKind.SPACE_GRANT,
        OperationKind.SPACE_LEAVE,
        OperationKind.TAG_METRICS,
        OperationKind.SCHEDULER_PAUSE,
        OperationKind.SCHEDULER_ENABLE,
        OperationKind.CHART_ROLLBACK,
        OperationKind.VERIFY,
        OperationKind.DELETE,
    }
)


def fields_written_by(what: OperationKind, step: Step) -> Json:
    """Return what of its step's content an operation writes, as far as it may refer to something."""
    if what in _NOTHING:
        return {}
    if what is OperationKind.CHART_VERSION:
        return of_version(step.kind, step.after)
    if what is OperationKind.FINISH and step.kind is Kind.SPACE:
        what = OperationKind.SPACE_UPDATE  # the rest of it is written by other operations
    fields = _FIELDS.get(what)
    return step.after if fields is None else {name: content_of(step.after).get(name) for name in fields}


def content_of(content: Json) -> JsonObject:
    """Return the content of an item that is an object; {} for none, and for a list."""
    return content if isinstance(content, dict) else {}


def _differ(before: JsonObject, after: JsonObject, *names: str) -> bool:
    return any(before.get(name) != after.get(name) for name in names)


# The order of things that refer to one another.

T = TypeVar("T")

_KINDS = frozenset(Kind)


def refers_to(kind: Kind, content: Json) -> frozenset[ItemKey]:
    """Return the items that a content file refers to, by field or in text; people and groups are none."""
    return frozenset((Kind(link.to), link.key) for link in links(kind, content) if link.to in _KINDS)


def ordered(names: Mapping[T, tuple[object, ...]], needed: Mapping[T, Collection[T]]) -> list[T]:
    """Put things in an order in which each comes after what it needs, and by name where that is open.

    Where things need each other in a circle, the first of them by name comes first.

    Args:
        names: what is to be put in order, with a name that can be compared.
        needed: what each of them needs; what is not among the names does not count.
    """
    waits = {one: {need for need in needed.get(one, ()) if need in names and need != one} for one in names}
    users: dict[T, list[T]] = {one: [] for one in names}
    for one, needs in waits.items():
        for need in needs:
            users[need].append(one)
    by_name = {names[one]: one for one in names}
    if len(by_name) != len(names):
        raise ValueError("two things have one name")
    left = sorted(by_name, reverse=True)
    ready = [names[one] for one, needs in waits.items() if not needs]
    heapq.heapify(ready)
    done: set[T] = set()
    result: list[T] = []
    while len(result) < len(names):
        # Where nothing is ready there is a circle, and somebody has to begin.
        one = by_name[heapq.heappop(ready) if ready else left.pop()]
        if one in done:
            continue
        done.add(one)
        result.append(one)
        for user in users[one]:
            waits[user].discard(one)
            if not waits[user] and user not in done:
                heapq.heappush(ready, names[user])
    return result


# Whoever must not see a space any more is out before something new is in it.
_NARROWING = frozenset({OperationKind.SPACE_UPDATE, OperationKind.SPACE_REVOKE})


@dataclass(frozen=True)
class Operation:
    """What is done at one moment.

    Attributes:
        number: its place in the order, from 0.
        step: index of the plan's step that it belongs to.
        what: what is done.
        item: `kind:key` of the item.
        needs: numbers of operations that must have succeeded.
        parallel: whether it may run beside its neighbours that may, too; of creates only those whose item is
            known by a slug of our choosing, should the answer be lost.
        unknown: items that it refers to and that do not exist yet; a later `finish` writes them.
    """

    number: int
    step: int
    what: OperationKind
    item: str
    needs: tuple[int, ...] = ()
    parallel: bool = False
    unknown: tuple[ItemKey, ...] = ()


@dataclass(frozen=True)
class _References:
    """What the steps of a plan refer to: what they name, and the virtual views that charts stand on.

    Attributes:
        steps: of the plan.
        views: name of an explore -> virtual view, of those that the plan writes or deletes.
    """

    steps: Sequence[Step]
    views: Mapping[str, ItemKey]

    def of(self, draft: Draft) -> frozenset[ItemKey]:
        """Return what is referred to by what a draft writes."""
        step = self.steps[draft.step]
        return self._in(step, fields_written_by(draft.what, step))

    def before(self, draft: Draft) -> frozenset[ItemKey]:
        """Return what the target's item of a draft refers to."""
        step = self.steps[draft.step]
        return self._in(step, step.before)

    def _in(self, step: Step, content: Json) -> frozenset[ItemKey]:
        return refers_to(step.kind, content) | views_used(step.kind, content, self.views)


def operations(plan: Plan) -> tuple[Operation, ...]:
    """Return what is done for a plan, in order.

    Comments and settings of a project cannot be written: steps of these kinds have no operation. Of a
    promotion, what the server does for a step is one operation, with the number of the step.
    """
    if plan.purpose == PROMOTE:
        return tuple(
            Operation(number, number, OperationKind.PROMOTE, step.item)
            for number, step in enumerate(plan.steps)
        )
    drafts = [draft for index, step in enumerate(plan.steps) for draft in drafts_of(index, step, plan)]
    births = {_of(plan.steps[draft.step]): draft for draft in drafts if draft.what in CREATES}
    references = _References(plan.steps, views_of(plan.steps))
    drafts = [_postponed(draft, references, births) for draft in drafts]
    drafts = _sorted(drafts, references, births)
    unknown = _unknown(drafts, references)
    finished = sorted({drafts[number].step for number in unknown}, key=lambda index: plan.steps[index].item)
    finishes = [Draft(Phase.FINISHES, step, OperationKind.FINISH) for step in finished]
    at = next((n for n, draft in enumerate(drafts) if draft.phase > Phase.FINISHES), len(drafts))
    late = {number + len(finishes) * (number >= at): items for number, items in unknown.items()}
    drafts[at:at] = finishes
    needs = _needs(drafts, references)
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


def _postponed(draft: Draft, references: _References, births: Mapping[ItemKey, Draft]) -> Draft:
    """Put off an update that refers to what is made later: nothing is written twice that need not be."""
    if draft.what in CREATES or not (draft.parallel or draft.what is OperationKind.TAG_UPDATE):
        return draft
    if draft.what is OperationKind.DASHBOARD_UPDATE and references.steps[draft.step].action is Action.CREATE:
        return draft
    later = any(births[item].phase > draft.phase for item in references.of(draft) if item in births)
    return draft._replace(phase=Phase.FINISHES, parallel=False) if later else draft


def _sorted(drafts: list[Draft], references: _References, births: Mapping[ItemKey, Draft]) -> list[Draft]:
    """Put drafts in order: by phase, then what is created in the order of references, then the others."""
    names = {item: (births[item].phase, *item) for item in births}
    needed = {item: references.of(draft) & births.keys() for item, draft in births.items()}
    place = {item: n for n, item in enumerate(ordered(names, needed))}

    def rank(draft: Draft) -> tuple[int, int, int, str]:
        steps = references.steps
        step = steps[draft.step]
        if draft.what is OperationKind.DELETE:
            return draft.phase, DELETED.index(step.kind), -_depth(step, steps, Action.DELETE), step.key
        if draft.what is OperationKind.SPACE_MOVE:
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
        key = content_of(alike[key].before if action is Action.DELETE else alike[key].after).get("parent")
    return len(seen)


def _unknown(drafts: Sequence[Draft], references: _References) -> dict[int, frozenset[ItemKey]]:
    """Return, for each draft that writes a reference to what does not exist yet, what that is."""
    steps = references.steps
    births = {_of(steps[draft.step]): n for n, draft in enumerate(drafts) if draft.what in CREATES}
    found: dict[int, frozenset[ItemKey]] = {}
    for number, draft in enumerate(drafts):
        if late := frozenset(item for item in references.of(draft) if births.get(item, -1) >= number):
            found[number] = late
    return found


def _needs(drafts: Sequence[Draft], references: _References) -> list[set[int]]:
    """Return for each draft the numbers of those that must have succeeded."""
    steps = references.steps
    births = {_of(steps[draft.step]): n for n, draft in enumerate(drafts) if draft.what in CREATES}
    narrowed: dict[ItemKey, set[int]] = {}
    of_step: dict[int, list[int]] = {}
    users: dict[ItemKey, set[int]] = {}
    needs: list[set[int]] = []
    for number, draft in enumerate(drafts):
        item = _of(steps[draft.step])
        needed = {births[item]} if births.get(item, number) < number else set()
        if draft.what is OperationKind.DELETE:
            needed |= users.get(item, set())
        for referred in references.of(draft):
            needed |= {births[referred]} if births.get(referred, number) < number else set()
            needed |= set() if draft.what in _NARROWING else narrowed.get(referred, set())
        needed |= _chain(draft, of_step.get(draft.step, ()), drafts)
        if draft.phase is Phase.NARROWING:
            narrowed.setdefault(item, set()).add(number)
        of_step.setdefault(draft.step, []).append(number)
        for referred in references.before(draft):
            users.setdefault(referred, set()).add(number)
        needs.append(needed - {number})
    return needs


def _chain(draft: Draft, earlier: Iterable[int], drafts: Sequence[Draft]) -> set[int]:
    """Return what of the same item must have succeeded: a scheduler has no body before it is paused."""
    wanted = {
        OperationKind.SCHEDULER_BODY: {OperationKind.SCHEDULER_PAUSE},
        OperationKind.SCHEDULER_ENABLE: {OperationKind.SCHEDULER_BODY, OperationKind.SCHEDULER_PAUSE},
        OperationKind.SPACE_GRANT: {OperationKind.SPACE_UPDATE, OperationKind.SPACE_REVOKE},
        OperationKind.SPACE_LEAVE: {OperationKind.SPACE_GRANT},
        OperationKind.VERIFY: {
            OperationKind.CHART_PATCH,
            OperationKind.CHART_VERSION,
            OperationKind.CHART_ROLLBACK,
            OperationKind.DASHBOARD_UPDATE,
            OperationKind.FINISH,
        },
    }.get(draft.what, set())
    return {number for number in earlier if drafts[number].what in wanted}


def _of(step: Step) -> ItemKey:
    return step.kind, step.key
