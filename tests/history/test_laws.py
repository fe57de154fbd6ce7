"""What holds of every time line, whatever people did."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from lightdash_standin.server import Server
from lightdash_sync.changes.items import compare
from lightdash_sync.content.json import parse
from lightdash_sync.content.kinds import Kind
from lightdash_sync.history.log import Event, snapshot_log, time_line
from lightdash_sync.history.past import HistoryItem, read_past
from lightdash_sync.history.sources import open_commits, open_sources
from lightdash_sync.snapshot.layout import parse_path
from tests.export.editing import Editors
from tests.history.conftest import alone
from tests.history.story import Story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lightdash_sync.history.log import LogEntry

UNVERSIONED = ("renamed", "moved", "description_changed", "verified", "unverified")


@dataclass(frozen=True)
class Lived:
    """What became of a project in some nights.

    Attributes:
        folder: of the snapshot.
        trees: each commit with the snapshot in it, oldest first.
        lines: the time line of each item that is not as it was in the first commit.
    """

    folder: Path
    trees: list[tuple[str, dict[str, bytes]]]
    lines: dict[HistoryItem, list[LogEntry]]


@pytest.fixture(scope="module", params=[3, pytest.param(4, marks=pytest.mark.slow)])
def lived(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """Nights of random work by several people."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        place = tmp_path_factory.mktemp("laws")
        alone(monkeypatch, place)
        story = Story(place / "work")
        story.night()
        for night in range(4):
            with Server(story.world) as server:
                editors = Editors(server.url, story.world, random.Random(100 * request.param + night))
                for _ in range(12):
                    editors.edit()
                editors.close()
            story.night(single=night == 2)
        revisions = [*story.repository.history(story.folder)][::-1]
        trees = [(one.id, dict(story.repository.contents(one.id, story.folder))) for one in revisions]
        yield Lived(story.folder, trees, _lines(story, trees))


def _lines(story: Story, trees: list[tuple[str, dict[str, bytes]]]) -> dict[HistoryItem, list[LogEntry]]:
    first = trees[0][1]
    paths = {path for _, tree in trees for path in tree.keys() | first.keys()}
    changed = [path for path in paths if any(tree.get(path) != first.get(path) for _, tree in trees)]
    places = [place for path in changed if (place := parse_path(path))]
    sources = open_sources(story.folder)
    pasts = [read_past(sources, item) for item in {HistoryItem(place.kind, place.key) for place in places}]
    assert [past.notes for past in pasts if past.notes] == []
    return {past.item: time_line(past) for past in pasts}


def test_every_change_of_every_commit_is_told_once(lived: Lived) -> None:
    """Whatever two commits differ in is told: all renames and moves, each creation and deletion, once."""
    told = lived.lines
    expected: dict[HistoryItem, Counter[str]] = {item: Counter() for item in told}
    before: dict[str, bytes] = {}
    for number, (_, tree) in enumerate(lived.trees):
        for change in compare(before, tree) if number else []:
            item = HistoryItem(change.kind, change.key)
            codes = [one.what for one in change.changes if one.what in UNVERSIONED]
            expected[item].update([*codes, *(["deleted"] if change.new is None else [])])
        before = tree
    for item, entries in told.items():
        found = Counter(
            change.what
            for entry in entries
            for change in entry.changes
            if change.what in UNVERSIONED and entry.event not in (Event.RESTORED, Event.RECREATED)
        )
        found["deleted"] = sum(entry.event is Event.DELETED for entry in entries)
        assert +found == +expected[item], item
        beginnings = [entry for entry in entries if entry.event in (Event.CREATED, Event.FIRST_SEEN)]
        assert len(beginnings) == 1, item


def test_every_version_is_told_once_by_who_saved_it(lived: Lived) -> None:
    """Each file of an earlier version is one entry, with its time and author; entries are in order."""
    told = lived.lines
    kept = {path: data for _, tree in lived.trees for path, data in tree.items()}
    places = {path: place for path in kept if (place := parse_path(path)) and place.version}
    versions = {
        place: kept[path] for path, place in places.items() if HistoryItem(place.kind, place.key) in told
    }
    assert len(versions) >= 5
    for place, data in versions.items():
        document = parse(data)
        assert isinstance(document, dict)
        [entry] = [one for one in told[HistoryItem(place.kind, place.key)] if one.version == place.version]
        assert entry.time is not None
        assert entry.time.isoformat(timespec="milliseconds")[:23] == str(document["createdAt"])[:23]
        assert entry.person == document["createdBy"]
        assert entry.commit is not None
    for item, entries in told.items():
        if item.kind is Kind.CHART:
            commits = [one for one in entries if not one.version and one.event is Event.CHANGED]
            assert {change.what for one in commits for change in one.changes} <= {*UNVERSIONED}
        times = [entry.time for entry in entries if entry.time]
        assert times == sorted(times, reverse=True)


def test_the_history_of_the_snapshot_is_that_of_its_commits(
    lived: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Per commit exactly the items that differ from the commit before, in any number of questions to git."""
    commits = open_commits(lived.folder)
    found = [*snapshot_log(commits, None, None)]
    before: dict[str, bytes] = {}
    for night, (commit, tree) in zip(reversed(found), lived.trees, strict=True):
        expected = [(one.path, one.status, one.old, one.new) for one in compare(before, tree)]
        assert night.revision.id == commit
        assert [(one.path, one.status, one.old, one.new) for one in night.items] == expected
        before = tree
    for listed in (0, 1, 3):
        few = [*snapshot_log(commits, 2, listed)]
        assert [(night.items, night.more) for night in few] == [
            (night.items[:listed], max(0, len(night.items) - listed)) for night in found[:2]
        ]
    monkeypatch.setattr("lightdash_sync.history.log._AT_ONCE", 5)
    again = [*snapshot_log(commits, None, None)]
    assert [night.items for night in again] == [night.items for night in found]
