"""The world in which the recordings begin, built from the first thirty of them.

Where a recording shows a thing, it is built as shown, under its recorded uuid; what no recording shows (the
queries of most charts of the real demo project, the fields of most explores) is made up, and not asked for.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lightdash_standin.accounts import Group, Org, Person, Token
from lightdash_standin.chart_versions import stored_version
from lightdash_standin.clock import Clock
from lightdash_standin.recipes import cartesian, query
from lightdash_standin.state import Chart, Dashboard, DashboardVersion, Project, Space, World

from .recordings import Recording

PASSWORD = "demo_password!"
TOKENS = ("pat", "pat_viewer", "pat_editor", "pat_member", "pat_other_org", "pat_expired")


def results(recordings: list[Recording], number: int) -> Any:
    """The results of a recorded answer."""
    return recordings[number - 1].response["results"]


def secret(name: str) -> str:
    """A token for one of the names under which recordings were made."""
    return format(TOKENS.index(name) + 1, "032x")


def start(recordings: list[Recording]) -> World:
    """The world before the first recorded request."""
    user = results(recordings, 8)
    world = World(seed="recordings", clock=Clock(datetime.fromisoformat("2026-11-23T15:53:04+00:00")))
    created = user["organizationCreatedAt"]
    world.orgs[user["organizationUuid"]] = Org(user["organizationUuid"], user["organizationName"], created)
    david = Person(
        user["userUuid"], user["email"], user["firstName"], user["lastName"], user["organizationUuid"],
        "admin", user["updatedAt"], PASSWORD,
    )  # fmt: skip
    world.people[david.uuid] = david
    world.token_rows[secret("pat")] = Token(world.new_uuid(), secret("pat"), david.uuid, created)
    shown = results(recordings, 15)
    project = Project(
        shown["projectUuid"], shown["name"], david.org_uuid, david.uuid,
        dbt_connection=shown["dbtConnection"], warehouse_connection=shown["warehouseConnection"],
    )  # fmt: skip
    project.explores = project.compilable = _explores(recordings)
    world.project_rows[project.uuid] = project
    add_first_group(world, recordings)
    _add_content(world, recordings, project, david)
    return world


def _explores(recordings: list[Recording]) -> dict[str, Any]:
    """The explores: one is recorded whole; of the others the names, the tables they join, and the metrics."""
    whole = results(recordings, 26)
    metrics: dict[str, dict[str, Any]] = {}
    for row in results(recordings, 333)["data"]:
        field = {**row, "table": row["tableName"], "type": "sum", "hidden": False}
        metrics.setdefault(row["tableName"], {})[row["name"]] = field
    tables, explores = {}, {}
    for row in results(recordings, 25):
        known = {key: row[key] for key in ("name", "label", "description") if key in row}
        place = {"database": row["databaseName"], "schema": row["schemaName"]}
        tables[row["name"]] = {**known, **place, "dimensions": {}, "metrics": metrics.get(row["name"], {})}
    tables |= dict(whole["tables"].items())
    joins = {row["name"]: row["joinedTables"] for row in results(recordings, 29)}
    for row in results(recordings, 25):
        name = row["name"]
        own = {key: row[key] for key in ("name", "label", "tags", "groupLabel") if key in row}
        joined = {join["table"]: tables[join["table"]] for join in joins[name] if join["table"] in tables}
        explores[name] = {
            **own, "baseTable": name, "joinedTables": joins[name], "tables": {name: tables[name], **joined},
        }  # fmt: skip
    _add_dimensions(explores, results(recordings, 21)["metricQuery"])
    return {**explores, "orders": whole}


def _add_dimensions(explores: dict[str, Any], sent: Any) -> None:
    """The fields that a recorded chart uses, in the explore of which nothing but the name is recorded."""
    explore = explores[sent["exploreName"]]
    table = explore["tables"][sent["exploreName"]]
    for name in (*sent["dimensions"], *(one.get("dimensionId", "") for one in sent["customDimensions"])):
        short = name.removeprefix(f"{table['name']}_")
        if short != name:
            table["dimensions"][short] = {
                "name": short, "label": short, "type": "string", "table": table["name"], "hidden": True,
                "tableLabel": table["label"], "fieldType": "dimension",
            }  # fmt: skip
    explore["tables"]["orders"] = explores["orders"]["tables"]["orders"]


def _chart(world: World, row: Any, david: Person, body: Any) -> Chart:
    version = stored_version(world, body, david, row["updatedAt"])
    chart = Chart(
        row["uuid"], row["slug"], row["name"], row["description"], None, None, row["updatedAt"],
        row["updatedAt"], david.uuid, {version.uuid: version},
    )  # fmt: skip
    world.charts[chart.uuid] = chart
    world.slugs.force("charts", chart.slug, next(iter(world.project_rows)))
    return chart


def _made_up(row: Any) -> Any:
    """A body for a chart whose query no recording shows."""
    sent = query("orders", "status", "unique_order_count")
    kind = row["chartKind"]
    flip = kind == "horizontal_bar"
    series = "bar" if kind.endswith("bar") else kind
    is_cartesian = row["chartType"] == "cartesian"
    config = cartesian(sent, series, flip=flip) if is_cartesian else {"type": kind, "config": {}}
    return {
        "name": row["name"], "tableName": sent["exploreName"], "metricQuery": sent, "chartConfig": config,
        "tableConfig": {"columnOrder": []},
    }  # fmt: skip


def _add_content(world: World, recordings: list[Recording], project: Project, david: Person) -> None:
    shown = results(recordings, 18)[0]
    space = Space(shown["uuid"], project.uuid, shown["name"], shown["slug"], is_private=False)
    space.access[david.uuid] = "admin"
    world.spaces[space.uuid], project.spaces[space.uuid] = space, None
    world.slugs.force("spaces", space.slug, space.project_uuid)
    full = results(recordings, 21)
    for row in reversed(results(recordings, 16)):
        chart = _chart(world, row, david, full if row["uuid"] == full["uuid"] else _made_up(row))
        chart.space_uuid, space.charts[chart.uuid] = space.uuid, None
    for row in results(recordings, 19):
        _add_dashboard(world, recordings, space, david, row)


def _add_dashboard(world: World, recordings: list[Recording], space: Space, david: Person, row: Any) -> None:
    """A dashboard: one is recorded whole; the other has the one chart that lives inside it on its tiles."""
    whole, moment = results(recordings, 23), row["updatedAt"]
    contents = results(recordings, 20)["data"]
    slug = next(one["slug"] for one in contents if one["uuid"] == row["uuid"])
    dashboard = Dashboard(row["uuid"], slug, row["name"], row["description"], space.uuid, moment, david.uuid)
    world.dashboards[dashboard.uuid], space.dashboards[dashboard.uuid] = dashboard, None
    world.slugs.force("dashboards", slug, space.project_uuid)
    tiles = [dict(tile) for tile in whole["tiles"]] if row["uuid"] == whole["uuid"] else []
    for summary in results(recordings, 17):
        if summary["dashboardUuid"] == row["uuid"]:
            chart = _chart(world, summary, david, _made_up(summary))
            chart.dashboard_uuid, dashboard.charts[chart.uuid] = row["uuid"], None
            properties = {"savedChartUuid": chart.uuid}
            place = {"x": 0, "y": 0, "w": 18, "h": 9, "tabUuid": None}
            tiles.append({"uuid": world.new_uuid(), "type": "saved_chart", **place, "properties": properties})
    world.last_dashboard_version += 1
    none: Any = {"metrics": [], "dimensions": [], "tableCalculations": []}
    filters = whole["filters"] if row["uuid"] == whole["uuid"] else none
    version = DashboardVersion(world.last_dashboard_version, moment, david.uuid, tiles, [], filters)
    dashboard.versions.append(version)
    shown = (tile["properties"].get("savedChartUuid") for tile in tiles)
    dashboard.placed.update(uuid for uuid in shown if uuid)


def find_user(recordings: list[Recording], first_name: str) -> str:
    """The uuid under which a person appears in any recorded answer."""

    def walk(value: Any) -> str | None:
        if isinstance(value, dict):
            if value.get("firstName") == first_name and "userUuid" in value:
                return str(value["userUuid"])
            value = list(value.values())
        if isinstance(value, list):
            for one in value:
                found = walk(one)
                if found:
                    return found
        return None

    for recording in recordings:
        found = walk(recording.response)
        if found:
            return found
    raise LookupError(first_name)


def hire(
    world: World, recordings: list[Recording], name: tuple[str, str, str], token: str, role: str, org: str
) -> None:
    """Somebody who was created by requests that were not recorded, with a token."""
    email, first, last = name
    uuid = find_user(recordings, first)
    world.people[uuid] = Person(uuid, email, first, last, org, role, world.clock.now())
    world.token_rows[secret(token)] = Token(world.new_uuid(), secret(token), uuid, world.clock.now())


def add_first_group(world: World, recordings: list[Recording]) -> None:
    """The group that the demo organisation comes with; it shows up in the first list of groups."""
    row = results(recordings, 113)["data"][0]
    by = row["createdByUserUuid"]
    made = Group(row["uuid"], row["name"], row["organizationUuid"], row["createdAt"], by, by)
    world.groups[made.uuid] = made
