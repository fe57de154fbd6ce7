"""Writes all output: reports in the requested format, JSON, errors, and log lines without secrets."""

from __future__ import annotations

import io
import json
import logging
import sys
from typing import TYPE_CHECKING

from lightdash_sync.content.display import shown
from lightdash_sync.errors import naming

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.errors import SyncError
    from lightdash_sync.report.value import Report


def show_report(report: Report, form: str = "text", output: Path | None = None) -> None:
    """Render a report to stdout, or into a file.

    Args:
        report: what to show.
        form: `text`, `json`, `markdown` or `html`.
        output: the file; None for stdout.
    """
    if form == "text" and output is None:
        from lightdash_sync.report.terminal import console
        from lightdash_sync.report.text import render_text

        render_text(report, console())
        return
    write(render(report, form), output)
    if output is not None:
        from lightdash_sync.report.terminal import say_written

        say_written(report, output)


FORMATS = ("text", "json", "markdown", "html")
_ENDINGS = {".html": "html", ".htm": "html", ".md": "markdown", ".json": "json"}


def choose_format(form: str | None, output: Path | None, *, as_json: bool) -> str:
    """Return the format of a report: the one that was asked for, else that of the file's ending, else text.

    Raises:
        UsageError: `--json` and another format were both given.
    """
    import click

    if as_json and form not in (None, "json"):
        raise click.UsageError(f"--json and --format {form} exclude each other")
    if as_json:
        return "json"
    return form or _ENDINGS.get(output.suffix.lower() if output else "", "text")


def render(report: Report, form: str) -> str:
    """Return a report as text, as one line of JSON, as Markdown or as HTML."""
    match form:
        case "text":
            from lightdash_sync.report.terminal import console
            from lightdash_sync.report.text import render_text

            render_text(report, console(written := io.StringIO()))
            return written.getvalue()
        case "json":
            from lightdash_sync.report.json import render_json

            return json_line(render_json(report))
        case "markdown":
            from lightdash_sync.report.markdown import render_markdown

            return render_markdown(report)
        case _:
            from lightdash_sync.report.html import render_html

            return render_html(report)


def write(content: str, output: Path | None = None) -> None:
    """Write rendered content to stdout or into a file; text that is not valid Unicode is escaped."""
    data = content.encode("utf-8", "backslashreplace")
    if output is not None:
        with naming(output):
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_bytes(data)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.flush()


def warn(notes: Iterable[str]) -> None:
    """Print warnings to stderr."""
    from lightdash_sync.report.terminal import say_warning

    for note in notes:
        say_warning(note)


def print_json(result: JsonObject) -> None:
    """Print one JSON object as one line on stdout, at once."""
    sys.stdout.write(json_line(result))
    sys.stdout.flush()


def json_line(result: JsonObject) -> str:
    """Return one JSON object as one line.

    In ASCII: it is JSON in every encoding, and no name in it moves a cursor or hides a letter.
    """
    return json.dumps(result, sort_keys=True, separators=(",", ":")) + "\n"


def fail(error: SyncError, *, wants_json: bool) -> int:
    """Print an error to stderr, and with `wants_json` also as JSON to stdout; return its exit code."""
    from lightdash_sync.report.terminal import say_error

    say_error(error.message, error.hint)
    if wants_json:
        print_json({"error": {**error.as_json()}})
    return error.exit_code


class Redacted(logging.Filter):
    """Replaces secrets in log lines, as a second safeguard: no secret should be logged at all.

    Args:
        secrets: the exact texts.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        self._secrets = tuple(secrets)

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the message; always let it pass."""
        message = record.getMessage()
        for secret in self._secrets:
            message = message.replace(secret, "***")
        record.msg, record.args = shown(message), ()
        return True
