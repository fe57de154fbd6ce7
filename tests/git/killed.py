"""A process that commits and does not live to see the end of it.

`python -m tests.git.killed FOLDER` makes the series of commits that `test_killed` expects. The program that
`assassin` writes stands in for git, counts its runs, and kills whoever started it after one of them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from lightdash_sync.git import Commit, Repository

_ROOT = Path(__file__).parents[2]

ONE = {"a.json": b"1\n", "b.json": b"1\n"}
TWO = {"a.json": b"2\n", "c.json": b"2\n"}


def assassin(path: Path, step: int) -> dict[str, str]:
    """Write a stand-in for git; return the variables that make a process use it."""
    real = shutil.which("git")
    count = path.with_name("count")
    count.write_text("0")
    path.write_text(
        f"#!/bin/sh\nn=$(($(cat {count}) + 1))\necho $n > {count}\n"
        f'{real} "$@"\nstatus=$?\n'
        f"if [ $n = {step} ]; then kill -9 $PPID; fi\nexit $status\n"
    )
    path.chmod(0o755)
    return {"GIT_PYTHON_GIT_EXECUTABLE": str(path)}


def commit_and_die(folder: Path, environment: dict[str, str]) -> int:
    """Let a process commit; return its exit status."""
    command = [sys.executable, "-m", "tests.git.killed", str(folder)]
    return subprocess.run(command, cwd=_ROOT, env=environment, check=False).returncode


def commit(folder: Path) -> list[str]:
    """Make the series."""
    return Repository.around(folder).commit(folder, [Commit("One", ONE), Commit("Two", TWO)])


if __name__ == "__main__":
    commit(Path(sys.argv[1]))
