"""Requests as handlers see them, the routes, and the checks that several handlers share.

A handler takes a `Call` and returns the `results` of the answer (or `OK` for an answer without results), or
raises a `Refusal`. `app` finds the `Route` of each request.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.requests import Request

from lightdash_standin.access import can_in_project, can_in_space
from lightdash_standin.accounts import Person
from lightdash_standin.refusals import Refusal, forbidden, not_existing, not_found, went_wrong
from lightdash_standin.state import Chart, Dashboard, Project, Space, World

Named = TypeVar("Named", Chart, Dashboard)

_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
FREE_TEXT = frozenset({"table", "field", "slug", "explore", "words", "name", "job"})


class Ok:
    """The answer without results: `{"status": "ok"}`."""


OK = Ok()


@dataclass
class Call:
    """One request: caller, path, query and body."""

    world: World
    request: Request
    params: dict[str, str]
    body: Any
    asker: Person | None
    by_cookie: bool = False
    cookie: str | None = None

    @property
    def person(self) -> Person:
        """The caller, on routes that require one."""
        if self.asker is None:
            raise went_wrong()
        return self.asker

    def one(self, name: str) -> str | None:
        """A query parameter; the first value if it is repeated."""
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
        handler: answers the request.
        check: validates the body first (endpoints that validate answer 422, the others run into a 500).
        status: the status code of success.
        public: whether it needs no credentials.
        creates: whether it creates a slug, and so can race with itself.
        needs: the capability that a version needs to have it; "" for endpoints of 0.1372.1.
        slugs: whether newer versions accept a slug for the `u` in the path as well.
        newer_check: the validation in newer versions: the capability that introduced it, and the check.
        current_check: the same for even newer ones.
        until: the capability that removed it; "" if it still exists.
        slugs_since: the capability that introduced slugs.
    """

    method: str
    path: str
    handler: Handler
    check: Check | None = None
    status: int = 200
    public: bool = False
    creates: bool = False
    needs: str = ""
    slugs: bool = False
    newer_check: tuple[str, Check] | None = None
    current_check: tuple[str, Check] | None = None
    slugs_since: str = "slugs_in_paths"
    until: str = ""

    def check_in(self, world: World) -> Check | None:
        """The validation of the body in the version of this world."""
        if self.current_check is not None and world.can(self.current_check[0]):
            return self.current_check[1]
        if self.newer_check is not None and world.can(self.newer_check[0]):
            return self.newer_check[1]
        return self.check


def is_uuid(value: object) -> bool:
    """Whether PostgreSQL accepts this as a uuid."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def check_params(params: dict[str, str], *, slugs: bool = False) -> None:
    """Refuse malformed uuids in the path like the database: with a 500.

    Args:
        params: the parameters in the path.
        slugs: whether `u` may be a slug, too.
    """
    for name, value in params.items():
        if name not in FREE_TEXT and not is_uuid(value) and not (slugs and name == "u"):
            raise went_wrong()


def need(body: Any, name: str, kind: type | tuple[type, ...] | None = None) -> Any:
    """A value that the server relies on without a check; a missing one is an exception there (500)."""
    if not isinstance(body, dict) or body.get(name) is None:
        raise went_wrong()
    value = body[name]
    if kind is not None and not isinstance(value, kind):
        raise went_wrong()
    return value


def project_of(call: Call, *, may: tuple[str, str] | None = ("view", "Project")) -> Project:
    """The project in the path.

    Raises:
        Refusal: 404 NotExistsError if there is none, 403 if the caller may not do `may` (action, subject) in
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


def known_space(world: World, uuid: object) -> Space:
    """The space that a body names.

    Raises:
        Refusal: 404 if there is none, 500 if it is not a uuid.
    """
    if not is_uuid(uuid):
        raise went_wrong()
    space = world.spaces.get(str(uuid))
    if space is None and world.can("inherited_access"):
        raise not_found(f"Couldn't find access context for space {uuid}")
    if space is None:
        raise not_found(f"Space with spaceUuid {uuid} does not exist")
    return space


def chart_named(call: Call) -> Chart:
    """The chart in the path, by its uuid or, in newer versions, its slug; of several the last changed one.

    Raises:
        Refusal: 404 "Saved query not found".
    """
    world = call.world
    if not world.can("slugs_in_paths"):
        return chart_of(world, call.params["u"])
    found = _last_changed(call, world.charts, lambda one: space_of_chart(world, one))
    if found is None:
        raise not_found("Saved query not found")
    return found


def dashboard_named(call: Call, *, anywhere: bool = False) -> Dashboard:
    """The dashboard in the path, by its uuid or, in newer versions, its slug; see `chart_named`.

    Args:
        call: the request.
        anywhere: whether a slug is looked up in all projects, whichever the request names.

    Raises:
        Refusal: 404 "Dashboard not found".
    """
    world = call.world
    if not world.can("slugs_in_paths"):
        return dashboard_of(world, call.params["u"])
    found = _last_changed(call, world.dashboards, lambda one: world.spaces[one.space_uuid], anywhere=anywhere)
    if found is None:
        raise not_found("Dashboard not found")
    return found


def _last_changed(
    call: Call,
    rows: dict[str, Named],
    space_of: Callable[[Named], Space],
    *,
    anywhere: bool = False,
) -> Named | None:
    """The item with the uuid or slug in the path, in the project that the request names, if it names one."""
    key, project = call.params["u"], None if anywhere else _project_of_slug(call)
    found = [
        one
        for one in ([rows[key]] if key in rows else rows.values())
        if _is_called(one, key) and project in (None, space_of(one).project_uuid)
    ]
    return max(found, key=lambda one: one.version.created_at, default=None)


def _is_called(item: Chart | Dashboard, key: str) -> bool:
    """Whether an item has a uuid or slug, or had the slug before."""
    return key in (item.uuid, item.slug) or (isinstance(item, Chart) and key in item.aliases)


def _project_of_slug(call: Call) -> str | None:
    """The project in which a slug is looked up: that in the path or in the query; none for all."""
    uuid = call.params.get("p") or call.one("projectUuid")
    if uuid is not None and not is_uuid(uuid):
        raise went_wrong()
    return uuid


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
    """Refuse with 403 unless the caller may do the action in this space."""
    if not can_in_space(call.world, call.person, action, subject, space):
        raise forbidden(message) if message else forbidden()


def first_space(world: World, person: Person, project: Project) -> Space | None:
    """The space for an item whose request names none; none if there is no such space.

    That is the first space that is public, or in which the person has a direct grant; in newer versions, the
    first one at the root that they may see.
    """
    for space in (world.spaces[uuid] for uuid in project.spaces):
        if world.can("inherited_access"):
            if space.parent_uuid is None and can_in_space(world, person, "view", "Space", space):
                return space
        elif not space.is_private or person.uuid in space.access:
            return space
    return None


def no_space(world: World, project_uuid: str) -> Refusal:
    """The error for creating an item without naming a space if no space is visible."""
    if world.can("inherited_access"):
        return not_found(f"No viewable space found for project {project_uuid}")
    return not_found(f"No space found for project with id: {project_uuid}")
