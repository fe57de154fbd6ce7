"""A first backup with a past: each state that the snapshot tells of becomes a step of its own, oldest first.

The first step holds what has no author and refers to nothing else: the project, spaces, tags, metric icons,
and dashboards that others refer to, still empty. Then each version of a chart, each SQL chart and each
dashboard comes at its time, by its author. Pins, comments and schedulers come last. Every step is a whole
snapshot: its identity map and manifest say what was there then, as far as it is known; the last one is the
snapshot itself, byte for byte.

Every step has an identity map and a manifest of its own, so the whole grows with the square of the project.
Where all of them together would be more than `BUDGET`, the steps of one person are gathered: those of one
day, else of one month, else of one year, else all; never two versions of one chart, so that each of them is
in a commit of its author. A gathered step has the time of its last state.

What comes first of an item is its oldest version that is known: it need not have been made then, so it is
*first seen*, and each commit says that it tells of before (`BACKFILLED`).

Not promised: the order of git is that of the times. What refers to something younger waits for it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from lightdash_sync.backup.order import in_order
from lightdash_sync.backup.past import states
from lightdash_sync.backup.steps import Step, files_of, whole
from lightdash_sync.model.canonical import sha256
from lightdash_sync.model.identity import Identity
from lightdash_sync.model.kinds import KINDS
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST, parse_path
from lightdash_sync.snapshot.read import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lightdash_sync.backup.past import Item, State
    from lightdash_sync.git import Content
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.kinds import Kind
    from lightdash_sync.snapshot.manifest import Manifest

BUDGET = 4 * 2**30
"""Bytes of identity maps and manifests that all steps together may have before steps are gathered."""

_ALIKE = (None, len("2026-03-02"), len("2026-03"), len("2026"), 0)


def backfill(new: Path, budget: int = BUDGET) -> Iterator[Step]:
    """Yield the steps in which a snapshot came to be; the last is the snapshot itself.

    Args:
        new: directory of the snapshot, which has passed `verify`.
        budget: bytes of identity maps and manifests that all steps together may have.

    Raises:
        SnapshotError: a file is not as it was written.
    """
    snapshot = Snapshot(new)
    identity = snapshot.identity()
    known = states(snapshot, identity)
    size = sum((new / path).stat().st_size for path in (IDENTITY, MANIFEST))
    batches = _gathered(known, size, budget)
    sidecars = _Sidecars(snapshot.manifest, identity, batches)
    told = {(item.kind, item.key): item for item in whole(new).happened}
    files: dict[str, Content] = {}
    for number, batch in enumerate(batches, 1):
        files |= {path: file.content for state in batch for path, file in state.files.items()}
        beside = {IDENTITY: partial(sidecars.identity, number), MANIFEST: partial(sidecars.manifest, number)}
        yield Step(
            files=files_of(new) if number == len(batches) else {**files, **beside},
            people=_people(batch),
            time=max((state.time for state in batch if state.time), default=None),
            happened=[
                replace(told[state.item], verb="first seen" if state.is_first else "updated")
                for state in sorted(batch, key=lambda state: state.item)
            ],
            is_past=True,
        )
    if not batches:
        yield whole(new)


def _gathered(known: Sequence[State], size: int, budget: int) -> list[list[State]]:
    """Return the states that make a step each, gathered as far as the budget asks for.

    Args:
        known: all states.
        size: bytes of the last step's identity map and manifest; what an earlier one has of these bytes
            is taken to be what it has of the states.
        budget: bytes.
    """
    batches: list[list[State]] = []
    for alike in _ALIKE:
        batches = list(in_order(known, alike))
        there, total = 0, 0
        for batch in batches:
            there += len(batch)
            total += size * there // len(known)
        if total <= budget:
            break
    return batches


def _people(batch: Sequence[State]) -> tuple[str, ...]:
    """Return who has a part in a step, each once, by their last state."""
    signed = [(state.time, state.person) for state in batch if state.time and state.person]
    return tuple(dict.fromkeys(person for _, person in sorted(signed, reverse=True)))[::-1]


@dataclass
class _Sidecars:
    """`identity.json` and `snapshot.json` of each step (the first is 1), made when they are asked for.

    All of them at once would fill the memory. They are asked for in the order of the steps, more than
    once: going on by a step is cheap, going back means to begin again.
    """

    final: Manifest
    known: Identity
    batches: Sequence[Sequence[State]]
    at: int = 0
    items: dict[Kind, dict[str, JsonObject]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    digests: dict[int, str] = field(default_factory=dict)

    def identity(self, number: int) -> bytes:
        """Return the identity map of a step."""
        self._go(number)
        data = replace(self.known, items=self.items).to_bytes()
        self.digests[number] = sha256(data)
        return data

    def manifest(self, number: int) -> bytes:
        """Return the manifest of a step."""
        if number not in self.digests:
            self.identity(number)
        self._go(number)
        return self.final.model_copy(
            update={
                "files": {**self.files, IDENTITY: self.digests[number]},
                "counts": dict(sorted(self.counts.items())),
            }
        ).to_bytes()

    def _go(self, number: int) -> None:
        if number < self.at or not self.at:
            self._begin()
        for batch in self.batches[self.at : number]:
            for state in batch:
                kind, key = state.item
                if state.facts is not None:
                    self.items.setdefault(kind, {})[key] = state.facts
                for path, file in state.files.items():
                    self._count(path)
                    self.files[path] = file.sha
        self.at = number

    def _begin(self) -> None:
        """Begin with what has no file: a snapshot of a part knows items that it does not hold."""
        held: set[Item] = {state.item for batch in self.batches for state in batch}
        self.items = {
            kind: {key: facts for key, facts in entries.items() if (kind, key) not in held}
            for kind, entries in self.known.items.items()
        }
        self.files = {}
        self.counts = Counter()
        self.at = 0

    def _count(self, path: str) -> None:
        place = parse_path(path)
        if place is None or path in self.files:
            return
        if KINDS[place.kind].is_list:
            self.counts[place.kind.value] = self.final.counts.get(place.kind, 0)
        else:
            self.counts[place.counted] += 1
