"""Servers that misbehave as told, and sessions with them whose waits take no time."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import Any, TypeAlias

from lightdash_sync.lightdash.origin import parse_origin
from lightdash_sync.lightdash.retry import Pacer, RetryPolicy
from lightdash_sync.lightdash.session import Connection, Limits, Session

TOKEN = "ldpat_0123456789canary"
UUID = "11111111-2222-4333-8444-555555555555"


@dataclass(frozen=True)
class Seen:
    """A request that arrived, with its body, and the number of the connection it came on."""

    method: str
    target: str
    headers: dict[str, str]
    connection: int
    body: bytes = b""

    @property
    def json(self) -> Any:
        """What its body says; None where there is none."""
        return json.loads(self.body) if self.body else None


# Bytes to send; or a function that sends them itself, after which the connection is closed.
Reply: TypeAlias = bytes | Callable[[socket.socket, threading.Event], None]


class RawServer:
    """A server on a socket that sends exactly the bytes it is told to, and remembers what it got.

    Args:
        replies: to each request in turn; the last one is the answer to all further requests.
        choose: chooses the reply instead.
        tls: serve TLS with this context.
    """

    def __init__(
        self,
        *replies: Reply,
        choose: Callable[[Seen], Reply] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._replies = list(replies)
        self._choose = choose or self._next
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = [self._listening]
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self.port: int = self._listening.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.seen: list[Seen] = []
        self.connections = 0
        self.stopping = threading.Event()

    def __enter__(self) -> RawServer:
        self._start(self._accept)
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stopping.set()
        for one in self._sockets:
            _hang_up(one)
        for thread in self._threads:
            thread.join()
        for one in self._sockets:
            one.close()

    def _start(self, target: Callable[..., None], *args: object) -> None:
        self._threads.append(threading.Thread(target=target, args=args, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while not self.stopping.is_set():
                connection, _ = self._listening.accept()
                self._sockets.append(connection)
                self.connections += 1
                self._start(self._serve, connection, self.connections)

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._sockets.append(connection)
            self._converse(connection, number)
        _hang_up(connection)
        connection.close()

    def _converse(self, connection: socket.socket, number: int) -> None:
        while (seen := _request(connection, number)) is not None:
            with self._lock:
                self.seen.append(seen)
                reply = self._choose(seen)
            if not isinstance(reply, bytes):
                reply(connection, self.stopping)
                return
            connection.sendall(reply)
            if b"connection: close" in reply.partition(b"\r\n\r\n")[0].lower():
                return

    def _next(self, _seen: Seen) -> Reply:
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]


def _request(connection: socket.socket, number: int) -> Seen | None:
    """Read a request with its body; None at the end of the connection, or if it is TLS."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := connection.recv(65536)):
            return None
        data += more
        if data.startswith(b"\x16"):
            connection.sendall(answer(400, "This is HTTP"))
            return None
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        if not (more := connection.recv(65536)):
            return None
        body += more
    return Seen(method, target, headers, number, body)


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def answer(status: int, body: bytes | str = b"", kind: str = "application/json", **headers: str) -> bytes:
    """An answer with its length; underscores in names of headers stand for dashes."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Said so", f"Content-Length: {len(content)}"]
    lines += [f"Content-Type: {kind}"] if kind else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


def ok(results: Any = None, **headers: str) -> bytes:
    """A success, as Lightdash says it."""
    return answer(200, json.dumps({"status": "ok", "results": results}), **headers)


def refusal(status: int, message: str = "no luck", **headers: str) -> bytes:
    """An error, as Lightdash says it."""
    error = {"statusCode": status, "name": "SomeError", "message": message, "data": {}}
    return answer(status, json.dumps({"status": "error", "error": error}), **headers)


class SandGlass(Pacer):
    """A pacer whose time passes only while somebody waits; the waits are remembered."""

    def __init__(self, policy: RetryPolicy | None = None, seed: int = 0) -> None:
        super().__init__(policy=policy or RetryPolicy(), clock=lambda: self.now, random=Random(seed))
        self.now = 1000.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.waits.append(seconds)
        self.now += seconds


def cut_after(data: bytes) -> Reply:
    """A reply of some bytes, after which the connection is closed."""
    return lambda connection, _: connection.sendall(data)


@contextmanager
def session_with(
    url: str,
    *,
    pacer: Pacer | None = None,
    attempts: int = 4,
    limits: Limits | None = None,
    token: str = TOKEN,
    **connection: Any,
) -> Iterator[Session]:
    """A session with a server, its waits skipped unless a pacer is given."""
    pacer = pacer or SandGlass(RetryPolicy(attempts=attempts))
    to = Connection(parse_origin(url), token, limits=limits or Limits(), **connection)
    with Session(to, pacer) as session:
        yield session


@contextmanager
def served(
    *replies: Reply,
    choose: Callable[[Seen], Reply] | None = None,
    tls: ssl.SSLContext | None = None,
    **to: Any,
) -> Iterator[tuple[RawServer, Session]]:
    """A server with some replies, and a session with it (see `session_with`)."""
    with RawServer(*replies, choose=choose, tls=tls) as server, session_with(server.url, **to) as session:
        yield server, session
