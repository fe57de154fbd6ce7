"""An item's content as the target's version of Lightdash can hold it, and what it cannot, in words.

So a snapshot of one version replays into another. New fields are filled in as the server itself would show
them; what an older server knows nothing of is left out of what is written *and* of what is compared, so
that the plan after it is empty. What the *source's* server could not say is left to the target: a value
that its people set stays. The table is `features`; spaces inside spaces are seen to in `flat_spaces`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import Json, JsonObject, objects
from lightdash_sync.model.changes.change import ABSENT, Value
from lightdash_sync.model.changes.look import get, held, inside, text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.plan.features import EACH, FEATURES, FIELDS, Fate, Feature, Field
from lightdash_sync.plan.options import allows
from lightdash_sync.plan.values import Gravity, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightdash_sync.plan.options import Facts, Item, Options

_NAMES = ("id", "fieldId", "name")  # of elements of lists, by which those of both sides are matched
_TOO_OLD = "upgrade it, or change the item at the source"


@dataclass(frozen=True)
class Held:
    """What a server can hold of an item.

    Attributes:
        content: that.
        problems: the rest, in words.
        why_not: why nothing of it can be written, in words; "" if it can.
    """

    content: JsonObject
    problems: tuple[Problem, ...] = ()
    why_not: str = ""


def held_content(item: Item, content: JsonObject, now: Json, facts: Facts, options: Options) -> Held:
    """Return an item as the target's server can hold it.

    Args:
        item: kind and key; not a list of the whole project.
        content: as the source has it.
        now: as the target has it, or None.
        facts: which capabilities the servers of both sides lack.
        options: with `allow_broken`, what does not work is written, and what is refused is left out.
    """
    kind, named = item[0], f"{item[0]}:{item[1]}"
    problems: list[Problem] = []
    for feature in FEATURES:
        if feature.kind is kind and _is_lacking(feature, facts) and (found := [*feature.find(content)]):
            had = isinstance(now, dict) and any(feature.find(now))
            mild = had or allows(options.allow_broken, named)
            if feature.fate is Fate.REFUSED and mild and not had:
                return Held(content, why_not=_said(feature.fate, found))
            blocks = feature.fate in (Fate.BROKEN, Fate.REFUSED) and not mild
            gravity = Gravity.BLOCKS if blocks else Gravity.WARNS
            problems.append(Problem(named, feature.code, _said(feature.fate, found), gravity))
            content = feature.strip(content) if feature.strip else content
    if kind is Kind.CHART and facts.can("columns_without_custom_sql"):
        content = _without_sql_columns(content)
    lost: dict[str, None] = {}
    for row in FIELDS:
        if row.kind is kind:
            content = _with_field(row, content, now, facts, lost)
    if lost:
        problems.append(Problem(named, "not_held", _said(Fate.LEFT_OUT, [*lost]), Gravity.WARNS))
    return Held(content, tuple(problems))


def held_today(item: Item, content: Json, now: Json, facts: Facts, options: Options) -> Json:
    """Return what the target once had as its server, which may have been upgraded since, would show it today.

    Newer versions show more of what is not set, and roles that no answer told before; nobody changed that.

    Args:
        item: kind and key.
        content: as the target had it; None if it had nothing.
        now: as the target has it, or None.
        facts: of the target.
        options: of the user.
    """
    if not isinstance(content, dict) or not isinstance(now, dict):
        return content
    shown_today = held_content(item, content, now, replace(facts, source_lacks=frozenset()), options).content
    if now.get("palette", "") is None:
        shown_today = {"palette": None, **shown_today}
    if item[0] is Kind.SPACE:
        shown_today = _with_roles(shown_today, now)
    return shown_today


def _with_roles(space: JsonObject, now: JsonObject) -> JsonObject:
    """Return a space with the roles that were not told when it was read, as they are told now."""
    access = space.get("access")
    roles = {text(grant, "email"): grant.get("role") for grant in held(now, "access", "users")}
    if not isinstance(access, dict):
        return space
    users: list[Json] = [
        grant if grant.get("role") is not None else grant | {"role": roles.get(text(grant, "email"))}
        for grant in objects(access.get("users"))
    ]
    return space | {"access": access | {"users": users}} if users else space


def _without_sql_columns(chart: JsonObject) -> JsonObject:
    """Return a chart as newer servers show it: the order of its columns has no names of SQL dimensions."""
    query = chart.get("metricQuery")
    order = inside(chart, "tableConfig", "columnOrder")
    if not isinstance(order, list):
        return chart
    sql = {text(one, "name") for one in held(query, "customDimensions") if text(one, "type") == "sql"}
    sql -= {text(one, "name") for one in held(query, "customDimensions") if text(one, "type") != "sql"}
    sql -= {text(one, "name") for one in held(query, "tableCalculations")}
    for group in ("dimensions", "metrics"):
        names = inside(query, group)
        sql -= {name for name in names if isinstance(name, str)} if isinstance(names, list) else set()
    kept = [name for name in order if name not in sql]
    table = chart["tableConfig"]
    return chart | {"tableConfig": table | {"columnOrder": kept}} if isinstance(table, dict) else chart


def _is_lacking(feature: Feature, facts: Facts) -> bool:
    return facts.can(feature.needs) == feature.ends


def _said(fate: Fate, found: list[str]) -> str:
    what = "; ".join(dict.fromkeys(found))
    match fate:
        case Fate.LEFT_OUT:
            return f"carried without what the target's Lightdash cannot hold: {what}"
        case Fate.IDLE:
            return f"without effect on the target's Lightdash: {what}"
        case Fate.BROKEN:
            return f"the target's Lightdash would store and not understand {what}; {_TOO_OLD}"
        case Fate.REFUSED:
            return f"the target's Lightdash cannot hold {what}; {_TOO_OLD}"


def _with_field(
    row: Field, content: JsonObject, now: Json, facts: Facts, lost: dict[str, None]
) -> JsonObject:
    """Return a content with a field as the target's server has it; note what is lost."""

    def change(holder: JsonObject, there: JsonObject | None) -> JsonObject:
        if row.name == "hideFrame" and "content" not in holder:
            return holder  # only Markdown has a frame
        value = get(holder, row.name)
        kept: Value = ABSENT
        if not facts.can(row.needs):
            if _says_something(value) and row.words:
                lost[row.words] = None
        elif row.needs in facts.source_lacks:
            kept = row.unset if there is None else get(there, row.name)
        elif value is ABSENT and (there is None or row.name in there):
            kept = row.unset
        else:
            kept = value
        rest = {name: one for name, one in holder.items() if name != row.name}
        return rest if kept is ABSENT else {**rest, row.name: kept}

    changed = _edited(content, now, row.at, change)
    return changed if isinstance(changed, dict) else content


def _edited(
    value: Json,
    now: Json,
    at: tuple[str, ...],
    change: Callable[[JsonObject, JsonObject | None], JsonObject],
) -> Json:
    """Change the objects at a place, each with its counterpart on the target (or null)."""
    if not at:
        return change(value, now if isinstance(now, dict) else None) if isinstance(value, dict) else value
    name, rest = at[0], at[1:]
    if name == EACH:
        if not isinstance(value, list):
            return value
        there = {_name(one): one for one in objects(now)}
        return [_edited(one, there.get(_name(one)), rest, change) for one in value]
    if not isinstance(value, dict) or name not in value:
        return value
    return value | {name: _edited(value[name], inside(now, name), rest, change)}


def _name(element: Json) -> str:
    return next((found for name in _NAMES if (found := text(element, name))), "")


def _says_something(value: Value) -> bool:
    return value is not ABSENT and value not in (None, False, "", [], {})
