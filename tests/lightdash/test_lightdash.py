"""The endpoints: shapes that are checked, rows as they came, and nothing that leaves its path."""

from __future__ import annotations

from collections.abc import Callable
from inspect import getmembers, isclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from lightdash_standin.server import Server as Embedded
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import SyncError, UnexpectedAnswer
from lightdash_sync.lightdash import promotion, schemas
from lightdash_sync.lightdash.reading import Lightdash
from lightdash_sync.lightdash.versions import Server
from tests.lightdash.support import UUID, answer, ok, refusal, served, session_with
from tests.worlds import SERVED, demo_world

OLD, NEW = Server("0.1372.1"), Server("0.2904.5")
METRIC = schemas.Metric(tableName="orders", name="total")

# Each reading, and the path it asks.
READINGS: dict[str, tuple[Callable[[Lightdash], object], str]] = {
    "health": (lambda at: at.health(), "/api/v1/health"),
    "user": (lambda at: at.user(), "/api/v1/user"),
    "members": (lambda at: at.members(), "/api/v1/org/users"),
    "groups": (lambda at: at.groups(), "/api/v1/org/groups"),
    "color_palettes": (lambda at: at.color_palettes(), "/api/v1/org/color-palettes"),
    "projects": (lambda at: at.projects(), "/api/v1/org/projects"),
    "project": (lambda at: at.project("P"), "/api/v1/projects/P"),
    "spaces": (lambda at: at.spaces("P"), "/api/v1/projects/P/spaces"),
    "space": (lambda at: at.space("P", "S"), "/api/v1/projects/P/spaces/S"),
    "charts": (lambda at: at.charts("P"), "/api/v1/projects/P/charts"),
    "chart_summaries": (lambda at: at.chart_summaries("P"), "/api/v1/projects/P/chart-summaries"),
    "dashboards": (lambda at: at.dashboards("P"), "/api/v1/projects/P/dashboards"),
    "content": (lambda at: at.content("P"), "/api/v2/content?projectUuids=P&page=1&pageSize=50000"),
    "dashboard": (lambda at: at.dashboard("D"), "/api/v1/dashboards/D"),
    "chart_history": (lambda at: at.chart_history("C"), "/api/v1/saved/C/history"),
    "chart_version": (lambda at: at.chart_version("C", "V"), "/api/v1/saved/C/version/V"),
    "sql_chart": (lambda at: at.sql_chart("P", "C"), "/api/v1/projects/P/sqlRunner/saved/C"),
    "schedulers_of": (lambda at: at.schedulers_of("saved", "C"), "/api/v1/saved/C/schedulers"),
    "schedulers": (lambda at: at.schedulers("P"), "/api/v1/schedulers/P/logs"),
    "tags": (lambda at: at.tags("P"), "/api/v1/projects/P/tags"),
    "metrics": (lambda at: at.metrics("P"), "/api/v1/projects/P/dataCatalog/metrics?page=1&pageSize=50000"),
    "explores": (lambda at: at.explores("P"), "/api/v1/projects/P/explores"),
    "charts_using": (
        lambda at: at.charts_using("P", METRIC),
        "/api/v1/projects/P/dataCatalog/orders/analytics/total",
    ),
    "pins": (lambda at: at.pins("P", "L"), "/api/v1/projects/P/pinned-lists/L/items"),
    "job_status": (lambda at: at.job_status("a/7"), "/api/v1/schedulers/job/a%2F7/status"),
    "validation": (lambda at: at.validation("P"), "/api/v1/projects/P/validate"),
    "comments": (lambda at: at.comments("D"), "/api/v1/comments/dashboards/D"),
    "promotion_diff": (
        lambda at: at.promotion_diff(Kind.CHART, UUID, UUID),
        f"/api/v1/saved/{UUID}/promoteDiff",
    ),
}
NOT_UUIDS = [
    "",
    "..",
    f"../{UUID}",
    f"{UUID}/..",
    f"{UUID}\n",
    f" {UUID}",
    f"{UUID}?x=1",
    f"{UUID}#",
    f"{UUID}%2F",
    UUID[:-1],
    UUID + "0",
    UUID.replace("1", "١"),
    UUID.replace("-", "/"),
    UUID.replace("-", ""),
    "g" * 36,
    7,
    [UUID],
]


