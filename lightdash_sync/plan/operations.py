"""From the steps of a plan to single operations, in an order in which each finds what it refers to.

A step says what an item shall be; an operation is what is done at one moment, and what a journal tells of.
Access narrows before content arrives and widens after it; what creates comes before what refers to it;
schedulers are last but for deletes. Where references form a circle, an item is created with a placeholder
in the place of what does not exist yet (`Operation.unknown`), and an operation `finish` writes it once
more when it does. Pure: it asks no server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.model.kinds import Kind
from lightdash_sync.plan.drafts import CREATES, DELETED, Draft, Phase, What, content_of, drafts_of, written
from lightdash_sync.plan.order import ordered, refers_to
from lightdash_sync.plan.values import PROMOTE, Action
from lightdash_sync.plan.virtual_views import views_of, views_used

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lightdash_sync.model.canonical import Json
    from lightdash_sync.plan.options import Item
    from lightdash_sync.plan.values import Plan, Step


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


@dataclass(frozen=True)
class _References:
    """What the steps of a plan refer to: what they name, and the virtual views that charts stand on.

    Attributes:
        steps: of the plan.
        views: name of an explore -> virtual view, of those that the plan writes or deletes.
    """

    steps: Sequence[Step]
    views: Mapping[str, Item]

    def of(self, draft: Draft) -> frozenset[Item]:
        """Return what is referred to by what a draft writes."""
        step = self.steps[draft.step]
        return self._in(step, written(draft.what, step))

    def before(self, draft: Draft) -> frozenset[Item]:
        """Return what the target's item of a draft refers to."""
        step = self.steps[draft.step]
        return self._in(step, step.before)

    def _in(self, step: Step, content: Json) -> frozenset[Item]:
        return refers_to(step.kind, content) | views_used(step.kind, content, self.views)


def operations(plan: Plan) -> tuple[Operation, ...]:
    """Return what is done for a plan, in order.

    Comments and settings of a project cannot be written: steps of these kinds have no operation. Of a
    promotion, what the server does for a step is one operation, with the number of the step.
    """
    if plan.purpose == PROMOTE:
        return tuple(
            Operation(number, number, What.PROMOTE, step.item) for number, step in enumerate(plan.steps)
        )
    drafts = [draft for index, step in enumerate(plan.steps) for draft in drafts_of(index, step, plan)]
    births = {_of(plan.steps[draft.step]): draft for draft in drafts if draft.what in CREATES}
    references = _References(plan.steps, views_of(plan.steps))
    drafts = [_postponed(draft, references, births) for draft in drafts]
    drafts = _sorted(drafts, references, births)
    unknown = _unknown(drafts, references)
    finished = sorted({drafts[number].step for number in unknown}, key=lambda index: plan.steps[index].item)
    finishes = [Draft(Phase.FINISHES, step, What.FINISH) for step in finished]
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


def _postponed(draft: Draft, references: _References, births: Mapping[Item, Draft]) -> Draft:
    """Put off an update that refers to what is made later: nothing is written twice that need not be."""
    if not (draft.parallel or draft.what is What.TAG_UPDATE):
        return draft
    if draft.what is What.DASHBOARD_UPDATE and references.steps[draft.step].action is Action.CREATE:
        return draft
    later = any(births[item].phase > draft.phase for item in references.of(draft) if item in births)
    return draft._replace(phase=Phase.FINISHES, parallel=False) if later else draft


def _sorted(drafts: list[Draft], references: _References, births: Mapping[Item, Draft]) -> list[Draft]:
    """Put drafts in order: by phase, then what is created in the order of references, then the others."""
    names = {item: (births[item].phase, *item) for item in births}
    needed = {item: references.of(draft) & births.keys() for item, draft in births.items()}
    place = {item: n for n, item in enumerate(ordered(names, needed))}

    def rank(draft: Draft) -> tuple[int, int, int, str]:
        steps = references.steps
        step = steps[draft.step]
        if draft.what is What.DELETE:
            return draft.phase, DELETED.index(step.kind), -_depth(step, steps, Action.DELETE), step.key
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
        key = content_of(alike[key].before if action is Action.DELETE else alike[key].after).get("parent")
    return len(seen)


def _unknown(drafts: Sequence[Draft], references: _References) -> dict[int, frozenset[Item]]:
    """Return, for each draft that writes a reference to what does not exist yet, what that is."""
    steps = references.steps
    births = {_of(steps[draft.step]): n for n, draft in enumerate(drafts) if draft.what in CREATES}
    found: dict[int, frozenset[Item]] = {}
    for number, draft in enumerate(drafts):
        if late := frozenset(item for item in references.of(draft) if births.get(item, -1) >= number):
            found[number] = late
    return found


def _needs(drafts: Sequence[Draft], references: _References) -> list[set[int]]:
    """Return for each draft the numbers of those that must have succeeded."""
    steps = references.steps
    births = {_of(steps[draft.step]): n for n, draft in enumerate(drafts) if draft.what in CREATES}
    narrowed: dict[Item, set[int]] = {}
    of_step: dict[int, list[int]] = {}
    users: dict[Item, set[int]] = {}
    needs: list[set[int]] = []
    for number, draft in enumerate(drafts):
        item = _of(steps[draft.step])
        needed = {births[item]} if births.get(item, number) < number else set()
        if draft.what is What.DELETE:
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
        What.SCHEDULER_BODY: {What.SCHEDULER_PAUSE},
        What.SCHEDULER_ENABLE: {What.SCHEDULER_BODY, What.SCHEDULER_PAUSE},
        What.SPACE_GRANT: {What.SPACE_UPDATE, What.SPACE_REVOKE},
        What.SPACE_LEAVE: {What.SPACE_GRANT},
        What.VERIFY: {
            What.CHART_PATCH,
            What.CHART_VERSION,
            What.CHART_ROLLBACK,
            What.DASHBOARD_UPDATE,
            What.FINISH,
        },
    }.get(draft.what, set())
    return {number for number in earlier if drafts[number].what in wanted}


def _of(step: Step) -> Item:
    return step.kind, step.key
