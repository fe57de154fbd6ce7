"""What `doctor` finds, from the network to the role."""

from __future__ import annotations

import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from lightdash_standin import seed
from lightdash_standin.faults import Fault, Faults
from lightdash_standin.people import add_service_account, issue_oauth_token, issue_token
from lightdash_standin.server import Server
from lightdash_sync.doctor import Check, examine
from lightdash_sync.lightdash.versions import Server as Version
from tests.cli.running import reach, run
from tests.exporting import lightdash_at
from tests.worlds import SERVED, can, demo_world, empty_world

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_standin.state import World

HEALTH = b'{"status":"ok","results":{"healthy":true,"version":"%s","isAuthenticated":true}}'


def _examine(
    world: World, wanted: str | None, *, who: str = "admin", faults: Faults | None = None
) -> dict[str, Check]:
    """Examine a served world; return the checks by name, the last of each."""
    with Server(world, faults=faults) as server:
        lightdash = lightdash_at(server.url, world.tokens.get(who, who))
        with lightdash.session:
            checks = examine(lightdash, wanted)
    assert all(method == "GET" for method, _ in world.requests)
    return {check.name: check for check in checks}


def _health(version: str) -> Faults:
    """A server of another version."""
    answer = Fault.content(HEALTH % version.encode())
    return Faults(rule=lambda _n, _method, path: answer if path.endswith("/health") else None)


def _clock(date: str | None) -> Check:
    """Examine a server that says another date, and nothing but its health."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = HEALTH % b"0.1372.1"
            self.send_response_only(200 if self.path.endswith("/health") else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if date is not None:
                self.send_header("Date", date)
            self.end_headers()
            self.wfile.write(body)

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        lightdash = lightdash_at(f"http://127.0.0.1:{server.server_port}", "token")
        with lightdash.session:
            checks = examine(lightdash, None)
        server.shutdown()
        thread.join()
    return next(check for check in checks if check.name == "clock")


def _views(world: World) -> list[int]:
    return [chart.views for chart in world.charts.values()] + [
        dashboard.views for dashboard in world.dashboards.values()
    ]


def _in(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def test_a_good_setup_has_no_warning() -> None:
    """Server, version, clock, token, project, role, rights, upstream, spaces: all looked at, and fine."""
    world = demo_world()
    checks = _examine(world, world.projects["staging"])
    states = {name: check.state for name, check in checks.items()}
    names = ["server", "version", "clock", "token", "project", "role", "rights", "upstream", "spaces"]
    names.append("left out")  # groups at least
    if Version(SERVED).lacks():
        names.append("limits")
    assert states == dict.fromkeys(names, "ok")
    assert "Kettle (production)" in checks["upstream"].detail
    assert "ada.kovac@kettle.example" in checks["token"].detail
    assert all(check.exit_code == 0 and check.hint == "" for check in checks.values())


def test_looking_leaves_no_trace() -> None:
    """`doctor` reads, and counts no view of anything."""
    world = demo_world()
    before = _views(world)
    _examine(world, world.projects["production"])
    assert before == _views(world)


def test_a_project_that_does_not_promote() -> None:
    """No upstream is no problem, and is said."""
    world = demo_world()
    check = _examine(world, world.projects["production"])["upstream"]
    assert (check.state, check.detail) == ("ok", "none: this project does not promote")


def test_an_upstream_that_the_token_does_not_see() -> None:
    """An upstream project out of sight is a warning with what to do."""
    world = demo_world()
    uuid = "99999999-9999-4999-8999-999999999999"
    world.project_rows[world.projects["staging"]].upstream_uuid = uuid
    check = _examine(world, world.projects["staging"])["upstream"]
    assert check.state == "warning"
    assert uuid in check.detail
    assert "both projects" in check.hint


@pytest.mark.parametrize("who", ["editor", "viewer"])
def test_a_token_that_may_miss_private_spaces(who: str) -> None:
    """A token that is not an admin's gets the warning that spaces may be missing without a trace."""
    world = demo_world()
    checks = _examine(world, world.projects["production"], who=who)
    assert checks["role"].state == "warning"
    assert "admin" in checks["role"].hint


@pytest.mark.parametrize(
    ("who", "missing"),
    [
        ("viewer", ["create spaces", "write schedulers", "write tags", "promote charts", "validate"]),
        ("interactive_viewer", ["write SQL charts", "write tags", "validate"]),
    ],
)
def test_what_a_token_may_not_do(who: str, missing: list[str]) -> None:
    """The work that the owner of a token may not do is named, and nothing else is."""
    world = demo_world()
    check = _examine(world, world.projects["production"], who=who)["rights"]
    assert check.state == "warning"
    assert all(words in check.detail for words in missing)
    assert "write charts" not in check.detail or who == "viewer"


@pytest.mark.skipif(SERVED == "0.1372.1", reason="0.1372.1 knows personal access tokens only")
def test_whose_token_of_which_kind() -> None:
    """The kind of a token is said: a service account by its description, OAuth with how long it lives."""
    world = demo_world()
    owner = world.people[world.token_rows[world.tokens["admin"]].person_uuid]
    robot = add_service_account(world, owner.org_uuid, "Nightly backup", "admin").secret
    app = issue_oauth_token(world, owner).secret
    checks = _examine(world, world.projects["staging"], who=robot)
    assert checks["token"].detail == "service account token of Nightly backup, admin"
    assert {check.state for check in checks.values()} == {"ok"}
    detail = _examine(world, world.projects["staging"], who=app)["token"].detail
    assert detail.startswith(f"OAuth token of {owner.email}")
    assert "expires" in detail
    detail = _examine(world, world.projects["staging"])["token"].detail
    assert detail == f"personal access token of {owner.email}, admin"