def test_all_of_a_real_project() -> None:
    """Every reading works on a whole project, each with one request of its own, and finds what is there."""
    world = demo_world()
    project = world.projects["production"]
    with Embedded(world) as server, session_with(server.url, token=world.tokens["admin"]) as session:
        at = Lightdash(session)
        assert at.server == Server(SERVED)
        assert at.user().sees_all_spaces(project)
        assert project in {row.projectUuid for row in at.projects()}
        assert at.project(project)[1]["projectUuid"] == project
        assert at.user().userUuid in {member.userUuid for member in at.members()}
        assert {group.name for group in at.groups()} == {group.name for group in world.groups.values()}
        assert at.slack_channels() is None  # this server has no Slack
        for space, row in at.spaces(project):
            assert at.space(project, space.uuid)[0].uuid == row["uuid"]
        boards = at.dashboards(project)
        assert {at.dashboard(board.uuid)[0].name for board in boards} == {board.name for board in boards}
        assert all(isinstance(at.comments(board.uuid), dict) for board in boards)
        charts, summaries = at.charts(project), at.chart_summaries(project)
        for summary in summaries:
            version = at.chart_history(summary.uuid)[0].versionUuid
            assert at.chart_version(summary.uuid, version)[0].chart.slug == summary.slug
        sql = [chart for chart in charts if chart.source == "sql"]
        assert {at.sql_chart(project, chart.uuid)[0].slug for chart in sql} == {chart.slug for chart in sql}
        listed = {chart.uuid for chart in charts} | {board.uuid for board in boards}
        assert {row.uuid for row in at.content(project)} == listed
        schedulers = {one.schedulerUuid: one for one, _ in at.schedulers(project)}
        for one in schedulers.values():
            kind = "saved" if one.savedChartUuid else "dashboards"
            assert one.schedulerUuid in {own.schedulerUuid for own, _ in at.schedulers_of(kind, one.delivers)}
        tags = {tag.tagUuid for tag, _ in at.tags(project)}
        metrics = at.metrics(project)
        assert {metric.tableName for metric in metrics} <= {row.name for row in at.explores(project)}
        charts_of_rows = {row.chartUuid for row in at.validation(project)}
        assert {category.tagUuid for metric in metrics for category in metric.categories} <= tags
        using = {chart.uuid for metric in metrics for chart in at.charts_using(project, metric)}
        pinned = at.project(project)[0].pinnedListUuid
        pins = at.pins(project, pinned or "")
    assert charts and summaries and boards and sql and schedulers and tags and metrics and pins  # noqa: PT018
    assert charts_of_rows - {None} <= {summary.uuid for summary in summaries}
    assert using & {summary.uuid for summary in summaries}


# --- paths and shapes


@pytest.mark.parametrize("name", READINGS)
def test_each_reading_asks_its_path(name: str) -> None:
    """A reading is a GET of one path, and looks change nothing."""
    reading, path = READINGS[name]
    with served(ok("wrong")) as (server, session), pytest.raises(UnexpectedAnswer) as caught:
        reading(Lightdash(session, OLD))
    assert [(seen.method, seen.target) for seen in server.seen] == [("GET", path)]
    assert str(caught.value).startswith(f"GET {path.partition('?')[0]}: 200 the answer is not as expected: ")
    assert "newer lightdash-sync" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("schedulers", "/api/v1/schedulers/P/list?page=1&pageSize=50000"),
        ("schedulers_of", "/api/v2/saved/C/schedulers?page=1&pageSize=50000"),
        (
            "validation",
            "/api/v2/projects/P/validate?includeChartConfigWarnings=true&page=1&pageSize=50000",
        ),
    ],
)
def test_current_servers_are_asked_for_pages(name: str, path: str) -> None:
    """Where a current server has a list in pages, the one that it calls deprecated is not asked any more."""
    page = {"data": [], "pagination": {"page": 1, "pageSize": 50000, "totalPageCount": 1, "totalResults": 0}}
    with served(ok(page)) as (server, session):
        assert READINGS[name][0](Lightdash(session, NEW)) == []
    assert [(seen.method, seen.target) for seen in server.seen] == [("GET", path)]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "canary", UUID]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["data", "pagination", "history", "charts", "schedulers", "uuid", "name", "slug"]
            ),
            inner,
            max_size=4,
        )
        | st.fixed_dictionaries(
            {
                "data": inner,
                "pagination": st.fixed_dictionaries({"totalPageCount": inner, "totalResults": inner}),
            }
        )
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def puppet() -> Any:
    """A server that answers with the results that a test puts there, and a Lightdash that asks it."""
    results: list[object] = [None]
    with served(choose=lambda _: ok(results[0])) as (_server, session):
        yield Lightdash(session, OLD), results


