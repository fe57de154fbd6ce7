"""The HTML sanitising of Markdown that is stored in a dashboard.

Allowed tags stay, others are removed (scripts and styles with their content), and bare `<`, `>` and `&`
become entities. Sanitising twice gives the same as once. The names of attributes and the schemes of links are
checked, but inline styles are only filtered by property, not by value.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

_HEADINGS = {f"h{level}" for level in range(1, 7)}
ALLOWED_TAGS = _HEADINGS | {
    "address",
    "article",
    "aside",
    "footer",
    "header",
    "hgroup",
    "main",
    "nav",
    "section",
    "blockquote",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "hr",
    "li",
    "menu",
    "ol",
    "p",
    "pre",
    "ul",
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "br",
    "cite",
    "code",
    "data",
    "dfn",
    "em",
    "i",
    "kbd",
    "mark",
    "q",
    "rb",
    "rp",
    "rt",
    "rtc",
    "ruby",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "time",
    "u",
    "var",
    "wbr",
    "caption",
    "col",
    "colgroup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "iframe",
    "img",
}
_STYLED = _HEADINGS | {"span", "a", "p", "b", "strong", "em", "i", "td", "code"}
_ATTRIBUTES = {
    "a": {"href", "name", "target", "style"},
    "img": {"src", "width", "height", "alt", "style"},
    "iframe": {"width", "height", "src", "name"},
}
_STYLE_PROPERTIES = {
    "font-size", "font-style", "font-weight", "line-height", "letter-spacing", "word-spacing", "text-align",
    "text-decoration", "color",
}  # fmt: skip
_EMPTY = {"img", "br", "hr", "area", "base", "basefont", "input", "link", "meta"}
_DROPPED_WITH_CONTENT = {"script", "style", "textarea", "option", "noscript"}
_ENTITY = re.compile(r"&(?:amp|lt|gt);")
_SCHEME = re.compile(r"^\s*([a-z][a-z0-9.+-]*):", re.IGNORECASE)
_SCHEMES = {"http", "https", "ftp", "mailto", "tel"}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.open: list[str] = []
        self.dropping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED_WITH_CONTENT:
            self.dropping.append(tag)
        if self.dropping or tag not in ALLOWED_TAGS:
            return
        kept = "".join(self._attribute(tag, name, value or "") for name, value in attrs)
        self.out.append(f"<{tag}{kept}{' />' if tag in _EMPTY else '>'}")
        if tag not in _EMPTY:
            self.open.append(tag)

    def _attribute(self, tag: str, name: str, value: str) -> str:
        allowed = _ATTRIBUTES.get(tag, {"style"} if tag in _STYLED else set())
        if name not in allowed:
            return ""
        scheme = _SCHEME.match(value)
        if name in ("href", "src") and scheme and scheme[1].lower() not in _SCHEMES:
            return ""
        if name == "style" and tag in _STYLED:
            rules = [rule.strip() for rule in value.split(";")]
            value = ";".join(
                rule.replace(": ", ":") for rule in rules if rule.split(":")[0] in _STYLE_PROPERTIES
            )
            if not value:
                return ""
        return f' {name}="{_escaped(value)}"'.replace("&quot;", '"')

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _EMPTY:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.dropping:
            if tag == self.dropping[-1]:
                self.dropping.pop()
            return
        if tag in self.open:
            while self.open:
                last = self.open.pop()
                self.out.append(f"</{last}>")
                if last == tag:
                    return

    def handle_data(self, data: str) -> None:
        if not self.dropping:
            self.out.append(_escaped(data))


def sanitized(markdown: str) -> str:
    """The markdown as the server stores it."""
    if "<" not in markdown:
        plain = _ENTITY.sub(lambda match: {"&amp;": "&", "&lt;": "<", "&gt;": ">"}[match[0]], markdown)
        return _escaped(plain)
    cleaner = _Cleaner()
    cleaner.feed(markdown)
    cleaner.close()
    cleaner.out += [f"</{tag}>" for tag in reversed(cleaner.open)]
    return "".join(cleaner.out)
