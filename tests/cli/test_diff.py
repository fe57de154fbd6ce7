"""`diff` as it is typed: sides, formats, files, exit codes."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lightdash_sync.content.json import canonical
from lightdash_sync.disk import Disk
from lightdash_sync.snapshot.write import locked
from tests.cli.nights import TOKEN
from tests.cli.running import Done, fails, run, run_process, run_terminal
from tests.exporting import tree
from tests.snapshot.small import small_files, write_small_snapshot

if TYPE_CHECKING:
    from tests.cli.nights import Nights

UGLY = "<b>| `x` [/red] \x1b[31m\u202e @octocat"
FORMATS = ("text", "json", "markdown", "html")


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with two snapshots: a chart got an ugly name, a SQL chart is gone, a tag is new."""
    monkeypatch.chdir(tmp_path)
    write_small_snapshot(tmp_path / "old")
    changed = {"sql_charts/raw.json": None, "tags/fresh.json": {"name": "Fresh", "metrics": []}}
    write_small_snapshot(tmp_path / "new", title=UGLY, change=changed)
    return tmp_path


def _live(nights: Nights, *arguments: str) -> Done:
    return run("diff", *arguments, env={TOKEN: nights.server.world.tokens["admin"]})


# --- two directories ---


def test_what_differs_is_told_by_space(two: Path) -> None:
    """Spaces by name, what has none last; the words are those of `log`."""
    done = run("diff", "old", "new")
    assert (done.code, done.err) == (0, "")
    assert [line.rstrip() for line in done.out.splitlines()] == [
        "Differences: old → new",
        "1 created, 1 deleted, 1 changed",
        "",
        "Campaigns (campaigns)",
        "  deleted sql_chart:raw (Raw)",
        "",
        "Marketing (marketing)",
        r"  changed chart:weekly-revenue (<b>| `x` [/red] \x1b[31m\u202e @octocat)",
        r"    renamed: 'Weekly revenue' → '<b>| `x` [/red] \x1b[31m\u202e @octocat'",
        "",
        "Project",
        "  created tag:fresh (Fresh)",
    ]


def test_nothing_is_written_by_looking(two: Path) -> None:
    """Both sides, and what stands beside them, are as they were."""
    before = tree(two)
    for form in FORMATS:
        assert run("diff", "old", "new", "--format", form).code == 0
    assert tree(two) == before


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_goes_to_a_file_or_to_stdout(two: Path, form: str) -> None:
    """The same bytes; with `-o` nothing is printed but a summary with the path, on stderr."""
    shown, kept = (
        run("diff", "old", "new", "--format", form),
        run("diff", "old", "new", "--format", form, "-o", "out"),
    )
    assert (kept.code, kept.out) == (0, "")
    assert kept.err == "Differences: old → new\n1 created, 1 deleted, 1 changed\nWritten to out\n"
    written = Path("out").read_text("utf-8")
    assert [line.rstrip() for line in written.splitlines()] == [
        line.rstrip() for line in shown.out.splitlines()
    ]
    assert "weekly-revenue" in written


def test_json_is_one_object(two: Path) -> None:
    """`--json` and `--format json` are the same; codes and values are for machines."""
    said = run("diff", "old", "new", "--json").json
    assert said == run("diff", "old", "new", "--format", "json").json
    assert (said["old"], said["new"], said["different"], said["quiet_items"]) == ("old", "new", True, 0)
    assert said["counts"]["chart"] == {"changed": 1}
    [chart] = [item for item in said["items"] if item["kind"] == "chart"]
    assert (chart["key"], chart["status"], chart["space"]) == ("weekly-revenue", "changed", "marketing")
    [change] = chart["changes"]
    assert (change["what"], change["where"], change["before"]) == ("renamed", ["name"], "Weekly revenue")
    assert change["after"] == UGLY


