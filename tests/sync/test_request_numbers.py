"""How many requests a sync sends: the target is read once before its writes, and once after.

The numbers are bounds for a world of a known size. What is proven by the reads that are left is told by the
tests of drift, races, lost answers and read-back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lightdash_standin import seed
from lightdash_sync.content.kinds import Kind
from tests.apply.small_world import small_world
from tests.sync.desk import SOURCE, TARGET, TO, Desk, desk_at

VERSIONS = ("0.1372.1", "1.219.0")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture(params=VERSIONS)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """A source that was exported, and an empty target."""
    with desk_at(small_world(request.param), tmp_path / "work") as desk:
        desk.do("export", "--env", SOURCE)
        yield desk


def sent(desk: Desk, work: Callable[[], object]) -> list[tuple[str, str]]:
    """Return the requests of some work, with `*` for each uuid."""
    before = len(desk.world.requests)
    work()
    return [(method, _UUID.sub("*", path.partition("?")[0])) for method, path in desk.world.requests[before:]]


def synced(desk: Desk, *arguments: str) -> list[tuple[str, str]]:
    """Bring the exported snapshot to the target; return the requests."""
    snapshot = f"snapshots/{SOURCE}"
    return sent(
        desk,
        lambda: desk.do("apply", "--from", snapshot, *TO, "--adopt-by-name", "--yes", "--json", *arguments),
    )


def writes(requests: list[tuple[str, str]]) -> int:
    """Return how many requests change something."""
    return sum(method != "GET" for method, _ in requests)


def test_a_small_apply_reads_each_list_once_before_and_once_after(desk: Desk) -> None:
    """And right before the first item of a kind is made, its list is looked at again."""
    requests = synced(desk)
    times = Counter(path for method, path in requests if method == "GET")
    assert writes(requests) >= 20
    assert len(requests) <= 80
    assert times["/api/v2/content"] == 2
    assert times["/api/v1/projects/*/explores"] <= 2
    for path in ("/api/v1/health", "/api/v1/user", "/api/v1/org/groups"):
        assert times[path] <= 1, path
    assert times["/api/v1/org/users"] <= 2  # without their groups, and with them
    assert times["/api/v1/slack/channels"] == 0  # nothing is delivered there
    assert desk.content(SOURCE) == desk.content(TARGET)


def test_an_apply_without_work_reads_the_target_once(desk: Desk) -> None:
    synced(desk)
    requests = synced(desk)
    assert writes(requests) == 0
    assert len(requests) <= 20
    assert max(Counter(requests).values()) <= 3  # of spaces, which an old server tells one by one


def test_what_belongs_to_no_project_is_asked_once_for_source_and_target(desk: Desk) -> None:
    requests = sent(desk, lambda: desk.apply("--adopt-by-name"))
    times = Counter(path for method, path in requests if method == "GET")
    for path in ("/api/v1/health", "/api/v1/org/color-palettes", "/api/v1/org/groups"):
        assert times[path] <= 1, path
    assert times["/api/v1/org/users"] <= 2


def changed(desk: Desk) -> None:
    """Give a chart of the source another version, and export it."""
    chart = next(uuid for uuid in desk.uuids(Kind.CHART, "Orders, again", SOURCE))
    there = desk.send("GET", f"/saved/{chart}")
    body = {name: there[name] for name in ("tableName", "metricQuery", "chartConfig", "tableConfig")}
    body["metricQuery"]["limit"] = 123
    desk.send("POST", f"/saved/{chart}/version", body)
    desk.do("export", "--env", SOURCE)


def test_a_change_of_one_item_is_proven_by_the_lists(desk: Desk) -> None:
    """Between plan and apply the lists are read, and no item that they prove unchanged."""
    synced(desk)
    changed(desk)
    requests = synced(desk)
    assert writes(requests) == 1
    assert len(requests) <= 55
    assert Counter(requests)["GET", "/api/v1/projects/*/chart-summaries"] == 3
    assert desk.content(SOURCE) == desk.content(TARGET)


@pytest.mark.parametrize("version", VERSIONS)
def test_many_items_take_little_more_than_their_writes(tmp_path: Path, version: str) -> None:
    """What was written is told by the answers, and the lists prove that it is still so."""
    world = seed.generated_world(charts=60, dashboards=12, spaces=5, versions=1, version=version)
    with desk_at(world, tmp_path / "work") as desk:
        desk.do("export", "--env", SOURCE, "--no-history")
        requests = synced(desk)
        assert len(requests) <= 1.4 * writes(requests)
        items = Counter(path for method, path in requests if method == "GET")
        for path in ("/api/v1/saved/*/version/*", "/api/v1/dashboards/*", "/api/v1/comments/dashboards/*"):
            assert items[path] == 0, path
        assert len(synced(desk)) <= 30
        assert desk.content(SOURCE) == desk.content(TARGET)
