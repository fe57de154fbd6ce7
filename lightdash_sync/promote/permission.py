"""Whether Lightdash would let the token's owner promote: asked before, because promoteDiff asks nobody.

The checks are those of the server, in its order (api-facts 12.5): the right to promote in the space of the
source; then to promote, or to create, in the upstream space; then to create or to change that space. The
rights are the owner's rules (`abilities`), the facts are those that the server looks at. Nothing is written.
What a proxy forbids, and what changes between this and the promotion, is not foreseen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lightdash_sync.errors import NotAuthorised
from lightdash_sync.model.canonical import objects
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.promote.abilities import (
    ACCESS,
    INHERITS,
    ORGANIZATION,
    PRIVATE,
    PROJECT,
    UNTOLD,
    Abilities,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.client.views import User

_SUBJECTS = {Kind.CHART: "SavedChart", Kind.SQL_CHART: "SavedChart", Kind.DASHBOARD: "Dashboard"}
_EDITORS = frozenset({"editor", "admin"})


@dataclass(frozen=True)
class _Home:
    """A space, as the server looks at it when somebody wants to promote.

    Attributes:
        name: of the space; "" if the owner does not see it.
        reach: who it is open to: the facts that tell it, by the server's names.
        access: the owner's own entries in its list of access.
    """

    name: str
    reach: Mapping[str, object]
    access: list[Mapping[str, object]]

    @property
    def is_edited(self) -> bool:
        """Whether the owner has the role editor or admin in it."""
        return any(entry.get("role") in _EDITORS for entry in self.access)

    @property
    def called(self) -> str:
        """The space in words."""
        return f'the space "{self.name}"' if self.name else "a space that the owner does not see"


# Who may not see a space has no access to it, and that is all that the server finds, too.
_UNSEEN = _Home("", {PRIVATE: True, INHERITS: False}, [])


class Permissions:
    """What the token's owner may promote from one project to its upstream project.

    Args:
        lightdash: with the token.
        source_project: uuid of the project that is promoted.
        upstream_project: uuid of its upstream project.
    """

    def __init__(self, lightdash: Lightdash, source_project: str, upstream_project: str) -> None:
        self._lightdash = lightdash
        self._source = source_project
        self._upstream = upstream_project
        self._homes: dict[tuple[str, str], _Home] = {}

    def missing(
        self, kind: Kind, source_space: str, upstream_space: str | None, *, exists: bool, name: str
    ) -> str:
        """Return which right is missing to promote an item; "" if none is, or if it cannot be told.

        Args:
            kind: of the item: a chart, a SQL chart or a dashboard.
            source_space: uuid of the space that it is in; of its dashboard's for a chart inside one; "" if
                the owner does not see that space.
            upstream_space: uuid of the space that the server takes for the same; None if there is none.
            exists: whether the upstream project has the item.
            name: of the item, for people.

        Raises:
            ApiError: the server did not tell who the owner is, or what the spaces are.
        """
        subject, source = _SUBJECTS[kind], self._home(self._source, source_space)
        home = None if upstream_space is None else self._home(self._upstream, upstream_space)
        # Of charts the server looks up the right to promote in the upstream project, on both sides.
        looked_up = self._upstream if kind is Kind.CHART else self._source
        lacks = ""
        if not self._may("promote", subject, looked_up, source):
            lacks = self._role(source, "source", looked_up)
        elif exists:
            if not self._may("promote", subject, self._upstream, home):
                lacks = self._role(home, "upstream", self._upstream)
        elif home is not None and not self._may("manage", subject, self._upstream, home, reach=False):
            lacks = self._role(home, "upstream", self._upstream)
        lacks = lacks or self._space_role(source, home)
        return f'the owner of the token may not promote "{name}": {lacks}' if lacks else ""

    def doubts(self) -> tuple[str, ...]:
        """Return what could not be told of all that was asked so far, in words."""
        return self._abilities.doubts

    def _space_role(self, source: _Home, home: _Home | None) -> str:
        """Return which role is missing to have the upstream space as the promotion leaves it."""
        if home is None:
            if self._may("create", "Space", self._upstream, None):
                return ""
            return (
                f"{source.called} would be created in the upstream project, which needs the role editor there"
            )
        renamed = home.name not in ("", source.name)
        if not renamed and self._lightdash.server.can("promotes_into_unmanaged_spaces"):
            return ""
        if self._may("manage", "Space", self._upstream, home):
            return ""
        why = (
            f'{home.called} of the upstream project would be renamed to "{source.name}"'
            if renamed
            else "this version of Lightdash asks for it although the space stays as it is"
        )
        return f"that needs the role admin in {home.called} of the upstream project; {why}"

    def _role(self, home: _Home | None, side: str, looked_up: str) -> str:
        """Return which role is missing to promote out of a space, or into one."""
        if home is None:
            return "it is upstream, but not its space, so that needs the role admin of the upstream project"
        if home.is_edited:
            project = "upstream" if looked_up == self._upstream else "source"
            return f"that needs at least the role interactive viewer in the {project} project"
        return f"that needs the role editor in {home.called} of the {side} project"

    def _may(
        self, action: str, subject: str, project: str, home: _Home | None, *, reach: bool = True
    ) -> bool:
        facts: dict[str, object] = {ORGANIZATION: self._user.organizationUuid, PROJECT: project}
        if home is not None:
            facts |= {ACCESS: home.access, **(home.reach if reach else {})}
        return self._abilities.allow(action, subject, facts)

    def _home(self, project: str, space: str) -> _Home:
        """Read a space, once."""
        if (project, space) not in self._homes:
            self._homes[project, space] = self._read(project, space) if space else _UNSEEN
        return self._homes[project, space]

    def _read(self, project: str, space: str) -> _Home:
        try:
            raw = self._lightdash.space(project, space)[1]
        except NotAuthorised:
            return _UNSEEN
        me = self._user.userUuid
        access = [entry for entry in objects(raw.get("access")) if entry.get("userUuid") == me]
        reach = {name: raw.get(name, UNTOLD) for name in (PRIVATE, INHERITS)}
        return _Home(text(raw, "name"), reach, [*access])

    @cached_property
    def _user(self) -> User:
        return self._lightdash.user()

    @cached_property
    def _abilities(self) -> Abilities:
        return Abilities(self._user.abilityRules)
