"""What a person does in a repository, with plain git, and how these tests look at it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lightdash_sync.git import Commit, Repository

IDENTITY = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")

HOOKS = [
    "applypatch-msg",
    "pre-applypatch",
    "post-applypatch",
    "pre-commit",
    "pre-merge-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "pre-rebase",
    "post-checkout",
    "post-merge",
    "pre-push",
    "pre-receive",
    "update",
    "proc-receive",
    "post-receive",
    "post-update",
    "reference-transaction",
    "push-to-checkout",
    "pre-auto-gc",
    "post-rewrite",
    "post-index-change",
    "sendemail-validate",
]


@dataclass(frozen=True)
class Hands:
    """A repository in the hands of a person."""

    root: Path

    def git(self, *arguments: str, status: int | None = 0) -> str:
        """Run plain git; return what it printed."""
        command = ["git", *IDENTITY, *arguments]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        assert status is None or done.returncode == status, done.stderr
        return done.stdout

    def begin(self, *options: str) -> None:
        """Make the repository, with a README and a folder of snapshots yet to come."""
        self.root.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main", *options)
        self.write("README.md", "hello\n")
        self.git("add", "-A")
        self.git("commit", "--quiet", "-m", "Begin")

    def write(self, path: str, content: str) -> Path:
        """Write a file below the top."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        return file

    def commit(self, path: str, content: str) -> str:
        """Commit a file, as a person would; return the commit's id."""
        self.write(path, content)
        self.git("add", "--", path)
        self.git("commit", "--quiet", "-m", f"Change {path}")
        return self.tip()

    def tip(self, revision: str = "HEAD") -> str:
        """Return the id of a commit."""
        return self.git("rev-parse", "--verify", revision).strip()

    def status(self, *paths: str) -> str:
        """Return what `git status` says."""
        return self.git("status", "--porcelain", "--", *paths)

    def tree(self, revision: str, folder: str) -> dict[str, str]:
        """Return path and content of every file below a folder in a commit."""
        names = self.git("ls-tree", "-r", "-z", "--name-only", revision, f"{folder}/").split("\0")[:-1]
        return {
            name.removeprefix(f"{folder}/"): self.git("cat-file", "blob", f"{revision}:{name}")
            for name in names
        }

    def paths(self, revision: str, folder: str) -> set[str]:
        """Return the path of every file below a folder in a commit."""
        names = self.git("ls-tree", "-r", "-z", "--name-only", revision, f"{folder}/").split("\0")[:-1]
        return {name.removeprefix(f"{folder}/") for name in names}

    def sound(self) -> None:
        """Assert that git finds nothing wrong, and that nobody left a lock."""
        self.git("fsck", "--strict", "--no-dangling")
        git_dir = Path(self.git("rev-parse", "--absolute-git-dir").strip())
        assert list(git_dir.rglob("*.lock")) == []

    @property
    def folder(self) -> Path:
        """Where the snapshot of these tests is."""
        return self.root / "snapshots" / "production"

    def put(self, files: dict[str, bytes]) -> None:
        """Write the snapshot to disk, as an export would."""
        for path, content in files.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    def backup(self, files: dict[str, bytes], message: str = "Back up") -> list[str]:
        """Write the snapshot and commit it, through the code under test."""
        self.put(files)
        return Repository.around(self.folder).commit(self.folder, [Commit(message, files)])


SOMEBODY = "git -c user.name=x -c user.email=x"


def after(command: str, script: str, tmp_path: Path) -> str:
    """Write a stand-in for git that does something else too after a command; return its path."""
    stand_in = tmp_path / "stand-in"
    alone = "env -u GIT_DIR -u GIT_WORK_TREE -u GIT_OBJECT_DIRECTORY GIT_ALLOW_PROTOCOL=file"
    stand_in.write_text(
        f'#!/bin/sh\n{shutil.which("git")} "$@"\nstatus=$?\n'
        f'case " $* " in *" {command} "*) {alone} sh -c \'{script}\' ;; esac\nexit $status\n'
    )
    stand_in.chmod(0o755)
    return str(stand_in)
