"""Differences as Markdown for a comment on a pull request: a table of counts, then each item, foldable.

Names are inert: no character of content is markup, mentions nobody and links nowhere. All of it stays
below the length that GitHub and GitLab take.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lightdash_sync.model.changes import Status, words
from lightdash_sync.model.changes.texts import texts
from lightdash_sync.report.diffs.section import created_or_deleted, label, noun, own_name
from lightdash_sync.report.shown import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightdash_sync.model.changes import Change
    from lightdash_sync.report.diffs.section import Item, Section

MAX_CHARACTERS = 60_000
_RESERVED = 400  # characters for the last line
_ITEM = 6_000  # characters of one item
_LONG_NAME, _LONG_LABEL, _LONG_LINE = 120, 300, 400  # characters of content
_LINES = 30  # of a long text
_SIGNS = {Status.CREATED: "➕", Status.CHANGED: "✏️", Status.DELETED: "➖"}

_NOTHING = "\u200b"  # a space of no width; `shown` leaves none in a text
_MARKUP = re.compile(r"[&<>|`*~\\\[\]$!#]|(?<![^\W_])_|_(?![^\W_])")
# What mentions a person, an issue, a label or a milestone, or becomes a link without any markup.
_REFERENCE = re.compile(r"[@#~%!$&](?=[^\s])|:(?=//)|(?<=\bwww)\.|(?<=\bGH)-(?=\d)", re.IGNORECASE)


def diff_markdown(section: Section) -> str:
    """Return what differs as Markdown of at most `MAX_CHARACTERS`."""
    head = "\n".join(_head(section))
    return head + items_markdown(section, MAX_CHARACTERS - len(head))


def items_markdown(section: Section, limit: int) -> str:
    """Return the items by space, each with its changes; first without those, then none, to stay in a limit.

    Args:
        section: what to tell.
        limit: characters.
    """
    pieces: list[str] = []
    left = limit - _RESERVED
    whole, told, total = True, 0, len(section.items)
    for heading, items in section.groups:
        title = f"\n#### {inert(heading, _LONG_NAME)}\n\n"
        for item in items:
            block = _block(section, item)
            if whole and len(title) + len(block) > left:
                whole = False
                pieces.append("\n*What follows is cut: the comment would be too long.*\n")
            if not whole:
                block = _line(section, item)
                if len(title) + len(block) > left:
                    continue
            pieces += [title, block]
            left -= len(title) + len(block)
            title, told = "", told + 1
    if told < total:
        pieces.append(f"\n*… and {total - told} more {'item' if total - told == 1 else 'items'}.*\n")
    return "".join(pieces)


def _head(section: Section) -> Iterator[str]:
    yield f"### {inert(section.title, _LONG_LABEL)}"
    yield ""
    yield f"{inert(section.old, _LONG_LABEL)} → {inert(section.new, _LONG_LABEL)}"
    yield ""
    if not section.items:
        yield section.totals
    else:
        yield f"| | {' | '.join(status.value for status in Status)} |"
        yield f"| --- |{' ---: |' * len(Status)}"
        for kind, found in section.counts.items():
            numbers = " | ".join(str(found[status] or "") for status in Status)
            yield f"| {noun(kind, 2)} | {numbers} |"
    for note in (*section.notes[:4], section.hidden):
        if said := inert(note, _LONG_LABEL).strip():
            yield ""
            yield f"*{said}*"
    yield ""


def _line(section: Section, item: Item) -> str:
    """Return an item without its changes."""
    return f"- {_named(section, item)}\n"


def _named(section: Section, item: Item) -> str:
    name, mark = own_name(item), section.mark(item)
    said = f" ({inert(name, _LONG_NAME)})" if name else ""
    said += f", {mark}" if mark else ""
    return f"{_SIGNS[item.status]} {section.word(item)} {inert(label(item), _LONG_NAME)}{said}"


def _block(section: Section, item: Item) -> str:
    """Return an item with its changes, folded."""
    if created_or_deleted(item):
        return _line(section, item)
    changes = section.told(item)
    number = f"{len(changes)} change{'' if len(changes) == 1 else 's'}"
    head = f"{_named(section, item)}: {number}"
    pieces, left = [f"\n<details><summary>{head}</summary>\n\n"], _ITEM
    for told, change in enumerate(changes):
        lines = _change(change)
        if len(lines) > left:
            pieces.append(f"- … and {len(changes) - told} more\n")
            break
        pieces.append(lines)
        left -= len(lines)
    return "".join([*pieces, "\n</details>\n\n"])


def _change(change: Change) -> str:
    """Return a change as an entry of a list, with the lines of long texts."""
    lines = [f"- {inert(words(change), _LONG_LINE)}"]
    for one in texts(change):
        body = [f"{sign} {_cut(_bare(line), _LONG_LINE)}" for sign, line in one.lines[:_LINES]]
        if len(one.lines) > _LINES:
            body.append(f"… {len(one.lines) - _LINES} more lines")
        longest = max((len(run) for line in body for run in re.findall("`+", line)), default=0)
        fence = "`" * max(3, longest + 1)
        lines += ["", *(f"  {line}" for line in (f"{fence}diff", *body, fence)), ""]
    return "\n".join(lines) + "\n"


def inert(text: str, limit: int) -> str:
    """Return text from anywhere so that Markdown shows it as it is, in one line.

    Args:
        text: from anywhere.
        limit: characters of it that are shown.
    """
    begun = _bare(text[: limit + 1])  # no character is shown as less than one
    broken = _REFERENCE.sub(lambda found: f"{found[0]}{_NOTHING}", _cut(begun, limit))
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};", broken).replace(_NOTHING, "&#8203;")


def _bare(text: str) -> str:
    return shown(text.replace("\t", "    "))


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
