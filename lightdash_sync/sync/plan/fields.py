"""Which fields of the explores a chart, dashboard or scheduler uses, and which of them a target lacks.

Fields that a query defines itself (custom metrics, custom dimensions, table calculations) are no fields of
an explore. SQL, in calculations and elsewhere, is not read, as the server's own validation does not read
it either. Content of any shape is looked at; what is not where it should be is no field.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from lightdash_sync.content.display import shown
from lightdash_sync.content.json import Json, get_list, get_path, get_str
from lightdash_sync.content.kinds import Kind
from lightdash_sync.sync.plan.values import Gravity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lightdash_sync.sync.plan.options import TargetFacts
    from lightdash_sync.sync.plan.values import Outlook

_GROUPS = ("dimensions", "metrics", "tableCalculations")
_DEPLOY = "deploy the dbt project that has it to the target first, or mend the item in the source"


class PreflightFinding(NamedTuple):
    """Something wrong with one item.

    Attributes:
        code: as in `Problem`.
        subject: what it is about; two findings of one code and subject are the same one.
        what: in words.
        gravity: how bad it is, if it is new.
    """

    code: str
    subject: str
    what: str
    gravity: Gravity = Gravity.BLOCKS


class Use(NamedTuple):
    """A field that is used.

    Attributes:
        table: the explore of a chart, or the table that a filter of a dashboard names; "" for neither.
        field: id.
        place: where, in words.
    """

    table: str
    field: str
    place: str


@dataclass(frozen=True)
class Reach:
    """The fields that an item can use.

    Attributes:
        fields: ids.
        complete: whether these are all; else some explore or chart is not known.
    """

    fields: frozenset[str] = field(default_factory=frozenset)
    complete: bool = True


def field_id(table: str, name: str) -> str:
    """Return the id of a field as Lightdash makes it: dots in names are doubled underscores."""
    return f"{table}_{name.replace('.', '__')}"


def explores_of(chart: Json) -> list[str]:
    """Return the explores that a chart names; the first is that of its fields."""
    named = (get_str(chart, "tableName"), *(get_str(query, "exploreName") for query in _queries_of(chart)))
    return list(dict.fromkeys(name for name in named if name))


def _queries_of(chart: Json) -> Iterator[Json]:
    """Yield the query of a chart, then those whose rows it merges with its own."""
    yield get_path(chart, "metricQuery")
    for source in get_list(chart, "merge", "sources"):
        if (query := get_path(source, "metricQuery")) is not None:
            yield query


def chart_uses(chart: Json) -> Iterator[Use]:
    """Yield the fields that a chart takes from its explore, and from those it merges; some several times."""
    first = next(iter(explores_of(chart)), "")
    for number, query in enumerate(_queries_of(chart)):
        table = get_str(query, "exploreName") if number else first
        own = _own_fields(query)
        for name, place in _query_fields(query):
            if name and name not in own:
                yield Use(table, name, f"{place} of a merged query" if number else place)


def own_fields(chart: Json) -> frozenset[str]:
    """Return the ids of what a chart's query defines itself."""
    return _own_fields(get_path(chart, "metricQuery"))


def _own_fields(query: Json) -> frozenset[str]:
    own = {get_str(one, "name") for one in get_list(query, "tableCalculations")}
    own |= {
        field_id(get_str(one, "table"), get_str(one, "name")) for one in get_list(query, "additionalMetrics")
    }
    own |= {get_str(one, "id") for one in get_list(query, "customDimensions")}
    return frozenset(own)


def filter_uses(rules: Iterable[Json]) -> Iterator[Use]:
    """Yield the fields that rules of a dashboard or scheduler filter on; columns of SQL charts are none."""
    for rule in rules:
        targets = [(get_path(rule, "target"), "a filter")]
        if isinstance(tiles := get_path(rule, "tileTargets"), dict):
            targets += [(target, f"a filter of the tile {shown(tile)}") for tile, target in tiles.items()]
        for target, place in targets:
            if (name := get_str(target, "fieldId")) and get_path(target, "isSqlColumn") is not True:
                yield Use(get_str(target, "tableName"), name, place)


def dashboard_rules(dashboard: Json) -> list[Json]:
    """Return the rules of a dashboard's filters; those on table calculations name no fields of explores."""
    return [*get_list(dashboard, "filters", "dimensions"), *get_list(dashboard, "filters", "metrics")]


def tile_charts(dashboard: Json) -> list[str]:
    """Return the keys of the charts on a dashboard's tiles."""
    keys = [get_str(tile, "properties", "chart") for tile in get_list(dashboard, "tiles")]
    return list(dict.fromkeys(key for key in keys if key))


def chart_findings(chart: Json, facts: TargetFacts) -> Iterator[PreflightFinding]:
    """Yield what a chart needs of its explore and would not find."""
    explores = explores_of(chart)
    for name in explores:
        if facts.tables is None and name not in facts.fields:
            what = f"whether the target has the explore {shown(name)} could not be asked"
            yield PreflightFinding("unchecked_explore", name, what, Gravity.WARNS)
        elif facts.tables is not None and name not in facts.tables:
            what = f"the target has no explore {shown(name)}; {_DEPLOY}"
            yield PreflightFinding("missing_explore", name, what)
    uses: dict[str, list[Use]] = {}
    for use in chart_uses(chart):
        uses.setdefault(use.table, []).append(use)
    for name in explores:
        if facts.tables is not None and name not in facts.tables:
            continue
        fields = facts.fields.get(name)
        if fields is not None:
            yield from _missing(use for use in uses.get(name, ()) if use.field not in fields)
            if name == explores[0]:
                yield from _missing_tables(chart, name, fields)
        elif name in uses and facts.tables is not None:
            yield _unchecked(name)


