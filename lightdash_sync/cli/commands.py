"""The root command with `export`, `verify`, `projects`, `doctor` and `demo`.

Heavy modules are imported where they are used, so that `--help` is fast.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import click

from lightdash_standin.versions import VERSIONS as DEMO_VERSIONS
from lightdash_sync import __version__
from lightdash_sync.cli.options import connected, reading_options, server_options
from lightdash_sync.cli.output import show_report, warn
from lightdash_sync.content.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightdash_sync.export.run import ExportResult, Reading
    from lightdash_sync.export.selection import ExportSelection
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.settings import Settings
    from lightdash_sync.snapshot.verify import Differences, VerifyResult

DEMO_PATH = Path("snapshots/demo")


class Age(click.ParamType[timedelta]):
    """A length of time such as `26h`."""

    name = "AGE"
    _UNITS: ClassVar[dict[str, str]] = {"m": "minutes", "h": "hours", "d": "days"}

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Parse a number and its unit."""
        if value[:-1].isascii() and value[:-1].isdigit() and len(value) < 8 and value[-1] in self._UNITS:
            return timedelta(**{self._UNITS[value[-1]]: int(value[:-1])})
        raise click.BadParameter(f"{value!r} is no length of time; say it as 26h, 90m or 2d", ctx, param)


