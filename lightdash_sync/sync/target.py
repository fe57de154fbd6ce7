"""The target as it is now: its content in the plan's keys, and where it is.

The project is exported into a directory that stays (see `Folders.live`), so that the next plan reads only
what changed. Keys there are the target's own; they become those of the plan here.
"""

from __future__ import annotations

import shlex
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lightdash_sync.content.authorship import of_version
from lightdash_sync.content.display import shown
from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import begins, canonical, parse, sent_size
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.parts import with_names
from lightdash_sync.content.tree import Tree, file_of, in_other_keys, place_of, rekeyed
from lightdash_sync.disk import Disk, hold
from lightdash_sync.errors import GitError, Incomplete, Refused, SnapshotError
from lightdash_sync.export.items import Readings, read_chart
from lightdash_sync.export.last_run import Comments
from lightdash_sync.export.run import Reading, export_project
from lightdash_sync.export.selection import Depth, ExportSelection
from lightdash_sync.git import tracked
from lightdash_sync.snapshot.manifest import MERGES_OF_CHARTS, SnapshotSource
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.write import discard
from lightdash_sync.sync.plan.matching import LINKED, Linked, linked, with_former
from lightdash_sync.sync.plan.values import Action, PlanTarget
from lightdash_sync.sync.state import joined
from lightdash_sync.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.snapshot.manifest import Manifest
    from lightdash_sync.sync.plan.deletes import Unseen
    from lightdash_sync.sync.plan.values import Plan, Step
    from lightdash_sync.sync.runs import Folders
    from lightdash_sync.sync.state import LinkTable, State
    from lightdash_sync.workers import Progress

_LOCK_WAIT = 0.5  # seconds


def refuse_tracked(local: Path, progress: Progress) -> None:
    """Refuse what is this machine's alone if git tracks it: then it came with a commit, from anybody.

    A journal in it would link any item of the target, and what a run stored would be put back.

    Args:
        local: see `Folders.local`; there need not be one.
        progress: is told if git cannot tell.

    Raises:
        Refused: git tracks something in it.
    """
    if not local.is_dir():
        return
    try:
        found = tracked(local)
    except GitError as error:
        progress.noted(f"Git cannot tell whether it tracks {local} ({error.message}).")
        return
    if found:
        raise Refused(
            f"{local} is this machine's alone, but git tracks {shown(found)}: it may be anybody's",
            hint=f"Look at it, then take it out of git: `git rm -r --cached {shlex.quote(str(local))}`. "
            "If it is not yours, delete the directory.",
        )


