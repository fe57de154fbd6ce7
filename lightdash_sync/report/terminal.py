"""Tables, trees, errors and progress for people.

Colours respect `NO_COLOR` and pipes (rich does); markup is off, so a chart called `[/foo]` is just that.
Progress goes to stderr: bars on a terminal, else a calm line when a kind begins.
"""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from lightdash_sync.report.shown import shown

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence
    from types import TracebackType

    from rich.progress import TaskID

WRITES = "writes"  # what an apply calls its progress
_LINE = 240  # columns of output that goes into a file or pipe


def console(stream: TextIO | None = None) -> Console:
    """Return a console for a stream (stdout by default) that takes every text literally."""
    target = stream or sys.stdout
    width = None if target.isatty() else _LINE
    return Console(
        file=target, markup=False, highlight=False, emoji=False, soft_wrap=not target.isatty(), width=width
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], whole: Container[str] = ()) -> Table:
    """Return a table of texts from anywhere.

    Args:
        columns: their titles.
        rows: cells.
        whole: titles of columns whose cells stay in one line, because people copy them.
    """
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold", no_wrap=column in whole)
    for row in rows:
        drawn.add_row(*(Text(shown(cell)) for cell in row))
    return drawn


def say_error(message: str, hint: str) -> None:
    """Tell an error on stderr: the fact, then the next step."""
    err = console(sys.stderr)
    err.print(Text.assemble(("Error: ", "bold red"), shown(message)))
    if hint:
        err.print(Text(f"  {shown(hint[:1].upper() + hint[1:])}"))


def say_warning(message: str) -> None:
    """Tell a warning on stderr."""
    console(sys.stderr).print(Text.assemble(("Warning: ", "yellow"), shown(message)))


class Bars:
    """Progress of many small reads or writes, as bars on a terminal and as lines elsewhere.

    Args:
        stream: stderr.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._console = console(stream or sys.stderr)
        self._live = self._console.is_terminal and not self._console.is_dumb_terminal
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()
        self._bars = Progress(
            TextColumn("{task.description:<20}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._live,
        )

    def __enter__(self) -> Bars:
        self._bars.start()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bars.stop()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Take the bars away while something else is printed or asked; they begin anew afterwards."""
        self._bars.stop()
        with self._lock:
            for task in self._tasks.values():
                self._bars.remove_task(task)
            self._tasks.clear()
        try:
            yield
        finally:
            self._bars.start()

    def started(self, what: str, total: int) -> None:
        """Show a new bar, or a line."""
        with self._lock:
            if not self._live:
                said = f"Writing {total} operations" if what == WRITES else f"Reading {total} {shown(what)}"
                self._console.print(Text(said))
            elif what in self._tasks:
                task = self._tasks[what]
                self._bars.update(task, total=(self._bars.tasks[task].total or 0) + total)
            else:
                self._tasks[what] = self._bars.add_task(shown(what), total=total)

    def advanced(self, what: str) -> None:
        """Move a bar."""
        if self._live:
            self._bars.advance(self._tasks[what])

    def noted(self, message: str) -> None:
        """Print a line."""
        self._console.print(Text(shown(message)))
