"""A person who promotes by replay: the two functions of the command line, behind commands of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

from lightdash_sync.cli.commands import cli
from lightdash_sync.cli.connect import environment_options
from lightdash_sync.cli.planning import Opening
from lightdash_sync.cli.replaying import (
    Wishes,
    replay_options,
    review_by_replay,
    run_by_replay,
    selection_options,
    tell_review,
)
from lightdash_sync.config import Settings
from lightdash_sync.promote.approval import Approved, from_bytes
from lightdash_sync.promote.replay import Replay
from lightdash_sync.promote.values import Selection

REVIEW, RUN = "review-by-replay", "run-by-replay"
_APPROVED = click.option("--approved", type=click.Path(path_type=Path))


@contextmanager
def commands() -> Iterator[None]:
    """Let the command line have the two commands."""
    cli.add_command(review, REVIEW)
    cli.add_command(run, RUN)
    try:
        yield
    finally:
        del cli.commands[REVIEW], cli.commands[RUN]


def _wanted(
    source: str, target: str, selection: Selection, wishes: Wishes, approved: Path | None
) -> tuple[Replay, Approved | None]:
    if approved is None:
        return wishes.replay(source, target, selection), None
    found = from_bytes(approved.read_bytes())
    return found.wanted, found


@click.command()
@click.option("--from", "source", default="")
@click.option("--to", "target", default="")
@click.option("-o", "--output", type=click.Path(path_type=Path))
@click.option("--format", "form", default="text")
@click.option("--exit-code", is_flag=True)
@_APPROVED
@selection_options
@replay_options
@environment_options
def review(
    settings: Callable[[str], Settings],
    source: str,
    target: str,
    output: Path | None,
    form: str,
    exit_code: bool,
    approved: Path | None,
    selection: Selection,
    wishes: Wishes,
    config: Path | None,
    as_json: bool,
) -> int:
    """Review."""
    wanted, old = _wanted(source, target, selection, wishes, approved)
    with ExitStack() as stack:
        planned, _ = review_by_replay(Opening(settings, config, stack), wanted)
    form = "json" if as_json else form
    return tell_review(wanted, planned, old, form=form, output=output, exit_code=exit_code)


@click.command()
@click.option("--from", "source", default="")
@click.option("--to", "target", default="")
@_APPROVED
@selection_options
@replay_options
@environment_options
def run(
    settings: Callable[[str], Settings],
    source: str,
    target: str,
    approved: Path | None,
    selection: Selection,
    wishes: Wishes,
    config: Path | None,
    as_json: bool,
) -> int:
    """Run."""
    wanted, old = _wanted(source, target, selection, wishes, approved)
    with ExitStack() as stack:
        opening = Opening(settings, config, stack)
        return run_by_replay(opening, wanted, old, yes=True, as_json=as_json)


def items(plan: dict[str, Any]) -> set[str]:
    """Return the items that a plan writes, each with what happens to it."""
    return {f"{step['action']} {step['kind']}:{step['key']}".rstrip(":") for step in plan["steps"]}
