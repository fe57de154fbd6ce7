"""`--via replay`: any environment to any other, each item once, and nothing that was not approved."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lightdash_standin.faults import Fault
from lightdash_sync.cli.promote_replay import Wishes
from lightdash_sync.content.kinds import Kind
from lightdash_sync.promotion.replay import EXTRAS
from tests.apply.small_world import small_world
from tests.cli.running import run
from tests.dialects import preview_of, privacy
from tests.sync.desk import SOURCE, TARGET, TOKEN, Desk, desk_at

REVIEW, RUN = ("promote", "review"), ("promote", "run", "--yes")
FROM_TO = ("--via", "replay", "--env", SOURCE, "--to", TARGET)
ANY_TWIN = ("--allow-twins", "all")  # the small world has two charts of one name in one space
FILE = Path("promotions/sales.json")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A project with something of everything, and an empty one beside it."""
    with desk_at(small_world(), tmp_path / "work") as desk:
        yield desk


def items(plan: dict[str, Any]) -> set[str]:
    """Return the items that a plan writes, each with what happens to it."""
    return {f"{step['action']} {step['kind']}:{step['key']}".rstrip(":") for step in plan["steps"]}


def review(desk: Desk, *arguments: str, code: int = 0) -> dict[str, Any]:
    """Review, which writes nothing; return what machines are told."""
    with desk.nothing_is_written():
        return desk.do(*REVIEW, *FROM_TO, "--json", *arguments, code=code).json


def project(desk: Desk, name: str, *, copy: bool = False) -> None:
    """Make a preview of the source, and call it an environment."""
    body = {"name": name, "copyContent": copy}
    made = desk.send("POST", f"/projects/{desk.projects[SOURCE]}/createPreview", body)
    desk.settle(**{name: preview_of(made, desk.world)})


def rename(desk: Desk, name: str, new: str, where: str) -> None:
    """Let somebody rename a chart."""
    desk.send("PATCH", f"/saved/{desk.uuid(Kind.CHART, name, where)}", {"name": new})


def save(desk: Desk, name: str, limit: int, where: str) -> None:
    """Let somebody save a new version of a chart."""
    uuid = desk.uuid(Kind.CHART, name, where)
    now = desk.send("GET", f"/saved/{uuid}")
    body = {name: now[name] for name in ("tableName", "metricQuery", "chartConfig", "tableConfig")}
    body["metricQuery"] = {**body["metricQuery"], "limit": limit}
    desk.send("POST", f"/saved/{uuid}/version", body)


def limit(desk: Desk, name: str, where: str) -> int:
    """Return the limit of a chart's query."""
    found = desk.world.charts[desk.uuid(Kind.CHART, name, where)].version.metric_query["limit"]
    assert isinstance(found, int)
    return found


def test_what_a_dashboard_shows_comes_along_and_nothing_else(desk: Desk) -> None:
    plan = review(desk, "--dashboard", "overview")
    assert items(plan) == {
        "create space:sales",
        "create space:board",
        "create chart:orders",
        "create chart:orders-again",
        "create chart:inside",
        f"create sql_chart:{next(iter(desk.world.sql_charts.values())).slug}",
        "create dashboard:overview",
    }


def test_a_chart_of_either_kind_can_be_chosen(desk: Desk) -> None:
    """`--chart` means a SQL chart where no other chart has the key."""
    key = next(iter(desk.world.sql_charts.values())).slug
    assert items(review(desk, "--chart", key)) == {"create space:sales", f"create sql_chart:{key}"}


def test_everything_is_meant_if_nothing_is_chosen(desk: Desk) -> None:
    """`--all` and `--changed` say the same: a plan writes only what differs."""
    plans = [review(desk, *ANY_TWIN, *said) for said in ((), ("--all",), ("--changed",))]
    assert plans[0] == plans[1] == plans[2]
    assert {step["kind"] for step in plans[0]["steps"]} == {"space", "chart", "sql_chart", "dashboard"}


