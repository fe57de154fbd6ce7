"""Finding a project by what a person calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightdash_sync.client.views import ProjectRow

_LISTED = 20


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
    hint = f"Choose one with --project: {seen}." if seen else "Ask an admin for access, or use another token."
    raise ConfigError(problem, hint=hint)
