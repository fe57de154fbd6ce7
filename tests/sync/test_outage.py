"""An outage in the middle of an apply: what was done is recorded, and the same run finishes the work."""

from __future__ import annotations

import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_sync.content.kinds import Kind
from lightdash_sync.sync.apply.journal import read_journal
from tests.sync.desk import FROM_TO, SOURCE, TO, Desk

CHARTS = 30


def rename_charts(desk: Desk, uuids: list[str], word: str) -> None:
    """Give many charts of the source another name."""
    for number, uuid in enumerate(uuids):
        desk.send("PATCH", f"/saved/{uuid}", {"name": f"{word} {number}"})


def many_charts(desk: Desk) -> list[str]:
    """Make many charts in the source, carry them over, and return their uuids there."""
    some = desk.send("GET", f"/saved/{desk.uuid(Kind.CHART, 'Orders, again', SOURCE)}")
    body = {name: some[name] for name in ("tableName", "metricQuery", "chartConfig", "tableConfig")}
    body["spaceUuid"] = desk.space("Sales", SOURCE).uuid
    project = desk.projects[SOURCE]
    made = [
        desk.send("POST", f"/projects/{project}/saved", {**body, "name": f"Many {number}"})["uuid"]
        for number in range(CHARTS)
    ]
    desk.apply("--adopt-by-name")
    rename_charts(desk, made, "Renamed")
    return made


@pytest.mark.parametrize("fault", [Fault.status(503, retry_after="1000"), Fault.status(401)])
def test_a_run_that_an_outage_cuts_short_says_so_and_goes_on(desk: Desk, fault: Fault) -> None:
    many_charts(desk)
    came = 0

    def rule(_number: int, method: str, _path: str) -> Fault | None:
        nonlocal came
        came += method != "GET"
        return fault if method != "GET" and came > 2 else None

    desk.server.app.faults = Faults(rule=rule)
    done = desk.do("apply", *FROM_TO, "--yes", may=(3, 12))
    desk.calm()
    assert f"the run {desk.runs[-1].name} was cut short" in done.err.replace("\n", " ")
    assert "apply --resume" in done.err
    journal = read_journal(desk.runs[-1] / "journal.jsonl")
    assert len(journal.done) == 2
    assert len(journal.failed) == came - 2
    assert journal.doubtful == frozenset()
    desk.do("apply", "--resume", *TO, "--yes")
    assert desk.plan()["empty"]
