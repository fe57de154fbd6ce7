"""Verification: an admin marks a chart or dashboard as verified, until it is edited (since 0.2655.0)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lightdash_standin.access import can_in_project
from lightdash_standin.calls import OK, Call, Route, chart_of, dashboard_named, project_of, space_of_chart
from lightdash_standin.charts import told_verification
from lightdash_standin.refusals import forbidden
from lightdash_standin.state import Chart, Dashboard, Json, Space, Verification

NOT_TO_BE_SEEN = "You do not have permission to view verified content"


def _named(call: Call) -> tuple[Chart | Dashboard, Space, str]:
    """The item in the path, its space, and the word for such items."""
    if "/saved/" in call.request.url.path:
        chart = chart_of(call.world, call.params["u"])
        return chart, space_of_chart(call.world, chart), "chart"
    dashboard = dashboard_named(call)
    return dashboard, call.world.spaces[dashboard.space_uuid], "dashboard"


def _may(call: Call, space: Space) -> bool:
    project = call.world.project_rows[space.project_uuid]
    return can_in_project(call.world, call.person, "manage", "ContentVerification", project)


def post_verification(call: Call) -> Json | None:
    """`POST /saved/{u}/verification`, or of a dashboard: verify it, now and as the caller."""
    item, space, word = _named(call)
    if not _may(call, space):
        raise forbidden(f"Only admins can verify {word}s")
    uuid = item.verification.uuid if item.verification else call.world.new_uuid()
    item.verification = Verification(uuid, call.person.uuid, call.world.clock.tick())
    return told_verification(call.world, item.verification)


def remove_verification(call: Call) -> Any:
    """`DELETE /saved/{u}/verification`, or of a dashboard."""
    item, space, word = _named(call)
    if not _may(call, space):
        raise forbidden(f"Only admins can remove {word} verification")
    item.verification = None
    return OK


def _verified(call: Call, project_uuid: str) -> Iterator[tuple[str, Chart | Dashboard, Space]]:
    """The verified items of a project: charts, without those inside dashboards, then dashboards."""
    world = call.world
    spaces = [world.spaces[uuid] for uuid in world.project_rows[project_uuid].spaces]
    for space in spaces:
        yield from (("chart", world.charts[uuid], space) for uuid in space.charts)
    for space in spaces:
        yield from (("dashboard", world.dashboards[uuid], space) for uuid in space.dashboards)


def get_verified(call: Call) -> list[Json]:
    """`GET /projects/{p}/content-verification`: the verified items, for admins."""
    project = project_of(call, may=None)
    if not can_in_project(call.world, call.person, "manage", "ContentVerification", project):
        raise forbidden(NOT_TO_BE_SEEN)
    return [
        {
            "uuid": item.verification.uuid, "contentType": type_, "contentUuid": item.uuid,
            "name": item.name, "spaceUuid": space.uuid, "spaceName": space.name,
            **_described(call, item),
            **(told_verification(call.world, item.verification) or {}),
        }
        for type_, item, space in _verified(call, project.uuid)
        if item.verification is not None
    ]  # fmt: skip


def _described(call: Call, item: Chart | Dashboard) -> Json:
    """The additional fields of the item in current versions."""
    if not call.world.can("current"):
        return {}
    told: Json = {"slug": item.slug, "description": item.description, "views": item.views}
    if isinstance(item, Dashboard):
        return told | {"lastUpdatedAt": item.version.created_at}
    version = item.version
    kind = {"chartKind": version.kind, "exploreName": version.table_name}
    return told | kind | {"lastUpdatedAt": item.last_updated_at}


_OF_CHART, _OF_DASHBOARD = "/api/v1/saved/{u}/verification", "/api/v1/dashboards/{u}/verification"
ROUTES = (
    Route("POST", _OF_CHART, post_verification, needs="verification"),
    Route("DELETE", _OF_CHART, remove_verification, needs="verification"),
    Route("POST", _OF_DASHBOARD, post_verification, slugs=True, needs="verification"),
    Route("DELETE", _OF_DASHBOARD, remove_verification, slugs=True, needs="verification"),
    Route("GET", "/api/v1/projects/{p}/content-verification", get_verified, needs="verification"),
)
