"""Text from elsewhere is harmless on a terminal, and secrets do not reach the log."""

from __future__ import annotations

import io
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.cli.output import Redacted
from lightdash_sync.content.display import shown


@given(st.text(st.characters(codec=None)))
def test_nothing_unprintable_is_left(text: str) -> None:
    """Whatever a text holds, what is shown is printable: no control, no line break, no bidi, no surrogate."""
    assert shown(text).isprintable()


@given(st.text().filter(str.isprintable))
def test_printable_text_is_shown_as_it_is(text: str) -> None:
    """Letters of every script, emoji and markup of rich stay as they are."""
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "as_shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\nb\rc\td", r"a\nb\rc\td"),
        ("\x9b0m", r"\x9b0m"),
        ("\u202egnp", r"\u202egnp"),
        ("a\u200bb", r"a\u200bb"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("café ☕ [/foo]", "café ☕ [/foo]"),
    ],
)
def test_what_is_not_printable_is_shown_as_its_escape(text: str, as_shown: str) -> None:
    """A reader sees which character it was."""
    assert shown(text) == as_shown


def _logged(secrets: list[str], message: str, *values: object) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(Redacted(secrets))
    handler.handle(logging.LogRecord("test", logging.WARNING, __file__, 1, message, values, None))
    return stream.getvalue()


def test_secrets_are_taken_out_of_log_lines() -> None:
    """A secret in the message or in its arguments is replaced, each time."""
    line = _logged(["s3cret", "other"], "s3cret %s and %s", "xs3crety", {"a": "other"})
    assert line == "*** x***y and {'a': '***'}\n"


def test_log_lines_are_one_line_without_controls() -> None:
    """What a server says cannot forge a second log line, nor move the cursor."""
    assert _logged([], "%s", "ok\n2026-01-01 all is well\x1b[2J") == "ok\\n2026-01-01 all is well\\x1b[2J\n"
