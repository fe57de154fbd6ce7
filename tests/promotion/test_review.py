"""What `promote review` says of each state that an item can be in, on a Lightdash of 0.1372.1 and later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lightdash_sync.content.kinds import Kind
from lightdash_sync.promotion.values import NEVER_ACCEPTED
from tests.promotion.hands import Hands
from tests.promotion.worlds import PREVIEW, PRODUCTION, STAGED, STAGING, STATES, promotion_desk
from tests.sync.desk import Desk

REFUSED, PENDING, STALE, USAGE = 4, 6, 5, 2


def review(desk: Desk, *arguments: str, env: str = PREVIEW, code: int = REFUSED) -> dict[str, Any]:
    """Review a promotion; return what machines are told."""
    return desk.do("promote", "review", "--env", env, "--json", *arguments, code=code).json


def by_state(said: dict[str, Any], states: Any = STATES) -> dict[str, Any]:
    """Return state -> item, of the items of a review."""
    items = {(item["kind"], item["name"]): item for item in said["items"]}
    return {state: items[of] for state, of in states.items() if of in items}


def codes(item: dict[str, Any], weight: str = "") -> set[str]:
    """Return the codes of an item's verdicts."""
    return {one["code"] for one in item["verdicts"] if weight in ("", one["weight"])}


def reason(item: dict[str, Any], code: str) -> str:
    """Return the words of the verdict of a code."""
    (found,) = [one["what"] for one in item["verdicts"] if one["code"] == code]
    return str(found)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The review of all of the preview, on 0.1372.1, by state."""
    with promotion_desk(tmp_path_factory.mktemp("everything")) as desk:
        return by_state(review(desk, "--all"))


# state -> (what the server says, whether it becomes another, codes, whether it is refused)
OLD = {
    "unchanged": ("no changes", False, {"unchanged"}, False),
    "changed": ("update", True, {"changed"}, False),
    "renamed": ("update", True, {"changed"}, False),
    "moved": ("no changes", False, {"not_moved"}, False),
    "moved and changed": ("update", True, {"changed"}, False),
    "changed on both sides": ("no changes", False, {"upstream_newer"}, True),  # on a promoted dashboard
    "changed upstream": ("no changes", False, {"upstream_newer"}, False),
    "renamed and changed upstream": ("update", True, {"upstream_newer"}, True),
    "renamed on both sides": ("update", True, {"upstream_newer"}, True),
    "changed alike": ("update", False, {"unchanged"}, False),
    "new": ("create", True, {"would_duplicate"}, True),
    "deleted upstream": ("create", True, {"would_duplicate"}, True),
    "in a renamed space": ("update", True, {"changed"}, False),
    "in a new space": ("create", True, {"would_duplicate"}, True),
    "two upstream": ("", False, {"ambiguous"}, True),
    "in a space of which two are upstream": ("", False, {"ambiguous"}, True),
    "inside a dashboard": ("update", True, {"changed"}, False),
    "hostile": ("update", True, {"changed"}, False),
    "dashboard unchanged": ("update", False, {"unchanged"}, False),
    "dashboard changed": ("update", True, {"changed"}, False),
    "dashboard renamed": ("update", True, {"changed"}, False),
    "dashboard moved": ("update", True, {"changed"}, False),
    "dashboard changed upstream": ("update", True, {"upstream_newer"}, True),
    "dashboard changed on both sides": ("update", True, {"upstream_newer"}, True),
    "dashboard new": ("create", True, {"would_duplicate"}, True),
    "dashboard with charts inside": ("update", True, {"would_delete", "would_hide"}, True),
    "dashboard with a new chart inside": ("update", True, {"changed"}, False),
    "dashboard with a chart inside on two tiles": ("", False, {"ambiguous"}, True),
    "dashboard with a chart on two tiles": ("create", True, {"would_duplicate"}, True),
    "dashboard with an SQL tile": ("update", True, {"points_to_source"}, True),
    "dashboard with a deleted tile": ("update", True, {"changed"}, False),
    "dashboard with links": ("update", True, {"changed", "points_to_source"}, False),
    "dashboard with comments upstream": ("update", True, {"moves_comments"}, True),
    "dashboard with a changed chart": ("update", False, {"unchanged"}, False),
    "dashboard with a chart changed upstream": ("update", False, {"unchanged"}, False),
    "dashboard two upstream": ("", False, {"ambiguous"}, True),
    "dashboard hostile": ("update", True, {"changed"}, False),
    "space renamed": ("update", True, {"renames_space"}, True),
    "space new": ("create", True, {"new"}, False),
    "space new and private": ("create", True, {"new", "widens_access"}, False),
    "space granted": ("no changes", False, {"unchanged"}, False),
    "space of which two are upstream": ("", False, {"ambiguous"}, True),
}


@pytest.mark.parametrize("state", OLD)
def test_each_state_has_its_verdict_on_the_oldest_server(everything: dict[str, Any], state: str) -> None:
    """What the server says, what really happens, and what is to be thought of it are told for each item."""
    word, effective, verdicts, refused = OLD[state]
    item = everything[state]
    found = (
        item["said"] or "",
        item["effective"],
        codes(item),
        any(one["weight"] == "blocks" for one in item["verdicts"]),
    )
    assert found == (word, effective, verdicts, refused)


def test_a_reason_names_whose_work_is_at_stake_and_when(everything: dict[str, Any]) -> None:
    """Where upstream is newer, the reason says who saved it and when."""
    passed = reason(everything["changed on both sides"], "upstream_newer")
    assert "saved by Ada Kovač at 2026-" in passed
    assert "pass it over" in passed
    overwritten = reason(everything["dashboard changed upstream"], "upstream_newer")
    assert overwritten.count("saved by") == 2


def test_a_reason_names_what_is_lost_hidden_or_left_pointing(everything: dict[str, Any]) -> None:
    """What would be deleted, hidden, or would show the source's own is named."""
    inside = everything["dashboard with charts inside"]
    assert "chart:inside-never-shown" in reason(inside, "would_delete")
    assert "chart:inside-taken-off" in reason(inside, "would_hide")
    assert "sql_chart:" in reason(everything["dashboard with an SQL tile"], "points_to_source")
    assert "2 charts" in reason(everything["two upstream"], "ambiguous")
    assert "2 copies" not in reason(everything["new"], "would_duplicate")


