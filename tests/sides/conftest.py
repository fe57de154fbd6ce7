"""What the tests of sides share: a machine without git settings, and a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.nights import bare_machine
from tests.git.hands import Hands

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def hands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hands:
    """A repository on a bare machine, in the current directory."""
    home = tmp_path / "home"
    home.mkdir()
    bare_machine(monkeypatch, home)
    hands = Hands(tmp_path / "work")
    hands.begin()
    monkeypatch.chdir(hands.root)
    return hands
