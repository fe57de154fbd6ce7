"""Two projects, people who edit both, plans with all sorts of options, failures, kills, undo: promises hold.

After every step: an apply changed nothing but what its plan said, nothing is there that neither people
made nor the tool knows, nothing of the target's people was overwritten without a flag, what is remembered
is whole, and after all is done there is nothing left to do.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from lightdash_sync.apply.journal import Journal
from lightdash_sync.demo.faults import Fault
from lightdash_sync.model.canonical import JsonObject
from lightdash_sync.plan.document import from_bytes
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.verify import verify
from tests.apply.small_world import small_world
from tests.sync.desk import FROM_TO, SOURCE, TARGET, TO, Desk, desk_at
from tests.sync.rows import Rows, rows_of

SEEDS = st.integers(0, 2**32)
FAULTS = {
    "cut": Fault.cut(),
    "refused": Fault.status(403),
    "502": Fault.status(502, body="html").late(),
    "dropped": Fault.dropped(),
}
FLAGS = ("--delete", "--max-deletes=1000", "--allow-twins=all", "--allow-broken=all")
DRIFT: tuple[tuple[str, ...], ...] = ((), ("--allow-drift=all",), ("--merge",))


class Killed(BaseException):
    """The end of a process, as far as a test can have it."""


@contextmanager
def killing(line: int) -> Iterator[None]:
    """Let the process die in the place of writing a line of its journal."""
    came, real = 0, Journal._write

    def write(journal: Journal, record: JsonObject) -> None:
        nonlocal came
        came += 1
        if came >= line:
            raise Killed
        real(journal, record)

    with patch.object(Journal, "_write", write):
        yield


class TwoProjects(RuleBasedStateMachine):
    """The source and the target, and what is known of both."""

    @initialize()
    def begin(self) -> None:
        """Both are alike."""
        self.stack = ExitStack()
        self.folder = Path(tempfile.mkdtemp())
        self.desk: Desk = self.stack.enter_context(desk_at(small_world(), self.folder / "work"))
        self.peoples = {*self.rows()}
        self.unfinished = False
        self.last: dict[str, bytes] | None = None
        self.desk.apply("--adopt-by-name")

    def teardown(self) -> None:
        """Leave nothing behind."""
        if hasattr(self, "stack"):
            self.stack.close()
            shutil.rmtree(self.folder)

    def rows(self) -> Rows:
        """What the target holds."""
        return rows_of(self.desk.world, self.desk.projects[TARGET])

    @rule(seed=SEEDS, count=st.integers(1, 4))
    def people_edit_the_source(self, seed: int, count: int) -> None:
        self._edit(SOURCE, seed, count)

    @rule(seed=SEEDS, count=st.integers(1, 3))
    def people_edit_the_target(self, seed: int, count: int) -> None:
        before = self.rows()
        self._edit(TARGET, seed, count)
        self.peoples |= self.rows().keys() - before.keys()
        self.last = None

    def _edit(self, where: str, seed: int, count: int) -> None:
        editors = self.desk.editors(where, Random(seed))
        for _ in range(count):
            editors.edit()
        editors.close()

    @rule(delete=st.booleans(), drift=st.sampled_from(DRIFT))
    def sync(self, delete: bool, drift: tuple[str, ...]) -> None:
        """A plan is applied, or refused because of drift that no flag allows."""
        self._apply((*FLAGS[0 if delete else 2 :], *drift))

    @rule(fault=st.sampled_from(sorted(FAULTS)), number=st.integers(1, 12), resume=st.booleans())
    def sync_that_fails(self, fault: str, number: int, resume: bool) -> None:
        """An answer is lost, or a write refused; then the run goes on, or another takes its place."""
        self.desk.strike(number, FAULTS[fault])
        self._apply((*FLAGS, "--allow-drift=all"), may_fail=True)
        self.desk.calm()
        if resume and self.unfinished:
            self._resume()

    @rule(line=st.integers(1, 20), resume=st.booleans())
    def sync_that_is_killed(self, line: int, resume: bool) -> None:
        """Between any two lines of its journal; then the run goes on, or another takes its place."""
        with killing(line):
            self._apply((*FLAGS, "--allow-drift=all"), may_fail=True)
        if resume and self.unfinished:
            self._resume()

    @precondition(lambda self: self.last is not None)
    @rule()
    def undo(self) -> None:
        """The target is again what it was before the last run, unless a chart had left its dashboard."""
        undone = self.desk.do("undo", *TO, "--yes", may=(0, 4))
        if undone.code == 4:
            assert "Lightdash cannot move a chart into a dashboard" in undone.out.replace("\n", " ")
        else:
            assert self.desk.content(TARGET) == self.last
        self.last = None
        self._is_sound()

    def _apply(self, flags: tuple[str, ...], *, may_fail: bool = False) -> None:
        before, content = self.rows(), self.desk.content(TARGET)
        done = self.desk_run("plan", *FROM_TO, *flags, "-o", "plan.json")
        plan = from_bytes((self.desk.folder / "plan.json").read_bytes())
        if done == 4:
            drifted = [one for one in plan.drift if not one.allowed]
            assert drifted or "name_taken" in {one.code for one in plan.problems}, plan.refusals()
            with self.desk.nothing_is_written():
                assert self.desk_run("apply", "plan.json", "--yes") == 4
            return
        assert done == 0
        code = self.desk_run("apply", "plan.json", "--yes")
        assert code in ((0, 3, -9) if may_fail else (0,))
        self.unfinished = code != 0
        touched = {(step.kind, step.uuid) for step in plan.steps}
        changed = {item for item, row in before.items() if self.rows().get(item) != row}
        assert changed <= touched
        self.last = content if code == 0 and plan.steps else None
        if code == 0:
            self._is_complete(flags)

    def _resume(self) -> None:
        code = self.desk_run("apply", "--resume", *TO, "--yes")
        assert code == 0
        self.unfinished = False
        self._is_complete((*FLAGS, "--allow-drift=all"))

    def _is_complete(self, flags: tuple[str, ...]) -> None:
        left = self.desk.plan(*flags)
        assert [(step["verb"], step["key"]) for step in left["steps"]] == []
        self._is_sound()

    def _is_sound(self) -> None:
        assert verify(self.desk.memory).damages == []
        assert self.desk.world.crashes == []
        known = {
            (kind, str(facts["uuid"]))
            for kind, entries in Snapshot(self.desk.memory).identity().items.items()
            for facts in entries.values()
            if "sync" in facts
        }
        assert self.rows().keys() - known - self.peoples == set()

    def desk_run(self, *arguments: str) -> int:
        """Run the command, and return how it ends; -9 if it was killed."""
        from tests.cli.running import run

        try:
            done = run(*arguments, env=self.desk.env)
        except Killed:
            return -9
        assert "Traceback" not in done.err
        assert done.code in (0, 3, 4), (done.code, done.out, done.err)
        return done.code


def _run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        TwoProjects,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.early
def test_all_promises_hold_whatever_people_and_failures_do() -> None:
    _run(2, 6)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_all_promises_hold_for_long() -> None:
    _run(100, 20)
