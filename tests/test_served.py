"""For another version of Lightdash, the tests run that could tell a difference, and no others."""

from __future__ import annotations

import pytest

from tests.reached import ROOT, reached_by

WORLDS = ROOT / "worlds.py"


@pytest.mark.parametrize(
    ("file", "served"),
    [
        ("export/test_run.py", True),  # imports the worlds itself
        ("apply/test_killed.py", True),  # by way of what moves from one to another
        ("cli/test_diff.py", True),  # by its folder's fixtures alone
        ("promotion/test_proof.py", False),  # a version of its own
        ("content/test_keys.py", False),  # no world at all
    ],
)
def test_what_begins_with_a_world_of_the_served_version_is_known(file: str, served: bool) -> None:
    assert (WORLDS in reached_by(ROOT / file)) is served
