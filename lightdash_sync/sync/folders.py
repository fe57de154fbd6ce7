"""Where things are kept beside the snapshot of an environment.

`NAME.sync` is for git, like the snapshot itself: without it, another machine would not know which item of
the target is which of the source. `.NAME.local` is this machine's: the last reading of the target, which
can be lost, and the runs, which `undo` needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.untrusted import refuse_link

if TYPE_CHECKING:
    from pathlib import Path


def memory_of(snapshot: Path) -> Path:
    """Return where it is kept what a target was after the last sync, and which item is which.

    Args:
        snapshot: where the environment's snapshot is, or would be.
    """
    return snapshot.parent / f"{snapshot.name}.sync"


@dataclass(frozen=True, slots=True)
class Folders:
    """The directories of one environment.

    Attributes:
        snapshot: where its snapshot is, or would be.
    """

    snapshot: Path

    @property
    def memory(self) -> Path:
        """What its target was after the last sync, and which item is which."""
        return memory_of(self.snapshot)

    @property
    def local(self) -> Path:
        """What is this machine's."""
        return self.snapshot.parent / f".{self.snapshot.name}.local"

    @property
    def live(self) -> Path:
        """The last reading of the project, so that the next one reads only what changed."""
        return self.local / "live"

    @property
    def runs(self) -> Path:
        """One directory for each apply."""
        return self.local / "runs"

    @property
    def lock(self) -> Path:
        """Held while a plan is made or applied."""
        return self.local / "lock"

    def require_plain(self) -> None:
        """Require that none of them is a link, which would lead out of the project.

        Raises:
            SnapshotError: one is.
        """
        for path in (self.snapshot, self.memory, self.local, self.live, self.runs, self.lock):
            refuse_link(path)
