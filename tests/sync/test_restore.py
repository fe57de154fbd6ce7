"""An environment is put back to what its snapshot in git was, whole or in part."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lightdash_sync.content.kinds import Kind
from tests.apply.small_world import small_world
from tests.cli.nights import bare_machine
from tests.git.hands import Hands
from tests.sync.desk import SOURCE, Desk, desk_at
from tests.sync.killing import kill
from tests.sync.people import EDITS, People

TO = ("--to", SOURCE)


@pytest.fixture
def backed_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A project that is backed up in git, and tagged `good`."""
    (tmp_path / "home").mkdir()
    bare_machine(monkeypatch, tmp_path / "home")
    hands = Hands(tmp_path / "work")
    hands.begin()
    with desk_at(small_world(), hands.root) as desk:
        desk.do("backup", "--env", SOURCE)
        hands.git("tag", "good")
        yield desk


def keys(desk: Desk) -> set[str]:
    """Return the files of the last committed snapshot."""
    return Hands(desk.folder).paths("HEAD", f"snapshots/{SOURCE}")


def test_every_change_is_taken_back(backed_up: Desk) -> None:
    desk = backed_up
    before, people = desk.content(SOURCE), People(desk, SOURCE)
    for change, _ in EDITS.values():
        change(people)
    assert desk.content(SOURCE) != before
    desk.do("restore", "--at", "good", *TO, "--yes", "--delete", code=4)  # no backup has it
    assert desk.content(SOURCE) != before
    desk.do("restore", "--at", "good", *TO, "--yes", "--delete", "--allow-drift", "all")
    assert desk.content(SOURCE) == before


def test_a_chart_is_put_back_by_the_servers_own_rollback(backed_up: Desk) -> None:
    desk = backed_up
    people = People(desk, SOURCE)
    query = desk.world.charts[people.chart].version.metric_query["limit"]
    people.chart_query()
    desk.do("backup", "--env", SOURCE)
    start = len(desk.writes())
    desk.do("restore", "--at", "good", *TO, "--yes")
    assert ["rollback" in path for _, path in desk.writes()[start:]] == [True]
    assert desk.world.charts[people.chart].version.metric_query["limit"] == query


def test_what_was_deleted_comes_back_under_its_key(backed_up: Desk) -> None:
    """In the next backup it is the same file, so that its history in git goes on.

    The server has none of the versions of before any more: they are of another uuid.
    """
    desk = backed_up
    before = keys(desk)
    desk.send("DELETE", f"/dashboards/{desk.uuid(Kind.DASHBOARD, 'Overview', SOURCE)}")
    desk.do("backup", "--env", SOURCE, "--accept-shrink")
    assert {"dashboards/overview.json", "charts/inside.json"} <= before - keys(desk)
    told = desk.do("restore", "--at", "good", *TO, "--yes")
    assert "another uuid" in told.out
    desk.do("backup", "--env", SOURCE)
    assert {path for path in before if "history/" not in path} <= keys(desk)
    with desk.nothing_is_written():
        desk.do("restore", "--at", "good", *TO, "--yes")


def test_what_was_put_back_and_changed_again_is_put_back_again(backed_up: Desk) -> None:
    """It is another chart by now, which has none of the versions of the first."""
    desk = backed_up
    before = desk.content(SOURCE)
    desk.send("DELETE", f"/saved/{desk.uuid(Kind.CHART, 'Orders, again', SOURCE)}")
    desk.do("restore", "--at", "good", *TO, "--yes")
    assert desk.content(SOURCE) == before
    People(desk, SOURCE).chart_query()
    assert desk.content(SOURCE) != before
    desk.do("backup", "--env", SOURCE)
    desk.do("restore", "--at", "good", *TO, "--yes")
    assert desk.content(SOURCE) == before


def test_a_backup_in_the_second_of_a_restore_is_the_newer_one(backed_up: Desk) -> None:
    """It holds what people changed after the restore: no drift, whatever the times of commits tell."""
    desk = backed_up
    before = desk.content(SOURCE)
    desk.send("DELETE", f"/saved/{desk.uuid(Kind.CHART, 'Orders, again', SOURCE)}")
    desk.do("restore", "--at", "good", *TO, "--yes")
    People(desk, SOURCE).chart_query()
    desk.do("backup", "--env", SOURCE)
    committed = datetime.fromtimestamp(int(Hands(desk.folder).git("log", "-1", "--format=%ct")), UTC)
    (run,) = (desk.folder / "snapshots" / f".{SOURCE}.local" / "runs").iterdir()
    run.rename(run.with_name(f"{committed:%Y%m%dT%H%M%SZ}-{run.name.partition('-')[2]}"))
    desk.do("restore", "--at", "good", *TO, "--yes")
    assert desk.content(SOURCE) == before


