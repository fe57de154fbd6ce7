"""A first backup with its past in commits tells the same time line as one without."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightdash_sync.history.log import Event, time_line
from lightdash_sync.history.past import parse_item, read_past
from lightdash_sync.history.sources import open_sources
from lightdash_sync.snapshot.layout import parse_path
from lightdash_sync.snapshot.read import Snapshot
from tests.history.story import ADA, ENDED, INES, OLDEST, Story

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_sync.history.log import LogEntry


def lines(story: Story) -> dict[str, list[LogEntry]]:
    """The time line of every item."""
    sources = open_sources(story.folder)
    places = [parse_path(path) for path in Snapshot(story.folder).manifest.files]
    items = [f"{one.kind}:{one.key}" if one.key else one.kind for one in places if one and not one.version]
    return {item: time_line(read_past(sources, parse_item(item))) for item in items}


def lived(root: Path, *, backfill: bool) -> Story:
    """Two nights, with work before each of them."""
    story = Story(root)
    story.save("weekly-revenue", "admin", limit=77)
    story.save("orders-by-status", "editor", limit=5)
    story.night(backfill=backfill)
    story.save("weekly-revenue", "editor", limit=78)
    story.rename("revenue-to-date", "So far")
    story.create("Fresh")
    story.edit_dashboard("subscriptions")
    story.night(backfill=backfill)
    return story


def test_the_time_line_is_the_same_with_the_past_in_commits(tmp_path: Path) -> None:
    """Whatever a backup made commits of: who did what when, and what is only first seen, is the same."""
    plain, told = (lines(lived(tmp_path / str(past), backfill=past)) for past in (False, True))
    said, said_too = (
        {item: [replace(entry, commit=None) for entry in entries] for item, entries in line.items()}
        for line in (plain, told)
    )
    assert said_too == said
    assert len(said) > 50


def test_a_version_names_the_commit_that_is_about_it(tmp_path: Path) -> None:
    """Each version is in a commit of its own, and what was there before the first backup is first seen."""
    story = lived(tmp_path / "work", backfill=True)
    told = lines(story)
    entries = told["chart:weekly-revenue"]
    # Current servers end a verification with the editor's save, older ones with the admin's before.
    ended = [Event.CHANGED for _ in ENDED if story.world.can("current")]
    assert [entry.event for entry in entries] == [
        Event.CHANGED, *ended, Event.FIRST_SEEN, Event.CHANGED, Event.CHANGED,
        *[Event.CHANGED for _ in OLDEST[1:]], Event.FIRST_VERSION,
    ]  # fmt: skip
    assert [(one.commit.author.email, one.person) for one in entries if one.commit and one.person][:2] == [
        (INES, INES),
        (ADA, ADA),
    ]
    versions = [entry.commit.id for entry in entries if entry.commit and entry.version]
    assert len(set(versions)) == len(versions) == 3 + len(OLDEST)
    assert [entry.event for entry in told["chart:fresh"]] == [Event.CREATED]
