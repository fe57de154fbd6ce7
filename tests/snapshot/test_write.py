"""A snapshot is staged beside the old one and swapped in, by one run at a time."""

from __future__ import annotations

import os
import signal
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from lightdash_sync.content.json import canonical
from lightdash_sync.content.keys import key_from
from lightdash_sync.content.kinds import Kind
from lightdash_sync.disk import Disk
from lightdash_sync.errors import Locked, Refused, SnapshotError
from lightdash_sync.export.previous import open_old
from lightdash_sync.snapshot.layout import item_path
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.verify import verify
from lightdash_sync.snapshot.write import Staging, locked, needs_recovery, recover, spare, staging_of

from .hostile_names import HOSTILE_NAMES
from .killed import holder
from .small import VERSION_PATH, beside, manifest_of, tree, uuid, write_small_snapshot


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where the snapshot goes."""
    return tmp_path / "snapshots" / "production"


def test_the_same_content_gives_the_same_bytes(target: Path, tmp_path: Path) -> None:
    """Writing the same content again, over the old snapshot or elsewhere, changes no byte of any file."""
    manifest = write_small_snapshot(target)
    first = tree(target)
    assert write_small_snapshot(target) == manifest
    write_small_snapshot(tmp_path / "elsewhere")
    assert tree(target) == tree(tmp_path / "elsewhere") == first
    assert set(first) == {"snapshot.json", *manifest.files}
    assert Snapshot(target).manifest == manifest
    assert beside(target) == []


def test_what_is_gone_is_gone(target: Path) -> None:
    """A file that the new snapshot has not is not left over from the old one."""
    write_small_snapshot(target, charts=3)
    write_small_snapshot(target, charts=1)
    assert sorted(path.name for path in (target / "charts").glob("more-*")) == ["more-0.json"]
    assert verify(target).damages == []


def test_a_partial_write_is_discarded(target: Path) -> None:
    """What was written before an error goes, and the old snapshot was never touched."""
    write_small_snapshot(target)
    before = tree(target)
    staging = Staging(target, Disk())
    staging.put("charts/new.json", b"{}\n")
    staging.discard()
    assert tree(target) == before
    assert beside(target) == []


def test_files_may_be_put_from_many_threads(target: Path) -> None:
    """Many threads write at once, into the same new folders, and every file is there."""
    target.parent.mkdir()
    staging = Staging(target, Disk())
    start = threading.Barrier(8)

    def put(n: int) -> None:
        if n < 8:
            start.wait()
        staging.put(f"charts/c{n % 3}.history/{n}-00000000.json", canonical({"n": n}))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(200)))
    staging.commit(manifest_of(staging.files, {}))
    staging.discard()
    assert len(staging.files) == 200
    assert set(tree(target)) == {"snapshot.json", *staging.files}


def _put_many(staging: Staging) -> None:
    for n in range(1000):
        staging.put(f"charts/more-{n}.json", b"{}\n")


def test_a_failed_write_fails_the_snapshot(target: Path) -> None:
    """A file that could not be written is an error of the next writes, at the latest before the swap."""

    class Full(Disk):
        def write(self, path: Path, data: bytes) -> None:
            raise OSError("the disk is full")

    write_small_snapshot(target)
    before = tree(target)
    staging = Staging(target, Full())
    staging.put("charts/first.json", b"{}\n")
    with pytest.raises(OSError, match="the disk is full"):
        _put_many(staging)
    with pytest.raises(OSError, match="the disk is full"):
        staging.commit(manifest_of(staging.files, {}))
    staging.discard()
    assert tree(target) == before
    assert beside(target) == []


def test_one_file_is_never_written_twice(target: Path) -> None:
    """Two items that would share a file are an error, never one of the two."""
    target.parent.mkdir()
    staging = Staging(target, Disk())
    staging.put("charts/a.json", b"1\n")
    with suppress(FileExistsError):
        staging.put("charts/a.json", b"2\n")
    with pytest.raises(FileExistsError):
        staging.commit(manifest_of(staging.files, {}))
    staging.discard()
    assert not target.exists()


def test_every_hostile_name_is_written_and_found_again(target: Path) -> None:
    """Charts with names that break tools have files of their own in the snapshot, and keep their names."""
    target.parent.mkdir()
    staging = Staging(target, Disk())
    names = [name for name in HOSTILE_NAMES if name.encode("utf-8", "ignore").decode() == name]
    for name in names:
        staging.put(item_path(Kind.CHART, key_from(name)), canonical({"name": name}))
    staging.commit(manifest_of(staging.files, {}))
    staging.discard()
    snapshot = Snapshot(target)
    assert len(staging.files) == len(names) > 80
    for name in names:
        assert snapshot.checked(item_path(Kind.CHART, key_from(name))) == canonical({"name": name})
    assert snapshot.strays() == []
    assert sorted(path.name for path in target.parent.iterdir()) == ["production"]


def test_an_earlier_version_is_taken_over(target: Path) -> None:
    """A file that is kept has the same bytes, and stays when the old snapshot goes."""
    write_small_snapshot(target)
    before = (target / VERSION_PATH).read_bytes()
    for title in ("Second", "Third"):
        write_small_snapshot(target, title=title)
        assert (target / VERSION_PATH).read_bytes() == before
        assert verify(target).damages == []


@pytest.mark.parametrize("damage", ["changed", "missing", "link", "directory"])
def test_a_damaged_earlier_version_is_not_taken_over(target: Path, tmp_path: Path, damage: str) -> None:
    """A file that is not what its hash says is refused by name, so that damage is never hidden."""
    write_small_snapshot(target)
    file = target / VERSION_PATH
    copy = tmp_path / "copy"
    copy.write_bytes(file.read_bytes())
    if damage == "changed":
        file.write_bytes(file.read_bytes() + b" ")
    else:
        file.unlink()
    if damage == "link":
        file.symlink_to(copy)
    elif damage == "directory":
        file.mkdir()
    with pytest.raises(SnapshotError, match=f"{VERSION_PATH} is damaged") as refused:
        write_small_snapshot(target, title="New")
    assert str(target) in refused.value.hint
    assert b"New" not in (target / "charts/weekly-revenue.json").read_bytes()
    assert beside(target) == []


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_a_snapshot_has_ordinary_permissions(target: Path, mask: int) -> None:
    """While it is written nobody else may read it; then it has the permissions that new directories get."""
    old = os.umask(mask)
    try:
        target.parent.mkdir()
        staging = Staging(target, Disk())
        assert stat.S_IMODE(staging_of(target).stat().st_mode) == 0o700
        staging.commit(manifest_of({}, {}))
        staging.discard()
        assert stat.S_IMODE(target.stat().st_mode) == 0o777 & ~mask
        assert os.umask(mask) == mask
    finally:
        os.umask(old)


def test_permissions_of_the_directory_are_kept(target: Path) -> None:
    """A directory that somebody has opened or closed stays so."""
    write_small_snapshot(target)
    target.chmod(0o750)
    write_small_snapshot(target, title="New")
    assert stat.S_IMODE(target.stat().st_mode) == 0o750


def test_an_empty_directory_is_filled(target: Path) -> None:
    """A snapshot may be written into an empty directory, however its path is spelt."""
    target.mkdir(parents=True)
    write_small_snapshot(target / ".." / "production")
    assert verify(target).damages == []
    assert beside(target) == []


def test_the_current_directory_is_no_place_and_what_lies_beside_it_is_named_as_beside_any_other(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A swap would leave the shell of the user in a directory that is gone."""
    target.mkdir(parents=True)
    monkeypatch.chdir(target)
    assert not needs_recovery(Path())
    with pytest.raises(Refused, match="the directory that you are in"):
        write_small_snapshot(Path())
    assert list(target.iterdir()) == []
    assert (beside(target), spare(Path()), staging_of(Path())) == ([], spare(target), staging_of(target))


