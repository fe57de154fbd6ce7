"""Text from elsewhere, made safe for a terminal and for a commit message.

A module of its own: what `--help` loads uses it, and must not load a JSON library.
"""

from __future__ import annotations


def shown(text: str) -> str:
    """Return a text with every character that is not printable as its escape: one line, no controls."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )
