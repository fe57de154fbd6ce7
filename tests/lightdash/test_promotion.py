"""Promotion as it is asked for and sent: shapes as the real servers answer them, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from lightdash_standin.server import Server as Embedded
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import ApiError, NotAuthorised, NotFound, SyncError, Unavailable, UnexpectedAnswer
from lightdash_sync.lightdash.reading import Lightdash
from lightdash_sync.lightdash.versions import Server
from lightdash_sync.lightdash.writing import Writer
from tests.lightdash.support import UUID, cut_after, ok, refusal, served, session_with
from tests.worlds import demo_world

OLD, NEW = Server("0.1372.1"), Server("0.2904.5")
P, S, T, C, D, U = (f"{digit * 8}-2222-4333-8444-555555555555" for digit in "abcdef")

# Shapes: the recordings of 0.1372.1 in tests/standin/recorded, numbers 170 and 299.
SPACE: Any = {"uuid": S, "name": "Sales", "slug": "sales", "projectUuid": P, "isPrivate": False, "access": []}
CHART: Any = {
    "uuid": C, "oldUuid": U, "name": "Orders", "slug": "orders", "projectUuid": P, "spaceSlug": "sales",
    "spaceUuid": S, "dashboardUuid": None, "metricQuery": {"limit": 500},
}  # fmt: skip
BOARD: Any = {
    "uuid": D, "name": "Overview", "slug": "overview", "projectUuid": P, "spaceSlug": "sales",
    "spaceUuid": S, "tiles": [],
}  # fmt: skip
DIFF: Any = {
    "spaces": [{"action": "no changes", "data": SPACE}],
    "dashboards": [{"action": "update", "data": BOARD}],
    "charts": [{"action": "create", "data": CHART}],
}
# What 0.2904.5 says of a SQL chart: little, and nothing of where it is now.
SQL: Any = {
    "uuid": T, "oldUuid": U, "slug": "raw", "projectUuid": P, "name": "Raw", "description": None,
    "spaceSlug": "sales", "spacePath": "sales",
}  # fmt: skip


def test_what_a_diff_says() -> None:
    """Of each item: what will be done, which upstream item is meant, and which one it comes from."""
    with served(ok(DIFF)) as (server, session):
        diff = Lightdash(session, OLD).promotion_diff(Kind.DASHBOARD, D, P)
    assert server.seen[0].target == f"/api/v1/dashboards/{D}/promoteDiff"
    assert [(one.action, one.data.slug) for one in diff.spaces] == [("no changes", "sales")]
    assert [(one.action, one.data.uuid, one.data.spaceSlug) for one in diff.dashboards] == [
        ("update", D, "sales")
    ]
    (chart,) = diff.charts
    assert (chart.action, chart.data.uuid, chart.data.oldUuid) == ("create", C, U)
    assert diff.sqlCharts == []


def test_what_a_diff_says_of_sql_charts() -> None:
    """Where SQL charts are promoted, the diff has them in a list of their own."""
    answer = DIFF | {"dashboards": [], "charts": [], "sqlCharts": [{"action": "update", "data": SQL}]}
    with served(ok(answer)) as (server, session):
        diff = Lightdash(session, NEW).promotion_diff(Kind.SQL_CHART, C, P)
    assert server.seen[0].target == f"/api/v1/projects/{P}/sqlRunner/saved/{C}/promoteDiff"
    (chart,) = diff.sqlCharts
    assert (chart.data.uuid, chart.data.oldUuid, chart.data.spacePath) == (T, U, "sales")
    assert chart.data.spaceUuid is None


@pytest.mark.parametrize(
    "change",
    [
        {"charts": [{"action": "delete", "data": CHART}]},
        {"charts": [{"action": None, "data": CHART}]},
        {"charts": [{"action": "create", "data": {k: v for k, v in CHART.items() if k != "oldUuid"}}]},
        {"charts": [{"action": "create", "data": CHART | {"uuid": "../x"}}]},
        {"spaces": [{"action": "create", "data": SPACE | {"slug": None}}]},
        {"dashboards": None},
        {"dashboards": [{"action": "update"}]},
    ],
)
def test_a_diff_that_nobody_knows(change: dict[str, Any]) -> None:
    """A word or a shape that was never seen is an error, not a promotion of something else."""
    with served(ok(DIFF | change)) as (_server, session), pytest.raises(UnexpectedAnswer):
        Lightdash(session, OLD).promotion_diff(Kind.DASHBOARD, D, P)


@pytest.mark.parametrize("status", [404, 409])
def test_a_diff_that_the_server_refuses(status: int) -> None:
    """No upstream project, or several items of one slug: the server's words, as an error."""
    said = "There are multiple charts"
    with served(refusal(status, said)) as (_server, session), pytest.raises(ApiError, match=said) as caught:
        Lightdash(session, OLD).promotion_diff(Kind.CHART, C, P)
    assert caught.value.status == status


