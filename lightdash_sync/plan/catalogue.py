"""Tags and icons of metrics, as a target can have them: it may lack some of the metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import Json, objects
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.shown import shown
from lightdash_sync.plan.values import Gravity, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lightdash_sync.plan.options import Facts
    from lightdash_sync.plan.scope import Contents
    from lightdash_sync.plan.values import Step, Twin


def adapted_metrics(item: str, kind: Kind, content: Json, facts: Facts) -> tuple[Json, tuple[Problem, ...]]:
    """Return a tag, or the list of icons, without the metrics that the target's catalogue does not have.

    Args:
        item: as `tag:key` or `metric_icons`, for the problems.
        kind: any other than these two is returned as it is.
        content: the desired content.
        facts: `metrics` of the target; None if they could not be listed, and then all are kept.
    """
    if facts.metrics is None or kind not in (Kind.TAG, Kind.METRIC_ICONS):
        return content, ()
    rows = content.get("metrics") if isinstance(content, dict) else content
    kept: list[Json] = []
    missing: list[str] = []
    for row in objects(rows):
        table, metric = text(row, "table"), text(row, "metric")
        if (table, metric) in facts.metrics:
            kept.append(row)
        else:
            missing.append(f"{table}.{metric}")
    if not missing:
        return content, ()
    what = (
        f"carried without the metrics that the target does not have: {', '.join(map(shown, sorted(missing)))}"
    )
    problem = Problem(item, "missing_metric", what, Gravity.WARNS)
    return (content | {"metrics": kept} if isinstance(content, dict) else kept), (problem,)


def taken_names(steps: Iterable[Step], existing: Contents, twins: Iterable[Twin]) -> Iterator[Problem]:
    """Yield the tags that would get a name which another tag of the target has, where it can have only one.

    Args:
        steps: of the plan.
        existing: content of the target, in the keys of the plan.
        twins: what is told of otherwise.
    """
    told = {twin.item for twin in twins}
    names = {text(existing.of(item), "name"): item[1] for item in existing.there if item[0] is Kind.TAG}
    for step in steps:
        holder = names.get(text(step.after, "name"), step.key)
        if step.kind is Kind.TAG and step.after is not None and holder != step.key and step.item not in told:
            what = f"the target's {shown(f'tag:{holder}')} is called so, and it can have only one of a name; "
            yield Problem(step.item, "name_taken", f"{what}rename or delete that there first")
