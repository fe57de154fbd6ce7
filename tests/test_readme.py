"""The README is true: every command in it is run, and every exit code and setting it names exists."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import httpx
import pytest

from lightdash_standin.seed import demo_world
from lightdash_standin.server import Server
from lightdash_standin.state import World
from lightdash_standin.versions import VERSIONS
from lightdash_sync import errors
from lightdash_sync.settings import read_file
from tests.cli.running import run
from tests.dialects import preview_of

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")

# These make a virtual environment; `.ci/run` runs them, from scratch.
BY_CI = {"make demo", "make test"}
# What the tests themselves run on was installed so.
INSTALL = {"pip install ."}


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def _commands() -> list[str]:
    """Every command line of the README, in order."""
    return [line for block in _blocks("bash") for line in block.splitlines() if line.strip()]


def _world() -> World:
    """The demo as it is by default, called as the README's example is."""
    world = demo_world(VERSIONS[-1])
    project = world.project_rows[world.projects["production"]]
    project.name = "Production"
    world.project_rows[world.projects["staging"]].name = "Staging"
    next(space for space in world.spaces.values() if space.slug == "customers").slug = "marketing"
    return world


def _preview(server: Server) -> None:
    """Make a preview of production, and work in it, as the README's reader has."""
    world = server.world
    headers = {"Authorization": f"ApiKey {world.tokens['admin']}"}
    base = f"{server.url}/api/v1"
    with httpx.Client(base_url=base, headers=headers, trust_env=False, verify=False) as people:
        body = {"name": "Preview", "copyContent": True}
        path = f"/projects/{world.projects['production']}/createPreview"
        preview = preview_of(people.post(path, json=body).json()["results"], world)
        project = world.project_rows[preview]
        (chart,) = [
            one
            for one in world.charts.values()
            if one.slug == "weekly-revenue" and one.space_uuid in project.spaces
        ]
        (board,) = [
            one
            for one in world.dashboards.values()
            if one.slug == "board-pack" and one.space_uuid in project.spaces
        ]
        people.patch(f"/saved/{chart.uuid}", json={"description": "Net of returns"}).raise_for_status()
        people.patch(f"/dashboards/{board.uuid}", json={"name": "Board pack, monthly"}).raise_for_status()


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """An environment in which `lightdash-sync` is this very package."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "lightdash-sync"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m lightdash_sync "$@"\n')
    command.chmod(0o755)
    who = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    return {"PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), **who}


def _run(command: str, folder: Path, env: dict[str, str]) -> None:
    """Run a line: in this process if it is the command and nothing else, which saves half a minute.

    It ends well, or as its comment says: `# exits with 4: …`.
    """
    ends = re.search(r"# exits with (\d+)", command)
    code = int(ends[1]) if ends else 0
    words = shlex.split(command, comments=True)
    if words[0] == "lightdash-sync" and not set(command.partition("#")[0]) & set("|&;<>$`~*?"):
        with chdir(folder):
            said = run(*words[1:], env=env)
        assert said.code == code, f"{command}\n{said.out}{said.err}"
        return
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == code, f"{command}\n{done.stdout}{done.stderr}"


def test_every_command_of_the_readme_works(tmp_path: Path, shell: dict[str, str]) -> None:
    """A newcomer who types what the README says, in its order, gets no error."""
    work, remote = tmp_path / "work", tmp_path / "remote.git"
    work.mkdir()
    _run(f"git init -q && git init -q --bare {remote} && git remote add origin {remote}", work, shell)
    with Server(_world()) as server:
        env = shell | {"LIGHTDASH_URL": server.url, "LIGHTDASH_API_KEY": server.world.tokens["admin"]}
        env |= {"LIGHTDASH_STAGING_KEY": server.world.tokens["admin"]}
        _preview(server)
        ran = 0
        for language, block in re.findall(r"^```(bash|toml)\n(.*?)^```", README, re.DOTALL | re.MULTILINE):
            if language == "toml":
                text = re.sub(r"https://lightdash[a-z.-]*", server.url, block)
                text = re.sub(
                    r'token_command = "[^"]*"', 'token_command = "printenv LIGHTDASH_API_KEY"', text
                )
                (work / "lightdash-sync.toml").write_text(text)
                continue
            for command in filter(None, block.splitlines()):
                if command in BY_CI | INSTALL or command.startswith("export ") or "--serve" in command:
                    continue
                _run(command, work, env)
                ran += 1
    assert ran >= 15


def test_what_ci_runs_includes_both_commands() -> None:
    """The two commands that set everything up are run from scratch by `.ci/run`."""
    script = (ROOT / ".ci/run").read_text()
    assert set(_commands()) >= BY_CI
    assert all(command in script for command in BY_CI)


def test_the_served_demo_of_the_readme_answers(shell: dict[str, str], tmp_path: Path) -> None:
    """`demo --serve` prints where it is, and stops when told to."""
    assert "lightdash-sync demo --serve" in _commands()
    command = [sys.executable, "-m", "lightdash_sync", "demo", "--serve"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=shell, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdout is not None
        assert "http://127.0.0.1:" in process.stdout.readline()
        process.terminate()
        assert process.wait(10) == 0


def test_the_settings_example_is_valid(tmp_path: Path) -> None:
    """The README's lightdash-sync.toml is one that the tool accepts."""
    path = tmp_path / "lightdash-sync.toml"
    path.write_text(_blocks("toml")[0])
    assert set(read_file(path).env) == {"production", "staging"}


def test_the_exit_codes_are_those_of_the_errors() -> None:
    """The table lists every code that an error has, and else only those of no error."""
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    classes = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.SyncError)
    ]
    assert listed == {0, errors.PENDING} | {one.exit_code for one in classes}
