"""What the target's people did since the last sync: never overwritten unless somebody says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lightdash_sync.content.json import canonical
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.tree import Tree
from lightdash_sync.sync.plan.options import PlanOptions
from lightdash_sync.sync.plan.values import Action, DriftKind, Plan

from .applying import FACTS, FREE, WITH_DELETES, World, edited, removed, synced
from .making import chart, dashboard, rule, scheduler, space
from .projects import Project, tree_of

TABS = [{"id": "first", "name": "First", "order": 0}]
PROJECT: Project = {
    (Kind.SPACE, "sales"): space(ann="viewer"),
    (Kind.SPACE, "ops"): space("Ops"),
    (Kind.CHART, "weekly"): {**chart("orders_week", sorts=["a", "b"]), "description": "Per week."},
    (Kind.SQL_CHART, "raw"): {"name": "Raw", "space": "sales", "sql": "select 1", "config": {}},
    (Kind.DASHBOARD, "kpis"): dashboard(["weekly"], [rule("orders_status")], tabs=TABS),
    (Kind.SCHEDULER, "monday"): scheduler(targets=[{"recipient": "ann@example.com"}]),
    (Kind.TAG, "core"): {"name": "Core", "color": "red", "metrics": [{"table": "orders", "metric": "count"}]},
}
ACCESS = {"users": [{"email": "ann@example.com", "role": "admin"}], "groups": []}
# One edit for each kind of field that an item can have.
EDITS: list[tuple[Kind, str, dict[str, Any]]] = [
    (Kind.SPACE, "sales", {"name": "Theirs"}),
    (Kind.SPACE, "sales", {"parent": "ops"}),
    (Kind.SPACE, "sales", {"inheritsAccess": False}),
    (Kind.SPACE, "sales", {"access": ACCESS}),
    (Kind.CHART, "weekly", {"name": "Theirs"}),
    (Kind.CHART, "weekly", {"description": None}),
    (Kind.CHART, "weekly", {"space": "ops"}),
    (Kind.CHART, "weekly", {"tableName": "shops"}),
    (Kind.CHART, "weekly", {"metricQuery": {"dimensions": []}}),
    (Kind.CHART, "weekly", {"chartConfig": {"type": "cartesian"}}),
    (Kind.CHART, "weekly", {"fieldOfTomorrow": [1]}),
    (Kind.SQL_CHART, "raw", {"sql": "select 2"}),
    (Kind.SQL_CHART, "raw", {"config": {"type": "pie"}}),
    (Kind.DASHBOARD, "kpis", {"tiles": []}),
    (Kind.DASHBOARD, "kpis", {"tabs": [{"id": "first", "name": "Theirs", "order": 0}]}),
    (Kind.DASHBOARD, "kpis", {"filters": {}}),
    (Kind.DASHBOARD, "kpis", {"space": "ops"}),
    (Kind.SCHEDULER, "monday", {"cron": "0 0 * * *"}),
    (Kind.SCHEDULER, "monday", {"targets": []}),
    (Kind.TAG, "core", {"color": "blue"}),
    (Kind.TAG, "core", {"metrics": []}),
]
# Edits of our own for each kind.
OURS: dict[Kind, dict[str, Any]] = {
    Kind.SPACE: {"name": "Ours", "inheritsAccess": False},
    Kind.CHART: {"pivotConfig": {"columns": ["ours"]}},
    Kind.SQL_CHART: {"limit": 7},
    Kind.DASHBOARD: {"description": "ours"},
    Kind.SCHEDULER: {"message": "ours"},
    Kind.TAG: {"name": "ours"},
}
UNMANAGED: list[tuple[Kind, str, dict[str, Any]]] = [
    (Kind.SCHEDULER, "monday", {"enabled": True}),
    (Kind.SCHEDULER, "monday", {"owner": "bob@example.com"}),
    (Kind.CHART, "weekly", {"verification": {"verifiedBy": {"firstName": "Bob"}}}),
    (Kind.DASHBOARD, "kpis", {"verification": {"verifiedBy": {"firstName": "Bob"}}}),
]
MERGE = replace(FREE, merge=True)


def _ours(kind: Kind, key: str, **fields: Any) -> Project:
    """The source after an edit of its own."""
    return {**PROJECT, (kind, key): {**PROJECT[kind, key], **fields}}


def _our_edit(kind: Kind, theirs: dict[str, Any]) -> dict[str, Any]:
    """An edit of another field than theirs."""
    return dict([next((name, value) for name, value in OURS[kind].items() if name not in theirs)])


def _plan(world: World, project: Project, options: PlanOptions = FREE) -> Plan:
    return world.plan(tree_of(project), options)


def _after(plan: Plan) -> Any:
    (step,) = plan.steps
    return step.after


@pytest.mark.parametrize(("kind", "key", "theirs"), EDITS)
def test_a_change_of_the_target_alone_refuses_the_plan(kind: Kind, key: str, theirs: Any) -> None:
    """In each kind of field; the plan shows what the target has and what would become of it."""
    plan = _plan(edited(synced(PROJECT), kind, key, **theirs), PROJECT)
    (drift,) = plan.drift
    assert (drift.how, drift.item, drift.allowed) == (DriftKind.CHANGED, f"{kind}:{key}", False)
    assert isinstance(drift.existing, dict)
    assert drift.existing.items() >= theirs.items()
    assert drift.base == drift.desired or kind is Kind.SCHEDULER  # the owner is the token's there
    assert len(plan.refusals()) == 1


@pytest.mark.parametrize(("kind", "key", "theirs"), EDITS)
def test_a_change_that_may_be_overwritten_is(kind: Kind, key: str, theirs: Any) -> None:
    for allowed in (f"{kind}:{key}", "all"):
        options = replace(FREE, allow_drift=frozenset({allowed}))
        world = edited(synced(PROJECT), kind, key, **theirs)
        plan = _plan(world, PROJECT, options)
        assert plan.refusals() == []
        assert [drift.allowed for drift in plan.drift] == [True]
        assert _plan(world.apply(plan, tree_of(PROJECT)), PROJECT).is_empty


@pytest.mark.parametrize(("kind", "key", "theirs"), EDITS)
def test_allowing_one_item_allows_no_other(kind: Kind, key: str, theirs: Any) -> None:
    options = replace(FREE, allow_drift=frozenset({"chart:another"}))
    assert _plan(edited(synced(PROJECT), kind, key, **theirs), PROJECT, options).refusals()


@pytest.mark.parametrize(("kind", "key", "theirs"), EDITS)
def test_a_merge_leaves_what_only_the_target_changed(kind: Kind, key: str, theirs: Any) -> None:
    plan = _plan(edited(synced(PROJECT), kind, key, **theirs), PROJECT, MERGE)
    assert plan.is_empty
    assert plan.refusals() == []
    assert [drift.how for drift in plan.drift] == [DriftKind.CHANGED]


@pytest.mark.parametrize(("kind", "key", "theirs"), EDITS)
def test_different_fields_are_combined_by_a_merge_and_only_by_it(kind: Kind, key: str, theirs: Any) -> None:
    """Without one the plan says that they could be."""
    world, ours = edited(synced(PROJECT), kind, key, **theirs), _ours(kind, key, **_our_edit(kind, theirs))
    refused = _plan(world, ours)
    (drift,) = refused.drift
    assert (drift.how, drift.conflicts, drift.allowed) == (DriftKind.BOTH, (), False)
    assert isinstance(drift.merged, dict)
    plan = _plan(world, ours, MERGE)
    assert plan.refusals() == []
    assert _after(plan).items() >= {**theirs, **_our_edit(kind, theirs)}.items()


@pytest.mark.parametrize(("kind", "key", "theirs"), EDITS)
def test_a_merge_converges(kind: Kind, key: str, theirs: Any) -> None:
    """What was merged stays: the target's part is told as drift, and never taken back."""
    world, ours = edited(synced(PROJECT), kind, key, **theirs), _ours(kind, key, **_our_edit(kind, theirs))
    plan = _plan(world, ours, MERGE)
    after = world.apply(plan, tree_of(ours))
    assert _plan(after, ours, MERGE).is_empty
    assert _plan(after, ours).refusals()


