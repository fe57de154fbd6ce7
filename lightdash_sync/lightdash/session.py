"""Sends requests; the only module that does.

It promises: the token goes to the configured origin only and never along a redirect; every answer is checked
(status, content type, envelope) before it is used, because an old Lightdash answers 200 with a web page for
an unknown path; no request exceeds its deadline and no answer its size limit; repeats follow `retry`; a write
that may have been carried out is not sent again, and its error says so. What the paths mean is known to
`reading` and `writing`, not here.

In order: a transport with deadlines, and the session.
"""

from __future__ import annotations

import logging
import re
import threading
import time
import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import httpcore
import httpx
import orjson

from lightdash_sync import __version__
from lightdash_sync.errors import ApiError, ConfigError
from lightdash_sync.lightdash.failures import Failed, from_exception, from_response
from lightdash_sync.lightdash.origin import Origin, proxy_for, shown_proxy, tls_context
from lightdash_sync.lightdash.retry import Pacer
from lightdash_sync.lightdash.tokens import TokenKind, kind_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from lightdash_sync.content.json import Json
    from lightdash_sync.lightdash.failures import Answer

    Query = Mapping[str, str | int | bool | Sequence[str]]


# A transport whose reads and writes all end at the request's deadline.
#
# The timeouts of httpx limit each wait for a byte, so a server that sends a byte now and then can keep a
# request open for ever (measured: `timeout=1` still hung after six seconds), both before and after the
# headers. Here each wait on the socket, including the TLS handshake, is limited to the time that the request
# has left.


class Deadline(threading.local):
    """The moment, in monotonic seconds, at which this thread's request must have ended."""

    at: float = float("inf")

    def start(self, seconds: float) -> None:
        """Start the deadline of the thread's next request."""
        self.at = time.monotonic() + seconds

    def left(self, timeout: float | None) -> float:
        """Return a timeout, limited to the time that is left.

        Raises:
            httpcore.ReadTimeout: no time is left.
        """
        left = self.at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the request took longer than it may")
        return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _Stream(inner, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, backend: httpcore.NetworkBackend, deadline: Deadline) -> None:
        self._backend = backend
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._backend.connect_tcp(
            host, port, self._deadline.left(timeout), local_address, socket_options
        )
        return _Stream(stream, self._deadline)


