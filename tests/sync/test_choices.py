"""What may be chosen as a source, and how much of it: nobody deletes, or overwrites, by a wrong choice."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_sync.content.kinds import Kind
from tests.sync.desk import FROM_TO, SOURCE, TARGET, TO, Desk
from tests.worlds import can


def items(plan: dict[str, object]) -> list[str]:
    """Return the items that a plan writes, sorted."""
    steps = plan["steps"]
    assert isinstance(steps, list)
    return sorted(f"{step['kind']}:{step['key']}" for step in steps)


def commit(message: str, folder: str) -> None:
    """Commit a folder, as a person does."""
    who = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    for words in (["add", "--", folder], [*who, "commit", "--quiet", "-m", message, "--", folder]):
        subprocess.run(["git", *words], check=True)


def rename(desk: Desk, name: str, new: str, where: str) -> None:
    """Let somebody rename a chart."""
    desk.send("PATCH", f"/saved/{desk.uuid(Kind.CHART, name, where)}", {"name": new})


def test_a_part_of_a_project_is_no_source_for_deletes(desk: Desk) -> None:
    """What was not exported would be taken for deleted."""
    desk.apply("--adopt-by-name")
    desk.do("export", "--env", SOURCE, "--path", "part", "--only", "space,chart")
    with desk.nothing_is_written():
        done = desk.do("apply", "--from", "./part", *TO, "--delete", "--yes", code=4)
    assert "an export of a part" in done.err


def test_a_list_that_comes_back_short_makes_nothing_a_second_time(desk: Desk) -> None:
    """On a machine that never read the target: what no list names is asked for before it is made again."""
    desk.apply("--adopt-by-name")
    shutil.rmtree(desk.folder / "snapshots" / f".{TARGET}.local")
    name = next(iter(desk.world.sql_charts.values())).name
    uuid = desk.uuid(Kind.SQL_CHART, name)
    del desk.world.spaces[desk.world.sql_charts[uuid].space_uuid].sql_charts[uuid]  # no list names it now
    with desk.nothing_is_written():
        done = desk.do("plan", *FROM_TO, code=3)
    assert "its lists do not name it" in done.err


def test_a_token_that_sees_less_makes_nothing_a_second_time(desk: Desk) -> None:
    desk.apply("--adopt-by-name")
    shutil.rmtree(desk.folder / "snapshots" / f".{TARGET}.local")
    uuid = desk.uuid(Kind.CHART, "Orders, again")
    space = desk.world.spaces[desk.world.charts[uuid].space_uuid or ""]
    del space.charts[uuid]
    path = f"/api/v1/saved/{uuid}/history"
    desk.server.app.faults = Faults(rule=lambda _n, _m, at: Fault.status(403) if at == path else None)
    with desk.nothing_is_written():
        done = desk.do("plan", *FROM_TO, code=4)
    assert "may not see chart:orders-again" in done.err


def test_a_revision_is_looked_up_where_the_source_stands_however_it_is_named(desk: Desk) -> None:
    """By an absolute path, in a folder with blanks, or as a commit: never in another snapshot of the commit.

    Each of the snapshots that git has differs from the others, so another base would choose something else.
    """
    folder = "kept (by hand)/my source: it"
    desk.do("init", "--ci", "none")
    desk.do("backup", "--env", SOURCE)
    rename(desk, "Orders, again", "Orders of old", SOURCE)
    desk.do("export", "--env", SOURCE, "--path", folder)
    commit("kept by hand", "kept (by hand)")
    desk.apply("--adopt-by-name")
    rename(desk, "Orders of old", "Orders once more", SOURCE)
    desk.do("export", "--env", SOURCE, "--path", folder)
    commit("newer", "kept (by hand)")
    for side in (
        folder, f"./{folder}", str(desk.folder / folder), f"git:HEAD:./{folder}", f"git:HEAD:{folder}",
    ):  # fmt: skip
        for since, chosen in (("HEAD~1", ["chart:orders-again"]), ("HEAD", [])):
            found = desk.do("plan", "--from", side, *TO, "--json", "--changed-since", since).json
            assert items(found) == chosen, (side, since)
        older = desk.do("plan", "--from", side, *TO, "--changed-since", "HEAD~2", code=1)
        assert "there is no snapshot in" in older.err


def test_a_source_that_git_never_had_has_no_base_there(desk: Desk) -> None:
    """Though the commit has a snapshot, of another environment: nothing is compared with that."""
    desk.do("init", "--ci", "none")
    desk.do("backup", "--env", TARGET)
    with desk.nothing_is_written():
        done = desk.do("plan", *FROM_TO, "--changed-since", "HEAD", code=1)
        assert "there is no snapshot in" in done.err
        desk.do("export", "--env", SOURCE)
        side = str(desk.folder / "snapshots" / SOURCE)
        done = desk.do("plan", "--from", side, *TO, "--changed-since", "HEAD", code=1)
        assert "there is no snapshot in" in done.err


def test_what_was_saved_since_a_time_or_revision_can_be_chosen(desk: Desk) -> None:
    desk.do("init", "--ci", "none")
    desk.do("backup", "--env", SOURCE)
    desk.apply("--adopt-by-name")
    rename(desk, "Orders, again", "Orders once more", SOURCE)
    desk.do("export", "--env", SOURCE)
    side = f"./snapshots/{SOURCE}"
    since = desk.do("plan", "--from", side, *TO, "--json", "--changed-since", "HEAD").json
    assert items(since) == ["chart:orders-again"]
    assert items(desk.plan("--changed-since", "2099-01-01")) == []
    desk.do("plan", *FROM_TO, "--changed-since", "no-such-revision", code=1)


def test_files_of_the_own_project_that_are_older_than_it_are_drift(desk: Desk) -> None:
    """Without any sync before: the version tells that somebody saved an item after the snapshot was taken."""
    desk.do("export", "--env", SOURCE)
    uuid = desk.uuid(Kind.CHART, "Orders, again", SOURCE)
    now = desk.send("GET", f"/saved/{uuid}")
    body = {name: now[name] for name in ("tableName", "metricQuery", "chartConfig", "tableConfig")}
    desk.send("POST", f"/saved/{uuid}/version", {**body, "metricQuery": {**body["metricQuery"], "limit": 7}})
    own = ("--from", f"./snapshots/{SOURCE}", "--to", SOURCE)
    with desk.nothing_is_written():
        plan = desk.do("plan", *own, "--json", code=4).json
    assert [one["item"] for one in plan["drift"]] == ["chart:orders-again"]
    allowed = desk.do("plan", *own, "--json", "--allow-drift", "chart:orders-again").json
    assert items(allowed) == ["chart:orders-again"]


def test_linked_items_are_compared_as_one_whatever_their_keys(desk: Desk) -> None:
    """Both sides were exported before they were linked, and slugs differ on an older server."""
    desk.apply("--adopt-by-name")
    shutil.rmtree(desk.memory)
    shutil.rmtree(desk.folder / "snapshots" / f".{TARGET}.local")
    desk.do("export", "--env", SOURCE)
    desk.do("export", "--env", TARGET)
    apart = desk.do("diff", SOURCE, TARGET, "--json").json
    if can("chosen_slugs"):  # copies have the slugs of their source there, hence the same keys
        assert {one["status"] for one in apart["items"]} <= {"changed"}
        return
    assert {"created", "deleted"} <= {one["status"] for one in apart["items"]}
    desk.do("link", "adopt", "--from", SOURCE, *TO, "--by", "name")
    together = desk.do("diff", SOURCE, TARGET, "--json").json
    alone = {one["name"] for one in together["items"] if one["status"] != "changed"}
    assert alone == {"Orders"}  # two have this name, and nobody said which is which


@pytest.mark.parametrize("said", ["nothing", "chart", "chart:", "chart:../x", "thing:x"])
def test_what_is_no_item_is_wrong_usage(desk: Desk, said: str) -> None:
    desk.do("apply", *FROM_TO, "--adopt", f"{said}=0f51132b-64b2-4c9b-9bca-ab8cc2a87271", code=2)


def test_where_nobody_can_say_yes_nothing_is_written(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/null").open() as nobody, desk.nothing_is_written():
        monkeypatch.setattr("sys.stdin", nobody)
        done = desk.do("apply", *FROM_TO, "--adopt-by-name", code=2)
        desk.do("apply", "no-such-plan.json", code=1)
    assert "--yes" in done.err
