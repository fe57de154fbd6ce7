"""The demo: the same bytes everywhere, and a server that comes and goes as asked."""

from __future__ import annotations

import itertools
import json
import signal
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from lightdash_standin.server import Server
from lightdash_standin.versions import VERSIONS, can
from tests.cli.running import ROOT, run, run_process, serving
from tests.exporting import tree
from tests.worlds import empty_world

if TYPE_CHECKING:
    from pathlib import Path

PLACES = [
    {"PYTHONHASHSEED": "1", "TZ": "Asia/Kolkata", "LANG": "C"},
    {"PYTHONHASHSEED": "4242", "TZ": "America/St_Johns", "LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii"},
]


@pytest.mark.parametrize("place", PLACES)
def test_the_demo_is_the_committed_snapshot(tmp_path: Path, place: dict[str, str]) -> None:
    """Every run, whatever the hash seed, time zone and language, writes the bytes that are in git."""
    done = run_process("demo", home=tmp_path, env=place)
    assert done.code == 0, done.err
    assert tree(tmp_path / "snapshots/demo") == tree(ROOT / "snapshots/demo")
    assert "Verified: every hash, count and reference fits" in done.out
    assert "\x1b" not in done.out + done.err


def test_a_second_demo_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Running it again finds the same bytes, and says that nothing has changed."""
    monkeypatch.chdir(tmp_path)
    assert run("demo", "--json", "--path", "p").json["added"]
    again = run("demo", "--json", "--path", "p").json
    assert (again["added"], again["changed"], again["removed"]) == ([], [], [])


def test_the_demo_replaces_no_other_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory with files of somebody's own is left alone."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p").mkdir()
    (tmp_path / "p/notes.txt").write_text("mine")
    assert run("demo", "--path", "p").code in (4, 10)
    assert (tmp_path / "p/notes.txt").read_text() == "mine"
    assert len([*(tmp_path / "p").iterdir()]) == 1


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_served_demo_answers_until_it_is_told_to_stop(tmp_path: Path, sent: signal.Signals) -> None:
    """`--serve --json` tells URL, token and projects in one line at once, answers, and ends with exit 0."""
    with serving("demo", "--serve", "--port", "0", "--json", home=tmp_path) as (process, line):
        told = json.loads(line)
        assert set(told) == {"url", "token", "projects"}
        assert set(told["projects"]) == {"staging", "production"}
        request = urllib.request.Request(
            f"{told['url']}/api/v1/org/projects", headers={"Authorization": f"ApiKey {told['token']}"}
        )
        with urllib.request.urlopen(request) as answer:
            rows = json.load(answer)["results"]
        assert {row["projectUuid"] for row in rows} == set(told["projects"].values())
        process.send_signal(sent)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (0, "", "Stopped.\n")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_served_demo_is_the_version_that_is_asked_for(tmp_path: Path, version: str) -> None:
    """`--lightdash` chooses among those that recordings were made of."""
    asked = ("demo", "--serve", "--lightdash", version, "--json")
    with serving(*asked, home=tmp_path) as (process, line):
        with urllib.request.urlopen(f"{json.loads(line)['url']}/api/v1/health") as answer:
            assert json.load(answer)["results"]["version"] == version
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


@pytest.mark.parametrize("version", [one for one in VERSIONS if can(one, "content_as_code")])
def test_a_served_demo_goes_by_the_time_of_the_machine_as_a_server_does(tmp_path: Path, version: str) -> None:
    """What is downloaded from it bears the time of the files; what it tells of was saved before, and lately.

    The official upload takes a file for changed that is not of the time of its download.
    """
    with serving("demo", "--serve", "--lightdash", version, "--json", home=tmp_path) as (process, line):
        told = json.loads(line)
        charts = f"/api/v1/projects/{told['projects']['production']}/charts"
        began = datetime.now(UTC)
        code = _get(told, f"{charts}/code")["charts"]
        ended = datetime.now(UTC)
        named = next(row for row in _get(told, charts) if row["name"] == "Weekly revenue")
        history = _get(told, f"/api/v1/saved/{named['uuid']}/history")["history"]
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    second = timedelta(seconds=1)
    assert code
    assert all(began - second < datetime.fromisoformat(one["downloadedAt"]) < ended + second for one in code)
    saved = [datetime.fromisoformat(one["updatedAt"]) for one in code]
    assert began - timedelta(days=3) < max(saved) < began
    assert history, "those of the last days are told"


def _get(served: dict[str, Any], path: str) -> Any:
    request = urllib.request.Request(
        f"{served['url']}{path}", headers={"Authorization": f"ApiKey {served['token']}"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["results"]


def test_a_served_demo_tells_people_what_to_type(tmp_path: Path) -> None:
    """Without `--json`, the lines to copy into another terminal are there at once."""
    with serving("demo", "--serve", home=tmp_path) as (process, line):
        assert line.startswith("Lightdash 1.219.0, a stand-in, at http://127.0.0.1:")
        assert process.stdout is not None
        out = "".join(itertools.islice(process.stdout, 8))
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert "export LIGHTDASH_URL=http://127.0.0.1:" in out
    assert "export LIGHTDASH_API_KEY=" in out


def test_a_port_that_is_taken_is_wrong_usage() -> None:
    """Another server on the port: the message names it, and says what to do."""
    with Server(empty_world()) as server:
        done = run("demo", "--serve", "--port", str(server.port), "--json")
    assert done.code == 2
    assert str(server.port) in done.json["error"]["message"]
    assert "Traceback" not in done.err