class _Bracketed:
    """A connection to a proxy that puts the server's IPv6 address in brackets, because a port follows.

    httpcore leaves the brackets out, and then no proxy can tell where the address ends.

    Args:
        connection: the connection to the proxy.
        host: the address.
    """

    def __init__(self, connection: httpcore.ConnectionInterface, host: bytes) -> None:
        self._connection = connection
        self._host = host

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request, with the address in brackets."""
        url = request.url
        headers = [
            (name, self._named(value) if name.lower() == b"host" else value)
            for name, value in request.headers
        ]
        return self._connection.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=url.scheme, host=url.host, port=url.port, target=self._named(url.target)
                ),
                headers=headers,
                content=request.stream,
                extensions=request.extensions,
            )
        )

    def _named(self, said: bytes) -> bytes:
        before, there, after = said.partition(self._host)
        if not there or before not in (b"", b"http://"):
            return said
        return b"%b[%b]%b" % (before, there, after)

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)


class DeadlineTransport(httpx.HTTPTransport):
    """httpx's own transport, on sockets that observe the deadline.

    Args:
        verify: how the server's certificate is checked.
        limits: limits of the connection pool.
        proxy: the URL of a proxy, or None.
        deadline: the deadline, which the caller starts for each request.
    """

    def __init__(
        self, *, verify: ssl.SSLContext | bool, limits: httpx.Limits, proxy: str | None, deadline: Deadline
    ) -> None:
        super().__init__(verify=verify, limits=limits, proxy=proxy, trust_env=False)
        # httpx has no option for the pool's sockets; a test with a slow server guards this line.
        self._pool._network_backend = _Backend(self._pool._network_backend, deadline)
        if proxy is not None:
            create = self._pool.create_connection

            def create_connection(origin: httpcore.Origin) -> httpcore.ConnectionInterface:
                made = create(origin)
                if b":" in origin.host:
                    vars(made)["_connection"] = _Bracketed(vars(made)["_connection"], origin.host)
                return made

            vars(self._pool)["create_connection"] = create_connection


log = logging.getLogger(__name__)

_BEGINNING = 10  # characters by which a secret is recognised

LARGER_BODIES = (
    "If the server takes more (LIGHTDASH_MAX_PAYLOAD), set max_body (in MB) of the environment in "
    "lightdash-sync.toml; else make the item smaller in Lightdash."
)

# Node closes idle connections after 5 s; this client closes them first.
_KEEPALIVE = 4.0

# A request that timed out gets twice as much time for its next attempt, up to this factor.
_MOST_PATIENCE = 4.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one request.

    Attributes:
        connect: seconds to make a connection.
        read: seconds without a byte.
        deadline: seconds from the first byte sent to the last one read.
        size: bytes of an answer, decompressed.
        body: bytes of a request; Lightdash's default limit (LIGHTDASH_MAX_PAYLOAD).
    """

    connect: float = 5.0
    read: float = 30.0
    deadline: float = 60.0
    size: int = 64 * 1024 * 1024
    body: int = 5 * 1024 * 1024

    @classmethod
    def of(cls, seconds: float | None, megabytes: float | None) -> Limits:
        """Return the limits that settings name; None for the usual ones.

        Args:
            seconds: that an answer may take.
            megabytes: that the server takes as the body of a request.
        """
        usual = cls()
        if seconds is not None:
            usual = replace(usual, read=seconds, deadline=2 * seconds)
        return usual if megabytes is None else replace(usual, body=int(megabytes * 1024 * 1024))


