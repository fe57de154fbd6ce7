"""Versions saved in one millisecond: they are told in the order in which the server has them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from lightdash_standin.server import Server
from lightdash_sync.history.log import time_line
from lightdash_sync.history.past import parse_item, read_past
from lightdash_sync.history.sources import open_sources
from tests.history.story import Story

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_sync.history.log import LogEntry

CHART, BOARD = "chart:weekly-revenue", "dashboard:subscriptions"
LIMITS = (1005, 1001, 1004, 1002, 1006, 1003)
"""Six saves of a chart in one millisecond: by chance alone, their order is right once in 720."""


def save_at_once(story: Story) -> None:
    """Save the chart with one limit after the other, and move the tiles of the dashboard as often."""
    clock = story.world.clock
    clock.advance(hours=1)
    clock.moment = clock.moment.replace(microsecond=0)
    step, clock.step = clock.step, timedelta(microseconds=20)
    with Server(story.world) as server:
        headers = {"Authorization": f"ApiKey {story.world.tokens['admin']}"}
        with httpx.Client(base_url=f"{server.url}/api/v1", headers=headers, trust_env=False) as http:
            place = f"/saved/{story.chart('weekly-revenue').uuid}"
            chart: Any = http.get(place).json()["results"]
            board_place = f"/dashboards/{story.dashboard('subscriptions').uuid}"
            board: Any = http.get(board_place).json()["results"]
            for limit in LIMITS:
                query = chart["metricQuery"] | {"limit": limit}
                assert http.post(f"{place}/version", json=chart | {"metricQuery": query}).is_success
            clock.moment = clock.moment.replace(microsecond=5000)
            for down in LIMITS:
                tiles = [tile | {"y": tile["y"] + down} for tile in board["tiles"]]
                assert http.patch(board_place, json=board | {"tiles": tiles}).is_success
    clock.step = step


def saved_at_once(line: list[LogEntry]) -> list[LogEntry]:
    """Return the versions that are not the only one of their time."""
    times = [entry.time for entry in line if entry.version]
    return [entry for entry in line if entry.version and times.count(entry.time) > 1]


def limits_told(line: list[LogEntry]) -> list[int]:
    """Return the limits that the chart was given at once, oldest first, as its time line tells them."""
    tied = reversed(saved_at_once(line))
    return [int(str(change.after)) for one in tied for change in one.changes if change.where[-1] == "limit"]


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """A project with one backup."""
    story = Story(tmp_path / "work")
    story.night()
    return story


def _line(story: Story, item: str, branch: str | None = None) -> list[LogEntry]:
    return time_line(read_past(open_sources(story.folder, branch), parse_item(item)))


@pytest.mark.parametrize("later", [False, True], ids=["the last is current", "all are earlier"])
def test_log_tells_the_versions_of_a_chart_in_the_order_of_their_saves(story: Story, later: bool) -> None:
    """Each with its own change from the one before, whether the last of them is still the current one."""
    save_at_once(story)
    story.night()
    if later:
        story.save("weekly-revenue", limit=7)
        story.night()
    assert limits_told(_line(story, CHART)) == [*LIMITS]


def test_the_order_is_still_known_of_what_was_deleted(story: Story) -> None:
    """Only commits have it then."""
    save_at_once(story)
    story.night()
    story.save("weekly-revenue", limit=7)
    story.night()
    story.send("admin", "DELETE", f"/saved/{story.chart('weekly-revenue').uuid}")
    story.night()
    assert limits_told(_line(story, CHART)) == [*LIMITS]


def test_the_order_is_known_where_only_the_history_has_changed(story: Story) -> None:
    """Saves that end where they began touch no file of the chart; of a revision there is no disk."""
    before = story.chart("weekly-revenue").version.metric_query["limit"]
    save_at_once(story)
    story.save("weekly-revenue", limit=before)
    story.night()
    assert limits_told(_line(story, CHART, story.repository.head().commit)) == [*LIMITS]


def test_a_backup_without_history_saw_the_last_of_them(story: Story) -> None:
    """What it committed is no version of its own: it is that one, in that commit."""
    save_at_once(story)
    seen = {commit.id for commit in story.night(history=False)}
    story.save("weekly-revenue", limit=7)
    story.night()
    line = _line(story, CHART)
    assert limits_told(line) == [*LIMITS]
    last = saved_at_once(line)[0]
    assert last.commit is not None
    assert last.commit.id in seen


def test_the_versions_of_a_dashboard_are_in_order_too(tmp_path: Path) -> None:
    """Each file of its history shows the tiles where that save had put them."""
    story = Story(tmp_path / "work")
    story.world.version = "0.2904.5"  # older servers tell no history of dashboards
    first = min(tile["y"] for tile in story.dashboard("subscriptions").version.tiles)
    save_at_once(story)
    story.night()
    tied = saved_at_once(_line(story, BOARD))[::-1]
    found = []
    for entry in tied[:-1]:
        data = (story.folder / f"dashboards/subscriptions.history/{entry.version}.json").read_bytes()
        found.append(min(tile["y"] for tile in orjson.loads(data)["dashboard"]["tiles"]) - first)
    assert found == [*LIMITS[:-1]]


def test_a_first_backup_commits_them_in_that_order(tmp_path: Path) -> None:
    """`git log` of the chart's file is the list of its saves."""
    story = Story(tmp_path / "work")
    save_at_once(story)
    story.night(backfill=True)
    path = "charts/weekly-revenue.json"
    repository = story.repository
    revisions = [*repository.history(story.folder / path, repository.resolve("HEAD"))][::-1]
    inside = f"{repository.inside(story.folder)}/{path}"
    contents = repository.blobs([one.after[inside] for one in revisions])
    limits = [orjson.loads(data)["metricQuery"]["limit"] for data in contents]
    assert [limit for limit in limits if limit in LIMITS] == [*LIMITS]
