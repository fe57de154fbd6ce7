"""A client that requests what does not belong to a project only once per command.

These are the version of the server, the owner of the token, and people, groups and palettes of the
organisation. Each reading of a project needs them, and several projects of an organisation share them. Code
that waits for a person calls `forget` afterwards, so that they are requested again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from lightdash_sync.lightdash.reading import Lightdash

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from lightdash_sync.lightdash import schemas
    from lightdash_sync.lightdash.session import Session
    from lightdash_sync.lightdash.versions import Server

T = TypeVar("T")


class CachedAnswers:
    """CachedAnswers of one server to one token, by the name of the question."""

    def __init__(self) -> None:
        self._known: dict[str, object] = {}

    def get(self, question: str, ask: Callable[[], T]) -> T:
        """Return a known answer, or request it. An error is not kept."""
        if question not in self._known:
            self._known[question] = ask()
        return cast("T", self._known[question])

    def knows(self, question: str) -> bool:
        """Whether the answer to a question is known."""
        return question in self._known

    def forget(self) -> None:
        """Drop all answers, so that they are requested again."""
        self._known.clear()


class AskedOnce(Lightdash):
    """A client that requests once what does not belong to a project.

    Args:
        session: sends the requests.
        answers: known answers; shared by sessions with the same server and token.
        server: as in `Lightdash`.
        today: as in `Lightdash`.
    """

    def __init__(
        self,
        session: Session,
        answers: CachedAnswers | None = None,
        server: Server | None = None,
        today: date | None = None,
    ) -> None:
        super().__init__(session, server, today)
        self._answers = answers or CachedAnswers()

    def forget(self) -> None:
        """Drop all answers, so that they are requested again."""
        self._answers.forget()

    def health(self) -> schemas.Health:
        """See `Lightdash.health`."""
        return self._answers.get("health", super().health)

    def user(self) -> schemas.User:
        """See `Lightdash.user`."""
        return self._answers.get("user", super().user)

    def flag(self, name: str) -> bool | None:
        """See `Lightdash.flag`."""
        ask = super().flag
        return self._answers.get(f"flag {name}", lambda: ask(name))

    def members(self) -> list[schemas.Member]:
        """See `Lightdash.members`; a known list with groups is reused."""
        if self._answers.knows("members with groups"):
            return [*self.members_with_groups()]
        return self._answers.get("members", super().members)

    def members_with_groups(self) -> list[schemas.MemberOfGroups]:
        """See `Lightdash.members_with_groups`."""
        return self._answers.get("members with groups", super().members_with_groups)

    def groups(self) -> list[schemas.Group]:
        """See `Lightdash.groups`; a known list with members is reused."""
        if self._answers.knows("teams"):
            return [*self.teams()]
        return self._answers.get("groups", super().groups)

    def teams(self) -> list[schemas.Team]:
        """See `Lightdash.teams`."""
        return self._answers.get("teams", super().teams)

    def color_palettes(self) -> list[schemas.Palette]:
        """See `Lightdash.color_palettes`."""
        return self._answers.get("palettes", super().color_palettes)
