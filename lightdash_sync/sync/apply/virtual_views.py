"""Virtual views: made, changed and deleted, each only after a look at what has the name now.

Lightdash itself does not look well: it would write over an explore of dbt (see `lightdash.writing`).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lightdash_sync.content.keys import virtual_view_uuid
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.normal import normalise
from lightdash_sync.content.portable import to_server
from lightdash_sync.errors import Refused
from lightdash_sync.sync.apply.project import ours, same

if TYPE_CHECKING:
    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.sync.apply.project import TargetProject, Task
    from lightdash_sync.sync.plan.values import Step


def create(target: TargetProject, task: Task) -> JsonObject:
    """Make a virtual view, and give it its label, which the server makes of the name at first."""
    form = target.form(task)
    name = str(form.get("name"))
    uuid = virtual_view_uuid(target.project, name)
    content = {field: value for field, value in form.items() if field != "label"}

    def look() -> JsonObject | None:
        here = [uuid] if _explores(target).get(name) else []
        return ours(target, task.step, here, lambda _: same(Kind.VIRTUAL_VIEW, _read(target, name), content))

    def write() -> JsonObject:
        if name in _explores(target):
            raise Refused(
                f"{task.step.item} is not made: the target has an explore of that name",
                hint="Make a new plan: it shows what was added since.",
            )
        target.writer.create_virtual_view(target.project, form)
        return {"uuid": uuid}

    facts = target.once(write, look, doubtful=task.doubtful)
    if _read(target, name).get("label") != form.get("label"):
        target.again(partial(target.writer.update_virtual_view, target.project, form))
    return facts


def update(target: TargetProject, task: Task) -> None:
    """Give a virtual view its label, SQL and columns."""
    form = target.form(task)
    _require_virtual(target, task.step, str(form.get("name")))
    target.again(partial(target.writer.update_virtual_view, target.project, form))


def delete(target: TargetProject, step: Step) -> None:
    """Delete a virtual view; one that is gone already is deleted."""
    before = step.before if isinstance(step.before, dict) else {}
    form = to_server(Kind.VIRTUAL_VIEW, step.key, {"name": before.get("name")}, target.identity)
    if _explores(target).get(str(form.get("name"))):
        target.again(partial(target.writer.delete_virtual_view, target.project, form))


def _require_virtual(target: TargetProject, step: Step, name: str) -> None:
    """Refuse to write where there is no virtual view.

    Raises:
        Refused: an explore of dbt, which the server would replace, or none, of which it would say nothing.
    """
    if not _explores(target).get(name):
        raise Refused(
            f"{step.item} is not written: the target has no virtual view of that name any more",
            hint="Make a new plan: it shows what became of it.",
        )


def _explores(target: TargetProject) -> dict[str, bool]:
    """Return the names of the target's explores, and which of them are virtual views."""
    return {row.name: row.is_virtual for row in target.lightdash.explores(target.project)}


def _read(target: TargetProject, name: str) -> JsonObject:
    _, raw = target.lightdash.virtual_view(target.project, name)
    return normalise(Kind.VIRTUAL_VIEW, raw).content
