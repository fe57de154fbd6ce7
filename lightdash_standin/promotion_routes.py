"""Endpoints of promotion, and who may promote (`.../promote`, `.../promoteDiff`).

The diff needs no permission. Promotion checks roles in the caller's own organisation, so an admin of any
organisation may promote; and it uses the upstream project for both sides of a chart.
"""

from __future__ import annotations

from lightdash_standin.access import can, is_closed
from lightdash_standin.calls import Call, Route, chart_of, dashboard_named, space_of_chart
from lightdash_standin.promoting import promote_chart, promote_dashboard, promote_sql_chart
from lightdash_standin.promotion import (
    Pair,
    chart_changes,
    chart_pair,
    charts_of,
    dashboard_changes,
    dashboard_pair,
    sql_changes,
    sql_pair,
)
from lightdash_standin.refusals import bad_parameter, forbidden, not_found
from lightdash_standin.sql_charts import read_sql_chart, sql_chart_of
from lightdash_standin.state import Chart, Json, SqlChart, World

NO_UPSTREAM = "This chart does not have an upstream project"
OF_DASHBOARD = "This dashboard's project does not have an upstream project"
RIGHTS = "Failed to promote dashboard: You do not have the right access permissions on the"
USES = 'Failed to promote dashboard: this dashboard uses a {what} "{name}"'


def _upstream(world: World, project_uuid: str, text: str = NO_UPSTREAM) -> str:
    uuid = world.project_rows[project_uuid].upstream_uuid
    if uuid is None:
        raise not_found(text)
    return uuid


def _may(
    call: Call, action: str, subject: str, project: str, private: bool | None, access: list[Json]
) -> bool:
    org = call.person.org_uuid
    return can(
        call.world, call.person, action, subject, org=org, project=project, private=private, access=access
    )


def _check_space(call: Call, pair: Pair) -> None:
    if pair.upstream_space is not None:
        name, private = pair.upstream_space.name, is_closed(call.world, pair.upstream_space)
        if name == pair.space.name and call.world.can("promotes_into_unmanaged_spaces"):
            return
        if not _may(call, "manage", "Space", pair.upstream_uuid, private, pair.upstream_access):
            what = f'modify this space "{name}"'
            raise forbidden(f"Failed to promote: you do not have access to {what} in the upstream project.")
    elif not _may(call, "create", "Space", pair.upstream_uuid, None, []):
        raise forbidden(
            "Failed to promote: you do not have access to create a space in the upstream project."
        )


def _check_chart(call: Call, pair: Pair, *, on_dashboard: bool) -> None:
    """Refuse unless the caller may promote the chart or SQL chart, alone or as part of a dashboard."""
    project, upstream_space = pair.upstream_uuid, pair.upstream_space
    what = "SQL chart" if isinstance(pair.source, SqlChart) else "chart"
    uses = USES.format(what=what, name=pair.source.name) + " which"
    alone = f"Failed to promote {what}: you don't have access to edit this {what}"
    text = f"{uses} you don't have access to edit" if on_dashboard else alone
    # For charts, both sides are looked up in the upstream project.
    looked_up = pair.space.project_uuid if isinstance(pair.source, SqlChart) else project
    if not _may(call, "promote", "SavedChart", looked_up, is_closed(call.world, pair.space), pair.access):
        raise forbidden(f"{text} in the origin project.")
    if pair.match is not None:
        private = is_closed(call.world, upstream_space) if upstream_space else None
        if not _may(call, "promote", "SavedChart", project, private, pair.upstream_access):
            raise forbidden(f"{text} in the upstream project.")
    elif upstream_space is not None and not _may(
        call, "manage", "SavedChart", project, None, pair.upstream_access
    ):
        text = uses if on_dashboard else f"Failed to promote {what}: this {what}"
        where = f"belongs to a space {upstream_space.name} you don't have access to edit"
        raise forbidden(f"{text} {where} in the upstream project.")
    _check_space(call, pair)


def _check_dashboard(call: Call, pair: Pair, project_uuid: str) -> None:
    """Refuse unless the caller may promote the dashboard."""
    upstream_space = pair.upstream_space
    if not _may(call, "promote", "Dashboard", project_uuid, is_closed(call.world, pair.space), pair.access):
        raise forbidden(f"{RIGHTS} origin space and dashboard to promote.")
    if pair.match is not None:
        private = is_closed(call.world, upstream_space) if upstream_space else None
        if not _may(call, "promote", "Dashboard", pair.upstream_uuid, private, pair.upstream_access):
            what = "destination space and dashboard" if upstream_space else "destination dashboard"
            raise forbidden(f"{RIGHTS} {what} to promote.")
    elif upstream_space is not None and not _may(
        call, "manage", "Dashboard", pair.upstream_uuid, None, pair.upstream_access
    ):
        raise forbidden(f"{RIGHTS} destination to create dashboards.")
    _check_space(call, pair)


