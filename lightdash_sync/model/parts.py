"""The parts of a dashboard that have names of their own within it: tiles, tabs and rules of filters.

The server knows each by an id: tiles and tabs by a uuid that it stores as it is given, rules by any text.
Content files say names instead (`naming`), and the ids are facts of the dashboard: `{part: {name: id}}`.
Facts may lack a part: those of an older snapshot, and of a reading that tells no ids. Then its elements
are called in content as they are called there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lightdash_sync.model.canonical import JsonObject

TILES, TABS, FILTERS = "tiles", "tabs", "filters"
PARTS = (TILES, TABS, FILTERS)
ID_ON_SERVER = {TILES: "uuid", TABS: "uuid", FILTERS: "id"}  # in content it is `id` in each


def rules_of(dashboard: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Yield the rules of a dashboard's filters, each with the name of its group (`dimensions`, …)."""
    filters = dashboard.get(FILTERS)
    for group, rules in sorted(filters.items()) if isinstance(filters, dict) else ():
        for rule in objects(rules):
            yield group, rule


def elements(dashboard: JsonObject, part: str) -> list[JsonObject]:
    """Return the elements of a part of a dashboard: of its content, or of what the server says.

    Args:
        dashboard: the dashboard.
        part: one of `PARTS`.
    """
    if part == FILTERS:
        return [rule for _, rule in rules_of(dashboard)]
    return objects(dashboard.get(part))


def server_ids(dashboard: JsonObject, part: str) -> set[str]:
    """Return the ids by which the server knows the elements of a part."""
    found = (element.get(ID_ON_SERVER[part]) for element in elements(dashboard, part))
    return {one for one in found if isinstance(one, str)}


def names_of(facts: JsonObject, part: str) -> dict[str, str]:
    """Return name -> id of the elements of a part; {} where the facts lack it."""
    names = facts.get(part)
    return {name: str(uuid) for name, uuid in names.items()} if isinstance(names, dict) else {}


def by_id(facts: JsonObject, part: str) -> dict[str, str]:
    """Return id -> name of the elements of a part; {} where the facts lack it."""
    return {uuid: name for name, uuid in names_of(facts, part).items()}


def parts_in(facts: JsonObject, besides: Iterable[str] = ()) -> JsonObject:
    """Return of a dashboard's facts the parts that it has, and some others."""
    return {name: facts[name] for name in (*besides, *PARTS) if name in facts}


def with_names(facts: JsonObject, earlier: JsonObject) -> JsonObject:
    """Return facts of a dashboard, in which what only earlier ones name has its name from these."""
    result = dict(facts)
    for part in parts_in(earlier):
        names, named = names_of(facts, part), by_id(facts, part)
        before = names_of(earlier, part).items()
        kept = {name: uuid for name, uuid in before if name not in names and uuid not in named}
        result[part] = {**kept, **names}
    return result


def without_parts(facts: JsonObject, parts: Iterable[str] = PARTS) -> JsonObject:
    """Return a dashboard's facts without some parts: those of a reading that tells no ids."""
    left_out = {*parts}
    return {name: value for name, value in facts.items() if name not in left_out}