def test_no_project_is_chosen() -> None:
    """Several visible projects and none chosen: a warning, and no check of what needs one."""
    checks = _examine(demo_world(), None)
    assert checks["project"].state == "warning"
    assert "2 are visible" in checks["project"].detail
    assert {"role", "upstream", "spaces"}.isdisjoint(checks)


def test_the_only_project_is_chosen() -> None:
    """A token that sees one project needs no name for it."""
    world = empty_world()
    gone = world.projects["staging"]
    del world.project_rows[gone]
    assert _examine(world, None)["project"].state == "ok"


def test_an_unknown_project_is_wrong_usage() -> None:
    """A project that the token does not see fails with the list of those it does."""
    checks = _examine(demo_world(), "No such project")
    assert (checks["answer"].state, checks["answer"].exit_code) == ("failed", 2)
    assert "Kettle (staging)" in checks["answer"].hint


def test_a_token_that_is_not_known() -> None:
    """A wrong token fails as not authorised, after the checks that need none."""
    checks = _examine(demo_world(), None, who="no-such-token")
    assert checks["server"].state == "ok"
    assert (checks["answer"].state, checks["answer"].exit_code) == ("failed", 12)
    assert "personal access token" in checks["answer"].hint


def test_a_server_that_is_not_there() -> None:
    """Nobody listens: one failed check that names the URL, and no other."""
    lightdash = lightdash_at("http://127.0.0.1:9", "token")
    with lightdash.session:
        (check,) = examine(lightdash, None)
    assert (check.state, check.exit_code) == ("failed", 1)
    assert "http://127.0.0.1:9" in check.hint


def test_a_server_that_is_too_old() -> None:
    """A version before the first supported one fails, and says which that is."""
    check = _examine(demo_world(), None, faults=_health("0.1300.0"))["answer"]
    assert (check.state, check.exit_code) == ("failed", 1)
    assert "0.1372.1" in check.detail


def test_a_server_that_is_newer_than_known() -> None:
    """A version that nobody has tried is a warning, not a failure."""
    world = demo_world()
    checks = _examine(world, world.projects["production"], faults=_health("9.0.0"))
    assert checks["version"].state == "warning"
    assert "limits" not in checks
    assert checks["spaces"].state == "ok"


@pytest.mark.parametrize(("version", "lacks"), [("0.2904.5", True), ("1.219.0", False)])
def test_a_server_that_is_known(version: str, *, lacks: bool) -> None:
    """A version that was tried is no warning; what it lacks is named, and the newest one lacks nothing."""
    world = seed.demo_world(version)
    checks = _examine(world, world.projects["production"])
    assert checks["version"].state == "ok"
    assert ("limits" in checks) == lacks


@pytest.mark.parametrize(
    ("seconds", "state"), [(0, "ok"), (-50, "ok"), (-75, "warning"), (75, "warning"), (90_000, "warning")]
)
def test_clocks_that_differ(seconds: float, state: str) -> None:
    """More than a minute between the clocks is a warning, in either direction."""
    assert _clock(_in(seconds)).state == state


def test_a_date_without_a_zone_is_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """A `-0000` in the Date header means UTC, wherever this machine is."""
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        assert _clock(_in(0).replace("GMT", "-0000")).detail == "agrees with the server's"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("date", [None, "", "yesterday", "Mon, 01 Jan 99999999999 00:00:00 GMT", "0"])
def test_a_date_that_is_none(date: str | None) -> None:
    """A Date header that makes no sense is not taken for a wrong clock, nor for a bug."""
    assert "does not tell" in _clock(date).detail


@pytest.mark.skipif(not can("oauth_tokens"), reason="old versions list tokens for sessions only")
def test_a_token_that_expires_soon_is_a_warning() -> None:
    """The day is told as soon as there is one; what to do, two weeks before."""
    for days, state in ((400, "ok"), (13, "warning")):
        world = demo_world()
        admin = world.people[world.token_rows[world.tokens["admin"]].person_uuid]
        expires = (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        token = issue_token(world, admin, "expires", expires)
        check = _examine(world, world.projects["production"], who=token.secret)["token"]
        assert check.state == state
        assert f"expires on {expires[:10]}" in check.detail
        assert ("Make a personal access token" in check.hint) == (state == "warning")


@pytest.mark.skipif(not can("oauth_tokens"), reason="old versions list tokens for sessions only")
def test_which_of_two_busy_tokens_expires_is_not_guessed() -> None:
    """The list has no secrets: a token is known by its being the only one that was used lately."""
    world = demo_world()
    admin = world.people[world.token_rows[world.tokens["admin"]].person_uuid]
    token = issue_token(world, admin, "expires", "2999-01-01T00:00:00.000Z")
    world.token_rows[world.tokens["admin"]].last_used = world.clock.now()
    assert "expires" not in _examine(world, world.projects["production"], who=token.secret)["token"].detail


def test_a_token_that_cannot_make_a_backup_is_told_so_by_doctor_and_by_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A viewer may not read schedulers: both say so, and name a command that exists."""
    monkeypatch.chdir(tmp_path)
    world = demo_world()
    subprocess.run(["git", "init", "-q"], check=True)
    check = _examine(world, world.projects["production"], who="viewer")["rights"]
    assert check.state == "warning"
    assert "may not read schedulers" in check.detail
    assert "project admin" in check.hint
    with Server(world) as server:
        env = reach(server, "viewer")
        done = run("backup", env=env)
        assert done.code == 12
        assert "project admin" in done.err
        assert "lightdash-sync export --only space,chart,sql_chart,dashboard" in done.err
        only = ["--only", "space,chart,sql_chart,dashboard", "--path", "p", "--no-history"]
        assert run("export", *only, env=env).code in (0, 3)
