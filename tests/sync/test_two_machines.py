"""Two applies to one target at the same time, from machines that do not know of each other."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

from lightdash_sync.content.json import JsonObject
from lightdash_sync.content.kinds import Kind
from lightdash_sync.sync.apply.journal import Journal
from lightdash_sync.sync.plan.operations import Operation
from tests.cli.running import Done, run_process
from tests.sync.desk import FROM_TO, SOURCE, TARGET, TO, Desk
from tests.sync.people import People
from tests.sync.rows import rows_of


@contextmanager
def meanwhile(event: str, number: int, happens: Callable[[], None]) -> Iterator[None]:
    """Let something happen before a line of a run's journal is written: the n-th one of an event."""
    came, real = 0, getattr(Journal, event)

    def write(journal: Journal, operation: Operation, *more: JsonObject) -> None:
        nonlocal came
        came += 1
        if came == number:
            happens()
        real(journal, operation, *more)

    with patch.object(Journal, event, write):
        yield


def other_machine(desk: Desk, *arguments: str) -> Done:
    """Run the command in another directory, with nothing that this one remembers."""
    home = desk.folder.parent / "other"
    home.mkdir(exist_ok=True)
    shutil.copy(desk.folder / "lightdash-sync.toml", home)
    return run_process(*arguments, home=home, env=desk.env)


def test_what_another_apply_made_first_is_not_made_a_second_time(desk: Desk) -> None:
    """It came between the plan of this one and its first write: the last look finds it."""
    others: list[Done] = []

    def apply_there() -> None:
        others.append(other_machine(desk, "apply", *FROM_TO, "--adopt-by-name", "--yes"))

    with meanwhile("begun", 1, apply_there):
        done = desk.apply("--adopt-by-name", code=3)
    assert others[0].code == 0, others[0].err
    assert not done["complete"]
    said = " ".join(one["error"]["message"] for one in done["failed"])
    assert "somebody made a space called Board in the same place" in said
    kinds = [
        sorted(kind for kind, _ in rows_of(desk.world, desk.projects[where])) for where in (SOURCE, TARGET)
    ]
    assert kinds[0] == kinds[1]
    shutil.rmtree(desk.memory)
    shutil.copytree(desk.folder.parent / "other" / "snapshots" / desk.memory.name, desk.memory)
    desk.apply()
    assert desk.plan("--delete")["empty"]


def test_a_delivery_that_another_apply_made_first_is_not_made_a_second_time(desk: Desk) -> None:
    """Nobody gets two mails."""
    desk.apply("--adopt-by-name")
    dashboard = desk.uuid(Kind.DASHBOARD, "Overview", SOURCE)
    uuid = desk.scheduler(SOURCE)
    fields = desk.send("GET", f"/schedulers/{uuid}")
    names = ("format", "cron", "options", "targets")
    body = {name: fields[name] for name in names} | {"name": "Another"}
    desk.send("POST", f"/dashboards/{dashboard}/schedulers", body)
    there = desk.uuid(Kind.DASHBOARD, "Overview")

    def somebody() -> None:
        desk.send("POST", f"/dashboards/{there}/schedulers", body)

    with meanwhile("begun", 1, somebody):
        done = desk.apply(code=3)
    assert "called Another in the same place" in done["failed"][0]["error"]["message"]


def test_what_was_made_twice_is_named_and_can_be_taken_back(desk: Desk) -> None:
    """It came between the last look and the create, and only the reading back can tell. It stays."""
    before = rows_of(desk.world, desk.projects[TARGET]).keys()
    query = {
        name: value
        for name, value in desk.send("GET", f"/saved/{People(desk, SOURCE).chart}").items()
        if name in ("tableName", "metricQuery", "chartConfig", "tableConfig")
    }
    made: list[str] = []

    def somebody() -> None:
        # Named like that one afterwards: it has another slug on every version, so no slug tells of it.
        body = {**query, "name": "Orders, again and again", "spaceUuid": desk.uuid(Kind.SPACE, "Board")}
        project = desk.projects[TARGET]
        made.append(desk.send("POST", f"/projects/{project}/saved", body)["uuid"])
        desk.send("PATCH", f"/saved/{made[0]}", {"name": "Orders, again"})

    with meanwhile("done", 4, somebody):
        done = desk.do("apply", *FROM_TO, "--adopt-by-name", "--yes", code=3)
    (uuid,) = made
    assert "somebody else made the same" in done.out
    assert "chart:orders-again" in done.out
    assert uuid in done.out
    assert f"undo {desk.runs[-1].name}" in done.out
    with desk.nothing_is_written():
        refused = desk.do("undo", desk.runs[-1].name, *TO, "--yes", code=4)
    assert "chart:orders-again-" in refused.err  # it is in a space that the run made
    desk.send("PATCH", f"/saved/{uuid}", {"spaceUuid": desk.uuid(Kind.SPACE, "Shared")})
    desk.do("undo", desk.runs[-1].name, *TO, "--yes")
    left = rows_of(desk.world, desk.projects[TARGET]).keys() - before
    assert left == {(Kind.CHART, uuid)}


def test_undoing_the_side_that_came_second_leaves_what_the_other_made(desk: Desk) -> None:
    """What a run was to create, and another had made first, is not its own, whatever its key."""
    theirs: dict[tuple[Kind, str], str] = {}

    def apply_there() -> None:
        other_machine(desk, "apply", *FROM_TO, "--adopt-by-name", "--yes")
        theirs.update(rows_of(desk.world, desk.projects[TARGET]))

    with meanwhile("begun", 1, apply_there):
        desk.apply("--adopt-by-name", code=3)
    desk.do("undo", *TO, "--yes", "--allow-drift", "all", may=(0, 1, 4))
    left = rows_of(desk.world, desk.projects[TARGET])
    assert {row: left.get(row) for row in theirs} == theirs
