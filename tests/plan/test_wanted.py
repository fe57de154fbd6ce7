"""What the target cannot have is left out by name, and nothing is made that Lightdash would lose at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from lightdash_sync.content.json import Json
from lightdash_sync.content.kinds import SECRET, Kind
from lightdash_sync.content.schedulers import quiet_cron
from lightdash_sync.content.tree import Tree
from lightdash_sync.errors import SnapshotError
from lightdash_sync.sync.plan.managed import is_verified
from lightdash_sync.sync.plan.operations import OperationKind, operations
from lightdash_sync.sync.plan.options import ItemSelection, PlanOptions
from lightdash_sync.sync.plan.values import Action, Gravity, Plan

from .applying import EMPTY, FACTS, FREE, WITH_DELETES, chosen, edited, edited_list, synced, twin_of
from .making import chart, dashboard, scheduler, space
from .projects import Project, tree_of

PLACELESS = {name: value for name, value in chart().items() if name != "space"}
PROJECT: Project = {
    (Kind.SPACE, "sales"): space(),
    (Kind.CHART, "weekly"): chart(),
    (Kind.CHART, "inner"): {**PLACELESS, "dashboard": "kpis"},
    (Kind.DASHBOARD, "kpis"): dashboard(["weekly", "inner"]),
}
HIDDEN: Project = {**PROJECT, (Kind.CHART, "hidden"): {**PLACELESS, "dashboard": "kpis"}}


def _codes(plan: Plan) -> set[tuple[str, str, Gravity]]:
    ours = {"missing_metric", "not_pinned", "cannot_move_inside"}
    return {(one.item, one.code, one.gravity) for one in plan.problems if one.code in ours}


def test_a_chart_that_no_tile_shows_any_more_is_left_out_with_the_reason() -> None:
    """Lightdash would delete it; an older version of its dashboard shows it, and cannot be made."""
    plan = EMPTY.plan(tree_of(HIDDEN))
    assert [left.item for left in plan.left_out] == ["chart:hidden"]
    assert "no tile" in plan.left_out[0].why
    assert {step.item for step in plan.steps} == {f"{kind}:{key}" for kind, key in PROJECT}
    assert plan.refusals() == []
    world = EMPTY.apply(plan, tree_of(HIDDEN))
    again = world.plan(tree_of(HIDDEN))
    assert again.is_empty
    assert [left.item for left in again.left_out] == ["chart:hidden"]


def test_what_delivers_a_chart_that_is_left_out_is_left_out() -> None:
    plan = EMPTY.plan(tree_of({**HIDDEN, (Kind.SCHEDULER, "monday"): scheduler(chart="hidden")}))
    assert [left.item for left in plan.left_out] == ["chart:hidden", "scheduler:monday"]
    assert plan.refusals() == []


def test_a_hidden_chart_that_the_target_has_is_kept_up_to_date() -> None:
    world = twin_of(HIDDEN)
    renamed = {**HIDDEN, (Kind.CHART, "hidden"): {**HIDDEN[Kind.CHART, "hidden"], "name": "New"}}
    plan = world.plan(tree_of(renamed))
    assert [(step.verb, step.key) for step in plan.steps] == [("rename", "hidden")]
    assert plan.left_out == ()


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        ({"space": "sales"}, {"dashboard": "kpis"}, False),
        ({"dashboard": "board"}, {"dashboard": "kpis"}, False),
        ({"dashboard": "kpis"}, {"space": "sales"}, True),
    ],
)
def test_a_chart_can_leave_a_dashboard_and_not_enter_one(before: Any, after: Any, allowed: bool) -> None:
    others: Project = {**PROJECT, (Kind.DASHBOARD, "board"): dashboard(["weekly"])}
    world = twin_of({**others, (Kind.CHART, "inner"): {**PLACELESS, **before}})
    plan = world.plan(tree_of({**others, (Kind.CHART, "inner"): {**PLACELESS, **after}}))
    assert _codes(plan) == (set() if allowed else {("chart:inner", "cannot_move_inside", Gravity.BLOCKS)})
    assert (plan.refusals() == []) is allowed


def test_tags_of_the_dbt_project_are_made_by_a_deploy() -> None:
    tag: Any = {"name": "Core", "color": "red", "metrics": [], "yamlReference": "core"}
    plan = EMPTY.plan(tree_of({(Kind.TAG, "core"): tag}))
    assert plan.is_empty
    assert [left.item for left in plan.left_out] == ["tag:core"]
    there = twin_of({(Kind.TAG, "core"): tag}).plan(tree_of({(Kind.TAG, "core"): {**tag, "color": "blue"}}))
    assert [step.key for step in there.steps] == ["core"]


def test_metrics_that_the_target_lacks_are_left_out_of_tags_and_icons_by_name() -> None:
    rows = [{"table": "orders", "metric": name} for name in ("count", "\x1b[31mgone")]
    project: Project = {
        (Kind.TAG, "core"): {"name": "Core", "color": "red", "metrics": rows},
        (Kind.METRIC_ICONS, ""): [{**row, "icon": {"unicode": "1f4b6"}} for row in rows],
    }
    facts = replace(FACTS, metrics=frozenset({("orders", "count")}))
    plan = EMPTY.plan(tree_of(project), facts=facts)
    after: dict[str, Any] = {step.item: step.after for step in plan.steps}
    assert after["tag:core"]["metrics"] == rows[:1]
    assert [row["metric"] for row in after["metric_icons"]] == ["count"]
    assert _codes(plan) == {(item, "missing_metric", Gravity.WARNS) for item in ("tag:core", "metric_icons")}
    assert not any("\x1b" in problem.what for problem in plan.problems)
    assert all("gone" in problem.what for problem in plan.problems if problem.code == "missing_metric")


def test_pins_of_what_is_not_there_are_left_out_by_name() -> None:
    pins = [{"kind": "chart", "key": key, "order": n} for n, key in enumerate(("weekly", "hidden"))]
    project = {**HIDDEN, (Kind.PINS, ""): pins}
    plan = EMPTY.plan(tree_of(project))
    (step,) = [step for step in plan.steps if step.kind is Kind.PINS]
    assert step.after == pins[:1]
    assert _codes(plan) == {("pins", "not_pinned", Gravity.WARNS)}
    alone = EMPTY.plan(tree_of(project), replace(FREE, choice=ItemSelection(kinds=frozenset({Kind.PINS}))))
    assert alone.is_empty
    assert len([problem for problem in alone.problems if problem.code == "not_pinned"]) == 2


def test_pins_and_icons_of_the_target_go_only_with_deletes_and_if_both_know_them() -> None:
    """A pin of something that only the target has stays in any case."""
    pins = [{"kind": "chart", "key": "weekly", "order": 1}, {"kind": "dashboard", "key": "kpis", "order": 2}]
    icons = [{"table": "orders", "metric": name, "icon": {"unicode": "1f4b6"}} for name in ("a", "b")]
    full = {**PROJECT, (Kind.PINS, ""): pins, (Kind.METRIC_ICONS, ""): icons}
    fewer = {**PROJECT, (Kind.PINS, ""): pins[:1], (Kind.METRIC_ICONS, ""): icons[:1]}
    world = twin_of(full)
    assert world.plan(tree_of(fewer)).is_empty
    after = {step.item: step.after for step in world.plan(tree_of(fewer), WITH_DELETES).steps}
    assert after == {"pins": pins[:1], "metric_icons": icons[:1]}
    own = replace(
        world, links={kind: keys for kind, keys in world.links.items() if kind is not Kind.DASHBOARD}
    )
    steps = own.plan(tree_of(fewer), WITH_DELETES).steps
    assert "pins" not in {step.item for step in steps}


def test_a_new_scheduler_is_paused_unless_it_shall_be_on() -> None:
    project = {**PROJECT, (Kind.SCHEDULER, "monday"): scheduler()}
    for enable in (False, True):
        options = replace(FREE, enable_schedulers=enable)
        (step,) = [
            step for step in EMPTY.plan(tree_of(project), options).steps if step.kind is Kind.SCHEDULER
        ]
        assert isinstance(step.after, dict)
        assert step.after["enabled"] is enable
        assert "owner" not in step.after
    renamed = {**project, (Kind.SCHEDULER, "monday"): scheduler(name="New")}
    (step,) = synced(project).plan(tree_of(renamed)).steps
    assert isinstance(step.after, dict)
    assert step.after["enabled"] is False


def test_a_scheduler_whose_webhook_is_a_secret_stops_a_plan_until_it_is_allowed_to_be_left_out() -> None:
    """The placeholder never becomes an address; what the target has is left as it is."""
    secret = (Kind.SCHEDULER, "hook")
    project = {**PROJECT, secret: scheduler(targets=[{"webhook": SECRET}])}
    allowed = replace(FREE, allow_broken=frozenset({"scheduler:hook"}))
    (refusal,) = EMPTY.plan(tree_of(project), FREE).refusals()
    assert refusal.startswith("scheduler:hook")
    plan = EMPTY.plan(tree_of(project), allowed)
    assert plan.refusals() == []
    assert [left.item for left in plan.left_out] == ["scheduler:hook"]
    assert "secret" in plan.left_out[0].why
    assert "scheduler:hook" not in {step.item for step in plan.steps}

    there = twin_of(project)
    assert there.plan(tree_of(project), allowed).left_out == ()
    renamed = {**project, secret: scheduler(name="New", targets=[{"webhook": SECRET}])}
    assert there.plan(tree_of(renamed), FREE).refusals()
    plan = there.plan(tree_of(renamed), allowed)
    assert (plan.refusals(), plan.is_empty) == ([], True)
    assert [left.item for left in plan.left_out] == ["scheduler:hook"]


@pytest.mark.parametrize("purpose", ["restore", "undo"])
def test_a_deleted_scheduler_whose_webhook_is_a_secret_stops_nothing_else_from_coming_back(
    purpose: str,
) -> None:
    """No backup has the address, so it cannot come back, whatever is allowed; it is named."""
    project = {**PROJECT, (Kind.SCHEDULER, "hook"): scheduler(targets=[{"webhook": SECRET}])}
    plan = EMPTY.plan(tree_of(project), FREE, purpose=purpose)
    assert plan.refusals() == []
    assert [left.item for left in plan.left_out] == ["scheduler:hook"]
    assert "by hand" in plan.left_out[0].why
    assert {step.item for step in plan.steps} == {f"{kind}:{key}" for kind, key in PROJECT}


@pytest.mark.parametrize("month", range(1, 13))
def test_a_scheduler_that_a_cut_short_run_left_behind_is_switched_off_before_it_is_finished(
    month: int,
) -> None:
    """Lightdash switched it on when it was created; nobody else wanted that."""
    quiet = scheduler(cron=quiet_cron(date(2026, month, 1)), targets=[], enabled=True)
    wanted = {**PROJECT, (Kind.SCHEDULER, "daily"): scheduler(enabled=True)}
    world = twin_of({**PROJECT, (Kind.SCHEDULER, "daily"): quiet})
    (step,) = world.plan(tree_of(wanted)).steps
    assert isinstance(step.after, dict)
    assert step.after["enabled"] is False
    whats = [one.what for one in operations(world.plan(tree_of(wanted)))]
    assert whats == [OperationKind.SCHEDULER_PAUSE, OperationKind.SCHEDULER_BODY]
    (step,) = world.plan(tree_of(wanted), replace(FREE, enable_schedulers=True)).steps
    assert isinstance(step.after, dict)
    assert step.after["enabled"] is True


def test_a_scheduler_left_behind_that_is_not_linked_is_a_twin_whatever_its_time() -> None:
    """Else a second one would be made beside it."""
    quiet = scheduler(cron=quiet_cron(date(2026, 3, 1)), targets=[], enabled=True)
    wanted = tree_of({**PROJECT, (Kind.SCHEDULER, "daily"): scheduler()})
    world = twin_of({**PROJECT, (Kind.SCHEDULER, "daily"): quiet})
    lost = replace(
        world, links={kind: keys for kind, keys in world.links.items() if kind is not Kind.SCHEDULER}
    )
    (twin,) = lost.plan(wanted, PlanOptions()).twins
    assert twin.item == "scheduler:daily"
    other = edited(lost, Kind.SCHEDULER, "daily", targets=[{"recipient": "a@example.com"}])
    assert other.plan(wanted, PlanOptions()).twins == ()


def test_a_pin_of_the_target_stays_where_it_is() -> None:
    """What the target's people pinned between others is no reason to write the list."""
    pins: list[Json] = [
        {"kind": "chart", "key": "weekly", "order": 1},
        {"kind": "dashboard", "key": "kpis", "order": 2},
    ]
    world = synced({**PROJECT, (Kind.PINS, ""): pins[1:]})
    more = edited_list(world, Kind.PINS, pins)
    assert more.plan(tree_of({**PROJECT, (Kind.PINS, ""): pins[1:]}), PlanOptions()).is_empty