def test_a_space_means_what_is_in_it_and_an_empty_one_means_nothing(desk: Desk) -> None:
    desk.send("POST", f"/projects/{desk.projects[SOURCE]}/spaces", {"name": "Empty", **privacy(False)})
    assert items(review(desk, "--space", "empty")) == set()
    found = items(review(desk, "--space", "board"))
    assert "create chart:orders-again" in found
    assert "create dashboard:overview" not in found


@pytest.mark.parametrize("said", [("--chart", "nowhere"), ("--dashboard", "orders"), ("--space", "x")])
def test_what_the_source_does_not_have_cannot_be_chosen(desk: Desk, said: tuple[str, str]) -> None:
    assert "the source has no" in desk.do(*REVIEW, *FROM_TO, *said, code=2).err


def test_a_project_is_not_promoted_to_itself(desk: Desk) -> None:
    done = desk.do(*REVIEW, "--via", "replay", "--env", SOURCE, "--to", SOURCE, code=2)
    assert "one project" in done.err


@pytest.mark.parametrize(
    "said", [("--chart", "orders", "--all"), ("--all", "--changed"), ("--with", "comments")]
)
def test_wrong_usage_is_told(desk: Desk, said: tuple[str, ...]) -> None:
    desk.do(*REVIEW, *FROM_TO, *said, code=2)


def test_what_is_never_promoted_comes_only_if_it_is_asked_for(desk: Desk) -> None:
    """Schedulers of what is chosen, tags, pins and icons; a scheduler arrives switched off."""
    plan = review(desk, "--dashboard", "overview", "--with", "schedulers,tags", "--with", "pins,icons")
    kinds = {step["kind"] for step in plan["steps"]}
    assert {"scheduler", "tag", "pins", "metric_icons"} <= kinds
    desk.do(*RUN, *FROM_TO, "--dashboard", "overview", "--with", "schedulers")
    assert not desk.world.schedulers[desk.scheduler(TARGET)].enabled


def test_schedulers_of_what_is_not_chosen_stay_behind(desk: Desk) -> None:
    plan = review(desk, "--chart", "orders", "--with", "schedulers")
    assert "scheduler" not in {step["kind"] for step in plan["steps"]}


def test_all_means_everything_that_can_be_asked_for(desk: Desk) -> None:
    """The word `all` on the command line stands for the extras that there are, and for no others."""
    said = desk.do(*REVIEW, *FROM_TO, "--with", "everything", code=2).err
    assert all(extra in said for extra in (*EXTRAS, "all"))
    every = review(desk, *ANY_TWIN, "--with", "all")
    assert every == review(desk, *ANY_TWIN, "--with", ",".join(EXTRAS))
    assert not Wishes({"extras": frozenset(), "merge": False}).given


def test_running_it_twice_leaves_one_copy(desk: Desk) -> None:
    """The endpoint of 0.1372.1 makes another one each time; a replay sends no write the second time."""
    desk.do(*RUN, *FROM_TO, "--dashboard", "overview")
    with desk.nothing_is_written():
        desk.do(*RUN, *FROM_TO, "--dashboard", "overview")
    assert len(desk.uuids(Kind.DASHBOARD, "Overview", TARGET)) == 1
    assert len(desk.uuids(Kind.CHART, "Orders, again", TARGET)) == 1


def test_the_access_of_a_space_that_is_there_stays_unless_it_is_asked_for(desk: Desk) -> None:
    """Staging is often open to more people than production."""
    desk.do(*RUN, *FROM_TO, "--chart", "orders-again")
    space = desk.uuid(Kind.SPACE, "Board", SOURCE)
    desk.send(
        "PATCH", f"/projects/{desk.projects[SOURCE]}/spaces/{space}", {"name": "Board", **privacy(False)}
    )
    assert items(review(desk, "--space", "board")) == set()
    assert items(review(desk, "--space", "board", "--with", "spaces")) == {"update space:board"}
    assert items(review(desk, "--space", "board", "--with", "spaces", "--keep-access")) == set()


