"""Virtual views in a plan: who uses them, what has their names, and what a change of their columns breaks.

A virtual view is known in its project by the name of its explore, and charts name it like one of dbt. So a
view of the target with the same name, SQL and columns is the same one, whoever made it; one that differs is
somebody else's until a person says otherwise, and no second one can be made beside it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from lightdash_sync.content.display import shown
from lightdash_sync.content.json import Json, JsonObject, get_str, objects
from lightdash_sync.content.kinds import Kind
from lightdash_sync.sync.plan.fields import chart_uses, explores_of, field_id
from lightdash_sync.sync.plan.managed import same_content
from lightdash_sync.sync.plan.options import PlanOptions, TargetFacts, allows
from lightdash_sync.sync.plan.values import Action, Gravity, Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from lightdash_sync.content.contents import Contents
    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.sync.plan.values import Step

_NAMED = 3  # charts that a problem names


def views_used(kind: Kind, content: Json, views: Mapping[str, ItemKey]) -> set[ItemKey]:
    """Return the virtual views that an item stands on.

    Args:
        kind: of the item; only charts name explores.
        content: of the item.
        views: name of the explore -> virtual view.
    """
    if kind is not Kind.CHART:
        return set()
    return {views[name] for name in explores_of(content) if name in views}


def views_of(steps: Sequence[Step]) -> dict[str, ItemKey]:
    """Return name of the explore -> virtual view, of those that a plan writes or deletes."""
    return {
        get_str(content, "name"): (step.kind, step.key)
        for step in steps
        if step.kind is Kind.VIRTUAL_VIEW
        for content in (step.before, step.after)
        if content is not None
    }


def with_views(facts: TargetFacts, steps: Sequence[Step]) -> TargetFacts:
    """Return what the target will have of explores and fields when a plan has written its virtual views."""
    tables = None if facts.tables is None else set(facts.tables)
    fields = dict(facts.fields)
    for step in steps:
        if step.kind is not Kind.VIRTUAL_VIEW:
            continue
        name = get_str(step.before if step.after is None else step.after, "name")
        fields.pop(name, None)
        if step.action is not Action.DELETE:
            fields[name] = _fields(step.after)
        if tables is not None:
            (tables.discard if step.action is Action.DELETE else tables.add)(name)
    return replace(facts, tables=None if tables is None else frozenset(tables), fields=fields)


def adapted_view(item: str, view: JsonObject, facts: TargetFacts) -> tuple[JsonObject, tuple[Problem, ...]]:
    """Return a virtual view as the target can hold it: older servers keep no values of parameters with it."""
    if facts.can("virtual_view_parameters") or "parameterValues" not in view:
        return view, ()
    what = "carried without its values of parameters: this Lightdash keeps none with a virtual view"
    kept = {name: value for name, value in view.items() if name != "parameterValues"}
    return kept, (Problem(item, "no_parameters", what, Gravity.WARNS),)


def view_problems(
    steps: Sequence[Step], facts: TargetFacts, options: PlanOptions, existing: Contents
) -> Iterator[Problem]:
    """Yield what stands against the virtual views that a plan writes.

    Args:
        steps: of the plan.
        facts: of the target, as it is.
        options: `allow_broken`.
        existing: content of the target.
    """
    written = {(step.kind, step.key) for step in steps}
    for step in steps:
        if step.kind is not Kind.VIRTUAL_VIEW or step.action is Action.DELETE:
            continue
        if step.action is Action.CREATE:
            yield from _taken(step, facts, existing)
        elif get_str(step.before, "name") != get_str(step.after, "name"):
            what = "has another name on the target, and Lightdash cannot rename a virtual view; keep the name"
            yield Problem(step.item, "cannot_rename_view", what)
        elif charts := [*_broken(step, existing, written)]:
            more = f" and {len(charts) - _NAMED} more" if len(charts) > _NAMED else ""
            what = f"loses columns that charts of the target use: {', '.join(charts[:_NAMED])}{more}"
            allowed = allows(options.allow_broken, step.item)
            yield Problem(step.item, "breaks_charts", what, Gravity.WARNS if allowed else Gravity.BLOCKS)


def same_views(
    desired: Contents, existing: Contents, linked: Collection[ItemKey], identity: Identity
) -> dict[Kind, dict[str, JsonObject]]:
    """Return links with the target's virtual views that have the name and the content of a desired one.

    Args:
        desired: content of the source.
        existing: content of the target, linked items under the desired keys.
        linked: what is linked already.
        identity: the target's map.
    """
    found: dict[str, JsonObject] = {}
    for name, item in desired.views.items():
        other = existing.views.get(name)
        if other is None or item in linked or other in linked:
            continue
        if same_content(Kind.VIRTUAL_VIEW, desired.of(item), existing.of(other), PlanOptions()):
            found[item[1]] = {"uuid": identity.facts(*other)["uuid"]}
    return {Kind.VIRTUAL_VIEW: found} if found else {}


def snake_case(name: str) -> str:
    """Return a name as Lightdash looks for it before it makes a virtual view."""
    words = re.split(r" |\B(?=[A-Z])", re.sub(r"\W+", " ", name, flags=re.ASCII))
    return "_".join(word.lower() for word in words)


def _taken(step: Step, facts: TargetFacts, existing: Contents) -> Iterator[Problem]:
    """Yield what has the name of a virtual view on the target, in one of the ways in which it counts."""
    name = get_str(step.after, "name")
    for taken in dict.fromkeys((name, snake_case(name))):
        if (other := existing.views.get(taken)) is not None:
            uuid = existing.uuid(other)
            what = (
                f"the target has a virtual view {shown(taken)} with other SQL, columns or label; if it shall "
                f"become this one, link it (`--adopt {step.item}={uuid}`)"
            )
            yield Problem(step.item, "name_taken", what)
        elif taken in (facts.tables or ()):
            what = f"the target's dbt project has an explore {shown(taken)}; give one of them another name"
            yield Problem(step.item, "name_taken", what)


def _broken(step: Step, existing: Contents, written: Collection[ItemKey]) -> Iterator[str]:
    """Yield the charts of the target that use a column which goes, and that the plan does not write."""
    gone = _fields(step.before) - _fields(step.after)
    name = get_str(step.after, "name")
    if not gone:
        return
    for kind, key in sorted(existing.there - set(written)):
        chart = existing.of((kind, key)) if kind is Kind.CHART else {}
        if any(use.table == name and use.field in gone for use in chart_uses(chart)):
            yield shown(f"chart:{key}")


def _fields(view: Json) -> frozenset[str]:
    columns = objects(view.get("columns")) if isinstance(view, dict) else []
    return frozenset(field_id(get_str(view, "name"), get_str(column, "reference")) for column in columns)
