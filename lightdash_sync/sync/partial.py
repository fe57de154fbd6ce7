"""What a run that did a part of its work has left, item by item: its own writes are nobody's drift.

Of an item that a run began to write, each field is as the run wrote it, or as it was before: what is
neither was changed by somebody since. So a content can be made up that says of each field what it would
be if nobody else had been there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import canonical
from lightdash_sync.model.changes import changes
from lightdash_sync.model.kinds import KINDS, Kind
from lightdash_sync.plan.managed import managed, same_content, unmanaged_fields
from lightdash_sync.plan.operations import operations
from lightdash_sync.sync.readback import Mismatch, telling_content

if TYPE_CHECKING:
    from lightdash_sync.apply.journal import Journalled
    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.plan.options import Options
    from lightdash_sync.plan.values import Plan, Step


# Fields whose rows are written one by one, so that a run can be cut short between two of them.
_IN_PIECES = {Kind.SPACE: frozenset({"access"}), Kind.TAG: frozenset({"metrics"})}


@dataclass(frozen=True)
class Taken:
    """How far a plan was carried out.

    Attributes:
        done: the steps of which every operation is done.
        begun: the steps of which an operation was tried, and not every one is done.
        untouched: the steps of which no operation was tried.
        is_cut_short: whether the run came to no end of its own: what the target has now may be somebody's.
    """

    done: tuple[Step, ...]
    begun: tuple[Step, ...] = ()
    untouched: tuple[Step, ...] = ()
    is_cut_short: bool = False

    @property
    def written(self) -> tuple[Step, ...]:
        """The steps of which something was written, or may have been."""
        return (*self.done, *self.begun)


def taken(plan: Plan, journalled: Journalled, *, is_cut_short: bool = False) -> Taken:
    """Return how far a plan was carried out, by its journal.

    Args:
        plan: the plan.
        journalled: what its journal tells.
        is_cut_short: whether the run came to no end of its own.
    """
    of_step: dict[int, set[int]] = {}
    for operation in operations(plan):
        of_step.setdefault(operation.step, set()).add(operation.number)
    done: list[Step] = []
    begun: list[Step] = []
    untouched: list[Step] = []
    for number, step in enumerate(plan.steps):
        mine = of_step.get(number, set())
        if mine <= journalled.done.keys() and (mine or journalled.begun):
            done.append(step)
        else:
            (untouched if mine.isdisjoint(journalled.begun) else begun).append(step)
    return Taken(tuple(done), tuple(begun), tuple(untouched), is_cut_short)


def blended(step: Step, now: Json, arrived: Json, before: Json, options: Options, *, is_done: bool) -> Json:
    """Return, field by field, one content where the target has what a step wrote, else another one.

    Args:
        step: that was begun, of an item that is there.
        now: what the target has.
        arrived: taken where that is what the step wrote.
        before: taken else; None for what did not exist: then what was written if the step is done, else what
            is there, because nobody can tell.
        options: say what is managed.
        is_done: whether the whole step is done, so that every field should be as it was written.
    """
    if KINDS[step.kind].is_list:
        return _blended_list(step, now, arrived, before, options, is_done=is_done)
    if not isinstance(now, dict) or not isinstance(step.after, dict):
        return before
    there = _fields(step.kind, now, options)
    written = _fields(step.kind, step.after, options)
    goal, else_ = (_fields(step.kind, one, options) for one in (arrived, before))
    own = unmanaged_fields(step.kind, options)
    result: JsonObject = {name: now[name] for name in own if name in now}
    for name in [*dict.fromkeys((*there, *written, *goal, *else_))]:
        if _is_as_written(step, now, there, written, name):
            chosen = goal
        elif is_done:
            chosen = written
        elif before is None or _is_in_pieces(step, name, there, written, options):
            chosen = there
        else:
            chosen = else_
        if name in chosen:
            result[name] = chosen[name]
    return result


def _fields(kind: Kind, content: Json, options: Options) -> JsonObject:
    found = managed(kind, content, options)
    return found if isinstance(found, dict) else {}


def _is_as_written(step: Step, now: JsonObject, there: JsonObject, written: JsonObject, name: str) -> bool:
    """Whether the target has a field as it was written, or as the server says the same in its own way."""
    if canonical(there.get(name)) == canonical(written.get(name)):
        return True
    as_it_would_be = {**now, name: written.get(name)}
    found = tuple(changes(step.kind, telling_content(as_it_would_be), telling_content(now)))
    return Mismatch(step.item, found).is_harmless


def _blended_list(
    step: Step, now: Json, arrived: Json, before: Json, options: Options, *, is_done: bool
) -> Json:
    """Return one list or the other; what is there, if it is on the way from one to the other."""
    if same_content(step.kind, now, step.after, options):
        return arrived
    if is_done:
        return step.after
    rows = (managed(step.kind, one, options) for one in (step.before, now, step.after))
    return now if _is_on_the_way(*rows) else before


def _is_in_pieces(step: Step, name: str, there: JsonObject, written: JsonObject, options: Options) -> bool:
    """Whether a field can be written in part, and is on the way from what it was to what was written."""
    if name not in _IN_PIECES.get(step.kind, frozenset()):
        return False
    old = _fields(step.kind, step.before, options)
    return _is_on_the_way(old.get(name), there.get(name), written.get(name))


def _is_on_the_way(before: Json, now: Json, after: Json) -> bool:
    """Whether a list has what two lists share, and else what either has."""
    old, rows, new = (
        {canonical(row) for row in one} if isinstance(one, list) else set() for one in (before, now, after)
    )
    return old & new <= rows <= old | new
