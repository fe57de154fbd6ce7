"""What a user may do, by the rules that `GET /user` tells (`abilityRules`).

Lightdash decides with the same rules (those of the CASL library, api-facts 1.6): the last one that fits an
action, a subject and the facts of a thing counts, and without one it is forbidden. Conditions are equality,
`$eq`, `$in` and `$elemMatch`, which is all that is known of Lightdash. Where a rule of another form would
decide, nothing is forbidden, and it is told as a doubt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lightdash_sync.client.views import AbilityRule

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
