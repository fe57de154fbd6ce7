"""Every way in which an answer can be wrong, and what people are told about it."""

from __future__ import annotations

import json

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.errors import ApiError, NotAuthorised, NotFound, Unavailable, UnexpectedAnswer
from lightdash_sync.lightdash.failures import Failed, from_response
from tests.lightdash.support import Reply, answer, cut_after, ok, refusal, served

PATH = "/api/v1/projects/p/spaces"
LOGIN = "<!doctype html><title>Lightdash</title>"
_PAGE = "the answer is a web page (Lightdash), and not Lightdash's"
_UNTITLED = "the answer is a web page, and not Lightdash's"


def _error(reply: Reply, method: str = "GET") -> tuple[ApiError, int]:
    """The error of a request, and how many requests it took."""
    with served(reply) as (server, session), pytest.raises(ApiError) as caught:
        session.answer(method, PATH)
    return caught.value, len(server.seen)


@pytest.mark.parametrize(
    ("reply", "kind", "words", "hint"),
    [
        (refusal(400, "Bad field"), ApiError, "Bad field", "own log"),
        (refusal(401, "Failed to authorize"), NotAuthorised, "Failed to authorize", "LIGHTDASH_API_KEY"),
        (answer(401, "Unauthorized", kind="text/plain"), NotAuthorised, "Unauthorized", "LIGHTDASH_API_KEY"),
        (refusal(403, "Not allowed"), NotAuthorised, "Not allowed", "role"),
        (refusal(404, "Cannot find it"), NotFound, "Cannot find it", "deleted"),
        (refusal(409, "Slug exists"), ApiError, "Slug exists", "own log"),
        (refusal(422, "No such page"), ApiError, "No such page", "own log"),
        (refusal(501, "Not here"), Unavailable, "Not here", "later"),
        (answer(404, LOGIN, kind="text/html"), UnexpectedAnswer, _PAGE, "gateway"),
        (answer(401, LOGIN, kind="text/html; charset=utf-8"), UnexpectedAnswer, _PAGE, "headers_env"),
        (answer(403, f" {LOGIN}", kind=""), UnexpectedAnswer, _PAGE, "headers_env"),
        (answer(403, "<p>", kind="text/html"), UnexpectedAnswer, _UNTITLED, "gateway"),
        (answer(418, ""), ApiError, "Said so", "own log"),
    ],
)
def test_a_refusal_is_told_with_all_that_is_known(
    reply: bytes, kind: type[ApiError], words: str, hint: str
) -> None:
    """An error has method, path, status and the server's words, says what to do, and is not repeated."""
    error, requests = _error(reply)
    status = int(reply.split(b" ")[1])
    assert type(error) is kind
    assert str(error) == error.message == f"GET {PATH}: {status} {words}"
    assert (error.method, error.path, error.status, error.reason) == ("GET", PATH, status, words)
    assert hint in error.hint
    assert requests == 1


@pytest.mark.parametrize(("status", "code"), [(401, 12), (403, 12), (404, 1), (400, 1), (500, 1)])
def test_exit_codes_of_refusals(status: int, code: int) -> None:
    """Not being authorised has an exit code of its own, all other refusals mean failure."""
    assert _error(refusal(status))[0].exit_code == code


