"""Charts: the query, the picture of it, and SQL."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from lightdash_sync.changes.change import Change, field_name
from lightdash_sync.changes.walk import (
    Codes,
    Elements,
    Walk,
    anything,
    by,
    described,
    each,
    elsewhere,
    fields,
    match,
    nouns,
    value,
)
from lightdash_sync.content.json import (
    ABSENT,
    Json,
    JsonObject,
    canonical,
    different,
    differs,
    get_field,
    get_list,
    get_path,
    get_str,
    itself,
    sha256,
    without,
)
from lightdash_sync.content.keys import is_key, slugify

if TYPE_CHECKING:
    from collections.abc import Hashable

    from lightdash_sync.changes.change import Path
    from lightdash_sync.changes.walk import Node
    from lightdash_sync.content.json import Value


# Filters: flat lists of rules in dashboards and schedulers, groups of all and any in charts.

_IDS = frozenset({"id"})


def rule_name(walk: Walk, rule: Value) -> str:
    """Return the field that a rule filters on."""
    field_id, table = get_str(rule, "target", "fieldId"), get_str(rule, "target", "tableName")
    if not field_id:
        return get_str(rule, "target", "fieldRef") or "no field"
    return field_name(field_id, [table]) if table else walk.field(field_id)


def _target(rule: Value) -> bytes:
    """Rules are told apart by the field that they filter on; SQL columns of tiles by their table too."""
    target = get_path(rule, "target")
    return canonical([get_path(target, name) for name in ("fieldId", "tableName", "fieldRef")])


def _replacing(walk: Walk, rule: Value) -> str:
    """Return the field that a scheduler's rule filters on, and what it replaces if that does not tell."""
    name, replaced = rule_name(walk, rule), get_str(rule, "id")
    is_told = replaced == slugify(get_str(rule, "target", "fieldId")) or not is_key(replaced)
    return name if is_told else f"{name} (instead of {replaced})"


def _replacing_changed(walk: Walk, old: Value, new: Value, path: Path) -> None:
    """Say another id aloud, unless one side is of an older snapshot, where rules had no names."""
    differing = different(old, new)
    if differing == _IDS and is_key(get_str(old, "id")) != is_key(get_str(new, "id")):
        walk.say("ids_changed", path, old, new)
    else:  # where the id differs, both are told in any case
        name = rule_name(walk, new) if _IDS & differing else _replacing(walk, new)
        walk.say("filter_changed", path, old, new, name)


_CODES = nouns("filter", "filters_reordered")
_RULES = Elements(_CODES, (_target,), rule_name, unsaid=_IDS)
DASHBOARD_FILTERS = fields(dict.fromkeys(("dimensions", "metrics", "tableCalculations"), _RULES))
# The id of a scheduler's rule is the name of the rule of the dashboard that it replaces.
SCHEDULER_FILTERS = Elements(_CODES, (by("id"), _target), _replacing, inner=_replacing_changed)


class _Group(NamedTuple):
    """A group of a chart's filters: `and` or `or`, what it holds, and its other fields."""

    joined: str
    members: list[Json]
    rest: JsonObject


def chart_group(walk: Walk, old: Value, new: Value, path: Path) -> None:
    """Compare two groups of filters, at any depth of nesting."""
    before, after = _group(old), _group(new)
    if before is None or after is None:
        anything()(walk, old, new, path)
        return
    also: tuple[Path, ...] = (path,)  # the group itself, which comes and goes with what it holds
    if old is not ABSENT and new is not ABSENT:
        also = ()
        if before.joined != after.joined:
            walk.say("filter_logic_changed", path, before.joined, after.joined)
        fields({"id": _id_changed})(walk, before.rest, after.rest, path)
    found = match(before.members, after.members, _exactly, _field, _whether_group)
    for was, now in found.both:
        walk.at(_member, before.members[was], after.members[now], (*path, after.joined, now))
    for now in found.added:
        _one_sided(walk, "added", (*path, after.joined, now), after.members[now], also)
    for was in found.removed:
        _one_sided(walk, "removed", (*path, before.joined, was), before.members[was], also)
    order = [now for _, now in sorted(found.both)]
    if order != sorted(order):
        walk.say("order_changed", path, old, new, "filters")