def test_only_what_was_chosen_is_put_back(backed_up: Desk) -> None:
    desk = backed_up
    people = People(desk, SOURCE)
    people.chart_name()
    people.inside_name()
    desk.do("backup", "--env", SOURCE)
    desk.do("restore", "--at", "good", *TO, "--yes", "--only", "chart:inside")
    assert len(desk.uuids(Kind.CHART, "Inside", SOURCE)) == 1
    assert desk.uuids(Kind.CHART, "Orders, again", SOURCE) == []


def test_what_is_new_stays_unless_its_delete_is_asked_for(backed_up: Desk) -> None:
    desk = backed_up
    people = People(desk, SOURCE)
    body = {"name": "New", "spaceUuid": people.sales, "tiles": [], "tabs": []}
    desk.send("POST", f"/projects/{desk.projects[SOURCE]}/dashboards", body)
    desk.do("backup", "--env", SOURCE)
    with desk.nothing_is_written():
        desk.do("restore", "--at", "good", *TO, "--yes")
        said = desk.do("restore", "--at", "good", *TO, "--delete", "--dry-run", "--json").json
    assert [(step["action"], step["name"]) for step in said["steps"]] == [("delete", "New")]
    desk.do("restore", "--at", "good", *TO, "--yes", "--delete")
    assert desk.uuids(Kind.DASHBOARD, "New", SOURCE) == []


def test_a_date_means_the_last_snapshot_by_then(backed_up: Desk) -> None:
    desk = backed_up
    before = desk.content(SOURCE)
    People(desk, SOURCE).inside_name()
    desk.do("restore", "--at", "2099-01-01", *TO, "--yes", "--allow-drift", "chart:inside")
    assert desk.content(SOURCE) == before
    done = desk.do("restore", "--at", "2001-01-01", *TO, "--yes", code=2)
    assert "no snapshot of source from 2001-01-01 or before" in done.err
    desk.do("restore", "--at", "nothing-like-it", *TO, "--yes", code=1)


def test_a_day_means_the_whole_day(backed_up: Desk) -> None:
    """What was backed up on Tuesday is how it was on Tuesday."""
    hands = Hands(backed_up.folder)
    seconds = int(hands.git("log", "-1", "--format=%at").strip())
    day = datetime.fromtimestamp(seconds, UTC).date()
    backed_up.do("restore", "--at", day.isoformat(), *TO, "--dry-run")
    backed_up.do("restore", "--at", f"{day}T00:00:00", *TO, "--dry-run", code=2)


def test_a_restore_can_be_undone(backed_up: Desk) -> None:
    desk = backed_up
    People(desk, SOURCE).chart_query()
    after = desk.content(SOURCE)
    desk.do("backup", "--env", SOURCE)
    desk.do("restore", "--at", "good", *TO, "--yes")
    assert desk.content(SOURCE) != after
    desk.do("undo", *TO, "--yes")
    assert desk.content(SOURCE) == after


@pytest.mark.parametrize("line", [2, 3, 4, 5, 7, 9, 12, 15])
def test_a_restore_that_was_killed_is_gone_on_with_by_itself(backed_up: Desk, line: int) -> None:
    """What it had put back before is known, and not made a second time."""
    desk = backed_up
    before, people = desk.content(SOURCE), People(desk, SOURCE)
    desk.send("DELETE", f"/dashboards/{people.dashboard}")
    people.chart_query()
    people.sql_text()
    again = ("restore", "--at", "good", *TO, "--yes", "--allow-drift=all")
    assert kill(desk, line, *again)
    if line % 2:
        kill(desk, 3, *again)
    desk.do(*again)
    assert desk.content(SOURCE) == before
    assert len(desk.uuids(Kind.DASHBOARD, "Overview", SOURCE)) == 1
    assert desk.do("restore", "--at", "good", *TO, "--dry-run", "--json").json["empty"]
