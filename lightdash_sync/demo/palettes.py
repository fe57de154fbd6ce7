"""Which colour palette a chart is drawn with: the nearest on the way up from it to the organisation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lightdash_sync.demo.state import DEFAULT_COLORS, Chart, Json, Space, World


def _above(world: World, space: Space) -> Iterator[Space]:
    yield space
    while space.parent_uuid is not None:
        space = world.spaces[space.parent_uuid]
        yield space


def _way_up(world: World, chart: Chart, space: Space) -> Iterator[tuple[str, Any]]:
    """What may have a palette, from the chart up: its type, and the thing itself."""
    yield "chart", chart
    if chart.dashboard_uuid:
        yield "dashboard", world.dashboards[chart.dashboard_uuid]
    for one in _above(world, space):
        yield "space", one
    yield "project", world.project_rows[space.project_uuid]


def resolved_palette(world: World, chart: Chart, space: Space) -> Json:
    """The palette of a chart in a space, and what it comes from (`resolvedColorPalette`)."""
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