def test_a_palette_goes_where_the_organisation_has_one_of_its_name() -> None:
    """Elsewhere what the target has stays, and that is told; a server without palettes gets none."""
    project = {**PROJECT, (Kind.CHART, "weekly"): {**chart(), "palette": "Autumn"}}
    world = twin_of({**PROJECT, (Kind.CHART, "weekly"): {**chart(), "palette": "Spring"}})
    (step,) = world.plan(tree_of(project), facts=replace(FACTS, palettes=frozenset({"Autumn"}))).steps
    assert isinstance(step.after, dict)
    assert step.after["palette"] == "Autumn"
    elsewhere = replace(FACTS, palettes=frozenset({"Spring"}))
    plan = world.plan(tree_of(project), facts=elsewhere)
    assert plan.is_empty
    assert [(one.code, one.gravity) for one in plan.problems] == [("missing_palette", Gravity.WARNS)]
    for facts, code in ((elsewhere, "missing_palette"), (FACTS, "no_palettes")):
        made = EMPTY.plan(tree_of(project), facts=facts)
        (step,) = (one for one in made.steps if one.key == "weekly")
        assert isinstance(step.after, dict)
        assert step.after.get("palette") is None
        assert code in {problem.code for problem in made.problems}


def test_a_source_without_palettes_leaves_those_of_the_target_alone() -> None:
    world = twin_of({**PROJECT, (Kind.CHART, "weekly"): {**chart(), "palette": "Spring"}})
    assert world.plan(tree_of(PROJECT), facts=replace(FACTS, palettes=frozenset({"Spring"}))).is_empty


