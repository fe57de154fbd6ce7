"""Deliveries of every sort, from one project to another: written once, as they are, and then never again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lightdash_standin.demo_charts import simple_chart, sql_charts
from lightdash_standin.demo_current import add_app
from lightdash_standin.organisation import found_company
from lightdash_standin.scheduler_rows import create_app_scheduler, create_scheduler
from lightdash_standin.seed import empty_world
from lightdash_standin.state import Json, Scheduler, World
from lightdash_standin.studio import Studio
from lightdash_sync.content.json import canonical, parse
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.tree import Tree
from lightdash_sync.sync.plan.options import PlanOptions
from tests.apply.moving import Move, moving
from tests.apply.test_versions import ALLOWED, project

CURRENT, BEFORE, OLDEST = "1.219.0", "0.2904.5", "0.1372.1"
DAILY: Json = {
    "name": "Daily", "message": None, "format": "csv", "cron": "0 9 1 1 *", "includeLinks": True,
    "targets": [{"recipient": "a@kettle.example"}], "options": {"formatted": True, "limit": "table"},
}  # fmt: skip
NO_FILTERS: Json = {"dimensions": [], "metrics": [], "tableCalculations": []}
ON_BOARD: Json = {
    "format": "image", "options": {"withPdf": True}, "customViewportWidth": 1200, "timezone": "Europe/Paris",
    "parameters": {"region": {"parameterName": "region", "value": "EU"}},
}  # fmt: skip
ALERT: Json = {
    "name": "🚨", "notificationFrequency": "once",
    "thresholds": [{"fieldId": "orders_order_count", "operator": "greaterThan", "value": 10}],
}  # fmt: skip


def world_of(version: str) -> tuple[World, Studio]:
    """Charts, a dashboard and a SQL chart with deliveries of every sort that the version knows."""
    world = World(seed=f"deliveries {version}", version=version)
    company = found_company(world)
    studio = Studio(world, company.production, company.people)
    sales = studio.space("Sales", owner="admin")
    chart = studio.chart(simple_chart("Orders"), sales)
    board = studio.dashboard("Overview", sales, "What counts")
    tabs = studio.tabs("Now", "Then")
    studio.arrange(board, [studio.chart_tile(chart, (0, 0, 18, 9), tabs[0])], tabs, NO_FILTERS)
    rule = {
        "id": "a rule", "target": {"fieldId": "orders_status", "tableName": "orders"}, "operator": "equals",
        "values": ["completed"], "label": "Status",
    }  # fmt: skip
    deliver(studio, DAILY, chart.uuid)
    deliver(studio, DAILY | {"plainTextEmail": True, "message": "plain"}, chart.uuid)
    deliver(studio, DAILY | ALERT, chart.uuid)
    selected = {"filters": [rule], "selectedTabs": [tabs[0]["uuid"]]}
    deliver(studio, DAILY | ON_BOARD | selected | {"name": "Board"}, None, board.uuid)
    deliver(studio, DAILY | {"name": "Plain board"}, None, board.uuid)
    if world.can("sql_chart_schedulers"):
        sql = studio.sql_chart(sql_charts()[0], sales)
        deliver(studio, DAILY | {"name": "Of SQL"}, None, None, sql.uuid)
    return world, studio


def deliver(studio: Studio, body: Json, *of: str | None) -> Scheduler:
    """Make a delivery in the name of the admin."""
    chart, dashboard, sql = [*of, None, None][:3]
    return create_scheduler(studio.world, body, studio.people["admin"].uuid, chart, dashboard, sql)


def moved(move: Move, desired: Tree) -> None:
    """Apply, and require that nothing failed, that all is as it was written, and that nothing is left."""
    plan, found = move.plan(desired)
    assert not plan.refusals()
    outcome = move.apply(plan, found)
    assert [str(one.error) for one in outcome.results if one.error] == []
    move.require_arrived(desired)


@pytest.mark.parametrize("version", [OLDEST, BEFORE, CURRENT])
def test_deliveries_of_every_sort_arrive_and_nothing_is_left_to_do(version: str, tmp_path: Path) -> None:
    world, _ = world_of(version)
    with moving(world, tmp_path) as move:
        moved(move, move.read(move.source))


def test_a_delivery_keeps_its_slug(tmp_path: Path) -> None:
    """Two of one name have two slugs, one without letters has a random one: each is the source's."""
    world, _ = world_of(CURRENT)
    with moving(world, tmp_path) as move:
        desired = move.read(move.source)
        moved(move, desired)
        assert slugs(move.existing(desired)[0]) == slugs(desired)
        assert {"daily", "daily-1"} <= {*slugs(desired).values()}


def deliver_in_target(studio: Studio, move: Move) -> None:
    """Somebody makes a delivery in the target whose slug is that of one of the source."""
    there = Studio(studio.world, studio.world.project_rows[move.target], studio.people)
    chart = there.chart(simple_chart("Theirs"), there.space("Theirs"))
    deliver(there, DAILY, chart.uuid)


