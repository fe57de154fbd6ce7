"""Which item is which on the target: keys, parts of dashboards, and the ids that are written for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.parts import FILTERS, PARTS, TILES, parts_in, with_names, without_parts
from lightdash_sync.content.tree import rekeyed
from lightdash_sync.sync.plan.identifiers import layout
from lightdash_sync.sync.plan.matching import LINKED, linked, own_links
from lightdash_sync.sync.plan.values import Step
from tests.content.generated import FEWER, made_uuid

from .applying import EMPTY, FACTS, FREE, World, chosen, synced, twin_of
from .making import chart, dashboard, rule, scheduler, space
from .projects import Project, identity_of, project_uuid, projects, tree_of

TABS = [{"id": "first", "name": "First", "order": 0}]
PROJECT: Project = {
    (Kind.SPACE, "sales"): space(),
    (Kind.CHART, "weekly"): chart(),
    (Kind.DASHBOARD, "kpis"): dashboard(["weekly"], [rule("orders_status")], tabs=TABS),
}


def _items(identity: Identity) -> dict[Kind, dict[str, str]]:
    return {
        kind: {str(facts["uuid"]): key for key, facts in entries.items()}
        for kind, entries in identity.items.items()
    }


@FEWER
@given(projects(), projects(), st.data())
def test_linked_items_have_the_desired_key_and_no_other_has_one_of_the_source(
    source: Project, there: Project, data: st.DataObject
) -> None:
    """Whatever keys they were read with; no two items share one."""
    desired, existing = identity_of(source), identity_of(there, "target")
    pairs: dict[Any, Any] = {}
    for kind in LINKED:
        ours, theirs = sorted(desired.items.get(kind, {})), sorted(existing.items.get(kind, {}))
        for key, other in zip(data.draw(st.permutations(ours)), theirs, strict=False):
            if data.draw(st.booleans()):
                pairs.setdefault(kind, {})[key] = existing.facts(kind, other)
    found = linked(existing, pairs, desired)
    after = _items(found.identity)
    for of, keys in _items(existing).items():
        assert after[of].keys() == keys.keys()
        assert len(set(after[of].values())) == len(keys)
        known = {str(facts["uuid"]): key for key, facts in pairs.get(of, {}).items()}
        assert {uuid: after[of][uuid] for uuid in known} == known
        assert found.keys[of] == frozenset(known.values())
        assert all(found.has(of, key) for key in known.values())
        unlinked = {key for uuid, key in after[of].items() if uuid not in known}
        assert not unlinked & desired.items.get(of, {}).keys()


def test_a_link_with_what_is_gone_is_told_and_its_key_is_kept_free() -> None:
    links: Any = {Kind.CHART: {"weekly": {"uuid": made_uuid("gone")}}}
    found = linked(identity_of(PROJECT, "target"), links, Identity())
    assert found.gone[Kind.CHART] == {"weekly"}
    assert not found.has(Kind.CHART, "weekly")
    (key,) = found.identity.items[Kind.CHART]
    assert key != "weekly"


@FEWER
@given(projects(), st.sampled_from(["-1", "-x"]))
def test_the_same_content_in_other_keys_and_back(project: Project, suffix: str) -> None:
    """Every reference follows, at any depth, and nothing else changes."""
    tree = tree_of(project, "target")
    items = {
        kind: {f"{key[:70]}{suffix}": _renamed(facts, suffix) for key, facts in entries.items()}
        for kind, entries in tree.identity.items.items()
    }
    other = rekeyed(tree, replace(tree.identity, items=items))
    back = rekeyed(other, tree.identity)
    assert {path: back[path] for path in back} == {path: tree[path] for path in tree}
    assert dict(back.digests) == dict(tree.digests)
    names = [path for path in other if "/" in path]
    assert all(path.endswith(f"{suffix}.json") for path in names)
    assert len(names) == sum(map(len, items.values()))


def _renamed(facts: Any, suffix: str) -> Any:
    parts = {
        part: {f"{name}{suffix}": uuid for name, uuid in facts[part].items()}
        for part in facts.keys() & {*PARTS}
    }
    return facts | parts


@FEWER
@given(projects())
def test_content_in_keys_that_it_has_already_is_not_read(project: Project) -> None:
    tree = tree_of(project)

    def unread(path: str) -> bytes:
        raise AssertionError(path)

    same = rekeyed(replace(tree, read=unread), tree.identity)
    assert dict(same.digests) == dict(tree.digests)


def test_each_item_of_a_project_is_itself_there_and_nowhere_else() -> None:
    desired = identity_of(PROJECT, "target")
    assert own_links(desired, project_uuid("other")) == {}
    links = own_links(desired, project_uuid("target"))
    assert links[Kind.CHART] == desired.items[Kind.CHART]
    assert links[Kind.TAG] == {}


def test_tiles_and_tabs_are_called_as_the_link_calls_them() -> None:
    """As far as they are there; others keep a name of their own, and no two have the same."""
    uuids = [made_uuid(str(n)) for n in range(4)]
    facts: Any = {
        "uuid": made_uuid("kpis"),
        "tiles": {"a": uuids[0], "b": uuids[1], "c": uuids[2]},
        "tabs": {},
    }
    link: Any = {"uuid": facts["uuid"], "tiles": {"b": uuids[0], "gone": uuids[3]}}
    found = linked(
        Identity(items={Kind.DASHBOARD: {"x": facts}}), {Kind.DASHBOARD: {"kpis": link}}, Identity()
    )
    tiles: Any = found.identity.facts(Kind.DASHBOARD, "kpis")["tiles"]
    assert tiles["b"] == uuids[0]
    assert sorted(tiles.values()) == sorted(uuids[:3])
    assert "gone" not in tiles


def _written(world: World, source: str = "", project: Project = PROJECT, **facts: Any) -> Step:
    """The step that writes the dashboard."""
    options = replace(FREE, choice=chosen((Kind.DASHBOARD, "kpis")))
    plan = world.plan(tree_of(project, source), options, facts=replace(FACTS, **facts))
    return next(step for step in plan.steps if step.kind is Kind.DASHBOARD)


def _uuids(step: Step) -> dict[str, str]:
    return {name: uuid for part in step.layout.values() for name, uuid in part.items()}  # type: ignore[union-attr,misc]


def test_new_tiles_get_the_same_uuids_again_and_not_those_of_the_source() -> None:
    """A second try makes no other tiles, and comments of another project's tiles stay there."""
    first, second = _uuids(_written(EMPTY)), _uuids(_written(EMPTY))
    assert first == second
    assert first.keys() == {"tile-weekly", "first", "r"}
    assert all(str(UUID(uuid)) == uuid for uuid in first.values())
    facts = tree_of(PROJECT).identity.facts(Kind.DASHBOARD, "kpis")
    assert not set(first.values()) & set(_names(facts).values())
    elsewhere = layout("kpis", PROJECT[Kind.DASHBOARD, "kpis"], ({}, {}), project_uuid("elsewhere"))
    other = layout("board", PROJECT[Kind.DASHBOARD, "kpis"], ({}, {}), project_uuid("target"))
    for another in (elsewhere, other):
        assert not set(first.values()) & set(_names(another).values())


