"""One request, from the header it sends to the bytes it believes."""

from __future__ import annotations

import gzip
import logging
import threading
import traceback
from pathlib import Path

import pytest

from lightdash_sync.errors import ApiError, ConfigError, Interrupted, SyncError, Unavailable, UnexpectedAnswer
from lightdash_sync.lightdash.origin import Origin, parse_origin
from lightdash_sync.lightdash.retry import Pacer, RetryPolicy
from lightdash_sync.lightdash.session import Connection, Session
from lightdash_sync.settings import Settings
from tests.lightdash.support import (
    TOKEN,
    RawServer,
    Reply,
    SandGlass,
    answer,
    cut_after,
    ok,
    refusal,
    served,
    session_with,
)

OK = ok({"n": 1})
BODY = b'{"status":"ok","results":{"n":1}}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = HEAD + b"Content-Encoding: gzip\r\n\r\n"


# --- what is sent


@pytest.mark.parametrize(
    ("token", "scheme"),
    [("ldpat_x", "ApiKey"), ("0123abcd", "ApiKey"), ("ldsvc_x", "Bearer"), ("ldapp_x", "Bearer")],
)
def test_each_kind_of_token_goes_with_its_scheme(token: str, scheme: str) -> None:
    """Personal tokens go as ApiKey, those of service accounts and OAuth as Bearer."""
    with served(OK, token=token) as (server, session):
        session.get("/api/v1/user")
    assert server.seen[0].headers["authorization"] == f"{scheme} {token}"


def test_the_headers_of_a_request() -> None:
    """A request says who sends it, asks for JSON, and has no header with a secret but those for secrets."""
    with served(OK, proxy_authorization="Bearer of-the-proxy") as (server, session):
        session.get("/api/v1/user", {"page": 1, "all": True, "search": "a b&c"})
    (seen,) = server.seen
    assert seen.target == "/api/v1/user?page=1&all=true&search=a+b%26c"
    assert seen.headers["accept"] == "application/json"
    assert seen.headers["lightdash-request-method"] == "CLI"
    assert seen.headers["user-agent"].startswith("lightdash-sync/")
    assert seen.headers["proxy-authorization"] == "Bearer of-the-proxy"
    secrets = [name for name, value in seen.headers.items() if TOKEN in value or "of-the-proxy" in value]
    assert secrets == ["authorization", "proxy-authorization"]


def test_headers_for_a_gateway_go_along_and_are_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    """A gateway gets what it wants to see with each request; a page that repeats it does not show it."""
    caplog.set_level(logging.DEBUG)
    headers = {"CF-Access-Client-Id": "id-of-the-gateway", "CF-Access-Client-Secret": "secret-of-the-gateway"}
    page = answer(403, "<title>No id-of-the-gateway, secret-of-the-gateway</title>", kind="text/html")
    with served(OK, page, headers=headers) as (server, session):
        session.get("/api/v1/user")
        with pytest.raises(UnexpectedAnswer, match="web page") as caught:
            session.get("/api/v1/user")
    for seen in server.seen:
        assert {name: seen.headers[name.lower()] for name in headers} == headers
    shown = f"{session.connection!r}{caught.value}{caught.value.hint}{caplog.text}"
    assert "of-the-gateway" not in shown
    with pytest.raises(ConfigError, match="CF-Access") as refused:
        Connection(Origin("http://127.0.0.1:1"), TOKEN, headers={"CF-Access": f"{TOKEN}\n"})
    assert TOKEN not in str(refused.value) + refused.value.hint


def test_no_proxy_header_unless_asked_for() -> None:
    """Without a value for it there is no Proxy-Authorization."""
    with served(OK) as (server, session):
        session.get("/api/v1/user")
    assert "proxy-authorization" not in server.seen[0].headers


