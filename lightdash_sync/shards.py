"""A share of the environments for each worker of a scheduler.

Workers need not know of each other: who has the same list, takes every N-th of it. Kubernetes tells a
worker its number in `JOB_COMPLETION_INDEX` (from 0, and not how many there are), GitLab in `CI_NODE_INDEX`
(from 1) and `CI_NODE_TOTAL`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KUBERNETES = "JOB_COMPLETION_INDEX"
GITLAB = ("CI_NODE_INDEX", "CI_NODE_TOTAL")

_MOST = 10_000
_HOW = "Say it as --shard 2/5 (from 1), or --shard /5 where the scheduler sets the worker's own number."


@dataclass(frozen=True, slots=True)
class Shard:
    """One worker's share.

    Attributes:
        number: of the worker, from 1.
        total: workers there are.
    """

    number: int
    total: int

    def __str__(self) -> str:
        return f"{self.number}/{self.total}"

    def of(self, names: Sequence[str]) -> list[str]:
        """Return the names that are this worker's: each name is exactly one worker's."""
        return [name for place, name in enumerate(names) if place % self.total == self.number - 1]


def read_shard(text: str | None, variables: Mapping[str, str]) -> Shard | None:
    """Return which share is this worker's; None for all there is.

    Args:
        text: `2/5`, `/5` for the number that the scheduler gives, or None for whatever it says.
        variables: the process's environment.

    Raises:
        ConfigError: that makes no sense, or the scheduler gives a number but not how many there are.
    """
    if text is None:
        if KUBERNETES in variables:
            raise ConfigError(
                f"{KUBERNETES} is set, but nothing says how many workers share the environments",
                hint="Give --shard /N with the completions of the Job; --shard 1/1 takes all of them.",
            )
        if not all(variables.get(name) for name in GITLAB):
            return None
        return _shard(variables[GITLAB[0]], variables[GITLAB[1]])
    found = re.fullmatch(r"([0-9]*)/([0-9]+)", text)
    if found is None:
        raise ConfigError(f"{text!r} is no share", hint=_HOW)
    return _shard(found[1] or _number(variables), found[2])


def _number(variables: Mapping[str, str]) -> str:
    """Return the number that a scheduler gives this worker, from 1."""
    if (index := variables.get(KUBERNETES)) is not None:
        return str(int(index) + 1) if index.isascii() and index.isdigit() else index
    if number := variables.get(GITLAB[0]):
        return number
    raise ConfigError(f"neither {KUBERNETES} nor {GITLAB[0]} says which worker this is", hint=_HOW)


def _shard(number: str, total: str) -> Shard:
    texts = (number, total)
    if not all(text.isascii() and text.isdigit() and len(text) <= len(str(_MOST)) for text in texts):
        raise ConfigError(f"{number}/{total} is no share", hint=_HOW)
    shard = Shard(int(number), int(total))
    if not 1 <= shard.number <= shard.total <= _MOST:
        raise ConfigError(f"there is no share {shard}: shares count from 1 to their number", hint=_HOW)
    return shard
