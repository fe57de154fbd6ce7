"""Everything that a plan is made of, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightdash_sync.plan.options import Facts, Options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.identity import Identity
    from lightdash_sync.model.kinds import Kind
    from lightdash_sync.model.tree import Tree
    from lightdash_sync.plan.keys import Linked
    from lightdash_sync.plan.options import Item
    from lightdash_sync.plan.unseen import Unseen
    from lightdash_sync.plan.values import Target


@dataclass(frozen=True)
class Inputs:
    """Everything that a plan is made of.

    Attributes:
        source: what the desired side is, in words.
        target: where the plan is meant to be applied.
        desired: the content that is wanted.
        existing: the target's content, in the plan's keys.
        linked: which of it is linked.
        base: the target's content after the last sync, in the plan's keys; {} if there was none.
        settled: path -> (hash of the `settled_form` of what was written, hash of what the server made of
            it): when both come again, they are the same.
        merged: the same of what merges made: while it comes again, the rest is the target's own.
        facts: what is known of the target besides.
        options: of the user.
        adopted: kind -> key -> facts of the items that are linked by this plan.
        purpose: `sync`, `restore` or `undo`.
        undoes: the run that is to be taken back; "" for none.
        backed_up: of a plan to restore, the map of the target with what it had at its last backup, whose
            content is the base then; None for what is not compared with a backup.
        known_origin: items without a base of which it is known nevertheless that nothing of the target's
            people is in them: an unfinished run made them, or the desired content was taken from them.
        unseen: what the reader of the desired content may not have been shown.
        existing_unseen: what the reader of the target may not have been shown.
    """

    source: str
    target: Target
    desired: Tree
    existing: Tree
    linked: Linked
    base: Mapping[str, bytes] = field(default_factory=dict)
    settled: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    merged: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    options: Options = field(default_factory=Options)
    adopted: Mapping[Kind, Mapping[str, JsonObject]] = field(default_factory=dict)
    purpose: str = "sync"
    undoes: str = ""
    backed_up: Identity | None = None
    known_origin: frozenset[Item] = frozenset()
    unseen: Unseen = field(default_factory=dict)
    existing_unseen: Unseen = field(default_factory=dict)
