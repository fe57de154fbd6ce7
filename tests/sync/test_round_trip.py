"""A project comes to an empty one, and back out of it, as it was."""

from __future__ import annotations

from pathlib import Path

from lightdash_sync.content.json import canonical
from lightdash_sync.content.kinds import Kind
from lightdash_sync.snapshot.verify import verify
from tests.sync.desk import FROM_TO, SOURCE, TARGET, TO, Desk, desk_at, read
from tests.worlds import can, demo_world

VERIFIED = {"charts/weekly-revenue.json", "dashboards/regions.json"}


def test_a_whole_project_comes_out_of_another_as_it_was(tmp_path: Path) -> None:
    """Byte for byte and under the same keys, but for this list. Then there is nothing left to do.

    Not carried over: comments, the project's own settings, a chart inside a dashboard that shows it nowhere,
    a grant whose role the API does not tell (before 1.104.0), and that something is verified. Schedulers
    arrive paused, and belong to whoever brings them.
    """
    with desk_at(demo_world(), tmp_path / "work") as desk:
        applied = desk.apply("--adopt-by-name")
        assert (applied["complete"], applied["failed"], applied["mismatches"]) == (True, [], [])
        here, there = desk.export(SOURCE), desk.export(TARGET)
        differ = {path for path in here.keys() | there.keys() if here.get(path) != there.get(path)}
        schedulers = {path for path in differ if path.startswith("schedulers/")}
        verified = {path for path in differ if path in here and read(here, path).get("verification")}
        assert verified == (VERIFIED if can("verification") else set())
        assert differ - schedulers - verified == {
            "charts/why-people-leave.json", "comments/sales-overview.json", "project.json",
            *(() if can("own_access_only") else ("spaces/roastery-floor.json",)),
        }  # fmt: skip
        for path in schedulers:
            owner = read(there, path)["owner"]
            assert canonical(read(here, path) | {"enabled": False, "owner": owner}) == there[path]
        for path in verified:
            assert canonical(read(here, path) | {"verification": None}) == there[path]
        _nothing_is_left(desk)
        assert desk.world.crashes == []


def _nothing_is_left(desk: Desk) -> None:
    with desk.nothing_is_written():
        again = desk.plan("--delete")
        assert (again["empty"], again["refusals"], again["drift"]) == (True, [], [])
        assert desk.do("plan", *FROM_TO, "--exit-code").code == 0
        assert desk.apply("--delete")["empty"]
    assert verify(desk.memory).damages == []


def test_a_second_sync_carries_only_what_changed(desk: Desk) -> None:
    desk.apply("--adopt-by-name")
    uuid = desk.uuid(Kind.CHART, "Inside", SOURCE)
    desk.send("PATCH", f"/saved/{uuid}", {"name": "Within"})
    assert desk.do("plan", *FROM_TO, "--exit-code", code=6).code == 6
    before = len(desk.writes())
    applied = desk.apply()
    assert [(one["key"], one["result"]) for one in applied["items"]] == [("inside", "updated")]
    (written,) = desk.writes()[before:]
    assert written[0] == "PATCH"
    _nothing_is_left(desk)


def test_from_a_directory_and_from_a_server_it_is_the_same_plan(desk: Desk) -> None:
    desk.export(SOURCE)
    live = desk.plan("--adopt-by-name")
    stored = desk.do("plan", "--from", "./snapshots/source", *TO, "--adopt-by-name", "--json").json
    assert live["steps"] == stored["steps"]


def test_an_item_that_a_sync_created_has_the_key_of_its_source_in_every_export(desk: Desk) -> None:
    """So that the snapshots of both sides can be compared file by file."""
    desk.apply("--adopt-by-name")
    here, there = desk.content(SOURCE), desk.content(TARGET)
    assert here == there


def test_an_older_snapshot_keeps_the_keys_that_it_gave(desk: Desk) -> None:
    """Keys never change: what was exported before it was known to be of a sync is called as it was.

    Servers that take a slug on creation give both projects the same keys in the first place.
    """
    desk.apply("--adopt-by-name")
    kept = desk.memory.rename(desk.folder / "aside")
    own = desk.export(TARGET)
    assert (own.keys() == desk.export(SOURCE).keys()) == can("content_as_code")
    kept.rename(desk.memory)
    desk.do("export", "--env", TARGET, "--no-history", "--full")
    after = {one.name for one in (desk.folder / "snapshots" / TARGET).glob("*/*.json")}
    assert {Path(path).name for path in own if "/" in path} <= after
