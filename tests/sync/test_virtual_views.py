"""Virtual views: explores that people wrote in SQL come along with the charts that stand on them."""

from __future__ import annotations

from typing import Any

import pytest

from lightdash_standin.recipes import cartesian, chart, query
from lightdash_sync.content.kinds import Kind
from lightdash_sync.snapshot.verify import verify
from tests.sync.desk import FROM_TO, SOURCE, TARGET, TO, Desk, read

COLUMNS = [{"reference": "total", "type": "number"}, {"reference": "day", "type": "date"}]
FILE = "virtual_views/paid_orders.json"


@pytest.fixture
def viewing(desk: Desk) -> Desk:
    """Somebody wrote a virtual view in the source, gave it a label, and made a chart of it."""
    views = f"/projects/{desk.projects[SOURCE]}/sqlRunner/virtual-view"
    body = {"name": "paid_orders", "sql": "select 1 as total, now() as day", "columns": COLUMNS}
    desk.send("POST", views, body)
    desk.send("PUT", f"{views}/paid_orders", body | {"name": "Orders that were paid"})
    _chart(desk, "Paid by day")
    return desk


def _chart(desk: Desk, name: str, where: str = SOURCE, field: str = "paid_orders_total") -> Any:
    sent = query("paid_orders", "day", "total")
    sent |= {"dimensions": ["paid_orders_day", field], "metrics": []}
    project = desk.projects[where]
    spaces = [uuid for uuid, one in desk.world.spaces.items() if one.project_uuid == project]
    body = {**chart(name, sent, cartesian(sent, "bar")), "spaceUuid": spaces[0]}
    return desk.send("POST", f"/projects/{project}/saved", body)


def _explores(desk: Desk, where: str) -> dict[str, Any]:
    return desk.world.project_rows[desk.projects[where]].explores


def _written(desk: Desk, where: str = SOURCE, **change: Any) -> None:
    views = f"/projects/{desk.projects[where]}/sqlRunner/virtual-view"
    body = {"name": "Orders that were paid", "sql": "select 2 as total", "columns": COLUMNS} | change
    desk.send("PUT", f"{views}/paid_orders", body)


def test_a_snapshot_has_what_people_wrote_of_a_virtual_view(viewing: Desk) -> None:
    files = viewing.export(SOURCE)
    assert read(files, FILE) == {
        "name": "paid_orders",
        "label": "Orders that were paid",
        "sql": "select 1 as total, now() as day",
        "columns": sorted(COLUMNS, key=lambda column: column["reference"]),
    }
    assert verify(viewing.folder / "snapshots" / SOURCE).damages == []


def test_an_incremental_export_reads_a_virtual_view_again(viewing: Desk) -> None:
    """No list tells that one was changed."""
    viewing.export(SOURCE)
    _written(viewing)
    viewing.do("export", "--env", SOURCE, "--no-history")
    assert b"select 2" in (viewing.folder / "snapshots" / SOURCE / FILE).read_bytes()
    _written(viewing, sql="select 3 as total")
    assert "SQL: " in viewing.do("diff", "./snapshots/source", SOURCE).out


def test_a_chart_brings_its_virtual_view_along_and_then_there_is_nothing_left_to_do(viewing: Desk) -> None:
    chosen = viewing.plan("--chart", "paid-by-day", "--adopt-by-name")
    assert [(step["kind"], step["key"]) for step in chosen["steps"]][:2] == [
        ("virtual_view", "paid_orders"), ("chart", "paid-by-day")
    ]  # fmt: skip
    assert chosen["refusals"] == []
    viewing.apply("--chart", "paid-by-day", "--adopt-by-name")
    here, there = viewing.export(SOURCE), viewing.export(TARGET)
    assert here[FILE] == there[FILE]
    with viewing.nothing_is_written():
        assert viewing.apply("--chart", "paid-by-day")["empty"]


def test_a_change_of_sql_and_columns_follows_and_is_taken_back(viewing: Desk) -> None:
    viewing.apply("--adopt-by-name")
    before = viewing.content(TARGET)
    _written(viewing, columns=[*COLUMNS, {"reference": "shop", "type": "string"}], name="Paid")
    viewing.apply()
    assert viewing.export(SOURCE)[FILE] == viewing.export(TARGET)[FILE]
    viewing.do("undo", *TO, "--yes")
    assert viewing.content(TARGET) == before


def test_a_chart_that_uses_a_new_column_waits_for_it(viewing: Desk) -> None:
    """The fields of a virtual view are those that the plan gives it."""
    viewing.apply("--adopt-by-name")
    _chart(viewing, "Paid by shop", field="paid_orders_shop")
    assert "missing_field" in {one["code"] for one in viewing.plan(code=4)["problems"]}
    _written(viewing, columns=[*COLUMNS, {"reference": "shop", "type": "string"}])
    assert viewing.plan()["refusals"] == []
    refused = viewing.plan("--chart", "paid-by-shop", code=4)
    assert "has no field paid_orders_shop" in str(refused["refusals"])


