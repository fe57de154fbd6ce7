"""The runs on this machine: in order, found by name, and said to be what they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lightdash_sync.content.tree import Tree
from lightdash_sync.errors import SyncError
from lightdash_sync.snapshot.manifest import SnapshotSource
from lightdash_sync.sync.plan.values import Plan, PlanTarget
from lightdash_sync.sync.runs import Run, begin, find_run, runs

PLAN = Plan("sync", "a source", PlanTarget("target", "https://example.com", "uuid", "Target"))
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def began(folder: Path, now: datetime, source: str) -> Run:
    """Begin a run of a plan that touches nothing."""
    source_of = SnapshotSource(url="https://example.com", lightdash="0.1372.1", project="Target")
    plan = replace(PLAN, source=source)
    return begin(folder / "runs", now, plan, Tree.of({}), (), folder / "none", source_of)


@pytest.mark.parametrize("later", [timedelta(0), timedelta(milliseconds=700), timedelta(hours=-1)])
def test_the_last_run_is_the_one_that_began_last(tmp_path: Path, later: timedelta) -> None:
    """However fast runs follow one another, and if the clock is put back: `undo` takes the last one."""
    made = [began(tmp_path, NOON + number * later, f"source {number}") for number in range(6)]
    assert runs(tmp_path / "runs") == made[::-1]
    assert find_run(tmp_path / "runs", None) == made[-1]


def test_a_run_is_found_by_the_beginning_of_its_name(tmp_path: Path) -> None:
    one, other = (began(tmp_path, NOON + timedelta(days=day), "source") for day in range(2))
    assert find_run(tmp_path / "runs", one.id[:8]) == one
    assert find_run(tmp_path / "runs", other.id) == other
    with pytest.raises(SyncError, match="several runs begin with '2026'"):
        find_run(tmp_path / "runs", "2026")
    with pytest.raises(SyncError, match="no run '2027'"):
        find_run(tmp_path / "runs", "2027")
    with pytest.raises(SyncError, match="no run here"):
        find_run(tmp_path / "nothing", None)