@dataclass(frozen=True)
class Connection:
    """How to reach a server.

    Attributes:
        origin: its base URL, checked.
        token: a personal access token, that of a service account, or an OAuth token.
        headers: additional headers for a gateway before the server, by name; their values are secrets.
        token_type: which of them (a value of `TokenKind`); None to recognise it by its prefix.
        proxy_authorization: value of a `Proxy-Authorization` header for a proxy in front, or None.
        ca_bundle: a file with additional certificate authorities, or None.
        concurrency: maximum number of requests at the same time.
        limits: limits of one request.

    Raises:
        ConfigError: a secret cannot be put in a header, or cannot be used as a token for the API.
    """

    origin: Origin
    token: str = field(repr=False)
    proxy_authorization: str | None = field(default=None, repr=False)
    ca_bundle: Path | None = None
    concurrency: int = 8
    limits: Limits = field(default_factory=Limits)
    token_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for name, secret in (
            ("token", self.token),
            ("value for Proxy-Authorization", self.proxy_authorization or ""),
            *((f"value for {name}", value) for name, value in self.headers.items()),
        ):
            # Otherwise the HTTP library rejects it, with the secret in its message.
            if not (secret.isascii() and secret.isprintable()) or secret != secret.strip():
                raise ConfigError(
                    f"the {name} holds characters that no header can have",
                    hint="Look for a line break or a blank around it.",
                )
        kind_of(self.token, self.token_type)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Whatever must never be shown."""
        secrets = (self.token, self.proxy_authorization, *self.headers.values())
        return tuple(secret for secret in secrets if secret)

    @property
    def token_kind(self) -> TokenKind:
        """The kind of the token."""
        return kind_of(self.token, self.token_type)


class Session:
    """Requests to one server, safe to use from several threads.

    Args:
        connection: server and token.
        pacer: retries and pauses; shared by all threads.

    Attributes:
        version: version of the server, from the header of its last answer; None if there was no such header.
        newer_code_paths: kind of content as code -> whether it was found at the newer path; see `as_code`.
    """

    def __init__(self, connection: Connection, pacer: Pacer | None = None) -> None:
        self.connection = connection
        self.pacer = pacer or Pacer()
        self.newer_code_paths: dict[str, bool] = {}
        self.version: str | None = None
        self._deadline = Deadline()
        limits = connection.limits
        size = connection.concurrency
        origin, proxy = connection.origin, proxy_for(connection.origin.url)
        self._proxy = None if proxy is None else shown_proxy(proxy)
        self._http = httpx.Client(
            transport=DeadlineTransport(
                verify=tls_context(connection.ca_bundle, origin.url, proxy),
                limits=httpx.Limits(
                    max_connections=size, max_keepalive_connections=size, keepalive_expiry=_KEEPALIVE
                ),
                proxy=proxy,
                deadline=self._deadline,
            ),
            headers=_headers(connection),
            timeout=httpx.Timeout(limits.read, connect=limits.connect, pool=limits.deadline),
            follow_redirects=False,
            trust_env=False,  # a .netrc would replace the token
        )

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._http.close()

    @property
    def requests(self) -> int:
        """Number of requests sent, repeats included."""
        return self.pacer.requests

    def get(self, path: str, params: Query | None = None, *, bare: bool = False) -> Json:
        """Send a GET request.

        Args:
            path: path below the base URL, such as `/api/v1/org`; the caller has checked uuids in it.
            params: the query.
            bare: whether an answer without `results` is valid; otherwise it was cut, and is requested again.

        Returns:
            The `results` of the answer; None if it has none.

        Raises:
            ApiError: the request failed, after the retries that make sense; a subclass where one fits.
        """
        return self.answer("GET", path, params, bare=bare).results

    def write(self, method: str, path: str, body: Json = None) -> Json:
        """Send a request that changes something; repeated only if it certainly was not carried out.

        Args:
            method: POST, PUT, PATCH or DELETE.
            path: as in `get`.
            body: sent as JSON; None sends no body.

        Returns:
            The `results` of the answer; None if it has none.

        Raises:
            ApiError: the request failed; `unclear` if the write may have been carried out nevertheless.
        """
        content = None if body is None else orjson.dumps(body)
        if content is not None and len(content) > self.connection.limits.body:
            message = f"not sent, because it takes {len(content):,} bytes, and a server refuses bodies above "
            message += f"{self.connection.limits.body:,}"
            raise ApiError(message, method=method, path=path, hint=LARGER_BODIES)
        return self.answer(method, path, content=content).results

    def answer(
        self,
        method: str,
        path: str,
        params: Query | None = None,
        content: bytes | None = None,
        *,
        bare: bool = False,
    ) -> Answer:
        """Send a request, with retries, and return the whole answer (see `get` and `write`)."""
        try:
            return self._answer(method, path, params, content, bare=bare)
        finally:
            self.pacer.outage.leave()

    def _answer(
        self, method: str, path: str, params: Query | None, content: bytes | None, *, bare: bool
    ) -> Answer:
        write, has_waited = method != "GET", False
        waited, patience = 0.0, 1.0
        attempt = 0
        while True:
            attempt += 1
            self.pacer.before_request()
            began = time.monotonic()
            try:
                answer = self._once(method, path, params, content, bare=bare, patience=patience)
            except Failed as failed:
                log.info("%s %s: %s", method, path, self._without_secrets(failed.error).reason)
                if failed.is_late:
                    patience = min(2 * patience, _MOST_PATIENCE)
                if failed.is_outage:
                    wait = self.pacer.wait_out(failed.failure, write=write, has_waited=has_waited)
                    if wait is not None:
                        attempt, has_waited = attempt - 1, True
                        self.pacer.sleep(wait)
                        continue
                elif failed.error.status is not None:
                    self.pacer.outage.answered(began)
                if failed.retry_after_all is not None:
                    self.pacer.pause_all(failed.retry_after_all)
                wait = self.pacer.repeat(
                    failed.failure,
                    write=write,
                    attempt=attempt,
                    waited=waited,
                    retry_after=failed.retry_after,
                )
                if wait is None:
                    error = failed.final_error(attempt, write=write)
                    raise self._without_secrets(error) from failed.__cause__
                waited += wait
                self.pacer.sleep(wait)
            else:
                self.pacer.outage.answered(began)
                self.version = answer.version or self.version
                log.info(
                    "%s %s: %d in %.0f ms", method, path, answer.status, 1000 * (time.monotonic() - began)
                )
                return answer

    def _without_secrets(self, error: ApiError) -> ApiError:
        """Remove this session's secrets from an error: some proxies repeat the headers that they received.

        A server's message is cut to a maximum length, so the beginning of a secret is removed, too.
        """
        for secret in self.connection.secrets:
            beginning = re.compile(re.escape(secret[:_BEGINNING]) + r"\S*")
            error.message = beginning.sub("***", error.message)
            error.hint = beginning.sub("***", error.hint)
            error.reason = beginning.sub("***", error.reason)
            error.args = (error.message,)
        return error

    def _once(
        self,
        method: str,
        path: str,
        params: Query | None,
        content: bytes | None,
        *,
        bare: bool,
        patience: float,
    ) -> Answer:
        """Send a request once, and wait for its answer `patience` times as long as usual.

        Raises:
            Failed: the attempt failed, with its class.
        """
        limits = self.connection.limits
        self._deadline.start(patience * limits.deadline)
        timeout = httpx.Timeout(patience * limits.read, connect=limits.connect, pool=limits.deadline)
        url = self.connection.origin.url + path
        kind = None if content is None else {"Content-Type": "application/json"}
        try:
            with self._http.stream(
                method, url, params=params, content=content, headers=kind, timeout=timeout
            ) as response:
                body = self._body(response, method, path)
        except (
            httpx.HTTPError,
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.TimeoutException,
            zlib.error,
        ) as error:
            failed = from_exception(error, method, path, self.connection.origin.url)
            raise failed.by_proxy(self._proxy) from error
        try:
            return from_response(response, body, method, path, self.connection.token_kind, bare=bare)
        except Failed as failed:
            raise failed.by_proxy(self._proxy) from failed.__cause__

    def _body(self, response: httpx.Response, method: str, path: str) -> bytes:
        """Read a body up to the limit, and never decompress more of it than that.

        httpx decompresses a whole chunk at once (measured: 3 GB for an answer of 2 kB that was compressed
        twice), so the body is decompressed here.
        """
        size = self.connection.limits.size
        coding = response.headers.get("content-encoding", "identity").lower()
        unpack = _UNPACKERS.get(coding)
        if unpack is None:
            raise Failed.unasked_coding(method, path, response.status_code, coding)
        unpack_some = unpack()
        body = bytearray()
        for chunk in response.iter_raw():
            body += unpack_some(chunk, size + 1 - len(body))
            if len(body) > size:
                raise Failed.too_large(method, path, response.status_code, size)
        return bytes(body)


def _gunzip() -> Callable[[bytes, int], bytes]:
    return zlib.decompressobj(zlib.MAX_WBITS + 16).decompress


def _as_it_is() -> Callable[[bytes, int], bytes]:
    return lambda chunk, _most: chunk


# Content-Encoding -> makes a function that decompresses a chunk to a maximum number of bytes.
_UNPACKERS = {"identity": _as_it_is, "gzip": _gunzip}


def _headers(connection: Connection) -> dict[str, str]:
    headers = {
        "Authorization": f"{connection.token_kind.scheme} {connection.token}",
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
        "Lightdash-Request-Method": "CLI",
        "User-Agent": f"lightdash-sync/{__version__}",
    }
    if connection.proxy_authorization:
        headers["Proxy-Authorization"] = connection.proxy_authorization
    return headers | dict(connection.headers)
