"""Which fields, shapes and enumerated values of content this tool knows: those of 0.1372.1 to 1.219.0.

A newer Lightdash may send what nobody here has heard of. It is kept like all else, and named: in the result
of an export, in the manifest, and in a plan (`sync.plan.compatibility`). Known is what real servers of these
versions were seen to answer, or say of themselves in their API description. A test holds the table against
all recordings; when a newer version is recorded, what the test names is looked at and added.

The table speaks of content files (`space` for `spaceUuid`). A word is a field; `{…}` are the fields of an
object, `[]` means a list, `*` an object whose keys are data, `!` that everything below is the server's own
business, which stores it as it comes, and `=` is followed by all values that are known. `@NAME` is a shape
of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from lightdash_sync.content.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lightdash_sync.content.json import Json, JsonObject

_LONG = 60  # characters of a name that anybody may have chosen

_SHAPES = {
    "operator": "isNull|notNull|equals|notEquals|startsWith|endsWith|include|doesNotInclude|lessThan|"
    "lessThanOrEqual|greaterThan|greaterThanOrEqual|inThePast|notInThePast|inTheNext|inTheCurrent|"
    "notInTheCurrent|inBetween|notInBetween|inPeriodToDate",
    "unit": "Second|Minute|Hour|Day|Week|Month|Quarter|Year",
    "values": "string|number|boolean|date|timestamp",
    "chart": "big_number|cartesian|custom|data_app_viz|funnel|gauge|map|pie|sankey|table|treemap",
    "metric": "average|average_distinct|boolean|count|count_distinct|date|max|median|min|number|sum|string|"
    "percent_of_previous|percent_of_total|percentile|running_total|sum_distinct|timestamp",
    "template": "percent_change_from_previous|percent_of_column_total|percent_of_previous_value|"
    "rank_in_column|running_total|window_function",
    "drawn": "line|horizontal_bar|vertical_bar|scatter|area|mixed|pie|table|big_number|funnel|custom|"
    "treemap|gauge|map|sankey|data_app_viz",
}

_RULE = """
    id label operator=@operator values! settings! target{fieldId tableName fallbackType=@values isSqlColumn
    fieldRef fieldName type} disabled required caseSensitive singleValue includeNull requiredGroupId
    lockedTabUuids lockedTabs tileTargets!
"""
_FORMAT = """
    type=default|percent|currency|number|id|date|timestamp|bytes_si|bytes_iec|custom round separator currency
    compact prefix suffix timeInterval custom
"""
_QUERY = f"""
    exploreName dimensions metrics limit timezone pivotDimensions metadata! filters@group
    sorts[]{{fieldId descending nullsFirst pivotValues[]{{reference value}}}}
    dimensionOverrides*{{formatOptions{{{_FORMAT}}} label}}
    metricOverrides*{{formatOptions{{{_FORMAT}}} label}}
    customDimensions[]{{id name table type=bin|sql dimensionId
        binType=custom_group|custom_range|fixed_number|fixed_width binNumber binWidth
        customRange[]{{from to}} sql dimensionType=@values
        customGroups[]{{name values[]{{value matchType=endsWith|exact|includes|startsWith}}}}}}
    additionalMetrics[]{{name label description table sql hidden round compact format separator index
        type=@metric
        filters[]@rule baseDimensionName baseMetricName percentile distinctKeys uuid
        formatOptions{{{_FORMAT}}} generationType=periodOverPeriod baseMetricId timeDimensionId granularity
        periodOffset}}
    tableCalculations[]{{name displayName sql formula index type=@values totalMode=formula|none|sum_of_rows
        format{{{_FORMAT}}}
        template{{type=@template
            fieldId partitionBy orderBy[]{{fieldId order}} frame! windowFunction}}}}