def filter_findings(
    rules: Iterable[Json], charts: Sequence[Json], facts: TargetFacts, *, all_charts: bool
) -> Iterator[PreflightFinding]:
    """Yield the fields of a dashboard's, or its scheduler's, filters that no chart of it can have.

    Args:
        rules: the filters.
        charts: content of the charts on its tiles.
        facts: the target.
        all_charts: whether these are all its charts.
    """
    reach = _reach(charts, facts)
    missing: list[Use] = []
    for use in filter_uses(rules):
        if use.field in reach.fields or use.field in facts.fields.get(use.table, ()):
            continue
        if use.table in facts.fields or (reach.complete and all_charts and facts.tables is not None):
            missing.append(use)
        else:
            yield _unchecked(use.table)
    yield from _missing(missing)


def threshold_findings(scheduler: Json, chart: Json, facts: TargetFacts) -> Iterator[PreflightFinding]:
    """Yield the fields of an alert's thresholds that its chart cannot have."""
    reach = _reach([chart], facts)
    if not reach.complete:
        return  # said of the chart
    table = next(iter(explores_of(chart)), "")
    uses = (Use(table, get_str(one, "fieldId"), "a threshold") for one in get_list(scheduler, "thresholds"))
    yield from _missing(use for use in uses if use.field and use.field not in reach.fields)


def tables_of(kind: Kind, key: str, outlook: Outlook) -> Iterator[str]:
    """Yield the explores whose fields decide whether an item's fields are there."""
    content = outlook.after(kind, key)
    if kind is Kind.CHART:
        yield from explores_of(content)
    elif kind is Kind.DASHBOARD:
        yield from (use.table for use in filter_uses(dashboard_rules(content)))
        for chart in tile_charts(content):
            yield from explores_of(outlook.after(Kind.CHART, chart))
    elif kind is Kind.SCHEDULER:
        yield from (use.table for use in filter_uses(get_list(content, "filters")))
        for of in (Kind.CHART, Kind.DASHBOARD):
            if delivered := get_str(content, str(of)):
                yield from tables_of(of, delivered, outlook)


def _query_fields(query: Json) -> Iterator[tuple[str, str]]:
    """Yield id and place of each field in a query."""
    for group, place in (("dimensions", "dimension"), ("metrics", "metric")):
        names = get_path(query, group)
        for name in names if isinstance(names, list) else ():
            if isinstance(name, str):
                yield name, place
    for sort in get_list(query, "sorts"):
        yield get_str(sort, "fieldId"), "sort"
    for group in _GROUPS:
        yield from ((name, "filter") for name in _filtered(get_path(query, "filters", group)))
    for metric in get_list(query, "additionalMetrics"):
        place = f"custom metric {shown(get_str(metric, 'name'))}"
        yield from ((name, place) for name in _metric_fields(metric))
    for dimension in get_list(query, "customDimensions"):
        yield get_str(dimension, "dimensionId"), f"custom dimension {shown(get_str(dimension, 'name'))}"


def _metric_fields(metric: Json) -> Iterator[str]:
    """Yield the fields behind a custom metric; filters on it name them `field` or `table.field`."""
    table = get_str(metric, "table")
    if base := get_str(metric, "baseDimensionName"):
        yield field_id(table, base)
    for rule in get_list(metric, "filters"):
        first, dot, rest = get_str(rule, "target", "fieldRef").partition(".")
        if first:
            yield field_id(first, rest) if dot else field_id(table, first)
    yield from (get_str(metric, name) for name in ("baseMetricId", "timeDimensionId"))


def _filtered(group: Json) -> Iterator[str]:
    """Yield the fields in a group of filters, at any depth."""
    yield get_str(group, "target", "fieldId")
    for joined in ("and", "or"):
        for member in get_list(group, joined):
            yield from _filtered(member)


def _reach(charts: Iterable[Json], facts: TargetFacts) -> Reach:
    fields: set[str] = set()
    complete = True
    for chart in charts:
        explore = next(iter(explores_of(chart)), "")
        fields |= own_fields(chart)
        if explore in facts.fields:
            fields |= facts.fields[explore]
        elif not explore or facts.tables is None or explore in facts.tables:
            complete = False
    return Reach(frozenset(fields), complete)


def _missing(uses: Iterable[Use]) -> Iterator[PreflightFinding]:
    """Yield one finding for each field, with all its places."""
    places: dict[tuple[str, str], dict[str, None]] = {}
    for use in uses:
        places.setdefault((use.table, use.field), {})[use.place] = None
    for (table, name), where in sorted(places.items()):
        of = f"{shown(table)} of the target has" if table else "the target's explores have"
        what = f"{of} no field {shown(name)} (used in: {', '.join(where)}); {_DEPLOY}"
        yield PreflightFinding("missing_field", f"{table} {name}", what)


def _missing_tables(chart: Json, explore: str, fields: frozenset[str]) -> Iterator[PreflightFinding]:
    """Yield tables that custom metrics stand on, and that the explore neither is nor joins."""
    for metric in get_list(chart, "metricQuery", "additionalMetrics"):
        table = get_str(metric, "table")
        if table and not any(name.startswith(f"{table}_") for name in fields):
            what = (
                f"the explore {shown(explore)} of the target has no table {shown(table)} "
                f"(used in: custom metric {shown(get_str(metric, 'name'))}); {_DEPLOY}"
            )
            yield PreflightFinding("missing_table", f"{explore} {table}", what)


def _unchecked(table: str) -> PreflightFinding:
    what = f"the fields of the explore {shown(table) or '(no name)'} could not be read, and were not checked"
    return PreflightFinding("unchecked_fields", table, what, Gravity.WARNS)
