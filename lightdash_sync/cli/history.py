"""The commands `log` and `show`, which read the past of a snapshot without a server or a token."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from lightdash_sync.cli.options import CONFIG, Command, with_options
from lightdash_sync.cli.output import print_json, show_report, warn
from lightdash_sync.errors import ConfigError

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
    """Show the history of a snapshot, or of one item.

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
    from lightdash_sync.history.log import snapshot_log
    from lightdash_sync.history.sources import SHALLOW, open_commits
    from lightdash_sync.report.logs import LISTED, snapshot_log_report

    commits = open_commits(folder, branch)
    listed = None if every or as_json else LISTED
    found = [*snapshot_log(commits, limit + 1 if limit else None, listed)]
    told, more = (found[:limit], len(found) > limit) if limit else (found, False)
    notes = [SHALLOW] if commits.repository.is_shallow else []
    warn(notes)
    report = snapshot_log_report(str(folder), told, notes, has_older=more, every=every)
    show_report(report, "json" if as_json else "text")
    return 0


def _log_item(folder: Path, said: str, branch: str | None, limit: int, *, every: bool, as_json: bool) -> int:
    from lightdash_sync.history.log import time_line
    from lightdash_sync.history.past import parse_item, read_past
    from lightdash_sync.history.sources import open_sources
    from lightdash_sync.report.logs import item_log_report

    item = parse_item(said)
    sources = open_sources(folder, branch)
    past = read_past(sources, item)
    entries = [entry for entry in time_line(past) if every or not entry.quiet]
    told = entries[:limit] if limit else entries
    notes = [*sources.notes, *past.notes]
    warn(notes)
    older = len(entries) - len(told)
    report = item_log_report(str(folder), past, told, notes, older=older, every=every)
    show_report(report, "json" if as_json else "text")
    return 0


@click.command()
@click.argument("item", metavar="KIND:KEY[@REV|@VERSION]")
@_snapshot_options
def show(item: str, env: str | None, path: Path | None, config: Path | None, as_json: bool) -> int:
    """Print an item as it is, or as it was.

    As it was in a commit, or in a version that somebody saved.

    REV is any revision of git (a branch, a tag, HEAD~3). VERSION is a version of a chart: the eight digits
    that `log` lists, its whole name, or its uuid.
    """
    from lightdash_sync.history.past import parse_item
    from lightdash_sync.history.show import find_one
    from lightdash_sync.history.sources import open_sources
    from lightdash_sync.report.logs import found_json

    name, _, at = item.partition("@")
    folder = _folder(env, path, config)
    found = find_one(open_sources(folder), parse_item(name), at)
    warn(found.notes)
    if as_json:
        print_json(found_json(str(folder), found))
    else:
        _write_item(found.data)
    return 0


def _write_item(data: bytes) -> None:
    """Write the bytes of a file; on a terminal, the same JSON without characters that could control it."""
    if sys.stdout.isatty():
        sys.stdout.write(_harmless(data.decode("utf-8")))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
    sys.stdout.flush()


def _harmless(document: str) -> str:
    """Return the same JSON with escapes for control characters and for those that change text direction."""
    return "".join(char if char.isprintable() or char == "\n" else _escape(char) for char in document)


def _escape(char: str) -> str:
    units = char.encode("utf-16-be").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))


def _folder(env: str | None, path: Path | None, config: Path | None) -> Path:
    """Return the folder of the snapshot that the options name."""
    from lightdash_sync.history.sources import only_snapshot
    from lightdash_sync.settings import snapshot_folder
    from lightdash_sync.snapshot.write import put_back

    if path is not None and env is not None:
        raise ConfigError("--env and --path name two snapshots", hint="Give one of them.")
    named = path or snapshot_folder(env, Path(), config)
    folder = named or only_snapshot((config.parent if config else Path()) / "snapshots")
    put_back(folder)
    return folder
