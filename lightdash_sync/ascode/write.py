"""Writing a tree: staged whole beside the old one, then swapped in, as snapshots are.

Nobody's work is lost with the old one: files that are no documents come along as they are, and a document
that this tool did not write, or that somebody changed since, is replaced only if the caller says so. What
was written is remembered beside the directory (`.NAME.written.json`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from lightdash_sync.ascode.folder import METADATA, NO_DOCUMENT, Role, role_of
from lightdash_sync.errors import Refused, SnapshotError
from lightdash_sync.model.canonical import canonical, parse, sha256
from lightdash_sync.model.problems import conform
from lightdash_sync.model.shown import shown
from lightdash_sync.snapshot.layout import MANIFEST
from lightdash_sync.snapshot.write import Staging, beside, locked, staging_of
from lightdash_sync.untrusted import read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lightdash_sync.ascode.files import CodeFiles
    from lightdash_sync.snapshot.disk import Disk

_WRITTEN = TypeAdapter(dict[str, str])
_NAMED = 5  # files that a refusal names


@dataclass(frozen=True)
class Written:
    """What became of a directory.

    Attributes:
        changed: how many documents are new or others than before.
        removed: how many documents are gone.
        kept: how many files are somebody's, and came along.
    """

    changed: int
    removed: int
    kept: int


def write_tree(target: Path, code: CodeFiles, disk: Disk, *, overwrite: bool = False) -> Written:
    """Write a tree; whole or not at all.

    Args:
        target: the directory; made if it does not exist.
        code: its files.
        disk: does the writing.
        overwrite: replace also what this tool did not write, or somebody changed since.

    Raises:
        Refused: there is something that would be lost.
        SnapshotError: the target is no directory, or holds something else than a tree.
        Locked: another run writes there.
        OSError: something could not be written; the target was not touched.
    """

    def fits(path: str) -> bool:
        """Whether a file that a run left is a document, or one that came along and still stands there."""
        return role_of(path) not in NO_DOCUMENT or (target / path).is_file()

    with locked(target, disk, fits):
        found = _survey(target)
        if not overwrite:
            _require_ours(target, found, code.files)
        staging = Staging(target, disk, found.__contains__)
        try:
            for path, data in sorted(code.files.items()):
                staging.put(path, data)
            kept = [path for path in found if role_of(path) in NO_DOCUMENT and path not in code.files]
            for path in kept:
                staging.take(path, target / path, found)
            staging.finish()
            for path, time in code.times.items():
                os.utime(staging_of(target) / path, (time.timestamp(), time.timestamp()))
            staging.swap()
        except BaseException:
            staging.discard()
            raise
        _remember(target, code.files, disk)
    documents = {
        path: sha for path, sha in found.items() if role_of(path) not in {*NO_DOCUMENT, Role.METADATA}
    }
    written = {path: sha256(data) for path, data in code.files.items() if path != METADATA}
    return Written(
        changed=sum(documents.get(path) != sha for path, sha in written.items()),
        removed=len(documents.keys() - written.keys()),
        kept=len(kept),
    )


def _survey(target: Path) -> dict[str, str]:
    """Return the files of the target with their hashes.

    Raises:
        SnapshotError: it holds something that no tree holds.
    """
    if not target.is_dir():
        return {}
    for name, what in ((MANIFEST, "a snapshot"), (".git", "a git repository")):
        if (target / name).exists():
            raise SnapshotError(f"{target} is {what}", hint="Name another directory with --path.")
    return {path: sha256((target / path).read_bytes()) for path in _walk(target, ())}


def _walk(root: Path, folders: tuple[str, ...]) -> Iterator[str]:
    for entry in sorted(os.scandir(root.joinpath(*folders)), key=lambda entry: entry.name):
        path = "/".join((*folders, entry.name))
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(root, (*folders, entry.name))
        elif entry.is_file(follow_symlinks=False):
            yield path
        else:
            raise SnapshotError(
                f"{root}: {shown(path)} is neither a file nor a directory, and would be lost",
                hint="Move it away, or name another directory with --path.",
            )


def _require_ours(target: Path, found: Mapping[str, str], files: Mapping[str, bytes]) -> None:
    """Refuse to replace what somebody else wrote."""
    ours = _remembered(target)
    others = [
        path
        for path, sha in found.items()
        if role_of(path) is not Role.METADATA
        and (role_of(path) not in NO_DOCUMENT or path in files)
        and sha != ours.get(path)
        and (path not in files or sha256(files[path]) != sha)
    ]
    if others:
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        raise Refused(
            f"{target} holds documents that this tool did not write, or that were changed since:"
            f" {', '.join(map(shown, others[:_NAMED]))}{more}",
            hint="--overwrite replaces them (what is in git can be compared afterwards).",
        )


def _remembered(target: Path) -> dict[str, str]:
    try:
        return conform(_WRITTEN, parse(read_regular(beside(target, "written.json"))))
    except (OSError, ValueError):
        return {}


def _remember(target: Path, files: Mapping[str, bytes], disk: Disk) -> None:
    disk.replace(
        beside(target, "written.json"), canonical({path: sha256(data) for path, data in files.items()})
    )
