"""What the target's people changed since the last sync, and whether it can be combined with the source's.

The base of an item is its content on the target after the last sync. If the target has something else now,
somebody worked on it there; applying the plan would take that work away, so it is refused until a person
says otherwise. An item without a base was never synced (it was linked just now): nobody knows which side
changed what, so whatever differs may be the target's newer work, and is refused alike.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightdash_sync.model.authorship import full_name, version_stamp
from lightdash_sync.model.changes import changes
from lightdash_sync.model.changes.change import ABSENT
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.merge import merge, merge_without_base
from lightdash_sync.model.ordered import in_order
from lightdash_sync.plan.lists import known_rows, numbered
from lightdash_sync.plan.managed import completed, managed, same_content
from lightdash_sync.plan.options import allows
from lightdash_sync.plan.values import Drift, DriftKind, Saved

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import Json
    from lightdash_sync.model.identity import Identity
    from lightdash_sync.plan.options import Item, Options

_LISTS = frozenset({Kind.PINS, Kind.METRIC_ICONS})


def drift_of(item: Item, base: Json, existing: Json, desired: Json, options: Options) -> Drift | None:
    """Return how the target's item went its own way, or None if it did not.

    Args:
        item: kind and key.
        base: its content after the last sync; None if it was never synced.
        existing: its content now; None if the target has it no more.
        desired: the content that the source wants; None if the source has it no more.
        options: of the user.
    """
    kind, key = item
    if base is None or same_content(kind, base, existing, options):
        return None
    if same_content(kind, existing, desired, options):
        return None
    name = text(base if existing is None else existing, "name") or key
    untouched = same_content(kind, base, desired, options)
    how = DriftKind.CHANGED if untouched else DriftKind.BOTH
    if existing is None:
        how = DriftKind.DELETED
    merged, conflicts = _merged(item, base, existing, desired, options)
    found = Drift(how, kind, key, name, base, existing, desired, merged, conflicts)
    resolved = options.merge and not conflicts
    if allows(options.allow_drift, found.item) or resolved:
        return Drift(how, kind, key, name, base, existing, desired, merged, conflicts, allowed=True)
    return found


def drift_since_backup(
    item: Item, base: Json, existing: Json, desired: Json, options: Options
) -> Drift | None:
    """Return what the target's people did to an item after its last backup, or None.

    Putting it back to an earlier state would take that away, and no backup holds it. What they deleted since
    is no drift: making it again takes nothing away.

    Args:
        item: kind and key.
        base: its content as the last backup has it, or a run of this tool left it since; None if none does.
        existing: its content now; None if the target has it no more.
        desired: the content that it is to have again; None if it is to be deleted.
        options: of the user.
    """
    kind, key = item
    if existing is None or same_content(kind, existing, desired, options):
        return None
    if base is None:
        name, named = text(existing, "name") or key, f"{kind}:{key}" if key else str(kind)
        allowed = allows(options.allow_drift, named)
        return Drift(
            DriftKind.UNSAVED, kind, key, name, None, existing, desired, None, ((),), allowed=allowed
        )
    found = drift_of(item, base, existing, desired, options)
    return None if found is None else replace(found, how=DriftKind.EDITED)


def drift_at_first(item: Item, now: Json, wanted: Json, options: Options) -> Drift | None:
    """Return what the target would lose of an item that no sync has written yet, or None.

    Nothing is known of what the two sides had in common: each field that differs is a conflict, and nothing
    can be merged. Of a list of the whole project only what the target has in it counts.

    Args:
        item: kind and key.
        now: its content on the target.
        wanted: the content that it would get; None if it is to be deleted.
        options: of the user.
    """
    kind, key = item
    if kind in _LISTS:
        wanted = [*known_rows(kind, wanted, now)]
    if same_content(kind, now, wanted, options):
        return None
    if wanted is not None and all(change.quiet for change in changes(kind, now, wanted)):
        return None  # nothing that anybody made
    ours = ABSENT if wanted is None else managed(kind, wanted, options)
    conflicts = merge_without_base(ours, managed(kind, now, options)).conflicts
    name, allowed = text(now, "name") or key, allows(options.allow_drift, _named(item))
    return Drift(DriftKind.UNSYNCED, kind, key, name, None, now, wanted, None, conflicts, allowed=allowed)


def with_saved(drift: Drift, source: Identity, target: Identity) -> Drift:
    """Return a drift with who saved either side last, and when, as far as Lightdash tells.

    Args:
        drift: of one item.
        source: the map of the desired side.
        target: the map of the target, in the plan's keys.
    """
    here, there = (_saved(drift, identity) for identity in (source, target))
    return replace(drift, saved_here=here, saved_there=there)


def _saved(drift: Drift, identity: Identity) -> Saved | None:
    stamp = version_stamp(drift.kind, identity.facts(drift.kind, drift.key)) if drift.key else None
    if stamp is None:
        return None
    who = "" if stamp.person is None else full_name(stamp.person, identity.people.get(stamp.person, {}))
    return Saved(stamp.time.isoformat(timespec="seconds"), who)


def _named(item: Item) -> str:
    return f"{item[0]}:{item[1]}" if item[1] else str(item[0])


def drift_by_version(
    item: Item, desired: Identity, existing: Identity, now: Json, wanted: Json, options: Options
) -> Drift | None:
    """Return how the target's item went on since the desired content was taken from it, or None.

    For content of the very same project that was never synced: the desired map says in which version an
    item was, and if it is in another one now, somebody saved it meanwhile. What both sides did to it
    cannot be told apart, so nothing can be merged.

    Args:
        item: kind and key.
        desired: the map of the desired side.
        existing: the map of the target.
        now: the item's content there.
        wanted: the content that is wanted; None if it is to be deleted.
        options: of the user.
    """
    kind, key = item
    before, there = (version_stamp(kind, identity.facts(kind, key)) for identity in (desired, existing))
    if now is None or before is None or there is None or before.version == there.version:
        return None
    if same_content(kind, now, wanted, options):
        return None
    named = f"{kind}:{key}"
    allowed = allows(options.allow_drift, named)
    name = text(now, "name") or key
    return Drift(DriftKind.CHANGED, kind, key, name, None, now, wanted, None, ((),), allowed=allowed)


def made_since(item: Item, now: Json, options: Options) -> Drift:
    """Return the drift of an item that somebody made in, or for, what is to be deleted.

    It would be deleted with that, though no run of this tool made it.

    Args:
        item: kind and key.
        now: the item's content on the target.
        options: of the user.
    """
    kind, key = item
    allowed = allows(options.allow_drift, f"{kind}:{key}")
    name = text(now, "name") or key
    return Drift(DriftKind.CHANGED, kind, key, name, None, now, None, None, ((),), allowed=allowed)


def keeps_theirs(drift: Drift, options: Options) -> bool:
    """Whether a merge leaves the target as it is: the source has changed nothing."""
    return (
        options.merge
        and not drift.conflicts
        and not allows(options.allow_drift, drift.item)
        and same_content(drift.kind, drift.merged, drift.existing, options)
    )


def merged_content(drift: Drift | None, wanted: Json, options: Options) -> Json:
    """Return the content to write: what both sides say together if they are merged, else what is wanted."""
    if drift is None or not options.merge or drift.merged is None or allows(options.allow_drift, drift.item):
        return wanted
    if isinstance(drift.merged, dict):
        return completed(drift.kind, drift.merged, drift.existing, options)
    return numbered(drift.merged) if drift.kind is Kind.PINS else drift.merged


def _merged(
    item: Item, base: Json, existing: Json, desired: Json, options: Options
) -> tuple[Json, tuple[tuple[str | int, ...], ...]]:
    """Combine what both sides did; of an item that one side deleted, only if the other left it alone."""
    kind, _ = item
    ours, theirs = (ABSENT if side is None else managed(kind, side, options) for side in (desired, existing))
    result = merge(managed(kind, base, options), ours, theirs)
    if result.conflicts:
        return None, result.conflicts
    if result.value is ABSENT:
        return None, ()
    value = result.value
    return (in_order(kind, value) if isinstance(value, dict) else value), ()
