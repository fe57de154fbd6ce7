"""What a report of differences is about. `plan` and `diff` both fill it; renderers only read it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from lightdash_sync.model.changes import Status
from lightdash_sync.model.kinds import KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lightdash_sync.model.canonical import Json
    from lightdash_sync.model.changes import Change


class Item(Protocol):
    """One item that differs, such as `model.changes.ItemChange`."""

    @property
    def kind(self) -> Kind:
        """Of the item."""

    @property
    def key(self) -> str:
        """Of the item; "" for a kind that is one file."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def space(self) -> str:
        """The key of its space; "" if it has none."""

    @property
    def status(self) -> Status:
        """What became of it."""

    @property
    def before(self) -> Json | None:
        """Its content in the old tree, or None."""

    @property
    def after(self) -> Json | None:
        """Its content in the new tree, or None."""

    @property
    def changes(self) -> list[Change]:
        """What differs."""


@dataclass(frozen=True)
class Section:
    """What differs between two sides.

    Attributes:
        title: what the report is.
        old: label of the old side.
        new: label of the new side.
        items: by kind and key; their content must be readable.
        quiet: how many items differ only in what means nothing to users.
        spaces: key -> name of spaces.
        notes: what people should know of it.
        every: show what means nothing to users too, and as much as there is.
        verbs: kind and key of an item -> what happens to it, where the word of its status does not say that.
        marks: kind and key of an item -> what else is to be known of it.
    """

    title: str
    old: str
    new: str
    items: Sequence[Item]
    quiet: int = 0
    spaces: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    every: bool = False
    verbs: Mapping[tuple[Kind, str], str] = field(default_factory=dict)
    marks: Mapping[tuple[Kind, str], str] = field(default_factory=dict)

    def word(self, item: Item) -> str:
        """Return what happens to an item, in one word."""
        return self.verbs.get((item.kind, item.key), item.status.value)

    def mark(self, item: Item) -> str:
        """Return what else is to be known of an item; mostly ""."""
        return self.marks.get((item.kind, item.key), "")

    def told(self, item: Item) -> list[Change]:
        """Return the changes of an item that are to be shown."""
        return [change for change in item.changes if self.every or not change.quiet]

    @property
    def counts(self) -> dict[Kind, Counter[Status]]:
        """How many items of each kind were created, changed and deleted; in the order of kinds."""
        found: dict[Kind, Counter[Status]] = {}
        for item in sorted(self.items, key=lambda item: [*KINDS].index(item.kind)):
            found.setdefault(item.kind, Counter())[item.status] += 1
        return found

    @property
    def groups(self) -> list[tuple[str, list[Item]]]:
        """The items by space: heading and items, spaces by name, what has no space last."""
        found: dict[str, list[Item]] = {}
        for item in self.items:
            found.setdefault(item.space, []).append(item)
        order = sorted(found, key=lambda space: (not space, self.spaces.get(space, space).casefold(), space))
        return [(self._heading(space), found[space]) for space in order]

    def _heading(self, space: str) -> str:
        if not space:
            return "Project"
        name = self.spaces.get(space, space)
        return f"{name} ({space})" if name != space else name

    @property
    def totals(self) -> str:
        """All counts in one line."""
        total = sum(self.counts.values(), Counter[Status]())
        if not total:
            return "No differences."
        return ", ".join(f"{total[status]} {status}" for status in Status if total[status])

    @property
    def hidden(self) -> str:
        """What is not shown, in one sentence; "" if everything is."""
        if not self.quiet or self.every:
            return ""
        items, differ = ("item", "differs") if self.quiet == 1 else ("items", "differ")
        return f"{self.quiet} {items} {differ} only in what users do not see (--all tells)."


def label(item: Item) -> str:
    """Return how an item is called on the command line."""
    return f"{item.kind}:{item.key}" if item.key else str(item.kind)


def own_name(item: Item) -> str:
    """Return the name of an item; "" if that says no more than its label."""
    return "" if item.name in (item.key, item.kind) else item.name


def noun(kind: Kind, number: int) -> str:
    """Return what a number of items of a kind are called."""
    return KINDS[kind].noun[0 if number == 1 else 1]


def created_or_deleted(item: Item) -> bool:
    """Whether an item is on one side only, so that there are no changes to tell."""
    return item.status is not Status.CHANGED
