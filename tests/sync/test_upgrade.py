"""A server is upgraded under snapshots and links: nobody changed anything, so nothing is found or written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lightdash_standin import seed
from lightdash_sync.content.kinds import Kind
from tests.sync.desk import FROM_TO, SOURCE, TARGET, Desk, desk_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CURRENT = "1.219.0"
UPGRADES = [("0.2904.5", CURRENT), ("0.1372.1", CURRENT), ("0.1372.1", "0.2904.5")]
SNAPSHOT = "./snapshots/source"


@pytest.fixture(params=UPGRADES, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def upgraded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """The demo, copied to another project, exported with history, and then upgraded."""
    older, newer = request.param
    world = seed.demo_world(older)
    with desk_at(world, tmp_path / "work") as desk:
        floor = desk.space("Roastery floor", SOURCE)
        for person in [*floor.access]:  # of some older servers tell no role, and newer ones do: that is news
            del floor.access[person]
        desk.do("export", "--env", SOURCE)
        desk.apply("--adopt-by-name")
        desk.do("export", "--env", TARGET)
        desk.server.upgrade(newer)
        yield desk
        assert world.crashes == []


def _is_empty(desk: Desk, *arguments: str) -> None:
    plan = desk.do("plan", *arguments, "--json").json
    found = [(one["key"], one.get("changes")) for one in plan["steps"]]
    assert (found, plan["refusals"], plan["drift"]) == ([], [], [])


def test_nothing_is_found_and_nothing_written_after_an_upgrade(upgraded: Desk) -> None:
    """By snapshots of before, by live sides, by what the last sync left; then by new snapshots as well."""
    with upgraded.nothing_is_written():
        for source, target in ((SNAPSHOT, SOURCE), (SNAPSHOT, TARGET), (SOURCE, TARGET)):
            _is_empty(upgraded, "--from", source, "--to", target)
            applied = upgraded.do("apply", "--from", source, "--to", target, "--yes", "--json").json
            assert applied["empty"]
        upgraded.do("export", "--env", SOURCE)
        _is_empty(upgraded, "--from", SNAPSHOT, "--to", SOURCE)
        _is_empty(upgraded, "--from", SNAPSHOT, "--to", TARGET)


def _board(desk: Desk, where: str) -> str:
    """The uuid of the dashboard that has tabs."""
    boards = desk.uuids(Kind.DASHBOARD, "Sales overview", where)
    (found,) = [uuid for uuid in boards if desk.world.dashboards[uuid].version.tabs]
    return found


def test_a_change_after_an_upgrade_is_carried_alone_and_is_no_drift(upgraded: Desk) -> None:
    """The content after the last sync is in the words of the older version."""
    project, told = upgraded.projects[SOURCE], {"description": "Since then."}
    chart = upgraded.uuid(Kind.CHART, "Customers by value band", SOURCE)
    upgraded.send("PATCH", f"/saved/{chart}", told)
    upgraded.send("PATCH", f"/dashboards/{_board(upgraded, SOURCE)}", told | {"name": "Sales overview"})
    space = upgraded.uuid(Kind.SPACE, "Customers", SOURCE)
    upgraded.send("PATCH", f"/projects/{project}/spaces/{space}", {"name": "Clients"})
    before = len(upgraded.writes())
    applied = upgraded.apply()
    assert sorted(one["key"] for one in applied["items"]) == [
        "customers", "customers-by-value-band", "sales-overview",
    ]  # fmt: skip
    assert (applied["complete"], applied["mismatches"]) == (True, [])
    assert [path for _, path in upgraded.writes()[before:] if path.endswith("/version")] == []
    _is_empty(upgraded, *FROM_TO)


def test_what_people_do_after_an_upgrade_is_drift(upgraded: Desk) -> None:
    """A tab is hidden in the target, which the older versions did not know."""
    board = _board(upgraded, TARGET)
    raw = upgraded.send("GET", f"/dashboards/{board}")
    tabs = [tab | {"hidden": tab["name"] == "Background"} for tab in raw["tabs"]]
    body = {"tabs": tabs, "tiles": raw["tiles"], "filters": raw["filters"], "config": raw["config"]}
    upgraded.send("PATCH", f"/dashboards/{board}", body)
    told = {"name": "Sales overview", "description": "Since then."}
    upgraded.send("PATCH", f"/dashboards/{_board(upgraded, SOURCE)}", told)
    found = [(one["item"], one["how"]) for one in upgraded.plan(code=4)["drift"]]
    assert found == [("dashboard:sales-overview", "both")]


def test_a_diff_after_an_upgrade_of_a_current_server_tells_nothing(tmp_path: Path) -> None:
    with desk_at(seed.demo_world("0.2904.5"), tmp_path / "work") as desk:
        desk.space("Roastery floor", SOURCE).access.clear()
        desk.do("export", "--env", SOURCE)
        desk.server.upgrade(CURRENT)
        desk.do("diff", SNAPSHOT, SOURCE, "--exit-code")
        desk.do("status", "--exit-code", may=(0,))
