"""Folders beside a snapshot that came with a commit: links, and trees of somebody else.

Whoever can get a commit into the repository can put them there. Nothing outside the project is read, written
or removed by their means, and nothing is removed that this tool did not write.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.snapshot.small import write_small_snapshot
from tests.sync.desk import FROM_TO, SOURCE, TARGET, TO, Desk

LOCAL, MEMORY, SNAPSHOT = f".{TARGET}.local", f"{TARGET}.sync", TARGET
PLANNING = (["plan", *FROM_TO, "--adopt-by-name"], ["apply", *FROM_TO, "--adopt-by-name", "--yes"])
ALL = (
    *PLANNING, ["undo", *TO, "--yes"], ["apply", "--resume", *TO, "--yes"], ["runs", *TO],
    ["link", "show", *TO],
)  # fmt: skip


def state_of(folder: Path) -> dict[str, bytes]:
    """Return what is in a folder, however deep."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }


@pytest.fixture
def outside(desk: Desk, tmp_path: Path) -> Path:
    """A folder of the user, outside the project, in which everything has a name of ours."""
    desk.apply("--adopt-by-name")
    folder = tmp_path / "home"
    shutil.copytree(desk.folder / "snapshots", folder)
    write_small_snapshot(folder / "precious")
    (folder / "live").mkdir()
    (folder / "live" / "letter.txt").write_text("dear")
    (folder / "runs").mkdir()
    return folder


LINKS: list[tuple[str, str]] = [
    (LOCAL, "."), (LOCAL, LOCAL), (LOCAL, "nowhere"), (f"{LOCAL}/live", "live"),
    (f"{LOCAL}/live", "precious"),
    (f"{LOCAL}/runs", f"{LOCAL}/runs"), (f"{LOCAL}/lock", "precious/project.json"), (MEMORY, MEMORY),
    (MEMORY, "precious"), (SNAPSHOT, "precious"),
]  # fmt: skip


@pytest.mark.parametrize(("link", "to"), LINKS)
def test_a_link_in_the_place_of_a_folder_of_ours_is_refused(
    desk: Desk, outside: Path, link: str, to: str
) -> None:
    """At each level, by every command, whatever it leads to; nothing there is changed, nothing is sent."""
    place = desk.folder / "snapshots" / link
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.symlink_to(outside / to)
    before = state_of(outside)
    with desk.nothing_is_written():
        for words in ALL:
            done = desk.do(*words, code=10)
            assert f"{link} is a symbolic link" in done.err, words
    assert state_of(outside) == before
    assert place.is_symlink()


def test_a_link_in_the_place_of_all_snapshots_is_refused(desk: Desk, outside: Path) -> None:
    """It may come with a commit. Whoever means it says so in the settings, which are trusted."""
    shutil.rmtree(desk.folder / "snapshots")
    (desk.folder / "snapshots").symlink_to(outside)
    before = state_of(outside)
    with desk.nothing_is_written():
        for words in (*ALL, ["export", "--env", SOURCE], ["backup", "--all"], ["status"]):
            assert "snapshots is a symbolic link" in desk.do(*words, code=2).err
    assert state_of(outside) == before


@pytest.mark.parametrize("role", ["old", "new", "lock", "state.json"])
@pytest.mark.parametrize("whole", [True, False])
def test_a_link_beside_a_snapshot_is_refused(desk: Desk, outside: Path, role: str, whole: bool) -> None:
    """In the place of the spare name, the staging, the lock, the state: what it leads to stays as it is."""
    folder = desk.folder / "snapshots"
    if whole:
        desk.do("export", "--env", SOURCE)
    place = folder / f".{SOURCE}.{role}"
    place.unlink(missing_ok=True)
    place.symlink_to(outside / ("precious/project.json" if role in ("lock", "state.json") else "precious"))
    before = state_of(outside)
    assert f".{SOURCE}.{role} is a symbolic link" in desk.do("export", "--env", SOURCE, code=10).err
    assert state_of(outside) == before
    assert (folder / SOURCE).is_dir() == whole
    assert not (folder / SOURCE).is_symlink()


def _letter(folder: Path) -> None:
    (folder / "letter.txt").write_text("dear")


