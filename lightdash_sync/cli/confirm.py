"""Shows a plan, asks for confirmation and reports the result, for all commands that apply a plan."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from lightdash_sync.cli.context import confirmed
from lightdash_sync.cli.output import print_json, show_report, warn
from lightdash_sync.errors import Refused

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_sync.content.json import Json
    from lightdash_sync.report.value import Report
    from lightdash_sync.sync.applying import Applied
    from lightdash_sync.sync.plan.values import Plan
    from lightdash_sync.sync.planning import Planned
    from lightdash_sync.sync.target import TargetEnvironment


def _looking(plan: Plan) -> str:
    """Return the command that shows a plan and changes nothing."""
    return f"`lightdash-sync {plan.purpose} … --dry-run`" if plan.puts_back else "`lightdash-sync plan`"


def agree(planned: Planned, *, yes: bool, as_json: bool, dry_run: bool = False) -> bool:
    """Show a plan and ask for confirmation; return whether there is something to apply.

    Raises:
        Refused: the plan must not be applied.
    """
    found = planned.plan
    if dry_run or found.is_empty or not as_json:
        show_plan(planned, "json" if as_json else "text")
    if dry_run:
        return False
    if refusals := found.refusals():
        raise Refused(
            f"the plan must not be applied: {'; '.join(refusals)}",
            hint=f"{_looking(found)} says what allows each of these.",
        )
    if found.is_empty:
        return False
    confirmed(f"Apply this to {found.target.environment} ({found.target.project_name})?", yes=yes)
    return True


def nothing_to_do(
    place: TargetEnvironment, found: Plan, planned: Planned | None = None, *, as_json: bool
) -> int:
    """Save the links and the base in the state, although nothing has to be written.

    Args:
        place: the target.
        found: the plan.
        planned: what the plan was made of; None for a plan from a file.
        as_json: print nothing for people.
    """
    from lightdash_sync.sync.applying import remember

    linked = remember(place, found, planned)
    if linked and not as_json:
        click.echo(f"{linked} {'item is' if linked == 1 else 'items are'} linked now.", err=True)
    return 0


def show_plan(planned: Planned, form: str, output: Path | None = None) -> None:
    """Render a plan to stdout or into a file; warnings from reading the target go to stderr."""
    warn(planned.existing.warnings)
    show_report(report_of(planned), form, output)


def report_of(planned: Planned) -> Report:
    """Return a plan as a report, with the names of spaces that it does not change."""
    from lightdash_sync.content.contents import Contents
    from lightdash_sync.report.plans import plan_report

    return plan_report(planned.plan, Contents(planned.existing.tree).look)


def tell_applied(
    applied: Applied, place: TargetEnvironment, began: float, *, as_json: bool, validate: bool
) -> int:
    """Show the result of an apply."""
    from lightdash_sync.report.results import applied_report
    from lightdash_sync.sync.readback import validated

    errors = validated(place, applied.plan, applied.existing.linked.identity) if validate else ()
    report = applied_report(applied)
    if as_json:
        validation: list[Json] = [{"item": one.item, "error": one.error} for one in errors]
        duration_s = round(time.monotonic() - began, 3)
        print_json({**report.data, "validation": validation, "duration_s": duration_s})
    else:
        show_report(report)
        warn(f"{one.item}: {one.error}" for one in errors)
    return 0 if applied.is_complete else 3


def now() -> datetime:
    """Return the current time, for the name of a run."""
    return datetime.now(UTC)
