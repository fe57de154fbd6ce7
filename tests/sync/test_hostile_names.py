"""Names that attack a terminal are shown harmlessly by every command that plans and applies."""

from __future__ import annotations

from pathlib import Path

from lightdash_standin.state import World
from lightdash_sync.content.kinds import Kind
from tests.apply.small_world import small_world
from tests.cli.running import Done
from tests.sync.desk import FROM_TO, SOURCE, TARGET, TO, Desk, desk_at
from tests.sync.rows import rows_of

UGLY = ["\x1b[2Jgone", "\x9b31m", "a\rb", "\u202eabc", "[/red] \x1b]0;t\x07", "\u2066\u200bx", "x\x85y"]


def _hostile(world: World) -> World:
    number = 0
    for items in (world.charts, world.dashboards, world.spaces, world.tags, world.sql_charts):
        for item in items.values():
            item.name = f"{UGLY[number % len(UGLY)]} {number}"
            number += 1
    for scheduler in world.schedulers.values():
        scheduler.fields["name"] = UGLY[0]
    for project in world.project_rows.values():
        project.name = f"\x1b[31m{project.name}"
    return world


def _harmless(done: Done) -> None:
    for text in (done.out, done.err):
        assert {char for char in text if not char.isprintable()} <= {"\n"}


def test_no_command_prints_a_control_character(tmp_path: Path) -> None:
    with desk_at(_hostile(small_world()), tmp_path / "work") as desk:
        for form in ("text", "json", "markdown", "html"):
            _harmless(desk.do("plan", *FROM_TO, "--format", form, may=(0, 4)))
        _harmless(desk.do("apply", *FROM_TO, "--allow-twins=all", "--yes"))
        assert desk.content(SOURCE).keys() <= desk.content(TARGET).keys()
        _every_other_command(desk)


def _every_other_command(desk: Desk) -> None:
    for kind, uuid in rows_of(desk.world, desk.projects[TARGET]):
        if kind is Kind.CHART:
            desk.send("PATCH", f"/saved/{uuid}", {"name": "\x1b[5m!\u202e"})
    _harmless(desk.do("plan", *FROM_TO, code=4))
    _harmless(desk.do("apply", *FROM_TO, "--yes", code=4))
    _harmless(desk.do("undo", *TO, "--yes", code=4))
    for more in ([], ["--json"]):
        _harmless(desk.do("link", "show", *TO, "--all", *more))
        _harmless(desk.do("runs", *TO, *more))
    _harmless(desk.do("link", "remove", "chart:\x1b[2J", *TO, may=(2, 4)))
    _harmless(desk.do("undo", "\x1b[2J", *TO, code=1))
    _harmless(desk.do("apply", "\x1b[2J.json", code=1))
    _harmless(desk.do("plan", "--from", "\x1b[2J", *TO, may=(2, 10)))
    _harmless(desk.do("restore", "--at", "\x1b[2J", "--to", TARGET, may=(1, 2)))
