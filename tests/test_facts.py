"""What a target has beside content is read, and what it does not tell is left open."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lightdash_standin.explores import TABLES
from lightdash_standin.faults import Fault, Faults
from lightdash_standin.server import Server
from lightdash_standin.validations import validate_project
from lightdash_sync.content.json import parse
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import ApiError, NotAuthorised
from lightdash_sync.lightdash.reading import Lightdash
from lightdash_sync.snapshot.layout import item_path, parse_path
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.sync.facts import field_ids, read_facts, with_fields
from lightdash_sync.sync.plan.options import PlanOptions, TargetFacts
from lightdash_sync.sync.plan.preflight import needed_tables, reference_problems
from lightdash_sync.sync.plan.values import Action, Step
from lightdash_sync.workers import Silent, Stop, Workers
from tests.worlds import can, demo_world

from .exporting import export_world, lightdash_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lightdash_standin.state import World


@contextmanager
def served(
    world: World, who: str = "admin", faults: Faults | None = None
) -> Iterator[tuple[Lightdash, Workers]]:
    """A world as the tool sees it, and who reads."""
    with Server(world, faults=faults) as server:
        lightdash = lightdash_at(server.url, world.tokens[who])
        workers = Workers(4, Stop(), Silent())
        with lightdash.session:
            try:
                yield lightdash, workers
            finally:
                workers.close()


def test_the_facts_are_those_of_the_target() -> None:
    """People, groups, explores, metrics, and whose token it is."""
    world = demo_world()
    with served(world) as (lightdash, _):
        facts = read_facts(lightdash, world.projects["production"], same_project=True)
    admin = next(person for person in world.people.values() if person.first_name == "Ada")
    assert facts.people is not None
    assert facts.people[admin.email] == admin.uuid
    assert facts.groups is not None
    assert set(facts.groups) == {"Finance", "Roastery"}
    assert facts.caller == admin.email
    assert facts.tables == frozenset(TABLES)
    assert facts.metrics is not None
    assert ("orders", "total_revenue") in facts.metrics
    assert (facts.channels, facts.same_project) == (None, True)
    assert facts.can("nested_spaces") == can("nested_spaces")


def test_the_channels_of_a_workspace_are_known_by_their_ids() -> None:
    """Those are what schedulers hold."""
    rows = b'{"status":"ok","results":[{"id":"C1","name":"#sales"}]}'
    faults = Faults(rule=lambda _n, _method, path: Fault.content(rows) if "/slack/" in path else None)
    world = demo_world()
    with served(world, faults=faults) as (lightdash, _):
        assert read_facts(lightdash, world.projects["production"]).channels == {"C1": "#sales"}


@pytest.mark.parametrize(
    ("path", "open_"),
    [
        ("/org/users", "people"),
        ("/org/groups", "groups"),
        ("/explores", "tables"),
        ("/dataCatalog/metrics", "metrics"),
    ],
)
@pytest.mark.parametrize("status", [403, 404])
def test_what_the_token_may_not_list_is_left_open(path: str, open_: str, status: int) -> None:
    """Only that, and all else is as if it could."""
    world = demo_world()
    with served(world) as (lightdash, _):
        whole = read_facts(lightdash, world.projects["production"])
    faults = Faults(rule=lambda _n, _method, asked: Fault.status(status) if path in asked else None)
    with served(world, faults=faults) as (lightdash, _):
        facts = read_facts(lightdash, world.projects["production"])
    missing: dict[str, Any] = {open_: None}
    assert facts == replace(whole, **missing)


@pytest.mark.parametrize("who", ["viewer", "member"])
def test_a_lesser_token_has_facts_too(who: str) -> None:
    """Whatever its role, reading the facts ends well."""
    world = demo_world()
    with served(world, who) as (lightdash, workers):
        facts = read_facts(lightdash, world.projects["production"])
        assert facts.caller == lightdash.user().email
        with_fields(facts, lightdash, world.projects["production"], TABLES, workers)


def test_an_unknown_token_is_an_error() -> None:
    """It is not taken for a target without people."""
    world = demo_world()
    world.tokens["admin"] = "nobody"
    with served(world) as (lightdash, _), pytest.raises(NotAuthorised):
        read_facts(lightdash, world.projects["production"])


def test_only_explores_that_are_needed_and_there_are_read_and_once_each() -> None:
    """What is no explore is passed over, and what is known is not asked for again."""
    asked: Counter[str] = Counter()

    def count(_number: int, _method: str, path: str) -> None:
        asked[path.rpartition("/")[2]] += "/explores/" in path

    world = demo_world()
    with served(world, faults=Faults(rule=count)) as (lightdash, workers):
        project = world.projects["production"]
        facts = read_facts(lightdash, project)
        facts = with_fields(facts, lightdash, project, ["orders", "roasts", "no/such", ".."], workers)
        facts = with_fields(facts, lightdash, project, ["orders", "stores"], workers)
    assert +asked == {"orders": 1, "roasts": 1, "stores": 1}
    assert set(facts.fields) == {"orders", "roasts", "stores"}
    assert {"orders_status", "orders_total_revenue", "customers_segment"} <= facts.fields["orders"]


def test_an_explore_that_cannot_be_compiled_is_left_without_fields() -> None:
    """However many there are; a server that fails is an error."""
    world = demo_world()
    project = world.projects["production"]
    known = TargetFacts(tables=frozenset(f"t{n}" for n in range(60)))
    rule = {"status": 400}
    faults = Faults(rule=lambda _n, _m, path: Fault.status(rule["status"]) if "/explores/" in path else None)
    with served(world, faults=faults) as (lightdash, workers):
        assert with_fields(known, lightdash, project, known.tables or (), workers) == known
        rule["status"] = 500
        with pytest.raises(ApiError):
            with_fields(known, lightdash, project, ["t1"], workers)


@pytest.mark.parametrize(
    "explore",
    [None, [], {}, {"tables": []}, {"tables": {"a": None, "b": {"dimensions": [], "metrics": {"m": None}}}}],
)
def test_an_explore_of_another_form_is_no_crash(explore: Any) -> None:
    """It has the fields that can be found."""
    assert set(field_ids(explore)) <= {"b_m"}


def test_dots_in_names_of_fields_are_underscores_in_ids() -> None:
    """As Lightdash makes the ids that charts hold."""
    fields: Any = {"meta.size": {"name": "meta.size", "table": "orders"}}
    assert list(field_ids({"tables": {"orders": {"dimensions": fields}}})) == ["orders_meta__size"]


@pytest.mark.parametrize("lost", ["orders_status", "orders_total_revenue", "orders_ordered_week"])
def test_charts_with_a_lost_field_are_those_that_the_server_finds(lost: str, tmp_path: Path) -> None:
    """The server's own validation, after a field left the explore, names the same charts and fields."""
    world = demo_world()
    export_world(world, tmp_path / "s")
    tree, project = Snapshot(tmp_path / "s").tree(), world.projects["production"]
    for group in ("dimensions", "metrics"):
        world.project_rows[project].explores["orders"]["tables"]["orders"][group].pop(lost[7:], None)
    validate_project(world, world.project_rows[project])
    told = {(one["chartUuid"], one["fieldName"]) for one in world.project_rows[project].validations}
    charts = [(Kind.CHART, key) for key in tree.identity.items[Kind.CHART]]
    steps = [Step(Action.CREATE, *chart, after=parse(tree[item_path(*chart)])) for chart in charts]
    with served(world) as (lightdash, workers):
        tables = needed_tables(steps)
        facts = with_fields(TargetFacts(tables=tables), lightdash, project, tables, workers)
    problems = reference_problems(steps, facts, PlanOptions(), {(Kind.SPACE, "x")})
    broken = {problem.item for problem in problems if problem.code == "missing_field"}
    uuids = {tree.identity.uuid(Kind.CHART, item.removeprefix("chart:")) for item in broken}
    assert uuids == {uuid for uuid, _ in told}
    assert {field for _, field in told} == {lost}
    assert all(f"no field {lost} " in one.what for one in problems if one.code == "missing_field")


@pytest.mark.parametrize("source", ["staging", "production"])
def test_the_demos_content_finds_its_fields_in_production(source: str, tmp_path: Path) -> None:
    """All content as if it were new: with the same explores nothing is missing or left unchecked."""
    world = demo_world()
    export_world(world, tmp_path / "s", project=source)
    tree = Snapshot(tmp_path / "s").tree()
    places = {path: place for path in tree if (place := parse_path(path)) and not place.version}
    steps = [
        Step(Action.CREATE, place.kind, place.key, after=parse(tree[path])) for path, place in places.items()
    ]
    with served(world) as (lightdash, workers):
        project = world.projects["production"]
        facts = with_fields(read_facts(lightdash, project), lightdash, project, needed_tables(steps), workers)
    assert facts.fields
    found = {problem.code for problem in reference_problems(steps, facts, PlanOptions(), frozenset())}
    about_others = {"google_sheet", "unchecked_channel"} if source == "production" else set()
    owners = {
        obj["owner"] for step in steps if step.kind is Kind.SCHEDULER and isinstance(obj := step.after, dict)
    }
    assert found == about_others | ({"owner_changes"} if owners - {facts.caller} else set())
