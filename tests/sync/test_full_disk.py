"""A disk that is full, at whatever step: a run is there whole or not at all, and nothing is locked by it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import canonical
from lightdash_sync.content.tree import Tree
from lightdash_sync.disk import Disk
from lightdash_sync.errors import SyncError
from lightdash_sync.snapshot.manifest import SnapshotSource
from lightdash_sync.sync.plan.values import Plan, PlanTarget
from lightdash_sync.sync.runs import begin, find_run, runs
from lightdash_sync.sync.state import store
from tests.snapshot.faulty import WHENS, Crash, FaultyDisk, When, crash, no_space
from tests.sync.desk import FROM_TO, SOURCE, TARGET, TO, Desk
from tests.sync.people import People

PLAN = Plan("sync", "a source", PlanTarget("target", "https://example.com", "uuid", "Target"))
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SAID_BY = SnapshotSource(url="https://example.com", lightdash="0.1372.1", project="Target")

PINS = canonical([{"key": "weekly-revenue", "kind": "chart", "order": 1}])


def _begin(folder: Path, disk: Disk, plan: Plan = PLAN) -> None:
    """Begin a run that touches one file, and keeps what is remembered of the target."""
    identity = Identity()
    tree = Tree.of({"pins.json": PINS}, identity)
    memory = folder / "target.sync"
    if not memory.is_dir():
        store(memory, [("pins.json", PINS)], identity, SAID_BY)
    begin(folder / "runs", NOON, plan, tree, ["pins.json"], memory, SAID_BY, "d" * 64, disk=disk)


def _steps(folder: Path) -> int:
    disk = FaultyDisk()
    _begin(folder, disk)
    return disk.steps


@pytest.mark.parametrize("when", WHENS)
@pytest.mark.parametrize("strike", [crash, no_space])
def test_a_run_is_begun_whole_or_not_at_all(tmp_path: Path, when: When, strike: object) -> None:
    """Whatever step fails or is the last one of its process: no half run, and the next one begins."""
    count = _steps(tmp_path / "counted")
    assert count > 10
    for at in range(1, count + 1):
        folder = tmp_path / str(at)
        with pytest.raises((Crash, OSError)):
            _begin(folder, FaultyDisk(at, when, strike))  # type: ignore[arg-type]
        there = runs(folder / "runs")
        for run in there:
            assert (run.plan(), run.approved(), list(run.before())) == (PLAN, "d" * 64, ["pins.json"])
            assert list(run.memory().iterdir())
        _begin(folder, Disk(), replace(PLAN, source="another"))
        left = {path.name for path in (folder / "runs").iterdir()}
        assert left == {run.id for run in runs(folder / "runs")}
        assert len(left) == len(there) + 1


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """Let a folder be a disk of its own, of some size."""
    folder.mkdir(parents=True, exist_ok=True)
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mounting, check=False, capture_output=True).returncode:
        pytest.skip("may not mount a small disk here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _fill(folder: Path, but: int) -> Path:
    """Fill a disk, but for some bytes."""
    path = folder / "filling"
    with path.open("wb") as file:
        file.write(b"x" * max(shutil.disk_usage(folder).free - but, 0))
    return path


def test_a_full_disk_at_the_begin_of_an_apply_locks_nothing(desk: Desk) -> None:
    """Nothing was written, the error names the directory; with room again the same command does it all."""
    local = desk.folder / "snapshots" / f".{TARGET}.local"
    before = desk.writes()
    with small_disk(local, "4m"):
        desk.plan("--adopt-by-name")
        at, done = set[str](), desk.do("runs", *TO)
        for pages in range(1, 100, 3):
            filling = _fill(local, pages * 4096)
            done = desk.do("apply", *FROM_TO, "--adopt-by-name", "--yes", may=(0, 1, 3))
            filling.unlink()
            if done.code != 1:
                break
            assert desk.writes() == before
            assert "No space left on device" in done.err
            room = done.err.split("Make room on the disk of ")[1]
            assert f"snapshots/{local.name}" in room
            at.add(room.split(f"{local.name}/")[1].split("/")[0])
            assert desk.do("runs", *TO, "--json").json == {"runs": []}
        assert "runs" in at, "the disk was never full when a run was to begin"
        if done.code == 3:
            assert "the target has been written to" in done.err
            desk.do("apply", "--resume", *TO, "--yes")
        assert desk.plan()["empty"]
        desk.do("undo", *TO, "--yes")


def test_a_disk_that_fills_in_the_read_back_says_that_the_target_was_written_to(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the run, the directory, and how to go on: exit 3."""
    real = Disk.write

    def write(self: Disk, path: Path, data: bytes) -> None:
        if ".sync.new" in str(path):  # what is remembered is written after the last write
            no_space()
        real(self, path, data)

    with monkeypatch.context() as patched:
        patched.setattr(Disk, "write", write)
        done = desk.do("apply", *FROM_TO, "--adopt-by-name", "--yes", code=3)
    run = desk.runs[-1].name
    assert f"the target has been written to, and the run {run} was cut short" in done.err
    assert "No space left on device" in done.err
    assert "apply --resume --to target" in done.err
    desk.do("apply", "--resume", *TO, "--yes")
    assert desk.plan()["empty"]


DAMAGES = [b"\n", b'{"digest": \n', b"[]\n", b"7\n", b"\xff\n", None]


@pytest.mark.parametrize("name", ["plan.json", "journal.jsonl", "result.json"])
def test_a_damaged_run_blocks_nothing_but_itself(desk: Desk, name: str) -> None:
    """Plans, applies, and the undo of other runs go on; the damaged one is named, with its file."""
    desk.apply("--adopt-by-name")
    whole = desk.runs[-1]
    People(desk, SOURCE).chart_query()
    desk.apply()
    broken = desk.runs[-1]
    if name != "result.json":
        (broken / "result.json").unlink()
    for damage in DAMAGES:
        (broken / name).unlink()
        if damage is None:
            (broken / name).symlink_to(whole / name)
        else:
            (broken / name).write_bytes(damage)
        said = desk.do("plan", *FROM_TO).err
        listed = {run["id"]: run["state"] for run in desk.do("runs", *TO, "--json").json["runs"]}
        assert listed[broken.name] == "damaged"
        assert f"run {broken.name} is damaged" in said
        with desk.nothing_is_written():
            for words in (["undo", broken.name], ["apply", "--resume", broken.name], ["undo"]):
                error = desk.do(*words, *TO, "--yes", code=1).err
                assert f"the run {broken.name} is damaged" in error
                assert name.split(".")[0] in error
            assert "no unfinished run" in desk.do("apply", "--resume", *TO, "--yes", code=1).err
    People(desk, SOURCE).scheduler_cron()
    desk.apply()
    assert desk.plan()["empty"]
    desk.do("undo", *TO, "--yes")
    desk.do("undo", whole.name, *TO, "--yes", "--allow-drift", "all")


def test_a_link_in_the_place_of_a_run_is_no_run(tmp_path: Path) -> None:
    """It may lead anywhere; nothing is read or written there."""
    _begin(tmp_path, Disk())
    (run,) = runs(tmp_path / "runs")
    elsewhere = tmp_path / "elsewhere"
    run.folder.rename(elsewhere)
    run.folder.symlink_to(elsewhere)
    with pytest.raises(SyncError, match="symbolic link"):
        find_run(tmp_path / "runs", run.id).plan()
