"""Differences as one HTML file: no script, nothing from the network, light and dark, wide and narrow."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from lightdash_sync.model.changes import Status, words
from lightdash_sync.model.changes.texts import Sign, texts
from lightdash_sync.model.kinds import Kind
from lightdash_sync.report.diffs.board import boards, legend
from lightdash_sync.report.diffs.markup import Markup, joined, raw_style, tag
from lightdash_sync.report.diffs.section import created_or_deleted, label, noun, own_name
from lightdash_sync.report.diffs.style import CSS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lightdash_sync.model.changes import Change
    from lightdash_sync.model.changes.texts import TextChange
    from lightdash_sync.report.diffs.section import Item, Section

_ITEMS, _CHANGES = 2000, 200  # shown
_CHARACTERS = 10_000_000  # of all items; then they stand without their changes
_DRAWN = 200  # dashboards
_SIGNS = {Sign.ADDED: "added", Sign.REMOVED: "removed", Sign.KEPT: "kept", Sign.LEFT_OUT: "left-out"}


def diff_html(section: Section) -> str:
    """Return a whole document, in UTF-8 once it is written."""
    return document(f"{section.title}: {section.old} → {section.new}", _head(section), items_html(section))


def document(title: str, header: Iterable[Markup], main: Iterable[Markup]) -> str:
    """Return a whole document with the style sheet of all reports, which allows nothing but that.

    Args:
        title: for the window.
        header: what stands at the top.
        main: what stands below.
    """
    allowed = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{allowed}'; base-uri 'none'; form-action 'none'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        raw_style(CSS),
    )
    body = tag("body", tag("header", *header), tag("main", *main))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _head(section: Section) -> Iterator[Markup]:
    yield tag("h1", section.title)
    yield between(section.old, section.new)
    yield tag("p", section.totals)
    if section.items:
        yield _counts(section)
    for note in (*section.notes, section.hidden):
        if note:
            yield tag("p", note, class_="quiet")
    if any(item.kind is Kind.DASHBOARD for item in section.items):
        yield legend()


def between(old: str, new: str) -> Markup:
    """Return from where to where a report goes."""
    return tag("p", tag("b", old, class_="name"), " → ", tag("b", new, class_="name"), class_="between")


def _counts(section: Section) -> Markup:
    titles = tag("tr", tag("th", ""), *(tag("th", status.value, scope="col") for status in Status))
    rows = [
        tag(
            "tr",
            tag("th", noun(kind, 2), scope="row"),
            *(tag("td", str(found[status] or ""), class_=f"number {status}") for status in Status),
        )
        for kind, found in section.counts.items()
    ]
    return tag("table", tag("thead", titles), tag("tbody", *rows))


def items_html(section: Section, heading: str = "h2") -> Iterator[Markup]:
    """Yield the items by space, each with its changes; of dashboards the layout before and after.

    Args:
        section: what to tell.
        heading: the element for the names of spaces.
    """
    left, room, drawn = _ITEMS, _CHARACTERS, 0
    for title, items in section.groups:
        parts = []
        for item in items[: max(left, 0)]:
            drawn += item.kind is Kind.DASHBOARD
            parts.append(_item(section, item, draw=drawn <= _DRAWN) if room > 0 else _headline(section, item))
            room -= len(parts[-1])
        left -= len(items)
        if parts:
            yield tag("section", tag(heading, title, class_="name"), *parts)
    if room <= 0:
        yield tag("p", "The report would be too long: the last items stand without changes.", class_="quiet")
    if left < 0:
        yield tag("p", f"… and {-left} more items.", class_="quiet")


def _headline(section: Section, item: Item) -> Markup:
    return tag("div", _title(section, item), class_="item")


def _title(section: Section, item: Item) -> Markup:
    name = own_name(item)
    return joined(
        tag("span", section.word(item), class_=f"status {item.status}"),
        tag("span", name or label(item), class_="title name"),
        tag("code", label(item)) if name else Markup(""),
        tag("span", f" {mark}", class_="quiet") if (mark := section.mark(item)) else Markup(""),
    )


def _item(section: Section, item: Item, *, draw: bool) -> Markup:
    """Return an item; what there is to see of it below its name, open if the item changed."""
    is_changed = not created_or_deleted(item)
    changes = section.told(item)
    parts = [_changes(changes)] if is_changed else [_diff(one.lines, one.where) for one in _texts(changes)]
    if item.kind is Kind.DASHBOARD and draw:
        parts.append(boards(item.before, item.after))
    inner = joined(*parts)
    if not inner:
        return _headline(section, item)
    return tag("details", tag("summary", _title(section, item)), inner, class_="item", open=is_changed)


def _texts(changes: Sequence[Change]) -> list[TextChange]:
    return [one for change in changes for one in texts(change)]


def _changes(changes: Sequence[Change]) -> Markup:
    entries = [
        tag("li", tag("span", words(change), class_="name"), *(_diff(one.lines) for one in texts(change)))
        for change in changes[:_CHANGES]
    ]
    if len(changes) > _CHANGES:
        entries.append(tag("li", f"… and {len(changes) - _CHANGES} more", class_="quiet"))
    return tag("ul", *entries)


def _diff(lines: Sequence[tuple[Sign, str]], where: str = "") -> Markup:
    """Return the lines of a long text, each as a row of its own."""
    rows = [tag("span", f"{sign} {line}", class_=f"line {_SIGNS[sign]}") for sign, line in lines]
    caption = [tag("p", where, class_="quiet name")] if where else []
    return joined(*caption, tag("pre", *rows))
