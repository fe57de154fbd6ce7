"""Charts: the query, the picture of it, and SQL."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from lightdash_sync.model.changes.change import ABSENT, Change
from lightdash_sync.model.changes.elements import Codes, Elements, by, nouns
from lightdash_sync.model.changes.filters import chart_group
from lightdash_sync.model.changes.look import different, differs, get, held, inside, itself, text
from lightdash_sync.model.changes.places import described
from lightdash_sync.model.changes.walk import Walk, anything, each, elsewhere, fields, value

if TYPE_CHECKING:
    from lightdash_sync.model.changes.change import Path, Value
    from lightdash_sync.model.changes.walk import Node

_IN_SQL = re.compile(r"\$\{(\w+)\.\w+\}")
_SERIES = ("config", "eChartsConfig", "series")
_FLIPPED = ("chartConfig", "config", "layout", "flipAxes")


def tables(content: Value) -> set[str]:
    """Return the names of tables that a chart mentions: ids of fields begin with one."""
    query = inside(content, "metricQuery")
    found = {text(content, "tableName"), text(query, "exploreName")}
    for made in ("additionalMetrics", "customDimensions", "tableCalculations"):
        for item in held(query, made):
            found |= {text(item, "table"), *_IN_SQL.findall(text(item, "sql"))}
    return found - {""}


def _field_name(walk: Walk, element: Value) -> str:
    return walk.field(element)


def _own_name(_walk: Walk, element: Value) -> str:
    return text(element, "name") or text(element, "id") or "without a name"


def _metric_name(_walk: Walk, element: Value) -> str:
    return ".".join(part for part in (text(element, "table"), text(element, "name")) if part)


def _series_name(walk: Walk, element: Value) -> str:
    shown = inside(element, "encode", "yRef")
    pivot = [str(entry.get("value")) for entry in held(shown, "pivotValues")]
    name = walk.field(text(shown, "field")) or text(element, "name") or "without a field"
    return f"{name} ({', '.join(pivot)})" if pivot else name


def _encoded(element: Value) -> bytes | None:
    encode = inside(element, "encode")
    return None if encode is None else itself(encode)


def _series(walk: Walk, old: Value, new: Value, path: Path) -> None:
    """Say a colour alone as such."""
    if different(old, new) == {"color"}:
        before, after = get(old, "color"), get(new, "color")
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
    kind = text(config, "type")
    if kind != "cartesian":
        return kind.replace("_", " ")
    kinds = {
        "area" if "areaStyle" in series and series.get("type") == "line" else str(series.get("type"))
        for series in held(config, *_SERIES)
    }
    flipped = inside(config, "config", "layout", "flipAxes") is True
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
        (text(side, "tableName"), text(side, "metricQuery", "exploreName")) for side in (old, new)
    )
    return before == before_too != after == after_too and "" not in (before, after)


def _field_ids(content: Value) -> set[str]:
    """Return the names that columns can have: of all that a query selects or makes."""
    query = inside(content, "metricQuery")
    found: set[str] = set()
    for name in ("dimensions", "metrics"):
        chosen = inside(query, name)
        found |= {item for item in chosen if isinstance(item, str)} if isinstance(chosen, list) else set()
    for name in ("tableCalculations", "customDimensions"):
        found |= {text(item, part) for item in held(query, name) for part in ("name", "id")}
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
    return text(made, "id") if noun == "dimension" else f"{text(made, 'table')}_{text(made, 'name')}"


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
    kind = text(content, "chartKind")
    return kind if kind and kind == text(content, "config", "type") else None
