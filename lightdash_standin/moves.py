"""Moving content into another space, one item or many (`/api/v2/content/...`, since 0.1616.0).

Many items are moved together or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lightdash_standin.access import can_in_space
from lightdash_standin.bodies import Errors, errors_in, listing, nullable, one_of, text
from lightdash_standin.calls import (
    OK,
    Call,
    Route,
    chart_of,
    dashboard_of,
    known_space,
    project_of,
    require_in_space,
    space_of_chart,
)
from lightdash_standin.charts import move_chart
from lightdash_standin.dashboards import move_dashboard
from lightdash_standin.refusals import bad_parameter, forbidden, invalid, not_found
from lightdash_standin.spaces import move_space
from lightdash_standin.sql_charts import move_sql_chart
from lightdash_standin.state import Json, Space

TYPES = ("chart", "dashboard", "space")
Move = Callable[[], None]


def item_errors(item: Any, at: str) -> Errors:
    """The errors of the fields that identify an item."""
    errors = errors_in(item, {"uuid": text, "contentType": one_of(*TYPES)}, at=at)
    if not errors and item["contentType"] == "chart":
        errors = errors_in(item, {"source": one_of("dbt_explore", "sql")}, at=at)
    return errors


def _check_action(body: Any) -> Errors:
    action = body.get("action") if isinstance(body, dict) else None
    rules = {"type": one_of("move", "delete"), "targetSpaceUuid": nullable(text)}
    return errors_in(action, rules, at="body.action")


def check_move(body: Any) -> None:
    """Check the body of a move: an item, and the action with its target."""
    item = body.get("item") if isinstance(body, dict) else None
    errors = item_errors(item, "body.item") | _check_action(body)
    if errors:
        raise invalid(errors)


def check_bulk_move(body: Any) -> None:
    """Check the body of a move of many items."""
    errors = errors_in(body, {"content": listing})
    for position, item in enumerate([] if errors else body["content"]):
        errors |= item_errors(item, f"body.content.${position}")
    errors |= _check_action(body)
    if errors:
        raise invalid(errors)


def _target(call: Call, uuid: str | None, what: str) -> Space:
    """The target space for anything but a space; it must be in the project in the path."""
    if not uuid:
        raise bad_parameter(f"You cannot move a {what} outside of a space")
    space = call.world.spaces.get(uuid)
    if space is None or space.project_uuid != call.params["p"]:
        raise not_found("Space not found")
    return space


def _chart_move(call: Call, item: Json, target: str | None) -> Move:
    """Move a chart; whether the caller may change the target space is not checked."""
    world = call.world
    if item["source"] == "sql":
        sql = world.sql_charts.get(item["uuid"])
        if sql is None:
            raise not_found("Saved sql not found")
        space = world.spaces[sql.space_uuid]
        require_in_space(call, "update", "SavedChart", space, "You don't have access to update this Chart")
        home = _target(call, target, "sql chart")
        return lambda: move_sql_chart(world, sql, home.uuid)
    if not target:
        raise bad_parameter("You cannot move a chart outside of a space")
    chart = chart_of(world, item["uuid"])
    text = "You don't have access to update this Chart"
    require_in_space(call, "update", "SavedChart", space_of_chart(world, chart), text)
    into = _target(call, target, "chart")
    return lambda: move_chart(world, chart, into.uuid)


def _dashboard_move(call: Call, item: Json, target: str | None) -> Move:
    world = call.world
    if not target:
        raise bad_parameter("You cannot move a dashboard outside of a space")
    dashboard = dashboard_of(world, item["uuid"])
    text = "You don't have access to update this dashboard"
    require_in_space(call, "update", "Dashboard", world.spaces[dashboard.space_uuid], text)
    if target != dashboard.space_uuid:
        require_in_space(call, "update", "Dashboard", known_space(world, target), f"{text} in the new space")
    into = _target(call, target, "dashboard")
    return lambda: move_dashboard(world, dashboard, into.uuid)


def _space_move(call: Call, item: Json, target: str | None) -> Move:
    world = call.world
    space = world.spaces.get(item["uuid"])
    if space is None:
        raise not_found(f"Space with spaceUuid {item['uuid']} does not exist")
    if space.parent_uuid == target:
        told = "null" if target is None else target
        raise bad_parameter(f"Space {space.uuid} is already in the correct parent space {told}")
    if not can_in_space(world, call.person, "manage", "Space", space):
        raise forbidden("You don't have access to manage this space")
    into = None if target is None else world.spaces.get(target)
    if into is not None and not can_in_space(world, call.person, "manage", "Space", into):
        raise forbidden("You don't have access to manage this space in the new parent space")
    return lambda: None if target and into is None else move_space(world, space, into)


_MOVES = {"chart": _chart_move, "dashboard": _dashboard_move, "space": _space_move}


def _move(call: Call, items: list[Json]) -> None:
    project_of(call)
    action = call.body["action"]
    if action["type"] != "move":
        raise bad_parameter("Invalid action type")
    moves = [_MOVES[item["contentType"]](call, item, action["targetSpaceUuid"]) for item in items]
    for move in moves:
        move()


def post_move(call: Call) -> Any:
    """`POST /api/v2/content/{p}/move`."""
    _move(call, [call.body["item"]])
    return OK


def post_bulk_move(call: Call) -> Any:
    """`POST /api/v2/content/bulk-action/{p}/move`."""
    _move(call, call.body["content"])
    return OK


ROUTES = (
    Route("POST", "/api/v2/content/{p}/move", post_move, check_move, needs="moves_content"),
    Route(
        "POST",
        "/api/v2/content/bulk-action/{p}/move",
        post_bulk_move,
        check_bulk_move,
        needs="moves_content",
    ),
)
