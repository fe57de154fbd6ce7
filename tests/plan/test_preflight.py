"""What a plan would leave broken is found before its first write, and named with its place and next step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.kinds import SECRET, Kind
from lightdash_sync.content.tree import Tree
from lightdash_sync.sync.plan.options import PlanOptions, TargetFacts
from lightdash_sync.sync.plan.preflight import needed_tables, reference_problems
from lightdash_sync.sync.plan.values import Gravity, Problem, Step
from tests.content.changes.mutations import chaos, pairs
from tests.content.generated import made_uuid

from .applying import EMPTY
from .making import chart, create, dashboard, delete, rule, scheduler, space, there, update
from .projects import tree_of

if TYPE_CHECKING:
    from lightdash_sync.content.json import Json

FIELDS = {
    "orders": frozenset(
        {"orders_status", "orders_amount", "orders_count", "orders_meta__size", "customers_country"}
    ),
    "events": frozenset({"events_count", "events_tier"}),
}
FACTS = TargetFacts(
    people={"ann@example.com": "uuid"},
    groups={"Ops": "uuid"},
    caller="ann@example.com",
    tables=frozenset({*FIELDS, "unread"}),
    fields=FIELDS,
    channels={"C1": "#sales"},
)
THERE = {
    (Kind.SPACE, "sales"),
    (Kind.CHART, "weekly"),
    (Kind.DASHBOARD, "overview"),
    (Kind.SQL_CHART, "per-shop"),
}
BLOCKS, WARNS = Gravity.BLOCKS, Gravity.WARNS


def problems(*steps: Step, facts: TargetFacts = FACTS, look: Any = None, **more: Any) -> tuple[Problem, ...]:
    """The problems of some steps on a target that has a space, a chart, a dashboard and a SQL chart."""
    external = more.pop("external", ())
    looking = {"look": look} if look else {}
    return reference_problems(steps, facts, PlanOptions(**more), THERE, external, **looking)


def codes(*steps: Step, **more: Any) -> list[tuple[str, Gravity]]:
    """Code and gravity of each problem."""
    return [(problem.code, problem.gravity) for problem in problems(*steps, **more)]


def _calculated(name: str) -> Any:
    return {"name": name, "displayName": "Share", "sql": "1"}


def _metric(**more: Any) -> Any:
    return {"table": "orders", "name": "big", "sql": "${TABLE}.amount", "type": "sum", **more}


def _leaf(field: str) -> Any:
    return {"id": "x", "target": {"fieldId": field}, "operator": "equals", "values": [1]}


GONE = "orders_gone"
USES: dict[str, tuple[str, dict[str, Any]]] = {
    "a dimension": ("dimension", {"dimensions": [GONE]}),
    "a metric": ("metric", {"metrics": [GONE]}),
    "a sort": ("sort", {"sorts": [{"fieldId": GONE, "descending": True}]}),
    "a filter on a dimension": ("filter", {"filters": {"dimensions": {"id": "g", "and": [_leaf(GONE)]}}}),
    "a filter on a metric": ("filter", {"filters": {"metrics": {"id": "g", "or": [_leaf(GONE)]}}}),
    "a filter on a calculation": (
        "filter",
        {"filters": {"tableCalculations": {"id": "g", "and": [_leaf(GONE)]}}},
    ),
    "a filter in groups in groups": (
        "filter",
        {"filters": {"dimensions": {"and": [{"or": [_leaf("orders_status"), {"and": [_leaf(GONE)]}]}]}}},
    ),
    "the base of a custom metric": (
        "custom metric big",
        {"additionalMetrics": [_metric(baseDimensionName="gone")]},
    ),
    "a filter of a custom metric": (
        "custom metric big",
        {"additionalMetrics": [_metric(filters=[{"target": {"fieldRef": "orders.gone"}}])]},
    ),
    "a filter of a custom metric by its short name": (
        "custom metric big",
        {"additionalMetrics": [_metric(filters=[{"target": {"fieldRef": "gone"}}])]},
    ),
    "the metric of an earlier period": (
        "custom metric big",
        {"additionalMetrics": [_metric(baseMetricId=GONE)]},
    ),
    "the time of an earlier period": (
        "custom metric big",
        {"additionalMetrics": [_metric(timeDimensionId=GONE)]},
    ),
    "a custom dimension": (
        "custom dimension Bins",
        {"customDimensions": [{"id": "bins", "name": "Bins", "table": "orders", "dimensionId": GONE}]},
    ),
}


@pytest.mark.parametrize("use", USES)
def test_a_field_that_the_target_lacks_is_found_wherever_a_chart_uses_it(use: str) -> None:
    """Each kind of use: the problem names the field, the explore, the place and what to do."""
    place, query = USES[use]
    (problem,) = problems(create(Kind.CHART, "x", chart(**query)))
    assert (problem.item, problem.code, problem.gravity) == ("chart:x", "missing_field", BLOCKS)
    assert problem.what == (
        f"orders of the target has no field orders_gone (used in: {place}); deploy the dbt "
        "project that has it to the target first, or mend the item in the source"
    )


@pytest.mark.parametrize("use", USES)
def test_a_field_that_the_target_has_is_no_problem(use: str) -> None:
    """The same uses, of a field that is there."""
    _, query = USES[use]
    has = TargetFacts(tables=FACTS.tables, fields={"orders": FIELDS["orders"] | {GONE}})
    assert problems(create(Kind.CHART, "x", chart(**query)), facts=has) == ()


def test_a_table_that_the_explore_does_not_join_is_found_behind_a_custom_metric() -> None:
    """Its SQL alone does not tell."""
    lost = _metric(table="stores")
    (problem,) = problems(create(Kind.CHART, "x", chart(additionalMetrics=[lost])))
    assert problem.code == "missing_table"
    assert "no table stores" in problem.what


def test_what_a_query_defines_itself_is_not_looked_for_in_the_explore() -> None:
    """Custom metrics, custom dimensions and table calculations, in every place that can name them."""
    query = {
        "dimensions": ["bins", "orders_status", "orders_meta__size"],
        "metrics": ["orders_big"],
        "additionalMetrics": [_metric(), _metric(name="bigger", baseMetricId="orders_big")],
        "customDimensions": [{"id": "bins", "name": "Bins", "dimensionId": "orders_amount"}],
        "tableCalculations": [_calculated("share")],
        "sorts": [{"fieldId": name} for name in ("share", "bins", "orders_big", "customers_country")],
        "filters": {
            "dimensions": {"and": [_leaf("bins")]},
            "metrics": {"and": [_leaf("orders_big")]},
            "tableCalculations": {"and": [_leaf("share")]},
        },
    }
    chart_ = chart()
    chart_["metricQuery"] |= query
    assert problems(create(Kind.CHART, "x", chart_)) == ()


def test_the_queries_that_a_chart_merges_are_looked_through_as_well() -> None:
    """Each has an explore of its own; that of a chart does not count for it."""

    def merged(explore: str, *dimensions: str) -> Any:
        query = {"exploreName": explore, "dimensions": [*dimensions]}
        sources = [{"id": "a", "kind": "chart"}, {"id": "b", "kind": "query", "metricQuery": query}]
        return {**chart(), "merge": {"sources": sources}}

    (problem,) = problems(create(Kind.CHART, "x", merged("orders", GONE)))
    assert (problem.code, problem.gravity) == ("missing_field", BLOCKS)
    assert "dimension of a merged query" in problem.what
    assert codes(create(Kind.CHART, "x", merged("nowhere"))) == [("missing_explore", BLOCKS)]
    assert problems(create(Kind.CHART, "x", merged("orders", "orders_status"))) == ()


def test_one_field_in_many_places_is_one_problem() -> None:
    """It names all of them."""
    sorts = [{"fieldId": GONE}]
    (problem,) = problems(create(Kind.CHART, "x", chart(GONE, sorts=sorts)))
    assert "(used in: dimension, sort)" in problem.what


def test_a_missing_explore_is_said_once_and_not_each_of_its_fields() -> None:
    """The explore by name, with what to do."""
    (problem,) = problems(create(Kind.CHART, "x", chart("a_b", "a_c", explore="no\x1bsuch")))
    assert (problem.code, problem.gravity) == ("missing_explore", BLOCKS)
    assert problem.what.startswith("the target has no explore no\\x1bsuch; deploy the dbt project")


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (TargetFacts(), "unchecked_explore"),
        (TargetFacts(tables=frozenset({"orders"})), "unchecked_fields"),
    ],
)
def test_what_could_not_be_asked_warns(facts: TargetFacts, code: str) -> None:
    """Nothing is taken for granted, and nothing is refused for it."""
    assert codes(create(Kind.CHART, "x", chart("orders_status")), facts=facts) == [(code, WARNS)]


def test_a_chart_that_is_broken_on_the_target_already_only_warns() -> None:
    """A new break of the same chart blocks nevertheless."""
    old, same = chart(GONE), {**chart(GONE), "name": "New name"}
    assert codes(update(Kind.CHART, "x", old, same)) == [("missing_field", WARNS)]
    worse = chart(GONE, "orders_gone_too")
    assert codes(update(Kind.CHART, "x", old, worse)) == [("missing_field", WARNS), ("missing_field", BLOCKS)]
    lost = chart(explore="lost")
    assert codes(update(Kind.CHART, "x", lost, lost)) == [("missing_explore", WARNS)]
    assert codes(update(Kind.CHART, "x", old, lost)) == [("missing_explore", BLOCKS)]


@pytest.mark.parametrize(
    ("allowed", "gravity"), [({"chart:x"}, WARNS), ({"all"}, WARNS), ({"chart:y"}, BLOCKS), (set(), BLOCKS)]
)
def test_the_user_can_allow_a_break_by_the_items_name(allowed: set[str], gravity: Gravity) -> None:
    """For one item or for all."""
    found = codes(create(Kind.CHART, "x", chart(GONE)), allow_broken=frozenset(allowed))
    assert found == [("missing_field", gravity)]


# --- filters of dashboards


SHOWN = there((Kind.CHART, "weekly", chart("orders_status")))


@pytest.mark.parametrize(
    "wrong",
    [
        rule(GONE),
        rule("orders_status", tileTargets={"t": {"fieldId": GONE, "tableName": "orders"}}),
        rule(GONE, table="no_explore"),
        rule(GONE, table=""),
    ],
)
def test_a_dashboards_filter_on_a_missing_field_is_found(wrong: Any) -> None:
    """On itself, or on what it means for a tile."""
    (problem,) = problems(create(Kind.DASHBOARD, "d", dashboard(["weekly"], [wrong])), look=SHOWN)
    assert (problem.code, problem.gravity) == ("missing_field", BLOCKS)
    assert "filter" in problem.what


@pytest.mark.parametrize(
    "right",
    [
        rule("orders_status"),
        rule("customers_country", table="customers"),  # joined by the explore of the chart
        rule("events_tier", table="events"),
        rule("orders_status", tileTargets={"t": False}),
        rule("anything", table="sql_chart", isSqlColumn=True)
        | {"target": {"fieldId": "anything", "tableName": "sql_chart", "isSqlColumn": True}},
    ],
)
def test_a_dashboards_filter_on_a_field_of_any_of_its_charts_is_fine(right: Any) -> None:
    """Filters name tables, and a table may be joined by a chart's explore; columns of SQL are no fields."""
    assert problems(create(Kind.DASHBOARD, "d", dashboard(["weekly"], [right])), look=SHOWN) == ()


