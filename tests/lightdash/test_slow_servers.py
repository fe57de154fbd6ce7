"""Servers that keep a client waiting, or feed it without end: every request ends in time and in memory."""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from lightdash_sync.errors import ApiError, Unavailable, UnexpectedAnswer
from lightdash_sync.lightdash.session import Limits, Session
from tests.lightdash.support import RawServer, Reply, Seen, answer, ok, served, session_with

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
# All single waits may take long: only the deadline ends a request.
SHORT = Limits(connect=10, read=10, deadline=0.6)


def drip(start: bytes, drop: bytes) -> Reply:
    """A reply that sends a little every 0.3 s, as long as somebody listens."""

    def reply(connection: socket.socket, stopping: threading.Event) -> None:
        connection.sendall(start)
        while not stopping.wait(0.3):
            connection.sendall(drop)

    return reply


def endless(start: bytes, block: bytes) -> Reply:
    """A reply that sends as fast as it can, as long as somebody listens."""

    def reply(connection: socket.socket, stopping: threading.Event) -> None:
        connection.sendall(start)
        while not stopping.is_set():
            connection.sendall(block)

    return reply


def silence(connection: socket.socket, stopping: threading.Event) -> None:
    """No reply at all."""
    stopping.wait()


@contextmanager
def in_time() -> Iterator[None]:
    """What happens inside ends before the short deadline and one second."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SHORT.deadline + 1


def _collect(session: Session, path: str, errors: list[ApiError]) -> None:
    try:
        session.get(path)
    except ApiError as error:
        errors.append(error)


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(drip(HEAD + b"Content-Length: 1000\r\n\r\n", b" "), id="body"),
        pytest.param(drip(HEAD + b"\r\n", b" "), id="body without length"),
        pytest.param(drip(CHUNKED, b"1\r\n \r\n"), id="chunks"),
        pytest.param(drip(CHUNKED + b"3e8\r\n", b" "), id="a chunk"),
        pytest.param(drip(b"", b"H"), id="status"),
        pytest.param(drip(HEAD, b"X-More: 1\r\n"), id="headers"),
        pytest.param(drip(HEAD + b"X-Long: ", b"x"), id="a header"),
        pytest.param(silence, id="silence"),
    ],
)
def test_a_dripping_server_is_left_in_time(reply: Reply) -> None:
    """One byte now and then, in headers or body, holds no request beyond its deadline."""
    told = pytest.raises(Unavailable, match="GET /x: no answer in time")
    with served(reply, attempts=1, limits=SHORT) as (server, session), in_time(), told:
        session.get("/x")
    assert len(server.seen) == 1


def test_dripping_over_tls_is_left_in_time(tmp_path: Path) -> None:
    """What is encrypted is watched by the same clock."""
    ca, bundle = trustme.CA(), tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    told = pytest.raises(Unavailable, match="no answer in time")
    with (
        RawServer(drip(HEAD, b"X-More: 1\r\n"), tls=context) as server,
        session_with(server.url, ca_bundle=bundle, attempts=1, limits=SHORT) as session,
        in_time(),
        told,
    ):
        session.get("/x")
    assert len(server.seen) == 1


def test_a_server_that_reads_nothing_is_left_in_time() -> None:
    """A request that the server takes no byte of ends in time too."""
    told = pytest.raises(Unavailable, match="no answer in time")
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        long = "x" * 2**24  # more than fits between two sockets
        with session_with(url, attempts=1, limits=SHORT, token=long) as session, in_time(), told:
            session.get("/x")


def test_a_silent_handshake_is_left_in_time() -> None:
    """A server that accepts and never says a word of TLS is left in time, and got no token."""
    told = pytest.raises(Unavailable, match="no answer in time")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        with session_with(url, attempts=1, limits=SHORT) as session, in_time(), told:
            session.get("/x")
        connection, _ = silent.accept()
        with connection:
            assert b"ldpat" not in connection.recv(65536)


@contextmanager
def black_hole() -> Iterator[str]:
    """The URL of a server that answers no packet: its queue is full, so that it drops whatever comes."""
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        yield f"http://127.0.0.1:{full.getsockname()[1]}"


@pytest.mark.parametrize("limits", [SHORT, Limits(connect=0.3)])
def test_a_black_hole_is_left_in_time(limits: Limits) -> None:
    """A host that answers no packet costs the time that a connection may take, or the deadline."""
    told = pytest.raises(Unavailable, match="no answer in time")
    with black_hole() as url, session_with(url, attempts=1, limits=limits) as session, in_time(), told:
        session.get("/x")


def test_a_write_into_a_black_hole_is_tried_again() -> None:
    """A write for which no connection could be made in time was not sent, so it is tried again."""
    told = pytest.raises(Unavailable, match="tried 3 times")
    with black_hole() as url, session_with(url, attempts=3, limits=Limits(connect=0.1)) as session, told:
        session.answer("POST", "/x")


def test_waiting_for_others_counts() -> None:
    """A request that finds all connections taken waits no longer than its deadline either."""
    with served(silence, attempts=1, limits=SHORT, concurrency=1) as (_server, session):
        errors: list[ApiError] = []
        with in_time():
            threads = [threading.Thread(target=_collect, args=(session, "/x", errors)) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    assert ["no answer in time" in str(error) for error in errors] == [True, True, True]


def test_a_deadline_is_one_requests_own() -> None:
    """While one thread's request runs out of time, others get their answers, and so does its next one."""

    def choose(seen: Seen) -> Reply:
        return drip(HEAD, b"X-More: 1\r\n") if seen.target == "/slow" else ok("quick")

    with served(choose=choose, attempts=1, limits=SHORT) as (server, session):
        errors: list[ApiError] = []
        slow = threading.Thread(target=_collect, args=(session, "/slow", errors))
        with in_time():
            slow.start()
            while slow.is_alive() and not server.stopping.wait(0.05):
                assert session.get("/x") == "quick"
        assert "no answer in time" in str(errors[0])


