"""What the user wants of a plan, and what is known of the target: the plan's inputs besides content."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightdash_sync.content.kinds import ItemKey, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

ALL = "all"


@dataclass(frozen=True)
class ItemSelection:
    """Which items; nothing chosen means all.

    Attributes:
        items: these, by kind and key.
        kinds: all of these kinds.
        spaces: keys of spaces: everything in them, and what is in the spaces below.
        paths: these files; None for no such choice (what changed since a revision, for example).
        dependencies: whether what a chosen item needs comes along; else it is a problem.
        named: those of `items` that somebody named one by one; None for all of them.
        unfinished: what an earlier run began and did not end: it comes along, whatever is chosen.
    """

    items: frozenset[ItemKey] = frozenset()
    kinds: frozenset[Kind] = frozenset()
    spaces: frozenset[str] = frozenset()
    paths: frozenset[str] | None = None
    dependencies: bool = True
    named: frozenset[ItemKey] | None = None
    unfinished: frozenset[ItemKey] = frozenset()

    @property
    def is_all(self) -> bool:
        """Whether nothing was chosen, and hence everything is meant."""
        return not (self.items or self.kinds or self.spaces) and self.paths is None


@dataclass(frozen=True)
class PlanOptions:
    """What the user allows.

    Attributes:
        choice: which items.
        delete: delete what the source no longer has.
        max_deletes: deletes of a kind that are allowed whatever their share; None for the usual limits.
        allow_drift: items of the target whose own changes may be overwritten, as `kind:key`, or `all`.
        merge: combine the changes of both sides field by field.
        allow_twins: items to create though the target has one of the name, as `kind:key`, or `all`.
        allow_broken: items to write though something they refer to is missing, as `kind:key`, or `all`.
        keep_access: leave privacy and grants of spaces that exist as they are.
        enable_schedulers: switch schedulers on as the source has them; else new ones are paused and
            those that exist are left as they are.
        personal_spaces: carry personal spaces into another project, as ordinary private ones.
        verification: carry whether charts and dashboards are verified; else that is left to the target.
        recipients: patterns of places that schedulers of the target may deliver to (`content.schedulers`);
            None for any. Said by the settings of the target, not by the user.
    """

    choice: ItemSelection = field(default_factory=ItemSelection)
    delete: bool = False
    max_deletes: int | None = None
    allow_drift: frozenset[str] = frozenset()
    merge: bool = False
    allow_twins: frozenset[str] = frozenset()
    allow_broken: frozenset[str] = frozenset()
    keep_access: bool = False
    enable_schedulers: bool = False
    personal_spaces: bool = False
    verification: bool = False
    recipients: tuple[str, ...] | None = None


def allows(allowed: frozenset[str], item: str) -> bool:
    """Whether a list of `kind:key`, or `all`, has an item."""
    return ALL in allowed or item in allowed


@dataclass(frozen=True)
class TargetFacts:
    """What is known of a target besides its content.

    Attributes:
        same_project: whether the desired content was taken from the very project it goes to.
        people: e-mail -> uuid of everybody in the target's organisation; None if they cannot be listed.
        groups: name -> uuid of its groups; None if they cannot be listed.
        palettes: names of its organisation's colour palettes; None where items have none.
        caller: e-mail of the token's owner, or "".
        service_account: whether that is a service account, for which Lightdash delivers nothing.
        tables: names of the explores that the target has; None if they were not asked for.
        fields: explore -> ids of its fields, of the explores that were asked for.
        metrics: (table, metric) of the target's catalogue; None if it was not asked for.
        channels: id -> name of the Slack channels that the target can post to; None if it cannot say.
        verifies: whether charts and dashboards can be verified.
        may_verify: whether the token's owner may do it.
        lacks: names of capabilities that the target's server does not have (`lightdash.versions`).
        source_lacks: names of capabilities that the source's server does not have; what it cannot say is left
            to the target.
        may_write_code: whether the token's owner may write content as code, which chooses slugs.
        keeps_deleted: for how many days what is deleted can be restored; None if it cannot.
        aliases: kind -> slug -> the current slug of the target's item that had it before; of those slugs that
            were asked for.
    """

    same_project: bool = False
    people: Mapping[str, str] | None = None
    groups: Mapping[str, str] | None = None
    palettes: frozenset[str] | None = None
    caller: str = ""
    service_account: bool = False
    tables: frozenset[str] | None = None
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    metrics: frozenset[tuple[str, str]] | None = None
    channels: Mapping[str, str] | None = None
    verifies: bool = False
    may_verify: bool = True
    keeps_deleted: int | None = None
    lacks: frozenset[str] = frozenset()
    source_lacks: frozenset[str] = frozenset()
    may_write_code: bool = True
    aliases: Mapping[Kind, Mapping[str, str]] = field(default_factory=dict)

    def can(self, capability: str) -> bool:
        """Whether the target's server has a capability, by its name."""
        return capability not in self.lacks
