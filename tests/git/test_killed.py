"""SIGKILL at every run of git: the old commit or the new ones, no lock left, and the next run is right."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from lightdash_sync.git import Commit, Repository

from .killed import ONE, TWO, assassin, commit, commit_and_die

if TYPE_CHECKING:
    from pathlib import Path

    from .hands import Hands

RUNS = 19
"""Runs of git in one commit, the one of GitPython's import included."""


def prepared(hands: Hands) -> str:
    """A repository with an older snapshot, and with work of somebody's in the index; return its tip."""
    commit_before = hands.backup({"b.json": b"0\n"}, "Before")[0]
    hands.put(TWO)
    (hands.folder / "b.json").unlink()
    hands.write("staged.txt", "mine\n")
    hands.git("add", "staged.txt")
    return commit_before


def test_the_steps_are_all_there_are(hands: Hands, tmp_path: Path) -> None:
    """The tests below kill at every run of git there is."""
    prepared(hands)
    variables = assassin(tmp_path / "git", 0)
    assert commit_and_die(hands.folder, {**os.environ, **variables, "TMPDIR": str(tmp_path)}) == 0
    assert int((tmp_path / "count").read_text()) == RUNS


@pytest.mark.parametrize("step", range(1, RUNS + 1))
def test_a_commit_that_is_killed_is_made_or_not(hands: Hands, tmp_path: Path, step: int) -> None:
    """Whenever the process dies: all commits or none, a sound repository, and the next run completes it."""
    before = prepared(hands)
    variables = assassin(tmp_path / "git", step)
    assert (
        commit_and_die(hands.folder, {**os.environ, **variables, "TMPDIR": str(tmp_path)}) == -signal.SIGKILL
    )
    hands.sound()
    new = hands.git("rev-list", f"{before}..HEAD").split()
    assert len(new) in (0, 2)
    assert hands.git("diff", "--cached", "--name-only", "--", "staged.txt") == "staged.txt\n"
    if new:
        # Made as a whole: the next run has nothing to commit, and brings the index along.
        final = [Commit("Two", TWO)]
        assert Repository.around(hands.folder).commit(hands.folder, final) == []
    else:
        assert hands.tip() == before
        assert len(commit(hands.folder)) == 2
    trees = [hands.tree(revision, "snapshots/production") for revision in ("HEAD~1", "HEAD")]
    assert trees == [{path: data.decode() for path, data in files.items()} for files in (ONE, TWO)]
    assert hands.git("rev-list", "--count", f"{before}..HEAD") == "2\n"
    assert hands.status() == "A  staged.txt\n"
    hands.sound()
