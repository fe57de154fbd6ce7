"""A review as a plan, so that a run of a promotion is kept, listed and taken back like any other.

Its steps are what the server will do; nobody applies it. An item has the key by which the upstream project
was read, which is the source's unless two of the source's items are one there. Pure.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.plan.keys import named_items
from lightdash_sync.plan.values import PROMOTE, Action, Plan, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.model.identity import Identity
    from lightdash_sync.promote.values import Review, Reviewed
    from lightdash_sync.sync.memory import LinkTable

_ACTIONS = {(False, True): Action.CREATE, (True, True): Action.UPDATE, (True, False): Action.DELETE}


def as_plan(review: Review, upstream: Identity) -> Plan:
    """Return what a promotion does, as a plan with one step for each item that becomes another.

    Args:
        review: of the promotion.
        upstream: the map of the upstream project, in whose keys its content was read.
    """
    steps: dict[tuple[Kind, str], Step] = {}
    for item in review.effective:
        if step := _step(item, upstream):
            steps.setdefault((step.kind, step.key), step)
    return Plan(
        purpose=PROMOTE,
        source=review.source,
        target=review.target,
        steps=tuple(steps.values()),
        items=named_items(upstream),
    )


def key_there(item: Reviewed, upstream: Identity) -> str:
    """Return the key that an item has, or will have, in the upstream project's content.

    Args:
        item: of a review.
        upstream: the map of the upstream project.
    """
    known = upstream.known_keys(item.kind)
    return item.key if item.upstream is None else known.get(item.upstream, item.key)


def step_numbers(review: Review, plan: Plan, upstream: Identity) -> Mapping[str, int]:
    """Return, for each item of a review that has one, the number of its step.

    Args:
        review: of the promotion.
        plan: made of it by `as_plan`.
        upstream: as for that.
    """
    numbers = {(step.kind, step.key): number for number, step in enumerate(plan.steps)}
    places = {item.item: (item.kind, key_there(item, upstream)) for item in review.effective}
    return {name: numbers[place] for name, place in places.items() if place in numbers}


def parts(review: Review, plan: Plan, upstream: Identity) -> Mapping[str, frozenset[int]]:
    """Return, for each call of a review, the numbers of the steps that it does, or may do.

    What is deleted is inside the upstream dashboard that the source's dashboard is promoted to.

    Args:
        review: of the promotion.
        plan: made of it by `as_plan`.
        upstream: as for that.
    """
    numbers = step_numbers(review, plan, upstream)
    homes: dict[str, set[int]] = {}
    for number, step in enumerate(plan.steps):
        if step.action is Action.DELETE:
            homes.setdefault(text(step.before, "dashboard"), set()).add(number)
    there = {item.item: key_there(item, upstream) for item in review.items if item.kind is Kind.DASHBOARD}
    return {
        call.item: frozenset(numbers[item] for item in call.items if item in numbers)
        | homes.get(there.get(call.item, ""), set())
        for call in review.calls
    }


def laid_out(review: Review, plan: Plan, upstream: Identity) -> Plan:
    """Return a plan in which parts of dashboards are called as the review calls them.

    The upstream project is read back so: promotion takes the ids of the source's parts over.

    Args:
        review: of the promotion.
        plan: made of it by `as_plan`.
        upstream: as for that.
    """
    items: LinkTable = {kind: dict(entries) for kind, entries in plan.items.items()}
    for item in review.items:
        entries, key = items.get(item.kind, {}), key_there(item, upstream)
        if item.layout and item.upstream and key in entries:
            entries[key] = {**entries[key], **item.layout}
    return replace(plan, items=items)


def _step(item: Reviewed, upstream: Identity) -> Step | None:
    action = _ACTIONS.get((item.before is not None, item.after is not None))
    if action is None:
        return None
    return Step(
        action=action,
        kind=item.kind,
        key=key_there(item, upstream),
        uuid=item.upstream,
        before=item.before,
        after=item.after,
        layout=item.layout,
    )
