"""What holds for every plan, over generated projects: it converges, deletes nothing unasked, and is pure."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from lightdash_sync.content.json import parse
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.known_fields import unknown_in, without_unknown
from lightdash_sync.content.tree import Tree, file_of, place_of
from lightdash_sync.sync.plan.document import digest
from lightdash_sync.sync.plan.managed import same_content
from lightdash_sync.sync.plan.matching import LINKED
from lightdash_sync.sync.plan.options import PlanOptions
from lightdash_sync.sync.plan.values import Action, Plan
from tests.content.generated import FEWER

from .applying import EMPTY, FREE, WITH_DELETES, World, twin_of, world_of
from .projects import Project, projects, tree_of

_OPTIONS = st.builds(
    replace,
    st.just(FREE),
    delete=st.booleans(),
    keep_access=st.booleans(),
    enable_schedulers=st.booleans(),
)


@st.composite
def targets(draw: st.DrawFn) -> World:
    """A target, some of whose items are linked."""
    there: Project = draw(projects())
    linked = [item for item in there if item[0] in LINKED and draw(st.booleans())]
    return world_of(there, {item: item[1] for item in linked})


def _is_possible(plan: Plan) -> bool:
    """Whether it may be applied; what may not is said, and is the subject of other tests."""
    refused = plan.refusals()
    event("refused" if refused else "applied")
    return not refused


@given(projects(), _OPTIONS)
def test_a_plan_for_what_is_there_is_empty_and_reads_nothing(project: Project, options: PlanOptions) -> None:
    """Equal items are told by their hashes; none is parsed, and none is read."""

    def unread(path: str) -> bytes:
        raise AssertionError(path)

    here, there = tree_of(project), twin_of(project)
    found, existing = there.seen(here)
    world = replace(there, tree=Tree(existing.digests, unread, found.identity))
    plan = world.plan(Tree(here.digests, unread, here.identity), options)
    assert plan.is_empty
    assert plan.refusals() == []
    assert set(plan.unchanged) == set(here)


@given(projects(), targets(), _OPTIONS)
def test_applying_a_plan_makes_the_target_as_desired(
    project: Project, target: World, options: PlanOptions
) -> None:
    """On all content that is managed; what is left out is named; and the plan after it is empty."""
    desired = tree_of(project)
    plan = target.plan(desired, options)
    if not _is_possible(plan):
        return
    after = target.apply(plan, desired)
    _, content = after.seen(desired)
    left_out = {left.item for left in plan.left_out}
    for kind, key in project:
        if f"{kind}:{key}" in left_out or kind in (Kind.PINS, Kind.METRIC_ICONS):
            continue
        wanted, made = (_known(kind, tree[file_of(kind, key)]) for tree in (desired, content))
        assert same_content(kind, wanted, made, options)
    again = after.plan(desired, options)
    assert again.is_empty, [(step.verb, step.item, step.changes) for step in again.steps]
    assert again.drift == ()
    assert digest(after.plan(desired, options)) == digest(again)


def _known(kind: Kind, data: bytes) -> Any:
    """What is known of a content; the rest may be left out, which the plan names."""
    content = parse(data)
    return without_unknown(kind, content, frozenset()) if isinstance(content, dict) else content


@FEWER
@given(projects(), targets())
def test_what_is_not_known_is_written_only_where_the_target_says_it_itself(
    project: Project, target: World
) -> None:
    desired = tree_of(project)
    plan = target.plan(desired)
    existing = target.seen(desired)[1]
    said = {
        (place[0], what)
        for path in existing
        if (place := place_of(path)) is not None and isinstance(content := parse(existing[path]), dict)
        for what in unknown_in(place[0], content)
    }
    for step in plan.steps:
        if step.action is not Action.DELETE and isinstance(step.after, dict):
            left = [what for what in unknown_in(step.kind, step.after) if (step.kind, what) not in said]
            assert left == [], (step.item, left)


@FEWER
@given(projects(), targets())
def test_pins_are_in_the_order_of_the_source_and_those_of_the_target_stay(
    project: Project, target: World
) -> None:
    """Where the target has all of them in that order, nothing is moved; else its own come behind them."""
    desired = tree_of(project)
    plan = target.plan(desired)
    if not _is_possible(plan) or (Kind.PINS, "") not in project:
        return
    before: Any = parse(target.seen(desired)[1].get("pins.json", b"[]"))
    after: Any = parse(target.apply(plan, desired).tree.get("pins.json", b"[]"))
    left_out = {left.item for left in plan.left_out}
    names = [(pin["kind"], pin["key"]) for pin in project[Kind.PINS, ""]]
    wanted = [name for name in names if ":".join(name) not in left_out]
    had = [(pin["kind"], pin["key"]) for pin in before]
    fits = [name for name in had if name in wanted] == wanted
    expected = had if fits else wanted + [name for name in had if name not in wanted]
    assert [(pin["kind"], pin["key"]) for pin in after] == expected
    if expected != had:  # else nothing is written
        orders = [pin["order"] for pin in after]
        assert orders == sorted(orders)


@FEWER
@given(projects(), targets(), _OPTIONS)
def test_nothing_is_deleted_unless_asked_and_nothing_that_is_not_linked(
    project: Project, target: World, options: PlanOptions
) -> None:
    plan = target.plan(tree_of(project), options)
    deleted = {(step.kind, step.key) for step in plan.steps if step.action is Action.DELETE}
    if not options.delete:
        assert not deleted
    assert deleted <= {(kind, key) for kind, keys in target.links.items() for key in keys} - project.keys()


@FEWER
@given(projects(), targets())
def test_with_deletes_only_what_the_source_has_and_what_is_not_linked_is_left(
    project: Project, target: World
) -> None:
    desired = tree_of(project)
    plan = target.plan(desired, WITH_DELETES)
    if not _is_possible(plan):
        return
    after = target.apply(plan, desired)
    linked = {(kind, key) for kind, keys in after.links.items() for key in keys}
    assert linked <= project.keys()


@FEWER
@given(projects(), targets())
def test_each_item_has_one_step_at_most_and_each_step_writes_something(
    project: Project, target: World
) -> None:
    plan = target.plan(tree_of(project), WITH_DELETES)
    assert max(Counter((step.kind, step.key) for step in plan.steps).values(), default=1) == 1
    for step in plan.steps:
        assert (step.before is None) == (step.action is Action.CREATE)
        assert (step.after is None) == (step.action is Action.DELETE)
        assert not same_content(step.kind, step.before, step.after, WITH_DELETES)
        assert step.kind not in LINKED or (step.uuid is None) == (step.action is Action.CREATE)


@FEWER
@given(projects(), targets(), st.randoms(use_true_random=False))
def test_a_plan_is_a_function_of_its_inputs(project: Project, target: World, random: Any) -> None:
    """Whatever order files, items and links come in."""
    desired = tree_of(project)

    def shuffled(mapping: Any) -> Any:
        return dict(random.sample(list(mapping.items()), len(mapping)))

    def jumbled(tree: Tree) -> Tree:
        items = {kind: shuffled(entries) for kind, entries in shuffled(tree.identity.items).items()}
        return Tree(shuffled(tree.digests), tree.read, replace(tree.identity, items=items))

    links = {kind: shuffled(entries) for kind, entries in shuffled(target.links).items()}
    other = replace(target, tree=jumbled(target.tree), links=links)
    assert digest(other.plan(jumbled(desired), WITH_DELETES)) == digest(target.plan(desired, WITH_DELETES))


@FEWER
@given(projects())
def test_a_new_project_gets_everything_but_what_is_left_out_with_a_reason(project: Project) -> None:
    plan = EMPTY.plan(tree_of(project))
    made = {(step.kind, step.key) for step in plan.steps}
    left_out = {tuple(left.item.split(":")): left.why for left in plan.left_out}
    assert all(left_out.values())
    missing = {item for item in project.keys() - made if item[0] in LINKED}
    assert {(str(kind), key) for kind, key in missing} == set(left_out)
    for kind, key in missing:
        if kind is Kind.SCHEDULER:  # of a chart that is left out
            assert (Kind.CHART, project[kind, key]["chart"]) in missing
            continue
        assert kind is Kind.CHART
        assert f'"{key}"' not in json.dumps(project[Kind.DASHBOARD, project[kind, key]["dashboard"]]["tiles"])
