"""Where the schedulers of a plan would deliver to, and what of it must not or cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.changes.look import held, text
from lightdash_sync.model.delivered import why_not_replayed
from lightdash_sync.model.destinations import unknown_way
from lightdash_sync.model.kinds import SECRET, SECRET_TARGETS, Kind
from lightdash_sync.model.shown import shown
from lightdash_sync.plan.fields import Finding
from lightdash_sync.plan.recipients import recipient_findings
from lightdash_sync.plan.values import Action, Gravity, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lightdash_sync.model.canonical import Json
    from lightdash_sync.plan.options import Facts, Options
    from lightdash_sync.plan.values import Step


def delivery_findings(scheduler: Json, facts: Facts, options: Options) -> Iterator[Finding]:
    """Yield what is wrong with the places that a scheduler delivers to."""
    for target in held(scheduler, "targets"):
        if channel := text(target, "channel"):
            yield from _channel(channel, facts)
    yield from recipient_findings(scheduler, options.recipients, facts.channels)
    if has_secret_address(scheduler):
        what = (
            "the address of a webhook is a secret and not in the snapshot; "
            "set up this scheduler by hand on the target"
        )
        yield Finding("secret_address", "", what)
    if text(scheduler, "format") == "gsheets":
        what = (
            "its Google sheet belongs to the owner of the source's scheduler; "
            "the token's owner needs to be connected with Google and to be allowed to write to it"
        )
        yield Finding("google_sheet", "", what, Gravity.WARNS)


def has_secret_address(scheduler: Json) -> bool:
    """Whether a scheduler delivers to a webhook, whose address no snapshot has."""
    targets = held(scheduler, "targets")
    return any(text(target, name) == SECRET for target in targets for name in SECRET_TARGETS)


def why_not_planned(scheduler: Json, facts: Facts, options: Options) -> str:
    """Return why nothing is planned for a delivery, in words; "" if it is like any other item.

    What it delivers, or where to, is nothing that this version knows: another project may take that for
    something else. (Where an environment names its recipients, an unknown one is refused; see `recipients`.)
    """
    if why := why_not_replayed(scheduler):
        return why
    if facts.same_project or options.recipients is not None:
        return ""
    if not (unknown := unknown_way(scheduler)):
        return ""
    return f"it delivers by {shown(unknown)}, which this version does not know: it cannot be replayed"


def owner_problems(steps: Sequence[Step], facts: Facts) -> Iterator[Problem]:
    """Say once that new schedulers will belong to the token's owner, if others own them in the source.

    Of service accounts it is always said: their users are not active, and Lightdash plans the deliveries of
    each day for active owners only.
    """
    created = [step for step in steps if step.kind is Kind.SCHEDULER and step.action is Action.CREATE]
    if created and facts.service_account:
        number = f"{len(created)} new {'scheduler' if len(created) == 1 else 'schedulers'}"
        what = (
            f"{number} will belong to a service account, for which Lightdash delivers nothing from the next "
            "day on; give them to somebody in Lightdash, or use the token of a person"
        )
        yield Problem(str(Kind.SCHEDULER), "owner_is_no_person", what, Gravity.WARNS)
        return
    others = [step for step in created if text(step.after, "owner") != facts.caller]
    if others:
        number = f"{len(others)} new {'scheduler' if len(others) == 1 else 'schedulers'}"
        owner = shown(facts.caller) or "the token's owner"
        what = f"{number} will belong to {owner}, and deliver what {owner} may see"
        yield Problem(str(Kind.SCHEDULER), "owner_changes", what, Gravity.WARNS)


def _channel(channel: str, facts: Facts) -> Iterator[Finding]:
    if facts.channels is None:
        what = f"whether the target can post to the Slack channel {shown(channel)} could not be asked"
        yield Finding("unchecked_channel", channel, what, Gravity.WARNS)
    elif channel not in facts.channels:
        what = (
            f"the target cannot post to the Slack channel {shown(channel)}; "
            "invite Lightdash to it, or choose a channel of the target's workspace"
        )
        yield Finding("missing_channel", channel, what)
