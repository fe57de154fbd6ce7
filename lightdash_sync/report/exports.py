"""Builds the reports of exports, backups and verifications of snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.report.phrases import counted
from lightdash_sync.report.value import Block, Notes, Report, Table, TableRow, Tone
from lightdash_sync.snapshot.layout import versions_of
from lightdash_sync.snapshot.read import how_to_fix_line_ends

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from lightdash_sync.ascode.write import CodeFiles, WrittenTree
    from lightdash_sync.backup.jobs import Backup, BackupOutcome
    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.export.run import ExportResult
    from lightdash_sync.settings import Shard
    from lightdash_sync.snapshot.manifest import Manifest, Older
    from lightdash_sync.snapshot.verify import Differences, VerifyResult

_COMMITS = 20  # of an environment before "and n more"
_ITEMS = 12  # of a verification
_COLUMN = 20  # characters for the name of a folder


def export_report(export: ExportResult, *blocks: Block) -> Report:
    """Return the report of an export.

    Args:
        export: its result.
        blocks: shown before the number of requests.
    """
    source, manifest = export.manifest.source, export.manifest
    return Report(
        "Export",
        export_json(export),
        (
            Notes(tuple(_tree(export.target, manifest))),
            Notes(
                (
                    _files(len(export.added), len(export.changed), len(export.removed)),
                    *(f"Left out: {left.words}: {left.why}" for left in manifest.leftOut),
                    *_older_lines(export.older),
                )
            ),
            Notes((_cost(export.requests, export.duration_s),), tone=Tone.QUIET),
            *blocks,
        ),
        lead=f"{source.project} ({source.url}, Lightdash {source.lightdash})",
        is_complete=True,
    )


def demo_report(export: ExportResult) -> Report:
    """Return the report of the demo's export, with what to try next."""
    path = export.target
    steps = [
        (f"less {path}/dashboards/sales-overview.json", "see what an export looks like"),
        (f"lightdash-sync verify {path}", "check it again; try it with a file changed"),
        ("lightdash-sync demo --serve", "keep the embedded Lightdash running"),
        ("lightdash-sync doctor", "then your own: set LIGHTDASH_URL and LIGHTDASH_API_KEY"),
    ]
    width = max(len(command) for command, _ in steps)
    lines = tuple(f"{command:<{width}}  {why}" for command, why in steps)
    title = "Verified: every hash, count and reference fits. What to try next:"
    return export_report(export, Notes(lines, title, is_unbroken=True))


def export_json(export: ExportResult) -> JsonObject:
    """Return the result of an export for JSON."""
    source, manifest = export.manifest.source, export.manifest
    return {
        "path": str(export.target),
        "project": source.project,
        "url": source.url,
        "lightdash": source.lightdash,
        "counts": {**manifest.counts},
        "full": export.full,
        "added": [*export.added],
        "changed": [*export.changed],
        "removed": [*export.removed],
        "left_out": [
            {"what": left.what, "count": left.count, "names": [*left.names], "why": left.why}
            for left in manifest.leftOut
        ],
        "unread": [{"what": left.what, "why": left.why} for left in export.unread],
        "older": [{"what": one.what, "as_of": one.asOf} for one in export.older],
        "unknown": [one.model_dump() for one in manifest.unknown],
        "warnings": [*export.warnings],
        "requests": export.requests,
        "duration_s": export.duration_s,
    }


def code_report(
    target: Path, source: str, code: CodeFiles, written: WrittenTree, requests: int, duration_s: float
) -> Report:
    """Return the report of `export --format lightdash-yaml`.

    Args:
        target: the directory.
        source: label of the exported source.
        code: the files.
        written: how the directory changed.
        requests: sent to the server.
        duration_s: seconds.
    """
    counts = ", ".join(f"{number} {noun}" for noun, number in code.counts.items() if number)
    changed = counted(written.changed, "file")
    lines = [f"{changed} new or changed, {written.removed} removed"]
    if not (written.changed or written.removed):
        lines = ["No file has changed."]
    if written.kept:
        were = "is no document was" if written.kept == 1 else "are no documents were"
        lines.append(f"{counted(written.kept, 'file')} that {were} left in place")
    data: JsonObject = {
        "path": str(target),
        "source": source,
        "format": "lightdash-yaml",
        "counts": {**code.counts},
        "changed": written.changed,
        "removed": written.removed,
        "kept": written.kept,
        "not_held": [{"code": one.code, "what": one.what, "count": one.count} for one in code.not_held],
        "requests": requests,
        "duration_s": duration_s,
    }
    cost = Notes((_cost(requests, duration_s),), tone=Tone.QUIET)
    lead = f"{source} -> {target}: {counts or 'nothing'}"
    return Report("Export as code", data, (Notes(tuple(lines)), cost), lead=lead, is_complete=True)


