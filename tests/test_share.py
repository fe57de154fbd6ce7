"""What runs where only a share of the slow tests does."""

from __future__ import annotations

from tests.share import share_of

CASES = [f"tests/test_a.py::test_one[{number}]" for number in range(30)] + ["tests/test_a.py::test_two"]


def test_of_each_test_one_case_at_least_and_no_more_than_its_share() -> None:
    found = share_of(CASES, 12, "7")
    assert "tests/test_a.py::test_two" in found
    assert len(found) == 1 + 3
    assert found <= {*CASES}


def test_the_same_seed_chooses_the_same_whatever_the_order() -> None:
    assert share_of(CASES, 12, "7") == share_of(reversed(CASES), 12, "7")


def test_in_time_every_case_has_its_turn() -> None:
    assert set().union(*(share_of(CASES, 12, str(seed)) for seed in range(200))) == {*CASES}
