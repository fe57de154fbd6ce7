"""How reports say numbers, targets and digests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.plan.values import Target

VERBS = ("create", "update", "delete")

_DIGITS = 12  # of a digest
_SPECIAL = ("rename", "move")  # updates with a word of their own


def counted(number: int, what: str) -> str:
    """Return a number of things, such as `1 item` and `2 items`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def amounts(verbs: Mapping[str, int]) -> list[str]:
    """Return how much is to be done: `1 to create`, `3 to update (1 rename)`, `0 to delete`.

    Args:
        verbs: what people call it -> how many; `rename` and `move` are updates, too.
    """
    special = {verb: verbs.get(verb, 0) for verb in _SPECIAL}
    numbers = {verb: verbs.get(verb, 0) for verb in VERBS}
    numbers["update"] += sum(special.values())
    said = {verb: f"{number} to {verb}" for verb, number in numbers.items()}
    if any(special.values()):
        said["update"] += (
            f" ({', '.join(counted(number, verb) for verb, number in special.items() if number)})"
        )
    return [*said.values()]


def told_target(target: Target) -> str:
    """Return where something goes to, for people: the environment, and what its project is called."""
    return f"{target.environment} ({target.project_name})" if target.project_name else target.environment


def short_digest(digest: str) -> str:
    """Return the beginning of a digest, which people can compare."""
    return digest[:_DIGITS]