def test_what_would_be_deleted_stands_in_the_review_as_deleted(desk: Desk) -> None:
    """A chart that Lightdash may delete with a dashboard is an item of the review, with its content."""
    said = review(desk, "--dashboard", "board-with-charts-inside")
    (lost,) = [item for item in said["items"] if item["key"] == "inside-never-shown"]
    assert lost["status"] == "deleted"
    assert lost["effective"]


def test_a_review_writes_nothing_and_counts_no_view_of_a_chart(desk: Desk) -> None:
    """Looking does not touch: no write is sent, and no chart has one view more."""
    views = {uuid: chart.views for uuid, chart in desk.world.charts.items()}
    with desk.nothing_is_written():
        for form in ("text", "json", "markdown", "html"):
            desk.do("promote", "review", "--env", PREVIEW, "--all", "--format", form, code=REFUSED)
    assert {uuid: chart.views for uuid, chart in desk.world.charts.items()} == views


def test_charts_that_go_along_with_a_dashboard_are_not_asked_for_twice(desk: Desk) -> None:
    """One question for each dashboard, and one for each chart that is on none of them."""
    desk.world.requests.clear()
    review(desk, "--dashboard", "board-changed", "--chart", "changed", "--chart", "renamed", code=0)
    asked = [path for _, path in desk.world.requests if path.endswith("/promoteDiff")]
    assert len(asked) == 2


def test_nothing_chosen_means_what_differs(desk: Desk) -> None:
    """Without a choice only that is asked for, and told, which a promotion concerns."""
    found = by_state(review(desk))
    assert "dashboard unchanged" not in found
    assert {"changed", "dashboard changed", "changed upstream"} <= found.keys()
    assert found.keys() == by_state(review(desk, "--changed")).keys()


