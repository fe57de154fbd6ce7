"""What the tests of the command share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lightdash_standin.server import Server
from tests.cli.nights import Nights, bare_machine, settings
from tests.git.hands import Hands
from tests.worlds import demo_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nights]:
    """A repository with settings for two environments, on a machine without any git identity."""
    home = tmp_path / "home"
    home.mkdir()
    bare_machine(monkeypatch, home)
    hands = Hands(tmp_path / "work")
    hands.begin()
    monkeypatch.chdir(hands.root)
    with Server(demo_world()) as server:
        hands.write(".gitignore", "/snapshots/.*\n")
        hands.write("lightdash-sync.toml", settings(server))
        hands.git("add", "-A")
        hands.git("commit", "-qm", "Set up")
        yield Nights(server, hands)
