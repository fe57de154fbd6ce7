"""A plan as one HTML file: no script, nothing from the network; dashboards are drawn before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.kinds import Kind
from lightdash_sync.plan.outlook import nothing
from lightdash_sync.report.diffs.board import legend
from lightdash_sync.report.diffs.document import between, document, items_html
from lightdash_sync.report.diffs.markup import Markup, joined, tag
from lightdash_sync.report.diffs.section import noun
from lightdash_sync.report.plans.against import objections
from lightdash_sync.report.plans.told import REFUSED, VERBS, Told, access_row, access_verb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lightdash_sync.plan.outlook import Look
    from lightdash_sync.plan.values import Plan
    from lightdash_sync.report.plans.against import Objection, Objections

_LISTED = 500  # objections of a reason, rows of access, notes
_LINES, _HINTS = 20, 20  # of an objection
_CLASSES = {
    "create": "number created",
    "update": "number changed",
    "delete": "number deleted",
    "unchanged": "number",
}
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
    yield from _refusals(told)
    if not told.plan.is_empty:
        yield _counts(told)


def _refusals(told: Told) -> Iterator[Markup]:
    if groups := objections(told.plan):
        yield tag(
            "div", tag("h2", REFUSED), *(_group(group) for group in groups), class_="alarm", role="alert"
        )


def _group(group: Objections) -> Markup:
    found = [_objection(one) for one in group.found[:_LISTED]]
    return joined(tag("h3", group.title), tag("ul", *found, *_more(len(group.found))))


def _objection(one: Objection) -> Markup:
    head = [tag("code", one.item), " "] if one.item else []
    head += [tag("span", one.name, class_="title name"), " "] if one.name else []
    parts = [*head, tag("span", one.what, class_="name")]
    for heading, lines in one.details:
        entries = [tag("li", line, class_="name") for line in lines[:_LINES]]
        if len(lines) > _LINES:
            entries.append(tag("li", f"… and {len(lines) - _LINES} more", class_="quiet"))
        parts += [tag("p", f"{heading}:", class_="quiet"), tag("ul", *entries)] if entries else []
    for option, does in one.hints[:_HINTS]:
        parts.append(tag("p", tag("code", option), f" {does}", class_="quiet"))
    return tag("li", *parts)


def _counts(told: Told) -> Markup:
    columns = (*VERBS, "unchanged")
    titles = tag("tr", tag("th", ""), *(tag("th", name, scope="col") for name in columns))
    rows = [
        tag(
            "tr",
            tag("th", noun(kind, 2), scope="row"),
            *(tag("td", str(found[name] or ""), class_=_CLASSES[name]) for name in columns),
        )
        for kind, found in told.counts.items()
    ]
    return tag("table", tag("thead", titles), tag("tbody", *rows))


def _main(told: Told) -> Iterator[Markup]:
    plan = told.plan
    if any(step.kind is Kind.DASHBOARD for step in plan.steps):
        yield legend()
    yield from items_html(told.section)
    yield from _access(told)
    yield from _notes("Warnings", told.warnings)
    yield from _notes("Left out", [f"{one.item}: {one.why}" for one in plan.left_out])
    yield from _notes("Linked by this plan", [f"{kind}:{key} = {uuid}" for kind, key, uuid in told.adopted])


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
        for row in told.plan.access[:_LISTED]
    ]
    table = tag("table", tag("thead", titles), tag("tbody", *rows))
    yield tag("section", tag("h2", "Access"), table, *_more(len(told.plan.access), "p"))


def _notes(title: str, lines: Sequence[str]) -> Iterator[Markup]:
    if lines:
        found = [tag("li", line, class_="name") for line in lines[:_LISTED]]
        yield tag("section", tag("h2", title), tag("ul", *found, *_more(len(lines))))


def _more(number: int, element: str = "li") -> list[Markup]:
    return [tag(element, f"… and {number - _LISTED} more", class_="quiet")] if number > _LISTED else []
