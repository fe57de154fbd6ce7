"""Results and errors on their way out: JSON on stdout for machines, text for people."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lightdash_sync.errors import SyncError
    from lightdash_sync.model.canonical import JsonObject


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
    """Tell an error, on stderr and for machines on stdout too; return its exit code."""
    from lightdash_sync.report.terminal import say_error

    say_error(error.message, error.hint)
    if wants_json:
        print_json({"error": {**error.as_json()}})
    return error.exit_code
