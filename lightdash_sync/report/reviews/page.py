"""A review as one HTML file for whoever approves: first whether it may be run, then what it does.

No script, nothing from the network; dashboards are drawn before and after.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.kinds import Kind
from lightdash_sync.report.diffs.board import legend
from lightdash_sync.report.diffs.document import between, document, items_html
from lightdash_sync.report.diffs.markup import tag
from lightdash_sync.report.parts.page import LISTED, alarm, counts_html, more, notes_html, warning
from lightdash_sync.report.parts.phrases import VERBS
from lightdash_sync.report.reviews import told as words
from lightdash_sync.report.reviews.against import accepted, remarks, warnings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightdash_sync.promote.values import Review
    from lightdash_sync.report.diffs.markup import Markup


def review_html(review: Review, *, digest: str, every: bool = False) -> str:
    """Return a whole document, in UTF-8 once it is written.

    Args:
        review: what to tell.
        digest: of the review, in hexadecimal.
        every: tell changes that mean nothing to users, too.
    """
    told = words.Told(review, digest, every)
    return document(f"{words.TITLE}: {review.source} → {told.target}", _head(told), _main(told))


def _head(told: words.Told) -> Iterator[Markup]:
    yield tag("h1", words.TITLE)
    yield between(told.review.source, told.target)
    yield tag("p", told.totals)
    yield tag("p", f"{told.chosen}; digest {told.short}", class_="quiet name")
    if told.objections:
        yield from alarm(told.verdict, told.objections)
    else:
        yield tag("div", tag("h2", told.verdict), class_="alarm fine")
    yield from warning(words.ACCEPTED, accepted(told.review))
    yield from warning(words.WARNINGS, warnings(told.review))
    if told.review.effective:
        yield counts_html(told.counts, (*VERBS, "unchanged"))


def _main(told: words.Told) -> Iterator[Markup]:
    review = told.review
    yield from _calls(told)
    if review.effective:
        drawn = any(item.kind is Kind.DASHBOARD for item in review.effective)
        yield tag(
            "section",
            tag("h2", words.CHANGES),
            *([legend()] if drawn else []),
            *items_html(told.changed, "h3"),
        )
    if review.left_behind:
        yield tag(
            "section",
            tag("h2", words.LEFT_BEHIND),
            tag("p", words.NEVER_CARRIED),
            *items_html(told.left_behind, "h3"),
        )
    yield from _unchanged(told)
    yield from notes_html(words.NOTES, [*review.notes, *remarks(review)])


def _calls(told: words.Told) -> Iterator[Markup]:
    if told.calls:
        entries = [tag("li", call, class_="name") for call in told.calls[:LISTED]]
        yield tag("section", tag("h2", words.CALLS), tag("ol", *entries), *more(len(told.calls), "p"))
    yield from notes_html(words.NOT_CALLED, told.not_called)


def _unchanged(told: words.Told) -> Iterator[Markup]:
    if told.unchanged:
        folds = [
            tag(
                "details",
                tag("summary", said),
                tag("ul", *(tag("li", tag("code", name)) for name in names[:LISTED]), *more(len(names))),
                class_="item",
            )
            for said, names in told.unchanged
        ]
        yield tag("section", tag("h2", words.UNCHANGED), *folds)
