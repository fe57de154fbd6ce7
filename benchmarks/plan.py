"""What a plan and an apply cost, beside the least that could be done.

    python benchmarks/plan.py [--sizes 1000 10000] [--applied 300]

Two parts. Diff and plan of a generated project with 100 changed charts, from two snapshots on disk: the
baseline of the same run parses every content file of one side once. Memory is the peak of the Python heap,
beside the bytes of one side. Then an apply of a whole project into an empty one on the embedded Lightdash
(a process of its own): how many requests were sent beside the fewest that could make the same content,
and how many by a second apply. Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from export import Site, served, world_size

from lightdash_sync.changes.items import compare
from lightdash_sync.content.json import JsonObject, canonical, parse, sha256
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.tree import Tree
from lightdash_sync.export.run import export_project
from lightdash_sync.export.selection import Depth, ExportSelection
from lightdash_sync.lightdash.origin import Origin
from lightdash_sync.lightdash.reading import Lightdash
from lightdash_sync.lightdash.session import Connection, Session
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.sync.applying import Applied, apply
from lightdash_sync.sync.plan.build import Inputs, make_plan
from lightdash_sync.sync.plan.matching import linked, own_links
from lightdash_sync.sync.plan.options import PlanOptions, TargetFacts
from lightdash_sync.sync.plan.values import Action, Plan, PlanTarget
from lightdash_sync.sync.planning import PlanRequest, plan_for
from lightdash_sync.sync.runs import Folders
from lightdash_sync.sync.target import TargetEnvironment
from lightdash_sync.workers import Silent

if TYPE_CHECKING:
    from collections.abc import Callable

CHANGED = 100


def changed(tree: Tree) -> Tree:
    """Return a tree in which the limit of some charts is another one."""
    paths = [path for path in tree if path.startswith("charts/") and path.count("/") == 1][:CHANGED]
    others: dict[str, bytes] = {}
    for path in paths:
        content = parse(tree[path])
        query = content["metricQuery"] if isinstance(content, dict) else None
        if isinstance(content, dict) and isinstance(query, dict):
            others[path] = canonical({**content, "metricQuery": {**query, "limit": 77}})
    digests = {**tree.digests, **{path: sha256(data) for path, data in others.items()}}
    return Tree(digests, lambda path: others[path] if path in others else tree[path], tree.identity)


def plan_of(desired: Tree, existing: Tree) -> Plan:
    """Make a plan of two trees of one project, as a restore does."""
    project = str(existing.identity.project["uuid"])
    found = linked(existing.identity, own_links(desired.identity, project), desired.identity)
    target = PlanTarget("target", "https://lightdash.example.com", project, "Benchmark")
    facts, options = TargetFacts(same_project=True), PlanOptions()
    return make_plan(
        Inputs("benchmark", target, desired, existing, found, facts=facts, options=options, purpose="restore")
    )


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of some work, and in a second go the peak of the heap in MB."""
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    tracemalloc.start()
    try:
        work()
        return seconds, tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def compare_and_plan(charts: int) -> None:
    """Measure diff and plan."""
    folder = Path(tempfile.mkdtemp())
    try:
        with (
            served(world_size(charts, 1), 0.0) as site,
            Session(Connection(Origin(site.url), site.token)) as session,
        ):
            export_project(
                Lightdash(session), site.project, folder / "p", ExportSelection(depth=Depth.CONTENT)
            )
        existing = Snapshot(folder / "p").tree()
        desired = changed(existing)
        size = sum(len(existing[path]) for path in existing) / 2**20
        began = time.perf_counter()
        for path in existing:
            parse(existing[path])
        baseline = time.perf_counter() - began
        diff, diff_memory = measured(lambda: [item.changes for item in compare(existing, desired)])
        plan, plan_memory = measured(lambda: [step.changes for step in plan_of(desired, existing).steps])
    finally:
        shutil.rmtree(folder)
    print(
        f"{len(existing):>6} items of {size:>5.1f} MB, {CHANGED} changed: parsing a side {baseline:>5.2f} s; "
        f"diff {diff:>5.2f} s ({diff / baseline:.2f}), {diff_memory:.1f} MB; "
        f"plan {plan:>5.2f} s ({plan / baseline:.2f}), {plan_memory:.1f} MB"
    )


def empty_project(session: Session, project: str) -> str:
    """Make a project with the same explores and no content."""
    path = f"/api/v1/projects/{project}/createPreview"
    made = session.write("POST", path, {"name": "Empty", "copyContent": False})
    return made if isinstance(made, str) else ""


def least_writes(plan: Plan) -> int:
    """Return the fewest writes that make what a plan makes.

    One for each item that is created, and for a dashboard its content besides, because 0.1372.1 takes
    no filters with a new one; for a scheduler three, so that it sends nothing; one for each grant, each
    metric of a tag, each icon, each pin, and the order of the pins.
    """
    extra = {Kind.DASHBOARD: 1, Kind.SCHEDULER: 2}
    count = 0
    for step in plan.steps:
        content: JsonObject = step.after if isinstance(step.after, dict) else {}
        if isinstance(step.after, list):
            count += len(step.after) + (step.kind is Kind.PINS)
            continue
        count += 1 + extra.get(step.kind, 0) * (step.action is Action.CREATE)
        metrics, access = content.get("metrics"), content.get("access")
        count += len(metrics) if step.kind is Kind.TAG and isinstance(metrics, list) else 0
        if isinstance(access, dict):
            count += sum(len(rows) for rows in access.values() if isinstance(rows, list))
    return count


def apply_whole(site: Site, charts: int) -> None:
    """Measure an apply into an empty project, and a second one."""
    folder = Path(tempfile.mkdtemp())
    try:
        with Session(Connection(Origin(site.url), site.token)) as session:
            lightdash = Lightdash(session)
            export_project(lightdash, site.project, folder / "source", ExportSelection(depth=Depth.CONTENT))
            place = TargetEnvironment(
                "target", empty_project(session, site.project), lightdash, Folders(folder / "t"), Silent()
            )
            request = PlanRequest(
                "source", Snapshot(folder / "source").tree(), PlanOptions(), {}, adopt_by="name"
            )
            first, seconds = applied(place, request)
            site.asked()
            plan = plan_for(place, request).plan
            again = len(site.asked())
    finally:
        shutil.rmtree(folder)
    writes, fewest = first.outcome.writes, least_writes(first.plan)
    print(
        f"{charts} charts, {len(first.plan.steps)} items created in {seconds:.1f} s: {writes} writes, "
        f"{fewest} at least ({writes / fewest:.2f}); {first.requests} requests in all; the plan after it has "
        f"{len(plan.steps)} steps and takes {again} requests"
    )


def applied(place: TargetEnvironment, request: PlanRequest) -> tuple[Applied, float]:
    """Plan and apply once; return the seconds, too."""
    began = time.perf_counter()
    done = apply(place, plan_for(place, request).plan, datetime.now(UTC))
    return done, time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000], help="charts")
    parser.add_argument("--applied", type=int, default=300, help="charts that are applied")
    options = parser.parse_args()
    for charts in options.sizes:
        compare_and_plan(charts)
    with served(world_size(options.applied, 1), 0.0) as site:
        apply_whole(site, options.applied)


if __name__ == "__main__":
    main()