@given(results=_JSON, name=st.sampled_from(sorted(READINGS)))
def test_whatever_a_server_answers(puppet: Any, results: object, name: str) -> None:
    """Results of any shape are what the endpoint promises, or an error that repeats nothing of them."""
    lightdash, cell = puppet
    cell[0] = results
    try:
        READINGS[name][0](lightdash)
    except UnexpectedAnswer as error:
        assert "canary" not in str(error)  # noqa: PT017
        assert error.hint  # noqa: PT017


@pytest.mark.parametrize("name", ["members", "chart_history", "schedulers", "charts_using"])
def test_a_list_inside_an_object(name: str) -> None:
    """Where rows come inside an object, an object without them is an error and not an empty list."""
    wrong: list[object] = [{}, [], None, {"data": None, "history": 1, "schedulers": {}, "charts": ""}]
    for results in wrong:
        with served(ok(results)) as (_server, session), pytest.raises(UnexpectedAnswer, match="list was exp"):
            READINGS[name][0](Lightdash(session, OLD))


def test_no_error_shows_connection_details() -> None:
    """A project whose shape is not as expected is told without what is in it, where passwords may be."""
    row = {"projectUuid": "hunter2", "name": "x", "organizationUuid": UUID, "dbt": {"password": "hunter2"}}
    with served(ok(row)) as (_server, session), pytest.raises(UnexpectedAnswer) as caught:
        Lightdash(session, OLD).project(UUID)
    assert "projectUuid: String should match pattern" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    with pytest.raises(ValidationError) as seen:
        schemas.Project.model_validate(row)
    assert "hunter2" not in str(seen.value)


def test_rows_stay_as_they_came() -> None:
    """What a row holds beside what we know of comes out untouched: numbers, order, unknown fields."""
    row = {"zzz": 1.50, "tagUuid": UUID, "name": "n", "unknown": {"b": None, "a": [True, 2**60]}}
    with served(ok([row])) as (_server, session):
        ((tag, raw),) = Lightdash(session, OLD).tags("P")
    assert (tag.tagUuid, tag.name) == (UUID, "n")
    assert raw == row
    assert list(raw) == list(row)


def test_versions_keep_the_order_of_the_server() -> None:
    """It keeps microseconds and tells milliseconds, so its order alone says which of two is current."""
    others = [UUID.replace(UUID[0], digit, 1) for digit in "7f3b0"]
    times = ["2026-01-03", "2026-01-02", "2026-01-02", "2026-01-02", "2026-01-01"]
    rows = [
        {"chartUuid": UUID, "versionUuid": uuid, "createdAt": time, "createdBy": {"userUuid": UUID}}
        for uuid, time in zip(others, times, strict=True)
    ]
    with served(ok({"history": rows}), ok({"history": rows})) as (_server, session):
        lightdash = Lightdash(session, OLD)
        for versions in (lightdash.chart_history("C"), lightdash.history(Kind.DASHBOARD, "D")):
            assert [version.versionUuid for version in versions] == others
            assert {version.author for version in versions} == {UUID}


def test_a_history_that_does_not_come_newest_first_is_an_error() -> None:
    """Which version is current is not known then, and never guessed; so too of a chart without a version."""
    times = ["2026-01-02", "2026-01-03", "2026-01-01"]
    rows = [{"chartUuid": UUID, "versionUuid": UUID, "createdAt": time} for time in times]
    with served(ok({"history": rows}), ok({"history": []})) as (_server, session):
        lightdash = Lightdash(session, OLD)
        for problem in ("do not come newest first", "has no version"):
            with pytest.raises(UnexpectedAnswer, match=problem) as caught:
                lightdash.chart_history("C")
            assert caught.value.hint


