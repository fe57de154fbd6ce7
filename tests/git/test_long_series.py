"""Long series: in bounded memory, small in the repository, and all or nothing like every other."""

from __future__ import annotations

import random
import shutil
import tracemalloc
from functools import partial
from typing import TYPE_CHECKING

import git
import pytest

from lightdash_sync.errors import GitError, SnapshotError
from lightdash_sync.git import Commit, Repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lightdash_sync.git import Content

    from .hands import Hands

LINES = 4000


def _grown(name: str, number: int) -> bytes:
    """A file of which the first so many lines are there; nothing in it can be packed away by itself."""
    chance = random.Random(name)
    return b"".join(chance.randbytes(16).hex().encode() + b"\n" for _ in range(LINES + number))


def _growing(commits: int, names: tuple[str, ...]) -> Iterator[Commit]:
    for number in range(commits):
        files: dict[str, Content] = {name: partial(_grown, name, number) for name in names}
        yield Commit(f"Commit {number}", files)


def _packed(hands: Hands) -> int:
    """Return the bytes of all packs."""
    return sum(path.stat().st_size for path in (hands.root / ".git/objects/pack").glob("*.pack"))


def test_many_versions_of_large_files_take_little_more_room_than_one(hands: Hands) -> None:
    """A hundred commits, each with new contents of the same large files, are stored as their differences."""
    repository = Repository.around(hands.folder)
    made = repository.commit(hands.folder, _growing(100, ("a.json", "b.json", "c.json")))
    assert len(made) == 100
    assert _packed(hands) < 2 * 3 * LINES * 20
    for number in (0, 57, 99):
        contents = dict(repository.contents(made[number], hands.folder))
        assert contents == {name: _grown(name, number) for name in ("a.json", "b.json", "c.json")}
    hands.sound()


def test_the_contents_of_a_series_are_not_in_memory_together(hands: Hands) -> None:
    """Commits are taken one by one, and what makes their contents is asked when it is their turn."""
    repository = Repository.around(hands.folder)
    size = len(_grown("a.json", 0))
    tracemalloc.start()
    try:
        repository.commit(hands.folder, _growing(40, ("a.json", "b.json")))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20 * size


def test_a_content_that_is_not_what_it_was_stops_the_series(hands: Hands) -> None:
    """Each content is looked at twice; if it changed between, nothing is committed."""
    told = [b"one", b"two"]
    with pytest.raises(GitError, match=r"b\.json changed while it was committed") as refused:
        Repository.around(hands.folder).commit(
            hands.folder, [Commit("x", {"a.json": b"0", "b.json": lambda: told.pop(0)})]
        )
    assert refused.value.hint == "run again"
    assert hands.git("log", "--format=%s").splitlines() == ["Begin"]
    hands.sound()


def test_an_error_of_who_makes_a_content_comes_through(hands: Hands) -> None:
    """Whoever makes a content may fail, at first or later: nothing is committed, and why is told."""

    def failing(calls: list[bytes]) -> bytes:
        if calls:
            return calls.pop()
        raise SnapshotError("charts/a.json is not as it was written")

    for calls in ([], [b"once"]):
        with pytest.raises(SnapshotError, match=r"charts/a\.json is not as it was written"):
            Repository.around(hands.folder).commit(
                hands.folder, [Commit("x", {"a.json": partial(failing, calls)})]
            )
    assert hands.git("log", "--format=%s").splitlines() == ["Begin"]
    hands.sound()


def test_a_git_that_stops_reading_is_an_error_and_no_hang(
    hands: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If git gives up in the middle of a long series, its own words are told, and nothing is committed."""
    stand_in = tmp_path / "stand-in"
    stand_in.write_text(
        '#!/bin/sh\ncase " $* " in *" fast-import "*) head -c 9999 >/dev/null; '
        f'echo "fatal: out of patience" >&2; exit 128 ;; esac\nexec {shutil.which("git")} "$@"\n'
    )
    stand_in.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setattr(git.Git, "GIT_PYTHON_GIT_EXECUTABLE", str(stand_in))
        with pytest.raises(GitError, match="git fast-import: fatal: out of patience"):
            Repository.around(hands.folder).commit(hands.folder, _growing(5, ("a.json",)))
    assert hands.git("log", "--format=%s").splitlines() == ["Begin"]


def test_paths_are_checked_in_every_commit_of_a_series(hands: Hands) -> None:
    """A path that is a file in one commit may be a folder in another, but not in the same."""
    repository = Repository.around(hands.folder)
    series: list[dict[str, Content]] = [{"a/b": b"1"}, {"a": b"2", "c/d": b"3"}, {"a": b"2", "a/b/c": b"3"}]
    with pytest.raises(GitError, match="'a' is a file and a folder at once"):
        repository.commit(hands.folder, [Commit("x", files) for files in series])
    with pytest.raises(GitError, match="is not a path for a file in git"):
        repository.commit(hands.folder, [Commit("x", series[0]), Commit("y", {**series[1], ".git/x": b""})])
    assert len(repository.commit(hands.folder, [Commit("x", files) for files in series[:2]])) == 2