@pytest.mark.parametrize(("kind", "key", "theirs"), EDITS)
def test_one_field_changed_on_both_sides_is_a_conflict_that_no_merge_decides(
    kind: Kind, key: str, theirs: Any
) -> None:
    (field,) = theirs
    ours = _ours(kind, key, **{field: "another"})
    plan = _plan(edited(synced(PROJECT), kind, key, **theirs), ours, MERGE)
    (drift,) = [drift for drift in plan.drift if drift.key == key]
    assert (drift.how, drift.allowed, drift.merged) == (DriftKind.BOTH, False, None)
    assert {path[0] for path in drift.conflicts} == {field}
    assert plan.refusals()


@pytest.mark.parametrize(("kind", "key", "theirs"), EDITS)
def test_the_same_change_on_both_sides_is_no_drift(kind: Kind, key: str, theirs: Any) -> None:
    plan = _plan(edited(synced(PROJECT), kind, key, **theirs), _ours(kind, key, **theirs))
    assert (plan.is_empty, plan.drift) == (True, ())


@pytest.mark.parametrize(("kind", "key", "theirs"), UNMANAGED)
def test_what_is_the_targets_own_is_no_drift_and_stays(kind: Kind, key: str, theirs: Any) -> None:
    """Whether a scheduler is on, who owns it, who vouches for a chart."""
    world = edited(synced(PROJECT), kind, key, **theirs)
    plan = _plan(world, PROJECT)
    assert (plan.is_empty, plan.drift) == (True, ())
    plan = _plan(world, _ours(kind, key, name="Ours"))
    assert plan.drift == ()
    assert _after(plan).items() >= theirs.items()


