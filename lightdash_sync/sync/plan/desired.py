"""A desired content as the target can hold it, and what has to be left out of it.

What the source has and the target cannot have is named: grants of people who are not there, tags on
metrics that are not there, charts that the API can make nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.content.display import shown
from lightdash_sync.content.json import Json, JsonObject, get_path, get_str, objects
from lightdash_sync.content.keys import EXTERNAL
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.normal import in_order
from lightdash_sync.content.references import replace_tokens
from lightdash_sync.sync.plan.access import adapted_access
from lightdash_sync.sync.plan.compatibility import fit_to_server
from lightdash_sync.sync.plan.lists import adapted_metrics
from lightdash_sync.sync.plan.managed import adapted_verification, completed, same_content
from lightdash_sync.sync.plan.options import allows
from lightdash_sync.sync.plan.recipients import has_secret_address, why_not_planned
from lightdash_sync.sync.plan.values import Gravity, Problem
from lightdash_sync.sync.plan.virtual_views import adapted_view

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightdash_sync.content.contents import Contents
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.sync.plan.options import PlanOptions, TargetFacts


# Colour palettes of spaces, dashboards and charts: the organisation has them, others know the names.

_WITH_LINKS = frozenset({Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD})
_LINKED_TO = (Kind.SPACE, Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD)

_FIELD = "palette"
_WITH_PALETTE = frozenset({Kind.SPACE, Kind.CHART, Kind.DASHBOARD})


def adapted_palette(
    kind: Kind, key: str, wanted: JsonObject, now: Json, facts: TargetFacts
) -> tuple[JsonObject, tuple[Problem, ...]]:
    """Return an item with the palette that the target can give it, and what was left out.

    A source without palettes says nothing of them, and the target keeps its own.

    Args:
        kind: of the item.
        key: of the item.
        wanted: as the source has it.
        now: as the target has it, or None.
        facts: `palettes` of the target; None where items have none.
    """
    if kind not in _WITH_PALETTE:
        return wanted, ()
    said = wanted.get(_FIELD)
    if facts.palettes is None:
        kept = {name: value for name, value in wanted.items() if name != _FIELD}
        what = f"carried without its colour palette {shown(str(said))}: this Lightdash has none for it"
        return kept, () if said is None else (_problem(kind, key, "no_palettes", what),)
    own = now.get(_FIELD) if isinstance(now, dict) else None
    if _FIELD not in wanted:
        silent = isinstance(now, dict) and _FIELD not in now
        return wanted if silent else wanted | {_FIELD: own}, ()
    if said in (None, own) or str(said).replace("@{}{", "@{") in facts.palettes:
        return wanted, ()
    what = f"its colour palette stays as it is: the target's organisation has none called {shown(str(said))}"
    return wanted | {_FIELD: own}, (_problem(kind, key, "missing_palette", what),)


def _problem(kind: Kind, key: str, code: str, what: str) -> Problem:
    return Problem(f"{kind}:{key}", code, what, Gravity.WARNS)


# Spaces inside spaces, for servers that have none, and from servers that have none.
#
# A space whose place is lost keeps its name and stands at the top, and the same people see it: it gets the
# grants that it has by inheritance from the spaces above it, and is private if one of these is. Access that
# no grant gives is not carried over: nobody sees more than before. What comes from a server without nesting
# says nothing of where a space stands, so it stays where the target has it.

_HOLDERS = (("users", "email"), ("groups", "group"))
_RANK = {"viewer": 1, "editor": 2, "admin": 3}


def placed_space(
    key: str, space: JsonObject, now: Json, desired: Contents, facts: TargetFacts
) -> tuple[JsonObject, tuple[Problem, ...]]:
    """Return a space where the target can have it, and what is lost by that.

    Args:
        key: of the space.
        space: its content at the source.
        now: its content on the target, or None.
        desired: all content of the source.
        facts: which capabilities the servers of both sides lack.
    """
    if facts.can("nested_spaces"):
        if "nested_spaces" in facts.source_lacks:
            return space | {"parent": get_path(now, "parent")}, ()
        return space, ()
    if not get_str(space, "parent"):
        return space, ()
    above = _above(key, space, desired)
    inherited = _inherited(space, above)
    flat = space | {"parent": None} | inherited
    names = [shown(get_str(one, "name")) for one in reversed(above)]
    path = " › ".join(names) or "a space that the source does not show"
    more = [
        f"{get_str(grant, field)} ({get_str(grant, 'role') or 'role unknown'})"
        for who, field in _HOLDERS
        for grant in objects(get_path(inherited, "access", who))
        if grant not in objects(get_path(space, "access", who))
    ]
    grants = f"; it is shared with {', '.join(map(shown, more))}, who see it by inheritance" if more else ""
    private = " and private" if inherited["inheritsAccess"] is False else ""
    what = (
        f"it lies in {path}, and the target's Lightdash has no spaces inside spaces: it will stand beside "
        f"them, under its own name{private}{grants}"
    )
    return flat, (Problem(f"{Kind.SPACE}:{key}", "nested_space", what, Gravity.WARNS),)


def _above(key: str, space: JsonObject, desired: Contents) -> list[JsonObject]:
    """Return the spaces above one, the nearest first."""
    found: list[JsonObject] = []
    seen = {key}
    while (parent := get_str(found[-1] if found else space, "parent")) and parent not in seen:
        seen.add(parent)
        if (Kind.SPACE, parent) not in desired.there:
            break
        found.append(desired.of((Kind.SPACE, parent)))
    return found


def _inherited(space: JsonObject, above: list[JsonObject]) -> JsonObject:
    """Return the access that a space has, its own and by inheritance, as if it stood at the top."""
    chain = [space]
    for one in above:
        if chain[-1].get("inheritsAccess") is not True:
            break
        chain.append(one)
    access: dict[str, Json] = {}
    for who, field in _HOLDERS:
        highest: dict[str, JsonObject] = {}
        for grant in (grant for one in chain for grant in objects(get_path(one, "access", who))):
            had = highest.get(get_str(grant, field))
            if had is None or _rank(grant) > _rank(had):
                highest[get_str(grant, field)] = grant
        access[who] = [highest[holder] for holder in sorted(highest)]
    given = space.get("access")
    access = {**given, **access} if isinstance(given, dict) else access
    top = chain[-1]
    public = top.get("inheritsAccess") is True and not get_str(top, "parent")  # else what is above is unknown
    return {"inheritsAccess": public, "access": access}


def _rank(grant: JsonObject) -> int:
    return _RANK.get(get_str(grant, "role"), 0)


_PLACES = ("space", "dashboard")  # of a chart; it has one of them


@dataclass(frozen=True)
class DesiredItem:
    """What an item of the target shall be.

    Attributes:
        content: its content; None if it cannot be made.
        problems: what was left out of it, and what stands against it.
        why_not: why it cannot be made, in words; "" if it can.
    """

    content: JsonObject | None
    problems: tuple[Problem, ...] = ()
    why_not: str = ""


def resolve_desired(
    item: ItemKey,
    content: JsonObject,
    now: Json,
    desired: Contents,
    can_show: Callable[[ItemKey], bool],
    facts: TargetFacts,
    options: PlanOptions,
) -> DesiredItem:
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
        return DesiredItem(None, why_not=why)
    if kind is Kind.SCHEDULER and (why := why_not_planned(content, facts, options)):
        kept = content if same_content(kind, content, now, options) else None
        return DesiredItem(kept, why_not="" if kept is not None else why)
    held = fit_to_server(item, content, now, facts, options)
    if held.why_not:
        return DesiredItem(None, why_not=held.why_not)
    ordered = in_order(kind, held.content)
    wanted, own_problems = _adapted(item, ordered, now, desired, can_show, facts, options)
    wanted = completed(kind, wanted, now, options)
    wanted, palette_problems = adapted_palette(kind, key, wanted, now, facts)
    wanted, mark_problems = adapted_verification(kind, key, content, wanted, now, facts, options)
    if _lacks_address(item, wanted, now, options):
        return DesiredItem(None, why_not="the address of a webhook is a secret and not in the snapshot")
    return DesiredItem(wanted, held.problems + own_problems + palette_problems + mark_problems)


def _why_not(
    item: ItemKey, content: JsonObject, desired: Contents, can_show: Callable[[ItemKey], bool]
) -> str:
    """Return why an item cannot be created with this API, "" if it can."""
    kind, key = item
    dashboard = get_str(content, "dashboard") if kind is Kind.CHART else ""
    if dashboard and not _shows(desired.of((Kind.DASHBOARD, dashboard)), key):
        return (
            f"no tile of {shown(f'dashboard:{dashboard}')} shows it, and Lightdash deletes a chart that is "
            "made in a dashboard and not shown there"
        )
    delivered = (Kind.CHART, get_str(content, "chart")) if kind is Kind.SCHEDULER else None
    if delivered and delivered[1] and delivered in desired.there and not can_show(delivered):
        return f"it delivers {shown(f'chart:{delivered[1]}')}, which is left out"
    if kind is Kind.TAG and content.get("yamlReference"):
        return "it is defined in the dbt project, which makes it when it is deployed"
    return ""


def _shows(dashboard: JsonObject, chart: str) -> bool:
    return any(get_str(tile, "properties", "chart") == chart for tile in objects(dashboard.get("tiles")))


def _adapted(
    item: ItemKey,
    content: JsonObject,
    now: Json,
    desired: Contents,
    can_show: Callable[[ItemKey], bool],
    facts: TargetFacts,
    options: PlanOptions,
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
    if kind not in _WITH_LINKS or not allows(options.allow_broken, named):
        return content, ()
    content, problems = _with_dead_links(item, content, can_show)
    if kind is Kind.DASHBOARD:
        content, more = _with_empty_tiles(key, content, can_show)
        return content, problems + more
    if kind is Kind.CHART and isinstance(now, dict):
        content, more = _left_in_place(key, content, now)
        return content, problems + more
    return content, problems


def _with_dead_links(
    item: ItemKey, content: JsonObject, can_show: Callable[[ItemKey], bool]
) -> tuple[JsonObject, tuple[Problem, ...]]:
    """Return an item that may be broken, with links in its texts that lead nowhere where they cannot lead."""
    dead: set[str] = set()

    def replacement(name: str) -> str | None:
        word, _, key = name.partition(":")
        kind = next((one for one in _LINKED_TO if one == word), None)
        if kind is None or not key or can_show((kind, key)):
            return None
        dead.add(name)
        return f"missing-{key.removeprefix(EXTERNAL)}"

    found = replace_tokens(content, replacement)
    problems = tuple(
        Problem(
            f"{item[0]}:{item[1]}",
            "dead_link",
            f"a link in its text will lead nowhere: the target has no {shown(name)}",
            Gravity.WARNS,
        )
        for name in sorted(dead)
    )
    return (found if isinstance(found, dict) else content), problems


def _with_empty_tiles(
    key: str, content: JsonObject, can_show: Callable[[ItemKey], bool]
) -> tuple[JsonObject, tuple[Problem, ...]]:
    """Return a dashboard that may be broken, with those tiles empty whose charts the target cannot have."""
    tiles: list[Json] = []
    problems: list[Problem] = []
    for tile in objects(content.get("tiles")):
        shows = tile.get("properties")
        for field, kind in (("chart", Kind.CHART), ("sqlChart", Kind.SQL_CHART)):
            chart = get_str(shows, field)
            if isinstance(shows, dict) and chart and not can_show((kind, chart)):
                shows = shows | {field: None}
                named = shown(f"{get_str(tile, 'id')} will be empty: the target has no {kind}:{chart}")
                problems.append(Problem(f"dashboard:{key}", "empty_tile", f"its tile {named}", Gravity.WARNS))
        tiles.append(tile | {"properties": shows} if "properties" in tile else tile)
    return (content | {"tiles": tiles} if problems else content), tuple(problems)


def _lacks_address(item: ItemKey, wanted: JsonObject, now: Json, options: PlanOptions) -> bool:
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
    dashboard = get_str(wanted, "dashboard")
    return "" if now is None or get_str(now, "dashboard") == dashboard else dashboard


def _left_in_place(key: str, content: JsonObject, now: JsonObject) -> tuple[JsonObject, tuple[Problem, ...]]:
    """Return a chart in the place that it has, if it cannot be moved to the one that it shall have."""
    dashboard = _entered(content, now)
    if not dashboard:
        return content, ()
    rest = {name: value for name, value in content.items() if name not in _PLACES}
    place = {name: now[name] for name in _PLACES if name in now}
    what = f"stays where it is, not inside {shown(f'dashboard:{dashboard}')}"
    return rest | place, (Problem(f"chart:{key}", "cannot_move_inside", what, Gravity.WARNS),)
