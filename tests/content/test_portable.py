"""Nothing is lost between the server's words and the files, in either direction."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import Json, JsonObject, canonical, parse
from lightdash_sync.content.keys import external_key
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.parts import PARTS, elements, without_parts
from lightdash_sync.content.portable import to_portable, to_server
from lightdash_sync.content.references import UnresolvedReference
from tests.content.content import normal_forms
from tests.content.generated import FEWER, KEYED, RECIPES, build_world, made_uuid, worlds

PAIRS = [(build_world(*recipe, salt="s"), build_world(*recipe, salt="p")) for recipe in RECIPES]
EVERY_KIND = pytest.mark.parametrize("kind", KEYED)


@EVERY_KIND
@FEWER
@given(data=st.data())
def test_there_and_back_again_is_the_same(kind: Kind, data: st.DataObject) -> None:
    """Any item, whatever fields it has, comes back from its file to the byte, types included."""
    world = data.draw(worlds())
    key = data.draw(st.sampled_from(sorted(world.identity.items[kind])))
    normal = data.draw(normal_forms(world, kind, key))
    before = canonical(normal)

    portable = to_portable(kind, key, normal, world.identity)
    assert canonical(normal) == before, "the input was changed"
    content = parse(canonical(portable.content))
    assert isinstance(content, dict)
    identity = world.identity.extended({}, portable.external)
    assert canonical(to_server(kind, key, content, identity)) == before
    assert canonical(content) == canonical(portable.content), "the content was changed"


@EVERY_KIND
@FEWER
@given(data=st.data())
def test_no_known_uuid_is_left_in_a_file(kind: Kind, data: st.DataObject) -> None:
    """Wherever the uuid of an item, a person or a group stood, the file has its name."""
    world = data.draw(worlds())
    key = data.draw(st.sampled_from(sorted(world.identity.items[kind])))
    normal = data.draw(normal_forms(world, kind, key))
    said = canonical(to_portable(kind, key, normal, world.identity).content).decode()
    assert [uuid for uuid in world.known() if uuid in said] == []


@EVERY_KIND
@FEWER
@given(data=st.data())
def test_a_file_means_the_same_in_another_environment(kind: Kind, data: st.DataObject) -> None:
    """Staging's file, taken to production and exported from there, is the same file."""
    staging, production = data.draw(st.sampled_from(PAIRS))
    key = data.draw(st.sampled_from(sorted(staging.identity.items[kind])))
    portable = to_portable(kind, key, data.draw(normal_forms(staging, kind, key)), staging.identity)
    outside = {name: made_uuid(name) for name in portable.external}
    there = to_server(kind, key, portable.content, production.identity.extended({}, outside))
    again = canonical(to_portable(kind, key, there, production.identity).content)
    expected = canonical(portable.content)
    for name, uuid in outside.items():  # what lies outside has another name there
        expected = expected.replace(name.encode(), external_key(uuid).encode())
    if not (kind is Kind.SPACE and outside):  # and grants are in the order of names
        assert again == expected


def _example() -> tuple[Identity, JsonObject]:
    world = build_world(["kpis"], ["ann@example.com"], ["Ops"])
    (dashboard,) = world.of(Kind.DASHBOARD)
    (tile, *_), (tab, *_), (rule, *_) = (world.parts("kpis", part) for part in ("tiles", "tabs", "filters"))
    return world.identity, {
        "name": "Weekly",
        "dashboardUuid": dashboard,
        "createdBy": world.people()[0],
        "selectedTabs": [tab, "all"],
        "filters": [{"id": rule, "tileTargets": {tile: False}}, {"id": "gone"}, {"id": 7}],
        "message": f"see /projects/{world.identity.project['uuid']}/dashboards/{dashboard}",
    }


def test_a_file_reads_as_a_person_would_say_it() -> None:
    """References are said by key, e-mail and name of tile, tab or rule, and text by tokens."""
    identity, normal = _example()
    assert to_portable(Kind.SCHEDULER, "weekly", normal, identity).content == {
        "name": "Weekly",
        "dashboard": "kpis",
        "owner": "ann@example.com",
        "selectedTabs": ["tabs-0", "all"],
        "filters": [{"id": "rule-0", "tileTargets": {"tiles-0": False}}, {"id": "gone"}, {"id": 7}],
        "message": "see /projects/@{project}/dashboards/@{dashboard:kpis}",
    }


