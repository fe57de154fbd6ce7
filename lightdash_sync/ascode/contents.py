"""A document, taken over onto what a project has already: its content, complete.

A document has no word for much of an item (see `documents`). All that stays as the project has it. So a
document that was made of an item changes nothing of it, and one that was changed changes just that; of the
result the same document is made again. What a document leaves out where it has a word for it is not there:
a chart without `pivotConfig` has no pivot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from lightdash_sync.ascode.documents import IF_SET, SAME
from lightdash_sync.ascode.rules import with_ids
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.unset import without_unset
from lightdash_sync.plan.verification import BY_THE_OWNER, FIELD, VERIFIABLE

if TYPE_CHECKING:
    from lightdash_sync.ascode.tree import Document
    from lightdash_sync.model.canonical import JsonObject

_PLACES = ("spaceUuid", "dashboardUuid")
# What a query has at least; people leave out what they do not need.
_QUERY: JsonObject = {
    "dimensions": [], "metrics": [], "filters": {}, "sorts": [], "limit": 500, "tableCalculations": [],
    "additionalMetrics": [], "customDimensions": [],
}  # fmt: skip


class Places(Protocol):
    """Finds what documents name."""

    def space(self, path: str) -> str:
        """Return the uuid of a space."""

    def dashboard(self, slug: str) -> str:
        """Return the uuid of a dashboard."""


def taken_over(document: Document, existing: JsonObject | None, places: Places) -> JsonObject:
    """Return a chart or SQL chart in the server's form, or of a dashboard all but tiles, tabs and filters.

    Args:
        document: what is wanted.
        existing: the item in the server's form; None if the project has none.
        places: finds spaces and dashboards.
    """
    body, kind = document.body, document.kind
    result = dict(existing or {})
    for name in SAME[kind] + (IF_SET if kind is Kind.DASHBOARD else ()):
        if name in body:
            result[name] = body[name]
        elif name == "tableConfig":
            result.setdefault(name, {"columnOrder": []})
        elif result.get(name) is not None:
            del result[name]
    if kind is Kind.SQL_CHART and "chartKind" not in body:
        _keep(result, "chartKind", existing)
    if kind is Kind.CHART and "merge" in body:  # 2.x says it; without it the chart keeps what it has
        result["merge"] = body["merge"]
    if kind is Kind.CHART:
        result = without_unset(kind, result | {"metricQuery": _query(document, existing)})
    if kind in VERIFIABLE and isinstance(verified := body.get("verified"), bool):  # else it stays as it is
        had = result.get(FIELD)
        result[FIELD] = (had if isinstance(had, dict) else BY_THE_OWNER) if verified else None
    return result | _place(document, result, places, existing)


def _keep(result: JsonObject, name: str, existing: JsonObject | None) -> None:
    if existing is not None and name in existing:
        result[name] = existing[name]


def _place(document: Document, result: JsonObject, places: Places, existing: JsonObject | None) -> JsonObject:
    """Return where an item stands; takes the former place out of the result."""
    dashboard, path = document.body.get("dashboardSlug"), str(document.body["spaceSlug"])
    if document.kind is Kind.SQL_CHART and existing and existing.get("dashboardUuid"):
        return {}  # the document has no word for it
    for name in _PLACES:
        result.pop(name, None)
    if document.kind is Kind.CHART and isinstance(dashboard, str):
        return {"dashboardUuid": places.dashboard(dashboard)}
    return {"spaceUuid": places.space(path)}


def _query(document: Document, existing: JsonObject | None) -> JsonObject:
    """Return a query with what every query has, and an id for each filter."""
    said, before = document.body["metricQuery"], (existing or {}).get("metricQuery")
    query = said if isinstance(said, dict) else {}
    needed = _QUERY | {"exploreName": document.body["tableName"]}
    if isinstance(before, dict):
        needed = {name: value for name, value in needed.items() if name in before}
    query = needed | query
    if isinstance(filters := query.get("filters"), dict):
        query["filters"] = {
            name: with_ids(group, f"{document.slug}/{name}") for name, group in filters.items()
        }
    return query
