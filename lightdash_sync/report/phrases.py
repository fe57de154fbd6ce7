"""How reports write numbers, lists, targets and digests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lightdash_sync.sync.plan.values import PlanTarget

VERBS = ("create", "update", "delete")

_DIGITS = 12  # of a digest
_SPECIAL = ("rename", "move")  # updates with a verb of their own
_NAMES = 12  # in a sentence


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, such as `1 item` and `2 items`.

    Args:
        number: the number.
        noun: in the singular.
        plural: of the noun; by default, the noun with an s.
    """
    return f"{number:d} {noun if number == 1 else plural or f'{noun}s'}"


def singular(plural: str) -> str:
    """Return the singular of a phrase such as `explores` or `charts that no list names`.

    Names of kinds and of work on them have regular plurals; a singular is returned unchanged.
    """
    noun, that, rest = plural.partition(" that ")
    one = f"{noun.removesuffix('ies')}y" if noun.endswith("ies") else noun.removesuffix("s")
    return f"{one}{that}{rest}"


def amounts(verbs: Mapping[str, int]) -> list[str]:
    """Return the planned amounts: `1 to create`, `3 to update (1 rename)`, `0 to delete`.

    Args:
        verbs: verb -> number of items; `rename` and `move` count as updates, too.
    """
    special = {verb: verbs.get(verb, 0) for verb in _SPECIAL}
    numbers = {verb: verbs.get(verb, 0) for verb in VERBS}
    numbers["update"] += sum(special.values())
    phrases = {verb: f"{number} to {verb}" for verb, number in numbers.items()}
    if any(special.values()):
        kinds = ", ".join(counted(number, verb) for verb, number in special.items() if number)
        phrases["update"] += f" ({kinds})"
    return [*phrases.values()]


def listed(names: Sequence[str]) -> str:
    """Return the first names in one line, with the number of further ones."""
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more


def target_name(target: PlanTarget) -> str:
    """Return a target for display: the environment, and the name of its project."""
    return f"{target.environment} ({target.project_name})" if target.project_name else target.environment


def short_digest(digest: str) -> str:
    """Return the beginning of a digest, short enough to compare by eye."""
    return digest[:_DIGITS]
