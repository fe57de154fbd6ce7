"""Whatever happens while a snapshot is written, the directory holds the old one or the new one."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from pathlib import Path
from typing import TypeAlias

import pytest

from lightdash_sync.disk import Disk
from lightdash_sync.snapshot.verify import verify
from lightdash_sync.snapshot.write import locked

from .faulty import WHENS, Crash, FaultyDisk, Strike, When, crash, io_error, no_space
from .killed import command, write_and_die
from .small import beside, tree, write_small_snapshot

Tree: TypeAlias = dict[str, bytes]

FAULTS = pytest.mark.parametrize("strike", [crash, io_error, no_space])
AT_ANY_MOMENT = pytest.mark.parametrize("when", WHENS)


def _write_old(target: Path) -> None:
    write_small_snapshot(target, title="Old", charts=1)


def _write_new(target: Path, disk: Disk | None = None) -> None:
    write_small_snapshot(target, title="New", disk=disk)


def _steps(folder: Path, *, over: bool) -> int:
    """How many steps a write takes."""
    disk = FaultyDisk()
    if over:
        _write_old(folder / "counted")
    _write_new(folder / "counted", disk)
    return disk.steps


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tree, Tree]:
    """The files of the old snapshot and of the new one."""
    folder = tmp_path_factory.mktemp("both")
    _write_old(folder / "old")
    _write_new(folder / "new")
    return tree(folder / "old"), tree(folder / "new")


def _outcome(target: Path, both: tuple[Tree, Tree]) -> str:
    """Take the lock as the next run does; say which snapshot stands, and insist that it is whole."""
    with locked(target, Disk()):
        assert beside(target) == [], "something was left behind"
    if not target.exists():
        return "none"
    found = tree(target)
    assert found in both, "the snapshot is a mixture"
    assert verify(target).damages == []
    return "old" if found == both[0] else "new"


def _strike_everywhere(
    folder: Path, both: tuple[Tree, Tree], strike: Strike, when: When, *, over: bool
) -> list[str]:
    """Let each step of a write fail, one after the other; return the outcomes."""
    outcomes = []
    for step in range(1, _steps(folder, over=over) + 1):
        target = folder / f"{step}" / "snapshot"
        if over:
            _write_old(target)
        with pytest.raises((Crash, OSError)):
            _write_new(target, FaultyDisk(step, when, strike))
        outcomes.append(_outcome(target, both))
    return outcomes


@FAULTS
@AT_ANY_MOMENT
def test_a_fault_at_any_step_leaves_the_old_or_the_new_snapshot(
    memory_path: Path, both: tuple[Tree, Tree], strike: Strike, when: When
) -> None:
    """A crash, a broken or a full disk at any step is an error, and leaves the old snapshot or the new."""
    outcomes = _strike_everywhere(memory_path, both, strike, when, over=True)
    assert set(outcomes) == {"old", "new"}
    assert outcomes == sorted(outcomes, reverse=True), "once the new snapshot stands, it stays"


@FAULTS
@AT_ANY_MOMENT
def test_a_first_snapshot_is_whole_or_absent(
    memory_path: Path, both: tuple[Tree, Tree], strike: Strike, when: When
) -> None:
    """Where there was no snapshot, a fault at any step leaves none, or a whole one."""
    outcomes = _strike_everywhere(memory_path, both, strike, when, over=False)
    assert set(outcomes) == {"none", "new"}
    assert outcomes == sorted(outcomes, reverse=True)


@AT_ANY_MOMENT
def test_a_second_crash_while_recovering_loses_nothing(
    memory_path: Path, both: tuple[Tree, Tree], when: When
) -> None:
    """A run that dies while it mends what another run left leaves a snapshot that can still be mended."""
    seen = set()
    last = _steps(memory_path, over=True)
    for first in (10, *range(last - 6, last)):
        for second in range(1, 6):
            target = memory_path / f"{first}-{second}" / "snapshot"
            _write_old(target)
            with pytest.raises(Crash):
                _write_new(target, FaultyDisk(first, "before"))
            try:
                with locked(target, FaultyDisk(second, when)):
                    pass
            except Crash:
                seen.add(second)
            assert _outcome(target, both) in ("old", "new")
    assert {1, 2, 3} <= seen


def test_a_run_that_is_killed_leaves_the_old_or_the_new_snapshot(
    tmp_path: Path, both: tuple[Tree, Tree]
) -> None:
    """A process that is really killed, in the swap or elsewhere, leaves the old snapshot or the new one."""
    last = _steps(tmp_path, over=True)
    moments = [2, 5, last // 2, last - 6, last - 5, last - 4, last - 3, last - 1]
    assert _killed_at(moments, tmp_path, both, "after") == {"old", "new"}


@pytest.mark.slow
@AT_ANY_MOMENT
def test_a_run_that_is_killed_at_any_step_leaves_the_old_or_the_new_snapshot(
    tmp_path: Path, both: tuple[Tree, Tree], when: When
) -> None:
    """A process that is really killed, at any step, leaves the old snapshot or the new one."""
    moments = [*range(1, _steps(tmp_path, over=True) + 1)]
    assert _killed_at(moments, tmp_path, both, when) == {"old", "new"}


def _killed_at(moments: list[int], folder: Path, both: tuple[Tree, Tree], when: When) -> set[str]:
    outcomes = set()
    for step in moments:
        target = folder / f"{step}" / "snapshot"
        _write_old(target)
        assert write_and_die(target, step, when) == -9
        outcomes.add(_outcome(target, both))
    return outcomes


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize("fault", ["signal=KILL", "error=EIO", "error=ENOSPC"])
@pytest.mark.parametrize("call", ["mkdir", "fsync", "rename", "unlinkat", "linkat", "chmod"])
def test_a_fault_at_any_system_call_leaves_the_old_or_the_new_snapshot(
    tmp_path: Path, both: tuple[Tree, Tree], call: str, fault: str
) -> None:
    """A kill or an error at any system call that changes the disk leaves the old snapshot or the new one."""
    root = Path(__file__).parents[2]
    for when in range(1, 60):
        target = tmp_path / f"{when}" / "snapshot"
        _write_old(target)
        inject = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"inject={call}:{fault}:when={when}"]
        done = subprocess.run(
            [*inject, *command(target, 0, "before")],
            cwd=root,
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        if "PTRACE" in done.stderr:
            pytest.skip("strace may not trace here")
        outcome = _outcome(target, both)
        if done.returncode == 0:
            assert outcome == "new"
            return
    pytest.fail(f"{call} is called more often than any snapshot needs")


def _is_full(target: Path, name: str) -> bool:
    """Write a snapshot with so long a name of the project; say whether the disk was full."""
    try:
        write_small_snapshot(target, change={"project.json": {"name": name}})
    except OSError as error:
        return error.errno == errno.ENOSPC
    return False


@pytest.mark.slow
def test_a_really_full_disk_leaves_the_old_snapshot(tmp_path: Path) -> None:
    """On a disk that is really full the write fails, and the old snapshot stands, whole."""
    mount = tmp_path / "small disk"
    mount.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(mount)]
    if shutil.which("mount") is None or subprocess.run(mounting, check=False, capture_output=True).returncode:
        pytest.skip("may not mount a small disk here")
    try:
        target = mount / "snapshot"
        _write_old(target)
        before = tree(target)
        failures = 0
        for size in range(520 * 1024, 0, -4096):  # the less, the later the disk is full
            if not _is_full(target, "x" * size):
                break
            assert tree(target) == before
            assert verify(target).damages == []
            assert beside(target) == []
            failures += 1
        assert failures > 20
        assert tree(target) != before
    finally:
        subprocess.run(["umount", str(mount)], check=True)


@pytest.mark.skipif(getattr(os, "geteuid", int)() == 0, reason="nothing is read-only for root")
def test_a_directory_that_may_not_be_written_to_keeps_its_snapshot(tmp_path: Path) -> None:
    """Where nothing may be written the run fails, and the old snapshot stands, whole."""
    target = tmp_path / "closed" / "snapshot"
    _write_old(target)
    before = tree(target)
    target.parent.chmod(0o500)
    try:
        with pytest.raises(PermissionError):
            _write_new(target)
    finally:
        target.parent.chmod(0o700)
    assert tree(target) == before
    assert verify(target).damages == []
