"""What is known of a target from all earlier runs, those that were cut short included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.sync.concluding import conclude_open_runs
from lightdash_sync.sync.memory import read_memory

if TYPE_CHECKING:
    from lightdash_sync.sync.memory import Memory
    from lightdash_sync.sync.target import Place


def recall(place: Place) -> Memory:
    """Return what is remembered of a target; runs that were cut short are remembered first.

    Raises:
        Refused: it is of another project.
        SnapshotError: it is damaged.
        Incomplete: the target could not be read.
    """
    conclude_open_runs(place)
    return read_memory(place.folders.memory, place.project)
