"""How documents of versions differ: their form, and what they say of what is not set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import JsonObject, objects
from lightdash_sync.model.changes.look import inside
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.unset import PROJECT_ZONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightdash_sync.ascode.tree import CodeTree

_OVERRIDES = ("metricOverrides", "dimensionOverrides")


@dataclass(frozen=True)
class Dialect:
    """What documents of a version look like.

    Attributes:
        newer: whether tabs go by slug, and documents of spaces say who may see them.
        unset: field of a chart's query -> how it is said that it is not set; the others are left out then.
    """

    newer: bool = False
    unset: JsonObject = field(default_factory=dict)


def dialect_of(can: Callable[[str], bool]) -> Dialect:
    """Return the dialect of a server.

    Args:
        can: whether it has a capability.
    """
    if can("tab_slugs"):
        return Dialect(True, {"metricOverrides": {}, "timezone": PROJECT_ZONE})
    return Dialect(False, {name: {} for name in _OVERRIDES} if can("field_overrides") else {})


def dialect_in(code: CodeTree) -> Dialect:
    """Return the dialect in which a tree is written."""
    bodies = [(one.kind, one.body) for one in code.documents.values()]
    tiles = [tile for kind, body in bodies if kind is Kind.DASHBOARD for tile in objects(body.get("tiles"))]
    newer = bool(code.access) or any("tabSlug" in tile for tile in tiles)
    unset: JsonObject = {}
    for kind, body in bodies if not newer else ():
        said = [name for name in _OVERRIDES if kind is Kind.CHART and inside(body, "metricQuery", name) == {}]
        unset |= {name: {} for name in said}
    return Dialect(newer, {"metricOverrides": {}, "timezone": PROJECT_ZONE} if newer else unset)
