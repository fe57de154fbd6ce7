"""Checks answers, and classifies failures: which error it is, and whether another attempt makes sense.

Each failure gets its class for `retry` and its error for the user here, and nowhere else. No answer is used
before status, content type and envelope have been checked (docs/lightdash-api.md#envelope).
"""

from __future__ import annotations

import html
import re
import ssl
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpcore
import httpx
import orjson

from lightdash_sync.errors import ApiError, NotAuthorised, NotFound, Unavailable, UnexpectedAnswer
from lightdash_sync.lightdash.retry import Failure, parse_retry_after
from lightdash_sync.lightdash.tokens import TokenKind, when_refused

if TYPE_CHECKING:
    from lightdash_sync.content.json import Json

_WHICH_ROLE = (
    "The token's owner lacks the role: an export needs a project admin to see all, at least a developer."
)
_WHERE_IT_WENT = "It was deleted in the meantime, or this token may not see it: run again, or ask an admin."
_WHO_KNOWS = (
    "Lightdash's own log says more. If the request makes no sense, report it as a bug of lightdash-sync."
)
_WHO_CHANGES = "Try again; if it stays so, something between here and Lightdash cuts or changes its answers."
_WHAT_IS_LARGE = "Open the item in Lightdash and see what makes it so large; no item is expected to be."
_WHAT_IS_DEEP = "Open the item in Lightdash and save it with less in it; no item is expected to be so deep."
_PAUSE_WITHOUT_WORD = 1.0  # seconds that all workers pause after a 429 without Retry-After
_PROXY_WANTS_MORE = 407
_TOO_MANY = 429
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_TITLE_WITHIN = 10_000  # bytes
_WHAT_STANDS_BEFORE = (
    "A gateway before Lightdash refuses the request, or the URL is not Lightdash's. What a gateway wants to "
    "see goes into `headers_env` of the environment in lightdash-sync.toml."
)
_SAID = 300  # maximum number of characters of a server's message in an error

