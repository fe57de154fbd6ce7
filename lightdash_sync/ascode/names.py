"""What a document calls an item: charts and dashboards by slug, a space by the path of slugs to it.

Current servers know the path of a space (`a.b_c` for `a/b-c`); where none is told it is made of the slugs.
An item that no server has named yet goes by its key.
"""

from __future__ import annotations

import uuid
from functools import cached_property
from typing import TYPE_CHECKING

from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.plan.scope import Contents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.identity import Identity
    from lightdash_sync.model.tree import Tree
    from lightdash_sync.plan.options import Item

DOCUMENTED = (Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD)
"""The kinds that have a document each, in trees of every version."""

ADDED = (Kind.VIRTUAL_VIEW, Kind.SCHEDULER)
"""The kinds that newer trees have documents of, too; of an item without one they say nothing."""

_MADE_UP = uuid.UUID("6d0c1f0e-5e0a-4f43-9a3b-3c0a3c1f4d55")


def made_up(*parts: str) -> str:
    """Return a uuid for something that no server has named, always the same for the same words."""
    return str(uuid.uuid5(_MADE_UP, "\0".join(parts)))


class Names:
    """How documents call the items of a tree.

    Args:
        tree: content files, with their map.

    Attributes:
        contents: of the items.
        identity: the map, with a made up uuid for each item that has none.
    """

    def __init__(self, tree: Tree) -> None:
        self.contents = Contents(tree)
        self.identity = _complete(tree.identity, self.contents)
        self._paths: dict[str, str] = {}

    def slug(self, item: Item) -> str:
        """Return the slug of an item."""
        return text(self.identity.facts(*item), "slug") or item[1]

    def name(self, item: Item) -> str:
        """Return what people call an item."""
        return text(self.contents.of(item), "name")

    def path(self, space: str) -> str:
        """Return the path of a space, such as `sales/emea`."""
        if space not in self._paths:
            self._paths[space] = ""  # in a circle of spaces each stands at the top
            told = text(self.identity.facts(Kind.SPACE, space), "path")
            parent = text(self.contents.of((Kind.SPACE, space)), "parent")
            above = f"{self.path(parent)}/" if parent and self.path(parent) else ""
            own = self.slug((Kind.SPACE, space)).replace("_", "-")
            self._paths[space] = told.replace("_", "-").replace(".", "/") if told else above + own
        return self._paths[space]

    @cached_property
    def by_slug(self) -> Mapping[Kind, Mapping[str, list[str]]]:
        """Kind -> slug (of spaces the path) -> keys of the items that have it, mostly one."""
        found: dict[Kind, dict[str, list[str]]] = {kind: {} for kind in (Kind.SPACE, *DOCUMENTED, *ADDED)}
        for kind, key in sorted(self.contents.there):
            if kind in found:
                name = self.path(key) if kind is Kind.SPACE else self.slug((kind, key))
                found[kind].setdefault(name, []).append(key)
        return found


def _complete(identity: Identity, contents: Contents) -> Identity:
    missing: dict[Kind, dict[str, JsonObject]] = {}
    for kind, key in contents.there:
        if key and not identity.facts(kind, key):
            missing.setdefault(kind, {})[key] = {"uuid": made_up(kind, key)}
    return identity.extended(missing) if missing else identity
