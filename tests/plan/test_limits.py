"""Too many deletes are refused, at the number and the share that the documentation names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.kinds import Kind
from lightdash_sync.sync.plan.deletes import delete_limits
from lightdash_sync.sync.plan.options import PlanOptions

from .making import create, delete, update


def refused(deletes: int, existing: int, allowed: int | None = None, desired: int = 1) -> tuple[str, ...]:
    """What is said of so many deletes of charts."""
    steps = [delete(Kind.CHART, f"c{n}") for n in range(deletes)]
    return delete_limits(steps, {Kind.CHART: existing}, PlanOptions(max_deletes=allowed), desired)


@pytest.mark.parametrize(
    ("deletes", "existing", "said"),
    [
        (9, 9, ""),
        (3, 10, ""),
        (4, 10, "4 of 10 charts would be deleted, and more than 30 % of a kind are refused"),
        (3, 11, ""),
        (4, 11, "4 of 11 charts would be deleted, and more than 30 % of a kind are refused"),
        (4, 13, "4 of 13 charts would be deleted, and more than 30 % of a kind are refused"),
        (4, 14, ""),
        (20, 67, ""),
        (20, 66, "20 of 66 charts would be deleted, and more than 30 % of a kind are refused"),
        (20, 1000, ""),
        (21, 1000, "21 of 1000 charts would be deleted, and more than 20 of a kind are refused"),
        (0, 1000, ""),
    ],
)
def test_a_kind_may_lose_thirty_percent_and_twenty_items(deletes: int, existing: int, said: str) -> None:
    """Exactly 30 % and exactly 20 are allowed, one more is not; fewer than 10 items have no limit."""
    assert refused(deletes, existing) == ((said,) if said else ())


def test_a_thousandth_above_thirty_percent_is_refused() -> None:
    """301 of 1000 and 300 of 1000 differ, whatever the other limit says."""
    share = [(n, refused(n, 1000, allowed=n)) for n in (300, 301)]
    assert share == [(300, ()), (301, ())]
    assert "30 %" in refused(19, 63)[0]  # 30.16 %
    assert refused(18, 60) == ()  # 30.0 %


@pytest.mark.parametrize(("deletes", "existing"), [(21, 1000), (10, 10), (4, 10)])
def test_a_number_that_the_user_gives_stands_in_place_of_the_limits(deletes: int, existing: int) -> None:
    """`max_deletes` allows as many of each kind as it says, and not one more."""
    assert refused(deletes, existing, allowed=deletes) == ()
    assert refused(deletes, existing, allowed=deletes - 1) == (
        f"{deletes} of {existing} charts would be deleted, and {deletes - 1} may be",
    )


@pytest.mark.parametrize("allowed", [None, 5])
def test_an_empty_source_deletes_nothing(allowed: int | None) -> None:
    """A source without any item is refused if the target has one, even if the user allows the number."""
    assert refused(1, 1, allowed, desired=0) == (
        "the source is empty, and the target has 1 item: all 1 in question would be deleted",
    )


def test_an_empty_source_for_an_empty_target_is_fine() -> None:
    """Nothing to delete is nothing to refuse."""
    assert refused(0, 0, desired=0) == ()


def test_each_kind_has_its_own_limit() -> None:
    """Deletes of two kinds are not added up, and creates and updates are no deletes."""
    steps = [delete(kind, f"x{n}") for kind in (Kind.CHART, Kind.DASHBOARD) for n in range(20)]
    steps += [create(Kind.CHART, f"new{n}", {}) for n in range(50)]
    steps += [update(Kind.CHART, f"old{n}", {}, {}) for n in range(50)]
    assert delete_limits(steps, {Kind.CHART: 100, Kind.DASHBOARD: 100}, PlanOptions(), 5) == ()


@given(existing=st.integers(10, 5000), deletes=st.integers(0, 5000))
def test_one_delete_more_is_never_safer(existing: int, deletes: int) -> None:
    """What is refused stays refused with one delete more."""
    deletes = min(deletes, existing, 60)
    if refused(deletes, existing):
        assert refused(min(deletes + 1, existing), existing)
