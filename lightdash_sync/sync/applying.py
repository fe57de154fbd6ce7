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
from lightdash_sync.errors import Refused, Stale
from lightdash_sync.model.canonical import canonical, parse
from lightdash_sync.model.changes import Change, changes
from lightdash_sync.model.identity import Identity
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.rekey import file_of
from lightdash_sync.model.tree import Tree
from lightdash_sync.plan.deletes import delete_problems
from lightdash_sync.plan.document import digest
from lightdash_sync.plan.keys import LINKED
from lightdash_sync.plan.managed import same_content, settled_form
from lightdash_sync.plan.operations import operations
from lightdash_sync.plan.options import Options
from lightdash_sync.plan.scope import Contents
from lightdash_sync.plan.twins import likenesses
from lightdash_sync.plan.values import Action
from lightdash_sync.sync.memory import Update, read_memory, settle, write_memory
from lightdash_sync.sync.recall import recall
from lightdash_sync.sync.runs import Run, begin, cut_short, find_run
from lightdash_sync.sync.target import joined, read_target
from lightdash_sync.validation import validate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lightdash_sync.apply.journal import Journalled
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.plan.values import Plan, Step
    from lightdash_sync.sync.memory import LinkTable, Memory
    from lightdash_sync.sync.target import Existing, Place
    from lightdash_sync.validation import Invalid


_NAMED = 10  # items that an error names

# Lightdash makes Markdown safe as HTML, and adds columns to the order of a table.
_OWN_WAYS = (("content",), ("columnOrder",))


@dataclass(frozen=True)
class Mismatch:
    """An item that is not as it was written.

    Attributes:
        item: as `kind:key`.
        changes: what differs from what was wanted.
    """

    item: str
    changes: tuple[Change, ...]

    @property
    def is_harmless(self) -> bool:
        """Whether the server only wrote it in its own way: the HTML of Markdown, the order of columns."""
        return all(change.quiet or change.where[-1:] in _OWN_WAYS for change in self.changes)


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
    existing = _read(place, plan, memory, {})
    if stale := sorted(staleness(plan, existing.tree)):
        raise Stale(
            f"the target has changed since the plan was made: {'; '.join(stale[:_NAMED])}",
            hint="Nothing was written. Make a new plan, and look at it.",
        )
    touched = [file_of(step.kind, step.key) for step in plan.steps if step.before is not None]
    folders = place.folders
    run = begin(
        folders.runs, now.astimezone(UTC), plan, existing.tree, touched, folders.memory, existing.source
    )
    return _carry_out(place, run, plan, memory, existing, now, None)


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
    memory = recall(place)
    existing = _read(place, plan, memory, run.created())
    begun = _begun(plan, journalled)
    waiting = replace(plan, steps=tuple(step for step in plan.steps if step.item not in begun))
    if stale := sorted(staleness(waiting, existing.tree)):
        raise Stale(
            f"the target has changed since the run was cut short: {'; '.join(stale[:_NAMED])}",
            hint="Make a new plan, which starts from what the target has now.",
        )
    return _carry_out(place, run, plan, memory, existing, now, journalled)


def staleness(plan: Plan, existing: Tree) -> Iterator[str]:
    """Yield what of the things that a plan touches is not as it was, in words.

    Args:
        plan: the plan.
        existing: the target now, in the plan's keys.
    """
    contents = Contents(existing)
    for step in plan.steps:
        path = file_of(step.kind, step.key)
        now = parse(existing[path]) if path in existing else None
        if now is None and step.before is not None:
            yield f"{step.item} is gone"
        elif now is not None and step.before is None:
            yield f"{step.item} is there now"
        elif now is not None and canonical(now) != canonical(step.before):
            yield f"{step.item} was changed"
        elif step.uuid is not None and existing.identity.uuid(step.kind, step.key) != step.uuid:
            yield f"{step.item} is another one now"
    yield from _new_twins(plan, contents)
    known = {(problem.item, problem.what) for problem in plan.problems}
    for problem in delete_problems(plan.steps, contents):
        if (problem.item, problem.what) not in known:
            yield f"{problem.item} {problem.what}"


def _new_twins(plan: Plan, existing: Contents) -> Iterator[str]:
    """Yield items that look like one that the plan creates, and were not there when it was made."""
    steps = {(step.kind, step.key): step for step in plan.steps}
    created = {item for item, step in steps.items() if step.action is Action.CREATE and item[0] in LINKED}
    there = {(kind, key) for kind, entries in plan.items.items() for key in entries}
    if created and existing.there - there - set(steps):
        wanted = Tree.of({file_of(*item): canonical(steps[item].after) for item in created})
        found = likenesses(Contents(wanted), existing, frozenset(there), created, adopt=False)
        for item, candidates in found.candidates.items():
            if any(candidate not in there for candidate in candidates):
                yield f"{item[0]}:{item[1]} has a twin now that somebody made meanwhile"


def _require_fitting(place: Place, plan: Plan) -> None:
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


def _read(place: Place, plan: Plan, memory: Memory, created: LinkTable) -> Existing:
    """Read the target in the keys that the plan has for its items."""
    keys = joined(plan.items, created)
    mine: LinkTable = {kind: {step.key: {} for step in plan.steps if step.kind is kind} for kind in LINKED}
    return read_target(place, joined_hints(memory, keys), keys, Identity(items=mine))


def joined_hints(memory: Memory, keys: LinkTable) -> Identity:
    """Return keys for items that a reading does not know yet: those of a plan, then those remembered."""
    return Identity(items=joined(memory.hints.items, keys))


