"""What is not as the review said is told exactly, whoever did it; so is what is remembered of a promotion."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from lightdash_standin.faults import Fault
from lightdash_sync.content.json import JsonObject
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import Refused
from lightdash_sync.promotion import run
from lightdash_sync.promotion.run import as_plan
from lightdash_sync.report.results import promoted_report
from lightdash_sync.report.terminal import console
from lightdash_sync.report.text import render_text
from lightdash_sync.sync.apply.journal import Journal
from lightdash_sync.sync.plan.document import from_bytes, to_bytes
from lightdash_sync.sync.plan.operations import operations
from lightdash_sync.sync.runs import Run
from lightdash_sync.sync.state import read_state
from tests.promotion.hands import Hands
from tests.promotion.promoting import results, stage_of, told
from tests.promotion.test_running import TO, WORK
from tests.promotion.worlds import PRODUCTION, promotion_desk
from tests.sync.desk import Desk

TWO = ("renamed", "dashboard changed")


class Killed(BaseException):
    """The end of a process, as far as a test can have it."""


def _text(promoted: run.PromotionResult) -> str:
    out = io.StringIO()
    render_text(promoted_report(promoted), console(out))
    return out.getvalue()


def test_what_somebody_changed_meanwhile_is_told_with_their_name(desk: Desk) -> None:
    """An item that the promotion does not concern, and one that it had promoted already."""
    uuids = {name: desk.uuid(Kind.CHART, name, PRODUCTION) for name in ("Renamed", "Granted")}

    def meanwhile() -> None:
        for uuid in uuids.values():
            chart = desk.world.charts[uuid]
            desk.world.charts[uuid] = replace(chart, description="Changed by hand")

    with stage_of(desk) as stage:
        prepared = stage.review(*TWO)
        desk.strike(2, Fault.wait(0), also=meanwhile)
        promoted = stage.run(prepared)
    assert not promoted.is_complete
    assert set(results(promoted).values()) == {"updated"}
    assert [one.item for one in promoted.mismatches] == ["chart:renamed"]
    assert [(one.item, one.who) for one in promoted.unforeseen] == [("chart:granted", "Ada Kovač")]
    said = _text(promoted)
    assert "Promoted, but the upstream project is not as the review said" in said
    assert (
        "besides chart:granted was changed, which the review did not say (last saved by Ada Kovač at " in said
    )
    assert json.loads(json.dumps(promoted_report(promoted).data))["unforeseen"][0]["what"] == "changed"
    result = Run(desk.runs[-1]).result()
    assert result is not None
    assert (result["state"], result["mismatches"]) == ("partial", ["chart:renamed"])


def test_what_was_made_or_deleted_meanwhile_is_told(desk: Desk) -> None:
    gone = desk.uuid(Kind.CHART, "Granted", PRODUCTION)
    space = desk.space("Sales", PRODUCTION)

    def meanwhile() -> None:
        world, uuid = desk.world, desk.world.new_uuid()
        chart = world.charts.pop(gone)
        world.spaces[str(chart.space_uuid)].charts.pop(gone)
        world.charts[uuid] = replace(chart, uuid=uuid, space_uuid=space.uuid, name="By hand", slug="by-hand")
        space.charts[uuid] = None

    with stage_of(desk) as stage:
        prepared = stage.review(*TWO)
        desk.strike(1, Fault.wait(0), also=meanwhile)
        promoted = stage.run(prepared)
    found = [(one.item, one.status.value) for one in promoted.unforeseen]
    assert found == [("chart:by-hand", "created"), ("chart:granted", "deleted")]


def test_a_second_copy_that_nobody_foresaw_is_told(desk: Desk) -> None:
    """0.1372.1 makes a new chart twice if two tiles show it."""
    with stage_of(desk) as stage:
        promoted = stage.promote("dashboard with a chart on two tiles")
    assert [one.name for one in promoted.unforeseen] == ["Shown twice"]
    assert not promoted.is_complete


def test_hostile_names_reach_the_terminal_as_text(desk: Desk) -> None:
    with stage_of(desk) as stage:
        promoted = stage.promote("hostile", "dashboard hostile")
    assert promoted.is_complete, told(promoted)
    said = _text(promoted)
    assert all(char.isprintable() or char == "\n" for char in said)
    assert "<script>alert(1)</script>" in said


@pytest.mark.parametrize("line", [2, 5, *(pytest.param(line, marks=pytest.mark.slow) for line in (3, 8, 12))])
def test_a_run_that_is_killed_leaves_a_true_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: int
) -> None:
    """What it made is known to undo, and to the next run; nobody has to go on with it by hand."""
    names = ("in a new space", "renamed", "dashboard new")
    with promotion_desk(tmp_path / "work", "0.1505.2") as desk, stage_of(desk) as stage:
        prepared = stage.review(*names)
        with monkeypatch.context() as patched:
            patched.setattr(run, "Journal", _killing(line))
            with pytest.raises(Killed):
                stage.run(prepared)
        journalled = Run(desk.runs[-1]).journalled()
        assert len(journalled.done) + len(journalled.doubtful) <= len(operations(Run(desk.runs[-1]).plan()))
        again = stage.promote(*names)
        assert again.run is None or again.is_complete, told(again)
        assert stage.promote(*names).run is None
        made = ("In a new space", "New")
        assert [len(desk.uuids(Kind.CHART, name, PRODUCTION)) for name in made] == [1, 1]


def _killing(line: int) -> type[Journal]:
    came = 0

    class Killing(Journal):
        def _write(self, record: JsonObject) -> None:
            nonlocal came
            came += 1
            if came >= line:
                raise Killed
            super()._write(record)

    return Killing


def test_what_a_person_linked_otherwise_stays_linked_so(desk: Desk) -> None:
    """Lightdash goes by slugs; a link that somebody made by hand counts more."""
    other = desk.uuid(Kind.CHART, "Granted", PRODUCTION)
    desk.do("link", "add", f"chart:changed={other}", *TO)
    with stage_of(desk) as stage:
        promoted = stage.promote("changed", "renamed")
        assert promoted.is_complete, told(promoted)
        links = read_state(stage.place.folders.memory, stage.place.project).links[Kind.CHART]
    assert links["changed"]["uuid"] == other
    assert links["renamed"]["uuid"] == desk.uuid(Kind.CHART, "Renamed, now", PRODUCTION)
    assert desk.uuid(Kind.CHART, "Changed", PRODUCTION) not in {one["uuid"] for one in links.values()}


def test_upstream_work_that_a_promotion_passes_over_is_no_base(desk: Desk) -> None:
    """Else the next plan would overwrite it without a word."""
    with stage_of(desk) as stage:
        stage.promote("dashboard with a chart changed upstream", "renamed")
        memory = read_state(stage.place.folders.memory, stage.place.project)
    assert "charts/changed-on-both-sides.json" not in memory.base
    assert "charts/renamed.json" in memory.base


def test_only_lightdash_can_do_what_the_plan_of_a_promotion_says(desk: Desk) -> None:
    """It can be written and read like any plan, and neither applied nor gone on with."""
    with stage_of(desk) as stage:
        prepared = stage.review(*WORK)
        plan = as_plan(prepared.review, prepared.existing.linked.identity)
    assert from_bytes(to_bytes(plan)) == plan
    assert [(one.number, one.step, one.what) for one in operations(plan)] == [
        (number, number, "promote") for number in range(len(plan.steps))
    ]
    Path("promotion.json").write_bytes(to_bytes(plan))
    with desk.nothing_is_written():
        assert "only Lightdash itself" in desk.do("apply", "promotion.json", code=4).err


def test_the_review_of_another_moment_is_refused_where_it_blocks(desk: Desk) -> None:
    """Nothing is promoted that has a verdict nobody accepted, and nothing is stored for it."""
    with stage_of(desk) as stage:
        prepared = stage.review("two upstream", accept=False)
        with pytest.raises(Refused, match="409"):
            stage.run(prepared)
    assert desk.runs == []


def test_what_goes_with_a_deleted_chart_is_no_other_change(desk: Desk) -> None:
    """Its pin, for one: the review said of the chart that it may be deleted."""
    Hands(desk, PRODUCTION).pin(Kind.CHART, "Inside, never shown")
    with stage_of(desk) as stage:
        promoted = stage.promote("dashboard with charts inside")
    assert promoted.is_complete, told(promoted)
    assert results(promoted)["chart:inside-never-shown"] == "deleted"


@pytest.mark.parametrize("broken", ["tab", "rule"])
def test_deliveries_whose_breaking_was_accepted_are_no_surprise(desk: Desk, broken: str) -> None:
    """Nobody changes them: what they name is no more. A delivery that somebody changes meanwhile is told."""
    production = Hands(desk, PRODUCTION)
    dashboard = desk.world.dashboards[production.uuid(Kind.DASHBOARD, "Board, changed")]
    target = {"fieldId": "orders_status", "tableName": "orders"}
    rule = {"id": "upstream's own", "target": target, "operator": "equals", "values": ["a"], "label": None}
    dashboard.version.filters["dimensions"].append(rule | {"tileTargets": {}})
    for name in ("Broken", "Changed"):
        production.deliver("Board, changed", name, "0 7 * * 1")
    rows = {one.fields["name"]: one for one in desk.world.schedulers.values()}
    for row in (rows["Broken"], rows["Changed"]):
        if broken == "tab":
            row.fields["selectedTabs"] = [dashboard.version.tabs[0]["uuid"]]
        else:
            row.fields["filters"] = [rule | {"values": ["b"]}]
    with stage_of(desk) as stage:
        prepared = stage.review("dashboard changed")
        assert "breaks_deliveries" in {
            verdict.code for item in prepared.review.items for verdict in item.verdicts
        }
        desk.strike(1, Fault.wait(0), also=lambda: rows["Changed"].fields.update(cron="0 8 * * 1"))
        promoted = stage.run(prepared)
    assert [one.name for one in promoted.unforeseen] == ["Changed"]
    assert promoted.mismatches == ()


def test_a_promotion_with_broken_deliveries_ends_well(desk: Desk) -> None:
    """If they were accepted, and nothing else happened."""
    production = Hands(desk, PRODUCTION)
    dashboard = desk.world.dashboards[production.uuid(Kind.DASHBOARD, "Board, changed")]
    production.deliver("Board, changed", "Broken", "0 7 * * 1")
    (row,) = [one for one in desk.world.schedulers.values() if one.fields["name"] == "Broken"]
    row.fields["selectedTabs"] = [dashboard.version.tabs[0]["uuid"]]
    with stage_of(desk) as stage:
        promoted = stage.promote("dashboard changed")
    assert promoted.is_complete, told(promoted)
