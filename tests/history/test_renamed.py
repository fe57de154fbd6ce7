"""A renamed environment: its snapshot has another folder from then on, and its past is still told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightdash_sync.history.log import snapshot_log
from lightdash_sync.history.past import parse_item
from lightdash_sync.history.show import find_one
from lightdash_sync.history.sources import open_commits, open_sources

if TYPE_CHECKING:
    from tests.history.story import Told

ITEMS = ("chart:fresh", "chart:weekly-revenue", "dashboard:subscriptions", "chart:orders-by-shop")


def _renamed(told: Told, name: str) -> Told:
    told.git("mv", f"snapshots/{told.folder.name}", f"snapshots/{name}")
    told.git("commit", "-qm", f"Rename the environment to {name}")
    return replace(told, folder=told.root / "snapshots" / name)


def _commits(told: Told) -> list[tuple[str, list[str]]]:
    found = snapshot_log(open_commits(told.folder), None, None)
    return [
        (one.revision.id, [f"{item.status} {item.kind}:{item.key}" for item in one.items]) for one in found
    ]


def test_log_and_show_follow_the_rename(copied: Told) -> None:
    """Twice, too: each line is as before, and the rename itself changes no item."""
    lines, commits = {item: copied.line(item) for item in ITEMS}, _commits(copied)
    first = copied.commits["first"][0]
    at_first = find_one(open_sources(copied.folder), parse_item("chart:weekly-revenue"), first)
    for name in ("eu-production", "eu"):
        copied = _renamed(copied, name)
        now = _commits(copied)
        assert now[0][1] == []
        assert [one for one in now if one[1] or one in commits][-len(commits) :] == commits
        for item, line in lines.items():
            found = copied.line(item)
            assert [(one.event, one.time, one.person) for one in found] == [
                (one.event, one.time, one.person) for one in line
            ], item
        shown = find_one(open_sources(copied.folder), parse_item("chart:weekly-revenue"), first)
        day = copied.git("show", "-s", "--format=%ad", "--date=format:%Y-%m-%dT%H:%M:%S+00:00", first)
        assert find_one(open_sources(copied.folder), parse_item("chart:weekly-revenue"), day).revision
        assert (shown.data, shown.version, shown.revision) == (at_first.data, at_first.version, first)


def test_an_edit_in_the_commit_of_the_rename_is_told(copied: Told) -> None:
    copied.git("mv", "snapshots/production", "snapshots/eu")
    told = replace(copied, folder=copied.root / "snapshots" / "eu")
    told.change("charts/fresh.json", {"name": "Renamed with the folder"})
    told.by_hand("Rename, and edit")
    assert _commits(told)[0][1] == ["changed chart:fresh"]
    assert any("Renamed with the folder" in str(change) for change in told.line("chart:fresh")[0].changes)


def test_another_project_in_the_folder_is_no_rename(copied: Told) -> None:
    """A copy that stays, or a snapshot of another project, has no past of its own before."""
    copied.git("rm", "-rq", "--cached", "snapshots/production")
    (copied.root / "snapshots/production").rename(copied.root / "snapshots/other")
    told = replace(copied, folder=copied.root / "snapshots" / "other")
    file = told.folder / "identity.json"
    uuid = told.content("identity.json")["project"]["uuid"]  # type: ignore[call-overload, index]
    file.write_bytes(file.read_bytes().replace(str(uuid).encode(), b"00000000-0000-4000-8000-000000000000"))
    told.by_hand("Another project")
    assert len(_commits(told)) == 1