def test_a_dashboards_filter_whose_explore_is_not_known_warns() -> None:
    """The chart is on the target, but what it shows is not known here."""
    filtered = dashboard(["weekly"], [rule("stores_city", table="stores")])
    assert codes(create(Kind.DASHBOARD, "d", filtered)) == [("unchecked_fields", WARNS)]


def test_the_explores_that_must_be_read_are_those_of_charts_and_filters() -> None:
    """Of created and updated items, and of charts that they show; not of what is deleted."""
    targets = {"t": {"fieldId": "c_x", "tableName": "c"}, "u": False}
    steps = [
        create(Kind.CHART, "x", chart(explore="a")),
        create(
            Kind.DASHBOARD, "d", dashboard(["weekly", "x"], [rule("b_x", table="b", tileTargets=targets)])
        ),
        create(Kind.SCHEDULER, "s", scheduler(chart="other", filters=[rule("e_x", table="e")])),
        delete(Kind.CHART, "gone", chart(explore="z")),
    ]
    look = there((Kind.CHART, "weekly", chart(explore="d")), (Kind.CHART, "other", chart(explore="f")))
    assert needed_tables(steps, look) == frozenset("abcdef")


# --- references between items


@pytest.mark.parametrize(
    ("kind", "content", "place"),
    [
        (Kind.CHART, {**chart(), "space": "gone"}, "it lies in space:gone"),
        (Kind.SPACE, space(parent="gone"), "it lies in space:gone"),
        (Kind.DASHBOARD, dashboard(["gone"]), "the tile See gone shows chart:gone"),
        (Kind.CHART, {**chart(), "dashboard": "gone"}, "it belongs to dashboard:gone"),
        (Kind.SCHEDULER, scheduler(chart="gone"), "it delivers chart:gone"),
        (
            Kind.CHART,
            {**chart(), "description": "see @{dashboard:gone}"},
            "its text refers to dashboard:gone",
        ),
        (Kind.PINS, [{"kind": "chart", "key": "gone", "order": 1}], "pinned is chart:gone"),
    ],
)
def test_an_item_that_is_neither_there_nor_created_is_found(kind: Kind, content: Json, place: str) -> None:
    """The problem says where the reference stands and what to do."""
    (problem,) = problems(create(kind, "x", content))
    in_text = place.startswith("its text")
    assert (problem.code, problem.gravity) == ("missing_link" if in_text else "missing_item", BLOCKS)
    more = ", or take the link away" if in_text else ""
    assert problem.what == (
        f"{place}, which the target does not have and this plan does not create; select it too{more}"
    )


