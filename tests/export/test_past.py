"""Earlier versions where a server lists them all: told before they are read, cut on request, read once."""

from __future__ import annotations

import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_standin.seed import generated_world
from lightdash_standin.server import Server
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.verify import verify
from tests.cli.running import ended, reach, run, run_process, started
from tests.exporting import undated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import Popen

    from lightdash_standin.state import World

CURRENT = "1.219.0"  # lists every version that there ever was
CHARTS, VERSIONS = 30, 9
TODAY = datetime.now(UTC).date()  # later than anything in the project
EARLIER = CHARTS * (VERSIONS - 1) + 2  # each of two dashboards was saved twice


def made() -> World:
    """A project with charts that were saved often."""
    return generated_world(
        charts=CHARTS, versions=VERSIONS, dashboards=2, spaces=3, sql_charts=0, schedulers=0, tags=0,
        version=CURRENT,
    )  # fmt: skip


@pytest.fixture
def server() -> Iterator[Server]:
    """Serves that project."""
    with Server(made()) as server:
        yield server


def versions_read(world: World, since: int = 0) -> Counter[str]:
    """How often each version of a chart was asked for."""
    return Counter(path for _, path in world.requests[since:] if "/saved/" in path and "/version/" in path)


def export(server: Server, path: Path, *arguments: str, code: int = 0) -> str:
    """Export with history; return what people are told while it goes on."""
    done = run("export", "--path", str(path), *arguments, env=reach(server))
    assert done.code == code, done.err
    assert "Traceback" not in done.err
    return done.err


def history(path: Path) -> set[str]:
    """The files of earlier versions in a snapshot."""
    return {name for name in Snapshot(path).manifest.files if ".history/" in name}


def test_how_many_versions_there_are_is_told_before_the_first_is_read(server: Server, tmp_path: Path) -> None:
    said = export(server, tmp_path / "p")
    words = said[said.index("earlier versions to be read") - 80 :]
    assert f"have {EARLIER} earlier versions to be read" in said.replace("\n", " ")
    assert "a request each" in words
    assert "--history-since DATE" in words
    assert len(history(tmp_path / "p")) == EARLIER
    assert set(versions_read(server.world).values()) == {1}


def test_a_run_that_is_killed_is_gone_on_with(server: Server, tmp_path: Path) -> None:
    """No version is asked for a second time, but those that were under way; nothing of it is left after."""
    whole = tmp_path / "whole"
    export(server, whole)
    before = len(server.world.requests)
    path, env = tmp_path / "p", reach(server)
    begun: list[Popen[str]] = []

    def rule(_number: int, _method: str, asked: str) -> Fault | None:
        if "/version/" in asked and begun and len(versions_read(server.world, before)) > 120:
            begun[0].send_signal(signal.SIGKILL)
            return Fault.wait(0.2)
        return None

    server.app.faults = Faults(rule=rule)
    begun.append(started("export", "--path", str(path), home=tmp_path, env=env))
    assert ended(begun[0]).code == -signal.SIGKILL
    server.app.faults = None
    assert not path.exists()
    first, middle = versions_read(server.world, before), len(server.world.requests)
    done = run_process("export", "--path", str(path), home=tmp_path, env=env)
    assert done.code == 0, done.err
    assert "were read by a run that was cut short" in done.err
    again = first & versions_read(server.world, middle)
    current = CHARTS + 2
    assert again.total() <= current + 16  # those under way, and the current ones
    assert undated(path) == undated(whole)
    assert sorted(one.name for one in tmp_path.iterdir() if "versions" in one.name) == []


@pytest.mark.parametrize(
    ("read", "words"), [(0, "No earlier version was read yet"), (120, "are kept: the next")]
)
def test_an_interrupted_run_says_what_it_keeps(server: Server, tmp_path: Path, read: int, words: str) -> None:
    """Lists and histories are read anew by the next run, versions are not: the message says how many."""
    begun: list[Popen[str]] = []
    sent: list[int] = []

    def rule(_number: int, _method: str, asked: str) -> Fault | None:
        due = "/version/" in asked if read else asked.endswith("/history")
        if due and not sent and begun and len(versions_read(server.world)) >= read:
            sent.append(signal.SIGINT)
            begun[0].send_signal(signal.SIGINT)
            return Fault.wait(0.2)
        return None

    server.app.faults = Faults(rule=rule)
    begun.append(started("export", "--path", str(tmp_path / "p"), home=tmp_path, env=reach(server)))
    done = ended(begun[0])
    assert done.code == 130
    assert words in done.err.replace("\n", " ")
    kept = len([*(tmp_path / ".p.versions").rglob("*.z")])
    assert (f"{kept} earlier versions that were read are kept" in done.err) == (read > 0)


