"""On servers that can, a copy has the slug of its source, and nobody else's item is touched by that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lightdash_standin.charts import create_chart
from lightdash_standin.dashboards import create_dashboard
from lightdash_standin.demo_charts import simple_chart
from lightdash_standin.faults import Fault
from lightdash_standin.organisation import found_company
from lightdash_standin.state import Json, Space, World
from lightdash_standin.studio import Studio
from lightdash_sync.content.kinds import Kind
from lightdash_sync.sync.apply.engine import ApplyOutcome
from lightdash_sync.sync.plan.identifiers import CHOOSES, known_by
from tests.apply.moving import Move, moving

NEW = "0.2904.5"


def nested_world() -> World:
    """Production with spaces in spaces, one of them renamed, and charts of one name."""
    world = World(seed="slugs", version=NEW)
    company = found_company(world)
    studio = Studio(world, company.production, company.people)
    renamed = studio.space("Marketing", owner="admin")
    renamed.name = "Growth & Cash"
    below = studio.space("Sales", owner="admin", above=renamed)
    studio.space("Sales", owner="admin")  # its slug has ten random letters
    studio.chart(simple_chart("Orders"), renamed)
    second = studio.chart(simple_chart("Orders") | {"description": "Another"}, below)
    second.name = "Renamed"
    dashboard = studio.dashboard("Overview", below)
    inside = studio.chart(simple_chart("Inside"), dashboard)
    studio.arrange(dashboard, [studio.chart_tile(inside, (0, 0, 9, 9))], [], _NO_FILTERS)
    return world


_NO_FILTERS: Json = {"dimensions": [], "metrics": [], "tableCalculations": []}


@pytest.fixture
def move(tmp_path: Path) -> Iterator[Move]:
    """That world, and an empty project beside it."""
    with moving(nested_world(), tmp_path) as move:
        yield move


def slugs(move: Move, project: str) -> dict[tuple[Kind, str], str]:
    """What Lightdash knows each item by, in the order of their names."""
    identity = move.read(project).identity
    return {
        (kind, key): known_by(kind, facts)
        for kind in CHOOSES
        for key, facts in identity.items.get(kind, {}).items()
    }


def failed(outcome: ApplyOutcome) -> dict[str, str]:
    """The items that failed, and why."""
    return {one.operation.item: str(one.error) for one in outcome.results if one.error}


def test_copies_have_the_slugs_of_their_source_and_one_version(move: Move) -> None:
    """Renamed, of one name, inside a dashboard, in spaces within spaces: and paths are the same, too."""
    desired = move.read(move.source)
    outcome = move.apply(*move.plan(desired))
    assert failed(outcome) == {}
    assert sorted(slugs(move, move.target).values()) == sorted(slugs(move, move.source).values())
    world = move.world
    paths = [
        sorted(world.spaces[uuid].path for uuid in world.project_rows[project].spaces)
        for project in (move.source, move.target)
    ]
    assert paths[0] == paths[1]
    made = [outcome.created[Kind.CHART][key]["uuid"] for key in outcome.created[Kind.CHART]]
    assert [len(world.charts[str(uuid)].versions) for uuid in made] == [1, 1, 1]
    move.require_arrived(desired)


def test_a_slug_that_is_taken_becomes_another_and_the_plan_says_so(move: Move) -> None:
    target, world = move.target, move.world
    home = next(iter(world.project_rows[target].spaces))
    theirs = create_chart(
        world,
        simple_chart("By hand"),
        next(iter(world.people.values())),
        "orders",
        home,
        None,
        force_slug=True,
    )
    before = dict(theirs.versions)
    plan, found = move.plan(move.read(move.source))
    assert [one.item for one in plan.problems if one.code == "slug_not_kept"] == ["chart:orders"]
    assert failed(move.apply(plan, found)) == {}
    made = {one.slug for one in world.charts.values() if one.name in ("Orders", "Renamed")}
    assert made == {"orders", "orders-1", "orders-2"}  # those of the source, and the new one
    assert (theirs.versions, theirs.name) == (before, "By hand")


def test_what_was_made_with_the_slug_since_the_plan_is_left_alone(move: Move) -> None:
    desired = move.read(move.source)
    plan, found = move.plan(desired)
    world = move.world
    person, home = next(iter(world.people.values())), next(iter(world.project_rows[move.target].spaces))
    chart = create_chart(world, simple_chart("By hand"), person, "orders", home, None, force_slug=True)
    board = create_dashboard(
        world, {"name": "By hand", "tiles": [], "tabs": []}, person, "overview", home, force_slug=True
    )
    why = failed(move.apply(plan, found))
    assert set(why) == {"chart:orders", "dashboard:overview"}
    assert all("since the plan was made" in words for words in why.values())
    assert (len(chart.versions), len(board.versions)) == (1, 1)
    assert {chart.name, board.name} == {"By hand"}


def _race(move: Move, kind: str, made: list[Any]) -> None:
    """Somebody makes an item of the slug between our look and our call."""
    world = move.world
    person = world.token_rows[world.tokens["editor"]].person_uuid
    home = next(iter(world.project_rows[move.target].spaces))
    if kind == "charts":
        body = simple_chart("Theirs") | {"description": "Theirs"}
        made.append(create_chart(world, body, world.people[person], "orders", home, None, force_slug=True))
    else:
        tile = {"uuid": world.new_uuid(), "type": "markdown", "x": 0, "y": 0, "w": 1, "h": 1}
        tiles = [tile | {"properties": {"title": "T", "content": "c"}}]
        board = {"name": "Theirs", "tiles": tiles, "tabs": []}
        made.append(create_dashboard(world, board, world.people[person], "overview", home, force_slug=True))


@pytest.mark.parametrize(("kind", "item"), [("charts", "chart:orders"), ("dashboards", "dashboard:overview")])
def test_what_was_made_at_the_same_moment_gets_its_content_back(move: Move, kind: str, item: str) -> None:
    """Lightdash writes ours over it, and says so; the rest, which it does not keep, is told."""
    plan, found = move.plan(move.read(move.source))
    made: list[Any] = []
    about = f"/{kind}/{item.partition(':')[2]}/code"
    move.strike(1, Fault.wait(0.0), also=lambda: _race(move, kind, made), about=about)
    why = failed(move.apply(plan, found))
    assert "in this very moment" in why[item]
    assert "the content was put back" in why[item]
    (theirs,) = made
    first, last = _first_and_last(theirs)
    assert first == last


def _first_and_last(item: Any) -> tuple[Any, Any]:
    versions = list(item.versions.values()) if isinstance(item.versions, dict) else item.versions
    if hasattr(versions[0], "tiles"):
        return versions[0].tiles, versions[-1].tiles
    return versions[0].metric_query["limit"], versions[-1].metric_query["limit"]


def test_what_the_endpoint_drops_is_written_by_the_ordinary_one(move: Move) -> None:
    """It keeps no names of fields that a chart sets for itself: such a chart gets a second version."""
    chart = next(one for one in move.world.charts.values() if one.slug == "orders")
    metric = chart.version.metric_query["metrics"][0]
    chart.version.metric_query["metricOverrides"] = {metric: {"label": "Ours"}}
    desired = move.read(move.source)
    outcome = move.apply(*move.plan(desired))
    assert failed(outcome) == {}
    made = move.world.charts[str(outcome.created[Kind.CHART]["orders"]["uuid"])]
    assert len(made.versions) == 2
    move.require_arrived(desired)


def test_a_place_that_stands_for_two_is_written_the_ordinary_way(move: Move) -> None:
    """Two spaces with one path: only the uuid says which, and only the ordinary endpoint takes it."""
    desired = move.read(move.source)
    plan, found = move.plan(desired)
    world = move.world

    def double() -> None:
        target = world.project_rows[move.target].spaces
        for space in [world.spaces[uuid] for uuid in target if world.spaces[uuid].slug == "marketing"]:
            copy = Space(world.new_uuid(), move.target, "Twin", "twin", is_private=False, path=space.path)
            world.spaces[copy.uuid] = copy
            target[copy.uuid] = None

    move.strike(4, Fault.wait(0.0), also=double)
    outcome = move.apply(plan, found)
    made = world.charts[str(outcome.created[Kind.CHART]["orders"]["uuid"])]
    assert made.slug != "orders"
    assert world.spaces[made.space_uuid or ""].name == "Growth & Cash"


@pytest.mark.parametrize("number", range(1, 10))
def test_a_lost_answer_makes_no_twin_and_keeps_the_slugs(tmp_path: Path, number: int) -> None:
    with moving(nested_world(), tmp_path) as move:
        desired = move.read(move.source)
        plan, found = move.plan(desired)
        move.strike(number, Fault.cut())
        assert failed(move.apply(plan, found)) == {}
        move.calm()
        move.require_arrived(desired)
        assert sorted(slugs(move, move.target).values()) == sorted(slugs(move, move.source).values())
