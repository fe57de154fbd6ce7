"""Lists that have no order of their own, in the order in which content files have them.

The server returns such rows in any order, and people who edit a file by hand put them anywhere; the same
content has the same bytes all the same. `normal` does this to answers, where things still have uuids;
here they have the names that content files give them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import JsonObject, canonical, objects
from lightdash_sync.model.kinds import Kind

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import Json

_QUERY_LISTS = {
    "tableCalculations": ("name",),
    "customDimensions": ("id",),
    "additionalMetrics": ("table", "name"),
}


def in_order(kind: Kind, content: JsonObject) -> JsonObject:
    """Return a content with its unordered lists in order."""
    match kind:
        case Kind.DASHBOARD:
            return layout_in_order(content)
        case Kind.CHART if isinstance(query := content.get("metricQuery"), dict):
            lists = {name: fields for name, fields in _QUERY_LISTS.items() if name in query}
            for name, fields in lists.items():
                query = query | {name: _sorted(query[name], fields)}
            return content | {"metricQuery": query}
        case Kind.VIRTUAL_VIEW if "columns" in content:
            return content | {"columns": _sorted(content["columns"], ("reference",))}
        case Kind.SCHEDULER if "targets" in content:
            return content | {"targets": _sorted(content["targets"], ())}
        case Kind.TAG if "metrics" in content:
            return content | {"metrics": _sorted(content["metrics"], ("table", "metric"))}
        case Kind.SPACE if isinstance(access := content.get("access"), dict):
            for name, field in (("users", "email"), ("groups", "group")):
                if name in access:
                    access = access | {name: _sorted(access[name], (field,))}
            return content | {"access": access}
        case _:
            return content


def layout_in_order(content: JsonObject) -> JsonObject:
    """Return a dashboard with its tabs in their order, and its tiles by tab, row, column and name."""
    order = {str(tab.get("id")): _number(tab.get("order")) for tab in objects(content.get("tabs"))}

    def position(tile: JsonObject) -> tuple[float, float, float, str]:
        tab = order.get(str(tile.get("tab")), -1.0)
        return (tab, _number(tile.get("y")), _number(tile.get("x")), str(tile.get("id")))

    if tabs := objects(content.get("tabs")):
        content = content | {
            "tabs": [*sorted(tabs, key=lambda tab: (_number(tab.get("order")), str(tab.get("id"))))]
        }
    if tiles := objects(content.get("tiles")):
        content = content | {"tiles": [*sorted(tiles, key=position)]}
    return content


def _sorted(rows: Json, fields: tuple[str, ...]) -> Json:
    if not isinstance(rows, list):
        return rows
    return sorted(rows, key=lambda row: ([str(_get(row, field)) for field in fields], canonical(row)))


def _get(row: Json, name: str) -> Json:
    return row.get(name) if isinstance(row, dict) else None


def _number(value: Json) -> float:
    return float(value) if isinstance(value, (int, float)) else -1.0
