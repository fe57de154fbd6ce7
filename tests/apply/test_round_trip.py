"""What a plan says arrives, whole, by as few writes as can be, and nothing else does."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from lightdash_standin.faults import Faults
from lightdash_standin.state import Scheduler
from lightdash_sync.content.json import JsonObject
from lightdash_sync.content.kinds import Kind
from lightdash_sync.sync.plan.operations import OperationKind, operations
from lightdash_sync.sync.plan.options import PlanOptions
from tests.apply.edits import edited, reworked, without
from tests.apply.moving import Move, carried, moving
from tests.apply.small_world import small_world
from tests.worlds import can, demo_world


def arrived(move: Move) -> None:
    """Bring everything to the target."""
    outcome = move.apply(*move.plan(move.read(move.source)))
    assert outcome.is_complete


def test_a_whole_project_comes_to_an_empty_one_and_no_file_differs(tmp_path: Path) -> None:
    """But for a chart that is inside a dashboard unseen, and a grant whose role older servers do not show."""
    with moving(demo_world(), tmp_path) as move:
        desired = move.read(move.source)
        plan, found = move.plan(desired)
        outcome = move.apply(plan, found)
        assert outcome.is_complete
        existing, _ = move.existing(desired)
        wanted, there = carried(desired), carried(existing)
        assert [one.item for one in plan.left_out] == ["chart:why-people-leave"]
        assert wanted.keys() - there.keys() == {"charts/why-people-leave.json"}
        assert there.keys() <= wanted.keys()
        unlike = [] if can("own_access_only") else ["spaces/roastery-floor.json"]
        assert [path for path in there if there[path] != wanted[path]] == unlike
        assert move.difference(desired) == []
        assert move.world.crashes == []


def test_what_has_arrived_is_not_written_again(tmp_path: Path) -> None:
    with moving(small_world(), tmp_path) as move:
        arrived(move)
        before = len(move.writes())
        plan, found = move.plan(move.read(move.source))
        outcome = move.apply(plan, found)
        assert (outcome.results, outcome.writes) == ((), 0)
        assert len(move.writes()) == before


def test_each_change_of_an_item_arrives(tmp_path: Path) -> None:
    with moving(small_world(), tmp_path) as move:
        arrived(move)
        desired = reworked(move.read(move.source))
        outcome = move.apply(*move.plan(desired))
        assert outcome.is_complete
        move.require_arrived(desired)


def test_a_rename_makes_no_version_and_a_new_content_no_rename(tmp_path: Path) -> None:
    with moving(small_world(), tmp_path) as move:
        arrived(move)
        source = move.read(move.source)
        before = len(move.writes())
        move.apply(*move.plan(edited(source, {"charts/inside": {"name": "Within"}})))
        (written,) = move.writes()[before:]
        assert written[0] == "PATCH"
        desired = edited(source, {"charts/inside": {"name": "Within", "tableName": "customers"}})
        move.apply(*move.plan(desired))
        (_, (method, path)) = move.writes()[before:]
        assert (method, path.rpartition("/")[2]) == ("POST", "version")


def test_a_dashboard_is_written_by_one_request(tmp_path: Path) -> None:
    """Each further one would delete the charts inside it that are not on a tile yet."""
    with moving(demo_world(), tmp_path) as move:
        arrived(move)
        patched = Counter(
            path for method, path in move.writes() if method == "PATCH" and "/dashboards/" in path
        )
        tiles = {path: n for path, n in patched.items() if not path.endswith("pinning")}
        assert len(tiles) == 6 + can("hidden_tabs") + can("merged_charts")
        assert set(tiles.values()) == {1}


def test_what_is_deleted_goes_and_a_space_only_if_it_is_empty(tmp_path: Path) -> None:
    with moving(small_world(), tmp_path) as move:
        arrived(move)
        desired = without(
            move.read(move.source),
            "charts/orders-again.json", "spaces/board.json", "schedulers/overview-each-hour.json",
            "tags/core.json", "sql_charts/orders-per-shop-sql.json", "dashboards/overview.json",
            "charts/inside.json", "charts/orders.json", "pins.json",
        )  # fmt: skip
        plan, found = move.plan(desired, PlanOptions(delete=True))
        board = move.links[Kind.SPACE]["board"]["uuid"]
        body: JsonObject = {"name": "Meanwhile", "spaceUuid": board, "tiles": [], "tabs": []}
        session = move.lightdash.session
        session.write("POST", f"/api/v1/projects/{move.target}/dashboards", body)
        outcome = move.apply(plan, found)
        failed = [(result.operation.item, str(result.error)) for result in outcome.results if result.error]
        assert [item for item, _ in failed] == ["space:board"]
        assert "still holds 1 item" in failed[0][1]
        existing, _ = move.existing(desired)
        assert {path for path in existing if path.startswith(("charts", "sql", "sched", "tags"))} == {
            "charts/orders-1.json"
        }


def test_a_new_scheduler_can_send_nothing_at_any_moment(tmp_path: Path) -> None:
    """Looked at before each request: what is switched on has nobody to send to."""
    world = small_world()
    old = set(world.schedulers)
    loud: list[str] = []

    def made() -> list[Scheduler]:
        return [one for uuid, one in world.schedulers.items() if uuid not in old]

    def rule(_number: int, method: str, path: str) -> None:
        loud.extend(f"{method} {path}" for one in made() if one.enabled and one.targets)

    with moving(world, tmp_path) as move:
        plan, found = move.plan(move.read(move.source))
        move.server.app.faults = Faults(rule=rule)
        assert move.apply(plan, found).is_complete
        assert loud == []
        (new,) = made()
        assert (new.enabled, len(new.targets), new.fields["cron"]) == (False, 1, "0 * * * *")


def test_a_scheduler_is_switched_on_last_and_only_if_that_is_wanted(tmp_path: Path) -> None:
    with moving(small_world(), tmp_path) as move:
        desired = move.read(move.source)
        plan, _ = move.plan(desired, PlanOptions(enable_schedulers=True))
        done = [one.what for one in operations(plan) if one.item.startswith("scheduler:")]
        assert done == [
            OperationKind.SCHEDULER_CREATE,
            OperationKind.SCHEDULER_PAUSE,
            OperationKind.SCHEDULER_BODY,
            OperationKind.SCHEDULER_ENABLE,
        ]
        plan, _ = move.plan(desired)
        assert OperationKind.SCHEDULER_ENABLE not in {one.what for one in operations(plan)}


@pytest.mark.parametrize("who", ["admin", "developer"])
def test_the_owner_of_the_token_stays_only_in_private_spaces_that_they_would_not_see(
    tmp_path: Path, who: str
) -> None:
    world = small_world()
    me = world.token_rows[world.tokens[who]].person_uuid
    with moving(world, tmp_path) as move:
        nobody: JsonObject = {"access": {"users": [], "groups": []}}
        desired = edited(move.read(move.source), {"spaces/board": nobody, "spaces/sales": nobody})
        plan, found = move.plan(desired)
        world.project_rows[move.target].access[me] = "developer"
        assert move.apply(plan, found, who=who).is_complete
        spaces = [world.spaces[uuid] for uuid in world.project_rows[move.target].spaces]
        assert {space.name for space in spaces if me in space.access} == (
            set() if who == "admin" else {"Board"}
        )