def test_an_item_that_is_created_by_the_plan_can_be_referred_to() -> None:
    """Whatever the order of the steps; what is deleted cannot."""
    shows = create(Kind.DASHBOARD, "d", dashboard(["new"]))
    assert problems(shows, create(Kind.CHART, "new", chart())) == ()
    assert codes(create(Kind.DASHBOARD, "d", dashboard(["weekly"])), delete(Kind.CHART, "weekly")) == [
        ("deleted_reference", BLOCKS)
    ]


def test_a_reference_that_the_plan_breaks_blocks_though_it_was_there() -> None:
    """The target's dashboard shows the chart that the plan deletes."""
    old, new = dashboard(["weekly"]), dashboard(["weekly"], name="New")
    found = codes(update(Kind.DASHBOARD, "overview", old, new), delete(Kind.CHART, "weekly"))
    assert found == [("deleted_reference", BLOCKS)]


@pytest.mark.parametrize(
    ("same", "known", "fine"),
    [(True, True, True), (True, False, False), (False, False, False)],
)
def test_a_chart_of_another_project_on_a_tile_blocks(same: bool, known: bool, fine: bool) -> None:
    """Only where it is known to be the target's own (see the next test) such a tile may stay."""
    facts = TargetFacts(same_project=same, tables=frozenset())
    step = create(Kind.DASHBOARD, "d", dashboard(["~abc"]))
    found = problems(step, facts=facts, external={"~abc"} if known else ())
    assert [problem.code for problem in found] == ([] if fine else ["external_reference"])
    assert all(
        problem.gravity is BLOCKS and "the tile See ~abc shows a chart" in problem.what for problem in found
    )


