"""Names: of items by their slug, and of what has none: schedulers, tags, and the parts of a dashboard.

They are made of what a person would call the thing (the chart on a tile, the name of a tab, the field that
a rule filters on), so that two environments with the same content give the same names; a hash of its place,
of a rule of what it says, is added only where two would share one. Known names are kept, so that a tile
keeps its name when it moves, and a rule when it gets another value.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from lightdash_sync.content.json import canonical
from lightdash_sync.content.keys import Candidate, assign_keys, external_key, key_from, slugify
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.parts import FILTERS, PARTS, TABS, TILES, by_id, elements, rules_of, server_ids
from lightdash_sync.content.references import tokenise
from lightdash_sync.content.versions import oldest_first

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.json import JsonObject

_SAYS_NOTHING = re.compile(r"(-[0-9]+)?")
_OF_PARTS = frozenset({"id", "tileTargets", "lockedTabUuids"})  # of a rule: what has other ids elsewhere
_WORDS = 48  # characters of a title that go into a tile's name


def layout_names(normal: JsonObject, identity: Identity, known: JsonObject) -> JsonObject:
    """Name the parts of a dashboard: its tiles, tabs and rules of filters.

    Args:
        normal: the dashboard's content in normal form. What has no id there gets no name.
        identity: knows the keys of the charts on its tiles.
        known: the dashboard's facts of an earlier snapshot.

    Returns:
        `{"tiles": {name: uuid}, "tabs": {name: uuid}, "filters": {name: id}}`, to be kept as facts of the
        dashboard.
    """
    candidates = {
        TILES: _tiles(normal, identity),
        TABS: _tabs(normal),
        FILTERS: _rules(normal, identity),
    }
    return {part: _by_name(assign_keys(found, by_id(known, part))) for part, found in candidates.items()}


def _tabs(normal: JsonObject) -> Iterator[Candidate]:
    for tab in elements(normal, TABS):
        if "uuid" in tab:
            base = slugify(str(tab.get("name"))) or "tab"
            yield Candidate(str(tab["uuid"]), base, f"{tab.get('order')}")


def _tiles(normal: JsonObject, identity: Identity) -> Iterator[Candidate]:
    titles = {str(tab["uuid"]): str(tab.get("name")) for tab in elements(normal, TABS) if "uuid" in tab}
    for tile in elements(normal, TILES):
        if "uuid" in tile:
            place = f"{titles.get(str(tile.get('tabUuid')))} {tile.get('y')} {tile.get('x')}"
            yield Candidate(str(tile["uuid"]), _tile_base(tile, identity), place)


def _rules(normal: JsonObject, identity: Identity) -> Iterable[Candidate]:
    """Name rules by their field; those that say the same are told apart by which of them comes first."""
    times: Counter[str] = Counter()
    found: dict[str, Candidate] = {}
    for group, rule in rules_of(normal):
        rest: JsonObject = {name: value for name, value in rule.items() if name not in _OF_PARTS}
        says = canonical([group, tokenise(rest, identity)]).decode()
        times[says] += 1
        if isinstance(uuid := rule.get("id"), str):  # a second rule of one id has the name of the first
            found.setdefault(uuid, Candidate(uuid, _rule_base(rule), f"{times[says]} {says}"))
    return found.values()


def names_like(normal: JsonObject, identity: Identity, layouts: Iterable[JsonObject]) -> JsonObject:
    """Name the parts of a version of a dashboard as other versions of it name them.

    A name belongs to a version: a tile that was taken off and put back has another uuid under the same name.

    Args:
        normal: the content of the version in normal form.
        identity: knows the keys of the charts on its tiles.
        layouts: the names in other versions, those that count most first.

    Returns:
        As `layout_names`.
    """
    others = [*layouts]
    known: JsonObject = {}
    for part in PARTS:
        there = server_ids(normal, part)
        names: dict[str, str] = {}
        for layout in others:
            for uuid, name in by_id(layout, part).items():
                if uuid in there and uuid not in names and name not in names.values():
                    names[uuid] = name
        known[part] = _by_name(names)
    return layout_names(normal, identity, known)


def layouts_of(facts: JsonObject) -> list[JsonObject]:
    """Return the names of parts in a dashboard's versions, as `names_like` takes them.

    Args:
        facts: of the dashboard; the current version counts most, then the newest.
    """
    return [facts, *(version for _, version in reversed(oldest_first(facts.get("versions"))))]


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


def _rule_base(rule: JsonObject) -> str:
    target = rule.get("target")
    said = (
        (target.get(name) for name in ("fieldId", "fieldRef", "tableName"))
        if isinstance(target, dict)
        else ()
    )
    return next((base for name in said if isinstance(name, str) and (base := slugify(name))), "filter")


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
    words = slugify(name) or key_from(name)
    base = f"{owner}-{words}" if owner else words  # of what no snapshot holds
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


def _by_name(names: dict[str, str]) -> JsonObject:
    return {name: uuid for uuid, name in names.items()}
