"""Ways to run the command: in this process, as a process, and in a pseudo-terminal."""

from __future__ import annotations

import io
import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightdash_standin.server import Server
from lightdash_sync.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60.0  # after which a process that should have ended has failed


@dataclass(frozen=True)
class Done:
    """What a run of the command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object that is all there is on stdout."""
        assert self.out.endswith("\n")
        assert self.out.count("\n") == 1, self.out
        result = json.loads(self.out)
        assert isinstance(result, dict)
        return result


def reach(server: Server, who: str = "admin", project: str = "production") -> dict[str, str]:
    """Return the variables with which the command reaches a project of a served world."""
    return {
        "LIGHTDASH_URL": server.url,
        "LIGHTDASH_API_KEY": server.world.tokens[who],
        "LIGHTDASH_PROJECT": server.world.projects[project],
    }


def run(*arguments: str, env: Mapping[str, str] | None = None) -> Done:
    """Run the command in this process."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2)]
    before = sys.argv, sys.stdout, sys.stderr, dict(os.environ), signal.getsignal(signal.SIGTERM)
    code: Any = None
    try:
        sys.argv, sys.stdout, sys.stderr = ["lightdash-sync", *arguments], *streams
        os.environ.update(env or {})
        main()
    except SystemExit as error:
        code = error.code
    finally:
        sys.argv, sys.stdout, sys.stderr = before[:3]
        os.environ.clear()
        os.environ.update(before[3])
        signal.signal(signal.SIGTERM, before[4])
    texts = []
    for stream in streams:
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())
    assert isinstance(code, int)
    return Done(code, *texts)


def fails(done: Done, code: int) -> None:
    """Check that a run failed as a person can bear it: a message, no traceback."""
    assert done.code == code, done.err
    assert done.err.startswith("Error: ") or "\nError: " in done.err
    assert "Traceback" not in done.err


def environment(home: Path, env: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment for a process that has nothing of this machine's."""
    bare = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
    coverage = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return {**bare, **coverage, **(env or {})}


def started(
    *arguments: str, home: Path, env: Mapping[str, str] | None = None, **more: Any
) -> subprocess.Popen[str]:
    """Start the command as a process with a group of its own, in a directory of its own."""
    is_main = threading.current_thread() is threading.main_thread()
    if (
        is_main and signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    ):  # a background job's, which children inherit
        signal.signal(signal.SIGINT, signal.default_int_handler)
    streams: dict[str, Any] = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "lightdash_sync", *arguments],
        env=environment(home, env),
        cwd=home,
        start_new_session=True,
        encoding="utf-8",
        **{**streams, **more},
    )


def ended(process: subprocess.Popen[str]) -> Done:
    """Wait for a process."""
    with process:
        try:
            out, err = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
    return Done(process.returncode, out or "", err or "")


def run_process(*arguments: str, home: Path, env: Mapping[str, str] | None = None, **more: Any) -> Done:
    """Run the command as a process."""
    return ended(started(*arguments, home=home, env=env, **more))


def run_terminal(*arguments: str, home: Path, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Run the command in a pseudo-terminal; return its exit code and all that appeared there."""
    ours, theirs = pty.openpty()
    process = started(
        *arguments, home=home, env={"COLUMNS": "160", **(env or {})}, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    seen = b""
    with suppress(OSError):  # how Linux tells that the other side is closed
        while data := os.read(ours, 65536):
            seen += data
    os.close(ours)
    return ended(process).code, seen.decode()


@contextmanager
def serving(*arguments: str, home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a command that serves; give the process and the first line that it prints."""
    process = started(*arguments, home=home)
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait for something to happen, or for a process to end."""
    limit = time.monotonic() + SECONDS
    while not condition() and process.poll() is None:
        assert time.monotonic() < limit
        time.sleep(0.001)


def is_gone(group: int) -> bool:
    """Whether no process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False
