"""What the embedded Lightdash can do in which version: facts about the real server.

Each name is a change of the server; the number is the first release that has it, as far as it is known. Some
changes were only seen on 1.219.0. This table is not that of the client, because the stand-in must not depend
on the tool that is tested against it.
"""

from __future__ import annotations

import re
from functools import cache

Version = tuple[int, int, int]

VERSIONS = ("0.1372.1", "0.2904.5", "1.219.0")  # versions whose recordings are replayed
SEEN: Version = (1, 219, 0)

SINCE: dict[str, Version] = {
    "promotion_keeps_slugs": (0, 1505, 2),
    "promotes_into_public_spaces": (0, 1385, 1),
    "content_as_code": (0, 1392, 0),
    "virtual_views_stay": (0, 1522, 2),
    "nested_spaces": (0, 1569, 0),
    "previews_have_virtual_views": (0, 1752, 1),
    "oauth_tokens": (0, 1834, 0),
    "promotes_by_path": (0, 1610, 1),
    "finds_inside_charts_once": (0, 2213, 3),
    "scheduler_list": (0, 1836, 0),
    "inherited_access": (0, 2619, 1),
    "dashboard_history": (0, 2450, 0),
    "promotes_sql_charts": (0, 2462, 0),
    "virtual_view_parameters": (0, 2728, 2),
    "promotes_into_unmanaged_spaces": (0, 2853, 1),
    "hidden_tabs": (0, 2904, 0),
    "checked_timezones": (0, 1440, 2),
    "yaml_tags": (0, 1465, 0),
    "equal_tag_names": (0, 1465, 0),
    "teams_targets": (0, 1563, 0),
    "service_accounts": (0, 1736, 0),
    "preview_results": (0, 1769, 2),
    "scheduler_pages": (0, 1836, 0),
    "whole_metric_lists": (0, 1865, 0),
    "sql_chart_slugs": (0, 2235, 0),
    "checked_targets": (0, 2277, 1),
    "validation_pages": (0, 2452, 0),
    "soft_delete": (0, 2457, 0),
    "single_validation": (0, 2537, 0),
    "google_chat_targets": (0, 2576, 0),
    "sql_chart_schedulers": (0, 2651, 0),
    "pdf_deliveries": (0, 2729, 0),
    "favorites": (0, 2889, 0),
    "validation_uuids": (0, 2872, 0),
    "dashboard_config": (0, 1410, 0),
    "parameters": (0, 1856, 3),
    "heading_tiles": (0, 2258, 0),
    "frameless_markdown": (0, 2260, 0),
    "verification": (0, 2655, 0),
    "chart_palettes": (0, 2889, 0),
    "moves_content": (0, 1616, 0),
    "tells_its_version": (0, 1408, 0),
    "tells_what_is_invalid": (0, 1428, 0),
    "keeps_tile_targets": (0, 1428, 0),
    "field_overrides": (0, 1432, 0),
    "random_slug_without_letters": (0, 1458, 1),
    "one_name_for_not_found": (0, 2280, 2),
    "json_for_unknown_endpoints": (0, 2024, 4),
    "orders_tiles": (0, 1869, 0),
    "lists_spaces_as_content": (0, 1750, 0),
    "slugs_in_paths": (0, 2070, 0),
    "columns_without_custom_sql": (0, 2144, 3),
    "copies_repeated_inside_charts": (0, 2352, 1),
    "inside_wins_over_space": (0, 2472, 1),
    "refuses_large_bodies": (0, 2542, 0),
    "project_dashboards": (0, 2624, 0),
    "breaks_views_of_dashboards": (0, 2904, 5),
    # --- after 0.2904.5
    "own_access_only": (1, 104, 0),  # a space has the caller's access; `.../access` that of all
    "app_deliveries": (0, 3307, 1),  # a delivery of a chart says that it is of no app
    "plain_text_emails": (1, 131, 0),
    "zone_of_charts": (0, 3138, 0),
    "merged_charts": (1, 145, 0),
    "code_paths": (0, 3406, 1),
    "spaces_as_code": (0, 3400, 0),
    "deliveries_as_code": (0, 3368, 0),
    "virtual_views_as_code": (0, 3375, 0),
    "whole_history": (0, 3007, 0),
    "tabs_hidden_or_not": (0, 3022, 2),
    "unique_slugs": (1, 4, 0),
    "slug_aliases": (1, 166, 0),
    "slugs_renamed": (1, 183, 0),
    "tab_slugs": (0, 3469, 0),
    "date_zoom_by_tile": (0, 3255, 0),
    "editors_write_code": (0, 3386, 0),
    "deletes_content": (1, 176, 0),
    "no_changesets": (0, 3363, 1),
    "current": SEEN,  # seen there; the first version is not known
}


@cache
def can(version: str, change: str) -> bool:
    """Whether a version has a change; one that is not a number counts as the newest."""
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    known = SEEN if numbers is None else (int(numbers[1]), int(numbers[2]), int(numbers[3]))
    return known >= SINCE[change]
