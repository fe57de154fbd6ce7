"""The settings of an environment say who may get content; they hold whichever way a scheduler is written."""

from __future__ import annotations

from pathlib import Path

from lightdash_standin.faults import Fault, Faults
from tests.sync.desk import FROM_TO, SOURCE, TO, Desk

PLAN = Path("plan.json")
SCHEDULER = "scheduler:overview-each-hour"
NOBODY_ELSE = 'recipients = ["*@elsewhere.example"]\n'
COLLEAGUES = 'recipients = ["*@kettle.example"]\n'
CHANNELS = b'{"status":"ok","results":[{"id":"C0SALES","name":"#sales"}]}'


def refused(desk: Desk, *command: str) -> str:
    """Require that a command is refused for the scheduler, and writes nothing; return what it says."""
    with desk.nothing_is_written():
        done = desk.do(*command, code=4)
    assert SCHEDULER in done.out + done.err
    return done.out + done.err


def redirect(desk: Desk, *targets: dict[str, str]) -> None:
    """Let somebody change whom the scheduler of the source delivers to."""
    uuid = desk.scheduler(SOURCE)
    now = desk.send("GET", f"/schedulers/{uuid}")
    names = ("name", "message", "cron", "timezone", "format", "options", "filters", "selectedTabs")
    body = {name: now[name] for name in (*names, "thresholds", "includeLinks") if name in now}
    desk.send("PATCH", f"/schedulers/{uuid}", {**body, "targets": [*targets]})


def test_a_plan_file_is_refused_when_the_setting_no_longer_allows_it(desk: Desk) -> None:
    """It was made when more was allowed, or on a machine with other settings."""
    desk.do("plan", *FROM_TO, "--adopt-by-name", "-o", str(PLAN))
    desk.settle(NOBODY_ELSE)
    assert "someone@kettle.example" in refused(desk, "apply", str(PLAN))
    desk.settle(COLLEAGUES)
    desk.do("apply", str(PLAN))


def test_a_run_is_not_gone_on_with_when_the_setting_no_longer_allows_it(desk: Desk) -> None:

    def rule(_number: int, method: str, path: str) -> Fault | None:
        return Fault.status(400) if method == "POST" and path.endswith("/schedulers") else None

    desk.server.app.faults = Faults(rule=rule)
    desk.apply("--adopt-by-name", code=3)
    desk.calm()
    desk.settle(NOBODY_ELSE)
    refused(desk, "apply", "--resume", *TO)
    desk.settle(COLLEAGUES)
    desk.do("apply", "--resume", *TO)


def test_taking_a_run_back_does_not_bring_back_who_may_get_nothing(desk: Desk) -> None:
    desk.apply("--adopt-by-name")
    redirect(desk, {"recipient": "new@elsewhere.example"})
    desk.apply()
    desk.settle(NOBODY_ELSE)
    assert "someone@kettle.example" in refused(desk, "undo", *TO, "--yes")
    desk.settle(COLLEAGUES)
    desk.do("undo", *TO, "--yes")


def test_nothing_that_a_user_allows_widens_the_setting(desk: Desk) -> None:
    """It is the environment's, not the command's."""
    desk.settle(NOBODY_ELSE)
    said = refused(desk, "apply", *FROM_TO, "--adopt-by-name", "--allow-broken", "all", "--yes")
    assert "--allow-broken" not in said


def test_a_replay_goes_by_the_setting_too(desk: Desk) -> None:
    desk.settle(NOBODY_ELSE)
    replay = ("--via", "replay", "--env", SOURCE, *TO, "--with", "schedulers", "--adopt-by-name")
    refused(desk, "promote", "run", *replay, "--allow-twins", "all", "--allow-broken", "all", "--yes")


def test_a_channel_is_allowed_by_its_name_and_by_nothing_else(desk: Desk) -> None:
    """All addresses are allowed, and that says nothing of Slack; at the apply its name is asked for again."""
    redirect(desk, {"channel": "C0SALES"}, {"recipient": "someone@kettle.example"})
    desk.server.app.faults = Faults(
        rule=lambda _n, _m, path: Fault.content(CHANNELS) if path.endswith("/slack/channels") else None
    )
    desk.settle('recipients = ["*"]\n')
    assert "#sales (C0SALES)" in refused(desk, "plan", *FROM_TO, "--adopt-by-name")
    desk.settle('recipients = ["*", "slack:#finance"]\n')
    refused(desk, "plan", *FROM_TO, "--adopt-by-name")
    desk.settle('recipients = ["*", "slack:#sales"]\n')
    desk.do("plan", *FROM_TO, "--adopt-by-name", "-o", str(PLAN))
    desk.settle('recipients = ["*", "slack:#finance"]\n')
    refused(desk, "apply", str(PLAN))
    desk.settle('recipients = ["*", "slack:#sales"]\n')
    desk.do("apply", str(PLAN))


def test_a_setting_that_names_no_place_is_an_error(desk: Desk) -> None:
    desk.settle('recipients = ["*@kettle.example", "teams:*"]\n')
    done = desk.do("plan", *FROM_TO, code=2)
    assert "no kind of place to deliver to" in done.err
