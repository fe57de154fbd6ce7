"""The options that every command shares which talks to a server, and the server they lead to."""

from __future__ import annotations

import functools
import logging
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.config import Settings

F = TypeVar("F", bound="Callable[..., Any]")

_SERVER_OPTIONS = [
    click.option("--env", metavar="NAME", help="An environment of lightdash-sync.toml."),
    click.option("--url", metavar="URL", help="Base URL of Lightdash.  [env: LIGHTDASH_URL]"),
    click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Settings file.  [default: lightdash-sync.toml, if there is one]",
    ),
    click.option(
        "--ca-bundle", type=click.Path(dir_okay=False, path_type=Path), help="Further CAs, in PEM format."
    ),
    click.option("--allow-http", is_flag=True, help="Send the token unencrypted to other than this machine."),
    click.option(
        "--concurrency", type=click.IntRange(1, 64), help="Requests at the same time.  [default: 8]"
    ),
    click.option("-v", "--verbose", is_flag=True, help="Log every request."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON result on stdout."),
]
_PROJECT = click.option("--project", metavar="UUID|NAME", help="The project.  [env: LIGHTDASH_PROJECT]")


def server_options(*, project: bool) -> Callable[[F], F]:
    """Add the options of a command that talks to a server; they arrive as one `Settings` factory.

    The command gets `settings`, a function without arguments: what is missing is an error only for a
    command that needs it.
    """

    def decorate(command: F) -> F:
        @functools.wraps(command)
        def wrapped(
            *args: Any,
            env: str | None,
            url: str | None,
            config: Path | None,
            ca_bundle: Path | None,
            allow_http: bool,
            concurrency: int | None,
            verbose: bool,
            project: str | None = None,
            **kwargs: Any,
        ) -> Any:
            from lightdash_sync.config import Options, load_settings

            options = Options(env, url, project, ca_bundle, allow_http, concurrency)

            def settings() -> Settings:
                loaded = load_settings(options, os.environ, Path(), config)
                log_requests(loaded, verbose=verbose)
                return loaded

            return command(*args, settings=settings, **kwargs)

        for option in reversed([_PROJECT, *_SERVER_OPTIONS] if project else _SERVER_OPTIONS):
            wrapped = option(wrapped)
        return wrapped  # type: ignore[return-value]

    return decorate


def log_requests(settings: Settings, *, verbose: bool) -> None:
    """Log requests to stderr, without secrets and without what the HTTP library would say."""
    from lightdash_sync.report.shown import Redacted

    log = logging.getLogger("lightdash_sync")
    log.setLevel(logging.INFO if verbose else logging.WARNING)
    log.handlers.clear()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    handler.addFilter(Redacted(settings.secrets))
    log.addHandler(handler)
    log.propagate = False
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


@contextmanager
def connected(settings: Settings) -> Iterator[Lightdash]:
    """Open a session with the server of some settings."""
    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.client.origin import parse_origin
    from lightdash_sync.client.session import Connection, Session

    connection = Connection(
        origin=parse_origin(settings.url, allow_http=settings.allow_http),
        token=settings.token,
        proxy_authorization=settings.proxy_authorization,
        ca_bundle=settings.ca_bundle,
        concurrency=settings.concurrency,
    )
    with Session(connection) as session:
        yield Lightdash(session)
