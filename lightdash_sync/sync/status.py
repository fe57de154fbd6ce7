"""Who is behind where: every environment compared with every other.

Each is read once: its snapshot on disk, without any request, or the project as it is now. Nothing is
written, neither on disk nor on a server.
"""

from __future__ import annotations

import shlex
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import combinations, permutations
from typing import TYPE_CHECKING

from lightdash_sync.changes.items import Status
from lightdash_sync.comparison import Only, common_scope, difference
from lightdash_sync.content.authorship import of_version, version_stamp
from lightdash_sync.content.contents import PLANNED, Contents
from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import sha256
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.tree import Tree, file_of, place_of, rekeyed
from lightdash_sync.errors import Refused
from lightdash_sync.export.last_run import read_last_run
from lightdash_sync.lightdash.versions import Server
from lightdash_sync.snapshot.write import put_back
from lightdash_sync.sources import Named, SideKind, opened
from lightdash_sync.sync.plan.desired import resolve_desired
from lightdash_sync.sync.plan.lists import adapted_list
from lightdash_sync.sync.plan.managed import same_content, settled_form
from lightdash_sync.sync.plan.matching import LINKED, linked
from lightdash_sync.sync.plan.options import PlanOptions, TargetFacts
from lightdash_sync.sync.runs import memory_of
from lightdash_sync.sync.state import State, read_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from lightdash_sync.changes.items import ItemChange
    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.sources import Environments, Side
    from lightdash_sync.sync.state import LinkTable


# Two sides of a comparison in the same keys, as far as it is known which item is which.
#
# Two environments call an item by two keys where each was exported before they were linked. What a sync
# remembers of a target says which item is which; both sides then speak in the keys of the source. A target
# may be a source too: of the ways in which two sides can be said, that one counts by which they share most.


@dataclass(frozen=True, eq=False)
class Keyed:
    """A side, and what the syncs to it know of its items.

    Attributes:
        own: the side in its own keys.
        snapshots: where the snapshots of all environments are, or would be; what is remembered of them is
            beside them.
    """

    own: Side
    snapshots: tuple[Path, ...]

    @property
    def project(self) -> str:
        """The uuid of its project."""
        return str(self.own.tree.identity.project.get("uuid"))

    @cached_property
    def memory(self) -> State:
        """What is remembered of its project as the target of syncs; an empty one if nothing is.

        Raises:
            SnapshotError: it is damaged.
        """
        return _memory(self.project, map(memory_of, self.snapshots))

    @cached_property
    def said(self) -> Side:
        """The side with each linked item under the key of its source; the very side if those are its own.

        Raises:
            UnresolvedReference: a file names something that the side's own map does not have.
        """
        return _said(self.own, self.memory.links)


def matched(before: Keyed, after: Keyed) -> tuple[Side, Side]:
    """Return two sides in common keys: both in those of their sources, or one in its own if it is the source.

    The snapshot of an environment that was made before a sync to it keeps its own keys, and a sync from it
    goes by these.

    Raises:
        SnapshotError: what is remembered is damaged.
    """
    if before.project == after.project:
        return before.own, after.own
    ways = [(before.said, after.said), (before.own, after.said), (before.said, after.own)]
    return max(ways, key=lambda way: len(way[0].tree.digests.keys() & way[1].tree.digests.keys()))


def in_common_keys(
    before: Side, after: Side, snapshots: Iterable[Path]
) -> tuple[Side, Side, tuple[str, ...]]:
    """Return both sides with each linked item under one key, and what is to be said of it.

    Args:
        before: the one side.
        after: the other side.
        snapshots: where the snapshots of all environments are, or would be; what is remembered of them is
            beside them.

    Raises:
        SnapshotError: what is remembered is damaged.
    """
    folders = tuple(snapshots)
    first, second = matched(Keyed(before, folders), Keyed(after, folders))
    notes = tuple(
        f"{new.label}: comments are not compared, because its items have other keys there"
        for old, new in ((before, first), (after, second))
        if new is not old and any(path.startswith("comments/") for path in old.tree)
    )
    return first, second, notes


