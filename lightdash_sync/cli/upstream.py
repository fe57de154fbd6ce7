"""From where to where a promotion goes: the source with its connection, and its upstream project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lightdash_sync.errors import ConfigError, Refused

if TYPE_CHECKING:
    from lightdash_sync.cli.planning import Opening
    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.sync.target import Place


@dataclass(frozen=True)
class Source:
    """The environment that is promoted.

    Attributes:
        name: of it.
        lightdash: its server, with the token that promotes.
        project: uuid.
        upstream: uuid of the upstream project; "" if there is none.
        target: name of the environment of the upstream project; None if no environment is of it.
    """

    name: str
    lightdash: Lightdash
    project: str
    upstream: str
    target: str | None


def open_source(opening: Opening, name: str | None) -> Source:
    """Reach the environment that is to be promoted; its content is not read yet.

    Args:
        opening: opens it.
        name: of it; None for the default of the settings.

    Raises:
        ConfigError: there is no such environment, or nothing says which one is meant.
    """
    from lightdash_sync.projects import find_project

    name = source_name(opening, name)
    lightdash, project = opening.project(name)
    row = find_project(lightdash.projects(), project)
    upstream = row.upstreamProjectUuid or ""
    target = opening.environment_of(lightdash, upstream, besides=name) if upstream else None
    return Source(name, lightdash, project, upstream, target)


def source_name(opening: Opening, name: str | None) -> str:
    """Return the environment that is meant.

    Raises:
        ConfigError: there is no such environment, or nothing says which one is meant.
    """
    name = name or opening.default
    if name is None or name not in opening.folders:
        there = ", ".join(opening.folders) or "none"
        said = "nothing says what is to be promoted" if name is None else f"there is no environment {name!r}"
        raise ConfigError(said, hint=f"Name an environment of lightdash-sync.toml with --env: {there}.")
    return name


def open_upstream(opening: Opening, source: Source, *, writing: bool) -> Place:
    """Open the upstream project of a source as a target, and hold its lock.

    To look at it, it need not be an environment; to write to it, it must be one: what undoing needs is kept
    beside the snapshot of its environment.

    Args:
        opening: opens it.
        source: that is promoted.
        writing: whether it is going to be changed.

    Raises:
        Refused: there is no upstream project.
        ConfigError: it is no environment, and is going to be changed.
        Locked: another run is at work there.
    """
    from lightdash_sync.sync.folders import Folders
    from lightdash_sync.sync.target import Place

    if not source.upstream:
        raise Refused(
            f"the project of {source.name} has no upstream project, so Lightdash cannot promote it",
            hint="Set one in Lightdash (project settings), or use `--via replay --to ENV`, which needs none.",
        )
    if source.target is not None:
        return opening.place(source.target)[0]
    if writing:
        url = source.lightdash.session.connection.origin.url
        raise ConfigError(
            f"no environment of lightdash-sync.toml is the upstream project of {source.name}",
            hint="Add one, so that the run can be undone:\n"
            f'[env.upstream]\nurl = "{url}"\nproject = "{source.upstream}"\ntoken_env = "…"',
        )
    folder = opening.keep(TemporaryDirectory(prefix="lightdash-sync-", ignore_cleanup_errors=True))
    place = Place(
        "upstream", source.upstream, source.lightdash, Folders(Path(folder) / "upstream"), opening.bars
    )
    opening.keep(place.held())
    return place
