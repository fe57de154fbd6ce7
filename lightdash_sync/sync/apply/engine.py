"""Carrying out a plan: operation by operation, in its order, each journalled before and after.

One that fails stops only what needs it. Updates of one phase run side by side, and so do creates whose item
is known by its slug; other creates run alone, and so does what may have been done before.
Whoever interrupts finds a journal that is true, and a later run continues with it: what is done is not
repeated, what may have happened is looked for, what failed is tried again.
"""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.references import GROUP, PALETTE, PERSON, is_known, links
from lightdash_sync.errors import ApiError, Interrupted, NotAuthorised, SyncError, Unavailable, Unsure
from lightdash_sync.export.inventory import if_allowed, palettes_by_name
from lightdash_sync.sync.apply.created import Newcomers
from lightdash_sync.sync.apply.journal import Journalled
from lightdash_sync.sync.apply.perform import perform
from lightdash_sync.sync.apply.project import TargetProject, Task
from lightdash_sync.sync.plan.operations import CREATES, operations
from lightdash_sync.workers import Silent, Workers, run_stoppable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.lightdash.writing import Writer
    from lightdash_sync.sync.apply.journal import Journal
    from lightdash_sync.sync.plan.operations import Operation
    from lightdash_sync.sync.plan.values import Plan
    from lightdash_sync.workers import Progress


# Who the people, groups and palettes of a plan are on the target: the project's own map knows only some.


def with_people(identity: Identity, plan: Plan, lightdash: Lightdash) -> Identity:
    """Return an identity map with everybody in the organisation whom a plan names, as far as it lists them.

    Args:
        identity: the target's map.
        plan: names people by e-mail, and groups by name.
        lightdash: the target's server; asked only if somebody is named who is not in the map.

    Raises:
        ApiError: the server failed. A token that may not list them is no error here: what names somebody
            who is not known fails by itself.
    """
    named = {
        link
        for step in plan.steps
        for content in (step.before, step.after)
        for link in links(step.kind, content)
        if link.to in (PERSON, GROUP, PALETTE) and not is_known(link, identity)
    }
    people, groups = dict(identity.people), dict(identity.groups)
    if any(link.to == PERSON for link in named):
        listed: dict[str, JsonObject] = {
            row.email: {"uuid": row.userUuid, "firstName": row.firstName, "lastName": row.lastName}
            for row in if_allowed(lightdash.members) or []
        }
        people = listed | people
    if any(link.to == GROUP for link in named):
        found: dict[str, JsonObject] = {
            row.name: {"uuid": row.uuid} for row in if_allowed(lightdash.groups) or []
        }
        groups = found | groups
    palettes = dict(identity.palettes)
    if any(link.to == PALETTE for link in named):
        rows = if_allowed(lightdash.color_palettes) or []
        palettes = palettes_by_name(rows) | palettes
    return replace(identity, people=people, groups=groups, palettes=palettes)


_ITEMS = "operations"
# Failures after which the server is taken to be gone: it is not asked ten thousand times.
MAX_UNAVAILABLE = 25


