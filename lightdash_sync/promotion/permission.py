"""Whether Lightdash would let the token's owner promote: asked before, because promoteDiff asks nobody.

The checks are those of the server, in its order (api-facts 12.5): the right to promote in the space of the
source; then to promote, or to create, in the upstream space; then to create or to change that space. The
rights are the owner's rules (`Abilities`), the facts are those that the server looks at. Nothing is written.
What a proxy forbids, and what changes between this and the promotion, is not foreseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from lightdash_sync.content.json import get_str, objects
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import NotAuthorised

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.lightdash.schemas import AbilityRule, User


# What a user may do, by the rules that `GET /user` tells (`abilityRules`).
#
# Lightdash decides with the same rules (those of the CASL library, api-facts 1.6): the last one that fits
# an action, a subject and the facts of a thing counts, and without one it is forbidden. Conditions are
# equality, `$eq`, `$in` and `$elemMatch`, which is all that is known of Lightdash. Where a rule of
# another form would decide, nothing is forbidden, and it is told as a doubt.

ORGANIZATION, PROJECT, PRIVATE, INHERITS, ACCESS = (
    "organizationUuid", "projectUuid", "isPrivate", "inheritsFromOrgOrProject", "access",
)  # fmt: skip
UNTOLD: Final = object()
"""A fact that the server knows and does not tell."""

_KNOWN = frozenset({ORGANIZATION, PROJECT, PRIVATE, INHERITS, ACCESS})


class Abilities:
    """What a user may do.

    Args:
        rules: as the server tells them, in its order.
    """

    def __init__(self, rules: Sequence[AbilityRule]) -> None:
        self._rules = rules
        self._doubts: dict[str, None] = {}

    @property
    def doubts(self) -> tuple[str, ...]:
        """What could not be told so far, in words."""
        return tuple(self._doubts)

    def allow(self, action: str, subject: str, facts: Mapping[str, object]) -> bool:
        """Whether the user may do something, or nobody can tell.

        Args:
            action: such as `promote`.
            subject: the sort of thing, such as `SavedChart`.
            facts: of the thing: what the server looks at, by its names. What is not there is not looked at.
        """
        if not self._rules:
            self._doubts["Lightdash does not say what the owner of this token may do"] = None
            return True
        fitting = [
            (rule, _fits(facts, rule.conditions) if _is_known(rule) else None)
            for rule in self._rules
            if _names(rule.action, action, "manage") and _names(rule.subject, subject, "all")
        ]
        answers = {_decided(fitting, unknown_fit=guess) for guess in (False, True)}
        if len(answers) == 1:
            return answers.pop()
        self._doubts[f"a rule about who may {action} a {subject} is of a form that is not known"] = None
        return True


def _is_known(rule: AbilityRule) -> bool:
    """Whether a rule looks at nothing but facts that we know, and at the whole of a thing."""
    return rule.fields is None and rule.conditions.keys() <= _KNOWN


def _names(said: str | list[str], wanted: str, every: str) -> bool:
    names = [said] if isinstance(said, str) else said
    return wanted in names or every in names


def _decided(fitting: Iterable[tuple[AbilityRule, bool | None]], *, unknown_fit: bool) -> bool:
    """Let the last rule that fits decide.

    Args:
        fitting: rules, each with whether it fits; None if that cannot be told.
        unknown_fit: whether the latter are taken to fit.
    """
    allowed = False
    for rule, fits in fitting:
        if unknown_fit if fits is None else fits:
            allowed = not rule.inverted
    return allowed


def _fits(facts: Mapping[str, object], conditions: Mapping[str, object]) -> bool | None:
    """Whether all conditions hold; None if it cannot be told."""
    return _all(_holds(facts.get(name), condition) for name, condition in conditions.items())


def _holds(value: object, condition: object) -> bool | None:
    if value is UNTOLD:
        return None
    if not isinstance(condition, Mapping):
        return None if isinstance(condition, list) else _same(value, condition)
    return _all(_operator(value, name, operand) for name, operand in condition.items())


def _operator(value: object, name: str, operand: object) -> bool | None:
    if name == "$eq":
        return _same(value, operand)
    if name == "$in" and isinstance(operand, list):
        return any(_same(value, one) for one in operand)
    if name == "$elemMatch" and isinstance(operand, Mapping):
        rows = [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
        found = [_fits(row, operand) for row in rows]
        return True if True in found else None if None in found else False
    return None


def _same(value: object, other: object) -> bool:
    """Whether two values are equal and of one type: to JavaScript, 1 is not true."""
    return type(value) is type(other) and value == other


def _all(parts: Iterable[bool | None]) -> bool | None:
    found = list(parts)
    return False if False in found else None if None in found else True


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


class PromotionPermissions:
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
        return _Home(get_str(raw, "name"), reach, [*access])

    @cached_property
    def _user(self) -> User:
        return self._lightdash.user()

    @cached_property
    def _abilities(self) -> Abilities:
        return Abilities(self._user.abilityRules)
