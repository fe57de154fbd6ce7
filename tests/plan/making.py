"""Short ways to make steps and content for tests of plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightdash_sync.content.kinds import Kind
from lightdash_sync.sync.plan.values import Action, Step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightdash_sync.content.json import Json
    from lightdash_sync.sync.plan.values import Look

SEVERAL = {"orders": frozenset({"orders_status", "orders_amount", "orders_count", "customers_country"})}


def create(kind: Kind, key: str, after: Json) -> Step:
    """A step that creates an item."""
    return Step(Action.CREATE, kind, key, after=after)


def update(kind: Kind, key: str, before: Json, after: Json) -> Step:
    """A step that updates an item."""
    return Step(Action.UPDATE, kind, key, before=before, after=after)


def delete(kind: Kind, key: str, before: Json = None) -> Step:
    """A step that deletes an item."""
    return Step(Action.DELETE, kind, key, before=before)


def there(*items: tuple[Kind, str, Json]) -> Look:
    """Content that a plan leaves alone."""
    content = {(kind, key): item for kind, key, item in items}
    return lambda kind, key: content.get((kind, key))


def space(name: str = "Sales", *, public: bool = True, parent: str | None = None, **grants: str) -> Any:
    """A space; grants by the first part of the e-mail, those of groups with a capital letter."""
    people = {f"{who}@example.com": role for who, role in grants.items() if who.islower()}
    teams = {who: role for who, role in grants.items() if not who.islower()}
    return {
        "name": name,
        "inheritsAccess": public,
        "parent": parent,
        "access": {
            "users": [{"email": email, "role": role} for email, role in sorted(people.items())],
            "groups": [{"group": team, "role": role} for team, role in sorted(teams.items())],
        },
    }


def chart(*dimensions: str, explore: str = "orders", **query: Any) -> Any:
    """A chart in the space `sales`."""
    return {
        "name": "Weekly revenue",
        "space": "sales",
        "tableName": explore,
        "metricQuery": {
            "exploreName": explore,
            "dimensions": list(dimensions),
            "metrics": ["orders_count"],
            **query,
        },
        "chartConfig": {"type": "table"},
    }


def dashboard(charts: Iterable[str] = (), rules: Iterable[Json] = (), **more: Any) -> Any:
    """A dashboard in the space `sales` with a tile for each chart, and rules on dimensions."""
    tiles = [
        {"id": f"tile-{key}", "type": "saved_chart", "properties": {"chart": key, "title": f"See {key}"}}
        for key in charts
    ]
    filters = {"dimensions": list(rules), "metrics": [], "tableCalculations": []}
    return {"name": "Overview", "space": "sales", "tiles": tiles, "tabs": [], "filters": filters, **more}


def rule(field: str, table: str = "orders", **more: Any) -> Any:
    """A rule of a dashboard's filter."""
    return {"id": "r", "target": {"fieldId": field, "tableName": table}, "operator": "equals", **more}


def scheduler(**more: Any) -> Any:
    """A scheduler of the chart `weekly`."""
    return {
        "name": "Monday",
        "cron": "0 8 * * 1",
        "format": "csv",
        "enabled": True,
        "chart": "weekly",
        "owner": "ann@example.com",
        "targets": [],
        **more,
    }
