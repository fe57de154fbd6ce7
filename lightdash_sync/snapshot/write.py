"""Writing a snapshot: staged whole beside the old one, then swapped in.

Promise: whatever happens on the way (an error, a full disk, a kill, a loss of power), the target holds
the old snapshot or the new one, never a mixture. Between the two renames of the swap the old one stands
under its spare name only; `recover` puts it back, and every command that opens a snapshot calls it
first. A lock keeps two runs from writing the same snapshot, and is let go by the system if the run dies.
"""

from __future__ import annotations

import os
import re
import shlex
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from lightdash_sync.content.json import sha256
from lightdash_sync.disk import Disk, hold, refuse_link
from lightdash_sync.errors import Refused, SnapshotError
from lightdash_sync.snapshot.layout import MANIFEST, is_of_snapshot, require_ours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Future

    from lightdash_sync.snapshot.manifest import Manifest

_LOCK_WAIT = 0.5  # seconds
_WRITERS = 4  # threads that write
_WAITING = 64  # files that wait to be written


@contextmanager
def locked(target: Path, disk: Disk, fits: Callable[[str], bool] = is_of_snapshot) -> Iterator[None]:
    """Hold the lock of a snapshot, and put its directory in order first.

    Args:
        target: the directory.
        disk: does what has to be done.
        fits: whether a file of some path is one that is written there; see `recover`.

    Raises:
        Locked: another run holds it.
        SnapshotError: the target is something that no snapshot is, or something beside it is a link.
        Refused: what a run that died seems to have left holds something of somebody else.
    """
    _require_directory(target)
    target = _whole(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with hold(beside(target, "lock"), str(target), wait=_LOCK_WAIT):
        recover(target, disk, fits)
        yield


def require_swappable(target: Path) -> None:
    """Require that a directory can be renamed, as every swap does; called before anything is read.

    Raises:
        Refused: something is mounted there, or this process, and so its shell, is in it.
    """
    whole = _whole(target)
    if not whole.is_dir():
        return
    if whole.is_mount() or str(whole.resolve()) in _mounted():
        raise Refused(
            f"something is mounted at {target}, so a snapshot cannot be swapped in there as a whole",
            hint=f"Name a directory below it, such as {target / 'production'}.",
        )
    here = Path.cwd()
    if here.is_relative_to(whole.resolve()):
        raise Refused(
            f"{target} is the directory that you are in"
            + (", or above it" if here != whole.resolve() else "")
            + ", and a snapshot replaces its directory as a whole",
            hint=f"Name a directory below this one, or go up: `cd {shlex.quote(str(whole.parent))}` and name "
            f"{shlex.quote(whole.name or 'production')}.",
        )


def _mounted() -> set[str]:
    """Return where Linux has mounted something; a bind mount within one file system shows nowhere else."""
    try:
        lines = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return set()
    places = (line.split(" ")[4] for line in lines if line.count(" ") > 4)
    return {re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), place) for place in places}


def recover(target: Path, disk: Disk, fits: Callable[[str], bool] = is_of_snapshot) -> None:
    """Finish or undo what a run that died has left; only with the lock held.

    Raises:
        SnapshotError: one of its directories is a link.
        Refused: one of them holds something that is not written there. Nothing was removed.
    """
    old, staging = spare(target), staging_of(target)
    if needs_recovery(target):
        with suppress(FileNotFoundError):
            target.rmdir()
        disk.rename(old, target)
        disk.settle(old.parent)
    require_ours(old, fits)
    require_ours(staging, fits)
    disk.remove(old)
    disk.remove(staging)
    disk.remove(set_aside(target))


def put_back(target: Path) -> None:
    """Finish what an export that died in its last step has left, if one did.

    Raises:
        Locked: another run is at it.
    """
    if needs_recovery(target):
        with locked(target, Disk()):
            pass


