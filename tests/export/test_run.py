"""What an export promises of a whole project."""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import orjson
import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import ConfigError, Incomplete, NotAuthorised, Refused, SnapshotError
from lightdash_sync.export.selection import Depth, ExportSelection
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.verify import verify
from tests.exporting import changed, export_world, tree
from tests.worlds import demo_world, empty_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lightdash_standin.state import Chart, World


def _named(world: World, name: str) -> Chart:
    """The first chart of a name in production."""
    production = world.projects["production"]
    spaces = {space.uuid for space in world.spaces.values() if space.project_uuid == production}
    return next(chart for chart in world.charts.values() if chart.name == name and chart.space_uuid in spaces)


def test_an_export_passes_verify(tmp_path: Path) -> None:
    """What was exported is whole: hashes, counts, form and references."""
    report = export_world(demo_world(), tmp_path / "p")
    assert verify(tmp_path / "p").damages == []
    assert report.manifest.counts["chart"] == len([*(tmp_path / "p" / "charts").glob("*.json")])


def test_exporting_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """Nothing changed on the server: not one byte changes in the files."""
    world = demo_world()
    export_world(world, tmp_path / "p")
    before = tree(tmp_path / "p")
    report = export_world(world, tmp_path / "p")
    assert before == tree(tmp_path / "p")
    assert (report.added, report.changed, report.removed) == ([], [], [])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("concurrency", [1, 8])
def test_bytes_do_not_depend_on_order_or_threads(tmp_path: Path, seed: int, concurrency: int) -> None:
    """Lists in any order and any number of threads give the same files."""
    export_world(demo_world(), tmp_path / "plain")
    world = demo_world()
    world.shuffle = random.Random(seed)
    export_world(world, tmp_path / "shuffled", concurrency=concurrency)
    assert tree(tmp_path / "plain") == tree(tmp_path / "shuffled")


def test_a_rename_changes_one_line_of_one_content_file(tmp_path: Path) -> None:
    """A reviewer of the git diff sees the new name, once, and nothing else but the sidecars."""
    world = demo_world()
    export_world(world, tmp_path / "p")
    before, chart = tree(tmp_path / "p"), _named(world, "Weekly revenue")
    old_text = (tmp_path / "p/charts/weekly-revenue.json").read_text()
    chart.name = "Revenue, by the week"
    export_world(world, tmp_path / "p")
    paths = changed(before, tree(tmp_path / "p"))
    assert {"charts/weekly-revenue.json", "snapshot.json"} == paths - {"identity.json"}
    new_text = (tmp_path / "p/charts/weekly-revenue.json").read_text()
    pairs = zip(old_text.splitlines(), new_text.splitlines(), strict=True)
    assert [(a, b) for a, b in pairs if a != b] == [
        ('  "name": "Weekly revenue",', '  "name": "Revenue, by the week",')
    ]


@pytest.mark.parametrize("history", [True, False])
def test_looking_does_not_touch(tmp_path: Path, history: bool) -> None:
    """Charts keep their view counts, and dashboards where they have a history and it is read.

    Elsewhere they get the one view that is unavoidable, or half the price.
    """
    world = demo_world()
    charts = {uuid: chart.views for uuid, chart in world.charts.items()}
    dashboards = {uuid: dashboard.views for uuid, dashboard in world.dashboards.items()}
    export_world(
        world, tmp_path / "p", chosen=ExportSelection(depth=Depth.HISTORY if history else Depth.CONTENT)
    )
    assert charts == {uuid: chart.views for uuid, chart in world.charts.items()}
    viewed = {uuid for uuid, dashboard in world.dashboards.items() if dashboard.views == dashboards[uuid] + 1}
    there = 6 + world.can("hidden_tabs") + world.can("current")  # more in the demo of newer versions
    assert len(viewed) == (0 if history and world.can("dashboard_history") else there)
    assert {"GET"} == {method for method, _ in world.requests}


def test_charts_saved_in_dashboards_are_exported_even_when_no_tile_shows_them(tmp_path: Path) -> None:
    """No list names a chart that left its dashboard's tiles; it is in the snapshot all the same."""
    world = demo_world()
    export_world(world, tmp_path / "p")
    production = world.projects["production"]
    inside = {
        chart.uuid
        for chart in world.charts.values()
        if chart.dashboard_uuid
        and world.spaces[world.dashboards[chart.dashboard_uuid].space_uuid].project_uuid == production
    }
    identity = Snapshot(tmp_path / "p").identity()
    assert inside
    assert inside <= set(identity.known_keys(Kind.CHART))