def test_a_chart_on_two_tiles_is_one_chart() -> None:
    """Summaries that a server lists twice are returned once."""
    row = {"uuid": UUID, "slug": "s", "name": "n", "spaceUuid": UUID, "updatedAt": "2026"}
    with served(ok([row, row])) as (_server, session):
        assert len(Lightdash(session, OLD).chart_summaries("P")) == 1


def test_the_server_is_asked_for_its_version_once() -> None:
    """The version comes from /health, with one request, unless it is known."""
    with served(ok({"version": "0.1400.0", "extra": 1})) as (server, session):
        lightdash = Lightdash(session)
        assert lightdash.server == lightdash.server == Server("0.1400.0")
        assert Lightdash(session, NEW).server is NEW
    assert len(server.seen) == 1


PROJECT = {"projectUuid": UUID, "name": "Sales", "organizationUuid": UUID}


def test_the_answer_about_a_project_tells_the_version_too() -> None:
    """A server that has it in a header is not asked for it, and its answer about the project is used once."""
    signed = ok(PROJECT, Lightdash_Version="1.219.0")
    with served(signed) as (server, session):
        lightdash = Lightdash(session)
        assert lightdash.open_project(UUID) == lightdash.server == Server("1.219.0")
        assert lightdash.project(UUID)[0].name == "Sales"
        assert [one.target for one in server.seen] == [f"/api/v1/projects/{UUID}"]
        lightdash.project(UUID)
    assert len(server.seen) == 2


def test_a_server_that_does_not_tell_its_version_is_asked() -> None:
    """Older ones have no such header, and some proxies take away what they do not know."""
    with served(ok(PROJECT), ok({"version": "0.1372.1"})) as (server, session):
        assert Lightdash(session).open_project(UUID) == Server("0.1372.1")
    assert [one.target for one in server.seen] == [f"/api/v1/projects/{UUID}", "/api/v1/health"]


PAGE = answer(200, "<!doctype html>", kind="text/html")


@pytest.mark.parametrize(
    ("replies", "path", "words"),
    [
        ([refusal(404, "no such path")], "/api/v1/health", "no such path"),
        ([PAGE], "/api/v1/health", "not JSON"),
        ([refusal(404, "no such project"), ok({"version": "1.219.0"})], "/projects/", "no such project"),
        ([refusal(401, "who?"), ok({"version": "1.219.0"})], "/projects/", "who?"),
        ([PAGE, ok({"version": "0.1300.0"})], "", "0.1300.0 is too old"),
    ],
)
def test_a_wrong_url_is_told_from_a_wrong_project(replies: list[bytes], path: str, words: str) -> None:
    """What `/health` answers decides: with it the project is what is wrong, else this is no Lightdash."""
    with served(*replies) as (_, session), pytest.raises(SyncError) as caught:
        Lightdash(session).open_project(UUID)
    assert words in caught.value.message
    assert path in getattr(caught.value, "path", "")


# --- what stays in its place


def _refuses(view: type[schemas.View], name: str, value: object) -> bool:
    try:
        view.model_validate({name: value})
    except ValidationError as error:
        return any(problem["loc"][0] == name for problem in error.errors())
    return False


@pytest.mark.parametrize("bad", NOT_UUIDS)
def test_no_uuid_leaves_its_path(bad: object) -> None:
    """In every view, a field that holds a uuid holds nothing else: it goes into paths of requests."""
    modules = (schemas, schemas, promotion, schemas)
    every = [view for module in modules for _, view in getmembers(module, isclass)]
    known = {view for view in every if issubclass(view, schemas.View)}
    fields = [(view, name) for view in known for name in view.model_fields]
    uuids = [(view, name) for view, name in fields if name == "uuid" or name.endswith("Uuid")]
    assert len(uuids) > 30
    for view, name in uuids:
        assert not _refuses(view, name, UUID.upper())
        # SQL charts have "" where others have null, and metrics before they are indexed.
        assert _refuses(view, name, bad) or (bad == "" and name in ("pinnedListUuid", "catalogSearchUuid"))


@given(st.text() | st.from_regex(schemas.Uuid.__metadata__[0].pattern))  # type: ignore[attr-defined]
def test_a_uuid_is_36_plain_characters(text: str) -> None:
    """Whatever passes for a uuid can be written into a path as it is."""
    try:
        TypeAdapter(schemas.Uuid).validate_python(text)
    except ValidationError:
        return
    assert len(text) == 36
    assert set(text.lower()) <= set("0123456789abcdef-")