def needs_recovery(target: Path) -> bool:
    """Whether a run died in the middle of its swap, so that the snapshot stands under its spare name.

    An empty directory that has been made since, as CI jobs do, is no snapshot either.

    Raises:
        SnapshotError: what stands under the spare name is a link.
    """
    refuse_link(spare(target))
    return spare(target).is_dir() and not (target.exists() and (not target.is_dir() or any(target.iterdir())))


def discard(target: Path, disk: Disk) -> None:
    """Remove a snapshot, whole or damaged; what has no manifest of ours is set aside and not removed.

    Args:
        target: the directory; there need not be one.
        disk: does it.

    Raises:
        SnapshotError: it is a link.
        Refused: it holds something that no snapshot holds.
        Locked: another run is at it.
    """
    if not target.parent.is_dir():
        return
    with locked(target, disk):
        if not target.exists() or not any(target.iterdir()):
            return
        require_ours(target)
        if not (target / MANIFEST).is_file():
            free = (beside(target, f"aside-{number}") for number in count(1))
            disk.rename(target, next(path for path in free if not os.path.lexists(path)))
            return
        disk.rename(target, staging_of(target))  # so that it is never there without its manifest
        disk.settle(target.parent)
        disk.remove(staging_of(target))


def written_beside(target: Path) -> list[Path]:
    """Return what runs write of a snapshot: the directory itself, and what lies beside it."""
    return [target, *(beside(target, role) for role in ("lock", "state.json", "versions"))]


def spare(target: Path) -> Path:
    """Where the old snapshot stands during the swap."""
    return beside(target, "old")


def staging_of(target: Path) -> Path:
    """Where the new snapshot is written."""
    return beside(target, "new")


def set_aside(target: Path) -> Path:
    """Where what was read before the project changed stands, while the rest is read again."""
    return beside(target, "read")


def versions_of_run(target: Path) -> Path:
    """Where earlier versions stand that a run has read, until a snapshot holds them."""
    return beside(target, "versions")


def drop_set_aside(target: Path, disk: Disk) -> None:
    """Remove what was set aside; the files that were taken over from it stay."""
    disk.remove(set_aside(target))


def state_of(target: Path) -> Path:
    """Where one run leaves word for the next."""
    return beside(target, "state.json")


