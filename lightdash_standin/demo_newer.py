"""Additional content of the demo's production project on a newer Lightdash.

Nested spaces, one of which does not inherit; a chart with parameters and one with a palette of its own; a
dashboard with a heading, a hidden tab, configuration and parameters; and content that admins have verified.
"""

from __future__ import annotations

from lightdash_standin import demo_charts
from lightdash_standin.palettes import create_palette
from lightdash_standin.state import Chart, Dashboard, Json, Space, Verification
from lightdash_standin.studio import NO_FILTERS, Studio

CONFIG: Json = {"isDateZoomDisabled": False, "isAddFilterDisabled": True, "pinnedParameters": ["currency"]}
PARAMETERS: Json = {"currency": {"parameterName": "currency", "value": "SEK"}}
ROAST = ["#3b2219", "#6f4e37", "#a67b5b", "#c4a484", "#e6d5c3"]


def _fill_regions(studio: Studio, sales: Space) -> Dashboard:
    """Create spaces below one of the first ones, each with a chart, and a dashboard with both charts."""
    regions = studio.space("Regions", owner="editor", above=sales)
    north = studio.space("North", owner="second_editor", above=regions, private=True, viewer="viewer")
    regions.member_role = "viewer"
    studio.grant_group(north, "Finance", "editor")
    body = demo_charts.simple_chart("Revenue by region", dimension="channel", metric="total_revenue")
    everywhere = studio.chart({**body, "parameters": {"currency": "SEK"}}, regions)
    body = demo_charts.simple_chart("Orders in the north", dimension="status", metric="order_count")
    in_north = studio.chart(body, north, "second_editor")
    palette = create_palette(studio.world, studio.project.org_uuid, "Roast", ROAST)
    in_north.color_palette_uuid = palette.uuid
    return _region_dashboard(studio, regions, everywhere, in_north)


def _region_dashboard(studio: Studio, space: Space, *charts: Chart) -> Dashboard:
    dashboard = studio.dashboard("Regions", space, "Where the coffee goes.")
    tabs = studio.tabs("Everywhere", "Drafts")
    tabs[1]["hidden"] = True
    tiles = [
        studio.tile("heading", (0, 0, 36, 1), {"text": "All regions", "showDivider": True}, tabs[0]),
        studio.chart_tile(charts[0], (0, 1, 18, 9), tabs[0]),
        studio.chart_tile(charts[1], (18, 1, 18, 9), tabs[0]),
        studio.tile(
            "markdown", (0, 0, 18, 4), {"title": "", "content": "To be done", "hideFrame": True}, tabs[1]
        ),
    ]
    studio.arrange(dashboard, tiles, tabs, NO_FILTERS, config=CONFIG, parameters=PARAMETERS)
    return dashboard


def _verify(studio: Studio, item: Chart | Dashboard) -> None:
    world, admin = studio.world, studio.people["second_admin"].uuid
    item.verification = Verification(world.new_uuid(), admin, world.clock.tick())


def fill_newer(studio: Studio, sales: Space, revenue: Chart) -> None:
    """Add content that only newer versions support.

    Args:
        studio: the studio of the production project.
        sales: the space that the new ones are in.
        revenue: a chart that an admin has verified.
    """
    _verify(studio, _fill_regions(studio, sales))
    _verify(studio, revenue)
