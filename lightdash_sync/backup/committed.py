"""The last committed snapshot, on disk again: what a backup builds on where there is no better one.

A tree in git may come from anybody. Only what a snapshot can have is written; other files are named, so
that nobody's file is lost by a commit that holds the snapshot alone.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lightdash_sync.errors import Refused, naming
from lightdash_sync.export.state import read_state, write_state
from lightdash_sync.snapshot.disk import Disk
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST, parse_path
from lightdash_sync.snapshot.write import locked, staging_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightdash_sync.git import Repository


def write_out(repository: Repository, commit: str | None, folder: Path, target: Path) -> bool:
    """Write a committed snapshot into a directory; return whether there is one.

    Args:
        repository: where from.
        commit: revision; None if there is no commit yet.
        folder: of the snapshot, in the work tree.
        target: an empty or missing directory.

    Raises:
        Refused: there is something in the folder that no snapshot has, and that a commit would drop.
    """
    if commit is None:
        return False
    for path in sorted(repository.files(commit, folder)):
        if path not in (MANIFEST, IDENTITY) and parse_path(path) is None:
            raise Refused(
                f"{folder} holds {path!r} in git, which is not part of the snapshot and would be lost",
                hint="Move it out of the folder, in a commit of its own.",
            )
    found = False
    for path, data in repository.contents(commit, folder):
        place = target / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with naming(place):
            place.write_bytes(data)
        found = True
    return found


@contextmanager
def prepared(repository: Repository, folder: Path, branch: str | None, *, dry: bool) -> Iterator[Path]:
    """Give the directory to export into, with the snapshot in it that the export builds on.

    That is the snapshot's folder, if its branch is checked out here. For another branch, and if nothing
    may be changed, it is a directory that goes away again: the work tree is not touched.

    Args:
        repository: where the snapshot is committed.
        folder: of the snapshot, in the work tree.
        branch: that is committed to; None for the one checked out.
        dry: change nothing here.

    Raises:
        GitError: the branch cannot be committed to.
        Refused: the committed folder holds what no snapshot has.
    """
    target = repository.destination(branch)
    if target.checked_out and not dry:
        if not _is_there(folder):
            _restore(repository, target.start, folder)
        yield folder
        return
    with TemporaryDirectory(prefix="lightdash-sync-", ignore_cleanup_errors=True) as name:
        root = Path(name) / folder.name
        if target.checked_out and _is_there(folder):
            with locked(folder, Disk()):
                shutil.copytree(folder, root, symlinks=True)
        else:
            write_out(repository, target.start, folder, root)
        if (state := read_state(folder)) is not None:
            write_state(root, state)
        yield root
        if not dry and (state := read_state(root)) is not None:
            folder.parent.mkdir(parents=True, exist_ok=True)
            write_state(folder, state)


def _is_there(folder: Path) -> bool:
    return folder.is_symlink() or (folder.exists() and not (folder.is_dir() and not any(folder.iterdir())))


def _restore(repository: Repository, commit: str | None, folder: Path) -> None:
    """Put the committed snapshot where there is none: its keys and earlier versions are needed."""
    disk = Disk()
    with locked(folder, disk):
        staging = staging_of(folder)
        try:
            if not _is_there(folder) and write_out(repository, commit, folder, staging):
                with suppress(FileNotFoundError):
                    folder.rmdir()
                disk.rename(staging, folder)
        finally:
            disk.remove(staging)
