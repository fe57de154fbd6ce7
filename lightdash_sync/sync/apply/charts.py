"""Charts and SQL charts: created, renamed and moved, and given new versions, each only if it differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.content.authorship import moment, of_version
from lightdash_sync.content.display import shown
from lightdash_sync.content.json import objects
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.portable import to_server
from lightdash_sync.errors import ApiError, NotFound, SyncError
from lightdash_sync.export.items import read_chart, read_version
from lightdash_sync.sync.apply import by_slug
from lightdash_sync.sync.apply.project import ours, restored, same
from lightdash_sync.sync.plan.operations import OperationKind
from lightdash_sync.sync.plan.values import Action

if TYPE_CHECKING:
    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.sync.apply.project import TargetProject, Task
    from lightdash_sync.sync.plan.values import Step


def create(target: TargetProject, task: Task) -> JsonObject:
    """Create a chart, in a space or inside a dashboard."""
    form = {name: value for name, value in target.form(task).items() if name != _PALETTE}
    dashboard = task.step.after.get("dashboard") if isinstance(task.step.after, dict) else None
    if (facts := restored(target, task.step)) is not None:
        if not task.operation.unknown:  # else what it refers to is written last
            _write_what_differs(target, str(facts["uuid"]), form)
        return facts
    if isinstance(dashboard, str):
        _require_tile(target, task.step, dashboard)
    if task.step.slug and (made := by_slug.create_chart(target, task, form)) is not None:
        return _completed(target, made, form)

    def write() -> JsonObject:
        return {"uuid": target.writer.create_chart(target.project, form)}

    def look() -> JsonObject | None:
        rows = target.lightdash.chart_summaries(target.project)
        placed = [row for row in rows if row.name == form.get("name") and row.dashboardUuid is None]
        here = [row.uuid for row in placed if row.spaceUuid == form.get("spaceUuid")]
        return ours(
            target,
            task.step,
            here,
            lambda uuid: same(Kind.CHART, read_chart(target.lightdash, uuid).raw, form),
        )

    if form.get("dashboardUuid"):
        # No list has it before it is on a tile. A second one does no harm: the one write of the
        # dashboard's tiles deletes what no tile shows.
        try:
            return target.again(write)
        except NotFound as error:
            raise SyncError(
                f"{task.step.item}: {error.reason}",
                hint="Inside a dashboard it can only be created where its explore exists.",
            ) from error
    if task.operation.parallel and not task.doubtful:
        with target.alone:  # a lost answer is left to the next run, in which nothing else is made meanwhile
            return target.send(write)
    return target.once(write, look, doubtful=task.doubtful)


def _completed(target: TargetProject, made: JsonObject, form: JsonObject) -> JsonObject:
    """Write what of a chart was not stored as it was sent; where it was, it keeps its one version."""
    uuid = str(made["uuid"])
    if not form.get("dashboardUuid") and made.get("spaceUuid") != form.get("spaceUuid"):
        _patch(target, uuid, {"spaceUuid": form.get("spaceUuid")}, doubtful=False)
    content = {name: value for name, value in form.items() if name not in _METADATA}
    if not same(Kind.CHART, made, content):
        _add_version(target, uuid, content, doubtful=False)
    return {"uuid": uuid}


def _require_tile(target: TargetProject, step: Step, dashboard: str) -> None:
    """Refuse a chart that would be deleted at once: inside a dashboard, and on none of its tiles."""
    shown = [one for one in target.plan.steps if (one.kind, one.key) == (Kind.DASHBOARD, dashboard)]
    for one in shown:
        tiles = objects(one.after.get("tiles")) if isinstance(one.after, dict) else []
        for tile in tiles:
            shows = tile.get("properties")
            if isinstance(shows, dict) and shows.get("chart") == step.key:
                return
    raise SyncError(
        f"{step.item} is saved in dashboard {dashboard} and on none of its tiles",
        hint="Lightdash deletes such a chart as soon as its dashboard is saved. Leave it out.",
    )


def patch(target: TargetProject, task: Task) -> None:
    """Give a chart its name, description, palette and place, those that differ."""
    before, after = _object(task.step.before), _object(task.step.after)
    if task.step.action is Action.CREATE:
        before = {name: value for name, value in after.items() if name != "palette"}
    if after.get("dashboard") != before.get("dashboard") and after.get("dashboard") is not None:
        raise SyncError(
            f"{task.step.item} cannot be moved into a dashboard",
            hint="Lightdash can only create a chart in a dashboard: delete it on the target, and plan again.",
        )
    form = target.form(task)
    fields = {"name": "name", "description": "description", "palette": _PALETTE}
    changes: JsonObject = {
        theirs: form.get(theirs)
        for ours, theirs in fields.items()
        if before.get(ours) != after.get(ours) and ours in before.keys() | after.keys()
    }
    if before.get("space") != after.get("space") or before.get("dashboard") != after.get("dashboard"):
        changes["spaceUuid"] = form.get("spaceUuid")
    uuid = target.uuid(Kind.CHART, task.step.key)
    is_restored = uuid == task.step.former  # perhaps with its palette
    _patch(target, uuid, changes, doubtful=task.doubtful or is_restored)


def _patch(target: TargetProject, uuid: str, changes: JsonObject, *, doubtful: bool) -> None:
    def write() -> bool:
        target.writer.patch_chart(uuid, changes)
        return True

    def look() -> bool | None:
        return True if same(Kind.CHART, read_chart(target.lightdash, uuid).raw, changes) else None

    target.once(write, look, doubtful=doubtful)


def add_version(target: TargetProject, task: Task) -> None:
    """Give a chart a new version."""
    form = target.form(task)
    _add_version(target, target.uuid(Kind.CHART, task.step.key), form, doubtful=task.doubtful)


def _add_version(target: TargetProject, uuid: str, form: JsonObject, *, doubtful: bool) -> None:
    def write() -> bool:
        target.writer.add_chart_version(uuid, form)
        return True

    target.once(write, lambda: _is(target, uuid, form), doubtful=doubtful)


def roll_back(target: TargetProject, task: Task) -> None:
    """Give a chart the content of an earlier version, by the server's own means where that is exact."""
    uuid, step = target.uuid(Kind.CHART, task.step.key), task.step
    content = _object(of_version(Kind.CHART, step.after))
    form = to_server(Kind.CHART, step.key, content, target.identity)

    version = _version(target, uuid, step.restores)

    def write() -> bool:
        target.writer.roll_back_chart(uuid, version)
        return True

    if version and _is_version(target, uuid, version, form):
        target.once(write, lambda: _is(target, uuid, form), doubtful=task.doubtful)
    else:
        _add_version(target, uuid, form, doubtful=task.doubtful)


