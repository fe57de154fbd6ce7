"""Permissions in a repository that several users write to (`core.sharedRepository`)."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_sync.git.place import WorkTree

_GROUP, _ALL = 0o660, 0o664
_GROUP_ID = 0o2000  # of a directory: what is made in it belongs to its group


def shared(place: WorkTree) -> int | None:
    """Return the permissions that files of a shared repository get at least; None if it is not shared."""
    answer = place.program.run("config", "--get", "core.sharedRepository")
    said = answer.lines()[0].strip().lower() if answer.status == 0 and answer.lines() else "umask"
    if re.fullmatch(r"0[0-7]{3}", said):
        return int(said, 8) & 0o666
    if said in ("group", "true", "1", "yes", "on"):
        return _GROUP
    return _ALL if said in ("all", "world", "everybody", "2") else None


def in_config(mode: int) -> str:
    """Return permissions as git's config says them."""
    return f"0{mode:03o}"


def share(path: Path, mode: int | None) -> None:
    """Give a file, or a directory with all that is in it, the permissions of a shared repository.

    What belongs to another user stays as it is: who made it gave it its permissions.
    """
    if mode is None:
        return
    _share(path, mode)
    for one in path.rglob("*") if path.is_dir() and not path.is_symlink() else ():
        _share(one, mode)


def _share(path: Path, mode: int) -> None:
    with suppress(OSError):
        if path.is_symlink():
            return
        now = path.stat().st_mode & 0o7777
        more = (mode & 0o444) >> 2 | _GROUP_ID if path.is_dir() else 0
        wanted = now | mode | more
        if wanted != now:
            path.chmod(wanted)
