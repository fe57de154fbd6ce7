"""Where no snapshot can be swapped in: told before the first request, and nothing is changed."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lightdash_standin.server import Server
from lightdash_sync.snapshot import write
from tests.cli.nights import Nights
from tests.cli.running import Done, fails, reach, run
from tests.worlds import demo_world


def _refused(run_there: Callable[[Server], Done], words: str) -> None:
    with Server(demo_world()) as server:
        done = run_there(server)
        fails(done, 4)
        assert words in done.err.replace("\n", " ")
        assert server.world.requests == []


@pytest.mark.parametrize("more", [(), ("--format", "lightdash-yaml")])
@pytest.mark.parametrize("path", [".", "..", "../here"])
def test_the_directory_that_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, more: tuple[str, ...]
) -> None:
    """It would be gone under the shell."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    _refused(lambda server: run("export", "--path", path, *more, env=reach(server)), "that you are in")
    assert Path.cwd() == tmp_path / "here"


def test_a_mount_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is mounted can be renamed; a directory below it can."""
    monkeypatch.chdir(tmp_path)
    volume = tmp_path / "a volume"
    volume.mkdir()
    mounted = subprocess.run(["mount", "--bind", str(volume), str(volume)], capture_output=True, check=False)
    if mounted.returncode:
        monkeypatch.setattr(write, "_mounted", lambda: {str(volume)})
    try:
        _refused(
            lambda server: run("export", "--path", "a volume", env=reach(server)), "is mounted at a volume"
        )
        with Server(demo_world()) as server:
            assert run("export", "--path", "a volume/production", env=reach(server)).code == 0
    finally:
        if not mounted.returncode:
            subprocess.run(["umount", str(volume)], check=True)


def test_a_backup_from_inside_its_folder(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other environment is backed up all the same."""
    nights.backup("--all")
    monkeypatch.chdir(nights.folder)
    before = len(nights.server.world.requests)
    done = nights.backup("--config", "../../lightdash-sync.toml", "--env", "production")
    assert (done.code, len(nights.server.world.requests)) == (4, before), done.err
    assert "directory that you are in" in done.err
    assert nights.backup("--config", "../../lightdash-sync.toml", "--env", "staging").code == 0
