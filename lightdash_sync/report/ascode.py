"""What `export --format lightdash-yaml` did, for people and for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from lightdash_sync.report.shown import shown
from lightdash_sync.report.terminal import console

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_sync.ascode.files import CodeFiles
    from lightdash_sync.ascode.write import Written
    from lightdash_sync.model.canonical import JsonObject


def written_text(
    target: Path, source: str, code: CodeFiles, written: Written, requests: int, took: float
) -> None:
    """Print what was written; `took` in seconds."""
    out = console()
    counts = ", ".join(f"{number} {noun}" for noun, number in code.counts.items() if number)
    out.print(Text(f"{shown(source)} -> {shown(str(target))}: {counts or 'nothing'}", style="bold"))
    if written.changed or written.removed:
        out.print(f"{written.changed} files new or changed, {written.removed} removed")
    else:
        out.print("No file has changed.")
    if written.kept:
        out.print(f"{written.kept} files that are no documents were left as they are")
    out.print(Text(f"{requests} requests in {took:.1f} s", style="dim"))


def written_json(
    target: Path, source: str, code: CodeFiles, written: Written, requests: int, took: float
) -> JsonObject:
    """Return what was written, for machines; `took` in seconds."""
    return {
        "path": str(target),
        "source": source,
        "format": "lightdash-yaml",
        "counts": {**code.counts},
        "changed": written.changed,
        "removed": written.removed,
        "kept": written.kept,
        "not_held": [{"code": one.code, "what": one.what, "count": one.count} for one in code.not_held],
        "requests": requests,
        "duration_s": took,
    }
