"""The commands `plan`, `apply`, `undo` and `restore`; each shows a plan before it writes."""

from __future__ import annotations

import shlex
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lightdash_sync.cli.confirm import agree, nothing_to_do, now, show_plan, tell_applied
from lightdash_sync.cli.context import Opening
from lightdash_sync.cli.options import environment_options
from lightdash_sync.cli.output import FORMATS, choose_format, show_report
from lightdash_sync.cli.plan_options import PlanArguments, planning_options
from lightdash_sync.errors import PENDING, ConfigError, Refused, naming

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightdash_sync.ascode.tree import CodeTree
    from lightdash_sync.content.tree import Tree
    from lightdash_sync.settings import Settings
    from lightdash_sync.sources import Side
    from lightdash_sync.sync.plan.options import PlanOptions
    from lightdash_sync.sync.plan.values import Plan
    from lightdash_sync.sync.planning import Planned
    from lightdash_sync.sync.target import TargetEnvironment

_TO = click.option("--to", "target", metavar="ENV", required=True, help="The environment to change.")
_YES = click.option("-y", "--yes", is_flag=True, help="Do not ask.")
_FULL = click.option(
    "--full", is_flag=True, help="Read the target whole, whatever its lists prove unchanged."
)


@click.command()
@click.option(
    "--from", "source", metavar="SIDE", required=True, help="A directory, git:REV, or an environment."
)
@_TO
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the plan there, for `apply FILE`; with --format, or an ending .html or .md, what is shown.",
)
@click.option("--format", "form", type=click.Choice(FORMATS), help="How to show it.  [default: text]")
@click.option("--exit-code", is_flag=True, help="Exit with 6 if there is something to do.")
@_FULL
@planning_options
def plan(
    settings: Callable[[str], Settings],
    source: str,
    target: str,
    output: Path | None,
    form: str | None,
    exit_code: bool,
    full: bool,
    wanted: PlanArguments,
    config: Path | None,
    as_json: bool,
) -> int:
    """Show what would give an environment a source's content.

    Nothing is changed. Exits with 4 if the plan would be refused: drift, twins, broken references, limits.
    """
    from lightdash_sync.report.terminal import say_note
    from lightdash_sync.sync.plan.document import to_bytes

    how = choose_format(form, output, as_json=as_json)
    is_shown = form is not None or how in ("html", "markdown")
    with ExitStack() as stack:
        opening = Opening(settings, config, stack)
        planned = _planned(opening, opening.place(target), source, target, wanted, full=full)[0]
    found = planned.plan
    if output is not None and is_shown:
        show_plan(planned, how, output)
    else:
        if output is not None:
            with naming(output):
                output.write_bytes(to_bytes(found))
            say_note(
                f"The plan is in {output}; `lightdash-sync apply {shlex.quote(str(output))}` applies it."
            )
        show_plan(planned, form or ("json" if as_json else "text"))
    if found.refusals():
        return Refused.exit_code
    return PENDING if exit_code and not found.is_empty else 0


