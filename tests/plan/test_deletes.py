"""Deletes: only of what is linked, never of what holds something else, and within limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lightdash_sync.content.kinds import Kind
from lightdash_sync.sync.plan.options import ItemSelection
from lightdash_sync.sync.plan.values import Action, Gravity, Plan

from .applying import FACTS, FREE, WITH_DELETES, chosen, synced, twin_of, world_of
from .making import chart, dashboard, scheduler, space
from .projects import Project, tree_of

DELETE = replace(WITH_DELETES, max_deletes=None)
PLACELESS = {name: value for name, value in chart().items() if name != "space"}
PROJECT: Project = {
    (Kind.SPACE, "sales"): space(),
    (Kind.SPACE, "emea"): space("EMEA", parent="sales"),
    (Kind.CHART, "weekly"): chart(),
    (Kind.CHART, "inner"): {**PLACELESS, "dashboard": "kpis"},
    (Kind.SQL_CHART, "raw"): {"name": "Raw", "space": "emea", "sql": "select 1", "config": {}},
    (Kind.DASHBOARD, "kpis"): dashboard(["weekly", "inner"]),
    (Kind.SCHEDULER, "monday"): scheduler(),
    (Kind.TAG, "core"): {"name": "Core", "color": "red", "metrics": []},
}


def _without(*keys: str, **changed: Any) -> Project:
    kept = {item: content for item, content in PROJECT.items() if item[1] not in keys}
    return {item: {**content, **changed.get(item[1], {})} for item, content in kept.items()}


def _deleted(plan: Plan) -> list[str]:
    return [step.item for step in plan.steps if step.action is Action.DELETE]


def _said(plan: Plan, code: str) -> set[tuple[str, Gravity]]:
    return {(problem.item, problem.gravity) for problem in plan.problems if problem.code == code}


def test_what_the_source_lacks_is_deleted_from_the_inside_out() -> None:
    """With what it was, so that it can be made again."""
    world = synced(PROJECT)
    plan = world.plan(tree_of({(Kind.TAG, "new"): PROJECT[Kind.TAG, "core"]}), WITH_DELETES)
    deleted = _deleted(plan)
    assert set(deleted) == {f"{kind}:{key}" for kind, key in PROJECT}
    assert deleted.index("scheduler:monday") < deleted.index("chart:weekly") < deleted.index("space:sales")
    assert plan.steps[0].item == "tag:new"
    assert all(step.before is not None and step.uuid for step in plan.steps[1:])


def test_what_is_not_linked_is_never_deleted() -> None:
    for linked in ({}, {(Kind.TAG, "core"): "core"}):
        plan = world_of(PROJECT, linked).plan(tree_of({}), replace(WITH_DELETES))
        assert _deleted(plan) == [f"{kind}:{key}" for kind, key in linked]


def test_in_the_project_that_the_source_was_taken_from_everything_may_be() -> None:
    """What was made there since is not linked, and restoring takes it away if deletes are asked for."""
    facts = replace(FACTS, same_project=True)
    world = world_of(PROJECT, {(Kind.SPACE, "sales"): "sales"})
    desired = tree_of({(Kind.SPACE, "sales"): PROJECT[Kind.SPACE, "sales"]})
    plan = world.plan(desired, WITH_DELETES, facts=facts)
    assert len(_deleted(plan)) == len(PROJECT) - 1
    assert world.plan(desired, FREE, facts=facts).is_empty


@pytest.mark.parametrize(
    ("gone", "linked", "full"),
    [
        (("emea", "raw"), "raw", "space:emea"),
        (("kpis", "inner"), "inner", "dashboard:kpis"),
        (("weekly", "monday"), "monday", "chart:weekly"),
        (("sales", "emea"), "emea", "space:sales"),
    ],
)
def test_what_holds_something_that_the_plan_does_not_delete_stays(
    gone: tuple[str, ...], linked: str, full: str
) -> None:
    """Lightdash would delete it, too: charts in spaces and dashboards, spaces in spaces, schedulers."""
    links = {item: item[1] for item in PROJECT if item[1] != linked}  # that one is the target's own
    plan = world_of(PROJECT, links).plan(tree_of(_without(*gone)), WITH_DELETES)
    assert (full, Gravity.BLOCKS) in _said(plan, "not_empty")
    assert plan.refusals()
    allowed = replace(WITH_DELETES, allow_broken=frozenset({"all"}))
    assert world_of(PROJECT, links).plan(tree_of(_without(*gone)), allowed).refusals()


def test_what_moves_out_first_does_not_go_along() -> None:
    world = synced(PROJECT)
    plan = world.plan(tree_of(_without("emea", raw={"space": "sales"})), WITH_DELETES)
    assert plan.refusals() == []
    assert [(step.verb, step.item) for step in plan.steps] == [
        ("move", "sql_chart:raw"),
        ("delete", "space:emea"),
    ]


def test_what_moves_into_a_space_that_goes_is_said() -> None:
    world = synced(PROJECT)
    choice = ItemSelection(
        items=frozenset({(Kind.SPACE, "emea"), (Kind.CHART, "weekly"), (Kind.SQL_CHART, "raw")})
    )
    plan = world.plan(
        tree_of(_without("emea", "raw", weekly={"space": "emea"})), replace(WITH_DELETES, choice=choice)
    )
    assert plan.refusals()


def test_what_lies_in_a_chosen_item_is_deleted_with_it_and_said() -> None:
    """Lightdash deletes a chart inside with its dashboard: the plan names both, if the source has neither."""
    world, options = synced(PROJECT), replace(WITH_DELETES, choice=chosen((Kind.DASHBOARD, "kpis")))
    plan = world.plan(tree_of(_without("kpis", "inner")), options)
    assert plan.refusals() == []
    assert [(step.verb, step.item) for step in plan.steps] == [
        ("delete", "dashboard:kpis"),
        ("delete", "chart:inner"),
    ]


def test_what_lies_in_a_chosen_item_and_is_still_wanted_stops_its_deletion() -> None:
    world, options = synced(PROJECT), replace(WITH_DELETES, choice=chosen((Kind.DASHBOARD, "kpis")))
    plan = world.plan(tree_of(_without("kpis")), options)
    assert _said(plan, "not_empty") == {("dashboard:kpis", Gravity.BLOCKS)}


def test_a_tile_that_would_become_empty_is_a_warning() -> None:
    links = {item: item[1] for item in PROJECT if item[0] is not Kind.DASHBOARD}
    plan = world_of(PROJECT, links).plan(tree_of(_without("weekly", "monday", "kpis", "inner")), WITH_DELETES)
    assert ("chart:weekly", Gravity.WARNS) in _said(plan, "still_shown")


def _charts(number: int) -> Project:
    return {(Kind.CHART, f"c{n}"): chart() for n in range(number)} | {(Kind.SPACE, "sales"): space()}


@pytest.mark.parametrize(
    ("existing", "deletes", "refused"),
    [
        (9, 9, False),
        (10, 3, False),
        (10, 4, True),
        (11, 3, False),
        (11, 4, True),
        (20, 6, False),  # 30.0 %
        (1000, 20, False),
        (1000, 21, True),
        (66, 20, True),  # 30.3 %
        (67, 20, False),
        (70, 21, True),  # 30.0 %, and more than 20
    ],
)
def test_limits_at_their_edges(existing: int, deletes: int, refused: bool) -> None:
    """By the number of the kind on the target, and no other kind's."""
    world = twin_of(_charts(existing))
    plan = world.plan(tree_of(_charts(existing - deletes)), DELETE)
    assert len(_deleted(plan)) == deletes
    assert bool(plan.limits) == bool(plan.refusals()) == refused
    if refused:
        assert f"{deletes} of {existing} charts" in plan.limits[0]
        assert (
            world.plan(tree_of(_charts(existing - deletes)), replace(DELETE, max_deletes=deletes)).limits
            == ()
        )
        assert world.plan(
            tree_of(_charts(existing - deletes)), replace(DELETE, max_deletes=deletes - 1)
        ).limits