@pytest.mark.parametrize(("server", "kind"), [(OLD, Kind.SQL_CHART), (OLD, Kind.SPACE), (NEW, Kind.TAG)])
def test_what_a_server_does_not_promote(server: Server, kind: Kind) -> None:
    """What the server cannot promote is neither asked for nor sent."""
    with served(ok(DIFF)) as (seen, session):
        with pytest.raises(SyncError, match="does not promote"):
            Lightdash(session, server).promotion_diff(kind, C, P)
        with pytest.raises(SyncError, match="does not promote"):
            Writer(session, server).promote(kind, C, P)
    assert seen.seen == []


@pytest.mark.parametrize("bad", ["", "..", f"../{UUID}", UUID[:-1]])
def test_no_text_but_a_uuid_goes_into_the_path_of_a_diff(bad: str) -> None:
    """Whatever a file says instead of a uuid, no other endpoint is asked."""
    with served(ok(DIFF)) as (server, session), pytest.raises(SyncError, match="not a uuid"):
        Lightdash(session, OLD).promotion_diff(Kind.CHART, bad, P)
    assert server.seen == []


def test_a_promotion_tells_what_is_upstream() -> None:
    """The answer comes back whole."""
    with served(ok(CHART)) as (_server, session):
        assert Writer(session, OLD).promote(Kind.CHART, U, P) == CHART


@pytest.mark.parametrize(
    ("reply", "error", "unclear"),
    [
        (refusal(400, "Promoting charts within dashboards is not supported"), ApiError, False),
        (refusal(403, "Failed to promote"), NotAuthorised, False),
        (refusal(409, "There are multiple charts with the same identifier x"), ApiError, False),
        (refusal(404, "This chart does not have an upstream project"), NotFound, False),
        (refusal(404, "This dashboard's project does not have an upstream project"), NotFound, False),
        (refusal(404, "Dashboard not found"), NotFound, True),
        (refusal(500, 'Missing chart with old uuid "x" to promote'), Unavailable, True),
        (cut_after(b"HTTP/1.1 200 OK\r\nContent-Le"), Unavailable, True),
        (ok([]), UnexpectedAnswer, True),
        (ok({"name": "no uuid"}), UnexpectedAnswer, True),
    ],
)
def test_whether_a_failed_promotion_did_anything(reply: Any, error: type[ApiError], unclear: bool) -> None:
    """What the server refuses before it writes is told apart from what may have been done, in part or whole.

    It is sent once in any case.
    """
    with served(reply) as (server, session), pytest.raises(error) as caught:
        Writer(session, OLD).promote(Kind.DASHBOARD, D, P)
    assert caught.value.unclear == unclear
    assert len(server.seen) == 1


def test_of_a_real_project() -> None:
    """A chart and a dashboard of a project with an upstream are diffed and promoted."""
    world = demo_world()
    staging = world.projects["staging"]
    with Embedded(world) as server, session_with(server.url, token=world.tokens["admin"]) as session:
        at = Lightdash(session)
        write = Writer(session, at.server)
        chart = at.charts(staging)[0]
        board = at.dashboards(staging)[0]
        diff = at.promotion_diff(Kind.DASHBOARD, board.uuid, staging)
        assert [one.data.name for one in diff.dashboards] == [board.name]
        upstream = at.project(staging)[0].upstreamProjectUuid
        assert {one.data.projectUuid for one in diff.dashboards} == {upstream}
        assert {one.data.projectUuid for one in diff.spaces} == {upstream}
        assert at.promotion_diff(Kind.CHART, chart.uuid, staging).charts[0].data.oldUuid == chart.uuid
        for kind, uuid in ((Kind.CHART, chart.uuid), (Kind.DASHBOARD, board.uuid)):
            assert write.promote(kind, uuid, staging)["projectUuid"] == upstream