def _memory(project: str, folders: Iterable[Path]) -> State:
    for folder in folders:
        try:
            memory = read_state(folder, project)
        except Refused:  # of another project
            continue
        if any(memory.links.values()):
            return memory
    return State()


def _said(side: Side, links: LinkTable) -> Side:
    """Return a side in the keys of its links; the side itself if they are its own."""
    tree = side.tree
    if not any(links.values()):
        return side
    identity = linked(tree.identity, links, Identity()).identity
    found = rekeyed(tree, identity)
    if found.digests.items() <= tree.digests.items():
        return side
    others = {path: tree.digests[path] for path in tree if _is(path, Kind.PROJECT)}
    read = found.read
    return replace(
        side,
        tree=Tree(
            {**found.digests, **others}, lambda path: tree[path] if path in others else read(path), identity
        ),
    )


def _is(path: str, kind: Kind) -> bool:
    place = place_of(path)
    return place is not None and place[0] is kind


# What of one environment is not the same in another, and since when. Pure but for reading both sides.
#
# The one environment is the same in the other if a plan from here to there, with deletes, would find
# nothing to do, and nobody would see anything else: what a plan leaves to its target, what the server
# made of what a sync wrote, and what no plan can carry does not count. Comments and project settings do
# not count either. What is not the same one way may be so the other way: a grant whose role one side does
# not show is no reason to write there, but one to take it away.
#
# It is told from content alone. A target is taken to have every metric, person and group, whoever its
# server knows.

_OPTIONS = PlanOptions(delete=True)
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Differing:
    """An item that is not the same in two environments.

    Attributes:
        kind: of the item.
        key: of the item, in the common keys; "" for a kind that is one file.
        name: what people call it.
        status: what a plan would do to the other environment: `created` is what only this one has.
        since: when somebody last saved it, on either side; None if Lightdash does not tell.
    """

    kind: Kind
    key: str
    name: str
    status: Status
    since: datetime | None

    @property
    def item(self) -> str:
        """The item as the command line says it."""
        return f"{self.kind}:{self.key}" if self.key else str(self.kind)


@dataclass(frozen=True)
class Behind:
    """What of one environment is not the same in another.

    Attributes:
        items: oldest first, those of which nobody knows since when last.
        uncarried: how many items are on one side only, and no plan can make them on the other.
        same_named: how many items that only one side has are called like one that only the other has,
            where no sync has linked the two.
    """

    items: tuple[Differing, ...] = ()
    uncarried: int = 0
    same_named: int = 0

    @property
    def since(self) -> datetime | None:
        """The oldest time of the items; None if there is none."""
        return min((item.since for item in self.items if item.since), default=None)

    @property
    def counts(self) -> dict[Kind, Counter[Status]]:
        """How many of each kind, in the order of kinds."""
        found: dict[Kind, Counter[Status]] = {}
        for kind in Kind:
            if here := Counter(item.status for item in self.items if item.kind is kind):
                found[kind] = here
        return found


def _known_ways(memory: State) -> dict[str, tuple[str, str]]:
    """Return what the server, or a merge, is known to have made of what was wanted, and is to stay so."""
    return {**memory.settled, **memory.merged}


