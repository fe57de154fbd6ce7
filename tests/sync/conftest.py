"""A small project to be carried over, and a desk to do it from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apply.small_world import small_world
from tests.sync.desk import Desk, desk_at


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Two environments; the target is empty but for the space that every project begins with."""
    with desk_at(small_world(), tmp_path / "work") as desk:
        yield desk
