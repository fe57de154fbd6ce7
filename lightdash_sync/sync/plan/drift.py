"""What the target's people changed since the last sync, and whether it can be combined with the source's.

The base of an item is its content on the target after the last sync. If the target has something else now,
somebody worked on it there; applying the plan would take that work away, so it is refused until a person
says otherwise. An item without a base was never synced (it was linked just now): nobody knows which side
changed what, so whatever differs may be the target's newer work, and is refused alike.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from lightdash_sync.changes.differ import changes
from lightdash_sync.changes.merge import merge, merge_without_base
from lightdash_sync.content.authorship import full_name, version_stamp
from lightdash_sync.content.contents import Contents
from lightdash_sync.content.json import ABSENT, canonical, get_str, parse
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.normal import in_order
from lightdash_sync.content.references import links
from lightdash_sync.content.tree import Tree, file_of
from lightdash_sync.sync.plan.deletes import delete_problems, unshown_charts
from lightdash_sync.sync.plan.lists import known_rows, numbered
from lightdash_sync.sync.plan.managed import completed, managed, same_content
from lightdash_sync.sync.plan.matching import LINKED, find_unlinked_matches
from lightdash_sync.sync.plan.options import allows
from lightdash_sync.sync.plan.values import Action, Drift, DriftKind, SavedBy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.json import Json
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.sync.plan.options import PlanOptions
    from lightdash_sync.sync.plan.values import Plan, Step

_LISTS = frozenset({Kind.PINS, Kind.METRIC_ICONS})


def drift_of(item: ItemKey, base: Json, existing: Json, desired: Json, options: PlanOptions) -> Drift | None:
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
    name = get_str(base if existing is None else existing, "name") or key
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
    item: ItemKey, base: Json, existing: Json, desired: Json, options: PlanOptions
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
        name, named = get_str(existing, "name") or key, f"{kind}:{key}" if key else str(kind)
        allowed = allows(options.allow_drift, named)
        return Drift(
            DriftKind.UNSAVED, kind, key, name, None, existing, desired, None, ((),), allowed=allowed
        )
    found = drift_of(item, base, existing, desired, options)
    return None if found is None else replace(found, how=DriftKind.EDITED)


def drift_at_first(item: ItemKey, now: Json, wanted: Json, options: PlanOptions) -> Drift | None:
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
    name, allowed = get_str(now, "name") or key, allows(options.allow_drift, _named(item))
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


def _saved(drift: Drift, identity: Identity) -> SavedBy | None:
    stamp = version_stamp(drift.kind, identity.facts(drift.kind, drift.key)) if drift.key else None
    if stamp is None:
        return None
    who = "" if stamp.person is None else full_name(stamp.person, identity.people.get(stamp.person, {}))
    return SavedBy(stamp.time.isoformat(timespec="seconds"), who)


def _named(item: ItemKey) -> str:
    return f"{item[0]}:{item[1]}" if item[1] else str(item[0])


def drift_by_version(
    item: ItemKey, desired: Identity, existing: Identity, now: Json, wanted: Json, options: PlanOptions
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
    name = get_str(now, "name") or key
    return Drift(DriftKind.CHANGED, kind, key, name, None, now, wanted, None, ((),), allowed=allowed)


def made_since(item: ItemKey, now: Json, options: PlanOptions) -> Drift:
    """Return the drift of an item that somebody made in, or for, what is to be deleted.

    It would be deleted with that, though no run of this tool made it.

    Args:
        item: kind and key.
        now: the item's content on the target.
        options: of the user.
    """
    kind, key = item
    allowed = allows(options.allow_drift, f"{kind}:{key}")
    name = get_str(now, "name") or key
    return Drift(DriftKind.CHANGED, kind, key, name, None, now, None, None, ((),), allowed=allowed)


def keeps_theirs(drift: Drift, options: PlanOptions) -> bool:
    """Whether a merge leaves the target as it is: the source has changed nothing."""
    return (
        options.merge
        and not drift.conflicts
        and not allows(options.allow_drift, drift.item)
        and same_content(drift.kind, drift.merged, drift.existing, options)
    )


def merged_content(drift: Drift | None, wanted: Json, options: PlanOptions) -> Json:
    """Return the content to write: what both sides say together if they are merged, else what is wanted."""
    if drift is None or not options.merge or drift.merged is None or allows(options.allow_drift, drift.item):
        return wanted
    if isinstance(drift.merged, dict):
        return completed(drift.kind, drift.merged, drift.existing, options)
    return numbered(drift.merged) if drift.kind is Kind.PINS else drift.merged


def _merged(
    item: ItemKey, base: Json, existing: Json, desired: Json, options: PlanOptions
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


# Whether the target is still what a plan was made for, in all that the plan touches.
#
# A plan that was shown is applied as it is, or not at all: nothing of it is worked out anew. Pure.


def staleness(plan: Plan, existing: Tree, doubtful: Sequence[Step] = ()) -> Iterator[str]:
    """Yield what of the things that a plan touches is not as it was, in words.

    Args:
        plan: the plan.
        existing: the target now, in the plan's keys.
        doubtful: creates of the same run that may have happened: what they made is nobody else's.
    """
    contents = Contents(existing)
    for step in plan.steps:
        path = file_of(step.kind, step.key)
        now = parse(existing[path]) if path in existing else None
        if now is None and step.before is not None:
            yield f"{step.item} is gone"
        elif now is not None and step.before is None:
            yield f"{step.item} is there now"
        elif now is not None and canonical(now) != canonical(step.before):
            yield f"{step.item} was changed"
        elif step.uuid is not None and existing.identity.uuid(step.kind, step.key) != step.uuid:
            yield f"{step.item} is another one now"
    yield from _lost(plan, existing)
    yield from _new_twins(plan, contents, doubtful)
    known = {(problem.item, problem.what) for problem in plan.problems}
    for problem in (*delete_problems(plan.steps, contents), *unshown_charts(plan.steps, contents)):
        if (problem.item, problem.what) not in known:
            yield f"{problem.item} {problem.what}"


def _lost(plan: Plan, existing: Tree) -> Iterator[str]:
    """Yield what a step refers to, and was there when the plan was made, and is not any more."""
    own = {(step.kind, step.key) for step in plan.steps}
    gone = {
        (str(kind), key)
        for kind, entries in plan.items.items()
        for key in entries
        if (kind, key) not in own and file_of(kind, key) not in existing
    }
    for step in plan.steps:
        for to, key in sorted(gone.intersection(links(step.kind, step.after))):
            yield f"{step.item} refers to {to}:{key}, which is gone"


def _new_twins(plan: Plan, existing: Contents, doubtful: Sequence[Step]) -> Iterator[str]:
    """Yield items that look like one that the plan creates, and were not there when it was made."""
    steps = {(step.kind, step.key): step for step in plan.steps}
    created = {item: step for item, step in steps.items() if _is_create(step)}
    there = {(kind, key) for kind, entries in plan.items.items() for key in entries}
    if not created or not existing.there - there - set(steps):
        return
    maybe = {(step.kind, step.key): step for step in doubtful if _is_create(step)}
    wanted = Tree.of({file_of(*item): canonical(step.after) for item, step in {**maybe, **created}.items()})
    found = find_unlinked_matches(
        Contents(wanted), existing, frozenset(there), created.keys() | maybe.keys(), adopt=False
    )
    ours = Counter(found.candidates[item] for item in maybe if item in found.candidates)
    for item, candidates in found.candidates.items():
        fresh = [candidate for candidate in candidates if candidate not in there]
        if item in created and len(fresh) > ours[candidates]:
            yield f"{item[0]}:{item[1]} has a twin now that somebody made meanwhile"


def _is_create(step: Step) -> bool:
    return step.action is Action.CREATE and step.kind in LINKED
