"""Where things are kept beside the snapshot of an environment.

`NAME.sync` is for git, like the snapshot itself: without it, another machine would not know which item of
the target is which of the source. What begins with a dot is this machine's: it can be lost, but for the
runs, which `undo` needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


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
        return self.snapshot.parent / f"{self.snapshot.name}.sync"

    @property
    def live(self) -> Path:
        """The last reading of the project, so that the next one reads only what changed."""
        return self.snapshot.parent / f".{self.snapshot.name}.live"

    @property
    def runs(self) -> Path:
        """One directory for each apply."""
        return self.snapshot.parent / f".{self.snapshot.name}.runs"

    @property
    def lock(self) -> Path:
        """Held while a plan is made or applied."""
        return self.snapshot.parent / f".{self.snapshot.name}.sync.lock.held"
