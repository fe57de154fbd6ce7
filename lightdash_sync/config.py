"""Settings: from options, then the environment, then `lightdash-sync.toml`.

An environment that is named with `--env` is an option, and wins over variables. A token is only ever
used with the URL it was configured for: if the URL comes from an option or a variable, a token of the
file goes along only when the file has the same URL. The file may say where a token is, never the token
itself. The token is never taken from the command line, where every process of the machine could read it.
"""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lightdash_sync.environments import environment_of, settings_file, snapshot_of
from lightdash_sync.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from lightdash_sync.environments import Environment

# Our names, and those of Lightdash's own SDK.
URL = ("LIGHTDASH_URL", "LIGHTDASH_INSTANCE_URL")
TOKEN = ("LIGHTDASH_API_KEY", "LIGHTDASH_ACCESS_TOKEN")
PROJECT = ("LIGHTDASH_PROJECT", "LIGHTDASH_PROJECT_UUID")
TOKEN_TYPE = ("LIGHTDASH_TOKEN_TYPE",)
PROXY_AUTHORIZATION = "LIGHTDASH_PROXY_AUTHORIZATION"

_COMMAND_SECONDS = 30
_NO_URL = "Set LIGHTDASH_URL, or give --url, or name an environment of lightdash-sync.toml with --env."
_WHERE_FROM = (
    "Make a personal access token in Lightdash (Settings, Personal access tokens) and set LIGHTDASH_API_KEY, "
    "or give token_env, token_file or token_command in lightdash-sync.toml."
)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; None for what it does not.

    Attributes:
        env: name of an environment of the file.
        url: base URL.
        project: uuid or name.
        ca_bundle: path of a PEM file.
        allow_http: whether the token may travel unencrypted.
        concurrency: requests at the same time.
    """

    env: str | None = None
    url: str | None = None
    project: str | None = None
    ca_bundle: Path | None = None
    allow_http: bool = False
    concurrency: int | None = None


@dataclass(frozen=True)
class Settings:
    """What a command works with.

    Attributes:
        env: name of the environment, or None.
        url: base URL, as given.
        token: secret.
        project: uuid or name, or None.
        path: directory of the environment's snapshot, or None.
        ca_bundle: path of a PEM file, or None.
        allow_http: whether the token may travel unencrypted.
        concurrency: requests at the same time.
        proxy_authorization: secret, or None.
        recipients: patterns of addresses that schedulers there may deliver to, or None for any.
        token_type: which kind of token it is, if the user says so; else its beginning tells.
        comments: when comments on dashboards that did not change are read; None for what is usual.
        history_since: the day from which on earlier versions are read; None for all.
    """

    env: str | None
    url: str
    token: str = field(repr=False)
    project: str | None
    path: Path | None
    ca_bundle: Path | None
    allow_http: bool
    concurrency: int
    proxy_authorization: str | None = field(repr=False)
    recipients: tuple[str, ...] | None = None
    token_type: str | None = None
    comments: str | None = None
    history_since: date | None = None

    @property
    def secrets(self) -> list[str]:
        """Whatever must never be shown."""
        return [secret for secret in (self.token, self.proxy_authorization) if secret]


def load_settings(
    options: Options, variables: Mapping[str, str], folder: Path, file: Path | None = None
) -> Settings:
    """Put the settings together.

    Args:
        options: the command line.
        variables: the process's environment.
        folder: where `lightdash-sync.toml` is looked for.
        file: the file to use instead; it must exist.

    Raises:
        ConfigError: something is missing, unknown, or says what it must not.
    """
    path, document = settings_file(folder, file)
    name, environment = environment_of(document, options.env)
    named = environment if options.env else None
    base = path.parent
    url = options.url or (named and named.url) or first(variables, URL) or (environment and environment.url)
    if not url:
        raise ConfigError("no Lightdash is named", hint=_NO_URL)
    same = environment is not None and environment.url.rstrip("/") == url.rstrip("/")
    own = environment if same else None
    project = options.project or (named and named.project) or first(variables, PROJECT)
    token, token_type = _token(own, bool(named), variables, base)
    return Settings(
        env=name if same else None,
        url=url,
        token=token,
        project=project or (own and own.project) or None,
        path=snapshot_of(base, name, own) if own and name else None,
        ca_bundle=options.ca_bundle or (base / own.ca_bundle if own and own.ca_bundle else None),
        allow_http=options.allow_http or bool(own and own.allow_http),
        concurrency=options.concurrency or (own and own.concurrency) or 8,
        proxy_authorization=variables.get(PROXY_AUTHORIZATION) or None,
        recipients=tuple(own.recipients) if own and own.recipients is not None else None,
        token_type=token_type,
        comments=own.comments if own else None,
        history_since=own.history_since if own else None,
    )


def _token(
    own: Environment | None, named: bool, variables: Mapping[str, str], base: Path
) -> tuple[str, str | None]:
    """Return the token and what is said of its type: the named environment's, the variable's, the file's."""
    configured = own is not None and (own.token_env or own.token_file or own.token_command) is not None
    token = "" if named and configured else first(variables, TOKEN) or ""
    token_type = first(variables, TOKEN_TYPE) if token else None
    if not token and own is not None and configured:
        token = _configured_token(own, variables, base)
    if token_type is None and own is not None:
        token_type = own.token_type
    token = token.strip()
    if not token:
        raise ConfigError("there is no token", hint=_WHERE_FROM)
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise ConfigError("the token holds characters that no token has", hint=_WHERE_FROM)
    return token, token_type


def _configured_token(own: Environment, variables: Mapping[str, str], base: Path) -> str:
    if own.token_env is not None:
        if not variables.get(own.token_env):
            raise ConfigError(
                f"the variable {own.token_env}, which should hold the token, is not set",
                hint=f"Set it, for example with `export {own.token_env}=…`; lightdash-sync.toml names it.",
            )
        return variables[own.token_env]
    if own.token_file is not None:
        try:
            return (base / Path(own.token_file).expanduser()).read_text("utf-8")
        except (OSError, ValueError, RuntimeError) as error:  # the last for the home of nobody
            raise ConfigError(f"the token file {own.token_file} cannot be read: {error}") from error
    return _command_output(own.token_command or "")


def _command_output(command: str | list[str]) -> str:
    """Run the command that prints the token, without a shell; what it says on stderr is shown."""
    words: list[str] = []
    try:
        words = shlex.split(command) if isinstance(command, str) else command
        done = subprocess.run(  # noqa: S603 - the user's own settings say what to run
            words,
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            timeout=_COMMAND_SECONDS,
            check=True,
            text=True,
        )
    except (OSError, IndexError, subprocess.SubprocessError, ValueError) as error:
        name = words[0] if words else "(empty)"
        raise ConfigError(f"the token_command {name} failed ({type(error).__name__})") from error
    return done.stdout


def first(variables: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    """Return the first of some variables that is set."""
    return next((variables[name] for name in names if variables.get(name)), None)
