"""A plan is made: desired against existing, item by item, with what both remember of the last sync.

Pure: content, facts and options in, one frozen `Plan` out. Items that are equal on both sides are told by
their hashes and never parsed. What is written of an item is decided here, and only carried out later.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from lightdash_sync.content.contents import PLANNED, Contents, personal_items
from lightdash_sync.content.display import shown
from lightdash_sync.content.json import Json, JsonObject, get_list, get_str, parse, sha256
from lightdash_sync.content.keys import EXTERNAL
from lightdash_sync.content.kinds import ItemKey, Kind
from lightdash_sync.content.portable import with_copied_parts
from lightdash_sync.content.schedulers import why_not_replayed
from lightdash_sync.content.tree import file_of, in_other_keys, place_of
from lightdash_sync.sync.plan.access import access_changes
from lightdash_sync.sync.plan.compatibility import Unknowns, held_today
from lightdash_sync.sync.plan.deletes import (
    delete_limits,
    delete_problems,
    holding_left,
    surplus,
    unseen_creates,
    unseen_deletes,
    unshown_charts,
)
from lightdash_sync.sync.plan.desired import into_a_dashboard, resolve_desired
from lightdash_sync.sync.plan.drift import (
    drift_at_first,
    drift_by_version,
    drift_of,
    drift_since_backup,
    keeps_theirs,
    made_since,
    merged_content,
    with_saved,
)
from lightdash_sync.sync.plan.identifiers import Slugs, layout, taken_over
from lightdash_sync.sync.plan.lists import adapted_list, taken_names, without_deleted
from lightdash_sync.sync.plan.managed import GONE, cleared, is_verified, lost, same_content, settled_form
from lightdash_sync.sync.plan.matching import LINKED, find_unlinked_matches, named_items
from lightdash_sync.sync.plan.options import PlanOptions, TargetFacts, allows
from lightdash_sync.sync.plan.preflight import parts_of_all, reference_problems
from lightdash_sync.sync.plan.recipients import has_secret_address
from lightdash_sync.sync.plan.restored import lost_comments, pinned_again, refilled
from lightdash_sync.sync.plan.scope import (
    PlanScope,
    asked_for,
    choose,
    left_behind,
    made_ordinary,
    scope_problems,
)
from lightdash_sync.sync.plan.values import (
    Action,
    Drift,
    Gravity,
    NotPlanned,
    Plan,
    PossibleDuplicate,
    Problem,
    Step,
)
from lightdash_sync.sync.plan.virtual_views import view_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.tree import Tree
    from lightdash_sync.sync.plan.deletes import Unseen
    from lightdash_sync.sync.plan.matching import Linked
    from lightdash_sync.sync.plan.options import ItemSelection
    from lightdash_sync.sync.plan.values import PlanTarget

_RANK = {kind: place for place, kind in enumerate(PLANNED)}
_LISTS = frozenset({Kind.PINS, Kind.METRIC_ICONS})
_WITH_TWINS = frozenset(LINKED) - {Kind.VIRTUAL_VIEW}  # of which there is no second one of a name


def make_plan(inputs: Inputs) -> Plan:
    """Return what has to be done so that the target has the desired content.

    Raises:
        SnapshotError: a file of one of the sides cannot be read.
        ValueError: a file of one of the sides is no JSON.
    """
    return _Making(inputs).plan()


@dataclass
class _Making:
    """The making of one plan; the methods stand in the order in which `plan` calls them."""

    inputs: Inputs
    steps: list[Step] = field(default_factory=list)
    unchanged: dict[str, str] = field(default_factory=dict)
    drift: list[Drift] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    left_out: list[NotPlanned] = field(default_factory=list)
    _unmade: set[ItemKey] = field(default_factory=set)

    def plan(self) -> Plan:
        existing = self.existing
        scope = self._scope
        self._told(scope_problems(scope, self._exists))
        self.left_out += left_behind(scope.left, self.desired)
        for item in sorted(scope.items, key=_place):
            self._item(item, selected=item in scope.chosen)
        for item in sorted(self._surplus(), key=_place):
            self._delete(item)
        if self._puts_back:
            self._fill_tiles()
            self._name_lost_comments()
            self._name_old_links()
        self._name_alive()
        self._delete_unshown()
        self._pins_of_written()
        self._keep_holders()
        self.problems += delete_problems(self.steps, existing)
        self.problems += self._unseen()
        self.problems += made_ordinary(self.steps, self.desired)
        created = [step for step in self.steps if step.action is Action.CREATE]
        twins = self._twins({(step.kind, step.key) for step in created if step.kind in _WITH_TWINS})
        facts, options = self.inputs.facts, self.inputs.options
        if not facts.can("equal_tag_names"):
            self.problems += taken_names(self.steps, existing, twins)
        self.problems += cleared(self.steps, options)
        if self._puts_back:
            undoes = bool(self.inputs.undoes)
            self.problems += lost(self.steps, self.desired, facts, options, undoes=undoes)
        self.problems += view_problems(self.steps, facts, options, existing)
        external = self._external
        self.problems += reference_problems(
            self.steps, facts, options, existing.there, external.keys() | self._apps, existing.look,
            parts_of_all(self.inputs.desired.identity) if self._is_of_another else None,
        )  # fmt: skip
        return Plan(
            purpose=self.inputs.purpose,
            source=self.inputs.source,
            target=self.inputs.target,
            enable_schedulers=options.enable_schedulers,
            verification=options.verification,
            keeps_deleted=facts.keeps_deleted,
            undoes=self.inputs.undoes,
            steps=tuple(sorted(self.steps, key=_order)),
            unchanged=dict(sorted(self.unchanged.items())),
            drift=tuple(self.drift),
            problems=tuple(sorted(set(self.problems))),
            access=access_changes(
                self.steps, existing.look, [key for kind, key in existing.there if kind is Kind.SPACE]
            ),
            twins=twins,
            limits=self._limits(),
            left_out=tuple(sorted(self.left_out)),
            adopted=self.inputs.adopted,
            items=named_items(self.inputs.linked.identity),
            external=dict(external),
        )

    def _unseen(self) -> Iterator[Problem]:
        """Yield the deletes and creates of what a side may have without showing it to its reader."""
        inputs = self.inputs
        yield from unseen_deletes(self.steps, self.desired.there, inputs.unseen)
        gone = frozenset((kind, key) for kind, keys in inputs.linked.gone.items() for key in keys)
        yield from unseen_creates(self.steps, gone, inputs.existing_unseen, inputs.options)

    @cached_property
    def _scope(self) -> PlanScope:
        choice, deleted_only = self.inputs.options.choice, self.inputs.purpose == "restore"
        return choose(
            self.desired, choice, self._exists, deleted_only=deleted_only, without=self._personal(choice)
        )

    def _personal(self, choice: ItemSelection) -> frozenset[ItemKey]:
        """Return what is in personal spaces, if that is left out."""
        facts, options = self.inputs.facts, self.inputs.options
        if facts.same_project or options.personal_spaces or self.inputs.purpose == "undo":
            return frozenset()
        found = personal_items(self.desired)
        return found.difference(asked_for(found, choice, self.desired))

    @property
    def _puts_back(self) -> bool:
        """Whether what the plan creates is what was deleted there, and not something new."""
        return self.inputs.purpose in ("restore", "undo")

    @cached_property
    def desired(self) -> Contents:
        """The content that is wanted."""
        return Contents(self.inputs.desired)

    @cached_property
    def existing(self) -> Contents:
        """The content of the target."""
        return Contents(self.inputs.existing)

    @cached_property
    def _slugs(self) -> Slugs:
        return Slugs(self.inputs.linked.identity, self.inputs.facts, self.inputs.desired.identity)

    @cached_property
    def _unknowns(self) -> Unknowns:
        return Unknowns(self.existing)

    @cached_property
    def _linked(self) -> frozenset[ItemKey]:
        return frozenset((kind, key) for kind, keys in self.inputs.linked.keys.items() for key in keys)

    @cached_property
    def _external(self) -> dict[str, str]:
        """What lies outside the project and may be shown: not what content of another project asks for."""
        return {} if self._is_of_another else dict(self.inputs.desired.identity.external)

    @property
    def _is_of_another(self) -> bool:
        """Whether what is wanted is the content of another project."""
        project = self.inputs.desired.identity.project.get("uuid")
        return project is not None and not self.inputs.facts.same_project

    @cached_property
    def _apps(self) -> frozenset[str]:
        """The data apps that the target shows itself; none if nothing that is written shows any."""
        if not any(
            get_str(tile, "properties", "app")
            for step in self.steps
            for tile in get_list(step.after, "tiles")
        ):
            return frozenset()
        boards = [self.existing.of(item) for item in self.existing.there if item[0] is Kind.DASHBOARD]
        found = (get_str(tile, "properties", "app") for board in boards for tile in get_list(board, "tiles"))
        return frozenset(key for key in found if key)

    def _exists(self, item: ItemKey) -> bool:
        return item in self._linked if item[0] in LINKED else file_of(*item) in self.inputs.existing

    def _item(self, item: ItemKey, *, selected: bool) -> None:
        """Compare one item, and note a step if it has to be written."""
        path, exists = file_of(*item), self._exists(item)
        if exists and path not in self.inputs.existing:
            raise ValueError(f"the target has {item[0]}:{item[1]}, and it was not read")
        if exists and self.inputs.desired.digests[path] == self.inputs.existing.digests[path]:
            self.unchanged[path] = self.inputs.existing.digests[path]
            return
        now = self._content(self.inputs.existing, path) if exists else None
        wanted = self._wanted(item, now)
        if wanted is None:
            return
        if self._is_merged(item, wanted):
            return
        drift = self._drift(item, now, wanted)
        if drift is not None and keeps_theirs(drift, self.inputs.options):
            return
        source, wanted = wanted, merged_content(drift, wanted, self.inputs.options)
        if item[0] is Kind.CHART:
            self._told(into_a_dashboard(item[1], wanted, now))
        if exists and (
            same_content(item[0], wanted, now, self.inputs.options) or self._is_settled(item, now, wanted)
        ):
            self.unchanged[path] = self.inputs.existing.digests[path]
        elif exists or wanted:
            self._write(item, now, wanted, selected=selected, source=None if source is wanted else source)

    def _wanted(self, item: ItemKey, now: Json) -> Json:
        """Return the content that an item shall have, as the target can hold it; None if it cannot."""
        kind, facts, options = item[0], self.inputs.facts, self.inputs.options
        content = self._content(self.inputs.desired, file_of(*item))
        if kind in _LISTS:
            rows, problems = adapted_list(
                kind, content, now, self._will_exist, self._is_known_to_both, facts, options
            )
            self._told(problems)
            return rows
        if not isinstance(content, dict):
            raise ValueError(f"{file_of(*item)} is not an object")
        if self._is_of_another:
            content = self._with_copied_parts(item, content)
        if now is None and (why := self._why_not_back(item, content)):
            self._unmade.add(item)
            self.left_out.append(NotPlanned(f"{kind}:{item[1]}", why))
            return None
        found = resolve_desired(item, content, now, self.desired, self._can_show, facts, options)
        self._told(found.problems)
        if found.why_not:
            self._unmade.add(item)
            self.left_out.append(NotPlanned(f"{kind}:{item[1]}", found.why_not))
        return self._understood(item, found.content, now)

    def _is_known_to_both(self, item: ItemKey) -> bool:
        """Whether the target has an item, and the source would show it if it had it."""
        return self._exists(item) and (item in self.desired.there or item[0] not in self.inputs.unseen)

    def _with_copied_parts(self, item: ItemKey, content: JsonObject) -> JsonObject:
        dashboard = item[1] if item[0] is Kind.DASHBOARD else get_str(content, "dashboard")
        here, there = (
            side.identity.facts(Kind.DASHBOARD, dashboard)
            for side in (self.inputs.desired, self.inputs.existing)
        )
        return with_copied_parts(item[0], content, here, there)

    def _understood(self, item: ItemKey, content: JsonObject | None, now: Json) -> JsonObject | None:
        """Return a content without what is understood neither here nor by the target."""
        if content is None or self.inputs.facts.same_project:
            return content
        found = self._unknowns.adapt(item, content)
        self._told(found.problems)
        if not found.why_not:
            return found.content
        if now is not None and same_content(item[0], found.content, now, self.inputs.options):
            return found.content
        self._unmade.add(item)
        self.left_out.append(NotPlanned(f"{item[0]}:{item[1]}", found.why_not))
        return None

    def _why_not_back(self, item: ItemKey, content: JsonObject) -> str:
        """Return why a deleted item cannot be put back; "" if it can.

        That is a delivery to a secret address, and a chart in a dashboard that has no tile for it any more.
        """
        if not self._puts_back:
            return ""
        if item[0] is Kind.SCHEDULER and has_secret_address(content):
            return "the address of its webhook is a secret and in no backup: set up this delivery by hand"
        dashboard = (Kind.DASHBOARD, get_str(content, "dashboard"))
        inside = item[0] is Kind.CHART and bool(dashboard[1])
        if not inside or dashboard in self._scope.items or not self._exists(dashboard):
            return ""
        if item in refilled(self.existing.of(dashboard), self.desired.of(dashboard), {item}).shown:
            return ""
        return (
            f"the tile of dashboard:{dashboard[1]} that showed it was changed or removed since, and "
            "Lightdash deletes a chart in a dashboard that does not show it; put back the dashboard, too"
        )

    def _can_show(self, item: ItemKey) -> bool:
        """Whether the target has an item, or will have it if it can be made."""
        if item[1].startswith(EXTERNAL):
            return item[1] in self._external
        return self._exists(item) or (item in self._scope.items and item not in self._unmade)

    def _will_exist(self, item: ItemKey) -> bool:
        return self._exists(item) or any((step.kind, step.key) == item for step in self.steps)

    def _drift(self, item: ItemKey, now: Json, wanted: Json) -> Drift | None:
        known = self.inputs.base.get(file_of(*item))
        base = None if known is None else parse(known)
        base = held_today(item, base, now, self.inputs.facts, self.inputs.options)
        mine, there = self.inputs.desired.identity, self.inputs.linked.identity
        if self.inputs.backed_up is not None:
            found = self._drift_since_backup(item, base, now, wanted)
        elif base is not None:
            found = drift_of(item, base, now, wanted, self.inputs.options)
        elif self.inputs.undoes and wanted is None and item not in self.inputs.options.choice.items:
            found = made_since(item, now, self.inputs.options)
        elif self.inputs.purpose != "sync":
            found = None
        elif self.inputs.facts.same_project:
            found = drift_by_version(item, mine, there, now, wanted, self.inputs.options)
        elif (
            now is not None
            and item not in self.inputs.known_origin
            and not self._is_settled(item, now, wanted)
        ):
            found = drift_at_first(item, now, wanted, self.inputs.options)
        else:
            found = None
        if found is not None:
            found = with_saved(found, mine, there)
            self.drift.append(found)
        return found

    def _drift_since_backup(self, item: ItemKey, base: Json, now: Json, wanted: Json) -> Drift | None:
        """Return what people did to an item since the backup; what deletes made of it does not count."""
        there, gone = self.inputs.backed_up, self._gone
        seen = now
        if there is not None and gone and now is not None and base is not None:
            seen = in_other_keys(*item, now, self.inputs.linked.identity, there)
            if item[0] is Kind.PINS:
                base = without_deleted(base, gone)
            elif item[0] is Kind.DASHBOARD and isinstance(seen, dict) and isinstance(base, dict):
                seen = refilled(seen, base, gone).content
        found = drift_since_backup(item, base, seen, wanted, self.inputs.options)
        return None if found is None else replace(found, existing=now)

    @cached_property
    def _gone(self) -> frozenset[ItemKey]:
        """What the target had at its last backup, and has no more."""
        places = (place_of(path) for path in self.inputs.base)
        return frozenset(place for place in places if place and place[1]) - self.existing.there

    def _is_merged(self, item: ItemKey, wanted: Json) -> bool:
        """Whether a merge made what the target has of just what is wanted: the rest of it is the target's."""
        named = f"{item[0]}:{item[1]}" if item[1] else str(item[0])
        known = self.inputs.merged.get(file_of(*item))
        return self._comes_again(known, item, wanted) and not allows(self.inputs.options.allow_drift, named)

    def _is_settled(self, item: ItemKey, now: Json, wanted: Json) -> bool:
        """Whether the server is known to make just what it has of just what is wanted."""
        if self.inputs.options.verification and is_verified(wanted) != is_verified(now):
            return False
        return self._comes_again(self.inputs.settled.get(file_of(*item)), item, wanted)

    def _comes_again(self, known: tuple[str, str] | None, item: ItemKey, wanted: Json) -> bool:
        """Whether what is wanted, and what the target has, are what is remembered of both."""
        if known is None or known[1] != self.inputs.existing.digests.get(file_of(*item), GONE):
            return False
        return known[0] == sha256(settled_form(item[0], wanted))

    def _write(self, item: ItemKey, now: Json, wanted: Json, *, selected: bool, source: Json) -> None:
        kind, key = item
        facts = self.inputs.linked.identity.facts(kind, key) if now is not None else {}
        self.steps.append(
            Step(
                action=Action.CREATE if now is None else Action.UPDATE,
                kind=kind,
                key=key,
                uuid=_text(facts.get("uuid")) if facts else None,
                before=now,
                after=wanted,
                selected=selected,
                layout=self._layout(item, wanted, facts),
                version=_text(facts.get("version")) or "",
                restores=self._restores(item, now, wanted),
                source=source,
                former=self._former(item, now),
                slug=self._slug(item, wanted) if now is None else "",
            )
        )

    def _slug(self, item: ItemKey, wanted: Json) -> str:
        facts = self.inputs.desired.identity.facts(*item)
        slug, problems = self._slugs.choose(item, facts, get_str(wanted, "name"))
        self._told(problems)
        return slug

    def _restores(self, item: ItemKey, now: Json, wanted: Json) -> str:
        """Return the version of the target's own chart that has the wanted content, as the snapshot says."""
        if item[0] is not Kind.CHART or now is None or not self.inputs.facts.same_project:
            return ""
        if not same_content(item[0], wanted, self.desired.of(item), self.inputs.options):
            return ""  # merged with what the target's people did, it is like no version
        facts = self.inputs.desired.identity.facts(*item)
        return _text(facts.get("version")) or _text(facts.get("updatedAt")) or ""

    def _former(self, item: ItemKey, now: Json) -> str:
        """Return the uuid that an item had in this very project, before it was deleted there."""
        if now is not None or not self.inputs.facts.same_project:
            return ""
        return self.inputs.desired.identity.uuid(*item) or "" if item[1] else ""

    def _layout(self, item: ItemKey, wanted: Json, facts: JsonObject) -> JsonObject:
        if item[0] is not Kind.DASHBOARD or not isinstance(wanted, dict):
            return {}
        same_project = self.inputs.facts.same_project
        before = taken_over(self.inputs.desired.identity, item[1], same_project=same_project)
        known = (before, facts) if self.inputs.purpose == "undo" else (facts, before)
        return layout(item[1], wanted, known, self.inputs.target.project)

    def _surplus(self) -> frozenset[ItemKey]:
        if not self.inputs.options.delete:
            return frozenset()
        found = surplus(self._mine, self.desired.there, self.existing, self.inputs.options.choice)
        return frozenset(item for item in found if not self._stays(item))

    def _stays(self, item: ItemKey) -> bool:
        """Whether an item is not deleted, because nobody could make it anew; it is named then."""
        why = why_not_replayed(self.existing.of(item)) if item[0] is Kind.SCHEDULER else ""
        if item in self._personal_there:
            why = "what people keep to themselves in a personal space is deleted with --personal-spaces only"
        if why:
            self.left_out.append(NotPlanned(f"{item[0]}:{item[1]}", f"{why}; so it is not deleted"))
        return bool(why)

    @cached_property
    def _personal_there(self) -> frozenset[ItemKey]:
        """What is in personal spaces of the target, and nobody asked to delete."""
        options = self.inputs.options
        if options.personal_spaces or self.inputs.purpose == "undo":
            return frozenset()
        found = personal_items(self.existing)
        return found.difference(asked_for(found, options.choice, self.existing))

    @property
    def _mine(self) -> frozenset[ItemKey]:
        """The items of the target that may be deleted at all."""
        return self.existing.there if self.inputs.facts.same_project else self._linked

    def _delete(self, item: ItemKey) -> None:
        now = self._content(self.inputs.existing, file_of(*item))
        drift = self._drift(item, now, None)
        if drift is not None and keeps_theirs(drift, self.inputs.options):
            return
        facts = self.inputs.linked.identity.facts(*item)
        self.steps.append(
            Step(
                Action.DELETE, *item, uuid=_text(facts.get("uuid")), before=now,
                version=_text(facts.get("version")) or "",
            )
        )  # fmt: skip

    def _delete_unshown(self) -> None:
        """Name the charts that go when a dashboard is saved: as steps, where the user allows it."""
        for problem in [*unshown_charts(self.steps, self.existing)]:
            self._told([problem])
            if allows(self.inputs.options.allow_broken, problem.item):
                self._delete((Kind.CHART, problem.item.partition(":")[2]))

    def _keep_holders(self) -> None:
        """Delete nothing that holds a chart which cannot be moved where it shall be."""
        left = [
            (Kind.CHART, problem.item.partition(":")[2])
            for problem in self.problems
            if problem.code == "cannot_move_inside" and problem.gravity is Gravity.WARNS
        ]
        holders = holding_left(self.steps, left, self.existing)
        self.steps = [step for step in self.steps if (step.kind, step.key) not in holders]
        for (kind, key), (_, chart) in sorted(holders.items()):
            why = f"it is not deleted, because chart:{chart} stays in it"
            self.left_out.append(NotPlanned(f"{kind}:{key}", why))

    def _pins_of_written(self) -> None:
        """Say what deletes make of the pins, so that an undo pins them again, and pin what is put back."""
        pins, path = (Kind.PINS, ""), file_of(Kind.PINS)
        if any(step.kind is Kind.PINS for step in self.steps):
            return
        deleted = {(step.kind, step.key) for step in self.steps if step.action is Action.DELETE}
        again = self._puts_back and pins not in self._scope.items and path in self.inputs.desired
        returning = self._created() if again else frozenset()
        if not deleted and not returning:
            return
        now = self._content(self.inputs.existing, path) if path in self.inputs.existing else None
        wanted = now if now is None else without_deleted(now, deleted)
        if returning:
            wanted = pinned_again(wanted, self._content(self.inputs.desired, path), returning)
        if wanted != now:
            self.unchanged.pop(path, None)
            self._write(pins, now, wanted, selected=bool(deleted), source=None)

    def _created(self) -> frozenset[ItemKey]:
        return frozenset((step.kind, step.key) for step in self.steps if step.action is Action.CREATE)

    def _fill_tiles(self) -> None:
        """Let dashboards that the plan is not about show again what was deleted and is put back."""
        returning = self._created()
        for item in sorted(self.desired.there - self._scope.items):
            if item[0] is not Kind.DASHBOARD or not self._exists(item):
                continue
            now, before = self.existing.of(item), self.desired.of(item)
            found = refilled(now, before, returning)
            if found.content != now:
                self._write(item, now, found.content, selected=False, source=None)
            for tile in found.changed:
                why = "was changed or removed since, and is left as it is: it does not show what is put back"
                self.left_out.append(NotPlanned(f"dashboard:{item[1]}", f"its tile {shown(tile)} {why}"))

    def _name_lost_comments(self) -> None:
        """Name the comments that do not come back with their charts."""
        if self.inputs.facts.keeps_deleted is not None:
            return  # restored with their charts, or told with these
        returning = self._created()
        for item in sorted(self.desired.there):
            path = file_of(Kind.COMMENTS, item[1])
            if item[0] is not Kind.DASHBOARD or path not in self.inputs.desired:
                continue
            comments = self._content(self.inputs.desired, path)
            if count := lost_comments(comments, self.desired.of(item), returning):
                why = (
                    "1 comment does not come back: Lightdash deleted it with the chart that it was on; the "
                    "backup keeps what it says"
                    if count == 1
                    else f"{count} comments do not come back: Lightdash deleted them with the charts that "
                    "they were on; the backup keeps what they say"
                )
                self.left_out.append(NotPlanned(f"comments:{item[1]}", why))

    def _name_old_links(self) -> None:
        """Name what is left as it is, and still links to what is put back by its former address."""
        if self.inputs.facts.keeps_deleted is not None:
            return  # restored under its address, or told with what is made anew
        former = {step.former.encode(): step.item for step in self.steps if step.former}
        written = {(step.kind, step.key) for step in self.steps}
        for kind, key in sorted(self.existing.there - written) if former else ():
            data = self.inputs.existing[file_of(kind, key)]
            for item in sorted({item for uuid, item in former.items() if uuid in data}):
                why = (
                    f"it links to the former address of {item}, which leads nowhere now; it is left as it is"
                )
                again = f"; --only {kind}:{key} puts it back, too" if key else ""
                self.left_out.append(NotPlanned(f"{kind}:{key}", why + again))

    def _name_alive(self) -> None:
        """Name what belongs to the selection and was changed since, and is left as it is now."""
        options = self.inputs.options
        for kind, key in sorted(self._scope.alive - self._scope.items):
            now, before = self.existing.of((kind, key)), self.desired.of((kind, key))
            if not same_content(kind, now, before, options) and not self._is_settled(
                (kind, key), now, before
            ):
                why = "it is there, and was changed since; it is left as it is"
                why += f"; --only {kind}:{key} puts it back, too"
                self.left_out.append(NotPlanned(f"{kind}:{key}", why))

    def _twins(self, created: set[ItemKey]) -> tuple[PossibleDuplicate, ...]:
        if not created:
            return ()
        options, identity = self.inputs.options, self.inputs.linked.identity
        # What looks like it in a space that may be the same is told together with the space.
        apart = frozenset(item for item in created if allows(options.allow_twins, f"{item[0]}:{item[1]}"))
        found = find_unlinked_matches(
            self.desired, self.existing, self._linked, created, adopt=True, apart=apart
        )
        return tuple(
            PossibleDuplicate(
                item[0], item[1], get_str(self.desired.of(item), "name"),
                tuple(str(identity.uuid(*candidate)) for candidate in candidates),
                allows(options.allow_twins, f"{item[0]}:{item[1]}") and self._may_repeat(item[0]),
            )
            for item, candidates in sorted(found.candidates.items())
        )  # fmt: skip

    def _may_repeat(self, kind: Kind) -> bool:
        """Whether the target's server takes a second item of a name at all."""
        return kind is not Kind.TAG or self.inputs.facts.can("equal_tag_names")

    def _limits(self) -> tuple[str, ...]:
        if self.inputs.purpose == "undo":  # deletes what the run created, and nothing else
            return ()
        existing: Counter[Kind] = Counter(kind for kind, _ in self._mine if kind in LINKED)
        desired = sum(kind in LINKED for kind, _ in self.desired.there)
        return delete_limits(self.steps, existing, self.inputs.options, desired)

    def _content(self, tree: Tree, path: str) -> Json:
        return parse(tree[path])

    def _told(self, problems: Iterable[Problem]) -> None:
        """Note problems; what the user allows to be broken is only told."""
        for problem in problems:
            allowed = allows(self.inputs.options.allow_broken, problem.item)
            self.problems.append(replace(problem, gravity=Gravity.WARNS) if allowed else problem)


def _place(item: ItemKey) -> tuple[int, str]:
    return _RANK[item[0]], item[1]


def _order(step: Step) -> tuple[bool, int, str]:
    """Creates and updates as people read them, then deletes from the inside out."""
    deletes = step.action is Action.DELETE
    rank = _RANK[step.kind]
    return deletes, -rank if deletes else rank, step.key


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None


# Everything that a plan is made of, as one frozen value.


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
    target: PlanTarget
    desired: Tree
    existing: Tree
    linked: Linked
    base: Mapping[str, bytes] = field(default_factory=dict)
    settled: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    merged: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    facts: TargetFacts = field(default_factory=TargetFacts)
    options: PlanOptions = field(default_factory=PlanOptions)
    adopted: Mapping[Kind, Mapping[str, JsonObject]] = field(default_factory=dict)
    purpose: str = "sync"
    undoes: str = ""
    backed_up: Identity | None = None
    known_origin: frozenset[ItemKey] = frozenset()
    unseen: Unseen = field(default_factory=dict)
    existing_unseen: Unseen = field(default_factory=dict)
