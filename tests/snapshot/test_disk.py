"""What is asked of the disk is done, or is an error."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from lightdash_sync.disk import Disk

DISK = Disk()


def test_a_file_is_written_once(tmp_path: Path) -> None:
    """A file has the bytes that were given, and what is there is never written over."""
    DISK.write(tmp_path / "a", b"one\r\n\x00")
    assert (tmp_path / "a").read_bytes() == b"one\r\n\x00"
    with pytest.raises(FileExistsError):
        DISK.write(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"one\r\n\x00"


def test_a_link_is_never_written_through(tmp_path: Path) -> None:
    """Where a link stands nothing is written, not even to where it leads."""
    (tmp_path / "link").symlink_to(tmp_path / "victim")
    with pytest.raises(FileExistsError):
        DISK.write(tmp_path / "link", b"x")
    assert not (tmp_path / "victim").exists()


def test_a_directory_is_made_with_its_permissions(tmp_path: Path) -> None:
    """A directory can be made for its owner only, opened later, and is never made twice."""
    DISK.make_directory(tmp_path / "d", 0o700)
    assert stat.S_IMODE((tmp_path / "d").stat().st_mode) == 0o700
    DISK.allow(tmp_path / "d", 0o755)
    assert stat.S_IMODE((tmp_path / "d").stat().st_mode) == 0o755
    with pytest.raises(FileExistsError):
        DISK.make_directory(tmp_path / "d")


def test_a_file_appears_in_a_second_place(tmp_path: Path) -> None:
    """A linked file has the same bytes, and outlives the first one."""
    (tmp_path / "a").write_bytes(b"same")
    DISK.link(tmp_path / "a", tmp_path / "b")
    (tmp_path / "a").unlink()
    assert (tmp_path / "b").read_bytes() == b"same"


def test_a_file_is_copied_where_it_cannot_be_linked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without links still gets the file."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "a").write_bytes(b"same")
    DISK.link(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"same"
    assert not (tmp_path / "b").samefile(tmp_path / "a")


def test_a_directory_is_renamed(tmp_path: Path) -> None:
    """A renamed directory stands under its new name only, and replaces nothing that holds files."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").touch()
    DISK.rename(tmp_path / "a", tmp_path / "b")
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
    (tmp_path / "c").mkdir()
    with pytest.raises(OSError):
        DISK.rename(tmp_path / "c", tmp_path / "b")
    assert (tmp_path / "b" / "x").exists()


def test_a_directory_is_settled_where_the_system_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Making a directory durable opens it, so a missing one is an error; Windows cannot, and is not asked."""
    missing = tmp_path / "missing"
    DISK.settle(tmp_path)
    with pytest.raises(FileNotFoundError):
        DISK.settle(missing)
    with monkeypatch.context() as windows:
        windows.setattr(os, "name", "nt")
        DISK.settle(missing)


def test_a_directory_is_removed_with_all_in_it(tmp_path: Path) -> None:
    """A directory goes with all it holds; links in it, or the link itself, go without what they lead to."""
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "file").touch()
    (tmp_path / "d" / "inner").mkdir(parents=True)
    (tmp_path / "d" / "link").symlink_to(victim)
    DISK.remove(tmp_path / "d")
    (tmp_path / "link").symlink_to(victim)
    DISK.remove(tmp_path / "link")
    DISK.remove(tmp_path / "never was")
    assert [path.name for path in tmp_path.iterdir()] == ["victim"]
    assert (victim / "file").exists()
