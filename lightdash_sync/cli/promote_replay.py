"""`--via replay`: reviews and runs a promotion as a plan, for the commands of `promote`.

The plan is made, shown and applied as by `plan` and `apply`. An approval consists of that plan and the
options that it was made with. The options are decorators, so that all commands that promote share them.
"""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, Any

import click

from lightdash_sync.cli.confirm import agree, nothing_to_do, now, report_of, tell_applied
from lightdash_sync.cli.context import confirmed
from lightdash_sync.cli.options import Command, with_options
from lightdash_sync.cli.output import json_line, show_report, warn, write
from lightdash_sync.cli.plan_options import (
    ADOPTED,
    ALLOWED,
    PERSONAL_SPACES,
    adopted,
    adopted_by,
    allowed,
    taken,
)
from lightdash_sync.errors import PENDING, Refused

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_sync.cli.context import Opening
    from lightdash_sync.promotion.approval import ApprovedReplay
    from lightdash_sync.promotion.replay import Replay
    from lightdash_sync.promotion.values import PromotionSelection
    from lightdash_sync.sync.planning import Planned
    from lightdash_sync.sync.runs import Run
    from lightdash_sync.sync.target import TargetEnvironment

_ALL = "all"
_NAMED = 10  # reasons printed when the output file has all of them
_EXTRAS = ("schedulers", "virtual-views", "tags", "pins", "icons", "spaces", "verification")


