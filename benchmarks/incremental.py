"""What a quiet night costs: an export of an unchanged project, beside a full read of the same.

    python benchmarks/incremental.py [--sizes 100 1000 10000]

The embedded Lightdash runs in a process of its own. Printed for each size: requests and seconds of a
full read and of one that trusts the lists, and their ratio. Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path

from export import HISTORY, Site, served, world_size

from lightdash_sync.export.run import ExportResult, Reading, export_project
from lightdash_sync.export.selection import ExportSelection
from lightdash_sync.lightdash.origin import Origin
from lightdash_sync.lightdash.reading import Lightdash
from lightdash_sync.lightdash.session import Connection, Session


def export(site: Site, target: Path, *, full: bool) -> tuple[ExportResult, float]:
    """Export once; return the report and the CPU seconds."""
    cpu = time.process_time()
    with Session(Connection(Origin(site.url), site.token)) as session:
        report = export_project(Lightdash(session), site.project, target, ExportSelection(), Reading(full))
    return report, time.process_time() - cpu


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 10_000], help="charts")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds")
    options = parser.parse_args()
    print("charts  spaces    full read            quiet night         ratio")
    for charts in options.sizes:
        size = world_size(charts, HISTORY)
        folder = Path(tempfile.mkdtemp())
        try:
            with served(size, options.latency) as site:
                full, _ = export(site, folder / "p", full=True)
                quiet, cpu = export(site, folder / "p", full=False)
        finally:
            shutil.rmtree(folder)
        print(
            f"{charts:>6}  {size['spaces'] + 1:>6}  {full.requests:>6} in {full.duration_s:>6.2f} s  "
            f"{quiet.requests:>6} in {quiet.duration_s:>6.2f} s  {quiet.duration_s / full.duration_s:>6.3f} "
            f"({cpu:.2f} s CPU)"
        )


if __name__ == "__main__":
    main()
