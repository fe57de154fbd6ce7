"""The command `backup`, which a cron or CI job runs every night."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lightdash_sync.cli.options import connected, environment_options, reading_options
from lightdash_sync.cli.output import show_report, warn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lightdash_sync.backup.jobs import BackupOutcome, Job
    from lightdash_sync.errors import SyncError
    from lightdash_sync.export.run import Reading
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.settings import Environment, Settings
    from lightdash_sync.workers import Progress


@click.command()
@click.option("--env", "wanted", multiple=True, metavar="NAME", help="An environment; may be repeated.")
@click.option("--all", "every", is_flag=True, help="All environments of lightdash-sync.toml.")
@click.option("--shard", metavar="I/N", help="The I-th of N shares of them; /N if the scheduler says which.")
@click.option("--branch", metavar="NAME", help="Commit to this branch.  [default: the one checked out]")
@click.option("--push", "pushing", is_flag=True, help="Push, on top of what others have pushed.")
@click.option("--remote", metavar="NAME", help="Push there.  [default: the branch's own, else origin]")
@click.option("--message-prefix", metavar="TEXT", help="Begin each subject with it, such as 'chore: '.")
@click.option(
    "--trailer",
    "trailers",
    multiple=True,
    metavar="LINE",
    help="End each message with it, such as '[skip ci]'.",
)
@click.option("--single-commit", is_flag=True, help="One commit of everything, not one for each author.")
@click.option(
    "--backfill", is_flag=True, help="Begin with a commit for each version that is known, by its author."
)
@click.option("--dry-run", is_flag=True, help="Say what would be committed, and change nothing.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@reading_options
@environment_options
def backup(
    settings: Callable[[str], Settings],
    config: Path | None,
    wanted: tuple[str, ...],
    every: bool,
    shard: str | None,
    branch: str | None,
    pushing: bool,
    remote: str | None,
    message_prefix: str | None,
    trailers: tuple[str, ...],
    single_commit: bool,
    backfill: bool,
    dry_run: bool,
    quiet: bool,
    reading: Reading,
    as_json: bool,
) -> int:
    """Export environments and commit what changed to git.

    The repository is the one around lightdash-sync.toml. Without that file, LIGHTDASH_URL and
    LIGHTDASH_PROJECT name one environment, `production`. One commit for each author, in their name and at
    their time; no commit if nothing changed. One environment that fails does not stop the others; the exit
    code is the highest of all.
    """
    from lightdash_sync.backup.commits import Manner
    from lightdash_sync.backup.jobs import Pushing, back_up
    from lightdash_sync.git import Repository
    from lightdash_sync.report.exports import backup_report
    from lightdash_sync.settings import environment_settings, environments, git_settings, one_line, read_shard

    if backfill and single_commit:
        raise click.UsageError("--backfill makes many commits, --single-commit makes one: choose.")
    try:
        prefix = None if message_prefix is None else one_line(message_prefix)
        lines = tuple(one_line(line) for line in trailers)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    began = time.monotonic()
    said = git_settings(Path(), config)
    manner = Manner(
        branch,
        single_commit,
        dry_run,
        backfill,
        said.message_prefix if prefix is None else prefix,
        lines or tuple(said.trailers),
        remote or said.remote,
    )
    there = environments((), Path(), config, every=True)
    tables = environment_settings(Path(), config)
    names = list(environments(wanted, Path(), config, every=every))
    share = read_shard(shard, os.environ) if every or shard is not None else None
    mine = share.of(names) if share else names
    repository = Repository.around(config.parent if config else Path())
    push = Pushing(tuple(there.values()), share.total if share else 1) if pushing else None
    done = back_up(
        repository,
        [_job(name, there[name], settings, tables[name]) for name in mine],
        reading,
        manner,
        push,
        _Shown(quiet=quiet),
    )
    if as_json or not quiet:
        report = backup_report(done, share, round(time.monotonic() - began, 3), is_dry=dry_run)
        show_report(report, "json" if as_json else "text")
    return done.worst.exit_code if done.worst else 0


class _Shown:
    """Shows the progress of a backup on stderr.

    Args:
        quiet: show errors only.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def reading(self, job: Job) -> Progress:
        """Show which environment is being read, and return the receiver of its progress."""
        from lightdash_sync.report.terminal import Bars
        from lightdash_sync.workers import Silent

        if self._quiet:
            return Silent()
        bars = Bars()
        bars.noted(f"{job.label}:")
        return bars

    def ended(self, outcome: BackupOutcome) -> None:
        """Show the result of an environment."""
        from lightdash_sync.lightdash.tokens import expiry_warning
        from lightdash_sync.report.terminal import say_error

        label = outcome.job.label
        if outcome.report and not self._quiet:
            soon = expiry_warning(outcome.expires, datetime.now(UTC))
            warnings = [*outcome.report.warnings, *([soon] if soon else [])]
            warn(f"{label}: {warning}" for warning in warnings)
        if outcome.error is not None:
            say_error(f"{label}: {outcome.error.message}", outcome.error.hint)

    def refused(self, error: SyncError) -> None:
        """Show why nothing could be pushed."""
        from lightdash_sync.report.terminal import say_error

        say_error(error.message, error.hint)


def _job(
    name: str,
    folder: Path,
    settings: Callable[[str], Settings],
    table: Environment,
) -> Job:
    from lightdash_sync.backup.jobs import Job
    from lightdash_sync.export.last_run import Comments
    from lightdash_sync.sync.runs import memory_of
    from lightdash_sync.sync.state import hints_for

    hints = partial(hints_for, memory_of(folder))
    server = partial(_server, name, settings)
    comments = Comments.of(table.comments)
    return Job(name, folder, server, hints, comments, table.history_since, keep_going=table.keep_going)


@contextmanager
def _server(name: str, settings: Callable[[str], Settings]) -> Iterator[tuple[Lightdash, str | None]]:
    loaded = settings(name)
    with connected(loaded) as lightdash:
        yield lightdash, loaded.project
