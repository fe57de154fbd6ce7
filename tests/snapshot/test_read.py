"""A snapshot that comes from anybody is read without leaving its root, without hanging, and by name."""

from __future__ import annotations

import importlib.util
import os
import threading
import time
from pathlib import Path
from types import ModuleType

import pytest

from lightdash_sync.errors import SnapshotError
from lightdash_sync.snapshot import read
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.verify import verify

from .attacks import ATTACKS, CHART, SECRET, replace
from .small import small_identity, tree, write_small_snapshot


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A snapshot."""
    write_small_snapshot(tmp_path / "snapshot")
    return tmp_path / "snapshot"


@pytest.fixture
def plain_read(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module as it is on a system without descriptors of directories, such as Windows."""
    monkeypatch.setattr(os, "supports_dir_fd", set())
    monkeypatch.delattr(os, "O_NOFOLLOW")
    spec = importlib.util.spec_from_file_location("plain_read", read.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _complaints(root: Path) -> str:
    """What reading a snapshot finds wrong with it."""
    try:
        return "\n".join(f"{damage.path}: {damage.problem}" for damage in verify(root).damages)
    except SnapshotError as error:
        return error.message


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused_by_name(root: Path, attack: str) -> None:
    """Whatever was done is found within two seconds, with the file named and no content shown."""
    named = ATTACKS[attack](root)
    began = time.monotonic()
    complaints = _complaints(root)
    assert time.monotonic() - began < 2
    assert named in complaints or (named == MANIFEST and "the snapshot has format 2" in complaints)
    assert "secret of the host" not in complaints


@pytest.mark.parametrize(
    "attack", [name for name in ATTACKS if name.startswith(("link", "FIFO", "socket", "1 GB"))]
)
def test_only_small_regular_files_are_read(root: Path, attack: str) -> None:
    """What is no regular file, is reached by a link, or is huge, is an error and never content."""
    named = ATTACKS[attack](root)
    path = next(path for path in (*ATTACKED, named) if path.startswith(named))
    with pytest.raises(SnapshotError):
        Snapshot(root).read(path)


ATTACKED = (CHART, "charts/weekly-revenue.history/20260102T030405000Z-2f379903.json")


def test_what_was_written_is_read(root: Path) -> None:
    """Every file is read as it was written, and the walk finds each of them once."""
    snapshot = Snapshot(root)
    files = tree(root)
    assert sorted(snapshot.files()) == sorted(files)
    assert {path: snapshot.read(path) for path in files} == files
    assert all(snapshot.checked(path) == files[path] for path in snapshot.manifest.files)
    assert snapshot.identity() == small_identity()
    assert snapshot.strays() == []


def test_a_snapshot_without_a_manifest_is_none(tmp_path: Path) -> None:
    """A missing directory and one with other files are no snapshot, and the user learns how to make one."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").touch()
    for path in (tmp_path / "missing", tmp_path / "other"):
        with pytest.raises(SnapshotError, match="holds no snapshot") as refused:
            Snapshot(path)
        assert "export" in refused.value.hint


@pytest.mark.parametrize("what", ["link", "file"])
def test_the_root_is_a_directory_itself(root: Path, tmp_path: Path, what: str) -> None:
    """A root that is a link or a file is refused by name."""
    path = tmp_path / "root"
    if what == "link":
        path.symlink_to(root)
    else:
        path.touch()
    with pytest.raises(SnapshotError, match=f"{path} cannot be read"):
        Snapshot(path)


def test_a_file_that_was_changed_is_not_built_on(root: Path) -> None:
    """A file is only used if it is what the manifest vouches for."""
    snapshot = Snapshot(root)
    replace(root, CHART, b"{}\n", hashed=False)
    with pytest.raises(SnapshotError, match=f"{CHART} is not as it was written") as refused:
        snapshot.checked(CHART)
    assert "verify" in refused.value.hint
    replace(root, "charts/new.json", b"{}\n", hashed=False)
    with pytest.raises(SnapshotError, match=r"charts/new\.json is not as it was written"):
        snapshot.checked("charts/new.json")
    with pytest.raises(SnapshotError, match=r"charts/gone\.json is missing"):
        snapshot.checked("charts/gone.json")


@pytest.mark.parametrize(
    "path",
    [
        "../secret.json",
        "charts/../../secret.json",
        "/etc/passwd",
        "",
        ".",
        "charts",
        "charts/a\x00.json",
        "x.json",
    ],
)
def test_no_path_leads_out(root: Path, tmp_path: Path, path: str) -> None:
    """Only a path that a snapshot can have is opened at all."""
    (tmp_path / "secret.json").write_bytes(SECRET)
    with pytest.raises(SnapshotError, match="no snapshot has a file"):
        Snapshot(root).read(path)


def test_strays_are_found(root: Path) -> None:
    """Files that no export wrote are listed, whatever they are called."""
    names = [".hidden", "charts/~a.json", "charts/weekly-revenue.history/x", "zz\n.json"]
    for name in names:
        (root / name).touch()
    assert Snapshot(root).strays() == sorted(names)


def test_an_endless_directory_is_refused(root: Path) -> None:
    """A directory with more files than any snapshot has is not walked to its end."""
    count = len(tree(root))
    assert len(list(Snapshot(root, max_files=count).files())) == count
    with pytest.raises(SnapshotError, match=f"holds more than {count - 1} files"):
        list(Snapshot(root, max_files=count - 1).files())


def test_a_folder_swapped_under_the_reader_leads_nowhere(root: Path, tmp_path: Path) -> None:
    """While a folder is swapped for a link, over and over, the reader gets the file or an error."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / Path(CHART).name).write_bytes(SECRET)
    whole, charts, aside = (root / CHART).read_bytes(), root / "charts", tmp_path / "aside"
    snapshot, done = Snapshot(root), threading.Event()

    def swap() -> None:
        while not done.is_set():
            charts.rename(aside)
            charts.symlink_to(outside)
            charts.unlink()
            aside.rename(charts)

    swapper = threading.Thread(target=swap)
    swapper.start()
    seen = {"file": 0, "error": 0}
    try:
        for _ in range(1000):
            try:
                assert snapshot.read(CHART) == whole
                seen["file"] += 1
            except SnapshotError:
                seen["error"] += 1
    finally:
        done.set()
        swapper.join()
    assert seen["error"] > 0, "nothing was ever swapped"


def test_reading_leaves_nothing_open(root: Path) -> None:
    """Whether reading succeeds or fails, no file stays open."""
    fds = Path("/proc/self/fd")
    if not fds.is_dir():
        pytest.skip("the system does not show open files")
    snapshot = Snapshot(root)
    before = len([*fds.iterdir()])
    for _ in range(5):
        (root / "charts" / "dir.json").mkdir(exist_ok=True)
        for path in (
            CHART,
            "charts/dir.json",
            "charts/gone.json",
            "tags/gone.json",
            "charts/weekly-revenue.history/1-00000000.json",
        ):
            try:
                snapshot.read(path)
            except SnapshotError:
                continue
        list(snapshot.files())
    assert len([*fds.iterdir()]) == before


def test_a_plain_system_reads_the_same(root: Path, plain_read: ModuleType) -> None:
    """Where directories cannot be held open, the same files are read from the same snapshot."""
    snapshot = plain_read.Snapshot(root)
    files = tree(root)
    assert sorted(snapshot.files()) == sorted(files)
    assert {path: snapshot.read(path) for path in files} == files


@pytest.mark.parametrize(
    "attack", [name for name in ATTACKS if name.startswith(("link", "FIFO", "socket", "1 GB"))]
)
def test_a_plain_system_refuses_the_same(root: Path, plain_read: ModuleType, attack: str) -> None:
    """Where directories cannot be held open, links and odd files are refused all the same."""
    named = ATTACKS[attack](root)
    path = next(path for path in (*ATTACKED, named) if path.startswith(named))
    with pytest.raises(SnapshotError):
        plain_read.Snapshot(root).read(path)


@pytest.mark.parametrize("what", ["link", "file", "missing"])
def test_a_plain_system_wants_a_directory(
    root: Path, tmp_path: Path, plain_read: ModuleType, what: str
) -> None:
    """Where directories cannot be held open, a root that is none is refused all the same."""
    path = tmp_path / "root"
    if what == "link":
        path.symlink_to(root)
    elif what == "file":
        path.touch()
    with pytest.raises(SnapshotError, match=r"is not a directory|holds no snapshot"):
        plain_read.Snapshot(path)


def test_identity_must_be_what_the_manifest_says(root: Path) -> None:
    """An identity map that was changed is not used, though it could be read."""
    replace(root, IDENTITY, small_identity(1).to_bytes(), hashed=False)
    with pytest.raises(SnapshotError, match=r"identity\.json is not as it was written"):
        Snapshot(root).identity()