@pytest.mark.parametrize(("project", "fine"), [("source", False), ("", True)])
def test_a_production_dashboard_never_shows_data_of_staging(project: str, fine: bool) -> None:
    """Though the source knows the chart; content of no project is said in the target's own words."""
    shown: dict[tuple[Kind, str], Json] = {
        (Kind.SPACE, "sales"): space(),
        (Kind.DASHBOARD, "d"): dashboard(["~abc"]),
    }
    content = tree_of(shown, "source")
    known = replace(content.identity, external={"~abc": made_uuid("x")})
    desired = Tree(content.digests, content.read, known if project else replace(known, project={}))
    plan = EMPTY.plan(desired)
    found = [one.code for one in plan.problems if one.code != "slug_not_kept"]
    assert found == ([] if fine else ["external_reference"])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@{user:ann@example.com} @{group:Ops} @{project} @{organization} @{}{chart:x}", []),
        ("@{user:eve@example.com}", [("unknown_holder", BLOCKS)]),
        ("@{group:Cats}", [("unknown_holder", BLOCKS)]),
        ("@{cat:x}", [("unknown_reference", BLOCKS)]),
    ],
)
def test_names_in_text_must_mean_something_on_the_target(text: str, found: list[tuple[str, Gravity]]) -> None:
    """People, groups and what nothing can be; a token that is only text is none."""
    assert codes(create(Kind.CHART, "x", {**chart(), "description": text})) == found


