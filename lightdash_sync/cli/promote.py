"""The commands of `promote`: review and run a promotion, by Lightdash's own endpoints or by replay."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lightdash_sync.cli.confirm import now
from lightdash_sync.cli.context import Opening, confirmed, open_source, open_upstream, source_name
from lightdash_sync.cli.options import OUTPUT, environment_options, with_options
from lightdash_sync.cli.output import FORMATS, choose_format, print_json, show_report, warn
from lightdash_sync.cli.promote_replay import (
    replay_options,
    review_by_replay,
    run_by_replay,
    selection_options,
    tell_review,
)
from lightdash_sync.errors import PENDING, ConfigError, Refused, Stale

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightdash_sync.cli.context import PromotionSource
    from lightdash_sync.cli.options import Command
    from lightdash_sync.cli.promote_replay import Wishes
    from lightdash_sync.promotion.approval import ApprovedReplay, ApprovedReview
    from lightdash_sync.promotion.replay import Replay
    from lightdash_sync.promotion.review import PreparedReview
    from lightdash_sync.promotion.values import PromotionSelection, Review
    from lightdash_sync.settings import Settings
    from lightdash_sync.sync.target import TargetEnvironment

PROMOTE, REPLAY = "promote", "replay"
_NAMED = 10  # differences that an error names

_COMMON = [
    click.option("--env", "source", metavar="ENV", help="What is promoted.  [default: that of the settings]"),
    click.option("--to", "target", metavar="ENV", help="Where to.  [default: the upstream project]"),
    click.option(
        "--via", type=click.Choice((PROMOTE, REPLAY)), help="Lightdash's promotion, or plan and apply."
    ),
    click.option(
        "--accept",
        "accepted",
        multiple=True,
        metavar="KIND:KEY",
        help="Let this item pass (repeated, no `all`).",
    ),
    click.option(
        "--approved",
        type=click.Path(dir_okay=False, exists=True, path_type=Path),
        metavar="FILE",
        help="A review in JSON that was approved; it says what is promoted.",
    ),
    click.option("--full", is_flag=True, help="Read the target whole, whatever its lists prove unchanged."),
]


def _promoting(command: Command) -> Command:
    """Add the options that both commands share."""
    return with_options(selection_options(replay_options(environment_options(command))), _COMMON)


@click.group()
def promote() -> None:
    """Promote content to the upstream project: first review, then run.

    Lightdash's own promotion matches by slug, goes by time, and says one word for each item. A review says
    what would really change, and what speaks against it. `--via replay` does the same by plan and apply.
    """


@promote.command()
@_promoting
@click.option("--format", "form", type=click.Choice(FORMATS), help="How to show it.  [default: text]")
@OUTPUT
@click.option("--exit-code", is_flag=True, help="Exit with 6 if there is something to promote.")
def review(
    settings: Callable[[str], Settings],
    form: str | None,
    output: Path | None,
    exit_code: bool,
    config: Path | None,
    as_json: bool,
    full: bool,
    **said: Any,
) -> int:
    """Show what a promotion would do.

    Nothing is changed, and no view of a chart is counted. Exits with 4 if the promotion would be refused, and
    with 5 if it is not what --approved says.
    """
    form = choose_format(form, output, as_json=as_json)
    with ExitStack() as stack:
        opening = Opening(settings, config, stack)
        asked = _Asked(opening, **said)
        if asked.replay is not None:
            approved = asked.approved_replay
            planned = review_by_replay(opening, asked.replay, approved, full=full)[0]
            return tell_review(asked.replay, planned, approved, form=form, output=output, exit_code=exit_code)
        prepared, _, _ = asked.review(full=full, writing=False)
        if form == "json":  # prints one JSON document: the review or an error
            asked.require_approved(prepared.review)
        _show(prepared.review, form, output)
        asked.require_approved(prepared.review)
        if prepared.review.refusals():
            return Refused.exit_code
        return PENDING if exit_code and not prepared.review.is_empty else 0


@promote.command()
@_promoting
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def run(
    settings: Callable[[str], Settings],
    yes: bool,
    config: Path | None,
    as_json: bool,
    full: bool,
    **said: Any,
) -> int:
    """Promote what a review approved.

    Reviews again, refuses what was not approved or accepted, promotes, reads back and compares. Exits with 3
    if a part could not be done or is not as the review said (running again goes on), with 4 if the promotion
    is refused, and with 5 if it is not what --approved says; then nothing was written.
    """
    began = time.monotonic()
    with ExitStack() as stack:
        opening = Opening(settings, config, stack)
        asked = _Asked(opening, **said)
        if asked.replay is not None:
            return run_by_replay(
                opening, asked.replay, asked.approved_replay, yes=yes, as_json=as_json, full=full
            )
        from lightdash_sync.promotion.approval import digest
        from lightdash_sync.promotion.run import run as run_promotion
        from lightdash_sync.report.results import promoted_report

        prepared, source, place = asked.review(full=full, writing=True)
        found = prepared.review
        asked.require_approved(found, place)
        if not as_json:
            _show(found, "text", None)
        _require_allowed(found)
        if found.is_empty and as_json:
            _show(found, "json", None)
        elif not found.is_empty:
            confirmed(f"Promote this to {found.target.environment} ({found.target.project_name})?", yes=yes)
            if not yes:  # any time may have gone by
                place.lightdash.forget()
        approved = asked.approved.digest if asked.approved else digest(found)
        done = run_promotion(source.lightdash, place, prepared, now(), approved)
        if found.is_empty:
            return 0
        report = promoted_report(done)
        if as_json:
            print_json({**report.data, "duration_s": round(time.monotonic() - began, 3)})
        else:
            show_report(report)
        return 0 if done.is_complete else 3


class _Asked:
    """The promotion that the options request, and the engine for it.

    Attributes:
        replay: the promotion by replay; None for a promotion by Lightdash.
        approved_replay: the approved replay, or None.
        approved: the approved review, or None.
    """

    def __init__(
        self,
        opening: Opening,
        source: str | None,
        target: str | None,
        via: str | None,
        accepted: tuple[str, ...],
        approved: Path | None,
        selection: PromotionSelection,
        wishes: Wishes,
    ) -> None:
        self._opening, self._accepted, self._selection = opening, accepted, selection
        self.replay: Replay | None = None
        self.approved_replay: ApprovedReplay | None = None
        self.approved: ApprovedReview | None = None
        self._source: PromotionSource | None = None
        if approved is not None:
            if selection.given or wishes.given or accepted or via or target or source:
                raise click.UsageError("--approved says what is promoted: give no other choice with it")
            self._read(approved)
            return
        if via == REPLAY:
            target = target or self._upstream(source)
            self.replay = wishes.replay(source_name(opening, source), target, selection)
        else:
            self._choose(source, target, via, wishes)
        if self.replay is not None and accepted:
            raise click.UsageError("--accept is for Lightdash's promotion; a replay has --allow-… instead")

    def review(
        self, *, full: bool, writing: bool
    ) -> tuple[PreparedReview, PromotionSource, TargetEnvironment]:
        """Review a promotion by Lightdash's endpoints; return it with its source and its target.

        If the review is only compared with an approval, the permission to promote is not checked.
        """
        from lightdash_sync.promotion.permission import PromotionPermissions
        from lightdash_sync.promotion.review import ReviewRequest, review_for

        source = self._source or open_source(self._opening, None)
        place = open_upstream(self._opening, source, writing=writing)
        side = self._opening.side(f"env:{source.name}")
        asked = PromotionPermissions(source.lightdash, source.project, place.project)
        permissions = asked if writing or self.approved is None else None
        request = ReviewRequest(source.name, self._selection, self._accepted, full)
        return review_for(source.lightdash, side, place, permissions, request), source, place

    def require_approved(self, now: Review, place: TargetEnvironment | None = None) -> None:
        """Require that a review equals the approved one, apart from items that a run of it has done.

        Raises:
            Stale: the review differs.
        """
        from lightdash_sync.promotion.approval import differences
        from lightdash_sync.promotion.run import done_items

        if self.approved is None:
            return
        done = done_items(place.folders.runs, self.approved.digest) if place else frozenset()
        if found := differences(self.approved, now, done):
            more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
            raise Stale(
                f"this is not what was approved: {'; '.join(found[:_NAMED])}{more}",
                hint="Nothing was written. Make a new review, and let it be approved.",
            )

    def _choose(self, source: str | None, target: str | None, via: str | None, wishes: Wishes) -> None:
        """Choose Lightdash's promotion if the target is the upstream project, otherwise a replay."""
        self._source = open_source(self._opening, source)
        if target not in (None, self._source.target):
            if via == PROMOTE:
                raise ConfigError(
                    f"{target} is not the upstream project of {self._source.name}",
                    hint="Lightdash promotes to no other; `--via replay` promotes to any environment.",
                )
            self.replay = wishes.replay(self._source.name, target or "", self._selection)
        elif wishes.given:
            raise click.UsageError("--with, --adopt, --allow-… and --merge are for --via replay")

    def _read(self, path: Path) -> None:
        from lightdash_sync.disk import read_document
        from lightdash_sync.promotion import approval
        from lightdash_sync.promotion.approval import read_approved

        data = read_document(path)
        if approval.is_replay(data):
            self.approved_replay = approval.from_bytes(data, str(path))
            self.replay = self.approved_replay.wanted
            return
        self.approved = read_approved(data, str(path))
        self._selection, self._accepted = self.approved.selection, self.approved.accepted
        self._source = open_source(self._opening, self.approved.source)

    def _upstream(self, source: str | None) -> str:
        """Return the name of the environment of the upstream project."""
        found = open_source(self._opening, source)
        if found.target is None:
            raise ConfigError(
                f"no environment of lightdash-sync.toml is the upstream project of {found.name}",
                hint="Say where to with --to ENV.",
            )
        return found.target


def _require_allowed(review: Review) -> None:
    """Require that no finding blocks the promotion.

    Raises:
        Refused: a blocking finding was not accepted.
    """
    if refusals := review.refusals():
        more = f" and {len(refusals) - _NAMED} more" if len(refusals) > _NAMED else ""
        raise Refused(
            f"the promotion must not be run: {'; '.join(refusals[:_NAMED])}{more}",
            hint="`lightdash-sync promote review` says what can be accepted, or done by --via replay.",
        )


def _show(review: Review, form: str, output: Path | None) -> None:
    """Render a review to stdout or into a file; its notes go to stderr in any case."""
    from lightdash_sync.promotion.approval import approval, digest
    from lightdash_sync.report.reviews import review_report

    warn(review.notes)
    report = review_report(review, digest(review))
    if form == "json":
        report = replace(report, data={**report.data, "approval": approval(review)})
    show_report(report, form, output)
