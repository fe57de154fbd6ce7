"""Connections are kept, shared between threads, replaced when they are stale, and never too many."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

from tests.lightdash.support import cut_after, ok, served

OK = ok({"n": 1})


def test_connections_are_kept_and_replaced() -> None:
    """Requests share a connection; one that the server closed meanwhile costs no try and no error."""
    closing = OK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
    with served(OK, OK, closing, OK) as (server, session):
        for _ in range(4):
            session.get("/x")
    assert [seen.connection for seen in server.seen] == [1, 1, 1, 2]
    assert session.requests == 4


def test_a_connection_that_closes_under_the_request() -> None:
    """A kept connection that the server gives up as the next request comes: a reading is asked again."""
    with served(OK, cut_after(b""), OK) as (server, session):
        assert [session.get("/x"), session.get("/x")] == [{"n": 1}, {"n": 1}]
    assert [seen.connection for seen in server.seen] == [1, 1, 2]


def _in_threads(count: int, work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_one_session_for_many_threads() -> None:
    """Threads share a session, and each gets the answer to its own request."""
    found: dict[str, object] = {}
    with served(choose=lambda seen: ok(seen.target)) as (server, session):

        def work(number: int) -> None:
            for step in range(20):
                path = f"/{number}/{step}"
                found[path] = session.get(path)

        _in_threads(8, work)
    assert len(found) == 160
    assert all(path == result for path, result in found.items())
    assert server.connections < 20


def test_no_more_requests_at_a_time_than_allowed() -> None:
    """The concurrency is a promise to the server, however many threads ask."""
    now, most = 0, 0
    lock = threading.Lock()

    def slow(connection: socket.socket, stopping: threading.Event) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        stopping.wait(0.03)
        with lock:
            now -= 1
        connection.sendall(OK)

    with served(slow, concurrency=3) as (server, session):

        def work(number: int) -> None:
            session.get(f"/{number}")

        _in_threads(9, work)
    assert len(server.seen) == 9
    assert most == 3
