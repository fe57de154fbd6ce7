"""What looks like a desired item on the target: shown, adopted if asked for, never overwritten or doubled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.contents import Contents
from lightdash_sync.content.identity import Identity
from lightdash_sync.content.kinds import Kind
from lightdash_sync.sync.plan.matching import LINKED, Matches, adopted_facts, by_slug, find_unlinked_matches
from lightdash_sync.sync.plan.values import Action, Plan
from tests.content.generated import FEWER

from .applying import FREE, World, world_of
from .making import chart, dashboard, rule, scheduler, space
from .projects import Project, projects, tree_of

if TYPE_CHECKING:
    from lightdash_sync.content.kinds import ItemKey

WARY = replace(FREE, allow_twins=frozenset())
SALES: Any = (Kind.SPACE, "sales")
PROJECT: Project = {
    SALES: space(),
    (Kind.SPACE, "emea"): space("EMEA", parent="sales"),
    (Kind.CHART, "weekly"): {**chart(), "space": "emea"},
    (Kind.DASHBOARD, "kpis"): dashboard(["weekly"], name="KPIs"),
    (Kind.SCHEDULER, "monday"): scheduler(),
    (Kind.TAG, "core"): {"name": "Core", "color": "red", "metrics": []},
}
ALL: Any = {item: item[1] for item in PROJECT}


def _world(project: Project, *unlinked: ItemKey) -> World:
    """A target whose items are linked but for some."""
    return world_of(
        project, {item: key for item, key in ALL.items() if item in project and item not in unlinked}
    )


def _found(world: World, project: Project, *, adopt: bool) -> Matches:
    linked, tree = world.seen(tree_of(project))
    mine = frozenset((kind, key) for kind, keys in linked.keys.items() for key in keys)
    wanted = frozenset(item for item in project if item[0] in LINKED) - mine
    return find_unlinked_matches(Contents(tree_of(project)), Contents(tree), mine, wanted, adopt=adopt)


def _twins(plan: Plan) -> dict[str, int]:
    return {twin.item: len(twin.candidates) for twin in plan.twins}


@pytest.mark.parametrize("item", [item for item in PROJECT if item[0] is not Kind.SPACE])
def test_an_unlinked_item_of_the_name_in_the_same_place_is_shown_and_stops_the_plan(item: ItemKey) -> None:
    """With its uuid, so that it can be adopted; it is not changed itself."""
    world = _world(PROJECT, item)
    plan = world.plan(tree_of(PROJECT), WARY)
    created = [(step.kind, step.key) for step in plan.steps if step.action is Action.CREATE]
    assert created == [item]
    assert world.tree.identity.uuid(*item) not in {step.uuid for step in plan.steps}
    (twin,) = plan.twins
    assert (twin.item, twin.candidates) == (f"{item[0]}:{item[1]}", (world.tree.identity.uuid(*item),))
    assert plan.refusals()
    for allowed in (twin.item, "all"):
        assert world.plan(tree_of(PROJECT), replace(WARY, allow_twins=frozenset({allowed}))).refusals() == []
    assert world.plan(tree_of(PROJECT), replace(WARY, allow_twins=frozenset({"chart:another"}))).refusals()


def test_the_same_name_in_another_place_is_no_twin() -> None:
    """Another space, another chart that is delivered, another hour."""
    theirs: Project = {
        **PROJECT,
        (Kind.CHART, "other"): {**chart(), "space": "sales"},
        (Kind.DASHBOARD, "other"): dashboard(name="KPIs", space="emea"),
        (Kind.SCHEDULER, "other"): scheduler(cron="0 0 * * *"),
        (Kind.SCHEDULER, "second"): scheduler(chart="other"),
        (Kind.SPACE, "other"): space("EMEA"),
    }
    items = [item for item in PROJECT if item[0] is not Kind.SPACE]
    links = {item: item[1] for item in PROJECT if item not in items}
    links[Kind.CHART, "weekly"] = "weekly"  # so that the place of schedulers is known
    del theirs[Kind.DASHBOARD, "kpis"], theirs[Kind.SCHEDULER, "monday"]
    plan = world_of(theirs, links).plan(tree_of(PROJECT), WARY)
    assert _twins(plan) == {"tag:core": 1}


def test_several_of_one_name_are_all_shown_and_none_is_adopted_by_name() -> None:
    theirs = {**PROJECT, (Kind.CHART, "weekly-2"): PROJECT[Kind.CHART, "weekly"]}
    world = _world(theirs, (Kind.CHART, "weekly"))
    assert _twins(world.plan(tree_of(PROJECT), WARY)) == {"chart:weekly": 2}
    assert (Kind.CHART, "weekly") not in _found(world, PROJECT, adopt=True).same
    two = {**PROJECT, (Kind.CHART, "again"): PROJECT[Kind.CHART, "weekly"]}
    world = _world(PROJECT, (Kind.CHART, "weekly"))
    assert _twins(world.plan(tree_of(two), WARY)) == {"chart:weekly": 1, "chart:again": 1}
    assert (Kind.CHART, "weekly") not in _found(world, two, adopt=True).same


def test_what_is_in_a_twin_is_told_with_it_unless_a_second_one_may_be_made() -> None:
    """Else the plan is refused for the space, and after that for what is in it; a second space is empty."""
    world = world_of(PROJECT)
    assert _twins(world.plan(tree_of(PROJECT), WARY)) == {f"{kind}:{key}": 1 for kind, key in PROJECT}
    second = replace(WARY, allow_twins=frozenset({"space:sales"}))
    assert _twins(world.plan(tree_of(PROJECT), second)) == {"space:sales": 1, "tag:core": 1}
    found = _found(world, PROJECT, adopt=True).same
    assert {item: other[0] for item, other in found.items()} == {item: item[0] for item in PROJECT}
    uuids = world.seen(tree_of(PROJECT))[0].identity
    assert all(uuids.uuid(*found[item]) == world.tree.identity.uuid(*item) for item in PROJECT)


def test_an_adopted_dashboard_has_its_rules_by_the_desired_names() -> None:
    """Those that say the same, then those on the same field in the same group; the rest gets new ids."""
    theirs = dashboard(rules=[rule("a", values=[1]) | {"id": "x"}, rule("a", values=[2]) | {"id": "y"}])
    ours = dashboard(rules=[rule("a", values=[3]) | {"id": "a-3"}, rule("a", values=[1]) | {"id": "a-1"}])
    for board, name in ((theirs, "m"), (ours, "b")):
        board["filters"]["metrics"] = [rule("b") | {"id": name}]
        board["filters"]["dimensions"].append(rule(f"only {name}") | {"id": f"only-{name}"})
    item: ItemKey = (Kind.DASHBOARD, "kpis")
    there = tree_of({item: theirs}, "target")
    desired = Contents(tree_of({item: ours}))
    facts: Any = adopted_facts(item, item, desired, Contents(there), {}, there.identity)
    known: Any = there.identity.facts(*item)["filters"]
    assert facts["filters"] == {"a-1": known["x"], "a-3": known["y"], "b": known["m"]}


def test_an_adopted_dashboard_has_its_tiles_by_the_desired_names() -> None:
    """Those that show the same, whatever they are called there; the rest is left for new uuids."""
    tabs = [{"id": "t1", "name": "Main", "order": 0}, {"id": "t2", "name": "Only there", "order": 1}]
    theirs = dashboard(name="KPIs", tabs=tabs, tiles=[
        {"id": "a", "type": "saved_chart", "x": 5, "properties": {"chart": "weekly-9"}},
        {"id": "b", "type": "markdown", "x": 0, "properties": {"title": "Notes", "content": "x"}},
        {"id": "c", "type": "markdown", "x": 9, "properties": {"title": "Theirs", "content": "y"}},
    ])  # fmt: skip
    ours = dashboard(name="KPIs", tabs=[{"id": "main", "name": "Main", "order": 0}], tiles=[
        {"id": "weekly", "type": "saved_chart", "x": 0, "properties": {"chart": "weekly"}},
        {"id": "notes", "type": "markdown", "x": 6, "properties": {"title": "Notes", "content": "x"}},
        {"id": "new", "type": "markdown", "x": 7, "properties": {"title": "Ours", "content": "z"}},
    ])  # fmt: skip
    item: ItemKey = (Kind.DASHBOARD, "kpis")
    there = tree_of({item: theirs}, "target")
    same: Any = {(Kind.CHART, "weekly"): (Kind.CHART, "weekly-9")}
    desired = Contents(tree_of({item: ours}))
    facts: Any = adopted_facts(item, item, desired, Contents(there), same, there.identity)
    known: Any = there.identity.facts(*item)
    assert facts["uuid"] == known["uuid"]
    assert facts["tiles"] == {"weekly": known["tiles"]["a"], "notes": known["tiles"]["b"]}
    assert facts["tabs"] == {"main": known["tabs"]["t1"]}
    unlinked: Any = adopted_facts(item, item, desired, Contents(there), {}, there.identity)
    assert unlinked["tiles"] == {"notes": known["tiles"]["b"]}


def test_adopting_a_chart_takes_its_uuid_and_nothing_else() -> None:
    item: ItemKey = (Kind.CHART, "weekly")
    there = tree_of(PROJECT, "target")
    contents = Contents(there)
    assert adopted_facts(item, item, contents, contents, {}, there.identity) == {
        "uuid": there.identity.uuid(*item)
    }


@FEWER
@given(projects(), projects(), st.data())
def test_adopting_by_name_pairs_each_item_once_with_one_that_is_not_linked(
    project: Project, there: Project, data: st.DataObject
) -> None:
    both = sorted(item for item in project.keys() & there.keys() if item[0] in LINKED)
    linked = {item: item[1] for item in both if data.draw(st.booleans())}
    world = world_of(there, linked)
    found = _found(world, project, adopt=True)
    others = list(found.same.values())
    assert len(set(others)) == len(others)
    for item, other in found.same.items():
        assert item[0] is other[0]
        if item not in linked:
            assert other not in linked
            assert found.candidates[item] == (other,)
    assert not found.candidates.keys() & linked.keys()


def _slugs(**items: str | None) -> Identity:
    return Identity(items={Kind.CHART: {key: {"uuid": key, "slug": slug} for key, slug in items.items()}})


def test_adopting_by_slug_needs_one_here_and_one_there() -> None:
    here = _slugs(a="one", b="two", c="two", d="three", e="", f=None, g="six", h="seven")
    there = _slugs(p="one", q="two", r="three", s="three", t="", u=None, g="six", h="seven")
    linked = frozenset({(Kind.CHART, "g")})
    found = by_slug(here, there, linked)
    assert found == {(Kind.CHART, "a"): (Kind.CHART, "p"), (Kind.CHART, "h"): (Kind.CHART, "h")}
