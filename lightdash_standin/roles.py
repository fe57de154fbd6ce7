"""The roles of people, in the organisation, in projects and in spaces, and how they compare."""

from __future__ import annotations

from collections.abc import Iterable

from lightdash_standin.accounts import Person

ORDER = ("viewer", "interactive_viewer", "editor", "developer", "admin")
RANK = {role: rank for rank, role in enumerate(ORDER)}
SPACE_RANK = {"viewer": 0, "editor": 1, "admin": 2}
SPACE_ROLE = {
    "viewer": "viewer",
    "interactive_viewer": "viewer",
    "editor": "editor",
    "developer": "editor",
    "admin": "admin",
}


def org_role(person: Person) -> str | None:
    """The person's role in all projects of the organisation, if there is one."""
    return None if person.role == "member" else person.role


def highest(roles: Iterable[tuple[str, str | None]]) -> tuple[str, str] | None:
    """The highest role and its origin; the later one wins a tie, as on the server."""
    best: tuple[str, str] | None = None
    for source, role in roles:
        if role is not None and (best is None or RANK[role] >= RANK[best[1]]):
            best = (source, role)
    return best
