"""The parts of a dashboard that have names of their own within it: tiles, tabs and rules of filters.

The server knows each by an id: tiles and tabs by a uuid that it stores as it is given, rules by any text.
Content files say names instead (`naming`), and the ids are facts of the dashboard: `{part: {name: id}}`.
Facts may lack a part: those of an older snapshot, and of a reading that tells no ids. Then its elements
are called in content as they are called there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from uuid import NAMESPACE_OID, uuid5

from lightdash_sync.content.json import objects

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from lightdash_sync.content.json import JsonObject

TILES, TABS, FILTERS = "tiles", "tabs", "filters"
PARTS = (TILES, TABS, FILTERS)
TOKENS = {"tile": TILES, "tab": TABS, "filter": FILTERS}
"""How a dashboard's content says its own parts inside text and unknown fields: `@{tile:revenue}`."""
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


class PartNames(Protocol):
    """Names that stand for uuids inside text."""

    def token(self, uuid: str) -> str | None:
        """Return the name that stands for a uuid."""

    def token_uuid(self, name: str) -> str | None:
        """Return the uuid that a name means."""


class Within:
    """The names of an environment, and before these the names of one dashboard's own parts.

    Args:
        names: of the environment.
        facts: of the dashboard; {} for an item that is not of any.
        there: part -> ids of the elements that it has; None if that is not known.
    """

    def __init__(
        self,
        names: PartNames,
        facts: JsonObject | None = None,
        there: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self._names, self._facts = names, facts or {}
        self._said = {
            uuid: f"{token}:{name}"
            for token, part in TOKENS.items()
            for uuid, name in by_id(self._facts, part).items()
            if there is None or uuid in there[part]
        }

    def token(self, uuid: str) -> str | None:
        """Return the name that stands for a uuid inside text."""
        return self._said.get(uuid) or self._names.token(uuid)

    def token_uuid(self, name: str) -> str | None:
        """Return the uuid that a name means."""
        token, _, own = name.partition(":")
        if token in TOKENS:
            return names_of(self._facts, TOKENS[token]).get(own)
        return self._names.token_uuid(name)


def stand_ins(tokens: Iterable[str]) -> JsonObject:
    """Return facts that give each part of a dashboard that tokens name a uuid, made of its name."""
    facts: dict[str, JsonObject] = {}
    for token in sorted(tokens):
        kind, _, name = token.partition(":")
        if kind in TOKENS:
            facts.setdefault(TOKENS[kind], {})[name] = str(uuid5(NAMESPACE_OID, token))
    return {**facts}