def _extras(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> frozenset[str]:
    words = [word.strip() for value in values for word in value.split(",") if word.strip()]
    if unknown := [word for word in words if word not in (*_EXTRAS, _ALL)]:
        there = ", ".join((*_EXTRAS, _ALL))
        raise click.BadParameter(
            f"{unknown[0]!r} is nothing that can be carried; there are {there}", ctx, param
        )
    return frozenset(_EXTRAS if _ALL in words else words)


_SELECTED = [
    click.option(
        "--dashboard", "dashboards", multiple=True, metavar="KEY", help="This dashboard (repeated)."
    ),
    click.option("--chart", "charts", multiple=True, metavar="KEY", help="This chart (repeated)."),
    click.option("--space", "spaces", multiple=True, metavar="KEY", help="All in this space (repeated)."),
    click.option("--changed", is_flag=True, help="Everything that differs.  [default]"),
    click.option("--all", "every", is_flag=True, help="Everything."),
]
_REPLAYED = [
    click.option(
        "--with",
        "extras",
        multiple=True,
        callback=_extras,
        metavar="WHAT",
        help="Carry schedulers (paused), virtual-views, tags, pins, icons, spaces (as they are), "
        "verification, or all (a,b or repeated).",
    ),
    PERSONAL_SPACES,
    *ALLOWED,
    *ADOPTED,
]


def selection_options(command: Command) -> Command:
    """Add the options that select items; they arrive as one `PromotionSelection`, named `selection`."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        from lightdash_sync.promotion.values import PromotionSelection

        said = taken(kwargs, _SELECTED)
        chosen = said["dashboards"] or said["charts"] or said["spaces"]
        if bool(chosen) + said["changed"] + said["every"] > 1:
            raise click.UsageError("name dashboards, charts and spaces, or --changed, or --all")
        selection = PromotionSelection(
            said["dashboards"], said["charts"], said["spaces"], all=said["every"], changed=said["changed"]
        )
        return command(*args, selection=selection, **kwargs)

    return with_options(wrapped, _SELECTED)


def replay_options(command: Command) -> Command:
    """Add the options that only a replay has; they arrive as one `Wishes`, named `wishes`."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return command(*args, wishes=Wishes(taken(kwargs, _REPLAYED)), **kwargs)

    return with_options(wrapped, _REPLAYED)


class Wishes:
    """The values of the replay options; each is checked when a method needs it, not before.

    Args:
        said: name of each option -> its value.
    """

    def __init__(self, said: dict[str, Any]) -> None:
        self._said = said

    @property
    def given(self) -> bool:
        """Whether any of the options was used."""
        return any(self._said.values())

    def replay(self, source: str, target: str, selection: PromotionSelection) -> Replay:
        """Return the promotion by replay that the options describe.

        Args:
            source: an environment, a directory, or git:REV.
            target: name of an environment.
            selection: the items to promote.

        Raises:
            ConfigError: the value of an option is invalid.
        """
        from lightdash_sync.promotion.replay import Replay
        from lightdash_sync.sync.plan.options import ItemSelection

        return Replay(
            source,
            target,
            selection,
            self._said["extras"],
            allowed(self._said, ItemSelection()),
            adopted(self._said),
            adopted_by(self._said),
        )


def review_by_replay(
    opening: Opening, wanted: Replay, approved: ApprovedReplay | None = None, *, full: bool = False
) -> tuple[Planned, TargetEnvironment]:
    """Make the plan of a promotion and return it with its target. Only reads.

    Args:
        opening: opens source and target.
        wanted: the promotion to plan.
        approved: the approval that the plan will be compared with, or None.
        full: read the whole target.

    Raises:
        ConfigError: there is no such environment or item.
        Incomplete: something could not be read.
        Locked: another run plans or applies there.
    """
    from lightdash_sync.promotion.replay import plan_replay

    place, _ = opening.place(wanted.target)
    side = opening.side(wanted.source, wanted.target)
    also = approved.items if approved else frozenset()
    return plan_replay(wanted, side, place, also=also, full=full), place


def tell_review(
    wanted: Replay,
    planned: Planned,
    approved: ApprovedReplay | None = None,
    *,
    form: str = "text",
    output: Path | None = None,
    exit_code: bool = False,
) -> int:
    """Show what a promotion by replay would do, and return the exit code.

    Args:
        wanted: the promotion.
        planned: its plan.
        approved: the approval to compare the plan with, or None.
        form: `text`, `json`, `markdown` or `html`.
        output: the file to write; None for stdout. A JSON file can be approved.
        exit_code: return 6 if there is something to do.

    Raises:
        Stale: the plan differs from the approved one. Formats for people are shown all the same.
    """
    from lightdash_sync.content.json import canonical
    from lightdash_sync.promotion import approval

    found, report = planned.plan, report_of(planned)
    warn(planned.existing.warnings)
    if form == "json":
        _compare(approved, planned)
        document = approval.document(approval.ApprovedReplay(wanted, found), report.data)
        write(json_line(document) if output is None else canonical(document).decode(), output)
    else:
        show_report(report, form, output)
    _compare(approved, planned)
    if refusals := found.refusals():
        warn(refusals[:_NAMED] if output is not None else ())
        return Refused.exit_code
    return PENDING if exit_code and not found.is_empty else 0


def _compare(approved: ApprovedReplay | None, planned: Planned) -> None:
    from lightdash_sync.promotion.approval import require_approved

    if approved is not None:
        require_approved(approved.plan, planned)


def run_by_replay(
    opening: Opening,
    wanted: Replay,
    approved: ApprovedReplay | None = None,
    *,
    yes: bool = False,
    as_json: bool = False,
    validate: bool = False,
    full: bool = False,
) -> int:
    """Promote by replay: plan, compare with what was approved, show, ask, apply; return the exit code.

    An interrupted run on this machine is resumed, if it does nothing that was not approved.

    Args:
        opening: opens source and target.
        wanted: the promotion; with an approval, the one that was approved.
        approved: the approval; None if the user confirms at the prompt instead.
        yes: do not ask for confirmation.
        as_json: print JSON.
        validate: let the server validate the project afterwards.
        full: read the whole target.

    Raises:
        Refused: the plan must not be applied.
        Stale: the plan does something that was not approved; nothing was written.
    """
    from lightdash_sync.sync.applying import apply, resume

    began = time.monotonic()
    if approved is not None and (run := _cut_short(opening, approved)) is not None:
        place = opening.place(wanted.target)[0]
        confirmed(f"Go on with the run {run.id} on {place.environment}?", yes=yes)
        return tell_applied(resume(place, run, now()), place, began, as_json=as_json, validate=validate)
    planned, place = review_by_replay(opening, wanted, approved, full=full)
    _compare(approved, planned)
    agreed = agree(planned, yes=yes, as_json=as_json)
    if not agreed:
        return nothing_to_do(place, planned.plan, planned, as_json=as_json)
    done = apply(place, planned.plan, now(), planned if yes else None)
    return tell_applied(done, place, began, as_json=as_json, validate=validate)


def _cut_short(opening: Opening, approved: ApprovedReplay) -> Run | None:
    """Return the last run on this machine, if it is an unfinished run of the approved plan."""
    from lightdash_sync.promotion.approval import is_part_of
    from lightdash_sync.sync.runs import Folders, is_complete, runs

    folder = opening.folders.get(approved.wanted.target)
    if folder is None:
        return None
    folders = Folders(folder)
    folders.require_plain()
    there = runs(folders.runs)
    last = next((run for run in there if not run.damage()), None)
    is_open = last is not None and not is_complete(last) and is_part_of(last.plan(), approved.plan)
    return last if is_open else None
