"""Pins and icons of metrics: one list for a whole project, of which the target may hold more than the source.

What the target has of its own stays, unless deletes are asked for: then what the source lacks is taken
off, as far as it concerns items that both know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.content.display import shown
from lightdash_sync.content.json import Json, JsonObject, get_str, objects
from lightdash_sync.content.kinds import Kind
from lightdash_sync.sync.plan.values import Gravity, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator

    from lightdash_sync.content.contents import Contents
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.sync.plan.options import PlanOptions, TargetFacts
    from lightdash_sync.sync.plan.values import PossibleDuplicate, Step


# Tags and icons of metrics, as a target can have them: it may lack some of the metrics.


def adapted_metrics(
    item: str, kind: Kind, content: Json, facts: TargetFacts
) -> tuple[Json, tuple[Problem, ...]]:
    """Return a tag, or the list of icons, without the metrics that the target's catalogue does not have.

    Args:
        item: as `tag:key` or `metric_icons`, for the problems.
        kind: any other than these two is returned as it is.
        content: the desired content.
        facts: `metrics` of the target; None if they could not be listed, and then all are kept.
    """
    if facts.metrics is None or kind not in (Kind.TAG, Kind.METRIC_ICONS):
        return content, ()
    rows = content.get("metrics") if isinstance(content, dict) else content
    kept: list[Json] = []
    missing: list[str] = []
    for row in objects(rows):
        table, metric = get_str(row, "table"), get_str(row, "metric")
        if (table, metric) in facts.metrics:
            kept.append(row)
        else:
            missing.append(f"{table}.{metric}")
    if not missing:
        return content, ()
    what = (
        f"carried without the metrics that the target does not have: {', '.join(map(shown, sorted(missing)))}"
    )
    problem = Problem(item, "missing_metric", what, Gravity.WARNS)
    return (content | {"metrics": kept} if isinstance(content, dict) else kept), (problem,)


def taken_names(
    steps: Iterable[Step], existing: Contents, twins: Iterable[PossibleDuplicate]
) -> Iterator[Problem]:
    """Yield the tags that would get a name which another tag of the target has, where it can have only one.

    Args:
        steps: of the plan.
        existing: content of the target, in the keys of the plan.
        twins: what is told of otherwise.
    """
    told = {twin.item for twin in twins}
    names = {get_str(existing.of(item), "name"): item[1] for item in existing.there if item[0] is Kind.TAG}
    for step in steps:
        holder = names.get(get_str(step.after, "name"), step.key)
        if step.kind is Kind.TAG and step.after is not None and holder != step.key and step.item not in told:
            what = f"the target's {shown(f'tag:{holder}')} is called so, and it can have only one of a name; "
            yield Problem(step.item, "name_taken", f"{what}rename or delete that there first")


def adapted_list(
    kind: Kind,
    desired: Json,
    existing: Json,
    will_exist: Callable[[ItemKey], bool],
    is_known: Callable[[ItemKey], bool],
    facts: TargetFacts,
    options: PlanOptions,
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


def without_deleted(pins: Json, deleted: Container[ItemKey]) -> Json:
    """Return the pins that are left when some items are deleted: Lightdash unpins them by itself."""
    return [pin for pin in objects(pins) if pinned(pin) not in deleted]


def numbered(pins: Json) -> Json:
    """Return pins with numbers that put them in the order of the list, which are kept where they do so."""
    rows = objects(pins)
    numbers = [number for row in rows if type(number := row.get("order")) is int]
    names = [(get_str(row, "kind"), get_str(row, "key")) for row in rows]
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
    item = shown(f"{get_str(pin, 'kind')}:{get_str(pin, 'key')}")
    what = f"{item} is not pinned: the target does not have it, and this plan does not create it"
    return Problem(str(Kind.PINS), "not_pinned", what, Gravity.WARNS)


def pinned(pin: JsonObject) -> ItemKey:
    """Return the item that a row of the list of pins names."""
    kind = get_str(pin, "kind")
    return (Kind(kind) if kind in set(Kind) else Kind.PINS, get_str(pin, "key"))


def _metric(icon: JsonObject) -> tuple[str, str]:
    return get_str(icon, "table"), get_str(icon, "metric")
