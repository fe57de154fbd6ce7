"""Each write: one request, with the path and the body that Lightdash wants, in the words of its version."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_standin.cron import runs_today
from lightdash_sync.content.kinds import SECRET, Kind
from lightdash_sync.content.schedulers import quiet_cron
from lightdash_sync.errors import ApiError, NotFound, SyncError, UnexpectedAnswer
from lightdash_sync.lightdash.requests import without
from lightdash_sync.lightdash.versions import Server
from lightdash_sync.lightdash.writing import Writer
from tests.lightdash.support import UUID, ok, refusal, served

OLD, NEW, CURRENT = Server("0.1372.1"), Server("0.2904.5"), Server("1.219.0")
P, S, C, D, T, U = (f"{digit * 8}-2222-4333-8444-555555555555" for digit in "abcdef")
TODAY = date(2026, 1, 1)

VERSION: Any = {
    "tableName": "orders",
    "metricQuery": {"exploreName": "orders", "additionalMetrics": [{"name": "m", "table": "orders"}]},
    "chartConfig": {"type": "table"},
    "tableConfig": {"columnOrder": []},
    "pivotConfig": {"columns": ["a"]},
    "unknown": {"to": "us"},
}
PLACED: Any = {"name": "Ordérs", "description": None, "spaceUuid": S}
CHART: Any = VERSION | PLACED | {"verification": {"by": "somebody"}}
INSIDE: Any = VERSION | {"name": "In", "dashboardUuid": D}
SQL_VERSION: Any = {"sql": "select 1", "limit": 500, "config": {"type": "table", "columns": {}}}
SQL: Any = SQL_VERSION | PLACED | {"slug": "not sent", "chartKind": "table"}
TILE: Any = {"uuid": T, "type": "markdown", "tabUuid": None, "x": 0, "y": 0, "w": 1, "h": 1, "properties": {}}
TAB: Any = {"uuid": U, "name": "One", "order": 0}
RULE: Any = {
    "id": "f1",
    "target": {"fieldId": "a"},
    "operator": "equals",
    "tileTargets": {T: False},
    "label": None,
}
BOARD: Any = PLACED | {
    "tiles": [TILE],
    "tabs": [TAB],
    "filters": {"dimensions": [RULE]},
    "config": {"a": True},
}
FILTERS: Any = {"dimensions": [RULE], "metrics": [], "tableCalculations": []}
LAYOUT: Any = {"tiles": [TILE], "tabs": [TAB], "filters": FILTERS, "config": {"a": True}}
LAYOUT_WITH_HIDDEN: Any = LAYOUT | {"tabs": [TAB | {"hidden": False}]}
DELIVERY: Any = {
    "name": "Weekly",
    "format": "csv",
    "cron": "0 9 * * 1",
    "timezone": "Europe/Paris",
    "options": {"limit": "table"},
    "targets": [{"recipient": "a@example.com"}],
    "includeLinks": True,
    "unknown": 1,
}
SCHEDULER: Any = DELIVERY | {"savedChartUuid": C, "createdBy": U, "enabled": True}
ON_BOARD: Any = DELIVERY | {"message": "hi", "dashboardUuid": D, "selectedTabs": [U]}
QUIET: Any = {"cron": "0 0 1 7 *", "targets": [], "enabled": False}
PINNED = ok({"pinnedListUuid": T, "isPinned": True})
MADE = ok({"uuid": UUID})


@dataclass(frozen=True)
class Write:
    """A write, the request that it makes, and what it says of the answer."""

    call: Callable[[Writer], object]
    method: str
    path: str
    body: Any = None
    answer: bytes = ok()
    says: object = None
    server: Server = OLD


SPACES = f"/api/v1/projects/{P}/spaces"
OPEN: Any = {"name": "N", "inheritsAccess": True, "parentSpaceUuid": None, "access": {}}
BELOW: Any = {"name": "N", "inheritsAccess": False, "parentSpaceUuid": S, "projectMemberAccessRole": "viewer"}
SQL_CHARTS = f"/api/v1/projects/{P}/sqlRunner/saved"
CATALOG = f"/api/v1/projects/{P}/dataCatalog/{C}"

WRITES: dict[str, Write] = {
    "space": Write(
        lambda w: w.create_space(P, OPEN), "POST", SPACES, {"name": "N", "isPrivate": False}, MADE, UUID
    ),
    "private space": Write(
        lambda w: w.create_space(P, BELOW), "POST", SPACES, {"name": "N", "isPrivate": True}, MADE, UUID
    ),
    "space on a current server": Write(
        lambda w: w.create_space(P, OPEN),
        "POST", SPACES, {"name": "N", "inheritParentPermissions": True}, MADE, UUID, NEW,
    ),
    "space below another": Write(
        lambda w: w.create_space(P, BELOW),
        "POST", SPACES,
        {"name": "N", "inheritParentPermissions": False, "parentSpaceUuid": S}, MADE, UUID, NEW,
    ),
    "space renamed": Write(
        lambda w: w.update_space(P, S, BELOW),
        "PATCH", f"{SPACES}/{S}", {"name": "N", "isPrivate": True}, MADE,
    ),
    "space renamed on a current server": Write(
        lambda w: w.update_space(P, S, BELOW),
        "PATCH", f"{SPACES}/{S}",
        {"name": "N", "inheritParentPermissions": False, "projectMemberAccessRole": "viewer"},
        MADE, None, NEW,
    ),
    "palette of a space": Write(
        lambda w: w.update_space(P, S, OPEN | {"colorPaletteUuid": T}),
        "PATCH", f"{SPACES}/{S}",
        {"name": "N", "inheritParentPermissions": True, "colorPaletteUuid": T}, MADE, None, NEW,
    ),
    "space moved": Write(
        lambda w: w.move_space(P, S, T),
        "POST", f"/api/v2/content/{P}/move",
        {"item": {"contentType": "space", "uuid": S}, "action": {"type": "move", "targetSpaceUuid": T}},
        server=NEW,
    ),
    "space moved to the root": Write(
        lambda w: w.move_space(P, S, None),
        "POST", f"/api/v2/content/{P}/move",
        {"item": {"contentType": "space", "uuid": S}, "action": {"type": "move", "targetSpaceUuid": None}},
        server=NEW,
    ),
    "space deleted": Write(lambda w: w.delete_space(P, S), "DELETE", f"{SPACES}/{S}"),
    "chart with its slug": Write(
        lambda w: w.upsert_chart(P, "my-slug", CHART, "a_b.c").action,
        "POST", f"/api/v1/projects/{P}/charts/my-slug/code",
        {"name": "Ordérs", "slug": "my-slug", "spaceSlug": "a-b/c", "version": 1, "skipSpaceCreate": True}
        | without(VERSION, ("unknown",)),
        ok({"charts": [{"action": "create", "data": {"uuid": UUID, "slug": "my-slug"}}]}), "create", NEW,
    ),
    "chart inside a dashboard with its slug": Write(
        lambda w: w.upsert_chart(P, "in", INSIDE | {"description": "d"}, "a", "board").uuid,
        "POST", f"/api/v1/projects/{P}/charts/in/code",
        {"name": "In", "description": "d", "slug": "in", "spaceSlug": "a", "version": 1,
         "skipSpaceCreate": True, "dashboardSlug": "board"} | without(VERSION, ("unknown",)),
        ok({"charts": [{"action": "update", "data": {"uuid": UUID, "slug": "in"}}]}), UUID, NEW,
    ),
    "dashboard with its slug": Write(
        lambda w: w.upsert_empty_dashboard(P, "b", BOARD, "a").uuid,
        "POST", f"/api/v1/projects/{P}/dashboards/b/code",
        {"name": "Ordérs", "tiles": [], "tabs": [], "slug": "b", "spaceSlug": "a", "version": 1,
         "skipSpaceCreate": True},
        ok({"dashboards": [{"action": "create", "data": {"uuid": UUID, "slug": "b"}}]}), UUID, NEW,
    ),
    "dashboard rolled back": Write(
        lambda w: w.roll_back_dashboard(D, T),
        "POST", f"/api/v1/dashboards/{D}/rollback/{T}", server=NEW,
    ),
    "user": Write(
        lambda w: w.share_with_user(P, S, U, "editor"),
        "POST", f"{SPACES}/{S}/share", {"userUuid": U, "spaceRole": "editor"},
    ),
    "no user": Write(lambda w: w.unshare_with_user(P, S, U), "DELETE", f"{SPACES}/{S}/share/{U}"),
    "group": Write(
        lambda w: w.share_with_group(P, S, U, "viewer"),
        "POST", f"{SPACES}/{S}/group/share", {"groupUuid": U, "spaceRole": "viewer"},
    ),
    "no group": Write(lambda w: w.unshare_with_group(P, S, U), "DELETE", f"{SPACES}/{S}/group/share/{U}"),
    "chart": Write(
        lambda w: w.create_chart(P, CHART),
        "POST", f"/api/v1/projects/{P}/saved", VERSION | PLACED, MADE, UUID,
    ),
    "chart in a dashboard": Write(
        lambda w: w.create_chart(P, INSIDE), "POST", f"/api/v1/projects/{P}/saved", INSIDE, MADE, UUID
    ),
    "chart renamed": Write(
        lambda w: w.patch_chart(C, {"name": "N", "description": None, "tableName": "x"}),
        "PATCH", f"/api/v1/saved/{C}", {"name": "N", "description": None}, MADE,
    ),
    "chart moved": Write(
        lambda w: w.patch_chart(C, {"spaceUuid": S}),
        "PATCH", f"/api/v1/saved/{C}", {"spaceUuid": S}, MADE,
    ),
    "chart version": Write(
        lambda w: w.add_chart_version(C, CHART | {"colorPaletteUuid": T, "dashboardUuid": None}),
        "POST", f"/api/v1/saved/{C}/version", VERSION, MADE,
    ),
    "chart rolled back": Write(
        lambda w: w.roll_back_chart(C, T), "POST", f"/api/v1/saved/{C}/rollback/{T}"
    ),
    "chart deleted": Write(lambda w: w.delete_chart(C), "DELETE", f"/api/v1/saved/{C}"),
    "SQL chart": Write(
        lambda w: w.create_sql_chart(P, SQL),
        "POST", SQL_CHARTS, SQL_VERSION | PLACED, ok({"savedSqlUuid": UUID, "slug": "s"}), UUID,
    ),
    "SQL chart renamed": Write(
        lambda w: w.patch_sql_chart(P, C, SQL, metadata=True, version=False),
        "PATCH", f"{SQL_CHARTS}/{C}", {"unversionedData": PLACED},
    ),
    "SQL chart version": Write(
        lambda w: w.patch_sql_chart(P, C, SQL, metadata=False, version=True),
        "PATCH", f"{SQL_CHARTS}/{C}", {"versionedData": SQL_VERSION},
    ),
    "SQL chart, all": Write(
        lambda w: w.patch_sql_chart(P, C, SQL, metadata=True, version=True),
        "PATCH", f"{SQL_CHARTS}/{C}", {"unversionedData": PLACED, "versionedData": SQL_VERSION},
    ),
    "SQL chart deleted": Write(lambda w: w.delete_sql_chart(P, C), "DELETE", f"{SQL_CHARTS}/{C}"),
    "dashboard": Write(
        lambda w: w.create_empty_dashboard(P, BOARD),
        "POST", f"/api/v1/projects/{P}/dashboards",
        {"name": "Ordérs", "spaceUuid": S, "tiles": [], "tabs": []}, MADE, UUID,
    ),
    "dashboard with a description": Write(
        lambda w: w.create_empty_dashboard(P, BOARD | {"description": "d"}),
        "POST", f"/api/v1/projects/{P}/dashboards",
        {"name": "Ordérs", "description": "d", "spaceUuid": S, "tiles": [], "tabs": []}, MADE, UUID, NEW,
    ),
    "dashboard renamed": Write(
        lambda w: w.patch_dashboard(D, {"name": "N", "description": None, "tiles": []}),
        "PATCH", f"/api/v1/dashboards/{D}", {"name": "N", "description": None}, MADE,
    ),
    "dashboard content": Write(
        lambda w: w.write_dashboard(D, BOARD), "PATCH", f"/api/v1/dashboards/{D}", LAYOUT, MADE
    ),
    "dashboard content on a current server": Write(
        lambda w: w.write_dashboard(D, BOARD),
        "PATCH", f"/api/v1/dashboards/{D}", LAYOUT_WITH_HIDDEN, MADE, None, NEW,
    ),
    "dashboard, all": Write(
        lambda w: w.write_dashboard(D, BOARD, metadata=True),
        "PATCH", f"/api/v1/dashboards/{D}", LAYOUT_WITH_HIDDEN | PLACED, MADE, None, NEW,
    ),
    "dashboard emptied": Write(
        lambda w: w.write_dashboard(D, {"tiles": [], "filters": None}),
        "PATCH", f"/api/v1/dashboards/{D}",
        {"tiles": [], "tabs": [], "filters": FILTERS | {"dimensions": []}}, MADE,
    ),
    "dashboard deleted": Write(lambda w: w.delete_dashboard(D), "DELETE", f"/api/v1/dashboards/{D}"),
    "scheduler of a chart": Write(
        lambda w: w.create_quiet_scheduler(P, SCHEDULER, TODAY),
        "POST", f"/api/v1/saved/{C}/schedulers", DELIVERY | QUIET, ok({"schedulerUuid": UUID}), UUID,
    ),
    "scheduler of a dashboard": Write(
        lambda w: w.create_quiet_scheduler(P, ON_BOARD, TODAY),
        "POST", f"/api/v1/dashboards/{D}/schedulers",
        DELIVERY | QUIET | {"message": "hi", "selectedTabs": [U]}, ok({"schedulerUuid": UUID}), UUID,
    ),
    "scheduler of a SQL chart": Write(
        lambda w: w.create_quiet_scheduler(P, DELIVERY | {"savedSqlUuid": C}, TODAY),
        "POST", f"{SQL_CHARTS}/{C}/schedulers",
        DELIVERY | QUIET, ok({"schedulerUuid": UUID}), UUID, NEW,
    ),
    "scheduler that does not say whether it has links": Write(
        lambda w: w.create_quiet_scheduler(
            P, {n: v for n, v in SCHEDULER.items() if n != "includeLinks"} | {"message": None}, TODAY
        ),
        "POST", f"/api/v1/saved/{C}/schedulers", DELIVERY | QUIET, ok({"schedulerUuid": UUID}), UUID,
    ),
    "scheduler on a server that delivers apps": Write(
        lambda w: w.create_quiet_scheduler(P, SCHEDULER | {"timezone": None}, TODAY, "weekly"),
        "POST", f"/api/v1/saved/{C}/schedulers",
        without(DELIVERY, ["timezone"]) | QUIET | {"appUuid": None, "appName": None, "slug": "weekly"},
        ok({"schedulerUuid": UUID}), UUID, CURRENT,
    ),
    "scheduler replaced, whose e-mails are no plain text": Write(
        lambda w: w.replace_scheduler(T, SCHEDULER | {"timezone": None}),
        "PATCH", f"/api/v1/schedulers/{T}",
        without(DELIVERY, ["timezone"]) | {"message": None, "plainTextEmail": False},
        MADE, None, CURRENT,
    ),
    "scheduler replaced, whose e-mails are plain text": Write(
        lambda w: w.replace_scheduler(T, SCHEDULER | {"plainTextEmail": True}),
        "PATCH", f"/api/v1/schedulers/{T}", DELIVERY | {"message": None, "plainTextEmail": True},
        MADE, None, CURRENT,
    ),
    "scheduler replaced": Write(
        lambda w: w.replace_scheduler(T, SCHEDULER),
        "PATCH", f"/api/v1/schedulers/{T}", DELIVERY | {"message": None}, MADE,
    ),
    "scheduler disabled": Write(
        lambda w: w.enable_scheduler(T, False),
        "PATCH", f"/api/v1/schedulers/{T}/enabled", {"enabled": False}, MADE,
    ),
    "scheduler deleted": Write(lambda w: w.delete_scheduler(T), "DELETE", f"/api/v1/schedulers/{T}"),
    "tag": Write(
        lambda w: w.create_tag(P, "N", "red"),
        "POST", f"/api/v1/projects/{P}/tags", {"name": "N", "color": "red"}, ok({"tagUuid": UUID}), UUID,
    ),
    "tag renamed": Write(
        lambda w: w.patch_tag(P, T, {"name": "N", "metrics": []}),
        "PATCH", f"/api/v1/projects/{P}/tags/{T}", {"name": "N"},
    ),
    "tag deleted": Write(lambda w: w.delete_tag(P, T), "DELETE", f"/api/v1/projects/{P}/tags/{T}"),
    "category": Write(
        lambda w: w.add_category(P, C, T), "POST", f"{CATALOG}/categories", {"tagUuid": T}
    ),
    "no category": Write(lambda w: w.remove_category(P, C, T), "DELETE", f"{CATALOG}/categories/{T}"),
    "icon": Write(
        lambda w: w.set_icon(P, C, {"unicode": "1f600"}),
        "PATCH", f"{CATALOG}/icon", {"icon": {"unicode": "1f600"}},
    ),
    "no icon": Write(lambda w: w.set_icon(P, C, None), "PATCH", f"{CATALOG}/icon", {"icon": None}),
    "pinned space": Write(
        lambda w: w.toggle_pin(P, "space", S),
        "PATCH", f"{SPACES}/{S}/pinning", None, ok({"uuid": S, "pinnedListUuid": T}), True,
    ),
    "unpinned space": Write(
        lambda w: w.toggle_pin(P, "space", S),
        "PATCH", f"{SPACES}/{S}/pinning", None, ok({"uuid": S, "pinnedListUuid": None}), False,
    ),
    "pinned chart": Write(
        lambda w: w.toggle_pin(P, "chart", C), "PATCH", f"/api/v1/saved/{C}/pinning", None, PINNED, True
    ),
    "unpinned dashboard": Write(
        lambda w: w.toggle_pin(P, "dashboard", D),
        "PATCH", f"/api/v1/dashboards/{D}/pinning", None,
        ok({"pinnedListUuid": T, "isPinned": False}), False,
    ),
    "order of pins": Write(
        lambda w: w.order_pins(P, T, [("dashboard", D), ("chart", C)]),
        "PATCH", f"/api/v1/projects/{P}/pinned-lists/{T}/items/order",
        [
            {"type": "dashboard", "data": {"uuid": D, "pinnedListOrder": 0}},
            {"type": "chart", "data": {"uuid": C, "pinnedListOrder": 1}},
        ],
        ok([]),
    ),
    "chart promoted": Write(
        lambda w: w.promote(Kind.CHART, C, P),
        "POST", f"/api/v1/saved/{C}/promote", None, MADE, {"uuid": UUID},
    ),
    "dashboard promoted": Write(
        lambda w: w.promote(Kind.DASHBOARD, D, P),
        "POST", f"/api/v1/dashboards/{D}/promote", None, MADE, {"uuid": UUID},
    ),
    "SQL chart promoted": Write(
        lambda w: w.promote(Kind.SQL_CHART, C, P),
        "POST", f"{SQL_CHARTS}/{C}/promote",
        None, ok({"savedSqlUuid": UUID, "slug": "s"}), {"savedSqlUuid": UUID, "slug": "s"}, NEW,
    ),
    "validation": Write(
        lambda w: w.start_validation(P), "POST", f"/api/v1/projects/{P}/validate", {}, ok({"jobId": 15}), "15"
    ),
    "validation on a current server": Write(
        lambda w: w.start_validation(P),
        "POST", f"/api/v1/projects/{P}/validate", {}, ok({"jobId": "12"}), "12", NEW,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITES)
def test_a_write_is_one_request(name: str) -> None:
    """Method, path and body are those that were seen on the real servers, nothing more; a uuid comes back."""
    write = WRITES[name]
    with served(write.answer) as (server, session):
        assert write.call(Writer(session, write.server)) == write.says
    (seen,) = server.seen
    assert (seen.method, seen.target, seen.json) == (write.method, write.path, write.body)
    assert seen.headers.get("content-type") == (None if write.body is None else "application/json")


@pytest.mark.parametrize("name", [name for name, write in WRITES.items() if write.says is not None])
@pytest.mark.parametrize("results", [None, {}, [], {"uuid": "../x", "jobId": None, "pinnedListUuid": "x"}])
def test_an_answer_without_what_was_made(name: str, results: object) -> None:
    """Where the answer does not say what came of it, the write happened all the same: the error says so."""
    write = WRITES[name]
    with served(ok(results)) as (server, session), pytest.raises(UnexpectedAnswer) as caught:
        write.call(Writer(session, write.server))
    assert caught.value.unclear
    assert str(caught.value).startswith(f"{write.method} {write.path}: 200 the answer is not as expected")
    assert len(server.seen) == 1


# --- what is not sent


NOTHING: dict[str, Callable[[Writer], object]] = {
    "chart": lambda w: w.patch_chart(C, {"slug": "no"}),
    "SQL chart": lambda w: w.patch_sql_chart(P, C, SQL, metadata=False, version=False),
    "tag": lambda w: w.patch_tag(P, T, {}),
}


@pytest.mark.parametrize("name", NOTHING)
def test_no_change_is_no_request(name: str) -> None:
    """An empty change, which the server answers with 500, is not sent."""
    with served(refusal(500)) as (server, session):
        NOTHING[name](Writer(session, OLD))
    assert server.seen == []


LACKING: dict[str, Callable[[Writer], object]] = {
    "inheritsAccess": lambda w: w.create_space(P, {"name": "N"}),
    "name": lambda w: w.update_space(P, S, {"inheritsAccess": True}),
    "spaceUuid": lambda w: w.create_chart(P, VERSION | {"name": "N"}),
    "metricQuery": lambda w: w.create_chart(P, {k: v for k, v in CHART.items() if k != "metricQuery"}),
    "tableConfig": lambda w: w.add_chart_version(C, {k: v for k, v in CHART.items() if k != "tableConfig"}),
    "sql": lambda w: w.create_sql_chart(P, PLACED),
    "limit": lambda w: w.patch_sql_chart(P, C, {"sql": "", "config": {}}, metadata=False, version=True),
    "tiles": lambda w: w.write_dashboard(D, PLACED),
    "name, spaceUuid": lambda w: w.create_empty_dashboard(P, {}),
    "what it delivers": lambda w: w.create_quiet_scheduler(P, DELIVERY, TODAY),
    "targets": lambda w: w.replace_scheduler(T, {k: v for k, v in DELIVERY.items() if k != "targets"}),
}


@pytest.mark.parametrize("missing", LACKING)
def test_content_that_lacks_something(missing: str) -> None:
    """What the server needs and content lacks is named before anything is sent."""
    with served(MADE) as (server, session), pytest.raises(ApiError, match=f"not sent.*{missing}") as caught:
        LACKING[missing](Writer(session, OLD))
    assert not caught.value.unclear
    assert server.seen == []


def test_a_dashboard_is_renamed_by_name() -> None:
    """A description alone would be answered with 200 and forgotten: without a name nothing is sent."""
    with served(MADE) as (server, session), pytest.raises(ApiError, match="lacks name"):
        Writer(session, OLD).patch_dashboard(D, {"description": "d"})
    assert server.seen == []


@pytest.mark.parametrize("target", ["webhook", "googleChatWebhook"])
def test_the_mark_of_a_secret_is_not_an_address(target: str) -> None:
    """The words that stand for a webhook in snapshots never replace a webhook; a true one may."""
    delivery = DELIVERY | {"targets": [{target: SECRET}]}
    with served(MADE) as (server, session):
        with pytest.raises(ApiError, match="webhook is a secret") as caught:
            Writer(session, NEW).replace_scheduler(T, delivery)
        assert server.seen == []
        assert not caught.value.unclear
        Writer(session, NEW).replace_scheduler(T, DELIVERY | {"targets": [{target: "https://a.example"}]})
    assert server.seen[0].json["targets"] == [{target: "https://a.example"}]


@pytest.mark.parametrize("bad", ["", "..", f"../{UUID}", f"{UUID}/share", UUID[:-1], f"{UUID}\n", "%2e%2e"])
@pytest.mark.parametrize("name", WRITES)
def test_no_text_but_a_uuid_goes_into_a_path(name: str, bad: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a file says instead of a uuid, no other endpoint is written to: nothing is sent."""
    for place in "PSCDTU":
        monkeypatch.setattr(f"{__name__}.{place}", bad)
    monkeypatch.setattr(f"{__name__}.SCHEDULER", SCHEDULER | {"savedChartUuid": bad})
    with served(MADE) as (server, session), pytest.raises(SyncError, match=r"not a uuid|what it delivers"):
        WRITES[name].call(Writer(session, NEW))
    assert server.seen == []