def _only_a_letter(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()
    _letter(folder)


def _link(folder: Path) -> None:
    (folder / "charts.json").symlink_to(folder / "snapshot.json")


@pytest.mark.parametrize("change", [_only_a_letter, _link, _letter])
def test_a_last_reading_that_is_none_of_ours_is_not_removed(
    desk: Desk, change: Callable[[Path], None]
) -> None:
    """It is dropped when it is damaged; not if it holds somebody's file, or a link."""
    desk.apply("--adopt-by-name")
    live = desk.folder / "snapshots" / LOCAL / "live"
    (live / "identity.json").write_bytes(b"{}")
    change(live)
    before = state_of(live)
    for words in PLANNING:
        with desk.nothing_is_written():
            done = desk.do(*words, may=(4, 10))
        assert "live holds" in done.err
        assert "Move it away" in done.err
    assert state_of(live) == before
    live.rename(desk.folder / "moved away")
    assert desk.plan()["empty"]


def test_a_last_reading_without_its_manifest_is_set_aside(desk: Desk) -> None:
    """Nothing says that it is ours, so it is not removed; and it does not stop the work."""
    desk.apply("--adopt-by-name")
    live = desk.folder / "snapshots" / LOCAL / "live"
    for number in (1, 2):
        (live / "snapshot.json").unlink()
        before = state_of(live)
        assert desk.plan()["empty"]
        assert state_of(live.with_name(f".live.aside-{number}")) == before


@pytest.mark.parametrize("damage", [b"", b"{}", b"[1]", b"\xff"])
def test_a_damaged_last_reading_is_read_anew(desk: Desk, damage: bytes) -> None:
    desk.apply("--adopt-by-name")
    live = desk.folder / "snapshots" / LOCAL / "live"
    for name in ("snapshot.json", "identity.json"):
        (live / name).write_bytes(damage)
        assert desk.plan()["empty"]


@pytest.mark.parametrize("role", ["old", "new"])
def test_a_folder_with_a_name_of_ours_is_not_removed_for_its_name(desk: Desk, role: str) -> None:
    """What a run that died has left is; what holds a file that no run writes is somebody's."""
    desk.do("export", "--env", SOURCE)
    for folder in (desk.folder / "snapshots" / f".{SOURCE}.{role}",):
        write_small_snapshot(folder)
        desk.do("export", "--env", SOURCE)
        assert not folder.exists()
        (folder / "charts").mkdir(parents=True)
        (folder / "charts" / "Budget 2026.xlsx").write_text("1")
        before = state_of(folder)
        done = desk.do("export", "--env", SOURCE, code=4)
        assert "holds charts/Budget 2026.xlsx" in done.err
        assert state_of(folder) == before


def test_somebodys_file_in_what_is_remembered_is_not_lost(desk: Desk) -> None:
    """It is told before anything is written, not when the target has been."""
    desk.do("link", "show", *TO)
    desk.apply("--adopt-by-name")
    note = desk.folder / "snapshots" / MEMORY / "notes.md"
    note.write_text("why")
    with desk.nothing_is_written():
        assert "holds notes.md" in desk.do("apply", *FROM_TO, "--yes", code=4).err
    assert note.read_text() == "why"


@pytest.mark.parametrize("what", ["runs/20260302T083005Z-aaaaaaaa/plan.json", "live/snapshot.json"])
def test_what_git_tracks_is_not_this_machines(desk: Desk, what: str) -> None:
    """A journal that came with a commit would link any item of the target."""
    desk.do("init", "--ci", "none")
    desk.apply("--adopt-by-name")
    path = desk.folder / "snapshots" / LOCAL / what
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    subprocess.run(["git", "add", "--force", str(path)], check=True)
    with desk.nothing_is_written():
        for words in PLANNING:
            done = desk.do(*words, code=4)
            assert f"git tracks snapshots/{LOCAL}/{what}" in done.err
            assert "git rm -r --cached" in done.err
    subprocess.run(["git", "rm", "-r", "-q", "--cached", f"snapshots/{LOCAL}"], check=True)
    path.unlink() if what.startswith("runs") else None
    assert desk.plan()["empty"]


def _status(folder: Path) -> list[str]:
    done = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all"], cwd=folder, check=True, capture_output=True
    )
    return [line for line in done.stdout.decode().splitlines() if "/." in line or " ." in line]


@pytest.mark.parametrize("where", ["", "a folder [1] # of mine!"])
def test_git_does_not_see_locks_and_states_of_those_who_never_ran_init(desk: Desk, where: str) -> None:
    """Exports, backups, plans and applies leave nothing in `git status`, and no file is added for it."""
    subprocess.run(["git", "init", "-q"], check=True)
    folder = desk.folder / where
    folder.mkdir(exist_ok=True)
    settings = desk.folder / "lightdash-sync.toml"
    if where:
        shutil.move(settings, folder / settings.name)
    config = ["--config", str(folder / settings.name)]
    desk.do("export", "--env", SOURCE, *config)
    assert (folder / "snapshots" / f".{SOURCE}.lock").is_file()
    assert (folder / "snapshots" / f".{SOURCE}.state.json").is_file()
    desk.do("backup", "--all", *config)
    desk.do("apply", *FROM_TO, "--adopt-by-name", "--yes", *config)
    desk.do("export", "--env", SOURCE, "--path", f"{where or '.'}/by hand", *config)
    assert (folder / "snapshots" / LOCAL / "lock").is_file()
    assert _status(desk.folder) == []
    assert not list(desk.folder.rglob(".gitignore"))
    excluded = (desk.folder / ".git" / "info" / "exclude").read_text()
    desk.do("backup", "--all", *config)
    assert (desk.folder / ".git" / "info" / "exclude").read_text() == excluded
