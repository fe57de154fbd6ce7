"""From a desired side and an environment to a plan: read the target, remember, adopt, check, decide.

The plan itself is made by `sync.plan.build`, which asks nobody. Here everything is fetched that it needs, in
two steps: the explores to be asked for are known only when it is known what would be written.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from lightdash_sync.ascode.desired import Desired, desired_of
from lightdash_sync.ascode.names import DocumentNames
from lightdash_sync.content.authorship import version_stamp
from lightdash_sync.content.contents import Contents, planned_items
from lightdash_sync.content.identity import Identity
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.tree import file_of, items_of, rekeyed
from lightdash_sync.errors import Incomplete, Refused, SnapshotError, SyncError
from lightdash_sync.export.deletions import ASKED, Unlisted, confirm_deleted
from lightdash_sync.export.items import Readings
from lightdash_sync.lightdash.as_code import find_aliases
from lightdash_sync.sync.concluding import load_state
from lightdash_sync.sync.facts import read_facts, with_aliases, with_fields
from lightdash_sync.sync.plan.build import Inputs, make_plan
from lightdash_sync.sync.plan.matching import (
    LINKED,
    adopted_facts,
    by_slug,
    find_unlinked_matches,
    own_links,
    with_former,
)
from lightdash_sync.sync.plan.operations import operations
from lightdash_sync.sync.plan.options import PlanOptions
from lightdash_sync.sync.plan.preflight import needed_tables
from lightdash_sync.sync.plan.values import Action, Plan
from lightdash_sync.sync.plan.virtual_views import same_views
from lightdash_sync.sync.runs import cut_short, damaged, runs, way_on
from lightdash_sync.sync.state import RESTORED, joined
from lightdash_sync.sync.target import (
    Existing,
    apart_from_pages,
    read_target,
    relinked,
    require_read,
    too_large,
    untold_merges,
)
from lightdash_sync.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from lightdash_sync.ascode.tree import CodeTree
    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.content.tree import Tree
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.sync.plan.deletes import Unseen
    from lightdash_sync.sync.plan.matching import Linked
    from lightdash_sync.sync.plan.options import TargetFacts
    from lightdash_sync.sync.runs import Run
    from lightdash_sync.sync.state import LinkTable, State
    from lightdash_sync.sync.target import TargetEnvironment


# What is known of a target when something of it is to be put back: its last backup, and the runs since.
#
# What people did after that is in no backup, and a plan to restore must not overwrite it unasked. What a
# run of this tool wrote since the backup is known as well: the run stored what it left behind.


@dataclass(frozen=True)
class LastBackup:
    """The last backup of a target.

    Attributes:
        tree: its content.
        time: when it was committed.
        commit: id.
    """

    tree: Tree
    time: datetime
    commit: str


# The time of a commit is in whole seconds, and a run that follows another in the same second gets the next
# one as its name. Where times do not tell whether a run or a backup was first, what the run found does.
_SAME_TIME = timedelta(seconds=2)


def known_content(
    place: TargetEnvironment, backup: LastBackup, memory: State, now: Identity
) -> tuple[Mapping[str, bytes], Identity]:
    """Return what the target held as far as this tool knows, and a map that names all of it.

    Args:
        place: the target.
        backup: its last backup.
        memory: what is remembered of it.
        now: its present map, in the keys of the plan.

    Returns:
        Path -> content in the keys of the plan, and the map of the target with what is gone.
    """
    tree, everything = _said(backup.tree, memory, now)
    found: dict[str, bytes] = {path: tree[path] for path in tree}
    second = backup.time.replace(microsecond=0)
    for run in reversed(runs(place.folders.runs)):
        if run.began < second:
            continue
        is_later = run.began >= second + _SAME_TIME
        for path, (before, after) in _left(run, memory, now).items():
            if not is_later and found.get(path) != before:
                continue  # the backup has what came of the run, or what people made of that
            if after is None:
                found.pop(path, None)
            else:
                found[path] = after
    return found, everything


def _said(tree: Tree, memory: State, now: Identity) -> tuple[Tree, Identity]:
    """Say a content of before in the keys of now; what was deleted and put back is one item."""
    here = replace(tree.identity, items=memory.as_now(tree.identity.items))
    there = with_former(now, here)
    return rekeyed(replace(tree, identity=here), there), there


def _left(run: Run, memory: State, now: Identity) -> dict[str, tuple[bytes | None, bytes | None]]:
    """Return what a run found and what it left of the items that it wrote; None for what was not there.

    What was not on the server as it was written may be somebody's, and is passed over.
    """
    try:
        plan, before, after, result = run.plan(), run.before(), run.after(), run.result() or {}
    except (SyncError, ValueError, OSError):
        return {}
    if after is None:
        return {}
    tree, there = _said(after, memory, now)
    found_tree, _ = _said(before, memory, now)
    others = result.get("mismatches")
    strange = {str(item) for item in others} if isinstance(others, list) else set()
    found: dict[str, tuple[bytes | None, bytes | None]] = {}
    for step in plan.steps:
        if step.item in strange:
            continue
        uuid = (after.identity.uuid(step.kind, step.key) or step.uuid) if step.key else None
        path = file_of(step.kind, there.key(step.kind, uuid) if uuid else step.key)
        found[path] = (found_tree.get(path), tree.get(path))
    return found


# Whether linked items that the target's lists no longer name are really deleted.
#
# Else a plan would make everything a second time, when a list came back short or the token sees less than
# the last one did.

_NAMED = 10  # items that an error names


def confirm_links_deleted(
    place: TargetEnvironment,
    found: Linked,
    links: Mapping[Kind, Mapping[str, JsonObject]],
    is_planned: Callable[[ItemKey], bool],
) -> None:
    """Ask for every linked item that no list names.

    Args:
        place: the target.
        found: what its lists name, and what they do not.
        links: kind -> key -> facts with the uuid.
        is_planned: whether a plan would make an item.

    Raises:
        Refused: the token may not see an item, which may be there all the same.
        Incomplete: an item is there, so a list came back short; or nobody can tell.
    """
    unlisted = [
        Unlisted(kind, key, str(facts["uuid"]), str(facts.get("slug") or ""))
        for kind in ASKED
        for key, facts in links.get(kind, {}).items()
        if key in found.gone.get(kind, ()) and is_planned((kind, key))
    ]
    if not unlisted:
        return
    session = place.lightdash.session
    workers = Workers(session.connection.concurrency, session.pacer.stopped, place.progress)
    readings = Readings(workers)
    try:
        there = confirm_deleted(
            place.lightdash,
            place.project,
            unlisted,
            readings,
            seen="when they were linked",
            hint="Use the token of a project admin; with another one, items would be made a second time.",
        )
    finally:
        workers.close()
    if readings.unread:
        first = readings.unread[0]
        raise Incomplete(
            f"{first.what}: it is not known whether the target still has it: {first.error.message}",
            hint="Plan again.",
        )
    left = [one.item for one in unlisted if one.uuid in there.charts] + [one.item for one in there.others]
    if left:
        more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
        are, them = ("is", "it") if len(left) == 1 else ("are", "them")
        raise Incomplete(
            f"{', '.join(left[:_NAMED])}{more} {are} on the target, and its lists do not name {them}",
            hint="Plan again; if it stays so, use the token of a project admin: lists may show others less.",
        )


@dataclass(frozen=True)
class PlanRequest:
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
        adapt: returns the desired side as it is planned for, told what is linked; None to take it as it is.
    """

    source: str
    desired: Tree
    options: PlanOptions
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
    backup: LastBackup | None = None
    known_origin: frozenset[ItemKey] = frozenset()
    unseen: Unseen = field(default_factory=dict)
    adapt: Callable[[Linked], Tree] | None = None


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
    memory: State
    facts: TargetFacts


