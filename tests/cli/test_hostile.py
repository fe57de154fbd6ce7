"""Names that attack the terminal or the disk: shown harmlessly, kept exactly."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from lightdash_standin.server import Server
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.references import untokenise
from lightdash_sync.snapshot.read import Snapshot
from tests.cli.running import fails, reach, run, run_terminal
from tests.snapshot.hostile_names import HOSTILE_NAMES, why_unsafe
from tests.worlds import generated_world

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lightdash_standin.state import World

# What a terminal obeys, or what makes a reader see something else, and what rich takes for markup.
PAYLOADS = [
    "\x1b[2J", "\x1b[31mred", "\x1b[1;1H", "\x1b]0;title\x07", "\x1b]52;c;ZXZpbA==\x07",
    "\x1bP1;1|17/ab\x1b\\", "\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1b[6n", "\x1bc", "\x1b[?1049h", "\x1b[8m",
    "\x9b31m", "\x9d0;x\x9c", "\x90x\x9c", "a\rb", "a\nb", "a\tb", "a\x08b", "a\x0bb", "a\x0cb",
    "\x07", "\x7f", "\x85", "a\u2028b", "a\u2029b", "\u202eabc", "\u2066abc", "\u200f",
    "a\u200bb", "a\u200db", "\ufeffa",
    "\u00ad", "\U000e0041", "\ue000", "\uffff", "[/foo]", "[/]", "[red]x", "[bold]x[/bold]", ":boom:", "[",
    "[link=https://evil.example]x[/link]", "\\[x]", "{0}", "%s",
]  # fmt: skip

# An earlier version is called after its time and uuid, by nothing that people choose.
VERSION = re.compile(r"[0-9]{8}T[0-9]{9}Z-[0-9a-f]{8}\.json")


class Named(Protocol):
    """Whatever has a name."""

    name: str


def _can_be_sent(name: str) -> bool:
    """Whether JSON can hold a name at all, and the server's data base too."""
    return name.isprintable() or (
        "\x00" not in name and not any("\ud800" <= char <= "\udfff" for char in name)
    )


NAMES = [name for name in dict.fromkeys([*PAYLOADS, *HOSTILE_NAMES]) if _can_be_sent(name)]


def _hostile(world: World) -> World:
    """Give everything in a world that has a name a hostile one, each name at least once among the charts."""
    places: list[Mapping[str, Named]] = [
        world.charts, world.dashboards, world.spaces, world.tags, world.sql_charts, world.project_rows,
    ]  # fmt: skip
    for items in places:
        for number, item in enumerate(items.values()):
            item.name = NAMES[number % len(NAMES)]
    for number, scheduler in enumerate(world.schedulers.values()):
        scheduler.fields["name"] = NAMES[number % len(NAMES)]
    return world


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A project in which every name is hostile."""
    count = len(NAMES)
    world = generated_world(
        charts=count, versions=1, dashboards=45, tiles=2, spaces=45, schedulers=45, sql_charts=45, tags=45
    )
    with Server(_hostile(world)) as running:
        yield running


@pytest.fixture(scope="module")
def exported(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One export of it, in a directory of its own."""
    folder = tmp_path_factory.mktemp("hostile")
    done = run("export", "--path", str(folder / "p"), env=reach(server))
    assert done.code == 0, done.err
    _harmless(done.out, done.err)
    return folder


def _harmless(*texts: str) -> None:
    """Check that nothing but line breaks is unprintable."""
    for text in texts:
        assert {char for char in text if not char.isprintable()} <= {"\n"}


def _names(root: Path, kind: str) -> list[str]:
    identity = Snapshot(root).identity()
    found = [json.loads(path.read_bytes())["name"] for path in (root / kind).glob("*.json")]
    return sorted(str(untokenise(name, identity)) for name in found)


def test_there_are_enough_names() -> None:
    """The list is long, and holds every sort of attack."""
    assert len(NAMES) >= 100
    assert len([name for name in NAMES if not name.isprintable()]) >= 30


