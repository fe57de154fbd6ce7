"""A request as a handler sees it, the routes, and the checks that several handlers share.

A handler takes a `Call` and returns the `results` of the answer (or `OK` for an answer without results), or
raises a `Refusal`. `app` makes a route of Starlette of each `Route`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from lightdash_sync.demo.access import can_in_project, can_in_space
from lightdash_sync.demo.refusals import forbidden, not_existing, not_found, went_wrong
from lightdash_sync.demo.state import Chart, Dashboard, Person, Project, Space, World

_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
FREE_TEXT = frozenset({"table", "field", "slug", "explore", "words", "name", "job"})


class Ok:
    """The answer without results: `{"status": "ok"}`."""


OK = Ok()


@dataclass
class Call:
    """One request: who asks, what is in the path, the query and the body."""

    world: World
    request: Request
    params: dict[str, str]
    body: Any
    asker: Person | None
    by_cookie: bool = False
    cookie: str | None = None

    @property
    def person(self) -> Person:
        """The asker, on routes that demand one."""
        if self.asker is None:
            raise went_wrong()
        return self.asker

    def one(self, name: str) -> str | None:
        """A query parameter, the first if it is repeated."""
        return next(iter(self.all(name)), None)

    def all(self, name: str) -> list[str]:
        """All values of a query parameter."""
        return self.request.query_params.getlist(name)


Handler = Callable[[Call], Any]
Check = Callable[[Any], None]


@dataclass(frozen=True)
class Route:
    """One endpoint.

    Attributes:
        method: the HTTP method.
        path: the path with parameters in braces.
        handler: what answers.
        check: validates the body first (endpoints that validate answer 422, the others run into a 500).
        status: the status code of success.
        public: true if it can be asked without credentials.
        creates: true if it makes a slug, and so can race with itself.
        needs: the capability without which a version does not have it; "" for 0.1372.1's.
    """

    method: str
    path: str
    handler: Handler
    check: Check | None = None
    status: int = 200
    public: bool = False
    creates: bool = False
    needs: str = ""


def is_uuid(value: object) -> bool:
    """Whether PostgreSQL would take this for a uuid."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def check_params(params: dict[str, str]) -> None:
    """Refuse malformed uuids in the path as the database does: with a 500."""
    for name, value in params.items():
        if name not in FREE_TEXT and not is_uuid(value):
            raise went_wrong()


def need(body: Any, name: str, kind: type | tuple[type, ...] | None = None) -> Any:
    """A value that the server takes for granted; without it, it runs into an exception (500)."""
    if not isinstance(body, dict) or body.get(name) is None:
        raise went_wrong()
    value = body[name]
    if kind is not None and not isinstance(value, kind):
        raise went_wrong()
    return value


def project_of(call: Call, *, may: tuple[str, str] | None = ("view", "Project")) -> Project:
    """The project named in the path.

    Raises:
        Refusal: 404 NotExistsError if there is none, 403 if the asker may not do `may` (action, subject) in
            it.
    """
    uuid = call.params["p"]
    project = call.world.project_rows.get(uuid)
    if project is None:
        raise not_existing(f"Cannot find project with id: {uuid}")
    if may is not None and not can_in_project(call.world, call.person, *may, project):
        raise forbidden()
    return project


def space_of_chart(world: World, chart: Chart) -> Space:
    """The space that a chart is in, directly or through its dashboard."""
    if chart.space_uuid is not None:
        return world.spaces[chart.space_uuid]
    return world.spaces[world.dashboards[chart.dashboard_uuid or ""].space_uuid]


def chart_of(world: World, uuid: str) -> Chart:
    """The chart with this uuid.

    Raises:
        Refusal: 404 "Saved query not found".
    """
    chart = world.charts.get(uuid)
    if chart is None:
        raise not_found("Saved query not found")
    return chart


def dashboard_of(world: World, uuid: str) -> Dashboard:
    """The dashboard with this uuid.

    Raises:
        Refusal: 404 "Dashboard not found".
    """
    dashboard = world.dashboards.get(uuid)
    if dashboard is None:
        raise not_found("Dashboard not found")
    return dashboard


def require_in_space(call: Call, action: str, subject: str, space: Space, message: str | None = None) -> None:
    """Refuse with 403 unless the asker may do the action in this space."""
    if not can_in_space(call.world, call.person, action, subject, space):
        raise forbidden(message) if message else forbidden()


def first_space(world: World, person: Person, project: Project) -> Space | None:
    """The first space of a project that is public, or in which the person has a direct grant."""
    for uuid in project.spaces:
        space = world.spaces[uuid]
        if not space.is_private or person.uuid in space.access:
            return space
    return None