def _member(walk: Walk, old: Value, new: Value, path: Path) -> None:
    if _exactly(old) == _exactly(new):
        walk.say("ids_changed", path, old, new)
    elif _group(old) and _group(new):
        chart_group(walk, old, new, path)
    else:
        walk.say("filter_changed", path, old, new, rule_name(walk, new))


def _one_sided(walk: Walk, what: str, path: Path, member: Json, also: tuple[Path, ...]) -> None:
    before: Value = ABSENT if what == "added" else member
    after: Value = member if what == "added" else ABSENT
    if _group(member):
        walk.say(f"filter_group_{what}", path, before, after, also=also)
    else:
        walk.say(f"filter_{what}", path, before, after, rule_name(walk, member), also)


def _id_changed(walk: Walk, old: Value, new: Value, path: Path) -> None:
    walk.say("ids_changed", path, old, new)


def _group(item: Value) -> _Group | None:
    """Return a value as a group of filters; what is absent is an empty one."""
    if item is ABSENT:
        return _Group("and", [], {})
    for joined in ("and", "or"):
        members = get_path(item, joined)
        if isinstance(item, dict) and isinstance(members, list):
            return _Group(joined, members, {name: value for name, value in item.items() if name != joined})
    return None


def _exactly(item: Value) -> Hashable:
    return itself(without(item, _IDS))


def _field(item: Value) -> bytes:
    """What names a member: the field of a rule; of a group, a hash of the fields in it."""
    group = _group(item)
    if group is None:
        return _target(item)
    return sha256(
        canonical([group.joined, *sorted(_field(member).decode() for member in group.members)])
    ).encode()


def _whether_group(item: Value) -> Hashable:
    """Groups have no name, so that what is left of them is paired by position."""
    return "group" if _group(item) else None


_IN_SQL = re.compile(r"\$\{(\w+)\.\w+\}")
_SERIES = ("config", "eChartsConfig", "series")
_FLIPPED = ("chartConfig", "config", "layout", "flipAxes")


def tables(content: Value) -> set[str]:
    """Return the names of tables that a chart mentions: ids of fields begin with one."""
    query = get_path(content, "metricQuery")
    found = {get_str(content, "tableName"), get_str(query, "exploreName")}
    for made in ("additionalMetrics", "customDimensions", "tableCalculations"):
        for item in get_list(query, made):
            found |= {get_str(item, "table"), *_IN_SQL.findall(get_str(item, "sql"))}
    return found - {""}


def _field_name(walk: Walk, element: Value) -> str:
    return walk.field(element)


def _own_name(_walk: Walk, element: Value) -> str:
    return get_str(element, "name") or get_str(element, "id") or "without a name"


def _metric_name(_walk: Walk, element: Value) -> str:
    return ".".join(part for part in (get_str(element, "table"), get_str(element, "name")) if part)


def _series_name(walk: Walk, element: Value) -> str:
    shown = get_path(element, "encode", "yRef")
    pivot = [str(entry.get("value")) for entry in get_list(shown, "pivotValues")]
    name = walk.field(get_str(shown, "field")) or get_str(element, "name") or "without a field"
    return f"{name} ({', '.join(pivot)})" if pivot else name


def _encoded(element: Value) -> bytes | None:
    encode = get_path(element, "encode")
    return None if encode is None else itself(encode)


def _series(walk: Walk, old: Value, new: Value, path: Path) -> None:
    """Say a colour alone as such."""
    if different(old, new) == {"color"}:
        before, after = get_field(old, "color"), get_field(new, "color")
        walk.say("series_colour_changed", (*path, "color"), before, after, _series_name(walk, new))
    else:
        walk.say("series_changed", path, old, new, _series_name(walk, new))


def _is_id(path: Path) -> bool:
    """Markers and rules of formatting have ids that are made in the browser."""
    return path[-1] == "uuid" or (path[-1] == "id" and len(path) > 2 and path[-3] == "rules")


