"""The server's own validation is started, waited for, and told for the items that were touched."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import orjson
import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_standin.server import Server
from lightdash_sync.errors import Incomplete, NotAuthorised
from lightdash_sync.lightdash.writing import Writer
from lightdash_sync.sync.readback import Invalid, validate
from tests.worlds import demo_world

from .exporting import lightdash_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightdash_standin.state import World
    from lightdash_sync.lightdash.reading import Lightdash


@contextmanager
def served(
    world: World, who: str = "admin", faults: Faults | None = None
) -> Iterator[tuple[Lightdash, Writer]]:
    """A world to read and to write."""
    with Server(world, faults=faults) as server:
        lightdash = lightdash_at(server.url, world.tokens[who])
        with lightdash.session:
            yield lightdash, Writer(lightdash.session, lightdash.server)


def status_of_jobs(*answers: str) -> Faults:
    """Jobs that say one thing after the other, and the last for ever."""
    left = list(answers)

    def rule(_number: int, _method: str, path: str) -> Fault | None:
        if "/schedulers/job/" not in path:
            return None
        said = left.pop(0) if len(left) > 1 else left[0]
        return Fault.content(orjson.dumps({"status": "ok", "results": {"status": said, "details": None}}))

    return Faults(rule=rule)


def broken_world() -> tuple[World, list[str]]:
    """A world in whose production the explore of the orders has lost a field; and charts that use it."""
    world = demo_world()
    explores = world.project_rows[world.projects["production"]].explores
    del explores["orders"]["tables"]["orders"]["metrics"]["total_revenue"]
    project = world.projects["production"]
    users = [
        chart.uuid
        for chart in world.charts.values()
        if "orders_total_revenue" in chart.version.metric_query["metrics"]
        and chart.space_uuid in world.spaces
        and world.spaces[chart.space_uuid].project_uuid == project
    ]
    return world, users


def test_errors_of_touched_items_are_told() -> None:
    """By the item's name and in the server's words; those of other items are not."""
    world, users = broken_world()
    assert len(users) > 1
    waits: list[float] = []
    with served(world) as (lightdash, writer):
        project = world.projects["production"]
        touched = {users[0]: "chart:weekly"}
        found = validate(lightdash, writer, project, touched, wait=waits.append)
        nothing = validate(lightdash, writer, project, {}, wait=waits.append)
    error = "Metric error: the field 'orders_total_revenue' no longer exists"
    assert Invalid("chart:weekly", error, "metric", "orders_total_revenue") in found
    assert {one.item for one in found} == {"chart:weekly"}
    assert nothing == ()
    assert waits == []


def test_a_job_that_takes_its_time_is_waited_for() -> None:
    """Less and less often."""
    waits: list[float] = []
    world = demo_world()
    faults = status_of_jobs(*["scheduled"] * 2, *["started"] * 4, "completed")
    with served(world, faults=faults) as (lightdash, writer):
        assert validate(lightdash, writer, world.projects["production"], {}, wait=waits.append) == ()
    assert waits == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_a_job_that_does_not_end_is_given_up() -> None:
    """After the time allowed, with the next step."""
    waits: list[float] = []
    world = demo_world()
    with (
        served(world, faults=status_of_jobs("started")) as (lightdash, writer),
        pytest.raises(Incomplete, match="within 20 seconds") as caught,
    ):
        validate(lightdash, writer, world.projects["production"], {}, wait=waits.append, deadline=20)
    assert 20 <= sum(waits) <= 25
    assert "Validation" in caught.value.hint


def test_a_job_that_fails_is_no_clean_result() -> None:
    """Nothing wrong, and not looked at, are two things."""
    world = demo_world()
    with (
        served(world, faults=status_of_jobs("error")) as (lightdash, writer),
        pytest.raises(Incomplete, match="could not finish"),
    ):
        validate(lightdash, writer, world.projects["production"], {}, wait=lambda _seconds: None)


def test_a_token_that_may_not_validate_is_told_so() -> None:
    """Validation needs the role of a developer."""
    world = demo_world()
    with served(world, "viewer") as (lightdash, writer), pytest.raises(NotAuthorised):
        validate(lightdash, writer, world.projects["production"], {}, wait=lambda _seconds: None)
