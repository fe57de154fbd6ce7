"""What refers to each other in a circle is found, however it is tangled."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.backup.backfill import circles


@given(st.lists(st.lists(st.integers(0, 11), max_size=4), min_size=12, max_size=12))
def test_circles_are_what_can_be_walked_around(refers: list[list[int]]) -> None:
    """Two things are in one circle if each leads to the other; a circle comes after all that it leads to."""
    reached = [{number} for number in range(12)]
    for _ in range(12):
        reached = [
            set().union(here, *(reached[there] for there in refers[n])) for n, here in enumerate(reached)
        ]
    found = circles(refers)
    assert sorted(member for circle in found for member in circle) == [*range(12)]
    where = {member: number for number, circle in enumerate(found) for member in circle}
    for here in range(12):
        for there in range(12):
            assert (where[here] == where[there]) == (there in reached[here] and here in reached[there])
            assert there not in reached[here] or where[there] <= where[here]


def test_a_long_circle_is_no_problem() -> None:
    """Ten thousand things in a row, and in a ring: no recursion."""
    row = [[number + 1] for number in range(9_999)]
    assert len(circles([*row, []])) == 10_000
    assert len(circles([*row, [0]])) == 1
