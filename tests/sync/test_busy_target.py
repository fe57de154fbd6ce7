"""People save on the target while a run reads back what it wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.apply.small_world import small_world
from tests.export.test_moving import NEWER, saved_while_read
from tests.sync.desk import Desk, desk_at

if TYPE_CHECKING:
    from pathlib import Path


def versions(desk: Desk) -> int:
    """How many versions of dashboards there are."""
    return sum(len(dashboard.versions) for dashboard in desk.world.dashboards.values())


def test_somebody_who_saves_while_a_run_reads_back_does_not_cut_it_short(tmp_path: Path) -> None:
    """The target is read again, and what was written is remembered: the next plan is empty."""
    with desk_at(small_world(NEWER), tmp_path / "work") as desk:
        desk.server.app.faults = saved_while_read(desk.world, 12, once_written=True)
        before = versions(desk)
        assert desk.apply("--adopt-by-name")["complete"]
        assert versions(desk) - before > 12
        desk.calm()
        counts = desk.plan()["counts"]
        assert (counts["create"], counts["update"], counts["delete"]) == (0, 0, 0)
