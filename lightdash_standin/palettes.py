"""Colour palettes of the organisation (`/org/color-palettes`), and which of them a chart uses.

A chart uses the nearest one on the way up from it to the organisation. Changing palettes needs a session, as
on the real server.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lightdash_standin.access import can
from lightdash_standin.accounts import DEFAULT_COLORS, ColorPalette
from lightdash_standin.bodies import check_palette, check_palette_patch
from lightdash_standin.calls import OK, Call, Route
from lightdash_standin.refusals import forbidden, not_found, unauthorized
from lightdash_standin.state import Chart, Json, Space, World


def _above(world: World, space: Space) -> Iterator[Space]:
    yield space
    while space.parent_uuid is not None:
        space = world.spaces[space.parent_uuid]
        yield space


def _way_up(world: World, chart: Chart | None, space: Space) -> Iterator[tuple[str, Any]]:
    """Everything that may have a palette, from the chart up: its type, and the object."""
    if chart is not None:
        yield "chart", chart
    if chart is not None and chart.dashboard_uuid:
        yield "dashboard", world.dashboards[chart.dashboard_uuid]
    for one in _above(world, space):
        yield "space", one
    yield "project", world.project_rows[space.project_uuid]


def resolved_palette(world: World, chart: Chart | None, space: Space) -> Json:
    """The palette of a chart in a space, and its origin; none for SQL charts."""
    org = world.orgs[world.project_rows[space.project_uuid].org_uuid]
    for type_, item in _way_up(world, chart, space):
        palette = org.palettes.get(item.color_palette_uuid or "")
        if palette is not None:
            return _told(palette, {"type": type_, "uuid": item.uuid, "name": item.name})
    active = org.palettes.get(org.active_palette_uuid or "")
    if active is not None:
        return _told(active, {"type": "organization", "uuid": org.uuid, "name": org.name})
    return {
        "colors": DEFAULT_COLORS,
        "darkColors": None,
        "paletteUuid": None,
        "paletteName": None,
        "source": {"type": "default"},
    }


def _told(palette: Any, source: Json) -> Json:
    return {
        "colors": palette.colors,
        "darkColors": palette.dark_colors,
        "paletteUuid": palette.uuid,
        "paletteName": palette.name,
        "source": source,
    }


def create_palette(
    world: World, org_uuid: str, name: str, colors: list[str], dark_colors: list[str] | None = None
) -> ColorPalette:
    """Store a palette."""
    palette = ColorPalette(world.new_uuid(), name, colors, dark_colors, world.clock.tick())
    world.orgs[org_uuid].palettes[palette.uuid] = palette
    return palette


def _read(palette: ColorPalette, org_uuid: str) -> Json:
    return {
        "colorPaletteUuid": palette.uuid,
        "organizationUuid": org_uuid,
        "name": palette.name,
        "colors": palette.colors,
        "darkColors": palette.dark_colors,
        "createdAt": palette.created_at,
    }


def get_palettes(call: Call) -> list[Json]:
    """`GET /org/color-palettes`: all of the organisation, and which one it uses."""
    org = call.world.orgs[call.person.org_uuid]
    return [
        {**_read(one, org.uuid), "isActive": one.uuid == org.active_palette_uuid}
        for one in org.palettes.values()
    ]


def _require_session(call: Call) -> None:
    """Refuse tokens, and people who do not manage the organisation."""
    if not call.by_cookie:
        raise unauthorized("Failed to authorize user")
    mine = call.person.org_uuid
    if not can(call.world, call.person, "manage", "Organization", org=mine, project=None):
        raise forbidden()


def _palette(call: Call) -> ColorPalette:
    palette = call.world.orgs[call.person.org_uuid].palettes.get(call.params["palette"])
    if palette is None:
        raise not_found(f"Color palette not found: {call.params['palette']}")
    return palette


def post_palette(call: Call) -> Json:
    """`POST /org/color-palettes` (201)."""
    _require_session(call)
    body = call.body
    made = create_palette(
        call.world, call.person.org_uuid, body["name"], body["colors"], body.get("darkColors")
    )
    return _read(made, call.person.org_uuid)


def patch_palette(call: Call) -> Json:
    """`PATCH /org/color-palettes/{palette}`."""
    _require_session(call)
    palette, body = _palette(call), call.body
    palette.name = body.get("name", palette.name)
    palette.colors = body.get("colors", palette.colors)
    palette.dark_colors = body.get("darkColors", palette.dark_colors)
    return _read(palette, call.person.org_uuid)


def remove_palette(call: Call) -> Any:
    """`DELETE /org/color-palettes/{palette}`: items that used it have none then."""
    _require_session(call)
    world, palette = call.world, _palette(call)
    org = world.orgs[call.person.org_uuid]
    del org.palettes[palette.uuid]
    if org.active_palette_uuid == palette.uuid:
        org.active_palette_uuid = None
    users: list[Any] = [
        *world.project_rows.values(), *world.spaces.values(), *world.charts.values(),
        *world.dashboards.values(),
    ]  # fmt: skip
    for one in users:
        if one.color_palette_uuid == palette.uuid:
            one.color_palette_uuid = None
    return OK


def activate(call: Call) -> Json:
    """`POST /org/color-palettes/{palette}/active`: the organisation uses it."""
    _require_session(call)
    palette = _palette(call)
    call.world.orgs[call.person.org_uuid].active_palette_uuid = palette.uuid
    return _read(palette, call.person.org_uuid)


_BASE = "/api/v1/org/color-palettes"
_NEEDS = "chart_palettes"
ROUTES = (
    Route("GET", _BASE, get_palettes, needs=_NEEDS),
    Route("POST", _BASE, post_palette, check_palette, status=201, needs=_NEEDS),
    Route("PATCH", _BASE + "/{palette}", patch_palette, check_palette_patch, needs=_NEEDS),
    Route("DELETE", _BASE + "/{palette}", remove_palette, needs=_NEEDS),
    Route("POST", _BASE + "/{palette}/active", activate, needs=_NEEDS),
)