def test_access_is_no_drift_if_it_is_kept() -> None:
    options = replace(FREE, keep_access=True)
    world = edited(synced(PROJECT), Kind.SPACE, "sales", access=ACCESS, inheritsAccess=False)
    assert _plan(world, PROJECT, options).is_empty
    assert _after(_plan(world, _ours(Kind.SPACE, "sales", name="Ours"), options))["access"] == ACCESS


def test_schedulers_that_are_switched_on_by_plans_drift_by_being_switched_off() -> None:
    options = replace(FREE, enable_schedulers=True)
    world = synced(PROJECT)
    world = world.apply(_plan(world, PROJECT, options), tree_of(PROJECT))
    plan = _plan(edited(world, Kind.SCHEDULER, "monday", enabled=False), PROJECT, options)
    assert [drift.how for drift in plan.drift] == [DriftKind.CHANGED]


@pytest.mark.parametrize("ours", [{}, {"name": "Ours"}])
def test_an_item_that_the_target_deleted_is_not_made_again_unasked(ours: Any) -> None:
    world, project = removed(synced(PROJECT), Kind.TAG, "core"), _ours(Kind.TAG, "core", **ours)
    plan = _plan(world, project)
    assert [drift.how for drift in plan.drift] == [DriftKind.DELETED]
    assert plan.refusals()
    allowed = _plan(world, project, replace(FREE, allow_drift=frozenset({"tag:core"})))
    assert allowed.refusals() == []
    assert [(step.action, step.key) for step in allowed.steps] == [(Action.CREATE, "core")]


def test_a_merge_keeps_a_delete_of_the_target_unless_the_source_changed_the_item() -> None:
    world = removed(synced(PROJECT), Kind.TAG, "core")
    assert _plan(world, PROJECT, MERGE).is_empty
    assert _plan(world, PROJECT, MERGE).refusals() == []
    assert _plan(world, _ours(Kind.TAG, "core", name="Ours"), MERGE).refusals()


