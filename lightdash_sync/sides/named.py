"""What was typed: `git:REV[:FOLDER]`, `env:NAME`, the name of an environment, or a directory."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from lightdash_sync.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_GIT, _ENV = "git:", "env:"
_HOW = "Name a directory, git:REV, git:REV:FOLDER, or an environment of lightdash-sync.toml."


class SideKind(StrEnum):
    """What a side is."""

    DIRECTORY = "directory"
    GIT = "git"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Named:
    """A side as it was named; not looked for yet.

    Attributes:
        kind: what it is.
        said: what was typed.
        environment: name of the environment; "" for another kind.
        revision: of git; "" for another kind.
        folder: the directory; of git the folder in the repository, from its top (from here, if it begins
            with `./` or `../`), "" where that was not said.
        note: what a person should know of how it was understood; "" if nothing.
    """

    kind: SideKind
    said: str
    environment: str = ""
    revision: str = ""
    folder: str = ""
    note: str = ""


def parse_side(said: str, environments: Collection[str], here: Path) -> Named:
    """Read what a user typed.

    Args:
        said: what was typed.
        environments: the names that there are.
        here: the directory that relative paths start from.

    Raises:
        ConfigError: it is none of what a side can be.
    """
    if said.startswith(_GIT):
        revision, _, folder = said.removeprefix(_GIT).partition(":")
        if not revision:
            raise ConfigError(f"{said!r} names no revision", hint="Say it as git:HEAD~3 or git:main:FOLDER.")
        return Named(SideKind.GIT, said, revision=revision, folder=folder)
    if said.startswith(_ENV):
        return Named(SideKind.ENVIRONMENT, said, environment=_known(said.removeprefix(_ENV), environments))
    is_there = bool(said) and "\0" not in said and (here / said).is_dir()
    if said in environments:
        note = f"{said} is taken for the environment; ./{said} would be the directory" if is_there else ""
        return Named(SideKind.ENVIRONMENT, said, environment=said, note=note)
    if is_there or "/" in said or "\\" in said or said in (".", ".."):
        return Named(SideKind.DIRECTORY, said, folder=said)
    there = f" Environments: {', '.join(environments)}." if environments else ""
    raise ConfigError(f"{said!r} is neither an environment nor a directory", hint=_HOW + there)


def _known(name: str, environments: Collection[str]) -> str:
    if name not in environments:
        there = ", ".join(environments) or "none"
        raise ConfigError(
            f"there is no environment {name!r} in lightdash-sync.toml", hint=f"There are: {there}."
        )
    return name