def _version(target: TargetProject, uuid: str, restores: str) -> str:
    """Return the uuid of the version that a step names, by uuid or by its time; "" if it is not listed."""
    moment_of = moment(restores)
    if moment_of is None:
        return restores
    versions = target.lightdash.chart_history(uuid)
    return next((one.versionUuid for one in versions if moment(one.createdAt) == moment_of), "")


def _is_version(target: TargetProject, uuid: str, version: str, form: JsonObject) -> bool:
    """Whether an earlier version is there, and has some content."""
    try:
        return same(Kind.CHART, read_version(target.lightdash, uuid, version)[1], form)
    except NotFound:
        return False


def finish(target: TargetProject, task: Task) -> None:
    """Write once more what was written with placeholders; look first what still has them."""
    _write_what_differs(target, target.uuid(Kind.CHART, task.step.key), target.form(task))


def _write_what_differs(target: TargetProject, uuid: str, form: JsonObject) -> None:
    raw = target.writer.answers.get(uuid) or read_chart(target.lightdash, uuid).raw
    changes: JsonObject = {
        name: form[name] for name in ("name", "description") if name in form and raw.get(name) != form[name]
    }
    if changes:
        _patch(target, uuid, changes, doubtful=False)
    content = {name: value for name, value in form.items() if name not in _METADATA}
    if not same(Kind.CHART, raw, content):
        _add_version(target, uuid, content, doubtful=False)


def _is(target: TargetProject, uuid: str, form: JsonObject) -> bool | None:
    return True if same(Kind.CHART, read_chart(target.lightdash, uuid).raw, form) else None


def create_sql(target: TargetProject, task: Task) -> JsonObject:
    """Create a SQL chart, which is always in a space."""
    form = target.form(task)
    if form.get("dashboardUuid"):
        raise SyncError(
            f"{task.step.item} is saved in a dashboard, and Lightdash has no way to create a SQL chart there",
            hint="Leave it out.",
        )
    if (facts := restored(target, task.step)) is not None:
        _write_sql(target, str(facts["uuid"]), form, metadata=True, version=True, doubtful=True)
        return facts

    slug = task.step.slug

    def write() -> JsonObject:
        nonlocal slug
        slug = _free_slug(target, task.step, slug)
        try:
            return {"uuid": target.writer.create_sql_chart(target.project, form, slug)}
        except ApiError as error:
            if slug and error.status == 500:
                slug = ""  # something in the trash may have it, which no list tells
            raise

    def look() -> JsonObject | None:
        rows = [row for row in target.lightdash.charts(target.project) if row.source == "sql"]
        here = [
            row.uuid
            for row in rows
            if row.name == form.get("name") and row.spaceUuid == form.get("spaceUuid")
        ]
        return ours(target, task.step, here, lambda uuid: _is_sql(target, uuid, form) is True)

    return target.once(write, look, doubtful=task.doubtful)


def _free_slug(target: TargetProject, step: Step, slug: str) -> str:
    """Return the slug for a SQL chart, "" if it is taken by now; the server never updates by it."""
    if slug and not target.slugs.is_taken(step):
        return slug
    if step.slug:
        target.noted(f"{step.item} gets another slug than {shown(step.slug)}: something else has it.")
    return ""


def update_sql(target: TargetProject, task: Task) -> None:
    """Give a SQL chart its metadata, a new version, or both, by one request."""
    uuid, form = target.uuid(Kind.SQL_CHART, task.step.key), target.form(task)
    before, after = _object(task.step.before), _object(task.step.after)
    whole = task.operation.what is OperationKind.FINISH and task.step.action is Action.CREATE
    version = whole or of_version(Kind.SQL_CHART, before) != of_version(Kind.SQL_CHART, after)
    metadata = whole or any(before.get(name) != after.get(name) for name in ("name", "description", "space"))
    _write_sql(target, uuid, form, metadata=metadata, version=version, doubtful=task.doubtful)


def _write_sql(
    target: TargetProject, uuid: str, form: JsonObject, *, metadata: bool, version: bool, doubtful: bool
) -> None:
    def write() -> bool:
        target.writer.patch_sql_chart(target.project, uuid, form, metadata=metadata, version=version)
        return True

    target.once(write, lambda: _is_sql(target, uuid, form), doubtful=doubtful)


def _is_sql(target: TargetProject, uuid: str, form: JsonObject) -> bool | None:
    _, raw = target.lightdash.sql_chart(target.project, uuid)
    return True if same(Kind.SQL_CHART, raw, form) else None


_PALETTE = "colorPaletteUuid"
_METADATA = ("name", "description", "spaceUuid", "dashboardUuid", "verification", _PALETTE)


def _object(content: Json) -> JsonObject:
    return content if isinstance(content, dict) else {}
