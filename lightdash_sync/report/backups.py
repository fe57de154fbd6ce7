"""What a backup did, as text for people and as JSON for machines."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.text import Text

from lightdash_sync.export.workers import Silent
from lightdash_sync.report import results
from lightdash_sync.report.shown import shown
from lightdash_sync.report.terminal import Bars, console, say_error, say_warning, table

if TYPE_CHECKING:
    from lightdash_sync.backup.run import Backup, Job, Outcome
    from lightdash_sync.errors import SyncError
    from lightdash_sync.export.workers import Progress
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.shards import Shard

_LISTED = 20  # commits of an environment before "and n more"


class Told:
    """Tells on stderr how far a backup is.

    Args:
        quiet: tell errors only.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def reading(self, job: Job) -> Progress:
        """Say which environment is read, and show how far that is."""
        if self._quiet:
            return Silent()
        console(sys.stderr).print(Text(f"{shown(job.label)}:", style="bold"))
        return Bars()

    def ended(self, outcome: Outcome) -> None:
        """Say what a person should know of an environment."""
        label = outcome.job.label
        for warning in outcome.report.warnings if outcome.report and not self._quiet else ():
            say_warning(f"{label}: {warning}")
        if outcome.error is not None:
            say_error(f"{label}: {outcome.error.message}", outcome.error.hint)

    def refused(self, error: SyncError) -> None:
        """Say why nothing could be pushed."""
        say_error(error.message, error.hint)


def backup_text(done: Backup, share: Shard | None, dry: bool) -> None:
    """Print what a backup did: a row for each environment, its commits, and where they went."""
    out = console()
    if share is not None:
        out.print(Text(f"Share {share}: {_counted(len(done.outcomes), 'environment')}"))
    if done.outcomes:
        columns = ["ENVIRONMENT", "RESULT", "FILES", "READ", "REQUESTS", "TIME"]
        out.print(table(columns, (_row(outcome, dry) for outcome in done.outcomes)))
    for outcome in done.outcomes:
        if outcome.report and (left := outcome.report.manifest.leftOut):
            words = "; ".join(one.words for one in left)
            out.print(Text(f"{shown(outcome.job.label)}: not in the backup: {shown(words)}.", style="dim"))
        for line in results.older_lines(outcome.report.older) if outcome.report else ():
            out.print(Text(f"{shown(outcome.job.label)}: {line}", style="dim"))
        for commit in outcome.made[:_LISTED]:
            who = f"  ({shown(commit.author)})" if commit.author else ""
            out.print(
                Text.assemble((f"{commit.id[:10] or '(dry run)'}  ", "yellow"), shown(commit.subject), who)
            )
        if len(outcome.made) > _LISTED:
            out.print(f"… and {_counted(len(outcome.made) - _LISTED, 'more commit')}")
    if done.pushed is not None and done.pushed.is_news:
        out.print(Text(f"Pushed {shown(done.pushed.branch)} to {shown(done.pushed.remote)}."))


def _row(outcome: Outcome, dry: bool) -> list[str]:
    report = outcome.report
    if outcome.error is not None:
        result = f"{'incomplete' if outcome.is_written else 'failed'} ({outcome.error.exit_code})"
    elif outcome.made:
        result = f"{'would make ' if dry else ''}{_counted(len(outcome.made), 'commit')}"
    elif outcome.begun is not None:
        result = f"{'would make' if dry else 'made'} branch {shown(outcome.begun)}"
    else:
        result = "unchanged"
    if report is None:
        return [outcome.job.label, result, *[""] * 4]
    signs = zip("+~-", (report.added, report.changed, report.removed), strict=True)
    files = " ".join(f"{sign}{len(paths)}" for sign, paths in signs if paths)
    read = "all" if report.full else "changes"
    return [outcome.job.label, result, files, read, str(report.requests), f"{report.duration_s:.1f} s"]


def backup_json(done: Backup, share: Shard | None, dry: bool, duration_s: float) -> JsonObject:
    """Return what a backup did, for machines; `error` is the one with the highest exit code."""
    worst = done.worst
    pushed: JsonObject | None = None
    if done.pushed is not None:
        pushed = {"remote": done.pushed.remote, "branch": done.pushed.branch, "tip": done.pushed.tip}
        pushed |= {"rebased": len(done.pushed.rebased), "news": done.pushed.is_news}
    result: JsonObject = {
        "environments": [_outcome_json(outcome) for outcome in done.outcomes],
        "shard": None if share is None else str(share),
        "dry_run": dry,
        "pushed": pushed,
        "exit_code": worst.exit_code if worst else 0,
        "duration_s": duration_s,
    }
    return result if worst is None else {**result, "error": {**worst.as_json()}}


def _outcome_json(outcome: Outcome) -> JsonObject:
    read = {} if outcome.report is None else results.export_json(outcome.report)
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


def _result(outcome: Outcome) -> str:
    if outcome.error is not None:
        return "incomplete" if outcome.is_written else "failed"
    return "committed" if outcome.made else "unchanged"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
