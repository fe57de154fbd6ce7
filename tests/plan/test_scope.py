"""What comes along with what somebody chose: all that it needs, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.contents import Contents
from lightdash_sync.content.kinds import Kind
from lightdash_sync.sync.plan.options import ItemSelection
from lightdash_sync.sync.plan.scope import PlanScope, choose
from lightdash_sync.sync.plan.values import Plan
from tests.content.generated import FEWER

from .applying import EMPTY, FREE, WITH_DELETES, World, chosen, edited, synced
from .making import chart, dashboard, scheduler, space
from .projects import Project, projects, tree_of

ALL: Project = {
    (Kind.SPACE, "sales"): space(),
    (Kind.SPACE, "emea"): space("EMEA", parent="sales"),
    (Kind.SPACE, "spain"): space("Spain", parent="emea"),
    (Kind.SPACE, "ops"): space("Ops"),
    (Kind.CHART, "weekly"): {**chart(), "space": "spain"},
    (Kind.CHART, "lonely"): {**chart(), "space": "ops"},
    (Kind.CHART, "inner"): {**{k: v for k, v in chart().items() if k != "space"}, "dashboard": "kpis"},
    (Kind.SQL_CHART, "raw"): {"name": "Raw", "space": "ops", "sql": "select 1", "config": {}},
    (Kind.DASHBOARD, "kpis"): {**dashboard(["weekly", "inner"]), "space": "emea"},
    (Kind.DASHBOARD, "linking"): {**dashboard(), "space": "ops", "description": "See @{dashboard:kpis}."},
    (Kind.SCHEDULER, "monday"): scheduler(),
    (Kind.SCHEDULER, "daily"): {k: v for k, v in scheduler(dashboard="kpis").items() if k != "chart"},
    (Kind.TAG, "core"): {"name": "Core", "color": "red", "metrics": []},
    (Kind.PINS, ""): [{"kind": "chart", "key": "lonely", "order": 1}],
}
EVERYTHING = " ".join(f"{kind}:{key}" for kind, key in ALL)
SPACES = "space:sales space:emea space:spain"
KPIS = "dashboard:kpis chart:weekly chart:inner"
DELIVERIES = "scheduler:monday scheduler:daily"


def _said(choice: dict[str, Any]) -> ItemSelection:
    items = [tuple(name.split(":")) for name in choice.pop("items", ())]
    return ItemSelection(items=frozenset((Kind(kind), key) for kind, key in items), **choice)


def _in(space: str) -> dict[str, Any]:
    return {"spaces": frozenset({space})}


def _named(items: Any) -> set[str]:
    return {f"{kind}:{key}" for kind, key in items}


# What is chosen; what that is, what comes along and is updated, what comes along only if it is missing.
CLOSURES: list[tuple[dict[str, Any], str, str, str]] = [
    ({"items": ["chart:weekly"]}, "chart:weekly", "", SPACES),
    ({"items": ["dashboard:kpis"]}, "dashboard:kpis", "chart:weekly chart:inner", SPACES),
    ({"items": ["chart:inner"]}, "chart:inner", "dashboard:kpis chart:weekly", SPACES),
    ({"items": ["dashboard:linking"]}, "dashboard:linking", KPIS, f"space:ops {SPACES}"),
    ({"items": ["scheduler:monday"]}, "scheduler:monday", "", f"chart:weekly {SPACES}"),
    ({"items": ["scheduler:daily"]}, "scheduler:daily", KPIS, SPACES),
    ({"items": ["space:spain"]}, "space:spain", "", "space:emea space:sales"),
    ({"items": ["tag:core"]}, "tag:core", "", ""),
    ({"items": ["chart:weekly", "space:emea"]}, "chart:weekly space:emea", "", "space:spain space:sales"),
    ({"kinds": frozenset({Kind.TAG, Kind.PINS})}, "tag:core pins:", "", ""),
    ({"kinds": frozenset({Kind.SQL_CHART})}, "sql_chart:raw", "", "space:ops"),
    (_in("spain"), "space:spain chart:weekly scheduler:monday", "", "space:emea space:sales"),
    (_in("emea"), f"space:emea space:spain {KPIS} {DELIVERIES}", "", "space:sales"),
    (_in("sales"), f"{SPACES} {KPIS} {DELIVERIES}", "", ""),
    (_in("nowhere"), "", "", ""),
    ({"paths": frozenset({"charts/lonely.json"})}, "chart:lonely", "", "space:ops"),
    ({"paths": frozenset()}, "", "", ""),
    ({}, EVERYTHING, "", ""),
]


@pytest.mark.parametrize(("choice", "own", "brought", "present"), CLOSURES)
def test_what_comes_along_to_an_empty_target(
    choice: dict[str, Any], own: str, brought: str, present: str
) -> None:
    scope = choose(Contents(tree_of(ALL)), _said(dict(choice)), lambda _: False)
    assert _named(scope.chosen) == set(own.split())
    assert _named(scope.brought) == set(brought.split())
    assert _named(scope.present) == set(present.split())
    assert (scope.missing, scope.unwanted) == ((), ())


@pytest.mark.parametrize(("choice", "own", "brought", "present"), CLOSURES)
def test_what_exists_comes_along_only_to_be_updated(
    choice: dict[str, Any], own: str, brought: str, present: str
) -> None:
    """A dashboard updates its charts, not its space; a chart that exists updates nothing else."""
    scope = choose(Contents(tree_of(ALL)), _said(dict(choice)), lambda _: True)
    dashboards = {"dashboard:kpis"} & _named(scope.chosen)
    assert _named(scope.chosen) == set(own.split())
    shown = {"chart:weekly", "chart:inner"} - set(own.split())
    assert _named(scope.brought) == (shown if dashboards else set())
    assert scope.present == frozenset()


def _changed(project: Project) -> Project:
    """Every item with another name."""
    return {
        item: {**content, "name": "New"} if isinstance(content, dict) else content
        for item, content in project.items()
    }


def _steps(plan: Plan) -> set[str]:
    return {step.item for step in plan.steps}


@pytest.mark.parametrize(
    ("item", "steps"),
    [
        ((Kind.DASHBOARD, "kpis"), set(KPIS.split())),
        ((Kind.CHART, "weekly"), {"chart:weekly"}),
        ((Kind.CHART, "inner"), {"chart:inner"}),
        ((Kind.SCHEDULER, "daily"), {"scheduler:daily"}),
        ((Kind.DASHBOARD, "linking"), {"dashboard:linking"}),
        ((Kind.SPACE, "sales"), {"space:sales"}),
    ],
)
def test_moving_one_item_changes_no_space_and_nothing_that_uses_it(item: Any, steps: set[str]) -> None:
    """Everything differs on the source, and only this is written; what was chosen is told from the rest."""
    plan = synced(ALL).plan(tree_of(_changed(ALL)), replace(FREE, choice=chosen(item)))
    assert _steps(plan) == steps
    assert {step.item for step in plan.steps if step.selected} == {f"{item[0]}:{item[1]}"}
    assert plan.refusals() == []


def test_without_dependencies_what_is_missing_is_said_and_what_exists_is_left_alone() -> None:
    choice = chosen((Kind.DASHBOARD, "kpis"), dependencies=False)
    plan = EMPTY.plan(tree_of(ALL), replace(FREE, choice=choice))
    assert _steps(plan) == {"dashboard:kpis"}
    said = {problem.what.split(",")[0] for problem in plan.problems if problem.code == "not_selected"}
    assert said == {f"refers to {name}" for name in ("chart:weekly", "chart:inner", "space:emea")}
    assert plan.refusals()
    plan = synced(ALL).plan(tree_of(_changed(ALL)), replace(FREE, choice=choice))
    assert _steps(plan) == {"dashboard:kpis"}
    assert plan.refusals() == []


def test_what_the_source_itself_lacks_is_a_problem_that_can_be_allowed() -> None:
    project = {item: content for item, content in ALL.items() if item != (Kind.CHART, "weekly")}
    options = replace(FREE, choice=chosen((Kind.DASHBOARD, "kpis")))
    plan = EMPTY.plan(tree_of(project), options)
    assert {problem.item for problem in plan.problems if problem.code == "missing_item"} == {"dashboard:kpis"}
    assert plan.refusals()
    allowed = EMPTY.plan(tree_of(project), replace(options, allow_broken=frozenset({"dashboard:kpis"})))
    assert allowed.refusals() == []
    assert synced(ALL).plan(tree_of(project), options).refusals() == []  # the target has it


def test_deletes_stay_inside_the_choice() -> None:
    kept = {item: content for item, content in ALL.items() if item[0] not in (Kind.SCHEDULER, Kind.TAG)}
    kept = {item: content for item, content in kept.items() if item[1] not in ("lonely", "raw")}
    for choice, gone in [
        (ItemSelection(spaces=frozenset({"ops"})), {"chart:lonely", "sql_chart:raw"}),
        (ItemSelection(spaces=frozenset({"sales"})), {"scheduler:monday", "scheduler:daily"}),
        (ItemSelection(kinds=frozenset({Kind.TAG})), {"tag:core"}),
        (chosen((Kind.CHART, "lonely")), {"chart:lonely"}),
        (ItemSelection(paths=frozenset({"sql_charts/raw.json"})), {"sql_chart:raw"}),
        (
            ItemSelection(),
            {"chart:lonely", "sql_chart:raw", "tag:core", "scheduler:monday", "scheduler:daily"},
        ),
    ]:
        plan = synced(ALL).plan(tree_of(kept), replace(WITH_DELETES, choice=choice))
        assert {step.item for step in plan.steps if step.after is None} == gone


def test_a_choice_by_space_goes_by_where_the_source_has_it() -> None:
    world = edited(synced(ALL), Kind.CHART, "lonely", space="sales")
    world = World(world.tree, world.links)
    options = replace(FREE, choice=ItemSelection(spaces=frozenset({"ops"})))
    assert _steps(world.plan(tree_of(ALL), options)) == {"chart:lonely"}


CIRCLES: list[Project] = [
    {(Kind.SPACE, "a"): space(parent="b"), (Kind.SPACE, "b"): space(parent="a")},
    {(Kind.SPACE, "a"): space(parent="a")},
    {
        (Kind.DASHBOARD, "a"): {**dashboard(["b"]), "space": "@{chart:b}"},
        (Kind.CHART, "b"): {"dashboard": "a", "description": "@{chart:b}@{dashboard:a}@{scheduler:c}"},
        (Kind.SCHEDULER, "c"): {"chart": "b", "dashboard": "a", "name": "@{scheduler:c}"},
    },
]


@pytest.mark.parametrize("project", CIRCLES)
def test_items_that_hold_each_other_come_to_an_end(project: Project) -> None:
    contents = Contents(tree_of(project))
    for kind, key in project:
        for choice in (
            chosen((kind, key)),
            ItemSelection(spaces=frozenset({"a"})),
            ItemSelection(kinds=frozenset({kind})),
        ):
            for exists in (True, False):
                scope = choose(contents, choice, lambda _: exists)  # noqa: B023 - called at once
                assert scope.items <= contents.there


@FEWER
@given(projects(), st.data())
def test_a_scope_is_closed_and_every_part_of_it_has_a_reason(project: Project, data: st.DataObject) -> None:
    """On an empty target nothing is left that something in it needs; more choice is never less scope."""
    contents = Contents(tree_of(project))
    items = data.draw(st.sets(st.sampled_from(sorted(project)), min_size=1))

    def scope(*chosen_items: Any) -> PlanScope:
        return choose(contents, chosen(*chosen_items), lambda _: False)

    whole = scope(*items)
    assert whole.missing == ()
    assert whole.items == frozenset().union(*(scope(item).items for item in items))
    assert scope(*whole.items).items == whole.items
    assert not whole.chosen & whole.brought
    assert not whole.present & (whole.chosen | whole.brought)
