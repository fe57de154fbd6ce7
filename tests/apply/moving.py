"""From one project of an embedded Lightdash to another, as tests do it: read, plan, apply, read again."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from lightdash_standin.faults import Fault, Faults
from lightdash_standin.server import Server
from lightdash_standin.state import World
from lightdash_sync.content.json import Json, JsonObject, parse
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.tree import Tree, items_of, rekeyed
from lightdash_sync.export.run import Reading, export_project
from lightdash_sync.export.selection import Depth, ExportSelection
from lightdash_sync.lightdash.reading import Lightdash
from lightdash_sync.lightdash.writing import Writer
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.sync.apply.engine import ApplyOutcome, apply_plan
from lightdash_sync.sync.apply.journal import NAME, Journal, read_journal
from lightdash_sync.sync.facts import read_facts
from lightdash_sync.sync.plan.build import Inputs, make_plan
from lightdash_sync.sync.plan.document import digest
from lightdash_sync.sync.plan.matching import Linked, linked
from lightdash_sync.sync.plan.options import PlanOptions
from lightdash_sync.sync.plan.values import Plan, PlanTarget
from lightdash_sync.workers import Silent
from tests.dialects import preview_of
from tests.exporting import lightdash_at

TODAY = date(2026, 3, 2)
EVERYTHING = PlanOptions(enable_schedulers=False)


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
        source_lacks: capabilities that the server of the desired side does not have.
    """

    world: World
    server: Server
    lightdash: Lightdash
    source: str
    target: str
    folder: Path
    links: dict[Kind, dict[str, JsonObject]] = field(default_factory=dict)
    source_lacks: frozenset[str] = frozenset()

    def read(self, project: str) -> Tree:
        """Read a project as it is."""
        into = Path(tempfile.mkdtemp(dir=self.folder)) / "snapshot"
        chosen = ExportSelection(depth=Depth.CONTENT)
        export_project(self.lightdash, project, into, chosen, Reading(full=True))
        tree = Snapshot(into).tree()
        return Tree.of(dict(tree), tree.identity)

    def existing(self, desired: Tree) -> tuple[Tree, Linked]:
        """Read the target, in the keys of the desired side as far as items are linked."""
        there = self.read(self.target)
        found = linked(there.identity, self.links, desired.identity)
        return rekeyed(there, found.identity), found

    def plan(self, desired: Tree, options: PlanOptions = EVERYTHING) -> tuple[Plan, Linked]:
        """Plan to make the target what is desired."""
        existing, found = self.existing(desired)
        to = PlanTarget("target", self.server.url, self.target, "Target")
        facts = replace(read_facts(self.lightdash, self.target), source_lacks=self.source_lacks)
        inputs = Inputs("source", to, desired, existing, found, facts=facts, options=options)
        return make_plan(inputs), found

    def apply(
        self,
        plan: Plan,
        found: Linked,
        *,
        journal: Path | None = None,
        opening: type[Journal] = Journal,
        deadline: float = 5.0,
        who: str = "admin",
    ) -> ApplyOutcome:
        """Apply a plan, or go on with applying it if its journal exists; a session of its own writes."""
        path = journal or self.journal()
        resumed = read_journal(path)
        lightdash = lightdash_at(self.server.url, self.world.tokens[who], deadline=deadline)
        with lightdash.session, opening(path) as opened:
            writer = Writer(lightdash.session, self.lightdash.server)
            outcome = apply_plan(
                plan, digest(plan), found.identity, lightdash, writer, opened, Silent(), TODAY, resumed
            )
        for kind, entries in outcome.created.items():
            self.links.setdefault(kind, {}).update(entries)
        return outcome

    def journal(self) -> Path:
        """Return a path for the journal of a new run."""
        return Path(tempfile.mkdtemp(dir=self.folder)) / NAME

    def strike(
        self, number: int, fault: Fault, also: Callable[[], None] | None = None, about: str = ""
    ) -> Faults:
        """Let one of the writes that come from now on, counted from 1, meet a fault.

        Args:
            number: of the write.
            fault: what it meets.
            also: what happens on the server at that moment.
            about: what the path has; other writes do not count. Some are made side by side, in any order.
        """
        came = 0

        def rule(_number: int, method: str, path: str) -> Fault | None:
            nonlocal came
            is_meant = method != "GET" and about in path
            came += is_meant
            if not is_meant or came != number:
                return None
            if also is not None:
                also()
            return fault

        self.server.app.faults = Faults(rule=rule)
        return self.server.app.faults

    def calm(self) -> None:
        """Let nothing go wrong any more."""
        self.server.app.faults = None

    def writes(self) -> list[tuple[str, str]]:
        """Method and path of the requests that came so far and change something."""
        return [(method, path) for method, path in self.world.requests if method != "GET"]

    def require_arrived(self, desired: Tree, options: PlanOptions = EVERYTHING) -> None:
        """Require that the target has what is desired, nothing twice, and that nothing is left to do."""
        existing, _ = self.existing(desired)
        wanted, there = carried(desired), carried(existing)
        assert sorted(there) == sorted(wanted)
        assert [path for path in wanted if wanted[path] != there[path]] == []
        assert self.difference(desired, options) == []
        assert self.world.crashes == []

    def difference(self, desired: Tree, options: PlanOptions = EVERYTHING) -> list[str]:
        """What a plan would still do."""
        return [f"{step.action} {step.item}" for step in self.plan(desired, options)[0].steps]


@contextmanager
def moving(world: World, folder: Path, *, source: str = "production") -> Iterator[Move]:
    """Serve a world with a new, empty target project beside the source; their spaces "Shared" are linked."""
    with Server(world) as server:
        lightdash = lightdash_at(server.url, world.tokens["admin"])
        with lightdash.session:
            project = world.projects[source]
            body: JsonObject = {"name": "PlanTarget", "copyContent": False}
            made = lightdash.session.write("POST", f"/api/v1/projects/{project}/createPreview", body)
            move = Move(world, server, lightdash, project, preview_of(made, world), folder)
            (shared,) = (row.uuid for row, _ in lightdash.spaces(move.target))
            move.links[Kind.SPACE] = {"shared": {"uuid": shared}}
            yield move


def carried(tree: Tree) -> dict[str, Json]:
    """Return the content that can be carried over, in full but for what is documented not to be.

    Schedulers arrive paused, and belong to whoever brings them. Neither comments nor settings of the project
    can be written, and nobody has verified what was copied.
    """
    found = {path: parse(tree[path]) for path in items_of(tree)}
    for path, content in found.items():
        if path.startswith("schedulers/") and isinstance(content, dict):
            found[path] = content | {"enabled": False, "owner": None}
        elif isinstance(content, dict) and "verification" in content:
            found[path] = content | {"verification": None}
    return found