def plan_for(place: TargetEnvironment, request: PlanRequest) -> Planned:
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


def _planned(place: TargetEnvironment, request: PlanRequest, apart: frozenset[str]) -> Planned:
    """Make a plan; charts `apart` are read by themselves."""
    memory = load_state(place)
    existing, adopted = _existing(place, memory, request, apart)
    if request.adapt is not None:
        request = replace(request, desired=request.adapt(existing.linked))
    slack = _delivers_to_slack(request.desired) or _delivers_to_slack(existing.tree)
    facts = facts_for(place, request.desired.identity, existing.lists, slack=slack)
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
    require_read(existing, plan.steps)
    unread = (f"{words}; this plan does not touch it" for words in existing.unread.values())
    large = (f"{words}: this plan will be refused" for words in too_large(place, plan.steps))
    notes = (*request.notes, *large, *unread, *_unfinished(place))
    existing = replace(existing, warnings=(*existing.warnings, *notes))
    return Planned(plan, existing, memory, facts)


def _with_free_slugs(place: TargetEnvironment, inputs: Inputs, plan: Plan) -> tuple[TargetFacts, Plan]:
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
    place: TargetEnvironment, memory: State, request: PlanRequest, apart: frozenset[str]
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
    confirm_links_deleted(place, existing.linked, links, lambda item: item in there)
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


