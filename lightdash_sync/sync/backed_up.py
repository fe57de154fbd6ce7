"""What is known of a target when something of it is to be put back: its last backup, and the runs since.

What people did after that is in no backup, and a plan to restore must not overwrite it unasked. What a run of
this tool wrote since the backup is known as well: the run stored what it left behind.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lightdash_sync.errors import SyncError
from lightdash_sync.model.rekey import file_of, rekeyed
from lightdash_sync.plan.keys import with_former
from lightdash_sync.sync.runs import runs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from lightdash_sync.model.identity import Identity
    from lightdash_sync.model.tree import Tree
    from lightdash_sync.sync.memory import Memory
    from lightdash_sync.sync.runs import Run
    from lightdash_sync.sync.target import Place


@dataclass(frozen=True)
class Backup:
    """The last backup of a target.

    Attributes:
        tree: its content.
        time: when it was committed.
        commit: id.
    """

    tree: Tree
    time: datetime
    commit: str


def known_content(
    place: Place, backup: Backup, memory: Memory, now: Identity
) -> tuple[Mapping[str, bytes], Identity]:
    """Return what the target held as far as this tool knows, and a map that names all of it.

    Args:
        place: the target.
        backup: its last backup.
        memory: what is remembered of it.
        now: its present map, in the keys of the plan.

    Returns:
        Path -> content in the keys of the plan, and the map of the target with what is gone.
    """
    tree, everything = _said(backup.tree, memory, now)
    found: dict[str, bytes] = {path: tree[path] for path in tree}
    for run in reversed(runs(place.folders.runs)):
        if run.began < backup.time.replace(microsecond=0):
            continue
        for path, data in _left(run, memory, now).items():
            if data is None:
                found.pop(path, None)
            else:
                found[path] = data
    return found, everything


def _said(tree: Tree, memory: Memory, now: Identity) -> tuple[Tree, Identity]:
    """Say a content of before in the keys of now; what was deleted and put back is one item."""
    here = replace(tree.identity, items=memory.as_now(tree.identity.items))
    there = with_former(now, here)
    return rekeyed(replace(tree, identity=here), there), there


def _left(run: Run, memory: Memory, now: Identity) -> dict[str, bytes | None]:
    """Return what a run left of the items that it wrote; None for what it deleted.

    What was not on the server as it was written may be somebody's, and is passed over.
    """
    try:
        plan, after, result = run.plan(), run.after(), run.result() or {}
    except (SyncError, ValueError, OSError):
        return {}
    if after is None:
        return {}
    tree, there = _said(after, memory, now)
    others = result.get("mismatches")
    strange = {str(item) for item in others} if isinstance(others, list) else set()
    found: dict[str, bytes | None] = {}
    for step in plan.steps:
        if step.item in strange:
            continue
        uuid = (after.identity.uuid(step.kind, step.key) or step.uuid) if step.key else None
        path = file_of(step.kind, there.key(step.kind, uuid) if uuid else step.key)
        found[path] = tree.get(path)
    return found