def test_time_begins_anew_with_each_try() -> None:
    """A deadline is for one try: the next one has all the time again."""
    with served(silence, ok("at last"), limits=SHORT) as (server, session):
        assert session.get("/x") == "at last"
        assert len(server.seen) == 2


# --- too much of it


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(endless(HEAD, b"X-More: 1\r\n" * 999), id="headers"),
        pytest.param(endless(HEAD + b"X-Long: ", b"x" * 9999), id="a header"),
        pytest.param(endless(CHUNKED + b"1;x=", b"x" * 9999), id="a chunk's header"),
    ],
)
def test_headers_without_end(reply: Reply) -> None:
    """Headers that never end are given up by their size, long before the deadline."""
    told = pytest.raises(Unavailable, match="the connection broke")
    with served(reply, attempts=1) as (_server, session), in_time(), told:
        session.get("/x")


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_the_size_of_an_answer_is_kept_to_the_byte(coding: str) -> None:
    """An answer of the size that is allowed is read, one more byte is an error that is not asked again."""
    body = b'{"status":"ok","results":1}'
    bodies = [gzip.compress(one) if coding == "gzip" else one for one in (body, body + b" ")]
    replies = [answer(200, one, Content_Encoding=coding) for one in bodies]
    with served(*replies, limits=Limits(size=len(body))) as (server, session):
        assert session.get("/x") == 1
        with pytest.raises(UnexpectedAnswer, match="larger than"):
            session.get("/x")
        assert len(server.seen) == 2


@pytest.mark.parametrize("start", [HEAD + b"\r\n", HEAD + b"Content-Length: 99999999999\r\n\r\n"])
def test_a_body_without_end(start: bytes) -> None:
    """A body that goes on is left as soon as it is too large, whatever its length claims to be."""
    reply = endless(start, b" " * 65536)
    with served(reply, limits=Limits(size=2**20)) as (server, session), in_time():
        with pytest.raises(UnexpectedAnswer, match="200 the answer is larger than 1 MB"):
            session.get("/x")
        assert len(server.seen) == 1


