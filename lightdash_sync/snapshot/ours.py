"""Which directories of ours may be replaced or removed: those that hold nothing but what we write there.

A directory beside a snapshot has a name of ours, but it may have come with a commit, be somebody's, or be a
link that leads elsewhere. So none is removed for its name alone.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lightdash_sync.errors import Refused
from lightdash_sync.model.shown import shown
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST, parse_path
from lightdash_sync.untrusted import refuse_link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def is_of_snapshot(path: str) -> bool:
    """Whether a snapshot, or one that is being written, can have a file of this path."""
    return path in (MANIFEST, IDENTITY) or parse_path(path) is not None


def require_ours(directory: Path, fits: Callable[[str], bool] = is_of_snapshot) -> None:
    """Require that a directory may be removed; one that is not there may.

    Args:
        directory: of ours, by its name.
        fits: whether a file of some path in it, with forward slashes, is one that we write.

    Raises:
        SnapshotError: it is a link.
        Refused: it holds something else, or a link.
    """
    refuse_link(directory)
    if not directory.exists():
        return
    if strange := next((path for path in _files(directory) if not fits(path)), None):
        raise Refused(
            f"{directory} holds {shown(strange)}, which lightdash-sync does not write there, and which would "
            "be lost",
            hint="Move it away.",
        )


def _files(directory: Path) -> Iterator[str]:
    """Yield the path of everything in a directory that is no directory; what is no file ends with `/`."""
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        folders = waiting.pop()
        with os.scandir(directory.joinpath(*folders)) as entries:
            for entry in entries:
                path = "/".join((*folders, entry.name))
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((*folders, entry.name))
                else:
                    yield path if entry.is_file(follow_symlinks=False) else f"{path}/"
