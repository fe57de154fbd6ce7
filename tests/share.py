"""A share of the slow tests, another one each time: some of each, chosen by a seed that is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random


def share_of(names: Iterable[str], share: int, seed: str) -> set[str]:
    """Return which of the cases of some tests run: of each test one in `share`, and at least one.

    Args:
        names: of all cases, as pytest has them: `file::test[case]`.
        share: how many cases there are for one that runs.
        seed: decides which; the same choose the same.
    """
    cases: dict[str, list[str]] = {}
    for name in names:
        cases.setdefault(name.partition("[")[0], []).append(name)
    return {name for test, found in cases.items() for name in _some(sorted(found), share, f"{seed} {test}")}


def _some(cases: Sequence[str], share: int, seed: str) -> list[str]:
    return Random(seed).sample(cases, -(-len(cases) // share))
