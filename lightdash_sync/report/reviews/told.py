"""What a review says, put in words once for all formats: its head, totals, items and calls."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lightdash_sync.model.changes import Status, edit
from lightdash_sync.model.kinds import KINDS, Kind
from lightdash_sync.promote.values import Word
from lightdash_sync.report.diffs import Section
from lightdash_sync.report.diffs.section import noun
from lightdash_sync.report.parts.phrases import amounts, counted, short_digest, told_target
from lightdash_sync.report.reviews.against import objections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightdash_sync.promote.values import Call, Review, Reviewed
    from lightdash_sync.report.parts.objections import Objections

TITLE = "Review of a promotion"
REFUSED = "This promotion will be refused"
ACCEPTED, WARNINGS, NOTES = "Accepted by name", "Warnings", "Notes"
CHANGES, CALLS, NOT_CALLED = (
    "What changes upstream",
    "What is promoted, in this order",
    "Not promoted, because nothing would change",
)
UNCHANGED = "Stays as it is upstream"
LEFT_BEHIND = "Left behind"
NEVER_CARRIED = (
    "These differ, and stay as they are: promotion passes over what is newer upstream or only moved, "
    "and never carries schedulers, tags, pins and the access of spaces (--via replay --with … does)."
)

_VERBS = {Status.CREATED: "create", Status.DELETED: "delete"}
_LEFT = {Status.CREATED: "missing", Status.CHANGED: "differs", Status.DELETED: "only upstream"}
_SAID = {
    Word.CREATE: "the server says create",
    Word.UPDATE: "the server says update",
    Word.SAME: "the server says no changes",
    Word.NOTHING: "the server says nothing of it",
}
_NAMES = 12  # in a sentence


@dataclass(frozen=True)
class Told:
    """A review in words.

    Attributes:
        review: the review.
        digest: its digest, whole.
        every: tell what means nothing to users too, and as much as there is.
    """

    review: Review
    digest: str
    every: bool = False

    @property
    def target(self) -> str:
        """Where it goes to."""
        return told_target(self.review.target)

    @property
    def short(self) -> str:
        """The beginning of the digest."""
        return short_digest(self.digest)

    @cached_property
    def objections(self) -> list[Objections]:
        """Why it will be refused, by reason."""
        return objections(self.review)

    @property
    def verdict(self) -> str:
        """Whether it may be run, in one sentence."""
        if reasons := sum(len(group.found) for group in self.objections):
            return f"{REFUSED}: {counted(reasons, 'reason')}."
        if self.review.is_empty:
            return "Nothing is to be promoted."
        return "Nothing stops this promotion."

    @property
    def chosen(self) -> str:
        """What was chosen, in words; may hold text from anywhere."""
        choice = self.review.selection
        named = [f"{Kind.DASHBOARD}:{key}" for key in choice.dashboards]
        named += [f"{Kind.CHART}:{key}" for key in choice.charts]
        named += [f"what is in {Kind.SPACE}:{key}" for key in choice.spaces]
        if named and not choice.all:
            return f"Chosen: {listed(named)}"
        return "Chosen: everything" if choice.all else "Chosen: everything that would change"

    @property
    def totals(self) -> str:
        """All counts in one line."""
        review = self.review
        left = [f"{len(review.left_behind)} left behind"] if review.left_behind else []
        if not review.effective:
            same = "it is" if len(review.items) == 1 else "they are"
            stay = f"{counted(len(review.items), 'item')} would stay as {same}"
            return "; ".join([f"Nothing would change upstream: {stay}", *left]) + "."
        verbs = Counter(self.verb(item) for item in review.effective)
        said = ", ".join([*amounts(verbs), f"{len(review.items) - len(review.effective)} unchanged"])
        calls = counted(sum(call.needed for call in review.calls), "call")
        return "; ".join([said, *left, calls])

    @property
    def counts(self) -> dict[Kind, Counter[str]]:
        """Kind -> how many items are created, updated and deleted, and how many stay unchanged."""
        found: dict[Kind, Counter[str]] = {kind: Counter() for kind in KINDS}
        for item in self.review.items:
            status = _VERBS.get(item.status, "update")
            found[item.kind][status if item.effective else "unchanged"] += 1
        return {kind: numbers for kind, numbers in found.items() if numbers}

    @property
    def changed(self) -> Section:
        """The items that become others, as a report of differences shows them."""
        items = self.review.effective
        marks = {(item.kind, item.key): self.mark(item) for item in items}
        return Section(
            title=TITLE,
            old=self.review.source,
            new=self.target,
            items=items,
            spaces=self.review.spaces,
            every=self.every,
            verbs={(item.kind, item.key): self.verb(item) for item in items},
            marks={place: mark for place, mark in marks.items() if mark},
        )

    @property
    def left_behind(self) -> Section:
        """What differs and is not carried, as a report of differences shows it."""
        items = self.review.left_behind
        return Section(
            title=LEFT_BEHIND,
            old=self.review.source,
            new=self.target,
            items=items,
            spaces=self.review.spaces,
            every=self.every,
            verbs={(item.kind, item.key): _LEFT[item.status] for item in items},
        )

    def verb(self, item: Reviewed) -> str:
        """Return what really happens to an item that becomes another, as people call it."""
        return _VERBS.get(item.status) or edit(item.changes)

    def mark(self, item: Reviewed) -> str:
        """Return what the server says of an item, where that is not what happens; else ""."""
        if item.status is Status.DELETED:
            return "the server does not say so" if item.said is Word.NOTHING else _SAID[item.said]
        expected = Word.CREATE if item.status is Status.CREATED else Word.UPDATE
        return "" if item.said is expected else _SAID[item.said]

    @property
    def unchanged(self) -> list[tuple[str, list[str]]]:
        """What stays as it is: how many of which the server says what, and their labels."""
        found: dict[Word, list[str]] = {}
        for item in self.review.items:
            if not item.effective:
                found.setdefault(item.said, []).append(item.item)
        return [
            (
                f"{counted(len(found[word]), 'item')} of which {_SAID[word].removesuffix(' of it')}",
                found[word],
            )
            for word in Word
            if word in found
        ]

    @property
    def calls(self) -> list[str]:
        """What is promoted, in order, each with how much goes along with it."""
        return [self._call(call) for call in self.review.calls if call.needed]

    @property
    def not_called(self) -> list[str]:
        """What was chosen and is not promoted, because nothing would become another."""
        return [self._named(call.item) for call in self.review.calls if not call.needed]

    def _call(self, call: Call) -> str:
        kinds = {item.item: item.kind for item in self.review.items}
        along = Counter(kinds[item] for item in {*call.items} - {call.item} if item in kinds)
        said = ", ".join(f"{along[kind]} {noun(kind, along[kind])}" for kind in KINDS if along[kind])
        return self._named(call.item) + (f", with {said}" if said else "")

    def _named(self, item: str) -> str:
        name = self._names.get(item, "")
        return f"{item} ({name})" if name else item

    @cached_property
    def _names(self) -> dict[str, str]:
        return {item.item: item.name for item in self.review.items if item.name != item.key}


def listed(names: Sequence[str]) -> str:
    """Return some names in one line, and how many more there are."""
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more
