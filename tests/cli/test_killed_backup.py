"""A backup that dies in any of its steps: the repository is sound, and the next run is right."""

from __future__ import annotations

import shutil
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from lightdash_standin.server import Server
from tests.cli.nights import TOKEN, Nights, bare_machine, settings
from tests.cli.running import ended, environment, run_process, started
from tests.exporting import tree
from tests.git.hands import Hands
from tests.worlds import demo_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Kills whoever called it (or itself too) at its N-th run, before or after it did its work.
GIT = """#!/bin/sh
echo x >> {count}
if [ "$(wc -l < {count})" -eq "${{DIE_AT:-0}}" ]; then
  if [ "$WHEN" = after ]; then {git} "$@"; fi
  kill -"$HOW" $PPID; sleep 0.2; exit 1
fi
exec {git} "$@"
"""


@dataclass(frozen=True)
class Site:
    """A repository with one backup, a Lightdash that changed since, and a git that can be told to kill.

    Attributes:
        nights: the repository and the server.
        bin: folder of that git.
        count: file with a line for each run of it.
        calls: runs of git that the next backup makes.
    """

    nights: Nights
    bin: Path
    count: Path
    calls: int

    def env(self, **more: str) -> dict[str, str]:
        """Return the environment of a backup."""
        path = f"{self.bin}:{environment(self.bin)['PATH']}"
        token = self.nights.server.world.tokens["admin"]
        return {"PATH": path, TOKEN: token, "GIT_CONFIG_NOSYSTEM": "1", **more}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Made once: tests work on copies of the repository."""
    home = tmp_path_factory.mktemp("killed")
    with pytest.MonkeyPatch.context() as monkeypatch, Server(demo_world()) as server:
        bare_machine(monkeypatch, home)
        hands = Hands(home / "work")
        hands.begin()
        hands.write(".gitignore", "/snapshots/.*\n")
        hands.write("lightdash-sync.toml", settings(server))
        hands.git("add", "-A")
        hands.git("commit", "-qm", "Set up")
        (home / "bin").mkdir()
        count = home / "count"
        script = GIT.format(count=count, git=shutil.which("git"))
        (home / "bin/git").write_text(script)
        (home / "bin/git").chmod(0o755)
        made = Site(Nights(server, hands), home / "bin", count, 0)
        first = run_process("backup", "--env", "production", home=hands.root, env=made.env())
        assert first.code == 0, first.err
        made.nights.change_a_chart("editor", 1, 11)
        made.nights.change_a_chart("admin", 2, 12)
        made.nights.rename_a_chart("Renamed")
        shutil.copytree(hands.root, home / "copy", symlinks=True)
        count.unlink()
        assert run_process("backup", "--env", "production", home=home / "copy", env=made.env()).code == 0
        yield Site(made.nights, made.bin, count, len(count.read_text().splitlines()))


def _die(site: Site, folder: Path, at: int, when: str, how: str) -> None:
    """Kill a backup at its N-th run of git; check what it left, and what the next run makes of it."""
    hands = Hands(folder / "work")
    shutil.copytree(site.nights.hands.root, hands.root, symlinks=True)
    before = hands.tip()
    site.count.unlink(missing_ok=True)
    env = site.env(DIE_AT=str(at), WHEN=when, HOW=how)
    done = ended(started("backup", "--env", "production", home=hands.root, env=env))
    assert done.code == (130 if how == "TERM" else -signal.SIGKILL), done.err
    assert "Traceback" not in done.err
    hands.sound()
    assert len(hands.git("rev-list", f"{before}..HEAD").splitlines()) in (0, 3)
    assert {path.name for path in (hands.root / "snapshots").iterdir()} == {
        "production",
        ".production.lock",
        ".production.state.json",
    }
    again = run_process("backup", "--env", "production", home=hands.root, env=site.env())
    assert again.code == 0, again.err
    assert len(hands.git("rev-list", f"{before}..HEAD").splitlines()) == 3
    assert hands.status() == ""
    assert hands.paths("HEAD", "snapshots/production") == tree(hands.folder).keys()
    hands.sound()


@pytest.mark.parametrize("part", range(4))
def test_a_killed_backup(site: Site, tmp_path: Path, part: int) -> None:
    """SIGKILL or SIGTERM at some runs of git: all commits of the night or none, and no lock."""
    at = 1 + part * (site.calls - 1) // 3
    _die(site, tmp_path, at, ("before", "after")[part % 2], ("KILL", "TERM")[part % 3 % 2])


@pytest.mark.slow
@pytest.mark.parametrize("how", ["KILL", "TERM"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_backup_killed_at_every_run_of_git(site: Site, tmp_path: Path, when: str, how: str) -> None:
    """The same at each of them."""
    for at in range(1, site.calls + 1):
        _die(site, tmp_path / str(at), at, when, how)