@pytest.mark.parametrize("left", [{}, {(Kind.PINS, ""): [{"kind": "chart", "key": "c0", "order": 1}]}])
def test_an_empty_source_deletes_nothing_however_few_there_are(left: Project) -> None:
    """Pins and icons alone are no content; a limit of one's own is no excuse either."""
    for options in (DELETE, replace(DELETE, max_deletes=100)):
        plan = twin_of(_charts(1)).plan(tree_of(left), options)
        assert len(_deleted(plan)) == 2
        assert "the source is empty" in plan.limits[0]


def test_deletes_of_one_kind_do_not_use_up_another() -> None:
    project = {**_charts(10), **{(Kind.TAG, f"t{n}"): {"name": str(n), "metrics": []} for n in range(10)}}
    kept = {
        item: content
        for item, content in project.items()
        if item[1] not in ("c1", "c2", "c3", "t1", "t2", "t3")
    }
    assert twin_of(project).plan(tree_of(kept), DELETE).limits == ()
    del kept[Kind.TAG, "t4"]
    assert ["tags" in words for words in twin_of(project).plan(tree_of(kept), DELETE).limits] == [True]


def test_items_of_the_target_itself_do_not_count() -> None:
    """A limit by share is one of what could be deleted at all."""
    project = _charts(20)
    linked = {(Kind.CHART, f"c{n}"): f"c{n}" for n in range(10)}
    kept = {item: content for item, content in project.items() if item[1] not in ("c0", "c1", "c2", "c3")}
    plan = world_of(project, linked).plan(tree_of(kept), DELETE)
    assert "4 of 10 charts" in plan.limits[0]