def test_the_exit_code_tells_of_differences_only_if_asked(two: Path) -> None:
    """6 with `--exit-code`, else 0; what users do not see is no difference."""
    assert run("diff", "old", "new").code == 0
    assert run("diff", "old", "new", "--exit-code").code == 6
    assert run("diff", "old", "new", "--exit-code", "--json").code == 6
    assert run("diff", "old", "old", "--exit-code").code == 0
    chart = small_files()["charts/weekly-revenue.json"] | {"fresh": None}
    write_small_snapshot(two / "quiet", change={"charts/weekly-revenue.json": chart})
    done = run("diff", "old", "quiet", "--exit-code")
    assert done.code == 0
    assert "1 item differs only in what users do not see (--all shows them)." in done.out
    assert run("diff", "old", "quiet", "--exit-code", "--all").code == 6


def test_only_some_items(two: Path) -> None:
    """By kind, or one item; an item that is nowhere is wrong usage."""
    told = run("diff", "old", "new", "--only", "tag", "--only", "chart:weekly-revenue", "--json").json
    assert [item["key"] for item in told["items"]] == ["weekly-revenue", "fresh"]
    fails(run("diff", "old", "new", "--only", "chart:none"), 2)
    fails(run("diff", "old", "new", "--only", "charty"), 2)


def test_a_pipe_gets_no_control_characters(two: Path) -> None:
    """In no format, whatever things are called; nor does a terminal without colours."""
    for form in FORMATS:
        out = run("diff", "old", "new", "--format", form).out
        assert [char for char in out if not (char.isprintable() or char == "\n")] == []
    for form in FORMATS:
        code, seen = run_terminal(
            "diff", "old", "new", "--format", form, home=two, env={"NO_COLOR": "1", "TERM": "dumb"}
        )
        assert code == 0, seen
        assert [char for char in seen if not (char.isprintable() or char in "\r\n")] == []


def test_a_terminal_of_another_encoding_is_written_to(two: Path) -> None:
    """Text with escapes where a letter cannot be shown; a document in its own encoding."""
    env = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    for form in FORMATS:
        done = run_process("diff", "old", "new", "--format", form, home=two, env=env)
        assert done.code == 0, done.err


# --- errors ---


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("old",), 2),
        (("old", "nothing"), 2),
        (("old", "env:nothing"), 2),
        (("old", "git:"), 2),
        (("old", "./nothing"), 10),
        (("old", "."), 10),
        (("old", "new", "--json", "--format", "html"), 2),
        (("old", "new", "--format", "pdf"), 2),
        (("old", "new", "-o", "old/project.json/x.html"), 1),
        (("old", "new", "-o", "old"), 2),
    ],
)
def test_a_mistake_is_said_with_its_exit_code(two: Path, arguments: tuple[str, ...], code: int) -> None:
    """No traceback, and nothing on stdout but for machines."""
    done = run("diff", *arguments)
    fails(done, code)
    assert done.out == "" or "--json" in arguments
    machine = run("diff", *[word for word in arguments if word != "html"], "--format", "json")
    if machine.code:
        assert machine.json["error"]["exit_code"] == machine.code


def test_a_damaged_snapshot_is_damaged(two: Path) -> None:
    """A file that differs and is not as it was written, a manifest that is none: 10, and both are named."""
    chart = two / "new" / "charts" / "weekly-revenue.json"
    chart.write_bytes(canonical({"name": "by hand"}))
    done = run("diff", "old", "new", "--exit-code")
    fails(done, 10)
    assert "new: charts/weekly-revenue.json is not as it was written" in done.err
    (two / "old" / "snapshot.json").write_text("{}")
    fails(run("diff", "old", "new"), 10)


def test_a_snapshot_under_lock_can_be_looked_at(two: Path) -> None:
    """A backup that is at work does not keep people from comparing what stands there."""
    with locked(two / "old", Disk()):
        assert run("diff", "old", "new").code == 0


# --- git and live ---


