"""How an export compares with the least that could be done: requests, wall time, CPU, memory.

    python benchmarks/export.py [--charts 1000] [--latency 0.02] [--concurrency 8]

The embedded Lightdash runs in a process of its own and answers after a latency. The baseline of the
same run is a bare loop: the same requests, the same number of threads, bodies read and thrown away.
Memory is measured for N charts, for 10 N, and for N with ten times the history, each in a fresh process.
Figures are ratios, because machines differ; nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from lightdash_standin.seed import generated_world
from lightdash_standin.server import Server
from lightdash_standin.state import VERSION
from lightdash_sync.export.run import export_project
from lightdash_sync.export.selection import ExportSelection
from lightdash_sync.lightdash.origin import Origin
from lightdash_sync.lightdash.reading import Lightdash
from lightdash_sync.lightdash.session import Connection, Session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection as Pipe

HISTORY = 2


@dataclass(frozen=True)
class Site:
    """A served project, and how to ask the serving process what it was asked."""

    url: str
    token: str
    project: str
    pipe: Any

    def asked(self) -> list[str]:
        """Return the paths asked for since the last call."""
        self.pipe.send("asked")
        paths: list[str] = self.pipe.recv()
        return paths


def world_size(charts: int, versions: int) -> dict[str, int]:
    """A project of some charts with everything else in proportion."""
    return {
        "charts": charts,
        "versions": versions,
        "dashboards": charts * 3 // 20,
        "tiles": 6,
        "spaces": max(1, charts // 32),
        "schedulers": charts // 10,
        "sql_charts": charts // 50,
        "tags": 10,
    }


def _serve(pipe: Pipe, size: dict[str, int], latency: float) -> None:
    world = generated_world(**size, version=VERSION)
    with Server(world, latency=latency) as server:
        pipe.send((server.url, world.tokens["admin"], world.projects["production"]))
        while pipe.recv() == "asked":
            pipe.send([path for _, path in world.requests])
            world.requests.clear()


@contextmanager
def served(size: dict[str, int], latency: float) -> Iterator[Site]:
    """Serve a generated project from a process of its own."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve, args=(theirs, size, latency))
    process.start()
    try:
        url, token, project = ours.recv()
        yield Site(url, token, project, ours)
    finally:
        ours.send("stop")
        process.join()


def least(size: dict[str, int], versions: int) -> int:
    """Return the fewest requests that bring the same content.

    Twelve lists; each space; each dashboard and its comments; each SQL chart; of each chart its history, its
    current version, and its earlier ones.
    """
    lists = 12
    return (
        lists
        + size["spaces"]
        + 1
        + 2 * size["dashboards"]
        + size["sql_charts"]
        + 2 * size["charts"]
        + versions
    )


def bare_loop(site: Site, paths: list[str], concurrency: int) -> float:
    """Send the same requests with the same number of threads, and return the seconds it took."""
    headers = {"Authorization": f"ApiKey {site.token}"}
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    with httpx.Client(base_url=site.url, headers=headers, limits=limits, timeout=60) as client:
        began = time.perf_counter()
        with ThreadPoolExecutor(concurrency) as pool:
            for response in pool.map(client.get, paths):
                response.raise_for_status()
        return time.perf_counter() - began


def export(site: Site, concurrency: int) -> dict[str, float]:
    """Export once; return wall and CPU seconds, requests and earlier versions."""
    folder = Path(tempfile.mkdtemp())
    connection = Connection(Origin(site.url), site.token, concurrency=concurrency)
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        with Session(connection) as session:
            report = export_project(Lightdash(session), site.project, folder / "p", ExportSelection())
    finally:
        shutil.rmtree(folder)
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "requests": report.requests,
        "versions": report.manifest.counts["chart_version"],
        "items": sum(report.manifest.counts.values()),
    }


def peak_memory(charts: int, versions: int) -> float:
    """Return the peak of an export's memory in MB, in a fresh process."""
    command = [sys.executable, __file__, "--charts", str(charts), "--measure-memory", str(versions)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return float(json.loads(done.stdout)["peak_mb"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--charts", type=int, default=1000)
    parser.add_argument("--latency", type=float, default=0.02, help="seconds")
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure-memory", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure_memory:
        with served(world_size(options.charts, options.measure_memory), 0.0) as site:
            export(site, options.concurrency)
        print(json.dumps({"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
        return
    size = world_size(options.charts, HISTORY)
    rounds = []
    with served(size, options.latency) as site:
        for _ in range(options.rounds):
            site.asked()
            measured = export(site, options.concurrency)
            measured["bare"] = bare_loop(site, site.asked(), options.concurrency)
            rounds.append(measured)
    middle = sorted(rounds, key=lambda one: one["wall"] / one["bare"])[len(rounds) // 2]
    _report(options, middle, least(size, int(middle["versions"])))
    peaks = {
        "": peak_memory(options.charts, HISTORY),
        " with 10 x the charts": peak_memory(10 * options.charts, HISTORY),
        " with 10 x the history": peak_memory(options.charts, 10 * HISTORY),
    }
    print("peak memory  " + "; ".join(f"{peak:.0f} MB{what}" for what, peak in peaks.items()))


def _report(options: argparse.Namespace, middle: dict[str, float], fewest: int) -> None:
    print(
        f"{options.charts} charts, {middle['items']:.0f} items, {options.latency * 1000:.0f} ms latency, "
        f"{options.concurrency} threads, median of {options.rounds}"
    )
    times = middle["requests"] / fewest
    print(f"requests     {middle['requests']:.0f}, {times:.3f} x the least possible ({fewest})")
    print(f"wall time    {middle['wall']:.2f} s, {middle['wall'] / middle['bare']:.2f} x the bare loop")
    print(f"CPU          {1000 * middle['cpu'] / middle['items']:.2f} ms an item")


if __name__ == "__main__":
    main()
