"""What is known of a target from all earlier runs, those that were cut short included.

A run that was killed has no time to remember anything. Its journal has: what it created is linked, so that
the next plan does not take it for somebody else's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.sync.memory import read_memory
from lightdash_sync.sync.runs import cut_short

if TYPE_CHECKING:
    from lightdash_sync.sync.memory import Memory
    from lightdash_sync.sync.target import Place


def recall(place: Place) -> Memory:
    """Return what is remembered of a target.

    Raises:
        Refused: it is of another project.
        SnapshotError: it is damaged.
    """
    memory = read_memory(place.folders.memory, place.project)
    for run in reversed(cut_short(place.folders.runs)):
        plan = run.plan()
        if plan.target.project == place.project and plan.purpose == "sync":
            memory = memory.linked_with(run.created())
    return memory
