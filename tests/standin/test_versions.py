"""What the stand-in knows of versions agrees with what the client knows."""

from __future__ import annotations

import pytest

from lightdash_standin import versions
from lightdash_standin.state import World
from lightdash_sync.lightdash.versions import CAPABILITIES


def test_both_tables_say_the_same_of_what_both_know() -> None:
    both = CAPABILITIES.keys() & versions.SINCE.keys()
    assert len(both) > 40
    assert {name: CAPABILITIES[name].since for name in both} == {name: versions.SINCE[name] for name in both}


@pytest.mark.parametrize("version", versions.VERSIONS)
def test_a_version_has_what_began_before_it(version: str) -> None:
    world = World(version=version)
    assert world.can("content_as_code") is (version != "0.1372.1")
    assert world.can("merged_charts") is (version == "1.219.0")


def test_a_version_that_is_no_number_is_taken_for_the_newest() -> None:
    assert versions.can("dev", "current")
