"""What is written to make a space: nothing that the server did by itself already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.apply.small_world import small_world
from tests.sync.desk import SOURCE, desk_at

if TYPE_CHECKING:
    from pathlib import Path


def test_the_grant_that_a_creator_gets_is_not_written_again(tmp_path: Path) -> None:
    """A current server makes whoever creates a space its admin, and does not tell the role of that grant."""
    with desk_at(small_world("1.219.0"), tmp_path / "work") as desk:
        body = {"name": "Of its creator", "inheritParentPermissions": True}
        desk.send("POST", f"/projects/{desk.projects[SOURCE]}/spaces", body)
        before = len(desk.writes())
        desk.apply("--only", "space:of-its-creator")
        assert [(method, path.rpartition("/")[2]) for method, path in desk.writes()[before:]] == [
            ("POST", "spaces")
        ]
        assert desk.plan("--only", "space:of-its-creator")["empty"]
