"""Two projects, people who edit both, plans with all sorts of options, failures, kills, undo: promises hold.

After every step: an apply changed nothing but what its plan said, nothing is there that neither people
made nor the tool knows, nothing of the target's people was overwritten without a flag, what is remembered
is whole, and after all is done there is nothing left to do.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from lightdash_standin.faults import Fault
from lightdash_standin.state import VERSION
from lightdash_sync.content.kinds import Kind
from lightdash_sync.lightdash.versions import NEWEST, Server
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.verify import verify
from lightdash_sync.sync.plan.document import from_bytes
from tests.apply.small_world import small_world
from tests.sync.desk import FROM_TO, SOURCE, TARGET, TO, Desk, desk_at
from tests.sync.killing import Killed, killing
from tests.sync.rows import Contents, Rows, contents_of, differences, hidden_charts, rows_of
from tests.worlds import SERVED

VERSIONS = (VERSION, "0.2904.5", ".".join(map(str, NEWEST)))
CHANCES = st.integers(0, 2**32)
FAULTS = {
    "cut": Fault.cut(),
    "refused": Fault.status(403),
    "502": Fault.status(502, body="html").late(),
    "dropped": Fault.dropped(),
}
FLAGS = ("--delete", "--max-deletes=1000", "--allow-twins=all", "--allow-broken=all")
# Where files cost nothing: each step writes and drops hundreds of small ones.
MEMORY = Path("/dev/shm")
THEN = st.sampled_from(("nothing", "resume", "undo"))
DRIFT: tuple[tuple[str, ...], ...] = ((), ("--allow-drift=all",), ("--merge",))


class TwoProjects(RuleBasedStateMachine):
    """The source and the target, and what is known of both."""

    version = SERVED

    @initialize()
    def begin(self) -> None:
        """Both are alike."""
        self.stack = ExitStack()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.desk: Desk = self.stack.enter_context(desk_at(small_world(self.version), self.folder / "work"))
        self.desk.settle("concurrency = 1\n")  # so that the same write fails each time
        self.peoples = {*self.rows()}
        self.unfinished = False
        self.found = self.contents()
        self.last: Contents | None = None
        self.desk.apply("--adopt-by-name")

    def teardown(self) -> None:
        """Leave nothing behind."""
        if hasattr(self, "stack"):
            self.stack.close()
            shutil.rmtree(self.folder)

    def rows(self) -> Rows:
        """What the target holds."""
        return rows_of(self.desk.world, self.desk.projects[TARGET])

    def contents(self) -> Contents:
        """The same, whatever version it is in."""
        return contents_of(self.desk.world, self.desk.projects[TARGET])

    @rule(chance=CHANCES, count=st.integers(1, 4))
    def people_edit_the_source(self, chance: int, count: int) -> None:
        self._edit(SOURCE, chance, count)

    @rule(chance=CHANCES, count=st.integers(1, 3))
    def people_edit_the_target(self, chance: int, count: int) -> None:
        before = self.rows()
        self._edit(TARGET, chance, count)
        self.peoples |= self.rows().keys() - before.keys()
        self.last = None

    def _edit(self, where: str, chance: int, count: int) -> None:
        editors = self.desk.editors(where, Random(chance))
        for _ in range(count):
            editors.edit()
        editors.close()

    @rule(delete=st.booleans(), drift=st.sampled_from(DRIFT))
    def sync(self, delete: bool, drift: tuple[str, ...]) -> None:
        """A plan is applied, or refused because of drift that no flag allows."""
        self._apply((*FLAGS[0 if delete else 2 :], *drift))

    @rule(fault=st.sampled_from(sorted(FAULTS)), number=st.integers(1, 12), then=THEN)
    def sync_that_fails(self, fault: str, number: int, then: str) -> None:
        """An answer is lost, or a write refused; then the run goes on, is taken back, or overtaken."""
        self.desk.strike(number, FAULTS[fault])
        self._apply((*FLAGS, "--allow-drift=all"), may_fail=True)
        self.desk.calm()
        self._after(then)

    @rule(line=st.integers(1, 20), then=THEN)
    def sync_that_is_killed(self, line: int, then: str) -> None:
        """Between any two lines of its journal; then the run goes on, is taken back, or overtaken."""
        with killing(line):
            self._apply((*FLAGS, "--allow-drift=all"), may_fail=True)
        self._after(then)

    @rule()
    def undo(self) -> None:
        """The target is again what it was before the last run, unless a chart had left its dashboard."""
        if self.last is not None:
            self._undo("undo")

    @rule(line=st.integers(1, 20), again=st.sampled_from(("undo", "apply --resume")))
    def undo_that_is_killed(self, line: int, again: str) -> None:
        """Whichever way it goes on, it ends where it would have ended."""
        if self.last is None:
            return
        with killing(line):
            code = self.desk_run("undo", *TO, "--yes")
        if code == -9:
            self._undo(again)
        else:
            self.last = None

    def _undo(self, command: str) -> None:
        undone = self.desk.do(*command.split(), *TO, "--yes", may=(0, 4))
        said = f"{undone.out}{undone.err}".replace("\n", " ")
        if undone.code == 0 or "wrote nothing" in said:
            # Whether a delivery that is made anew is on is left to people; older servers choose each slug.
            lost = {"enabled"} if Server(self.version).can("chosen_slugs") else {"enabled", "slug"}
            found = differences(self.last or {}, self.contents(), frozenset(lost))
            assert not found, "\n".join(found)
        else:
            assert "Lightdash cannot move a chart into a dashboard" in said, said
        if "nobody knows whether chart:" in said:  # made inside a dashboard, and in no list of old servers
            self.peoples |= hidden_charts(self.desk.world, self.desk.projects[TARGET])
        self.last = None
        self._is_sound()

    def _after(self, then: str) -> None:
        """Go on with a run that did not do all, or take it back, or neither."""
        if not self.unfinished or then == "nothing":
            return
        if then == "undo":
            self.last = self.found
            self._undo("undo")
        else:
            self._resume()
        self.unfinished = False

    def _apply(self, flags: tuple[str, ...], *, may_fail: bool = False) -> None:
        before, contents = self.rows(), self.contents()
        done = self.desk_run("plan", *FROM_TO, *flags, "-o", "plan.json")
        plan = from_bytes((self.desk.folder / "plan.json").read_bytes())
        if done == 4:
            drifted = [one for one in plan.drift if not one.allowed]
            # Somebody else has a name, or put a delivery on what would be deleted.
            taken = {"name_taken", "not_empty"} & {one.code for one in plan.problems}
            # Two tags of one name cannot be, where a server refuses the second.
            taken |= {str(one.kind) for one in plan.twins if one.kind is Kind.TAG}
            assert drifted or taken, plan.refusals()
            with self.desk.nothing_is_written():
                assert self.desk_run("apply", "plan.json", "--yes") == 4
            return
        assert done == 0
        code = self.desk_run("apply", "plan.json", "--yes")
        assert code in ((0, 3, -9) if may_fail else (0,))
        self.unfinished = code != 0
        touched = {(step.kind, step.uuid) for step in plan.steps}
        after = self.rows()
        changed = {item for item, row in before.items() if after.get(item) != row}
        assert changed <= touched, changed - touched
        self.found = contents
        self.last = contents if code == 0 and plan.steps else None
        if code == 0:
            self._is_complete(flags)

    def _resume(self) -> None:
        code = self.desk_run("apply", "--resume", *TO, "--yes")
        assert code == 0
        self.last = self.found
        self._is_complete((*FLAGS, "--allow-drift=all"))

    def _is_complete(self, flags: tuple[str, ...]) -> None:
        left = [(step["verb"], step["key"]) for step in self.desk.plan(*flags)["steps"]]
        assert not left, left
        self._is_sound()

    def _is_sound(self) -> None:
        damages = verify(self.desk.memory).damages
        assert not damages, damages
        assert self.desk.world.crashes == []
        known = {
            (kind, str(facts["uuid"]))
            for kind, entries in Snapshot(self.desk.memory).identity().items.items()
            for facts in entries.values()
            if "sync" in facts
        }
        rows = self.rows()
        strays = {item: rows[item] for item in rows.keys() - known - self.peoples}
        assert not strays, strays

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


def _run(version: str, examples: int, steps: int, chosen: object) -> None:
    """Let hypothesis make up what happens; with a seed of ours, the same each time."""
    machine = type("TwoProjects", (TwoProjects,), {"version": version})
    if chosen is not None:
        seed(f"{chosen} {version}")(machine)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.early
def test_all_promises_hold_whatever_people_and_failures_do(request: pytest.FixtureRequest) -> None:
    _run(SERVED, 2, 6, request.config.getoption("--hypothesis-seed"))


@pytest.mark.slow
@pytest.mark.early
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("shard", range(12))
def test_all_promises_hold_for_long(request: pytest.FixtureRequest, shard: int) -> None:
    """In pieces, which workers share, and of which CI takes others each time; versions take turns."""
    chosen = request.config.getoption("--hypothesis-seed")
    _run(VERSIONS[shard % len(VERSIONS)], 8, 20, chosen and f"{chosen} {shard}")
