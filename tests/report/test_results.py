"""The results of commands, as text for people and as JSON for machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from lightdash_sync.doctor import Check
from lightdash_sync.export.run import ExportResult
from lightdash_sync.lightdash.schemas import ProjectRow
from lightdash_sync.report.exports import demo_report, export_report, verify_report
from lightdash_sync.report.setups import doctor_report, projects_report
from lightdash_sync.report.terminal import console
from lightdash_sync.report.text import render_text
from lightdash_sync.report.value import Report
from lightdash_sync.snapshot.manifest import (
    FORMAT,
    Manifest,
    NotExported,
    Older,
    SnapshotSelection,
    SnapshotSource,
)
from lightdash_sync.snapshot.verify import Damage, Differences, VerifyResult

STAGING, LIVE, HIDDEN, GONE = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "1239")
COUNTS = {"chart": 2, "chart_version": 1, "space": 1, "project": 1}
ROOT = Path("snapshots/p")


def _manifest(counts: dict[str, int] | None = None) -> Manifest:
    return Manifest(
        format=FORMAT,
        source=SnapshotSource(
            url="https://lightdash.example.com", lightdash="0.1372.1", project="[/Sales]\x1b[2J"
        ),
        selection=SnapshotSelection(),
        counts=COUNTS if counts is None else counts,
        leftOut=[NotExported(what="space:a", why="because\rof")],
        files={"charts/a.json": "0" * 64},
    )


def _report(added: list[str], root: Path = ROOT) -> ExportResult:
    older = [Older(what="comments of 2 dashboards", asOf="2026-11-23"), Older(what="a\rb", asOf="2026-11-23")]
    return ExportResult(root, _manifest(), False, added, [], [], older, ["careful"], 7, 1.234)


def _show(report: Report) -> None:
    render_text(report, console())


def _lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    captured = capsys.readouterr()
    assert captured.err == ""
    lines = captured.out.splitlines()
    assert all(line.isprintable() for line in lines)
    return [line.rstrip() for line in lines]


def test_an_export_is_told_with_its_tree(capsys: pytest.CaptureFixture[str]) -> None:
    """People see the project, what is in the snapshot, what changed, what was left out, and the cost."""
    _show(export_report(_report(["charts/a.json"])))
    lines = _lines(capsys)
    assert lines[0] == r"[/Sales]\x1b[2J (https://lightdash.example.com, Lightdash 0.1372.1)"
    assert lines[1] == "snapshots/p/"
    text = "\n".join(lines)
    assert "charts/             2 charts, 1 earlier version" in text
    assert "spaces/             1 space\n" in text
    assert "project.json        settings" in text
    assert "dashboards/" not in text
    assert lines[-4:] == [
        "1 file added, 0 changed, 0 removed",
        r"Left out: space:a: because\rof",
        r"As of 2026-11-23: comments of 2 dashboards; a\rb.",
        "7 requests in 1.2 s",
    ]


def test_an_export_without_changes_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing changed: one calm line instead of three zeros."""
    _show(export_report(_report([])))
    assert "Nothing has changed since the last export." in _lines(capsys)


def test_an_export_for_machines() -> None:
    """Machines get every field of the report, names as they are."""
    assert export_report(_report(["charts/a.json"])).data == {
        "path": "snapshots/p",
        "project": "[/Sales]\x1b[2J",
        "url": "https://lightdash.example.com",
        "lightdash": "0.1372.1",
        "counts": COUNTS,
        "added": ["charts/a.json"],
        "changed": [],
        "removed": [],
        "left_out": [{"what": "space:a", "count": 1, "names": [], "why": "because\rof"}],
        "unread": [],
        "older": [
            {"what": "comments of 2 dashboards", "as_of": "2026-11-23"},
            {"what": "a\rb", "as_of": "2026-11-23"},
        ],
        "unknown": [],
        "warnings": ["careful"],
        "full": False,
        "requests": 7,
        "duration_s": 1.234,
    }


def test_a_whole_snapshot_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A snapshot that is whole gets one line with what is in it, each noun in its number."""
    _show(verify_report(VerifyResult(ROOT, _manifest(), 3, []), None))
    assert _lines(capsys) == ["snapshots/p is whole: 3 files, 1 space, 2 charts, 1 earlier version."]
    _show(verify_report(VerifyResult(ROOT, _manifest({"chart": 1, "chart_version": 2}), 3, []), None))
    assert _lines(capsys) == ["snapshots/p is whole: 3 files, 1 chart, 2 earlier versions."]
    _show(verify_report(VerifyResult(ROOT, _manifest({"chart": 1}), 3, []), None))
    assert _lines(capsys) == ["snapshots/p is whole: 3 files, 1 chart."]


def test_each_damage_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Every damaged file is named with its problem."""
    damages = [Damage("a.json", "is missing"), Damage("b\n.json", "is [not] whole")]
    _show(verify_report(VerifyResult(ROOT, _manifest(), 3, damages), None))
    assert _lines(capsys)[1:] == ["a.json    is missing", r"b\n.json  is [not] whole"]