@pytest.mark.parametrize(
    "reply",
    [
        *(
            refusal(status)
            for status in (400, 401, 403, 404, 409, 418, 422, 429, 500, 501, 502, 503, 504, 599)
        ),
        *(answer(status) for status in (301, 302, 303, 304, 307, 308)),
        answer(200, LOGIN, kind="text/html"),
        answer(200, "{"),
        answer(200, "[]"),
        answer(200, "x", Content_Encoding="br"),
        answer(200, "x", Content_Encoding="gzip"),
        cut_after(b""),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_every_error_says_where_and_what_next(reply: Reply, method: str) -> None:
    """No error of the client leaves people alone: all name the request and a next step."""
    error, _ = _error(reply, method)
    assert str(error).startswith(f"{method} {PATH}: ")
    assert error.hint
    if isinstance(reply, bytes):
        assert str(error.status) in str(error)


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "text/plain", "application/xml", ""])
def test_a_success_that_is_a_web_page(kind: str) -> None:
    """An old Lightdash, or a login page, answers 200 with a web page: that is an error, told at once."""
    error, requests = _error(answer(200, LOGIN, kind=kind))
    assert type(error) is UnexpectedAnswer
    assert f"the answer is {kind.partition(';')[0] or 'of no type'}, not JSON" in str(error)
    assert "does not know the endpoint" in error.hint
    assert requests == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "complete JSON"),
        ("{", "complete JSON"),
        ('{"status":"ok","results":NaN}', "complete JSON"),
        ('{"status":"ok","results":"\\ud800"}', "complete JSON"),
        ("\ufeff" + '{"status":"ok","results":1}', "complete JSON"),
        ("null", "one of Lightdash's"),
        ("[]", "one of Lightdash's"),
        ('"ok"', "one of Lightdash's"),
        ("{}", "one of Lightdash's"),
        ('{"status":"error","error":{}}', "one of Lightdash's"),
        ('{"status":true,"results":1}', "one of Lightdash's"),
        ('{"status":"ok"}', "one of Lightdash's"),
    ],
)
def test_a_success_that_is_not_lightdash(body: str, words: str) -> None:
    """What is no complete envelope that says ok is never taken for results, however often it comes."""
    error, requests = _error(answer(200, body))
    assert type(error) is UnexpectedAnswer
    assert words in str(error)
    assert error.status == 200
    assert requests == 4


def test_an_answer_to_a_write_may_have_no_results() -> None:
    """Lightdash answers some writes with the word ok alone."""
    with served(answer(200, '{"status":"ok"}')) as (_server, session):
        assert session.answer("DELETE", PATH).results is None


def test_results_may_be_null_but_not_missing() -> None:
    """A reading whose results are null is an answer."""
    with served(ok(None)) as (_server, session):
        assert session.get(PATH) is None


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "zstd"])
def test_a_compression_that_was_not_asked_for(coding: str) -> None:
    """Only gzip is offered, and nothing else is unpacked."""
    error, requests = _error(answer(200, b"\x00", Content_Encoding=coding))
    assert f"nobody asked for ({coding})" in str(error)
    assert requests == 1


def test_a_broken_compression() -> None:
    """An answer that is not what its header says is an error that says so."""
    error, requests = _error(answer(200, b"plain", Content_Encoding="gzip"))
    assert "not compressed as it says" in str(error)
    assert requests == 4


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"error":{"name":"NotFoundError","message":"gone"}}', "gone"),
        ('{"error":{"name":"NotFoundError","message":""}}', "NotFoundError"),
        ('{"error":{"name":"NotFoundError"}}', "NotFoundError"),
        ('{"error":{"message":{"deep":1}}}', "{'deep': 1}"),
        ('{"error":{}}', '{"error":{}}'),
        ('{"error":"words"}', '{"error":"words"}'),
        ("[1]", "[1]"),
        ("  plain words\n", "plain words"),
        ("\n <html>long", _UNTITLED),
        ("", "Said so"),
        ("x" * 5000, "x" * 300),
    ],
)
def test_the_words_of_the_server(body: str, said: str) -> None:
    """The server's own words are shown: its message, its text if it is short; a web page is not."""
    assert _error(answer(400, body))[0].reason == said


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["status", "error", "message"]), inner),
)


@given(
    status=st.sampled_from([200, 201, 301, 400, 401, 403, 404, 429, 500, 503]),
    body=st.binary() | _JSON.map(lambda value: json.dumps(value).encode()),
    headers=st.dictionaries(st.sampled_from(["Retry-After", "Content-Type", "Location"]), st.text()),
)
def test_no_answer_breaks_the_client(status: int, body: bytes, headers: dict[str, str]) -> None:
    """Whatever comes with whatever status, it is an answer or a failure with an error that can be shown."""
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    response = httpx.Response(status, headers=[*raw, (b"Content-Type", b"application/json")], content=body)
    try:
        found = from_response(response, body, "GET", PATH)
    except Failed as failed:
        error = failed.final_error(2, write=False)
        assert str(error).startswith(f"GET {PATH}: {status} ")
        assert str(error).endswith("(tried 2 times)")
        assert error.hint
    else:
        assert orjson.loads(body) == {"status": "ok", "results": found.results}
