"""A project that people work in while it is read: a snapshot in one run, which passes `verify`."""

from __future__ import annotations

import re
import shutil
import threading
from random import Random
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from lightdash_standin import seed as seed_module
from lightdash_standin.dashboards import add_dashboard_version, read_dashboard
from lightdash_standin.faults import Fault, Faults
from lightdash_standin.server import Server
from lightdash_sync.errors import Incomplete
from lightdash_sync.export.run import Reading, export_project
from lightdash_sync.export.selection import ExportSelection
from lightdash_sync.snapshot.verify import verify
from tests.export.editing import Editors
from tests.exporting import export_world, lightdash_at, tree, undated

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_standin.state import World

NEWER = "0.2904.5"  # reads dashboards through their versions
VERSIONS = ("0.1372.1", NEWER)


def save_again(world: World, dashboard: str) -> None:
    """Save a dashboard as it is."""
    found = world.dashboards[dashboard]
    add_dashboard_version(world, found, read_dashboard(world, found), world.people[found.created_by])


def saved_while_read(world: World, times: int, *, once_written: bool = False) -> Faults:
    """Save one dashboard so many times just before a version of it is read, whichever it is.

    Args:
        world: what is served.
        times: how often.
        once_written: only after a scheduler was made, which an apply does last.
    """
    left, begun, chosen = times, not once_written, ""

    def rule(_number: int, method: str, path: str) -> Fault | None:
        nonlocal left, begun, chosen
        begun |= method == "POST" and path.endswith("/schedulers")
        if begun and left and (asked := re.fullmatch(r"/api/v1/dashboards/([^/]+)/version/[^/]+", path)):
            chosen = chosen or asked[1]
            if chosen == asked[1]:
                left -= 1
                save_again(world, chosen)
        return None

    return Faults(rule=rule)


def test_a_dashboard_that_is_saved_again_and_again_does_not_end_the_export(tmp_path: Path) -> None:
    """What one thread finds out of the project never looks as if somebody had pressed Ctrl-C."""
    world = seed_module.demo_world(NEWER)
    export_world(world, tmp_path / "p", faults=saved_while_read(world, 12))
    assert verify(tmp_path / "p").damages == []
    export_world(world, tmp_path / "quiet")
    assert contents(tmp_path / "p") == contents(tmp_path / "quiet")


def contents(root: Path) -> dict[str, str]:
    """The content files; the two others tell how often something was saved when the lists were read."""
    return {path: sha for path, sha in tree(root).items() if path not in ("identity.json", "snapshot.json")}


class Busy:
    """People who edit a served project while something else reads it.

    Args:
        server: where.
        seed: decides what they do.
        every: requests between two edits.
        edits: names of the edits that they make; all that there are, if none are named.
        pause: seconds between two edits.
    """

    def __init__(
        self, server: Server, seed: int, every: int = 0, edits: tuple[str, ...] = (), pause: float = 0.0
    ) -> None:
        self._world, self._every, self._edits, self._pause = server.world, every, edits, pause
        self._editors = Editors(server.url, server.world, Random(seed))
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self.made: list[str] = []

    def __enter__(self) -> Busy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        self._editors.close()

    def _work(self) -> None:
        while not self._stopped.is_set():
            if self._edits:
                self._world.clock.advance(seconds=1)
                name = self._editors.chance.choice(self._edits)
                getattr(self._editors, name)()
            else:
                name = self._editors.edit()
            self.made.append(name)
            self._stopped.wait(self._pause)
            seen = len(self._world.requests)
            while len(self._world.requests) < seen + self._every and not self._stopped.wait(0.001):
                pass


MAKING = ("create_chart", "create_chart_inside", "create_sql", "create_space", "add_tile", "create_scheduler")
DELETING = (
    "create_chart",
    "delete_chart",
    "delete_dashboard",
    "delete_sql",
    "delete_space",
    "delete_scheduler",
)


