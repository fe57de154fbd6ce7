"""The recordings that this repository has: whole, and those that are nearby."""

from __future__ import annotations

import pytest

from .recordings import VERSIONS, committed, directory, read, read_packed


@pytest.mark.parametrize("version", VERSIONS)
def test_they_are_in_order_and_have_answers_of_every_class(version: str) -> None:
    recordings = read_packed(committed(version))
    assert recordings == sorted(recordings, key=lambda one: one.number)
    assert {one.status // 100 for one in recordings} >= {2, 4, 5}


@pytest.mark.parametrize("version", VERSIONS)
def test_they_are_those_that_are_nearby(version: str) -> None:
    """If not: `python -m tests.standin.recordings` packs those."""
    if (folder := directory(version)) is None:
        pytest.skip("no folder with single recordings is nearby")
    assert read_packed(committed(version)) == read(folder)
