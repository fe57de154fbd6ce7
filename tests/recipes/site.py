"""A Lightdash, a repository, and machines that know nothing: where the recipes are run."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lightdash_standin.server import Server
from tests.git.hands import Hands

if TYPE_CHECKING:
    from collections.abc import Mapping

PATH = "data/backup.git"
SECONDS = 60


@dataclass(frozen=True)
class Site:
    """A Lightdash, a repository for its backups, and machines that know nothing.

    Attributes:
        server: of the Lightdash.
        folder: everything of this test.
    """

    server: Server
    folder: Path

    @property
    def token(self) -> str:
        """The token of an admin."""
        return self.server.world.tokens["admin"]

    @property
    def remote(self) -> Hands:
        """The bare repository that everybody pushes to."""
        return Hands(self.folder / "forge" / PATH)

    def begin(self, **files: str) -> None:
        """Push the files that a person has committed, as the beginning of everything."""
        self.remote.root.parent.mkdir(parents=True)
        Hands(self.folder).git("init", "-q", "--bare", "--initial-branch=main", str(self.remote.root))
        person = Hands(self.folder / "person")
        Hands(self.folder).git("init", "-q", "--initial-branch=main", str(person.root))
        for path, text in files.items():
            person.write(path, text)
        person.git("add", "-A")
        person.git("commit", "-qm", "Set up")
        person.git("push", "-q", str(self.remote.root), "main")

    def rename_a_chart(self, project: str, name: str) -> None:
        """Let somebody rename a chart."""
        world = self.server.world
        uuid = world.projects[project]
        charts = [
            chart
            for _, chart in sorted(world.charts.items())
            if chart.space_uuid and world.spaces[chart.space_uuid].project_uuid == uuid
        ]
        charts[0].name = name

    def commits(self) -> list[str]:
        """Return what the repository's commits say, oldest first, after the person's."""
        return self.remote.git("log", "--reverse", "--format=%s", "main").splitlines()[1:]

    def start(
        self, words: list[str], where: Path, variables: Mapping[str, str], path: str = "/usr/local/bin"
    ) -> subprocess.Popen[str]:
        """Start a program with these variables alone; the tool is in /usr/local/bin."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        given = {"PATH": f"{path}:{os.environ['PATH']}", "HOME": str(home), **variables}
        given["PATH"] = given["PATH"].replace("/usr/local/bin", str(self.folder / "bin"), 1)
        program = shutil.which(words[0], path=given["PATH"]) or words[0]
        return subprocess.Popen(
            [program, *words[1:]], cwd=where, env=given, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def run(self, words: list[str], where: Path, variables: Mapping[str, str]) -> tuple[int, str]:
        """Run a program so; return its exit code and what it said."""
        with self.start(words, where, variables) as process:
            said, _ = process.communicate(timeout=SECONDS)
        return process.returncode, said
