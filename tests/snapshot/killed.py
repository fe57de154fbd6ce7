"""A process that writes a snapshot and does not live to see the end of it.

`python -m tests.snapshot.killed TARGET STEP WHEN` writes the new snapshot and is killed at a step;
`python -m tests.snapshot.killed TARGET hold` takes the lock, says so, and keeps it until it is killed.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from lightdash_sync.disk import Disk
from lightdash_sync.snapshot.write import locked

from .faulty import FaultyDisk, When, kill
from .small import write_small_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[2]


def command(target: Path, *arguments: object) -> list[str]:
    """The command line of such a process."""
    return [sys.executable, "-m", "tests.snapshot.killed", str(target), *map(str, arguments)]


def write_and_die(target: Path, step: int, when: When) -> int:
    """Let a process write the new snapshot and be killed; return its exit status."""
    return subprocess.run(command(target, step, when), cwd=_ROOT, check=False).returncode


@contextmanager
def holder(target: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(command(target, "hold"), cwd=_ROOT, stdin=pipe, stdout=pipe, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def main() -> None:
    """Do what the command line says."""
    target, what, *when = sys.argv[1:]
    if what == "hold":
        with locked(Path(target), Disk()):
            sys.stdout.write("held\n")
            sys.stdout.flush()
            sys.stdin.read()
    else:
        write_small_snapshot(
            Path(target), title="New", disk=FaultyDisk(int(what), cast("When", when[0]), kill)
        )


if __name__ == "__main__":
    main()