"""
_VERIFICATION = "verification{verifiedAt verifiedBy{userUuid firstName lastName}}"

_TABLE: dict[Kind, str] = {
    Kind.SPACE: """
        name inheritsAccess parent palette personal projectMemberAccessRole=viewer|editor|admin
        access{users[]{email role=viewer|editor|admin} groups[]{group role=viewer|editor|admin}}
    """,
    Kind.CHART: f"""
        name description tableName space dashboard palette parameters! dashboardSlug
        chartConfig{{type=@chart config!}} tableConfig{{columnOrder}} pivotConfig{{columns rows}}
        metricQuery{{{_QUERY}}}
        merge{{primarySourceId joinType=full|inner|left joinKey[]{{name fieldIdBySourceId!}}
            sources[]{{id kind=chart|query metricQuery{{{_QUERY}}}}}
            tableCalculations[]{{name displayName sql}}}}
        {_VERIFICATION} deletedAt deletedBy!
    """,
    Kind.SQL_CHART: f"""
        name description sql limit config{{type=@drawn metadata{{version}} columns! display! fieldConfig!}}
        chartKind=@drawn space dashboard palette {_VERIFICATION} deletedAt deletedBy!
    """,
    Kind.DASHBOARD: f"""
        name description space palette parameters! {_VERIFICATION} deletedAt deletedBy!
        tabs[]{{id uuid name order hidden slug}}
        tiles[]{{id uuid type=saved_chart|sql_chart|markdown|loom|heading|data_app x y w h tab tabUuid
            properties{{title hideTitle hideFrame content url text showDivider chart sqlChart
                app appUuid appSlug appDeletedAt savedChartUuid savedSqlUuid savedSemanticViewerChartUuid}}}}
        filters{{dimensions[]@rule metrics[]@rule tableCalculations[]@rule}}
        config{{isDateZoomDisabled isAddFilterDisabled parameterOrder pinnedParameters requiredFiltersNote
            dateZoomGranularities[]=@unit defaultDateZoomGranularity=@unit
            dateZoomConfig{{controls[]{{uuid id name granularity=@unit hidden}}
                tileTargets*{{controlUuid control fieldId tableName}}}}}}
    """,
    Kind.SCHEDULER: """
        name message cron timezone enabled owner chart sqlChart dashboard app appUuid savedChartUuid
        dashboardUuid savedSqlUuid includeLinks plainTextEmail selectedTabs customViewportWidth parameters!
        format=csv|xlsx|image|gsheets|pdf notificationFrequency=always|once appState!
        options{formatted limit asAttachment exportPivotedData xlsxFileLayout=workbook|zip withPdf pagePerTab
            showFilters gdriveId gdriveName gdriveOrganizationName url tabName}
        thresholds[]{fieldId value operator=greaterThan|lessThan|increasedBy|decreasedBy}
        filters@group
        targets[]{recipient channel webhook googleChatWebhook}
    """,
    Kind.TAG: "name color yamlReference metrics[]{table metric}",
    Kind.VIRTUAL_VIEW: "name label sql columns[]{reference type=string|number|boolean|date|timestamp} "
    "parameterValues!",
}


@dataclass
class Node:
    """What is known of a field.

    Attributes:
        fields: of an object; None where none is known to be one.
        values: that a text may be; None for any.
        is_list: whether it is a list of what is said here.
        is_map: whether it is an object whose keys are data.
        is_open: whether everything below is known.
    """

    fields: Mapping[str, Node] | None = None
    values: frozenset[str] | None = None
    is_list: bool = False
    is_map: bool = False
    is_open: bool = False
    named: str = field(default="", repr=False)


def unknown_in(kind: Kind, content: JsonObject) -> list[str]:
    """Return what of an item's content is not known, each once, in words such as "field tiles[].zoom".

    Args:
        kind: of the item; of kinds that are lists of our own making everything is known.
        content: as its file has it, in this environment's keys.
    """
    known = _known(kind)
    return sorted(set(_object(content, known, ""))) if known is not None else []


def is_known_field(kind: Kind, name: str) -> bool:
    """Whether an item's content has a field of this name in a version of Lightdash that is known."""
    known = _known(kind)
    return known is None or name in known


def is_field(what: str) -> bool:
    """Whether what is not known is a field, or what one holds; else it is a value of a known field."""
    return " = " not in what


def is_known_by_now(kind: Kind, what: str) -> bool:
    """Whether what was not known once, as `unknown_in` named it, is in the table by now."""
    named, _, value = what.partition(" = ")
    path = named.removeprefix("field ").removeprefix("an object in ")
    node = Node(_known(kind))
    for name in path.split("."):
        if name == "*":
            continue
        node = _resolved(node)
        if node.is_open:
            return True
        found = (node.fields or {}).get(name.removesuffix("[]"))
        if found is None:
            return False
        node = found
    node = _resolved(node)
    if value:
        return node.is_open or node.values is None or value in node.values
    return node.is_open or node.fields is not None or named.startswith("field ")


