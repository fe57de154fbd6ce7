"""What an export does with a token that may not do everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lightdash_standin import seed
from lightdash_standin.faults import Fault, Faults
from lightdash_standin.server import Server
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import NotAuthorised
from lightdash_sync.export.selection import ExportSelection
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.verify import verify
from tests.exporting import export_world, lightdash_at, tree
from tests.worlds import SCHEDULER_LIST, can, demo_world, empty_world

if TYPE_CHECKING:
    from pathlib import Path


def _forbidden(ending: str) -> Faults:
    """Whoever asks, this path is forbidden."""
    return Faults(
        rule=lambda _n, _method, path: Fault.status(403) if path.partition("?")[0].endswith(ending) else None
    )


def test_schedulers_are_read_one_by_one_where_they_may_not_be_listed(tmp_path: Path) -> None:
    """Without the editor role there is no list of schedulers; they come from their charts and dashboards."""
    export_world(demo_world(), tmp_path / "listed")
    report = export_world(demo_world(), tmp_path / "asked", faults=_forbidden(f"/{SCHEDULER_LIST}"))
    listed, asked = tree(tmp_path / "listed"), tree(tmp_path / "asked")
    assert {path for path in listed if path.startswith("schedulers/")}
    if can("own_schedulers_only"):  # nobody can tell that these are all
        assert [one.what for one in report.unread] == ["deliveries of other people"]
        listed.pop("snapshot.json"), asked.pop("snapshot.json")
    assert listed == asked


def test_deliveries_that_a_token_is_not_told_of_are_named(tmp_path: Path) -> None:
    """Current servers tell an editor their own deliveries alone, with 200: the export is incomplete."""
    report = export_world(seed.demo_world("1.219.0"), tmp_path / "p", who="editor")
    assert report.incomplete is not None
    assert report.incomplete.exit_code == 3
    assert "deliveries of other people" in report.incomplete.message
    assert "deliveries of other people" in [one.what for one in report.manifest.leftOut]


def test_a_token_that_may_not_read_schedulers_is_told_what_to_do(tmp_path: Path) -> None:
    """A viewer's token cannot read schedulers at all: the error says how to go on without them."""
    with pytest.raises(NotAuthorised) as caught:
        export_world(demo_world(), tmp_path / "p", who="viewer")
    assert "--only" in caught.value.hint
    assert not (tmp_path / "p").exists()


def test_a_viewer_can_export_what_a_viewer_sees(tmp_path: Path) -> None:
    """With schedulers left out, whoever sees something can keep it; what may be missing is said."""
    chosen = ExportSelection(kinds=frozenset({Kind.SPACE, Kind.CHART, Kind.DASHBOARD, Kind.SQL_CHART}))
    report = export_world(demo_world(), tmp_path / "p", who="viewer", chosen=chosen)
    assert [warning for warning in report.warnings if "private spaces" in warning]
    assert verify(tmp_path / "p").damages == []


def test_people_keep_their_addresses_when_members_may_not_be_listed(tmp_path: Path) -> None:
    """E-mail addresses that an older snapshot knows are not forgotten because a token knows less."""
    world = demo_world()
    export_world(world, tmp_path / "p")
    before = tree(tmp_path / "p")
    report = export_world(world, tmp_path / "p", full=True, faults=_forbidden("/org/users"))
    assert [warning for warning in report.warnings if "members" in warning]
    assert tree(tmp_path / "p") == before


def test_a_project_without_spaces_says_by_the_user_who_reads(tmp_path: Path) -> None:
    """Where no space tells the reader's role, the user's own rights do."""
    world = empty_world()
    project = world.projects["production"]
    shared = next(uuid for uuid, space in world.spaces.items() if space.project_uuid == project)
    with Server(world) as server:
        lightdash = lightdash_at(server.url, world.tokens["admin"])
        with lightdash.session:
            lightdash.session.answer("DELETE", f"/api/v1/projects/{project}/spaces/{shared}")
    assert export_world(world, tmp_path / "admin").warnings == []
    assert export_world(world, tmp_path / "editor", who="editor").warnings


def test_a_space_that_says_otherwise_than_the_lists_is_read_again(tmp_path: Path) -> None:
    """A chart that appears between the lists and its space makes the export start over, once."""
    world = demo_world()
    space = next(space for space in world.spaces.values() if space.slug == "customers")
    empty = (
        b'{"status":"ok","results":{"uuid":"%s","access":[],"groupsAccess":[],"queries":[],"dashboards":[]}}'
    )
    hits: list[int] = []

    def once(n: int, _method: str, path: str) -> Fault | None:
        if path.endswith(f"/spaces/{space.uuid}") and not hits:
            hits.append(n)
            return Fault.content(empty % space.uuid.encode())
        return None

    export_world(world, tmp_path / "p", faults=Faults(rule=once))
    export_world(demo_world(), tmp_path / "plain")
    assert hits
    assert tree(tmp_path / "p") == tree(tmp_path / "plain")


def test_a_server_that_is_too_old_is_refused(tmp_path: Path) -> None:
    """Before the first version that is supported nothing is tried; a newer one than known gets a warning."""
    world = demo_world()
    world.version = "0.1300.0"
    with pytest.raises(Exception, match="too old"):
        export_world(world, tmp_path / "p")


def test_an_older_snapshot_is_no_hindrance_to_reading_schedulers_one_by_one(tmp_path: Path) -> None:
    """Schedulers that may not be listed are not taken for deleted, nor for missing in a list."""
    world = demo_world()
    export_world(world, tmp_path / "p")
    before = tree(tmp_path / "p")
    report = export_world(world, tmp_path / "p", faults=_forbidden(f"/{SCHEDULER_LIST}"))
    after = tree(tmp_path / "p")
    assert len(report.unread) == can("own_schedulers_only")
    if report.unread:  # named in the manifest
        before.pop("snapshot.json"), after.pop("snapshot.json")
    assert after == before


def test_a_part_helps_nothing_in_reading_the_whole(tmp_path: Path) -> None:
    """Over a snapshot of a part everything is read, hidden charts too."""
    world = demo_world()
    export_world(world, tmp_path / "whole")
    export_world(world, tmp_path / "p", chosen=ExportSelection(kinds=frozenset({Kind.CHART})))
    export_world(world, tmp_path / "p")
    assert tree(tmp_path / "p") == tree(tmp_path / "whole")


def test_a_token_that_may_not_read_schedulers_at_all_is_told_so(tmp_path: Path) -> None:
    """Not authorised, with a way out, however few items there are: running again would change nothing."""
    forbidden = _forbidden(f"/{SCHEDULER_LIST}")
    rule = forbidden.rule
    assert rule is not None
    faults = Faults(
        rule=lambda n, method, path: (
            Fault.status(403) if path.endswith("/schedulers") else rule(n, method, path)
        )
    )
    with pytest.raises(NotAuthorised) as refused:
        export_world(demo_world(), tmp_path / "p", faults=faults)
    assert "--only" in refused.value.hint


def test_names_that_look_like_references_are_only_names(tmp_path: Path) -> None:
    """A project, or an icon, that is called as a reference is written is backed up like any other."""
    world = demo_world()
    project = world.project_rows[world.projects["production"]]
    project.name = "@{chart:nobody} @{x}"
    export_world(world, tmp_path / "p")
    assert verify(tmp_path / "p").damages == []
    assert Snapshot(tmp_path / "p").manifest.source.project == project.name