def test_a_hostile_uuid_is_not_followed() -> None:
    """A list with a uuid that would lead elsewhere is refused as a whole, with the row's number."""
    rows = [{"projectUuid": one, "name": "x"} for one in (UUID, "../../user")]
    with served(ok(rows)) as (server, session), pytest.raises(UnexpectedAnswer, match=r"1\.projectUuid"):
        Lightdash(session, OLD).projects()
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("name", "segment"),
    [("a/b", "a%2Fb"), ("a?b#c", "a%3Fb%23c"), ("%2e%2e", "%252e%252e"), ("ü ", "%C3%BC%20"), ("...", "...")],
)
def test_a_name_in_a_path_is_quoted(name: str, segment: str) -> None:
    """Names of tables and metrics, which are not uuids, stay one segment of the path."""
    with served(ok({"charts": []})) as (server, session):
        Lightdash(session, OLD).charts_using("P", schemas.Metric(tableName=name, name=name))
    assert server.seen[0].target == f"/api/v1/projects/P/dataCatalog/{segment}/analytics/{segment}"


@pytest.mark.parametrize("name", ["", ".", ".."])
@pytest.mark.parametrize("field", ["tableName", "name"])
def test_a_name_that_leaves_its_path_is_refused(name: str, field: str) -> None:
    """Dots alone would make it another endpoint's path: nothing is asked."""
    metric = METRIC.model_copy(update={field: name})
    with served(ok({"charts": []})) as (server, session), pytest.raises(UnexpectedAnswer, match="not exp"):
        Lightdash(session, OLD).charts_using("P", metric)
    assert server.seen == []


NO_SLACK = answer(200, '{"status":"ok"}', "application/json")  # as a real server without it answers


@pytest.mark.parametrize(
    "reply", [NO_SLACK, refusal(404, "no Slack"), refusal(400), answer(200, "<p>", "text/html")]
)
def test_channels_of_slack(reply: bytes) -> None:
    """Channels come with id and name; a server that cannot tell them, for whatever reason, is no error."""
    rows = [{"id": "C1", "name": "#sales", "more": 1}]
    with served(ok(rows), reply) as (server, session):
        (channel,) = Lightdash(session, OLD).slack_channels() or []
        assert (channel.id, channel.name) == ("C1", "#sales")
        assert Lightdash(session, OLD).slack_channels() is None
        assert len(server.seen) == 2  # whatever it was, it is not asked for again


# --- what views say


@pytest.mark.parametrize(
    ("rule", "all_spaces"),
    [
        ({"action": "manage", "subject": "all"}, True),
        ({"action": "manage", "subject": "Space"}, True),
        ({"action": "manage", "subject": "Space", "conditions": {"organizationUuid": UUID}}, True),
        ({"action": "manage", "subject": "Space", "conditions": {"projectUuid": "P"}}, True),
        ({"action": "manage", "subject": "Space", "conditions": {"projectUuid": "Q"}}, False),
        ({"action": "manage", "subject": "Space", "conditions": {"isPrivate": False}}, False),
        ({"action": "view", "subject": "Space"}, False),
        ({"action": "manage", "subject": "Dashboard"}, False),
    ],
)
def test_who_sees_all_spaces(rule: dict[str, Any], all_spaces: bool) -> None:
    """Only whoever manages every space of the project is said to see them all."""
    user = schemas.User(userUuid=UUID, organizationUuid=UUID, abilityRules=[schemas.AbilityRule(**rule)])
    assert user.sees_all_spaces("P") == all_spaces


def test_what_arrives_in_two_forms() -> None:
    """Counts may be numbers or text, an empty uuid of a pinned list means none."""
    row = {"uuid": UUID, "slug": "s", "name": "n", "access": [], "chartCount": "12", "dashboardCount": 3}
    space = schemas.SpaceRow.model_validate(row | {"pinnedListUuid": ""})
    assert (space.chartCount, space.dashboardCount, space.pinnedListUuid) == (12, 3, None)


def test_the_name_of_a_metric_in_charts() -> None:
    """A metric is known to charts by its table and its name, dots made underscores."""
    assert schemas.Metric(tableName="orders", name="a.b.c").field_id == "orders_a__b__c"