def test_names_of_what_is_missing_reach_no_terminal_as_they_are() -> None:
    project = {**PROJECT, (Kind.CHART, "weekly"): {**chart(), "space": "\x1b[2J\u202e"}}
    plan = EMPTY.plan(tree_of(project), replace(FREE, choice=chosen((Kind.CHART, "weekly"))))
    assert plan.refusals()
    assert all(ugly not in words for words in plan.refusals() for ugly in ("\x1b", "\u202e"))


@pytest.mark.parametrize("data", [b"[]", b"null", b"{", b'"x"'])
def test_a_file_that_is_no_item_is_an_error_that_names_it_or_its_place(data: bytes) -> None:
    with pytest.raises((ValueError, SnapshotError)):
        EMPTY.plan(Tree.of({"charts/weekly.json": data}))


def test_creates_come_before_deletes_and_in_the_order_of_reading() -> None:
    project = {**PROJECT, (Kind.TAG, "core"): {"name": "Core", "color": "red", "metrics": []}}
    renewed: Project = {(Kind.TAG, "core-2"): project[Kind.TAG, "core"]}
    plan = twin_of(project).plan(tree_of({**PROJECT, **renewed}), WITH_DELETES)
    assert [(step.action, step.key) for step in plan.steps] == [
        (Action.CREATE, "core-2"),
        (Action.DELETE, "core"),
    ]
    new = EMPTY.plan(tree_of(project))
    kinds = [step.kind for step in new.steps]
    assert kinds == [Kind.SPACE, Kind.CHART, Kind.CHART, Kind.DASHBOARD, Kind.TAG]


