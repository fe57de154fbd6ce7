"""Faults strike when ordered, before or after the work, and leave nothing on the console."""

from __future__ import annotations

import time

import httpx
import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_standin.seed import empty_world

from .asking import serving


def _one(fault: Fault) -> Faults:
    return Faults({1: fault})


@pytest.mark.parametrize("body", ["json", "html", "text", "empty"])
def test_a_status_with_a_body_and_retry_after(body: str) -> None:
    world = empty_world()
    fault = Fault.status(503, body=body, retry_after="Wed, 21 Oct 2099 07:28:00 GMT")  # type: ignore[arg-type]
    with serving(world, _one(fault)) as server:
        asker = server.asker()
        answer = asker.http.get("/user")
        assert answer.status_code == 503
        assert answer.headers["retry-after"].startswith("Wed")
        assert bool(answer.content) == (body != "empty")
        assert asker.status("GET", "/user") == 200


@pytest.mark.parametrize(
    ("fault", "content"),
    [
        (Fault.empty(), b""),
        (Fault.wrong_envelope("error"), b'{"status":"error"}'),
        (Fault.wrong_envelope("list"), b"[]"),
        (Fault.wrong_envelope("missing"), b'{"status":"ok"}'),
        (Fault.not_a_number(), b'{"status":"ok","results":{"value":NaN}}'),
    ],
)
def test_a_success_with_a_wrong_body(fault: Fault, content: bytes) -> None:
    world = empty_world()
    with serving(world, _one(fault)) as server:
        answer = server.asker().http.get("/user")
        assert (answer.status_code, answer.content) == (200, content)


def test_a_login_page_cut_json_and_a_redirect() -> None:
    world = empty_world()
    faults = Faults({1: Fault.login_page(), 2: Fault.cut_json(), 3: Fault.redirect("http://127.0.0.1:1/")})
    with serving(world, faults) as server:
        http = server.asker().http
        assert http.get("/user").headers["content-type"].startswith("text/html")
        with pytest.raises(ValueError, match="Unterminated string"):
            http.get("/user").json()
        answer = http.get("/user")
        assert (answer.status_code, answer.headers["location"]) == (302, "http://127.0.0.1:1/")


@pytest.mark.parametrize("fault", [Fault.dropped(), Fault.cut(), Fault.cut(chunked=True)])
def test_a_connection_that_breaks(fault: Fault, capfd: pytest.CaptureFixture[str]) -> None:
    world = empty_world()
    with serving(world, _one(fault)) as server:
        asker = server.asker()
        with pytest.raises(httpx.RemoteProtocolError):
            asker.http.get("/user")
        assert asker.status("GET", "/user") == 200
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "fault", [Fault.dropped(), Fault.status(502, body="html"), Fault.empty(), Fault.cut()]
)
@pytest.mark.parametrize("late", [False, True])
def test_the_work_is_done_or_not(fault: Fault, late: bool) -> None:
    world = empty_world()
    fault = fault.late() if late else fault
    with serving(world, _one(fault)) as server:
        asker = server.asker()
        try:
            answer = asker.http.post(f"{asker.production}/spaces", json={"name": "New"})
            assert answer.status_code != 404
        except httpx.RemoteProtocolError:
            pass
    made = any(space.name == "New" for space in world.spaces.values())
    assert made == (late or fault.kind == "cut")


def test_a_slow_answer_and_a_rule() -> None:
    world = empty_world()

    def rule(number: int, method: str, path: str) -> Fault | None:
        return Fault.wait(0.05) if path.endswith("/user") and number > 1 else None

    faults = Faults(rule=rule)
    with serving(world, faults) as server:
        asker = server.asker()
        asker.get("/org")
        before = time.monotonic()
        assert asker.get("/user")["role"] == "admin"
        assert time.monotonic() - before >= 0.05
    assert (faults.count, faults.struck) == (2, [2])
