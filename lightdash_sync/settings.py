"""Settings from options, then environment variables, then `lightdash-sync.toml`; tokens; and shards.

`--env` is an option, so the environment that it names takes precedence over variables. A token is only used
with the URL that it was configured for: if the URL comes from an option or a variable, a token configured in
the file is used only if the file has the same URL. The file may say where a token is, never the token itself,
and the token is never taken from the command line, where every process of the machine could read it.

In order: the file and its environments, the settings of a command, and shards.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import subprocess
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from lightdash_sync.content.schedulers import parse_pattern
from lightdash_sync.disk import decode_text
from lightdash_sync.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


# The file `lightdash-sync.toml`: the environments, and where their snapshots are.
#
# Nothing here connects to a server or reads a token.

FILE = "lightdash-sync.toml"
_SNAPSHOTS = "snapshots"
USUAL_NAME = "production"  # default name of the first environment

_FORBIDDEN = ("token", "api_key", "apikey", "access_token", "password")


def past_day(day: date) -> date:
    """Check that a day from which something is read has begun, and return it.

    Raises:
        ValueError: the day has not begun yet, neither in local time nor in UTC.
    """
    now = datetime.now(UTC)
    if day > max(now.date(), now.astimezone().date()):
        raise ValueError(f"{day} is in the future")
    return day


# Addresses of Lightdash's pages, as pasted from a browser; they begin with the base URL.
_PAGE = re.compile(
    r"(https?://[^?#]*?)/(?:projects(?:/([^/?#]+))?|login|generalSettings|api/v[12])(?:[/?#].*)?"
)


def split_address(url: str) -> tuple[str, str | None]:
    """Return base URL and project uuid from the address of a page; None if it has no project.

    The address bar of a browser has `https://host/projects/UUID/home`; any other URL is returned unchanged.
    """
    found = _PAGE.fullmatch(url.strip())
    return (found[1], found[2]) if found else (url, None)


def _same_server(one: str, other: str) -> bool:
    return one.strip().rstrip("/").lower() == other.strip().rstrip("/").lower()


def join_address(url: str | None, project: str | None) -> tuple[str | None, str | None]:
    """Return base URL and project (uuid or name), where either may be the address of a page.

    Raises:
        ValueError: the project's address is one of another server.
    """
    base, pasted = split_address(url) if url else (url, None)
    if project is None:
        return base, pasted
    server, uuid = split_address(project)
    if uuid is None:
        return base, project
    if base and not _same_server(base, server):
        raise ValueError(f"the project {project} is not on {base}")
    return base or server, uuid


_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OURS = frozenset(
    {
        *("accept", "accept-encoding", "authorization", "connection", "content-encoding", "content-length"),
        *("content-type", "host", "lightdash-request-method", "proxy-authorization", "transfer-encoding"),
        "user-agent",
    }
)


class Environment(BaseModel):
    """A table `[env.NAME]` of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str
    project: str | None = None
    path: str | None = None
    token_env: str | None = None
    token_file: str | None = None
    token_command: str | list[str] | None = None
    token_type: Literal["personal", "service-account", "oauth"] | None = None
    ca_bundle: str | None = None
    allow_http: bool = False
    concurrency: int | None = Field(default=None, ge=1, le=64)
    timeout: float | None = Field(default=None, ge=1, le=3600)
    max_body: float | None = Field(default=None, gt=0, le=1024)
    headers_env: dict[str, str] | None = None
    recipients: list[str] | None = None
    comments: Literal["nightly", "weekly"] | None = None
    keep_going: bool = False
    history_since: date | None = None

    @model_validator(mode="before")
    @classmethod
    def _split_addresses(cls, said: object) -> object:
        if not isinstance(said, dict) or not isinstance(url := said.get("url"), str):
            return said
        project = said.get("project") or None
        if not isinstance(project, str | None):
            return said
        base, uuid = join_address(url, project)
        return {**said, "url": base} | ({} if uuid is None else {"project": uuid})

    @field_validator("headers_env")
    @classmethod
    def _check_headers(cls, said: dict[str, str] | None) -> dict[str, str] | None:
        for name in said or ():
            if not _HEADER.fullmatch(name) or name.lower() in _OURS:
                raise ValueError(f"{name!r} is not a header that a gateway can be given")
        return said

    @field_validator("history_since")
    @classmethod
    def _check_history_since(cls, said: date | None) -> date | None:
        return None if said is None else past_day(said)

    @field_validator("recipients")
    @classmethod
    def _check_recipients(cls, said: list[str] | None) -> list[str] | None:
        for one in said or ():
            parse_pattern(one)
        return said


