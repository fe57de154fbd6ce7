"""An item's content as the target's version of Lightdash can hold it, and what it cannot, in words.

So a snapshot of one version replays into another. New fields are filled in as the server itself would show
them; what an older server knows nothing of is left out of what is written *and* of what is compared, so
that the plan after it is empty. What the *source's* server could not say is left to the target: a value
that its people set stays. The table is below; spaces inside spaces are seen to at the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from lightdash_sync.changes.wording import merged_queries
from lightdash_sync.content.display import shown
from lightdash_sync.content.json import (
    ABSENT,
    Json,
    JsonObject,
    Value,
    get_field,
    get_list,
    get_path,
    get_str,
    objects,
)
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.known_fields import is_field, unknown_in, without_unknown
from lightdash_sync.sync.plan.options import allows
from lightdash_sync.sync.plan.values import Gravity, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lightdash_sync.content.contents import Contents
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.sync.plan.options import PlanOptions, TargetFacts


# What newer versions of Lightdash can hold and older ones cannot: one table, by names of capabilities.
#
# A *field* is a value that a server with the capability shows in a certain way where nothing is set, and
# one without does not know. A *feature* is something that a content has or has not; what becomes of it
# where the server lacks the capability is its *fate*. `fit_to_server` acts on both; palettes and
# verification are handled below. Sources: the answers and the tables of 0.1372.1, 0.2904.5 and 1.219.0.

EACH = "*"  # in a path: each element of a list


class FieldFate(StrEnum):
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
    fate: FieldFate
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
        if get_str(chart, "chartConfig", "type") == name:
            yield f"a chart of the type {name}"

    return find


def _calculated(field: str, words: str) -> Callable[[JsonObject], Iterator[str]]:
    def find(chart: JsonObject) -> Iterator[str]:
        for one in get_list(chart, "metricQuery", "tableCalculations"):
            if get_path(one, field) is not None:
                yield f"the table calculation {shown(get_str(one, 'name'))}, which is {words}"

    return find


def _merged(chart: JsonObject) -> Iterator[str]:
    if get_path(chart, "merge") is not None:
        yield f"the merge with {merged_queries(get_path(chart, 'merge'))}"


def _zone_of_readers(chart: JsonObject) -> Iterator[str]:
    if get_str(chart, "metricQuery", "timezone") == _READERS_ZONE:
        yield "that its times are those of the time zone of whoever looks"


def _zone_unknown(chart: JsonObject) -> Iterator[str]:
    zone = get_str(chart, "metricQuery", "timezone")
    if zone and zone != _READERS_ZONE and zone not in CHART_ZONES:
        yield f"the time zone {shown(zone)} (times will be those of the project's zone)"


def _without_zone(chart: JsonObject) -> JsonObject:
    query = chart.get("metricQuery")
    if not isinstance(query, dict):
        return chart
    return chart | {"metricQuery": {name: value for name, value in query.items() if name != "timezone"}}


def _custom_groups(chart: JsonObject) -> Iterator[str]:
    for one in get_list(chart, "metricQuery", "customDimensions"):
        if get_str(one, "binType") == "custom_group":
            yield f"the custom dimension {shown(get_str(one, 'name'))}, which groups values"


def _compared_periods(chart: JsonObject) -> Iterator[str]:
    for one in get_list(chart, "metricQuery", "additionalMetrics"):
        if get_str(one, "generationType"):
            yield f"the custom metric {shown(get_str(one, 'name'))}, which compares with an earlier period"


def _operator(name: str) -> Callable[[JsonObject], Iterator[str]]:
    def find(item: JsonObject) -> Iterator[str]:
        if name in _operators([get_path(item, "filters"), get_path(item, "metricQuery")]):
            yield f"a filter with the operator {name}"

    return find


def _rules_with(field: str, words: str) -> Callable[[JsonObject], Iterator[str]]:
    def find(item: JsonObject) -> Iterator[str]:
        if any(
            rule.get(field) for rule in _objects([get_path(item, "filters"), get_path(item, "metricQuery")])
        ):
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
    if get_path(dashboard, "config", "dateZoomConfig"):
        yield "its controls of date zoom"


def _set(option: str, words: str) -> Callable[[JsonObject], Iterator[str]]:
    def find(scheduler: JsonObject) -> Iterator[str]:
        if get_path(scheduler, "options", option) is not None:
            yield words

    return find


def _operators(value: Json) -> Iterator[str]:
    """Yield the operators of all filters in a value, at any depth."""
    return (operator for one in _objects(value) if isinstance(operator := one.get("operator"), str))


def _tiles(kind: str, words: str) -> Callable[[JsonObject], Iterator[str]]:
    def find(dashboard: JsonObject) -> Iterator[str]:
        for tile in get_list(dashboard, "tiles"):
            if get_str(tile, "type") == kind:
                yield f"the tile {shown(get_str(tile, 'id'))}, {words}"

    return find


def _without_tiles(kind: str) -> Callable[[JsonObject], JsonObject]:
    return lambda dashboard: (
        dashboard | {"tiles": [one for one in objects(dashboard.get("tiles")) if one.get("type") != kind]}
    )


def _format(name: str) -> Callable[[JsonObject], Iterator[str]]:
    def find(scheduler: JsonObject) -> Iterator[str]:
        if get_str(scheduler, "format") == name:
            yield f"a delivery as {name.upper()}"

    return find


def _target(field: str, words: str) -> Callable[[JsonObject], Iterator[str]]:
    def find(scheduler: JsonObject) -> Iterator[str]:
        if any(field in target for target in get_list(scheduler, "targets")):
            yield words

    return find


def _without_targets(field: str) -> Callable[[JsonObject], JsonObject]:
    return lambda scheduler: (
        scheduler | {"targets": [one for one in objects(scheduler.get("targets")) if field not in one]}
    )


def _of_sql_charts(scheduler: JsonObject) -> Iterator[str]:
    if key := get_str(scheduler, "sqlChart"):
        yield f"a delivery of the SQL chart {shown(key)}"


def _attached(scheduler: JsonObject) -> Iterator[str]:
    if get_path(scheduler, "options", "asAttachment") is True:
        yield "that files are attached and not linked"


FEATURES: tuple[Feature, ...] = (
    Feature(Kind.CHART, "treemap", "treemaps", FieldFate.REFUSED, _chart_type("treemap")),
    Feature(Kind.CHART, "gauge", "gauges", FieldFate.REFUSED, _chart_type("gauge")),
    Feature(Kind.CHART, "map", "maps", FieldFate.REFUSED, _chart_type("map")),
    Feature(Kind.CHART, "sankey", "sankeys", FieldFate.REFUSED, _chart_type("sankey")),
    Feature(Kind.CHART, "data_app_chart", "data_app_charts", FieldFate.REFUSED, _chart_type("data_app_viz")),
    Feature(Kind.CHART, "merged_chart", "merged_charts", FieldFate.REFUSED, _merged),
    Feature(
        Kind.CHART,
        "readers_time_zone",
        "project_timezones",
        FieldFate.LEFT_OUT,
        _zone_of_readers,
        _without_zone,
    ),
    Feature(
        Kind.CHART,
        "unknown_time_zone",
        "project_timezones",
        FieldFate.LEFT_OUT,
        _zone_unknown,
        _without_zone,
        ends=True,
    ),
    Feature(
        Kind.CHART, "template_calculation", "calculation_templates", FieldFate.REFUSED,
        _calculated("template", "made from a template"),
    ),
    Feature(
        Kind.CHART, "formula_calculation", "formula_calculations", FieldFate.REFUSED,
        _calculated("formula", "a formula"),
    ),
    Feature(Kind.CHART, "custom_group", "custom_groups", FieldFate.BROKEN, _custom_groups),
    Feature(Kind.CHART, "period_over_period", "period_over_period", FieldFate.BROKEN, _compared_periods),
    *(
        Feature(kind, code, needs, FieldFate.BROKEN, _operator(name))
        for kind in (Kind.CHART, Kind.DASHBOARD, Kind.SCHEDULER)
        for code, needs, name in (
            ("not_in_between", "wider_operators", "notInBetween"),
            ("in_period_to_date", "to_date_operators", "inPeriodToDate"),
        )
    ),
    *(
        Feature(
            kind, "filter_with_null", "filters_with_null", FieldFate.IDLE,
            _rules_with("includeNull", "that a filter lets through what is empty, too"),
        )
        for kind in (Kind.CHART, Kind.DASHBOARD, Kind.SCHEDULER)
    ),
    Feature(
        Kind.DASHBOARD, "locked_filter", "locked_filters", FieldFate.IDLE,
        _rules_with("lockedTabUuids", "that a filter is locked on tabs"),
    ),
    Feature(
        Kind.DASHBOARD, "filter_group", "filter_groups", FieldFate.IDLE,
        _rules_with("requiredGroupId", "that one of a group of filters is required"),
    ),
    Feature(Kind.DASHBOARD, "date_zoom_control", "date_zoom_controls", FieldFate.IDLE, _zoomed_by_controls),
    Feature(
        Kind.SCHEDULER, "pivoted_export", "pivoted_exports", FieldFate.IDLE,
        _set("exportPivotedData", "whether what it sends is pivoted"),
    ),
    Feature(
        Kind.SCHEDULER, "page_by_tab", "pages_by_tab", FieldFate.IDLE,
        _set("pagePerTab", "whether each tab has a page of its own"),
    ),
    Feature(
        Kind.DASHBOARD, "heading_tile", "heading_tiles", FieldFate.LEFT_OUT,
        _tiles("heading", "a heading"), _without_tiles("heading"),
    ),
    Feature(
        Kind.DASHBOARD, "semantic_viewer_tile", "semantic_layer_gone", FieldFate.LEFT_OUT,
        _tiles("semantic_viewer_chart", "which shows a chart of the semantic layer"),
        _without_tiles("semantic_viewer_chart"), ends=True,
    ),
    Feature(Kind.SCHEDULER, "xlsx_delivery", "xlsx_deliveries", FieldFate.BROKEN, _format("xlsx")),
    Feature(Kind.SCHEDULER, "pdf_delivery", "pdf_deliveries", FieldFate.BROKEN, _format("pdf")),
    Feature(
        Kind.SCHEDULER, "teams_target", "teams_targets", FieldFate.LEFT_OUT,
        _target("webhook", "its delivery to Microsoft Teams"), _without_targets("webhook"),
    ),
    Feature(
        Kind.SCHEDULER, "chat_target", "google_chat_targets", FieldFate.LEFT_OUT,
        _target("googleChatWebhook", "its delivery to Google Chat"), _without_targets("googleChatWebhook"),
    ),
    Feature(Kind.SCHEDULER, "attachment", "attached_deliveries", FieldFate.IDLE, _attached),
    Feature(Kind.SCHEDULER, "sql_chart_delivery", "sql_chart_schedulers", FieldFate.REFUSED, _of_sql_charts),
)  # fmt: skip

# Codes of what is left out with the whole item, if that is allowed.
REFUSED = frozenset(feature.code for feature in FEATURES if feature.fate is FieldFate.REFUSED)

_NAMES = ("id", "fieldId", "name")  # of elements of lists, by which those of both sides are matched
_TOO_OLD = "upgrade it, or change the item at the source"


@dataclass(frozen=True)
class FittedContent:
    """What a server can hold of an item.

    Attributes:
        content: that.
        problems: the rest, in words.
        why_not: why nothing of it can be written, in words; "" if it can.
    """

    content: JsonObject
    problems: tuple[Problem, ...] = ()
    why_not: str = ""


def fit_to_server(
    item: ItemKey, content: JsonObject, now: Json, facts: TargetFacts, options: PlanOptions
) -> FittedContent:
    """Return an item as the target's server can hold it.

    Args:
        item: kind and key; not a list of the whole project.
        content: as the source has it.
        now: as the target has it, or None.
        facts: which capabilities the servers of both sides lack.
        options: with `allow_broken`, what does not work is written, and what is refused is left out.
    """
    kind, named = item[0], f"{item[0]}:{item[1]}"
    problems: list[Problem] = []
    for feature in FEATURES:
        if feature.kind is kind and _is_lacking(feature, facts) and (found := [*feature.find(content)]):
            had = isinstance(now, dict) and any(feature.find(now))
            mild = had or allows(options.allow_broken, named)
            if feature.fate is FieldFate.REFUSED and mild and not had:
                return FittedContent(content, why_not=_said(feature.fate, found))
            blocks = feature.fate in (FieldFate.BROKEN, FieldFate.REFUSED) and not mild
            gravity = Gravity.BLOCKS if blocks else Gravity.WARNS
            problems.append(Problem(named, feature.code, _said(feature.fate, found), gravity))
            content = feature.strip(content) if feature.strip else content
    if kind is Kind.CHART and facts.can("columns_without_custom_sql"):
        content = _without_sql_columns(content)
    lost: dict[str, None] = {}
    for row in FIELDS:
        if row.kind is kind:
            content = _with_field(row, content, now, facts, lost)
    if lost:
        problems.append(Problem(named, "not_held", _said(FieldFate.LEFT_OUT, [*lost]), Gravity.WARNS))
    return FittedContent(content, tuple(problems))


def held_today(item: ItemKey, content: Json, now: Json, facts: TargetFacts, options: PlanOptions) -> Json:
    """Return what the target once had as its server, which may have been upgraded since, would show it today.

    Newer versions show more of what is not set, and roles that no answer told before; nobody changed that.

    Args:
        item: kind and key.
        content: as the target had it; None if it had nothing.
        now: as the target has it, or None.
        facts: of the target.
        options: of the user.
    """
    if not isinstance(content, dict) or not isinstance(now, dict):
        return content
    shown_today = fit_to_server(item, content, now, replace(facts, source_lacks=frozenset()), options).content
    if now.get("palette", "") is None:
        shown_today = {"palette": None, **shown_today}
    if item[0] is Kind.SPACE:
        shown_today = _with_roles(shown_today, now)
    return shown_today


def _with_roles(space: JsonObject, now: JsonObject) -> JsonObject:
    """Return a space with the roles that were not told when it was read, as they are told now."""
    access = space.get("access")
    roles = {get_str(grant, "email"): grant.get("role") for grant in get_list(now, "access", "users")}
    if not isinstance(access, dict):
        return space
    users: list[Json] = [
        grant if grant.get("role") is not None else grant | {"role": roles.get(get_str(grant, "email"))}
        for grant in objects(access.get("users"))
    ]
    return space | {"access": access | {"users": users}} if users else space


def _without_sql_columns(chart: JsonObject) -> JsonObject:
    """Return a chart as newer servers show it: the order of its columns has no names of SQL dimensions."""
    query = chart.get("metricQuery")
    order = get_path(chart, "tableConfig", "columnOrder")
    if not isinstance(order, list):
        return chart
    sql = {
        get_str(one, "name") for one in get_list(query, "customDimensions") if get_str(one, "type") == "sql"
    }
    sql -= {
        get_str(one, "name") for one in get_list(query, "customDimensions") if get_str(one, "type") != "sql"
    }
    sql -= {get_str(one, "name") for one in get_list(query, "tableCalculations")}
    for group in ("dimensions", "metrics"):
        names = get_path(query, group)
        sql -= {name for name in names if isinstance(name, str)} if isinstance(names, list) else set()
    kept = [name for name in order if name not in sql]
    table = chart["tableConfig"]
    return chart | {"tableConfig": table | {"columnOrder": kept}} if isinstance(table, dict) else chart


def _is_lacking(feature: Feature, facts: TargetFacts) -> bool:
    return facts.can(feature.needs) == feature.ends


def _said(fate: FieldFate, found: list[str]) -> str:
    what = "; ".join(dict.fromkeys(found))
    match fate:
        case FieldFate.LEFT_OUT:
            return f"carried without what the target's Lightdash cannot hold: {what}"
        case FieldFate.IDLE:
            return f"without effect on the target's Lightdash: {what}"
        case FieldFate.BROKEN:
            return f"the target's Lightdash would store and not understand {what}; {_TOO_OLD}"
        case FieldFate.REFUSED:
            return f"the target's Lightdash cannot hold {what}; {_TOO_OLD}"


def _with_field(
    row: Field, content: JsonObject, now: Json, facts: TargetFacts, lost: dict[str, None]
) -> JsonObject:
    """Return a content with a field as the target's server has it; note what is lost."""

    def change(holder: JsonObject, there: JsonObject | None) -> JsonObject:
        if row.name == "hideFrame" and "content" not in holder:
            return holder  # only Markdown has a frame
        value = get_field(holder, row.name)
        kept: Value = ABSENT
        if not facts.can(row.needs):
            if _says_something(value) and row.words:
                lost[row.words] = None
        elif row.needs in facts.source_lacks:
            kept = row.unset if there is None else get_field(there, row.name)
        elif value is ABSENT and (there is None or row.name in there):
            kept = row.unset
        else:
            kept = value
        rest = {name: one for name, one in holder.items() if name != row.name}
        return rest if kept is ABSENT else {**rest, row.name: kept}

    changed = _edited(content, now, row.at, change)
    return changed if isinstance(changed, dict) else content


