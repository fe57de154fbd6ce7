"""A review as Markdown for a comment on a pull request: what stops it first, and all of it bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.report.diffs.markdown import MAX_CHARACTERS, inert, items_markdown
from lightdash_sync.report.parts.markdown import (
    LABEL,
    counts_markdown,
    fitting,
    notes_markdown,
    objections_markdown,
)
from lightdash_sync.report.parts.phrases import VERBS
from lightdash_sync.report.reviews import told as words
from lightdash_sync.report.reviews.against import accepted, remarks, warnings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightdash_sync.promote.values import Review

# Characters of a part; the items get what the others leave.
_AGAINST, _WARNINGS, _CALLS, _LEFT_BEHIND = 16_000, 6_000, 4_000, 8_000


def review_markdown(review: Review, *, digest: str, every: bool = False) -> str:
    """Return a review as Markdown of at most `diffs.MAX_CHARACTERS`.

    Args:
        review: what to tell.
        digest: of the review, in hexadecimal.
        every: tell changes that mean nothing to users, too.
    """
    told = words.Told(review, digest, every)
    above, below = "".join(_above(told)), "".join(_below(told))
    return above + items_markdown(told.changed, MAX_CHARACTERS - len(above) - len(below)) + below


def _above(told: words.Told) -> Iterator[str]:
    review = told.review
    yield f"### {words.TITLE}\n\n"
    yield f"{inert(review.source, LABEL)} → {inert(told.target, LABEL)}\n\n"
    yield f"{told.totals} (digest {inert(told.short, LABEL)})\n\n"
    yield f"{inert(told.chosen, LABEL)}\n"
    yield from objections_markdown(f"🛑 {told.verdict}", told.objections, _AGAINST)
    if not told.objections:
        yield f"\n#### ✅ {told.verdict}\n"
    yield from objections_markdown(words.ACCEPTED, accepted(review), _WARNINGS)
    yield from objections_markdown(f"⚠️ {words.WARNINGS}", warnings(review), _WARNINGS)
    if review.effective:
        yield counts_markdown(told.counts, (*VERBS, "unchanged"))
    yield from _calls(told)
    if review.effective:
        yield f"\n### {words.CHANGES}\n"


def _calls(told: words.Told) -> Iterator[str]:
    if told.calls:
        yield f"\n#### {words.CALLS}\n\n"
        entries = [f"{number}. {inert(call, LABEL)}\n" for number, call in enumerate(told.calls, 1)]
        yield from fitting(entries, _CALLS, separate=True)
    yield from notes_markdown(words.NOT_CALLED, told.not_called)


def _below(told: words.Told) -> Iterator[str]:
    if told.review.left_behind:
        yield f"\n### {words.LEFT_BEHIND}\n\n{words.NEVER_CARRIED}\n"
        yield items_markdown(told.left_behind, _LEFT_BEHIND)
    same = [f"{said}: {words.listed(names)}" for said, names in told.unchanged]
    yield from notes_markdown(words.UNCHANGED, same)
    yield from notes_markdown(words.NOTES, [*told.review.notes, *remarks(told.review)])