class GitTable(BaseModel):
    """The table `[git]` of the file: what the rules of a remote ask of commits, and where they are pushed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    message_prefix: str = ""
    trailers: list[str] = []
    remote: str | None = None

    @field_validator("message_prefix")
    @classmethod
    def _check_prefix(cls, said: str) -> str:
        return one_line(said)

    @field_validator("trailers")
    @classmethod
    def _check_trailers(cls, said: list[str]) -> list[str]:
        return [one_line(one) for one in said]


def one_line(text: str) -> str:
    """Check a text that becomes a line, or the beginning of a line, of commit messages, and return it.

    Raises:
        ValueError: it has a line break or another control character.
    """
    if not text.isprintable():
        raise ValueError(f"{text!r} is not one line of text")
    return text


class SettingsFile(BaseModel):
    """The content of the file; all defaults if there is no file."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    default: str | None = None
    env: dict[str, Environment] = {}
    git: GitTable = GitTable()


def git_settings(folder: Path, file: Path | None = None) -> GitTable:
    """Return the settings of commits and pushes; see `environment_settings`."""
    return settings_file(folder, file)[1].git


def snapshot_folder(env: str | None, folder: Path, file: Path | None = None) -> Path | None:
    """Return where the snapshot of an environment is, without using server or token.

    Args:
        env: name of the environment; None for the default or the only one.
        folder: folder of `lightdash-sync.toml`.
        file: the file to use instead; it must exist.

    Returns:
        The environment's `path`, else `snapshots/NAME` beside the file; None if no environment is defined.
        The folder need not exist.

    Raises:
        ConfigError: the file is invalid, has no such environment, or several and no default.
    """
    path, document = settings_file(folder, file)
    name, environment = environment_of(document, env)
    if name is not None and environment is not None:
        return snapshot_of(path.parent, name, environment)
    if document.env:
        raise _undecided(path, document, "Name one with --env")
    return None


def known_environments(folder: Path, file: Path | None = None) -> tuple[dict[str, Path], str | None]:
    """Return all environments with the folders of their snapshots, and the name of the default one.

    Args:
        folder: folder of `lightdash-sync.toml`, which need not exist.
        file: the file to use instead; it must exist.

    Raises:
        ConfigError: the file is invalid.
    """
    path, document = settings_file(folder, file)
    found = {name: snapshot_of(path.parent, name, one) for name, one in document.env.items()}
    return found, environment_of(document, None)[0]


def environment_settings(folder: Path, file: Path | None = None) -> dict[str, Environment]:
    """Return the settings of all environments by name, in the order of the file.

    Args:
        folder: folder of `lightdash-sync.toml`; there need not be one.
        file: the file to use instead; it must exist.

    Raises:
        ConfigError: the file is invalid.
    """
    return dict(settings_file(folder, file)[1].env)


def environments(
    wanted: Sequence[str], folder: Path, file: Path | None = None, *, every: bool
) -> dict[str, Path]:
    """Return names of environments and the folders of their snapshots, in the order of the file.

    Args:
        wanted: names; if empty, the default or the only one.
        folder: folder of `lightdash-sync.toml`.
        file: the file to use instead.
        every: return all environments.

    Raises:
        ConfigError: there is no file, no such environment, or it is not clear which one is meant.
    """
    path, document = settings_file(folder, file)
    if not document.env and not path.is_file():
        raise ConfigError(
            f"there is no {FILE} here",
            hint=f"`lightdash-sync init` makes one; or set {URL[0]}, {PROJECT[0]} and {TOKEN[0]}.",
        )
    for name in wanted:
        environment_of(document, name)
    if every or wanted:
        found = [name for name in document.env if every or name in wanted]
    else:
        only, _ = environment_of(document, None)
        found = [] if only is None else [only]
    if found:
        return {name: snapshot_of(path.parent, name, document.env[name]) for name in found}
    if document.env:
        raise _undecided(path, document, "Name them with --env, or take them all with --all")
    raise ConfigError(f"{path} has no environment", hint="An environment is a table [env.NAME] with a url.")


