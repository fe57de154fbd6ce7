"""What the upstream project has after a promotion, against what its review said.

Whatever is not as foretold is told, exactly: items of the promotion that are otherwise, and other items
that were made, changed or deleted meanwhile, by the server or by somebody. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.apply.look import telling
from lightdash_sync.model.authorship import full_name, version_stamp
from lightdash_sync.model.canonical import Json, canonical, objects, parse
from lightdash_sync.model.changes import changes
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.links import links
from lightdash_sync.model.portable import to_server
from lightdash_sync.model.references import UnresolvedReference
from lightdash_sync.model.rekey import file_of, items_of
from lightdash_sync.plan.managed import same_content
from lightdash_sync.plan.options import Options
from lightdash_sync.plan.values import Action
from lightdash_sync.promote.values import Compared
from lightdash_sync.sync.readback import Mismatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.tree import Tree
    from lightdash_sync.plan.options import Item
    from lightdash_sync.plan.values import Plan, Step

_OPTIONS = Options()


@dataclass(frozen=True)
class Unforeseen(Compared):
    """An upstream item that the review did not name, and that is not as it was.

    Attributes:
        who: who saved it last, as far as Lightdash tells; else "".
        when: when that was; None if it does not tell.
    """

    who: str = ""
    when: datetime | None = None


def is_as_foretold(step: Step, now: Tree) -> bool:
    """Whether an item is as the review said; of one to be deleted, whether it is gone.

    Args:
        step: of the plan of a promotion.
        now: the upstream project afterwards, in the plan's keys.
    """
    return same_content(step.kind, step.after, _content(now, step.kind, step.key), _OPTIONS)


def mismatches(steps: Iterable[Step], now: Tree) -> Iterator[Mismatch]:
    """Yield the items that are not as the review said.

    A delete that the review expects need not happen: the API does not show whether a chart inside a
    dashboard was ever on one of its tiles.

    Args:
        steps: what was done, of the plan of the promotion.
        now: the upstream project afterwards, in the plan's keys.
    """
    for step in steps:
        if step.action is not Action.DELETE and not is_as_foretold(step, now):
            there = _content(now, step.kind, step.key)
            yield Mismatch(step.item, tuple(changes(step.kind, _told(step.after), _told(there))))


def unforeseen(plan: Plan, failed: Iterable[Step], before: Tree, now: Tree) -> Iterator[Unforeseen]:
    """Yield what else is not as it was.

    Args:
        plan: of the promotion.
        failed: its steps that were not done, so that nothing should have happened to their items.
        before: the upstream project before, in the plan's keys.
        now: the same afterwards.
    """
    left = {(step.kind, step.key) for step in failed}
    named = {(step.kind, step.key) for step in plan.steps} - left
    gone = {(kind, key) for kind, key in named if file_of(kind, key) not in now}
    for path, (kind, key) in sorted({**items_of(before), **items_of(now)}.items()):
        if (kind, key) in named or before.digests.get(path) == now.digests.get(path):
            continue
        was, there = _content(before, kind, key), _content(now, kind, key)
        if same_content(kind, was, there, _OPTIONS) or _follows(kind, was, there, gone):
            continue
        if kind is Kind.SCHEDULER and _is_untouched(key, (was, before), (there, now)):
            continue
        who, when = _saved(kind, key, now)
        yield Unforeseen(kind, key, was, there, who=who, when=when)


def _follows(kind: Kind, was: Json, there: Json, gone: set[Item]) -> bool:
    """Whether something changed only because an item was deleted as the review said it might be."""
    if kind is Kind.PINS:
        kept = [pin for pin in objects(was) if (Kind(text(pin, "kind")), text(pin, "key")) not in gone]
        return _pinned(kept) == _pinned(objects(there))
    lost = {(str(of), key) for of, key in gone}
    return kind is Kind.SCHEDULER and there is None and not lost.isdisjoint(links(kind, was))


def _is_untouched(key: str, was: tuple[Json, Tree], there: tuple[Json, Tree]) -> bool:
    """Whether the server has a delivery as before: only parts of its dashboard are called otherwise, or gone.

    Args:
        key: of the delivery.
        was: its content, and the upstream project before.
        there: the same afterwards.
    """
    try:
        one, other = (
            to_server(Kind.SCHEDULER, key, content if isinstance(content, dict) else {}, tree.identity)
            for content, tree in (was, there)
        )
    except UnresolvedReference:
        return False
    return same_content(Kind.SCHEDULER, one, other, _OPTIONS)


def _pinned(pins: Iterable[JsonObject]) -> bytes:
    return canonical([{name: pin.get(name) for name in ("kind", "key")} for pin in pins])


def _saved(kind: Kind, key: str, now: Tree) -> tuple[str, datetime | None]:
    """Return who saved an item last, and when, as far as the server tells."""
    stamp = version_stamp(kind, now.identity.facts(kind, key))
    if stamp is None:
        return "", None
    person = stamp.person
    return "" if person is None else full_name(person, now.identity.people.get(person, {})), stamp.time


def _told(content: Json) -> Json:
    return None if content is None else telling(content)


def _content(tree: Tree, kind: Kind, key: str) -> Json:
    path = file_of(kind, key)
    return parse(tree[path]) if path in tree else None
