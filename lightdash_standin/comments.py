"""Comments on dashboards (`/comments/dashboards/...`).

A comment belongs to the uuid of a tile: dashboards that share tile uuids share their comments.
"""

from __future__ import annotations

from typing import Any

from lightdash_standin.access import can_in_project, pictured
from lightdash_standin.bodies import check_comment
from lightdash_standin.calls import OK, Call, Route, dashboard_of, require_in_space
from lightdash_standin.refusals import forbidden, not_found
from lightdash_standin.sanitize import sanitized
from lightdash_standin.state import Comment, Dashboard, Json, World

OTHER_SPACE = "You don't have access to the space this dashboard belongs to"


def _dashboard(call: Call, action: str) -> tuple[Dashboard, bool]:
    """The dashboard in the path, and whether the caller manages comments there."""
    world = call.world
    dashboard = dashboard_of(world, call.params["u"])
    space = world.spaces[dashboard.space_uuid]
    project = world.project_rows[space.project_uuid]
    if not can_in_project(world, call.person, action, "DashboardComments", project):
        raise forbidden()
    require_in_space(call, "view", "Dashboard", space, OTHER_SPACE)
    return dashboard, can_in_project(world, call.person, "manage", "DashboardComments", project)


def _read(call: Call, comment: Comment, manages: bool) -> Json:
    person = call.world.people[comment.person_uuid]
    return {
        "commentId": comment.uuid,
        "text": comment.text,
        "textHtml": comment.text_html,
        "user": {
            "name": f"{person.first_name} {person.last_name}",
            **({"userUuid": person.uuid} if call.world.can("current") else {}),
            **pictured(call.world),
        },
        "createdAt": comment.created_at,
        "resolved": comment.resolved,
        **({"replyTo": comment.reply_to} if comment.reply_to else {}),
        "replies": [],
        "canRemove": manages or comment.person_uuid == call.person.uuid,
        "mentions": comment.mentions,
    }


def get_comments(call: Call) -> Json:
    """`GET /comments/dashboards/{u}`: by tile, with replies in their comments; without resolved ones."""
    dashboard, manages = _dashboard(call, "view")
    found: Json = {}
    for tile in dashboard.version.tiles:
        rows = [
            _read(call, one, manages) for one in call.world.comments.get(tile["uuid"], []) if not one.resolved
        ]
        by_uuid = {row["commentId"]: row for row in rows}
        for row in rows:
            if row.get("replyTo") in by_uuid:
                by_uuid[row["replyTo"]]["replies"].append(row)
        tops = [row for row in rows if "replyTo" not in row]
        if tops:
            found[tile["uuid"]] = tops
    return found


def create_comment(
    world: World, dashboard: Dashboard, tile_uuid: str, body: Json, person_uuid: str
) -> Comment:
    """Store a comment on a tile of any version of the dashboard.

    Raises:
        Refusal: 404 if no version has such a tile.
    """
    tiles = {tile["uuid"]: tile for version in dashboard.versions for tile in version.tiles}
    if tile_uuid not in tiles:
        raise not_found("Dashboard tile not found for dashboard")
    chart = tiles[tile_uuid]["properties"].get("savedChartUuid")
    comment = Comment(
        world.new_uuid(), tile_uuid, body["text"], sanitized(body["textHtml"]), list(body["mentions"]),
        body.get("replyTo"), person_uuid, world.clock.tick(), chart_uuid=chart,
    )  # fmt: skip
    world.comments.setdefault(tile_uuid, []).append(comment)
    return comment


def post_comment(call: Call) -> str:
    """`POST /comments/dashboards/{u}/{tile}`: returns the bare uuid."""
    dashboard, _ = _dashboard(call, "create")
    return create_comment(call.world, dashboard, call.params["tile"], call.body, call.person.uuid).uuid


def _comment(call: Call) -> Comment:
    for comments in call.world.comments.values():
        for comment in comments:
            if comment.uuid == call.params["c"]:
                return comment
    raise not_found("Comment not found")


def resolve_comment(call: Call) -> Any:
    """`PATCH /comments/dashboards/{u}/{c}`: resolve it."""
    _dashboard(call, "create")
    _comment(call).resolved = True
    return OK


def remove_comment(call: Call) -> Any:
    """`DELETE /comments/dashboards/{u}/{c}`: works for its owner, too, but answers 403 to them."""
    _, manages = _dashboard(call, "view")
    comment = _comment(call)
    if manages or comment.person_uuid == call.person.uuid:
        call.world.comments[comment.tile_uuid].remove(comment)
    if not manages:
        raise forbidden()
    return OK


_BASE = "/api/v1/comments/dashboards/{u}"
_V2 = "/api/v2/projects/{p}/dashboards/{u}/comments"
ROUTES = (
    Route("GET", _BASE, get_comments),
    Route("POST", _BASE + "/{tile}", post_comment, check_comment),
    Route("PATCH", _BASE + "/{c}", resolve_comment),
    Route("DELETE", _BASE + "/{c}", remove_comment),
    Route("GET", _V2, get_comments, slugs=True, needs="project_dashboards"),
)
