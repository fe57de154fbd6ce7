"""The first sync of two projects that both have work: nothing of either is lost unless somebody says so."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from lightdash_sync.content.kinds import Kind
from tests.sync.desk import SOURCE, TARGET, TO, Desk
from tests.sync.people import People

CHART = "chart:orders-again"


@pytest.fixture
def twins(desk: Desk) -> Desk:
    """Two projects with the same content, of which nobody remembers a sync."""
    chart = desk.uuids(Kind.CHART, "Orders", SOURCE)[0]  # of two, which no name tells apart
    desk.send("PATCH", f"/saved/{chart}", {"name": "Orders for once"})
    desk.apply("--adopt-by-name")
    shutil.rmtree(desk.memory)
    shutil.rmtree(desk.folder / "snapshots" / f".{TARGET}.local")
    return desk


def limit(desk: Desk, where: str) -> int:
    """Return the row limit of a chart's query."""
    chart = desk.send("GET", f"/saved/{desk.uuid(Kind.CHART, 'Orders, again', where)}")
    found: int = chart["metricQuery"]["limit"]
    return found


def save(desk: Desk, number: int, where: str) -> None:
    """Let somebody save a version of a chart with another row limit."""
    uuid = desk.uuid(Kind.CHART, "Orders, again", where)
    now = desk.send("GET", f"/saved/{uuid}")
    body = {name: now[name] for name in ("tableName", "metricQuery", "chartConfig", "tableConfig")}
    desk.send(
        "POST", f"/saved/{uuid}/version", {**body, "metricQuery": {**body["metricQuery"], "limit": number}}
    )


def steps(plan: dict[str, Any]) -> list[str]:
    """Return what a plan writes."""
    return [f"{one['kind']}:{one['key']}" for one in plan["steps"]]


def test_adopting_an_item_that_differs_is_refused_until_it_is_allowed_by_name(twins: Desk) -> None:
    """Also where the target was saved first: what it has may be what the source never had."""
    save(twins, 43, TARGET)
    save(twins, 42, SOURCE)
    for adoption in (("--adopt-by-name",), ("--adopt", f"{CHART}={twins.uuid(Kind.CHART, 'Orders, again')}")):
        only = ("--chart", "orders-again", *adoption, "--allow-twins", "all", "--keep-access")
        with twins.nothing_is_written():
            plan = twins.plan(*only, code=4)
            twins.apply(*only, code=4)
            twins.plan(*only, "--merge", code=4)
        (drift,) = (one for one in plan["drift"] if one["item"] == CHART)
        assert drift["how"] == "unsynced"
        assert ["metricQuery", "limit"] in drift["conflicts"]
        assert drift["saved"]["source"]["at"] > drift["saved"]["target"]["at"]
        assert drift["saved"]["target"]["by"] == drift["saved"]["source"]["by"] == "Ada Kovač"
        said = twins.do("plan", "--from", SOURCE, *TO, *only, code=4).out
        assert f"target: {drift['saved']['target']['at']}, Ada Kovač" in said
    assert limit(twins, TARGET) == 43
    allowed = ("--chart", "orders-again", "--adopt-by-name", "--allow-drift", CHART)
    twins.apply(*allowed)
    assert limit(twins, TARGET) == 42
    assert twins.plan("--chart", "orders-again")["empty"]


def test_adopting_what_is_alike_writes_nothing_and_remembers_it(twins: Desk) -> None:
    """From then on each side's own changes are known."""
    only = ("--only", "sql_chart", "--only", "tag", "--adopt-by-name")
    with twins.nothing_is_written():
        assert twins.plan(*only)["empty"]
        twins.apply(*only)
    People(twins, SOURCE).sql_text()
    plan = twins.plan(*only[:-1])
    assert (plan["drift"], steps(plan)) == ([], ["sql_chart:orders-per-shop-sql"])


FIELDS = {
    "chart:orders-again": [["description"], ["metricQuery", "limit"]],
    "dashboard:overview": [
        *(["filters", "dimensions", "orders-status", "values", value] for value in ("shipped", "v3")),
        ["tiles"],
    ],
    "scheduler:overview-each-hour": [["targets", f"{who}@kettle.example"] for who in ("person3", "someone")],
    "space:sales": [["access", "users", "bruno.oliveira@kettle.example"]],
    "sql_chart:orders-per-shop-sql": [["limit"], ["sql"]],
    "tag:core": [["color"], ["metrics"]],
}
"""What people differ in after `edit_both`: item -> places, those of tiles and metrics without their names."""
VERSIONED = {"chart:orders-again", "dashboard:overview", "sql_chart:orders-per-shop-sql"}
LISTS = ("metric_icons", "pins")


def edit_both(desk: Desk) -> None:
    """Let people of both sides change content of every kind before the first sync."""
    here, there = People(desk, SOURCE), People(desk, TARGET)
    for change in (
        there.chart_description, there.dashboard_tile, there.dashboard_filter, there.tag_colour,
        there.tag_metric, there.space_grant, there.pin, there.metric_icon, here.chart_query, here.sql_text,
        here.pin, here.scheduler_target,
    ):  # fmt: skip
        change()


