"""Tables, trees, errors and progress for people.

Colours respect `NO_COLOR` and pipes (rich does); markup is off, so a chart named `[/foo]` is shown as such.
Progress goes to stderr: bars on a terminal, otherwise a line when a kind begins.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from lightdash_sync.content.display import shown
from lightdash_sync.report.phrases import counted, singular

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Sequence
    from pathlib import Path
    from types import FrameType

    from lightdash_sync.report.value import Report

_OFTEN = 30.0  # seconds from one line about the same work to the next
_LINE = 240  # columns of output that goes into a file or pipe


def console(stream: TextIO | None = None) -> Console:
    """Return a console for a stream (stdout by default) that takes every text literally."""
    target = stream or sys.stdout
    width = None if target.isatty() else _LINE
    return Console(
        file=target, markup=False, highlight=False, emoji=False, soft_wrap=not target.isatty(), width=width
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], whole: Container[str] = ()) -> Table:
    """Return a table of untrusted texts.

    Args:
        columns: their titles.
        rows: cells.
        whole: titles of columns whose cells are not wrapped, because users copy them.
    """
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold", no_wrap=column in whole)
    for row in rows:
        drawn.add_row(*(cell if isinstance(cell, Text) else Text(shown(cell)) for cell in row))
    return drawn


def say_error(message: str, hint: str) -> None:
    """Print an error to stderr: the fact, then the next step."""
    err = console(sys.stderr)
    err.print(Text.assemble(("Error: ", "bold red"), shown(message)))
    if hint:
        err.print(Text(f"  {shown(hint[:1].upper() + hint[1:])}"))


def say_warning(message: str) -> None:
    """Print a warning to stderr."""
    console(sys.stderr).print(Text.assemble(("Warning: ", "yellow"), shown(message)))


def say_note(message: str) -> None:
    """Print a message to stderr."""
    console(sys.stderr).print(Text(shown(message)), soft_wrap=True)


def say_written(report: Report, path: Path) -> None:
    """Say on stderr what a file has that a report was written into: its totals, its verdict, and the path."""
    from lightdash_sync.report.text import summary

    err = console(sys.stderr)
    for line in summary(report):
        err.print(line)
    err.print(Text.assemble("Written to ", (shown(str(path)), "bold")), soft_wrap=True)


class Bars:
    """Progress of many small reads or writes, as bars on a terminal and as lines elsewhere.

    Bars are on the screen only while work is in progress, so that output and prompts before and after it
    stay, whichever stream they use.

    Args:
        stream: stderr.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._console = console(stream or sys.stderr)
        self._live = self._console.is_terminal and not self._console.is_dumb_terminal
        self._lock = threading.Lock()
        self._display: Progress | None = None
        self._under_way = 0

    @contextmanager
    def track(self, what: str, total: int, verb: str = "Reading") -> Iterator[Callable[[], None]]:
        """Show a bar until the work has ended; without a terminal, print a line when it begins."""
        if not self._live:
            self._console.print(Text(f"{verb} {counted(total, singular(shown(what)), shown(what))}"))
            yield _Pace(total, lambda far: self._console.print(Text(f"  {shown(what)}: {far}"))).advance
            return
        try:
            display = self._begin()
            task = display.add_task(shown(what), total=total)
            yield lambda: display.advance(task)
        finally:
            self._end()

    def noted(self, message: str) -> None:
        """Print a line, above the bars if there are any."""
        self._console.print(Text(shown(message)))

    def _begin(self) -> Progress:
        with _signals_put_off(), self._lock:
            self._under_way += 1
            if self._display is None:
                self._display = Progress(
                    TextColumn("{task.description:<20}"),
                    BarColumn(),
                    MofNCompleteColumn(),
                    TimeElapsedColumn(),
                    TimeRemainingColumn(elapsed_when_finished=True),
                    console=self._console,
                    transient=True,
                    redirect_stdout=False,  # rich would send it to stderr
                    redirect_stderr=False,
                )
                self._display.start()
            return self._display

    def _end(self) -> None:
        """Take the bars away with the last work."""
        with _signals_put_off(), self._lock:
            self._under_way = max(0, self._under_way - 1)
            if self._under_way == 0 and self._display is not None:
                self._display.stop()
                self._display = None


@contextmanager
def _signals_put_off() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM take effect only when the context ends, so that what is in it is done whole.

    Bars that are there by half can neither be shown nor taken away, and the cursor would stay hidden.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread only
        return
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    calls = {number: handler for number, handler in handlers.items() if callable(handler)}
    came: list[tuple[signal.Signals, FrameType | None]] = []
    is_over = False

    def put_off(number: int, frame: FrameType | None) -> None:
        if is_over:  # another signal came before the handlers were all back
            calls[signal.Signals(number)](number, frame)
        else:
            came.append((signal.Signals(number), frame))

    try:
        for number in calls:
            signal.signal(number, put_off)
        yield
    finally:
        is_over = True
        for number, handler in calls.items():
            signal.signal(number, handler)
        for number, frame in came[:1]:
            calls[number](number, frame)


class _Pace:
    """Reports the progress of some work from time to time, where there are no bars.

    Args:
        total: how many items.
        say: receives the progress in words.
    """

    def __init__(self, total: int, say: Callable[[str], None]) -> None:
        self._total, self._say = total, say
        self._began = self._told = time.monotonic()
        self._done = 0
        self._lock = threading.Lock()

    def advance(self) -> None:
        """Count one more item; may be called from any thread."""
        with self._lock:
            self._done += 1
            now = time.monotonic()
            if now - self._told < _OFTEN or self._done >= self._total:
                return
            self._told = now
            left = (now - self._began) / self._done * (self._total - self._done)
            minutes = max(1, round(left / 60))
            self._say(f"{self._done} of {self._total}, about {minutes} min left")
