"""A story of six nights, told once, and copies of it to meddle with."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from lightdash_sync.git import Repository
from tests.history.story import Story, Told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def alone(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Nothing of this machine's git reaches a test."""
    for name in list(os.environ):
        if name.startswith(("GIT_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without any git settings."""
    alone(monkeypatch, tmp_path)


@pytest.fixture(scope="package")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The story; not to be changed."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        place = tmp_path_factory.mktemp("story")
        alone(monkeypatch, place)
        yield Story(place / "work").tell()


@pytest.fixture
def told(original: Told) -> Told:
    """The story, to be read."""
    return original


@pytest.fixture
def copied(original: Told, tmp_path: Path) -> Told:
    """The story in a repository that a test may change."""
    root = shutil.copytree(original.root, tmp_path / "copy")
    return Told(root, root / "snapshots" / "production", original.commits, Repository.around(root))
