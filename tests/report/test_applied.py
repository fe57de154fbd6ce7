"""What came of an apply, the runs of an environment, and its links, as text and as JSON."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from lightdash_sync.changes.differ import changes
from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import canonical
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.tree import Tree, file_of
from lightdash_sync.errors import SyncError
from lightdash_sync.report.records import links_report, runs_report
from lightdash_sync.report.results import applied_report
from lightdash_sync.report.terminal import console
from lightdash_sync.report.text import render_text
from lightdash_sync.snapshot.manifest import SnapshotSource
from lightdash_sync.sync.apply.engine import ApplyOutcome, OperationState, Result
from lightdash_sync.sync.applying import Applied
from lightdash_sync.sync.links import Link
from lightdash_sync.sync.plan.matching import Linked
from lightdash_sync.sync.plan.operations import operations
from lightdash_sync.sync.plan.values import Action, Plan, Step
from lightdash_sync.sync.readback import Mismatch
from lightdash_sync.sync.runs import Run, begin, runs
from lightdash_sync.sync.target import Existing
from tests.plan.making import chart, space
from tests.report.planned import TARGET, UUID, everyday
from tests.report.sections import HOSTILE

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from lightdash_sync.report.value import Report

NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
SOURCE = SnapshotSource(url=TARGET.url, lightdash="1.0", project=TARGET.project_name)
_BASE = "https://bi.example.com/projects/11111111-2222-4333-8444-555555555555"


def _said(report: Report) -> str:
    out = io.StringIO()
    render_text(report, console(out))
    return out.getvalue()


def _json(report: Report) -> Any:
    return json.loads(json.dumps(report.data))


def _run(folder: Path, plan: Plan, now: datetime = NOW) -> Run:
    """Begin a run on disk, as an apply does."""
    before = {file_of(step.kind, step.key): canonical(step.before) for step in plan.steps if step.before}
    return begin(folder / "runs", now, plan, Tree.of(before), before, folder / "memory", SOURCE)


def _applied(folder: Path, plan: Plan, *mismatches: Mismatch, failing: str = "") -> Applied:
    """What comes of a plan of which one item fails, and all that needs it is skipped."""
    results: dict[int, Result] = {}
    for operation in operations(plan):
        missing = [need for need in operation.needs if results[need].state is not OperationState.DONE]
        if missing:
            found = Result(operation, OperationState.SKIPPED, because=missing[0])
        elif operation.item == failing:
            found = Result(
                operation, OperationState.FAILED, SyncError("the server\x1b[2J said no", "ask \x07 it")
            )
        else:
            found = Result(operation, OperationState.DONE)
        results[operation.number] = found
    items: Any = {}
    for number, step in enumerate(plan.steps):
        items.setdefault(step.kind, {})[step.key] = {"uuid": f"uuid-{number}"}
    outcome = ApplyOutcome(tuple(results.values()), {}, Identity(items=items), writes=9)
    tree = Tree.of({})
    existing = Existing(tree, Linked(tree.identity, {}, {}), TARGET, SOURCE)
    return Applied(_run(folder, plan), plan, outcome, mismatches, existing, requests=40)


# --- apply ---


def test_an_apply_is_told_by_what_became_of_the_items(tmp_path: Path) -> None:
    """Counts, requests and writes, the run, how to take it back, and where to look at what is new."""
    done = _applied(tmp_path, everyday())
    said = _said(applied_report(done))
    assert said.startswith("Done: 3 created, 3 updated, 1 deleted, 3 unchanged\n")
    assert "40 requests, 9 of them to write" in said
    assert f"lightdash-sync undo {done.run.id} --to {done.plan.target.environment}\n" in said
    assert "--resume" not in said
    addresses = [f"{_BASE}/dashboards/uuid-4/view", f"{_BASE}/saved/uuid-1/view", f"{_BASE}/spaces/uuid-0"]
    places = [said.index(address) for address in addresses]
    assert places == sorted(places)  # dashboards first: they are what people look at
    assert "uuid-6" not in said  # was deleted


def test_what_failed_is_told_with_why_and_what_next_and_what_was_not_tried_with_its_cause(
    tmp_path: Path,
) -> None:
    """The cause is the item that failed, however many others stand between."""
    said = _said(applied_report(done := _applied(tmp_path, everyday(), failing="space:sales")))
    assert said.startswith("Not everything was done: ")
    assert "1 failed" in said
    assert "  failed space:sales: the server\\x1b[2J said no\n    ask \\x07 it\n" in said
    assert "  skipped chart:revenue, because space:sales failed\n" in said
    assert "  skipped scheduler:monday, because space:sales failed\n" in said
    assert f"lightdash-sync apply --resume {done.run.id} --to {done.plan.target.environment}\n" in said
    assert "saved/uuid-1" not in said
    told = _json(applied_report(done))
    assert told["complete"] is False
    assert told["failed"][0]["operation"] == "space_create"
    assert told["failed"][0]["error"]["exit_code"] == 1
    assert {"item": "scheduler:monday", "because": "space:sales"} in told["skipped"]


def test_what_the_server_made_of_it_is_told_in_words(tmp_path: Path) -> None:
    """Everything was carried out, and is still not called done."""
    wanted = chart()
    there = wanted | {"name": "Cut off"}
    found = Mismatch("chart:margin", tuple(changes(Kind.CHART, wanted, there)))
    said = _said(applied_report(done := _applied(tmp_path, everyday(), found)))
    assert said.startswith("Done, but not all of it is as it was written: ")
    assert "chart:margin" in said
    assert "    renamed: 'Weekly revenue' → 'Cut off'\n" in said
    [told] = _json(applied_report(done))["mismatches"]
    assert told["changes"][0]["what"] == "renamed"


def test_json_of_an_apply_has_every_item_with_its_result_and_address(tmp_path: Path) -> None:
    """Also those without a page; counts and results by words that stay the same."""
    told = _json(applied_report(_applied(tmp_path, everyday())))
    assert told["counts"] == {
        "created": 3,
        "updated": 3,
        "deleted": 1,
        "failed": 0,
        "skipped": 0,
        "unchanged": 3,
    }
    assert [item["result"] for item in told["items"]] == [
        *("created", "created", "updated", "updated", "updated", "created", "deleted")
    ]
    assert told["items"][1]["url"] == f"{_BASE}/saved/uuid-1/view"
    assert told["items"][1]["uuid"] == "uuid-1"
    assert told["items"][5]["url"] is None
    assert told["items"][6]["uuid"] == UUID


def test_a_long_apply_is_told_in_part(tmp_path: Path) -> None:
    """Links and failures are bounded on a screen; JSON has all of them. Names are harmless."""
    many = tuple(
        Step(Action.CREATE, Kind.CHART, f"c{n}", after=chart() | {"name": HOSTILE[n % len(HOSTILE)]})
        for n in range(60)
    )
    sales = Step(Action.CREATE, Kind.SPACE, "sales", after=space())
    plan = Plan("sync", "here", TARGET, steps=(sales, *many))
    said = _said(applied_report(_applied(tmp_path, plan)))
    assert "… and 36 more links" in said
    assert all(char.isprintable() or char == "\n" for char in said)
    lost = _said(applied_report(done := _applied(tmp_path, plan, failing="space:sales")))
    assert "… and 35 more items" in lost
    assert len(_json(applied_report(done))["skipped"]) == 60


# --- runs ---


def test_runs_are_told_with_what_became_of_them(tmp_path: Path) -> None:
    """Done, partial, cut short, taken back by which, replaced by which; damaged ones are listed too."""
    results: list[Any] = [
        {"state": "done", "ended": "2026-03-02T08:31:00+00:00"},
        {"state": "partial"},
        {"state": "undone", "by": "20260302T083005Z-aaaaaaaa"},
        {"state": "superseded", "by": "20260302T083006Z-bbbbbbbb"},
        None,
        None,
    ]
    begun = [_run(tmp_path, everyday(), NOW + timedelta(seconds=number)) for number in range(len(results))]
    for run, result in zip(begun, results, strict=True):
        if result:
            run.end(result)
    (begun[-1].folder / "plan.json").write_bytes(b'{"format": 1}')
    found = runs(tmp_path / "runs")
    told = _json(runs_report(found))["runs"]
    assert [one["state"] for one in told] == [
        *("damaged", "unfinished", "superseded", "undone", "partial", "done")
    ]
    assert told[-1]["counts"] == {"create": 3, "update": 3, "delete": 1}
    assert told[-1]["began"] == "2026-03-02T08:30:00+00:00"
    assert told[-1]["ended"] == "2026-03-02T08:31:00+00:00"
    lines = _said(runs_report(found)).splitlines()
    assert len(lines) == 7
    assert "2026-03-02 08:30 " in lines[-1]
    assert "+3 ~3 -1" in lines[-1]
    assert "undone by 20260302T083005Z-aaaaaaaa" in lines[4]
    assert "superseded by 20260302T083006Z-bbbbbbbb" in lines[3]
    assert "damaged" in lines[1]


def test_what_people_copy_is_not_broken_on_a_narrow_terminal(tmp_path: Path) -> None:
    """The id of a run, and the uuid of an item, stay in one line; sources and names give way."""
    run = _run(tmp_path, replace(everyday(), source="a very long name of a source " * 5))
    link = Link(Kind.CHART, "weekly-" * 9, "Weekly " * 9, UUID, "weekly", "linked", exists=True)
    out = io.StringIO()
    render_text(runs_report([run]), Console(file=out, width=80))
    render_text(links_report([link]), Console(file=out, width=80))
    assert run.id in out.getvalue()
    assert UUID in out.getvalue()


@pytest.mark.parametrize("text", [text for text in HOSTILE if not text.isprintable()])
def test_the_source_of_a_run_is_harmless(tmp_path: Path, text: str) -> None:
    """It may name a branch of anybody's."""
    _run(tmp_path, replace(everyday(), source=text))
    said = _said(runs_report(runs(tmp_path / "runs")))
    assert all(char.isprintable() or char == "\n" for char in said)


def test_no_runs_are_told_as_such(tmp_path: Path) -> None:
    """Not as an empty table."""
    assert _said(runs_report(runs(tmp_path))) == "No runs.\n"
    assert runs_report([]).data == {"runs": []}


# --- links ---


def test_links_are_a_table_with_what_is_known_of_each() -> None:
    """Which item, its name, uuid and slug, how it came to be known, and whether the target has it still."""
    found = [
        Link(Kind.CHART, "weekly", "Weekly\x1b[2J", UUID, "weekly-1", "linked", exists=True),
        Link(Kind.SPACE, "sales", "", UUID, "", "restored", exists=False),
    ]
    _, weekly, sales = _said(links_report(found)).splitlines()
    assert weekly.split() == ["chart:weekly", r"Weekly\x1b[2J", UUID, "weekly-1", "linked", "yes"]
    assert sales.split() == ["space:sales", UUID, "restored", "no"]
    assert _json(links_report(found))["links"][1] == {
        "kind": "space",
        "key": "sales",
        "name": None,
        "uuid": UUID,
        "slug": None,
        "how": "restored",
        "exists": False,
    }
    assert _said(links_report([])) == "No links.\n"