def _linked_items(existing: Existing) -> frozenset[ItemKey]:
    return frozenset((kind, key) for kind, keys in existing.linked.keys.items() for key in keys)


def _unfinished_items(memory: State, now: Identity) -> frozenset[ItemKey]:
    """Return what a run began and did not end, in the keys of the plan."""
    uuids = {(kind, memory.identity.uuid(kind, key)) for kind, key in memory.unfinished}
    return frozenset((kind, key) for kind, uuid in uuids if uuid and (key := now.known_keys(kind).get(uuid)))


def facts_for(
    place: TargetEnvironment, desired: Identity, lists: Inventory | None = None, *, slack: bool = True
) -> TargetFacts:
    """Read what is to be known of a target besides content, but for the fields of explores.

    Args:
        place: the target.
        desired: the map of the source.
        lists: of the target, if they were read already.
        slack: whether the source delivers to Slack.

    Raises:
        ApiError: the server failed.
    """
    same = desired.project.get("uuid") == place.project
    return read_facts(place.lightdash, place.project, same_project=same, lists=lists, slack=slack)


def _delivers_to_slack(tree: Tree) -> bool:
    """Whether a scheduler may name a Slack channel; only its text is looked at."""
    schedulers = (path for path, (kind, _) in items_of(tree).items() if kind is Kind.SCHEDULER)
    return any(b'"channel"' in tree[path] for path in schedulers)


def _made_by_unfinished_runs(place: TargetEnvironment, now: Identity) -> frozenset[ItemKey]:
    """Return what runs made that had no time to remember what it was then.

    Whether something was made whose answer was lost, nobody knows; what has its name and was not there when
    the run began is taken for it.
    """
    found: set[ItemKey] = set()
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


def _unfinished(place: TargetEnvironment) -> list[str]:
    """Say that there is a run to go on with, and which runs are damaged."""
    found = damaged(place.folders.runs)
    return found + [
        f"The run {run.id} was cut short: `{way_on(run.plan(), place.environment)}` goes on, "
        "and another run takes its place."
        for run in cut_short(place.folders.runs)[:1]
    ]


def adoptions(request: PlanRequest, existing: Existing) -> LinkTable:
    """Return links with items of the target that have the same name in the same place, or the same slug."""
    desired, there = Contents(request.desired), Contents(existing.tree)
    mine = _linked_items(existing)
    if request.adopt_by == "slug":
        pairs = by_slug(request.desired.identity, existing.linked.identity, mine)
        same = {**{item: item for item in mine}, **pairs}
    else:
        same = dict(find_unlinked_matches(desired, there, mine, desired.there - mine, adopt=True).same)
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


