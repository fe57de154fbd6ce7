"""Builds HTML from parts, so that no text of content can ever be markup.

A plain `str` is text and is escaped; only `tag` makes markup. Names of elements and attributes are constants
of the program, never taken from content.
"""

from __future__ import annotations

import html

from lightdash_sync.content.display import shown

_EMPTY = frozenset({"meta", "rect", "line"})


class Markup(str):
    """Markup made by `tag`; text of content is never of this class."""

    __slots__ = ()


def text(content: str) -> Markup:
    """Return untrusted text, escaped, without control characters and changes of text direction."""
    return Markup(html.escape(shown(content.replace("\t", "    "))))


def tag(name: str, /, *parts: str, **attributes: str | float | bool) -> Markup:
    """Return an element.

    Args:
        name: of the element.
        parts: its content: markup, or untrusted text.
        attributes: with `_` for `-`, and `_` after a name that is a Python keyword; values may be untrusted.
            True for an attribute without a value, False to leave it out.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items() if value is not False)
    if name in _EMPTY:
        return Markup(f"<{name}{written}>" if name == "meta" else f"<{name}{written}/>")
    inner = "".join(part if isinstance(part, Markup) else text(part) for part in parts)
    return Markup(f"<{name}{written}>{inner}</{name}>")


def joined(*parts: Markup) -> Markup:
    """Return the parts joined."""
    return Markup("".join(parts))


def raw_style(css: str) -> Markup:
    """Return a `style` element with a style sheet of the program's own."""
    return Markup(f"<style>{css}</style>")


def _attribute(name: str, value: str | float | bool) -> str:
    key = name.rstrip("_").replace("_", "-")
    if value is True:
        return f" {key}"
    written = value if isinstance(value, str) else f"{value:g}"
    return f' {key}="{html.escape(shown(written))}"'