def settings_file(
    folder: Path, file: Path | None, variables: Mapping[str, str] | None = None
) -> tuple[Path, SettingsFile]:
    """Return path and content of the settings file.

    Args:
        folder: folder of `lightdash-sync.toml`.
        file: the file to use instead; it must exist.
        variables: environment variables of the process, also the default; without a file they can define one
            environment, named `production`, by a URL and a project.

    Raises:
        ConfigError: the file is invalid.
    """
    path = file or folder / FILE
    if file is not None or path.is_file():
        return path, read_file(path)
    variables = os.environ if variables is None else variables
    try:
        url, project = join_address(first(variables, URL), first(variables, PROJECT))
    except ValueError as error:
        raise ConfigError(str(error), hint=f"Set {URL[0]} and {PROJECT[0]} for one server.") from None
    if not url or not project:
        return path, SettingsFile()
    return path, SettingsFile(env={USUAL_NAME: Environment(url=url, project=project)})


def find_file(folder: Path) -> Path | None:
    """Return the settings file of the git repository around a folder, the nearest one above the folder.

    A file of another user is not taken: settings name commands that are run.

    Args:
        folder: below the top of the repository; a file in it needs no search.
    """
    here = folder.absolute()
    if (here / FILE).exists():
        return None
    inside: list[Path] = []  # of the repository
    for above in (here, *here.parents):
        inside.append(above)
        if (above / ".git").exists():
            break
    else:
        return None
    found = (above / FILE for above in inside if (above / FILE).is_file() and _is_own(above / FILE))
    return next((Path(os.path.relpath(path, here)) for path in found), None)


def _is_own(path: Path) -> bool:
    user = getattr(os, "geteuid", None)
    return user is None or path.stat().st_uid in (user(), 0)


def environment_of(document: SettingsFile, wanted: str | None) -> tuple[str | None, Environment | None]:
    """Return the named environment, else the default one, else the only one.

    Raises:
        ConfigError: there is no environment of this name.
    """
    name = wanted or document.default
    if name is None and len(document.env) == 1:
        name = next(iter(document.env))
    if name is None:
        return None, None
    if name not in document.env:
        there = ", ".join(sorted(document.env)) or "none"
        raise ConfigError(f"there is no environment {name!r} in {FILE}", hint=f"There are: {there}.")
    return name, document.env[name]


def snapshot_of(base: Path, name: str, environment: Environment) -> Path:
    """Return where the snapshot of an environment is.

    Raises:
        ConfigError: the default folder of all snapshots is a link: it may have come with a commit, and lead
            anywhere.
    """
    if environment.path is None and (base / _SNAPSHOTS).is_symlink():
        raise ConfigError(
            f"{base / _SNAPSHOTS} is a symbolic link",
            hint=f"Replace it by a folder, or let `path` of {name} in {FILE} say where its snapshot belongs.",
        )
    return base / (environment.path or Path(_SNAPSHOTS) / name)


def read_file(path: Path) -> SettingsFile:
    """Read `lightdash-sync.toml`.

    Raises:
        ConfigError: the file cannot be read, has an unknown setting, or contains a token.
    """
    try:
        document = tomllib.loads(decode_text(path.read_bytes()))
    except FileNotFoundError as error:
        raise ConfigError(f"{path} does not exist") from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    for name, table in _tables(document):
        if found := [key for key in table if key.lower() in _FORBIDDEN]:
            raise ConfigError(
                f"{path}: [env.{name}] must not hold {found[0]!r}: a file like this ends up in git",
                hint="Say where the token is with token_env, token_file or token_command, "
                "and make a new token if this one was committed.",
            )
    try:
        return SettingsFile.model_validate(document)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_problem(error)}") from None


_WORDS = {
    "string_type": "must be a text in quotes",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "list_type": 'must be a list such as ["a", "b"]',
    "dict_type": "must be a table",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "model_type": "must be a table",
    "date_type": "must be a day such as 2026-01-31",
    "date_parsing": "must be a day such as 2026-01-31",
    "date_from_datetime_parsing": "must be a day such as 2026-01-31",
    "date_from_datetime_inexact": "must be a day such as 2026-01-31",
}