def test_a_person_in_text_who_cannot_be_asked_for_warns() -> None:
    """The token may not list people."""
    step = create(Kind.CHART, "x", {**chart(), "description": "@{user:ann@example.com}"})
    assert ("unchecked_holder", WARNS) in codes(step, facts=TargetFacts(tables=FACTS.tables, fields=FIELDS))


# --- schedulers


@pytest.mark.parametrize(
    ("patterns", "fine"),
    [
        (None, True),
        (("*@example.com",), True),
        (("*@EXAMPLE.com",), True),
        (("*@example.org", "bob@*"), True),
        (("*@example.org",), False),
        (("example.com",), False),
        ((), False),
    ],
)
def test_recipients_outside_the_environments_patterns_block(
    patterns: tuple[str, ...] | None, fine: bool
) -> None:
    """Upper and lower case do not matter; no patterns at all allow nobody, none given allows everybody."""
    step = create(Kind.SCHEDULER, "x", scheduler(targets=[{"recipient": "Bob@Example.com"}]))
    assert codes(step, recipients=patterns) == ([] if fine else [("recipient_not_allowed", BLOCKS)])


def test_slack_channels_that_the_target_lacks_block() -> None:
    """A target that cannot say which channels it has warns."""
    step = create(Kind.SCHEDULER, "x", scheduler(targets=[{"channel": "C1"}, {"channel": "C2"}]))
    (problem,) = problems(step)
    assert (problem.code, problem.gravity) == ("missing_channel", BLOCKS)
    assert "C2" in problem.what
    silent = TargetFacts(caller="ann@example.com")
    assert codes(step, facts=silent) == [("unchecked_channel", WARNS), ("unchecked_channel", WARNS)]


@pytest.mark.parametrize("where", ["webhook", "googleChatWebhook"])
def test_a_webhook_whose_address_is_not_in_the_snapshot_blocks(where: str) -> None:
    """The placeholder must never become an address."""
    assert codes(create(Kind.SCHEDULER, "x", scheduler(targets=[{where: SECRET}]))) == [
        ("secret_address", BLOCKS)
    ]


def test_a_google_sheet_of_somebody_else_warns() -> None:
    """It may not be writable for the token's owner."""
    assert codes(create(Kind.SCHEDULER, "x", scheduler(format="gsheets"))) == [("google_sheet", WARNS)]


