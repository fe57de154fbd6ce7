"""From one project of an embedded Lightdash to another, as tests do it: read, plan, apply, read again."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from lightdash_sync.apply.execute import Outcome, apply_plan
from lightdash_sync.apply.journal import NAME, Journal, read_journal
from lightdash_sync.client.lightdash import Lightdash
from lightdash_sync.client.writes import Writer
from lightdash_sync.demo.faults import Faults
from lightdash_sync.demo.server import Server
from lightdash_sync.demo.state import World
from lightdash_sync.export.run import Reading, export_project
from lightdash_sync.export.selection import Chosen
from lightdash_sync.export.workers import Silent
from lightdash_sync.model.canonical import JsonObject
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.rekey import rekeyed
from lightdash_sync.model.tree import Tree
from lightdash_sync.plan.document import digest
from lightdash_sync.plan.keys import LINKED, Linked, linked
from lightdash_sync.plan.make import Inputs, make_plan
from lightdash_sync.plan.options import Options
from lightdash_sync.plan.values import Plan, Target
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.target import read_facts
from tests.exporting import lightdash_at

Links = Mapping[Kind, Mapping[str, JsonObject]]
TODAY = date(2026, 3, 2)
EVERYTHING = Options(enable_schedulers=False)


@dataclass
class Move:
    """Two projects of a served world, and what is known of the links between them.

    Attributes:
        world: what is served.
        server: serves it; its faults can be set at any time.
        lightdash: reads, and its session writes.
        source: uuid of the project that is taken for the desired side.
        target: uuid of the project that is written.
        folder: for snapshots and journals.
        links: key -> facts of what is linked so far.
    """

    world: World
    server: Server
    lightdash: Lightdash
    source: str
    target: str
    folder: Path
    links: dict[Kind, dict[str, JsonObject]] = field(default_factory=dict)

    def read(self, project: str) -> Tree:
        """Read a project as it is."""
        into = Path(tempfile.mkdtemp(dir=self.folder)) / "snapshot"
        chosen = Chosen(history=False)
        export_project(self.lightdash, project, into, chosen, Reading(full=True))
        tree = Snapshot(into).tree()
        return Tree.of(dict(tree), tree.identity)

    def existing(self, desired: Tree) -> tuple[Tree, Linked]:
        """Read the target, in the keys of the desired side as far as items are linked."""
        there = self.read(self.target)
        found = linked(there.identity, self.links, desired.identity)
        return rekeyed(there, found.identity), found

    def plan(self, desired: Tree, options: Options = EVERYTHING) -> tuple[Plan, Linked]:
        """Plan to make the target what is desired."""
        existing, found = self.existing(desired)
        to = Target("target", self.server.url, self.target, "Target")
        facts = read_facts(self.lightdash, self.target)
        inputs = Inputs("source", to, desired, existing, found, facts=facts, options=options)
        return make_plan(inputs), found

    def apply(self, plan: Plan, found: Linked, *, journal: Path | None = None) -> Outcome:
        """Apply a plan, or go on with applying it if its journal exists."""
        path = journal or Path(tempfile.mkdtemp(dir=self.folder)) / NAME
        resumed = read_journal(path)
        writer = Writer(self.lightdash.session, self.lightdash.server)
        with Journal(path) as open_journal:
            outcome = apply_plan(
                plan,
                digest(plan),
                found.identity,
                self.lightdash,
                writer,
                open_journal,
                Silent(),
                TODAY,
                resumed,
            )
        for kind, entries in outcome.created.items():
            self.links.setdefault(kind, {}).update(entries)
        return outcome

    def writes(self) -> int:
        """How many requests came so far that change something."""
        return sum(method != "GET" for method, _ in self.world.requests)

    def difference(self, desired: Tree, options: Options = EVERYTHING) -> list[str]:
        """What a plan would still do."""
        return [f"{step.action} {step.item}" for step in self.plan(desired, options)[0].steps]


@contextmanager
def moving(
    world: World,
    folder: Path,
    *,
    faults: Faults | None = None,
    source: str = "production",
    who: str = "admin",
) -> Iterator[Move]:
    """Serve a world with a new, empty target project beside the source; their spaces "Shared" are linked."""
    with Server(world, faults=faults or Faults()) as server:
        lightdash = lightdash_at(server.url, world.tokens[who])
        with lightdash.session:
            project = world.projects[source]
            body: JsonObject = {"name": "Target", "copyContent": False}
            made = lightdash.session.write("POST", f"/api/v1/projects/{project}/createPreview", body)
            move = Move(world, server, lightdash, project, str(made), folder)
            (shared,) = (row.uuid for row, _ in lightdash.spaces(move.target))
            move.links[Kind.SPACE] = {"shared": {"uuid": shared}}
            yield move


def files(tree: Tree) -> dict[str, bytes]:
    """Return the content of a tree that can be carried over."""
    return {path: tree[path] for path in tree}


def twins(tree: Tree) -> list[tuple[str, str]]:
    """Return kind and name of what a target has and nothing is linked with."""
    return [(kind, key) for kind in LINKED for key in tree.identity.items.get(kind, {})]


Hook = Callable[[], None]
