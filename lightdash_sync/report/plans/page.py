"""A plan as one HTML file: no script, nothing from the network; dashboards are drawn before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.kinds import Kind
from lightdash_sync.plan.outlook import nothing
from lightdash_sync.report.diffs.board import legend
from lightdash_sync.report.diffs.document import between, document, items_html
from lightdash_sync.report.diffs.markup import tag
from lightdash_sync.report.parts.page import LISTED, alarm, counts_html, more, notes_html
from lightdash_sync.report.parts.phrases import VERBS
from lightdash_sync.report.plans.against import objections
from lightdash_sync.report.plans.told import REFUSED, Told, access_row, access_verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightdash_sync.plan.outlook import Look
    from lightdash_sync.plan.values import Plan
    from lightdash_sync.report.diffs.markup import Markup

_COLOURS = {"gains": "created", "loses": "deleted", "changes": "changed"}


def plan_html(plan: Plan, *, look: Look = nothing, every: bool = False) -> str:
    """Return a whole document, in UTF-8 once it is written.

    Args:
        plan: what to tell.
        look: content of the target that the plan leaves alone, for the names of spaces.
        every: tell changes that mean nothing to users, too.
    """
    told = Told(plan, look, every)
    return document(f"{told.title}: {plan.source} → {told.target}", _head(told), _main(told))


def _head(told: Told) -> Iterator[Markup]:
    yield tag("h1", told.title)
    yield between(told.plan.source, told.target)
    yield tag("p", told.totals)
    yield tag("p", f"digest {told.digest}", class_="quiet")
    yield from alarm(REFUSED, objections(told.plan))
    if not told.plan.is_empty:
        yield counts_html(told.counts, (*VERBS, "unchanged"))


def _main(told: Told) -> Iterator[Markup]:
    plan = told.plan
    if any(step.kind is Kind.DASHBOARD for step in plan.steps):
        yield legend()
    yield from items_html(told.section)
    yield from _access(told)
    yield from notes_html("Warnings", told.warnings)
    yield from notes_html("Left out", [f"{one.item}: {one.why}" for one in plan.left_out])
    yield from notes_html(
        "Linked by this plan", [f"{kind}:{key} = {uuid}" for kind, key, uuid in told.adopted]
    )


def _access(told: Told) -> Iterator[Markup]:
    if not told.plan.access:
        return
    titles = tag("tr", *(tag("th", title) for title in ("who", "", "where", "before", "after")))
    rows = [
        tag(
            "tr",
            *(tag("td", cell, class_="name") for cell in access_row(row)),
            class_=_COLOURS[access_verb(row)],
        )
        for row in told.plan.access[:LISTED]
    ]
    table = tag("table", tag("thead", titles), tag("tbody", *rows))
    yield tag("section", tag("h2", "Access"), table, *more(len(told.plan.access), "p"))
