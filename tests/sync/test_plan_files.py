"""A plan in a file is applied as it was shown, to what it was made for, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lightdash_sync.disk import hold
from lightdash_sync.sync.plan.document import from_bytes
from tests.sync.desk import FROM_TO, SOURCE, TARGET, TO, Desk

PLAN = Path("plan.json")


def _without_digest(document: dict[str, Any]) -> None:
    del document["digest"]


def _other_content(document: dict[str, Any]) -> None:
    document["steps"][0]["after"]["name"] = "Something else"


def _other_project(document: dict[str, Any]) -> None:
    document["target"]["project"] = "00000000-0000-4000-8000-000000000000"


def _no_steps(document: dict[str, Any]) -> None:
    document["steps"] = []


def _null_table(document: dict[str, Any]) -> None:
    document["items"]["space"] = None


def _next_format(document: dict[str, Any]) -> None:
    document["format"] = 3


CHANGES: list[Callable[[dict[str, Any]], None]] = [
    _without_digest, _other_content, _other_project, _no_steps, _null_table, _next_format,
]  # fmt: skip


@pytest.fixture
def planned(desk: Desk) -> Desk:
    """A desk with a plan that can be applied, in `plan.json`."""
    desk.do("plan", *FROM_TO, "--adopt-by-name", "-o", str(PLAN))
    return desk


def test_a_plan_that_was_changed_or_damaged_is_not_applied(planned: Desk) -> None:
    """Whatever was changed: an error that says so, and no write."""
    good = PLAN.read_bytes()
    bad = [b"", b"{", b"[]", b"\xff", b"null", good[:-100], good.replace(b"chart", b"spice")]
    for change in CHANGES:
        document = json.loads(good)
        change(document)
        bad.append(json.dumps(document).encode())
    with planned.nothing_is_written():
        for data in bad:
            PLAN.write_bytes(data)
            done = planned.do("apply", str(PLAN), "--yes", code=1)
            assert "without --format writes a plan" in done.err
        assert "No such file" in planned.do("apply", "nothing.json", "--yes", code=1).err


def test_a_plan_is_applied_to_what_it_was_made_for_only(planned: Desk) -> None:
    """Neither to another environment, nor to another project that the environment names now."""
    with planned.nothing_is_written():
        assert "not for that of 'source'" in planned.do("apply", str(PLAN), "--to", SOURCE, code=4).err
        planned.settle(**{TARGET: planned.projects[SOURCE]})
        assert "not for that of 'target'" in planned.do("apply", str(PLAN), code=4).err


def test_a_plan_holds_all_that_it_writes(planned: Desk) -> None:
    """The source may be gone, or different, when it is applied: nothing of it is asked."""
    wanted = planned.content(SOURCE)
    planned.send("DELETE", f"/schedulers/{planned.scheduler(SOURCE)}")
    planned.world.requests.clear()
    planned.do("apply", str(PLAN), "--yes")
    assert not [path for _, path in planned.world.requests if planned.projects[SOURCE] in path]
    assert planned.content(TARGET) == wanted


def test_a_plan_that_was_applied_is_stale(planned: Desk) -> None:
    planned.do("apply", str(PLAN), "--yes")
    with planned.nothing_is_written():
        assert "is there now" in planned.do("apply", str(PLAN), "--yes", code=5).err


def test_the_same_plan_is_the_same_file(planned: Desk) -> None:
    planned.do("plan", *FROM_TO, "--adopt-by-name", "-o", "again.json")
    assert Path("again.json").read_bytes() == PLAN.read_bytes()
    assert from_bytes(PLAN.read_bytes()).target.environment == TARGET


def test_one_run_at_a_time(planned: Desk) -> None:
    """Another one that plans or applies there meanwhile is told to wait (exit 11)."""
    lock = planned.folder / "snapshots" / f".{TARGET}.local" / "lock"
    with hold(lock, "the test", wait=1.0), planned.nothing_is_written():
        for command in (
            ["apply", str(PLAN), "--yes"],
            ["plan", *FROM_TO],
            ["undo", *TO],
            ["link", "show", *TO],
        ):
            planned.do(*command, code=11)


def test_what_makes_no_sense_is_said_before_anything_is_read(planned: Desk) -> None:
    planned.world.requests.clear()
    for words in (
        ["apply"], ["apply", str(PLAN), "--from", SOURCE], ["apply", "--from", SOURCE], ["apply", "--resume"],
        ["plan", "--from", SOURCE, "--to", "nowhere"], ["plan", *TO], ["undo"], ["restore", *TO],
    ):  # fmt: skip
        planned.do(*words, code=2)
    assert planned.world.requests == []
    for words in (
        ["plan", *FROM_TO, "--only", "chart:none"], ["plan", *FROM_TO, "--only", "spice:x"],
        ["plan", *FROM_TO, "--adopt", "chart:orders=5"], ["plan", *FROM_TO, "--adopt", "chart:orders"],
        ["plan", *FROM_TO, "--adopt-by-name", "--adopt-by-slug"], ["plan", *FROM_TO, "--space", "none"],
    ):  # fmt: skip
        planned.do(*words, code=2)
