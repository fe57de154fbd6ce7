"""Applying a plan: nothing else than what was shown, to nothing else than what it was made for.

The target is read again first, and the plan refused if anything it touches has changed (exit 5). What it
touches is stored before the first write, each write is journalled, and at the end everything that was
written is read back and compared. What was created is linked, and the target as it is now becomes the
base of the next plan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING

from lightdash_sync.apply.execute import Outcome, State, apply_plan
from lightdash_sync.apply.journal import Journal
from lightdash_sync.client.writes import Writer
from lightdash_sync.errors import (
    Incomplete,
    Interrupted,
    NotAuthorised,
    Refused,
    Stale,
    Unavailable,
    as_sync_error,
)
from lightdash_sync.model.canonical import canonical, parse
from lightdash_sync.model.identity import Identity
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.parts import with_names
from lightdash_sync.model.rekey import file_of
from lightdash_sync.plan.document import digest
from lightdash_sync.plan.keys import LINKED
from lightdash_sync.plan.operations import operations
from lightdash_sync.plan.returning import emptied
from lightdash_sync.plan.staleness import staleness
from lightdash_sync.plan.values import PROMOTE
from lightdash_sync.sync.learning import learned, still_alike
from lightdash_sync.sync.memory import Update, write_memory
from lightdash_sync.sync.readback import Mismatch, differences
from lightdash_sync.sync.recall import recall
from lightdash_sync.sync.runs import Run, begin, find_run, supersede
from lightdash_sync.sync.target import joined, read_target, with_palette

if TYPE_CHECKING:
    from collections.abc import Container
    from datetime import datetime

    from lightdash_sync.apply.journal import Journalled
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.tree import Tree
    from lightdash_sync.plan.values import Plan, Step
    from lightdash_sync.sync.memory import LinkTable, Memory
    from lightdash_sync.sync.target import Existing, Place


_NAMED = 10  # items that an error names


@dataclass(frozen=True)
class Applied:
    """What came of an apply.

    Attributes:
        run: where it is kept.
        plan: what was applied.
        outcome: of each operation.
        mismatches: items that the server made something else of.
        existing: the target afterwards.
        requests: sent in all.
    """

    run: Run
    plan: Plan
    outcome: Outcome
    mismatches: tuple[Mismatch, ...]
    existing: Existing
    requests: int

    @property
    def is_complete(self) -> bool:
        """Whether everything was done, and is as it was wanted."""
        return self.outcome.is_complete and not self.mismatches


def apply(place: Place, plan: Plan, now: datetime) -> Applied:
    """Apply a plan.

    Args:
        place: the target; its lock must be held.
        plan: as it was shown.
        now: the present.

    Raises:
        Refused: the plan must not be applied, or is for another target.
        Stale: something that it touches has changed since it was made; nothing was written.
        Incomplete: the target could not be read.
        ApiError: the server is gone, or the token not accepted; the run can be continued.
    """
    _require_fitting(place, plan)
    memory = recall(place)
    existing = read_for(place, plan, memory, {})
    if stale := sorted(staleness(plan, existing.tree)):
        raise Stale(
            f"the target has changed since the plan was made: {'; '.join(stale[:_NAMED])}",
            hint="Nothing was written. Make a new plan, and look at it.",
        )
    touched = [file_of(step.kind, step.key) for step in plan.steps if step.before is not None]
    touched += emptied(plan.steps, existing.tree)
    folders = place.folders
    run = begin(
        folders.runs, now.astimezone(UTC), plan, existing.tree, touched, folders.memory, existing.source
    )
    return _carry_out(place, run, plan, memory, existing, now, None)


def remember(place: Place, plan: Plan) -> int:
    """Remember what a plan without steps found: its links, and what is alike on both sides.

    Args:
        place: the target; its lock must be held.
        plan: with nothing to write.

    Returns:
        How many items are linked that were not before.

    Raises:
        Refused: the plan must not be applied, or is for another target.
    """
    _require_fitting(place, plan)
    memory = recall(place)
    existing = read_for(place, plan, memory, {})
    there = memory.base_in(existing.linked.identity)
    alike = still_alike(plan, existing.tree)
    base: dict[str, bytes | None] = {
        path: data for path, data in alike.items() if there.digests.get(path) != plan.unchanged[path]
    }
    if plan.purpose != "sync" or not (base or plan.adopted):
        return 0
    links = joined(memory.links, plan.adopted)
    write_memory(place.folders.memory, memory, Update(existing.tree, links, base=base), existing.source)
    return sum(
        len(entries.keys() - memory.links.get(kind, {}).keys()) for kind, entries in plan.adopted.items()
    )


def resume(place: Place, run: Run, now: datetime) -> Applied:
    """Go on with a run that was cut short, or that could not do everything.

    Args:
        place: the target; its lock must be held.
        run: the run.
        now: the present.

    Raises:
        Stale: something that is still to be written has changed meanwhile.
        Refused: the run is of another target.
    """
    plan, journalled = run.plan(), run.journalled()
    _require_fitting(place, plan)
    memory, created = recall(place), run.created()
    existing = read_for(place, plan, memory, created)
    written = _written(plan, journalled)
    failed, after = _items(plan, journalled.failed), run.after()
    steps = tuple(_as_left(step, failed, after) for step in plan.steps if step.item not in written)
    waiting = replace(plan, steps=steps, items=joined(plan.items, created))
    begun = (step for step in plan.steps if step.item in written)
    lost = [step for step in begun if step.key not in created.get(step.kind, {})]
    if stale := sorted(staleness(waiting, existing.tree, lost)):
        raise Stale(
            f"the target has changed since the run was cut short: {'; '.join(stale[:_NAMED])}",
            hint="Make a new plan, which starts from what the target has now.",
        )
    return _carry_out(place, run, plan, memory, existing, now, journalled)


def _require_fitting(place: Place, plan: Plan) -> None:
    if plan.purpose == PROMOTE:
        raise Refused(
            "the run is a promotion, and only Lightdash itself can go on with it",
            hint="Run `lightdash-sync promote run` again: what was done is not done twice.",
        )
    if plan.target.project != place.project:
        raise Refused(
            f"the plan is for the project {plan.target.project_name!r} of {plan.target.environment!r}, "
            f"not for that of {place.environment!r}",
            hint="Name the environment that the plan was made for.",
        )
    if refusals := plan.refusals():
        raise Refused(
            f"the plan must not be applied: {'; '.join(refusals[:_NAMED])}",
            hint="`lightdash-sync plan` shows each reason, and the option that allows it.",
        )


def read_for(
    place: Place, plan: Plan, memory: Memory, created: LinkTable, again: frozenset[str] = frozenset()
) -> Existing:
    """Read the target in the keys that a plan has for its items.

    Args:
        place: the target.
        plan: for it.
        memory: what is remembered of the target.
        created: kind -> key -> facts of what was created by the plan so far.
        again: uuids of items that are read whatever the lists prove.

    Raises:
        Incomplete: something could not be read.
    """
    keys = joined(plan.items, created)
    mine: LinkTable = {kind: {step.key: {} for step in plan.steps if step.kind is kind} for kind in LINKED}
    written = {
        file_of(step.kind, step.key): canonical(side)
        for step in plan.steps
        for side in (step.before, step.after)
        if step.kind is Kind.CHART and isinstance(side, dict) and side.get("palette") is not None
    }
    palettes = with_palette(written, keys)
    return read_target(
        place, _hints(memory, keys), keys, Identity(items=mine), again=again, palettes=palettes
    )


def _laid_out(plan: Plan) -> Plan:
    """Return a plan that calls the parts of dashboards as they were written: an update may add some."""
    items: LinkTable = {kind: dict(entries) for kind, entries in plan.items.items()}
    for step in plan.steps:
        if step.uuid is not None and step.layout:
            before = items.get(step.kind, {}).get(step.key, {})
            facts = with_names({"uuid": step.uuid, **step.layout}, before)
            items.setdefault(step.kind, {})[step.key] = facts
    return replace(plan, items=items)


def _touched(plan: Plan) -> frozenset[str]:
    """Return the uuids of what a plan writes and the target had before."""
    return frozenset(step.uuid for step in plan.steps if step.uuid is not None)


def _hints(memory: Memory, keys: LinkTable) -> Identity:
    """Return keys for items that a reading does not know yet: those of a plan, then those remembered."""
    return Identity(items=joined(memory.hints.items, keys))


def _as_left(step: Step, failed: set[str], after: Tree | None) -> Step:
    """Return a step whose item is expected as the run left it: what failed may be done in part."""
    if after is None or step.item not in failed:
        return step
    path = file_of(step.kind, step.key)
    return replace(step, before=parse(after[path]) if path in after else None)


def _written(plan: Plan, journalled: Journalled) -> set[str]:
    """Return the items of which a whole operation was done, or may have been."""
    return _items(plan, {*journalled.done, *journalled.doubtful})


def _items(plan: Plan, numbers: Container[int]) -> set[str]:
    """Return the items of some operations."""
    return {operation.item for operation in operations(plan) if operation.number in numbers}


def _carry_out(
    place: Place,
    run: Run,
    plan: Plan,
    memory: Memory,
    existing: Existing,
    now: datetime,
    resumed: Journalled | None,
) -> Applied:
    """Write, read back, remember; whatever ends it early says how to go on."""
    try:
        outcome = _executed(place, run, plan, existing.linked.identity, now, resumed)
        created = {kind: dict(entries) for kind, entries in outcome.created.items()}
        after = read_for(place, _laid_out(plan), memory, created, again=_touched(plan))
        done = _done(plan, outcome)
        found = tuple(differences(plan, done, after.tree))
        update = learned(place, plan, memory, done, created, after, found)
        write_memory(place.folders.memory, memory, update, after.source)
        touched = [path for step in plan.steps if (path := file_of(step.kind, step.key)) in after.tree]
        run.keep_after(after.tree, touched, after.source)
        mismatches = tuple(one for one in found if not one.is_harmless)
        applied = Applied(run, plan, outcome, mismatches, after, place.lightdash.session.requests)
        _close(place, run, applied, now)
    except (Unavailable, Incomplete) as error:
        raise Incomplete(f"the run {run.id} was cut short: {error.message}", hint=_go_on(place)) from error
    except NotAuthorised as error:
        error.message = f"the run {run.id} was cut short: {error.message}"
        error.hint = f"{error.hint} Then {_go_on(place)}".strip()
        raise
    except OSError as error:
        raise cut_short_by_disk(run, error, _go_on(place)) from error
    except (Interrupted, KeyboardInterrupt) as error:
        raise Interrupted(f"the run {run.id} was cut short", hint=_go_on(place)) from error
    return applied


def cut_short_by_disk(run: Run, error: OSError, way_on: str) -> Incomplete:
    """Return the error for a run that this machine's disk ended.

    Args:
        run: the run.
        error: what the system said.
        way_on: the command that goes on with it, and what else can be done.
    """
    wrote = "the target has been written to, and " if run.has_begun else ""
    return Incomplete(
        f"{wrote}the run {run.id} was cut short: {as_sync_error(error).message}",
        hint=f"Make room on the disk first, if it is full. {way_on}",
    )


def _go_on(place: Place) -> str:
    return (
        f"`lightdash-sync apply --resume --to {place.environment}` goes on with it, "
        f"`lightdash-sync undo --to {place.environment}` takes it back."
    )


def _executed(
    place: Place, run: Run, plan: Plan, known: Identity, now: datetime, resumed: Journalled | None
) -> Outcome:
    """Carry the plan out, journalled."""
    lightdash = place.lightdash
    writer = Writer(lightdash.session, lightdash.server)
    with Journal(run.journal) as journal:
        return apply_plan(
            plan, digest(plan), known, lightdash, writer, journal, place.progress, now.date(), resumed
        )


def _done(plan: Plan, outcome: Outcome) -> list[Step]:
    """Return the steps of which every operation is done."""
    open_steps = {result.operation.step for result in outcome.results if result.state is not State.DONE}
    return [step for number, step in enumerate(plan.steps) if number not in open_steps]


def _close(place: Place, run: Run, applied: Applied, now: datetime) -> None:
    """Note how a run ended, and what it says of earlier ones."""
    run.end(_result(applied, now))
    supersede(place.folders.runs, run)
    if applied.plan.undoes and applied.is_complete:
        find_run(place.folders.runs, applied.plan.undoes).end({"state": "undone", "by": run.id})


def _result(applied: Applied, now: datetime) -> JsonObject:
    outcome = applied.outcome
    return {
        "state": "done" if applied.is_complete else "partial",
        "ended": now.astimezone(UTC).isoformat(timespec="seconds"),
        "writes": outcome.writes,
        "failed": [result.operation.item for result in outcome.of(State.FAILED)],
        "skipped": [result.operation.item for result in outcome.of(State.SKIPPED)],
        "mismatches": [mismatch.item for mismatch in applied.mismatches],
    }