@pytest.mark.parametrize("empty_directory", [False, True])
def test_a_swap_that_was_cut_is_undone(target: Path, empty_directory: bool) -> None:
    """A snapshot that stands under its spare name only is put back, over an empty directory too."""
    write_small_snapshot(target)
    before = tree(target)
    target.rename(spare(target))
    staging_of(target).mkdir()
    if empty_directory:
        target.mkdir()
    assert needs_recovery(target)
    recover(target, Disk())
    assert not needs_recovery(target)
    assert tree(target) == before
    assert beside(target) == []


def test_a_swap_that_was_done_is_finished(target: Path) -> None:
    """Where the new snapshot stands, the old one that was left beside it goes."""
    write_small_snapshot(target)
    write_small_snapshot(target.with_name("other"))
    target.with_name("other").rename(spare(target))
    assert not needs_recovery(target)
    recover(target, Disk())
    assert verify(target).damages == []
    assert not spare(target).exists()


@pytest.mark.parametrize("what", ["file", "link", "dangling link"])
def test_what_is_no_directory_is_refused(target: Path, tmp_path: Path, what: str) -> None:
    """A file or a link where the directory should be is refused, and left alone."""
    target.parent.mkdir()
    (tmp_path / "other").mkdir()
    if what == "file":
        target.write_text("mine")
    else:
        target.symlink_to(tmp_path / ("other" if what == "link" else "nowhere"))
    with pytest.raises(SnapshotError, match=r"production is (not a directory|a symbolic link)"):
        write_small_snapshot(target)
    assert [*target.parent.iterdir()] == [target]
    assert [*(tmp_path / "other").iterdir()] == []


