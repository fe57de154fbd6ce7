"""Output and places that fail: no traceback, whatever the system refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import Done, environment, fails, run, run_process


@pytest.fixture(autouse=True)
def own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test runs in an empty directory."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "arguments", [["demo", "--path", "file/below"], ["demo", "--path", "/proc/no-such/place"]]
)
def test_a_place_that_cannot_be_written_is_no_traceback(arguments: list[str]) -> None:
    """A directory below a file, or where none can be made: the message names it."""
    Path("file").touch()
    done = run(*arguments, "--json")
    fails(done, 1)
    assert done.json["error"]["exit_code"] == 1
    assert "file" in done.err or "no-such" in done.err


def test_a_link_instead_of_a_directory_is_refused() -> None:
    """A snapshot is not written through a symbolic link."""
    Path("there").mkdir()
    Path("link").symlink_to("there")
    fails(run("demo", "--path", "link"), 10)
    assert not [*Path("there").iterdir()]


def test_a_directory_whose_name_is_no_text() -> None:
    """A path with bytes that are not UTF-8 works, as text and as JSON."""
    name = os.fsdecode(b"d\xff")
    done = run("demo", "--path", name, "--json")
    assert done.code == 0
    assert done.json["path"] == name
    assert run("verify", name).out.startswith(r"d\udcff is whole")


def test_json_is_ascii() -> None:
    """`--json` is the same in every encoding, and has no character that a terminal would obey."""
    done = run("demo", "--json", "--path", "démo\x7f")
    assert done.json["path"] == "démo\x7f"
    assert done.out.strip().isascii()
    assert done.out.strip().isprintable()


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_output_that_cannot_be_written(tmp_path: Path, as_json: list[str]) -> None:
    """A full disk behind stdout is a failure in words; a reader who has gone is not."""
    with Path("/dev/full").open("w") as full:
        done = run_process("demo", *as_json, home=tmp_path, stdout=full)
    fails(done, 1)
    assert "No space left" in done.err
    ours, theirs = os.pipe()
    os.close(ours)
    done = run_process("verify", "snapshots/demo", *as_json, home=tmp_path, stdout=theirs)
    os.close(theirs)
    assert (done.code, done.err) == (1, "")


def test_a_closed_stdout_is_no_traceback(tmp_path: Path) -> None:
    """A service manager that closes stdout and stderr still gets the work done."""
    command = f'exec "{sys.executable}" -m lightdash_sync demo >&- 2>&-'
    done = subprocess.run(["sh", "-c", command], env=environment(tmp_path), cwd=tmp_path, check=False)
    assert done.returncode == 0
    assert (tmp_path / "snapshots/demo/snapshot.json").is_file()


def test_a_missing_extra_is_told(tmp_path: Path) -> None:
    """Without the extra `demo`, the command says how to install it."""
    program = """if True:
        import sys
        sys.modules["uvicorn"] = None
        sys.argv[1:] = ["demo", "--json"]
        from lightdash_sync.cli import main
        main()
    """
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(tmp_path), cwd=tmp_path, check=False, capture_output=True, text=True,
    )  # fmt: skip
    fails(Done(done.returncode, done.stdout, done.stderr), 2)
    assert "lightdash-sync[demo]" in done.stderr
    assert "uvicorn" in done.stderr
