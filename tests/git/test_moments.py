"""Times as people write them: a day, a day in words, an age; and the commits that they name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lightdash_sync.errors import GitError
from lightdash_sync.git import Repository, read_span
from tests.git.hands import Hands

NOW = datetime(2026, 12, 1, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-11-30", "2026-11-30T00:00:00", "2026-11-30T23:59:59.999999"),
        ("yesterday", "2026-11-30T00:00:00", "2026-11-30T23:59:59.999999"),
        ("Today", "2026-12-01T00:00:00", "2026-12-01T23:59:59.999999"),
        ("3 days ago", "2026-11-28T13:30:00", "2026-11-28T13:30:00"),
        ("3d", "2026-11-28T13:30:00", "2026-11-28T13:30:00"),
        ("an hour ago", "2026-12-01T12:30:00", "2026-12-01T12:30:00"),
        ("2 weeks  ago", "2026-11-17T13:30:00", "2026-11-17T13:30:00"),
        ("2026-11-30T18:00+02:00", "2026-11-30T16:00:00", "2026-11-30T16:00:00"),
    ],
)
def test_a_day_is_all_of_it_and_the_rest_a_moment(text: str, first: str, last: str) -> None:
    span = read_span(text, NOW)
    assert span is not None
    assert [span.first, span.last] == [datetime.fromisoformat(one + "+00:00") for one in (first, last)]


@pytest.mark.parametrize("text", ["", "good", "HEAD~3", "main", "999999w", "999999 weeks ago", "days ago"])
def test_what_is_no_time_stays_a_revision(text: str) -> None:
    assert read_span(text, NOW) is None


def test_a_day_names_the_last_commit_of_that_day(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the folder that is asked about; a branch or tag of that name comes first."""
    made, other = {}, ""
    for time in ("2026-11-29T23:00:00", "2026-11-30T02:00:00", "2026-11-30T22:00:00", "2026-12-01T02:00:00"):
        monkeypatch.setenv("GIT_AUTHOR_DATE", f"{time}+00:00")
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"{time}+00:00")
        made[time] = hands.commit("snapshots/production/a.json", time)
        other = hands.commit("README.md", time)
    repository = Repository.around(hands.root)
    assert repository.resolve_at("2026-11-30", hands.folder) == made["2026-11-30T22:00:00"]
    assert repository.resolve_at("2026-11-30T03:00", hands.folder) == made["2026-11-30T02:00:00"]
    assert repository.resolve_at("2026-12-01", None) == other
    with pytest.raises(GitError, match="no snapshot in snapshots/production from 2026-11-28 or before"):
        repository.resolve_at("2026-11-28", hands.folder)
    hands.git("tag", "2026-11-30", made["2026-11-29T23:00:00"])
    assert repository.resolve_at("2026-11-30", hands.folder) == made["2026-11-29T23:00:00"]
