"""The command `init`, which prepares a folder for backups."""

from __future__ import annotations

import os
from pathlib import Path

import click

from lightdash_sync.cli.output import show_report


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=".", metavar="[DIR]")
@click.option("--env", metavar="NAME", help="Name of the environment.  [default: production]")
@click.option("--url", metavar="URL", help="Base URL of Lightdash.  [env: LIGHTDASH_URL]")
@click.option("--project", metavar="UUID|NAME", help="The project.  [env: LIGHTDASH_PROJECT]")
@click.option(
    "--ca-bundle", type=click.Path(dir_okay=False, path_type=Path), help="Further CAs, in PEM format."
)
@click.option("--allow-http", is_flag=True, help="Send the token unencrypted to other than this machine.")
@click.option("--concurrency", type=click.IntRange(1, 64), help="Requests at the same time.")
@click.option(
    "--ci",
    type=click.Choice(["github", "gitlab", "none"]),
    default="github",
    show_default=True,
    help="Where backups are going to run.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON result on stdout.")
def init(
    folder: Path,
    env: str | None,
    url: str | None,
    project: str | None,
    ca_bundle: Path | None,
    allow_http: bool,
    concurrency: int | None,
    ci: str,
    as_json: bool,
) -> int:
    """Make a folder ready for backups.

    Writes lightdash-sync.toml, .gitignore, .gitattributes and a CI job, and makes a git repository. Files
    that are there stay as they are. No token is written anywhere, and no server is asked.
    """
    from lightdash_sync.git import Repository
    from lightdash_sync.report.setups import init_report
    from lightdash_sync.scaffold import Ci, prepare, settings_for
    from lightdash_sync.settings import ConnectionOptions

    options = ConnectionOptions(env, url, project, ca_bundle, allow_http, concurrency)
    chosen = settings_for(folder, options, os.environ)
    repository, is_new = Repository.around_or_new(folder)
    done = prepare(folder.resolve(), repository.root, chosen, Ci(ci))
    report = init_report(repository.root, chosen.name, done, is_new=is_new)
    show_report(report, "json" if as_json else "text")
    return 0
