"""A process that is killed in the middle of an apply: the run goes on, or a new one takes its place."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_sync.sync.apply.journal import read_journal
from tests.cli.running import Done, ended, started
from tests.sync.desk import FROM_TO, SOURCE, TARGET, TO, Desk
from tests.sync.people import People
from tests.sync.rows import rows_of


def killed(desk: Desk, number: int) -> Done:
    """Apply in a process that is killed when the server has done its n-th write, before it answers."""
    process: list[subprocess.Popen[str]] = []
    came = 0

    def rule(_number: int, method: str, _path: str) -> Fault | None:
        nonlocal came
        came += method != "GET"
        if method != "GET" and came == number:
            os.killpg(process[0].pid, signal.SIGKILL)
            return Fault.dropped().late()
        return None

    desk.server.app.faults = Faults(rule=rule)
    process.append(started("apply", *FROM_TO, "--adopt-by-name", "--yes", home=desk.folder, env=desk.env))
    done = ended(process[0])
    desk.calm()
    assert done.code == -signal.SIGKILL
    return done


def require_alike(desk: Desk) -> None:
    """Require that the target is what the source is, with nothing twice, and nothing left to do."""
    assert desk.content(SOURCE) == desk.content(TARGET)
    kinds = [
        sorted(kind for kind, _ in rows_of(desk.world, desk.projects[where])) for where in (SOURCE, TARGET)
    ]
    assert kinds[0] == kinds[1]
    assert desk.plan("--delete")["empty"]


@pytest.mark.parametrize("number", [1, 5, 10, 16])
def test_a_killed_run_goes_on(desk: Desk, number: int) -> None:
    killed(desk, number)
    (run,) = desk.do("runs", *TO, "--json").json["runs"]
    assert run["state"] == "unfinished"
    assert "apply --resume" in desk.do("plan", *FROM_TO, may=(0, 4)).err
    desk.do("apply", "--resume", *TO, "--yes")
    require_alike(desk)
    assert "there is no unfinished run" in desk.do("apply", "--resume", *TO, code=1).err


@pytest.mark.parametrize("number", [2, 12])
def test_a_killed_run_that_went_on_is_undone_whole(desk: Desk, number: int) -> None:
    """What it made before and after is deleted again."""
    before = desk.content(TARGET)
    killed(desk, number)
    desk.do("apply", "--resume", *TO, "--yes")
    desk.do("undo", *TO, "--yes")
    assert desk.content(TARGET) == before


def test_a_run_does_not_go_on_over_somebody_elses_work(desk: Desk) -> None:
    desk.apply("--adopt-by-name")
    here, there = People(desk, SOURCE), People(desk, TARGET)
    here.chart_query()
    here.scheduler_cron()
    here.dashboard_tile()
    killed(desk, 1)
    there.scheduler_cron()
    with desk.nothing_is_written():
        done = desk.do("apply", "--resume", *TO, "--yes", code=5)
    assert "scheduler:overview-each-hour was changed" in done.err


def test_a_torn_journal_is_gone_on_with(desk: Desk) -> None:
    """Its last line is half of one: what it would have said is looked for."""
    killed(desk, 6)
    with (desk.runs[-1] / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"event":"done","op":5,"wh')
    desk.do("apply", "--resume", *TO, "--yes")
    require_alike(desk)


@pytest.mark.parametrize("number", [6, 7])
def test_a_journal_that_lost_its_last_line_makes_nothing_twice(desk: Desk, number: int) -> None:
    """What was made and is not journalled is a twin, which stops the run from going on.

    Nobody knows who made it, so it is overwritten only if that is allowed.
    """
    killed(desk, number)
    journal = desk.runs[-1] / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-9])
    if desk.do("apply", "--resume", *TO, "--yes", may=(0, 5)).code == 5:
        desk.apply("--adopt-by-name", "--allow-drift", "chart:orders")
    require_alike(desk)


@pytest.mark.parametrize("number", [2, 5, 8, 13, 19])
def test_a_plain_apply_knows_what_a_killed_run_created(desk: Desk, number: int) -> None:
    """It looks in the open journal first, so nothing that the killed run made is taken for a stranger's."""
    killed(desk, number)
    desk.do("apply", *FROM_TO, "--yes")
    require_alike(desk)


@pytest.mark.parametrize("number", [5, 8])
def test_a_plain_apply_knows_what_was_created_before_the_token_expired(desk: Desk, number: int) -> None:
    """The answer of a create is lost, and so is each answer to the question whether it was carried out."""
    came = 0

    def rule(_number: int, method: str, _path: str) -> Fault | None:
        nonlocal came
        came += method != "GET"
        if came < number:
            return None
        if method != "GET" and came == number:
            return Fault.status(502, body="html").late()
        return Fault.status(401)

    desk.server.app.faults = Faults(rule=rule)
    desk.do("apply", *FROM_TO, "--adopt-by-name", "--yes", code=12)
    desk.calm()
    assert read_journal(desk.runs[-1] / "journal.jsonl").doubtful
    desk.do("apply", *FROM_TO, "--yes")
    require_alike(desk)


@pytest.mark.slow
@pytest.mark.parametrize("resume", [True, False])
@pytest.mark.parametrize("number", range(1, 24))
def test_a_run_can_be_killed_at_any_write(desk: Desk, number: int, resume: bool) -> None:
    """Going on with it ends the work, and so does a new plan."""
    killed(desk, number)
    desk.do("apply", *(("--resume", *TO) if resume else FROM_TO), "--yes")
    require_alike(desk)


@pytest.mark.parametrize("number", [3, 10, 16])  # alone, and the first two of three requests of one operation
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_waits_for_the_answer_that_is_under_way(
    desk: Desk, number: int, sent: signal.Signals
) -> None:
    """What the server is about to answer is known to be done; nothing is left in doubt."""
    process: list[subprocess.Popen[str]] = []
    came = 0

    def rule(_number: int, method: str, _path: str) -> Fault | None:
        nonlocal came
        came += method != "GET"
        if method != "GET" and came == number:
            process[0].send_signal(sent)
            return Fault.wait(1.0)
        return None

    desk.server.app.faults = Faults(rule=rule)
    process.append(started("apply", *FROM_TO, "--adopt-by-name", "--yes", home=desk.folder, env=desk.env))
    done = ended(process[0])
    desk.calm()
    assert done.code == 130
    assert "apply --resume" in done.err
    journal = read_journal(desk.runs[-1] / "journal.jsonl")
    assert journal.done
    assert journal.doubtful == frozenset()
    assert not journal.failed
    desk.apply("--adopt-by-name")
    require_alike(desk)
