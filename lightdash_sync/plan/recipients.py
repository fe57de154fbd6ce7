"""Whom schedulers may deliver to: an environment names who may get content, and nobody else does.

It is asked of every plan when it is made, and again when it is applied: a plan file, a run that is gone on
with, and a run that is taken back come from another time, when the setting may have been another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.destinations import (
    CHAT,
    EMAIL,
    SHEETS,
    SLACK,
    TEAMS,
    UNKNOWN,
    channel_name,
    destinations,
    parse_pattern,
)
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.shown import shown
from lightdash_sync.plan.fields import Finding
from lightdash_sync.plan.values import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lightdash_sync.model.canonical import Json
    from lightdash_sync.model.destinations import Destination
    from lightdash_sync.plan.values import Step

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
) -> Iterator[Finding]:
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
            yield Finding(UNKNOWN_PLACE, one.address, what)
        elif not any(pattern.fits(one, channels) for pattern in patterns):
            name = _name(one, channels)
            where = f"{_WORDS[one.place]}{f' {shown(name)}' if name else ''}"
            hint = f"{one.place}:{one.address or '*'}" if one.place != EMAIL else "a pattern for it"
            what = (
                f"it delivers to {where}, which this environment does not allow; add {shown(hint)} to the "
                "environment's recipients, or take it out"
            )
            yield Finding(NOT_ALLOWED, f"{one.place}:{one.address}", what)


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