def test_a_kept_version_that_is_damaged_is_read_again(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "p"
    last = next(reversed(server.world.charts))
    server.app.faults = Faults(rule=lambda _n, _m, asked: Fault.status(403) if last in asked else None)
    export(server, path, code=3)
    server.app.faults = None
    kept = sorted((tmp_path / ".p.versions").rglob("*.z"))
    assert len(kept) > 100
    kept[0].write_bytes(b"")
    kept[1].write_bytes(kept[1].read_bytes()[:-9])
    kept[2].write_bytes(kept[2].read_bytes()[::-1])
    before = len(server.world.requests)
    export(server, path)
    assert verify(path).damages == []
    assert versions_read(server.world, before).total() < EARLIER - len(kept) + CHARTS + 2 + 4


def test_history_can_be_cut_and_the_snapshot_says_so(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "p"
    for chart in [*server.world.charts][:5]:
        server.world.clock.advance(days=40)
        _save(server, chart)
        _save(server, chart)
    export(server, tmp_path / "whole")
    moments = sorted({name.rpartition("/")[2][:8] for name in history(tmp_path / "whole")})
    assert len(moments) == 6
    day = moments[2]
    cut = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    export(server, path, "--history-since", cut)
    manifest = Snapshot(path).manifest
    assert {name.rpartition("/")[2][:8] for name in history(path)} == {*moments[2:]}
    assert manifest.selection.historySince == cut
    assert f"earlier versions from before {cut}" in {one.what for one in manifest.leftOut}
    assert verify(path).damages == []
    before = len(server.world.requests)
    export(server, path, "--history-since", cut)
    assert len(server.world.requests) - before < 40  # a quiet night is one
    export(server, path)  # and who wants them after all gets them
    assert history(path) == history(tmp_path / "whole")


def test_what_a_snapshot_holds_is_never_cut_from_it(server: Server, tmp_path: Path) -> None:
    """Not what an older snapshot has as earlier versions, nor what was current in it."""
    path = tmp_path / "p"
    export(server, path)
    held = history(path)
    chart = next(iter(server.world.charts.values()))
    server.world.clock.advance(hours=1)
    _save(server, chart.uuid)
    export(server, path, "--history-since", TODAY.isoformat())
    assert history(path) > held
    assert len(history(path)) == len(held) + 1


def test_the_settings_say_since_when_and_a_run_may_say_otherwise(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    env = reach(server)
    Path("lightdash-sync.toml").write_text(
        f'[env.p]\nurl = "{server.url}"\nproject = "{env["LIGHTDASH_PROJECT"]}"\ntoken_env = "T"\n'
        f"history_since = {TODAY}\n",
        "utf-8",
    )
    token = {"T": env["LIGHTDASH_API_KEY"]}
    assert run("export", "--env", "p", env=token).code == 0
    assert history(Path("snapshots/p")) == set()
    assert run("export", "--env", "p", "--history-since", "all", env=token).code == 0
    assert len(history(Path("snapshots/p"))) == EARLIER
    done = run("export", "--env", "p", "--history-since", "soon", env=token)
    assert (done.code, "no day" in done.err) == (2, True)


def test_a_day_that_has_not_begun_is_refused(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would read no earlier version at all, and is a slip: as an option and in the settings alike."""
    monkeypatch.chdir(tmp_path)
    env, day = reach(server), TODAY + timedelta(days=3)
    done = run("export", "--path", "p", "--history-since", str(day), env=env)
    assert (done.code, f"{day} is in the future" in done.err) == (2, True)
    Path("lightdash-sync.toml").write_text(
        f'[env.p]\nurl = "{server.url}"\ntoken_env = "T"\nhistory_since = {day}\n', "utf-8"
    )
    done = run("export", "--env", "p", env={"T": env["LIGHTDASH_API_KEY"]})
    assert (done.code, f"{day} is in the future" in done.err) == (2, True)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["lightdash-sync.toml"]


def _save(server: Server, chart: str) -> None:
    """Let somebody save a new version of a chart."""
    url = f"{server.url}/api/v1/saved/{chart}"
    headers = {"Authorization": f"ApiKey {server.world.tokens['admin']}"}
    with httpx.Client(headers=headers, trust_env=False) as client:
        now = client.get(url).json()["results"]
        query = now["metricQuery"] | {"limit": 7}
        body = {name: now[name] for name in ("tableName", "chartConfig", "tableConfig")} | {
            "metricQuery": query
        }
        assert client.post(f"{url}/version", json=body).status_code == 200
