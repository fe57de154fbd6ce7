"""Serves a world over HTTP on the loopback interface, by uvicorn in a thread.

Use it as a context: `with Server(demo_world()) as server: ...`; `server.url` is then "http://127.0.0.1:PORT".
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from lightdash_standin.app import App, lightdash
from lightdash_standin.faults import Faults
from lightdash_standin.state import World
from lightdash_standin.upgrades import upgrade_world

HOST = "127.0.0.1"
BACKLOG = 512
START_LIMIT = 10.0
KEEP_ALIVE = 5


def _protocol(app: App) -> type[H11Protocol]:
    """Uvicorn's protocol, which also passes its connections to the application: faults close them."""

    class Protocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            host, port = transport.get_extra_info("peername")[:2]
            self.peer: tuple[str, int] = (host, port)
            app.transports[self.peer] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            app.transports.pop(self.peer, None)
            super().connection_lost(exc)

    return Protocol


class _Uvicorn(uvicorn.Server):
    """Uvicorn that stops immediately: normally it takes two tenths of a second, which adds up in tests.

    The application has no lifespan, so there is none to end.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and from then on hear `stop`."""
        self._loop = asyncio.get_running_loop()
        self._told = asyncio.Event()
        await super().startup(sockets=sockets)

    async def main_loop(self) -> None:
        """Serve until told to stop; each second the date in the headers is set again."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), 1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, let requests end that are being answered, and close all connections."""
        for listening in self.servers:
            listening.close()
        for each in sockets or []:
            each.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                while self.server_state.connections or self.server_state.tasks:
                    await asyncio.sleep(0.001)
        except TimeoutError:
            for task in self.server_state.tasks:
                task.cancel()

    def stop(self) -> None:
        """End the loop, from another thread."""
        self.should_exit = True
        with suppress(RuntimeError):  # the loop has ended already
            self._loop.call_soon_threadsafe(self._told.set)


class Server:
    """An embedded Lightdash, listening from entering the context until leaving it.

    Args:
        world: the instance to serve; it may be read and changed while it is served.
        port: the port, 0 for any free one.
        latency: minimum number of seconds for each request (others are served meanwhile).
        faults: which requests go wrong, and how.
    """

    def __init__(
        self, world: World, port: int = 0, latency: float = 0.0, faults: Faults | None = None
    ) -> None:
        self.world = world
        self.app = App(world, latency, faults)
        self.port = port
        self._thread: threading.Thread | None = None
        self._server: _Uvicorn | None = None
        self._socket: socket.socket | None = None

    def upgrade(self, version: str) -> None:
        """Continue as a newer version, with all stored content."""
        upgrade_world(self.world, version)
        self.app.lightdash = lightdash(self.world)

    @property
    def url(self) -> str:
        """The URL that it listens on."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Start listening; returns when requests are served.

        Raises:
            OSError: the port is in use.
            RuntimeError: the server does not start.
        """
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)
        # With the protocol given, asyncio disables Nagle's algorithm; otherwise each answer takes 40 ms.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((HOST, self.port))
            self._socket.listen(BACKLOG)
        except OSError:
            self._socket.close()
            raise
        self.port = self._socket.getsockname()[1]
        settings: dict[str, Any] = {"http": _protocol(self.app), "lifespan": "off", "ws": "none"}
        config = uvicorn.Config(
            self.app,
            loop="asyncio",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=1,
            **settings,
        )
        self._server = _Uvicorn(config)
        self._thread = threading.Thread(
            target=self._server.run,
            kwargs={"sockets": [self._socket]},
            name="embedded-lightdash",
            daemon=True,
        )
        self._thread.start()
        deadline = time.monotonic() + START_LIMIT
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the embedded Lightdash did not start")
            time.sleep(0.002)

    def stop(self) -> None:
        """Stop listening and close all connections."""
        if self._server is None or self._thread is None or self._socket is None:
            return
        self._server.stop()
        self._thread.join(START_LIMIT)
        self._socket.close()
        self._server = self._thread = self._socket = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
