"""Virtual views: explores that somebody wrote in SQL (`/projects/{p}/sqlRunner/virtual-view...`).

All versions have the same traps: a name is looked up in snake case and stored as it was sent, so another
spelling of it replaces an existing one; a change replaces any explore, even one of dbt, and answers 200 if
there is none; a delete always answers 200.
"""

from __future__ import annotations

import re
from typing import Any

from lightdash_standin.access import can_in_project
from lightdash_standin.bodies import anything, errors_in, listing, one_of, text
from lightdash_standin.calls import OK, Call, Route, project_of
from lightdash_standin.refusals import already_exists, forbidden, invalid
from lightdash_standin.state import Json, Project, World

VIRTUAL = "virtual"
_TYPES = ("string", "number", "timestamp", "date", "boolean")
_WORDS = re.compile(r"[A-Z][a-z]+|[a-z]+|[0-9]+[a-z]+|[0-9]+|[A-Z]+")


def is_virtual(explore: Json) -> bool:
    """Whether an explore is a virtual view."""
    return explore.get("type") == VIRTUAL


def with_virtual_views(world: World, project: Project, explores: dict[str, Json]) -> dict[str, Json]:
    """Return compiled explores with the project's virtual views, which every compile keeps.

    If both have the same name, the virtual view stays on current versions, and is lost on 0.1372.1.
    """
    views = {name: explore for name, explore in project.explores.items() if is_virtual(explore)}
    return {**explores, **views} if world.can("virtual_views_stay") else {**views, **explores}


def check_virtual_view(body: Any) -> None:
    """Check the body of a virtual view."""
    errors = errors_in(body, {"name": text, "sql": text, "columns": listing}, {"parameterValues": anything})
    if not errors:
        for position, column in enumerate(body["columns"]):
            at = f"columns.${position}"
            errors |= errors_in(column, {"reference": text}, {"type": one_of(*_TYPES)}, at=at)
    if errors:
        raise invalid(errors)


def post_virtual_view(call: Call) -> Json:
    """`POST .../sqlRunner/virtual-view`."""
    project = _writable(call)
    name = call.body["name"]
    if _snake(name) in project.explores:
        raise already_exists("Virtual view with this name already exists")
    label = call.body.get("label") if call.world.can("current") else None
    _store(call, project, name, label or _friendly(name))
    return {"name": name}


def put_virtual_view(call: Call) -> Json:
    """`PUT .../sqlRunner/virtual-view/{name}`: replace SQL and columns; the name in the body is the label."""
    project, name = _writable(call), call.params["name"]
    if name in project.explores:
        _store(call, project, name, call.body["name"] or _friendly(name))
    return {"name": name}


def remove_virtual_view(call: Call) -> Any:
    """`DELETE .../sqlRunner/virtual-view/{name}`: charts that use it stay, and fail."""
    project, name = _writable(call), call.params["name"]
    if is_virtual(project.explores.get(name, {})):
        del project.explores[name]
    return OK


def _writable(call: Call) -> Project:
    project = project_of(call, may=None)
    if not can_in_project(call.world, call.person, "manage", "VirtualView", project):
        raise forbidden()
    return project


def _store(call: Call, project: Project, name: str, label: str) -> None:
    store_virtual_view(call.world, project, name, label, call.body)


def store_virtual_view(world: World, project: Project, name: str, label: str, body: Json) -> None:
    """Store an explore with the SQL and columns of a body."""
    database = project.warehouse_connection.get("type", "postgres")
    dimensions = {
        column["reference"]: {
            "name": column["reference"], "label": _friendly(column["reference"]),
            "type": column.get("type", "string"), "table": name, "fieldType": "dimension",
            "sql": f'"{column["reference"]}"', "tableLabel": _friendly(name), "hidden": False,
            "compiledSql": f'"{column["reference"]}"', "tablesReferences": [name],
            **({"isIntervalBase": column.get("type") in _INTERVALS} if world.can("current") else {}),
        }
        for column in sorted(body["columns"], key=lambda one: (len(one["reference"]), one["reference"]))
    }  # fmt: skip
    if world.can("current"):
        dimensions |= _intervals(dimensions)
    values = body.get("parameterValues") if world.can("virtual_view_parameters") else None
    used = {key: value for key, value in (values or {}).items() if f".{key}}}" in body["sql"]}
    project.explores[name] = {
        "name": name, "tags": [], "type": VIRTUAL, "label": label, "baseTable": name, "joinedTables": [],
        "targetDatabase": database,
        "tables": {
            name: {
                "name": name, "label": label, "schema": "", "metrics": {}, "database": database,
                "sqlTable": f"({body['sql']})", "dimensions": dimensions,
                "lineageGraph": {"edges": [], "nodes": []},
            }
        },
        **({"savedParameterValues": used} if used else {}),
    }  # fmt: skip


_DATES = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
_INTERVALS = {"date": _DATES, "timestamp": ("RAW", *_DATES)}


def _intervals(dimensions: dict[str, Json]) -> dict[str, Json]:
    """The dimensions that the server derives from each date."""
    return {
        name: {
            **one, "name": name, "label": f"{one['label']} {interval.lower()}", "isIntervalBase": False,
            "type": one["type"] if interval == "RAW" else "date", "timeInterval": interval,
            "timeIntervalBaseDimensionName": base, "timeIntervalBaseDimensionType": one["type"],
        }
        for base, one in dimensions.items()
        for interval in _INTERVALS.get(one["type"], ())
        if (name := f"{base}_{interval.lower()}") not in dimensions
    }  # fmt: skip


def _snake(name: str) -> str:
    words = re.split(r" |\B(?=[A-Z])", re.sub(r"\W+", " ", name, flags=re.ASCII))
    return "_".join(word.lower() for word in words)


def _friendly(name: str) -> str:
    joined = " ".join(_WORDS.findall(name)).lower()
    return joined[:1].upper() + joined[1:]


_BASE = "/api/v1/projects/{p}/sqlRunner/virtual-view"
ROUTES = (
    Route("POST", _BASE, post_virtual_view, check_virtual_view),
    Route("PUT", _BASE + "/{name}", put_virtual_view, check_virtual_view),
    Route("DELETE", _BASE + "/{name}", remove_virtual_view),
)
