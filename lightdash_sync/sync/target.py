"""The target as it is now: its content in the plan's keys, and where it is.

The project is exported into a directory that stays (see `Folders.live`), so that the next plan reads only
what changed. Keys there are the target's own; they become those of the plan here.
"""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lightdash_sync.errors import GitError, Refused, SnapshotError
from lightdash_sync.export.comments import Comments
from lightdash_sync.export.run import Reading, export_project
from lightdash_sync.export.selection import Chosen, Depth
from lightdash_sync.git import tracked
from lightdash_sync.lock import hold
from lightdash_sync.model.canonical import begins
from lightdash_sync.model.identity import Identity
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.parts import with_names
from lightdash_sync.model.rekey import rekeyed
from lightdash_sync.model.shown import shown
from lightdash_sync.model.tree import place_of
from lightdash_sync.plan.keys import Linked, linked
from lightdash_sync.plan.values import Target
from lightdash_sync.snapshot.disk import Disk
from lightdash_sync.snapshot.manifest import MERGES_OF_CHARTS, Source
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.write import discard

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.export.workers import Progress
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.tree import Tree
    from lightdash_sync.plan.unseen import Unseen
    from lightdash_sync.sync.folders import Folders
    from lightdash_sync.sync.memory import LinkTable

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
class Place:
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
    """

    tree: Tree
    linked: Linked
    target: Target
    source: Source
    warnings: tuple[str, ...] = ()
    commented: frozenset[str] = frozenset()
    guesses_merges: bool = False
    unseen: Unseen = field(default_factory=dict)


def read_target(
    place: Place,
    hints: Identity,
    links: Mapping[Kind, Mapping[str, JsonObject]],
    reserved: Identity,
    *,
    full: bool = False,
    again: frozenset[str] = frozenset(),
    palettes: frozenset[str] = frozenset(),
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

    Raises:
        Incomplete: something could not be read.
    """
    _drop_unfit(place)
    report = export_project(
        place.lightdash, place.project, place.folders.live,
        Chosen(depth=Depth.AUTHORS, palettes=palettes),
        Reading(full=full, accept_shrink=True, again=again, comments=Comments.WEEKLY),
        progress=place.progress, hints=hints,
    )  # fmt: skip
    raw = Snapshot(place.folders.live).tree()
    found = linked(raw.identity, links, reserved)
    source = report.manifest.source
    return Existing(
        tree=rekeyed(raw, found.identity),
        linked=found,
        target=Target(place.environment, source.url, place.project, source.project),
        source=source,
        warnings=tuple(report.warnings),
        commented=_commented(raw),
        guesses_merges=report.manifest.leaves_out(MERGES_OF_CHARTS),
        unseen=report.manifest.unseen(),
    )


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


def _drop_unfit(place: Place) -> None:
    """Drop the last reading if it is damaged, or of another project than the environment names now.

    It is only there to save requests.

    Raises:
        SnapshotError: what stands there is no snapshot of ours.
        Refused: it holds something of somebody else.
    """
    live = read_before(place.folders)
    if not live.exists() or Snapshot(live).identity().project.get("uuid") != place.project:
        discard(place.folders.live, Disk())


def joined(*tables: Mapping[Kind, Mapping[str, JsonObject]]) -> LinkTable:
    """Put links together; a later table wins, and no uuid has two keys.

    What a dashboard has that only an earlier table names keeps its name.
    """
    result: LinkTable = {}
    for table in tables:
        for kind, entries in table.items():
            uuids = {facts["uuid"] for facts in entries.values()}
            kept = {
                key: facts
                for key, facts in result.get(kind, {}).items()
                if facts["uuid"] not in uuids or key in entries
            }
            again = {
                key: with_names(facts, kept[key])
                for key, facts in entries.items()
                if kept.get(key, {}).get("uuid") == facts["uuid"]
            }
            result[kind] = {**kept, **entries, **again}
    return result
