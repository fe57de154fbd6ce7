"""What one run tells the next: when everything is read again, and how old the backup is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from lightdash_sync.errors import Refused, SyncError
from lightdash_sync.export.selection import Chosen
from lightdash_sync.export.state import State, is_full_due, read_state, require_fresh, write_state
from lightdash_sync.model.kinds import Kind
from lightdash_sync.snapshot.write import state_of
from tests.exporting import export_world
from tests.worlds import demo_world

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


def test_everything_is_read_each_seventh_time(tmp_path: Path) -> None:
    """Six exports trust the lists, the seventh trusts nothing."""
    world = demo_world()
    full = [export_world(world, tmp_path / "p").full for _ in range(9)]
    assert full == [True, False, False, False, False, False, False, True, False]


def test_a_failed_run_leaves_no_word(tmp_path: Path) -> None:
    """Only a good export counts."""
    world = demo_world()
    export_world(world, tmp_path / "p")
    before = read_state(tmp_path / "p")
    world.schedulers.clear()
    with pytest.raises(Refused):
        export_world(world, tmp_path / "p")
    assert read_state(tmp_path / "p") == before


def test_a_part_is_no_backup(tmp_path: Path) -> None:
    """An export of a part says nothing of how fresh the backup is."""
    export_world(demo_world(), tmp_path / "p", chosen=Chosen(kinds=frozenset({Kind.TAG})))
    assert read_state(tmp_path / "p") is None


def test_without_a_state_the_calendar_decides() -> None:
    """In a fresh checkout one day of seven reads everything, whichever day it is."""
    days = [is_full_due(None, NOW + timedelta(days=day)) for day in range(14)]
    assert sum(days) == 2


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", '{"good": "soon", "since_full": 1}', '{"good": 1}'])
def test_a_damaged_state_is_no_state(tmp_path: Path, damage: str) -> None:
    """Whatever happened to the file, the next run goes on without it."""
    state_of(tmp_path / "p").write_text(damage)
    assert read_state(tmp_path / "p") is None


def test_a_monitor_can_ask_how_old_the_backup_is(tmp_path: Path) -> None:
    """Fresh enough passes; too old, or nothing known, fails with when it was."""
    write_state(tmp_path / "p", State(NOW, 3))
    require_fresh(tmp_path / "p", timedelta(hours=26), NOW + timedelta(hours=26))
    with pytest.raises(SyncError, match=r"2026-11-23 03:00 UTC, 27\.0 hours ago"):
        require_fresh(tmp_path / "p", timedelta(hours=26), NOW + timedelta(hours=27))
    with pytest.raises(SyncError, match="nothing is known"):
        require_fresh(tmp_path / "other", timedelta(hours=26))
