"""A transport whose every read and write ends at the request's deadline.

The timeouts of httpx bound each wait for a byte, so a server that sends one byte now and then holds a
request for ever (measured: `timeout=1` still hung after six seconds), before the headers as well as
after. Here each wait on the socket, the TLS handshake included, is cut to what is left of the request.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import httpcore
import httpx

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable


class Deadline(threading.local):
    """The moment, in monotonic seconds, at which this thread's request must have ended."""

    at: float = float("inf")

    def start(self, seconds: float) -> None:
        """Give the thread's next request some seconds, all in all."""
        self.at = time.monotonic() + seconds

    def left(self, timeout: float | None) -> float:
        """Return a timeout, cut to what is left.

        Raises:
            httpcore.ReadTimeout: nothing is left.
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
    """A connection to a proxy that names a server by its IPv6 address: in brackets, as a port follows.

    httpcore leaves them out, and no proxy knows where such an address ends.

    Args:
        connection: to the proxy.
        host: the address.
    """

    def __init__(self, connection: httpcore.ConnectionInterface, host: bytes) -> None:
        self._connection = connection
        self._host = host

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request, with the address as it must be."""
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
    """httpx's own transport, on sockets that know the deadline.

    Args:
        verify: how the server's certificate is checked.
        limits: of the connection pool.
        proxy: the URL of a proxy, or None.
        deadline: shared with whoever starts it for each request.
    """

    def __init__(
        self, *, verify: ssl.SSLContext | bool, limits: httpx.Limits, proxy: str | None, deadline: Deadline
    ) -> None:
        super().__init__(verify=verify, limits=limits, proxy=proxy, trust_env=False)
        # httpx lets nobody choose the pool's sockets; a test with a dripping server guards this line.
        self._pool._network_backend = _Backend(self._pool._network_backend, deadline)
        if proxy is not None:
            create = self._pool.create_connection

            def create_connection(origin: httpcore.Origin) -> httpcore.ConnectionInterface:
                made = create(origin)
                if b":" in origin.host:
                    vars(made)["_connection"] = _Bracketed(vars(made)["_connection"], origin.host)
                return made

            vars(self._pool)["create_connection"] = create_connection
