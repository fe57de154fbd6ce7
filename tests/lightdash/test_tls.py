"""The token and TLS: it reaches the configured server or nobody, whatever stands between."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from lightdash_sync.errors import Unavailable, UnexpectedAnswer
from lightdash_sync.lightdash.origin import Origin
from lightdash_sync.lightdash.session import Connection, Limits, Session
from tests.lightdash.support import TOKEN, RawServer, Reply, SandGlass, answer, ok, served, session_with

HOST = "lightdash.example.com"


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    """An authority that only a CA bundle makes known."""
    return trustme.CA()


@pytest.fixture(scope="module")
def bundle(ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file with the authority."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(str(path))
    return path


def _context(ca: trustme.CA, *names: str, until: datetime | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names, not_after=until).configure_cert(context)
    return context


def _failing(server: RawServer, ca_bundle: Path | None = None) -> Unavailable:
    """The error of a request to a server that must not get it."""
    told = pytest.raises(Unavailable)
    with session_with(server.url, ca_bundle=ca_bundle) as session, told as caught:
        session.get("/api/v1/user")
    assert server.seen == []
    return caught.value


def test_a_company_authority_is_trusted_when_named(ca: trustme.CA, bundle: Path) -> None:
    """With --ca-bundle a server with a certificate of one's own authority is reached, over TLS."""
    tls = _context(ca, "127.0.0.1")
    with served(ok("hello"), tls=tls, ca_bundle=bundle) as (server, session):
        assert session.get("/api/v1/user") == "hello"
    assert server.seen[0].headers["authorization"] == f"ApiKey {TOKEN}"


def test_an_unknown_authority_gets_nothing(ca: trustme.CA) -> None:
    """A certificate of nobody we know: one try, no request, and a hint to --ca-bundle."""
    with RawServer(ok(), tls=_context(ca, "127.0.0.1")) as server:
        error = _failing(server)
        assert server.connections == 1
    assert "certificate is not accepted: unable to get local issuer certificate" in str(error)
    assert "--ca-bundle" in error.hint


@pytest.mark.parametrize(
    ("names", "until", "problem"),
    [
        (["127.0.0.1"], datetime(2020, 1, 1, tzinfo=UTC), "certificate has expired"),
        (["127.0.0.2", HOST], None, "not valid for '127.0.0.1'"),
    ],
)
def test_a_wrong_certificate_gets_nothing(
    ca: trustme.CA, bundle: Path, names: list[str], until: datetime | None, problem: str
) -> None:
    """An expired certificate or one for another host: no request arrives, and the reason is told."""
    with RawServer(ok(), tls=_context(ca, *names, until=until)) as server:
        error = _failing(server, bundle)
        assert server.connections == 1
    assert problem in str(error)


def test_a_server_without_tls_gets_nothing() -> None:
    """Where https is asked for and plain HTTP answers, the token is not sent."""
    with RawServer(ok()) as server:
        server.url = server.url.replace("http:", "https:")
        error = _failing(server)
    assert "no connection: [SSL" in str(error)


# --- redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_redirect_is_followed(status: int, method: str) -> None:
    """A redirect is an error that names its target, on the same host or another: nothing follows it."""
    with RawServer(ok()) as other:
        for target in (f"{other.url}/login", "/login", "//evil.example/", ""):
            reply = answer(status, "moved", kind="text/plain", Location=target)
            with served(reply, ok()) as (server, session), pytest.raises(UnexpectedAnswer) as caught:
                session.answer(method, "/api/v1/user")
            assert len(server.seen) == 1
            assert f"{status} the server redirects to {target}" in str(caught.value)
            assert "use that address" in caught.value.hint
    assert other.connections == 0


def test_a_redirect_to_plain_http_is_not_followed(ca: trustme.CA, bundle: Path) -> None:
    """A downgrade from https to http does not take the token along."""
    with RawServer(ok()) as plain:
        reply = answer(301, Location=f"{plain.url}/api/v1/user")
        with (
            served(reply, tls=_context(ca, "127.0.0.1"), ca_bundle=bundle) as (_server, session),
            pytest.raises(UnexpectedAnswer, match="redirects are not followed"),
        ):
            session.get("/api/v1/user")
    assert plain.connections == 0


# --- proxies


def _tunnel_to(port: int) -> Reply:
    """What a proxy does with CONNECT: it passes bytes in both directions until one side ends."""

    def pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def tunnel(connection: socket.socket, _: threading.Event) -> None:
        with socket.create_connection(("127.0.0.1", port)) as server:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(server, connection))
            back.start()
            pump(connection, server)
            back.join()

    return tunnel


@pytest.fixture
def through(monkeypatch: pytest.MonkeyPatch) -> Callable[[RawServer, str], None]:
    """Makes a server the proxy that the environment names."""

    def name(proxy: RawServer, userinfo: str = "") -> None:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{userinfo}127.0.0.1:{proxy.port}")

    return name


def _connection(bundle: Path) -> Connection:
    return Connection(Origin(f"https://{HOST}"), TOKEN, ca_bundle=bundle)


