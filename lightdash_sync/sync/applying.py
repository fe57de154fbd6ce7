"""Applying a plan: nothing else than what was shown, to nothing else than what it was made for.

The plan is refused if anything it touches has changed since it was made (exit 5): the target is read again
first, unless the plan was made a moment ago and its lists prove that nothing has. What it touches is stored
before the first write, each write is journalled, and at the end everything that was written is read back
and compared. What was created is linked, and the target as it is now becomes the base of the next plan.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import TYPE_CHECKING

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import parse
from lightdash_sync.content.tree import Tree, file_of
from lightdash_sync.errors import (
    Incomplete,
    Interrupted,
    NotAuthorised,
    Refused,
    Stale,
    Unavailable,
    as_sync_error,
)
from lightdash_sync.lightdash.session import LARGER_BODIES
from lightdash_sync.lightdash.writing import Writer
from lightdash_sync.sync.apply.engine import ApplyOutcome, OperationState, apply_plan
from lightdash_sync.sync.apply.journal import Journal
from lightdash_sync.sync.concluding import base_of_merges, conclude, load_state, merges, still_alike
from lightdash_sync.sync.facts import read_channels
from lightdash_sync.sync.plan.document import digest
from lightdash_sync.sync.plan.drift import staleness
from lightdash_sync.sync.plan.recipients import needs_channel_names, refused_deliveries
from lightdash_sync.sync.plan.restored import emptied
from lightdash_sync.sync.plan.values import PROMOTE, Action
from lightdash_sync.sync.readback import added_by_server, strangers, taken
from lightdash_sync.sync.runs import Run, begin, find_run, supersede, way_back, way_on
from lightdash_sync.sync.state import StateUpdate, joined, save_state
from lightdash_sync.sync.target import read_back, read_for, too_large, untold_merges, with_deleted
from lightdash_sync.sync.unchanged import is_unchanged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.sync.apply.journal import Journalled
    from lightdash_sync.sync.plan.values import Plan, Step
    from lightdash_sync.sync.planning import Planned
    from lightdash_sync.sync.readback import Mismatch, Stranger
    from lightdash_sync.sync.state import State
    from lightdash_sync.sync.target import Existing, TargetEnvironment


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
        strangers: items that somebody made while this run made the same.
        added: kind and field that the server added by itself and nobody here knows -> of how many items.
    """

    run: Run
    plan: Plan
    outcome: ApplyOutcome
    mismatches: tuple[Mismatch, ...]
    existing: Existing
    requests: int
    strangers: tuple[Stranger, ...] = ()
    added: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether everything was done, and is as it was wanted, and nothing is there twice."""
        return self.outcome.is_complete and not self.mismatches and not self.strangers


def apply(place: TargetEnvironment, plan: Plan, now: datetime, just_made: Planned | None = None) -> Applied:
    """Apply a plan.

    Args:
        place: the target; its lock must be held.
        plan: as it was shown.
        now: the present.
        just_made: what the plan was made of, if that was a moment ago and nobody was asked since; None for
            a plan that may be of any age.

    Raises:
        Refused: the plan must not be applied, or is for another target.
        Stale: something that it touches has changed since it was made; nothing was written.
        Incomplete: the target could not be read.
        ApiError: the server is gone, or the token not accepted; the run can be continued.
    """
    if just_made is None:
        place.lightdash.forget()
    _require_fitting(place, plan)
    if just_made is not None and is_unchanged(place, plan, just_made.existing):
        memory, existing = just_made.memory, just_made.existing
    else:
        memory = load_state(place)
        existing = read_for(place, plan, memory, {})
        if stale := sorted(staleness(plan, existing.tree)):
            raise Stale(
                f"the target has changed since the plan was made: {'; '.join(stale[:_NAMED])}",
                hint="Nothing was written. Make a new plan, and look at it.",
            )
        _require_known_merges(place, existing, plan.steps)
    touched = [file_of(step.kind, step.key) for step in plan.steps if step.before is not None]
    touched += emptied(plan.steps, existing.tree)
    folders = place.folders
    run = begin(
        folders.runs, now.astimezone(UTC), plan, existing.tree, touched, folders.memory, existing.source
    )
    return _carry_out(place, run, plan, memory, existing, now, None)


def remember(place: TargetEnvironment, plan: Plan, just_made: Planned | None = None) -> int:
    """Remember what a plan without steps found: its links, and what is alike on both sides.

    Args:
        place: the target; its lock must be held.
        plan: with nothing to write.
        just_made: what the plan was made of, if that was a moment ago; else the target is read.

    Returns:
        How many items are linked that were not before.

    Raises:
        Refused: the plan must not be applied, or is for another target.
    """
    _require_fitting(place, plan)
    if just_made is not None:
        memory, existing = just_made.memory, just_made.existing
    else:
        memory = load_state(place)
        existing = read_for(place, plan, memory, {})
    there = memory.base_in(existing.linked.identity)
    alike = still_alike(plan, existing.tree)
    base: dict[str, bytes | None] = {
        path: data for path, data in alike.items() if there.digests.get(path) != plan.unchanged[path]
    }
    base |= base_of_merges(plan, existing.tree)
    merged = merges(plan, [], existing.tree)
    if plan.purpose != "sync" or not (base or merged or plan.adopted):
        return 0
    links = joined(memory.links, plan.adopted)
    update = StateUpdate(existing.tree, links, base=base, merged=merged)
    save_state(place.folders.memory, memory, update, existing.source)
    return sum(
        len(entries.keys() - memory.links.get(kind, {}).keys()) for kind, entries in plan.adopted.items()
    )


def _require_known_merges(place: TargetEnvironment, existing: Existing, steps: Sequence[Step]) -> None:
    """Refuse to take merges from charts that nobody saw when the plan was made.

    Raises:
        Stale: a chart has one.
    """
    if untold := untold_merges(place, existing, steps):
        items = sorted(step.item for step in untold.values())
        raise Stale(
            f"{', '.join(items[:_NAMED])}: merges rows of other queries since the plan was made",
            hint="Nothing was written. Make a new plan, and look at it.",
        )


def resume(place: TargetEnvironment, run: Run, now: datetime) -> Applied:
    """Go on with a run that was cut short, or that could not do everything.

    Args:
        place: the target; its lock must be held.
        run: the run.
        now: the present.

    Raises:
        Stale: something that is still to be written has changed meanwhile.
        Refused: the run is of another target.
    """
    plan = run.plan()
    place.lightdash.forget()
    _require_fitting(place, plan)
    memory = load_state(place)  # settles what was in doubt, too
    journalled, created = run.journalled(), run.created()
    existing = read_for(place, plan, memory, created)
    steps, after = taken(plan, journalled), run.after()
    expected = [
        _as_left(step, after) if step in steps.begun else step for step in (*steps.begun, *steps.untouched)
    ]
    waiting = replace(
        plan,
        steps=tuple(step for step in expected if not _is_gone(step, existing.tree)),
        items=joined(plan.items, created),
    )
    lost = [step for step in steps.begun if step.key not in created.get(step.kind, {})]
    if stale := sorted(staleness(waiting, with_deleted(existing.tree, plan), lost)):
        raise Stale(
            f"the target has changed since the run was cut short: {'; '.join(stale[:_NAMED])}",
            hint="Make a new plan, which starts from what the target has now.",
        )
    _require_known_merges(place, existing, waiting.steps)
    return _carry_out(place, run, plan, memory, existing, now, journalled)


def _is_gone(step: Step, existing: Tree) -> bool:
    """Whether a step has nothing left to delete: with a dashboard go its charts."""
    return step.action is Action.DELETE and file_of(step.kind, step.key) not in existing


def _require_fitting(place: TargetEnvironment, plan: Plan) -> None:
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
    if large := too_large(place, plan.steps):
        raise Refused(f"the plan must not be applied: {'; '.join(large[:_NAMED])}", hint=LARGER_BODIES)
    channels = read_channels(place.lightdash) if needs_channel_names(plan.steps, place.recipients) else None
    if refused := refused_deliveries(plan.steps, place.recipients, channels):
        raise Refused(
            f"the plan must not be applied: {'; '.join(refused[:_NAMED])}",
            hint=f"`recipients` of {place.environment} in lightdash-sync.toml says who may get content.",
        )


def _as_left(step: Step, after: Tree | None) -> Step:
    """Return a step whose item is expected as the run left it: it may be done in part."""
    path = file_of(step.kind, step.key)
    there = parse(after[path]) if after is not None and path in after else None
    return replace(step, before=there)


def _carry_out(
    place: TargetEnvironment,
    run: Run,
    plan: Plan,
    memory: State,
    existing: Existing,
    now: datetime,
    resumed: Journalled | None,
) -> Applied:
    """Write, read back, remember; whatever ends it early says how to go on."""
    try:
        writer = Writer(place.lightdash.session, place.lightdash.server)
        outcome = _executed(place, run, plan, existing.linked.identity, now, resumed, writer)
        after = read_back(place, plan, memory, run.created(), writer.answers)
        found = conclude(place, run, plan, memory, after)
        mismatches = tuple(one for one in found if not one.is_harmless)
        twice = strangers(outcome.created, run.journalled().known, after.tree)
        requests = place.lightdash.session.requests
        added = added_by_server(found)
        applied = Applied(run, plan, outcome, mismatches, after, requests, twice, added)
        _close(place, run, applied, now)
    except (Unavailable, Incomplete) as error:
        raise Incomplete(
            f"the run {run.id} was cut short: {error.message}", hint=_go_on(place, run, plan)
        ) from error
    except NotAuthorised as error:
        error.message = f"the run {run.id} was cut short: {error.message}"
        error.hint = f"{error.hint} Then {_go_on(place, run, plan)}".strip()
        raise
    except OSError as error:
        raise cut_short_by_disk(run, error, _go_on(place, run, plan)) from error
    except (Interrupted, KeyboardInterrupt) as error:
        raise Interrupted(f"the run {run.id} was cut short", hint=_go_on(place, run, plan)) from error
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


def _go_on(place: TargetEnvironment, run: Run, plan: Plan) -> str:
    on, back = way_on(plan, place.environment), way_back(run, plan, place.environment)
    return f"`{on}` goes on with it, `{back}` takes it back."


def _executed(
    place: TargetEnvironment,
    run: Run,
    plan: Plan,
    known: Identity,
    now: datetime,
    resumed: Journalled | None,
    writer: Writer,
) -> ApplyOutcome:
    """Carry the plan out, journalled."""
    with Journal(run.journal) as journal:
        return apply_plan(
            plan, digest(plan), known, place.lightdash, writer, journal, place.progress, now.date(), resumed
        )


def _close(place: TargetEnvironment, run: Run, applied: Applied, now: datetime) -> None:
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
        "failed": [result.operation.item for result in outcome.of(OperationState.FAILED)],
        "skipped": [result.operation.item for result in outcome.of(OperationState.SKIPPED)],
        "mismatches": [mismatch.item for mismatch in applied.mismatches],
        "strangers": [stranger.item for stranger in applied.strangers],
    }
