"""Which item of the upstream project Lightdash takes for which of the source's when it promotes.

Lightdash goes by slugs alone: a chart or dashboard anywhere in the upstream project with the same slug is
the same one; a space by its slug, and since 0.1610.1 by the path of slugs that leads to it (api-facts
12.3). A chart inside a dashboard is found on the tiles of that dashboard's latest version only; before
0.2213.3 once for each tile. What is found more than once cannot be promoted (409).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.model.changes.look import held, text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.parts import parts_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lightdash_sync.client.capabilities import Server
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.identity import Identity
    from lightdash_sync.plan.options import Item
    from lightdash_sync.plan.scope import Contents

PROMOTED = (Kind.SPACE, Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD)


@dataclass(frozen=True)
class Pairs:
    """What Lightdash takes for the same.

    Attributes:
        found: item of the source -> uuids of the upstream items with its slug, or path; at least one.
    """

    found: Mapping[Item, tuple[str, ...]]

    def upstream(self, item: Item) -> str | None:
        """Return the uuid of the only upstream item; None if there is none, or more than one."""
        uuids = {*self.found.get(item, ())}
        return uuids.pop() if len(uuids) == 1 else None

    def is_ambiguous(self, item: Item) -> bool:
        """Whether the server refuses to choose: it finds several, or one several times."""
        return len(self.found.get(item, ())) > 1

    def links(self, source: Identity) -> dict[Kind, dict[str, JsonObject]]:
        """Return kind -> key -> facts of the upstream items, so that they can be said in the source's keys.

        A preview has two spaces with the slug `shared`; both are promoted into one, which has the key of the
        first. Parts of dashboards are called as in the source: promotion takes its ids over.

        Args:
            source: the map of the source.
        """
        links: dict[Kind, dict[str, JsonObject]] = {}
        for kind, key in sorted(self.found):
            mine, uuid = links.setdefault(kind, {}), self.upstream((kind, key))
            if uuid is not None and all(facts["uuid"] != uuid for facts in mine.values()):
                mine[key] = {"uuid": uuid, **parts_in(source.facts(kind, key))}
        return links


def pairs(
    source: Identity,
    upstream: Identity,
    contents: Contents,
    server: Server,
    kinds: tuple[Kind, ...] = PROMOTED,
) -> Pairs:
    """Find what Lightdash would take for the same.

    Args:
        source: the map of the project that is promoted.
        upstream: the map of the upstream project.
        contents: of the upstream project, in the keys of its map.
        server: by its version.
        kinds: of the items.
    """
    found: dict[Item, tuple[str, ...]] = {}
    for kind in kinds:
        there: dict[str, list[str]] = {}
        for key, facts in upstream.items.get(kind, {}).items():
            times = _times(kind, key, contents, server)
            there.setdefault(_name(kind, facts, server), []).extend([str(facts["uuid"])] * times)
        for key, facts in source.items.get(kind, {}).items():
            if uuids := there.get(_name(kind, facts, server)):
                found[kind, key] = tuple(uuids)
    return Pairs(found)


def _name(kind: Kind, facts: JsonObject, server: Server) -> str:
    """Return what an item is known by."""
    if kind is Kind.SPACE and server.can("promotes_by_path") and (path := text(facts, "path")):
        return path
    return text(facts, "slug")


def _times(kind: Kind, key: str, contents: Contents, server: Server) -> int:
    """Return how often the server finds an item."""
    dashboard = text(contents.of((kind, key)), "dashboard") if kind is Kind.CHART else ""
    if not dashboard:
        return 1
    tiles = Counter(shown_on(contents.of((Kind.DASHBOARD, dashboard))))[key]
    return min(tiles, 1) if server.can("finds_inside_charts_once") else tiles


def shown_on(dashboard: JsonObject, field: str = "chart") -> Iterator[str]:
    """Yield the keys of the charts on a dashboard's tiles, one for each tile.

    Args:
        dashboard: its content.
        field: `chart`, or `sqlChart`.
    """
    for tile in held(dashboard, "tiles"):
        if key := text(tile, "properties", field):
            yield key