def _made_anew(memory: State, found: Linked) -> LinkTable:
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


def fields_for(place: TargetEnvironment, facts: TargetFacts, tables: frozenset[str]) -> TargetFacts:
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


# A plan for a tree of the official tool's documents.
#
# Such a tree knows an item by its slug and by nothing else, so the target's item with that slug is linked
# by this plan, and it is told how many are. A document is known to have been taken from what the target
# has if nobody has saved that since; of others nobody knows what they had in common with it. What
# documents have no word for (access, deliveries, tags, pins …) is neither changed nor deleted; a delivery
# goes with the chart or dashboard that it is of.


def plan_from_code(
    place: TargetEnvironment,
    source: str,
    code: CodeTree,
    options: Callable[[Callable[[CodeTree], Tree]], PlanOptions],
    *,
    full: bool = False,
) -> Planned:
    """Make a plan; only reads.

    Args:
        place: the target; its lock must be held.
        source: what the tree is, in words.
        code: the documents.
        options: returns what is allowed; given a function that says documents in the keys of the plan.
        full: read the target whole.

    Raises:
        Incomplete: something could not be read.
        SnapshotError: a document cannot be understood.
    """
    memory = load_state(place)
    existing = read_target(place, memory.hints, memory.links, Identity(), full=full)
    synced = frozenset((kind, key) for kind in LINKED for key in existing.linked.keys.get(kind, ()))

    aliases = _aliases(place, code, existing.tree)

    def onto(documents: CodeTree) -> Desired:
        return desired_of(documents, existing.tree, kept=synced, synced=synced, aliases=aliases)

    wanted = onto(code)
    adopt = {
        kind: {key: facts for key, facts in entries.items() if (kind, key) not in synced}
        for kind, entries in wanted.links.items()
    }
    allowed = options(lambda documents: onto(documents).tree)
    request = PlanRequest(
        source=source,
        desired=wanted.tree,
        options=allowed,
        adopt=adopt,
        read=existing,
        known_origin=_taken_from(existing.linked.identity, wanted.tree.identity, adopt),
    )
    planned = plan_for(place, request)
    notes = (*code.notes, *wanted.notes, *_linked(sum(map(len, adopt.values()))))
    warnings = (*planned.existing.warnings, *notes)
    return replace(planned, existing=replace(planned.existing, warnings=warnings))


def _aliases(place: TargetEnvironment, code: CodeTree, existing: Tree) -> dict[Kind, dict[str, str]]:
    """Return kind -> slug -> current slug of what had the slug of a document before it was renamed there."""
    there = DocumentNames(existing).by_slug
    missing: dict[Kind, set[str]] = {}
    for kind, slug in code.documents:
        if slug not in there[kind]:
            missing.setdefault(kind, set()).add(slug)
    return find_aliases(place.lightdash, place.project, missing)


def _taken_from(target: Identity, documents: Identity, adopted: LinkTable) -> frozenset[ItemKey]:
    """Return the items that nobody has saved on the target since their documents were downloaded."""
    found: set[ItemKey] = set()
    for kind, entries in adopted.items():
        for key, facts in entries.items():
            here = version_stamp(kind, documents.facts(kind, key))
            there = version_stamp(kind, target.facts(kind, target.key(kind, str(facts["uuid"]))))
            if kind in (Kind.SPACE, Kind.VIRTUAL_VIEW) or (
                here is not None and there is not None and there.time <= here.time
            ):
                found.add((kind, key))
    return frozenset(found)


def _linked(number: int) -> list[str]:
    if not number:
        return []
    items = "1 item is" if number == 1 else f"{number} items are"
    return [
        f"{items} linked with what has the same slug in the target: a tree of documents has no other names"
    ]
