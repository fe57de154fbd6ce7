"""Renders a report as one HTML file: no scripts, no network access, light and dark, wide and narrow."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from lightdash_sync.changes.items import Status
from lightdash_sync.changes.texts import Sign, texts
from lightdash_sync.changes.wording import words
from lightdash_sync.content.kinds import Kind
from lightdash_sync.report.layout_drawing import draw_layouts, legend
from lightdash_sync.report.markup import Markup, joined, raw_style, tag
from lightdash_sync.report.stylesheet import CSS
from lightdash_sync.report.value import (
    Alert,
    Counts,
    Items,
    Matrix,
    NameLists,
    Notes,
    Table,
    Tone,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lightdash_sync.changes.change import Change
    from lightdash_sync.report.value import Block, Finding, FindingGroup, Hint, ItemGroup, Report, ReportItem

LISTED = 500  # findings of a reason, rows of a table, notes
_LINES, _HINTS = 20, 20  # of a finding
_ITEMS, _CHANGES = 2000, 200
_CHARACTERS = 10_000_000  # of all items; then they stand without their changes
_DRAWN = 200  # dashboards
_SIGNS = {Sign.ADDED: "added", Sign.REMOVED: "removed", Sign.KEPT: "kept", Sign.LEFT_OUT: "left-out"}
_STATUS_OF = {"create": Status.CREATED, "update": Status.CHANGED, "delete": Status.DELETED}
_ROWS = {
    Tone.GOOD: "created",
    Tone.BAD: "deleted",
    Tone.WARNING: "changed",
    Tone.QUIET: "quiet",
    Tone.INFO: "",
}


def render_html(report: Report) -> str:
    """Return a whole document, which must be written in UTF-8.

    It has the style sheet of all reports, and a content security policy that allows only that.
    """
    allowed = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{allowed}'; base-uri 'none'; form-action 'none'"
    arrow = f": {report.source} → {report.target}" if report.target else ""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{report.title}{arrow}"),
        raw_style(CSS),
    )
    blocks = [part for block in report.blocks for part in _block(block)]
    body = tag("body", tag("header", *_head(report)), tag("main", *blocks))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _head(report: Report) -> Iterator[Markup]:
    yield tag("h1", report.title)
    if report.target:
        old, new = tag("b", report.source, class_="name"), tag("b", report.target, class_="name")
        yield tag("p", old, " → ", new, class_="between")
    if report.totals:
        yield tag("p", report.totals)
    if report.lead or report.digest:
        parts = [report.lead, f"digest {report.digest}" if report.digest else ""]
        yield tag("p", "; ".join(filter(None, parts)), class_="quiet name")
    if report.facts:
        yield tag("p", report.facts, class_="quiet")
    if report.verdict and report.tone is Tone.GOOD:
        yield tag("div", tag("h2", report.verdict), class_="alarm fine")


def _block(block: Block) -> Iterator[Markup]:
    match block:
        case Alert():
            yield from _alert(block)
        case Counts():
            yield from _counts(block)
        case Items():
            yield from _items(block)
        case Table():
            yield from _table(block)
        case Matrix():
            yield from _matrix(block)
        case NameLists():
            yield from _name_lists(block)
        case Notes():
            yield from _notes(block)


def _more(number: int, element: str = "li") -> list[Markup]:
    """Return the number of entries that are not listed, as an element; empty if all are listed."""
    return [tag(element, f"… and {number - LISTED} more", class_="quiet")] if number > LISTED else []


# --- findings ---


def _alert(alert: Alert) -> Iterator[Markup]:
    """Yield a box with findings by reason; nothing if there are none."""
    if not alert.total:
        return
    title = [tag("h2", alert.title)] if alert.title else []
    parts = [*title, *(_group(group) for group in alert.groups if group.findings)]
    if alert.title and alert.tone is Tone.BAD:
        yield tag("div", *parts, class_="alarm", role="alert")
    elif alert.title:
        yield tag("div", *parts, class_="alarm mild")
    else:
        yield tag("section", *parts)


def _group(group: FindingGroup) -> Markup:
    entries: list[Markup] = []
    left = LISTED
    for cluster in group.clusters:
        if left <= 0:
            break
        if len(cluster.findings) == 1:
            entries.append(_finding(cluster.findings[0], cluster.hints))
        else:
            entries += [_finding(one, one.hints) for one in cluster.findings[:left]]
            if cluster.hints:
                head = tag("p", f"For each of these {len(cluster.findings)}:", class_="quiet")
                entries.append(tag("li", head, *_hints(cluster.hints)))
        left -= len(cluster.findings)
    title = tag("h3", group.title) if group.title else Markup("")
    return joined(title, tag("ul", *entries, *_more(len(group.findings))))


def _finding(one: Finding, hints: Sequence[Hint]) -> Markup:
    parts: list[Markup | str] = [f"{one.mark} "] if one.mark else []
    parts += [tag("code", one.item), " "] if one.item else []
    parts += [tag("span", one.name, class_="title name"), " "] if one.name else []
    parts.append(tag("span", one.what, class_="name"))
    for detail in one.details:
        entries = [tag("li", line, class_="name") for line in detail.lines[:_LINES]]
        if len(detail.lines) > _LINES:
            entries.append(tag("li", f"… and {len(detail.lines) - _LINES} more", class_="quiet"))
        heading = [tag("p", f"{detail.heading}:", class_="quiet")] if detail.heading else []
        parts += [*heading, tag("ul", *entries)] if entries else []
    return tag("li", *parts, *_hints(hints))


def _hints(hints: Sequence[Hint]) -> list[Markup]:
    return [
        tag("p", *((tag("code", one.command), " ") if one.option else ()), one.effect, class_="quiet")
        for one in hints[:_HINTS]
    ]


# --- items ---


def _items(block: Items) -> Iterator[Markup]:
    """Yield the items by group, each with its changes, and dashboards with the layout before and after."""
    if not block.groups:
        return
    parts = [legend()] if any(_is_drawn(item) for group in block.groups for item in group.items) else []
    parts += _groups(block, "h3" if block.title else "h2")
    if not block.title:
        yield from parts
        return
    intro = [tag("p", block.intro)] if block.intro else []
    yield tag("section", tag("h2", block.title), *intro, *parts)


def _is_drawn(item: ReportItem) -> bool:
    return item.kind is Kind.DASHBOARD and (item.before is not None or item.after is not None)


def _groups(block: Items, heading: str) -> Iterator[Markup]:
    left, room, drawn = _ITEMS, _CHARACTERS, 0
    for group in block.groups:
        parts = []
        for item in group.items[: max(left, 0)]:
            drawn += _is_drawn(item)
            parts.append(_item(item, draw=drawn <= _DRAWN) if room > 0 else _headline(item))
            room -= len(parts[-1])
        left -= len(group.items)
        if parts:
            yield _item_group(group, parts, heading, is_folded=block.is_folded)
    if room <= 0:
        yield tag("p", "The report would be too long: the last items stand without changes.", class_="quiet")
    if left < 0:
        yield tag("p", f"… and {-left} more items.", class_="quiet")


def _item_group(group: ItemGroup, parts: list[Markup], heading: str, *, is_folded: bool) -> Markup:
    intro = [tag("p", group.intro, class_="quiet")] if group.intro else []
    more = [tag("p", f"… and {group.more} more", class_="quiet")] if group.more else []
    if is_folded:
        return tag(
            "details", tag("summary", group.heading, class_="name"), *intro, *parts, *more, class_="item"
        )
    return tag("section", tag(heading, group.heading, class_="name"), *intro, *parts, *more)


def _headline(item: ReportItem) -> Markup:
    return tag("div", _title(item), class_="item")


def _title(item: ReportItem) -> Markup:
    return joined(
        tag("span", item.verb, class_=f"status {item.status}"),
        tag("span", item.name or item.label, class_="title name"),
        tag("code", item.label) if item.name else Markup(""),
        tag("span", f" {item.summary}", class_="name") if item.summary else Markup(""),
        tag("span", f" {item.mark}", class_="quiet") if item.mark else Markup(""),
    )


def _item(item: ReportItem, *, draw: bool) -> Markup:
    """Return an item with its details below its name, unfolded if the item changed."""
    if item.has_both_sides:
        parts = [_changes(item.changes)] if item.changes or not item.summary else []
    else:
        parts = [_lines(one.lines, one.where) for change in item.changes for one in texts(change)]
    if _is_drawn(item) and draw:
        parts.append(draw_layouts(item.before, item.after))
    inner = joined(*parts)
    if not inner:
        return _headline(item)
    return tag("details", tag("summary", _title(item)), inner, class_="item", open=item.has_both_sides)


def _changes(changes: Sequence[Change]) -> Markup:
    entries = [
        tag("li", tag("span", words(change), class_="name"), *(_lines(one.lines) for one in texts(change)))
        for change in changes[:_CHANGES]
    ]
    if len(changes) > _CHANGES:
        entries.append(tag("li", f"… and {len(changes) - _CHANGES} more", class_="quiet"))
    return tag("ul", *entries)


def _lines(lines: Sequence[tuple[Sign, str]], where: str = "") -> Markup:
    """Return the lines of a long text, each as a row of its own."""
    rows = [tag("span", f"{sign} {line}", class_=f"line {_SIGNS[sign]}") for sign, line in lines]
    caption = [tag("p", where, class_="quiet name")] if where else []
    return joined(*caption, tag("pre", *rows))


# --- tables and notes ---


def _counts(counts: Counts) -> Iterator[Markup]:
    if not counts.rows:
        return
    titles = tag("tr", tag("th", ""), *(tag("th", name, scope="col") for name in counts.columns))
    classes = [f"number {_STATUS_OF.get(name, name)}" for name in counts.columns]
    rows = [
        tag(
            "tr",
            tag("th", noun, scope="row"),
            *(tag("td", str(number or ""), class_=of) for number, of in zip(numbers, classes, strict=True)),
        )
        for noun, numbers in counts.rows
    ]
    yield tag("table", tag("thead", titles), tag("tbody", *rows))


def _table(table: Table) -> Iterator[Markup]:
    if not table.rows:
        return
    head = [tag("thead", tag("tr", *(tag("th", title) for title in table.columns)))] if table.columns else []
    rows = [
        tag("tr", *(tag("td", cell, class_="name") for cell in row.cells), class_=_ROWS[row.tone])
        for row in table.rows[:LISTED]
    ]
    title = [tag("h2", table.title)] if table.title else []
    yield tag("section", *title, tag("table", *head, tag("tbody", *rows)), *_more(len(table.rows), "p"))


def _matrix(matrix: Matrix) -> Iterator[Markup]:
    titles = tag("tr", tag("th", matrix.corner), *(tag("th", name, class_="name") for name in matrix.names))
    rows = [
        tag("tr", tag("th", name, scope="row", class_="name"), *(tag("td", cell) for cell in cells))
        for name, cells in zip(matrix.names, matrix.cells, strict=True)
    ]
    yield tag("table", tag("thead", titles), tag("tbody", *rows))


def _name_lists(block: NameLists) -> Iterator[Markup]:
    if not block.lists:
        return
    folds = [
        tag(
            "details",
            tag("summary", sentence),
            tag("ul", *(tag("li", tag("code", name)) for name in names[:LISTED]), *_more(len(names))),
            class_="item",
        )
        for sentence, names in block.lists
    ]
    yield tag("section", tag("h2", block.title), *folds)


def _notes(notes: Notes) -> Iterator[Markup]:
    if not notes.lines:
        return
    entries = [tag("li", line, class_="name") for line in notes.lines[:LISTED]]
    title = [tag("h2", notes.title, class_="name")] if notes.title else []
    listing = tag("ol" if notes.is_numbered else "ul", *entries)
    yield tag("section", *title, listing, *_more(len(notes.lines), "p"))