@click.command()
@click.argument(
    "document", metavar="[PLAN|RUN]", type=click.Path(dir_okay=False, path_type=Path), required=False
)
@click.option(
    "--from", "source", metavar="SIDE", help="Make the plan now: a directory, git:REV, an environment."
)
@click.option("--to", "target", metavar="ENV", help="The environment to change.")
@click.option("--resume", is_flag=True, help="Go on with a run (the last one that did not do all).")
@click.option("--validate", is_flag=True, help="Let the server validate the project afterwards.")
@_YES
@_FULL
@planning_options
def apply(
    settings: Callable[[str], Settings],
    document: Path | None,
    source: str | None,
    target: str | None,
    resume: bool,
    validate: bool,
    yes: bool,
    full: bool,
    wanted: PlanArguments,
    config: Path | None,
    as_json: bool,
) -> int:
    """Apply a saved plan, or make a plan and apply it.

    Exits with 3 if a part could not be done (`apply --resume` goes on), with 4 if the plan is refused, and
    with 5 if the target has changed since the plan was made; then nothing was written.
    """
    from lightdash_sync.report.plans import plan_report
    from lightdash_sync.sync.applying import apply as apply_plan
    from lightdash_sync.sync.applying import resume as resume_run
    from lightdash_sync.sync.runs import find_run

    ways = [document is not None and not resume, source is not None, resume]
    if sum(ways) != 1:
        raise click.UsageError("name a PLAN, or --from and --to, or --resume and --to")
    began = time.monotonic()
    with ExitStack() as stack:
        opening = Opening(settings, config, stack)
        if document is not None and not resume:
            found = _read(document)
            place, _ = opening.place(target or found.target.environment)
            if found.is_empty:
                show_report(plan_report(found), "json" if as_json else "text")
                return nothing_to_do(place, found, as_json=as_json)
            applied = apply_plan(place, found, now())
        elif target is None:
            raise click.UsageError("--to is missing")
        elif resume:
            place, _ = opening.place(target)
            run = find_run(place.folders.runs, str(document) if document else None, unfinished=True)
            applied = resume_run(place, run, now())
        else:
            opened = opening.place(target)
            planned, place = _planned(opening, opened, source or "", target, wanted, full=full)
            agreed = agree(planned, yes=yes, as_json=as_json)
            if not agreed:
                return nothing_to_do(place, planned.plan, planned, as_json=as_json)
            applied = apply_plan(place, planned.plan, now(), planned if yes else None)
        return tell_applied(applied, place, began, as_json=as_json, validate=validate)


@click.command()
@click.argument("run", metavar="[RUN]", required=False)
@_TO
@click.option(
    "--allow-drift", multiple=True, metavar="KIND:KEY|all", help="Overwrite what was changed since."
)
@click.option(
    "--allow-broken", multiple=True, metavar="KIND:KEY|all", help="Put back also what cannot be whole again."
)
@click.option("--dry-run", is_flag=True, help="Only show the plan.")
@_YES
@environment_options
def undo(
    settings: Callable[[str], Settings],
    run: str | None,
    target: str,
    allow_drift: tuple[str, ...],
    allow_broken: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    config: Path | None,
    as_json: bool,
) -> int:
    """Take a run back: the last one, or the one that is named.

    Deletes what it created, and puts back what it changed. An undo that was cut short is gone on with.
    """
    from lightdash_sync.report.terminal import say_warning
    from lightdash_sync.sync.applying import apply as apply_plan
    from lightdash_sync.sync.concluding import conclude_open_runs
    from lightdash_sync.sync.plan.options import PlanOptions
    from lightdash_sync.sync.planning import plan_for
    from lightdash_sync.sync.runs import open_undos, run_to_undo
    from lightdash_sync.sync.undo import in_doubt, undo_request

    began = time.monotonic()
    with ExitStack() as stack:
        opening = Opening(settings, config, stack)
        place, _ = opening.place(target)
        conclude_open_runs(place)
        found = run_to_undo(place.folders.runs, run)
        for said in in_doubt(found):
            say_warning(said)
        options = PlanOptions(allow_drift=frozenset(allow_drift), allow_broken=frozenset(allow_broken))
        planned = plan_for(place, undo_request(found, open_undos(place.folders.runs, found), options))
        agreed = agree(planned, yes=yes, as_json=as_json, dry_run=dry_run)
        if not agreed:
            return Refused.exit_code if planned.plan.refusals() else 0
        applied = apply_plan(place, planned.plan, now(), planned if yes else None)
        return tell_applied(applied, place, began, as_json=as_json, validate=False)


