"""Who is behind where: every environment compared with every other.

Each is read once: its snapshot on disk, without any request, or the project as it is now. Nothing is
written, neither on disk nor on a server.
"""

from __future__ import annotations

import shlex
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from typing import TYPE_CHECKING

from lightdash_sync.export.state import read_state
from lightdash_sync.sides import Named, SideKind, common_scope, opened
from lightdash_sync.snapshot.write import put_back
from lightdash_sync.sync.alike import Keyed
from lightdash_sync.sync.behind import Behind, compared

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from lightdash_sync.sides import Environments, Side


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
    state = None if live else read_state(environments.folders[name])
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