class Staging:
    """A snapshot being written; files may be put from several threads.

    Args:
        target: where it will stand. Its lock must be held.
        disk: does the writing.
        fits: whether a file of some path may be replaced; see `swap`.
    """

    def __init__(self, target: Path, disk: Disk, fits: Callable[[str], bool] = is_of_snapshot) -> None:
        require_swappable(target)
        self.target = _whole(target)
        self.files: dict[str, str] = {}
        self._disk, self._fits = disk, fits
        self._root = staging_of(target)
        self._folders: set[Path] = set()
        self._lock = threading.Lock()
        self._writers = _Writers()
        disk.remove(self._root)
        disk.make_directory(self._root, 0o700)

    def put(self, path: str, data: bytes) -> None:
        """Remember the hash of a file, and have it written while the caller goes on.

        Args:
            path: from `layout`, relative.
            data: its bytes.

        Raises:
            OSError: an earlier file could not be written.
        """
        self._writers.submit(self._disk.write, self._place(path), data)
        self._note(path, sha256(data))

    def keep(self, path: str, old: Path, expected: str) -> bytes:
        """Take a file over from the snapshot that is being replaced, and return its bytes.

        Raises:
            SnapshotError: it is not what the old manifest says: building on it would hide the damage.
        """
        data = old.read_bytes() if old.is_file() and not old.is_symlink() else None
        if data is None or sha256(data) != expected:
            raise SnapshotError(
                f"{path} is damaged, and it cannot be read from Lightdash again",
                hint=f"Put {self.target} back, for example from git, or export to another --path.",
            )
        self._disk.link(old, self._place(path))
        self._note(path, expected)
        return data

    def take(self, path: str, old: Path, files: Mapping[str, str]) -> None:
        """Take a file over that the caller has just seen to be whole; `files` are the old hashes."""
        self._disk.link(old, self._place(path))
        self._note(path, files[path])

    def commit(self, manifest: Manifest) -> None:
        """Wait for all files, write the manifest, and swap the new snapshot in for the old.

        Raises:
            OSError: something could not be written; the target was not touched.
        """
        self.finish()
        self._disk.write(self._root / MANIFEST, manifest.to_bytes())
        self.swap()

    def set_aside(self, manifest: Manifest) -> Path:
        """Put what was written where the next staging can take files over from it; return that directory.

        It is no snapshot, and `drop_set_aside` removes it.

        Raises:
            OSError: something could not be written.
        """
        self.finish()
        self._disk.write(self._root / MANIFEST, manifest.to_bytes())
        place = set_aside(self.target)
        self._disk.remove(place)
        self._disk.rename(self._root, place)
        return place

    def finish(self) -> None:
        """Wait until all files are written.

        Raises:
            OSError: something could not be written.
        """
        self._writers.finish()

    def swap(self) -> None:
        """Put what was written in the place of what is there, if anything is; nothing may be put after it.

        Raises:
            OSError: something could not be done; the target was not touched.
            Refused: there is something in it that would be lost; it was not touched.
        """
        require_ours(self.target, self._fits)
        for folder in sorted(self._folders):
            self._disk.settle(folder)
        self._disk.settle(self._root)
        old = spare(self.target)
        if self.target.exists():
            self._disk.allow(self._root, self.target.stat().st_mode & 0o777)
            self._disk.rename(self.target, old)
        else:
            self._disk.allow(self._root, 0o777 & ~_umask())
        self._disk.rename(self._root, self.target)
        self._disk.settle(self.target.parent)
        self._disk.remove(old)

    def discard(self) -> None:
        """Remove what was written; if the swap was interrupted half-way, put the old snapshot back."""
        self._writers.close()
        self._disk.remove(self._root)
        if needs_recovery(self.target):
            recover(self.target, self._disk, self._fits)

    def _place(self, path: str) -> Path:
        """Return the full path of a file, its folders made."""
        full = self._root / path
        with self._lock:
            for folder in reversed(full.relative_to(self._root).parents[:-1]):
                if (place := self._root / folder) not in self._folders:
                    self._disk.make_directory(place)
                    self._folders.add(place)
        return full

    def _note(self, path: str, digest: str) -> None:
        with self._lock:
            self.files[path] = digest


class _Writers:
    """Writes files in threads of their own: a durable write waits for the disk, and readers need not.

    What waits to be written is bounded, so that a slow disk slows the readers and not the memory.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_WRITERS, thread_name_prefix="write")
        self._room = threading.BoundedSemaphore(_WAITING)
        self._failure: BaseException | None = None

    def submit(self, write: Callable[[Path, bytes], None], path: Path, data: bytes) -> None:
        """Have a file written; raise the error of an earlier one, if there was any."""
        self._room.acquire()
        if self._failure is not None:
            self._room.release()
            raise self._failure
        self._pool.submit(write, path, data).add_done_callback(self._done)

    def finish(self) -> None:
        """Wait until everything is written; raise the first error."""
        self.close()
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Wait until nothing is being written."""
        self._pool.shutdown(wait=True)

    def _done(self, future: Future[None]) -> None:
        self._failure = self._failure or future.exception()
        self._room.release()


def _whole(path: Path) -> Path:
    """Return a path that has a name, which `.` and `..` have not."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps `..`


def beside(target: Path, role: str) -> Path:
    """Return where something that belongs to a directory and is not in it stands."""
    whole = _whole(target)
    return whole.parent / f".{whole.name}.{role}"


def _require_directory(target: Path) -> None:
    """Refuse what cannot be swapped: a link or a file where the directory should be."""
    if target.is_symlink():
        raise SnapshotError(f"{target} is a symbolic link", hint="Name the directory itself.")
    if target.exists() and not target.is_dir():
        raise SnapshotError(f"{target} is not a directory")


def _umask() -> int:
    """Return the process's umask; the system tells it only to who sets it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