def test_a_proxy_sees_no_token(
    ca: trustme.CA, bundle: Path, through: Callable[[RawServer, str], None]
) -> None:
    """By the proxy of the environment the server is reached in a tunnel: the proxy sees host and password."""
    with (
        RawServer(ok("far"), tls=_context(ca, HOST)) as server,
        RawServer(_tunnel_to(server.port)) as proxy,
    ):
        through(proxy, "me:secret@")
        with Session(_connection(bundle), SandGlass()) as session:
            assert session.get("/api/v1/user") == "far"
    (asked,) = proxy.seen
    assert (asked.method, asked.target) == ("CONNECT", f"{HOST}:443")
    assert asked.headers["proxy-authorization"] == "Basic bWU6c2VjcmV0"
    assert TOKEN not in str(asked)
    assert server.seen[0].headers["authorization"] == f"ApiKey {TOKEN}"
    assert "proxy-authorization" not in server.seen[0].headers


def test_a_proxy_with_another_certificate_gets_nothing(
    bundle: Path, through: Callable[[RawServer, str], None]
) -> None:
    """A proxy that answers in the server's place, with a certificate of its own, gets no request."""
    with (
        RawServer(ok(), tls=_context(trustme.CA(), HOST)) as server,
        RawServer(_tunnel_to(server.port)) as proxy,
    ):
        through(proxy, "")
        with Session(_connection(bundle), SandGlass()) as session, pytest.raises(Unavailable) as caught:
            session.get("/api/v1/user")
    assert "certificate is not accepted" in str(caught.value)
    assert server.seen == []


@pytest.mark.parametrize("status", [302, 407, 502])
def test_a_proxy_that_refuses(bundle: Path, through: Callable[[RawServer, str], None], status: int) -> None:
    """A proxy that opens no tunnel sees no token, and a redirect of it is not followed."""
    with RawServer(answer(status, Location="http://evil.example/")) as proxy:
        through(proxy, "")
        with Session(_connection(bundle), SandGlass()) as session, pytest.raises(Unavailable) as caught:
            session.get("/api/v1/user")
    assert str(status) in str(caught.value)
    assert proxy.seen
    assert all(asked.method == "CONNECT" and TOKEN not in str(asked) for asked in proxy.seen)


def test_a_proxy_is_asked_for_an_address_of_ipv6_in_brackets(
    ca: trustme.CA, bundle: Path, through: Callable[[RawServer, str], None]
) -> None:
    """Else no proxy knows where the address ends and its port begins; the certificate is for the address."""
    with (
        RawServer(ok("far"), tls=_context(ca, "fd00::17")) as server,
        RawServer(_tunnel_to(server.port)) as proxy,
    ):
        through(proxy, "")
        connection = Connection(Origin("https://[fd00::17]:8443"), TOKEN, ca_bundle=bundle)
        with Session(connection, SandGlass()) as session:
            assert [session.get("/api/v1/user") for _ in range(2)] == ["far", "far"]
    (asked,) = proxy.seen
    assert (asked.method, asked.target, asked.headers["host"]) == ("CONNECT", *["[fd00::17]:8443"] * 2)
    assert server.seen[0].headers["host"] == "[fd00::17]:8443"


def test_a_proxy_of_plain_http_gets_an_address_of_ipv6_in_brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(ok("far")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        with Session(Connection(Origin("http://[fd00::17]:8080"), TOKEN), SandGlass()) as session:
            assert session.get("/api/v1/user") == "far"
    (asked,) = proxy.seen
    assert (asked.target, asked.headers["host"]) == (
        "http://[fd00::17]:8080/api/v1/user",
        "[fd00::17]:8080",
    )


@pytest.mark.parametrize(
    ("exceptions", "url"),
    [
        ("*.invalid", "http://lightdash.invalid:9"),
        ("lightdash.invalid:9", "http://lightdash.invalid:9"),
    ],
)
def test_a_proxy_that_is_not_meant_is_not_asked_and_gets_no_token(
    monkeypatch: pytest.MonkeyPatch, exceptions: str, url: str
) -> None:
    """Over plain HTTP it would see the token; nobody has this name."""
    limits = Limits(connect=0.2, read=0.2, deadline=1.0)
    with RawServer(ok()) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        with Session(Connection(Origin(url), TOKEN, limits=limits), SandGlass()) as session:
            assert session.get("/api/v1/user") is None
            assert TOKEN in str(proxy.seen)  # without NO_PROXY it does
        before = len(proxy.seen)
        monkeypatch.setenv("NO_PROXY", exceptions)
        with (
            Session(Connection(Origin(url), TOKEN, limits=limits), SandGlass()) as session,
            pytest.raises(Unavailable) as caught,
        ):
            session.get("/api/v1/user")
        assert len(proxy.seen) == before
    assert "proxy" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("reply", [answer(407), answer(502, b"<html>no</html>"), b"SSH-2.0-x\r\n\r\n"])
def test_what_a_proxy_fails_at_names_it_and_no_password(
    bundle: Path, through: Callable[[RawServer, str], None], reply: bytes
) -> None:
    with RawServer(reply) as proxy:
        through(proxy, "me:secret@")
        with Session(_connection(bundle), SandGlass()) as session, pytest.raises(Unavailable) as caught:
            session.get("/api/v1/user")
    assert f"The proxy http://127.0.0.1:{proxy.port} was asked" in caught.value.hint
    assert "NO_PROXY" in caught.value.hint
    assert "secret" not in f"{caught.value} {caught.value.hint}"


def test_a_proxy_that_is_not_there_is_named(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write is sent again then: nothing went out."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with Session(_connection(bundle), SandGlass()) as session, pytest.raises(Unavailable) as caught:
        session.write("POST", "/api/v1/x", {})
    assert "The proxy http://127.0.0.1:1 was asked" in caught.value.hint
    assert not caught.value.unclear
