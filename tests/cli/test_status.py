"""`status` as it is typed: on a terminal, in a pipe, for a gate; without a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from lightdash_sync.disk import Disk
from lightdash_sync.snapshot.write import locked
from tests.cli.running import fails, run, run_process, run_terminal
from tests.exporting import tree
from tests.snapshot.small import write_small_snapshot

FORMATS = ("text", "json", "markdown")
SETTINGS = "".join(
    f'[env.{name}]\nurl = "https://lightdash.example.com"\n' for name in ("dev", "staging", "production")
)


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with settings of three environments, and snapshots of two: a chart and a tag differ."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lightdash-sync.toml").write_text(SETTINGS)
    changed = {"tags/fresh.json": {"name": "Fresh", "metrics": []}}
    write_small_snapshot(tmp_path / "snapshots" / "dev", title="Revenue by week", change=changed)
    write_small_snapshot(tmp_path / "snapshots" / "staging")
    return tmp_path


def test_a_pipe_gets_a_table_and_what_differs(three: Path) -> None:
    """What is missing is told on stderr; nothing is written, and no token is asked for."""
    before = tree(three)
    done = run("status")
    assert done.code == 0
    assert tree(three) == before
    assert "Warning: production has no snapshot" in done.err
    lines = [line.rstrip() for line in done.out.splitlines()]
    assert lines[4].split() == ["FROM", "\\", "TO", "dev", "staging", "production"]
    assert [line.split()[0] for line in lines[5:8]] == ["dev", "staging", "production"]
    assert lines[9] == "dev → staging: 2, age unknown: chart: 1 changed; tag: 1 created"
    assert lines[10:12] == [
        "  changed chart:weekly-revenue (Revenue by week)  age unknown",
        "  created tag:fresh (Fresh)  age unknown",
    ]


def test_a_gate_gets_6_if_anything_differs(three: Path) -> None:
    """Only if asked; a snapshot that is not there is no difference."""
    assert run("status", "--exit-code").code == 6
    assert run("status", "--exit-code", "--json").code == 6
    assert run("status", "--exit-code", "--env", "dev", "--env", "production").code == 0
    said = run("status", "--format", "json").json
    assert said == run("status", "--json").json
    assert [one["read"] for one in said["environments"]] == ["snapshot", "snapshot", None]


def test_a_terminal_without_colours_gets_no_control_characters(three: Path) -> None:
    for form in FORMATS:
        code, seen = run_terminal(
            "status", "--format", form, home=three, env={"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "80"}
        )
        assert code == 0, seen
        assert [char for char in seen if not (char.isprintable() or char in "\r\n")] == []
    code, seen = run_terminal("status", home=three, env={"TERM": "xterm-256color"})
    assert "\x1b[" in seen


def test_a_terminal_of_another_encoding_is_written_to(three: Path) -> None:
    for form in FORMATS:
        env = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
        done = run_process("status", "--format", form, home=three, env=env)
        assert done.code == 0, done.err


def test_settings_elsewhere_say_where_the_snapshots_are(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = three / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert run("status", "--config", str(three / "lightdash-sync.toml"), "--exit-code").code == 6
    fails(run("status"), 2)


def test_a_backup_that_is_at_work_keeps_nobody_from_looking(three: Path) -> None:
    with locked(three / "snapshots" / "dev", Disk()):
        assert run("status").code == 0


def test_live_needs_a_token(three: Path) -> None:
    """And says which variable, not which request failed."""
    done = run("status", "--live")
    fails(done, 2)
    assert "there is no token" in done.err
