"""Deleting content, one item or many (`/api/v2/content/...`, since 1.176.0)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lightdash_standin.calls import OK, Call, Route, chart_of, dashboard_of, project_of, require_in_space
from lightdash_standin.calls import space_of_chart as home_of_chart
from lightdash_standin.charts import delete_chart
from lightdash_standin.dashboards import delete_dashboard
from lightdash_standin.deleted import bury_space, delete
from lightdash_standin.moves import item_errors
from lightdash_standin.refusals import Refusal, invalid, not_found
from lightdash_standin.spaces import delete_space
from lightdash_standin.sql_charts import delete_sql_chart
from lightdash_standin.state import Json, Space

Delete = Callable[[], None]


def check_delete(body: Any) -> None:
    """Check the body of a delete: the item."""
    if errors := item_errors(body.get("item") if isinstance(body, dict) else None, "body.item"):
        raise invalid(errors)


def _deletion(call: Call, item: Json) -> Delete:
    """The function that deletes an item, if the caller may delete it."""
    world, uuid = call.world, item["uuid"]
    if item["contentType"] == "space":
        space = world.spaces.get(uuid)
        if space is None:
            raise not_found(f"Space with spaceUuid {uuid} does not exist")
        require_in_space(call, "delete", "Space", space)
        return lambda: _delete_space(call, space)
    if item["contentType"] == "dashboard":
        dashboard = dashboard_of(world, uuid)
        home = world.spaces[dashboard.space_uuid]
        require_in_space(call, "delete", "Dashboard", home)
        return lambda: delete(call, dashboard, home, delete_dashboard)
    if item["source"] == "sql":
        sql = world.sql_charts.get(uuid)
        if sql is None:
            raise not_found("Saved sql not found")
        require_in_space(call, "delete", "SavedChart", world.spaces[sql.space_uuid])
        return lambda: delete(call, sql, world.spaces[sql.space_uuid], delete_sql_chart)
    chart = chart_of(world, uuid)
    require_in_space(call, "delete", "SavedChart", home_of_chart(world, chart))
    return lambda: delete(call, chart, home_of_chart(world, chart), delete_chart)


def _delete_space(call: Call, space: Space) -> None:
    bury_space(call, space)
    delete_space(call.world, space)


def post_delete(call: Call) -> Any:
    """`POST /api/v2/content/{p}/delete`."""
    project_of(call)
    _deletion(call, call.body["item"])()
    return OK


def post_bulk_delete(call: Call) -> Json:
    """`POST /api/v2/content/bulk-action/{p}/delete`: lists what cannot be deleted, and deletes the rest."""
    project_of(call)
    skipped = []
    items = call.body.get("content") or []
    for item in items:
        try:
            _deletion(call, item)()
        except Refusal as refusal:
            told = {"uuid": item["uuid"], "contentType": item["contentType"], "reason": refusal.message}
            skipped.append(told)
    return {"deletedCount": len(items) - len(skipped), "skipped": skipped}


_NEEDS: dict[str, Any] = {"needs": "deletes_content"}
ROUTES = (
    Route("POST", "/api/v2/content/{p}/delete", post_delete, check_delete, **_NEEDS),
    Route("POST", "/api/v2/content/bulk-action/{p}/delete", post_bulk_delete, **_NEEDS),
)
