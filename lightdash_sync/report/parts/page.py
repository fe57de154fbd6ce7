"""What speaks against something, counts and notes, as parts of an HTML document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.report.diffs.markup import Markup, joined, tag
from lightdash_sync.report.diffs.section import noun

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lightdash_sync.model.kinds import Kind
    from lightdash_sync.report.parts.objections import Objection, Objections

LISTED = 500  # objections of a reason, rows of a table, notes
_LINES, _HINTS = 20, 20  # of an objection
_CLASSES = {
    "create": "number created",
    "update": "number changed",
    "delete": "number deleted",
}


def alarm(title: str, groups: Sequence[Objections]) -> Iterator[Markup]:
    """Yield a box with what is refused, by reason; nothing if nothing is."""
    if groups:
        yield tag("div", *_objections(title, groups), class_="alarm", role="alert")


def warning(title: str, groups: Sequence[Objections]) -> Iterator[Markup]:
    """Yield a box with what is to be known, by reason; nothing if nothing is."""
    if groups:
        yield tag("div", *_objections(title, groups), class_="alarm mild")


def _objections(title: str, groups: Sequence[Objections]) -> list[Markup]:
    return [tag("h2", title), *(_group(group) for group in groups)]


def _group(group: Objections) -> Markup:
    found = [_objection(one) for one in group.found[:LISTED]]
    return joined(tag("h3", group.title), tag("ul", *found, *more(len(group.found))))


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


def counts_html(counts: Mapping[Kind, Mapping[str, int]], columns: Sequence[str]) -> Markup:
    """Return a table of how many items of each kind have which fate.

    Args:
        counts: kind -> fate -> how many.
        columns: the fates, in order.
    """
    titles = tag("tr", tag("th", ""), *(tag("th", name, scope="col") for name in columns))
    rows = [
        tag(
            "tr",
            tag("th", noun(kind, 2), scope="row"),
            *(tag("td", str(found.get(name) or ""), class_=_CLASSES.get(name, "number")) for name in columns),
        )
        for kind, found in counts.items()
    ]
    return tag("table", tag("thead", titles), tag("tbody", *rows))


def notes_html(title: str, lines: Sequence[str]) -> Iterator[Markup]:
    """Yield lines of text from anywhere below a title; nothing if there are none."""
    if lines:
        found = [tag("li", line, class_="name") for line in lines[:LISTED]]
        yield tag("section", tag("h2", title), tag("ul", *found, *more(len(lines))))


def more(number: int, element: str = "li") -> list[Markup]:
    """Return how many of a number are not listed, as an element; nothing if all are."""
    return [tag(element, f"… and {number - LISTED} more", class_="quiet")] if number > LISTED else []
