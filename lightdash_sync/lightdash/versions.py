"""What a server can do, by its version: the only module that looks at version numbers.

Releases named here are the first that contain a change. A server newer than any known version is treated like
the newest known one, with a warning; one older than 0.1372.1 is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.errors import SyncError

Version = tuple[int, int, int]

OLDEST: Version = (0, 1372, 1)
NEWEST: Version = (1, 219, 0)


@dataclass(frozen=True, slots=True)
class Capability:
    """Something that servers can do from some version on.

    Attributes:
        since: the first release that can.
        missing: what older servers lack, in words for `doctor`; empty if it does not matter to users.
    """

    since: Version
    missing: str = ""


CAPABILITIES: dict[str, Capability] = {
    "promotion_keeps_slugs": Capability(
        (0, 1505, 2), "promotion makes a new copy each time, because promoted items get a new slug"
    ),
    "promotes_into_public_spaces": Capability(
        (0, 1385, 1), "developers and editors may promote only where they are admins of the upstream space"
    ),
    "content_as_code": Capability((0, 1392, 0), "no bulk reading, and no writing of a chosen slug"),
    "virtual_views_stay": Capability(
        (0, 1522, 2), "an explore of dbt takes the place of a virtual view of its name when it is deployed"
    ),
    "charts_in_bulk": Capability(
        (0, 2904, 0), "charts are read one by one: pages of older servers are not known to be whole"
    ),
    "nested_spaces": Capability((0, 1569, 0), "no spaces inside spaces"),
    "previews_have_virtual_views": Capability(
        (0, 1752, 1), "preview projects lack the virtual views that their charts use"
    ),
    "oauth_tokens": Capability((0, 1834, 0), "no OAuth tokens"),
    "promotes_by_path": Capability(
        (0, 1610, 1), "promotion takes spaces with the same slug for the same, wherever they stand"
    ),
    "finds_inside_charts_once": Capability(
        (0, 2213, 3), "promotion stumbles over a chart inside a dashboard that two tiles show"
    ),
    "scheduler_list": Capability(
        (0, 1836, 0),
        "schedulers are listed by the delivery log only, which needs the editor role",
    ),
    "inherited_access": Capability((0, 2619, 1), "no access inherited from the space above"),
    "space_member_role": Capability((0, 2718, 0), "no role for all members of the project in a space"),
    "own_access_only": Capability((1, 104, 0)),  # a space has the caller's access only; code has everybody's
    "dashboard_history": Capability((0, 2450, 0), "no version history of dashboards"),
    "promotes_sql_charts": Capability((0, 2462, 0), "promotion leaves SQL charts behind"),
    "virtual_view_parameters": Capability((0, 2728, 2), "no values of parameters in virtual views"),
    "promotes_into_unmanaged_spaces": Capability(
        (0, 2853, 1), "promotion needs the role admin in the upstream space, even if nothing of it changes"
    ),
    "hidden_tabs": Capability((0, 2904, 0), "no hidden tabs in dashboards"),
    # --- schedulers, tags, catalogue, SQL charts, validation, tokens
    "yaml_tags": Capability((0, 1465, 0), "no tags that are defined in dbt"),
    "equal_tag_names": Capability((0, 1465, 0), "no two tags of one name"),
    "teams_targets": Capability((0, 1563, 0), "no deliveries to Microsoft Teams"),
    "xlsx_deliveries": Capability((0, 1717, 0), "no deliveries as Excel files"),
    "service_accounts": Capability((0, 1736, 0), "no service accounts"),
    "scheduler_pages": Capability((0, 1836, 0)),
    "validation_pages": Capability((0, 2452, 0)),
    "soft_delete": Capability((0, 2457, 0), "no restoring of deleted content"),
    "google_chat_targets": Capability((0, 2576, 0), "no deliveries to Google Chat"),
    # Charts and dashboards list only the caller's own deliveries, unless they may manage all; seen in
    # 1.219.0.
    "own_schedulers_only": Capability((0, 2904, 6)),
    "sql_chart_schedulers": Capability((0, 2651, 0), "no schedulers of SQL charts"),
    "pdf_deliveries": Capability((0, 2729, 0), "no deliveries as PDF alone"),
    "app_deliveries": Capability((0, 3307, 1)),  # each delivery has to say that it is of no app
    "direct_access": Capability((1, 255, 0)),
    "delivery_slugs": Capability((0, 3368, 0), "no slugs of scheduled deliveries"),
    "plain_text_emails": Capability((1, 131, 0), "no deliveries as plain text e-mails"),
    "dashboard_config": Capability((0, 1410, 0), "no configuration of dashboards"),
    "parameters": Capability((0, 1856, 3), "no parameters of charts and dashboards"),
    "heading_tiles": Capability((0, 2258, 0), "no heading tiles"),
    "frameless_markdown": Capability((0, 2260, 0), "no Markdown tiles without a frame"),
    "verification": Capability((0, 2655, 0), "no verified charts and dashboards"),
    "chart_palettes": Capability((0, 2889, 0), "no colour palettes of charts"),
    "moves_content": Capability((0, 1616, 0), "no moving of spaces"),
    "chosen_slugs": Capability(
        (0, 2235, 0), "what is created gets a slug of its own, so promotion does not find it by the source's"
    ),
    "wider_operators": Capability((0, 1735, 0), "no filters with `not in between`"),
    "treemaps": Capability((0, 1843, 0), "no treemaps"),
    "nulls_first": Capability((0, 1935, 0), "no choice of where a sort puts what is empty"),
    "attached_deliveries": Capability((0, 1950, 0), "no deliveries as attachments"),
    "calculation_templates": Capability((0, 2047, 0), "no table calculations from templates"),
    "gauges": Capability((0, 2181, 0), "no gauges"),
    "maps": Capability((0, 2209, 0), "no maps"),
    "period_over_period": Capability((0, 2385, 0), "no metrics that compare with an earlier period"),
    "custom_groups": Capability((0, 2582, 0), "no groups of values as custom dimensions"),
    "sankeys": Capability((0, 2586, 0), "no Sankey charts"),
    "to_date_operators": Capability((0, 2731, 0), "no filters with `in period to date`"),
    "formula_calculations": Capability((0, 2740, 0), "no formulas in table calculations"),
    "pivoted_exports": Capability((0, 2924, 1), "no choice whether deliveries pivot what they send"),
    "locked_filters": Capability((0, 2958, 0), "no filters that are locked on tabs of dashboards"),
    "date_zoom_controls": Capability((0, 3248, 0), "no date zoom by controls for some tiles"),
    "filter_groups": Capability((1, 26, 0), "no groups of filters of which one is required"),
    # Seen on 1.219.0; the first version is not known.
    "filters_with_null": Capability((1, 219, 0), "no filters that let through what is empty besides values"),
    "pages_by_tab": Capability((1, 219, 0), "no deliveries with a page for each tab"),
    "merged_charts": Capability((1, 145, 0), "no merged charts"),
    "project_timezones": Capability((0, 3138, 0), "no charts that follow the time zone of the project"),
    "whole_history": Capability(
        (0, 3007, 0), "earlier versions are told of the last days only (three, unless it is set otherwise)"
    ),
    "data_app_charts": Capability((0, 3280, 0), "no charts of types that data apps draw"),
    "pivoted_rows": Capability((0, 3470, 0), "no choice of what is a row in pivoted charts"),
    "virtual_views_as_code": Capability((0, 3375, 0)),
    "code_paths": Capability((0, 3406, 1)),
    "chart_slug_aliases": Capability((1, 166, 0)),
    "semantic_layer_gone": Capability(
        (0, 1767, 0), "tiles that show charts of the semantic layer, which newer versions do not have"
    ),
    # Form of answers, and what is refused; users do not notice these.
    "field_overrides": Capability((0, 1432, 0)),
    "json_for_unknown_endpoints": Capability((0, 2024, 4)),
    "columns_without_custom_sql": Capability((0, 2144, 3)),
    "tab_slugs": Capability((0, 3469, 0)),
}


@dataclass(frozen=True, slots=True)
class Server:
    """A Lightdash server of some version.

    Attributes:
        version: as returned by `/health`, such as `0.1372.1`.
    """

    version: str

    def can(self, capability: str) -> bool:
        """Whether it has one of `CAPABILITIES`."""
        return self._numbers() >= CAPABILITIES[capability].since

    def tells_history(self, kind: Kind) -> bool:
        """Whether it has earlier versions of a kind of content."""
        history = KINDS[kind].history
        return history is not None and (not history.capability or self.can(history.capability))

    def may_have_aliases(self, kind: Kind) -> bool:
        """Whether an item of a kind may be found by a slug that it had before it was renamed.

        For charts the first version with that is known. A server newer than any known version may do so for
        other kinds, too.
        """
        return self.can("chart_slug_aliases") if kind is Kind.CHART else self.is_newer_than_known()

    @property
    def cannot(self) -> frozenset[str]:
        """The names of those of `CAPABILITIES` that it does not have."""
        return frozenset(name for name in CAPABILITIES if not self.can(name))

    def lacks(self) -> list[str]:
        """Return descriptions of what newer servers can do but this one cannot."""
        return [one.missing for name, one in CAPABILITIES.items() if one.missing and not self.can(name)]

    def is_newer_than_known(self) -> bool:
        """Whether it is newer than any version that this tool was tested with."""
        return self._numbers() > NEWEST

    def require_supported(self) -> None:
        """Refuse a server that is too old.

        Raises:
            SyncError: it is older than 0.1372.1.
        """
        if self._numbers() < OLDEST:
            raise SyncError(
                f"Lightdash {self.version} is too old: 0.1372.1 is the first version that is supported",
                hint="Upgrade Lightdash first.",
            )

    def _numbers(self) -> Version:
        """Return the numbers; a version without numbers is a custom build, taken for the newest known one."""
        numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", self.version)
        return NEWEST if numbers is None else (int(numbers[1]), int(numbers[2]), int(numbers[3]))