def test_a_virtual_view_is_deleted_only_if_that_is_asked_for_and_nothing_uses_it(viewing: Desk) -> None:
    viewing.apply("--adopt-by-name")
    views = f"/projects/{viewing.projects[SOURCE]}/sqlRunner/virtual-view/paid_orders"
    viewing.send("DELETE", views)
    viewing.send("DELETE", f"/saved/{viewing.uuid(Kind.CHART, 'Paid by day', SOURCE)}")
    assert viewing.plan()["empty"]
    theirs = _chart(viewing, "Theirs", TARGET)["uuid"]
    assert "still used by chart:theirs" in str(viewing.plan("--delete", code=4)["refusals"])
    viewing.send("DELETE", f"/saved/{theirs}")
    viewing.apply("--delete")
    assert "paid_orders" not in _explores(viewing, TARGET)
    viewing.do("undo", *TO, "--yes")
    assert _explores(viewing, TARGET)["paid_orders"]["label"] == "Orders that were paid"


def test_a_virtual_view_of_the_target_that_differs_is_not_overwritten_unasked(viewing: Desk) -> None:
    views = f"/projects/{viewing.projects[TARGET]}/sqlRunner/virtual-view"
    viewing.send("POST", views, {"name": "paid_orders", "sql": "select 9", "columns": COLUMNS})
    with viewing.nothing_is_written():
        (problem,) = [one for one in viewing.plan(code=4)["problems"] if one["code"] == "name_taken"]
    option = problem["what"].partition("`")[2].partition("`")[0]
    assert option.startswith("--adopt virtual_view:paid_orders=")
    assert "name_taken" in str(viewing.plan("--allow-twins=all", "--allow-broken=all", code=4)["problems"])
    (drift,) = viewing.plan("--adopt-by-name", *option.split(), code=4)["drift"]
    assert (drift["item"], drift["how"]) == ("virtual_view:paid_orders", "unsynced")
    viewing.apply("--adopt-by-name", *option.split(), "--allow-drift", "virtual_view:paid_orders")
    assert viewing.export(SOURCE)[FILE] == viewing.export(TARGET)[FILE]


def test_a_virtual_view_of_the_target_that_is_alike_is_the_same_one(viewing: Desk) -> None:
    views = f"/projects/{viewing.projects[TARGET]}/sqlRunner/virtual-view"
    body = {"name": "paid_orders", "sql": "select 1 as total, now() as day", "columns": COLUMNS}
    viewing.send("POST", views, body)
    viewing.send("PUT", f"{views}/paid_orders", body | {"name": "Orders that were paid"})
    planned = viewing.plan("--adopt-by-name")
    assert "virtual_view" not in {step["kind"] for step in planned["steps"]}
    viewing.apply("--adopt-by-name")
    _written(viewing)
    assert [step["kind"] for step in viewing.plan()["steps"]] == ["virtual_view"]
    _written(viewing, TARGET, sql="select 'theirs'")
    assert "drift_both" in str(viewing.plan(code=4)["refusals"])


def test_a_name_that_an_explore_of_dbt_has_is_refused(viewing: Desk) -> None:
    """Lightdash would write over it."""
    explores = _explores(viewing, TARGET)
    explores["paid_orders"] = explores["orders"] | {"name": "paid_orders"}
    refused = viewing.plan("--adopt-by-name", "--allow-broken=all", code=4)
    assert "dbt project has an explore paid_orders" in str(refused["refusals"])


def test_columns_that_charts_of_the_target_use_do_not_go_unasked(viewing: Desk) -> None:
    viewing.apply("--adopt-by-name")
    _chart(viewing, "Theirs", TARGET)
    viewing.send("DELETE", f"/saved/{viewing.uuid(Kind.CHART, 'Paid by day', SOURCE)}")
    _written(viewing, columns=[{"reference": "day", "type": "date"}])
    refused = viewing.plan(code=4)
    assert "loses columns that charts of the target use: chart:paid-by-day, chart:theirs" in str(refused)
    assert viewing.plan("--allow-broken", "virtual_view:paid_orders")["refusals"] == []


def test_a_virtual_view_that_became_another_explore_meanwhile_is_not_written_over(viewing: Desk) -> None:
    viewing.apply("--adopt-by-name")
    _written(viewing)
    viewing.do("plan", *FROM_TO, "-o", "plan.json")
    explores = _explores(viewing, TARGET)
    explores["paid_orders"] = explores["orders"] | {"name": "paid_orders"}
    with viewing.nothing_is_written():
        viewing.do("apply", "plan.json", "--yes", code=5)