def without_unknown(kind: Kind, content: JsonObject, but: frozenset[str]) -> JsonObject:
    """Return a content without the fields that are not known, but for some, named as `unknown_in` does."""
    known = _known(kind)
    return content if known is None else _known_object(content, known, "", but)


def _object(content: JsonObject, known: Mapping[str, Node], path: str) -> Iterator[str]:
    for name, value in content.items():
        where = f"{path}.{_short(name)}" if path else _short(name)
        node = known.get(name)
        if node is None:
            yield f"field {where}"
        else:
            yield from _value(value, _resolved(node), where)


def _value(value: Json, node: Node, path: str) -> Iterator[str]:
    if node.is_open or value is None:
        return
    if isinstance(value, list):
        for one in value:
            yield from _value(one, node, path if path.endswith("[]") else f"{path}[]")
    elif isinstance(value, dict):
        if node.is_map:
            for one in value.values():
                yield from _object(one, node.fields or {}, f"{path}.*") if isinstance(one, dict) else ()
        elif node.fields is None:
            yield f"an object in {path}"
        else:
            yield from _object(value, node.fields, path)
    elif isinstance(value, str) and node.values is not None and value not in node.values:
        yield f"{path} = {_short(value)}"


def _known_object(
    content: JsonObject, known: Mapping[str, Node], path: str, but: frozenset[str]
) -> JsonObject:
    kept: JsonObject = {}
    for name, value in content.items():
        where = f"{path}.{_short(name)}" if path else _short(name)
        node = known.get(name)
        if node is not None:
            kept[name] = _known_value(value, _resolved(node), where, but)
        elif f"field {where}" in but:
            kept[name] = value
    return kept


def _known_value(value: Json, node: Node, path: str, but: frozenset[str]) -> Json:
    if isinstance(value, list):
        below = path if path.endswith("[]") else f"{path}[]"
        return [_known_value(one, node, below, but) for one in value]
    if node.is_open or not isinstance(value, dict) or node.fields is None:
        return value
    if node.is_map:
        fields, below = node.fields, f"{path}.*"
        return {
            name: _known_object(one, fields, below, but) if isinstance(one, dict) else one
            for name, one in value.items()
        }
    return _known_object(value, node.fields, path, but)


def _short(name: str) -> str:
    return name if len(name) <= _LONG else f"{name[: _LONG - 1]}…"


@cache
def _known(kind: Kind) -> Mapping[str, Node] | None:
    return _parsed(_TABLE[kind]) if kind in _TABLE else None


def _resolved(node: Node) -> Node:
    return _shape(node.named, node.is_list) if node.named else node


@cache
def _shape(name: str, is_list: bool) -> Node:
    """Return a shape that may hold itself."""
    if (
        name == "group"
    ):  # and, or, with groups and rules in them; of a metric query one for each kind of field
        rule = {**_parsed(_RULE), "and": Node(named="group"), "or": Node(named="group")}
        return Node({**rule, **{part: Node(named="group") for part in _GROUPS}}, is_list=is_list)
    return Node(_parsed(_RULE), is_list=is_list)


_GROUPS = ("dimensions", "metrics", "tableCalculations")


def _parsed(text: str) -> dict[str, Node]:
    return _Reader(text).fields()


class _Reader:
    """Reads the fields of the table."""

    def __init__(self, text: str) -> None:
        self._words = re.sub(r"\|\s+", "|", text).replace("{", " { ").replace("}", " } ").split()
        self._at = 0

    def fields(self) -> dict[str, Node]:
        """Return what stands up to the end, or to the brace that closes it."""
        found: dict[str, Node] = {}
        while self._at < len(self._words):
            word = self._words[self._at]
            self._at += 1
            if word == "}":
                return found
            name, node = self._field(word)
            found[name] = node
        return found

    def _field(self, word: str) -> tuple[str, Node]:
        named, _, values = word.partition("=")
        named, _, shape = named.partition("@")
        name = named.rstrip("![]*")
        marks = named[len(name) :]
        node = Node(is_list="[]" in marks, is_map="*" in marks, is_open="!" in marks, named=shape)
        if values:
            node.values = frozenset(_SHAPES.get(values.removeprefix("@"), values).split("|"))
        if self._at < len(self._words) and self._words[self._at] == "{":
            self._at += 1
            node.fields = self.fields()
        return name, node