_config = anything("chart_config_changed", below=("chartConfig", "config"), is_id=_is_id)
_chart_config = fields(
    {
        "config": fields(
            {
                "eChartsConfig": fields(
                    {
                        "series": Elements(
                            nouns("series", "series_reordered"),
                            (_encoded,),
                            _series_name,
                            unsaid=frozenset({"uuid"}),
                            inner=_series,
                        )
                    },
                    _config,
                )
            },
            _config,
        )
    },
    _config,
)


def _picture(walk: Walk, old: Value, new: Value, path: Path) -> None:
    """A chart of another type has another configuration: field by field would be noise."""
    if old is ABSENT or new is ABSENT:
        _chart_config(walk, old, new, path)
        return
    before, after = _chart_kind(old), _chart_kind(new)
    if differs(old, new, "type"):
        walk.say("chart_type_changed", path, before, after)
        return
    start = len(walk.found)
    _chart_config(walk, old, new, path)
    if before != after:
        found, flipped = walk.found[start:], "horizontal bar" in (before, after)
        told = [_of_the_type(change, flipped) for change in found]
        walk.found[start:] = [change for change, known in zip(found, told, strict=True) if not known]
        also = [place for change, known in zip(found, told, strict=True) if known for place in change.places]
        walk.say("chart_type_changed", (*path, *_SERIES), before, after, also=also)


def _chart_kind(config: Value) -> str:
    """Return what people call a chart, from the types of its series."""
    kind = get_str(config, "type")
    if kind != "cartesian":
        return kind.replace("_", " ")
    kinds = {
        "area" if "areaStyle" in series and series.get("type") == "line" else str(series.get("type"))
        for series in get_list(config, *_SERIES)
    }
    flipped = get_path(config, "config", "layout", "flipAxes") is True
    return "horizontal bar" if kinds == {"bar"} and flipped else kinds.pop() if len(kinds) == 1 else "mixed"


def _of_the_type(change: Change, flipped: bool) -> bool:
    """Whether a change says nothing that another type of the chart does not say."""
    if change.what == "series_changed":
        return different(change.before, change.after) <= {"type", "areaStyle"}
    return flipped and change.where == _FLIPPED


def _query(explore: Node) -> Node:
    """The node for a chart's query."""
    return fields(
        {
            "exploreName": explore,
            "customDimensions": Elements(nouns("custom_dimension"), (by("id"),), _own_name),
            "additionalMetrics": Elements(
                nouns("custom_metric"),
                (by("table", "name"),),
                _metric_name,
                unsaid=frozenset({"id", "uuid"}),
            ),
            "dimensions": _fields_of("dimension"),
            "metrics": _fields_of("metric"),
            "tableCalculations": Elements(nouns("table_calculation"), (by("name"),), _own_name),
            "filters": fields(dict.fromkeys(("dimensions", "metrics", "tableCalculations"), chart_group)),
            "sorts": _sorts,
            "limit": value("limit_changed"),
            "timezone": value("timezone_changed"),
        }
    )


def _fields_of(noun: str) -> Node:
    return Elements(
        Codes(f"{noun}_added", f"{noun}_removed", reordered=f"{noun}s_reordered"), (itself,), _field_name
    )


def _sorts(walk: Walk, old: Value, new: Value, path: Path) -> None:
    """Sorting is one sentence: by this, then by that."""
    walk.say("sort_changed", path, old, new)


_merge_fields = anything("merge_changed", below=("merge",))


def _merge(walk: Walk, old: Value, new: Value, path: Path) -> None:
    """A merge comes, goes, or changes field by field."""
    if old in (ABSENT, None):
        walk.say("merge_added", path, old, new)
    elif new in (ABSENT, None):
        walk.say("merge_removed", path, old, new)
    else:
        _merge_fields(walk, old, new, path)


def chart(walk: Walk, old: Value, new: Value, path: Path) -> None:
    """Compare two charts."""
    twice = _explores_agree(old, new)
    also = (("metricQuery", "exploreName"),) if twice else ()
    start = len(walk.found)
    described(
        {
            "tableName": value("explore_changed", also),
            "metricQuery": _query(elsewhere if twice else value("explore_changed")),
            "merge": _merge,
            "pivotConfig": value("pivot_changed"),
            "chartConfig": _picture,
            "tableConfig": fields({"columnOrder": _columns(_field_ids(old) ^ _field_ids(new))}),
            "parameters": each(lambda name: parameter(name)),
        }
    )(walk, old, new, path)
    walk.found[start:] = _told_once(walk.found[start:])


