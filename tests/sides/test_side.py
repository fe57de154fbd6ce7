"""Opening what was named: real directories, real git, a real project over HTTP."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_standin.server import Server
from lightdash_sync.errors import ConfigError, GitError, Incomplete, Refused, SnapshotError
from lightdash_sync.snapshot.layout import IDENTITY
from lightdash_sync.snapshot.write import spare
from lightdash_sync.sources import Environments, Side, opened, parse_side
from tests.exporting import export_world, lightdash_at, tree
from tests.snapshot.small import BOARD_VERSION_PATH, VERSION_PATH, write_small_snapshot
from tests.worlds import SCHEDULER_LIST, can, demo_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightdash_sync.lightdash.reading import Lightdash
    from tests.git.hands import Hands

CHART = "charts/weekly-revenue.json"
PALETTE = re.compile(rb'\n  "palette": .*\n')  # a chart's own


@contextmanager
def _offline(name: str) -> Iterator[tuple[Lightdash, str | None]]:
    raise AssertionError(f"nobody asks {name}")
    yield  # type: ignore[unreachable]


def _nobody(base: Path = Path(), **folders: Path) -> Environments:
    return Environments(base, folders, _offline)


@contextmanager
def _open(said: str, environments: Environments, *beside: str) -> Iterator[Side]:
    sides = [parse_side(one, environments.folders, environments.here) for one in (said, *beside)]
    with opened(sides[0], environments, sides) as side:
        yield side


# --- directories ---


def test_a_directory_is_read_where_it_stands(tmp_path: Path) -> None:
    """Nothing in it or beside it changes."""
    write_small_snapshot(tmp_path / "snap")
    before = tree(tmp_path)
    with _open(str(tmp_path / "snap"), _nobody()) as side:
        assert b'"Weekly revenue"' in side.tree[CHART]
        assert side.root == tmp_path / "snap"
        assert IDENTITY not in side.tree
    assert tree(tmp_path) == before


def test_a_snapshot_under_its_spare_name_is_put_back(tmp_path: Path) -> None:
    """An export that died between its renames is no reason to see nothing."""
    write_small_snapshot(tmp_path / "snap")
    (tmp_path / "snap").rename(spare(tmp_path / "snap"))
    with _open(str(tmp_path / "snap"), _nobody()) as side:
        assert CHART in side.tree


def test_a_directory_without_a_snapshot_is_said_to_be_one(tmp_path: Path) -> None:
    """Also one that is not there at all."""
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(SnapshotError, match="holds no snapshot"), _open(str(folder), _nobody()):
            pass


# --- git ---


def _committed(hands: Hands, *titles: str, folder: str = "snapshots/production") -> None:
    for title in titles:
        write_small_snapshot(hands.root / folder, title=title)
        hands.git("add", "-A")
        hands.git("commit", "-qm", title)


def test_a_commit_is_read_without_touching_the_repository(hands: Hands) -> None:
    """As it was then, whatever is on disk by now; work tree, index and refs stay as they are."""
    _committed(hands, "One", "Two", "Three")
    hands.write("snapshots/production/charts/weekly-revenue.json", "scribble")
    before = tree(hands.root)
    with _open("git:HEAD~2", _nobody()) as side:
        assert b'"One"' in side.tree[CHART]
        assert side.commit == hands.git("rev-parse", "HEAD~2").strip()
        assert side.label == f"git:HEAD~2:snapshots/production ({side.commit[:10]})"
        where = side.root
    assert not where.exists()
    assert tree(hands.root) == before


def test_earlier_versions_of_charts_are_left_in_git(hands: Hands) -> None:
    """They are no items, and may be most of a snapshot."""
    _committed(hands, "One")
    with _open("git:main", _nobody()) as side:
        assert not any((side.root / path).exists() for path in (VERSION_PATH, BOARD_VERSION_PATH))
        assert set(side.tree) - {VERSION_PATH, BOARD_VERSION_PATH} <= set(tree(side.root))


def test_only_what_a_snapshot_can_have_is_written_out(hands: Hands) -> None:
    """Links, and files that somebody put beside, stay in git; the rest is read all the same."""
    _committed(hands, "One")
    hands.write("snapshots/production/.envrc", "rm -rf /")
    hands.write("snapshots/production/charts/UPPER.json", "{}")
    (hands.root / "snapshots/production/charts/link.json").symlink_to("/etc/passwd")
    hands.git("add", "-A")
    hands.git("commit", "-qm", "Strange")
    with _open("git:HEAD", _nobody()) as side:
        there = tree(side.root)
        assert CHART in there
        assert not {".envrc", "charts/UPPER.json", "charts/link.json"} & set(there)


def test_the_only_snapshot_of_a_commit_needs_no_name(hands: Hands) -> None:
    """Wherever in the repository it is; of several, one has to be named."""
    _committed(hands, "One", folder="deep/down/here")
    with _open("git:HEAD", _nobody()) as side:
        assert "deep/down/here" in side.label
    _committed(hands, "Two", folder="snapshots/staging")
    with pytest.raises(ConfigError, match="several snapshots") as caught, _open("git:HEAD", _nobody()):
        pass
    assert caught.value.hint == (
        "Say which, as git:HEAD:FOLDER. There are: deep/down/here, snapshots/staging."
    )


def test_of_several_snapshots_that_of_the_other_side_is_meant(hands: Hands) -> None:
    """A commit beside a directory, or an environment, is compared with itself; else the default is taken."""
    _committed(hands, "Production")
    _committed(hands, "Staging", folder="snapshots/staging")
    folders = {name: hands.root / "snapshots" / name for name in ("production", "staging")}
    for beside in ("snapshots/staging", "staging"):
        with _open("git:HEAD", _nobody(**folders), beside) as side:
            assert b'"Staging"' in side.tree[CHART]
    with _open("git:HEAD", Environments(Path(), folders, _offline, default="production")) as side:
        assert b'"Production"' in side.tree[CHART]


def test_a_folder_is_named_from_the_top_or_from_here(hands: Hands) -> None:
    """As git has it: with ./ from here, without from the top of the repository."""
    _committed(hands, "Production")
    _committed(hands, "Staging", folder="snapshots/staging")
    here = hands.root / "snapshots"
    environments = Environments(hands.root, {}, _offline, here=here)
    for said in ("git:HEAD:snapshots/staging", "git:HEAD:./staging", f"git:HEAD:{here}/staging"):
        with _open(said, environments) as side:
            assert b'"Staging"' in side.tree[CHART]


@pytest.mark.parametrize(
    "said", ["git:nowhere", "git:--all", "git:HEAD:elsewhere", "git:HEAD:../..", "git:HEAD:."]
)
def test_what_git_does_not_have_is_named(hands: Hands, said: str) -> None:
    """No such revision, no such folder, or one outside of the repository: an error, not a traceback."""
    _committed(hands, "One")
    with pytest.raises(GitError) as caught, _open(said, _nobody()):
        pass
    assert caught.value.exit_code == 1


def test_a_commit_without_a_snapshot_is_said_to_be_one(hands: Hands) -> None:
    """The first commit of a repository, before any backup."""
    with pytest.raises(GitError, match="there is no snapshot in HEAD"), _open("git:HEAD", _nobody()):
        pass


def test_a_damaged_commit_is_seen(hands: Hands) -> None:
    """Its manifest, at once; a file, when it is read."""
    _committed(hands, "One")
    hands.write(f"snapshots/production/{CHART}", '{"name": "by hand"}\n')
    hands.git("commit", "-qam", "By hand")
    with _open("git:HEAD", _nobody()) as side, pytest.raises(SnapshotError, match="not as it was written"):
        side.tree[CHART]
    hands.write("snapshots/production/snapshot.json", "{}")
    hands.git("commit", "-qam", "Broken")
    with pytest.raises(SnapshotError), _open("git:HEAD", _nobody()):
        pass


# --- a project as it is now ---


@contextmanager
def _served(base: Path, faults: Faults | None = None) -> Iterator[tuple[Server, Environments]]:
    with Server(demo_world(), faults=faults) as server:
        world = server.world

        @contextmanager
        def connect(name: str) -> Iterator[tuple[Lightdash, str | None]]:
            assert name == "live"
            lightdash = lightdash_at(server.url, world.tokens["admin"])
            with lightdash.session:
                yield lightdash, world.projects["production"]

        yield server, Environments(base, {"live": base / "snap"}, connect)


def test_a_project_is_read_as_it_is(tmp_path: Path) -> None:
    """Without any snapshot, too: all its content, no earlier versions, and nothing is left behind.

    Where charts are read by the hundred, their palettes are not told (docs/design.md); all else is.
    """
    export_world(demo_world(), tmp_path / "expected")
    with _served(tmp_path) as (_, environments), _open("live", environments) as side:
        with _open(str(tmp_path / "expected"), _nobody()) as expected:
            items = {path: expected.tree[path] for path in expected.tree if ".history/" not in path}
            if can("charts_in_bulk"):
                painted = [path for path in items if path.startswith("charts/")]
                assert any(b'\n  "palette": "' in items[path] for path in painted)
                items |= {path: PALETTE.sub(b"\n", items[path]) for path in painted}
            assert {path: side.tree[path] for path in side.tree} == items
        assert (side.label, side.requests > 30) == ("live (live)", True)
        where = side.root
    assert not where.exists()
    assert not (tmp_path / "snap").exists()


def test_a_project_is_read_over_its_snapshot(tmp_path: Path) -> None:
    """It has the keys of the snapshot, asks for little, and touches nothing of it."""
    export_world(demo_world(), tmp_path / "snap")
    before = tree(tmp_path)
    with _served(tmp_path) as (server, environments):
        for chart in server.world.charts.values():
            chart.slug = f"renamed-{chart.slug}"
        with _open("live", environments) as side, _open(str(tmp_path / "snap"), _nobody()) as old:
            assert set(side.tree) == {path for path in old.tree if ".history/" not in path}
    assert tree(tmp_path) == before
    with _served(tmp_path) as (_, environments), _open("live", environments) as side:
        assert side.requests < 30
    assert tree(tmp_path) == before


def test_a_snapshot_of_another_project_is_refused(tmp_path: Path) -> None:
    """Its keys would mean other items."""
    export_world(demo_world(), tmp_path / "snap", project="staging")
    refused = pytest.raises(Refused, match="another project")
    with _served(tmp_path) as (_, environments), refused, _open("live", environments):
        pass


def test_a_list_that_came_back_short_is_no_deletion(tmp_path: Path) -> None:
    """Lightdash says that there are no schedulers, and has them all: that is an error, no difference."""
    export_world(demo_world(), tmp_path / "snap")
    pages = {"page": 1, "pageSize": 50, "totalPageCount": 0, "totalResults": 0}
    empty: dict[str, object] = {"schedulers": [], "users": [], "logs": [], "data": [], "pagination": pages}
    body = orjson.dumps({"status": "ok", "results": empty})
    asked = f"/{SCHEDULER_LIST}"
    faults = Faults(rule=lambda _n, _method, path: Fault.content(body) if asked in path else None)
    with (
        _served(tmp_path, faults) as (_, environments),
        pytest.raises(Incomplete),
        _open("live", environments),
    ):
        pass


def test_a_project_that_lost_a_lot_is_read_like_any_other(tmp_path: Path) -> None:
    """No backup would replace its snapshot by it, but one may look."""
    export_world(demo_world(), tmp_path / "snap")
    with _served(tmp_path) as (server, environments):
        server.world.schedulers.clear()
        with _open("live", environments) as side:
            assert not any(path.startswith("schedulers/") for path in side.tree)
