"""A server that is gone for some seconds in the middle of an export, as while it is started anew."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_standin.server import Server
from lightdash_sync.errors import Incomplete, Unavailable
from lightdash_sync.export.run import export_project
from lightdash_sync.export.selection import ExportSelection
from lightdash_sync.lightdash.origin import Origin
from lightdash_sync.lightdash.reading import Lightdash
from lightdash_sync.lightdash.session import Connection, Session
from tests.exporting import NAME, export_world, lightdash_at, tree
from tests.worlds import demo_world, generated_world

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_standin.state import World

SECONDS = 3.0
BEGINS = 30  # the request after which it begins


def patient(url: str, world: World) -> Lightdash:
    """The tool as people run it: eight workers, and real waits."""
    return Lightdash(Session(Connection(Origin(url, name=NAME), world.tokens["admin"], concurrency=8)))


def gone_for(fault: Fault) -> Faults:
    """Let every request of some seconds meet a fault."""
    began = 0.0

    def rule(number: int, _method: str, _path: str) -> Fault | None:
        nonlocal began
        if number > BEGINS:
            began = began or time.monotonic()
        return fault if began and time.monotonic() - began < SECONDS else None

    return Faults(rule=rule)


@pytest.mark.parametrize("fault", [Fault.dropped(), Fault.status(502, body="html"), Fault.status(503)])
def test_an_outage_of_three_seconds_leaves_no_trace(tmp_path: Path, fault: Fault) -> None:
    """Eight workers meet it at the same time, and the snapshot is the same as without it."""
    world = demo_world()
    export_world(world, tmp_path / "quiet")
    with Server(world, faults=gone_for(fault)) as server:
        lightdash = patient(server.url, world)
        with lightdash.session:
            export_project(lightdash, world.projects["production"], tmp_path / "p", ExportSelection())
    assert tree(tmp_path / "p") == tree(tmp_path / "quiet")
    assert lightdash.session.pacer.repeats <= 10


def test_an_answer_from_before_an_outage_does_not_end_it(tmp_path: Path) -> None:
    """Slow requests that the server took before it went away are answered in the middle of its absence."""
    world = demo_world()
    export_world(world, tmp_path / "quiet")
    faults = gone_for(Fault.status(502, body="html"))
    faults.by_number = {
        number: Fault.wait(0.3 * (number - BEGINS + 6)) for number in range(BEGINS - 5, BEGINS)
    }
    with Server(world, faults=faults) as server:
        lightdash = patient(server.url, world)
        with lightdash.session:
            export_project(lightdash, world.projects["production"], tmp_path / "p", ExportSelection())
    assert tree(tmp_path / "p") == tree(tmp_path / "quiet")


def test_a_server_that_is_started_anew_leaves_no_trace(tmp_path: Path) -> None:
    """For some seconds nobody listens at all."""
    world = demo_world()
    export_world(world, tmp_path / "quiet")
    world.requests.clear()
    with Server(world, latency=0.02) as server:
        lightdash = patient(server.url, world)

        def start_anew() -> None:
            while len(world.requests) < BEGINS:
                time.sleep(0.005)
            server.stop()
            time.sleep(SECONDS)
            server.start()

        thread = threading.Thread(target=start_anew)
        thread.start()
        with lightdash.session:
            export_project(lightdash, world.projects["production"], tmp_path / "p", ExportSelection())
        thread.join()
    assert tree(tmp_path / "p") == tree(tmp_path / "quiet")


def test_an_outage_that_lasts_is_work_that_was_not_done(tmp_path: Path) -> None:
    """It ends with 3, and says what stands; the server is not asked for every item."""
    world = generated_world(
        charts=200, versions=1, dashboards=1, tiles=1, spaces=1, schedulers=1, sql_charts=1, tags=1
    )
    faults = Faults(rule=lambda n, _method, _path: Fault.status(503) if n > 60 else None)
    with Server(world, faults=faults) as server:
        lightdash = lightdash_at(server.url, world.tokens["admin"], concurrency=8)
        with lightdash.session, pytest.raises(Incomplete, match="no snapshot was written") as caught:
            export_project(lightdash, world.projects["production"], tmp_path / "p", ExportSelection())
    assert caught.value.exit_code == 3
    assert lightdash.session.requests < 150


def test_one_item_that_a_proxy_cannot_get_does_not_hold_up_the_others(tmp_path: Path) -> None:
    """It is tried like any other, and named."""
    world = demo_world()
    chart = sorted(world.charts)[0]
    faults = Faults(
        rule=lambda _n, _m, path: Fault.status(502) if f"/saved/{chart}/history" in path else None
    )
    with Server(world, faults=faults) as server:
        lightdash = lightdash_at(server.url, world.tokens["admin"], concurrency=8)
        with lightdash.session, pytest.raises(Incomplete, match="1 item could not be read"):
            export_project(lightdash, world.projects["production"], tmp_path / "p", ExportSelection())


def test_a_server_that_never_answered_is_not_waited_for() -> None:
    """Four tries, as ever: the URL may be wrong."""
    lightdash = lightdash_at("http://127.0.0.1:9", "token")
    with lightdash.session, pytest.raises(Unavailable):
        lightdash.health()
    assert lightdash.session.requests == 4
