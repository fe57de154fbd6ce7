"""The file `lightdash-sync.toml`: which environments there are, and where their snapshots are.

No server is asked and no token is read here. The file may say where a token is, never the token itself.
"""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from lightdash_sync.errors import ConfigError
from lightdash_sync.model.destinations import parse_pattern
from lightdash_sync.model.problems import first_problem

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE = "lightdash-sync.toml"
_SNAPSHOTS = "snapshots"

_FORBIDDEN = ("token", "api_key", "apikey", "access_token", "password")


def past_day(day: date) -> date:
    """Return a day from which on something is read.

    Raises:
        ValueError: it has begun nowhere yet, neither here nor by UTC.
    """
    now = datetime.now(UTC)
    if day > max(now.date(), now.astimezone().date()):
        raise ValueError(f"{day} is in the future")
    return day


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
    recipients: list[str] | None = None
    comments: Literal["nightly", "weekly"] | None = None
    history_since: date | None = None

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


class SettingsFile(BaseModel):
    """What the whole file says; nothing is set where there is no file."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    default: str | None = None
    env: dict[str, Environment] = {}


def snapshot_folder(env: str | None, folder: Path, file: Path | None = None) -> Path | None:
    """Return where the snapshot of an environment is, without a look at server or token.

    Args:
        env: name of the environment; None for the default or the only one.
        folder: where `lightdash-sync.toml` is looked for.
        file: the file to use instead; it must exist.

    Returns:
        The environment's `path`, else `snapshots/NAME` beside the file; None where no environment is
        defined. It need not exist.

    Raises:
        ConfigError: the file makes no sense, has no such environment, or several and no default.
    """
    path, document = settings_file(folder, file)
    name, environment = environment_of(document, env)
    if name is not None and environment is not None:
        return snapshot_of(path.parent, name, environment)
    if document.env:
        raise _undecided(path, document, "Name one with --env")
    return None


def known_environments(folder: Path, file: Path | None = None) -> tuple[dict[str, Path], str | None]:
    """Return all environments with where their snapshots are, and which is meant if none is named.

    Args:
        folder: where `lightdash-sync.toml` is looked for; there need not be one.
        file: the file to use instead; it must exist.

    Raises:
        ConfigError: the file makes no sense.
    """
    path, document = settings_file(folder, file)
    found = {name: snapshot_of(path.parent, name, one) for name, one in document.env.items()}
    return found, environment_of(document, None)[0]


def environment_projects(folder: Path, file: Path | None = None) -> dict[str, tuple[str, str | None]]:
    """Return name -> URL and project (uuid, name or None) of all environments, in the order of the file.

    Args:
        folder: where `lightdash-sync.toml` is looked for; there need not be one.
        file: the file to use instead; it must exist.

    Raises:
        ConfigError: the file makes no sense.
    """
    document = settings_file(folder, file)[1]
    return {name: (one.url, one.project) for name, one in document.env.items()}


def environment_history(folder: Path, file: Path | None = None) -> dict[str, date | None]:
    """Return name -> the day from which on earlier versions are read; None for all.

    Args:
        folder: where `lightdash-sync.toml` is looked for; there need not be one.
        file: the file to use instead; it must exist.

    Raises:
        ConfigError: the file makes no sense.
    """
    return {name: one.history_since for name, one in settings_file(folder, file)[1].env.items()}


def environment_comments(folder: Path, file: Path | None = None) -> dict[str, str | None]:
    """Return name -> when the comments on dashboards that did not change are read; None for what is usual.

    Args:
        folder: where `lightdash-sync.toml` is looked for; there need not be one.
        file: the file to use instead; it must exist.

    Raises:
        ConfigError: the file makes no sense.
    """
    return {name: one.comments for name, one in settings_file(folder, file)[1].env.items()}


def environments(
    wanted: Sequence[str], folder: Path, file: Path | None = None, *, every: bool
) -> dict[str, Path]:
    """Return names of environments and where their snapshots are, in the order of the file.

    Args:
        wanted: names; none of them for the default or the only one.
        folder: where `lightdash-sync.toml` is looked for.
        file: the file to use instead.
        every: all that there are.

    Raises:
        ConfigError: there is no file, no such environment, or nothing says which one is meant.
    """
    path = file or folder / FILE
    if file is None and not path.is_file():
        raise ConfigError(f"there is no {FILE} here", hint="`lightdash-sync init` makes one.")
    document = read_file(path)
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


def settings_file(folder: Path, file: Path | None) -> tuple[Path, SettingsFile]:
    """Return the file that was named, or a folder's own, and what it says: nothing, if there is none.

    Raises:
        ConfigError: it makes no sense.
    """
    path = file or folder / FILE
    return path, read_file(path) if file is not None or path.is_file() else SettingsFile()


def environment_of(document: SettingsFile, wanted: str | None) -> tuple[str | None, Environment | None]:
    """Return the environment that was asked for, the default one, or the only one.

    Raises:
        ConfigError: there is none of the name.
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
        ConfigError: the folder of all snapshots, which no setting names, is a link: it may have come with a
            commit, and lead anywhere.
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
        ConfigError: it cannot be read, has an unknown setting, or holds a token.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
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
        raise ConfigError(f"{path}: {first_problem(error)}") from None


def _tables(document: dict[str, object]) -> list[tuple[str, dict[str, object]]]:
    environments = document.get("env")
    if not isinstance(environments, dict):
        return []
    return [(str(name), table) for name, table in environments.items() if isinstance(table, dict)]


def _undecided(path: Path, document: SettingsFile, advice: str) -> ConfigError:
    there = ", ".join(sorted(document.env))
    return ConfigError(f"{path} has several environments", hint=f"{advice}: {there}.")
