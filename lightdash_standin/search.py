"""Search in a project (`GET /projects/{p}/search/{words}`): at most ten of each kind, by a rough rank.

It is the only endpoint that shows a chart created inside a dashboard but never placed on a tile.
"""

from __future__ import annotations

from collections.abc import Iterable

from lightdash_standin.access import can_in_space
from lightdash_standin.calls import Call, Route, project_of, space_of_chart
from lightdash_standin.lists import SEARCH_LIMIT, errors_by
from lightdash_standin.refusals import went_wrong
from lightdash_standin.state import Chart, Dashboard, Json, Project, Space, SqlChart


def _rank(words: str, *texts: str | None) -> float:
    """How well the texts match the words; the exact number of the real server is not imitated."""
    wanted = words.lower().split()
    hits = [sum(word.rstrip("s") in (text or "").lower() for word in wanted) / len(wanted) for text in texts]
    return round(sum(hits) / (len(texts) + 1), 6)


def _chart_row(chart: Chart, space: Space, rank: float, errors: list[Json]) -> Json:
    return {
        "uuid": chart.uuid, "name": chart.name, "description": chart.description,
        "chartType": chart.version.kind or "vertical_bar", "spaceUuid": space.uuid, "search_rank": rank,
        "validationErrors": errors,
    }  # fmt: skip


def _sql_row(chart: SqlChart, rank: float) -> Json:
    return {
        "uuid": chart.uuid, "slug": chart.slug, "name": chart.name, "description": chart.description,
        "chartType": chart.config.get("type"), "spaceUuid": chart.space_uuid, "search_rank": rank,
    }  # fmt: skip


def _dashboard_row(dashboard: Dashboard, rank: float, errors: list[Json]) -> Json:
    return {
        "uuid": dashboard.uuid, "name": dashboard.name, "description": dashboard.description,
        "spaceUuid": dashboard.space_uuid, "search_rank": rank, "validationErrors": errors,
    }  # fmt: skip


def _best(rows: Iterable[Json]) -> list[Json]:
    found = [row for row in rows if row["search_rank"] > 0]
    return sorted(found, key=lambda row: row["search_rank"], reverse=True)[:SEARCH_LIMIT]


def _matches(words: str, *texts: str | None) -> int:
    return sum(words.lower() in (text or "").lower() for text in texts)


def _tables(project: Project, words: str) -> tuple[list[Json], list[Json]]:
    """The tables and fields that match the words, per explore."""
    tables, fields = [], []
    for explore in project.explores.values():
        where = {"explore": explore["name"], "exploreLabel": explore["label"]}
        for table in explore["tables"].values():
            count = _matches(words, table["label"], table.get("description"))
            described = {"description": table["description"]} if "description" in table else {}
            if count:
                row = {"name": table["name"], "label": table["label"], **described}
                tables.append({**row, **where, "regexMatchCount": count})
            for field in (*table["dimensions"].values(), *table["metrics"].values()):
                count = _matches(words, field["label"], field.get("description"))
                if count and not field.get("hidden"):
                    keys = ("name", "label", "description", "type", "fieldType", "table", "tableLabel")
                    row = {key: field[key] for key in keys if key in field}
                    fields.append({**row, **where, "regexMatchCount": count})
    return tables[:SEARCH_LIMIT], fields[:SEARCH_LIMIT]


def get_search(call: Call) -> Json:
    """`GET /projects/{p}/search/{words}`; parentheses break the query (500)."""
    world, words = call.world, call.params["words"]
    project = project_of(call)
    if set(words) & set("()"):
        raise went_wrong()
    spaces = {
        uuid: world.spaces[uuid]
        for uuid in project.spaces
        if can_in_space(world, call.person, "view", "Space", world.spaces[uuid])
    }
    chart_errors = errors_by(project.validations, "chart")
    dashboard_errors = errors_by(project.validations, "dashboard")
    charts = [(one, space_of_chart(world, one)) for one in world.charts.values()]
    tables, fields = _tables(project, words)
    return {
        "spaces": _best(
            {"uuid": one.uuid, "name": one.name, "search_rank": _rank(words, one.name)}
            for one in spaces.values()
        ),
        "dashboards": _best(
            _dashboard_row(one, _rank(words, one.name, one.description), dashboard_errors.get(one.uuid, []))
            for one in world.dashboards.values()
            if one.space_uuid in spaces
        ),
        "savedCharts": _best(
            _chart_row(one, space, _rank(words, one.name, one.description), chart_errors.get(one.uuid, []))
            for one, space in charts
            if space.uuid in spaces
        ),
        "sqlCharts": _best(
            _sql_row(one, _rank(words, one.name, one.description))
            for one in world.sql_charts.values()
            if one.space_uuid in spaces
        ),
        "semanticViewerCharts": [],
        "tables": tables,
        "fields": fields,
        "pages": [],
    }


ROUTES = (Route("GET", "/api/v1/projects/{p}/search/{words}", get_search),)
