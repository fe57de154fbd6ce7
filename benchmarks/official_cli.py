r"""Beside the official command line: exports and `download`, applies and `upload`, in turn on one server.

    LIGHTDASH_URL=... LIGHTDASH_API_KEY=... python benchmarks/official_cli.py PROJECT_UUID \
        --cli "npx @lightdash/cli" --rounds 3 [--history] [--targets UUID UUID]

Of the project nothing is changed, but a view is counted of each dashboard that a full export without history
reads. With `--targets` two more projects, with the same explores, are written: into the first the official
tool uploads what it downloaded, into the second this tool applies what it exported, once before anything is
measured. Then nothing has changed, and both do it again in each round; `--force` is what the official tool
needs in a fresh checkout, because it goes by the times of files. How many versions of charts and dashboards
came of that is asked of the server's histories before and after.

Each round does every measurement once, so that a busy moment strikes all alike; the median of the rounds
counts. Printed are ratios to the official tool in the same rounds, because seconds are those of one machine.
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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from lightdash_sync.content.kinds import Kind
from lightdash_sync.lightdash.origin import Origin
from lightdash_sync.lightdash.reading import Lightdash
from lightdash_sync.lightdash.session import Connection, Session

THREADS = 4
SETTINGS = """[env.target]
url = "{url}"
project = "{project}"
token_env = "LIGHTDASH_API_KEY"
"""


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

    def beside(self, official: Measured) -> str:
        """Return a line that tells how much faster it was."""
        spread = f"{min(self.seconds):.1f} to {max(self.seconds):.1f} s"
        requests = f", {self.requests} requests" if self.requests else ""
        return f"{self.what:32} {official.median / self.median:6.2f} times as fast ({spread}{requests})"


@dataclass(frozen=True)
class Place:
    """A server, and a directory to work in.

    Attributes:
        url: of the server.
        token: an admin's.
        cli: the official command.
        folder: empty at first.
    """

    url: str
    token: str
    cli: list[str]
    folder: Path

    def official(self, project: str, *words: str) -> int:
        """Run the official command for a project."""
        given = {"LIGHTDASH_URL": self.url, "LIGHTDASH_API_KEY": self.token, "LIGHTDASH_PROJECT": project}
        _ran([*self.cli, *words], self.folder, CI="true", **given)
        return 0

    def ours(self, *words: str) -> int:
        """Run ours; return the number of requests, if it tells."""
        command = [sys.executable, "-m", "lightdash_sync", *words, "--json"]
        return int(json.loads(_ran(command, self.folder)).get("requests", 0))

    def download(self, project: str, name: str) -> int:
        """Let the official tool write a tree of its own."""
        return self.official(project, "download", "-p", str(_fresh(self.folder / name)))

    def export(self, project: str, name: str, *more: str) -> int:
        """Export into a directory; there is none at first unless it was exported into before."""
        path = str(self.folder / name)
        return self.ours("export", "--url", self.url, "--project", project, "--path", path, *more)

    def versions(self, project: str) -> frozenset[str]:
        """Return the uuids of the versions of all charts and dashboards that histories tell of."""
        connection = Connection(Origin(self.url), self.token, concurrency=THREADS)
        with Session(connection) as session, ThreadPoolExecutor(THREADS) as threads:
            lightdash = Lightdash(session)
            kinds = [Kind.CHART] + [Kind.DASHBOARD] * lightdash.server.can("dashboard_history")
            listed = {
                Kind.CHART: {row.uuid for row in lightdash.chart_summaries(project)},
                Kind.DASHBOARD: {row.uuid for row in lightdash.dashboards(project)},
            }
            found = [threads.submit(lightdash.history, kind, uuid) for kind in kinds for uuid in listed[kind]]
            return frozenset(version.versionUuid for one in found for version in one.result())


def _ran(command: list[str], folder: Path, **more: str) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={**os.environ, **more}, check=False
    )
    if done.returncode:
        sys.exit(f"{shlex.join(command[:4])} … failed with {done.returncode}:\n{done.stderr or done.stdout}")
    return done.stdout


def _fresh(target: Path) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    return target


def _reading(place: Place, project: str, *, history: bool) -> list[Measured]:
    """What reads, the official tool first; the snapshot of the quiet nights is there afterwards."""
    place.export(project, "night", "--no-history")

    def whole(name: str, *more: str) -> int:
        _fresh(place.folder / name)
        return place.export(project, name, *more)

    found = [
        Measured("lightdash download", lambda: place.download(project, "official")),
        Measured("export --no-history, full", lambda: whole("bare", "--no-history")),
        Measured("export --no-history, unchanged", lambda: place.export(project, "night", "--no-history")),
    ]
    if history:
        found.append(Measured("export, full", lambda: whole("whole")))
    return found


def _writing(place: Place, project: str, theirs: str, ours: str) -> list[Measured]:
    """What writes, the official tool first, after both have written all of it once."""
    place.download(project, "tree")
    (place.folder / "lightdash-sync.toml").write_text(SETTINGS.format(url=place.url, project=ours), "utf-8")
    upload = ("upload", "-p", str(place.folder / "tree"), "--force", "--public")
    apply = ("apply", "--from", str(place.folder / "night"), "--to", "target", "--yes")
    place.official(theirs, *upload)
    place.ours(*apply, "--adopt-by-name", "--allow-broken", "all", "--allow-drift", "all")
    return [
        Measured("lightdash upload --force", lambda: place.official(theirs, *upload)),
        Measured("apply, nothing changed", lambda: place.ours(*apply)),
    ]


def main() -> None:
    """Measure, and print the ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("project", help="uuid of a project that nobody works in meanwhile")
    parser.add_argument("--cli", default="lightdash", help="the official command, as one string")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--history", action="store_true", help="measure a full export with history, too")
    parser.add_argument(
        "--targets", nargs=2, metavar="UUID", help="projects that the official tool, and this one, write"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        url, token = os.environ["LIGHTDASH_URL"], os.environ["LIGHTDASH_API_KEY"]
        place = Place(url, token, shlex.split(given.cli), Path(name))
        reading = _reading(place, given.project, history=given.history)
        writing = _writing(place, given.project, *given.targets) if given.targets else []
        before = [place.versions(target) for target in given.targets or ()]
        for _ in range(given.rounds):
            for one in [*reading, *writing]:
                one.once()
        after = [place.versions(target) for target in given.targets or ()]
    for one in reading:
        print(one.beside(reading[0]))
    for one, had, has in zip(writing, before, after, strict=True):
        made = f"{len(has - had) / given.rounds:,.0f} new versions each time"
        print(f"{one.beside(writing[0])}: {made}")


if __name__ == "__main__":
    main()
