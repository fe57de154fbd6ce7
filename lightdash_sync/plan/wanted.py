"""A desired content as the target can hold it, and what has to be left out of it.

What the source has and the target cannot have is named: grants of people who are not there, tags on
metrics that are not there, charts that the API can make nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import Json, JsonObject, objects
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.ordered import in_order
from lightdash_sync.model.shown import shown
from lightdash_sync.plan.access import adapted_access
from lightdash_sync.plan.catalogue import adapted_metrics
from lightdash_sync.plan.deliveries import has_secret_address, why_not_planned
from lightdash_sync.plan.flat_spaces import placed_space
from lightdash_sync.plan.held import held_content
from lightdash_sync.plan.managed import completed, same_content
from lightdash_sync.plan.options import allows
from lightdash_sync.plan.palettes import adapted_palette
from lightdash_sync.plan.values import Gravity, Problem
from lightdash_sync.plan.verification import adapted_verification
from lightdash_sync.plan.virtual_views import adapted_view

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightdash_sync.plan.options import Facts, Item, Options
    from lightdash_sync.plan.scope import Contents

_PLACES = ("space", "dashboard")  # of a chart; it has one of them


@dataclass(frozen=True)
class Wanted:
    """What an item of the target shall be.

    Attributes:
        content: its content; None if it cannot be made.
        problems: what was left out of it, and what stands against it.
        why_not: why it cannot be made, in words; "" if it can.
    """

    content: JsonObject | None
    problems: tuple[Problem, ...] = ()
    why_not: str = ""


def wanted_item(
    item: Item,
    content: JsonObject,
    now: Json,
    desired: Contents,
    can_show: Callable[[Item], bool],
    facts: Facts,
    options: Options,
) -> Wanted:
    """Return an item as the target shall have it.

    Args:
        item: kind and key; not a list of the whole project.
        content: as the source has it.
        now: as the target has it, or None.
        desired: all content of the source.
        can_show: whether the target has an item, or will have it.
        facts: of the target.
        options: of the user.
    """
    kind, key = item
    if now is None and (why := _why_not(item, content, desired, can_show)):
        return Wanted(None, why_not=why)
    if kind is Kind.SCHEDULER and (why := why_not_planned(content, facts, options)):
        kept = content if same_content(kind, content, now, options) else None
        return Wanted(kept, why_not="" if kept is not None else why)
    held = held_content(item, content, now, facts, options)
    if held.why_not:
        return Wanted(None, why_not=held.why_not)
    ordered = in_order(kind, held.content)
    wanted, own_problems = _adapted(item, ordered, now, desired, can_show, facts, options)
    wanted = completed(kind, wanted, now, options)
    wanted, palette_problems = adapted_palette(kind, key, wanted, now, facts)
    wanted, mark_problems = adapted_verification(kind, key, content, wanted, now, facts, options)
    if _lacks_address(item, wanted, now, options):
        return Wanted(None, why_not="the address of a webhook is a secret and not in the snapshot")
    return Wanted(wanted, held.problems + own_problems + palette_problems + mark_problems)


def _why_not(item: Item, content: JsonObject, desired: Contents, can_show: Callable[[Item], bool]) -> str:
    """Return why an item cannot be created with this API, "" if it can."""
    kind, key = item
    dashboard = text(content, "dashboard") if kind is Kind.CHART else ""
    if dashboard and not _shows(desired.of((Kind.DASHBOARD, dashboard)), key):
        return (
            f"no tile of {shown(f'dashboard:{dashboard}')} shows it, and Lightdash deletes a chart that is "
            "made in a dashboard and not shown there"
        )
    delivered = (Kind.CHART, text(content, "chart")) if kind is Kind.SCHEDULER else None
    if delivered and delivered[1] and delivered in desired.there and not can_show(delivered):
        return f"it delivers {shown(f'chart:{delivered[1]}')}, which is left out"
    if kind is Kind.TAG and content.get("yamlReference"):
        return "it is defined in the dbt project, which makes it when it is deployed"
    return ""


def _shows(dashboard: JsonObject, chart: str) -> bool:
    return any(text(tile, "properties", "chart") == chart for tile in objects(dashboard.get("tiles")))


def _adapted(
    item: Item,
    content: JsonObject,
    now: Json,
    desired: Contents,
    can_show: Callable[[Item], bool],
    facts: Facts,
    options: Options,
) -> tuple[JsonObject, tuple[Problem, ...]]:
    """Return an item with what only its kind has as the target can have it, and what was left out."""
    kind, key = item
    named = f"{kind}:{key}"
    if kind is Kind.SPACE:
        placed, unplaced = placed_space(key, content, now, desired, facts)
        shared, unshared = adapted_access(named, placed, now, facts, options)
        return shared, unplaced + unshared
    if kind is Kind.VIRTUAL_VIEW:
        return adapted_view(named, content, facts)
    if kind is Kind.TAG:
        tag, unmarked = adapted_metrics(named, kind, content, facts)
        return (tag if isinstance(tag, dict) else content), unmarked
    if kind is Kind.DASHBOARD and allows(options.allow_broken, named):
        return _with_empty_tiles(key, content, can_show)
    if kind is Kind.CHART and isinstance(now, dict) and allows(options.allow_broken, named):
        return _left_in_place(key, content, now)
    return content, ()


def _with_empty_tiles(
    key: str, content: JsonObject, can_show: Callable[[Item], bool]
) -> tuple[JsonObject, tuple[Problem, ...]]:
    """Return a dashboard that may be broken, with those tiles empty whose charts the target cannot have."""
    tiles: list[Json] = []
    problems: list[Problem] = []
    for tile in objects(content.get("tiles")):
        shows = tile.get("properties")
        for field, kind in (("chart", Kind.CHART), ("sqlChart", Kind.SQL_CHART)):
            chart = text(shows, field)
            if isinstance(shows, dict) and chart and not can_show((kind, chart)):
                shows = shows | {field: None}
                named = shown(f"{text(tile, 'id')} will be empty: the target has no {kind}:{chart}")
                problems.append(Problem(f"dashboard:{key}", "empty_tile", f"its tile {named}", Gravity.WARNS))
        tiles.append(tile | {"properties": shows} if "properties" in tile else tile)
    return (content | {"tiles": tiles} if problems else content), tuple(problems)


def _lacks_address(item: Item, wanted: JsonObject, now: Json, options: Options) -> bool:
    """Whether a scheduler is left out for a secret that the snapshot does not have, as the user allows."""
    kind, key = item
    return (
        kind is Kind.SCHEDULER
        and has_secret_address(wanted)
        and allows(options.allow_broken, f"{kind}:{key}")
        and not same_content(kind, wanted, now, options)
    )


def into_a_dashboard(key: str, wanted: Json, now: Json) -> tuple[Problem, ...]:
    """Return what stands against the place that a chart shall have: it can leave a dashboard, not enter one.

    Args:
        key: of the chart.
        wanted: what is to be written.
        now: as the target has it, or None.
    """
    dashboard = _entered(wanted, now)
    if not dashboard:
        return ()
    what = (
        f"shall be inside {shown(f'dashboard:{dashboard}')}, and Lightdash cannot move a chart into a "
        "dashboard; unlink it (`lightdash-sync link remove`), and it is made there anew"
    )
    return (Problem(f"chart:{key}", "cannot_move_inside", what),)


def _entered(wanted: Json, now: Json) -> str:
    """Return the dashboard that a chart of the target would have to be moved into, "" for none."""
    dashboard = text(wanted, "dashboard")
    return "" if now is None or text(now, "dashboard") == dashboard else dashboard


def _left_in_place(key: str, content: JsonObject, now: JsonObject) -> tuple[JsonObject, tuple[Problem, ...]]:
    """Return a chart in the place that it has, if it cannot be moved to the one that it shall have."""
    dashboard = _entered(content, now)
    if not dashboard:
        return content, ()
    rest = {name: value for name, value in content.items() if name not in _PLACES}
    place = {name: now[name] for name in _PLACES if name in now}
    what = f"stays where it is, not inside {shown(f'dashboard:{dashboard}')}"
    return rest | place, (Problem(f"chart:{key}", "cannot_move_inside", what, Gravity.WARNS),)