@dataclass
class _Way:
    """What a plan from one side to the other would find; both are in common keys.

    Attributes:
        new: the side that the plan would start from.
        old: the side that it would change.
        settled: what is remembered of that: path -> hashes of what was wanted, and of what was made of it.
        facts: what is known of it without asking its server.
        uncarried: items of one side only that no plan can make on the other.
    """

    new: Contents
    old: Contents
    old_tree: Tree
    settled: Mapping[str, tuple[str, str]]
    facts: TargetFacts
    uncarried: set[ItemKey] = field(default_factory=set)

    def status(self, item: ItemKey, after: Json, before: Json) -> Status | None:
        """Return what a plan would do to an item; None for nothing. Charts come before what delivers them.

        Args:
            item: kind and key.
            after: its content on the new side, None if it has none.
            before: its content on the old side.
        """
        if KINDS[item[0]].is_list:
            return self._list(item[0], after, before)
        if not isinstance(after, dict):
            return Status.DELETED if self._wanted(item, before, None, self.old) is not None else None
        wanted = self._wanted(item, after, before, self.new)
        if wanted is None:
            return None
        if before is None:
            return Status.CREATED
        return None if self._is_same(item, wanted, before) else Status.CHANGED

    def _wanted(self, item: ItemKey, content: Json, now: Json, mine: Contents) -> JsonObject | None:
        """Return an item as a plan would have it on the other side; None if it cannot be there."""
        if not isinstance(content, dict):
            return None
        found = resolve_desired(item, content, now, mine, self._can_show, self.facts, _OPTIONS)
        if found.content is None:
            self.uncarried.add(item)
        return found.content

    def _list(self, kind: Kind, after: Json, before: Json) -> Status | None:
        if not after:  # a plan is about what its source has
            return None
        wanted, _ = adapted_list(kind, after, before, self._can_show, self._is_on_both, self.facts, _OPTIONS)
        if same_content(kind, wanted, before, _OPTIONS):
            return None
        return Status.CHANGED if before else Status.CREATED

    def _can_show(self, item: ItemKey) -> bool:
        return item not in self.uncarried

    def _is_on_both(self, item: ItemKey) -> bool:
        return item in self.new.there and item in self.old.there

    def _is_same(self, item: ItemKey, wanted: JsonObject, now: Json) -> bool:
        """Whether there is nothing to write, also because the server made what it has of just this."""
        if same_content(item[0], wanted, now, _OPTIONS):
            return True
        path = file_of(*item)
        known = self.settled.get(path)
        return known == (sha256(settled_form(item[0], wanted)), self.old_tree.digests.get(path))


def compared(here: Keyed, there: Keyed) -> tuple[Behind, Behind]:
    """Return what of one environment is not the same in another, and the other way round.

    Raises:
        SnapshotError: a file that differs is not as it was written, or what is remembered is damaged.
    """
    mine, yours = matched(here, there)
    changes = difference(yours, mine, [Only(kind) for kind in PLANNED]).items
    contents = Contents(mine.tree), Contents(yours.tree)
    forth = _Way(*contents, yours.tree, _known_ways(there.memory), _facts(mine, yours))
    back = _Way(*contents[::-1], mine.tree, _known_ways(here.memory), _facts(yours, mine))
    strangers = _same_named(changes)
    if here.project == there.project or strangers <= _linked(here, there, contents):
        strangers = 0
    found: tuple[list[Differing], list[Differing]] = ([], [])
    for change in changes:
        item, since = (change.kind, change.key), _since(change, mine.tree, yours.tree)
        for way, items, sides in (
            (forth, found[0], (change.after, change.before)),
            (back, found[1], (change.before, change.after)),
        ):
            if status := way.status(item, *sides):
                items.append(Differing(*item, change.name, status, since))
    return _behind(found[0], forth, strangers), _behind(found[1], back, strangers)


def _behind(items: list[Differing], way: _Way, strangers: int) -> Behind:
    ordered = sorted(items, key=lambda one: (one.since or _LAST, [*Kind].index(one.kind), one.key))
    return Behind(tuple(ordered), len(way.uncarried), strangers)