def _problem(error: ValidationError) -> str:
    """Return a description of the first problem of a settings file, without terms of pydantic."""
    problems = error.errors(include_url=False, include_input=False)
    # A setting that is missing may be the one that has an unknown name.
    first = next((one for one in problems if one["type"] == "extra_forbidden"), problems[0])
    kind, context = first["type"], first.get("ctx", {})
    place = [str(part) for part in first["loc"]]
    if place[:1] == ["env"] and len(place) > 2:
        table, setting, known = f"[env.{place[1]}]", place[2], list(Environment.model_fields)
    elif place[:1] == ["env"] and len(place) == 2:
        table, setting, known = f"[env.{place[1]}]", "", []
    elif place[:1] == ["git"] and len(place) > 1:
        table, setting, known = "[git]", place[1], list(GitTable.model_fields)
    else:
        table, setting, known = "the file", place[0] if place else "", list(SettingsFile.model_fields)
    if kind == "extra_forbidden":
        close = difflib.get_close_matches(setting, known, 1)
        more = f"; did you mean {close[0]!r}?" if close else f"; there are: {', '.join(known)}"
        return f"{table} has an unknown setting {setting!r}{more}"
    where = f"{setting!r} of {table}" if setting else table
    if kind == "missing":
        return f"{table} lacks {setting!r}"
    if kind == "value_error":
        return f"{where}: {first['msg'].removeprefix('Value error, ')}"
    if kind == "literal_error":
        return f"{where} must be {context.get('expected', 'another value')}"
    if kind in ("greater_than_equal", "less_than_equal", "greater_than"):
        bounds = {"ge": "at least", "le": "at most", "gt": "more than"}
        bound = next(f"{words} {context[name]}" for name, words in bounds.items() if name in context)
        return f"{where} must be {bound}"
    return f"{where} {_WORDS[kind]}" if kind in _WORDS else f"{where}: {first['msg']}"


def _tables(document: dict[str, object]) -> list[tuple[str, dict[str, object]]]:
    environments = document.get("env")
    if not isinstance(environments, dict):
        return []
    return [(str(name), table) for name, table in environments.items() if isinstance(table, dict)]


def _undecided(path: Path, document: SettingsFile, advice: str) -> ConfigError:
    there = ", ".join(sorted(document.env))
    return ConfigError(f"{path} has several environments", hint=f"{advice}: {there}.")


# Variables of this tool, and those of Lightdash's own SDK.
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
class ConnectionOptions:
    """Options of the command line; None for those that are not given.

    Attributes:
        env: name of an environment of the file.
        url: base URL.
        project: uuid or name.
        ca_bundle: path of a PEM file.
        allow_http: whether the token may be sent unencrypted.
        concurrency: maximum number of requests at the same time.
        timeout: seconds that an answer may take.
    """

    env: str | None = None
    url: str | None = None
    project: str | None = None
    ca_bundle: Path | None = None
    allow_http: bool = False
    concurrency: int | None = None
    timeout: float | None = None


@dataclass(frozen=True)
class Settings:
    """The settings of a command.

    Attributes:
        env: name of the environment, or None.
        url: base URL, as given.
        token: secret.
        project: uuid or name, or None.
        path: directory of the environment's snapshot, or None.
        ca_bundle: path of a PEM file, or None.
        allow_http: whether the token may be sent unencrypted.
        concurrency: maximum number of requests at the same time.
        proxy_authorization: secret, or None.
        recipients: patterns of addresses that schedulers of the environment may deliver to, or None for any.
        token_type: type of the token if it is configured; otherwise it is recognised by its prefix.
        comments: when comments on unchanged dashboards are read; None for the default.
        history_since: the day from which on earlier versions are read; None for all.
        timeout: maximum number of seconds for an answer; None for the default.
        headers: additional headers for a gateway before the server, by name; their values are secrets.
        keep_going: whether exports go on without single items that the server does not give.
        max_body: MB that the server takes as the body of a request; None for what Lightdash usually takes.
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
    timeout: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    keep_going: bool = False
    max_body: float | None = None

    @property
    def secrets(self) -> list[str]:
        """The values that must never be shown."""
        secrets = (self.token, self.proxy_authorization, *self.headers.values())
        return [secret for secret in secrets if secret]


def load_settings(
    options: ConnectionOptions, variables: Mapping[str, str], folder: Path, file: Path | None = None
) -> Settings:
    """Combine options, variables and file.

    Args:
        options: options of the command line.
        variables: the process's environment variables.
        folder: folder of `lightdash-sync.toml`.
        file: the file to use instead; it must exist.

    Raises:
        ConfigError: a setting is missing, unknown or not allowed.
    """
    path, document = settings_file(folder, file, variables if options.env else {})
    name, environment = environment_of(document, options.env)
    named = environment if options.env else None
    base = path.parent
    url = options.url or (named.url if named else None) or first(variables, URL)
    url = url or (environment.url if environment else None)
    project = options.project or (named.project if named else None) or first(variables, PROJECT)
    try:
        url, project = join_address(url, project)
    except ValueError as error:
        raise ConfigError(
            str(error), hint="Give --url, or an environment, of the project's server."
        ) from None
    if not url:
        raise ConfigError("no Lightdash is named", hint=_NO_URL)
    same = environment is not None and _same_server(environment.url, url)
    own = environment if same else None
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
        timeout=options.timeout or (own.timeout if own else None),
        headers=_headers(own, variables) if own else {},
        keep_going=bool(own and own.keep_going),
        max_body=own.max_body if own else None,
    )


def _headers(own: Environment, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the headers whose values are in variables."""
    return {
        name: _variable(variable, f"the header {name}", variables)
        for name, variable in (own.headers_env or {}).items()
    }


