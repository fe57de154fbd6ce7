"""Tables, errors and progress, in a pipe and on a terminal."""

from __future__ import annotations

import io
import signal
import sys

import pyte
import pytest

from lightdash_sync.content.kinds import KINDS
from lightdash_sync.report.terminal import Bars, console, say_error, say_warning, table


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal with a cursor and colours."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    return Terminal()


def rows(text: str, columns: int = 100) -> list[str]:
    """Return what a person sees on a terminal on which a text was written, row by row, less empty rows."""
    screen = pyte.Screen(columns, 200)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    return [row.rstrip() for row in screen.display if row.strip()]


HIDDEN, SHOWN = "\x1b[?25l", "\x1b[?25h"  # the cursor
HOSTILE = ["[/foo]", "[red]x[/red]", ":smile:", "\x1b]0;owned\x07", "a\u202eb", "{x}", "\\[bold]"]


def test_a_number_agrees_with_its_noun() -> None:
    """One explore is no explores; so for every kind of content, and for the work on them."""
    stream = io.StringIO()
    for what in ("explores", "histories", "earlier versions", *(spec.noun[1] for spec in KINDS.values())):
        with Bars(stream).track(what, 1), Bars(stream).track(what, 2, "Writing"):
            pass
    with Bars(stream).track("chart that no list names", 1):
        pass
    lines = stream.getvalue().splitlines()
    assert lines.pop() == "Reading 1 chart that no list names"
    assert lines[:6] == [
        "Reading 1 explore",
        "Writing 2 explores",
        "Reading 1 history",
        "Writing 2 histories",
        "Reading 1 earlier version",
        "Writing 2 earlier versions",
    ]
    assert lines[6::2] == [f"Reading 1 {spec.noun[0]}" for spec in KINDS.values()]


def test_a_table_takes_cells_literally() -> None:
    """Markup, emoji codes and escapes in a cell are text."""
    stream = io.StringIO()
    console(stream).print(table(["NAME"], [[cell] for cell in HOSTILE]))
    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    assert lines[0] == "NAME"
    assert lines[1:4] == HOSTILE[:3]
    assert lines[4:6] == [r"\x1b]0;owned\x07", r"a\u202eb"]
    assert all(line.isprintable() for line in lines)


def test_an_error_is_a_fact_and_the_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    """Errors and warnings go to stderr, each in a line of its own, without controls."""
    say_error("no [/foo]\x1b[2J", "try \n this")
    say_error("nothing to do", "")
    say_warning("look [red]")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        r"Error: no [/foo]\x1b[2J",
        r"  Try \n this",
        "Error: nothing to do",
        "Warning: look [red]",
    ]


def test_long_lines_in_a_pipe_are_not_broken(capsys: pytest.CaptureFixture[str]) -> None:
    """A message of any length stays one line for grep."""
    say_error("x " * 400, "")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_progress_in_a_pipe_is_a_line_for_each_kind() -> None:
    """Without a terminal, a line tells when a kind begins, and nothing moves."""
    stream = io.StringIO()
    bars = Bars(stream)
    with bars.track("charts", 3) as advance:
        advance()
        bars.noted("again\x1b[1A")
    assert stream.getvalue() == "Reading 3 charts\nagain\\x1b[1A\n"


def test_progress_of_writes_is_not_called_reading() -> None:
    """Whoever sees the line knows that something is changed now."""
    stream = io.StringIO()
    with Bars(stream).track("operations", 12, "Writing") as advance:
        advance()
    assert stream.getvalue() == "Writing 12 operations\n"


def test_progress_on_a_terminal_is_bars_that_go_away(terminal: Terminal) -> None:
    """On a terminal there is a bar for each work under way, and nothing of it stays on the screen."""
    bars = Bars(terminal)
    with bars.track("charts", 2) as one:
        one()
        with bars.track("spa\x1bces", 2) as other:
            other()
            bars.noted("something happened")
        one()
    text = terminal.getvalue()
    assert "2/2" in text
    assert "1/2" in text
    assert r"spa\x1bces" in text
    assert text.endswith("\x1b[2K")
    assert rows(text) == ["something happened"]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, ValueError])
def test_bars_go_away_with_work_that_fails(terminal: Terminal, interruption: type[BaseException]) -> None:
    """The cursor is visible again, and a kind that is read a second time has a bar of its own."""
    bars = Bars(terminal)

    def fail() -> None:
        with bars.track("charts", 2) as advance:
            advance()
            raise interruption

    with pytest.raises(interruption):
        fail()
    print("between", file=terminal)
    with bars.track("spaces", 1), bars.track("charts", 1) as advance:
        advance()
    print("after", file=terminal)
    text = terminal.getvalue()
    assert rows(text) == ["between", "after"]
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


class Interrupting(Terminal):
    """A terminal on which a signal arrives right before something is written for the first time."""

    def __init__(self, number: signal.Signals, before: str) -> None:
        super().__init__()
        self._number, self._before = number, before

    def write(self, text: str) -> int:
        """Write, after the signal if it is time."""
        if self._before and self._before in text:
            self._before = ""
            signal.raise_signal(self._number)
        return super().write(text)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("before", [HIDDEN, SHOWN])
def test_a_signal_while_bars_come_or_go_leaves_the_terminal_as_it_was(
    terminal: Terminal, number: signal.Signals, before: str
) -> None:
    """It is an interruption and no other error, once, and the next one is at once."""
    del terminal  # its environment is this one's, too
    screen = Interrupting(number, before)
    former = signal.signal(number, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), Bars(screen).track("charts", 2) as advance:
            advance()
        assert screen.getvalue().count(SHOWN) == screen.getvalue().count(HIDDEN) == 1
        assert rows(screen.getvalue()) == []
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    finally:
        signal.signal(number, former)


def test_output_while_work_is_under_way_goes_where_it_was_sent(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written to stdout does not end up on stderr because that is a terminal."""
    monkeypatch.setattr("sys.stdout", out := io.StringIO())
    with Bars(terminal).track("charts", 1):
        sys.stdout.write("a result\n")
    assert out.getvalue() == "a result\n"
    assert "a result" not in terminal.getvalue()


def test_progress_on_a_terminal_without_a_cursor_is_lines(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`TERM=dumb` (an editor's shell) gets lines: bars would show nothing there."""
    monkeypatch.setenv("TERM", "dumb")
    with Bars(terminal).track("charts", 3) as advance:
        advance()
    assert terminal.getvalue() == "Reading 3 charts\n"


def test_no_color_is_respected(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """`NO_COLOR` takes the colours off a terminal."""
    console(terminal).print("x", style="red")
    assert "\x1b[31m" in terminal.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    console(plain).print("x", style="red")
    assert plain.getvalue() == "x\n"