def export_while_busy(world: World, target: Path, seed: int, every: int, edits: tuple[str, ...]) -> Busy:
    """Export a project in one run while people work in it."""
    with Server(world) as server, Busy(server, seed, every, edits) as busy:
        lightdash = lightdash_at(server.url, world.tokens["admin"])
        with lightdash.session:
            export_project(
                lightdash,
                world.projects["production"],
                target,
                ExportSelection(),
                Reading(accept_shrink=True),
            )
    return busy


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("edits", "every"), [((), 6), (MAKING, 4), (DELETING, 12)])
def test_a_busy_project_gives_a_snapshot_in_one_run(
    tmp_path: Path, version: str, edits: tuple[str, ...], every: int
) -> None:
    """Whatever people make, change, move and delete meanwhile; what is left out comes the next time."""
    for seed in range(3):
        world = seed_module.demo_world(version)
        target = tmp_path / f"p{seed}"
        busy = export_while_busy(world, target, seed, every, edits)
        assert len(busy.made) > 5
        assert verify(target).damages == []
        shutil.copytree(target, tmp_path / f"full{seed}")
        export_world(world, target, accept_shrink=True)
        export_world(world, tmp_path / f"full{seed}", accept_shrink=True, full=True)
        assert undated(target) == undated(tmp_path / f"full{seed}")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_night_on_which_people_work_gives_a_snapshot_in_one_run(tmp_path: Path, version: str) -> None:
    """Over an older snapshot, with all guards on: what was only moved or made anew is not taken for lost."""
    world, target = seed_module.demo_world(version), tmp_path / "p"
    export_world(world, target)
    with Server(world) as server, Busy(server, 5, 5, MAKING):
        lightdash = lightdash_at(server.url, world.tokens["admin"])
        with lightdash.session:
            export_project(lightdash, world.projects["production"], target, ExportSelection())
    assert verify(target).damages == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [".p.lock", ".p.state.json", "p"]


@pytest.mark.parametrize("path", ["charts", "chart-summaries", "dashboards"])
def test_a_list_that_stays_behind_is_a_contradiction_however_busy_the_project_is(
    tmp_path: Path, path: str
) -> None:
    """What one list never names is not new; nothing is written."""
    world = seed_module.demo_world(NEWER)
    project = world.projects["production"]
    with Server(world) as server:
        lightdash = lightdash_at(server.url, world.tokens["admin"])
        with lightdash.session:
            before = lightdash.session.get(f"/api/v1/projects/{project}/{path}")
    assert isinstance(before, list)
    short = Fault.content(orjson.dumps({"status": "ok", "results": before[1:]}))

    def rule(_number: int, method: str, asked: str) -> Fault | None:
        return short if method == "GET" and asked == f"/api/v1/projects/{project}/{path}" else None

    with Server(world, faults=Faults(rule=rule)) as server, Busy(server, 1, 6, MAKING):
        lightdash = lightdash_at(server.url, world.tokens["admin"])
        with lightdash.session, pytest.raises(Incomplete, match="contradict"):
            export_project(lightdash, project, tmp_path / "p", ExportSelection())
    assert not (tmp_path / "p").exists()


def test_a_delivery_that_comes_and_goes_during_a_first_export_is_no_contradiction(tmp_path: Path) -> None:
    """It is made after the lists were read, named by its chart, and deleted before the list is read again."""
    world = seed_module.demo_world(NEWER)
    project = world.projects["production"]
    listed = f"/api/v1/schedulers/{project}/list"
    with Server(world) as server:
        lightdash = lightdash_at(server.url, world.tokens["admin"])
        with lightdash.session:
            before: Any = lightdash.session.get(listed, {"page": 1, "pageSize": 1000})
    uuid = str(before["data"].pop(0)["schedulerUuid"])
    before["pagination"]["totalResults"] -= 1
    short = Fault.content(orjson.dumps({"status": "ok", "results": before}))
    named = False

    def rule(_number: int, _method: str, path: str) -> Fault | None:
        nonlocal named
        if path.startswith(listed):
            if not named:
                return short
            if uuid in world.schedulers:
                world.delete_scheduler(uuid)
        named |= "/schedulers" in path.removeprefix("/api/v1/schedulers")
        return None

    with Server(world, faults=Faults(rule=rule)) as server:
        lightdash = lightdash_at(server.url, world.tokens["admin"])
        with lightdash.session:
            export_project(lightdash, project, tmp_path / "p", ExportSelection())
    assert verify(tmp_path / "p").damages == []
    assert uuid not in world.schedulers


@pytest.mark.slow
@pytest.mark.minutes
@pytest.mark.parametrize("version", VERSIONS)
def test_ten_minutes_of_two_saves_a_second_give_a_snapshot_in_one_run(tmp_path: Path, version: str) -> None:
    """A server so slow that reading it takes ten minutes."""
    world = seed_module.generated_world(
        charts=900, versions=1, dashboards=40, tiles=6, spaces=12, schedulers=20, sql_charts=40, tags=5,
        version=version,
    )  # fmt: skip
    target = tmp_path / "p"
    with Server(world, latency=2.0) as server, Busy(server, 7, pause=0.5) as busy:
        lightdash = lightdash_at(server.url, world.tokens["admin"], concurrency=8, deadline=60.0)
        with lightdash.session:
            report = export_project(lightdash, world.projects["production"], target, ExportSelection())
    assert report.duration_s > 400
    assert len(busy.made) > 150  # each edit takes its time there, too
    assert verify(target).damages == []
