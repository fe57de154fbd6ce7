"""Who may see spaces: the answers that tell the grants, one of all spaces and one of a single space.

Since 1.104.0 a space tells the caller's own access alone. Spaces as code tell every grant as it was given,
by e-mail and by the name of a group; they leave out personal spaces, and the access of spaces with a holder
who has no such name. The list of access of one space tells for everybody the highest role of all that lets
them in: a grant of their own, a group, a space above. (Its `directOnly` leaves out whoever has a higher role
by a space above, so it is not asked for.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.client.answers import viewed
from lightdash_sync.client.pages import read_pages
from lightdash_sync.client.views import Share, View

if TYPE_CHECKING:
    from lightdash_sync.client.session import Session


class UserGrant(View):
    """A grant of a person, by e-mail."""

    email: str
    role: str


class GroupGrant(View):
    """A grant of a group, by name."""

    name: str
    role: str


class CodeAccess(View):
    """The access that is given in a space itself."""

    inheritParentPermissions: bool
    projectMemberAccessRole: str | None = None
    users: list[UserGrant]
    groups: list[GroupGrant]


class CodeSpace(View):
    """A space as code; without `access` if a holder of a grant has no name in code."""

    slug: str
    spaceName: str
    access: CodeAccess | None = None


class _Skipped(View):
    slug: str


class CodeSpaces(View):
    """The spaces of a project as code.

    Attributes:
        spaces: those that can be said in code.
        skipped: those that cannot be, or whose access cannot; a personal space is in neither.
    """

    spaces: list[CodeSpace]
    skipped: tuple[_Skipped, ...] = ()

    @property
    def slugs(self) -> frozenset[str]:
        """The names in code of all spaces that are told of."""
        return frozenset([*(one.slug for one in self.spaces), *(one.slug for one in self.skipped)])


class Entry(Share):
    """Somebody who can see a space, with the highest role that anything gives them there."""

    role: str | None = None


def read_code_spaces(session: Session, project: str) -> CodeSpaces:
    """`GET /projects/{p}/code/spaces`: all that the token sees but personal ones.

    Raises:
        NotAuthorised: the token may not read content as code.
        NotFound: the server has no spaces as code.
    """
    path = f"/api/v1/projects/{project}/code/spaces"
    return viewed(CodeSpaces, [session.get(path)], path)[0][0]


def read_space_access(session: Session, project: str, space: str) -> list[Entry]:
    """`GET /projects/{p}/spaces/{s}/access`: everybody who can see a space, page by page."""
    path = f"/api/v1/projects/{project}/spaces/{space}/access"
    return [row for row, _ in read_pages(session, Entry, path, {}, lambda row: row.userUuid)]