def test_a_chart_that_becomes_hidden_later_stays_in_the_snapshot(tmp_path: Path) -> None:
    """A chart once seen on a tile is asked for by its uuid when the lists stop naming it."""
    world = demo_world()
    export_world(world, tmp_path / "p")
    hidden = next(c for c in world.charts.values() if c.dashboard_uuid)
    for project in world.project_rows.values():
        project.catalog.clear()  # the catalogue cannot tell either
    for dashboard in world.dashboards.values():
        dashboard.version.tiles[:] = [
            tile
            for tile in dashboard.version.tiles
            if tile["properties"].get("savedChartUuid") != hidden.uuid
        ]
    export_world(world, tmp_path / "p", accept_shrink=True)
    assert hidden.uuid in Snapshot(tmp_path / "p").identity().known_keys(Kind.CHART)
    assert verify(tmp_path / "p").damages == []


def test_earlier_versions_outlive_the_servers_memory(tmp_path: Path) -> None:
    """Versions that the server no longer lists are kept from the older snapshot, and not asked for again."""
    world = demo_world()
    export_world(world, tmp_path / "p")
    before = {path for path in tree(tmp_path / "p") if ".history/" in path}
    world.clock.advance(days=30)
    world.requests.clear()
    export_world(world, tmp_path / "p")
    assert before
    assert before <= set(tree(tmp_path / "p"))
    assert verify(tmp_path / "p").damages == []


def test_without_history_nothing_is_read_and_nothing_is_lost(tmp_path: Path) -> None:
    """`--no-history` reads no earlier version, and keeps those that the snapshot has."""
    world = demo_world()
    export_world(world, tmp_path / "bare", chosen=ExportSelection(depth=Depth.CONTENT))
    assert not [path for path in tree(tmp_path / "bare") if ".history/" in path]
    export_world(world, tmp_path / "p")
    kept = {path for path in tree(tmp_path / "p") if ".history/" in path}
    export_world(world, tmp_path / "p", chosen=ExportSelection(depth=Depth.CONTENT))
    assert kept == {path for path in tree(tmp_path / "p") if ".history/" in path}


def test_connection_details_of_the_project_never_leave_the_server(tmp_path: Path) -> None:
    """project.json holds an allow-list; host names and the like are nowhere in the snapshot."""
    world = demo_world()
    export_world(world, tmp_path / "p")
    settings = orjson.loads((tmp_path / "p/project.json").read_bytes())
    assert set(settings) <= {"name", "type", "dbtVersion", "schedulerTimezone", "queryTimezone"}
    everything = b"".join(path.read_bytes() for path in (tmp_path / "p").rglob("*.json"))
    assert b"warehouseConnection" not in everything
    assert b"dbtConnection" not in everything


def test_content_files_name_no_environment(tmp_path: Path) -> None:
    """No uuid that the sidecar knows stands in any content file."""
    export_world(demo_world(), tmp_path / "p")
    identity = orjson.loads((tmp_path / "p/identity.json").read_bytes())
    uuids = {facts["uuid"] for entries in identity["items"].values() for facts in entries.values()}
    uuids |= {facts["uuid"] for facts in identity["people"].values()} | set(
        filter(None, identity["project"].values())
    )
    for dashboard in identity["items"]["dashboard"].values():
        uuids |= set(dashboard["tiles"].values()) | set(dashboard["tabs"].values())
    for path in (tmp_path / "p").rglob("*.json"):
        if path.name != "identity.json":
            text = path.read_text()
            assert not [uuid for uuid in uuids if uuid in text], path


def test_a_selection_holds_what_was_chosen_and_passes_verify(tmp_path: Path) -> None:
    """`--only` and `--space` leave out the rest, and say so in the manifest."""
    world = demo_world()
    chosen = ExportSelection(kinds=frozenset({Kind.CHART, Kind.SPACE}), spaces=frozenset({"customers"}))
    report = export_world(world, tmp_path / "p", chosen=chosen)
    assert {"chart", "space"} == {kind for kind, count in report.manifest.counts.items() if count} - {
        "chart_version"
    }
    assert report.manifest.selection.spaces == ["customers"]
    assert verify(tmp_path / "p").damages == []


def test_a_space_that_does_not_exist_is_named_with_those_that_do(tmp_path: Path) -> None:
    """A mistyped `--space` is an error that helps, and nothing is written."""
    with pytest.raises(ConfigError, match="no space 'custommers'") as caught:
        export_world(demo_world(), tmp_path / "p", chosen=ExportSelection(spaces=frozenset({"custommers"})))
    assert "customers" in caught.value.hint
    assert not (tmp_path / "p").exists()


def test_a_part_never_replaces_a_whole(tmp_path: Path) -> None:
    """A partial export over a full snapshot is refused; over a snapshot of the same part it is not."""
    world = demo_world()
    export_world(world, tmp_path / "p")
    before = tree(tmp_path / "p")
    part = ExportSelection(kinds=frozenset({Kind.TAG}))
    with pytest.raises(Refused, match="partial export"):
        export_world(world, tmp_path / "p", chosen=part)
    assert before == tree(tmp_path / "p")
    export_world(world, tmp_path / "tags", chosen=part)
    export_world(world, tmp_path / "tags", chosen=part)