def test_what_the_target_changed_is_not_deleted_unless_allowed() -> None:
    project = {item: content for item, content in PROJECT.items() if item != (Kind.TAG, "core")}
    world = edited(synced(PROJECT), Kind.TAG, "core", color="blue")
    for options in (WITH_DELETES, replace(WITH_DELETES, merge=True)):
        plan = _plan(world, project, options)
        assert [(drift.how, drift.allowed) for drift in plan.drift] == [(DriftKind.BOTH, False)]
        assert plan.refusals()
    assert _plan(world, project).is_empty
    allowed = _plan(world, project, replace(WITH_DELETES, allow_drift=frozenset({"tag:core"})))
    assert allowed.refusals() == []
    assert [(step.action, step.key) for step in allowed.steps] == [(Action.DELETE, "core")]


@pytest.mark.parametrize(("kind", "key", "theirs"), EDITS)
def test_what_was_never_synced_is_overwritten_only_if_that_is_allowed_by_name(
    kind: Kind, key: str, theirs: Any
) -> None:
    """In each kind of field: nobody knows which side changed it, so it is a conflict and cannot be merged."""
    world = replace(edited(synced(PROJECT), kind, key, **theirs), base={})
    for options in (FREE, MERGE):
        plan = _plan(world, PROJECT, options)
        (drift,) = plan.drift
        assert (drift.how, drift.item, drift.base) == (DriftKind.UNSYNCED, f"{kind}:{key}", None)
        assert {path[0] for path in drift.conflicts} == theirs.keys()
        assert plan.refusals() == [f"{kind}:{key} is different on the target, and never synced"]
    allowed = replace(FREE, allow_drift=frozenset({f"{kind}:{key}"}))
    assert _plan(world, PROJECT, allowed).refusals() == []
    other = replace(FREE, allow_drift=frozenset({"chart:another"}))
    assert _plan(world, PROJECT, other).refusals() != []


def test_what_was_never_synced_and_is_alike_is_no_drift() -> None:
    """What a plan does not manage may differ, and so may what means nothing."""
    world = synced(PROJECT)
    for kind, key, theirs in UNMANAGED:
        world = edited(world, kind, key, **theirs)
    plan = _plan(replace(world, base={}), PROJECT)
    assert (plan.drift, plan.steps) == ((), ())


def test_what_was_never_synced_is_deleted_only_if_that_is_allowed_by_name() -> None:
    world = replace(synced(PROJECT), base={})
    rest = {item: content for item, content in PROJECT.items() if item != (Kind.TAG, "core")}
    assert _plan(world, rest, WITH_DELETES).refusals() == ["tag:core was never synced, and would be deleted"]
    allowed = replace(WITH_DELETES, allow_drift=frozenset({"tag:core"}))
    assert [step.item for step in _plan(world, rest, allowed).steps] == ["tag:core"]


def test_what_an_unfinished_run_made_is_no_drift() -> None:
    """It had no time to remember what it made; the next run finishes it."""
    world = replace(edited(synced(PROJECT), Kind.CHART, "weekly", name="Begun"), base={})
    known = frozenset({(Kind.CHART, "weekly")})
    plan = world.plan(tree_of(PROJECT), known_origin=known)
    assert (plan.drift, [step.verb for step in plan.steps]) == ((), ["rename"])


@pytest.mark.parametrize(
    ("theirs", "ours", "conflicts"),
    [
        ([("count", "a")], [("count", "b")], [("orders.count", "icon")]),
        ([("count", "a")], [("count", "a"), ("sum", "b")], []),
        ([("count", "a"), ("sum", "b")], [("sum", "b")], []),
    ],
)
def test_a_list_that_was_never_synced_gets_more_and_loses_nothing(
    theirs: Any, ours: Any, conflicts: Any
) -> None:
    """What only the source has is added, what only the target has stays, what both have is a conflict."""
    icons: list[Any] = [
        [{"table": "orders", "metric": one, "icon": icon} for one, icon in side] for side in (theirs, ours)
    ]
    path = (Kind.METRIC_ICONS, "")
    world = replace(synced({**PROJECT, path: icons[0]}), base={})
    plan = _plan(world, {**PROJECT, path: icons[1]})
    assert [path for drift in plan.drift for path in drift.conflicts] == conflicts


