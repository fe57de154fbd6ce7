"""What lies beside a snapshot in a work tree and is not for git: locks, state, what is this machine's.

It is kept out of `git status` by `info/exclude`, git's own place for what concerns one clone only, unless
the user's rules ignore it already. And git is asked whether it tracks it all the same: then it came with a
commit.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lightdash_sync.errors import GitError, NoRepository, naming
from lightdash_sync.git import place

if TYPE_CHECKING:
    from pathlib import Path

_WHY = "# What lightdash-sync leaves beside a snapshot: locks, state, runs."


def tracked(folder: Path) -> str:
    """Return the first path below a folder that the index of its repository has; "" if there is none.

    Raises:
        GitError: git cannot tell.
    """
    try:
        found = place.find(folder)
    except NoRepository:
        return ""
    listed = found.program.ask("ls-files", "-z", "--", found.inside(folder)).fields()
    return listed[0] if listed else ""


def exclude(folder: Path) -> None:
    """Keep what lies beside a snapshot (`.NAME.*`) out of `git status`, in this clone only.

    Nothing is done where there is no repository, where git cannot tell, or nothing can be written: that
    spoils no work.

    Args:
        folder: of the snapshot; it need not exist.
    """
    try:
        found = place.find(folder)
        parent, _, name = found.inside(folder).rpartition("/")
        if (
            found.program.run("check-ignore", "--quiet", "--", f"{parent}/.{name}.lock".lstrip("/")).status
            == 0
        ):
            return
        _add(found.common / "info" / "exclude", "/" + _escaped(f"{parent}/.{name}.".lstrip("/")) + "*")
    except (GitError, OSError, ValueError):
        return


def _add(file: Path, line: str) -> None:
    """Add a line to a file, if it has no such line."""
    if file.is_symlink():
        return
    before = file.read_text("utf-8") if file.exists() else ""
    if line in before.splitlines():
        return
    file.parent.mkdir(exist_ok=True)
    lines = [line] if _WHY in before.splitlines() else [_WHY, line]
    with naming(file), file.open("a", encoding="utf-8", newline="\n") as out:
        out.write(("" if not before or before.endswith("\n") else "\n") + "\n".join(lines) + "\n")


def _escaped(path: str) -> str:
    """Return a path as a pattern of git that means nothing else."""
    return re.sub(r"([\\*?\[\]!# ])", r"\\\1", path)
