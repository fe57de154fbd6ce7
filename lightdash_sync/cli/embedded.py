"""Runs the embedded Lightdash for the command `demo`: to export from it, or to serve it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import click

from lightdash_sync.cli.output import print_json
from lightdash_sync.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_sync.export.run import ExportResult

_NAME = "demo"  # in the snapshot, in the place of a URL whose port is another each time
_PROJECT = "production"
_TOKEN_OF = "admin"  # noqa: S105 - whose token


def export_demo(path: Path, version: str) -> ExportResult:
    """Start the embedded Lightdash, export its production project, verify the snapshot, stop it.

    Raises:
        ConfigError: the extra `demo` is not installed.
        SyncError: whatever an export can raise.
    """
    _require_extra()
    from lightdash_standin.seed import demo_world
    from lightdash_standin.server import Server
    from lightdash_sync.errors import SnapshotError
    from lightdash_sync.export.run import export_project
    from lightdash_sync.export.selection import ExportSelection
    from lightdash_sync.lightdash.origin import Origin
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.lightdash.session import Connection, Session
    from lightdash_sync.report.terminal import Bars
    from lightdash_sync.snapshot.verify import verify

    world = demo_world(version)
    with Server(world) as server:
        connection = Connection(Origin(server.url, name=_NAME), world.tokens[_TOKEN_OF])
        with Session(connection) as session:
            lightdash = Lightdash(session, today=world.clock.moment.date())
            report = export_project(
                lightdash, world.projects[_PROJECT], path, ExportSelection(), progress=Bars()
            )
    if damages := verify(path).damages:
        raise SnapshotError(
            f"{path}/{damages[0].path} {damages[0].problem}", hint="This is a bug: please report it."
        )
    return report


def serve_demo(port: int, version: str, *, as_json: bool) -> None:
    """Serve the embedded Lightdash until interrupted, and say how to reach it.

    Raises:
        ConfigError: the extra `demo` is not installed, or the port is taken.
    """
    _require_extra()
    from lightdash_standin.seed import demo_of_today
    from lightdash_standin.server import Server

    world = demo_of_today(version)
    server = Server(world, port=port)
    try:
        server.start()
    except OSError as error:
        raise ConfigError(
            f"port {port} cannot be used: {error.strerror}", hint="Choose another, or 0."
        ) from error
    try:
        if as_json:
            print_json({"url": server.url, "token": world.tokens[_TOKEN_OF], "projects": {**world.projects}})
        else:
            _introduce(version, server.url, world.tokens[_TOKEN_OF], world.projects)
        threading.Event().wait()
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
    finally:
        server.stop()


def _introduce(version: str, url: str, token: str, projects: dict[str, str]) -> None:
    click.echo(
        f"Lightdash {version}, a stand-in, at {url} (only on this machine; nothing is kept). "
        "In another terminal:\n"
    )
    click.echo(f"  export LIGHTDASH_URL={url}")
    click.echo(f"  export LIGHTDASH_API_KEY={token}")
    click.echo("  lightdash-sync projects\n")
    for name, uuid in sorted(projects.items()):
        click.echo(f"  {name:<12} {uuid}")
    click.echo("\nCtrl-C stops it.")


def _require_extra() -> None:
    try:
        import starlette
        import uvicorn
    except ImportError as error:
        raise ConfigError(
            f"the embedded Lightdash needs the extra `demo` ({error.name} is missing)",
            hint="pip install 'lightdash-sync[demo]'",
        ) from error
    del starlette, uvicorn