@pytest.mark.parametrize(
    ("said", "has", "facts", "wanted", "codes"),
    [
        ({}, True, {}, None, set()),  # an older source says nothing of it
        ({"verification": None}, True, {}, False, set()),
        ({"verification": {"verifiedAt": "x"}}, True, {}, None, set()),
        ({"verification": {"verifiedAt": "x"}}, False, {}, True, set()),
        ({"verification": {"verifiedAt": "x"}}, False, {"may_verify": False}, True, {"may_not_verify"}),
        ({"verification": {"verifiedAt": "x"}}, False, {"verifies": False}, None, {"no_verification"}),
    ],
)
def test_verification_is_given_as_far_as_source_and_target_know_it(
    said: dict[str, Any], has: bool, facts: dict[str, Any], wanted: bool | None, codes: set[str]
) -> None:
    mine = {(Kind.CHART, "weekly"): {**chart(), **said}}
    theirs: dict[str, Any] = {"verification": {"verifiedBy": {"firstName": "Ann"}} if has else None}
    world = twin_of({**PROJECT, (Kind.CHART, "weekly"): {**chart(), **theirs}})
    more: dict[str, Any] = {"verifies": True, **facts}
    known = replace(FACTS, **more)
    plan = world.plan(tree_of({**PROJECT, **mine}), replace(FREE, verification=True), facts=known)
    assert [is_verified(step.after) for step in plan.steps] == ([] if wanted is None else [wanted])
    assert {problem.code for problem in plan.problems} & {"may_not_verify", "no_verification"} == codes


def test_values_of_parameters_that_an_older_server_cannot_keep_are_left_out_and_told() -> None:
    view: dict[str, Any] = {"name": "v", "label": "V", "sql": "1", "columns": []}
    view |= {"parameterValues": {"a": "b"}}
    older = replace(FACTS, lacks=FACTS.lacks | {"virtual_view_parameters"})
    (step,) = EMPTY.plan(tree_of({(Kind.VIRTUAL_VIEW, "v"): view}), facts=older).steps
    assert isinstance(step.after, dict)
    assert "parameterValues" not in step.after
    planned = EMPTY.plan(tree_of({(Kind.VIRTUAL_VIEW, "v"): view}), facts=older)
    assert [(one.code, one.gravity) for one in planned.problems] == [("no_parameters", Gravity.WARNS)]
