"""Verification is carried if that is asked for, as the token owner's; a write that ends one is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lightdash_standin.state import Chart, Dashboard
from lightdash_sync.content.kinds import Kind
from tests.apply.small_world import small_world
from tests.sync.desk import FROM_TO, SOURCE, TARGET, TO, Desk, desk_at

NEW = "0.2904.5"
WITH = "--with-verification"
ITEMS = ((Kind.CHART, "Inside"), (Kind.CHART, "Orders, again"), (Kind.DASHBOARD, "Overview"))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """On a current server."""
    with desk_at(small_world(NEW), tmp_path / "work") as desk:
        yield desk


def _path(desk: Desk, kind: Kind, name: str, where: str) -> str:
    return f"/{'saved' if kind is Kind.CHART else 'dashboards'}/{desk.uuid(kind, name, where)}"


def _mark(desk: Desk, where: str, *items: tuple[Kind, str], method: str = "POST") -> None:
    for kind, name in items:
        desk.send(method, f"{_path(desk, kind, name, where)}/verification")


def _verified(desk: Desk, where: str = TARGET) -> set[str]:
    found: list[Chart | Dashboard] = [
        desk.world.charts[uuid] for kind, name in ITEMS[:2] for uuid in desk.uuids(kind, name, where)
    ]
    found += [desk.world.dashboards[uuid] for uuid in desk.uuids(*ITEMS[2], where)]
    return {item.name for item in found if item.verification is not None}


def _told(plan: dict[str, Any]) -> set[str]:
    return {one["item"] for one in plan["problems"] if one["code"] == "clears_verification"}


def test_verification_is_carried_only_if_that_is_asked_for(desk: Desk) -> None:
    _mark(desk, SOURCE, *ITEMS)
    desk.apply("--adopt-by-name")
    assert _verified(desk) == set()
    assert desk.plan()["empty"]
    applied = desk.apply(WITH)
    assert (applied["complete"], applied["mismatches"]) == (True, [])
    assert _verified(desk) == {"Inside", "Orders, again", "Overview"}
    with desk.nothing_is_written():
        assert desk.apply(WITH)["empty"]
    _mark(desk, SOURCE, *ITEMS[:2], method="DELETE")
    assert "verification removed" in desk.do("plan", *FROM_TO, WITH).out
    desk.apply(WITH)
    assert _verified(desk) == {"Overview"}


def test_what_is_created_is_verified_after_all_else_is_written(desk: Desk) -> None:
    """Charts whose texts name each other are written twice, and each write takes the mark off."""
    _mark(desk, SOURCE, *ITEMS)
    desk.apply("--adopt-by-name", WITH)
    assert _verified(desk) == {"Inside", "Orders, again", "Overview"}
    run = desk.runs[-1].name
    desk.do("undo", run, *TO, "--yes")
    assert _verified(desk) == set()


def test_what_is_put_back_without_its_verification_is_named(desk: Desk) -> None:
    """Plan and result of an undo say so: the run that is taken back deleted a verified chart."""
    desk.apply("--adopt-by-name")
    _mark(desk, TARGET, ITEMS[1])
    chart = desk.uuid(*ITEMS[1], SOURCE)
    desk.send("DELETE", f"/saved/{chart}")
    desk.apply("--full", "--delete", "--max-deletes", "9", "--allow-drift", "all", "--allow-broken", "all")
    said = "chart:orders-again: was verified, and its verification does not come back"
    dry = desk.do("undo", *TO, "--dry-run").out
    done = desk.do("undo", *TO, "--yes").out
    assert said in " ".join(dry.split())
    assert f"not put back: {said}" in " ".join(done.split())
    assert _verified(desk) == set()


def test_a_write_that_takes_a_verification_off_is_told_beforehand(desk: Desk) -> None:
    _mark(desk, SOURCE, *ITEMS)
    desk.apply("--adopt-by-name", WITH)
    for kind, name in ITEMS:
        body = {"name": name, "description": f"Other words for {name}"}
        desk.send("PATCH", _path(desk, kind, name, SOURCE), body)
    _mark(desk, SOURCE, *ITEMS[:2])
    planned = desk.plan()
    assert _told(planned) == {"chart:inside", "chart:orders-again", "dashboard:overview"}
    assert planned["refusals"] == []
    assert _told(desk.plan(WITH)) == set()
    desk.apply(WITH)
    assert _verified(desk) == {
        "Inside",
        "Orders, again",
    }  # nobody vouches for the source's dashboard any more