_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,  # the proxy opened no tunnel
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A checked answer.

    Attributes:
        status: 200 or 201.
        results: the `results` of the envelope, None if it has none.
        version: the `Lightdash-Version` header of current servers, or None.
        date: the `Date` header, or None.
    """

    status: int
    results: Json
    version: str | None
    date: str | None


class Failed(Exception):
    """One failed attempt; never leaves the client.

    Args:
        failure: its class for retries.
        error: the error for the user if no further attempt succeeds.
        retry_after: the `Retry-After` header, if there was one.
        retry_after_all: seconds that all workers should pause, or None.
        is_outage: whether the server, or a proxy before it, seems to be unavailable for all requests.
        is_late: whether the server took the request, but did not answer in time.
    """

    def __init__(
        self,
        failure: Failure,
        error: ApiError,
        retry_after: str | None = None,
        retry_after_all: float | None = None,
        *,
        is_outage: bool = False,
        is_late: bool = False,
    ) -> None:
        super().__init__(str(error))
        self.is_late = is_late
        self.failure = failure
        self.error = error
        self.retry_after = retry_after
        self.retry_after_all = retry_after_all
        self.is_outage = is_outage

    @classmethod
    def too_large(cls, method: str, path: str, status: int, size: int) -> Failed:
        """Return the failure for an answer that exceeds the size limit."""
        message = f"the answer is larger than {size // 2**20} MB"
        return cls(Failure.FINAL, _unexpected(message, method, path, status, _WHAT_IS_LARGE))

    @classmethod
    def unasked_coding(cls, method: str, path: str, status: int, coding: str) -> Failed:
        """Return the failure for an answer with a compression that was not offered."""
        message = f"the answer is compressed in a way that nobody asked for ({coding[:_SAID]})"
        return cls(Failure.FINAL, _unexpected(message, method, path, status, _WHO_CHANGES))

    def by_proxy(self, proxy: str | None) -> Failed:
        """Return the failure; if the proxy may have caused it, the hint names the proxy.

        Args:
            proxy: its URL, without a password; None if there is no proxy.
        """
        error = self.error
        if proxy is not None and (
            isinstance(error, (Unavailable, UnexpectedAnswer)) or error.status == _PROXY_WANTS_MORE
        ):
            error.hint = (
                f"The proxy {proxy} was asked (HTTPS_PROXY, HTTP_PROXY or ALL_PROXY name it, NO_PROXY the "
                f"servers that are reached without). {error.hint}"
            )
        return self

    @property
    def may_have_happened(self) -> bool:
        """Whether the server may have carried out the request although the attempt failed."""
        if self.failure is Failure.FINAL:
            status = self.error.status
            return status is not None and (status < 300 or status == 408 or status >= 500)
        return self.failure is Failure.UNCLEAR

    def final_error(self, attempts: int, *, write: bool) -> ApiError:
        """Return the error to raise after the last attempt."""
        self.error.unclear = write and self.may_have_happened
        if attempts > 1:
            self.error.args = (f"{self.error.args[0]} (tried {attempts} times)",)
            self.error.message = self.error.args[0]
        if self.retry_after is not None:
            self.error.hint = (
                f"The server asks to wait (Retry-After: {self.retry_after[:40]}). Try again later."
            )
        return self.error


def from_exception(error: Exception, method: str, path: str, url: str) -> Failed:
    """Classify a failure without an answer: connection, timeout, protocol."""
    failure = Failure.NOT_SENT if isinstance(error, _NOT_SENT) else Failure.UNCLEAR
    is_outage = is_late = False
    hint = f"Is {url} the right URL, and is it reachable from here?"
    if (cause := _certificate_error(error)) is not None:
        failure = Failure.FINAL
        message = f"the server's certificate is not accepted: {cause.verify_message}"
        hint = "If your company has a certificate authority of its own, name its file with --ca-bundle."
    elif isinstance(error, (httpx.TimeoutException, httpcore.TimeoutException)):
        is_outage = failure is Failure.NOT_SENT
        is_late = not is_outage
        message = "no answer in time"
        if is_late:
            hint = "Is the server busy? --timeout SECONDS, or `timeout` of the environment, waits longer."
    elif isinstance(error, zlib.error):
        message = "the answer is not compressed as it says"
    elif isinstance(error, httpx.ProxyError):
        message = f"the proxy makes no connection: {error}"
    elif failure is Failure.NOT_SENT:
        message, is_outage = f"no connection: {error}", True
    else:
        message, is_outage = f"the connection broke: {error}", True
    problem = Unavailable(message, method=method, path=path, hint=hint)
    return Failed(failure, problem, is_outage=is_outage, is_late=is_late)


def from_response(
    response: httpx.Response,
    body: bytes,
    method: str,
    path: str,
    token: TokenKind = TokenKind.PERSONAL,
    *,
    bare: bool = False,
) -> Answer:
    """Check an answer.

    Args:
        response: status and headers.
        body: decompressed body.
        method: method of the request.
        path: path of the request.
        token: kind of the token in the request.
        bare: whether an answer to a read may lack `results`, as after a write.

    Raises:
        Failed: the answer is an error, or not from Lightdash.
    """
    status = response.status_code
    if 300 <= status < 400:
        raise _redirected(response, method, path)
    if status >= 400:
        raise _refused(response, body, method, path, token)
    kind = response.headers.get("content-type", "")
    if body and not kind.startswith("application/json"):
        raise Failed(Failure.FINAL, _not_json(method, path, status, kind))
    try:
        envelope = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if "depth limit" in str(error) or "recursion" in str(error):
            deep = _unexpected("the answer is nested too deeply", method, path, status, _WHAT_IS_DEEP)
            raise Failed(Failure.FINAL, deep) from error
        # A body without a length looks the same if it was cut short.
        problem = _unexpected("the answer is not complete JSON", method, path, status, _WHO_CHANGES)
        raise Failed(Failure.UNCLEAR, problem) from error
    complete = isinstance(envelope, dict) and (method != "GET" or bare or "results" in envelope)
    if not complete or envelope.get("status") != "ok":
        problem = _unexpected("the answer is not one of Lightdash's", method, path, status, _WHO_CHANGES)
        raise Failed(Failure.UNCLEAR, problem)
    headers = response.headers
    return Answer(status, envelope.get("results"), headers.get("lightdash-version"), headers.get("date"))


def _refused(response: httpx.Response, body: bytes, method: str, path: str, token: TokenKind) -> Failed:
    status = response.status_code
    if status < 500 and status != _TOO_MANY and _is_page(response, body):
        return Failed(Failure.FINAL, _page(response, body, method, path))
    words, name = _error_of(body)
    said = words or response.reason_phrase
    retry_after = response.headers.get("retry-after")
    if status == 401:
        hint = when_refused(token, response.headers.get("lightdash-version"))
        if token is not TokenKind.PERSONAL:
            said = f"the {token.noun} is not accepted ({said})"
        error: ApiError = NotAuthorised(said, method=method, path=path, status=status, hint=hint)
    elif status == 403:
        error = NotAuthorised(said, method=method, path=path, status=status, hint=_WHICH_ROLE)
    elif status == 404:
        error = NotFound(said, method=method, path=path, status=status, hint=_WHERE_IT_WENT)
    elif status == 429 or status >= 500:
        error = Unavailable(said, method=method, path=path, status=status, hint="Try again later.")
    else:
        error = ApiError(said, method=method, path=path, status=status, hint=_WHO_KNOWS)
    error.name = name
    if status == 429:
        pause = None if retry_after is None else parse_retry_after(retry_after)
        return Failed(Failure.REFUSED, error, retry_after, _PAUSE_WITHOUT_WORD if pause is None else pause)
    if status == 503 and retry_after is not None:
        return Failed(Failure.REFUSED, error, retry_after)
    if status in (502, 503, 504):
        return Failed(Failure.UNCLEAR, error, is_outage=True)
    return Failed(Failure.UNCLEAR if status == 500 else Failure.FINAL, error)


def _is_page(response: httpx.Response, body: bytes) -> bool:
    """Whether an answer is a web page, which Lightdash never gives as an error of its API."""
    kind = response.headers.get("content-type", "")
    return kind.startswith(("text/html", "application/xhtml")) or body.lstrip()[:1] == b"<"


def _page(response: httpx.Response, body: bytes, method: str, path: str) -> UnexpectedAnswer:
    """Return the error for a web page that came from a gateway or another server instead of Lightdash."""
    found = _TITLE.search(body[:_TITLE_WITHIN])
    title = " ".join(html.unescape(found[1].decode("utf-8", "replace")).split())[:_SAID] if found else ""
    server = response.headers.get("server", "")[:_SAID]
    message = "the answer is a web page" + (f" ({title})" if title else "")
    message += (f" of {server}" if server else "") + ", and not Lightdash's"
    return _unexpected(message, method, path, response.status_code, _WHAT_STANDS_BEFORE)


def _redirected(response: httpx.Response, method: str, path: str) -> Failed:
    target = response.headers.get("location", "")
    message = (
        f"the server redirects to {target[:_SAID]}, and redirects are not followed: the token would go there"
    )
    hint = "If Lightdash is there, use that address as the URL; a login page means that a proxy wants more."
    return Failed(Failure.FINAL, _unexpected(message, method, path, response.status_code, hint))


def _not_json(method: str, path: str, status: int, kind: str) -> UnexpectedAnswer:
    message = f"the answer is {kind.split(';')[0] or 'of no type'}, not JSON"
    hint = "Either the URL is not Lightdash's, or this Lightdash does not know the endpoint."
    return _unexpected(message, method, path, status, hint)


def _unexpected(message: str, method: str, path: str, status: int, hint: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(message, method=method, path=path, status=status, hint=hint)


def _error_of(body: bytes) -> tuple[str, str]:
    """Return the server's message and its name of the error; "" for what the answer lacks.

    A body without an envelope is the message itself, unless it is a web page.
    """
    try:
        error = orjson.loads(body)["error"]
        name = error.get("name")
        words = error.get("message") or error["name"]
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        page = body.lstrip().startswith(b"<")
        return ("" if page else body.decode("utf-8", "replace")).strip()[:_SAID], ""
    return str(words).strip()[:_SAID], "" if name is None else str(name)[:_SAID]


def _certificate_error(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error
        error = error.__cause__ or error.__context__
    return None
