"""A service account exports, plans, applies and promotes like an admin: what it owns is nobody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lightdash_standin.people import add_service_account
from lightdash_standin.seed import demo_world
from lightdash_standin.server import Server
from tests.cli.running import run
from tests.dialects import preview_of
from tests.exporting import tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lightdash_standin.state import World

SETTINGS = """
[env.{name}]
url = "{url}"
project = "{project}"
token_env = "{token}"
"""


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[World, dict[str, str]]]:
    """A current Lightdash, with settings for production (admin and service account) and for a new project."""
    import httpx

    monkeypatch.chdir(tmp_path)
    world = demo_world("0.2904.5")
    admin = world.people[world.token_rows[world.tokens["admin"]].person_uuid]
    robot = add_service_account(world, admin.org_uuid, "Nightly", "admin").secret
    with Server(world) as server:
        production = world.projects["production"]
        made = httpx.post(
            f"{server.url}/api/v1/projects/{production}/createPreview",
            json={"name": "Target", "copyContent": False},
            headers={"Authorization": f"Bearer {robot}"},
            trust_env=False,
            verify=False,
        )
        target = preview_of(made.json()["results"], world)
        (tmp_path / "lightdash-sync.toml").write_text(
            SETTINGS.format(name="admin", url=server.url, project=production, token="ADMIN")
            + SETTINGS.format(name="robot", url=server.url, project=production, token="ROBOT")
            + SETTINGS.format(name="target", url=server.url, project=target, token="ROBOT")
        )
        yield world, {"ADMIN": world.tokens["admin"], "ROBOT": robot}
    assert world.crashes == []


def test_a_service_account_does_the_work_of_an_admin(
    served: tuple[World, dict[str, str]], tmp_path: Path
) -> None:
    """Its export has an admin's bytes; an apply leaves it no grant; another one writes nothing."""
    world, tokens = served
    for env in ("admin", "robot"):
        done = run("export", "--env", env, env=tokens)
        assert done.code == 0, done.err
    skipped = ("snapshot.json",)  # says when it was made
    by_admin, by_robot = (tree(tmp_path / "snapshots" / env) for env in ("admin", "robot"))
    assert {p: h for p, h in by_admin.items() if p not in skipped} == {
        p: h for p, h in by_robot.items() if p not in skipped
    }
    asked = ("--from", "robot", "--to", "target", "--adopt-by-name", "--allow-broken=all", "--yes")
    done = run("apply", *asked, env=tokens)
    assert done.code == 0, done.err
    assert "service account" in done.out + done.err
    robot = next(person.uuid for person in world.people.values() if person.is_service)
    assert all(robot not in space.access for space in world.spaces.values())
    made = [one for one in world.schedulers.values() if one.created_by == robot]
    assert made
    assert not any(one.enabled for one in made)
    before = len(world.requests)
    done = run("apply", *asked, env=tokens)
    assert done.code == 0, done.err
    assert {method for method, _ in world.requests[before:]} == {"GET"}
    assert tokens["ROBOT"] not in done.out + done.err