def _facts(source: Side, target: Side) -> TargetFacts:
    """Return what content tells of a target; people have its spelling of their e-mail, where it has one."""
    new, old = source.tree, target.tree
    known = {email.casefold() for email in old.identity.people}
    others = [email for email in new.identity.people if email.casefold() not in known]
    return TargetFacts(
        people=dict.fromkeys([*old.identity.people, *others], ""),
        groups=dict.fromkeys([*old.identity.groups, *new.identity.groups], ""),
        palettes=frozenset((*old.identity.palettes, *new.identity.palettes)),
        lacks=Server(target.manifest.source.lightdash).cannot,
        source_lacks=source.lacks(),
    )


def _since(change: ItemChange, new: Tree, old: Tree) -> datetime | None:
    """Return when an item was last saved, on either side; None if nobody knows since when it differs.

    A version has no name, description or place: of an item that differs only in these, it tells nothing.
    """
    kind, after, before = change.kind, change.after, change.before
    if change.status is Status.CHANGED and of_version(kind, before) == of_version(kind, after):
        return None
    sides = ((new, after), (old, before))
    facts = (tree.identity.facts(kind, change.key) for tree, content in sides if content is not None)
    stamps = (version_stamp(kind, one) for one in facts)
    return max((stamp.time for stamp in stamps if stamp), default=None)


def _linked(here: Keyed, there: Keyed, contents: tuple[Contents, Contents]) -> int:
    """Return how many items of both sides a sync linked."""
    both = contents[0].there & contents[1].there
    links = {
        (kind, key)
        for side in (here, there)
        for kind, entries in side.memory.links.items()
        for key in entries
    }
    return len(both & links)


def _same_named(changes: Iterable[ItemChange]) -> int:
    """Return how many names of a kind only the one side has under a key, and only the other under another."""
    here, there = (
        {(one.kind, one.name) for one in changes if one.status is status and one.kind in LINKED}
        for status in (Status.CREATED, Status.DELETED)
    )
    return len(here & there)


@dataclass(frozen=True, slots=True)
class Looked:
    """What was looked at of an environment.

    Attributes:
        environment: its name.
        is_there: whether there is anything to compare.
        is_live: whether that is the project as it is now; else it is the snapshot on disk.
        project: name of the project; "" if nothing is there.
        exported: when its snapshot was last exported on this machine; None if that is not known, or live.
    """

    environment: str
    is_there: bool
    is_live: bool
    project: str = ""
    exported: datetime | None = None


@dataclass(frozen=True)
class Pair:
    """One environment beside another.

    Attributes:
        source: the environment whose items are looked for.
        target: the environment in which they are looked for.
        behind: what of the one is not the same in the other; None if one of them has no snapshot.
        is_upstream: whether Lightdash promotes from the source to the target.
    """

    source: str
    target: str
    behind: Behind | None
    is_upstream: bool = False


