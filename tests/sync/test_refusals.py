"""What a plan refuses unless a person says otherwise; then nothing at all is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lightdash_sync.content.kinds import Kind
from tests.dialects import preview_of
from tests.sync.desk import FROM_TO, SOURCE, TARGET, TO, Desk, desk_at
from tests.worlds import generated_world


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A hundred charts on both sides."""
    world = generated_world(
        charts=100, versions=1, dashboards=0, tiles=0, spaces=1, schedulers=0, sql_charts=0, tags=0
    )
    with desk_at(world, tmp_path_factory.mktemp("many") / "work") as desk:
        desk.apply("--adopt-by-name")
        yield desk


def test_deletes_are_limited_in_number(many: Desk) -> None:
    """20 of 100 may go; 21 only if it is said."""
    desk = many
    spaces = {uuid for uuid, one in desk.world.spaces.items() if one.project_uuid == desk.projects[SOURCE]}
    charts = [uuid for uuid, one in desk.world.charts.items() if one.space_uuid in spaces]
    for uuid in charts[:20]:
        desk.send("DELETE", f"/saved/{uuid}")
    plan = desk.plan("--delete")
    assert (plan["counts"]["delete"], plan["limits"]) == (20, [])
    desk.send("DELETE", f"/saved/{charts[20]}")
    with desk.nothing_is_written():
        plan = desk.plan("--delete", code=4)
        assert "21 of 100 charts would be deleted" in plan["limits"][0]
        desk.do("apply", *FROM_TO, "--yes", "--delete", code=4)
        assert desk.plan()["empty"]
        assert desk.plan("--delete", "--max-deletes=21")["limits"] == []
        desk.plan("--delete", "--max-deletes=20", code=4)


def test_an_empty_source_is_refused(desk: Desk) -> None:
    """An empty project, or a directory with an empty snapshot, does not empty the target."""
    desk.apply("--adopt-by-name")
    body = {"name": "Empty", "copyContent": False}
    empty = preview_of(
        desk.send("POST", f"/projects/{desk.projects[SOURCE]}/createPreview", body), desk.world
    )
    desk.settle(empty=empty)
    (space,) = desk.uuids(Kind.SPACE, "Shared", "empty")
    desk.send("DELETE", f"/projects/{empty}/spaces/{space}")
    with desk.nothing_is_written():
        for more in ([], ["--max-deletes=1000"]):
            done = desk.do("apply", "--from", "empty", *TO, "--delete", "--yes", *more, code=4)
            assert "the source is empty" in done.err


def test_what_is_there_already_is_neither_taken_over_nor_doubled(desk: Desk) -> None:
    """An item of the same name in the same place is a question; each answer is an option."""
    with desk.nothing_is_written():
        assert [one["item"] for one in desk.plan(code=4)["twins"]] == ["space:shared"]
        desk.do("apply", *FROM_TO, "--yes", code=4)
    uuid = desk.uuid(Kind.SPACE, "Shared")
    assert desk.plan("--adopt", f"space:shared={uuid}")["twins"] == []
    assert desk.plan("--allow-twins", "space:shared")["counts"]["create"] == 13
    with desk.nothing_is_written():
        other = desk.uuid(Kind.SPACE, "Shared", SOURCE)
        assert (
            "cannot be adopted" in desk.do("plan", *FROM_TO, "--adopt", f"space:shared={other}", code=4).err
        )


def test_nobody_gets_mail_that_the_environment_does_not_allow(desk: Desk) -> None:
    """Recipients that match none of the patterns in the settings are refused, before anything is written."""
    desk.settle('recipients = ["*@elsewhere.example"]\n')
    with desk.nothing_is_written():
        refusals = desk.plan("--adopt-by-name", code=4)["refusals"]
        assert [one["item"] for one in refusals] == ["scheduler:overview-each-hour"]
        desk.do("apply", *FROM_TO, "--adopt-by-name", "--yes", code=4)
    desk.settle('recipients = ["*@kettle.example"]\n')
    desk.apply("--adopt-by-name")


def test_schedulers_arrive_paused_and_are_switched_on_only_if_that_is_said(desk: Desk) -> None:
    desk.apply("--adopt-by-name")
    new = desk.scheduler()
    assert (desk.world.schedulers[new].enabled, len(desk.world.schedulers[new].targets)) == (False, 1)
    assert desk.plan()["empty"]
    desk.apply("--enable-schedulers")
    assert desk.world.schedulers[new].enabled
    assert desk.plan()["empty"]


def test_an_explore_that_is_missing_is_told_before_the_first_write(desk: Desk) -> None:
    desk.world.project_rows[desk.projects[TARGET]].explores.pop("orders")
    with desk.nothing_is_written():
        plan = desk.plan("--adopt-by-name", code=4)
    assert {one["code"] for one in plan["problems"]} >= {"missing_explore"}


def test_the_memory_of_another_project_is_not_used(desk: Desk, tmp_path: Path) -> None:
    desk.apply("--adopt-by-name")
    desk.settle(**{TARGET: desk.projects[SOURCE]})
    with desk.nothing_is_written():
        assert "remembers another project" in desk.do("plan", *FROM_TO, code=4).err
    desk.memory.rename(tmp_path / "aside")
    assert desk.plan()["empty"]


def test_a_damaged_reading_of_the_target_is_made_anew(desk: Desk) -> None:
    """It is only there to save requests."""
    desk.apply("--adopt-by-name")
    live = desk.folder / "snapshots" / f".{TARGET}.local" / "live"
    (live / "identity.json").write_bytes(b"{")
    assert desk.plan()["empty"]
    (live / "snapshot.json").unlink()
    assert desk.plan()["empty"]


def test_a_tag_does_not_take_the_name_of_another_where_there_can_be_only_one(desk: Desk) -> None:
    """Also of one that is linked: people may have renamed it. No flag allows it, for the server would not."""
    desk.apply("--adopt-by-name")
    tag = desk.uuid(Kind.TAG, "core")
    desk.send("PATCH", f"/projects/{desk.projects[TARGET]}/tags/{tag}", {"name": "Lead", "color": "#123456"})
    mine = f"/projects/{desk.projects[SOURCE]}/tags"
    desk.send("DELETE", f"{mine}/{desk.uuid(Kind.TAG, 'core', SOURCE)}")
    desk.send("POST", mine, {"name": "Lead", "color": "#654321"})
    if desk.world.can("equal_tag_names"):
        desk.apply("--allow-twins=all")
        assert len(desk.uuids(Kind.TAG, "Lead")) == 2
        return
    plan = desk.plan("--allow-twins=all", "--allow-broken=all", code=4)
    assert [(one["item"], one["code"]) for one in plan["refusals"]] == [("tag:lead", "name_taken")]