def verify_report(
    verdict: VerifyResult, live: Differences | None, requests: int = 0, duration_s: float = 0.0
) -> Report:
    """Return the report of `verify`.

    Args:
        verdict: on the snapshot.
        live: how the project differs from it now; None if the comparison was not requested.
        requests: sent to the server.
        duration_s: seconds.
    """
    counts = ", ".join(_nouns(verdict.manifest.counts))
    whole = f"{verdict.root} is whole: {counted(verdict.files, 'file')}, {counts}."
    damages = tuple(TableRow((damage.path, damage.problem)) for damage in verdict.damages)
    data: JsonObject = {
        "path": str(verdict.root),
        "whole": not verdict.damages,
        "files": verdict.files,
        "counts": {**verdict.manifest.counts},
        "damages": [{"path": damage.path, "problem": damage.problem} for damage in verdict.damages],
        "duration_s": duration_s,
    }
    if live is not None:
        data["live"] = {"added": [*live.added], "changed": [*live.changed], "removed": [*live.removed]}
        data["requests"] = requests
    blocks = (
        Table(("file", "problem"), damages) if damages else Notes((whole,)),
        Notes(_line_ends(verdict)),
        Notes(tuple(_live_lines(live)) if live else ()),
    )
    return Report("Verification", data, blocks, is_complete=True)


def _line_ends(verdict: VerifyResult) -> tuple[str, ...]:
    if not verdict.has_other_line_ends:
        return ()
    return (how_to_fix_line_ends(verdict.root),)


def backup_report(backup: Backup, share: Shard | None, duration_s: float, *, is_dry: bool) -> Report:
    """Return the report of a backup: a row for each environment, its commits, and the result of the push.

    Args:
        backup: its result.
        share: the share of the environments that it covered; None for all.
        duration_s: seconds.
        is_dry: whether commits were only listed.
    """
    columns = ("environment", "result", "files", "read", "requests", "time")
    lines = [line for outcome in backup.outcomes for line in _backup_lines(outcome)]
    if backup.pushed is not None and backup.pushed.is_news:
        lines.append(f"Pushed {backup.pushed.branch} to {backup.pushed.remote}.")
    environments = counted(len(backup.outcomes), "environment")
    return Report(
        "Backup",
        _backup_data(backup, share, duration_s, is_dry=is_dry),
        (
            Notes((f"Share {share}: {environments}",) if share is not None else ()),
            Table(columns, tuple(TableRow(_backup_row(one, is_dry=is_dry)) for one in backup.outcomes)),
            Notes(tuple(lines)),
        ),
        is_complete=True,
    )


# --- snapshots ---


def _tree(root: Path, manifest: Manifest) -> Iterator[str]:
    """Yield the files of a snapshot with their counts."""
    yield f"{root}/"
    for kind in Kind:
        if not (count := manifest.counts.get(kind, 0)):
            continue
        spec = KINDS[kind]
        name = f"{spec.folder}/" if spec.folder else f"{kind.value}.json"
        versions = manifest.counts.get(versions_of(kind), 0)
        more = f", {counted(versions, 'earlier version')}" if versions else ""
        what = "settings" if kind is Kind.PROJECT else f"{counted(count, *spec.noun)}{more}"
        yield f"  {name:<{_COLUMN}}{what}"
    yield f"  {'identity.json':<{_COLUMN}}key to uuid, the only file that names this server"
    hashes = "the hash" if len(manifest.files) == 1 else "the hashes"
    yield f"  {'snapshot.json':<{_COLUMN}}{hashes} of {counted(len(manifest.files), 'file')}"


def _files(added: int, changed: int, removed: int) -> str:
    if not added + changed + removed:
        return "Nothing has changed since the last export."
    return f"{counted(added, 'file')} added, {changed} changed, {removed} removed"


