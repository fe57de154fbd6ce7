"""The order in which the earlier versions of an item were saved.

The name of a version begins with its time, to the millisecond. The server keeps microseconds and lists
versions by them, so of versions with the same time only its list shows which came first. A snapshot keeps
that order: each of these versions has its place among them in the identity map. Snapshots of older versions
of this tool lack the place; there, versions with the same time are ordered by name.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lightdash_sync.content.json import Json, JsonObject

PLACE = "place"
"""The fact of a version that says its place among those of its time, from 1; only where there are several."""


def time_in_name(name: str) -> str:
    """Return the time that the name of a version begins with, to the millisecond."""
    return name.partition("-")[0]


def place_of(facts: Json) -> int:
    """Return the place of a version among those of its time; 0 where its facts do not say it."""
    place = facts.get(PLACE) if isinstance(facts, dict) else None
    return place if isinstance(place, int) else 0


def oldest_first(versions: Json) -> list[tuple[str, JsonObject]]:
    """Return the earlier versions of an item, name and facts, in the order in which they were saved.

    Args:
        versions: name -> facts, as the identity map has them.
    """
    found = versions.items() if isinstance(versions, dict) else ()
    named = [(name, facts if isinstance(facts, dict) else {}) for name, facts in found]
    return sorted(named, key=lambda one: (time_in_name(one[0]), place_of(one[1]), one[0]))


def with_places(versions: Mapping[str, JsonObject], order: Iterable[str]) -> JsonObject:
    """Return the facts of versions, with a place for each that is not the only one of its time.

    Args:
        versions: name -> facts.
        order: names in the order in which they were saved; a version that is not among them came last.
    """
    names = [name for name in dict.fromkeys([*order, *versions]) if name in versions]
    placed: JsonObject = {}
    for _, group in groupby(sorted(names, key=time_in_name), time_in_name):
        tied = [*group]
        for place, name in enumerate(tied, 1):
            facts = {fact: value for fact, value in versions[name].items() if fact != PLACE}
            placed[name] = facts | (cast("JsonObject", {PLACE: place}) if len(tied) > 1 else {})
    return placed
