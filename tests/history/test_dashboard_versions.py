"""Looking back at dashboards, on servers that tell their history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from lightdash_sync.history.log import Event, time_line
from lightdash_sync.history.past import parse_item, read_past
from lightdash_sync.history.show import find_one
from lightdash_sync.history.sources import open_sources
from tests.history.story import ADA, INES, Story

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_sync.history.log import LogEntry

BOARD = "dashboard:subscriptions"


def _save(story: Story, who: str, down: int) -> None:
    """Let somebody move the tiles of the dashboard down."""
    uuid = story.dashboard("subscriptions").uuid
    now = story.send(who, "GET", f"/dashboards/{uuid}")
    tiles = [tile | {"y": tile["y"] + down} for tile in now["tiles"]]
    story.send(who, "PATCH", f"/dashboards/{uuid}", now | {"tiles": tiles})


def _line(story: Story) -> list[LogEntry]:
    return time_line(read_past(open_sources(story.folder), parse_item(BOARD)))


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """A project on a server that tells the history of dashboards."""
    story = Story(tmp_path / "work")
    story.world.version = "0.2904.5"
    return story


def test_each_version_of_a_dashboard_is_told_by_who_saved_it(story: Story) -> None:
    """Also of those that came and went between two backups; each can be shown by its short name."""
    story.night()
    _save(story, "editor", 3)
    _save(story, "admin", 4)
    story.night()
    newest, before = _line(story)[:2]
    assert [(one.event, one.person) for one in (newest, before)] == [
        (Event.CHANGED, ADA), (Event.CHANGED, INES),
    ]  # fmt: skip
    assert newest.version > before.version
    one = find_one(open_sources(story.folder), parse_item(BOARD), before.version[-8:])
    assert (one.version, one.created_by) == (before.version, INES)
    saved, now = (
        orjson.loads(one.data)["dashboard"],
        orjson.loads((story.folder / parse_item(BOARD).path).read_bytes()),
    )
    assert [tile["y"] + 4 for tile in saved["tiles"]] == [tile["y"] for tile in now["tiles"]]
    assert {tile["id"] for tile in saved["tiles"]} == {tile["id"] for tile in now["tiles"]}


def test_an_upgrade_of_lightdash_tells_no_version_twice(story: Story) -> None:
    """What was committed before the server told of versions, and is told by one now, is one entry."""
    story.world.version = "0.1372.1"
    story.night()
    _save(story, "editor", 3)
    story.night()
    story.world.version = "0.2904.5"
    story.night()
    _save(story, "admin", 4)
    story.night()
    saved = [one for one in _line(story) if one.event is Event.CHANGED and one.person]
    assert [(one.person, bool(one.version)) for one in saved] == [(ADA, True), (INES, True)]
    times = [one.time for one in _line(story) if one.version]
    assert len(times) == len(set(times))


def test_what_a_version_does_not_hold_is_the_commits(story: Story) -> None:
    """A rename makes no version: somebody did it, by the time of the commit."""
    story.night()
    uuid = story.dashboard("subscriptions").uuid
    story.send("editor", "PATCH", f"/dashboards/{uuid}", {"name": "Subscribers, renamed"})
    story.night()
    newest = _line(story)[0]
    assert (newest.person, newest.version, newest.seen_by) == (None, "", True)
    assert [change.what for change in newest.changes] == ["renamed"]
