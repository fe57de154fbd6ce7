"""A journal that was cut off anywhere tells nothing that did not happen."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import SyncError
from lightdash_sync.sync.apply.journal import Journal, read_journal
from lightdash_sync.sync.plan.operations import Operation, OperationKind

LINES = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["begun", "done", "failed", "unclear", "skipped"])),
    max_size=12,
)
REFUSED = SyncError("no")


def write(path: Path, lines: list[tuple[int, str]]) -> None:
    """Write a journal with some lines."""
    with Journal(path) as journal:
        journal.started("digest", {Kind.CHART: frozenset({"one", "two"})})
        for number, event in lines:
            operation = Operation(number, 0, OperationKind.CHART_CREATE, "chart:a")
            if event == "begun":
                journal.begun(operation)
            elif event == "done":
                journal.done(operation, {"uuid": f"u{number}"})
            elif event == "skipped":
                journal.skipped(operation, 0)
            else:
                journal.failed(operation, REFUSED, unclear=event == "unclear")


@given(LINES, st.data())
def test_a_journal_cut_off_anywhere_can_be_read_and_continued(
    lines: list[tuple[int, str]], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        write(path, lines)
        whole = path.read_bytes()
        cut = data.draw(st.integers(0, len(whole)))
        path.write_bytes(whole[:cut])
        told = read_journal(path)
        said = whole[:cut].count(b"\n") - 1  # of the lines, those that are there to their end
        assert told.is_begun is (said >= 0)
        there = lines[: max(said, 0)]
        assert set(told.done) == {number for number, event in there if event == "done"}
        with Journal(path) as journal:
            journal.done(Operation(9, 0, OperationKind.PINS, "pins"), {})
        assert set(read_journal(path).done) == {*told.done, 9}


@given(LINES)
def test_what_was_begun_and_has_no_clear_end_is_doubtful(lines: list[tuple[int, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        write(path, lines)
        told = read_journal(path)
    for number in range(4):
        events = [event for one, event in lines if one == number and event != "skipped"]
        since = events[::-1]
        ended = next((n for n, event in enumerate(since) if event in ("done", "failed")), len(since))
        assert (number in told.doubtful) is ("begun" in since[:ended])


def test_no_journal_tells_nothing(tmp_path: Path) -> None:
    told = read_journal(tmp_path / "journal.jsonl")
    assert (told.is_begun, told.done, told.doubtful) == (False, {}, frozenset())


def test_nothing_follows_a_line_that_could_not_be_written(tmp_path: Path) -> None:
    """A full disk leaves half a line; what other threads have to say would make it unreadable."""

    class Full(Journal):
        def fill(self) -> None:
            self._file.close()

    path = tmp_path / "journal.jsonl"
    operation = Operation(0, 0, OperationKind.PINS, "pins")
    with Full(path) as journal:
        journal.started("digest", {})
        journal.fill()
        with pytest.raises(ValueError, match="closed"):
            journal.begun(operation)
        with pytest.raises(SyncError, match="nothing more is done"):
            journal.begun(operation)
    assert read_journal(path).is_begun
