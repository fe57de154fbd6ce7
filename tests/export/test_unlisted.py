"""What no list tells of: an export over an older snapshot reads it all the same, or says how old it is."""

from __future__ import annotations

import shutil
from datetime import date
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from lightdash_standin.comments import create_comment
from lightdash_standin.palettes import create_palette
from lightdash_standin.people import create_group
from lightdash_standin.server import Server
from lightdash_standin.state import Verification
from lightdash_sync.export.last_run import CHEAP, Comments, comments_due
from lightdash_sync.export.run import ExportResult, Reading, export_project, read_now
from lightdash_sync.export.selection import ExportSelection
from lightdash_sync.snapshot.manifest import Manifest
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.verify import verify
from lightdash_sync.workers import Silent
from tests.exporting import lightdash_at, tree
from tests.worlds import can, demo_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lightdash_standin.state import Chart, Dashboard, World

TODAY = date(2026, 11, 30)


def _export(
    server: Server, target: Path, *, full: bool = False, comments: Comments = Comments.AUTO
) -> ExportResult:
    lightdash = lightdash_at(server.url, server.world.tokens["admin"])
    reading = Reading(full, full_every=999, comments=comments)
    with lightdash.session:
        return export_project(
            lightdash, server.world.projects["production"], target, ExportSelection(), reading
        )


def _dashboards(world: World) -> list[Dashboard]:
    spaces = world.project_rows[world.projects["production"]].spaces
    return [one for one in world.dashboards.values() if one.space_uuid in spaces]


def _inside(world: World) -> Chart:
    """A chart inside a dashboard."""
    ours = {one.uuid for one in _dashboards(world)}
    return next(one for one in world.charts.values() if one.dashboard_uuid in ours)


def _admin(world: World) -> str:
    return next(one.uuid for one in world.people.values() if one.role == "admin")


def _comment(world: World) -> None:
    dashboard = _dashboards(world)[0]
    body = {"text": "New!", "textHtml": "<p>New!</p>", "mentions": []}
    create_comment(world, dashboard, dashboard.version.tiles[0]["uuid"], body, _admin(world))


def _resolve(world: World) -> None:
    shown = {tile["uuid"] for one in _dashboards(world) for tile in one.version.tiles}
    for tile in shown & world.comments.keys():
        for comment in world.comments[tile]:
            comment.resolved = True


def _new_address(world: World) -> None:
    for person in world.people.values():
        if "@" in person.email:
            person.email = f"new-{person.email}"


def _new_name(world: World) -> None:
    for person in world.people.values():
        person.first_name += " II"


def _verify(world: World) -> None:
    _inside(world).verification = Verification(world.new_uuid(), _admin(world), world.clock.tick())


def _paint(world: World) -> None:
    org = world.project_rows[world.projects["production"]].org_uuid
    palette = create_palette(world, org, "Autumn", ["#111111"], None)
    _inside(world).color_palette_uuid = palette.uuid
    _dashboards(world)[0].color_palette_uuid = palette.uuid


# What happens, since which version it can, and how it is named where it is not read.
UNLISTED: dict[str, tuple[Callable[[World], None], str, str]] = {
    "a comment": (_comment, "", ""),
    "comments that are resolved": (_resolve, "", ""),
    "other addresses": (_new_address, "", ""),
    "other names": (_new_name, "", ""),
    "a verified chart inside a dashboard": (_verify, "verification", "verification of"),
    "a colour palette": (_paint, "chart_palettes", "colour palettes of"),
}


def _files(root: Path) -> dict[str, str]:
    return {path: sha for path, sha in tree(root).items() if path != "snapshot.json"}


@pytest.mark.parametrize("what", UNLISTED)
def test_what_no_list_tells_is_read_or_named_with_its_day(what: str, tmp_path: Path) -> None:
    """The next export has it like a full one; or report and manifest name it, with the last full reading."""
    change, needs, named = UNLISTED[what]
    if needs and not can(needs):
        pytest.skip("servers of this version have none")
    world = demo_world()
    _comment(world)
    with Server(world) as server:
        _export(server, tmp_path / "quick")
        change(world)
        shutil.copytree(tmp_path / "quick", tmp_path / "full")
        _export(server, tmp_path / "full", full=True)
        report = _export(server, tmp_path / "quick")
    assert not report.full
    assert verify(tmp_path / "quick").damages == []
    assert world.crashes == []
    if not named:
        assert _files(tmp_path / "quick") == _files(tmp_path / "full")
    else:
        days = {one.what: one.asOf for one in report.older}
        assert [day for words, day in days.items() if words.startswith(named)] == [report.manifest.wholeOn]
    assert Snapshot(tmp_path / "full").manifest.older == []


def test_a_renamed_group_is_called_by_its_new_name(tmp_path: Path) -> None:
    """Also in what did not change itself: in a comment that names the group."""
    world = demo_world()
    org = world.project_rows[world.projects["production"]].org_uuid
    group = next((one for one in world.groups.values() if one.org_uuid == org), None)
    assert group is not None
    with Server(world) as server:
        _export(server, tmp_path / "p")
        assert group.name in Snapshot(tmp_path / "p").identity().groups
        group.name = "Renamed"
        shutil.copytree(tmp_path / "p", tmp_path / "full")
        _export(server, tmp_path / "full", full=True)
        _export(server, tmp_path / "p", comments=Comments.WEEKLY)
    assert _files(tmp_path / "p") == _files(tmp_path / "full")


