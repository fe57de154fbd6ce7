"""`verify`: whole or not, against the disk and against the live project."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, NamedTuple

import pytest

from lightdash_standin.server import Server
from tests.cli.running import fails, reach, run
from tests.exporting import tree
from tests.worlds import demo_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Site(NamedTuple):
    """A served demo, and a snapshot of it."""

    server: Server
    snapshot: Path


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One export for all tests, which each take a copy."""
    folder = tmp_path_factory.mktemp("exported") / "p"
    with Server(demo_world()) as server:
        assert run("export", "--path", str(folder), env=reach(server)).code == 0
        yield Site(server, folder)


@pytest.fixture
def site(exported: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A copy of the snapshot, in a directory where the command runs."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(exported.snapshot, tmp_path / "p")
    return Site(exported.server, tmp_path / "p")


def test_a_whole_snapshot_needs_no_server(site: Site) -> None:
    """A whole snapshot exits with 0, without a token, and is left as it was."""
    before = tree(site.snapshot)
    done = run("verify", "p")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("p is whole: ")
    found = run("verify", "p", "--json").json
    assert (found["whole"], found["damages"]) == (True, [])
    assert found["files"] == len(before)
    assert "live" not in found
    assert tree(site.snapshot) == before


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _swap(path: Path) -> None:
    other = next(one for one in sorted(path.parent.glob("*.json")) if one != path)
    mine, theirs = path.read_bytes(), other.read_bytes()
    path.write_bytes(theirs)
    other.write_bytes(mine)


def _link(path: Path) -> None:
    path.rename(path.with_suffix(".moved"))
    path.symlink_to(path.with_suffix(".moved"))


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a bit": _flip,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-5]),
    "empty": lambda path: path.write_bytes(b""),
    "deleted": lambda path: path.unlink(),
    "swapped": _swap,
    "a link": _link,
    "a directory": _directory,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named(site: Site, damage: str) -> None:
    """Whatever happened to a file: exit code 10, and the file is named, to people and machines."""
    DAMAGES[damage](site.snapshot / "charts/weekly-revenue.json")
    done = run("verify", "p")
    assert (done.code, done.err) == (10, "")
    assert "charts/weekly-revenue.json" in done.out
    told = run("verify", "p", "--json")
    assert told.code == 10
    assert "charts/weekly-revenue.json" in {one["path"] for one in told.json["damages"]}
    assert not told.json["whole"]


def test_a_file_that_is_nobodys_is_named(site: Site) -> None:
    """A file that was put there is a damage too."""
    (site.snapshot / "charts/added.json").write_text("{}\n")
    assert [one["path"] for one in run("verify", "p", "--json").json["damages"]] == ["charts/added.json"]


def test_a_damaged_snapshot_is_not_compared(site: Site) -> None:
    """A snapshot that is not whole is no measure for the live project: nothing is asked."""
    _flip(site.snapshot / "spaces/sales.json")
    site.server.world.requests.clear()
    done = run("verify", "p", "--live", "--json", env=reach(site.server))
    assert done.code == 10
    assert "live" not in done.json
    assert site.server.world.requests == []


def test_a_snapshot_between_two_renames_is_put_back(site: Site) -> None:
    """After a kill in the middle of the swap, `verify` finds the old snapshot under its own name again."""
    before = tree(site.snapshot)
    (site.snapshot.parent / ".p.new").mkdir()
    site.snapshot.rename(site.snapshot.parent / ".p.old")
    assert run("verify", "p").code == 0
    assert tree(site.snapshot) == before
    assert {path.name for path in site.snapshot.parent.iterdir()} <= {"p", ".p.lock", ".p.state.json"}


def test_the_live_project_is_the_same(site: Site) -> None:
    """Nothing changed: it is said, with no trace on the server but one view of each dashboard."""
    world, before = site.server.world, tree(site.snapshot)
    charts = {uuid: chart.views for uuid, chart in world.charts.items()}
    dashboards = {uuid: dashboard.views for uuid, dashboard in world.dashboards.items()}
    world.requests.clear()
    done = run("verify", "p", "--live", env=reach(site.server))
    assert done.code == 0, done.err
    assert "The project is as it was when the snapshot was made." in done.out
    assert {method for method, _ in world.requests} == {"GET"}
    assert charts == {uuid: chart.views for uuid, chart in world.charts.items()}
    assert {world.dashboards[uuid].views - views for uuid, views in dashboards.items()} <= {0, 1}
    assert tree(site.snapshot) == before
    assert {path.name for path in site.snapshot.parent.iterdir()} <= {"p", ".p.lock", ".p.state.json"}


def test_live_changes_are_shown(site: Site) -> None:
    """What was renamed and what was deleted since is listed; the exit code stays 0."""
    world = site.server.world
    chart = next(one for one in world.charts.values() if one.slug == "margin-by-category")
    uuid, tag = next((uuid, tag) for uuid, tag in world.tags.items() if tag.name == "to be retired")
    chart.name = "Margins"
    project = world.project_rows[tag.project_uuid]
    del world.tags[uuid], project.tags[uuid]
    try:
        done = run("verify", "p", "--live", "--json", env=reach(site.server))
    finally:
        chart.name = "Margin by category"
        world.tags[uuid], project.tags[uuid] = tag, None
    assert done.code == 0
    assert done.json["live"]["changed"] == ["chart:margin-by-category"]
    assert done.json["live"]["removed"] == ["tag:to-be-retired"]
    assert done.json["live"]["added"] == []
    assert done.json["requests"] > 0


def test_live_needs_a_server(site: Site) -> None:
    """`--live` without settings is wrong usage."""
    fails(run("verify", "p", "--live"), 2)