def test_pins_of_the_target_are_no_drift_and_a_new_order_is() -> None:
    rows = [{"kind": "chart", "key": "weekly", "order": 1}, {"kind": "dashboard", "key": "kpis", "order": 2}]
    project = {**PROJECT, (Kind.PINS, ""): rows}
    world = synced(project)
    more = _repinned(world, [*rows, {"kind": "space", "key": "ops", "order": 3}])
    assert _plan(more, project).is_empty
    assert _plan(more, project).drift == ()
    turned = _repinned(world, [{**rows[1], "order": 1}, {**rows[0], "order": 2}])
    assert [drift.item for drift in _plan(turned, project).drift] == ["pins"]


def test_pins_that_both_sides_added_are_merged_in_an_order_that_holds() -> None:
    rows: list[Any] = [{"kind": "chart", "key": "weekly", "order": 5}]
    world = synced({**PROJECT, (Kind.PINS, ""): rows})
    world = _repinned(world, [{"kind": "space", "key": "ops", "order": 1}, *rows])
    project = {**PROJECT, (Kind.PINS, ""): [*rows, {"kind": "space", "key": "sales", "order": 9}]}
    for options in (MERGE, replace(FREE, allow_drift=frozenset({"all"}))):
        plan = _plan(world, project, options)
        pins = _after(plan)
        assert {pin["key"] for pin in pins} == {"weekly", "ops", "sales"}
        assert [pin["order"] for pin in pins] == sorted({pin["order"] for pin in pins})
        after = world.apply(plan, tree_of(project))
        assert _plan(after, project, options).is_empty


def _repinned(world: World, rows: list[Any]) -> World:
    files = {path: world.tree[path] for path in world.tree} | {"pins.json": canonical(rows)}
    return replace(world, tree=Tree.of(files, world.tree.identity))


def test_a_merged_chart_is_not_rolled_back_to_a_version_of_the_source() -> None:
    """A rollback would take the target's part away again."""
    world = edited(synced(PROJECT), Kind.CHART, "weekly", description="Theirs")
    ours = _ours(Kind.CHART, "weekly", tableName="shops")
    facts = replace(FACTS, same_project=True)
    (merged,) = world.plan(tree_of(ours), MERGE, facts=facts).steps
    assert merged.restores == ""
    options = replace(FREE, allow_drift=frozenset({"all"}))
    (exact,) = world.plan(tree_of(ours), options, facts=facts).steps
    assert exact.restores == "v--weekly"


def test_a_merge_that_leaves_a_chart_outside_a_dashboard_is_not_refused() -> None:
    """The target's people moved it out; the source changed something else."""
    inside = {name: value for name, value in PROJECT[Kind.CHART, "weekly"].items() if name != "space"}
    project = {**PROJECT, (Kind.CHART, "weekly"): {**inside, "dashboard": "kpis"}}
    world = edited(synced(project), Kind.CHART, "weekly", space="ops", dashboard=None)
    ours = {**project, (Kind.CHART, "weekly"): {**inside, "dashboard": "kpis", "name": "Ours"}}
    plan = _plan(world, ours, MERGE)
    assert plan.refusals() == []
    assert _after(plan)["space"] == "ops"
    allowed = _plan(world, ours, replace(FREE, allow_drift=frozenset({"all"})))
    assert [reason.partition(":")[0] for reason in allowed.refusals()] == ["chart"]
    assert "cannot_move_inside" in {problem.code for problem in allowed.problems}
