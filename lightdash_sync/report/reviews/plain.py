"""A review as text for a terminal: first what stops it, then what it does, then what to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from lightdash_sync.report.diffs.plain import items_text
from lightdash_sync.report.parts.plain import notes_text, objections_text
from lightdash_sync.report.reviews import told as words
from lightdash_sync.report.reviews.against import accepted, remarks, warnings
from lightdash_sync.report.shown import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from lightdash_sync.promote.values import Review


def review_text(review: Review, out: Console, *, digest: str, every: bool = False) -> None:
    """Print a review.

    Args:
        review: what to tell.
        out: where to; from `terminal.console`, which takes every text literally.
        digest: of the review, in hexadecimal.
        every: show what means nothing to users too, and as much as there is.
    """
    told = words.Told(review, digest, every)
    for line in _above(told):
        out.print(line)
    if review.effective:
        out.print()
        out.print(Text(words.CHANGES, style="bold"))
        items_text(told.changed, out)
    if review.left_behind:
        out.print()
        out.print(Text(words.LEFT_BEHIND, style="bold"))
        out.print(Text(f"  {words.NEVER_CARRIED}"))
        items_text(told.left_behind, out)
    for line in _below(told):
        out.print(line)


def _above(told: words.Told) -> Iterator[Text]:
    review, every = told.review, told.every
    arrow = Text.assemble((shown(review.source), "bold"), " → ", (shown(told.target), "bold"))
    yield Text.assemble(f"{words.TITLE}: ", arrow)
    yield Text(shown(told.chosen))
    yield Text.assemble(f"{told.totals}  ", (f"digest {shown(told.short)}", "dim"))
    yield from objections_text(words.REFUSED, told.objections, every=every)
    yield from objections_text(words.ACCEPTED, accepted(review), every=every, colour="yellow")
    yield from objections_text(words.WARNINGS, warnings(review), every=every, colour="yellow")
    calls = [f"{number}. {call}" for number, call in enumerate(told.calls, 1)]
    yield from notes_text(words.CALLS, calls, every=every)
    yield from notes_text(words.NOT_CALLED, told.not_called, every=every)


def _below(told: words.Told) -> Iterator[Text]:
    same = [
        f"{said}: {', '.join(names) if told.every else words.listed(names)}" for said, names in told.unchanged
    ]
    yield from notes_text(words.UNCHANGED, same, every=told.every)
    yield from notes_text(words.NOTES, [*told.review.notes, *remarks(told.review)], every=told.every)
    yield Text()
    yield Text(told.verdict, style="bold red" if told.objections else "bold green")