def test_a_choice_of_a_space_means_all_that_is_in_it(desk: Desk) -> None:
    """`--space` promotes the dashboards and charts in a space, and nothing else."""
    said = review(desk, "--space", "regions")
    assert [(call["kind"], call["key"]) for call in said["calls"]] == [("chart", "in-a-renamed-space")]


def test_what_nothing_speaks_against_is_not_refused(desk: Desk) -> None:
    """A harmless choice ends with 0, or with 6 where the exit code is asked for."""
    assert not review(desk, "--chart", "changed", code=0)["blocked"]
    assert review(desk, "--chart", "changed", "--exit-code", code=PENDING)["calls"][0]["needed"]
    assert review(desk, "--chart", "unchanged", "--exit-code", code=0)["empty"]


def test_a_chart_inside_a_dashboard_is_promoted_with_it_only(desk: Desk) -> None:
    """A named chart that lives in a dashboard is refused, and the reason names the dashboard."""
    (item,) = review(desk, "--chart", "inside-shown")["items"]
    assert codes(item) == {"inside_dashboard"}
    assert "dashboard:board-with-charts-inside" in reason(item, "inside_dashboard")


def test_a_sql_chart_is_named_like_a_chart(desk: Desk, tmp_path: Path) -> None:
    """Servers that do not promote them refuse it with the reason; later ones promote it by itself."""
    (item,) = review(desk, "--chart", "sql-changed")["items"]
    assert codes(item) == {"not_promotable"}
    with newer(tmp_path / "newer", "0.2462.0") as later:
        said = review(later, "--chart", "sql-changed", code=0)
        assert [(call["kind"], call["key"]) for call in said["calls"]] == [("sql_chart", "sql-changed")]


def test_what_promotion_never_carries_is_listed_if_it_differs(desk: Desk) -> None:
    """Schedulers, tags, pins, grants of spaces that exist, and SQL charts that stay behind are told."""
    said = review(desk, "--all")
    left = {(one["kind"], one["status"]) for one in said["left_behind"]}
    assert left == {
        ("space", "changed"), ("sql_chart", "changed"), ("scheduler", "created"), ("tag", "created"),
        ("pins", "changed"), ("chart", "changed"),
    }  # fmt: skip


def test_what_is_passed_over_shows_what_it_lacks(desk: Desk) -> None:
    """Of an item that Lightdash leaves as it is, the review tells field by field what the source has."""
    said = review(desk, "--chart", "changed-on-both-sides")
    (left,) = [one for one in said["left_behind"] if one["kind"] == "chart"]
    assert left["key"] == "changed-on-both-sides"
    assert any("limit" in change["words"] for change in left["changes"])


def test_a_verdict_is_accepted_by_the_name_of_its_item(desk: Desk) -> None:
    """`--accept KIND:KEY` lets an item pass; it stays in the review as accepted."""
    chosen = ("--dashboard", "board-with-comments")
    review(desk, *chosen)
    said = review(desk, *chosen, "--accept", "dashboard:board-with-comments", code=0)
    (board,) = [item for item in said["items"] if item["kind"] == "dashboard"]
    assert [one["accepted"] for one in board["verdicts"]] == [True]
    assert said["digest"] != review(desk, *chosen)["digest"]


def test_what_the_server_refuses_cannot_be_accepted(desk: Desk) -> None:
    """No word of the user lets pass what Lightdash itself will refuse."""
    said = review(desk, "--chart", "two-upstream", "--accept", "chart:two-upstream")
    (chart,) = [item for item in said["items"] if item["kind"] == "chart"]
    assert codes(chart) <= set(NEVER_ACCEPTED)
    assert not any(one["accepted"] for one in chart["verdicts"])


def test_accepting_what_is_not_there_is_a_mistake(desk: Desk) -> None:
    """A name that the review does not know was meant for something else."""
    said = review(desk, "--chart", "changed", "--accept", "chart:renamed")
    assert "does not concern it" in said["error"]["message"]