def _edited(
    value: Json,
    now: Json,
    at: tuple[str, ...],
    change: Callable[[JsonObject, JsonObject | None], JsonObject],
) -> Json:
    """Change the objects at a place, each with its counterpart on the target (or null)."""
    if not at:
        return change(value, now if isinstance(now, dict) else None) if isinstance(value, dict) else value
    name, rest = at[0], at[1:]
    if name == EACH:
        if not isinstance(value, list):
            return value
        there = {_name(one): one for one in objects(now)}
        return [_edited(one, there.get(_name(one)), rest, change) for one in value]
    if not isinstance(value, dict) or name not in value:
        return value
    return value | {name: _edited(value[name], get_path(now, name), rest, change)}


def _name(element: Json) -> str:
    return next((found for name in _NAMES if (found := get_str(element, name))), "")


def _says_something(value: Value) -> bool:
    return value is not ABSENT and value not in (None, False, "", [], {})


# What of the desired content nobody here understands: it is sent only to a server that says the same
# itself.
#
# Newer servers have fields and values that this tool has not heard of. Within one project they are sent
# as they came. Between projects a field goes along if the target has it in some item of that kind, and is
# left out else; an item with a value that the target has nowhere (a new type of chart or tile) is left as
# it is, or not made. Each is named in the plan. Pure.

