"""Ctrl-C and SIGTERM at any moment: the old snapshot or the new one, and nothing left running."""

from __future__ import annotations

import random
import shutil
import signal
from typing import TYPE_CHECKING, NamedTuple

import pytest

from lightdash_standin.server import Server
from lightdash_sync.disk import Disk
from lightdash_sync.export.selection import Depth, ExportSelection
from lightdash_sync.snapshot.verify import verify
from tests.cli.running import ended, is_gone, reach, run, started, wait_until
from tests.exporting import export_world, tree, undated
from tests.worlds import demo_world, generated_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


BESIDE = {".p.lock", ".p.state.json"}  # a snapshot, when a run has ended
KEPT = ".p.versions"  # earlier versions that a run read which was cut short; the next one takes them over


class Interrupting(Disk):
    """A disk on which a run is stopped, or the disk fails, right before the n-th rename."""

    def __init__(self, stop: BaseException, before: int) -> None:
        self._stop = stop
        self._before = before

    def rename(self, source: Path, target: Path) -> None:
        """Rename, until it is time."""
        self._before -= 1
        if self._before == 0:
            raise self._stop
        super().rename(source, target)


class Site(NamedTuple):
    """A served project, a snapshot from before its last change, and how many requests an export makes."""

    server: Server
    older: Path
    newer: dict[str, str]
    requests: int


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo, answering slowly enough to be interrupted."""
    folder = tmp_path_factory.mktemp("site")
    older, newer = folder / "older", folder / "newer"
    with Server(demo_world()) as server:
        assert run("export", "--no-history", "--path", str(older), env=reach(server)).code == 0
        for chart in server.world.charts.values():
            chart.name = f"{chart.name}, renamed"
        shutil.copytree(older, newer)
        done = run("export", "--json", "--path", str(newer), env=reach(server))
        server.app.latency = 0.005
        yield Site(server, older, tree(newer), done.json["requests"])


def _interrupt(site: Site, folder: Path, number: int) -> int:
    """Send a signal when a random request arrives; return the exit code."""
    chance = random.Random(number)
    chosen = chance.randint(1, site.requests)
    sent = (signal.SIGINT, signal.SIGTERM)[number % 2]
    target = folder / "p"
    shutil.copytree(site.older, target)
    requests = site.server.world.requests
    requests.clear()
    process = started("export", "--path", "p", "--concurrency", "4", home=folder, env=reach(site.server))
    wait_until(lambda: len(requests) >= chosen, process)
    process.send_signal(sent)
    done = ended(process)
    assert "Traceback" not in done.err, done.err
    assert is_gone(process.pid)
    left = {path.name for path in folder.iterdir()}
    assert left <= {"p", *BESIDE, KEPT}, f"at request {chosen}: {left}"
    if done.code == 130:
        assert "interrupted" in done.err
        assert tree(target) in (tree(site.older), site.newer)
    else:
        assert (done.code, tree(target)) == (0, site.newer), done.err
        assert KEPT not in left
    assert verify(target).damages == []
    if KEPT in left:
        again = run("export", "--path", str(target), env=reach(site.server))
        assert (again.code, tree(target)) == (0, site.newer), again.err
        assert {path.name for path in folder.iterdir()} == {"p", *BESIDE}
    return done.code


@pytest.mark.parametrize("number", range(6))
def test_an_interrupted_export(site: Site, tmp_path: Path, number: int) -> None:
    """Exit code 130, the old snapshot as it was, no staging, no process left; the next run finishes."""
    _interrupt(site, tmp_path, number)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(6, 66))
def test_an_interrupted_export_at_many_moments(site: Site, tmp_path: Path, number: int) -> None:
    """The same at sixty other moments."""
    _interrupt(site, tmp_path, number)


def test_an_interrupted_run_tells_machines(site: Site, tmp_path: Path) -> None:
    """With `--json` an interruption is one object too, and nothing of a first export is left."""
    site.server.world.requests.clear()
    process = started("export", "--json", "--path", "p", home=tmp_path, env=reach(site.server))
    wait_until(lambda: len(site.server.world.requests) >= 10, process)
    process.send_signal(signal.SIGTERM)
    done = ended(process)
    assert done.code == 130
    assert done.json["error"]["exit_code"] == 130
    assert {path.name for path in tmp_path.iterdir()} <= {*BESIDE, KEPT}


@pytest.mark.parametrize("before", [1, 2])
@pytest.mark.parametrize("stop", [KeyboardInterrupt(), OSError("the disk fails")])
def test_an_interruption_in_the_middle_of_the_swap(tmp_path: Path, stop: BaseException, before: int) -> None:
    """Between the two renames too: the old snapshot stands under its own name when the run has ended.

    Beside it are at most the earlier versions that were read, until the next run has them in its snapshot.
    """
    world = generated_world(
        charts=2, versions=1, dashboards=1, tiles=1, spaces=1, schedulers=1, sql_charts=1, tags=1
    )
    export_world(world, tmp_path / "p", chosen=ExportSelection(depth=Depth.CONTENT))
    before_it = tree(tmp_path / "p")
    next(iter(world.charts.values())).name = "Renamed"
    with pytest.raises(type(stop)):
        export_world(world, tmp_path / "p", disk=Interrupting(stop, before))
    assert tree(tmp_path / "p") == before_it
    assert {path.name for path in tmp_path.iterdir()} - {KEPT} == {"p", *BESIDE}
    export_world(world, tmp_path / "p")
    export_world(world, tmp_path / "new")
    assert undated(tmp_path / "p") == undated(tmp_path / "new")
    assert {path.name for path in tmp_path.iterdir()} == {"p", "new", *BESIDE, ".new.lock", ".new.state.json"}
