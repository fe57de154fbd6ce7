"""Runs a reviewed promotion, and verifies item by item that it did what the review predicted.

The run saves the upstream items that it touches before the first call, journals each call, and reads the
upstream project back at the end. It is a run like that of an apply: `runs` lists it and `undo` takes it
back. It cannot be resumed; a new review finds what is left to do.

The sections: the review as a plan, the comparison after the writes, the update of the state, and the run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING

from lightdash_sync.changes.differ import changes
from lightdash_sync.content.authorship import full_name, version_stamp
from lightdash_sync.content.json import Json, canonical, get_str, objects, parse
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.parts import parts_in
from lightdash_sync.content.portable import to_server
from lightdash_sync.content.references import UnresolvedReference, links
from lightdash_sync.content.tree import Tree, file_of, in_other_keys, items_of
from lightdash_sync.errors import Incomplete, Interrupted, Refused, Unavailable
from lightdash_sync.lightdash.writing import Writer
from lightdash_sync.promotion.calls import PAUSES, Calling, Upstream
from lightdash_sync.promotion.values import Compared
from lightdash_sync.sync.apply.journal import Journal
from lightdash_sync.sync.apply.project import telling
from lightdash_sync.sync.applying import cut_short_by_disk
from lightdash_sync.sync.plan.document import digest
from lightdash_sync.sync.plan.managed import same_content, settled_form
from lightdash_sync.sync.plan.matching import LINKED, named_items
from lightdash_sync.sync.plan.operations import operations
from lightdash_sync.sync.plan.options import PlanOptions
from lightdash_sync.sync.plan.values import PROMOTE, Action, Plan, Step
from lightdash_sync.sync.readback import Mismatch
from lightdash_sync.sync.runs import begin, runs, supersede, way_on
from lightdash_sync.sync.state import StateUpdate, joined, save_state, settle
from lightdash_sync.sync.target import read_for
from lightdash_sync.workers import run_stoppable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.errors import SyncError
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.promotion.calls import CallResult
    from lightdash_sync.promotion.review import PreparedReview
    from lightdash_sync.promotion.values import Review, Reviewed
    from lightdash_sync.sync.runs import Run
    from lightdash_sync.sync.state import LinkTable, State
    from lightdash_sync.sync.target import Existing, TargetEnvironment


# A review as a plan, so that a run of a promotion is stored, listed and undone like any other. Pure.
#
# Its steps are what the server will do; they are never applied. Items have the keys with which the upstream
# project was read: those of the source, unless two items of the source are one item upstream.

_ACTIONS = {(False, True): Action.CREATE, (True, True): Action.UPDATE, (True, False): Action.DELETE}


def as_plan(review: Review, upstream: Identity) -> Plan:
    """Return a promotion as a plan with one step for each item that changes.

    Args:
        review: of the promotion.
        upstream: identity map of the upstream project, whose keys its content was read with.
    """
    steps: dict[tuple[Kind, str], Step] = {}
    for item in review.effective:
        if step := _step(item, upstream):
            steps.setdefault((step.kind, step.key), step)
    return Plan(
        purpose=PROMOTE,
        source=review.source,
        target=review.target,
        steps=tuple(steps.values()),
        items=named_items(upstream),
    )


def key_there(item: Reviewed, upstream: Identity) -> str:
    """Return the key that an item has, or will have, in the upstream project's content.

    Args:
        item: of a review.
        upstream: identity map of the upstream project.
    """
    known = upstream.known_keys(item.kind)
    return item.key if item.upstream is None else known.get(item.upstream, item.key)


def step_numbers(review: Review, plan: Plan, upstream: Identity) -> Mapping[str, int]:
    """Return the number of the step of each item of a review that has one.

    Args:
        review: of the promotion.
        plan: the result of `as_plan` for the review.
        upstream: identity map of the upstream project.
    """
    numbers = {(step.kind, step.key): number for number, step in enumerate(plan.steps)}
    places = {item.item: (item.kind, key_there(item, upstream)) for item in review.effective}
    return {name: numbers[place] for name, place in places.items() if place in numbers}


def parts(review: Review, plan: Plan, upstream: Identity) -> Mapping[str, frozenset[int]]:
    """Return, for each call of a review, the numbers of the steps that it does, or may do.

    Deleted charts are inside the upstream dashboard onto which the call promotes.

    Args:
        review: of the promotion.
        plan: the result of `as_plan` for the review.
        upstream: identity map of the upstream project.
    """
    numbers = step_numbers(review, plan, upstream)
    homes: dict[str, set[int]] = {}
    for number, step in enumerate(plan.steps):
        if step.action is Action.DELETE:
            homes.setdefault(get_str(step.before, "dashboard"), set()).add(number)
    there = {item.item: key_there(item, upstream) for item in review.items if item.kind is Kind.DASHBOARD}
    return {
        call.item: frozenset(numbers[item] for item in call.items if item in numbers)
        | homes.get(there.get(call.item, ""), set())
        for call in review.calls
    }


def laid_out(review: Review, plan: Plan, upstream: Identity) -> Plan:
    """Return a plan in which the parts of dashboards have the names that the review gives them.

    The upstream project is read back with these names, because promotion copies the ids of the parts.

    Args:
        review: of the promotion.
        plan: the result of `as_plan` for the review.
        upstream: identity map of the upstream project.
    """
    items: LinkTable = {kind: dict(entries) for kind, entries in plan.items.items()}
    for item in review.items:
        entries, key = items.get(item.kind, {}), key_there(item, upstream)
        if item.layout and item.upstream and key in entries:
            entries[key] = {**entries[key], **item.layout}
    return replace(plan, items=items)


def _step(item: Reviewed, upstream: Identity) -> Step | None:
    action = _ACTIONS.get((item.before is not None, item.after is not None))
    if action is None:
        return None
    return Step(
        action=action,
        kind=item.kind,
        key=key_there(item, upstream),
        uuid=item.upstream,
        before=item.before,
        after=item.after,
        layout=item.layout,
    )


# The upstream project after a promotion, compared with the review. Pure.
#
# Reports each promoted item that differs from the review, and each other item that was created, changed or
# deleted meanwhile, by the server or by a user.

_OPTIONS = PlanOptions()


@dataclass(frozen=True)
class UnexpectedChange(Compared):
    """An upstream item that changed although the review did not name it.

    Attributes:
        who: the user who saved it last; "" if Lightdash does not report it.
        when: the time of that save; None if Lightdash does not report it.
    """

    who: str = ""
    when: datetime | None = None


def is_as_foretold(step: Step, now: Tree) -> bool:
    """Whether an item matches the review; for a deletion, whether the item no longer exists.

    Args:
        step: of the plan of a promotion.
        now: the upstream project afterwards, in the plan's keys.
    """
    return same_content(step.kind, step.after, _content(now, step.kind, step.key), _OPTIONS)


def mismatches(steps: Iterable[Step], now: Tree) -> Iterator[Mismatch]:
    """Yield the items that differ from the review.

    An expected deletion need not happen: the API does not show whether a chart inside a dashboard was ever
    on one of its tiles.

    Args:
        steps: the steps of the promotion's plan that were done.
        now: the upstream project afterwards, in the plan's keys.
    """
    for step in steps:
        if step.action is not Action.DELETE and not is_as_foretold(step, now):
            there = _content(now, step.kind, step.key)
            yield Mismatch(step.item, tuple(changes(step.kind, _told(step.after), _told(there))))


def unforeseen(plan: Plan, failed: Iterable[Step], before: Tree, now: Tree) -> Iterator[UnexpectedChange]:
    """Yield the other items that changed.

    Args:
        plan: of the promotion.
        failed: its steps that were not done; their items should not have changed.
        before: the upstream project before the promotion, in the plan's keys.
        now: the upstream project afterwards.
    """
    left = {(step.kind, step.key) for step in failed}
    named = {(step.kind, step.key) for step in plan.steps} - left
    gone = {(kind, key) for kind, key in named if file_of(kind, key) not in now}
    for path, (kind, key) in sorted({**items_of(before), **items_of(now)}.items()):
        if (kind, key) in named or before.digests.get(path) == now.digests.get(path):
            continue
        was, there = _content(before, kind, key), _content(now, kind, key)
        if same_content(kind, was, there, _OPTIONS) or _follows(kind, was, there, gone):
            continue
        if kind is Kind.SCHEDULER and _is_untouched(key, (was, before), (there, now)):
            continue
        who, when = _saved(kind, key, now)
        yield UnexpectedChange(kind, key, was, there, who=who, when=when)


def _follows(kind: Kind, was: Json, there: Json, gone: set[ItemKey]) -> bool:
    """Whether an item changed only because of a deletion that the review announced."""
    if kind is Kind.PINS:
        kept = [pin for pin in objects(was) if (Kind(get_str(pin, "kind")), get_str(pin, "key")) not in gone]
        return _pinned(kept) == _pinned(objects(there))
    lost = {(str(of), key) for of, key in gone}
    return kind is Kind.SCHEDULER and there is None and not lost.isdisjoint(links(kind, was))


def _is_untouched(key: str, was: tuple[Json, Tree], there: tuple[Json, Tree]) -> bool:
    """Whether a scheduled delivery is unchanged, apart from renamed or removed parts of its dashboard.

    Args:
        key: of the delivery.
        was: its content and the upstream project, before the promotion.
        there: the same afterwards.
    """
    try:
        one, other = (
            to_server(Kind.SCHEDULER, key, content if isinstance(content, dict) else {}, tree.identity)
            for content, tree in (was, there)
        )
    except UnresolvedReference:
        return False
    return same_content(Kind.SCHEDULER, one, other, _OPTIONS)


def _pinned(pins: Iterable[JsonObject]) -> bytes:
    return canonical([{name: pin.get(name) for name in ("kind", "key")} for pin in pins])


def _saved(kind: Kind, key: str, now: Tree) -> tuple[str, datetime | None]:
    """Return who saved an item last, and when, as far as the server reports it."""
    stamp = version_stamp(kind, now.identity.facts(kind, key))
    if stamp is None:
        return "", None
    person = stamp.person
    return "" if person is None else full_name(person, now.identity.people.get(person, {})), stamp.time


def _told(content: Json) -> Json:
    return None if content is None else telling(content)


def _content(tree: Tree, kind: Kind, key: str) -> Json:
    path = file_of(kind, key)
    return parse(tree[path]) if path in tree else None


# The update of the target's state after a promotion: links, and the base of the next plan.
#
# Lightdash matches items by slug. Existing links have precedence: a link whose item still exists is kept, and
# a match that contradicts it is not linked.


def remembered(
    review: Review,
    source: Tree,
    memory: State,
    done: Iterable[Step],
    after: Existing,
    found: Iterable[Mismatch],
    failed: Collection[str] = (),
) -> StateUpdate:
    """Return how a promotion changes the state of its target.

    Args:
        review: of the promotion.
        source: content of the source project.
        memory: the state before the promotion.
        done: the steps that were done.
        after: the upstream project afterwards, in the source's keys.
        found: items that differ from the review.
        failed: `kind:key` of the items that were not promoted.
    """
    upstream = after.linked.identity
    gone = [step for step in done if step.action is Action.DELETE and not _is_there(step, after.tree)]
    linked, forgotten = _without(memory, [step.uuid for step in gone if step.uuid])
    fresh = _links(review, linked, upstream, failed)
    links = joined(linked, fresh)
    mine = {(kind, key) for kind, entries in links.items() for key in entries}
    base: dict[str, bytes | None] = {file_of(*item): None for item in forgotten}
    base |= _alike(fresh, source, after.tree)
    settled: dict[str, tuple[str, str]] = {}
    harmless = {mismatch.item for mismatch in found if mismatch.is_harmless}
    for step in done:
        path = file_of(step.kind, step.key)
        if step.action is Action.DELETE or (step.kind, step.key) not in mine:
            continue
        if upstream.uuid(step.kind, step.key) != links[step.kind][step.key]["uuid"]:
            continue  # the key is linked with another item
        base[path] = canonical(step.after) if _can_be_said(step, upstream) else None
        if step.item in harmless and path in after.tree:
            settled[path] = settle(settled_form(step.kind, step.after), after.tree[path])
    return StateUpdate(after.tree, links, base=base, settled=settled)


def _can_be_said(step: Step, upstream: Identity) -> bool:
    """Whether the upstream project has all items that the content of a step refers to."""
    try:
        in_other_keys(step.kind, step.key, step.after, upstream, upstream)
    except UnresolvedReference:
        return False
    return True


def _is_there(step: Step, tree: Tree) -> bool:
    return file_of(step.kind, step.key) in tree


def _without(memory: State, uuids: Collection[str]) -> tuple[LinkTable, list[ItemKey]]:
    """Return the links without those of deleted items, and the keys of the removed ones."""
    links: LinkTable = {}
    lost: list[ItemKey] = []
    for kind, entries in memory.links.items():
        links[kind] = {key: facts for key, facts in entries.items() if facts["uuid"] not in uuids}
        lost += [(kind, key) for key in entries if key not in links[kind]]
    return links, lost


def _links(review: Review, known: LinkTable, upstream: Identity, failed: Collection[str]) -> LinkTable:
    """Return links of the promoted items, unless an existing link contradicts them."""
    found: LinkTable = {}
    for item in review.items:
        facts = upstream.facts(item.kind, item.key)
        if not facts or not item.uuid or item.item in failed or item.kind not in LINKED:
            continue
        if key_there(item, upstream) != item.key:
            continue  # another item of the source is the same item upstream
        there = upstream.known_keys(item.kind)
        stands = known.get(item.kind, {})
        living = {key: str(one["uuid"]) for key, one in stands.items() if one["uuid"] in there}
        if living.get(item.key, facts["uuid"]) != facts["uuid"]:
            continue
        if any(uuid == facts["uuid"] and key != item.key for key, uuid in living.items()):
            continue
        names: JsonObject = parts_in(facts, ("uuid",))
        found.setdefault(item.kind, {})[item.key] = names
    return found


def _alike(links: LinkTable, source: Tree, upstream: Tree) -> Iterator[tuple[str, bytes]]:
    """Yield the linked items that are equal on both sides: the base of the next plan.

    Promoted items that still differ get no base: the promotion did not write them, so they may be the work
    of others.
    """
    for kind, entries in links.items():
        for key in entries:
            path = file_of(kind, key)
            if path in source and path in upstream:
                here, there = parse(source[path]), parse(upstream[path])
                if same_content(kind, here, there, PlanOptions()):
                    yield path, upstream[path]


_NAMED = 10  # items that an error names


@dataclass(frozen=True)
class PromotedItem:
    """The result of one item of a promotion.

    Attributes:
        step: the item's step in the plan of the review.
        result: `created`, `updated`, `deleted`, `kept` (not deleted, though it might have been), or `failed`.
        uuid: of the upstream item; "" if there is none, or it is unknown.
        error: why it failed, or None.
    """

    step: Step
    result: str
    uuid: str = ""
    error: SyncError | None = None


@dataclass(frozen=True)
class PromotionResult:
    """The result of a promotion.

    Attributes:
        run: the stored run; None if there was nothing to do.
        review: the review that was carried out.
        calls: the result of each call that was needed.
        fates: the result of each item.
        mismatches: items that differ from the review.
        unforeseen: other items of the upstream project that changed.
        existing: the upstream project afterwards.
        requests: number of requests in all.
        writes: number of promotion calls among them.
    """

    run: Run | None
    review: Review
    calls: tuple[CallResult, ...]
    fates: tuple[PromotedItem, ...]
    mismatches: tuple[Mismatch, ...]
    unforeseen: tuple[UnexpectedChange, ...]
    existing: Existing
    requests: int
    writes: int

    @property
    def failed(self) -> tuple[PromotedItem, ...]:
        """The items that were not promoted."""
        return tuple(fate for fate in self.fates if fate.result == "failed")

    @property
    def is_complete(self) -> bool:
        """Whether the upstream project matches the review, and nothing else changed there."""
        refused = any(called.error and not called.unclear for called in self.calls)
        return not (refused or self.failed or self.mismatches or self.unforeseen)


def run(
    lightdash: Lightdash,
    place: TargetEnvironment,
    prepared: PreparedReview,
    now: datetime,
    approved: str = "",
) -> PromotionResult:
    """Run a promotion.

    Args:
        lightdash: the server, with the token of the source, because promotion is a request to the source.
        place: the upstream environment; the caller must hold its lock.
        prepared: a review that was made now, and what it was made from.
        now: the current time.
        approved: digest of the approved review, which is stored with the run; "" for none.

    Raises:
        Refused: the review has findings that block the promotion.
        Incomplete: the server stopped answering; a new run finds out what is left to do.
        NotAuthorised: the token is not accepted (any more).
        Interrupted: the run was stopped.
    """
    review, existing = prepared.review, prepared.existing
    if refusals := review.refusals():
        raise Refused(
            f"the promotion must not be run: {'; '.join(refusals[:_NAMED])}",
            hint="`lightdash-sync promote review` tells each reason, and how it is accepted or avoided.",
        )
    plan = as_plan(review, existing.linked.identity)
    if review.is_empty:
        update = remembered(review, prepared.source, prepared.memory, (), existing, ())
        save_state(place.folders.memory, prepared.memory, update, existing.source)
        return PromotionResult(None, review, (), (), (), (), existing, _requests(lightdash, place), 0)
    touched = [file_of(step.kind, step.key) for step in plan.steps if step.before is not None]
    begun = begin(
        place.folders.runs, now.astimezone(UTC), plan, existing.tree, touched,
        place.folders.memory, existing.source, approved,
    )  # fmt: skip
    way = f"`{way_on(plan, place.environment)}` goes on where it ended, "
    hint = f"{way}`lightdash-sync undo --to {place.environment}` takes it back."
    try:
        promoted = _carried_out(begun, lightdash, place, prepared, plan)
        begun.end(_result(promoted, now))
        supersede(place.folders.runs, begun)
    except (Unavailable, Incomplete) as error:
        raise Incomplete(f"the run {begun.id} was cut short: {error.message}", hint=hint) from error
    except OSError as error:
        raise cut_short_by_disk(begun, error, hint) from error
    except (Interrupted, KeyboardInterrupt) as error:
        raise Interrupted(f"the run {begun.id} was cut short", hint=hint) from error
    return promoted


def done_items(folder: Path, approved: str) -> frozenset[str]:
    """Return the `kind:key` of the items that earlier runs of an approved review have done.

    Args:
        folder: of all runs of the upstream environment.
        approved: digest of the review; "" gives an empty set.
    """
    found: set[str] = set()
    for one in runs(folder) if approved else ():
        if one.damage() or one.approved() != approved or (one.result() or {}).get("state") == "undone":
            continue
        plan, journalled = one.plan(), one.journalled()
        if plan.purpose == PROMOTE:
            found |= {plan.steps[number].item for number in journalled.done if number < len(plan.steps)}
    return frozenset(found)


def _carried_out(
    begun: Run, lightdash: Lightdash, place: TargetEnvironment, prepared: PreparedReview, plan: Plan
) -> PromotionResult:
    """Make the calls, read the upstream project back, compare it, and save the state."""
    review, before = prepared.review, prepared.existing
    upstream = before.linked.identity
    # Reading back deletes the files of the earlier reading.
    was = Tree.of({path: before.tree[path] for path in before.tree}, before.tree.identity)
    with Journal(begun.journal) as journal:
        journal.started(digest(plan), {kind: frozenset(upstream.known_keys(kind)) for kind in Kind})
        calling = Calling(
            review=review,
            source=prepared.source.identity,
            plan=plan,
            numbers=step_numbers(review, plan, upstream),
            parts=parts(review, plan, upstream),
            operations=operations(plan),
            writer=Writer(lightdash.session, lightdash.server),
            upstream=Upstream(place.lightdash, place.project, upstream),
            journal=journal,
        )
        called = run_stoppable(
            lambda: calling.run(place.progress), calling.wind_down, lightdash.session.pacer.stopped
        )
        after = _read_back(place, prepared, calling)
        journal.ended()
    steps = plan.steps
    done = [step for number, step in enumerate(steps) if number in calling.done]
    left = [step for number, step in enumerate(steps) if number not in calling.done]
    found = tuple(mismatches(done, after.tree))
    failed = {step.item for step in left}
    failed |= {item for one in called if one.error and not one.unclear for item in one.call.items}
    update = remembered(review, prepared.source, prepared.memory, done, after, found, failed)
    save_state(place.folders.memory, prepared.memory, update, after.source)
    kept = [path for step in steps if (path := file_of(step.kind, step.key)) in after.tree]
    begun.keep_after(after.tree, kept, after.source)
    return PromotionResult(
        run=begun,
        review=review,
        calls=tuple(called),
        fates=tuple(_fate(number, step, calling, after) for number, step in enumerate(steps)),
        mismatches=tuple(one for one in found if not one.is_harmless),
        unforeseen=tuple(unforeseen(plan, left, was, after.tree)),
        existing=after,
        requests=_requests(lightdash, place),
        writes=calling.writes,
    )


def _read_back(place: TargetEnvironment, prepared: PreparedReview, calling: Calling) -> Existing:
    """Read the upstream project, again if need be, until each call with a lost answer is settled.

    A step that does not show up after the last pause counts as not done.
    """
    plan = laid_out(prepared.review, calling.plan, prepared.existing.linked.identity)
    after = read_for(place, plan, prepared.memory, calling.upstream.created)
    for pause in PAUSES:
        _settle_what_is_there(calling, after)
        if not calling.open:
            break
        place.lightdash.session.pacer.sleep(pause)
        after = read_for(place, plan, prepared.memory, calling.upstream.created)
    _settle_what_is_there(calling, after)
    for number in [*calling.open]:
        calling.settle(number, done=False)
    return after


def _settle_what_is_there(calling: Calling, after: Existing) -> None:
    for number in [*calling.open]:
        step = calling.plan.steps[number]
        if step.action is Action.DELETE or is_as_foretold(step, after.tree):
            calling.settle(number, done=True)


def _fate(number: int, step: Step, calling: Calling, after: Existing) -> PromotedItem:
    uuid = after.linked.identity.uuid(step.kind, step.key) or ""
    if number not in calling.done:
        return PromotedItem(step, "failed", uuid, calling.failed.get(number))
    if step.action is Action.DELETE:
        is_there = file_of(step.kind, step.key) in after.tree
        return PromotedItem(step, "kept" if is_there else "deleted", uuid)
    return PromotedItem(step, "created" if step.action is Action.CREATE else "updated", uuid)


def _requests(lightdash: Lightdash, place: TargetEnvironment) -> int:
    return sum(session.requests for session in {lightdash.session, place.lightdash.session})


def _result(promoted: PromotionResult, now: datetime) -> JsonObject:
    return {
        "state": "done" if promoted.is_complete else "partial",
        "ended": now.astimezone(UTC).isoformat(timespec="seconds"),
        "writes": promoted.writes,
        "failed": [fate.step.item for fate in promoted.failed],
        "skipped": [],
        "mismatches": [mismatch.item for mismatch in promoted.mismatches],
        "unforeseen": [one.item for one in promoted.unforeseen],
    }
