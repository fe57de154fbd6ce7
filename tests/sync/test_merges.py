"""A chart that merges rows of other queries stays one, also where pages of charts do not tell it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from lightdash_standin import seed
from lightdash_sync.content.kinds import Kind
from lightdash_sync.snapshot.manifest import MERGES_OF_CHARTS
from lightdash_sync.snapshot.read import Snapshot
from tests.sync.desk import FROM_TO, SOURCE, TARGET, TO, Desk, desk_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME, FLAG = "Channels, merged", "merge-queries"
ONLY = ("--only", "chart:channels-merged")


@pytest.fixture
def current(tmp_path: Path) -> Iterator[Desk]:
    """The demo on 1.219.0, whose pages of charts tell no merges."""
    with desk_at(seed.demo_world("1.219.0"), tmp_path / "work") as desk:
        yield desk
        assert desk.world.crashes == []


def _raw(desk: Desk, name: str = NAME, where: str = TARGET) -> Any:
    return desk.send("GET", f"/saved/{desk.uuid(Kind.CHART, name, where)}")


def _save(desk: Desk, where: str, limit: int, name: str = NAME, **more: Any) -> None:
    """Save a version as people do: what is not said of a merge takes it away."""
    chart = _raw(desk, name, where)
    body = {one: chart[one] for one in ("tableName", "metricQuery", "chartConfig", "tableConfig", "merge")}
    body["metricQuery"] = body["metricQuery"] | {"limit": limit}
    desk.send("POST", f"/saved/{chart['uuid']}/version", body | more)


def test_a_live_source_carries_merges(current: Desk) -> None:
    """There is no snapshot, so charts are read in pages, or would be."""
    merge = _raw(current, where=SOURCE)["merge"]
    assert merge is not None
    current.apply(*ONLY)
    assert _raw(current)["merge"] == merge
    _save(current, SOURCE, 77)
    current.apply(*ONLY)
    there = _raw(current)
    assert (there["metricQuery"]["limit"], there["merge"]) == (77, merge)


def test_a_merge_that_only_the_api_made_is_seen_before_a_version_is_written(current: Desk) -> None:
    """In the target somebody made a merge where the settings allow none: it is drift, and nothing is lost."""
    plain, merge = "How people pay", _raw(current, where=SOURCE)["merge"]
    only = ("--only", "chart:how-people-pay")
    current.apply(*only)
    _save(current, TARGET, 500, plain, merge=merge)
    _save(current, SOURCE, 77, plain)
    refused = current.do("apply", *FROM_TO, *only, "--yes", code=4)
    assert "chart:how-people-pay" in refused.out + refused.err
    assert _raw(current, plain)["merge"] == merge


def test_a_merge_made_since_the_plan_is_seen_before_a_version_is_written(current: Desk) -> None:
    plain, merge = "How people pay", _raw(current, where=SOURCE)["merge"]
    only = ("--only", "chart:how-people-pay")
    current.apply(*only)
    _save(current, SOURCE, 77, plain)
    current.do("plan", *FROM_TO, *only, "--output", "plan.json")
    # As it is stored, without a trace in any list or page.
    current.world.charts[current.uuid(Kind.CHART, plain)].version.merge = copy.deepcopy(merge)
    refused = current.do("apply", "plan.json", "--yes", code=5)
    assert "chart:how-people-pay: merges rows of other queries" in refused.err
    assert _raw(current, plain)["merge"] == merge


def test_a_snapshot_without_history_says_what_it_does_not_tell(current: Desk) -> None:
    """Its charts have no merges in it, and take none from charts of a target."""
    merge = _raw(current, where=SOURCE)["merge"]
    current.apply(*ONLY)
    files = current.export(SOURCE)
    assert b'"merge": {' not in files["charts/channels-merged.json"]
    path = current.folder / "snapshots" / SOURCE
    assert Snapshot(path).manifest.leaves_out(MERGES_OF_CHARTS)
    _save(current, SOURCE, 77)
    current.do("export", "--env", SOURCE, "--no-history")
    done = current.do("apply", "--from", "./snapshots/source", *TO, *ONLY, "--yes")
    assert "does not tell the merges of charts" in done.out + done.err
    there = _raw(current)
    assert (there["metricQuery"]["limit"], there["merge"]) == (77, merge)


def test_where_people_can_make_merges_charts_are_read_by_themselves(current: Desk) -> None:
    current.world.flags.add(FLAG)
    files = current.export(SOURCE)
    assert b'"merge": {' in files["charts/channels-merged.json"]
    assert not Snapshot(current.folder / "snapshots" / SOURCE).manifest.leaves_out(MERGES_OF_CHARTS)


def test_a_merge_that_the_snapshot_knows_is_asked_for_again(current: Desk) -> None:
    """The settings forbid merges, and a snapshot with history has one: a change of the chart keeps it."""
    current.do("export", "--env", SOURCE)
    _save(current, SOURCE, 77)
    current.do("export", "--env", SOURCE, "--no-history")
    data = (current.folder / "snapshots" / SOURCE / "charts" / "channels-merged.json").read_bytes()
    assert b'"merge": {' in data
    assert b'"limit": 77' in data


@pytest.mark.parametrize("version", ["0.2904.5", "1.219.0"])
def test_reading_in_bulk_stays_what_it_is_without_merges(tmp_path: Path, version: str) -> None:
    """One question about a setting, and pages; no chart is asked for by itself."""
    with desk_at(seed.demo_world(version), tmp_path / "work") as desk:
        before = len(desk.world.requests)
        desk.export(SOURCE)
        asked = [path for method, path in desk.world.requests[before:] if method == "GET"]
        assert [path for path in asked if "feature-flag" in path] == [f"/api/v2/feature-flag/{FLAG}"] * (
            version == "1.219.0"
        )
        pages = [path for path in asked if "/charts" in path and "ids=" in path]
        assert pages != []
