"""An apply can be taken back: the target is again what it was, as far as the server can."""

from __future__ import annotations

from random import Random

import pytest

from lightdash_sync.content.kinds import Kind
from lightdash_sync.snapshot.layout import item_path
from tests.sync.desk import FROM_TO, SOURCE, TARGET, TO, Desk, read
from tests.sync.people import EDITS, People
from tests.sync.rows import rows_of

ALL = ("--delete", "--max-deletes=1000", "--allow-twins=all", "--allow-broken=all", "--allow-drift=all")


def test_a_first_sync_is_taken_back_whole(desk: Desk) -> None:
    before = desk.content(TARGET)
    rows = rows_of(desk.world, desk.projects[TARGET])
    desk.apply("--adopt-by-name")
    run = desk.runs[-1].name
    done = desk.do("undo", run, *TO, "--yes", "--json").json
    assert (done["undoes"], done["complete"], done["counts"]["deleted"]) == (run, True, 10)
    assert desk.content(TARGET) == before
    assert rows_of(desk.world, desk.projects[TARGET]) == rows
    states = [(one["purpose"], one["state"]) for one in desk.do("runs", *TO, "--json").json["runs"]]
    assert states == [("undo", "done"), ("sync", "undone")]
    assert "was undone already" in desk.do("undo", run, *TO, "--yes", code=4).err
    desk.apply()
    assert desk.content(SOURCE) == desk.content(TARGET)


def test_each_change_is_taken_back(desk: Desk) -> None:
    """A change of every field, brought to the target and taken back, is no change."""
    desk.apply("--adopt-by-name")
    before, people = desk.content(TARGET), People(desk, SOURCE)
    for change, _ in EDITS.values():
        change(people)
    desk.apply()
    assert desk.content(SOURCE) == desk.content(TARGET) != before
    desk.do("undo", *TO, "--yes")
    assert desk.content(TARGET) == before
    assert desk.plan()["drift"] == []


def test_a_chart_gets_the_very_version_back_that_it_had(desk: Desk) -> None:
    """By the server's own rollback, so that nobody's work is said to be the tool's."""
    desk.apply("--adopt-by-name")
    People(desk, SOURCE).chart_query()
    desk.apply()
    before = len(desk.writes())
    desk.do("undo", *TO, "--yes")
    assert ["rollback" in path for _, path in desk.writes()[before:]] == [True]


def test_what_was_deleted_comes_back_and_what_is_lost_is_told(desk: Desk) -> None:
    """Under another uuid, and linked as it was, so that the next sync makes no second one."""
    desk.apply("--adopt-by-name")
    before = desk.content(TARGET)
    desk.send("DELETE", f"/dashboards/{desk.uuid(Kind.DASHBOARD, 'Overview', SOURCE)}")
    desk.apply("--delete")
    assert desk.content(TARGET) != before
    desk.do("undo", *TO, "--yes")
    assert desk.content(TARGET) == before
    assert desk.plan("--delete")["counts"]["delete"] == 3


def test_what_somebody_did_since_is_not_taken_back_unasked(desk: Desk) -> None:
    desk.apply("--adopt-by-name")
    People(desk, SOURCE).chart_query()
    desk.apply()
    People(desk, TARGET).chart_name()
    with desk.nothing_is_written():
        assert "chart:orders-again" in desk.do("undo", *TO, "--yes", code=4).err
    desk.do("undo", *TO, "--yes", "--allow-drift", "chart:orders-again")
    assert len(desk.uuids(Kind.CHART, "Orders, again")) == 1


def test_a_dry_run_writes_nothing_and_one_without_a_run_says_so(desk: Desk) -> None:
    assert "there is no run here" in desk.do("undo", *TO, "--yes", code=1).err
    desk.apply("--adopt-by-name")
    with desk.nothing_is_written():
        said = desk.do("undo", *TO, "--dry-run", "--json").json
        assert said["counts"]["delete"] == 10
        assert "stdin is not a terminal" in desk.do("undo", *TO, code=2).err


def test_an_undo_can_be_taken_back_too(desk: Desk) -> None:
    desk.apply("--adopt-by-name")
    People(desk, SOURCE).chart_query()
    desk.apply()
    before, after, run = desk.content(SOURCE), desk.content(TARGET), desk.runs[-1].name
    desk.do("undo", *TO, "--yes")
    undo = desk.runs[-1].name
    with desk.nothing_is_written():  # whoever says it twice wants nothing back
        said = desk.do("undo", *TO, "--yes", code=4).err
    assert f"{undo} undid {run}" in " ".join(said.split())
    assert f"lightdash-sync undo {undo} --to" in " ".join(said.split())
    desk.do("undo", undo, *TO, "--yes")
    assert desk.content(TARGET) == after == before


def test_a_chart_that_left_its_dashboard_stays_where_it_is_and_all_else_is_taken_back(desk: Desk) -> None:
    """Lightdash moves no chart into a dashboard; undo says so before it does anything."""
    desk.apply("--adopt-by-name")
    before, people = desk.content(TARGET), People(desk, SOURCE)
    chart, space = (desk.uuid(*one, SOURCE) for one in ((Kind.CHART, "Inside"), (Kind.SPACE, "Sales")))
    desk.send("PATCH", f"/saved/{chart}", {"spaceUuid": space, "description": "Out of it"})
    people.chart_query()
    desk.apply()
    with desk.nothing_is_written():
        refused = desk.do("undo", *TO, "--yes", code=4)
    assert "--allow-broken chart:inside leaves it where it is" in refused.out
    desk.do("undo", *TO, "--yes", "--allow-broken", "chart:inside")
    after = desk.content(TARGET)
    assert _differing(before, after) == {"charts/inside.json"}
    now, then = read(after, "charts/inside.json"), read(before, "charts/inside.json")
    assert (now.pop("space"), then.pop("dashboard")) == ("sales", "overview")
    assert now == then


