"""Prepares a folder for backups: settings, git's configuration files, and a job for CI.

It promises: no existing file is overwritten, lines are only added to `.gitignore` and `.gitattributes`, no
token is ever written, and no request is sent to a server.
"""

from __future__ import annotations

import json
import shlex
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import TYPE_CHECKING

from lightdash_sync import __version__
from lightdash_sync.content.keys import is_key
from lightdash_sync.errors import ConfigError
from lightdash_sync.git import ignored_beside, kept_as_written
from lightdash_sync.lightdash.origin import parse_origin
from lightdash_sync.settings import (
    FILE,
    PROJECT,
    TOKEN,
    URL,
    USUAL_NAME,
    Environment,
    environment_settings,
    environments,
    first,
    join_address,
    known_environments,
    split_address,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lightdash_sync.settings import ConnectionOptions

_IGNORED = "# What lightdash-sync leaves beside snapshots: locks, and what one run tells the next."
_ATTRIBUTES = "# Snapshots are checked byte by byte: git must not change their line ends."
_USUAL_IGNORED, _USUAL_ATTRIBUTES = "/snapshots/.*", "/snapshots/** -text"


class Ci(StrEnum):
    """The CI service that will run backups."""

    GITHUB = "github"
    GITLAB = "gitlab"
    NONE = "none"


_JOBS = {
    Ci.GITHUB: (".github/workflows/lightdash-backup.yml", "github-actions.yml"),
    Ci.GITLAB: (".gitlab-ci.yml", "gitlab-ci.yml"),
}


@dataclass(frozen=True, slots=True)
class PreparedFolder:
    """What was done with a file.

    Attributes:
        path: path of the file.
        result: `created`, `extended`, or `kept` unchanged.
    """

    path: Path
    result: str


@dataclass(frozen=True, slots=True)
class InitOptions:
    """The first environment.

    Attributes:
        name: its name.
        environment: its settings; None if the folder has settings already.
    """

    name: str
    environment: Environment | None


def settings_for(folder: Path, options: ConnectionOptions, variables: Mapping[str, str]) -> InitOptions:
    """Return the environment of a folder's settings, or the one that options and variables describe.

    Raises:
        ConfigError: no server is given, the token must not be sent to its URL, the name cannot be used for a
            folder, or the existing settings are invalid or have no such environment.
    """
    if (folder / FILE).exists():
        name = next(iter(environments([options.env] if options.env else [], folder, every=not options.env)))
        _require_written(folder, environment_settings(folder)[name], options)
        return InitOptions(name, None)
    name = options.env or USUAL_NAME
    if not is_key(name):
        raise ConfigError(
            f"{name!r} cannot be the name of an environment",
            hint="Use small letters, digits, - and _: it names a folder too.",
        )
    try:
        url, project = join_address(
            options.url or first(variables, URL), options.project or first(variables, PROJECT)
        )
    except ValueError as error:
        raise ConfigError(str(error), hint="Give --url and --project of one server.") from None
    if not url:
        raise ConfigError("no Lightdash is named", hint="Give --url, or set LIGHTDASH_URL.")
    parse_origin(url, allow_http=options.allow_http)
    environment = Environment(
        url=url.strip(),
        project=project,
        token_env=next((name for name in TOKEN if variables.get(name)), TOKEN[0]),
        ca_bundle=None if options.ca_bundle is None else str(options.ca_bundle),
        allow_http=options.allow_http,
        concurrency=options.concurrency,
    )
    return InitOptions(name, environment)


def _require_written(folder: Path, there: Environment, options: ConnectionOptions) -> None:
    """Require that the settings that are there say what the options say.

    Raises:
        ConfigError: they do not, and no settings are changed.
    """
    wanted = {
        "url": options.url and split_address(options.url)[0],
        "project": options.project,
        "ca_bundle": options.ca_bundle and str(options.ca_bundle),
        "allow_http": options.allow_http,
        "concurrency": options.concurrency,
    }
    differ = [name for name, value in wanted.items() if value and value != getattr(there, name)]
    if differ:
        names = " and ".join(f"--{name.replace('_', '-')}" for name in differ)
        raise ConfigError(
            f"{folder / FILE} is there already, and init changes no settings",
            hint=f"Write into the file what {names} should say, and run init without.",
        )


def prepare(folder: Path, top: Path, chosen: InitOptions, ci: Ci) -> list[PreparedFolder]:
    """Write the files that are missing.

    Args:
        folder: folder for `lightdash-sync.toml`.
        top: top of the git repository around it, where CI looks for its jobs.
        chosen: the first environment.
        ci: the CI service to write a job for.

    Raises:
        ConfigError: the settings cannot be written, or a file cannot be extended.
        OSError: a file cannot be written.
    """
    settings = folder / FILE
    if chosen.environment is None:
        done = [PreparedFolder(settings, "kept")]
    else:
        done = [_create(settings, settings_text(chosen.name, chosen.environment))]
    done += _protect(folder, top)
    if ci is not Ci.NONE:
        path, template = _JOBS[ci]
        for parent in list((top / path).relative_to(top).parents)[:-1]:
            if (top / parent).is_symlink():
                raise ConfigError(f"{top / parent} is a symbolic link", hint="Replace it by a folder.")
        below = folder.relative_to(top).as_posix()
        done.append(_create(top / path, job_text(template, "" if below == "." else f"{below}/{FILE}")))
    return done


def _protect(folder: Path, top: Path) -> list[PreparedFolder]:
    """Let git ignore what lies beside each snapshot of the settings, and leave the snapshots' line ends.

    A snapshot that is not below the folder of the settings is protected from the top of the repository.
    """
    lines: dict[Path, tuple[list[str], list[str]]] = {folder: ([], [])}
    for snapshot in known_environments(folder)[0].values():
        real = snapshot.resolve()
        base = folder if real.is_relative_to(folder) else top
        if real == base or not real.is_relative_to(base):
            continue
        path = real.relative_to(base).as_posix()
        ignored, attributes = lines.setdefault(base, ([], []))
        is_usual = base == folder and path.startswith("snapshots/")
        ignored += [_USUAL_IGNORED if is_usual and path.count("/") == 1 else ignored_beside(path)]
        attributes += [_USUAL_ATTRIBUTES] if is_usual else kept_as_written(path)
    done = []
    for base, (ignored, attributes) in lines.items():
        done += [_extend(base / ".gitignore", _IGNORED, ignored)]
        done += [_extend(base / ".gitattributes", _ATTRIBUTES, attributes)]
    return done


def settings_text(name: str, environment: Environment) -> str:
    """Return a settings file with one environment, and comments about other settings."""
    given = environment.model_dump(exclude_defaults=True)
    lines = [f"{key} = {_toml(value)}" for key, value in given.items()]
    if environment.project is None:
        lines.append('# project = "…"   # its name or uuid: `lightdash-sync projects` lists them')
    text = "\n".join(
        [
            "# One table for each Lightdash project. A token never stands in this file: say where it is with",
            '# token_env = "VARIABLE", token_file = "path" or token_command = "pass show lightdash".',
            f"[env.{name}]",
            *lines,
            "",
        ]
    )
    try:
        is_right = tomllib.loads(text.encode().decode()) == {"env": {name: given}}
    except ValueError:  # a lone surrogate, which Python makes from undecodable bytes on the command line
        is_right = False
    if not is_right:
        raise ConfigError("these settings cannot be written to a file", hint="Look for odd characters.")
    return text


def job_text(template: str, config: str) -> str:
    """Return a job for CI.

    Args:
        template: file name of the template.
        config: path of the settings file from the top of the repository; "" if it is there itself.
    """
    text = files("lightdash_sync").joinpath("templates", template).read_text("utf-8")
    option = f"--config {shlex.quote(config)} " if config else ""
    return text.replace("@CONFIG@", option).replace("@VERSION@", __version__)


def _toml(value: str | int | bool | list[str]) -> str:
    """Return a value in TOML, which is the same as JSON except for the delete character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _create(path: Path, text: str) -> PreparedFolder:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return PreparedFolder(path, "kept")
    return PreparedFolder(path, "created")


def _extend(path: Path, title: str, lines: list[str]) -> PreparedFolder:
    """Add the lines that a file lacks to its end, below a title."""
    if path.is_symlink():
        raise ConfigError(f"{path} is a symbolic link", hint="Replace it by a file.")
    try:
        before = path.read_text("utf-8")
    except FileNotFoundError:
        before = None
    except ValueError as error:
        raise ConfigError(f"{path} is no text in UTF-8") from error
    there = (before or "").splitlines()
    missing = [line for line in dict.fromkeys(lines) if line not in there]
    text = "".join(f"{line}\n" for line in ([] if title in there else [title]) + missing)
    if before is None:
        return _create(path, text)
    if not missing:
        return PreparedFolder(path, "kept")
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(("" if not before or before.endswith("\n") else "\n") + text)
    return PreparedFolder(path, "extended")
