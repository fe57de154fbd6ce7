"""The command `status`: shows which environment is behind which."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lightdash_sync.cli.options import OUTPUT, connections, environment_options
from lightdash_sync.cli.output import FORMATS, choose_format, show_report, warn
from lightdash_sync.errors import PENDING, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightdash_sync.settings import Settings
    from lightdash_sync.sync.status import Standing


@click.command()
@click.option("--env", "wanted", multiple=True, metavar="NAME", help="Only these environments (repeated).")
@click.option("--live", is_flag=True, help="Read the projects as they are now, not the snapshots on disk.")
@click.option("--all", "every", is_flag=True, help="List every item that differs, not the oldest ones only.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="How to tell it.  [default: text]")
@OUTPUT
@click.option("--exit-code", is_flag=True, help="Exit with 6 if there are differences.")
@environment_options
def status(
    settings: Callable[[str], Settings],
    wanted: tuple[str, ...],
    live: bool,
    every: bool,
    form: str | None,
    output: Path | None,
    exit_code: bool,
    config: Path | None,
    as_json: bool,
) -> int:
    """Compare environments: which one is behind, since when.

    For each pair: how many items of the one are not the same in the other, as a plan would find it, and when
    the one that waits longest was last saved. Created is what only the one has, deleted what only the other
    has. Compares the snapshots on disk, and needs neither a server nor a token for that. Nothing is changed
    anywhere.
    """
    from lightdash_sync.report.overview import status_report

    form = choose_format(form, output, as_json=as_json)
    standing = _standing(settings, wanted, config, live=live)
    warn(standing.notes)
    report = status_report(standing, datetime.now(UTC), every=every)
    show_report(report, form, output)
    return PENDING if exit_code and standing.differs else 0


def _standing(
    settings: Callable[[str], Settings], wanted: tuple[str, ...], config: Path | None, *, live: bool
) -> Standing:
    from lightdash_sync.report.terminal import Bars
    from lightdash_sync.settings import environments, known_environments
    from lightdash_sync.sources import Environments
    from lightdash_sync.sync.status import read_standing

    names = [*environments(wanted, Path(), config, every=not wanted)]
    if len(names) < 2:
        raise ConfigError(
            f"there is nothing to compare {names[0]} with",
            hint="Name two environments or more, or none for all of lightdash-sync.toml.",
        )
    folders, default = known_environments(Path(), config)
    bars = Bars()
    base = config.parent if config else Path()
    known = Environments(base, folders, connections(settings), default, progress=bars)
    return read_standing(known, names, live=live)