@dataclass(frozen=True)
class TargetEnvironment:
    """A target environment, open for reading and writing.

    Attributes:
        environment: its name.
        project: uuid.
        lightdash: its server.
        folders: where things of it are kept.
        progress: who is told how far things are.
        recipients: patterns of places that schedulers there may deliver to, by its settings; None for any.
    """

    environment: str
    project: str
    lightdash: Lightdash
    folders: Folders
    progress: Progress
    recipients: tuple[str, ...] | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let no other run plan or apply here.

        Raises:
            Locked: another one does.
            SnapshotError: a directory of ours is a link.
            Refused: git tracks what is this machine's alone.
        """
        self.folders.require_plain()
        refuse_tracked(self.folders.local, self.progress)
        self.folders.local.mkdir(parents=True, exist_ok=True)
        with hold(self.folders.lock, f"the sync of {self.environment}", wait=_LOCK_WAIT):
            yield


@dataclass(frozen=True)
class Existing:
    """What a target holds.

    Attributes:
        tree: its content in the plan's keys.
        linked: which of it is which desired item.
        target: where it is, for the plan.
        source: where it is, for a manifest.
        warnings: what the reading of it had to say.
        commented: uuids of the dashboards that have comments.
        guesses_merges: whether of charts that came in pages nothing told whether they merge anything.
        unseen: what the token may not have been shown.
        unread: uuid -> why, of items that the server did not give; they are as an earlier reading had them.
        lists: its lists, as they were read with it.
        read_at: when the reading began, by the clock that never goes back.
    """

    tree: Tree
    linked: Linked
    target: PlanTarget
    source: SnapshotSource
    warnings: tuple[str, ...] = ()
    commented: frozenset[str] = frozenset()
    guesses_merges: bool = False
    unseen: Unseen = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    lists: Inventory | None = field(default=None, repr=False)
    read_at: float = 0.0


def read_target(
    place: TargetEnvironment,
    hints: Identity,
    links: Mapping[Kind, Mapping[str, JsonObject]],
    reserved: Identity,
    *,
    full: bool = False,
    again: frozenset[str] = frozenset(),
    palettes: frozenset[str] = frozenset(),
    told: Mapping[str, JsonObject] | None = None,
) -> Existing:
    """Read a target.

    Args:
        place: the environment.
        hints: keys for items that were not read before.
        links: kind -> key -> facts of the items that have a key of the plan.
        reserved: a map whose keys no other item may have.
        full: read everything, also what the lists prove unchanged.
        again: uuids of items that are read whatever the lists prove: no list tells of another palette.
        palettes: uuids of charts that are read by themselves, because of what no page tells of them; see
            `apart_from_pages`.
        told: uuid -> what the server said of charts and dashboards when they were written; where the lists
            prove that nobody saved them since, they are not asked for again.

    Raises:
        Incomplete: something could not be read.
    """
    began = time.monotonic()
    _drop_unfit(place)
    report = export_project(
        place.lightdash, place.project, place.folders.live,
        ExportSelection(depth=Depth.AUTHORS, palettes=palettes),
        Reading(
            full=full, accept_shrink=True, again=again, told=told or {}, comments=Comments.WEEKLY,
            keep_going=True,
        ),
        progress=place.progress, hints=hints,
    )  # fmt: skip
    raw = Snapshot(place.folders.live).tree()
    found = linked(raw.identity, links, reserved)
    source = report.manifest.source
    return Existing(
        tree=rekeyed(raw, found.identity),
        linked=found,
        target=PlanTarget(place.environment, source.url, place.project, source.project),
        source=source,
        warnings=tuple(report.warnings),
        commented=_commented(raw),
        guesses_merges=report.manifest.leaves_out(MERGES_OF_CHARTS),
        unseen=report.manifest.unseen(),
        unread=_unread(raw.identity, report.manifest),
        lists=report.lists,
        read_at=began,
    )


def _unread(identity: Identity, manifest: Manifest) -> dict[str, str]:
    """Return uuid -> item and reason, of what the server did not give and an earlier reading has."""
    found = {}
    for left in manifest.unread():
        kind, _, key = left.what.partition(":")
        if key and (uuid := identity.uuid(Kind(kind), key)) is not None:
            found[uuid] = f"{left.what}: {left.why}"
    return found


def require_read(existing: Existing, steps: Iterable[Step]) -> None:
    """Require that what a plan changes was read; what it does not touch may be as it was earlier.

    Raises:
        Incomplete: the server did not give something.
    """
    uuids = [step.uuid for step in steps if step.uuid is not None]
    if missing := [existing.unread[uuid] for uuid in uuids if uuid in existing.unread]:
        raise Incomplete(
            f"{existing.target.environment} was not read completely: {'; '.join(missing)}",
            hint="Open the named items in Lightdash, or choose others with --only or --space.",
        )


def too_large(place: TargetEnvironment, steps: Iterable[Step]) -> list[str]:
    """Return the items that are larger than a request to the target may be, in words."""
    most = place.lightdash.session.connection.limits.body
    sizes = {
        step.item: sent_size(step.after)
        for step in steps
        if step.after is not None and of_version(step.kind, step.before) != of_version(step.kind, step.after)
    }
    return [
        f"{item} takes {size:,} bytes, and requests above {most:,} are not sent"
        for item, size in sizes.items()
        if size > most
    ]


def apart_from_pages(
    tree: Mapping[str, bytes], links: Mapping[Kind, Mapping[str, JsonObject]]
) -> frozenset[str]:
    """Return the uuids of the target's charts that have a palette of their own, or a merge, in some content.

    A target is read by pages, which tell neither of charts; these charts have to be asked for by themselves.

    Args:
        tree: content, in the keys of the plan.
        links: kind -> key -> facts of the target's items that have a key of the plan.
    """
    linked = links.get(Kind.CHART, {})
    keys = ((path, place[1]) for path in tree if (place := place_of(path)) and place[0] is Kind.CHART)
    return frozenset(
        str(linked[key]["uuid"])
        for path, key in keys
        if key in linked and (begins(tree[path], "palette") == b'"' or begins(tree[path], "merge") == b"{")
    )


def _commented(raw: Tree) -> frozenset[str]:
    """Return the uuids of the dashboards that have comments."""
    keys = (place[1] for path in raw if (place := place_of(path)) and place[0] is Kind.COMMENTS)
    return frozenset(uuid for key in keys if (uuid := raw.identity.uuid(Kind.DASHBOARD, key)))


def relinked(
    existing: Existing, links: Mapping[Kind, Mapping[str, JsonObject]], desired: Identity
) -> Existing:
    """Say a target's content in the keys that other links give it.

    Args:
        existing: what it holds.
        links: kind -> key -> facts of the items that have a key of the other side.
        desired: a map whose keys no other item may have.
    """
    now = linked(existing.tree.identity, links, desired)
    return replace(existing, tree=rekeyed(existing.tree, now.identity), linked=now)


def read_before(folders: Folders) -> Path:
    """Return where the last reading of a target is; a path that does not exist if it is none, or damaged."""
    try:
        Snapshot(folders.live).identity()
    except SnapshotError:
        return folders.local / "none"
    return folders.live


def _drop_unfit(place: TargetEnvironment) -> None:
    """Drop the last reading if it is damaged, or of another project than the environment names now.

    It is only there to save requests.

    Raises:
        SnapshotError: what stands there is no snapshot of ours.
        Refused: it holds something of somebody else.
    """
    live = read_before(place.folders)
    if not live.exists() or Snapshot(live).identity().project.get("uuid") != place.project:
        discard(place.folders.live, Disk())


# The target, read in the keys that a plan has for its items: before it is applied, and after.


def read_for(
    place: TargetEnvironment,
    plan: Plan,
    memory: State,
    created: LinkTable,
    again: frozenset[str] = frozenset(),
    told: Mapping[str, JsonObject] | None = None,
) -> Existing:
    """Read the target in the keys that a plan has for its items.

    Args:
        place: the target.
        plan: for it.
        memory: what is remembered of the target.
        created: kind -> key -> facts of what was created by the plan so far.
        again: uuids of items that are read whatever the lists prove.
        told: see `read_target`.

    Raises:
        Incomplete: something could not be read.
    """
    keys = joined(plan.items, created)
    mine: LinkTable = {kind: {step.key: {} for step in plan.steps if step.kind is kind} for kind in LINKED}
    written = {
        file_of(step.kind, step.key): canonical(side)
        for step in plan.steps
        for side in (step.before, step.after)
        if step.kind is Kind.CHART and isinstance(side, dict)
    }
    palettes = apart_from_pages(written, keys)
    existing = read_target(
        place, _hints(memory, keys), keys, Identity(items=mine), again=again, palettes=palettes, told=told
    )
    require_read(existing, plan.steps)
    return existing


def read_back(
    place: TargetEnvironment,
    plan: Plan,
    memory: State,
    created: LinkTable,
    told: Mapping[str, JsonObject] | None = None,
) -> Existing:
    """Read the target after a plan, or a part of it, was applied.

    What was written is read whatever the lists prove, unless the server said at its last write how it is, and
    nothing happened afterwards that changes an item without saving it: deletes, and verifications.

    Args:
        place: the target.
        plan: for it.
        memory: what is remembered of the target.
        created: kind -> key -> facts of what was created by the plan.
        told: uuid -> what the server said of charts and dashboards when this run wrote them.

    Raises:
        Incomplete: something could not be read.
    """
    written = frozenset(step.uuid for step in plan.steps if step.uuid is not None)
    deletes = any(step.action is Action.DELETE for step in plan.steps)
    believed = None if deletes or plan.verification or plan.puts_back else told
    return read_for(place, laid_out(plan), memory, created, again=written, told=believed)


def laid_out(plan: Plan) -> Plan:
    """Return a plan that calls the parts of dashboards as they are written: an update may add some.

    Args:
        plan: that was applied, or a part of it.
    """
    items: LinkTable = {kind: dict(entries) for kind, entries in plan.items.items()}
    for step in plan.steps:
        if step.uuid is not None and step.layout:
            before = items.get(step.kind, {}).get(step.key, {})
            facts = with_names({"uuid": step.uuid, **step.layout}, before)
            items.setdefault(step.kind, {})[step.key] = facts
    return replace(plan, items=items)


def _hints(memory: State, keys: LinkTable) -> Identity:
    """Return keys for items that a reading does not know yet: those of a plan, then those remembered."""
    return Identity(items=joined(memory.hints.items, keys))


def with_deleted(existing: Tree, plan: Plan) -> Tree:
    """Return the target with the items of a plan said as they were when what it deletes was still there.

    What names a deleted item names a bare uuid afterwards, and nobody has changed it.

    Args:
        existing: the target, in the keys of the plan.
        plan: of which a part was done.
    """
    identity = with_former(existing.identity, Identity(items=plan.items))
    files = {path: existing[path] for path in existing}
    for step in plan.steps:
        path = file_of(step.kind, step.key)
        if path in files:
            now = in_other_keys(step.kind, step.key, parse(files[path]), existing.identity, identity)
            files[path] = canonical(now)
    return Tree.of(files, existing.identity)


# Merges of the target's charts that no page told, found before a version is written that lacks them.
#
# A chart of a current server may merge rows of other queries, and is read by a page that does not tell it
# (`export.bulk`). A version that is written without a merge takes it away. So whatever chart a plan gives a
# version is asked for by itself, unless that was done: when the plan is made, and before it is applied.


def untold_merges(place: TargetEnvironment, existing: Existing, steps: Iterable[Step]) -> dict[str, Step]:
    """Return uuid -> step of the charts that some steps would take a merge from, and nobody knew.

    Args:
        place: the target.
        existing: as it was read.
        steps: of a plan for it.

    Raises:
        SyncError: one could not be read.
    """
    if not existing.guesses_merges:
        return {}
    written = {step.uuid: step for step in steps if step.uuid is not None and _writes_without(step)}
    session = place.lightdash.session
    workers = Workers(session.connection.concurrency, session.pacer.stopped, place.progress)
    readings, names = Readings(workers), {uuid: step.key for uuid, step in written.items()}
    try:
        found = readings.of(
            Kind.CHART, written, lambda uuid: read_chart(place.lightdash, uuid).raw, names, "one by one"
        )
    finally:
        workers.close()
    for unread in readings.unread:
        raise unread.error
    return {uuid: written[uuid] for uuid, raw in found.items() if raw.get("merge") is not None}


def _writes_without(step: Step) -> bool:
    """Whether a step gives a chart a version, and nothing is known of a merge."""
    if step.kind is not Kind.CHART or step.action is not Action.UPDATE:
        return False
    sides = (of_version(step.kind, step.before), of_version(step.kind, step.after))
    return sides[0] != sides[1] and not any(
        isinstance(side, dict) and side.get("merge") is not None for side in sides
    )