def test_a_preview_is_promoted_to_what_it_was_made_of(desk: Desk) -> None:
    """Items of an equal slug are one for Lightdash: the upstream one is updated, and none is created."""
    project(desk, "preview", copy=True)
    save(desk, "Orders, again", 42, "preview")
    back = ("--via", "replay", "--env", "preview", "--to", SOURCE)
    with desk.nothing_is_written():
        desk.do(*RUN, *back, code=4)  # nobody knows what the two had in common
        allowed = (*back, "--allow-drift", "chart:orders-again")
        plan = desk.do(*REVIEW, *allowed, "--json").json
    assert items(plan) == {"update chart:orders-again"}
    uuid = desk.uuid(Kind.CHART, "Orders, again", SOURCE)
    assert {"kind": "chart", "key": "orders-again", "uuid": uuid} in plan["adopted"]
    desk.do(*RUN, *allowed)
    assert limit(desk, "Orders, again", SOURCE) == 42
    with desk.nothing_is_written():
        desk.do(*RUN, *back)


def test_what_was_saved_upstream_meanwhile_is_not_overwritten(desk: Desk) -> None:
    """Nothing is remembered of it yet: neither is taken for the other's change, whichever is younger."""
    project(desk, "preview", copy=True)
    save(desk, "Orders, again", 43, SOURCE)
    save(desk, "Orders, again", 42, "preview")
    back = ("--via", "replay", "--env", "preview", "--to", SOURCE, "--chart", "orders-again")
    with desk.nothing_is_written():
        plan = desk.do(*REVIEW, *back, "--json", code=4).json
        desk.do(*RUN, *back, code=4)
    assert [one["item"] for one in plan["drift"]] == ["chart:orders-again"]
    desk.do(*RUN, *back, "--allow-drift", "chart:orders-again")
    assert limit(desk, "Orders, again", SOURCE) == 42


def test_an_equal_slug_means_nothing_to_a_project_that_is_not_upstream(desk: Desk) -> None:
    """Two previews of one project: what is in one is not known to be what is in the other."""
    project(desk, "one", copy=True)
    project(desk, "two", copy=True)
    said = ("--via", "replay", "--env", "one", "--to", "two", "--chart", "orders-again", "--json")
    plan = desk.do(*REVIEW, *said, code=4).json
    assert plan["adopted"] == []
    assert "space:board" in {twin["item"] for twin in plan["twins"]}
    plan = desk.do(*REVIEW, *said, "--adopt-by-slug").json
    assert items(plan) == set()


def test_a_chain_of_environments_carries_one_item_all_the_way(desk: Desk) -> None:
    """From dev through staging to production: once each, and so does a later change of it."""
    project(desk, "production")
    for source, target in ((SOURCE, TARGET), (TARGET, "production")):
        desk.do(*RUN, "--via", "replay", "--env", source, "--to", target, *ANY_TWIN)
    save(desk, "Orders, again", 42, SOURCE)
    rename(desk, "Orders, again", "Orders once more", SOURCE)
    for source, target in ((SOURCE, TARGET), (TARGET, "production")):
        with desk.nothing_is_written():
            plan = desk.do(*REVIEW, "--via", "replay", "--env", source, "--to", target, "--json").json
        assert len(plan["steps"]) == 1
        desk.do(*RUN, "--via", "replay", "--env", source, "--to", target)
        assert limit(desk, "Orders once more", target) == 42
        with desk.nothing_is_written():
            desk.do(*RUN, "--via", "replay", "--env", source, "--to", target)


