"""A git that knows nothing of the machine: no identity, no config but what a test writes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from .hands import Hands

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory, and an environment without git's variables."""
    for name in list(os.environ):
        if name.startswith(("GIT_", "SSH_", "XDG_")) or name == "EMAIL":
            monkeypatch.delenv(name)
    path = tmp_path / "home"
    path.mkdir()
    monkeypatch.setenv("HOME", str(path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return path


@pytest.fixture
def hands(tmp_path: Path) -> Hands:
    """A repository with one commit of somebody's, and plain git to look at it."""
    made = Hands(tmp_path / "work")
    made.begin()
    return made