def _chart_pair(call: Call) -> tuple[Chart, Pair]:
    chart = chart_of(call.world, call.params["u"])
    upstream = _upstream(call.world, space_of_chart(call.world, chart).project_uuid)
    return chart, chart_pair(call.world, call.person, chart, upstream)


def post_chart_promotion(call: Call) -> Json:
    """`POST /saved/{u}/promote`."""
    chart, pair = _chart_pair(call)
    if chart.dashboard_uuid is not None:
        raise bad_parameter("Promoting charts within dashboards is not supported")
    _check_chart(call, pair, on_dashboard=False)
    return promote_chart(call.world, call.person, pair)


def get_chart_diff(call: Call) -> Json:
    """`GET /saved/{u}/promoteDiff`: for everybody."""
    _, pair = _chart_pair(call)
    return chart_changes(call.world, pair).parents_first().read


def _sql_pair(call: Call) -> Pair:
    chart = sql_chart_of(call)
    return sql_pair(call.world, call.person, chart, _upstream(call.world, chart.project_uuid))


def post_sql_promotion(call: Call) -> Json:
    """`POST /projects/{p}/sqlRunner/saved/{u}/promote`: since 0.2462.0."""
    pair = _sql_pair(call)
    _check_chart(call, pair, on_dashboard=False)
    chart = promote_sql_chart(call.world, call.person, pair)
    return read_sql_chart(call, chart, call.world.project_rows[chart.project_uuid])


def get_sql_diff(call: Call) -> Json:
    """`GET /projects/{p}/sqlRunner/saved/{u}/promoteDiff`: for everybody; since 0.2462.0."""
    return sql_changes(call.world, _sql_pair(call)).read


def _dashboard_pairs(call: Call) -> tuple[Pair, list[Pair], list[Pair]]:
    """The dashboard, the charts and the SQL charts on it, each with its match."""
    world, person = call.world, call.person
    dashboard = dashboard_named(call)
    text = OF_DASHBOARD if world.can("current") else NO_UPSTREAM
    upstream = _upstream(world, world.spaces[dashboard.space_uuid].project_uuid, text)
    if any(tile["type"] == "data_app" for tile in dashboard.version.tiles):
        raise bad_parameter("Data apps are not available in this instance")
    pair = dashboard_pair(world, person, dashboard, upstream)
    charts, sql_charts = charts_of(world, dashboard)
    return (
        pair,
        [chart_pair(world, person, chart, upstream) for chart in charts],
        [sql_pair(world, person, chart, upstream) for chart in sql_charts],
    )


def post_dashboard_promotion(call: Call) -> Json:
    """`POST /dashboards/{u}/promote`."""
    pair, charts, sql_charts = _dashboard_pairs(call)
    _check_dashboard(call, pair, pair.space.project_uuid)
    for one in (*charts, *sql_charts):
        _check_chart(call, one, on_dashboard=True)
    return promote_dashboard(call.world, call.person, pair, charts, sql_charts)


def get_dashboard_diff(call: Call) -> Json:
    """`GET /dashboards/{u}/promoteDiff`: for everybody; the tiles are those of the source."""
    return dashboard_changes(call.world, *_dashboard_pairs(call)).read


_SQL_CHART = "/api/v1/projects/{p}/sqlRunner/saved/{u}"
ROUTES = (
    Route("POST", "/api/v1/saved/{u}/promote", post_chart_promotion, creates=True),
    Route("GET", "/api/v1/saved/{u}/promoteDiff", get_chart_diff),
    Route(
        "POST", "/api/v1/dashboards/{u}/promote", post_dashboard_promotion, creates=True, slugs=True,
        slugs_since="current",
    ),
    Route("GET", "/api/v1/dashboards/{u}/promoteDiff", get_dashboard_diff, slugs=True, slugs_since="current"),
    Route("POST", f"{_SQL_CHART}/promote", post_sql_promotion, creates=True, needs="promotes_sql_charts"),
    Route("GET", f"{_SQL_CHART}/promoteDiff", get_sql_diff, needs="promotes_sql_charts"),
)  # fmt: skip
