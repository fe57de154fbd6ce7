"""A plan is shown, agreed on, and what came of it is told: for every command that applies one."""

from __future__ import annotations

import io
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from lightdash_sync.cli.output import json_line, print_json
from lightdash_sync.cli.planning import confirmed
from lightdash_sync.errors import Refused, naming

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_sync.plan.outlook import Look
    from lightdash_sync.plan.values import Plan
    from lightdash_sync.sync.applying import Applied
    from lightdash_sync.sync.planning import Planned
    from lightdash_sync.sync.target import Place


def _looking(plan: Plan) -> str:
    """Return the command that shows a plan and changes nothing."""
    return f"`lightdash-sync {plan.purpose} … --dry-run`" if plan.puts_back else "`lightdash-sync plan`"


def agree(planned: Planned, *, yes: bool, as_json: bool, dry_run: bool = False) -> bool:
    """Show a plan, and ask; return whether there is something to apply.

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


def nothing_to_do(place: Place, found: Plan, *, as_json: bool) -> int:
    """Remember what is linked and alike, though nothing has to be written."""
    from lightdash_sync.sync.applying import remember

    linked = remember(place, found)
    if linked and not as_json:
        click.echo(f"{linked} {'item is' if linked == 1 else 'items are'} linked now.", err=True)
    return 0


def show_plan(planned: Planned, form: str) -> None:
    """Render a plan to stdout; what the reading of the target had to say goes to stderr."""
    from lightdash_sync.plan.scope import Contents
    from lightdash_sync.report.terminal import say_warning

    for warning in planned.existing.warnings:
        say_warning(warning)
    tell_plan(planned.plan, Contents(planned.existing.tree).look, form)


def tell_plan(found: Plan, look: Look, form: str) -> None:
    """Render a plan to stdout; `look` gives content of the target that it leaves alone."""
    from lightdash_sync.report.plans import plan_text
    from lightdash_sync.report.terminal import console

    if form == "text":
        plan_text(found, console(), look=look)
    else:
        write(rendered(found, look, form))


def rendered(found: Plan, look: Look, form: str) -> str:
    """Return a plan as text, as one line of JSON, as Markdown or as HTML."""
    from lightdash_sync.report import plans
    from lightdash_sync.report.terminal import console

    match form:
        case "text":
            plans.plan_text(found, console(written := io.StringIO()), look=look)
            return written.getvalue()
        case "json":
            return json_line(plans.plan_json(found, look=look))
        case "markdown":
            return plans.plan_markdown(found, look=look)
        case _:
            return plans.plan_html(found, look=look)


def write(said: str, output: Path | None = None) -> None:
    """Write what was rendered to stdout, or into a file; what is no Unicode becomes escapes."""
    data = said.encode("utf-8", "backslashreplace")
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        with naming(output):
            output.write_bytes(data)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.flush()


def tell_applied(applied: Applied, place: Place, began: float, *, as_json: bool, validate: bool) -> int:
    """Show what came of it."""
    from lightdash_sync.report.plans import applied_json, applied_text
    from lightdash_sync.report.terminal import console, say_warning
    from lightdash_sync.sync.readback import validated

    errors = validated(place, applied.plan, applied.existing.linked.identity) if validate else ()
    if as_json:
        said = applied_json(applied)
        said["validation"] = [{"item": one.item, "error": one.error} for one in errors]
        print_json({**said, "duration_s": round(time.monotonic() - began, 3)})
    else:
        applied_text(applied, console())
        for one in errors:
            say_warning(f"{one.item}: {one.error}")
    return 0 if applied.is_complete else 3


def now() -> datetime:
    """Return the present, for the name of a run."""
    return datetime.now(UTC)
