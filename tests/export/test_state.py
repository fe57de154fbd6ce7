"""What one run tells the next: when everything is read again, and how old the backup is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import Refused, SyncError
from lightdash_sync.export.last_run import (
    LastRun,
    is_full_due,
    last_whole,
    read_last_run,
    require_fresh,
    write_last_run,
)
from lightdash_sync.export.selection import ExportSelection
from lightdash_sync.snapshot.manifest import Manifest, SnapshotSelection, SnapshotSource
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
    before = read_last_run(tmp_path / "p")
    world.schedulers.clear()
    with pytest.raises(Refused):
        export_world(world, tmp_path / "p")
    assert read_last_run(tmp_path / "p") == before


def test_a_part_is_no_backup(tmp_path: Path) -> None:
    """An export of a part says nothing of how fresh the backup is."""
    export_world(demo_world(), tmp_path / "p", chosen=ExportSelection(kinds=frozenset({Kind.TAG})))
    assert read_last_run(tmp_path / "p") is None


def _days_with_all(tmp_path: Path, weekdays: range, days: int) -> list[int]:
    """Return on which days a schedule reads everything, in a fresh checkout each time."""
    whole: date | None = NOW.date()  # a Monday; the manifest remembers it
    found = []
    for day in range(1, days):
        now = NOW + timedelta(days=day)
        if now.weekday() in weekdays and is_full_due(read_last_run(tmp_path / "p"), whole, now):
            found.append(day)
            whole = now.date()
    return found


def test_without_a_state_the_last_full_reading_decides(tmp_path: Path) -> None:
    """In fresh checkouts everything is read once a week, whichever days the schedule has."""
    assert _days_with_all(tmp_path, range(7), 22) == [7, 14, 21]
    assert _days_with_all(tmp_path, range(5), 22) == [7, 14, 21]
    assert _days_with_all(tmp_path, range(1, 4), 22) == [8, 15]  # Tuesdays to Thursdays


def test_whoever_runs_seldom_reads_everything_each_time() -> None:
    """Seven runs may be seven weeks: after seven days everything is read, whatever else is remembered."""
    state = LastRun(NOW, 0, NOW.date())
    due = [is_full_due(state, NOW.date(), NOW + timedelta(days=day)) for day in (0, 1, 6, 7, 30)]
    assert due == [False, False, False, True, True]


def test_what_is_not_known_is_read() -> None:
    """Neither state nor manifest tells when everything was read, or they tell of a day that is to come."""
    manifest = Manifest(
        format=1,
        source=SnapshotSource(url="u", lightdash="l", project="p"),
        selection=SnapshotSelection(),
        counts={},
        leftOut=[],
        files={},
    )
    assert last_whole(None, manifest, NOW) is None
    assert is_full_due(None, None, NOW)
    assert is_full_due(LastRun(NOW, 0), None, NOW)
    for day, found in (("2026-11-22", date(2026, 11, 22)), ("2026-11-24", None), ("2026-02-31", None)):
        assert last_whole(None, manifest.model_copy(update={"wholeOn": day}), NOW) == found
    newer = manifest.model_copy(update={"wholeOn": "2026-11-20"})
    assert last_whole(LastRun(NOW, 0, date(2026, 11, 10)), newer, NOW) == date(2026, 11, 20)


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", '{"good": "soon", "since_full": 1}', '{"good": 1}'])
def test_a_damaged_state_is_no_state(tmp_path: Path, damage: str) -> None:
    """Whatever happened to the file, the next run goes on without it."""
    state_of(tmp_path / "p").write_text(damage)
    assert read_last_run(tmp_path / "p") is None


def test_a_monitor_can_ask_how_old_the_backup_is(tmp_path: Path) -> None:
    """Fresh enough passes; too old, or nothing known, fails with when it was."""
    write_last_run(tmp_path / "p", LastRun(NOW, 3))
    require_fresh(tmp_path / "p", timedelta(hours=26), NOW + timedelta(hours=26))
    with pytest.raises(SyncError, match=r"2026-11-23 03:00 UTC, 27\.0 hours ago"):
        require_fresh(tmp_path / "p", timedelta(hours=26), NOW + timedelta(hours=27))
    with pytest.raises(SyncError, match="nothing is known"):
        require_fresh(tmp_path / "other", timedelta(hours=26))
