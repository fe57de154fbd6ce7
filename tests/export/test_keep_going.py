"""Exports that go on without single items that the server does not give."""

from __future__ import annotations

import subprocess
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING

import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_standin.server import Server
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import Incomplete, SyncError
from lightdash_sync.export.selection import Depth, ExportSelection
from lightdash_sync.export.unreadable import Skipped
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.verify import verify
from tests.cli.running import reach, run
from tests.exporting import export_world, tree
from tests.worlds import demo_world

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_standin.state import World

HISTORY = ExportSelection()
NONE = ExportSelection(depth=Depth.CONTENT)


def refusing(*uuids: str, fault: Fault | None = None) -> Faults:
    """A server that fails each time when it is asked for one of some items by itself."""
    answer = fault or Fault.status(500)
    return Faults(
        rule=lambda _number, _method, path: answer if any(f"/{uuid}" in path for uuid in uuids) else None
    )


def dashboard_of(world: World) -> str:
    """Some dashboard of production with tiles."""
    spaces = {one.uuid for one in world.spaces.values() if one.project_uuid == world.projects["production"]}
    return sorted(one.uuid for one in world.dashboards.values() if one.space_uuid in spaces)[0]


def rename(world: World, dashboard: str, name: str) -> None:
    """Somebody renames a dashboard: the lists tell that it is another now."""
    world.clock.advance(hours=1)
    world.dashboards[dashboard].name = name


@pytest.mark.parametrize("chosen", [HISTORY, NONE], ids=["history", "no history"])
@pytest.mark.parametrize("fault", [Fault.status(500), Fault.cut_json()], ids=["500", "cut"])
def test_a_dashboard_that_is_not_given_stays_as_it_was_and_is_named(
    tmp_path: Path, fault: Fault, chosen: ExportSelection
) -> None:
    """All else is of today, the day that of the first failure; when it is given again, nothing is missing."""
    world, target, today = demo_world(), tmp_path / "p", datetime.now(UTC).date()
    dashboard = dashboard_of(world)
    export_world(world, target, chosen=chosen)
    snapshot = Snapshot(target)
    key = snapshot.identity().key(Kind.DASHBOARD, dashboard)
    path = f"dashboards/{key}.json"
    before = (target / path).read_bytes()
    rename(world, dashboard, "Another name")
    chart = next(iter(sorted(one for one in world.charts if world.charts[one].dashboard_uuid is None)))
    world.charts[chart].name = "Renamed in the meantime"
    refused = refusing(dashboard, fault=fault)
    with pytest.raises(Incomplete, match=r"could not be read \(dashboard:"):
        export_world(world, target, chosen=chosen, faults=refused)
    assert (target / path).read_bytes() == before
    done = export_world(world, target, chosen=chosen, faults=refused, keep_going=True)
    assert done.incomplete is not None
    assert f"dashboard:{key}" in done.incomplete.message
    assert done.incomplete.exit_code == 3
    assert (target / path).read_bytes() == before
    assert b"Renamed in the meantime" in b"".join(
        one.read_bytes() for one in (target / "charts").glob("*.json")
    )
    assert not verify(target).damages
    (named,) = Snapshot(target).manifest.unread()
    assert named.what == f"dashboard:{key}"
    assert named.unreadSince in (today.isoformat(), datetime.now(UTC).date().isoformat())
    first = tree(target)
    again = export_world(world, target, chosen=chosen, faults=refused, keep_going=True)
    assert again.incomplete is not None
    assert tree(target) == first
    whole = export_world(world, target, chosen=chosen, keep_going=True)
    assert whole.incomplete is None
    assert b"Another name" in (target / path).read_bytes()
    assert Snapshot(target).manifest.unread() == []
    fresh = tmp_path / "fresh"
    export_world(world, fresh, chosen=chosen)
    assert {p: h for p, h in tree(target).items() if p.startswith("dashboards")} == {
        p: h for p, h in tree(fresh).items() if p.startswith("dashboards")
    }


@pytest.mark.parametrize("chosen", [HISTORY, NONE], ids=["history", "no history"])
def test_what_no_snapshot_has_is_left_out_and_named(tmp_path: Path, chosen: ExportSelection) -> None:
    """A first export does without a dashboard that never comes; a later one has it."""
    world, target = demo_world(), tmp_path / "p"
    dashboard = dashboard_of(world)
    faults = refusing(dashboard)
    done = export_world(world, target, chosen=chosen, faults=faults, keep_going=True)
    assert done.incomplete is not None
    assert dashboard in done.incomplete.message
    assert not verify(target).damages
    snapshot = Snapshot(target)
    assert dashboard not in snapshot.identity().known_keys(Kind.DASHBOARD)
    assert snapshot.manifest.unseen() == {"dashboard": f"dashboard {dashboard}"}
    whole = export_world(world, target, chosen=chosen, keep_going=True)
    assert whole.incomplete is None
    fresh = tmp_path / "fresh"
    export_world(world, fresh, chosen=chosen)
    assert Snapshot(target).manifest.counts == Snapshot(fresh).manifest.counts


def test_a_server_that_gives_nothing_is_an_error_all_the_same(tmp_path: Path) -> None:
    """Lists are never gone without, nor is a token that is not accepted, nor a server that fails for all."""
    world = demo_world()
    target = tmp_path / "p"
    for end in ("/spaces", "/dashboards"):
        faults = Faults(rule=partial(_failing_at, end))
        with pytest.raises(SyncError, match="500"):
            export_world(world, target, faults=faults, keep_going=True)
        assert not target.exists()


def _failing_at(end: str, _number: int, _method: str, path: str) -> Fault | None:
    return Fault.status(500) if path.endswith(end) else None


def test_a_backup_that_goes_on_commits_and_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Option or setting; the commit names the item, the exit code is 3 each night."""
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q"], check=True)
    world = demo_world()
    dashboard = dashboard_of(world)
    with Server(world) as server:
        assert run("backup", "--json", env=reach(server)).code == 0
    rename(world, dashboard, "Another name")
    with Server(world, faults=refusing(dashboard)) as server:
        env = reach(server)
        assert run("backup", env=env).code == 3
        done = run("backup", "--keep-going", env=env)
        assert done.code == 3, done.err
        text = subprocess.run(["git", "log", "-1", "--format=%B"], check=True, capture_output=True, text=True)
        assert "Not read:\n- dashboard:" in text.stdout
        settings = f'[env.production]\nurl = "{server.url}"\nproject = "{env["LIGHTDASH_PROJECT"]}"\n'
        settings += "keep_going = true\n"
        (tmp_path / "lightdash-sync.toml").write_text(settings, "utf-8")
        again = run("backup", env=env)
        assert again.code == 3, again.err
        assert "does not give (dashboard:" in again.err


def test_the_day_stays_that_of_the_first_failure(tmp_path: Path) -> None:
    """A night that fails again says since when; nothing else of the snapshot would tell."""
    world, target = demo_world(), tmp_path / "p"
    export_world(world, target)
    snapshot = Snapshot(target)
    ((key, facts), *_) = snapshot.identity().items[Kind.CHART].items()
    skipped = Skipped({Kind.CHART: {str(facts["uuid"]): "the server answers 500"}})
    first = skipped.not_exported(snapshot.identity(), snapshot.manifest, date(2026, 3, 1))
    before = snapshot.manifest.model_copy(update={"leftOut": first})
    again = skipped.not_exported(snapshot.identity(), before, date(2026, 3, 9))
    assert again == first
    assert (again[0].what, again[0].unreadSince) == (f"chart:{key}", "2026-03-01")
