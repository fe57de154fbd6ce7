"""Runs that are killed between two rows of one field: who may see a space, which metrics carry a tag."""

from __future__ import annotations

import pytest

from lightdash_sync.content.kinds import Kind
from tests.sync.desk import FROM_TO, SOURCE, TARGET, TO, Desk
from tests.sync.killing import kill
from tests.sync.rows import contents_of, differences

AGAIN = ("apply", *FROM_TO, "--yes")
UNDO = ("undo", *TO, "--yes")
LINES = range(2, 9)


def change_rows(desk: Desk) -> None:
    """Let people of the source exchange who may see a space, and which metrics carry a tag."""
    world, project = desk.world, desk.projects[SOURCE]
    board = world.spaces[desk.uuid(Kind.SPACE, "Board", SOURCE)]
    path = f"/projects/{project}/spaces/{board.uuid}/share"
    first = min(board.access)
    new = min(
        uuid
        for uuid, one in world.people.items()
        if uuid not in board.access and one.email in ("editor@kettle.example", "ada.kovac@kettle.example")
    )
    desk.send("POST", path, {"userUuid": new, "spaceRole": "viewer"})
    desk.send("DELETE", f"{path}/{first}")
    tag = desk.uuid(Kind.TAG, "core", SOURCE)
    rows = world.project_rows[project].catalog
    metrics = [uuid for uuid, one in rows.items() if one.definition["fieldType"] == "metric"]
    (had,) = (uuid for uuid in metrics if tag in rows[uuid].categories)
    desk.send("DELETE", f"/projects/{project}/dataCatalog/{had}/categories/{tag}")
    for uuid in [one for one in metrics if one != had][:2]:
        desk.send("POST", f"/projects/{project}/dataCatalog/{uuid}/categories", {"tagUuid": tag})


@pytest.mark.parametrize("line", LINES)
def test_a_plain_apply_goes_on_with_half_of_a_list(desk: Desk, line: int) -> None:
    desk.apply("--adopt-by-name")
    change_rows(desk)
    kill(desk, line, *AGAIN)
    desk.do(*AGAIN)
    assert desk.plan("--delete")["empty"]


@pytest.mark.parametrize("line", LINES)
def test_an_undo_goes_on_with_half_of_a_list(desk: Desk, line: int) -> None:
    desk.apply("--adopt-by-name")
    before = contents_of(desk.world, desk.projects[TARGET])
    change_rows(desk)
    desk.do(*AGAIN)
    kill(desk, line, *UNDO)
    desk.do(*UNDO, may=(0, 4))
    assert differences(before, contents_of(desk.world, desk.projects[TARGET]), frozenset()) == []
