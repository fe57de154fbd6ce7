"""What newer versions of Lightdash can hold and older ones cannot: one table, by names of capabilities.

A *field* is a value that a server with the capability shows in a certain way where nothing is set, and one
without does not know. A *feature* is something that a content has or has not; what becomes of it where the
server lacks the capability is its *fate*. What is done with both is in `held`; palettes and verification are
seen to in modules of these names. Sources: api-facts section 15, the answers and the tables of 0.1372.1,
0.2904.5 and 1.219.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import Json, JsonObject, objects
from lightdash_sync.model.changes.change import ABSENT, Value
from lightdash_sync.model.changes.look import held, inside, text
from lightdash_sync.model.changes.phrases import merged_queries
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.shown import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EACH = "*"  # in a path: each element of a list


class Fate(StrEnum):
    """What becomes of a feature on a server that lacks it."""

    LEFT_OUT = "left out"
    IDLE = "kept, without effect"
    BROKEN = "stored, and does not work"
    REFUSED = "refused"


@dataclass(frozen=True)
class Field:
    """A value that came with a capability.

    Attributes:
        kind: of the items that have it.
        at: names that lead to the objects that hold it; `EACH` for the elements of a list.
        name: of the field.
        needs: the capability.
        unset: how a server that has it shows that nothing is set; ABSENT if it does not show it then.
        words: what it is, for people; "" if a feature tells of it.
    """

    kind: Kind
    at: tuple[str, ...]
    name: str
    needs: str
    unset: Value = ABSENT
    words: str = ""


@dataclass(frozen=True)
class Feature:
    """Something that a content may have.

    Attributes:
        kind: of the items that may have it.
        code: stays the same from version to version.
        needs: the capability; or, with `ends`, the one that takes it away.
        fate: what becomes of it without.
        find: yields each occurrence, in words.
        strip: returns the content without it, where it is left out.
        ends: whether it is the newer servers that cannot hold it.
    """

    kind: Kind
    code: str
    needs: str
    fate: Fate
    find: Callable[[JsonObject], Iterator[str]]
    strip: Callable[[JsonObject], JsonObject] | None = None
    ends: bool = False


_QUERY = ("metricQuery",)
_METRICS = ("metricQuery", "additionalMetrics", EACH)
_OVERRIDES = "the formats and names that it sets for fields itself"
_PARAMETERS = "its parameters"
_READERS_ZONE = "user_timezone"
# The zones that a chart can have since 0.3138.0. Any other becomes the project's when it is written.
CHART_ZONES = frozenset(
    {
        "America/Anchorage", "America/Buenos_Aires", "America/Chicago", "America/Denver",
        "America/Los_Angeles", "America/New_York", "America/Noronha", "America/Santo_Domingo",
        "America/St_Johns", "Asia/Bangkok", "Asia/Dhaka", "Asia/Dubai", "Asia/Karachi", "Asia/Kathmandu",
        "Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo", "Atlantic/Cape_Verde", "Australia/Brisbane",
        "Australia/Eucla", "Australia/Sydney", "Europe/Athens", "Europe/London", "Europe/Moscow",
        "Europe/Paris", "Pacific/Apia", "Pacific/Auckland", "Pacific/Honolulu", "Pacific/Kiritimati",
        "Pacific/Marquesas", "Pacific/Noumea", "Pacific/Pago_Pago", "UTC",
    }
)  # fmt: skip

FIELDS: tuple[Field, ...] = (
    Field(
        Kind.SPACE, (), "projectMemberAccessRole", "space_member_role", None,
        "the role that all members of the project have in it",
    ),
    Field(Kind.CHART, (), "parameters", "parameters", ABSENT, _PARAMETERS),
    Field(Kind.CHART, _QUERY, "metricOverrides", "field_overrides", ABSENT, _OVERRIDES),
    Field(Kind.CHART, _QUERY, "dimensionOverrides", "field_overrides", ABSENT, _OVERRIDES),
    Field(Kind.CHART, (), "merge", "merged_charts"),
    Field(Kind.CHART, ("pivotConfig",), "rows", "pivoted_rows", ABSENT, "which fields are rows of its pivot"),
    Field(
        Kind.CHART, (*_QUERY, "sorts", EACH), "nullsFirst", "nulls_first", ABSENT,
        "where its sorts put what is empty",
    ),
    Field(Kind.CHART, (*_QUERY, "customDimensions", EACH), "customGroups", "custom_groups"),
    Field(Kind.CHART, _METRICS, "generationType", "period_over_period"),
    Field(Kind.CHART, _METRICS, "baseMetricId", "period_over_period"),
    Field(Kind.CHART, _METRICS, "timeDimensionId", "period_over_period"),
    Field(Kind.CHART, _METRICS, "granularity", "period_over_period"),
    Field(Kind.CHART, _METRICS, "periodOffset", "period_over_period"),
    Field(
        Kind.DASHBOARD, (), "config", "dashboard_config", None,
        "its settings of date zoom, filters and parameters",
    ),
    Field(Kind.DASHBOARD, (), "parameters", "parameters", ABSENT, _PARAMETERS),
    Field(
        Kind.DASHBOARD, ("tabs", EACH), "hidden", "hidden_tabs", False,
        "that tabs are hidden (whoever sees the dashboard will see them)",
    ),
    Field(
        Kind.DASHBOARD, ("tiles", EACH, "properties"), "hideFrame", "frameless_markdown", False,
        "that Markdown has no frame",
    ),
    Field(Kind.SCHEDULER, (), "parameters", "parameters", ABSENT, _PARAMETERS),
    Field(
        Kind.SCHEDULER, (), "plainTextEmail", "plain_text_emails", ABSENT,
        "that its e-mails are plain text",
    ),
    Field(Kind.TAG, (), "yamlReference", "yaml_tags", None, "that the dbt project defines it"),
)  # fmt: skip


def _chart_type(name: str) -> Callable[[JsonObject], Iterator[str]]:
    def find(chart: JsonObject) -> Iterator[str]:
        if text(chart, "chartConfig", "type") == name:
            yield f"a chart of the type {name}"

    return find


def _calculated(field: str, words: str) -> Callable[[JsonObject], Iterator[str]]:
    def find(chart: JsonObject) -> Iterator[str]:
        for one in held(chart, "metricQuery", "tableCalculations"):
            if inside(one, field) is not None:
                yield f"the table calculation {shown(text(one, 'name'))}, which is {words}"

    return find


def _merged(chart: JsonObject) -> Iterator[str]:
    if inside(chart, "merge") is not None:
        yield f"the merge with {merged_queries(inside(chart, 'merge'))}"


def _zone_of_readers(chart: JsonObject) -> Iterator[str]:
    if text(chart, "metricQuery", "timezone") == _READERS_ZONE:
        yield "that its times are those of the time zone of whoever looks"


def _zone_unknown(chart: JsonObject) -> Iterator[str]:
    zone = text(chart, "metricQuery", "timezone")
    if zone and zone != _READERS_ZONE and zone not in CHART_ZONES:
        yield f"the time zone {shown(zone)} (times will be those of the project's zone)"


def _without_zone(chart: JsonObject) -> JsonObject:
    query = chart.get("metricQuery")
    if not isinstance(query, dict):
        return chart
    return chart | {"metricQuery": {name: value for name, value in query.items() if name != "timezone"}}


def _custom_groups(chart: JsonObject) -> Iterator[str]:
    for one in held(chart, "metricQuery", "customDimensions"):
        if text(one, "binType") == "custom_group":
            yield f"the custom dimension {shown(text(one, 'name'))}, which groups values"


def _compared_periods(chart: JsonObject) -> Iterator[str]:
    for one in held(chart, "metricQuery", "additionalMetrics"):
        if text(one, "generationType"):
            yield f"the custom metric {shown(text(one, 'name'))}, which compares with an earlier period"


def _operator(name: str) -> Callable[[JsonObject], Iterator[str]]:
    def find(item: JsonObject) -> Iterator[str]:
        if name in _operators([inside(item, "filters"), inside(item, "metricQuery")]):
            yield f"a filter with the operator {name}"

    return find


def _rules_with(field: str, words: str) -> Callable[[JsonObject], Iterator[str]]:
    def find(item: JsonObject) -> Iterator[str]:
        if any(rule.get(field) for rule in _objects([inside(item, "filters"), inside(item, "metricQuery")])):
            yield words

    return find


def _objects(value: Json) -> Iterator[JsonObject]:
    """Yield all objects in a value, at any depth."""
    if isinstance(value, list):
        for one in value:
            yield from _objects(one)
    elif isinstance(value, dict):
        yield value
        for one in value.values():
            yield from _objects(one)


def _zoomed_by_controls(dashboard: JsonObject) -> Iterator[str]:
    if inside(dashboard, "config", "dateZoomConfig"):
        yield "its controls of date zoom"


def _set(option: str, words: str) -> Callable[[JsonObject], Iterator[str]]:
    def find(scheduler: JsonObject) -> Iterator[str]:
        if inside(scheduler, "options", option) is not None:
            yield words

    return find


def _operators(value: Json) -> Iterator[str]:
    """Yield the operators of all filters in a value, at any depth."""
    return (operator for one in _objects(value) if isinstance(operator := one.get("operator"), str))


def _tiles(kind: str, words: str) -> Callable[[JsonObject], Iterator[str]]:
    def find(dashboard: JsonObject) -> Iterator[str]:
        for tile in held(dashboard, "tiles"):
            if text(tile, "type") == kind:
                yield f"the tile {shown(text(tile, 'id'))}, {words}"

    return find


def _without_tiles(kind: str) -> Callable[[JsonObject], JsonObject]:
    return lambda dashboard: (
        dashboard | {"tiles": [one for one in objects(dashboard.get("tiles")) if one.get("type") != kind]}
    )


def _format(name: str) -> Callable[[JsonObject], Iterator[str]]:
    def find(scheduler: JsonObject) -> Iterator[str]:
        if text(scheduler, "format") == name:
            yield f"a delivery as {name.upper()}"

    return find


def _target(field: str, words: str) -> Callable[[JsonObject], Iterator[str]]:
    def find(scheduler: JsonObject) -> Iterator[str]:
        if any(field in target for target in held(scheduler, "targets")):
            yield words

    return find


def _without_targets(field: str) -> Callable[[JsonObject], JsonObject]:
    return lambda scheduler: (
        scheduler | {"targets": [one for one in objects(scheduler.get("targets")) if field not in one]}
    )


def _of_sql_charts(scheduler: JsonObject) -> Iterator[str]:
    if key := text(scheduler, "sqlChart"):
        yield f"a delivery of the SQL chart {shown(key)}"


def _attached(scheduler: JsonObject) -> Iterator[str]:
    if inside(scheduler, "options", "asAttachment") is True:
        yield "that files are attached and not linked"


FEATURES: tuple[Feature, ...] = (
    Feature(Kind.CHART, "treemap", "treemaps", Fate.REFUSED, _chart_type("treemap")),
    Feature(Kind.CHART, "gauge", "gauges", Fate.REFUSED, _chart_type("gauge")),
    Feature(Kind.CHART, "map", "maps", Fate.REFUSED, _chart_type("map")),
    Feature(Kind.CHART, "sankey", "sankeys", Fate.REFUSED, _chart_type("sankey")),
    Feature(Kind.CHART, "data_app_chart", "data_app_charts", Fate.REFUSED, _chart_type("data_app_viz")),
    Feature(Kind.CHART, "merged_chart", "merged_charts", Fate.REFUSED, _merged),
    Feature(
        Kind.CHART, "readers_time_zone", "project_timezones", Fate.LEFT_OUT, _zone_of_readers, _without_zone
    ),
    Feature(
        Kind.CHART, "unknown_time_zone", "project_timezones", Fate.LEFT_OUT, _zone_unknown, _without_zone,
        ends=True,
    ),
    Feature(
        Kind.CHART, "template_calculation", "calculation_templates", Fate.REFUSED,
        _calculated("template", "made from a template"),
    ),
    Feature(
        Kind.CHART, "formula_calculation", "formula_calculations", Fate.REFUSED,
        _calculated("formula", "a formula"),
    ),
    Feature(Kind.CHART, "custom_group", "custom_groups", Fate.BROKEN, _custom_groups),
    Feature(Kind.CHART, "period_over_period", "period_over_period", Fate.BROKEN, _compared_periods),
    *(
        Feature(kind, code, needs, Fate.BROKEN, _operator(name))
        for kind in (Kind.CHART, Kind.DASHBOARD, Kind.SCHEDULER)
        for code, needs, name in (
            ("not_in_between", "wider_operators", "notInBetween"),
            ("in_period_to_date", "to_date_operators", "inPeriodToDate"),
        )
    ),
    *(
        Feature(
            kind, "filter_with_null", "filters_with_null", Fate.IDLE,
            _rules_with("includeNull", "that a filter lets through what is empty, too"),
        )
        for kind in (Kind.CHART, Kind.DASHBOARD, Kind.SCHEDULER)
    ),
    Feature(
        Kind.DASHBOARD, "locked_filter", "locked_filters", Fate.IDLE,
        _rules_with("lockedTabUuids", "that a filter is locked on tabs"),
    ),
    Feature(
        Kind.DASHBOARD, "filter_group", "filter_groups", Fate.IDLE,
        _rules_with("requiredGroupId", "that one of a group of filters is required"),
    ),
    Feature(Kind.DASHBOARD, "date_zoom_control", "date_zoom_controls", Fate.IDLE, _zoomed_by_controls),
    Feature(
        Kind.SCHEDULER, "pivoted_export", "pivoted_exports", Fate.IDLE,
        _set("exportPivotedData", "whether what it sends is pivoted"),
    ),
    Feature(
        Kind.SCHEDULER, "page_by_tab", "pages_by_tab", Fate.IDLE,
        _set("pagePerTab", "whether each tab has a page of its own"),
    ),
    Feature(
        Kind.DASHBOARD, "heading_tile", "heading_tiles", Fate.LEFT_OUT,
        _tiles("heading", "a heading"), _without_tiles("heading"),
    ),
    Feature(
        Kind.DASHBOARD, "semantic_viewer_tile", "semantic_layer_gone", Fate.LEFT_OUT,
        _tiles("semantic_viewer_chart", "which shows a chart of the semantic layer"),
        _without_tiles("semantic_viewer_chart"), ends=True,
    ),
    Feature(Kind.SCHEDULER, "xlsx_delivery", "xlsx_deliveries", Fate.BROKEN, _format("xlsx")),
    Feature(Kind.SCHEDULER, "pdf_delivery", "pdf_deliveries", Fate.BROKEN, _format("pdf")),
    Feature(
        Kind.SCHEDULER, "teams_target", "teams_targets", Fate.LEFT_OUT,
        _target("webhook", "its delivery to Microsoft Teams"), _without_targets("webhook"),
    ),
    Feature(
        Kind.SCHEDULER, "chat_target", "google_chat_targets", Fate.LEFT_OUT,
        _target("googleChatWebhook", "its delivery to Google Chat"), _without_targets("googleChatWebhook"),
    ),
    Feature(Kind.SCHEDULER, "attachment", "attached_deliveries", Fate.IDLE, _attached),
    Feature(Kind.SCHEDULER, "sql_chart_delivery", "sql_chart_schedulers", Fate.REFUSED, _of_sql_charts),
)  # fmt: skip

# Codes of what is left out with the whole item, if that is allowed.
REFUSED = frozenset(feature.code for feature in FEATURES if feature.fate is Fate.REFUSED)
