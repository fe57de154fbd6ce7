"""The command `diff`: shows how two snapshots, commits or projects differ."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lightdash_sync.cli.options import OUTPUT, connections, environment_options
from lightdash_sync.cli.output import FORMATS, choose_format, show_report, warn
from lightdash_sync.errors import PENDING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lightdash_sync.settings import Settings
    from lightdash_sync.sources import Side


@click.command()
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
@click.option("--format", "form", type=click.Choice(FORMATS), help="How to tell it.  [default: text]")
@OUTPUT
@click.option("--only", multiple=True, metavar="KIND[:KEY]", help="Only these items (repeated).")
@click.option("--all", "every", is_flag=True, help="Tell everything, also what means nothing to users.")
@click.option("--exit-code", is_flag=True, help="Exit with 6 if there are differences.")
@environment_options
def diff(
    settings: Callable[[str], Settings],
    old: str,
    new: str,
    form: str | None,
    output: Path | None,
    only: tuple[str, ...],
    every: bool,
    exit_code: bool,
    config: Path | None,
    as_json: bool,
) -> int:
    """Show how B differs from A, in the words of a Lightdash user.

    Each is a directory with a snapshot, a commit (git:REV or git:REV:FOLDER), or an environment of
    lightdash-sync.toml: the project as it is now. Nothing is changed anywhere.

    Exits with 0 whether there are differences or not; with --exit-code, 6 means that there are.
    """
    from lightdash_sync.comparison import difference, parse_only
    from lightdash_sync.report.differences import diff_report

    form = choose_format(form, output, as_json=as_json)
    wanted = [parse_only(said) for said in only]
    with _opened(old, new, settings, config) as (before, after, notes):
        found = difference(before, after, wanted, every=every)
        all_notes = (*notes, *found.notes)
        warn(all_notes)
        report = diff_report(
            before.label,
            after.label,
            found.items,
            quiet=found.quiet,
            spaces=found.spaces,
            notes=all_notes,
            every=every,
        )
        show_report(report, form, output)
    return PENDING if exit_code and found.items else 0


@contextmanager
def _opened(
    old: str, new: str, settings: Callable[[str], Settings], config: Path | None
) -> Iterator[tuple[Side, Side, list[str]]]:
    """Open both sides; also yield notes about how their names were understood."""
    from lightdash_sync.export.last_run import Comments
    from lightdash_sync.report.terminal import Bars
    from lightdash_sync.settings import known_environments
    from lightdash_sync.sources import Environments, beside_each_other, opened, parse_side
    from lightdash_sync.sync.status import in_common_keys

    folders, default = known_environments(Path(), config)
    base = config.parent if config else Path()
    sides = [parse_side(said, folders, Path()) for said in (old, new)]
    with ExitStack() as stack:
        bars = Bars()
        connect = connections(settings)
        known = Environments(base, folders, connect, default, progress=bars, comments=Comments.AUTO)
        before, after = (stack.enter_context(opened(side, known, sides)) for side in sides)
        if before.code is None and after.code is None:
            before, after, said = in_common_keys(before, after, folders.values())
        else:
            before, after, said = beside_each_other(before, after)
        yield before, after, [*(side.note for side in sides if side.note), *said]