class OperationState(StrEnum):
    """What came of an operation."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Result:
    """What came of an operation.

    Attributes:
        operation: which.
        state: what.
        error: why it failed, or None.
        because: number of the operation without which it was not tried, or None.
        earlier: whether an earlier run did it.
    """

    operation: Operation
    state: OperationState
    error: SyncError | None = None
    because: int | None = None
    earlier: bool = False


@dataclass(frozen=True)
class ApplyOutcome:
    """What came of a plan.

    Attributes:
        results: of each operation, in their order.
        created: kind -> key -> facts (`uuid`; of dashboards `tiles` and `tabs`) of what the plan created,
            in this run or an earlier one.
        identity: the target's map with what was created.
        writes: how many requests this run sent that change something.
    """

    results: tuple[Result, ...]
    created: Mapping[Kind, Mapping[str, JsonObject]]
    identity: Identity
    writes: int

    def of(self, state: OperationState) -> list[Result]:
        """Return the operations of which this came."""
        return [result for result in self.results if result.state is state]

    @property
    def is_complete(self) -> bool:
        """Whether every operation is done."""
        return all(result.state is OperationState.DONE for result in self.results)


def apply_plan(
    plan: Plan,
    digest: str,
    identity: Identity,
    lightdash: Lightdash,
    writer: Writer,
    journal: Journal,
    progress: Progress,
    today: date,
    resumed: Journalled | None = None,
) -> ApplyOutcome:
    """Carry out a plan. It is not asked here whether it may be, nor whether the target changed since.

    Args:
        plan: what to do.
        digest: of the plan; a run is only continued with the plan that it began with.
        identity: what keys mean on the target before the run.
        lightdash: reads the target.
        writer: writes it.
        journal: open; that of the run that is continued, if one is.
        progress: is told how far the work is.
        today: the present day, in any time zone.
        resumed: what the journal told before it was opened, to continue that run.

    Returns:
        What came of each operation. Failures of single items are in it, and are not raised.

    Raises:
        NotAuthorised: the token is not accepted (any more).
        Unavailable: the server seems to be gone.
        Interrupted: the run was stopped. (As with these others, and any other exception, the run can be
            continued.)
        SyncError: the journal is of another plan.
    """
    earlier = resumed or Journalled()
    known = earlier.known
    if not earlier.is_begun:
        known = {kind: frozenset(identity.known_keys(kind)) for kind in Kind}
        journal.started(digest, known)
    elif earlier.digest != digest:
        raise SyncError("the run was begun with another plan", hint="Make a new plan, and apply that.")
    identity = with_people(identity, plan, lightdash)
    target = TargetProject(plan, identity, lightdash, writer, known, today, progress.noted)
    todo = operations(plan)
    stopped = lightdash.session.pacer.stopped
    workers = Workers(lightdash.session.connection.concurrency, stopped, Silent())
    with closing(workers), progress.track(_ITEMS, len(todo), "Writing") as advance:
        execution = _Execution(target, journal, advance, earlier, Newcomers(target))
        execution.learn_earlier(todo)

        def carry_out() -> None:
            for batch in _batches(todo, earlier.doubtful):
                if len(batch) == 1:
                    execution.run(batch[0])
                else:
                    workers.run(_ITEMS, batch, execution.run)
                execution.require_no_brake()

        run_stoppable(carry_out, execution.wind_down, stopped)
    journal.ended()
    results = tuple(execution.results[operation.number] for operation in todo)
    return ApplyOutcome(results, execution.created, target.identity, target.writes)


@dataclass
class _Execution:
    """A run; `run` may be called from several threads."""

    target: TargetProject
    journal: Journal
    advance: Callable[[], None]
    earlier: Journalled
    newcomers: Newcomers
    results: dict[int, Result] = field(default_factory=dict)
    created: dict[Kind, dict[str, JsonObject]] = field(default_factory=dict)
    _unavailable: int = 0
    _brake: SyncError | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def learn_earlier(self, todo: Iterable[Operation]) -> None:
        """Note what an earlier run created, before anything is looked at that may be taken for somebody's."""
        for operation in todo:
            if operation.number in self.earlier.done:
                self._learn(operation, self.earlier.done[operation.number])

    def run(self, unit: Sequence[Operation]) -> None:
        """Do operations of one item, one after the other; none any more once the brake is on."""
        for operation in unit:
            if self._brake is not None:
                return
            result = self._result(operation)
            with self._lock:
                self.results[operation.number] = result
            self.advance()

    def wind_down(self) -> None:
        """Begin nothing more."""
        with self._lock:
            self._brake = self._brake or Interrupted("stopped")

    def require_no_brake(self) -> None:
        """End the run if nothing more is to be begun; what was under way is journalled.

        Raises:
            NotAuthorised: the token is not accepted (any more).
            Unavailable: the server seems to be gone.
            Interrupted: the run was stopped.
        """
        if self._brake is not None:
            raise self._brake

    def _result(self, operation: Operation) -> Result:
        if operation.number in self.earlier.done:
            return Result(operation, OperationState.DONE, earlier=True)
        missing = [need for need in operation.needs if self.results[need].state is not OperationState.DONE]
        if missing:
            self.journal.skipped(operation, missing[0])
            return Result(operation, OperationState.SKIPPED, because=missing[0])
        step = self.target.plan.steps[operation.step]
        task = Task(operation, step, operation.number in self.earlier.doubtful)
        self.journal.begun(operation)
        try:
            if operation.what in CREATES and not task.doubtful:
                self.newcomers.require_none(task)
            facts = perform(self.target, task)
        except Interrupted:
            raise
        except SyncError as error:
            # A look that failed leaves open what it was to find out.
            unclear = isinstance(error, Unsure)
            unclear |= isinstance(error, ApiError) and (error.unclear or error.method == "GET")
            self.journal.failed(operation, error, unclear=unclear)
            self._brake_if_hopeless(error)
            return Result(operation, OperationState.FAILED, error)
        self._learn(operation, facts)
        self.journal.done(operation, facts)
        return Result(operation, OperationState.DONE)

    def _learn(self, operation: Operation, facts: JsonObject) -> None:
        if facts:
            step = self.target.plan.steps[operation.step]
            self.target.learn(step.kind, step.key, facts)
            with self._lock:
                self.created.setdefault(step.kind, {})[step.key] = facts

    def _brake_if_hopeless(self, error: SyncError) -> None:
        """Let nothing more be begun where it would fail, too. Nothing is raised here, in some worker."""
        with self._lock:
            self._unavailable += isinstance(error, Unavailable)
            unknown = isinstance(error, NotAuthorised) and error.status == 401
            if unknown or self._unavailable >= MAX_UNAVAILABLE:
                self._brake = self._brake or error


def _batches(todo: Sequence[Operation], doubtful: Collection[int] = ()) -> Iterator[list[list[Operation]]]:
    """Yield what may run side by side: lists of operations of one item each, in order within the item.

    Args:
        todo: all operations, in order.
        doubtful: numbers of those that may have been done before: they run alone.
    """
    batch: dict[int, list[Operation]] = {}
    for operation in todo:
        if not operation.parallel or operation.number in doubtful:
            if batch:
                yield [*batch.values()]
                batch = {}
            yield [[operation]]
        elif batch and any(need in _numbers(batch) for need in operation.needs):
            yield [*batch.values()]
            batch = {operation.step: [operation]}
        else:
            batch.setdefault(operation.step, []).append(operation)
    if batch:
        yield [*batch.values()]


def _numbers(batch: Mapping[int, Sequence[Operation]]) -> set[int]:
    return {operation.number for unit in batch.values() for operation in unit}
