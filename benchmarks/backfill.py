"""What telling the past costs: every version as a commit of its own, beside one commit of the same snapshot.

    python benchmarks/backfill.py [--sizes 100 1000] [--versions 2]

A project of each size is exported from the embedded Lightdash, and committed to an empty repository, each
time by a fresh process. Printed for each size: commits, seconds, the pack, the peak of the memory, and the
ratios to the one plain commit. Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import shutil
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from export import served, world_size
from incremental import export

from lightdash_sync.backup.commits import Manner, commit_snapshot
from lightdash_sync.git import Repository


@dataclass(frozen=True)
class Cost:
    """What a first backup cost."""

    commits: int
    seconds: float
    packed: int
    peak_mb: float


def commit(snapshot: Path, *, backfill: bool) -> Cost:
    """Commit a snapshot to an empty repository."""
    root = Path(tempfile.mkdtemp())
    try:
        repository = Repository.init(root)
        folder = root / "snapshots" / "production"
        shutil.copytree(snapshot, folder)
        began = time.perf_counter()
        made = commit_snapshot(repository, folder, "production", Manner(backfill=backfill))
        seconds = time.perf_counter() - began
        packed = sum(path.stat().st_size for path in (root / ".git/objects").rglob("*") if path.is_file())
    finally:
        shutil.rmtree(root)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Cost(len(made), seconds, packed, peak)


def in_fresh_process(snapshot: Path, *, backfill: bool) -> Cost:
    """Do the same in a process that has done nothing else, so that its memory is that of the commit."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(commit, snapshot, backfill=backfill).result()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000], help="charts")
    parser.add_argument("--versions", type=int, default=2, help="of each chart")
    options = parser.parse_args()
    print("charts  versions  commits  time                      pack                     memory")
    for charts in options.sizes:
        folder = Path(tempfile.mkdtemp())
        try:
            with served(world_size(charts, options.versions), 0.0) as site:
                export(site, folder / "p", full=True)
            plain, told = (in_fresh_process(folder / "p", backfill=past) for past in (False, True))
        finally:
            shutil.rmtree(folder)
        print(
            f"{charts:>6}  {options.versions:>8}  {told.commits:>7}  "
            f"{told.seconds:>6.2f} s, {told.seconds / plain.seconds:>6.1f} x plain  "
            f"{told.packed / 1e6:>6.2f} MB, {told.packed / plain.packed:>4.1f} x plain  "
            f"{told.peak_mb:>4.0f} MB, {told.peak_mb / plain.peak_mb:>4.2f} x plain"
        )


if __name__ == "__main__":
    main()