def test_a_night_in_git_is_compared_with_now(nights: Nights) -> None:
    """What was committed with what the project is by now; then what the next backup committed."""
    assert nights.backup("--env", "production").code == 0
    assert _live(nights, "git:HEAD", "production", "--exit-code").code == 0
    nights.rename_a_chart(UGLY)
    before = tree(nights.hands.root)
    done = _live(nights, "git:HEAD", "production", "--exit-code")
    assert done.code == 6
    assert r"'<b>| `x` [/red] \x1b[31m\u202e @octocat'" in done.out
    assert re.match(
        r"Differences: git:HEAD:snapshots/production \([0-9a-f]{10}\) → production \(live\)", done.out
    )
    assert tree(nights.hands.root) == before
    assert nights.backup("--env", "production").code == 0
    again = run("diff", "git:HEAD~1", "git:HEAD", "--json").json
    assert [change["what"] for item in again["items"] for change in item["changes"]] == ["renamed"]
    assert run("diff", "git:HEAD", "snapshots/production", "--exit-code").code == 0


def test_two_projects_are_compared(nights: Nights) -> None:
    """Both are read; what may be the same under another key is pointed out on stderr."""
    world = nights.server.world
    staging = world.projects["staging"]
    (chart,) = [
        chart for chart in world.charts.values()
        if chart.name == "Weekly revenue" and chart.space_uuid
        and world.spaces[chart.space_uuid].project_uuid == staging
    ]  # fmt: skip
    chart.slug = "weekly-revenue-of-staging"  # newer servers give a copy the slug that the other project has
    done = _live(nights, "staging", "production", "--json")
    assert done.code == 0, done.err
    assert done.json["counts"]["space"]["created"] > 1
    assert "the same name on both sides and another key" in done.err
    assert done.json["warnings"]


def test_a_word_that_is_both_is_the_environment(nights: Nights) -> None:
    """And a warning says how to name the directory."""
    Path("staging").mkdir()
    done = _live(nights, "staging", "env:staging", "--exit-code")
    assert done.code == 0, done.err
    assert "Warning: staging is taken for the environment; ./staging would be the directory" in done.err


def test_settings_elsewhere_are_where_to_start(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `--config`, environments and git are those around the file."""
    assert nights.backup("--env", "production").code == 0
    elsewhere = nights.hands.root.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    config = nights.hands.root / "lightdash-sync.toml"
    assert _live(nights, "git:HEAD", "production", "--config", str(config), "--exit-code").code == 0


def test_errors_of_git_and_server(nights: Nights) -> None:
    """No such revision is 1, an unknown token 12, a folder without repository 1."""
    fails(run("diff", "git:none", "git:HEAD"), 1)
    fails(run("diff", "git:HEAD", "git:HEAD"), 1)
    done = run("diff", "production", "staging", env={TOKEN: "unknown"})
    fails(done, 12)
    assert "unknown" not in done.err.replace("unknown token", "")
    write_small_snapshot(nights.hands.root.parent / "home" / "snap")
    os.chdir(nights.hands.root.parent / "home")
    fails(run("diff", "git:HEAD", "./snap"), 1)


def test_a_report_of_a_real_project_is_whole(nights: Nights) -> None:
    """Production against nothing like it: every item of both is in each format."""
    done = _live(nights, "staging", "production", "--json")
    keys = [f"{item['kind']}:{item['key']}" for item in done.json["items"] if item["key"]]
    html = _live(nights, "staging", "production", "--format", "html").out
    markdown = _live(nights, "staging", "production", "--format", "markdown").out
    assert all(key in html and key in markdown for key in keys)


def test_a_side_in_git_may_be_a_day(nights: Nights) -> None:
    """`git:today` is the last commit of the snapshot up to the end of that day."""
    nights.backup("--env", "production")
    done = _live(nights, "git:today:snapshots/production", "production", "--json")
    assert done.code == 0, done.err
    assert _live(nights, "git:today", "git:HEAD:snapshots/production").code == 0
    fails(_live(nights, "git:2001-01-01", "production"), 1)