_NAMED = 5  # in a sentence


@dataclass(frozen=True)
class Understood:
    """A desired content, as far as it may be sent.

    Attributes:
        content: without what the target does not know.
        problems: what was left out.
        why_not: why the item cannot be written, in words; "" if it can.
    """

    content: JsonObject
    problems: tuple[Problem, ...] = ()
    why_not: str = ""


@dataclass
class Unknowns:
    """Knows what the target has that this tool does not understand.

    Attributes:
        existing: content of the target.
    """

    existing: Contents
    _there: dict[Kind, frozenset[str]] = field(default_factory=dict)

    def adapt(self, item: ItemKey, wanted: JsonObject) -> Understood:
        """Return what of a desired content may be sent to another project.

        Args:
            item: kind and key.
            wanted: its content.
        """
        kind, key = item
        strange = frozenset(unknown_in(kind, wanted))
        if not strange or not (strange := strange - self._of_target(kind)):
            return Understood(wanted)
        values = sorted(what for what in strange if not is_field(what))
        if values:
            why = f"nobody here knows {_listed(values)}, and the target has nothing like it"
            return Understood(wanted, why_not=f"{why}: look for a newer lightdash-sync")
        what = f"carried without {_listed(sorted(strange))}: not known here, and in no {kind} of the target"
        problem = Problem(f"{kind}:{key}", "unknown_left_out", what, Gravity.WARNS)
        return Understood(without_unknown(kind, wanted, self._of_target(kind)), (problem,))

    def _of_target(self, kind: Kind) -> frozenset[str]:
        if kind not in self._there:
            self._there[kind] = _all_unknown(kind, self.existing)
        return self._there[kind]


def _all_unknown(kind: Kind, contents: Contents) -> frozenset[str]:
    items = [item for item in contents.there if item[0] is kind and item[1]]
    return frozenset(what for item in items for what in unknown_in(kind, contents.of(item)))


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
