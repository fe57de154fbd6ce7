"""Where the schedulers of a plan would deliver to, and what of it must not or cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.content.display import shown
from lightdash_sync.content.json import get_list, get_str
from lightdash_sync.content.kinds import SECRET, SECRET_TARGETS, Kind
from lightdash_sync.content.schedulers import (
    CHAT,
    EMAIL,
    SHEETS,
    SLACK,
    TEAMS,
    UNKNOWN,
    channel_name,
    destinations,
    parse_pattern,
    unknown_way,
    why_not_replayed,
)
from lightdash_sync.sync.plan.fields import PreflightFinding
from lightdash_sync.sync.plan.values import Action, Gravity, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lightdash_sync.content.json import Json
    from lightdash_sync.content.schedulers import Destination
    from lightdash_sync.sync.plan.options import PlanOptions, TargetFacts
    from lightdash_sync.sync.plan.values import Step


# Whom schedulers may deliver to: an environment names who may get content, and nobody else does.
#
# It is asked of every plan when it is made, and again when it is applied: a plan file, a run that is gone
# on with, and a run that is taken back come from another time, when the setting may have been another
# one.

NOT_ALLOWED, UNKNOWN_PLACE = "recipient_not_allowed", "unknown_recipient"

_WORDS = {
    EMAIL: "the address",
    SLACK: "the Slack channel",
    TEAMS: "a webhook of MS Teams",
    CHAT: "a webhook of Google Chat",
    SHEETS: "the Google sheet",
}


def recipient_findings(
    scheduler: Json, allowed: Sequence[str] | None, channels: Mapping[str, str] | None
) -> Iterator[PreflightFinding]:
    """Yield the places that a scheduler delivers to and must not.

    Args:
        scheduler: its content.
        allowed: the setting; None allows all.
        channels: id of each Slack channel of the target -> its name; None if they cannot be listed.
    """
    if allowed is None:
        return
    patterns = [parse_pattern(said) for said in allowed]
    for one in dict.fromkeys(destinations(scheduler)):
        if one.place == UNKNOWN:
            what = (
                f"it delivers by {shown(one.address)}; nobody can say whom that reaches, and this "
                "environment allows named recipients only; take it out"
            )
            yield PreflightFinding(UNKNOWN_PLACE, one.address, what)
        elif not any(pattern.fits(one, channels) for pattern in patterns):
            name = _name(one, channels)
            where = f"{_WORDS[one.place]}{f' {shown(name)}' if name else ''}"
            hint = f"{one.place}:{one.address or '*'}" if one.place != EMAIL else "a pattern for it"
            what = (
                f"it delivers to {where}, which this environment does not allow; add {shown(hint)} to the "
                "environment's recipients, or take it out"
            )
            yield PreflightFinding(NOT_ALLOWED, f"{one.place}:{one.address}", what)


def refused_deliveries(
    steps: Sequence[Step], allowed: Sequence[str] | None, channels: Mapping[str, str] | None
) -> list[str]:
    """Return why schedulers that a plan writes must not be written, in words.

    Args:
        steps: of the plan.
        allowed: the setting; None allows all.
        channels: see `recipient_findings`.
    """
    return [
        f"{step.item}: {finding.what}"
        for step in steps
        if step.kind is Kind.SCHEDULER and step.action is not Action.DELETE
        for finding in recipient_findings(step.after, allowed, channels)
    ]


def needs_channel_names(steps: Sequence[Step], allowed: Sequence[str] | None) -> bool:
    """Whether the names of Slack channels decide whether a plan may be applied."""
    by_name = any(pattern.is_name for pattern in map(parse_pattern, allowed or ()))
    written = (step.after for step in steps if step.kind is Kind.SCHEDULER)
    return by_name and any(one.place == SLACK for content in written for one in destinations(content))


def _name(one: Destination, channels: Mapping[str, str] | None) -> str:
    name = channel_name(one.address, channels) if one.place == SLACK else None
    return one.address if name is None or name == one.address else f"{name} ({one.address})"


def delivery_findings(
    scheduler: Json, facts: TargetFacts, options: PlanOptions
) -> Iterator[PreflightFinding]:
    """Yield what is wrong with the places that a scheduler delivers to."""
    for target in get_list(scheduler, "targets"):
        if channel := get_str(target, "channel"):
            yield from _channel(channel, facts)
    yield from recipient_findings(scheduler, options.recipients, facts.channels)
    if has_secret_address(scheduler):
        what = (
            "the address of a webhook is a secret and not in the snapshot; "
            "set up this scheduler by hand on the target"
        )
        yield PreflightFinding("secret_address", "", what)
    if get_str(scheduler, "format") == "gsheets":
        what = (
            "its Google sheet belongs to the owner of the source's scheduler; "
            "the token's owner needs to be connected with Google and to be allowed to write to it"
        )
        yield PreflightFinding("google_sheet", "", what, Gravity.WARNS)


def has_secret_address(scheduler: Json) -> bool:
    """Whether a scheduler delivers to a webhook, whose address no snapshot has."""
    targets = get_list(scheduler, "targets")
    return any(get_str(target, name) == SECRET for target in targets for name in SECRET_TARGETS)


def why_not_planned(scheduler: Json, facts: TargetFacts, options: PlanOptions) -> str:
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


def owner_problems(steps: Sequence[Step], facts: TargetFacts) -> Iterator[Problem]:
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
    others = [step for step in created if get_str(step.after, "owner") != facts.caller]
    if others:
        number = f"{len(others)} new {'scheduler' if len(others) == 1 else 'schedulers'}"
        owner = shown(facts.caller) or "the token's owner"
        what = f"{number} will belong to {owner}, and deliver what {owner} may see"
        yield Problem(str(Kind.SCHEDULER), "owner_changes", what, Gravity.WARNS)


def _channel(channel: str, facts: TargetFacts) -> Iterator[PreflightFinding]:
    if facts.channels is None:
        what = f"whether the target can post to the Slack channel {shown(channel)} could not be asked"
        yield PreflightFinding("unchecked_channel", channel, what, Gravity.WARNS)
    elif channel not in facts.channels:
        what = (
            f"the target cannot post to the Slack channel {shown(channel)}; "
            "invite Lightdash to it, or choose a channel of the target's workspace"
        )
        yield PreflightFinding("missing_channel", channel, what)