def _older_lines(older: Sequence[Older]) -> list[str]:
    """Return the parts reused from earlier exports, with a line for each day."""
    days: dict[str, list[str]] = {}
    for one in older:
        days.setdefault(one.asOf, []).append(one.what)
    return [f"As of {day}: {'; '.join(what)}." for day, what in days.items()]


def _cost(requests: int, duration_s: float) -> str:
    return f"{counted(requests, 'request')} in {duration_s:.1f} s"


def _nouns(counts: Mapping[str, int]) -> Iterator[str]:
    """Yield the counts of a snapshot in words."""
    for kind in Kind:
        if counts.get(kind) and kind is not Kind.PROJECT:
            yield counted(counts[kind], *KINDS[kind].noun)
    if versions := sum(counts.get(versions_of(kind), 0) for kind in Kind):
        yield counted(versions, "earlier version")


def _live_lines(live: Differences) -> Iterator[str]:
    if not (live.added or live.changed or live.removed):
        yield "The project is as it was when the snapshot was made."
    for verb, items in (("Added", live.added), ("Changed", live.changed), ("Removed", live.removed)):
        yield from (f"{verb} since: {item}" for item in items[:_ITEMS])
        if len(items) > _ITEMS:
            yield f"{verb} since: … and {len(items) - _ITEMS} more"


# --- backups ---


def _backup_row(outcome: BackupOutcome, *, is_dry: bool) -> tuple[str, ...]:
    report = outcome.report
    if outcome.error is not None:
        result = f"{'incomplete' if outcome.is_written else 'failed'} ({outcome.error.exit_code})"
    elif outcome.made:
        result = f"{'would make ' if is_dry else ''}{counted(len(outcome.made), 'commit')}"
    elif outcome.begun is not None:
        result = f"{'would make' if is_dry else 'made'} branch {outcome.begun}"
    else:
        result = "unchanged"
    if report is None:
        return (outcome.job.label, result, "", "", "", "")
    signs = zip("+~-", (report.added, report.changed, report.removed), strict=True)
    files = " ".join(f"{sign}{len(paths)}" for sign, paths in signs if paths)
    read = "all" if report.full else "changes"
    return (outcome.job.label, result, files, read, str(report.requests), f"{report.duration_s:.1f} s")


def _backup_lines(outcome: BackupOutcome) -> Iterator[str]:
    if outcome.report and (left := outcome.report.manifest.leftOut):
        yield f"{outcome.job.label}: not in the backup: {'; '.join(one.words for one in left)}."
    for line in _older_lines(outcome.report.older) if outcome.report else ():
        yield f"{outcome.job.label}: {line}"
    for commit in outcome.made[:_COMMITS]:
        author = f"  ({commit.author})" if commit.author else ""
        yield f"{commit.id[:10] or '(dry run)'}  {commit.subject}{author}"
    if len(outcome.made) > _COMMITS:
        yield f"… and {counted(len(outcome.made) - _COMMITS, 'more commit')}"


def _backup_data(backup: Backup, share: Shard | None, duration_s: float, *, is_dry: bool) -> JsonObject:
    """Return the result of a backup for JSON; `error` is the one with the highest exit code."""
    worst, pushed = backup.worst, backup.pushed
    data: JsonObject = {
        "environments": [_outcome_json(outcome) for outcome in backup.outcomes],
        "shard": None if share is None else str(share),
        "dry_run": is_dry,
        "pushed": None
        if pushed is None
        else {
            "remote": pushed.remote,
            "branch": pushed.branch,
            "tip": pushed.tip,
            "rebased": len(pushed.rebased),
            "news": pushed.is_news,
        },
        "exit_code": worst.exit_code if worst else 0,
        "duration_s": duration_s,
    }
    return data if worst is None else {**data, "error": {**worst.as_json()}}


def _outcome_json(outcome: BackupOutcome) -> JsonObject:
    read = {} if outcome.report is None else export_json(outcome.report)
    return {
        **read,
        "environment": outcome.job.label,
        "path": str(outcome.job.folder),
        "result": _result(outcome),
        "branch_made": outcome.begun,
        "commits": [
            {"id": one.id or None, "subject": one.subject, "author": one.author} for one in outcome.made
        ],
        "error": None if outcome.error is None else {**outcome.error.as_json()},
    }


def _result(outcome: BackupOutcome) -> str:
    if outcome.error is not None:
        return "incomplete" if outcome.is_written else "failed"
    return "committed" if outcome.made else "unchanged"