def bomb(megabytes: int, layers: int) -> Reply:
    """A reply of blanks that were compressed some times over; made when it is asked for."""

    def reply(connection: socket.socket, _: threading.Event) -> None:
        packer = zlib.compressobj(6, zlib.DEFLATED, 31)
        packed = b"".join(packer.compress(b" " * 2**20) for _ in range(megabytes)) + packer.flush()
        for _layer in range(layers - 1):
            packed = gzip.compress(packed)
        connection.sendall(answer(200, packed, Content_Encoding=", ".join(["gzip"] * layers)))

    return reply


# Asks once, and prints the error, the seconds that it took, and the most memory that it ever had, in MB.
_ASK = """
import sys, time, tracemalloc
from lightdash_sync.lightdash.origin import Origin
from lightdash_sync.lightdash.retry import Pacer
from lightdash_sync.lightdash.retry import RetryPolicy
from lightdash_sync.lightdash.session import Connection
from lightdash_sync.lightdash.session import Limits
from lightdash_sync.lightdash.session import Session
connection = Connection(Origin(sys.argv[1]), "token", limits=Limits(size=int(sys.argv[2])))
with Session(connection, Pacer(RetryPolicy(attempts=1))) as session:
    tracemalloc.start()
    began = time.monotonic()
    try:
        session.get("/x")
    except Exception as error:
        print(type(error).__name__, error, sep=": ")
    print(time.monotonic() - began)
    print(tracemalloc.get_traced_memory()[1] / 2**20)
"""


def _ask(reply: Reply, size: int) -> tuple[str, float, float]:
    """Let a process of its own ask; return its error, and the seconds and megabytes that it took."""
    with RawServer(reply) as server:
        command = [sys.executable, "-c", _ASK, server.url, str(size)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    error, seconds, megabytes = done.stdout.splitlines()
    return error, float(seconds), float(megabytes)


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        pytest.param(endless(HEAD + b"\r\n", b" " * 65536), "larger than 64 MB", id="plain"),
        pytest.param(bomb(100, 1), "larger than 64 MB", id="gzip"),
        pytest.param(bomb(100, 2), "nobody asked for (gzip, gzip)", id="gzip twice"),
        pytest.param(answer(200, b"[" * 10**5), "nested too deeply", id="opened"),
        pytest.param(answer(200, b"[" * 10**5 + b"]" * 10**5), "nested too deeply", id="deep"),
        pytest.param(answer(200, b'{"a":' * 10**5 + b"1" + b"}" * 10**5), "nested too deeply", id="objects"),
        pytest.param(answer(400, b"[" * 10**5 + b"]" * 10**5), "ApiError", id="deep refusal"),
    ],
)
def test_no_answer_takes_the_machine(reply: Reply, told: str) -> None:
    """Bombs, endless bodies and abysses of JSON end in an error, within seconds and 200 MB of memory."""
    error, seconds, megabytes = _ask(reply, Limits().size)
    assert told in error
    assert seconds < 5
    assert megabytes < 200


def test_a_small_limit_is_small() -> None:
    """No more is unpacked than may be kept, even of one packet."""
    error, _, megabytes = _ask(bomb(60, 1), 2**20)
    assert "larger than 1 MB" in error
    assert megabytes < 10


def test_a_later_try_waits_longer_and_a_setting_for_all() -> None:
    """A list that takes longer than one wait comes with the next try; who sets a time is not kept waiting."""

    def late(connection: socket.socket, stopping: threading.Event) -> None:
        stopping.wait(0.7)
        with contextlib.suppress(OSError):
            connection.sendall(ok([1]))

    limits = Limits(connect=10, read=0.4, deadline=0.5)
    with served(late, limits=limits) as (server, session):
        assert session.get("/x") == [1]
    assert len(server.seen) == 2
    with served(late, limits=Limits.of(2, None)) as (server, session):
        assert session.get("/x") == [1]
    assert len(server.seen) == 1
    told = pytest.raises(Unavailable, match="no answer in time")
    with served(silence, attempts=1, limits=limits) as (server, session), told as caught:
        session.get("/x")
    assert "--timeout" in caught.value.hint
