"""Where Lightdash keeps what is deleted, taking a delete back brings back the very item."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lightdash_sync.content.kinds import Kind
from tests.apply.small_world import small_world
from tests.sync.desk import SOURCE, TARGET, TO, Desk, desk_at

NEW = "0.2904.5"
DELETED = ((Kind.DASHBOARD, "Overview"), (Kind.CHART, "Inside"), (Kind.CHART, "Orders, again"))


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[Desk]:
    """A current server that keeps what is deleted, and a target like its source."""
    world = small_world(NEW)
    world.soft_delete = True
    with desk_at(world, tmp_path / "work") as desk:
        desk.apply("--adopt-by-name")
        for uuid in desk.uuids(Kind.CHART, "Orders", TARGET):
            desk.world.charts[uuid].views = 7
        yield desk


def _delete(desk: Desk) -> None:
    desk.send("DELETE", f"/dashboards/{desk.uuid(*DELETED[0], SOURCE)}")
    desk.send("DELETE", f"/saved/{desk.uuid(*DELETED[2], SOURCE)}")


def test_an_undo_restores_what_the_run_deleted(keeping: Desk) -> None:
    """With uuid, versions, views and comments; a dashboard comes with the charts inside it."""
    desk = keeping
    before = desk.content(TARGET)
    uuids = {item: desk.uuid(*item, TARGET) for item in DELETED}
    desk.world.charts[uuids[DELETED[2]]].views = 41
    _delete(desk)
    planned = desk.do("plan", "--from", SOURCE, *TO, "--delete", "--max-deletes=9").out
    assert "can be restored for 30 days" in planned
    desk.apply("--delete", "--max-deletes=9")
    assert all(not desk.uuids(*item, TARGET) for item in DELETED)
    assert desk.content(TARGET) != before  # what is deleted is in no export
    versions = len(desk.world.deleted[uuids[DELETED[0]]].item.versions)
    assert "will be restored as far as" in desk.do("undo", *TO, "--dry-run").out
    desk.do("undo", *TO, "--yes")
    assert {item: desk.uuid(*item, TARGET) for item in DELETED} == uuids
    assert desk.world.charts[uuids[DELETED[2]]].views == 41
    assert len(desk.world.dashboards[uuids[DELETED[0]]].versions) == versions
    assert desk.content(TARGET) == before
    assert desk.plan("--delete", "--max-deletes=9")["drift"] == []


def test_what_cannot_be_restored_is_made_anew(keeping: Desk) -> None:
    """Because its space went too, or somebody emptied the bin."""
    desk = keeping
    before = desk.content(TARGET)
    uuids = {item: desk.uuid(*item, TARGET) for item in DELETED}
    _delete(desk)
    desk.send("DELETE", f"/projects/{desk.projects[SOURCE]}/spaces/{desk.uuid(Kind.SPACE, 'Board', SOURCE)}")
    desk.apply("--delete", "--max-deletes=9")
    desk.world.deleted.pop(uuids[DELETED[0]])
    desk.do("undo", *TO, "--yes")
    assert not {desk.uuid(*item, TARGET) for item in DELETED} & set(uuids.values())
    assert desk.content(TARGET) == before


def test_a_server_that_keeps_nothing_makes_all_anew(keeping: Desk) -> None:
    desk = keeping
    desk.world.soft_delete = False
    before = desk.content(TARGET)
    _delete(desk)
    assert "can be restored" not in desk.do("plan", "--from", SOURCE, *TO, "--delete", "--max-deletes=9").out
    desk.apply("--delete", "--max-deletes=9")
    desk.do("undo", *TO, "--yes")
    assert desk.content(TARGET) == before
    assert not any("restore" in path or "deleted" in path for _, path in desk.world.requests)
