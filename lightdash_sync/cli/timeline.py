"""The commands that look back: `log` and `show`. They need neither a server nor a token."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lightdash_sync.cli.connect import CONFIG, Command, with_options
from lightdash_sync.cli.output import print_json
from lightdash_sync.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

_OPTIONS = [
    click.option("--env", metavar="NAME", help="The snapshot of this environment of lightdash-sync.toml."),
    click.option(
        "--path", type=click.Path(path_type=Path), metavar="DIR", help="The snapshot in this directory."
    ),
    CONFIG,
    click.option("--json", "as_json", is_flag=True, help="Print one JSON result on stdout."),
]


def _snapshot_options(command: Command) -> Command:
    return with_options(command, _OPTIONS)


@click.command()
@click.argument("item", required=False, metavar="[KIND:KEY]")
@click.option("--branch", metavar="NAME", help="Look back from here.  [default: what is checked out]")
@click.option(
    "-n", "--limit", type=click.IntRange(0), default=20, show_default=True, help="At most so many; 0 for all."
)
@click.option(
    "--all", "every", is_flag=True, help="Tell every change in full, also what means nothing to users."
)
@_snapshot_options
def log(
    item: str | None,
    branch: str | None,
    limit: int,
    every: bool,
    env: str | None,
    path: Path | None,
    config: Path | None,
    as_json: bool,
) -> int:
    """Tell what happened to a snapshot, or to one item of it.

    Without KIND:KEY, the commits of the snapshot, and what became of which items. With KIND:KEY, such as
    chart:weekly-revenue, one time line of commits and of the versions that people saved in Lightdash.
    Lightdash does not tell who renamed, moved or deleted something: that was somebody, some time before
    the commit.
    """
    folder = _folder(env, path, config)
    if item is None:
        return _log_snapshot(folder, branch, limit, every=every, as_json=as_json)
    return _log_item(folder, item, branch, limit, every=every, as_json=as_json)


def _log_snapshot(folder: Path, branch: str | None, limit: int, *, every: bool, as_json: bool) -> int:
    from lightdash_sync.report import timeline as report
    from lightdash_sync.timeline import SHALLOW, open_commits, snapshot_log

    commits = open_commits(folder, branch)
    listed = None if every or as_json else report.LISTED
    found = [*snapshot_log(commits, limit + 1 if limit else None, listed)]
    told, more = (found[:limit], len(found) > limit) if limit else (found, False)
    notes = [SHALLOW] if commits.repository.is_shallow else []
    _warn(notes)
    if as_json:
        print_json(report.snapshot_json(str(folder), told, notes, more=more))
    else:
        report.snapshot_text(told, more=more, every=every)
    return 0


def _log_item(folder: Path, said: str, branch: str | None, limit: int, *, every: bool, as_json: bool) -> int:
    from lightdash_sync.report import timeline as report
    from lightdash_sync.timeline import open_sources, parse_item, read_past, time_line

    item = parse_item(said)
    sources = open_sources(folder, branch)
    past = read_past(sources, item)
    entries = [entry for entry in time_line(past) if every or not entry.quiet]
    told = entries[:limit] if limit else entries
    notes = [*sources.notes, *past.notes]
    _warn(notes)
    if as_json:
        print_json(report.item_json(str(folder), past, told, notes, older=len(entries) - len(told)))
    else:
        report.item_text(past, told, older=len(entries) - len(told), every=every)
    return 0


@click.command()
@click.argument("item", metavar="KIND:KEY[@REV|@VERSION]")
@_snapshot_options
def show(item: str, env: str | None, path: Path | None, config: Path | None, as_json: bool) -> int:
    """Print an item as it is, as it was in a commit, or as somebody saved it.

    REV is any revision of git (a branch, a tag, HEAD~3). VERSION is a version of a chart: the eight digits
    that `log` lists, its whole name, or its uuid.
    """
    from lightdash_sync.report import timeline as report
    from lightdash_sync.timeline import find_one, open_sources, parse_item

    name, _, at = item.partition("@")
    folder = _folder(env, path, config)
    found = find_one(open_sources(folder), parse_item(name), at)
    _warn(found.notes)
    if as_json:
        print_json(report.found_json(str(folder), found))
    else:
        report.found_text(found)
    return 0


def _folder(env: str | None, path: Path | None, config: Path | None) -> Path:
    """Return the folder of the snapshot that is meant."""
    from lightdash_sync.environments import snapshot_folder
    from lightdash_sync.snapshot.write import put_back
    from lightdash_sync.timeline import only_snapshot

    if path is not None and env is not None:
        raise ConfigError("--env and --path name two snapshots", hint="Give one of them.")
    named = path or snapshot_folder(env, Path(), config)
    folder = named or only_snapshot((config.parent if config else Path()) / "snapshots")
    put_back(folder)
    return folder


def _warn(notes: Sequence[str]) -> None:
    from lightdash_sync.report.terminal import say_warning

    for note in notes:
        say_warning(note)