def _begun(plan: Plan, journalled: Journalled) -> set[str]:
    """Return the items of which anything may have been written."""
    numbers = {*journalled.done, *journalled.doubtful, *journalled.failed}
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
    lightdash = place.lightdash
    writer = Writer(lightdash.session, lightdash.server)
    known, today = existing.linked.identity, now.date()
    with Journal(run.journal) as journal:
        outcome = apply_plan(
            plan, digest(plan), known, lightdash, writer, journal, place.progress, today, resumed
        )
    links = {kind: dict(entries) for kind, entries in outcome.created.items()}
    after = _read(place, plan, memory, links)
    done = _done(plan, outcome)
    differences = tuple(_differences(plan, done, after.tree))
    mismatches = tuple(found for found in differences if not found.is_harmless)
    write_memory(
        place.folders.memory,
        memory,
        _update(place, plan, memory, done, links, after, differences),
        after.source,
    )
    touched = [path for step in plan.steps if (path := file_of(step.kind, step.key)) in after.tree]
    run.keep_after(after.tree, touched, after.source)
    applied = Applied(run, plan, outcome, mismatches, after, lightdash.session.requests)
    _close(place, run, applied, now)
    return applied


def validated(place: Place, applied: Applied) -> tuple[Invalid, ...]:
    """Let the server validate the project, and return what it says of the items that were written.

    Raises:
        Incomplete: it does not come to an end.
        ApiError: it cannot be started.
    """
    identity = applied.existing.linked.identity
    touched = {
        uuid: step.item
        for step in applied.plan.steps
        if step.kind in (Kind.CHART, Kind.DASHBOARD) and (uuid := identity.uuid(step.kind, step.key))
    }
    lightdash = place.lightdash
    writer = Writer(lightdash.session, lightdash.server)
    return validate(lightdash, writer, place.project, touched, wait=lightdash.session.pacer.sleep)


def _close(place: Place, run: Run, applied: Applied, now: datetime) -> None:
    """Note how a run ended, and what it says of earlier ones."""
    run.end(_result(applied, now))
    for other in cut_short(place.folders.runs):  # what they created is remembered now
        other.end({"state": "superseded", "by": run.id})
    if applied.plan.undoes and applied.is_complete:
        find_run(place.folders.runs, applied.plan.undoes).end({"state": "undone", "by": run.id})


def _done(plan: Plan, outcome: Outcome) -> list[Step]:
    """Return the steps of which every operation is done."""
    open_steps = {result.operation.step for result in outcome.results if result.state is not State.DONE}
    return [step for number, step in enumerate(plan.steps) if number not in open_steps]


def _differences(plan: Plan, done: list[Step], now: Tree) -> Iterator[Mismatch]:
    """Compare what was written with what is there."""
    options = Options(enable_schedulers=plan.enable_schedulers)
    for step in done:
        path = file_of(step.kind, step.key)
        there = parse(now[path]) if path in now else None
        if not same_content(step.kind, step.after, there, options):
            yield Mismatch(step.item, tuple(changes(step.kind, step.after, there)))


def _update(
    place: Place,
    plan: Plan,
    memory: Memory,
    done: list[Step],
    created: LinkTable,
    after: Existing,
    differences: tuple[Mismatch, ...],
) -> Update:
    """Return what this run changes in what is remembered."""
    undone = _undone(place, plan)
    links = joined(memory.links, plan.adopted if plan.purpose == "sync" else {})
    links, restored = _linked(plan, joined(links, undone.links if undone else {}), links, created)
    gone = {(step.kind, step.key) for step in done if step.action is Action.DELETE}
    links = {
        kind: {key: facts for key, facts in entries.items() if (kind, key) not in gone}
        for kind, entries in links.items()
    }
    base: dict[str, bytes | None] = {}
    settled: dict[str, tuple[str, str]] = {}
    harmless = {found.item for found in differences if found.is_harmless}
    if plan.purpose == "sync":
        base |= {path: after.tree[path] for path in plan.unchanged if path in after.tree}
    for step in done:
        path = file_of(step.kind, step.key)
        if plan.purpose == "sync":
            base[path] = after.tree.get(path) if step.source is None else canonical(step.source)
        elif undone is not None:
            base[path] = undone.base.get(path)
        if step.item in harmless and path in after.tree:
            settled[path] = settle(settled_form(step.kind, step.after), after.tree[path])
    return Update(after.tree, links, restored, base, settled)


def _undone(place: Place, plan: Plan) -> Memory | None:
    """Return what was remembered before the run that a plan takes back."""
    if not plan.undoes:
        return None
    return read_memory(find_run(place.folders.runs, plan.undoes).memory(), place.project)


def _linked(
    plan: Plan, known: LinkTable, links: LinkTable, created: LinkTable
) -> tuple[LinkTable, LinkTable]:
    """Return the links with what a plan created, and what it put back without its being linked.

    What a sync creates is linked. What is put back is linked again if the item that it was before was.
    """
    if plan.purpose == "sync":
        return joined(links, created), {}
    former = {(step.kind, step.key): step.former for step in plan.steps}
    keys = {
        (kind, str(facts["uuid"])): key for kind, entries in known.items() for key, facts in entries.items()
    }
    again: LinkTable = {}
    restored: LinkTable = {}
    for kind, entries in created.items():
        for key, facts in entries.items():
            before = keys.get((kind, former.get((kind, key), "")))
            (restored if before is None else again).setdefault(kind, {})[before or key] = facts
    return joined(links, again), restored


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
