"""A project that people work in while it is read: a snapshot in one run, which passes `verify`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lightdash_sync.demo import seed
from lightdash_sync.demo.dashboards import add_dashboard_version, read_dashboard
from lightdash_sync.demo.faults import Fault, Faults
from lightdash_sync.verify import verify
from tests.exporting import export_world, tree

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_sync.demo.state import World

NEWER = "0.2904.5"  # reads dashboards through their versions


def save_again(world: World, dashboard: str) -> None:
    """Save a dashboard as it is."""
    found = world.dashboards[dashboard]
    add_dashboard_version(world, found, read_dashboard(world, found), world.people[found.created_by])


def saved_while_read(world: World, times: int, *, once_written: bool = False) -> Faults:
    """Save a dashboard so many times just before its version is read, whichever it is.

    Args:
        world: what is served.
        times: how often.
        once_written: only after a scheduler was made, which an apply does last.
    """
    left, begun = times, not once_written

    def rule(_number: int, method: str, path: str) -> Fault | None:
        nonlocal left, begun
        begun |= method == "POST" and path.endswith("/schedulers")
        if begun and left and (asked := re.fullmatch(r"/api/v1/dashboards/([^/]+)/version/[^/]+", path)):
            left -= 1
            save_again(world, asked[1])
        return None

    return Faults(rule=rule)


def test_a_dashboard_that_is_saved_again_and_again_does_not_end_the_export(tmp_path: Path) -> None:
    """What one thread finds out of the project never looks as if somebody had pressed Ctrl-C."""
    world = seed.demo_world(NEWER)
    export_world(world, tmp_path / "p", faults=saved_while_read(world, 12))
    assert verify(tmp_path / "p").damages == []
    export_world(world, tmp_path / "quiet")
    assert contents(tmp_path / "p") == contents(tmp_path / "quiet")


def contents(root: Path) -> dict[str, str]:
    """The content files; the two others tell how often something was saved when the lists were read."""
    return {path: sha for path, sha in tree(root).items() if path not in ("identity.json", "snapshot.json")}