def test_a_snapshot_of_another_project_is_not_replaced(tmp_path: Path) -> None:
    """A wrong `--project` cannot destroy the backup of the right one."""
    world = demo_world()
    export_world(world, tmp_path / "p")
    with pytest.raises(Refused, match="another project"):
        export_world(world, tmp_path / "p", project="staging")


def test_files_of_others_in_the_directory_are_not_lost(tmp_path: Path) -> None:
    """An export refuses to replace a directory that holds anything but a snapshot."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home/thesis.txt").write_text("years of work")
    with pytest.raises(SnapshotError, match="holds no snapshot"):
        export_world(empty_world(), tmp_path / "home")
    world = demo_world()
    export_world(world, tmp_path / "p")
    (tmp_path / "p/charts/notes.txt").write_text("mine")
    with pytest.raises(Refused, match=r"notes\.txt"):
        export_world(world, tmp_path / "p")
    assert (tmp_path / "p/charts/notes.txt").read_text() == "mine"


def test_a_damaged_earlier_version_is_not_built_upon(tmp_path: Path) -> None:
    """What can no longer be read from the server must not be replaced by its damaged copy in silence."""
    world = demo_world()
    export_world(world, tmp_path / "p")
    version = next(path for path in (tmp_path / "p").rglob("*.json") if ".history" in path.parent.name)
    version.write_bytes(version.read_bytes().replace(b"{", b"{ ", 1))
    with pytest.raises(SnapshotError, match="is damaged"):
        export_world(world, tmp_path / "p")


def test_lists_that_contradict_each_other_never_become_a_snapshot(tmp_path: Path) -> None:
    """A list that comes back short is noticed by a second one; the old snapshot stays."""
    world = demo_world()
    export_world(world, tmp_path / "p")
    before = tree(tmp_path / "p")

    def empty_list(_n: int, _method: str, path: str) -> Fault | None:
        return Fault.content(b'{"status":"ok","results":[]}') if path.endswith("/charts") else None

    with pytest.raises(Incomplete, match="contradict"):
        export_world(world, tmp_path / "p", faults=Faults(rule=empty_list))
    assert before == tree(tmp_path / "p")


def test_a_token_of_nobody_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """401 ends the run at once, with exit code 12 and how to make a token."""
    world = demo_world()
    world.tokens["nobody"] = "0" * 32
    with pytest.raises(NotAuthorised) as caught:
        export_world(world, tmp_path / "p", who="nobody")
    assert caught.value.exit_code == 12
    assert "LIGHTDASH_API_KEY" in caught.value.hint


def test_a_token_that_is_no_admins_gets_a_warning(tmp_path: Path) -> None:
    """Private spaces are left out by the server without an error, so the export says that this may be."""
    assert [w for w in export_world(demo_world(), tmp_path / "a").warnings if "admin" in w] == []
    report = export_world(demo_world(), tmp_path / "e", who="editor")
    assert [w for w in report.warnings if "not an admin's" in w]


def test_an_empty_project_exports(tmp_path: Path) -> None:
    """A new project with only its automatic space is a snapshot too."""
    report = export_world(empty_world(), tmp_path / "p")
    assert report.manifest.counts["space"] == 1
    assert verify(tmp_path / "p").damages == []


def test_a_kept_key_survives_the_rename_of_a_slug(tmp_path: Path) -> None:
    """Keys are given once: whatever the server calls the item later, its file keeps its name."""
    world = demo_world()
    export_world(world, tmp_path / "p")
    chart = _named(world, "Weekly revenue")
    chart.slug = "something-else"
    export_world(world, tmp_path / "p")
    assert (tmp_path / "p/charts/weekly-revenue.json").is_file()
    assert not (tmp_path / "p/charts/something-else.json").exists()


def test_progress_is_told_and_time_is_measured(tmp_path: Path) -> None:
    """Who waits is told what is read; the report says requests and seconds."""

    class Counting:
        def __init__(self) -> None:
            self.totals: dict[str, int] = {}
            self.done: dict[str, int] = {}

        @contextmanager
        def track(self, what: str, total: int, verb: str = "Reading") -> Iterator[Callable[[], None]]:
            self.totals[what] = self.totals.get(what, 0) + total

            def advance() -> None:
                self.done[what] = self.done.get(what, 0) + 1

            yield advance

        def noted(self, message: str) -> None:
            raise AssertionError(message)

    counting, began = Counting(), time.monotonic()
    report = export_world(demo_world(), tmp_path / "p", progress=counting)
    assert counting.totals == counting.done
    assert counting.done["charts"] >= 32
    assert 0 < report.duration_s <= time.monotonic() - began
    assert report.requests > 60
