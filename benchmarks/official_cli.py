r"""Beside the official command line: exports and `lightdash download` of one real project, in turn.

    LIGHTDASH_URL=... LIGHTDASH_API_KEY=... python benchmarks/official_cli.py PROJECT_UUID \
        --cli "npx @lightdash/cli" --rounds 3

Nothing is written to the server, but for a view of each dashboard that a full export reads. Each round does
every measurement once, so that a busy moment strikes all alike; the median of the rounds counts. What is
printed are ratios to `lightdash download` of the same rounds, because seconds are those of one machine.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Measured:
    """One thing that is measured.

    Attributes:
        what: in words.
        do: does it once.
        seconds: how long each time.
        requests: how many it sent, the last time; 0 if nobody counted.
    """

    what: str
    do: Callable[[], int]
    seconds: list[float] = field(default_factory=list)
    requests: int = 0

    def once(self) -> None:
        """Do it, and note how long it took, start of the program included."""
        began = time.monotonic()
        self.requests = self.do()
        self.seconds.append(time.monotonic() - began)

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(self.seconds)


def _ran(command: list[str], **more: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **more}, check=False)
    if done.returncode:
        sys.exit(f"{shlex.join(command[:3])} … failed with {done.returncode}:\n{done.stderr or done.stdout}")
    return done.stdout


def _export(url: str, project: str, target: Path, *more: str) -> int:
    command = [sys.executable, "-m", "lightdash_sync", "export", "--json", "--url", url]
    said = json.loads(_ran([*command, "--project", project, "--path", str(target), *more]))
    return int(said.get("requests", 0))


def _fresh(target: Path) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    return target


def _download(cli: list[str], url: str, token: str, project: str, target: Path) -> int:
    _fresh(target)
    given = {"LIGHTDASH_URL": url, "LIGHTDASH_API_KEY": token, "LIGHTDASH_PROJECT": project}
    _ran([*cli, "download", "-p", str(target)], CI="true", **given)
    return 0


def main() -> None:
    """Measure, and print the ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("project", help="uuid of a project that nobody works in meanwhile")
    parser.add_argument("--cli", default="lightdash", help="the official command, as one string")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--history", action="store_true", help="measure a full export with history, too")
    given = parser.parse_args()
    url, token = os.environ["LIGHTDASH_URL"], os.environ["LIGHTDASH_API_KEY"]
    project, cli = given.project, shlex.split(given.cli)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        night, bare = folder / "night", ("--no-history",)
        official = Measured(
            "lightdash download", lambda: _download(cli, url, token, project, folder / "official")
        )
        all_of_it = [
            official,
            Measured(
                "export --no-history, full",
                lambda: _export(url, project, _fresh(folder / "bare"), *bare),
            ),
            Measured("export --no-history, unchanged", lambda: _export(url, project, night, *bare)),
        ]
        if given.history:
            all_of_it.append(
                Measured("export, full", lambda: _export(url, project, _fresh(folder / "whole")))
            )
        _export(url, project, night, *bare)
        for _ in range(given.rounds):
            for one in all_of_it:
                one.once()
    for one in all_of_it:
        times = official.median / one.median
        spread = f"{min(one.seconds):.1f} to {max(one.seconds):.1f} s"
        requests = f", {one.requests} requests" if one.requests else ""
        print(f"{one.what:32} {times:6.2f} times as fast ({spread}{requests})")


if __name__ == "__main__":
    main()
