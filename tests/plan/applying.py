"""A target without a server: content, identities and links, planned for and applied to purely."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lightdash_sync.content.json import canonical, parse
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.tree import Tree, file_of, rekeyed
from lightdash_sync.sync.plan.build import Inputs, make_plan
from lightdash_sync.sync.plan.compatibility import FIELDS
from lightdash_sync.sync.plan.matching import LINKED, Linked, linked
from lightdash_sync.sync.plan.options import ItemSelection, PlanOptions, TargetFacts
from lightdash_sync.sync.plan.values import Action, Plan, PlanTarget, Step
from tests.content.generated import made_uuid

from .projects import GROUPS, PEOPLE, project_uuid, tree_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.content.kinds import ItemKey

CALLER = "token@example.com"
FACTS = TargetFacts(
    people={email: made_uuid(email) for email in PEOPLE},
    groups={name: made_uuid(name) for name in GROUPS},
    caller=CALLER,
    # A server that shows no fields besides those of the projects that are made up here.
    lacks=frozenset(row.needs for row in FIELDS),
)
FREE = PlanOptions(allow_twins=frozenset({"all"}), max_deletes=1000)
WITH_DELETES = replace(FREE, delete=True)


@dataclass(frozen=True)
class World:
    """A target between two plans.

    Attributes:
        tree: its content, in keys of its own.
        links: what is linked: kind -> key of the plan -> facts.
        base: path -> content after the last sync, in the keys of the plan; None if that is what it has now.
    """

    tree: Tree
    links: Mapping[Kind, Mapping[str, JsonObject]] = field(default_factory=dict)
    base: Mapping[str, bytes] | None = field(default_factory=dict)

    def seen(self, desired: Tree) -> tuple[Linked, Tree]:
        """What is linked, and the content in the keys of the plan."""
        found = linked(self.tree.identity, self.links, desired.identity)
        return found, rekeyed(self.tree, found.identity)

    def plan(self, desired: Tree, options: PlanOptions = FREE, **more: Any) -> Plan:
        """Plan that the target shall be as desired."""
        found, existing = self.seen(desired)
        known: dict[str, Any] = {
            "base": existing if self.base is None else self.base,
            "facts": FACTS,
            "options": options,
            **more,
        }
        return make_plan(Inputs("here", TARGET, desired, existing, found, **known))

    def apply(self, plan: Plan, desired: Tree) -> World:
        """Do what a plan says and nothing else, as a server would; remember what came of it."""
        found, existing = self.seen(desired)
        files = {path: existing[path] for path in existing}
        items = {kind: dict(entries) for kind, entries in found.identity.items.items()}
        links: dict[Kind, dict[str, JsonObject]] = {
            kind: {key: items[kind][key] for key in found.keys[kind]} for kind in LINKED
        }
        base = {
            path: data
            for path, data in (existing if self.base is None else self.base).items()
            if path in existing.digests
        }
        for step in plan.steps:
            path = file_of(step.kind, step.key)
            if step.action is Action.DELETE:
                base.pop(path, None)
                del files[path], items[step.kind][step.key], links[step.kind][step.key]
                continue
            files[path] = canonical(_as_stored(step))
            base[path] = files[path] if step.source is None else canonical(step.source)
            if step.kind in LINKED:
                uuid = step.uuid or made_uuid(f"new {step.kind} {step.key} {len(files)}")
                items[step.kind][step.key] = links[step.kind][step.key] = {"uuid": uuid, **step.layout}
        base |= {path: files[path] for path in plan.unchanged}
        return World(Tree.of(files, replace(found.identity, items=items)), links, base)


TARGET = PlanTarget("production", "https://example.com", project_uuid("target"), "Production")
EMPTY = World(tree_of({}, "target"))


def world_of(project: Mapping[ItemKey, Json], links: Mapping[ItemKey, str] | None = None) -> World:
    """A target with the content of a project, linked items as a sync left them.

    Args:
        project: its content.
        links: kind and key there -> key of the plan.
    """
    tree = tree_of(project, "target")
    table: dict[Kind, dict[str, JsonObject]] = {}
    for (kind, key), name in (links or {}).items():
        table.setdefault(kind, {})[name] = tree.identity.facts(kind, key)
    return World(tree, table, None)


def twin_of(project: Mapping[ItemKey, Json]) -> World:
    """A target that has just the content of a project, all linked under the same keys."""
    return world_of(project, {item: item[1] for item in project if item[0] in LINKED})


def synced(project: Mapping[ItemKey, Json]) -> World:
    """A target that was brought to the content of a project by a sync."""
    world, desired = EMPTY, tree_of(project)
    return world.apply(world.plan(desired), desired)


def edited(world: World, *item: Any, **fields: Any) -> World:
    """A target whose people changed fields of an item; None as the only value removes it."""
    kind, key = item
    path = file_of(kind, key)
    files = {path: world.tree[path] for path in world.tree}
    content: Any = parse(files[path])
    files[path] = canonical(content | fields)
    return replace(world, tree=Tree.of(files, world.tree.identity))


def edited_list(world: World, kind: Kind, rows: Json) -> World:
    """A target whose people changed a list of the whole project."""
    files = {path: world.tree[path] for path in world.tree} | {file_of(kind, ""): canonical(rows)}
    return replace(world, tree=Tree.of(files, world.tree.identity))


def removed(world: World, *item: Any) -> World:
    """A target whose people deleted an item."""
    kind, key = item
    files = {path: world.tree[path] for path in world.tree if path != file_of(kind, key)}
    items = {of: dict(entries) for of, entries in world.tree.identity.items.items()}
    del items[kind][key]
    return replace(world, tree=Tree.of(files, replace(world.tree.identity, items=items)))


def chosen(*items: ItemKey, **more: Any) -> ItemSelection:
    """A choice of items."""
    return ItemSelection(items=frozenset(items), **more)


def _as_stored(step: Step) -> Json:
    """What the server makes of a step: new schedulers belong to whoever creates them."""
    content = step.after
    if step.kind is Kind.SCHEDULER and step.action is Action.CREATE and isinstance(content, dict):
        return content | {"owner": CALLER}
    return content