def parameter(name: str) -> Node:
    """A node for the value of one parameter."""
    return lambda walk, old, new, path: walk.say("parameter_changed", path, old, new, name)


def _explores_agree(old: Value, new: Value) -> bool:
    """Whether the two fields that name the explore changed alike, and are one change."""
    (before, before_too), (after, after_too) = (
        (get_str(side, "tableName"), get_str(side, "metricQuery", "exploreName")) for side in (old, new)
    )
    return before == before_too != after == after_too and "" not in (before, after)


def _field_ids(content: Value) -> set[str]:
    """Return the names that columns can have: of all that a query selects or makes."""
    query = get_path(content, "metricQuery")
    found: set[str] = set()
    for name in ("dimensions", "metrics"):
        chosen = get_path(query, name)
        found |= {item for item in chosen if isinstance(item, str)} if isinstance(chosen, list) else set()
    for name in ("tableCalculations", "customDimensions"):
        found |= {get_str(item, part) for item in get_list(query, name) for part in ("name", "id")}
    return found


def _columns(come_or_gone: set[str]) -> Node:
    """The node for the order of columns: quiet where columns only come and go with their fields."""

    def node(walk: Walk, old: Value, new: Value, path: Path) -> None:
        if not isinstance(old, list) or not isinstance(new, list):
            walk.say("columns_changed", path, old, new)
            return
        before, after = ([itself(item) for item in side] for side in (old, new))
        stayed = [item for item in before if item in set(after)]
        kept = stayed == [item for item in after if item in set(before)]
        others = {itself(name) for name in come_or_gone}
        if kept and set(before) ^ set(after) <= others:
            walk.say("columns_followed", path, old, new)
        else:
            walk.say("columns_changed" if kept else "columns_reordered", path, old, new)

    return node


def _told_once(found: list[Change]) -> list[Change]:
    """A new custom metric is chosen as a metric too: that is said once. The same for custom dimensions."""
    told: dict[tuple[str, str], Change] = {}
    for change in found:
        for noun in ("metric", "dimension"):
            for what in ("added", "removed"):
                if change.what == f"custom_{noun}_{what}":
                    told[(f"{noun}_{what}", _made_id(noun, change))] = change
    also: dict[int, tuple[Path, ...]] = {}
    left = []
    for change in found:
        chosen = change.after if change.before is ABSENT else change.before
        custom = told.get((change.what, chosen)) if isinstance(chosen, str) else None
        if custom is None:
            left.append(change)
        else:
            also[id(custom)] = (*also.get(id(custom), ()), *change.places)
    return [
        replace(change, also=(*change.also, *also[id(change)])) if id(change) in also else change
        for change in left
    ]


def _made_id(noun: str, change: Change) -> str:
    """Return the id under which a query selects a custom metric or dimension."""
    made = change.after if change.before is ABSENT else change.before
    return get_str(made, "id") if noun == "dimension" else f"{get_str(made, 'table')}_{get_str(made, 'name')}"


def sql_chart(walk: Walk, old: Value, new: Value, path: Path) -> None:
    """Compare two SQL charts. The type stands in two fields, and is said once if they agree."""
    before, after = _sql_types(old), _sql_types(new)
    twice = before is not None and after is not None and before != after
    also = (("config", "type"),) if twice else ()
    config = anything("chart_config_changed", below=("config",), is_id=_is_id)
    described(
        {
            "sql": value("sql_changed"),
            "limit": value("limit_changed"),
            "chartKind": value("chart_type_changed", also),
            "config": fields({"type": elsewhere} if twice else {}, config),
        }
    )(walk, old, new, path)


def _sql_types(content: Value) -> str | None:
    """Return the type of an SQL chart, if both fields agree on it."""
    kind = get_str(content, "chartKind")
    return kind if kind and kind == get_str(content, "config", "type") else None