def test_a_key_that_the_source_does_not_have_is_wrong_usage(desk: Desk) -> None:
    """A typo in a key ends with 2 and says what a key is."""
    said = review(desk, "--dashboard", "nope", code=USAGE)
    assert "has no dashboard:nope" in said["error"]["message"]


def test_a_project_without_an_upstream_cannot_be_promoted(desk: Desk) -> None:
    """The refusal says how to go on: set one, or replay."""
    said = review(desk, env=PRODUCTION)
    assert "no upstream project" in said["error"]["message"]
    assert "--via replay" in said["error"]["hint"]


def test_another_target_than_the_upstream_needs_a_replay(desk: Desk) -> None:
    """Lightdash promotes to one project only; asking for another one by its endpoints is wrong usage."""
    said = review(desk, "--to", STAGING, "--via", "promote", code=USAGE)
    assert "--via replay" in said["error"]["hint"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--via", "replay", "--accept", "chart:changed"),
        ("--to", STAGING, "--accept", "chart:changed"),
        ("--with", "schedulers"),
        ("--via", "promote", "--allow-drift", "all"),
        ("--all", "--chart", "changed"),
        ("--changed", "--all"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(desk: Desk, arguments: tuple[str, ...]) -> None:
    """Nothing that somebody asks for is silently passed over: each engine has its own options."""
    assert "exit_code" in review(desk, *arguments, code=USAGE)["error"]


def test_an_upstream_that_is_no_environment_can_be_reviewed_all_the_same(desk: Desk) -> None:
    """To look, the upstream project need not be in the settings."""
    with_it = review(desk, "--chart", "changed", code=0)
    path = desk.folder / "lightdash-sync.toml"
    kept = [part for part in path.read_text("utf-8").split("\n\n") if f"[env.{PRODUCTION}]" not in part]
    path.write_text("\n\n".join(kept), "utf-8")
    without = review(desk, "--chart", "changed", code=0)
    assert (without["items"], without["digest"]) == (with_it["items"], with_it["digest"])


def test_staging_would_be_made_twice_on_the_oldest_server(desk: Desk) -> None:
    """From an ordinary project each promotion makes a copy there: refused, and what exists is named."""
    found = by_state(review(desk, "--all", env=STAGING), STAGED)
    for state in ("promoted before", "new", "dashboard promoted before"):
        assert "would_duplicate" in codes(found[state], "blocks"), state
    assert "upstream has chart:staged-before-1" in reason(found["promoted before"], "would_duplicate")


@contextmanager
def newer(folder: Path, version: str) -> Iterator[Desk]:
    """Serve the same by a Lightdash that promotes as a later version does."""
    with promotion_desk(folder, version) as desk:
        yield desk


def test_servers_that_keep_slugs_make_new_items_once(tmp_path: Path) -> None:
    """Since 0.1505.2 what is new is new, and what was promoted is found again."""
    with newer(tmp_path, "0.1505.2") as desk:
        found = by_state(review(desk, "--all"))
        assert codes(found["new"]) == {"new"}
        staged = by_state(review(desk, "--all", env=STAGING), STAGED)
        assert codes(staged["promoted before"]) == {"unchanged"}


def test_servers_that_promote_sql_charts_leave_none_behind(tmp_path: Path) -> None:
    """Since 0.2462.0 SQL charts go along, are reviewed, and no tile points to the source."""
    with newer(tmp_path, "0.2462.0") as desk:
        said = review(desk, "--all")
        found = by_state(said)
        assert found["SQL chart changed"]["said"] == "update"
        assert codes(found["SQL chart new"]) == {"new"}
        assert "points_to_source" not in codes(found["dashboard with an SQL tile"])
        left = {one["key"] for one in said["left_behind"] if one["kind"] == "sql_chart"}
        assert left == {"sql-changed-upstream"}  # passed over, because upstream is newer


def test_what_upstream_lacks_is_known_before(desk: Desk) -> None:
    """A chart on a field that the upstream project does not have would be broken there: refused."""
    hands = Hands(desk, PREVIEW)
    uuid = hands.uuid(Kind.CHART, "Changed")
    chart = desk.world.charts[uuid]
    chart.version.metric_query["dimensions"].append("orders_nowhere")
    said = review(desk, "--chart", "changed")
    (item,) = [one for one in said["items"] if one["kind"] == "chart"]
    assert "orders_nowhere" in reason(item, "would_break") or "nowhere" in reason(item, "would_break")


def test_work_upstream_that_never_was_here_is_not_overwritten_because_it_is_older(desk: Desk) -> None:
    """Who saves last wins with Lightdash; a review sees by the versions that upstream had work of its own."""
    Hands(desk, PRODUCTION).edit("Unchanged", 77)
    Hands(desk, PREVIEW).edit("Unchanged", 78)
    (item,) = [one for one in review(desk, "--chart", "unchanged")["items"] if one["kind"] == "chart"]
    assert item["said"] == "update"
    assert "saved by" in reason(item, "upstream_changed")


def test_a_chart_that_was_promoted_before_may_be_promoted_again(desk: Desk) -> None:
    """The version that a promotion made upstream is no work of others, whoever promoted."""
    hands = Hands(desk, PREVIEW)
    uuid = hands.uuid(Kind.CHART, "Unchanged")
    hands.edit("Unchanged", 77)
    hands.send("POST", f"/saved/{uuid}/promote")
    hands.edit("Unchanged", 78)
    (item,) = [one for one in review(desk, "--chart", "unchanged", code=0)["items"] if one["kind"] == "chart"]
    assert codes(item) == {"changed"}


def _saved_there_and_here(desk: Desk, code: int) -> Any:
    """Let a dashboard be saved upstream, and later in the preview; return what the review says of it."""
    production, preview = Hands(desk, PRODUCTION), Hands(desk, PREVIEW)
    production.add("Board, unchanged", production.text("from upstream"))
    preview.add("Board, unchanged", preview.text("from here"))
    said = review(desk, "--dashboard", "board-unchanged", code=code)
    (item,) = [one for one in said["items"] if one["kind"] == "dashboard"]
    return item


@pytest.mark.parametrize("version", ["0.2462.0", "0.2904.5"])
def test_work_on_a_dashboard_upstream_is_seen_where_dashboards_have_a_history(
    tmp_path: Path, version: str
) -> None:
    """The last save would win; the versions tell that upstream had work of its own, whoever saved last."""
    with newer(tmp_path, version) as desk:
        item = _saved_there_and_here(desk, REFUSED)
        assert "saved by" in reason(item, "upstream_changed")


def test_without_a_history_of_dashboards_the_last_save_counts(desk: Desk) -> None:
    """0.1372.1 lists no versions of dashboards: what was saved later here is taken to know of upstream."""
    assert "upstream_changed" not in codes(_saved_there_and_here(desk, 0))


@pytest.mark.parametrize("version", ["0.2462.0", "0.2904.5"])
def test_a_dashboard_that_was_promoted_before_may_be_promoted_again(tmp_path: Path, version: str) -> None:
    """What an earlier promotion made upstream is no work of others, with charts inside it, links and all."""
    with newer(tmp_path, version) as desk:
        hands = Hands(desk, PREVIEW)
        for name in ("Board, unchanged", "Board with charts inside"):
            uuid = hands.uuid(Kind.DASHBOARD, name)
            hands.add(name, hands.text(f"/projects/{hands.project}/dashboards/{uuid}/view"))
            hands.send("POST", f"/dashboards/{uuid}/promote")
            hands.add(name, hands.text("more"))
            key = name.lower().replace(",", "").replace(" ", "-")
            named = ("--env", PREVIEW, "--json", "--dashboard", key)
            said = desk.do("promote", "review", *named, may=(0, REFUSED)).json  # for charts inside it
            (item,) = [one for one in said["items"] if one["kind"] == "dashboard"]
            assert "upstream_changed" not in codes(item), name
            assert item["status"] == "changed", name


def test_deliveries_of_tabs_that_get_other_uuids_hold_a_promotion_up(desk: Desk) -> None:
    """A preview has tabs of its own; an upstream scheduler that names a tab would deliver nothing of it."""
    production = Hands(desk, PRODUCTION)
    board = production.uuid(Kind.DASHBOARD, "Board, changed")
    tab = desk.world.dashboards[board].version.tabs[0]["uuid"]
    production.deliver("Board, changed", "Tab only", "0 7 * * 1")
    (scheduler,) = [one for one in desk.world.schedulers.values() if one.fields["name"] == "Tab only"]
    scheduler.fields["selectedTabs"] = [tab]
    (item,) = [
        one for one in review(desk, "--dashboard", "board-changed")["items"] if one["kind"] == "dashboard"
    ]
    assert "tab-only" in reason(item, "breaks_deliveries")


def test_deliveries_that_replace_a_rule_which_goes_away_hold_a_promotion_up(desk: Desk) -> None:
    """A promotion brings the source's rules with their ids; the delivery's own value would be ignored."""
    production = Hands(desk, PRODUCTION)
    dashboard = desk.world.dashboards[production.uuid(Kind.DASHBOARD, "Board, changed")]
    target = {"fieldId": "orders_status", "tableName": "orders"}
    rule = {"id": "upstream's own", "target": target, "operator": "equals", "values": ["a"], "label": None}
    dashboard.version.filters["dimensions"].append(rule | {"tileTargets": {}})
    production.deliver("Board, changed", "One shop", "0 7 * * 1")
    (scheduler,) = [one for one in desk.world.schedulers.values() if one.fields["name"] == "One shop"]
    scheduler.fields["filters"] = [rule | {"values": ["b"]}]
    (item,) = [
        one for one in review(desk, "--dashboard", "board-changed")["items"] if one["kind"] == "dashboard"
    ]
    assert "one-shop" in reason(item, "breaks_deliveries")


def test_charts_of_other_projects_on_its_tiles_hold_a_dashboard_up(desk: Desk) -> None:
    """Lightdash would promote them too, with their spaces, and nobody has reviewed these: never accepted."""
    Hands(desk, PREVIEW).add("Board, changed", Hands(desk, STAGING).chart_tile("Staged now"))
    named = ("--dashboard", "board-changed", "--accept", "dashboard:board-changed")
    (item,) = [one for one in review(desk, *named)["items"] if one["kind"] == "dashboard"]
    assert codes(item, "blocks") == {"unclear"}
    assert "other projects" in reason(item, "unclear")


def test_what_is_not_called_endangers_nothing(desk: Desk) -> None:
    """A dashboard in which nothing would change is not promoted, so nothing inside it can be deleted."""
    chosen = ("--env", PREVIEW, "--dashboard", "board-with-charts-inside")
    desk.do("promote", "run", *chosen, "--accept", "dashboard:board-with-charts-inside", "--yes")
    with desk.nothing_is_written():
        desk.do("promote", "run", *chosen, "--yes")


def test_what_promotion_never_carries_is_no_newer_work_upstream(desk: Desk) -> None:
    """After a promotion upstream is newer, and differs in what cannot go along: where a link leads."""
    hands = Hands(desk, PREVIEW)
    uuid = hands.uuid(Kind.CHART, "Unchanged")
    link = f"/projects/{desk.projects[PREVIEW]}/saved/{uuid}"
    desk.world.charts[uuid].version.metric_query["tableCalculations"] = [
        {"name": "link", "displayName": "Link", "sql": f"concat('{link}', 1)"}
    ]
    hands.edit("Unchanged", 77)
    hands.send("POST", f"/saved/{uuid}/promote")
    said = review(desk, "--chart", "unchanged", code=0)
    (item,) = [one for one in said["items"] if one["kind"] == "chart"]
    assert (item["said"], codes(item), said["empty"]) == ("no changes", {"unchanged"}, True)


def test_a_run_that_is_refused_tells_a_machine_so_once(desk: Desk) -> None:
    """Also where nothing would be called: one JSON result, which is the refusal."""
    run = ("promote", "run", "--env", PREVIEW, "--yes", "--json")
    said = desk.do(*run, "--chart", "changed-upstream", code=REFUSED).json
    assert said["error"]["exit_code"] == REFUSED
