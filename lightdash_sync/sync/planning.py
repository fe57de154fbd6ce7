"""From a desired side and an environment to a plan: read the target, remember, adopt, check, decide.

The plan itself is made by `plan.make`, which asks nobody. Here everything is fetched that it needs, in
two steps: the explores to be asked for are known only when it is known what would be written.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lightdash_sync.errors import Refused, SnapshotError
from lightdash_sync.export.workers import Workers
from lightdash_sync.facts import read_facts, with_aliases, with_fields
from lightdash_sync.model.identity import Identity
from lightdash_sync.plan.inputs import Inputs
from lightdash_sync.plan.keys import own_links
from lightdash_sync.plan.make import make_plan
from lightdash_sync.plan.operations import operations
from lightdash_sync.plan.options import Options
from lightdash_sync.plan.preflight import needed_tables
from lightdash_sync.plan.scope import Contents, planned_items
from lightdash_sync.plan.twins import adopted_facts, by_slug, likenesses
from lightdash_sync.plan.values import Action, Plan
from lightdash_sync.plan.virtual_views import same_views
from lightdash_sync.sync.backed_up import known_content
from lightdash_sync.sync.deleted import require_deleted
from lightdash_sync.sync.memory import RESTORED
from lightdash_sync.sync.recall import recall
from lightdash_sync.sync.runs import cut_short, damaged, way_on
from lightdash_sync.sync.target import Existing, apart_from_pages, joined, read_target, relinked
from lightdash_sync.sync.untold_merges import untold_merges

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.kinds import Kind
    from lightdash_sync.model.tree import Tree
    from lightdash_sync.plan.keys import Linked
    from lightdash_sync.plan.options import Facts, Item
    from lightdash_sync.plan.unseen import Unseen
    from lightdash_sync.sync.backed_up import Backup
    from lightdash_sync.sync.memory import LinkTable, Memory
    from lightdash_sync.sync.target import Place


@dataclass(frozen=True)
class Request:
    """What somebody wants a plan for.

    Attributes:
        source: what the desired side is, in words.
        desired: its content.
        options: what is allowed.
        adopt: kind -> key -> uuid facts of items of the target to link.
        links: of items that are known to be the source's, besides those that are remembered.
        adopt_by: `name`, `slug` or "": link what has the same, where there is one here and one there.
        full: read the target whole.
        purpose: `sync`, `restore` or `undo`.
        base: content after the last sync, instead of what is remembered; None for that.
        undoes: the run that is to be taken back; "" for none.
        read: the target as it was just read, in the keys of what is remembered; None to read it.
        source_lacks: names of capabilities that the server of the desired content does not have.
        notes: what is to be said of the desired side, for people.
        backup: of a plan to restore, the last backup of the target: what people did since is drift.
        known_origin: see `Inputs.known_origin`; what unfinished runs made is added.
        unseen: what the reader of the desired content may not have been shown.
    """

    source: str
    desired: Tree
    options: Options
    adopt: Mapping[Kind, Mapping[str, JsonObject]] = field(default_factory=dict)
    links: Mapping[Kind, Mapping[str, JsonObject]] = field(default_factory=dict)
    adopt_by: str = ""
    full: bool = False
    purpose: str = "sync"
    base: Mapping[str, bytes] | None = None
    undoes: str = ""
    read: Existing | None = None
    source_lacks: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    backup: Backup | None = None
    known_origin: frozenset[Item] = frozenset()
    unseen: Unseen = field(default_factory=dict)


@dataclass(frozen=True)
class Planned:
    """A plan, and what it was made of.

    Attributes:
        plan: the plan.
        existing: what the target held.
        memory: what was remembered of it.
        facts: what else is known of it.
    """

    plan: Plan
    existing: Existing
    memory: Memory
    facts: Facts


def plan_for(place: Place, request: Request) -> Planned:
    """Make a plan; only reads.

    Args:
        place: the target; its lock must be held.
        request: what is wanted.

    Raises:
        Incomplete: something could not be read.
        Refused: an item cannot be adopted.
        SnapshotError: the desired side is damaged.
    """
    apart: frozenset[str] = frozenset()
    while True:
        planned = _planned(place, request, apart)
        untold = untold_merges(place, planned.existing, planned.plan.steps)
        if untold.keys() <= apart:
            return planned
        apart |= untold.keys()


def _planned(place: Place, request: Request, apart: frozenset[str]) -> Planned:
    """Make a plan; charts `apart` are read by themselves."""
    memory = recall(place)
    existing, adopted = _existing(place, memory, request, apart)
    facts = facts_for(place, request.desired.identity)
    facts = replace(facts, source_lacks=request.source_lacks)
    options = replace(request.options, recipients=place.recipients)
    now, backed_up = existing.linked.identity, None
    base: Mapping[str, bytes] = {}
    if request.base is not None:
        base = request.base
    elif request.purpose == "sync":
        base = memory.base_in(now)
    elif request.backup is not None:
        base, backed_up = known_content(place, request.backup, memory, now)
    if request.purpose == "sync":
        unfinished = _unfinished_items(memory, existing.linked.identity)
        options = replace(options, choice=replace(options.choice, unfinished=unfinished))
    inputs = Inputs(
        source=request.source,
        target=existing.target,
        desired=request.desired,
        existing=existing.tree,
        linked=existing.linked,
        base=base,
        settled=memory.settled,
        merged=memory.merged if request.purpose == "sync" else {},
        facts=facts,
        options=options,
        adopted=adopted,
        purpose=request.purpose,
        undoes=request.undoes,
        backed_up=backed_up,
        known_origin=request.known_origin | memory.unfinished | _made_by_unfinished_runs(place, now),
        unseen=request.unseen,
        existing_unseen=existing.unseen,
    )
    try:
        plan = make_plan(inputs)
        if tables := needed_tables(plan.steps, Contents(existing.tree).look):
            facts = fields_for(place, facts, tables)
            plan = make_plan(replace(inputs, facts=facts))
        facts, plan = _with_free_slugs(place, replace(inputs, facts=facts), plan)
    except ValueError as error:
        raise SnapshotError(
            f"{request.source} cannot be planned for: {error}",
            hint="`lightdash-sync verify` names what is damaged.",
        ) from error
    existing = replace(existing, warnings=(*existing.warnings, *request.notes, *_unfinished(place)))
    return Planned(plan, existing, memory, facts)


def _with_free_slugs(place: Place, inputs: Inputs, plan: Plan) -> tuple[Facts, Plan]:
    """Return the plan with slugs that nothing there has, or had; and the facts that tell.

    What had a slug before it was renamed is in no list, so it is asked for: of the slugs that the plan gives.
    """
    facts = inputs.facts
    asked: dict[Kind, set[str]] = {}
    while True:
        given: dict[Kind, set[str]] = {}
        for step in plan.steps:
            if step.slug and step.slug not in asked.get(step.kind, ()):
                given.setdefault(step.kind, set()).add(step.slug)
        if not given:
            return facts, plan
        for kind, slugs in given.items():
            asked.setdefault(kind, set()).update(slugs)
        known, facts = facts, with_aliases(facts, place.lightdash, place.project, given)
        if facts.aliases == known.aliases:
            return facts, plan
        plan = make_plan(replace(inputs, facts=facts))


def _existing(
    place: Place, memory: Memory, request: Request, apart: frozenset[str]
) -> tuple[Existing, LinkTable]:
    """Read the target in the keys of the plan; return what is linked by this plan, too."""
    desired, reserved = request.desired, _reserved(request.desired)
    own = memory.as_now(own_links(desired.identity, place.project))
    links = joined(memory.links, own, request.links, request.adopt)
    palettes = apart | apart_from_pages(desired, links) | apart_from_pages(memory.base, links)
    if request.backup is not None:
        palettes |= apart_from_pages(request.backup.tree, links)
    if request.read is None or apart:
        existing = read_target(place, memory.hints, links, reserved, full=request.full, palettes=palettes)
    else:
        existing = relinked(request.read, links, reserved)
    if again := _made_anew(memory, existing.linked):
        links = joined(links, again)
        existing = relinked(existing, links, reserved)
    _require_there(existing.linked, request.adopt)
    there = planned_items(desired)
    require_deleted(place, existing.linked, links, lambda item: item in there)
    adopted = joined(request.adopt)
    if request.adopt_by:
        adopted = joined(adopted, found := adoptions(request, existing))
        existing = relinked(existing, links := joined(links, found), reserved)
    if request.purpose == "sync":
        mine = _linked_items(existing)
        alike = same_views(Contents(desired), Contents(existing.tree), mine, existing.linked.identity)
        adopted = joined(adopted, alike)
        existing = relinked(existing, links := joined(links, alike), reserved) if alike else existing
    unknown = apart_from_pages(desired, links) - palettes
    if unknown and request.read is None:  # of charts that are linked by this plan
        existing = read_target(place, memory.hints, links, reserved, palettes=palettes | unknown)
    return existing, adopted


def _linked_items(existing: Existing) -> frozenset[Item]:
    return frozenset((kind, key) for kind, keys in existing.linked.keys.items() for key in keys)


def _unfinished_items(memory: Memory, now: Identity) -> frozenset[Item]:
    """Return what a run began and did not end, in the keys of the plan."""
    uuids = {(kind, memory.identity.uuid(kind, key)) for kind, key in memory.unfinished}
    return frozenset((kind, key) for kind, uuid in uuids if uuid and (key := now.known_keys(kind).get(uuid)))


def facts_for(place: Place, desired: Identity) -> Facts:
    """Read what is to be known of a target besides content, but for the fields of explores.

    Args:
        place: the target.
        desired: the map of the source.

    Raises:
        ApiError: the server failed.
    """
    same = desired.project.get("uuid") == place.project
    return read_facts(place.lightdash, place.project, same_project=same)


def _made_by_unfinished_runs(place: Place, now: Identity) -> frozenset[Item]:
    """Return what runs made that had no time to remember what it was then.

    Whether something was made whose answer was lost, nobody knows; what has its name and was not there when
    the run began is taken for it.
    """
    found: set[Item] = set()
    for run in cut_short(place.folders.runs):
        found |= {(kind, key) for kind, entries in run.created().items() for key in entries}
        plan, doubtful = run.plan(), run.journalled().doubtful
        for operation in operations(plan):
            step = plan.steps[operation.step]
            if operation.number in doubtful and step.action is Action.CREATE:
                before = {facts.get("uuid") for facts in plan.items.get(step.kind, {}).values()}
                if now.uuid(step.kind, step.key) not in before:
                    found.add((step.kind, step.key))
    return frozenset(found)


def _unfinished(place: Place) -> list[str]:
    """Say that there is a run to go on with, and which runs are damaged."""
    found = damaged(place.folders.runs)
    return found + [
        f"The run {run.id} was cut short: `{way_on(run.plan(), place.environment)}` goes on, "
        "and another run takes its place."
        for run in cut_short(place.folders.runs)[:1]
    ]


def adoptions(request: Request, existing: Existing) -> LinkTable:
    """Return links with items of the target that have the same name in the same place, or the same slug."""
    desired, there = Contents(request.desired), Contents(existing.tree)
    mine = _linked_items(existing)
    if request.adopt_by == "slug":
        pairs = by_slug(request.desired.identity, existing.linked.identity, mine)
        same = {**{item: item for item in mine}, **pairs}
    else:
        same = dict(likenesses(desired, there, mine, desired.there - mine, adopt=True).same)
    found: LinkTable = {}
    for item, other in sorted(same.items()):
        if item not in mine:
            facts = adopted_facts(item, other, desired, there, same, existing.linked.identity)
            found.setdefault(item[0], {})[item[1]] = facts
    return found


def _reserved(desired: Tree) -> Identity:
    """Return a map with all keys of the desired side, also of files that somebody wrote by hand."""
    keys: LinkTable = {kind: dict(entries) for kind, entries in desired.identity.items.items()}
    for kind, key in planned_items(desired):
        keys.setdefault(kind, {}).setdefault(key, {})
    return Identity(items=keys)


def _made_anew(memory: Memory, found: Linked) -> LinkTable:
    """Return links with what was put back earlier, under the keys of what it stands for and is gone."""
    restored: LinkTable = {}
    for kind, entries in memory.known(RESTORED).items():
        there, gone = found.identity.known_keys(kind), found.gone[kind]
        fitting = {key: facts for key, facts in entries.items() if key in gone and facts["uuid"] in there}
        if fitting:
            restored[kind] = fitting
    return restored


def _require_there(found: Linked, adopted: Mapping[Kind, Mapping[str, JsonObject]]) -> None:
    lost = [
        f"{kind}:{key} cannot be adopted: the target has no {kind} {entries[key]['uuid']}"
        for kind, entries in adopted.items()
        for key in sorted(found.gone.get(kind, frozenset()) & entries.keys())
    ]
    if lost:
        raise Refused(
            "; ".join(lost), hint="`lightdash-sync link show --all --to ENV` lists its items and their uuids."
        )


def fields_for(place: Place, facts: Facts, tables: frozenset[str]) -> Facts:
    """Return the facts with the fields of some of the target's explores, by name.

    Raises:
        ApiError: the server failed.
    """
    session = place.lightdash.session
    workers = Workers(session.connection.concurrency, session.pacer.stopped, place.progress)
    try:
        return with_fields(facts, place.lightdash, place.project, tables, workers)
    finally:
        workers.close()
