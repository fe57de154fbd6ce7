"""Pins and icons of metrics: one list for a whole project, of which the target may hold more than the source.

What the target has of its own stays, unless deletes are asked for: then what the source lacks is taken
off, as far as it concerns items that both know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import Json, JsonObject, objects
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.shown import shown
from lightdash_sync.plan.catalogue import adapted_metrics
from lightdash_sync.plan.values import Gravity, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from lightdash_sync.plan.options import Facts, Item, Options


def adapted_list(
    kind: Kind,
    desired: Json,
    existing: Json,
    will_exist: Callable[[Item], bool],
    is_known: Callable[[Item], bool],
    facts: Facts,
    options: Options,
) -> tuple[Json, tuple[Problem, ...]]:
    """Return a list as the target shall have it, and what was left out of it.

    Args:
        kind: pins or metric icons.
        desired: the list of the source.
        existing: the list of the target; null if it has none.
        will_exist: whether the target has an item of the desired side, or will have it.
        is_known: whether the target has one, and the source would tell if it had it, too.
        facts: of the target.
        options: of the user.
    """
    if kind is Kind.PINS:
        wanted = [pin for pin in objects(desired) if will_exist(pinned(pin))]
        problems = tuple(_notpinned(pin) for pin in objects(desired) if pin not in wanted)
        found = _with_others(
            wanted, objects(existing), pinned, lambda pin: not (options.delete and is_known(pinned(pin)))
        )
        return numbered([*found]), problems
    known, problems = adapted_metrics(str(kind), kind, desired, facts)
    icons = _with_others(objects(known), objects(existing), _metric, lambda _: not options.delete)
    return [*sorted(icons, key=_metric)], problems


def known_rows(kind: Kind, rows: Json, existing: Json) -> list[JsonObject]:
    """Return those of the rows of a list that the target has as well, whatever it says in them."""
    name: Callable[[JsonObject], tuple[str, str]] = pinned if kind is Kind.PINS else _metric
    there = {name(row) for row in objects(existing)}
    return [row for row in objects(rows) if name(row) in there]


def without_deleted(pins: Json, deleted: Container[Item]) -> Json:
    """Return the pins that are left when some items are deleted: Lightdash unpins them by itself."""
    return [pin for pin in objects(pins) if pinned(pin) not in deleted]


def numbered(pins: Json) -> Json:
    """Return pins with numbers that put them in the order of the list, which are kept where they do so."""
    rows = objects(pins)
    numbers = [number for row in rows if type(number := row.get("order")) is int]
    names = [(text(row, "kind"), text(row, "key")) for row in rows]
    places = list(zip(numbers, names, strict=False))
    if len(numbers) == len(rows) and places == sorted(places):
        return [*rows]
    return [row | {"order": place} for place, row in enumerate(rows, 1)]


def _with_others(
    wanted: list[JsonObject],
    existing: list[JsonObject],
    name: Callable[[JsonObject], tuple[str, str]],
    stays: Callable[[JsonObject], bool],
) -> list[JsonObject]:
    """Return the wanted rows and those of the target that are to stay: where they are, else behind."""
    named = {name(row) for row in wanted}
    kept = [row for row in existing if name(row) in named or stays(row)]
    if [name(row) for row in kept if name(row) in named] == [name(row) for row in wanted]:
        own = {name(row): row for row in wanted}
        return [own.get(name(row), row) for row in kept]
    return [*wanted, *(row for row in kept if name(row) not in named)]


def _notpinned(pin: JsonObject) -> Problem:
    item = shown(f"{text(pin, 'kind')}:{text(pin, 'key')}")
    what = f"{item} is not pinned: the target does not have it, and this plan does not create it"
    return Problem(str(Kind.PINS), "not_pinned", what, Gravity.WARNS)


def pinned(pin: JsonObject) -> Item:
    """Return the item that a row of the list of pins names."""
    kind = text(pin, "kind")
    return (Kind(kind) if kind in set(Kind) else Kind.PINS, text(pin, "key"))


def _metric(icon: JsonObject) -> tuple[str, str]:
    return text(icon, "table"), text(icon, "metric")
