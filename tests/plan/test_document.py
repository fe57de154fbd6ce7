"""A plan as a document: what is applied is what was shown, to the byte."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.json import JsonObject, canonical, parse
from lightdash_sync.content.keys import is_key
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.errors import SyncError
from lightdash_sync.sync.plan.document import digest, from_bytes, read_plan, to_bytes
from lightdash_sync.sync.plan.values import (
    AccessChange,
    Action,
    Drift,
    DriftKind,
    Gravity,
    NotPlanned,
    Plan,
    PlanTarget,
    PossibleDuplicate,
    Problem,
    Step,
)
from tests.content.changes.mutations import walked
from tests.content.generated import FEWER, WORLDS, values

from .applying import WITH_DELETES, World
from .projects import Project, projects, tree_of
from .test_laws import targets

_WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_CONTENT = values(WORLDS[1])
_OBJECTS: Any = st.dictionaries(_WORDS, _CONTENT, max_size=3)
_KINDS = st.sampled_from(Kind)
_KEYS = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,8}", fullmatch=True).filter(is_key)
_KNOWN: Any = st.dictionaries(_KINDS, st.dictionaries(_KEYS, _OBJECTS, max_size=2), max_size=2)
_PATHS: Any = st.lists(st.lists(_WORDS | st.integers(0, 9), max_size=3).map(tuple), max_size=2).map(tuple)


def _some(strategy: Any) -> Any:
    return st.lists(strategy, max_size=2).map(tuple)


_STEPS = st.builds(
    Step, st.sampled_from(Action), _KINDS, _KEYS, st.none() | _WORDS, _CONTENT, _CONTENT, layout=_OBJECTS,
    selected=st.booleans(), version=_WORDS, restores=_WORDS, source=_CONTENT, former=_WORDS,
)  # fmt: skip
_DRIFTS = st.builds(
    Drift, st.sampled_from(DriftKind), _KINDS, _WORDS, _WORDS, _CONTENT, _CONTENT, _CONTENT, _CONTENT, _PATHS,
    st.booleans(),
)  # fmt: skip
_PLANS = st.builds(
    Plan,
    purpose=_WORDS,
    source=_WORDS,
    target=st.builds(PlanTarget, _WORDS, _WORDS, _WORDS, _WORDS),
    enable_schedulers=st.booleans(),
    undoes=_WORDS,
    steps=_some(_STEPS),
    unchanged=st.dictionaries(_WORDS, _WORDS, max_size=2),
    drift=_some(_DRIFTS),
    problems=_some(st.builds(Problem, _WORDS, _WORDS, _WORDS, st.sampled_from(Gravity))),
    access=_some(
        st.builds(
            AccessChange,
            _WORDS,
            _WORDS,
            st.booleans(),
            item=_WORDS,
            before=st.none() | _WORDS,
            after=st.none() | _WORDS,
        )
    ),
    twins=_some(st.builds(PossibleDuplicate, _KINDS, _WORDS, _WORDS, _some(_WORDS), st.booleans())),
    limits=_some(_WORDS),
    left_out=_some(st.builds(NotPlanned, _WORDS, _WORDS)),
    adopted=_KNOWN,
    items=_KNOWN,
    external=st.dictionaries(_WORDS, _WORDS, max_size=2),
)


@FEWER
@given(_PLANS)
def test_reading_gives_the_very_plan_that_was_written(plan: Plan) -> None:
    read = from_bytes(to_bytes(plan))
    assert read == plan
    assert to_bytes(read) == to_bytes(plan)
    assert digest(read) == digest(plan)


@pytest.mark.parametrize("key", ["../../x", "", "a/b", "x.json", "con", "a\0b"])
@pytest.mark.parametrize("where", ["step", "adopted", "items"])
def test_a_plan_that_names_what_is_no_key_is_refused(key: str, where: str) -> None:
    """Keys become names of files, and a plan may come from anybody, with a digest that fits."""
    table: dict[Kind, dict[str, JsonObject]] = {Kind.CHART: {key: {"uuid": "x"}}}
    plan = Plan(
        "sync",
        "x",
        PlanTarget("t", "u", "p", "n"),
        steps=(Step(Action.CREATE, Kind.CHART, key, after={"name": "x"}),) if where == "step" else (),
        adopted=table if where == "adopted" else {},
        items=table if where == "items" else {},
    )
    with pytest.raises(SyncError, match="no item is called"):
        from_bytes(to_bytes(plan))


@FEWER
@given(projects(), targets())
def test_a_plan_that_was_made_can_be_read_again(project: Project, target: World) -> None:
    """Also to be carried out, which asks more of it."""
    plan = target.plan(tree_of(project), WITH_DELETES)
    assert to_bytes(from_bytes(to_bytes(plan))) == to_bytes(plan)
    assert read_plan(to_bytes(plan)) == plan


@pytest.mark.parametrize("kind", [kind for kind in Kind if KINDS[kind].is_list])
def test_a_list_that_becomes_empty_again_can_be_carried_out(kind: Kind) -> None:
    """As when a run that pinned the first item is taken back."""
    target = PlanTarget("production", "https://example.com", "p", "P")
    step = Step(Action.UPDATE, kind, "", before=[{"kind": "chart", "key": "x"}], after=[])
    plan = Plan("undo", "what a run found", target, steps=(step,))
    assert read_plan(to_bytes(plan)) == plan


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"after": {"name": 5}}, "steps.0 (chart:a).after: name"),
        ({"after": None}, "steps.0 (chart:a)"),
        ({"action": Action.DELETE}, "steps.0 (chart:a)"),
        ({"action": Action.DELETE, "after": None}, "steps.0 (chart:a)"),
        ({"before": []}, "steps.0 (chart:a).before"),
    ],
)
def test_a_step_that_makes_no_sense_is_refused_with_its_place(change: dict[str, Any], place: str) -> None:
    """Its digest may fit: that proves nothing of who made it."""
    chart: JsonObject = {"name": "A", "tableName": "t", "metricQuery": {}, "chartConfig": {}, "space": "s"}
    step = Step(Action.CREATE, Kind.CHART, "a", after=chart)
    plan = Plan("sync", "here", PlanTarget("production", "https://example.com", "p", "P"), steps=(step,))
    assert read_plan(to_bytes(plan)) == plan
    with pytest.raises(SyncError) as error:
        read_plan(to_bytes(replace(plan, steps=(replace(step, **change),))), "my.json")
    assert f"my.json is not as it should be: {place}" in error.value.message
    facts = to_bytes(replace(plan, items={Kind.SPACE: {"s": {"slug": "s"}}}))
    with pytest.raises(SyncError, match=r"items.space.s.uuid: "):
        read_plan(facts)


@FEWER
@given(_PLANS)
def test_the_document_has_every_field(plan: Plan) -> None:
    """What is added to a plan is shown, and part of its digest."""
    document: Any = parse(to_bytes(plan))
    assert document.keys() - {"format", "digest"} == {field.name for field in fields(Plan)}
    for step in document["steps"]:
        assert step.keys() == {field.name for field in fields(Step)}


def _put(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = _put(document[path[0]], path[1:], value)
    return copy


@FEWER
@given(_PLANS, st.data())
def test_a_plan_that_was_changed_in_any_place_is_refused(plan: Plan, data: st.DataObject) -> None:
    """Every value of the document counts: another digest, and nobody takes it for the plan that was shown."""
    document = parse(to_bytes(plan))
    places = [path for path, _ in walked(document) if path]
    path = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from([None, True, 1, 0.5, "x", [], {}, ["x"], {"x": "y"}]))
    changed = canonical(_put(document, path, other))
    if changed == canonical(document):
        return
    try:
        read = from_bytes(changed)
    except SyncError:
        return
    assert digest(read) == digest(plan)  # `{}` or "" for an empty list says the same
    assert read == plan


@FEWER
@given(_PLANS, _PLANS)
def test_two_plans_have_one_digest_only_if_they_are_one(one: Plan, other: Plan) -> None:
    assert (digest(one) == digest(other)) == (to_bytes(one) == to_bytes(other))
    named = replace(one, source=one.source + "!")
    assert digest(named) != digest(one)


@FEWER
@given(_PLANS, st.data())
def test_the_order_of_fields_says_nothing_and_that_of_steps_does(plan: Plan, data: st.DataObject) -> None:
    document: Any = parse(to_bytes(plan))
    jumbled = dict(data.draw(st.permutations(list(document.items()))))
    assert from_bytes(canonical(jumbled)) == plan
    turned = replace(plan, steps=plan.steps[::-1])
    assert (digest(turned) == digest(plan)) == (
        canonical(document["steps"]) == canonical(document["steps"][::-1])
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"digest": "x"}',
        b'{"digest": "x", "format": 1}',
        b'{"digest": "x", "format": 2}',
        b'{"digest": "x", "format": 1, "steps": [{}]}',
        b'{"digest": {}, "format": 1, "steps": 7}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_what_is_no_plan_is_refused_with_what_to_do(data: bytes) -> None:
    with pytest.raises(SyncError) as error:
        from_bytes(data)
    assert "lightdash-sync plan" in str(error.value.hint)


@pytest.mark.parametrize(("depth", "fits"), [(200, True), (249, True), (250, False), (252, False)])
def test_content_that_is_too_deep_for_a_plan_is_named(depth: int, fits: bool) -> None:
    """An editor who nests a chart for fun gets an answer, and no trace."""
    deep: Any = []
    for _ in range(depth):
        deep = [deep]
    canonical({"x": deep})  # a snapshot can hold it
    target = PlanTarget("production", "https://example.com", "p", "P")
    plan = Plan("sync", "here", target, steps=(Step(Action.CREATE, Kind.CHART, "deep", after={"x": deep}),))
    if fits:
        assert from_bytes(to_bytes(plan)) == plan
        return
    for write in (digest, to_bytes):
        with pytest.raises(SyncError, match="chart:deep"):
            write(plan)


@pytest.mark.parametrize("name", ["adopted", "items", "steps"])
@pytest.mark.parametrize(
    "value", [{"chart": 5}, {"chart": None}, [{"kind": "chart", "action": "create", "key": None}]]
)
def test_keys_that_are_none_are_refused(name: str, value: Any) -> None:
    target = PlanTarget("production", "https://example.com", "p", "P")
    document: Any = parse(to_bytes(Plan("sync", "here", target)))
    with pytest.raises(SyncError):
        from_bytes(canonical({**document, name: value}))
