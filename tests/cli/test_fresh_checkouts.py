"""Backups by a CI job that begins in a fresh checkout each time, and remembers nothing but what git has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from lightdash_standin.comments import create_comment
from lightdash_sync.snapshot.manifest import Manifest
from tests.cli.nights import TOKEN, Nights
from tests.cli.running import Done, run
from tests.git.hands import Hands

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def remote(nights: Nights, tmp_path: Path) -> Path:
    """A bare repository, to which everything was backed up once."""
    bare = tmp_path / "remote.git"
    nights.hands.git("init", "-q", "--bare", "--initial-branch=main", str(bare))
    nights.hands.git("remote", "add", "origin", str(bare))
    nights.hands.git("push", "-q", "-u", "origin", "main")
    assert nights.backup("--env", "production", "--push").code == 0
    return bare


class _Job:
    """One run in a clone of its own."""

    def __init__(self, nights: Nights, remote: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
        self.hands = Hands(remote.parent / f"checkout-{number}")
        Hands(remote).git("clone", "-q", "--depth=1", f"file://{remote}", str(self.hands.root))
        monkeypatch.chdir(self.hands.root)
        self._token = nights.server.world.tokens["admin"]

    def backup(self, *arguments: str) -> dict[str, Any]:
        done: Done = run(
            "backup", "--env", "production", "--push", "--json", *arguments, env={TOKEN: self._token}
        )
        assert done.code == 0, done.err
        found: dict[str, Any] = done.json["environments"][0]
        return found

    @property
    def manifest(self) -> Manifest:
        return Manifest.from_bytes((self.hands.root / "snapshots/production/snapshot.json").read_bytes())

    def make_older(self, days: int) -> None:
        """Let git say that everything was read so many days ago."""
        day = (datetime.now(UTC) - timedelta(days=days)).date().isoformat()
        said = self.manifest.model_copy(update={"wholeOn": day}).to_bytes().decode()
        self.hands.commit("snapshots/production/snapshot.json", said)
        self.hands.git("push", "-q")


def test_everything_is_read_once_a_week(
    nights: Nights, remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However shallow the clone: the manifest says when it was, and once a week a commit says so anew."""
    jobs = (_Job(nights, remote, monkeypatch, number) for number in range(9))
    assert next(jobs).backup()["full"] is False
    next(jobs).make_older(days=6)
    one = next(jobs).backup()
    assert (one["full"], one["result"]) == (False, "unchanged")
    next(jobs).make_older(days=7)
    job = next(jobs)
    one = job.backup()
    assert (one["full"], one["result"]) == (True, "committed")
    assert [made["subject"] for made in one["commits"]] == [
        "production: everything read again, nothing changed"
    ]
    assert job.manifest.wholeOn == datetime.now(UTC).date().isoformat()
    one = next(jobs).backup()
    assert (one["full"], one["result"]) == (False, "unchanged")
    # Nor does whoever reads everything each night commit each night.
    assert next(jobs).backup("--full")["result"] == "unchanged"


def test_a_new_comment_is_there_the_next_night(
    nights: Nights, remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though no list tells of it, and the dashboard did not change."""
    world = nights.server.world
    spaces = world.project_rows[world.projects["production"]].spaces
    dashboard = next(one for one in world.dashboards.values() if one.space_uuid in spaces)
    person = next(one.uuid for one in world.people.values() if one.role == "admin")
    body = {"text": "Look!", "textHtml": "<p>Look!</p>", "mentions": []}
    create_comment(world, dashboard, dashboard.version.tiles[0]["uuid"], body, person)
    one = _Job(nights, remote, monkeypatch, 1).backup()
    assert (one["full"], one["result"]) == (False, "committed")
    assert one["commits"][0]["subject"].startswith(f"production: comments on dashboard {dashboard.name}")


def test_what_is_older_than_the_night_is_in_manifest_result_and_commit(
    nights: Nights, remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings say that comments wait: each place names them, with the day of the last full reading."""
    job = _Job(nights, remote, monkeypatch, 1)
    settings = job.hands.root / "lightdash-sync.toml"
    text = settings.read_text().replace('token_env = "', 'comments = "weekly"\ntoken_env = "')
    job.hands.commit("lightdash-sync.toml", text)
    nights.rename_a_chart("Something new")
    one = job.backup()
    today = datetime.now(UTC).date().isoformat()
    older = {row["what"]: row["as_of"] for row in one["older"]}
    (words,) = (what for what in older if what.startswith("comments of"))
    assert older[words] == job.manifest.wholeOn
    assert {entry.what: entry.asOf for entry in job.manifest.older} == older
    assert f"- {words}, as of {job.manifest.wholeOn}" in job.hands.git("log", "-1", "--format=%B")
    assert job.manifest.wholeOn is not None
    assert job.manifest.wholeOn <= today
    job.backup("--full")
    assert job.manifest.older == []
    settings.write_text(text.replace("weekly", "sometimes"))
    done = run("backup", "--env", "production", env={TOKEN: nights.server.world.tokens["admin"]})
    assert done.code == 2
    assert "comments" in done.err