@pytest.mark.parametrize("late", [False, True], ids=["before the plan", "after the plan"])
def test_a_slug_that_is_taken_is_no_difference(late: bool, tmp_path: Path) -> None:
    """The delivery gets another one, as the plan says if it can know, and the plan after it is empty."""
    world, studio = world_of(CURRENT)
    with moving(world, tmp_path) as move:
        desired = move.read(move.source)
        if not late:
            deliver_in_target(studio, move)
        plan, found = move.plan(desired)
        if late:
            deliver_in_target(studio, move)
        told = [one.item for one in plan.problems if one.code == "slug_not_kept"]
        assert len(told) == (0 if late else 1)
        outcome = move.apply(plan, found)
        assert [str(one.error) for one in outcome.results if one.error] == []
        assert move.difference(desired) == []
        wanted, there = slugs(desired), slugs(move.existing(desired)[0])
        assert [wanted[key] for key in wanted if there[key] != wanted[key]] == (
            ["daily", "daily-1"] if late else ["daily"]
        )


@pytest.mark.parametrize("target", [OLDEST, BEFORE, CURRENT])
@pytest.mark.parametrize("source", [OLDEST, BEFORE, CURRENT])
def test_deliveries_move_between_versions(source: str, target: str, tmp_path: Path) -> None:
    """What the other version cannot hold is told before the first write; nothing is left to do after it."""
    world, _ = world_of(source)
    with moving(world, tmp_path) as move:
        desired = move.read(move.source)
    with project(empty_world(target), tmp_path, source) as move:
        plan, found = move.plan(desired, ALLOWED)
        said = "\n".join(f"{one.item}: {one.what}" for one in plan.problems)
        assert ("that its e-mails are plain text" in said) == (source == CURRENT != target)
        outcome = move.apply(plan, found)
        assert [str(one.error) for one in outcome.results if one.error] == []
        assert [step for step in move.difference(desired, ALLOWED) if "scheduler:" in step] == []


def test_the_same_deliveries_are_the_same_files_on_each_version(tmp_path: Path) -> None:
    """So a server that is upgraded makes no difference."""
    before, now = deliveries_of(BEFORE, tmp_path), deliveries_of(CURRENT, tmp_path)
    assert [one for one in now if one.pop("plainTextEmail", False)]
    assert before == now


def deliveries_of(version: str, folder: Path) -> list[dict[str, Any]]:
    """The files of the deliveries that a version has, but for the parts of a dashboard that they name."""
    world, _ = world_of(version)
    with moving(world, folder) as move:
        tree = move.read(move.source)
        found: list[Any] = [parse(tree[path]) for path in tree if path.startswith("schedulers/")]
    return sorted(found, key=lambda one: (one["name"], one.get("message", "")))


def test_a_delivery_of_an_app_is_kept_and_never_planned(tmp_path: Path) -> None:
    """It is named before the first write, and all else is done."""
    world, studio = world_of(CURRENT)
    sales = next(one for one in world.spaces.values() if one.name == "Sales")
    app = add_app(world, sales, "Revenue app", studio.people["admin"].uuid)
    create_app_scheduler(world, DAILY | {"name": "Of the app"}, studio.people["admin"].uuid, app)
    with moving(world, tmp_path) as move:
        desired = move.read(move.source)
        (key,) = (key for key, slug in slugs(desired).items() if slug == "of-the-app")
        assert key == "of-the-app"
        assert parse(desired[f"schedulers/{key}.json"])["appUuid"] == app.uuid  # type: ignore[call-overload, index]
        plan, found = move.plan(desired)
        assert [one for one in plan.left_out if one.item == f"scheduler:{key}" and "data app" in one.why]
        assert f"scheduler:{key}" not in {step.item for step in plan.steps}
        outcome = move.apply(plan, found)
        assert [str(one.error) for one in outcome.results if one.error] == []
        assert move.difference(desired) == []


def test_a_delivery_of_an_app_is_not_deleted(tmp_path: Path) -> None:
    """Nobody could make it again."""
    world, studio = world_of(CURRENT)
    with moving(world, tmp_path) as move:
        desired = move.read(move.source)
        sales = next(one for one in world.spaces.values() if one.name == "Sales")
        app = add_app(world, sales, "Revenue app", studio.people["admin"].uuid)
        create_app_scheduler(world, DAILY | {"name": "Of the app"}, studio.people["admin"].uuid, app)
        move.target = move.source
        move.links = {kind: {**keys} for kind, keys in move.read(move.source).identity.items.items()}
        plan, _ = move.plan(desired, PlanOptions(delete=True))
        assert [step.item for step in plan.steps] == []


@pytest.mark.parametrize("webhook", ["webhook", "googleChatWebhook"])
def test_a_webhook_that_the_server_refuses_is_told_in_its_words(webhook: str, tmp_path: Path) -> None:
    """Somebody wrote the address into the file, because no snapshot has it."""
    world, _ = world_of(CURRENT)
    with moving(world, tmp_path) as move:
        read = move.read(move.source)
        path = next(path for path in read if path.startswith("schedulers/") and "of-sql" in path)
        delivery = parse(read[path])
        assert isinstance(delivery, dict)
        address: Json = {webhook: "https://nowhere.invalid/hook"}
        files = {**{one: read[one] for one in read}, path: canonical(delivery | {"targets": [address]})}
        plan, found = move.plan(Tree.of(files, read.identity))
        (failed,) = [one for one in move.apply(plan, found).results if one.error]
        assert failed.operation.item.startswith("scheduler:")
        assert "We couldn't find a server at that webhook URL" in str(failed.error)


def slugs(tree: Tree) -> dict[str, Any]:
    """Key of each delivery -> its slug."""
    return {key: facts.get("slug") for key, facts in tree.identity.items[Kind.SCHEDULER].items()}