def test_differences_are_listed_within_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    """Each difference has a line; a long list ends with how many more there are."""
    many = [f"chart:{number}" for number in range(15)]
    _show(
        verify_report(VerifyResult(ROOT, _manifest(), 3, []), Differences(["tag:a"], many, ["space:b\x1b"]))
    )
    lines = _lines(capsys)
    assert lines[1:3] == ["Added since: tag:a", "Changed since: chart:0"]
    assert lines[-2:] == ["Changed since: … and 3 more", r"Removed since: space:b\x1b"]
    assert len(lines) == 1 + 1 + 13 + 1


def test_no_difference_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A project that is as it was gets a line that says so."""
    _show(verify_report(VerifyResult(ROOT, _manifest(), 3, []), Differences([], [], [])))
    assert _lines(capsys)[1:] == ["The project is as it was when the snapshot was made."]


def test_a_verdict_for_machines() -> None:
    """Machines get whether it is whole, each damage, and differences only if they were asked for."""
    damaged = verify_report(VerifyResult(ROOT, _manifest(), 3, [Damage("a", "b")]), None, 0, 0.5).data
    assert damaged == {
        "path": "snapshots/p",
        "whole": False,
        "files": 3,
        "counts": COUNTS,
        "damages": [{"path": "a", "problem": "b"}],
        "duration_s": 0.5,
    }
    live = verify_report(
        VerifyResult(ROOT, _manifest(), 3, []), Differences(["a"], ["b"], ["c"]), 9, 0.5
    ).data
    assert live["whole"] is True
    assert live["live"] == {"added": ["a"], "changed": ["b"], "removed": ["c"]}
    assert live["requests"] == 9


def _row(uuid: str, name: str, kind: str, upstream: str | None = None) -> ProjectRow:
    return ProjectRow.model_validate(
        {"projectUuid": uuid, "name": name, "type": kind, "upstreamProjectUuid": upstream}
    )


ROWS = [
    _row(STAGING, "Staging", "DEFAULT", LIVE),
    _row(LIVE, "Live", "DEFAULT"),
    _row(HIDDEN, "[b]", "PREVIEW", GONE),
]


def test_projects_are_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """Each project has a line; its upstream has its name, or its uuid if it is out of sight."""
    _show(projects_report(ROWS))
    assert [line.split() for line in _lines(capsys)] == [
        ["PROJECT", "UUID", "TYPE", "UPSTREAM"],
        ["Staging", STAGING, "default", "Live"],
        ["Live", LIVE, "default"],
        ["[b]", HIDDEN, "preview", GONE],
    ]


def test_projects_for_machines() -> None:
    """Machines get uuids."""
    found = projects_report(ROWS[:2], 1, 0.1).data
    assert found == {
        "projects": [
            {"name": "Staging", "uuid": STAGING, "type": "DEFAULT", "upstream": LIVE},
            {"name": "Live", "uuid": LIVE, "type": "DEFAULT", "upstream": None},
        ],
        "requests": 1,
        "duration_s": 0.1,
    }


CHECKS = [Check("server", "ok", "it\x1b answers"), Check("role", "warning", "not an admin", "Ask [one]\n.")]


def test_checks_have_a_line_and_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    """Each check has a line, and what to do below it."""
    _show(doctor_report([*CHECKS, Check("answer", "failed", "no", "", 12)]))
    assert _lines(capsys) == [
        r"ok       server  it\x1b answers",
        "warning  role    not an admin",
        r"                 Ask [one]\n.",
        "failed   answer  no",
    ]


def test_what_an_old_version_cannot_do_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """And listed where somebody asks for it, and for machines."""
    limits = [Check("limits", "ok", f"cannot do {what}") for what in ("this", "that")]
    checks = [CHECKS[0], *limits, CHECKS[1]]
    _show(doctor_report(checks))
    [line] = [line for line in _lines(capsys) if "limits" in line]
    assert (
        line == "ok       limits  this version cannot do 2 things that newer ones can; --verbose lists them"
    )
    _show(doctor_report(checks, is_verbose=True))
    assert [line[17:] for line in _lines(capsys) if "limits" in line] == ["cannot do this", "cannot do that"]
    _show(doctor_report(limits[1:]))
    assert "cannot do 1 thing that" in _lines(capsys)[0]
    assert len(doctor_report(checks).data["checks"]) == 4  # type: ignore[arg-type]


def test_checks_for_machines() -> None:
    """Machines get the state of each check as a word."""
    assert doctor_report(CHECKS[1:], 5, 0.1).data == {
        "checks": [{"name": "role", "state": "warning", "detail": "not an admin", "hint": "Ask [one]\n."}],
        "requests": 5,
        "duration_s": 0.1,
    }


def test_the_demo_says_what_to_try_next(capsys: pytest.CaptureFixture[str]) -> None:
    """The commands to try next name the directory that was written."""
    _show(demo_report(_report([], Path("some/where"))))
    assert any("lightdash-sync verify some/where " in line for line in _lines(capsys))