def conflicts(plan: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the conflicts of a plan as `FIELDS` has them."""
    found: dict[str, list[Any]] = {}
    for drift in plan["drift"]:
        places = [place[:1] if place[0] in ("metrics", "tiles") else place for place in drift["conflicts"]]
        found[drift["item"]] = [one for number, one in enumerate(places) if one not in places[:number]]
    return found


@pytest.mark.parametrize("contact", ["adopted with the plan", "linked before"])
def test_a_merge_at_first_contact_decides_nothing_until_each_item_is_allowed(
    twins: Desk, contact: str
) -> None:
    """Every field that differs is a conflict; once allowed and applied, there is nothing more to do."""
    edit_both(twins)
    back_again = ("--from", TARGET, "--to", SOURCE)
    adopting: tuple[str, ...] = ("--adopt-by-name",)
    if contact == "linked before":
        twins.do("link", "adopt", "--from", SOURCE, *TO, "--by", "name")
        adopting = ()
    first, *rest = FIELDS
    with twins.nothing_is_written():
        plan = twins.plan(*adopting, "--merge", code=4)
        assert conflicts(plan) == FIELDS
        assert {one["how"] for one in plan["drift"]} == {"unsynced"}
        for one in plan["drift"]:
            for side in ("source", "target"):
                saved = one["saved"][side]
                assert bool(saved and saved["at"] and saved["by"]) is (one["item"] in VERSIONED)
        shown = twins.do("plan", "--from", SOURCE, *TO, *adopting, "--merge", code=4).out
        assert shown.count("Conflicts, because nothing says which side changed.") == len(FIELDS)
        all_but_one = [word for item in rest for word in ("--allow-drift", item)]
        twins.apply(*adopting, "--merge", *all_but_one, code=4)
    twins.apply(*adopting, "--merge", *all_but_one, "--allow-drift", first)
    with twins.nothing_is_written():
        for more in ((), ("--merge",)):
            plan = twins.plan(*more)
            assert (plan["empty"], plan["drift"]) == (True, [])
        back = twins.do("plan", *back_again, "--adopt-by-name", "--merge", "--json").json
    # Icons and pins of the target that the source lacks are kept: all that it has beside the source.
    assert [(one["kind"], one["kind"] in LISTS) for one in back["steps"]] == [(kind, True) for kind in LISTS]
    assert back["drift"] == []
    twins.do("apply", *back_again, "--adopt-by-name", "--merge", "--yes")
    with twins.nothing_is_written():
        assert twins.do("plan", *back_again, "--json").json["empty"]
        assert twins.plan()["empty"]


def test_linking_all_at_once_says_how_many_differ(twins: Desk) -> None:
    """And takes nothing of them for the source's change."""
    save(twins, 43, TARGET)
    command = ("link", "adopt", "--from", SOURCE, *TO, "--by", "name")
    with twins.nothing_is_written():
        (differing,) = twins.do(*command, "--dry-run", "--json").json["differing"]
        assert differing["item"] == CHART
        assert differing["target"]["by"] == "Ada Kovač"
        said = twins.do(*command)
        assert "linked, 1 of which differ" in said.err
        assert f"{CHART}  linked, differs" in said.out
        plan = twins.plan("--chart", "orders-again", code=4)
    assert [one["item"] for one in plan["drift"]] == [CHART]


def test_after_a_merge_there_is_nothing_to_do_until_a_side_changes(desk: Desk) -> None:
    """What the target's people changed stays theirs; what the source changes later does not undo it."""
    desk.apply("--adopt-by-name")
    here, there = People(desk, SOURCE), People(desk, TARGET)
    here.chart_query()
    there.chart_description()
    desk.plan(code=4)
    desk.apply("--merge")
    with desk.nothing_is_written():
        plan = desk.plan()
        assert (plan["empty"], plan["drift"]) == (True, [])
        desk.apply()
        assert desk.plan()["empty"]
    here.chart_name()
    with desk.nothing_is_written():
        assert [one["item"] for one in desk.plan(code=4)["drift"]] == [CHART]
    desk.apply("--merge")
    now = desk.send("GET", f"/saved/{there.chart}")
    assert (now["name"], now["description"]) == ("Renamed 2", "Described 1")
    assert desk.plan()["empty"]
    there.chart_space()
    assert [one["item"] for one in desk.plan(code=4)["drift"]] == [CHART]


def test_a_merge_that_leaves_the_target_as_it_is_is_remembered(desk: Desk) -> None:
    """A change, an icon, and a delete of the target's people."""
    desk.apply("--adopt-by-name")
    there = People(desk, TARGET)
    there.dashboard_filter()
    desk.send("DELETE", f"/schedulers/{there.scheduler}")
    desk.plan(code=4)
    with desk.nothing_is_written():
        desk.apply("--merge")
        plan = desk.plan()
    assert (plan["empty"], plan["drift"], plan["refused"]) == (True, [], False)
    assert steps(desk.plan("--allow-drift", "dashboard:overview")) == ["dashboard:overview"]
