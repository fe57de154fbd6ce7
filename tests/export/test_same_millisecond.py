"""Saves in one millisecond: the server tells them apart, and so must whoever reads its histories."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from lightdash_standin.server import Server
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.versions import oldest_first
from lightdash_sync.export.selection import Depth, ExportSelection
from lightdash_sync.snapshot.layout import item_path
from lightdash_sync.snapshot.read import Snapshot
from tests.exporting import export_world, tree
from tests.worlds import can, demo_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lightdash_standin.state import World

SAVES = 3
CHARTS = 16


class _Editor:
    """Somebody who saves what there is again and again."""

    def __init__(self, world: World, url: str) -> None:
        headers = {"Authorization": f"ApiKey {world.tokens['admin']}"}
        self._http = httpx.Client(base_url=f"{url}/api/v1", headers=headers, trust_env=False)

    def get(self, path: str) -> Any:
        answer = self._http.get(path)
        assert answer.is_success, answer.text
        return answer.json()["results"]

    def save_chart(self, uuid: str) -> int:
        """Save a chart with other limits, one after the other; return the last."""
        chart = self.get(f"/saved/{uuid}")
        for number in range(SAVES):
            query = chart["metricQuery"] | {"limit": 100 + number}
            answer = self._http.post(f"/saved/{uuid}/version", json=chart | {"metricQuery": query})
            assert answer.is_success, answer.text
        return 100 + SAVES - 1

    def save_dashboard(self, uuid: str) -> None:
        """Move the tiles of a dashboard, a row at a time."""
        dashboard = self.get(f"/dashboards/{uuid}")
        for number in range(SAVES):
            tiles = [tile | {"y": tile["y"] + 10 + number} for tile in dashboard["tiles"]]
            answer = self._http.patch(f"/dashboards/{uuid}", json=dashboard | {"tiles": tiles})
            assert answer.is_success, answer.text

    def close(self) -> None:
        self._http.close()


def _content(snapshot: Snapshot, path: str) -> Any:
    return orjson.loads(snapshot.checked(path))


def _begin_a_second(world: World) -> None:
    world.clock.advance(seconds=1)
    world.clock.moment = world.clock.moment.replace(microsecond=0)


@pytest.fixture
def world() -> World:
    """The demo, on a clock that is finer than what it prints."""
    made = demo_world()
    made.clock.advance(hours=1)
    made.clock.step = timedelta(microseconds=20)
    return made


@pytest.fixture
def saved(world: World) -> Iterator[dict[str, int]]:
    """Charts of production, and its dashboards, saved several times in one millisecond: uuid -> limit now."""
    production = {
        uuid for uuid in world.spaces if world.spaces[uuid].project_uuid == world.projects["production"]
    }
    charts = [
        one.uuid for one in world.charts.values() if one.space_uuid in production and not one.dashboard_uuid
    ]
    dashboards = [one.uuid for one in world.dashboards.values() if one.space_uuid in production]
    with Server(world) as server:
        editor = _Editor(world, server.url)
        limits = {}
        for uuid in charts[:CHARTS]:
            _begin_a_second(world)
            limits[uuid] = editor.save_chart(uuid)
            times = [one["createdAt"] for one in editor.get(f"/saved/{uuid}/history")["history"]]
            assert len(set(times[:SAVES])) == 1
        for uuid in dashboards:
            _begin_a_second(world)
            editor.save_dashboard(uuid)
        editor.close()
    yield limits
    assert world.crashes == []


def test_the_version_that_was_saved_last_is_the_current_one(
    world: World, saved: dict[str, int], tmp_path: Path
) -> None:
    """Of every chart and dashboard, though several versions bear one time; the others are its past."""
    export_world(world, tmp_path / "p")
    snapshot = Snapshot(tmp_path / "p")
    identity = snapshot.identity()
    for uuid, limit in saved.items():
        key = identity.key(Kind.CHART, uuid)
        content: Any = _content(snapshot, item_path(Kind.CHART, key))
        facts: Any = identity.facts(Kind.CHART, key)
        chart = world.charts[uuid]
        assert (content["metricQuery"]["limit"], facts["version"]) == (limit, chart.version.uuid), key
        assert set([*chart.versions][-SAVES:-1]) <= {one["uuid"] for one in facts["versions"].values()}
    for key in identity.known_keys(Kind.DASHBOARD).values():
        facts = identity.facts(Kind.DASHBOARD, key)
        content = _content(snapshot, item_path(Kind.DASHBOARD, key))
        dashboard = world.dashboards[str(facts["uuid"])]
        assert sorted(tile["y"] for tile in content["tiles"]) == sorted(
            tile["y"] for tile in dashboard.version.tiles
        )
        if can("dashboard_history"):
            *before, current = [world.dashboard_version_uuid(one) for one in dashboard.versions[-SAVES:]]
            assert facts["version"] == current
            assert set(before) <= {one["uuid"] for one in facts["versions"].values()}


def test_a_night_after_such_saves_finds_nothing_new(
    world: World, saved: dict[str, int], tmp_path: Path
) -> None:
    """Neither a quick one nor a full one."""
    assert saved
    export_world(world, tmp_path / "p")
    before = tree(tmp_path / "p")
    for full in (False, True):
        report = export_world(world, tmp_path / "p", full=full)
        assert (report.added, report.changed, report.removed) == ([], [], [])
        assert tree(tmp_path / "p") == before


@pytest.mark.parametrize("depth", [Depth.HISTORY, Depth.CONTENT])
def test_the_order_of_the_saves_is_kept(
    world: World, saved: dict[str, int], tmp_path: Path, depth: Depth
) -> None:
    """Of a first reading, of a night that takes versions over, and after exports without history.

    The last of the saves becomes an earlier version by another save; without history it stays the
    current one, and those before it stay what they are.
    """
    export_world(world, tmp_path / "p")
    for night in range(2):
        if depth is Depth.HISTORY:
            with Server(world) as server:
                editor = _Editor(world, server.url)
                for uuid in saved:
                    _begin_a_second(world)
                    editor.save_chart(uuid)
                editor.close()
        world.clock.advance(days=1)
        export_world(world, tmp_path / "p", chosen=ExportSelection(depth=depth), full=night == 1)
        identity = Snapshot(tmp_path / "p").identity()
        for uuid in saved:
            facts: Any = identity.facts(Kind.CHART, identity.key(Kind.CHART, uuid))
            known = [facts["uuid"] for _, facts in oldest_first(facts["versions"])]
            versions = [*world.charts[uuid].versions][:-1]
            assert known == versions[-len(known) :]
            assert len(known) >= SAVES - 1
