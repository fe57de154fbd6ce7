"""A snapshot of one version of Lightdash replays into another, as far as that one can hold it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lightdash_standin.catalog import create_tag
from lightdash_standin.dashboards import add_dashboard_version
from lightdash_standin.demo_charts import simple_chart, sql_charts
from lightdash_standin.organisation import found_company
from lightdash_standin.scheduler_rows import create_scheduler
from lightdash_standin.seed import empty_world
from lightdash_standin.state import Dashboard, Json, World
from lightdash_standin.studio import Studio
from lightdash_sync.content.json import Json as Content
from lightdash_sync.content.tree import Tree
from lightdash_sync.lightdash.versions import Server
from lightdash_sync.sync.plan.options import PlanOptions
from lightdash_sync.sync.plan.values import Gravity
from tests.apply.moving import Move, carried, moving

OLD, NEW = "0.1372.1", "0.2904.5"
NO_FILTERS: Json = {"dimensions": [], "metrics": [], "tableCalculations": []}
ALLOWED = PlanOptions(allow_broken=frozenset({"all"}))


def plain_world(version: str) -> World:
    """What every version can hold: private spaces, charts, one inside a dashboard with tabs and filters."""
    world, studio = _studio(version)
    board = studio.space("Board", private=True, owner="second_admin", editor="editor")
    sales = studio.space("Sales", owner="admin")
    studio.grant_group(board, "Finance", "viewer")
    orders = studio.chart(simple_chart("Orders") | {"description": "Seen from above"}, sales)
    studio.chart(simple_chart("Secret"), board)
    sql = studio.sql_chart(sql_charts()[0], sales)
    dashboard = studio.dashboard("Overview", sales, "What counts")
    inside = studio.chart(simple_chart("Inside"), dashboard)
    tabs = studio.tabs("Now", "Then")
    tiles = [
        studio.chart_tile(orders, (0, 0, 18, 9), tabs[0]),
        studio.chart_tile(inside, (18, 0, 18, 9), tabs[0]),
        studio.tile("sql_chart", (0, 0, 18, 9), {"savedSqlUuid": sql.uuid, "title": "SQL"}, tabs[1]),
        studio.tile("markdown", (18, 0, 18, 9), {"title": "", "content": "a &amp; b"}, tabs[1]),
    ]
    studio.arrange(dashboard, tiles, tabs, NO_FILTERS)
    create_tag(world, studio.project, "core", "#2f4858", studio.people["editor"].uuid)
    _scheduler(studio, dashboard)
    return world


def _studio(version: str) -> tuple[World, Studio]:
    world = World(seed=f"versions {version}", version=version)
    company = found_company(world)
    return world, Studio(world, company.production, company.people)


def _scheduler(studio: Studio, dashboard: Dashboard) -> None:
    body = {
        "name": "Weekly", "format": "csv", "cron": "0 9 1 1 *", "includeLinks": True,
        "targets": [{"recipient": "a@kettle.example"}], "options": {"formatted": True, "limit": "table"},
    }  # fmt: skip
    create_scheduler(studio.world, body, studio.people["admin"].uuid, None, dashboard.uuid)


def rich_world() -> World:
    """What only newer versions can hold, with something of everything."""
    world, studio = _studio(NEW)
    top = studio.space("Marketing", owner="admin")
    board = studio.space("Board", private=True, owner="second_admin", editor="viewer")
    below = studio.space("Below board", owner="admin", above=board)
    open_to_all = studio.space("For all", private=True, owner="admin")
    open_to_all.member_role = "viewer"
    query: dict[str, Any] = {
        "sorts": [{"fieldId": "orders_order_count", "descending": True, "nullsFirst": True}],
        "metricOverrides": {"orders_order_count": {"formatOptions": {"type": "number", "round": 1}}},
    }
    orders = _chart(studio, "Orders", below, query, parameters={"region": "EU"})
    _chart(studio, "Tree", top, chartConfig={"type": "treemap", "config": {}})
    _chart(
        studio, "Formula", top, {"tableCalculations": [{"name": "f", "displayName": "f", "formula": "=1"}]}
    )
    rule = {"id": "r", "target": {"fieldId": "orders_status"}, "operator": "notInBetween", "values": [1, 2]}
    _chart(studio, "Between", top, {"filters": {"dimensions": {"id": "g", "and": [rule]}}})
    dashboard = studio.dashboard("Overview", below, "What counts")
    inside = studio.chart(simple_chart("Inside"), dashboard)
    tabs = [tab | {"hidden": tab["name"] == "Then"} for tab in studio.tabs("Now", "Then")]
    tiles = [
        studio.chart_tile(orders, (0, 0, 18, 9), tabs[0]),
        studio.chart_tile(inside, (18, 0, 18, 9), tabs[0]),
        studio.tile("heading", (0, 9, 36, 1), {"text": "Head", "showDivider": True}, tabs[0]),
        studio.tile("markdown", (0, 0, 9, 9), {"title": "", "content": "x", "hideFrame": True}, tabs[1]),
    ]
    content = {
        "tiles": tiles, "tabs": tabs, "filters": NO_FILTERS, "config": {"isDateZoomDisabled": True},
        "parameters": {"region": {"parameterName": "region", "value": "EU"}},
    }  # fmt: skip
    add_dashboard_version(world, dashboard, content, studio.people["editor"])
    _scheduler(studio, dashboard)
    return world


def _chart(studio: Studio, name: str, home: Any, query: Json | None = None, **more: Any) -> Any:
    body = simple_chart(name)
    return studio.chart(body | {"metricQuery": body["metricQuery"] | (query or {})} | more, home)


@contextmanager
def project(world: World, folder: Path, source_version: str) -> Iterator[Move]:
    """An empty project of a world, to which content of another version is brought."""
    with moving(world, folder) as move:
        move.source_lacks = Server(source_version).cannot
        yield move


def read(world: World, folder: Path) -> Tree:
    """The production project of a world."""
    with moving(world, folder) as move:
        return move.read(move.source)


def brought(desired: Tree, world: World, folder: Path, version: str) -> tuple[Tree, list[str]]:
    """Bring content to an empty project of another version; return what arrived, and what the plan told.

    A second plan must find nothing to do.
    """
    with project(world, folder, version) as move:
        plan, found = move.plan(desired, ALLOWED)
        assert not plan.refusals()
        outcome = move.apply(plan, found)
        assert [str(one.error) for one in outcome.results if one.error] == []
        assert move.difference(desired, ALLOWED) == []
        assert world.crashes == []
        arrived, _ = move.existing(desired)
        told = [f"{one.item}: {one.what}" for one in plan.problems]
        return arrived, told + [f"{one.item}: {one.why}" for one in plan.left_out]


def comparable(tree: Tree) -> dict[str, Content]:
    """Content files, less what only the version of the server decides about them."""
    return {path: content for path, content in carried(tree).items() if path != "spaces/shared.json"}


def test_from_the_old_version_to_the_new_one_and_back(tmp_path: Path) -> None:
    """New fields are filled in as the server shows them, and what comes back is what went."""
    went = read(plain_world(OLD), tmp_path)
    there, told = brought(went, empty_world(NEW), tmp_path, OLD)
    assert [words for words in told if "cannot" in words or "carried without" in words] == []
    back, told = brought(there, empty_world(OLD), tmp_path, NEW)
    assert [words for words in told if "cannot" in words or "carried without" in words] == []
    assert comparable(back) == comparable(went)


def test_from_the_new_version_to_the_old_one_all_that_is_lost_is_told(tmp_path: Path) -> None:
    """Before the first write, item by item; and what the old one can hold comes back as it went."""
    went = read(rich_world(), tmp_path)
    with project(empty_world(OLD), tmp_path, NEW) as move:
        plan, _ = move.plan(went)
        blocked = {one.item for one in plan.problems if one.gravity is Gravity.BLOCKS}
        assert blocked == {"chart:tree", "chart:formula", "chart:between"}
        assert move.writes()[1:] == []  # the first made the target
    there, told = brought(went, empty_world(OLD), tmp_path, NEW)
    said = "\n".join(told)
    for words in (
        "space:below-board: it lies in Board",
        "space:for-all: carried without what the target's Lightdash cannot hold: the role that all members",
        "chart:orders: carried without what the target's Lightdash cannot hold: its parameters; "
        "the formats and names that it sets for fields itself; where its sorts put what is empty",
        "chart:tree: the target's Lightdash cannot hold a chart of the type treemap",
        "chart:formula: the target's Lightdash cannot hold the table calculation f, which is a formula",
        "chart:between: the target's Lightdash would store and not understand a filter",
        "dashboard:overview: carried without what the target's Lightdash cannot hold: the tile heading-head",
        "its settings of date zoom, filters and parameters; its parameters; that tabs are hidden "
        "(whoever sees the dashboard will see them); that Markdown has no frame",
    ):
        assert words in said
    spaces: dict[str, Any] = {path: content for path, content in carried(there).items() if "spaces/" in path}
    assert spaces["spaces/below-board.json"]["inheritsAccess"] is False  # it lay in a private space
    back, _ = brought(there, empty_world(NEW), tmp_path, OLD)
    again, _ = brought(back, empty_world(OLD), tmp_path, NEW)
    assert comparable(again) == comparable(there)
    assert "charts/orders.json" in comparable(back)
    assert "charts/tree.json" not in comparable(back)