def test_what_lies_outside_the_project_is_named_and_remembered() -> None:
    """A reference that leaves the project becomes a key that starts with ~, and its uuid is kept."""
    stranger = made_uuid("stranger")
    portable = to_portable(Kind.CHART, "a", {"spaceUuid": stranger}, Identity())
    (key,) = portable.external
    assert (key[0], portable.external[key], portable.content) == ("~", stranger, {"space": key})
    with pytest.raises(UnresolvedReference, match=f"space {key} is not known"):
        to_server(Kind.CHART, "a", portable.content, Identity())


@pytest.mark.parametrize("odd", [1, True, ["x"], {"uuid": "x"}])
def test_a_reference_that_is_no_text_stays_what_it_is(odd: Json) -> None:
    """Should the server one day say a reference in another way, nothing is lost."""
    normal: JsonObject = {"spaceUuid": odd, "access": {"users": [{"userUuid": odd, "role": "editor"}]}}
    for kind in (Kind.CHART, Kind.SPACE):
        portable = to_portable(kind, "a", normal, Identity())
        assert portable.external == {}
        assert canonical(to_server(kind, "a", portable.content, Identity())) == canonical(normal)


@pytest.mark.parametrize(
    ("kind", "content", "named"),
    [
        (Kind.CHART, {"space": "gone"}, "space gone"),
        (Kind.SPACE, {"parent": "gone"}, "space gone"),
        (Kind.DASHBOARD, {"tiles": [{"properties": {"chart": "gone"}}]}, "chart gone"),
        (Kind.DASHBOARD, {"tiles": [{"properties": {"sqlChart": "gone"}}]}, "sql_chart gone"),
        (Kind.SCHEDULER, {"owner": "gone@x"}, "person gone@x"),
        (Kind.SPACE, {"access": {"users": [{"email": "gone@x"}]}}, "person gone@x"),
        (Kind.SPACE, {"access": {"groups": [{"group": "Gone"}]}}, "group Gone"),
        (Kind.TAG, {"text": "@{chart:gone}"}, "chart:gone"),
    ],
)
def test_what_the_environment_lacks_is_named(kind: Kind, content: JsonObject, named: str) -> None:
    """A file that refers to something the environment lacks is refused, with the name of what is missing."""
    with pytest.raises(UnresolvedReference, match=f"{named} is not known in this environment"):
        to_server(kind, "x", content, Identity())


@pytest.mark.parametrize("part", PARTS)
def test_what_has_no_names_stays_as_it_is(part: str) -> None:
    """Where the facts of a dashboard lack a part, its ids stand in the file as they are, both ways."""
    world = build_world(["kpis"], [], [])
    facts = {Kind.DASHBOARD: {"kpis": without_parts(world.identity.facts(Kind.DASHBOARD, "kpis"), [part])}}
    identity = replace(world.identity, items={**world.identity.items, **facts})
    (tile, *_), (tab, *_), (rule, *_) = (world.parts("kpis", one) for one in PARTS)
    normal: JsonObject = {
        "tiles": [{"uuid": tile, "tabUuid": tab}],
        "tabs": [{"uuid": tab}],
        "filters": {"dimensions": [{"id": rule, "tileTargets": {tile: False}}]},
    }
    content = to_portable(Kind.DASHBOARD, "kpis", normal, identity).content
    named = {
        element["id"] != uuid
        for one, uuid in zip(PARTS, (tile, tab, rule), strict=True)
        for element in elements(content, one)
        if one == part
    }
    assert named == {False}
    assert to_server(Kind.DASHBOARD, "kpis", content, identity) == normal


def test_a_delivery_of_no_dashboard_keeps_whatever_its_rules_are_called() -> None:
    """Also an id that looks like one of those that are escaped in content."""
    identity = Identity(items={Kind.CHART: {"sales": {"uuid": made_uuid("sales")}}})
    normal: JsonObject = {"savedChartUuid": made_uuid("sales"), "filters": [{"id": "server:x"}]}
    said = to_portable(Kind.SCHEDULER, "monday", normal, identity).content
    assert to_server(Kind.SCHEDULER, "monday", said, identity) == normal
