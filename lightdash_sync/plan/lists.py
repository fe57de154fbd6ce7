"""Pins and icons of metrics: one list for a whole project, of which the target may hold more than the source.

What the target has of its own stays, unless deletes are asked for: then what the source lacks is taken
off, as far as it concerns items that both know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import Json, JsonObject, objects
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightdash_sync.plan.options import Facts, Item, Options


def adapted_list(
    kind: Kind,
    desired: Json,
    existing: Json,
    will_exist: Callable[[Item], bool],
    is_linked: Callable[[Item], bool],
    facts: Facts,
    options: Options,
) -> Json:
    """Return a list as the target shall have it.

    Args:
        kind: pins or metric icons.
        desired: the list of the source.
        existing: the list of the target; null if it has none.
        will_exist: whether the target has an item of the desired side, or will have it.
        is_linked: whether the target has one.
        facts: of the target.
        options: of the user.
    """
    if kind is Kind.PINS:
        wanted = [pin for pin in objects(desired) if will_exist(_pinned(pin))]
        found = _with_others(
            wanted, objects(existing), _pinned, lambda pin: not (options.delete and is_linked(_pinned(pin)))
        )
        return [*found]
    wanted = [icon for icon in objects(desired) if facts.metrics is None or _metric(icon) in facts.metrics]
    icons = _with_others(wanted, objects(existing), _metric, lambda _: not options.delete)
    return [*sorted(icons, key=_metric)]


def _with_others(
    wanted: list[JsonObject],
    existing: list[JsonObject],
    name: Callable[[JsonObject], tuple[str, str]],
    stays: Callable[[JsonObject], bool],
) -> list[JsonObject]:
    """Return the wanted rows, and behind them those of the target that are to stay."""
    named = {name(row) for row in wanted}
    return [*wanted, *(row for row in existing if name(row) not in named and stays(row))]


def _pinned(pin: JsonObject) -> Item:
    kind = text(pin, "kind")
    return (Kind(kind) if kind in set(Kind) else Kind.PINS, text(pin, "key"))


def _metric(icon: JsonObject) -> tuple[str, str]:
    return text(icon, "table"), text(icon, "metric")
