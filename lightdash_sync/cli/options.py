"""The options shared by all commands that talk to a server, and the connection that they describe."""

from __future__ import annotations

import functools
import logging
import os
import sys
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from lightdash_sync.lightdash.asked_once import CachedAnswers
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.settings import Settings

_ALL = "all"


class Day(click.ParamType["date | Literal['all']"]):
    """A day such as `2026-01-31`, or `all`."""

    name = "DATE"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> date | Literal["all"]:
        """Parse a day."""
        from lightdash_sync.settings import past_day

        if value == _ALL:
            return "all"
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise click.BadParameter(
                f"{value!r} is no day; say it as 2026-01-31, or all", ctx, param
            ) from None
        try:
            return past_day(day)
        except ValueError as error:
            raise click.BadParameter(f"{error}; say a day that has begun, or all", ctx, param) from None


Command: TypeAlias = "Callable[..., Any]"


def _found_file(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
    """Return the settings file that was named, else that of the git repository around, if there is one."""
    from lightdash_sync.settings import find_file

    return find_file(Path()) if value is None else value


CONFIG = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_found_file,
    help="Settings file.  [default: lightdash-sync.toml here or above in the git repository]",
)
OUTPUT = click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it there; without --format in the format of the ending (.html, .md, .json).",
)
_HOW = [
    CONFIG,
    click.option(
        "--ca-bundle", type=click.Path(dir_okay=False, path_type=Path), help="Further CAs, in PEM format."
    ),
    click.option("--allow-http", is_flag=True, help="Send the token unencrypted to other than this machine."),
    click.option(
        "--concurrency", type=click.IntRange(1, 64), help="Requests at the same time.  [default: 8]"
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(1, 3600),
        metavar="SECONDS",
        help="Wait so long for an answer; later tries wait longer.  [default: 30]",
    ),
    click.option("-v", "--verbose", is_flag=True, help="Log every request."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON result on stdout."),
]
_WHERE = [
    click.option("--env", metavar="NAME", help="An environment of lightdash-sync.toml."),
    click.option("--url", metavar="URL", help="Base URL of Lightdash.  [env: LIGHTDASH_URL]"),
]
_PROJECT = click.option("--project", metavar="UUID|NAME", help="The project.  [env: LIGHTDASH_PROJECT]")
_READING = [
    click.option("--full", is_flag=True, help="Read everything again, whatever the lists prove unchanged."),
    click.option(
        "--full-every", type=click.IntRange(1), default=7, show_default=True, help="Do so each so many runs."
    ),
    click.option(
        "--keep-going",
        is_flag=True,
        help="Go on without single charts and dashboards that the server does not give; exit 3.",
    ),
    click.option("--accept-shrink", is_flag=True, help="Accept that a kind, or half of one, is gone."),
    click.option(
        "--history-since",
        type=Day(),
        metavar="DATE|all",
        help="Read earlier versions from this day on.  [default: history_since of the environment, else all]",
    ),
]


def server_options(*, project: bool, config: bool = False) -> Callable[[Command], Command]:
    """Add the options of a command that talks to one server; they arrive as one `Settings` factory.

    With `config`, the command gets the settings file (or None) by that name, too.

    The command gets `settings`, a function without arguments, so that a missing setting is an error only for
    a command that needs it.
    """

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def wrapped(
            *args: Any, env: str | None, url: str | None, project: str | None = None, **kwargs: Any
        ) -> Any:
            load, rest = _loader(kwargs)
            if config:
                rest["config"] = kwargs["config"]
            return command(*args, settings=lambda: load(env, url, project), **rest)

        return with_options(wrapped, [_PROJECT, *_WHERE, *_HOW] if project else [*_WHERE, *_HOW])

    return decorate


def environment_options(command: Command) -> Command:
    """Add the options of a command that talks to the servers of several environments.

    The command gets `settings`, a function of an environment's name, and `config`, the file or None.
    """

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        load, rest = _loader(kwargs)
        return command(*args, settings=load, config=kwargs["config"], **rest)

    return with_options(wrapped, _HOW)


def reading_options(command: Command) -> Command:
    """Add the options that say how to read a project; they arrive as one `Reading`."""

    @functools.wraps(command)
    def wrapped(
        *args: Any,
        full: bool,
        full_every: int,
        accept_shrink: bool,
        keep_going: bool,
        history_since: date | Literal["all"] | None,
        **kwargs: Any,
    ) -> Any:
        from lightdash_sync.export.run import Reading

        since = None if history_since == "all" else history_since
        whole = history_since == "all"
        reading = Reading(
            full,
            full_every,
            accept_shrink,
            keep_going=keep_going,
            history_since=since,
            whole_history=whole,
        )
        return command(*args, reading=reading, **kwargs)

    return with_options(wrapped, _READING)


def _loader(given: dict[str, Any]) -> tuple[Callable[..., Settings], dict[str, Any]]:
    """Return a function that loads the settings of an environment, and the remaining options."""
    names = ("config", "ca_bundle", "allow_http", "concurrency", "timeout", "verbose")
    how = {name: given[name] for name in names}

    def load(env: str | None, url: str | None = None, project: str | None = None) -> Settings:
        from lightdash_sync.settings import ConnectionOptions, load_settings

        options = ConnectionOptions(
            env, url, project, how["ca_bundle"], how["allow_http"], how["concurrency"], how["timeout"]
        )
        loaded = load_settings(options, os.environ, Path(), how["config"])
        log_requests(loaded, verbose=how["verbose"])
        return loaded

    return load, {name: value for name, value in given.items() if name not in names}


def with_options(command: Command, options: Sequence[Callable[[Command], Command]]) -> Command:
    """Add options to a command; they are listed in this order."""
    for option in reversed(options):
        command = option(command)
    return command


def log_requests(settings: Settings, *, verbose: bool) -> None:
    """Log requests to stderr, without secrets and without the HTTP library's own messages."""
    from lightdash_sync.cli.output import Redacted

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
def connected(settings: Settings, answers: CachedAnswers | None = None) -> Iterator[Lightdash]:
    """Open a session with the server of some settings.

    Args:
        settings: of an environment.
        answers: what is known of that server for that token already, and is not asked for again.
    """
    from lightdash_sync.lightdash.asked_once import AskedOnce
    from lightdash_sync.lightdash.origin import parse_origin
    from lightdash_sync.lightdash.session import Connection, Limits, Session

    connection = Connection(
        origin=parse_origin(settings.url, allow_http=settings.allow_http),
        token=settings.token,
        proxy_authorization=settings.proxy_authorization,
        ca_bundle=settings.ca_bundle,
        concurrency=settings.concurrency,
        token_type=settings.token_type,
        headers=settings.headers,
        limits=Limits.of(settings.timeout, settings.max_body),
    )
    with Session(connection) as session:
        yield AskedOnce(session, answers)


def connections(
    settings: Callable[[str], Settings],
) -> Callable[[str], AbstractContextManager[tuple[Lightdash, str | None]]]:
    """Return a function that connects to the server of an environment; it also yields the project."""

    @contextmanager
    def connect(name: str) -> Iterator[tuple[Lightdash, str | None]]:
        loaded = settings(name)
        with connected(loaded) as lightdash:
            yield lightdash, loaded.project

    return connect
