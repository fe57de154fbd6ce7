"""The desk with everything that a promotion can meet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.promotion.worlds import promotion_desk
from tests.sync.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Production, preview and staging of 0.1372.1."""
    with promotion_desk(tmp_path / "work") as desk:
        yield desk
