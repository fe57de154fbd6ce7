"""The commands `list`, `log` and `show`, which read a snapshot and its past without a server or a token."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lightdash_sync.cli.options import CONFIG, OUTPUT, Command, with_options
from lightdash_sync.cli.output import FORMATS, choose_format, print_json, show_report, warn
from lightdash_sync.errors import ConfigError

if TYPE_CHECKING:
    from lightdash_sync.content.kinds import Kind
    from lightdash_sync.history.past import HistoryItem
    from lightdash_sync.history.sources import Sources

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


@click.command("list")
@click.argument("kinds", nargs=-1, metavar="[KIND]...")
@click.option("--ids", is_flag=True, help="Show the uuids, too.")
@click.option("--find", "text", default="", metavar="TEXT", help="Only what has this in key, name or place.")
@_snapshot_options
def list_items(
    kinds: tuple[str, ...],
    ids: bool,
    text: str,
    env: str | None,
    path: Path | None,
    config: Path | None,
    as_json: bool,
) -> int:
    """List the items of a snapshot with their keys, names and places.

    Keys are what `--only`, `log`, `show` and other commands take. No server is asked.
    """
    from lightdash_sync.content.contents import Contents
    from lightdash_sync.report.listings import listing_report
    from lightdash_sync.snapshot.read import Snapshot

    folder = _folder(env, path, config)
    wanted = [_kind(kind) for kind in kinds]
    report = listing_report(str(folder), Contents(Snapshot(folder).tree()), wanted, text, ids=ids)
    show_report(report, "json" if as_json else "text")
    return 0


def _kind(name: str) -> Kind:
    from lightdash_sync.content.contents import PLANNED
    from lightdash_sync.content.kinds import kind_called

    kind = kind_called(name)
    if kind is None:
        raise ConfigError(f"{name!r} is no kind of content", hint=f"There are: {', '.join(PLANNED)}.")
    return kind


@click.command()
@click.argument("item", required=False, metavar="[ITEM]")
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

    Without ITEM, the commits of the snapshot, and what became of which items. With ITEM (KIND:KEY such as
    chart:weekly-revenue, a name, or the address of its page), one time line of commits and of the versions
    that people saved in Lightdash.
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
    from lightdash_sync.history.past import read_past
    from lightdash_sync.history.sources import open_sources
    from lightdash_sync.report.logs import item_log_report

    sources = open_sources(folder, branch)
    item = _item(sources, said)
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
@click.argument("item", metavar="ITEM[@REV|@VERSION]|PLAN")
@click.option("--format", "form", type=click.Choice(FORMATS), help="Of a plan: how to show it.")
@OUTPUT
@_snapshot_options
def show(
    item: str,
    form: str | None,
    output: Path | None,
    env: str | None,
    path: Path | None,
    config: Path | None,
    as_json: bool,
) -> int:
    """Print an item as it is, or as it was; or a plan.

    As it was in a commit, or in a version that somebody saved.

    ITEM is KIND:KEY, a name, or the address of its page. REV is any revision of git (a branch, a tag,
    HEAD~3) or a time: 2026-11-30 (the end of that day), yesterday, 3d. VERSION is a version of a chart: the
    eight digits that `log` lists, its whole name, or its uuid.
    """
    from lightdash_sync.history.show import find_one
    from lightdash_sync.history.sources import open_sources
    from lightdash_sync.report.logs import found_json

    if Path(item).is_file():
        return _show_plan(Path(item), choose_format(form, output, as_json=as_json), output)
    if form is not None or output is not None:
        raise click.UsageError("--format and -o are for plans: the file of an item is JSON")
    folder = _folder(env, path, config)
    sources = open_sources(folder)
    found = find_one(sources, *_item_at(sources, item))
    warn(found.notes)
    if as_json:
        print_json(found_json(str(folder), found))
    else:
        _write_item(found.data)
    return 0


def _show_plan(path: Path, form: str, output: Path | None) -> int:
    """Render a plan that `plan -o` wrote."""
    from lightdash_sync.disk import read_document
    from lightdash_sync.report.plans import plan_report
    from lightdash_sync.sync.plan.document import read_plan

    show_report(plan_report(read_plan(read_document(path), str(path))), form, output)
    return 0


def _item_at(sources: Sources, text: str) -> tuple[HistoryItem, str]:
    """Return the item that a user names, and the revision or version after `@`; names may have one."""
    if "@" in text and (found := _named(sources, text)) is not None:
        return found, ""
    name, _, at = text.partition("@")
    return _item(sources, name), at


def _item(sources: Sources, text: str) -> HistoryItem:
    """Return the item that a user names: one of the snapshot on disk, else one that was there once."""
    from lightdash_sync.history.past import parse_item

    return _named(sources, text, suggest=True) or parse_item(text)


def _named(sources: Sources, text: str, *, suggest: bool = False) -> HistoryItem | None:
    """Return the item of the snapshot on disk that has a key, a name or an address; None if none has.

    Raises:
        ConfigError: several have the name; or `suggest`, and the text cannot be a key of any time.
    """
    from lightdash_sync.content.contents import Contents
    from lightdash_sync.content.kinds import kind_called
    from lightdash_sync.content.lookup import find_item, suggest_items
    from lightdash_sync.errors import SnapshotError
    from lightdash_sync.history.past import HistoryItem, is_possible

    word, _, key = text.partition(":")
    kind = kind_called(word)
    if sources.snapshot is None:
        return None
    if kind is not None and is_possible(item := HistoryItem(kind, key)):
        if item.path in sources.snapshot.manifest.files:
            return item  # no other file is read: it may be damaged
        return None
    try:
        contents = Contents(sources.snapshot.tree())
        found = find_item(text, contents)
        if found is None and kind is None and suggest:
            raise ConfigError(f"{sources.folder} has no item {text!r}", hint=suggest_items(text, contents))
    except SnapshotError:
        return None
    return None if found is None else HistoryItem(*found)


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