def test_one_source_goes_to_many_targets(desk: Desk) -> None:
    """Each remembers for itself; what was done to one of them is no news to the others."""
    targets = (TARGET, "second")
    project(desk, "second")
    for target in targets:
        desk.do(*RUN, "--via", "replay", "--env", SOURCE, "--to", target, "--chart", "orders-again")
    rename(desk, "Orders, again", "Mine", "second")
    save(desk, "Orders, again", 42, SOURCE)
    desk.do(*RUN, *FROM_TO, "--chart", "orders-again")
    assert limit(desk, "Orders, again", TARGET) == 42
    desk.do(*RUN, "--via", "replay", "--env", SOURCE, "--to", "second", "--chart", "orders-again", code=4)
    desk.do(*RUN, "--via", "replay", "--env", SOURCE, "--to", "second", "--chart", "orders-again", "--merge")
    assert limit(desk, "Mine", "second") == 42


def approve(desk: Desk, *arguments: str) -> None:
    """Review, and keep what is to be approved."""
    with desk.nothing_is_written():
        desk.do(*REVIEW, *FROM_TO, *arguments, "--format", "json", "-o", str(FILE))


def test_what_was_approved_is_run_once(desk: Desk) -> None:
    """The document holds all that was asked for; running it again finds that all is done."""
    approve(desk, "--dashboard", "overview", "--with", "schedulers")
    with desk.nothing_is_written():
        assert "overview" in desk.do(*REVIEW, "--approved", str(FILE), "--format", "markdown").out
    desk.do(*RUN, "--approved", str(FILE))
    assert desk.scheduler(TARGET)
    with desk.nothing_is_written():
        desk.do(*RUN, "--approved", str(FILE))


def test_the_same_review_gives_the_same_document(desk: Desk) -> None:
    """Also on a machine that has never read the target."""
    approve(desk, "--dashboard", "overview")
    before = FILE.read_bytes()
    shutil.rmtree(desk.folder / "snapshots", ignore_errors=True)
    approve(desk, "--dashboard", "overview")
    assert FILE.read_bytes() == before


def test_what_is_not_as_it_was_approved_is_not_run(desk: Desk) -> None:
    """Somebody saved the source again: exit 5 names the item, and nothing is written."""
    approve(desk, "--dashboard", "overview")
    save(desk, "Orders, again", 42, SOURCE)
    with desk.nothing_is_written():
        seen = desk.do(*REVIEW, "--approved", str(FILE), "--format", "markdown", code=5)
        done = desk.do(*RUN, "--approved", str(FILE), code=5)
    assert "chart:orders-again was changed since" in done.err
    assert "chart:orders-again was changed since" in seen.err
    assert "overview" in seen.out  # what it would do now is shown all the same


def test_what_happened_on_the_target_to_what_was_approved_makes_it_stale(desk: Desk) -> None:
    desk.do(*RUN, *FROM_TO, "--chart", "orders-again")
    save(desk, "Orders, again", 42, SOURCE)
    approve(desk, "--chart", "orders-again")
    save(desk, "Orders, again", 43, TARGET)
    with desk.nothing_is_written():
        desk.do(*RUN, "--approved", str(FILE), code=5)


def test_what_is_done_no_more_makes_it_stale_too(desk: Desk) -> None:
    """The source went back to what the target has: that is not what was approved."""
    desk.do(*RUN, *FROM_TO, "--chart", "orders-again")
    before = limit(desk, "Orders, again", SOURCE)
    save(desk, "Orders, again", 42, SOURCE)
    approve(desk, "--chart", "orders-again")
    save(desk, "Orders, again", before, SOURCE)
    assert "any more" in desk.do(*RUN, "--approved", str(FILE), code=5).err


def test_what_happened_to_other_items_does_not_matter(desk: Desk) -> None:
    """Production goes on living between approval and merge."""
    approve(desk, "--chart", "orders-again")
    where = f"/projects/{desk.projects[TARGET]}/spaces"
    desk.send("POST", where, {"name": "Of somebody else", **privacy(False)})
    save(desk, "Inside", 42, SOURCE)
    desk.do(*RUN, "--approved", str(FILE))
    assert desk.uuid(Kind.CHART, "Orders, again", TARGET)


