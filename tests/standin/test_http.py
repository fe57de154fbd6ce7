"""What the web server around the endpoints answers: unknown routes, slashes, crashes."""

from __future__ import annotations

import pytest

from lightdash_standin.seed import empty_world

from .asking import serving


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/nowhere/"), ("DELETE", "/user"), ("PATCH", "/user/")]
)
def test_an_unknown_route_or_method_gives_the_404_page_of_the_web_server(method: str, path: str) -> None:
    with serving(empty_world()) as server:
        answer = server.asker().http.request(method, path, json={})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert f"<pre>Cannot {method} /api/v1{path}</pre>" in answer.text


@pytest.mark.parametrize("path", ["/nowhere", "/login"])
def test_reading_an_unknown_route_gives_the_page_of_the_web_application(path: str) -> None:
    with serving(empty_world()) as server:
        answer = server.asker().http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=UTF-8")


def test_a_slash_at_the_end_of_a_path_does_not_matter_and_does_not_redirect() -> None:
    with serving(empty_world()) as server:
        admin = server.asker()
        assert admin.get("/user/") == admin.get("/user")


def test_a_crash_of_a_handler_is_a_500_is_noted_and_harms_no_other_request() -> None:
    world = empty_world()
    with serving(world) as server:
        admin = server.asker()
        known = dict(world.orgs)
        world.orgs.clear()
        assert admin.error("GET", "/org") == (500, "UnexpectedServerError", "Something went wrong.")
        world.orgs.update(known)
        assert admin.get("/org")["organizationUuid"] in known
        assert len(world.crashes) == 1
        assert world.crashes.pop().startswith("GET /api/v1/org\nTraceback")
