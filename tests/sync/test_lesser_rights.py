"""What a token of lesser rights is not shown is never taken for absent: neither deleted nor made again."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from lightdash_standin import seed
from lightdash_sync.content.kinds import Kind
from lightdash_sync.snapshot.read import Snapshot
from tests.cli.running import Done, run
from tests.sync.desk import Desk, desk_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_EDITOR = "TOKEN_OF_EDITOR"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A current server, which tells an editor their own deliveries alone, and a copy made by an admin.

    `seen` and `copy` are source and target as the editor reaches them.
    """
    with desk_at(seed.demo_world("1.219.0"), tmp_path / "work") as desk:
        desk.apply("--adopt-by-name", "--enable-schedulers")
        more = (
            f'\n[env.{name}]\nurl = "{desk.server.url}"\nproject = "{desk.projects[of]}"\n'
            f'token_env = "{_EDITOR}"\n'
            for name, of in (("seen", "source"), ("copy", "target"))
        )
        desk.settle("".join(more))
        yield desk


def _do(desk: Desk, *arguments: str) -> Done:
    done = run(*arguments, env=desk.env | {_EDITOR: desk.world.tokens["editor"]})
    assert "Traceback" not in done.err
    return done


def _problems(done: Done, code: str) -> list[str]:
    return [one["item"] for one in done.json["problems"] if one["code"] == code]


def test_nothing_is_deleted_because_an_editor_is_not_shown_it(desk: Desk) -> None:
    """Deliveries of others, and private spaces, are not in what the editor reads; the plan is refused."""
    with desk.nothing_is_written():
        done = _do(
            desk, "apply", "--from", "seen", "--to", "target", "--delete", "--max-deletes", "99", "--yes"
        )
    assert done.code == 4
    assert "the source may have this scheduler" in done.err
    planned = _do(
        desk, "plan", "--from", "seen", "--to", "target", "--delete", "--max-deletes", "99", "--json"
    )
    assert planned.code == 4
    deleted = {
        f"{step['kind']}:{step['key']}" for step in planned.json["steps"] if step["action"] == "delete"
    }
    assert any(item.startswith("scheduler:") for item in deleted)
    assert set(_problems(planned, "unseen_in_source")) == deleted


def test_without_deletes_what_an_editor_is_not_shown_is_named_and_left(desk: Desk) -> None:
    """What the editor sees can be carried; the plan says that the source may have more."""
    planned = _do(desk, "plan", "--from", "seen", "--to", "target", "--json", "--only", "chart")
    assert planned.code == 0, planned.out
    assert [step for step in planned.json["steps"] if step["action"] == "delete"] == []
    assert "seen (live) may lack deliveries of other people" in planned.err


def test_no_delivery_is_made_a_second_time_in_a_target_that_does_not_show_it(desk: Desk) -> None:
    """Nothing is remembered of the target here: deliveries of others there look as if there were none."""
    shutil.rmtree(desk.memory)
    desk.export("source")
    planned = _do(desk, "plan", "--from", "source", "--to", "copy", "--adopt-by-name", "--json")
    made = {f"{step['kind']}:{step['key']}" for step in planned.json["steps"] if step["action"] == "create"}
    schedulers = {item for item in made if item.startswith("scheduler:")}
    assert planned.code == 4
    flagged = set(_problems(planned, "unseen_on_target"))
    assert flagged & schedulers  # but not those of what is created, too: they cannot be there
    assert [item for item in flagged if item.startswith("space:")]
    allowed = _do(
        desk, "plan", "--from", "source", "--to", "copy", "--adopt-by-name", "--json", "--allow-twins", "all"
    )
    assert {one["gravity"] for one in allowed.json["problems"] if one["code"] == "unseen_on_target"} == {
        "warns"
    }


def test_a_snapshot_keeps_the_deliveries_that_a_lesser_token_is_not_shown(desk: Desk) -> None:
    """An export with an editor's token over a snapshot of an admin's is refused; the snapshot stands."""
    desk.export("source")
    folder = desk.folder / "snapshots"
    (folder / "source").rename(folder / "seen")
    before = (folder / "seen" / "snapshot.json").read_bytes()
    done = _do(desk, "export", "--env", "seen", "--no-history")
    assert done.code == 4
    assert "scheduler:" in done.err or "space:" in done.err
    assert (folder / "seen" / "snapshot.json").read_bytes() == before


def test_a_snapshot_says_which_kinds_may_lack_items(desk: Desk) -> None:
    """A plan from the snapshot of an editor's export knows as much as one from the live project."""
    _do(desk, "export", "--env", "seen", "--no-history")
    unseen = Snapshot(desk.folder / "snapshots" / "seen").manifest.unseen()
    assert {Kind.SCHEDULER, Kind.SPACE, Kind.CHART} <= unseen.keys()
    planned = _do(
        desk,
        "plan",
        "--from",
        "snapshots/seen",
        "--to",
        "target",
        "--delete",
        "--max-deletes",
        "99",
        "--json",
    )
    assert planned.code == 4
    assert _problems(planned, "unseen_in_source")