def test_a_new_owner_is_said_once_for_all_schedulers() -> None:
    """For those that are created, and that the token's owner does not own anyway."""
    steps = [create(Kind.SCHEDULER, f"s{n}", scheduler(owner="bob@example.com")) for n in range(3)]
    steps += [create(Kind.SCHEDULER, "mine", scheduler())]
    steps += [update(Kind.SCHEDULER, "old", scheduler(), scheduler(owner="bob@example.com"))]
    (problem,) = problems(*steps)
    assert (problem.item, problem.code, problem.gravity) == ("scheduler", "owner_changes", WARNS)
    assert problem.what.startswith("3 new schedulers will belong to ann@example.com")


def test_a_service_account_is_told_that_it_delivers_nothing() -> None:
    """Whoever owned them before: nothing is delivered in the name of a service account."""
    steps = [create(Kind.SCHEDULER, f"s{n}", scheduler()) for n in range(2)]
    facts = replace(FACTS, caller="", service_account=True)
    found = [one for one in problems(*steps, facts=facts) if one.item == "scheduler"]
    assert [(one.code, one.gravity) for one in found] == [("owner_is_no_person", WARNS)]
    assert found[0].what.startswith("2 new schedulers will belong to a service account")


@pytest.mark.parametrize(
    ("field", "fine"), [("orders_status", True), ("share", True), ("orders_gone", False)]
)
def test_a_threshold_of_an_alert_must_be_a_field_of_its_chart(field: str, fine: bool) -> None:
    """A field of the explore, or one that the chart's query defines."""
    alert = scheduler(thresholds=[{"fieldId": field, "operator": "lessThan", "value": 1}])
    shown = there((Kind.CHART, "weekly", chart(tableCalculations=[_calculated("share")])))
    assert codes(create(Kind.SCHEDULER, "x", alert), look=shown) == (
        [] if fine else [("missing_field", BLOCKS)]
    )


def test_filters_of_a_scheduler_are_those_of_its_dashboard() -> None:
    """They are checked against the charts that the dashboard shows."""
    look = there((Kind.CHART, "weekly", chart()), (Kind.DASHBOARD, "overview", dashboard(["weekly"])))
    for name, expected in (("orders_status", []), (GONE, [("missing_field", BLOCKS)])):
        sent = scheduler(dashboard="overview", filters=[rule(name)])
        del sent["chart"]
        assert codes(create(Kind.SCHEDULER, "x", sent), look=look) == expected


def test_deletes_refer_to_nothing() -> None:
    """What goes need not find anything."""
    assert problems(delete(Kind.CHART, "x", chart(GONE)), delete(Kind.SPACE, "s", space(parent="gone"))) == ()


# --- laws


@given(st.lists(pairs(), max_size=3), chaos(), st.booleans())
def test_any_content_has_problems_or_none(
    items: list[tuple[Kind, Json, Json]], other: Json, known: bool
) -> None:
    """Any content is checked without an error, alike each time; allowed breaks only warn, if writable."""
    steps = [update(kind, f"k{n}", old, new) for n, (kind, old, new) in enumerate(items)]
    facts = FACTS if known else TargetFacts()

    def look(_kind: Kind, _key: str) -> Json:
        return other

    tables = needed_tables(steps, look)
    assert "" not in tables
    found = reference_problems(steps, facts, PlanOptions(), THERE, (), look)
    assert found == tuple(sorted(set(found)))
    assert found == reference_problems(steps[::-1], facts, PlanOptions(), THERE, (), look)
    allowed = reference_problems(steps, facts, PlanOptions(allow_broken=frozenset({"all"})), THERE, (), look)
    blocked = {problem.code for problem in allowed if problem.gravity is not WARNS}
    impossible = {"missing_item", "missing_link", "deleted_reference", "external_reference"}
    assert blocked <= impossible | {"external_link", "unknown_holder", "unknown_reference", "secret_address"}