def _variable(name: str, what: str, variables: Mapping[str, str]) -> str:
    """Return the value of a variable that the settings file names."""
    if not variables.get(name):
        raise ConfigError(
            f"the variable {name}, which should hold {what}, is not set",
            hint=f"Set it, for example with `export {name}=…`; lightdash-sync.toml names it.",
        )
    return variables[name]


def _token(
    own: Environment | None, named: bool, variables: Mapping[str, str], base: Path
) -> tuple[str, str | None]:
    """Return the token and its configured type: by `--env`, else the variable, else the file."""
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
        return _variable(own.token_env, "the token", variables)
    if own.token_file is not None:
        try:
            return decode_text((base / Path(own.token_file).expanduser()).read_bytes())
        except (OSError, ValueError, RuntimeError) as error:  # the last one: `~` of an unknown user
            raise ConfigError(f"the token file {own.token_file} cannot be read: {error}") from error
    return _command_output(own.token_command or "")


def _command_output(command: str | list[str]) -> str:
    """Run the command that prints the token, without a shell; its stderr is not captured."""
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
    """Return the value of the first variable that is set."""
    return next((variables[name] for name in names if variables.get(name)), None)


# Shards: a part of the environments for each worker of a scheduler.
#
# Workers need not know of each other: they have the same list, and each takes every N-th name. Kubernetes
# gives a worker its number in `JOB_COMPLETION_INDEX` (from 0, without the total), GitLab in `CI_NODE_INDEX`
# (from 1) and `CI_NODE_TOTAL`.

KUBERNETES = "JOB_COMPLETION_INDEX"
GITLAB = ("CI_NODE_INDEX", "CI_NODE_TOTAL")

_MOST = 10_000
_HOW = "Say it as --shard 2/5 (from 1), or --shard /5 where the scheduler sets the worker's own number."


@dataclass(frozen=True, slots=True)
class Shard:
    """One worker's share.

    Attributes:
        number: number of the worker, from 1.
        total: number of workers.
    """

    number: int
    total: int

    def __str__(self) -> str:
        return f"{self.number}/{self.total}"

    def of(self, names: Sequence[str]) -> list[str]:
        """Return this worker's names; each name belongs to exactly one worker."""
        return [name for place, name in enumerate(names) if place % self.total == self.number - 1]


def read_shard(text: str | None, variables: Mapping[str, str]) -> Shard | None:
    """Return this worker's share; None if there are no shares.

    Args:
        text: `2/5`, `/5` to take the number from the scheduler, or None to take both from it.
        variables: the process's environment variables.

    Raises:
        ConfigError: the share is invalid, or the scheduler gives a number but no total.
    """
    if text is None:
        if KUBERNETES in variables:
            raise ConfigError(
                f"{KUBERNETES} is set, but nothing says how many workers share the environments",
                hint="Give --shard /N with the completions of the Job; --shard 1/1 takes all of them.",
            )
        if not all(variables.get(name) for name in GITLAB):
            return None
        return _shard(variables[GITLAB[0]], variables[GITLAB[1]])
    found = re.fullmatch(r"([0-9]*)/([0-9]+)", text)
    if found is None:
        raise ConfigError(f"{text!r} is no share", hint=_HOW)
    return _shard(found[1] or _number(variables), found[2])


def _number(variables: Mapping[str, str]) -> str:
    """Return the number that a scheduler gives this worker, from 1."""
    if (index := variables.get(KUBERNETES)) is not None:
        return str(int(index) + 1) if index.isascii() and index.isdigit() else index
    if number := variables.get(GITLAB[0]):
        return number
    raise ConfigError(f"neither {KUBERNETES} nor {GITLAB[0]} says which worker this is", hint=_HOW)


def _shard(number: str, total: str) -> Shard:
    texts = (number, total)
    if not all(text.isascii() and text.isdigit() and len(text) <= len(str(_MOST)) for text in texts):
        raise ConfigError(f"{number}/{total} is no share", hint=_HOW)
    shard = Shard(int(number), int(total))
    if not 1 <= shard.number <= shard.total <= _MOST:
        raise ConfigError(f"there is no share {shard}: shares count from 1 to their number", hint=_HOW)
    return shard
