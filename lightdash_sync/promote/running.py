"""Running a promotion: nothing else than what was reviewed, and proof of what it did.

What it touches upstream is stored before the first call, each call is journalled, and at the end the
upstream project is read back and compared with what the review said, item by item. It is a run like that
of an apply: `runs` lists it, `undo` takes it back. It is not gone on with: a new review tells what is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from lightdash_sync.apply.journal import Journal
from lightdash_sync.client.stoppable import run_stoppable
from lightdash_sync.client.writes import Writer
from lightdash_sync.errors import Incomplete, Interrupted, Refused, Unavailable
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.rekey import file_of
from lightdash_sync.model.tree import Tree
from lightdash_sync.plan.document import digest
from lightdash_sync.plan.operations import operations
from lightdash_sync.plan.values import PROMOTE, Action
from lightdash_sync.promote.as_plan import as_plan, laid_out, parts, step_numbers
from lightdash_sync.promote.calling import PAUSES, Calling
from lightdash_sync.promote.looking import Upstream
from lightdash_sync.promote.proving import is_as_foretold, mismatches, unforeseen
from lightdash_sync.promote.remembering import remembered
from lightdash_sync.sync.applying import cut_short_by_disk
from lightdash_sync.sync.memory import write_memory
from lightdash_sync.sync.reading import read_for
from lightdash_sync.sync.runs import begin, runs, supersede, way_on

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.errors import SyncError
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.plan.values import Plan, Step
    from lightdash_sync.promote.calling import Called
    from lightdash_sync.promote.proving import Unforeseen
    from lightdash_sync.promote.reviewing import Prepared
    from lightdash_sync.promote.values import Review
    from lightdash_sync.sync.readback import Mismatch
    from lightdash_sync.sync.runs import Run
    from lightdash_sync.sync.target import Existing, Place

_NAMED = 10  # items that an error names


@dataclass(frozen=True)
class Fate:
    """What became of an item of the promotion.

    Attributes:
        step: what the review said of it.
        result: `created`, `updated`, `deleted`, `kept` (it might have been deleted), or `failed`.
        uuid: of the upstream item; "" if there is none, or it is not known.
        error: why it failed, or None.
    """

    step: Step
    result: str
    uuid: str = ""
    error: SyncError | None = None


@dataclass(frozen=True)
class Promoted:
    """What came of a promotion.

    Attributes:
        run: where it is kept; None if there was nothing to do.
        review: what was to be done.
        calls: what came of each call that was needed.
        fates: what became of each item.
        mismatches: items that are not as the review said.
        unforeseen: other items of the upstream project that are not as they were.
        existing: the upstream project afterwards.
        requests: sent in all.
        writes: how many of them were promotions.
    """

    run: Run | None
    review: Review
    calls: tuple[Called, ...]
    fates: tuple[Fate, ...]
    mismatches: tuple[Mismatch, ...]
    unforeseen: tuple[Unforeseen, ...]
    existing: Existing
    requests: int
    writes: int

    @property
    def failed(self) -> tuple[Fate, ...]:
        """The items that were not promoted."""
        return tuple(fate for fate in self.fates if fate.result == "failed")

    @property
    def is_complete(self) -> bool:
        """Whether the upstream project is as the review said, and nothing else happened there."""
        refused = any(called.error and not called.unclear for called in self.calls)
        return not (refused or self.failed or self.mismatches or self.unforeseen)


def run(
    lightdash: Lightdash, place: Place, prepared: Prepared, now: datetime, approved: str = ""
) -> Promoted:
    """Run a promotion.

    Args:
        lightdash: the server, with the token of the source: promotion is asked for there.
        place: the upstream environment; its lock must be held.
        prepared: a review that was made now, and what it was made of.
        now: the present.
        approved: digest of the review that somebody approved; the run keeps it.

    Raises:
        Refused: the review says that it must not be run.
        Incomplete: the server is gone; a new run finds out what is left to do.
        NotAuthorised: the token is not accepted (any more).
    """
    review, existing = prepared.review, prepared.existing
    if refusals := review.refusals():
        raise Refused(
            f"the promotion must not be run: {'; '.join(refusals[:_NAMED])}",
            hint="`lightdash-sync promote review` tells each reason, and how it is accepted or avoided.",
        )
    plan = as_plan(review, existing.linked.identity)
    if review.is_empty:
        update = remembered(review, prepared.source, prepared.memory, (), existing, ())
        write_memory(place.folders.memory, prepared.memory, update, existing.source)
        return Promoted(None, review, (), (), (), (), existing, _requests(lightdash, place), 0)
    touched = [file_of(step.kind, step.key) for step in plan.steps if step.before is not None]
    begun = begin(
        place.folders.runs, now.astimezone(UTC), plan, existing.tree, touched,
        place.folders.memory, existing.source, approved,
    )  # fmt: skip
    way = f"`{way_on(plan, place.environment)}` goes on where it ended, "
    hint = f"{way}`lightdash-sync undo --to {place.environment}` takes it back."
    try:
        promoted = _carried_out(begun, lightdash, place, prepared, plan)
        begun.end(_result(promoted, now))
        supersede(place.folders.runs, begun)
    except (Unavailable, Incomplete) as error:
        raise Incomplete(f"the run {begun.id} was cut short: {error.message}", hint=hint) from error
    except OSError as error:
        raise cut_short_by_disk(begun, error, hint) from error
    except (Interrupted, KeyboardInterrupt) as error:
        raise Interrupted(f"the run {begun.id} was cut short", hint=hint) from error
    return promoted


def done_items(folder: Path, approved: str) -> frozenset[str]:
    """Return the `kind:key` of what runs of an approved review did, so that the next one goes on.

    Args:
        folder: of all runs of the upstream environment.
        approved: digest of the review; for "", nothing was done.
    """
    found: set[str] = set()
    for one in runs(folder) if approved else ():
        if one.damage() or one.approved() != approved or (one.result() or {}).get("state") == "undone":
            continue
        plan, journalled = one.plan(), one.journalled()
        if plan.purpose == PROMOTE:
            found |= {plan.steps[number].item for number in journalled.done if number < len(plan.steps)}
    return frozenset(found)


def _carried_out(begun: Run, lightdash: Lightdash, place: Place, prepared: Prepared, plan: Plan) -> Promoted:
    """Call, read back, compare, remember."""
    review, before = prepared.review, prepared.existing
    upstream = before.linked.identity
    # The files of the reading before are gone with the reading back.
    was = Tree.of({path: before.tree[path] for path in before.tree}, before.tree.identity)
    with Journal(begun.journal) as journal:
        journal.started(digest(plan), {kind: frozenset(upstream.known_keys(kind)) for kind in Kind})
        calling = Calling(
            review=review,
            source=prepared.source.identity,
            plan=plan,
            numbers=step_numbers(review, plan, upstream),
            parts=parts(review, plan, upstream),
            operations=operations(plan),
            writer=Writer(lightdash.session, lightdash.server),
            upstream=Upstream(place.lightdash, place.project, upstream),
            journal=journal,
        )
        called = run_stoppable(
            lambda: calling.run(place.progress), calling.wind_down, lightdash.session.pacer.stopped
        )
        after = _read_back(place, prepared, calling)
        journal.ended()
    steps = plan.steps
    done = [step for number, step in enumerate(steps) if number in calling.done]
    left = [step for number, step in enumerate(steps) if number not in calling.done]
    found = tuple(mismatches(done, after.tree))
    failed = {step.item for step in left}
    failed |= {item for one in called if one.error and not one.unclear for item in one.call.items}
    update = remembered(review, prepared.source, prepared.memory, done, after, found, failed)
    write_memory(place.folders.memory, prepared.memory, update, after.source)
    kept = [path for step in steps if (path := file_of(step.kind, step.key)) in after.tree]
    begun.keep_after(after.tree, kept, after.source)
    return Promoted(
        run=begun,
        review=review,
        calls=tuple(called),
        fates=tuple(_fate(number, step, calling, after) for number, step in enumerate(steps)),
        mismatches=tuple(one for one in found if not one.is_harmless),
        unforeseen=tuple(unforeseen(plan, left, was, after.tree)),
        existing=after,
        requests=_requests(lightdash, place),
        writes=calling.writes,
    )


def _read_back(place: Place, prepared: Prepared, calling: Calling) -> Existing:
    """Read the upstream project; until what was lost on the way is there, or cannot come any more."""
    plan = laid_out(prepared.review, calling.plan, prepared.existing.linked.identity)
    after = read_for(place, plan, prepared.memory, calling.upstream.created)
    for pause in PAUSES:
        _settle_what_is_there(calling, after)
        if not calling.open:
            break
        place.lightdash.session.pacer.sleep(pause)
        after = read_for(place, plan, prepared.memory, calling.upstream.created)
    _settle_what_is_there(calling, after)
    for number in [*calling.open]:
        calling.settle(number, done=False)
    return after


def _settle_what_is_there(calling: Calling, after: Existing) -> None:
    for number in [*calling.open]:
        step = calling.plan.steps[number]
        if step.action is Action.DELETE or is_as_foretold(step, after.tree):
            calling.settle(number, done=True)


def _fate(number: int, step: Step, calling: Calling, after: Existing) -> Fate:
    uuid = after.linked.identity.uuid(step.kind, step.key) or ""
    if number not in calling.done:
        return Fate(step, "failed", uuid, calling.failed.get(number))
    if step.action is Action.DELETE:
        is_there = file_of(step.kind, step.key) in after.tree
        return Fate(step, "kept" if is_there else "deleted", uuid)
    return Fate(step, "created" if step.action is Action.CREATE else "updated", uuid)


def _requests(lightdash: Lightdash, place: Place) -> int:
    return sum(session.requests for session in {lightdash.session, place.lightdash.session})


def _result(promoted: Promoted, now: datetime) -> JsonObject:
    return {
        "state": "done" if promoted.is_complete else "partial",
        "ended": now.astimezone(UTC).isoformat(timespec="seconds"),
        "writes": promoted.writes,
        "failed": [fate.step.item for fate in promoted.failed],
        "skipped": [],
        "mismatches": [mismatch.item for mismatch in promoted.mismatches],
        "unforeseen": [one.item for one in promoted.unforeseen],
    }
