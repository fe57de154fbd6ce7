"""The order in which things are done: each finds what it refers to, or is finished when that is there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.json import Json, JsonObject
from lightdash_sync.content.kinds import ItemKey, Kind
from lightdash_sync.sync.plan.operations import (
    CREATES,
    Operation,
    OperationKind,
    fields_written_by,
    operations,
    ordered,
    refers_to,
)
from lightdash_sync.sync.plan.values import Action, Plan, PlanTarget, Step
from lightdash_sync.sync.plan.virtual_views import views_of, views_used
from tests.content.generated import FEWER

from .making import chart, create, space, update

TARGET = PlanTarget("production", "https://lightdash.example.com", "p", "Production")
KEYS = ("a", "b", "c")
KINDS = (Kind.SPACE, Kind.VIRTUAL_VIEW, Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD, Kind.SCHEDULER, Kind.TAG)


def plan(*steps: Step, enable: bool = False) -> Plan:
    """A plan of some steps."""
    return Plan("sync", "staging", TARGET, enable_schedulers=enable, steps=steps)


@st.composite
def contents(draw: st.DrawFn, kind: Kind, me: str) -> JsonObject:
    """Content that refers to anything at all, in fields and texts; only spaces form no circle by fields."""
    text = st.lists(st.sampled_from([f"@{{{one}:{key}}}" for one in KINDS for key in KEYS]), max_size=2)
    content: JsonObject = {"name": "n" + "".join(draw(text)), "description": "".join(draw(text))}
    key = st.sampled_from(KEYS)
    match kind:
        case Kind.SPACE:
            access: JsonObject = {"users": [], "groups": []}
            content |= {
                "inheritsAccess": draw(st.booleans()),
                "parent": draw(st.sampled_from([None, *KEYS[: KEYS.index(me)]])),
            }
            content |= {"access": access}
        case Kind.CHART:
            content |= draw(st.fixed_dictionaries({"space": key}) | st.fixed_dictionaries({"dashboard": key}))
            content["tableName"] = draw(st.sampled_from(["orders", *KEYS]))
        case Kind.VIRTUAL_VIEW:
            content |= {"name": me, "sql": content["name"], "columns": []}
        case Kind.SQL_CHART:
            content |= {"space": draw(key), "sql": draw(st.sampled_from(["1", "2"]))}
        case Kind.DASHBOARD:
            tiles = draw(st.lists(key, max_size=3))
            content |= {"space": draw(key), "tiles": [{"properties": {"chart": one}} for one in tiles]}
        case Kind.SCHEDULER:
            content |= {"dashboard": draw(key), "enabled": draw(st.booleans()), "cron": "0 0 * * *"}
        case _:
            content |= {"color": draw(st.sampled_from(["red", "blue"])), "metrics": []}
    return content


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans in which all refers to all, circles included."""
    steps: list[Step] = []
    for kind in KINDS:
        for key in draw(st.lists(st.sampled_from(KEYS), unique=True)):
            action = draw(st.sampled_from(Action))
            before = None if action is Action.CREATE else draw(contents(kind, key))
            after = None if action is Action.DELETE else draw(contents(kind, key))
            steps.append(Step(action, kind, key, uuid="u", before=before, after=after))
    return plan(*draw(st.permutations(steps)), enable=draw(st.booleans()))


def needed_by(plan: Plan, step: Step, content: Json) -> frozenset[ItemKey]:
    """Return what a content of a step refers to, the virtual view of its explore included."""
    return refers_to(step.kind, content) | views_used(step.kind, content, views_of(plan.steps))


def made_by(todo: tuple[Operation, ...], steps: tuple[Step, ...]) -> dict[ItemKey, int]:
    """Return which operation creates which item."""
    return {(steps[one.step].kind, steps[one.step].key): one.number for one in todo if one.what in CREATES}


@FEWER
@given(plans())
def test_each_operation_finds_what_it_refers_to_or_is_finished_later(plan: Plan) -> None:
    todo = operations(plan)
    made = made_by(todo, plan.steps)
    finishes = {one.step: one for one in todo if one.what is OperationKind.FINISH}
    for one in todo:
        step = plan.steps[one.step]
        for item in needed_by(plan, step, fields_written_by(one.what, step)) & made.keys():
            if made[item] < one.number:
                assert made[item] in one.needs
                assert item not in one.unknown
            else:
                assert item in one.unknown
                assert finishes[one.step].number > made[item]
                assert made[item] in finishes[one.step].needs
    assert all(finish.unknown == () for finish in finishes.values())


@FEWER
@given(plans())
def test_numbers_say_the_order_and_nothing_needs_what_comes_later(plan: Plan) -> None:
    todo = operations(plan)
    assert [one.number for one in todo] == list(range(len(todo)))
    assert all(need < one.number for one in todo for need in one.needs)


@FEWER
@given(plans())
def test_what_creates_never_runs_beside_anything(plan: Plan) -> None:
    assert not any(one.parallel for one in operations(plan) if one.what in CREATES)


@FEWER
@given(plans())
def test_each_item_is_created_once_and_each_delete_is_done_once(plan: Plan) -> None:
    todo = operations(plan)
    created = [one.item for one in todo if one.what in CREATES]
    deleted = [one.item for one in todo if one.what is OperationKind.DELETE]
    assert sorted(created) == sorted(step.item for step in plan.steps if step.action is Action.CREATE)
    assert sorted(deleted) == sorted(step.item for step in plan.steps if step.action is Action.DELETE)