def _names(facts: Any) -> dict[str, str]:
    return {name: uuid for part in PARTS for name, uuid in facts[part].items()}


def test_tiles_that_the_target_has_keep_their_uuids() -> None:
    """Comments hang on them; new ones come beside."""
    world = twin_of(PROJECT)
    tabs = [*TABS, {"id": "second", "name": "Second", "order": 1}]
    rules = [rule("orders_status"), rule("orders_week") | {"id": "week"}, {"target": {}}]
    more = dashboard(["weekly"], rules, tabs=tabs, name="New")
    uuids = _uuids(_written(world, project={**PROJECT, (Kind.DASHBOARD, "kpis"): more}))
    there = _names(world.tree.identity.facts(Kind.DASHBOARD, "kpis"))
    assert {name: uuids[name] for name in there} == there
    assert uuids.keys() - there.keys() == {"second", "week"}
    assert len(set(uuids.values())) == len(uuids)


def test_a_dashboard_that_is_put_back_gets_its_tiles_back() -> None:
    """Comments come back with them, and so does what is known of the dashboard; in no other project."""
    before = tree_of(PROJECT, "target").identity.facts(Kind.DASHBOARD, "kpis")
    step = _written(EMPTY, "target", same_project=True)
    assert (_uuids(step), step.former) == (_names(before), before["uuid"])
    step = _written(EMPTY, "target")
    assert not set(_uuids(step).values()) & set(_names(before).values())
    assert step.former == ""