def test_what_was_pinned_and_deleted_is_pinned_again(desk: Desk) -> None:
    """Lightdash unpins what it deletes; the plan says so, also where the source has no pins at all."""
    desk.apply("--adopt-by-name")
    pinned = desk.uuid(Kind.CHART, "Orders, again")
    world = desk.world
    for chart in world.charts.values():
        chart.pin_order = 0 if chart.uuid == pinned else None
    for dashboard in world.dashboards.values():
        dashboard.pin_order = None
    desk.send("DELETE", f"/saved/{desk.uuid(Kind.CHART, 'Orders, again', SOURCE)}")
    before = desk.content(TARGET)
    applied = desk.apply("--delete")
    results = {(one["kind"], one["key"]): one["result"] for one in applied["items"]}
    assert (results["chart", "orders-again"], results["pins", ""]) == ("deleted", "updated")
    assert "pins.json" not in desk.content(TARGET)
    desk.do("undo", *TO, "--yes")
    assert desk.content(TARGET) == before


def _edited_and_undone(desk: Desk, seed: int | str) -> None:
    chance = Random(seed)
    desk.apply("--adopt-by-name")
    for where in (SOURCE, TARGET):
        editors = desk.editors(where, chance)
        for _ in range(12):
            editors.edit()
        editors.close()
    before = desk.content(TARGET)
    if (flags := _allowed(desk)) is None:
        return
    desk.apply(*flags)
    undone = desk.do("undo", *TO, "--yes", may=(0, 4))
    stay: set[str] = set()
    if undone.code == 4:  # only what Lightdash cannot do at all
        plan = desk.do("undo", *TO, "--dry-run", "--json", code=4).json
        assert {one["code"] for one in plan["refusals"]} <= {"cannot_move_inside", "missing_link"}
        stay = {
            item_path(Kind(kind), key) for kind, key in (one["item"].split(":") for one in plan["refusals"])
        }
        unmade = [one["item"].split(":") for one in plan["left_out"] if "no tile of" in one["why"]]
        stay |= {item_path(Kind(kind), key) for kind, key in unmade}
        plan = desk.do("undo", *TO, "--dry-run", "--allow-broken", "all", "--json").json
        holders = [one["item"].split(":") for one in plan["left_out"] if "stays in it" in one["why"]]
        stay |= {item_path(Kind(kind), key) for kind, key in holders}
        desk.do("undo", *TO, "--yes", "--allow-broken", "all")
    assert _differing(before, desk.content(TARGET)) == stay


def _allowed(desk: Desk) -> tuple[str, ...] | None:
    """Return what has to be allowed: schedulers can hold on to what would be deleted, tags to their names.

    None where nothing helps: people of the target gave a tag the name that the source's has now.
    """
    for flags in (ALL, ALL[2:], (*ALL[2:], "--adopt-by-name")):
        if desk.do("plan", *FROM_TO, *flags, "-o", "plan.json", may=(0, 4)).code == 0:
            return flags
    assert {one["code"] for one in desk.plan(*flags, code=4)["refusals"]} == {"name_taken"}
    return None


def _differing(one: dict[str, bytes], other: dict[str, bytes]) -> set[str]:
    return {path for path in one.keys() | other.keys() if one.get(path) != other.get(path)}


@pytest.mark.parametrize("seed", range(3))
def test_an_apply_after_random_edits_of_both_sides_is_taken_back(desk: Desk, seed: int) -> None:
    _edited_and_undone(desk, seed)


@pytest.mark.slow
@pytest.mark.parametrize("case", range(40))
def test_many_applies_are_taken_back(desk: Desk, run_seed: str, case: int) -> None:
    """Each time after other edits."""
    _edited_and_undone(desk, f"{run_seed} {case}")


def test_an_undo_keeps_the_space_of_a_chart_that_cannot_go_back_into_its_dashboard(desk: Desk) -> None:
    """Allowed to leave the chart where it is, an undo is not refused again for the space around it."""
    desk.apply("--adopt-by-name")
    space = desk.send(
        "POST", f"/projects/{desk.projects[SOURCE]}/spaces", {"name": "New", "isPrivate": False}
    )
    chart = desk.uuid(Kind.CHART, "Inside", SOURCE)
    board = desk.uuid(Kind.DASHBOARD, "Overview", SOURCE)
    tiles = desk.send("GET", f"/dashboards/{board}")["tiles"]
    desk.send(
        "PATCH", f"/saved/{chart}", {"name": "Inside", "spaceUuid": space["uuid"], "dashboardUuid": None}
    )
    assert any(tile["properties"].get("savedChartUuid") == chart for tile in tiles)
    desk.apply()
    assert desk.uuid(Kind.SPACE, "New")
    refused = desk.do("undo", *TO, "--yes", code=4)
    assert "Lightdash cannot move a chart into a dashboard" in " ".join(refused.out.split())
    done = desk.do("undo", *TO, "--yes", "--allow-broken", "chart:inside")
    assert "space:new: it is not deleted, because chart:inside stays in it" in " ".join(done.out.split())
    assert desk.uuid(Kind.SPACE, "New")
    assert desk.uuid(Kind.CHART, "Inside")
