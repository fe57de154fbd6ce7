"""What of one environment is not the same in another, and since when. Pure but for reading both sides.

The one environment is the same in the other if a plan from here to there, with deletes, would find nothing
to do, and nobody would see anything else: what a plan leaves to its target, what the server made of what a
sync wrote, and what no plan can carry does not count. Comments and project settings do not count either.
What is not the same one way may be so the other way: a grant whose role one side does not show is no reason
to write there, but one to take it away.

It is told from content alone. A target is taken to have every metric, person and group, whoever its server
knows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lightdash_sync.client.capabilities import Server
from lightdash_sync.model.authorship import of_version, version_stamp
from lightdash_sync.model.canonical import sha256
from lightdash_sync.model.changes import Status
from lightdash_sync.model.kinds import KINDS, Kind
from lightdash_sync.model.rekey import file_of
from lightdash_sync.plan.keys import LINKED
from lightdash_sync.plan.lists import adapted_list
from lightdash_sync.plan.managed import same_content, settled_form
from lightdash_sync.plan.options import Facts, Options
from lightdash_sync.plan.scope import PLANNED, Contents
from lightdash_sync.plan.wanted import wanted_item
from lightdash_sync.sides import Only, difference
from lightdash_sync.sync.alike import matched

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.model.changes import ItemChange
    from lightdash_sync.model.tree import Tree
    from lightdash_sync.plan.options import Item
    from lightdash_sync.sides import Side
    from lightdash_sync.sync.alike import Keyed
    from lightdash_sync.sync.memory import Memory

_OPTIONS = Options(delete=True)
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


def _known_ways(memory: Memory) -> dict[str, tuple[str, str]]:
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
    facts: Facts
    uncarried: set[Item] = field(default_factory=set)

    def status(self, item: Item, after: Json, before: Json) -> Status | None:
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

    def _wanted(self, item: Item, content: Json, now: Json, mine: Contents) -> JsonObject | None:
        """Return an item as a plan would have it on the other side; None if it cannot be there."""
        if not isinstance(content, dict):
            return None
        found = wanted_item(item, content, now, mine, self._can_show, self.facts, _OPTIONS)
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

    def _can_show(self, item: Item) -> bool:
        return item not in self.uncarried

    def _is_on_both(self, item: Item) -> bool:
        return item in self.new.there and item in self.old.there

    def _is_same(self, item: Item, wanted: JsonObject, now: Json) -> bool:
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


def _facts(source: Side, target: Side) -> Facts:
    """Return what content tells of a target; people have its spelling of their e-mail, where it has one."""
    new, old = source.tree, target.tree
    known = {email.casefold() for email in old.identity.people}
    others = [email for email in new.identity.people if email.casefold() not in known]
    return Facts(
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
