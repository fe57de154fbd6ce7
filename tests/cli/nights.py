"""A repository that is backed up through the command, and a Lightdash that people work on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lightdash_sync.snapshot.verify import verify
from tests.cli.running import Done, run
from tests.exporting import lightdash_at
from tests.git.hands import Hands

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from lightdash_standin.server import Server
    from lightdash_sync.git import Repository

TOKEN = "TOKEN_OF_ADMIN"
ENVIRONMENTS = ("production", "staging")


def bare_machine(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """A machine where nobody has told git anything."""
    for name in [name for name in os.environ if name.startswith(("GIT_", "SSH_", "XDG_", "CI", "JOB_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(home))


def settings(server: Server) -> str:
    """Return settings with both projects of a served world."""
    projects = server.world.projects
    return "\n".join(
        f'[env.{name}]\nurl = "{server.url}"\nproject = "{projects[name]}"\ntoken_env = "{TOKEN}"\n'
        for name in ENVIRONMENTS
    )


@dataclass(frozen=True)
class Nights:
    """A served world and the repository that it is backed up to, in the current directory."""

    server: Server
    hands: Hands

    def backup(self, *arguments: str) -> Done:
        """Run `backup` here."""
        return run("backup", *arguments, env={TOKEN: self.server.world.tokens["admin"]})

    @property
    def folder(self) -> Path:
        """Where the snapshot of production is."""
        return self.hands.folder

    def commits(self, revision: str = "HEAD") -> list[str]:
        """Return the subjects of the backups, newest first; the first two commits are somebody's."""
        return self.hands.git("log", "--format=%s", revision).splitlines()[:-2]

    def rename_a_chart(self, name: str) -> str:
        """Let somebody rename a chart in a space of production; return its uuid."""
        world = self.server.world
        charts = sorted(uuid for uuid, one in world.charts.items() if self._in_space(one.space_uuid))
        self._send("admin", "PATCH", f"/saved/{charts[0]}", {"name": name})
        return charts[0]

    def change_a_chart(self, who: str, number: int, limit: int) -> str:
        """Let somebody save another version of a chart of production; return its uuid."""
        world = self.server.world
        world.clock.advance(hours=1)
        uuid = sorted(uuid for uuid, one in world.charts.items() if self._in_space(one.space_uuid))[number]
        query = {
            "exploreName": "orders", "dimensions": [], "metrics": [], "filters": {}, "sorts": [],
            "limit": limit, "tableCalculations": [],
        }  # fmt: skip
        body = {"tableName": "orders", "metricQuery": query, "chartConfig": {"type": "table"}}
        self._send(who, "POST", f"/saved/{uuid}/version", {**body, "tableConfig": {"columnOrder": []}})
        return uuid

    def _in_space(self, space: str | None) -> bool:
        world = self.server.world
        return space is not None and world.spaces[space].project_uuid == world.projects["production"]

    def _send(self, who: str, method: str, path: str, body: object) -> None:
        lightdash = lightdash_at(self.server.url, self.server.world.tokens[who])
        with lightdash.session:
            answer = lightdash.session._http.request(method, f"{self.server.url}/api/v1{path}", json=body)
            assert answer.status_code < 300, answer.text


def require_whole(repository: Repository, folder: Path, out: Path) -> Iterator[Path]:
    """Check out every commit that has the snapshot, oldest first, and verify it; yield where it is."""
    for revision in reversed(list(repository.history(folder))):
        target = out / revision.id
        for path, data in repository.contents(revision.id, folder):
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            (target / path).write_bytes(data)
        if target.exists():
            assert verify(target).damages == [], revision.message
            yield target