@dataclass(frozen=True)
class Standing:
    """How all environments stand to each other.

    Attributes:
        environments: in the order of the settings.
        pairs: every ordered pair of them.
        notes: what people should know of it.
    """

    environments: tuple[Looked, ...]
    pairs: tuple[Pair, ...]
    notes: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether any environment is known to be behind another."""
        return any(pair.behind and pair.behind.items for pair in self.pairs)

    def between(self, source: str, target: str) -> Pair:
        """Return one pair."""
        return next(pair for pair in self.pairs if (pair.source, pair.target) == (source, target))


def read_standing(environments: Environments, names: Sequence[str], *, live: bool) -> Standing:
    """Compare environments.

    Args:
        environments: what there is, and how it is reached.
        names: of those to compare, in the order in which they are told.
        live: read the projects as they are now; else nothing is sent.

    Raises:
        SnapshotError: a snapshot is damaged, or what is remembered of an environment.
        Incomplete: a project could not be read.
        Refused: the snapshot of an environment is of another project, or its token sees less by now.
        ApiError: a server cannot be reached, or a token is not accepted.
    """
    snapshots = tuple(environments.folders.values())
    with ExitStack() as stack:
        sides = {name: _side(stack, environments, name, live=live) for name in names}
        keyed = {name: Keyed(side, snapshots) for name, side in sides.items() if side is not None}
        behind: dict[tuple[str, str], Behind] = {}
        for one, other in combinations(keyed, 2):
            behind[one, other], behind[other, one] = compared(keyed[one], keyed[other])
    pairs = tuple(
        Pair(one, other, behind.get((one, other)), _promotes(sides[one], sides[other]))
        for one, other in permutations(names, 2)
    )
    return Standing(
        tuple(_looked(environments, name, side, live=live) for name, side in sides.items()),
        pairs,
        (*_gaps(sides), *_parts(sides), *_strangers(pairs), *_uncarried(pairs)),
    )


def _side(stack: ExitStack, environments: Environments, name: str, *, live: bool) -> Side | None:
    """Open an environment; None if it has no snapshot, and that is what is asked for."""
    if live:
        named = Named(SideKind.ENVIRONMENT, name, environment=name)
        return replace(stack.enter_context(opened(named, environments)), label=name)
    folder = environments.folders[name]
    put_back(folder)
    if not folder.is_dir() or not any(folder.iterdir()):
        return None
    named = Named(SideKind.DIRECTORY, str(folder), folder=str(folder))
    return replace(stack.enter_context(opened(named, environments)), label=name)


def _looked(environments: Environments, name: str, side: Side | None, *, live: bool) -> Looked:
    if side is None:
        return Looked(name, is_there=False, is_live=live)
    state = None if live else read_last_run(environments.folders[name])
    return Looked(
        name,
        is_there=True,
        is_live=live,
        project=side.manifest.source.project,
        exported=state.good if state else None,
    )


def _promotes(source: Side | None, target: Side | None) -> bool:
    if source is None or target is None:
        return False
    upstream = source.tree.identity.project.get("upstreamProjectUuid")
    return upstream is not None and upstream == target.tree.identity.project.get("uuid")


def _gaps(sides: dict[str, Side | None]) -> Iterator[str]:
    """Say which environments have no snapshot."""
    for name, side in sides.items():
        if side is None:
            yield (
                f"{name} has no snapshot: `lightdash-sync export --env {shlex.quote(name)}` makes one, "
                "and --live reads the project instead"
            )


def _parts(sides: dict[str, Side | None]) -> Iterator[str]:
    """Say which snapshots hold a part of their project."""
    for side in sides.values():
        if side is not None:
            yield from common_scope(side, side).notes[:1]


def _strangers(pairs: Sequence[Pair]) -> Iterator[str]:
    """Say which environments probably have the same items, though no sync has linked any."""
    for pair in _once(pairs):
        if pair.behind and (number := pair.behind.same_named):
            are = "1 item has" if number == 1 else f"{number} items have"
            yield (
                f"{pair.source} and {pair.target}: {are} the same name under other keys, counted as created "
                "and as deleted, because no sync has linked the two: `lightdash-sync link adopt --from "
                f"{shlex.quote(pair.source)} --to {shlex.quote(pair.target)} --by name --dry-run` shows what "
                "would be"
            )


def _uncarried(pairs: Sequence[Pair]) -> Iterator[str]:
    """Say what is not counted because no plan can carry it."""
    for pair in _once(pairs):
        if pair.behind and (number := pair.behind.uncarried):
            are = "1 item is" if number == 1 else f"{number} items are"
            yield (
                f"{pair.source} and {pair.target}: {are} in one of them only, and not counted, because no "
                "plan can make such items"
            )


def _once(pairs: Sequence[Pair]) -> Iterator[Pair]:
    """Yield one of the two directions of each pair: that in which Lightdash promotes, else the first."""
    seen: set[frozenset[str]] = set()
    upstream = {frozenset((pair.source, pair.target)) for pair in pairs if pair.is_upstream}
    for pair in pairs:
        both = frozenset((pair.source, pair.target))
        if both not in seen and (pair.is_upstream or both not in upstream):
            seen.add(both)
            yield pair
