"""How these tests look at what is in git: with plain git, and by putting commits back on disk."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_sync.git import Repository


def git(folder: Path, *words: str) -> str:
    """Run plain git; return what it printed."""
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def restored(repository: Repository, commit: str, folder: Path, target: Path) -> Path:
    """Write the snapshot that a commit holds into a new directory, and return that."""
    for path, data in repository.contents(commit, folder):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_bytes(data)
    return target
