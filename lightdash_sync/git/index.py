"""The user's index: only the entries of the snapshot's folder are ever changed, to what HEAD has."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lightdash_sync.errors import GitError
from lightdash_sync.git import permissions, settings
from lightdash_sync.git.program import raw

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.git.objects import TreeEntry
    from lightdash_sync.git.place import WorkTree

_OURS = "lightdash-sync.index"


def settle(place: WorkTree, folder: str, tree: Mapping[str, TreeEntry]) -> None:
    """Bring the entries of a folder to what its commit has, in one step; leave all others alone.

    Called after every commit, and when there was nothing to commit: so a run that died between its
    commits and the index is made good by the next one.

    Raises:
        GitError: git could not write the index.
    """
    wanted = {f"{folder}/{path}": f"{entry.mode} {entry.id} 0" for path, entry in tree.items()}
    found: dict[str, str] = {}
    for line in place.program.ask("ls-files", "-s", "-z", "--", folder).fields():
        facts, path = line.split("\t", 1)
        # A path in conflict has several entries; none of them is equal to the wanted one then.
        found[path] = facts if path not in found else "conflict"
    # An entry put over a conflict would stand beside it, so all of a conflict goes first.
    gone = [path for path, facts in found.items() if path not in wanted or facts == "conflict"]
    changed = [path for path, facts in wanted.items() if found.get(path) != facts]
    if not gone and not changed:
        return
    _change(place, gone, [f"{wanted[path]}\t{path}" for path in changed])


def look_again(place: WorkTree, folder: str) -> None:
    """Let git look at the files of a folder again, whose size it would take for a change.

    Raises:
        GitError: git could not write the index.
    """
    entries = [
        line.split("\t", 1) for line in place.program.ask("ls-files", "-s", "-z", "--", folder).fields()
    ]
    lines = [f"{facts}\t{path}" for facts, path in entries if facts.endswith(" 0")]
    if lines:
        _change(place, [], lines)


def _change(place: WorkTree, gone: list[str], entries: list[str]) -> None:
    nothing = "0 " + "0" * (40 if place.object_format == "sha1" else 64)
    lines = [f"{nothing}\t{path}" for path in gone]
    lines += entries
    with tempfile.TemporaryDirectory(prefix="lightdash-sync-", ignore_cleanup_errors=True) as name:
        made = Path(name) / "index"
        before = _copy(place.own / "index", made)
        _write(place, made, lines)
        _swap(place, before, made)


def refuse_locked(place: WorkTree) -> None:
    """Refuse to begin while another git holds the index.

    Raises:
        GitError: its lock is there.
    """
    lock = place.own / "index.lock"
    if os.path.lexists(lock) and not _is_ours(place):
        raise _locked(place)


def clear(place: WorkTree) -> None:
    """Remove the lock that a run of ours left, if it was killed in the moment of the swap."""
    if _is_ours(place):
        (place.own / "index.lock").unlink()
    with suppress(FileNotFoundError):
        (place.own / _OURS).unlink()


def _is_ours(place: WorkTree) -> bool:
    try:
        return (place.own / "index.lock").samefile(place.own / _OURS)
    except FileNotFoundError:
        return False


def _locked(place: WorkTree) -> GitError:
    return GitError(
        f"another git process is at work in {place.root}, or was stopped there (index.lock)",
        f"wait for it; if none is running, remove {place.own / 'index.lock'}",
    )


def _copy(index: Path, target: Path) -> bytes | None:
    """Copy the index, with its time: git takes files that are newer than their index for changed."""
    try:
        shutil.copy2(index, target)
    except FileNotFoundError:
        return None
    return target.read_bytes()


def _write(place: WorkTree, index: Path, lines: list[str]) -> None:
    """Change entries of an index that is nobody's yet."""
    # When git writes an index it reads again what was changed in the same moment, through filters. An
    # index in two parts would have the other one in the repository.
    told = [*settings.read(place).disarmed(), ("core.splitIndex", "false")]
    with tempfile.TemporaryFile() as file:
        file.write(raw("".join(f"{line}\0" for line in lines)))
        file.seek(0)
        place.with_index(index).ask("update-index", "-z", "--index-info", stdin=file, settings=told)


def _swap(place: WorkTree, before: bytes | None, made: Path) -> None:
    """Put an index in the place of the one it was made from.

    Git itself holds `index.lock` while it works, and leaves it behind if it is killed. Ours is there for
    two steps only, and is the same file as one with a name of ours, by which `clear` knows it.

    Raises:
        GitError: another git is at work, or was in the meantime.
    """
    index, lock, ours = (place.own / name for name in ("index", "index.lock", _OURS))
    clear(place)
    shutil.copy2(made, ours)
    if index.exists():
        shutil.copymode(index, ours)
    permissions.share(ours, permissions.shared(place))
    with ours.open("rb") as file:
        os.fsync(file.fileno())
    try:
        _appear(ours, lock)
    except FileExistsError:
        ours.unlink()
        raise _locked(place) from None
    try:
        if (index.read_bytes() if index.exists() else None) != before:
            raise GitError(f"the index of {place.root} was changed in the meantime", "run again")
        os.replace(lock, index)  # noqa: PTH105 - replaces on every system
    finally:
        lock.unlink(missing_ok=True)
        ours.unlink()


def _appear(source: Path, target: Path) -> None:
    """Let a file appear under a second name, if that is free; as a copy where there are no links."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        with target.open("xb") as file:
            file.write(source.read_bytes())
