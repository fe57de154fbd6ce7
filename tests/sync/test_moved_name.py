"""A name of a project that moves: a preview made anew under it, a project renamed. All commands agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apply.small_world import small_world
from tests.cli.nights import bare_machine
from tests.cli.running import Done
from tests.dialects import preview_of
from tests.git.hands import Hands
from tests.sync.desk import SOURCE, TARGET, Desk, desk_at

NAME = "My preview"


def _preview(desk: Desk) -> str:
    """Make a preview of that name, and let the settings name it by its name."""
    body = {"name": NAME, "copyContent": False}
    made = desk.send("POST", f"/projects/{desk.projects[SOURCE]}/createPreview", body)
    return preview_of(made, desk.world)


PLAN = ("plan", "--from", SOURCE, "--to", TARGET, "--adopt-by-name")


def _commands(desk: Desk, code: int) -> list[Done]:
    """Run every command that builds on the snapshot of an environment."""
    return [
        desk.do("diff", SOURCE, f"env:{TARGET}", code=code),
        desk.do("status", "--live", code=code),
        desk.do("backup", "--env", TARGET, code=code),
    ]


@pytest.mark.parametrize("how", ["deleted", "renamed"])
def test_a_name_that_moved_is_looked_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The uuid that the snapshot remembers is not asked any more; its snapshot is not overwritten."""
    (tmp_path / "home").mkdir()
    bare_machine(monkeypatch, tmp_path / "home")
    hands = Hands(tmp_path / "work")
    hands.begin()
    with desk_at(small_world(), hands.root) as desk:
        first = _preview(desk)
        desk.settle(**{TARGET: NAME})
        desk.do("backup", "--env", TARGET)
        desk.do(*PLAN)
        if how == "deleted":
            desk.send("DELETE", f"/org/projects/{first}")
        else:
            desk.world.project_rows[first].name = "Another name"
        second = _preview(desk)
        assert first not in desk.do(*PLAN, "--json").out
        for done in _commands(desk, 4):
            assert f"holds a snapshot of another project ('{NAME}', {first})" in done.err, done.err
            assert "git mv" in done.err
        hands.git("mv", f"snapshots/{TARGET}", "snapshots/former")
        hands.git("commit", "-qm", "Keep the former preview")
        _commands(desk, 0)
        assert second in (hands.root / f"snapshots/{TARGET}/identity.json").read_text()
        assert f"({second})" in desk.do("doctor", "--env", TARGET).out


def test_a_name_that_nobody_has_any_more_is_said(tmp_path: Path) -> None:
    with desk_at(small_world(), tmp_path / "work") as desk:
        _preview(desk)
        desk.settle(**{TARGET: NAME})
        desk.do("export", "--env", TARGET)
        for uuid, row in desk.world.project_rows.items():
            if row.name == NAME:
                desk.world.project_rows[uuid].name = "Renamed"
        assert f"there is no project '{NAME}'" in desk.do("export", "--env", TARGET, code=2).err
