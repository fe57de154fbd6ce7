"""Tags, the metrics that carry them, and the icons of metrics.

A metric's uuid is another after each compile, so it is looked up by table and name when it is needed. What
the plan does not name is left as it is.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lightdash_sync.content.json import objects
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import ApiError, SyncError
from lightdash_sync.sync.apply.project import ours

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.lightdash import schemas
    from lightdash_sync.sync.apply.project import TargetProject, Task
    from lightdash_sync.sync.plan.values import Step

Name = tuple[str, str]  # table, metric
_NAMED = 5  # missing metrics that an error names


def create_tag(target: TargetProject, task: Task) -> JsonObject:
    """Create a tag."""
    form = target.form(task)
    name, color = str(form.get("name")), str(form.get("color"))

    def look() -> JsonObject | None:
        rows = [(row, raw) for row, raw in target.lightdash.tags(target.project) if row.name == name]
        colors = {row.tagUuid: raw.get("color") for row, raw in rows}
        return ours(target, task.step, colors, lambda uuid: colors[uuid] == color)

    def write() -> JsonObject:
        return {"uuid": target.writer.create_tag(target.project, name, color)}

    return target.once(write, look, doubtful=task.doubtful)


def update_tag(target: TargetProject, task: Task) -> None:
    """Give a tag its name and colour."""
    form = target.form(task)
    target.again(partial(target.writer.patch_tag, target.project, target.uuid(Kind.TAG, task.step.key), form))


def tag_metrics(target: TargetProject, task: Task) -> None:
    """Put a tag on the metrics that shall have it, and take it off those that the plan takes it from."""
    tag = target.uuid(Kind.TAG, task.step.key)
    wanted, had = _names(task.step.after), _names(task.step.before)

    def carries(metric: schemas.Metric) -> bool:
        return tag in {category.tagUuid for category in metric.categories}

    def write(fresh: bool) -> set[Name]:
        metrics = target.metrics(fresh=fresh)
        for name in sorted(wanted & metrics.keys()):
            if not carries(metrics[name]):
                target.send(partial(target.writer.add_category, target.project, _item(metrics[name]), tag))
        for name in sorted((had - wanted) & metrics.keys()):
            if carries(metrics[name]):
                target.send(partial(target.writer.remove_category, target.project, _item(metrics[name]), tag))
        return wanted - metrics.keys()

    _require_none(task.step, _tried(target, write))


def icons(target: TargetProject, task: Task) -> None:
    """Give metrics the icons that they shall have, and take away those that the plan takes away."""
    wanted, had = _icons(task.step.after), _icons(task.step.before)

    def write(fresh: bool) -> set[Name]:
        metrics = target.metrics(fresh=fresh)
        for name in sorted((wanted.keys() | had.keys()) & metrics.keys()):
            icon = wanted.get(name)
            if (metrics[name].icon or None) != icon:
                target.send(partial(target.writer.set_icon, target.project, _item(metrics[name]), icon))
        return wanted.keys() - metrics.keys()

    _require_none(task.step, _tried(target, write))


def _tried(target: TargetProject, write: Callable[[bool], set[Name]]) -> set[Name]:
    """Do what differs; after a failure read the catalogue again, whose uuids a compile may have changed."""
    try:
        return write(False)
    except ApiError as error:
        if not (error.unclear or error.status == 404):
            raise
    target.lightdash.session.pacer.sleep(1.0)
    return write(True)


def _require_none(step: Step, missing: set[Name]) -> None:
    if missing:
        named = ", ".join(f"{table}.{metric}" for table, metric in sorted(missing)[:_NAMED])
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        raise SyncError(
            f"{step.item}: the target's catalogue lacks {named}{more}",
            hint="Compile the target project, or take these metrics out of the plan.",
        )


def _names(content: Json) -> set[Name]:
    rows = objects(content.get("metrics")) if isinstance(content, dict) else []
    return {_name(row) for row in rows}


def _icons(content: Json) -> dict[Name, JsonObject]:
    rows = ((_name(row), row.get("icon")) for row in objects(content))
    return {name: icon for name, icon in rows if isinstance(icon, dict)}


def _name(row: JsonObject) -> Name:
    return str(row.get("table")), str(row.get("metric"))


def _item(metric: schemas.Metric) -> str:
    if metric.catalogSearchUuid is None:
        raise SyncError(f"the catalogue does not give the uuid of {metric.tableName}.{metric.name}")
    return metric.catalogSearchUuid