def test_other_peoples_files_are_not_swapped_away(target: Path) -> None:
    """A directory with files that belong to no snapshot, or beside one, is refused by the name of a file."""
    target.mkdir(parents=True)
    (target / "notes.txt").write_text("mine")
    with pytest.raises(SnapshotError, match="holds no snapshot"):
        open_old(target, uuid(11))
    (target / "notes.txt").unlink()
    write_small_snapshot(target)
    (target / "charts" / "notes.txt").write_text("mine")
    with pytest.raises(Refused, match=r"holds 'charts/notes\.txt'"):
        open_old(target, uuid(11))


def test_only_one_run_at_a_time(target: Path) -> None:
    """A second run is refused with the process that holds the lock, and changes nothing."""
    write_small_snapshot(target)
    before = tree(target)
    with holder(target) as process:
        with pytest.raises(Locked, match=rf"in use by another run .*\(process {process.pid}\)") as refused:
            write_small_snapshot(target, title="New")
        assert refused.value.exit_code == 11
        assert tree(target) == before


def test_the_lock_of_a_run_that_was_killed_is_free(target: Path) -> None:
    """A run that is killed lets go of its lock within a second."""
    with holder(target) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        began = time.monotonic()
        with locked(target, Disk()):
            assert time.monotonic() - began < 1
    write_small_snapshot(target)


def test_the_lock_is_free_after_an_error(target: Path) -> None:
    """A run that fails lets go of its lock, and two snapshots side by side have two locks."""
    with pytest.raises(KeyboardInterrupt), locked(target, Disk()):
        raise KeyboardInterrupt
    with locked(target, Disk()), locked(target.with_name("staging"), Disk()):
        pass


def test_an_unreadable_lock_still_locks(target: Path) -> None:
    """Who holds the lock is said if it is known; the lock holds without it."""
    with holder(target):
        (target.parent / ".production.lock").write_bytes(b"")
        with pytest.raises(Locked, match="process unknown"), locked(target, Disk()):
            pass


def test_a_link_is_no_lock(target: Path, tmp_path: Path) -> None:
    """A lock file that is a link is refused, and what it leads to is not touched."""
    (tmp_path / "victim").write_text("mine")
    target.parent.mkdir()
    (target.parent / ".production.lock").symlink_to(tmp_path / "victim")
    with pytest.raises(SnapshotError, match=r"\.production\.lock is a symbolic link"):
        write_small_snapshot(target)
    assert (tmp_path / "victim").read_text() == "mine"
    assert not target.exists()
