"""Where a server has its content as code: `code/KIND` since 0.3406.1, `KIND/code` before.

The older form is announced to go away, and a server may have been built with either. So the form of the
server's version is asked first, and the other one where the first is not found. What is answered with 404
wrote nothing, so this goes for writes, too. Which form a kind was found at is remembered for the session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from lightdash_sync.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightdash_sync.client.capabilities import Server
    from lightdash_sync.client.session import Session

T = TypeVar("T")


def ask_either(
    session: Session, server: Server, project: str, what: str, ask: Callable[[str], T]
) -> tuple[str, T]:
    """Ask a list of content as code; return its path and what it answers.

    Args:
        session: remembers which form was found.
        server: where.
        project: uuid of the project.
        what: `charts`, `dashboards`, `sqlCharts` or `virtualViews`.
        ask: sends the request to a path.

    Raises:
        NotFound: neither form is there, or the project is not.
    """
    return _either(session, server, project, what, (f"code/{what}", f"{what}/code"), ask)


def write_either(
    session: Session, server: Server, project: str, what: str, slug: str, write: Callable[[str], T]
) -> tuple[str, T]:
    """Write an item of content as code; return the path and what it answers.

    Args and errors as of `ask_either`; `slug` of the item, as it stands in a path.
    """
    return _either(session, server, project, what, (f"code/{what}/{slug}", f"{what}/{slug}/code"), write)


def _either(
    session: Session,
    server: Server,
    project: str,
    what: str,
    forms: tuple[str, str],
    send: Callable[[str], T],
) -> tuple[str, T]:
    """Send to the form that was found before, or that of the server's version, then to the other.

    The first refusal is the one that is raised.
    """
    newer = session.newer_code_paths.get(what, server.can("code_paths"))
    first, second = (f"/api/v1/projects/{project}/{end}" for end in (forms if newer else forms[::-1]))
    try:
        return first, send(first)
    except NotFound as error:
        try:
            answer = send(second)
        except NotFound:
            raise error from None
        session.newer_code_paths[what] = not newer
        return second, answer
