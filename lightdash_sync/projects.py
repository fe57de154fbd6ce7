"""Finding a project by what a person calls it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lightdash_sync.errors import ConfigError
from lightdash_sync.export.old import remembered_project

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.client.views import ProjectRow

_LISTED = 20
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def choose_project(lightdash: Lightdash, wanted: str | None, target: Path) -> str:
    """Return the uuid of the project to export, without asking the server where nothing is in doubt.

    Args:
        lightdash: the server.
        wanted: uuid or name, or None.
        target: the snapshot; what it is of answers to its own name.

    Raises:
        ConfigError: there is no such project, or more than one.
    """
    remembered = remembered_project(target)
    if wanted is not None and remembered is not None and wanted in remembered:
        return remembered[1]
    if wanted is not None and _UUID.fullmatch(wanted):
        return wanted.lower()
    return find_project(lightdash.projects(), wanted).projectUuid


def find_project(projects: Sequence[ProjectRow], wanted: str | None) -> ProjectRow:
    """Return the project of a uuid or an exact name; the only one if none is asked for.

    Raises:
        ConfigError: there is none, or more than one; the hint lists what the token sees.
    """
    if wanted is None:
        found = list(projects)
        problem = "no project is chosen" if projects else "the token sees no project"
    else:
        found = [project for project in projects if wanted.lower() == project.projectUuid.lower()]
        found = found or [project for project in projects if wanted == project.name]
        problem = f"there is no project {wanted!r} that this token sees"
        if len(found) > 1:
            problem = f"{len(found)} projects are called {wanted!r}"
    if len(found) == 1:
        return found[0]
    seen = "; ".join(f"{project.name} ({project.projectUuid})" for project in projects[:_LISTED])
    hint = (
        f"Choose one with --project, or as `project` in lightdash-sync.toml: {seen}."
        if seen
        else "Ask an admin for access, or use another token."
    )
    raise ConfigError(problem, hint=hint)
