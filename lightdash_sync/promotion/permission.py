"""Predicts whether Lightdash would let the token's owner promote, because promoteDiff checks no permission.

The checks are those of the server, in its order (docs/lightdash-api.md#permission-and-errors-of-promotion):
permission to promote in the space of the source; then to promote, or to create, in the upstream space; then
to create or to change that space. They apply the owner's rules (`Abilities`) to the facts that the server
considers. Nothing is written. Restrictions of a proxy, and changes between the check and the promotion, are
not predicted.
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


# The permissions of a user, by the rules in the answer of `GET /user` (`abilityRules`).
#
# Lightdash decides with the same rules (those of the CASL library, docs/lightdash-api.md#roles-and-rules):
# the last rule that matches an action, a subject and the facts of an object decides; without a match, the
# action is forbidden.
# Conditions are equality, `$eq`, `$in` and `$elemMatch`; Lightdash is not known to use others. Where a rule
# of another form would decide, the action counts as allowed, and a doubt is reported.

ORGANIZATION, PROJECT, PRIVATE, INHERITS, ACCESS = (
    "organizationUuid", "projectUuid", "isPrivate", "inheritsFromOrgOrProject", "access",
)  # fmt: skip
UNTOLD: Final = object()
"""A fact that the server knows but does not report."""

_KNOWN = frozenset({ORGANIZATION, PROJECT, PRIVATE, INHERITS, ACCESS})


class Abilities:
    """The permissions of a user.

    Args:
        rules: as the server reports them, in its order.
    """

    def __init__(self, rules: Sequence[AbilityRule]) -> None:
        self._rules = rules
        self._doubts: dict[str, None] = {}

    @property
    def doubts(self) -> tuple[str, ...]:
        """What could not be determined so far, in words."""
        return tuple(self._doubts)

    def allow(self, action: str, subject: str, facts: Mapping[str, object]) -> bool:
        """Whether the user may do something; also true if that cannot be determined.

        Args:
            action: such as `promote`.
            subject: the type of the object, such as `SavedChart`.
            facts: name -> value of the facts of the object that the server considers.
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
    """Whether a rule uses only known facts, and is not limited to some fields of an object."""
    return rule.fields is None and rule.conditions.keys() <= _KNOWN


def _names(said: str | list[str], wanted: str, every: str) -> bool:
    names = [said] if isinstance(said, str) else said
    return wanted in names or every in names


def _decided(fitting: Iterable[tuple[AbilityRule, bool | None]], *, unknown_fit: bool) -> bool:
    """Return the decision of the last rule that matches.

    Args:
        fitting: rules, each with whether it matches; None if that is unknown.
        unknown_fit: whether a rule with an unknown result counts as a match.
    """
    allowed = False
    for rule, fits in fitting:
        if unknown_fit if fits is None else fits:
            allowed = not rule.inverted
    return allowed


def _fits(facts: Mapping[str, object], conditions: Mapping[str, object]) -> bool | None:
    """Whether all conditions hold; None if that is unknown."""
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
    """A space, with the facts that the server considers for a promotion.

    Attributes:
        name: of the space; "" if the owner does not see it.
        reach: the facts about whom it is open to, by the server's names.
        access: the owner's own entries in its access list.
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


# A user who may not see a space has no access to it, and the server finds no access either.
_UNSEEN = _Home("", {PRIVATE: True, INHERITS: False}, [])


class PromotionPermissions:
    """The permissions of the token's owner to promote from one project to its upstream project.

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
        """Return the missing permission to promote an item; "" if none is missing, or if that is unknown.

        Args:
            kind: of the item: a chart, a SQL chart or a dashboard.
            source_space: uuid of its space, or of its dashboard's space for a chart inside one; "" if the
                owner does not see that space.
            upstream_space: uuid of the space that the server matches; None if there is none.
            exists: whether the upstream project has the item.
            name: of the item, for the message.

        Raises:
            ApiError: the server did not return the owner or a space.
        """
        subject, source = _SUBJECTS[kind], self._home(self._source, source_space)
        home = None if upstream_space is None else self._home(self._upstream, upstream_space)
        # For charts, the server checks the permission in the upstream project, on both sides.
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
        """Return what could not be determined in the checks so far, in words."""
        return self._abilities.doubts

    def _space_role(self, source: _Home, home: _Home | None) -> str:
        """Return the role that is missing to create or change the upstream space."""
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
        """Return the role that is missing to promote from a space, or into one."""
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
