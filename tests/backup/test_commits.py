"""What a backup leaves in git."""

from __future__ import annotations

import os
import random
import subprocess
from typing import TYPE_CHECKING

import pytest

from lightdash_sync.backup.commits import commit_snapshot
from lightdash_sync.demo.seed import demo_world
from lightdash_sync.demo.server import Server
from lightdash_sync.errors import Refused
from lightdash_sync.git import Repository
from lightdash_sync.verify import verify
from tests.export.editing import Editors
from tests.exporting import export_world, lightdash_at, tree

if TYPE_CHECKING:
    from pathlib import Path


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """An empty repository of a user without any git settings."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in [name for name in os.environ if name.startswith("GIT_") and name != "GIT_CONFIG_NOSYSTEM"]:
        monkeypatch.delenv(name)
    (tmp_path / "work").mkdir()
    return Repository.init(tmp_path / "work")


def test_the_first_backup_is_one_commit_and_a_quiet_night_none(repository: Repository) -> None:
    """Everything is there once; when nothing changed there is no commit."""
    world, folder = demo_world(), repository.root / "snapshots/production"
    export_world(world, folder)
    assert len(commit_snapshot(repository, folder, "production")) == 1
    export_world(world, folder)
    assert commit_snapshot(repository, folder, "production") == []
    assert _git(repository.root, "status", "--porcelain", "--", "snapshots/production") == ""


def test_each_author_gets_a_commit_at_their_time(repository: Repository) -> None:
    """Two people made new versions, somebody renamed something: three commits, each by who did it."""
    world, folder = demo_world(), repository.root / "snapshots/production"
    export_world(world, folder)
    commit_snapshot(repository, folder, "production")
    with Server(world) as server:
        editors = Editors(server.url, world, random.Random(1))
        charts = [uuid for uuid in editors._charts() if world.charts[uuid].space_uuid]
        for who, uuid in (("admin", charts[0]), ("editor", charts[1])):
            world.clock.advance(hours=1)
            lightdash = lightdash_at(server.url, world.tokens[who])
            with lightdash.session:
                lightdash.session._http.post(
                    f"{server.url}/api/v1/saved/{uuid}/version", json=editors._query()
                )
        editors.close()
    world.charts[charts[2]].name = "Renamed\nCo-authored-by: nobody <x@y>"
    export_world(world, folder)
    made = commit_snapshot(repository, folder, "production")
    assert len(made) == 3
    log = _git(repository.root, "log", "-3", "--format=%an <%ae>|%cn|%s")
    authors = [line.split("|")[0] for line in log.splitlines()]
    assert len(set(authors)) == 3
    assert "lightdash-sync" in authors[0]
    assert "\nCo-authored-by: nobody" not in _git(repository.root, "log", "-1", "--format=%B")


@pytest.mark.parametrize("seed", [1, 2])
def test_every_commit_holds_a_whole_snapshot(repository: Repository, tmp_path: Path, seed: int) -> None:
    """After nights of random work each commit passes verify, and the last one restores exactly."""
    world, folder = demo_world(), repository.root / "snapshots/production"
    export_world(world, folder)
    commit_snapshot(repository, folder, "production")
    for night in range(6):
        with Server(world) as server:
            editors = Editors(server.url, world, random.Random(100 * seed + night))
            for _ in range(4):
                editors.edit()
            editors.close()
        try:
            export_world(world, folder)
        except Refused:
            export_world(world, folder, accept_shrink=True)
        commit_snapshot(repository, folder, "production")
    for commit in _git(repository.root, "rev-list", "HEAD").splitlines():
        target = tmp_path / "out" / commit
        for path, data in repository.contents(commit, folder):
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            (target / path).write_bytes(data)
        assert verify(target).damages == []
    head = tmp_path / "out" / _git(repository.root, "rev-parse", "HEAD")
    assert tree(head) == tree(folder)
