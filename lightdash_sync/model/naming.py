"""Names: of items by their slug, and of what has none: schedulers, tags, tiles and tabs of a dashboard.

They are made of what a person would call the thing (the chart on a tile, the name of a tab), so that two
environments with the same content give the same names; a hash of its place is added only where two
would share one. Known names are kept, so that a tile keeps its name when it moves.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import objects
from lightdash_sync.model.keys import Candidate, assign_keys, external_key, key_from, slugify
from lightdash_sync.model.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.model.identity import Identity

_SAYS_NOTHING = re.compile(r"(-[0-9]+)?")
_WORDS = 48  # characters of a title that go into a tile's name


def layout_names(normal: JsonObject, identity: Identity, known: JsonObject) -> JsonObject:
    """Name the tiles and tabs of a dashboard.

    Args:
        normal: the dashboard's content in normal form.
        identity: knows the keys of the charts on its tiles.
        known: the dashboard's facts of an earlier snapshot.

    Returns:
        `{"tiles": {name: uuid}, "tabs": {name: uuid}}`, to be kept as facts of the dashboard.
    """
    tabs = [tab for tab in objects(normal.get("tabs")) if "uuid" in tab]
    titles = {str(tab["uuid"]): str(tab.get("name")) for tab in tabs}
    tab_names = assign_keys(
        (
            Candidate(str(tab["uuid"]), slugify(str(tab.get("name"))) or "tab", f"{tab.get('order')}")
            for tab in tabs
        ),
        _known(known.get("tabs")),
    )
    tiles = [tile for tile in objects(normal.get("tiles")) if "uuid" in tile]
    tile_names = assign_keys(
        (
            Candidate(
                str(tile["uuid"]),
                _tile_base(tile, identity),
                f"{titles.get(str(tile.get('tabUuid')))} {tile.get('y')} {tile.get('x')}",
            )
            for tile in tiles
        ),
        _known(known.get("tiles")),
    )
    return {"tiles": _by_name(tile_names), "tabs": _by_name(tab_names)}


def names_like(normal: JsonObject, identity: Identity, layouts: Iterable[JsonObject]) -> JsonObject:
    """Name the tiles and tabs of a version of a dashboard as other versions of it name them.

    A name belongs to a version: a tile that was taken off and put back has another uuid under the same name.

    Args:
        normal: the content of the version in normal form.
        identity: knows the keys of the charts on its tiles.
        layouts: the names in other versions, those that count most first.

    Returns:
        As `layout_names`.
    """
    known: JsonObject = {}
    for part in ("tiles", "tabs"):
        there = {str(one["uuid"]) for one in objects(normal.get(part)) if "uuid" in one}
        names: dict[str, str] = {}
        for layout in layouts:
            for uuid, name in _known(layout.get(part)).items():
                if uuid in there and uuid not in names and name not in names.values():
                    names[uuid] = name
        known[part] = _by_name(names)
    return layout_names(normal, identity, known)


def layouts_of(facts: JsonObject) -> list[JsonObject]:
    """Return the names of tiles and tabs in a dashboard's versions, as `names_like` takes them.

    Args:
        facts: of the dashboard; the current version counts most, then the newest.
    """
    versions = facts.get("versions")
    earlier = sorted(versions.items(), reverse=True) if isinstance(versions, dict) else []
    return [facts, *(version for _, version in earlier if isinstance(version, dict))]


def _tile_base(tile: JsonObject, identity: Identity) -> str:
    shows = tile.get("properties")
    properties = shows if isinstance(shows, dict) else {}
    for field, kind in (("savedChartUuid", Kind.CHART), ("savedSqlUuid", Kind.SQL_CHART)):
        if isinstance(uuid := properties.get(field), str):
            return key_from(identity.key(kind, uuid).replace("~", "external-"))
    title = properties.get("title") or properties.get("text") or ""
    return "-".join(
        part for part in (slugify(str(tile.get("type"))), slugify(str(title))[:_WORDS].strip("-")) if part
    )


def slug_candidate(uuid: str, slug: str, name: str) -> Candidate:
    """Name an item after its slug; after its name where the slug says nothing (`""`, `-1` of emoji)."""
    return Candidate(uuid, name if _SAYS_NOTHING.fullmatch(slug) else slug, f"{slug} {name}")


def scheduler_candidate(normal: JsonObject, uuid: str, identity: Identity) -> Candidate:
    """Name a scheduler after what it delivers and what it is called."""
    owner = ""
    for field, kind in (
        ("savedChartUuid", Kind.CHART),
        ("savedSqlUuid", Kind.SQL_CHART),
        ("dashboardUuid", Kind.DASHBOARD),
    ):
        if isinstance(found := normal.get(field), str):
            owner = identity.key(kind, found).lstrip("~")
    name = str(normal.get("name"))
    words = slugify(name)
    base = f"{owner}-{words}" if words else f"{owner}-{key_from(name)}"
    return Candidate(uuid, base, f"{base} {name} {normal.get('cron')} {normal.get('format')}")


def tag_candidate(name: str, uuid: str) -> Candidate:
    """Name a tag after itself."""
    return Candidate(uuid, slugify(name) or name, name)


def named_apart(names: Mapping[str, str]) -> dict[str, JsonObject]:
    """Return name -> `{"uuid"}` of what has no key of its own; those of one name are told apart by a hash.

    Args:
        names: uuid -> name.
    """
    twins = Counter(names.values())
    return {
        (name if twins[name] == 1 else f"{name} ({external_key(uuid)})"): {"uuid": uuid}
        for uuid, name in sorted(names.items())
    }


def _known(names: Json) -> dict[str, str]:
    return {str(uuid): name for name, uuid in names.items()} if isinstance(names, dict) else {}


def _by_name(names: dict[str, str]) -> JsonObject:
    return {name: uuid for uuid, name in names.items()}
