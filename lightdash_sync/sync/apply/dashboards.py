"""Dashboards: created empty, then written by exactly one request, when all that they show exists.

The server deletes charts inside a dashboard that no version of it has shown, each time its tiles are
written. So the charts come between the empty dashboard and that one request.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lightdash_sync.content.authorship import of_version
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.parts import PARTS, server_ids
from lightdash_sync.sync.apply import by_slug
from lightdash_sync.sync.apply.project import ours, restored, same
from lightdash_sync.sync.plan.managed import is_verified
from lightdash_sync.sync.plan.operations import OperationKind
from lightdash_sync.sync.plan.values import Action

if TYPE_CHECKING:
    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.sync.apply.project import TargetProject, Task

# Field of a content file -> of the server.
_METADATA = {
    "name": "name",
    "description": "description",
    "space": "spaceUuid",
    "palette": "colorPaletteUuid",
}


def create(target: TargetProject, task: Task) -> JsonObject:
    """Create an empty dashboard."""
    form = target.form(task)
    if (facts := restored(target, task.step)) is not None:
        return facts | task.step.layout
    if task.step.slug and (uuid := by_slug.create_dashboard(target, task, form)) is not None:
        return {"uuid": uuid} | task.step.layout

    def is_empty(uuid: str) -> bool:
        return not target.lightdash.dashboard(uuid)[0].tiles

    def look() -> JsonObject | None:
        rows = [row for row in target.lightdash.dashboards(target.project) if row.name == form.get("name")]
        here = [row.uuid for row in rows if row.spaceUuid == form.get("spaceUuid")]
        return ours(target, task.step, here, is_empty)

    def write() -> JsonObject:
        return {"uuid": target.writer.create_empty_dashboard(target.project, form)}

    if task.operation.parallel and not task.doubtful:
        with target.alone:  # as of charts
            return target.send(write) | task.step.layout
    return target.once(write, look, doubtful=task.doubtful) | task.step.layout


def update(target: TargetProject, task: Task) -> None:
    """Give a dashboard its content, name, description and space, as far as they differ, by one request."""
    uuid, form = target.uuid(Kind.DASHBOARD, task.step.key), target.form(task)
    before, after = _object(task.step.before), _object(task.step.after)
    if task.step.action is Action.CREATE:
        told = any(after.get(name) is not None for name in ("description", "palette"))
        content, named = True, told or task.operation.what is OperationKind.FINISH
        changed = [name for name in _METADATA if name in after] if named else []
    else:
        content = of_version(Kind.DASHBOARD, before) != of_version(Kind.DASHBOARD, after)
        content = content or (target.plan.purpose == "undo" and _is_laid_out_otherwise(target, uuid, form))
        changed = [name for name in _METADATA if before.get(name) != after.get(name)]
    metadata: JsonObject = {_METADATA[name]: form.get(_METADATA[name]) for name in changed}

    def write() -> bool:
        if content:
            target.writer.write_dashboard(
                uuid, _without_place(form) | _named(metadata, form), metadata=bool(metadata)
            )
        else:
            target.writer.patch_dashboard(uuid, _named(metadata, form))
        return True

    def look() -> bool | None:
        _, raw = target.lightdash.dashboard(uuid)
        return True if same(Kind.DASHBOARD, raw, form) else None

    is_restored = bool(task.step.former) and uuid == task.step.former
    shows_restored = target.plan.puts_back and target.plan.keeps_deleted is not None
    maybe_done = is_restored or shows_restored  # Lightdash may have put it as it shall be
    target.once(write, look, doubtful=task.doubtful or maybe_done)


def _is_laid_out_otherwise(target: TargetProject, uuid: str, form: JsonObject) -> bool:
    """Whether its parts have other ids than they are to have: promotion gives them the source's."""
    _, raw = target.lightdash.dashboard(uuid)
    return any(server_ids(raw, part) != server_ids(form, part) for part in PARTS)


def _without_place(form: JsonObject) -> JsonObject:
    return {name: value for name, value in form.items() if name not in _METADATA.values()}


def _named(metadata: JsonObject, form: JsonObject) -> JsonObject:
    """Return metadata with the name: without one, the server forgets the rest."""
    return metadata | {"name": form.get("name")} if metadata else metadata


def _object(content: Json) -> JsonObject:
    return content if isinstance(content, dict) else {}


# Verification, given and taken off, when all else of an item is written: any edit takes it off.


def verify(target: TargetProject, task: Task) -> None:
    """Verify an item in the name of the token's owner, or take its verification off."""
    step, writer = task.step, target.writer
    uuid = target.uuid(step.kind, step.key)
    write = writer.verify if is_verified(step.after) else writer.unverify
    target.again(partial(write, step.kind, uuid))
