"""What was deleted and put back is known again under each uuid that it ever had."""

from __future__ import annotations

from lightdash_sync.content.kinds import Kind

from .desk import TARGET, TO, Desk


def _deleted_and_put_back(desk: Desk, snapshot: str) -> None:
    desk.send("DELETE", f"/saved/{desk.uuid(Kind.CHART, 'Orders, again')}")
    done = desk.do("apply", "--from", snapshot, *TO, "--yes", "--json", "--allow-drift", "all").json
    assert done["complete"] is True


def test_an_older_snapshot_still_names_what_was_put_back(desk: Desk) -> None:
    """It has another uuid since; there is nothing to do, and no twin."""
    desk.apply("--adopt-by-name")
    desk.export(TARGET)
    snapshot = "./snapshots/target"
    for _ in range(2):
        _deleted_and_put_back(desk, snapshot)
        told = desk.do("plan", "--from", snapshot, *TO, "--json").json
        assert (told["steps"], told["twins"]) == ([], [])