def test_every_name_comes_back_as_it_was(server: Server, exported: Path) -> None:
    """The files hold the names exactly, of charts, dashboards, spaces, tags, SQL charts and schedulers."""
    world, root = server.world, exported / "p"
    project = world.projects["production"]
    spaces = [space.name for space in world.spaces.values() if space.project_uuid == project]
    assert _names(root, "charts") == sorted(chart.name for chart in world.charts.values())
    assert _names(root, "dashboards") == sorted(dashboard.name for dashboard in world.dashboards.values())
    assert _names(root, "spaces") == sorted(spaces)
    assert _names(root, "tags") == sorted(tag.name for tag in world.tags.values())
    assert _names(root, "sql_charts") == sorted(chart.name for chart in world.sql_charts.values())
    assert _names(root, "schedulers") == sorted(one.fields["name"] for one in world.schedulers.values())
    manifest = json.loads((root / "snapshot.json").read_bytes())
    assert manifest["source"]["project"] == world.project_rows[project].name


def test_no_name_leaves_the_directory(exported: Path) -> None:
    """Every file is inside the snapshot, as a plain file, and its name is safe on every system."""
    assert {path.name for path in exported.iterdir()} == {"p", ".p.lock", ".p.state.json"}
    paths = [*(exported / "p").rglob("*")]
    assert len(paths) > len(NAMES)
    assert {path.relative_to(exported / "p").parts[0] for path in paths if path.is_dir()} <= {
        kind.value + "s" for kind in Kind
    } | {"comments"}
    for path in paths:
        assert not path.is_symlink()
        if not (path.parent.suffix == ".history" and VERSION.fullmatch(path.name)):
            assert why_unsafe(path.name) == "", path
    assert run("verify", str(exported / "p")).code == 0


@pytest.mark.parametrize("command", ["projects", "doctor", "verify"])
def test_a_pipe_gets_no_control_characters(server: Server, exported: Path, command: str) -> None:
    """What goes into a file or pipe is printable, whatever things are called."""
    arguments = [command, str(exported / "p")] if command == "verify" else [command]
    for way in ([], ["-v"], ["--json"]):
        done = run(*arguments, *way, env=reach(server))
        assert done.code == 0, done.err
        _harmless(done.out, done.err)


def test_errors_and_differences_are_harmless(
    server: Server, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors and lists that name hostile things are printable too."""
    monkeypatch.chdir(tmp_path)
    tag = next(iter(server.world.tags.values()))
    old, tag.name = tag.name, "\x1b[5mother"
    try:
        done = run("verify", str(exported / "p"), "--live", env=reach(server))
    finally:
        tag.name = old
    assert "Changed since: tag:" in done.out, done.err
    _harmless(done.out, done.err)
    done = run("export", "--path", "x", "--project", "\x1b[2Jnone", env=reach(server))
    fails(done, 2)
    _harmless(done.out, done.err)
    done = run("export", "--path", "x", "--space", "\x9b31m", env=reach(server))
    fails(done, 2)
    _harmless(done.out, done.err)
    done = run("verify", str(exported / "\x1b]0;x\x07"), "--json")
    fails(done, 10)
    _harmless(done.out, done.err)


@pytest.mark.parametrize("command", ["export", "projects"])
def test_a_terminal_gets_no_control_characters(server: Server, tmp_path: Path, command: str) -> None:
    """On a terminal without colours and cursor, nothing but line breaks is unprintable."""
    code, seen = run_terminal(command, home=tmp_path, env={**reach(server), "NO_COLOR": "1", "TERM": "dumb"})
    assert code == 0, seen
    _harmless(seen.replace("\r\n", "\n"))
    assert seen.strip()


def test_a_terminal_gets_bars(server: Server, tmp_path: Path) -> None:
    """On a terminal with a cursor, progress is bars, and no name becomes a title or a link."""
    variables = {**reach(server), "TERM": "xterm-256color"}
    code, seen = run_terminal("export", "--no-history", home=tmp_path, env=variables)
    assert code == 0, seen
    assert "\x1b[" in seen
    assert "━" in seen
    assert "\x1b]" not in seen
    assert "Reading" not in seen
