"""Answers of current versions where a licence is required but missing, and feature flags.

`World.licensed` has the answers of a server with a licence, by the path of the route.
"""

from __future__ import annotations

from typing import Any

from lightdash_standin.calls import Call, Route
from lightdash_standin.lists import paging
from lightdash_standin.refusals import Refusal, not_found
from lightdash_standin.state import Json

_P = "/api/v1/projects/{p}"
_EE = "/api/v1/ee/projects/{p}"
TREES = f"{_P}/dataCatalog/metrics/trees"
ROLES, ATTRIBUTES = "/api/v2/orgs/{o}/roles", "/api/v1/org/attributes"
_ROLES = ("viewer", "interactive_viewer", "editor", "developer", "admin")
# The missing service, and the paths that need it.
_SERVICES = {
    "appGenerateService": (
        f"{_EE}/apps", f"{_EE}/apps/visualizations", f"{_EE}/apps/chart-types", f"{_EE}/apps/{{slug}}",
        f"{_EE}/apps/{{slug}}/download", "/api/v1/ee/user/apps",
    ),
    "externalConnectionService": (f"{_EE}/external-connections",),
    "aiAgentService": (f"{_P}/aiAgents",),
    "projectHomepageService": (f"{_P}/homepage", f"{_P}/homepage/list", f"{_P}/announcements"),
    "serviceAccountService": ("/api/v1/service-accounts",),
    "aiAgentCoderService": (f"{_P}/code/aiAgents", f"{_P}/aiAgents/code"),
    "externalConnectionCoderService": (f"{_P}/code/externalConnections",),
}  # fmt: skip


def _refusing(service: str, path: str) -> Any:
    def refuse(call: Call) -> Any:
        if path in call.world.licensed:
            return call.world.licensed[path]
        text = f"Unable to initialize service '{service}' - no factory or provider."
        raise Refusal(422, "MissingConfigError", text)

    return refuse


def get_trees(call: Call) -> Json:
    """`GET /projects/{p}/dataCatalog/metrics/trees`: with pagination if a page is requested."""
    rows = call.world.licensed.get(TREES, [])
    size = call.one("pageSize")
    pages = {"pagination": paging(1, int(size), len(rows))} if size else {}
    return {"data": rows, **pages}


def get_roles(call: Call) -> list[Json]:
    """`GET /api/v2/orgs/{o}/roles`: Lightdash's own (without permissions), and those that people created."""
    roles = [{"roleUuid": name, "name": name.capitalize(), "ownerType": "system"} for name in _ROLES]
    return [*roles, *call.world.licensed.get(ROLES, [])]


def get_attributes(call: Call) -> list[Json]:
    """`GET /org/attributes`."""
    rows: list[Json] = call.world.licensed.get(ATTRIBUTES, [])
    return rows


def get_flag(call: Call) -> Json:
    """`GET /api/v2/feature-flag/{name}`: all are off, except those that a test switched on."""
    return {"id": call.params["name"], "enabled": call.params["name"] in call.world.flags}


def get_flags(_call: Call) -> Json:
    """`GET /api/v2/feature-flag`: for previews of Lightdash itself."""
    raise not_found("Feature flag management is only available in preview environments")


ROUTES = (
    Route("GET", TREES, get_trees, needs="dashboard_history"),
    Route("GET", ROLES, get_roles, needs="parameters"),
    Route("GET", ATTRIBUTES, get_attributes),
    *(
        Route("GET", path, _refusing(service, path), needs="current")
        for service, paths in _SERVICES.items()
        for path in paths
    ),
    Route("POST", f"{_P}/code/aiAgents", _refusing("aiAgentCoderService", ""), needs="current"),
    Route("PATCH", f"{_EE}/apps/{{slug}}/pinning", _refusing("appGenerateService", ""), needs="current"),
    Route("GET", "/api/v2/feature-flag/{name}", get_flag, needs="current"),
    Route("GET", "/api/v2/feature-flag", get_flags, needs="current"),
)