def test_a_second_sync_keeps_what_the_first_one_made() -> None:
    world = synced(PROJECT)
    made = _names(world.tree.identity.facts(Kind.DASHBOARD, "kpis"))
    renamed = {**PROJECT, (Kind.DASHBOARD, "kpis"): {**PROJECT[Kind.DASHBOARD, "kpis"], "name": "New"}}
    assert _uuids(_written(world, project=renamed)) == made


@pytest.mark.parametrize("lacks", [(FILTERS,), (TILES, FILTERS), PARTS])
def test_a_source_that_tells_no_ids_is_planned_for_by_the_names_of_the_target(lacks: tuple[str, ...]) -> None:
    """Names that the target has keep its ids; others get new ones, the same each time."""
    desired = tree_of(PROJECT, "source")
    known = desired.identity.facts(Kind.DASHBOARD, "kpis")
    items = {**desired.identity.items, Kind.DASHBOARD: {"kpis": without_parts(known, lacks)}}
    lacking = replace(desired, identity=replace(desired.identity, items=items))
    options = replace(FREE, choice=chosen((Kind.DASHBOARD, "kpis")))
    (step,) = [one for one in EMPTY.plan(lacking, options, facts=FACTS).steps if one.kind is Kind.DASHBOARD]
    assert step.layout == _written(EMPTY, "source").layout
    there = twin_of(PROJECT)
    assert there.plan(lacking, options, facts=FACTS).steps == ()


def test_content_without_names_of_its_own_is_said_by_those_of_the_other_map() -> None:
    """So what was remembered before rules had names, or was read without ids, follows what is there now."""
    delivery = scheduler(dashboard="kpis", filters=[{"id": "r"}])
    del delivery["chart"]
    named = tree_of({**PROJECT, (Kind.SCHEDULER, "daily"): delivery})
    facts = named.identity.facts(Kind.DASHBOARD, "kpis")
    items = {**named.identity.items, Kind.DASHBOARD: {"kpis": without_parts(facts, [FILTERS])}}
    bare = replace(named.identity, items=items)
    raw = rekeyed(named, bare)  # by the ids of the server
    differ = {path for path in raw if raw[path] != named[path]}
    assert differ == {"dashboards/kpis.json", "schedulers/daily.json"}
    for tree in (raw, replace(named, identity=bare)):
        again = rekeyed(tree, named.identity)
        assert {path: again[path] for path in again} == {path: named[path] for path in named}


def test_names_that_only_an_earlier_table_knows_stay() -> None:
    """Of two names of one element, and of two elements of one name, the later table is right."""
    earlier: Any = {"uuid": "old", "tiles": {"a": "1", "b": "2", "c": "3"}, "tabs": {"t": "4"}}
    later: Any = {"uuid": "new", "tiles": {"b": "5", "d": "1"}}
    named = with_names(later, earlier)
    assert named == {"uuid": "new", "tiles": {"b": "5", "c": "3", "d": "1"}, "tabs": {"t": "4"}}
    assert parts_in(named, ["uuid"]) == named