def test_a_body_that_no_server_takes_is_not_sent() -> None:
    """A body above five megabytes, to which 0.1372.1 says 500, is an error that names its size."""
    with served(MADE) as (server, session), pytest.raises(ApiError, match=r"5,\d{3},\d{3} bytes") as caught:
        Writer(session, OLD).patch_chart(C, {"description": "x" * 5 * 2**20})
    assert not caught.value.unclear
    assert server.seen == []


# --- after the effect


@pytest.mark.parametrize(
    "call",
    [
        lambda w: w.create_chart(P, CHART),
        lambda w: w.patch_chart(C, {"name": "N"}),
        lambda w: w.add_chart_version(C, CHART),
    ],
)
def test_a_missing_explore_is_told_after_the_work(call: Callable[[Writer], object]) -> None:
    """The 404 for an explore comes after the chart was written; any other 404 means that nothing was."""
    late, early = refusal(404, 'Explore "no\npe" does not exist.'), refusal(404, "Saved query not found")
    with served(late, early) as (_server, session):
        for unclear in (True, False):
            with pytest.raises(NotFound) as caught:
                call(Writer(session, OLD))
            assert caught.value.unclear is unclear


# --- schedulers


@given(
    day=st.dates(date(2024, 1, 1), date(2032, 12, 31)),
    ahead=st.integers(0, 7),
    zone=st.sampled_from(["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Paris"]),
)
def test_a_quiet_scheduler_has_no_run_in_the_next_days(day: date, ahead: int, zone: str) -> None:
    """Whatever the day and the time zone, nothing runs today, nor in the week after."""
    moment = datetime(day.year, day.month, day.day, 0, 1, tzinfo=UTC) + timedelta(days=ahead)
    assert list(runs_today(quiet_cron(day), zone, moment)) == []
