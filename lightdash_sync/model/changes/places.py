"""What all items have: a name, a description, a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.changes.change import ABSENT
from lightdash_sync.model.changes.look import differs, text
from lightdash_sync.model.changes.walk import Walk, anything, elsewhere, fields, value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.model.canonical import Json
    from lightdash_sync.model.changes.change import Path, Value
    from lightdash_sync.model.changes.walk import Node


def described(nodes: Mapping[str, Node], placed_by: tuple[str, ...] = ("space", "dashboard")) -> Node:
    """A node for an item.

    Args:
        nodes: for the fields of its kind.
        placed_by: the fields that say where it is, of which it has one.
    """
    inner = fields(
        {
            "name": value("renamed"),
            **dict.fromkeys(placed_by, elsewhere),
            "description": value("description_changed"),
            **nodes,
            "verification": _verification,
            "palette": value("palette_changed"),
        }
    )

    def node(walk: Walk, old: Value, new: Value, path: Path) -> None:
        if isinstance(old, dict) and isinstance(new, dict):
            _moved(walk, old, new, path, placed_by)
            inner(walk, old, new, path)

    return node


def _moved(
    walk: Walk, old: dict[str, Json], new: dict[str, Json], path: Path, placed_by: tuple[str, ...]
) -> None:
    """One move, whichever of the fields of the place came and went."""
    placed = [name for name in placed_by if old.get(name) is not None or new.get(name) is not None]
    if changed := [(*path, name) for name in placed if differs(old, new, name)]:
        before: Value = {name: old[name] for name in placed_by if name in old}
        after: Value = {name: new[name] for name in placed_by if name in new}
        walk.say("moved", changed[0], before, after, also=changed[1:])


def _verification(walk: Walk, old: Value, new: Value, path: Path) -> None:
    """Somebody vouches for a chart or dashboard, or nobody does any more."""
    if old in (None, ABSENT) and isinstance(new, dict):
        walk.say("verified", path, old, new, _person(new))
    elif new in (None, ABSENT) and isinstance(old, dict):
        walk.say("unverified", path, old, new, _person(old))
    else:
        anything()(walk, old, new, path)


def _person(verification: Json) -> str:
    names = (text(verification, "verifiedBy", name) for name in ("firstName", "lastName"))
    return " ".join(name for name in names if name) or "somebody"