@pytest.mark.parametrize(("number", "here"), [(number, number % 4 == 1) for number in range(1, 16, 2)])
def test_a_run_that_was_cut_short_goes_on_with_what_was_approved(desk: Desk, number: int, here: bool) -> None:
    """The server has no transaction: what was done is not done again, and the rest is as approved.

    On another machine, with what is remembered alone, too.
    """
    _cut_short(desk, number, here)


@pytest.mark.slow
@pytest.mark.parametrize("here", [True, False], ids=["here", "elsewhere"])
@pytest.mark.parametrize("number", range(1, 16))
def test_a_run_that_was_cut_short_anywhere_goes_on(desk: Desk, number: int, here: bool) -> None:
    _cut_short(desk, number, here)


def _cut_short(desk: Desk, number: int, here: bool) -> None:
    """Refuse one of the writes of a run, and require that the next run does what is left."""
    approve(desk, "--dashboard", "overview", "--with", "schedulers")
    desk.strike(number, Fault.status(403))
    desk.do(*RUN, "--approved", str(FILE), may=(3, 12))
    desk.calm()
    if not here:
        shutil.rmtree(desk.folder / "snapshots" / f".{TARGET}.local")
    desk.do(*RUN, "--approved", str(FILE))
    for kind, name in ((Kind.DASHBOARD, "Overview"), (Kind.CHART, "Inside"), (Kind.SPACE, "Board")):
        assert len(desk.uuids(kind, name, TARGET)) == 1
    everything = ("--dashboard", "overview", "--with", "schedulers,spaces", "--space", "board")
    assert items(review(desk, *everything)) == set()


def test_somebody_else_may_run_what_was_approved(desk: Desk) -> None:
    """The one who makes the review is a person, the one who promotes a service user."""
    approve(desk, "--dashboard", "overview", "--with", "schedulers")
    done = run(*RUN, "--approved", str(FILE), env={TOKEN: desk.world.tokens["second_admin"]})
    assert done.code == 0, done.err
    owner = desk.world.schedulers[desk.scheduler(TARGET)].created_by
    assert desk.world.people[owner].email == "bruno.oliveira@kettle.example"


def test_what_somebody_did_after_a_run_was_cut_short_is_theirs(desk: Desk) -> None:
    """A half that was written is not finished over the work of somebody else."""
    approve(desk, "--dashboard", "overview")
    desk.strike(9, Fault.status(403))
    desk.do(*RUN, "--approved", str(FILE), code=3)
    desk.calm()
    save(desk, "Orders, again", 43, TARGET)
    shutil.rmtree(desk.folder / "snapshots" / f".{TARGET}.local")
    with desk.nothing_is_written():
        assert "chart:orders-again" in desk.do(*RUN, "--approved", str(FILE), code=5).err


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said["approval"]["wanted"].update(charts=["orders"]),
        lambda said: said["approval"]["wanted"].update(charts=["../../x"]),
        lambda said: said["approval"]["wanted"].update(allow_twins=["all"]),
        lambda said: said["approval"]["wanted"].update(to=7),
        lambda said: said["approval"]["wanted"].update(merge=1),
        lambda said: said["approval"]["plan"].update(source="somebody else"),
        lambda said: said["approval"].update(more=1),
        lambda said: said["approval"].update(format=2),
        lambda said: said["approval"].pop("wanted"),
        lambda said: said.update(via="endpoint"),
        lambda said: said.pop("digest"),
        lambda said: said.clear(),
    ],
)
def test_a_document_that_was_changed_is_refused(desk: Desk, change: Any) -> None:
    """Whatever was changed in it, nothing is asked of a server."""
    approve(desk, "--chart", "orders-again")
    said = json.loads(FILE.read_bytes())
    change(said)
    FILE.write_text(json.dumps(said))
    before = len(desk.world.requests)
    done = desk.do(*RUN, "--approved", str(FILE), code=1)
    assert done.err.startswith("Error: ")
    assert len(desk.world.requests) == before
