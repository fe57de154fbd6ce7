"""What a backup leaves in git."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from lightdash_sync.backup.commits import commit_snapshot
from lightdash_sync.demo.seed import demo_world
from lightdash_sync.demo.server import Server
from lightdash_sync.errors import Refused
from lightdash_sync.verify import verify
from tests.export.editing import Editors
from tests.exporting import export_world, lightdash_at, tree

from .looking import git, restored

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_sync.git import Repository


def test_the_first_backup_is_one_commit_and_a_quiet_night_none(repository: Repository) -> None:
    """Everything is there once; when nothing changed there is no commit."""
    world, folder = demo_world(), repository.root / "snapshots/production"
    export_world(world, folder)
    assert len(commit_snapshot(repository, folder, "production")) == 1
    export_world(world, folder)
    assert commit_snapshot(repository, folder, "production") == []
    assert git(repository.root, "status", "--porcelain", "--", "snapshots/production") == ""


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
    log = git(repository.root, "log", "-3", "--format=%an <%ae>|%cn|%s")
    authors = [line.split("|")[0] for line in log.splitlines()]
    assert len(set(authors)) == 3
    assert "lightdash-sync" in authors[0]
    assert "\nCo-authored-by: nobody" not in git(repository.root, "log", "-1", "--format=%B")


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
    for commit in git(repository.root, "rev-list", "HEAD").splitlines():
        assert verify(restored(repository, commit, folder, tmp_path / commit)).damages == []
    assert tree(tmp_path / git(repository.root, "rev-parse", "HEAD")) == tree(folder)
