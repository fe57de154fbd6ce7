"""A repository of a user without any git settings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from lightdash_sync.git import Repository

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """An empty repository of a user without any git settings."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in [name for name in os.environ if name.startswith("GIT_") and name != "GIT_CONFIG_NOSYSTEM"]:
        monkeypatch.delenv(name)
    (tmp_path / "work").mkdir()
    return Repository.init(tmp_path / "work")
