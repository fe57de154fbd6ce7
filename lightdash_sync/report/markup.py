"""HTML out of parts, so that no text of content can ever be markup.

What is a plain `str` is text and is escaped; only `tag` makes markup. Names of elements and attributes
are written in the program, never taken from content.
"""

from __future__ import annotations

import html

from lightdash_sync.content.display import shown

_EMPTY = frozenset({"meta", "rect", "line"})


class Markup(str):
    """Markup as `tag` made it; text of content is never of this class."""

    __slots__ = ()


def text(content: str) -> Markup:
    """Return text from anywhere, escaped, without control characters and what turns text around."""
    return Markup(html.escape(shown(content.replace("\t", "    "))))


def tag(name: str, /, *parts: str, **attributes: str | float | bool) -> Markup:
    """Return an element.

    Args:
        name: of the element.
        parts: what is in it: markup, or text from anywhere.
        attributes: with `_` for `-`, and `_` after a name that is a word of Python; values may come from
            anywhere. True for an attribute without a value, False for none.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items() if value is not False)
    if name in _EMPTY:
        return Markup(f"<{name}{written}>" if name == "meta" else f"<{name}{written}/>")
    inner = "".join(part if isinstance(part, Markup) else text(part) for part in parts)
    return Markup(f"<{name}{written}>{inner}</{name}>")


def joined(*parts: Markup) -> Markup:
    """Return some markup in a row."""
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
