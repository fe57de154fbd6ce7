"""Virtual views as code (`GET` and `POST /projects/{p}/code/virtualViews`, since 0.3375.0)."""

from __future__ import annotations

import re
from typing import Any

from lightdash_standin.access import can_in_project
from lightdash_standin.bodies import Rule, anything, errors_in, listing, number, one_of, text
from lightdash_standin.calls import Call, Route, project_of
from lightdash_standin.refusals import already_exists, bad_parameter, forbidden, invalid
from lightdash_standin.state import Json, Project
from lightdash_standin.virtual_views import is_virtual, store_virtual_view

_SLUG = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_RULES: dict[str, Rule] = {
    "parameters": anything, "columns": listing, "sql": text, "name": text, "slug": text, "version": number,
    "contentType": one_of("virtual_view"),
}  # fmt: skip


def check_view(body: Any) -> None:
    """Check the body of a virtual view as code."""
    if errors := errors_in(body, _RULES, at="virtualView"):
        raise invalid(errors)


def view_as_code(explore: Json) -> Json:
    """A virtual view as code, from its explore."""
    table = explore["tables"][explore["baseTable"]]
    own = (field for field in table["dimensions"].values() if "timeInterval" not in field)
    fields = sorted(own, key=lambda field: field["name"])
    return {
        "contentType": "virtual_view",
        "version": 1,
        "slug": explore["name"],
        "name": explore["label"],
        "sql": table["sqlTable"][1:-1],
        "columns": [{"reference": one["name"], "type": one["type"]} for one in fields],
        "parameters": explore.get("savedParameterValues"),
    }


def _views(project: Project) -> dict[str, Json]:
    return {name: view_as_code(one) for name, one in project.explores.items() if is_virtual(one)}


def get_views(call: Call) -> Json:
    """`GET /projects/{p}/code/virtualViews`."""
    project, slugs = project_of(call, may=None), call.all("slugs")
    if not can_in_project(call.world, call.person, "view", "ContentAsCode", project):
        raise forbidden("You are not allowed to download virtual views")
    views = _views(project)
    return {
        "virtualViews": [one for name, one in sorted(views.items()) if not slugs or name in slugs],
        "skipped": [],
        "missingSlugs": [slug for slug in slugs if slug not in views],
    }


def post_view(call: Call) -> Json:
    """`POST /projects/{p}/code/virtualViews/{slug}`: columns are removed by force only."""
    project, body, slug = project_of(call, may=None), call.body, call.params["slug"]
    if not can_in_project(call.world, call.person, "manage", "VirtualView", project):
        raise forbidden()
    if body["slug"] != slug:
        raise bad_parameter("Virtual view path and body slugs must match")
    if not _SLUG.fullmatch(slug):
        raise bad_parameter("Virtual view slug must be a canonical snake_case identifier")
    views = _views(project)
    if slug in project.explores and slug not in views:
        raise already_exists(f'An explore named "{slug}" already exists and cannot be adopted')
    before = views.get(slug)
    if before is not None and call.one("force") != "true":
        kept = {column["reference"] for column in body["columns"]}
        if lost := [one["reference"] for one in before["columns"] if one["reference"] not in kept]:
            told = ", ".join(lost)
            raise bad_parameter(f"Destructive virtual view column changes require force: {told}")
        said = {**body, "columns": sorted(body["columns"], key=lambda column: column["reference"])}
        if all(before[name] == said[name] for name in ("name", "sql", "columns", "parameters")):
            return {"action": "no changes"}
    sent = {**body, "parameterValues": body["parameters"]}
    store_virtual_view(call.world, project, slug, body["name"], sent)
    return {"action": "create" if before is None else "update"}


_NEEDS: dict[str, Any] = {"needs": "virtual_views_as_code"}
ROUTES = (
    Route("GET", "/api/v1/projects/{p}/code/virtualViews", get_views, **_NEEDS),
    Route("GET", "/api/v1/projects/{p}/virtualViews/code", get_views, **_NEEDS),
    Route("POST", "/api/v1/projects/{p}/code/virtualViews/{slug}", post_view, check_view, **_NEEDS),
    Route("POST", "/api/v1/projects/{p}/virtualViews/{slug}/code", post_view, check_view, **_NEEDS),
)