@FEWER
@given(plans())
def test_nothing_is_deleted_before_what_shows_it_was_written(plan: Plan) -> None:
    todo = operations(plan)
    for one in todo:
        step = plan.steps[one.step]
        if one.what is not OperationKind.DELETE:
            continue
        for other in todo:
            user = plan.steps[other.step]
            if user.action is Action.UPDATE and (step.kind, step.key) in needed_by(plan, user, user.before):
                assert other.what is OperationKind.SPACE_LEAVE or other.number in one.needs


@FEWER
@given(plans())
def test_nothing_comes_into_a_space_before_its_audience_is_as_small_as_it_will_be(plan: Plan) -> None:
    todo = operations(plan)
    narrowed = {
        plan.steps[one.step].key: one.number for one in todo if one.what is OperationKind.SPACE_REVOKE
    }
    for one in todo:
        step = plan.steps[one.step]
        content = fields_written_by(one.what, step)
        found = [content.get(name) for name in ("space", "parent")] if isinstance(content, dict) else []
        for place in found:
            if isinstance(place, str) and place in narrowed and one.number != narrowed[place]:
                assert narrowed[place] in one.needs


@FEWER
@given(plans())
def test_a_new_scheduler_is_paused_before_it_has_anything_to_send(plan: Plan) -> None:
    todo = operations(plan)
    for one in todo:
        if one.what in (OperationKind.SCHEDULER_BODY, OperationKind.SCHEDULER_ENABLE):
            mine = [other for other in todo if other.step == one.step]
            pauses = {other.number for other in mine if other.what is OperationKind.SCHEDULER_PAUSE}
            assert plan.steps[one.step].action is not Action.CREATE or pauses
            assert pauses <= set(one.needs)
        assert one.what is not OperationKind.SCHEDULER_ENABLE or plan.enable_schedulers


@pytest.mark.parametrize(
    ("before", "after", "when"),
    [
        ({}, {"projectMemberAccessRole": "editor"}, "after"),
        ({"projectMemberAccessRole": "viewer"}, {"projectMemberAccessRole": "admin"}, "after"),
        ({"projectMemberAccessRole": "editor"}, {"projectMemberAccessRole": "viewer"}, "before"),
        ({"projectMemberAccessRole": "editor"}, {"projectMemberAccessRole": None}, "before"),
        ({"inheritsAccess": True}, {"inheritsAccess": False, "projectMemberAccessRole": "viewer"}, "before"),
    ],
)
def test_the_role_of_all_members_shrinks_before_new_content_and_grows_after_it(
    before: Any, after: Any, when: str
) -> None:
    """A role that all members of the project get in a space is access like any other."""
    steps = [
        update(Kind.SPACE, "sales", space(public=False) | before, space(public=False) | after),
        create(Kind.CHART, "weekly", chart()),
    ]
    order = [operation.what for operation in operations(plan(*steps))]
    places = order.index(OperationKind.SPACE_UPDATE), order.index(OperationKind.CHART_CREATE)
    assert (places[0] < places[1]) is (when == "before")


def test_what_no_create_can_say_is_written_after_it() -> None:
    """The palette of spaces and charts, and the role of all members in a space: else it would be lost."""
    palette = {"palette": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"}
    steps = [
        create(Kind.SPACE, "sales", space() | palette),
        create(Kind.SPACE, "ours", space() | {"projectMemberAccessRole": "editor"}),
        create(Kind.SPACE, "plain", space() | {"projectMemberAccessRole": None, "palette": None}),
        create(Kind.CHART, "weekly", chart() | palette),
        create(Kind.CHART, "other", chart()),
    ]
    written = {(one.item, one.what) for one in operations(plan(*steps))}
    assert {item for item, what in written if what is OperationKind.SPACE_UPDATE} == {
        "space:sales",
        "space:ours",
    }
    assert {item for item, what in written if what is OperationKind.CHART_PATCH} == {"chart:weekly"}


def test_another_palette_is_no_new_version() -> None:
    """It belongs to no version of a chart."""
    step = update(Kind.CHART, "weekly", chart(), chart() | {"palette": "x"})
    assert [one.what for one in operations(plan(step))] == [OperationKind.CHART_PATCH]


@FEWER
@given(plans())
def test_the_order_does_not_depend_on_the_order_of_the_steps(plan: Plan) -> None:
    said = [(one.what, one.item) for one in operations(plan)]
    turned = Plan("sync", "staging", TARGET, enable_schedulers=plan.enable_schedulers, steps=plan.steps[::-1])
    assert [(one.what, one.item) for one in operations(turned)] == said


@FEWER
@given(st.dictionaries(st.integers(0, 9), st.sets(st.integers(0, 9))))
def test_things_come_after_what_they_need_unless_they_need_each_other(needed: dict[int, set[int]]) -> None:
    order = ordered({one: (one,) for one in needed}, needed)
    assert sorted(order) == sorted(needed)
    place = {one: n for n, one in enumerate(order)}
    reach = {one: _reach(one, needed) for one in needed}
    for one, needs in needed.items():
        for need in needs & needed.keys():
            assert place[need] <= place[one] or _in_a_circle(order[: place[one] + 1], reach)


def _reach(start: int, needed: dict[int, set[int]]) -> set[int]:
    """Everything that something needs, directly or not."""
    seen: set[int] = set()
    left = [start]
    while left:
        for need in needed.get(left.pop(), set()) & needed.keys():
            if need not in seen:
                seen.add(need)
                left.append(need)
    return seen


def _in_a_circle(before: list[int], reach: dict[int, set[int]]) -> bool:
    return any(one in reach[one] or any(need in reach[need] for need in reach[one]) for one in before)
