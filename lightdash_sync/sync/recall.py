"""What is known of a target from all earlier runs, those that were cut short included.

A run that was killed has no time to remember anything. Its journal has: what it created is linked, so that
the next plan does not take it for somebody else's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.plan.values import PROMOTE
from lightdash_sync.sync.memory import read_memory
from lightdash_sync.sync.runs import cut_short

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.kinds import Kind
    from lightdash_sync.sync.memory import LinkTable, Memory
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
        if plan.target.project != place.project:
            continue
        if plan.purpose == "sync":
            memory = memory.linked_with(run.created())
        elif plan.purpose == PROMOTE:
            memory = memory.linked_with(unknown(memory, run.created()))
    return memory


def unknown(memory: Memory, links: Mapping[Kind, Mapping[str, JsonObject]]) -> LinkTable:
    """Return those of some links whose key and whose item no other link has.

    Lightdash takes items for the same by their slugs; what a sync or a person said of them counts more.

    Args:
        memory: what is remembered of the target.
        links: kind -> key -> facts.
    """
    found: LinkTable = {}
    for kind, entries in links.items():
        known = memory.links.get(kind, {})
        uuids = {facts["uuid"] for facts in known.values()}
        found[kind] = {
            key: facts for key, facts in entries.items() if key not in known and facts["uuid"] not in uuids
        }
    return found