def _words(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Parse a list given by repeating the option, or separated by commas."""
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


def _kinds(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[Kind, ...]:
    """Parse a list of kinds."""
    words = _words(ctx, param, values)
    if unknown := [word for word in words if word not in set(Kind)]:
        there = ", ".join(Kind)
        raise click.BadParameter(f"{unknown[0]!r} is no kind; there are {there}", ctx, param)
    return tuple(map(Kind, words))


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True)
@click.version_option(__version__, prog_name="lightdash-sync")
@click.pass_context
def cli(context: click.Context) -> None:
    """Back up, review and move Lightdash content.

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 partly done (run again), 4 refused, 5 plan stale, 6
    differences (only with --exit-code), 10 snapshot damaged, 11 locked, 12 not authorised, 130
    interrupted. Any other code means failure.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        context.exit(2)


@cli.command()
@click.option(
    "--path",
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory.  [default: snapshots/<project>]",
)
@click.option(
    "--only",
    "kinds",
    multiple=True,
    callback=_kinds,
    metavar="KIND",
    help="Only these kinds (a,b or repeated).",
)
@click.option(
    "--space",
    "spaces",
    multiple=True,
    callback=_words,
    metavar="KEY",
    help="Only these spaces (a,b or repeated).",
)
@click.option(
    "--no-history",
    is_flag=True,
    help="Do not read earlier versions of charts and dashboards; on current servers nor who saved charts "
    "inside dashboards.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(("snapshot", "lightdash-yaml")),
    default="snapshot",
    show_default=True,
    help="lightdash-yaml: files as `lightdash download` writes them, into ./lightdash.",
)
@click.option("--nested", is_flag=True, help="lightdash-yaml: a folder for each space.")
@click.option(
    "--from", "source", metavar="SIDE", help="lightdash-yaml: of a snapshot, git:REV or env:NAME instead."
)
@click.option("--overwrite", is_flag=True, help="lightdash-yaml: replace also what somebody else wrote.")
@click.option("--personal-spaces", is_flag=True, help="lightdash-yaml: also what is in personal spaces.")
@reading_options
@server_options(project=True, config=True)
def export(
    settings: Callable[[], Settings],
    path: Path | None,
    kinds: tuple[Kind, ...],
    spaces: tuple[str, ...],
    no_history: bool,
    form: str,
    nested: bool,
    source: str | None,
    overwrite: bool,
    personal_spaces: bool,
    reading: Reading,
    config: Path | None,
    as_json: bool,
) -> int:
    """Export a project into a directory of JSON or YAML files.

    YAML files are those of `lightdash download`. What the directory held is replaced only when everything has
    been read.
    """
    if form == "lightdash-yaml":
        from lightdash_sync.cli.export_code import CodeExport, export_code

        if source is not None and (kinds or spaces):
            raise click.UsageError("--from takes all that there is: --only and --space choose what is read")
        wanted = CodeExport(path, kinds, spaces, nested, source, overwrite, personal_spaces, config)
        return export_code(settings, wanted, as_json=as_json)
    if nested or overwrite or personal_spaces or source is not None:
        raise click.UsageError(
            "--nested, --from, --overwrite and --personal-spaces are for --format lightdash-yaml"
        )
    from lightdash_sync.export.selection import Depth, ExportSelection
    from lightdash_sync.snapshot.write import require_swappable

    if no_history and (reading.history_since or reading.whole_history):
        raise click.UsageError("--no-history reads no earlier version, --history-since some: choose")
    chosen = ExportSelection(
        kinds=frozenset(kinds) or None,
        spaces=frozenset(spaces) or None,
        depth=Depth.CONTENT if no_history else Depth.HISTORY,
    )
    loaded = settings()
    if (target := path or loaded.path) is not None:
        require_swappable(target)
    with connected(loaded) as lightdash:
        report = _export(lightdash, loaded, path, chosen, reading)
    return _tell_export(report, as_json=as_json)


@cli.command()
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--live", is_flag=True, help="Also compare with the project as it is now.")
@click.option("--fix-line-ends", is_flag=True, help="First undo what git did to line ends (core.autocrlf).")
@click.option("--max-age", type=Age(), help="Fail if the last good export is older, such as 26h, 90m or 2d.")
@server_options(project=True)
def verify(
    settings: Callable[[], Settings],
    directory: Path,
    live: bool,
    fix_line_ends: bool,
    max_age: timedelta | None,
    as_json: bool,
) -> int:
    """Check that a snapshot is complete and undamaged.

    Every hash, count, form and reference is checked. Exits with 10 if anything is damaged, and names each
    file; with 1 if it is older than allowed.
    """
    from lightdash_sync.errors import GitError
    from lightdash_sync.export.last_run import require_fresh
    from lightdash_sync.git import Repository
    from lightdash_sync.report.exports import verify_report
    from lightdash_sync.snapshot.verify import fix_line_ends as fix
    from lightdash_sync.snapshot.verify import verify as check
    from lightdash_sync.snapshot.write import put_back

    began = time.monotonic()
    put_back(directory)
    if fix_line_ends and fix(directory):
        with suppress(GitError):  # the files are right; `git status` may show some as changed
            Repository.around(directory).look_again(directory)
    verdict = check(directory)
    differences, requests = (None, 0)
    if live and not verdict.damages:
        loaded = settings()
        with connected(loaded) as lightdash:
            differences = _compare_live(lightdash, verdict)
            requests = lightdash.session.requests
    report = verify_report(verdict, differences, requests, round(time.monotonic() - began, 3))
    show_report(report, "json" if as_json else "text")
    if verdict.damages:
        return 10
    if max_age is not None:
        require_fresh(directory, max_age)
    return 0


@cli.command()
@server_options(project=False)
def projects(settings: Callable[[], Settings], as_json: bool) -> int:
    """List the projects that the token sees, with their upstream."""
    from lightdash_sync.report.setups import projects_report

    began = time.monotonic()
    with connected(settings()) as lightdash:
        found = sorted(lightdash.projects(), key=lambda project: (project.name, project.projectUuid))
        requests = lightdash.session.requests
    report = projects_report(found, requests, round(time.monotonic() - began, 3))
    show_report(report, "json" if as_json else "text")
    return 0


@cli.command()
@server_options(project=True)
def doctor(settings: Callable[[], Settings], as_json: bool) -> int:
    """Check server, token, role and project, and suggest fixes.

    With --verbose, also list all that the server's version cannot do.
    """
    from lightdash_sync.doctor import examine
    from lightdash_sync.report.setups import doctor_report

    began = time.monotonic()
    loaded = settings()
    with connected(loaded) as lightdash:
        checks = examine(lightdash, loaded.project)
        requests = lightdash.session.requests
    is_verbose = bool(click.get_current_context().params["verbose"])
    duration_s = round(time.monotonic() - began, 3)
    report = doctor_report(checks, requests, duration_s, is_verbose=is_verbose)
    show_report(report, "json" if as_json else "text")
    return next((check.exit_code for check in checks if check.exit_code), 0)


@cli.command()
@click.option(
    "--path", type=click.Path(file_okay=False, path_type=Path), default=DEMO_PATH, show_default=True
)
@click.option("--serve", is_flag=True, help="Keep the embedded Lightdash running, and export nothing.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="With --serve; 0 is any free port.")
@click.option(
    "--lightdash",
    "version",
    type=click.Choice(DEMO_VERSIONS),
    default=DEMO_VERSIONS[-1],
    show_default=True,
    help="The version that the embedded Lightdash behaves like.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON result on stdout.")
def demo(path: Path, serve: bool, port: int, version: str, as_json: bool) -> int:
    """Export an embedded Lightdash, to try it without a server."""
    from lightdash_sync.cli.embedded import export_demo, serve_demo

    if serve:
        serve_demo(port, version, as_json=as_json)
        return 0
    return _tell_export(export_demo(path, version), as_json=as_json, is_demo=True)


def _export(
    lightdash: Lightdash, loaded: Settings, path: Path | None, chosen: ExportSelection, reading: Reading
) -> ExportResult:
    from lightdash_sync.content.keys import key_from, slugify
    from lightdash_sync.export.last_run import Comments
    from lightdash_sync.export.run import export_project
    from lightdash_sync.git import exclude
    from lightdash_sync.report.terminal import Bars
    from lightdash_sync.sources import choose_project, find_project
    from lightdash_sync.sync.runs import memory_of
    from lightdash_sync.sync.state import hints_for

    target = path or loaded.path
    if target is None:
        project = find_project(lightdash.projects(), loaded.project)
        uuid, target = project.projectUuid, Path("snapshots") / key_from(slugify(project.name))
    else:
        uuid = choose_project(lightdash, loaded.project, target)
    exclude(target)
    bars = Bars()
    hints = hints_for(memory_of(target), uuid)
    reading = replace(
        reading.or_since(loaded.history_since),
        comments=Comments.of(loaded.comments),
        keep_going=reading.keep_going or loaded.keep_going,
    )
    return export_project(lightdash, uuid, target, chosen, reading, progress=bars, hints=hints)


def _tell_export(export: ExportResult, *, as_json: bool, is_demo: bool = False) -> int:
    from lightdash_sync.report.exports import demo_report, export_report
    from lightdash_sync.report.terminal import say_error

    warn(export.warnings)
    report = demo_report(export) if is_demo else export_report(export)
    show_report(report, "json" if as_json else "text")
    if export.incomplete is not None:
        say_error(export.incomplete.message, export.incomplete.hint)
        return export.incomplete.exit_code
    return 0


def _compare_live(lightdash: Lightdash, verdict: VerifyResult) -> Differences:
    """Export the project into a temporary directory with the snapshot's own keys, and compare."""
    from lightdash_sync.export.run import export_beside
    from lightdash_sync.report.terminal import Bars
    from lightdash_sync.snapshot.verify import differences

    with tempfile.TemporaryDirectory() as folder:
        live = export_beside(lightdash, verdict.root, Path(folder) / "live", progress=Bars())
    return differences(verdict.manifest, live)