@pytest.mark.parametrize("base", ["", "/", "/api/v1", "/api/v1/", "/api", "//api/v1//"])
@pytest.mark.parametrize("prefix", ["", "/tools/lightdash"])
def test_a_base_url_in_all_its_forms(prefix: str, base: str) -> None:
    """With a slash at the end, the API's own path or a prefix: the request goes to the same place."""
    with RawServer(OK) as server, session_with(server.url + prefix + base) as session:
        session.get("/api/v1/user")
    assert server.seen[0].target == f"{prefix}/api/v1/user"


def test_a_netrc_does_not_replace_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A .netrc that names the host is not looked at."""
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    with served(OK) as (server, session):
        session.get("/api/v1/user")
    assert server.seen[0].headers["authorization"] == f"ApiKey {TOKEN}"


# --- secrets


def test_no_repr_shows_a_secret() -> None:
    """Connection, session and settings can be printed, in a traceback say, and show no secret."""
    connection = Connection(Origin("http://127.0.0.1:1"), TOKEN, proxy_authorization=f"Bearer {TOKEN}")
    settings = Settings(
        env=None,
        url="http://127.0.0.1:1",
        token=TOKEN,
        project=None,
        path=None,
        ca_bundle=None,
        allow_http=False,
        concurrency=1,
        proxy_authorization=TOKEN,
    )
    with Session(connection) as session:
        for one in (connection, session, settings, session.pacer):
            assert TOKEN not in f"{one!r} {one}"


@pytest.mark.parametrize("secret", [f"{TOKEN}\n", f" {TOKEN}", f"{TOKEN}\r\nX-More: 1", f"{TOKEN}é"])
def test_a_secret_that_no_header_can_hold(secret: str) -> None:
    """A token with a line break or the like is refused before a request is made, and is not repeated."""
    origin = parse_origin("https://lightdash.example.com")
    with pytest.raises(ConfigError) as caught:
        Connection(origin, secret)
    assert TOKEN not in str(caught.value) + caught.value.hint
    with pytest.raises(ConfigError, match="Proxy-Authorization") as caught:
        Connection(origin, TOKEN, proxy_authorization=secret)
    assert TOKEN not in str(caught.value) + caught.value.hint


@pytest.mark.parametrize(
    "reply", [OK, refusal(401), refusal(500), answer(200, "{"), answer(302), cut_after(b"")]
)
def test_no_log_and_no_error_holds_the_token(reply: Reply, caplog: pytest.LogCaptureFixture) -> None:
    """With everything logged, success or failure, the token is in no line, no error and no cause of it."""
    caplog.set_level(logging.DEBUG)
    with served(reply) as (_server, session):
        try:
            session.get("/api/v1/user")
        except SyncError as error:
            caplog.handler.handle(
                logging.LogRecord("t", 50, "t", 1, error.hint, (), (type(error), error, error.__traceback__))
            )
    assert "GET /api/v1/user" in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("status", [302, 400, 401, 500])
def test_a_server_that_repeats_the_token(status: int) -> None:
    """A proxy that answers with the headers it got does not bring a secret into an error."""
    proxy = "Bearer of-the-proxy"
    told = f"got ApiKey {TOKEN} and {proxy}"
    reply = refusal(status, told, Location=f"/?{told}", Retry_After=TOKEN)
    with served(reply, proxy_authorization=proxy) as (_server, session), pytest.raises(ApiError) as caught:
        session.get("/x")
    shown = "".join(traceback.format_exception(caught.value)) + caught.value.reason + caught.value.hint
    assert "***" in shown
    assert not [secret for secret in (TOKEN, proxy) if secret in shown]


# --- what is believed


def test_results_come_out_as_they_are() -> None:
    """Results are what the envelope holds, with status, version and date beside them."""
    sent = {"deep": [1, 2.5, "ü", None, {"x": True}]}
    reply = ok(sent, Lightdash_Version="0.2904.5", Date="Sun, 01 Mar 2026 12:00:00 GMT")
    with served(reply) as (_server, session):
        assert session.get("/x") == sent
        found = session.answer("GET", "/x")
        assert (found.status, found.results) == (200, sent)
        assert (found.version, found.date) == ("0.2904.5", "Sun, 01 Mar 2026 12:00:00 GMT")
        assert session.requests == 2


def test_compressed_answers_are_unpacked() -> None:
    """Compression by gzip is asked for and understood, in one piece or in chunks."""
    packed = gzip.compress(BODY)
    bytewise = b"".join(b"1\r\n" + packed[at : at + 1] + b"\r\n" for at in range(len(packed)))
    chunked = CHUNKED.replace(b"\r\n", b"\r\nContent-Encoding: GZIP\r\n", 1) + bytewise + b"0\r\n\r\n"
    replies = [answer(200, packed, Content_Encoding="gzip"), chunked]
    with served(*replies) as (server, session):
        assert [session.get("/x"), session.get("/x")] == [{"n": 1}, {"n": 1}]
    assert server.seen[0].headers["accept-encoding"] == "gzip"


# Failures that may pass: what the server does instead of an answer.
PASSING: dict[str, Reply] = {
    "hangs up": cut_after(b""),
    "hangs up in the headers": cut_after(HEAD[:-7]),
    "speaks something else": cut_after(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "less than its length": cut_after(answer(200, BODY)[:-5]),
    "cut, and had no length": cut_after(HEAD + b"\r\n" + BODY[:-5]),
    "nothing, and had no length": cut_after(HEAD + b"\r\n"),
    "half a chunk": cut_after(CHUNKED + b"21\r\n" + BODY[:9]),
    "no last chunk": cut_after(CHUNKED + b"21\r\n" + BODY + b"\r\n"),
    "half a gzip": cut_after(GZIP + gzip.compress(BODY)[:-20]),
    "a gzip with a wrong sum": cut_after(GZIP + gzip.compress(BODY)[:-8] + b"\0" * 8),
    "no gzip at all": cut_after(GZIP + BODY),
    "an empty answer": answer(200),
    "an empty answer of no type": answer(200, kind=""),
    "another envelope": answer(200, '{"status":"error","results":{}}'),
    "no envelope": answer(200, "[]"),
    "not a number": answer(200, '{"status":"ok","results":{"n":NaN}}'),
    "500": refusal(500),
    "502": answer(502, "<html>", kind="text/html"),
    "503": answer(503, "", kind=""),
    "504": answer(504, "upstream", kind="text/plain"),
}
REFUSED = {"429": refusal(429), "503 with a time": refusal(503, Retry_After="2")}


@pytest.mark.parametrize("name", [*PASSING, *REFUSED])
def test_a_reading_gets_over_what_may_pass(name: str) -> None:
    """Half an answer is never taken for a whole one: it is asked for again, and the whole one is returned."""
    with served((PASSING | REFUSED)[name], OK) as (server, session):
        assert session.get("/x") == {"n": 1}
    assert len(server.seen) == 2


@pytest.mark.parametrize("name", PASSING)
def test_a_write_that_may_have_happened_is_sent_once(name: str) -> None:
    """When nobody knows whether a write was carried out, it is an error, and not sent a second time."""
    with served(PASSING[name], OK) as (server, session), pytest.raises(ApiError) as caught:
        session.answer("POST", "/x")
    assert len(server.seen) == 1
    assert "POST /x" in str(caught.value)
    assert "tried" not in str(caught.value)


@pytest.mark.parametrize("name", REFUSED)
def test_a_write_that_was_refused_is_sent_again(name: str) -> None:
    """A write that the server had no time for is repeated: it says that it did nothing."""
    with served(REFUSED[name], OK) as (server, session):
        assert session.answer("POST", "/x").results == {"n": 1}
    assert [seen.method for seen in server.seen] == ["POST", "POST"]


def test_a_lasting_failure_ends_after_four_tries() -> None:
    """Four tries, growing waits below the bound, and an error that says how many tries there were."""
    pacer = SandGlass()
    with (
        served(refusal(502, "down"), pacer=pacer) as (server, session),
        pytest.raises(Unavailable, match=r"GET /x: 502 down \(tried 4 times\)"),
    ):
        session.get("/x")
    assert len(server.seen) == session.requests == 4
    assert len(pacer.waits) == 3
    assert all(wait <= bound for wait, bound in zip(pacer.waits, (0.5, 1, 2), strict=True))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_listens(method: str) -> None:
    """Where no connection can be made nothing happened: reading or writing, it is tried again."""
    with RawServer(OK) as server:
        pass
    told = pytest.raises(Unavailable, match=r"no connection: .*refused.*\(tried 4 times\)")
    with session_with(server.url) as session, told as caught:
        session.answer(method, "/x")
    assert caught.value.hint == f"Is {server.url} the right URL, and is it reachable from here?"


@pytest.mark.parametrize("asked", ["0", "7", "120"])
def test_the_server_says_when(asked: str) -> None:
    """A Retry-After is waited, once, by the request that got it."""
    pacer = SandGlass()
    with served(refusal(429, Retry_After=asked), OK, pacer=pacer) as (_server, session):
        session.get("/x")
    assert int(asked) <= pacer.now - 1000 <= int(asked) + 0.5


def test_the_waits_of_a_request_add_up() -> None:
    """A server that says 100 s again and again is obeyed once: two minutes are the most for a request."""
    pacer = SandGlass()
    told = pytest.raises(Unavailable, match="tried 2 times")
    with served(refusal(503, Retry_After="100"), pacer=pacer) as (_server, session), told:
        session.get("/x")
    assert pacer.waits == [100]


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_wants_too_much_silence(status: int) -> None:
    """A Retry-After beyond two minutes ends the request at once, and the hint shows it."""
    pacer = SandGlass()
    with (
        served(refusal(status, Retry_After="86400"), pacer=pacer) as (server, session),
        pytest.raises(Unavailable) as caught,
    ):
        session.get("/x")
    assert len(server.seen) == 1
    assert pacer.waits == []
    assert caught.value.hint == "The server asks to wait (Retry-After: 86400). Try again later."


@pytest.mark.parametrize(
    ("headers", "pause"), [({"Retry_After": "9"}, 9), ({"Retry_After": "-"}, 1), ({}, 1)]
)
def test_a_refusal_to_one_is_meant_for_all(headers: dict[str, str], pause: float) -> None:
    """After a 429 no other request of the run is sent before the pause is over, a second if none is named."""
    pacer = SandGlass(RetryPolicy(attempts=1))
    with served(refusal(429, **headers), OK, pacer=pacer) as (server, session):
        with pytest.raises(Unavailable):
            session.get("/x")
        assert pacer.now == 1000
        with session_with(server.url, pacer=pacer) as other:
            other.get("/y")
    assert pause <= pacer.now - 1000 <= pause + 0.5


def test_a_busy_server_pauses_nobody_else() -> None:
    """A 503 with Retry-After is about one request, not about the run."""
    pacer = SandGlass(RetryPolicy(attempts=1))
    with served(refusal(503, Retry_After="9"), OK, pacer=pacer) as (_server, session):
        with pytest.raises(Unavailable):
            session.get("/x")
        session.get("/y")
    assert pacer.waits == []


def test_a_stop_ends_a_wait() -> None:
    """A run that is stopped while it waits for another try ends at once, and sends nothing."""
    pacer = Pacer()
    with served(refusal(503, Retry_After="100"), pacer=pacer) as (server, session):
        stop = threading.Timer(0.1, pacer.stopped.set)
        stop.start()
        with pytest.raises(Interrupted):
            session.get("/x")
        stop.join()
    assert len(server.seen) == 1


def test_a_secret_that_is_cut_in_the_middle_is_no_secret_told() -> None:
    """A server that repeats our token at the end of a long text does not get a part of it printed."""
    reply = refusal(400, "x" * 280 + TOKEN)
    with served(reply) as (_, session), pytest.raises(SyncError) as caught:
        session.get("/api/v1/user")
    assert TOKEN[:11] not in caught.value.message
    assert "***" in caught.value.message
