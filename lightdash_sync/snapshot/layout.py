"""Which file holds what, and which paths a snapshot may have at all.

A path is made of a kind's folder and keys, and keys come from an allow-list (`content.keys`), so no name
of content ever reaches the file system. `parse_path` accepts exactly what the other functions make.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.content.display import shown
from lightdash_sync.content.json import digest
from lightdash_sync.content.keys import is_key
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.disk import refuse_link
from lightdash_sync.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MANIFEST = "snapshot.json"
IDENTITY = "identity.json"
SINGLE_FILES = {"project.json": Kind.PROJECT, "pins.json": Kind.PINS, "metric_icons.json": Kind.METRIC_ICONS}
FOLDERS = {spec.folder: kind for kind, spec in KINDS.items() if spec.folder}

_HISTORY = ".history"
_VERSION = re.compile(r"[0-9TZ]{1,20}-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class ContentPath:
    """What a path holds.

    Attributes:
        kind: of the item.
        key: of the item; "" for a kind that is one file.
        version: name of an earlier version of the item, "" for the item itself.
    """

    kind: Kind
    key: str = ""
    version: str = ""

    @property
    def counted(self) -> str:
        """What the counts of a manifest call it: its kind, or `chart_version`, `dashboard_version`."""
        return versions_of(self.kind) if self.version else self.kind.value


def versions_of(kind: Kind) -> str:
    """Return what the counts of a manifest call the earlier versions of a kind."""
    return f"{kind}_version"


def item_path(kind: Kind, key: str = "") -> str:
    """Return the path of an item, relative to the snapshot, with forward slashes."""
    if folder := KINDS[kind].folder:
        return f"{folder}/{key}.json"
    return next(name for name, single in SINGLE_FILES.items() if single is kind)


def version_path(kind: Kind, key: str, version: str) -> str:
    """Return the path of an earlier version of an item; `version` is from `version_name`."""
    return f"{history_folder(kind, key)}/{version}.json"


def history_folder(kind: Kind, key: str) -> str:
    """Return the folder of the earlier versions of an item."""
    return f"{KINDS[kind].folder}/{key}{_HISTORY}"


def version_name(created_at: str, uuid: str) -> str:
    """Return the name of a version: names sort by time, and no uuid stands in them."""
    return f"{moment_in_name(created_at)}-{digest(uuid, 8)}"


def moment_in_name(created_at: str) -> str:
    """Return how the name of a version begins, up to the dash."""
    return re.sub(r"[^0-9TZ]", "", created_at)[:20] or "0"


def is_version_name(text: str) -> bool:
    """Whether a text has the form of a version's name."""
    return _VERSION.fullmatch(text) is not None


def parse_path(path: str) -> ContentPath | None:
    """Return what a path holds, or None if no snapshot has such a path."""
    if path in SINGLE_FILES:
        return ContentPath(SINGLE_FILES[path])
    *folders, name = path.split("/")
    if not folders or not name.endswith(".json"):
        return None
    stem = name.removesuffix(".json")
    kind = FOLDERS.get(folders[0])
    if kind is not None and len(folders) == 1 and is_key(stem):
        return ContentPath(kind, stem)
    if kind is not None and KINDS[kind].history and len(folders) == 2 and folders[1].endswith(_HISTORY):
        key = folders[1].removesuffix(_HISTORY)
        if is_key(key) and is_version_name(stem):
            return ContentPath(kind, key, stem)
    return None


# Which directories of ours may be replaced or removed: those that hold nothing but what we write there.
#
# A directory beside a snapshot has a name of ours, but it may have come with a commit, be somebody's, or
# be a link that leads elsewhere. So none is removed for its name alone.


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