@pytest.mark.skipif(not can("space_member_role"), reason="spaces are read one by one")
def test_the_grant_of_a_group_without_members_is_seen(tmp_path: Path) -> None:
    """The list of spaces names members only, so a group without any makes each space be read."""
    world = demo_world()
    org = world.project_rows[world.projects["production"]].org_uuid
    http = httpx.Client(trust_env=False, headers={"Authorization": f"ApiKey {world.tokens['admin']}"})
    with Server(world) as server, http:
        _export(server, tmp_path / "p")
        group = create_group(world, "Nobody yet", org, None)
        project = world.projects["production"]
        for space in world.project_rows[project].spaces:
            path = f"/api/v1/projects/{project}/spaces/{space}/group/share"
            body = {"groupUuid": group.uuid, "spaceRole": "viewer"}
            answer = http.post(f"{server.url}{path}", json=body)
            assert answer.is_success, answer.text
        shutil.copytree(tmp_path / "p", tmp_path / "full")
        _export(server, tmp_path / "full", full=True)
        _export(server, tmp_path / "p")
    assert _files(tmp_path / "p") == _files(tmp_path / "full")


def test_comments_can_wait_for_the_full_reading(tmp_path: Path) -> None:
    """`comments = weekly`: none are asked for, and report and manifest say as of which day they are."""
    world = demo_world()
    with Server(world) as server:
        _export(server, tmp_path / "p")
        _comment(world)
        world.requests.clear()
        report = _export(server, tmp_path / "p", comments=Comments.WEEKLY)
        assert not [path for _, path in world.requests if "/comments/" in path]
        number = len(_dashboards(world))
        words = f"comments of {number} dashboards"
        assert [one.asOf for one in report.older if one.what == words] == [report.manifest.wholeOn]
        chart = _inside(world)
        chart.name = "Something else is new"
        report = _export(server, tmp_path / "p", comments=Comments.WEEKLY)
        assert words in [one.what for one in Snapshot(tmp_path / "p").manifest.older]
        report = _export(server, tmp_path / "p", full=True)
    assert Snapshot(tmp_path / "p").manifest.older == report.older == []


def test_a_night_without_news_leaves_the_manifest_as_it_was(tmp_path: Path) -> None:
    """Whether it was a quick one or a full one, and whatever it did not read."""
    world = demo_world()
    with Server(world) as server:
        _export(server, tmp_path / "p")
        before = tree(tmp_path / "p")
        for full, comments in ((False, Comments.AUTO), (False, Comments.WEEKLY), (True, Comments.AUTO)):
            _export(server, tmp_path / "p", full=full, comments=comments)
            assert tree(tmp_path / "p") == before


def _turns(when: Comments, lively: int, quiet: int, days: list[int]) -> list[set[str]]:
    silent = {f"lively-{number:05}": True for number in range(lively)}
    silent |= {f"quiet-{number:05}": False for number in range(quiet)}
    return [
        set(comments_due(when, silent, lively + quiet, date.fromordinal(TODAY.toordinal() + day)))
        for day in days
    ]


WEEKDAYS = [day for day in range(7 * 12) if day % 7 < 5]


@pytest.mark.parametrize(("lively", "quiet"), [(0, 501), (40, 560), (3, 3400), (700, 4000), (499, 10_000)])
def test_of_many_dashboards_those_with_comments_are_asked_and_others_in_turn(lively: int, quiet: int) -> None:
    """A weekday schedule asks every one of them some time, and never many more than are cheap."""
    turns = _turns(Comments.AUTO, lively, quiet, WEEKDAYS)
    asked: set[str] = set().union(*turns)
    assert len(asked) == lively + quiet
    assert all(sum(name.startswith("lively") for name in turn) == lively for turn in turns)
    assert max(map(len, turns)) <= max(CHEAP, lively + CHEAP // 2) + 1


def test_who_wants_all_comments_each_night_gets_them() -> None:
    """Settings win over what is cheap; without any, 500 dashboards are."""
    assert [len(turn) for turn in _turns(Comments.NIGHTLY, 10, 3000, [0, 1])] == [3010, 3010]
    assert [len(turn) for turn in _turns(Comments.WEEKLY, 10, 30, [0, 1])] == [0, 0]
    assert [len(turn) for turn in _turns(Comments.AUTO, 0, CHEAP, [0, 1])] == [CHEAP, CHEAP]


def test_a_manifest_without_a_day_is_read(tmp_path: Path) -> None:
    """Earlier versions of this tool wrote none: everything is read, and then there is one."""
    world = demo_world()
    with Server(world) as server:
        first = _export(server, tmp_path / "p")
        path = tmp_path / "p" / "snapshot.json"
        said: dict[str, Any] = first.manifest.model_dump()
        older = Manifest.model_validate({key: said[key] for key in said if key not in ("wholeOn", "older")})
        path.write_bytes(older.to_bytes())
        (tmp_path / ".p.state.json").unlink()
        second = _export(server, tmp_path / "p")
    assert (second.full, second.manifest.wholeOn) == (True, first.manifest.wholeOn)


def test_a_comparison_with_the_project_as_it_is_now_sees_new_comments(tmp_path: Path) -> None:
    """A plan, to which comments do not count, asks for none."""
    world = demo_world()
    project = world.projects["production"]
    with Server(world) as server:
        _export(server, tmp_path / "p")
        _comment(world)
        lightdash, over = lightdash_at(server.url, world.tokens["admin"]), Snapshot(tmp_path / "p")
        with lightdash.session:
            for name, comments in (("plan", Comments.WEEKLY), ("diff", Comments.AUTO)):
                target = tmp_path / name
                read_now(lightdash, project, over, target, progress=Silent(), comments=comments)
        counts = [sum("/comments/" in path for _, path in world.requests)]
    before, plan, diff = (
        {path: sha for path, sha in tree(tmp_path / name).items() if path.startswith("comments/")}
        for name in ("p", "plan", "diff")
    )
    assert plan == before != diff
    assert counts == [2 * len(_dashboards(world))]  # of the export, and of the comparison