@click.command()
@click.option(
    "--at", "when", metavar="REV|DATE", required=True, help="A git revision, a date, or `yesterday`."
)
@_TO
@click.option("--dry-run", is_flag=True, help="Only show the plan.")
@click.option("--validate", is_flag=True, help="Let the server validate the project afterwards.")
@_YES
@_FULL
@planning_options
def restore(
    settings: Callable[[str], Settings],
    when: str,
    target: str,
    dry_run: bool,
    validate: bool,
    yes: bool,
    full: bool,
    wanted: PlanArguments,
    config: Path | None,
    as_json: bool,
) -> int:
    """Put an environment, or some items, back to a backup.

    What was made since is left alone, unless --delete is given.
    """
    from lightdash_sync.sync.applying import apply as apply_plan

    began = time.monotonic()
    with ExitStack() as stack:
        opening = Opening(settings, config, stack)
        opened = opening.place(target)
        revision = opening.revision(when, target)
        planned, place = _planned(
            opening, opened, f"git:{revision}", target, wanted, full=full, restores=revision
        )
        agreed = agree(planned, yes=yes, as_json=as_json, dry_run=dry_run)
        if not agreed:
            return Refused.exit_code if planned.plan.refusals() else 0
        applied = apply_plan(place, planned.plan, now(), planned if yes else None)
        return tell_applied(applied, place, began, as_json=as_json, validate=validate)


def _planned(
    opening: Opening,
    opened: tuple[TargetEnvironment, Settings],
    source: str,
    target: str,
    wanted: PlanArguments,
    *,
    full: bool,
    restores: str = "",
) -> tuple[Planned, TargetEnvironment]:
    """Make a plan; `restores` is the revision to restore, or "" for a sync."""
    from lightdash_sync.sync.planning import PlanRequest, plan_for

    place, _ = opened
    side = opening.side(source, target)

    if side.code is not None:
        return _planned_from_code(opening, side, side.code, opened, wanted, full=full), place
    own = side.tree.identity.project.get("uuid") == place.project
    if restores and not own:
        raise ConfigError(
            f"{side.label} is not a snapshot of the project of {target}",
            hint=f"`lightdash-sync plan --from {source} --to {target}` carries content from another project.",
        )
    selection = side.manifest.selection
    if wanted.deletes and selection.is_partial:
        raise Refused(
            f"{side.label} is an export of a part: with --delete, the rest would be taken for deleted",
            hint="Export the whole project, or plan without --delete.",
        )
    options = wanted.options(side, lambda revision: opening.earlier(side, revision))
    request = PlanRequest(
        source=side.label,
        desired=side.tree,
        options=options,
        adopt=wanted.adopt(),
        adopt_by=wanted.adopt_by,
        full=full,
        purpose="restore" if restores else "sync",
        backup=opening.last_backup(target, restores) if restores else None,
        source_lacks=side.lacks(),
        notes=side.untold(),
        unseen=side.manifest.unseen(),
    )
    return plan_for(place, request), place


def _planned_from_code(
    opening: Opening,
    side: Side,
    code: CodeTree,
    opened: tuple[TargetEnvironment, Settings],
    wanted: PlanArguments,
    *,
    full: bool,
) -> Planned:
    """Make a plan for a tree of the official tool's documents."""
    from lightdash_sync.sync.planning import plan_from_code

    place, _ = opened
    if wanted.adopt() or wanted.adopt_by:
        raise ConfigError(
            f"{side.label} is a tree of `lightdash download`, whose items are known by their slugs",
            hint="`lightdash-sync link add` links an item of the target by hand.",
        )

    def options(onto: Callable[[CodeTree], Tree]) -> PlanOptions:
        def earlier(revision: str) -> Side:
            before = opening.earlier(side, revision)
            return before if before.code is None else replace(before, tree=onto(before.code))

        return wanted.options(replace(side, tree=onto(code)), earlier)

    return plan_from_code(place, side.label, code, options, full=full)


def _read(path: Path) -> Plan:
    from lightdash_sync.disk import read_document
    from lightdash_sync.sync.plan.document import read_plan

    return read_plan(read_document(path), str(path))
