"""Schedulers and pins.

A new scheduler sends nothing: it is created without targets and with no run left today, then paused, and
only then gets its true time and targets. Pins are toggles, so the state is read before each.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, get_args

from lightdash_sync.content.display import shown
from lightdash_sync.content.json import objects
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.references import UnresolvedReference
from lightdash_sync.errors import ApiError
from lightdash_sync.lightdash.writing import Pinnable
from lightdash_sync.sync.apply.project import ours, restored

if TYPE_CHECKING:
    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.lightdash import schemas
    from lightdash_sync.sync.apply.project import TargetProject, Task

Pinned = tuple[Pinnable, str]  # kind and uuid
_PINNABLE: tuple[Pinnable, ...] = get_args(Pinnable)
_LOOKS = 3
_LAST = 100  # the order that the server gives a new pin
_TAKEN = 500  # what a server says of a slug that another delivery has


def create(target: TargetProject, task: Task) -> JsonObject:
    """Create a scheduler that has nothing to send and nobody to send it to; not one that is there again."""
    if (facts := restored(target, task.step)) is not None:
        return facts
    form: JsonObject = target.form(task) | {"targets": []}

    def look() -> JsonObject | None:
        rows = [(row, raw) for row, raw in schedulers_beside(target, form) if row.name == form.get("name")]
        without = {row.schedulerUuid for row, raw in rows if not raw.get("targets")}
        return ours(target, task.step, [row.schedulerUuid for row, _ in rows], without.__contains__)

    slug = task.step.slug

    def write() -> JsonObject:
        nonlocal slug
        try:
            return {"uuid": target.writer.create_quiet_scheduler(target.project, form, target.today, slug)}
        except ApiError as error:
            if slug and error.status == _TAKEN:
                target.noted(f"{task.step.item} may get another slug than {shown(slug)}: something has it.")
                slug = ""
            raise

    return target.once(write, look, doubtful=task.doubtful)


def schedulers_beside(target: TargetProject, form: JsonObject) -> list[tuple[schemas.Scheduler, JsonObject]]:
    """Return the schedulers of what a scheduler delivers.

    Args:
        target: the project.
        form: of the scheduler, in the server's words.
    """
    for field, kind in (("savedChartUuid", "saved"), ("dashboardUuid", "dashboards")):
        if isinstance(uuid := form.get(field), str):
            return target.lightdash.schedulers_of(kind, uuid)
    of_sql_charts = f"projects/{target.project}/sqlRunner/saved"
    return target.lightdash.schedulers_of(of_sql_charts, str(form.get("savedSqlUuid")))


def pause(target: TargetProject, task: Task) -> None:
    """Switch a scheduler off, which also takes back what it has queued."""
    target.again(partial(target.writer.enable_scheduler, target.uuid(Kind.SCHEDULER, task.step.key), False))


def body(target: TargetProject, task: Task) -> None:
    """Give a scheduler its content; this never switches it on."""
    form = target.form(task)
    target.again(partial(target.writer.replace_scheduler, target.uuid(Kind.SCHEDULER, task.step.key), form))


def enable(target: TargetProject, task: Task) -> None:
    """Switch a scheduler on."""
    target.again(partial(target.writer.enable_scheduler, target.uuid(Kind.SCHEDULER, task.step.key), True))


def pins(target: TargetProject, task: Task) -> None:
    """Pin what shall be pinned, unpin what the plan unpins, and put the pins in their order."""
    wanted, had = _pins(target, task.step.after), _pins(target, task.step.before)
    for look in range(_LOOKS):
        try:
            _pin(target, wanted, had)
        except ApiError as error:
            if not error.unclear or look == _LOOKS - 1:
                raise
            target.lightdash.session.pacer.sleep(1.0 + look)
        else:
            return


def _pin(target: TargetProject, wanted: dict[Pinned, int], had: dict[Pinned, int]) -> None:
    _, there = _pinned(target)
    for kind, uuid in [*(wanted.keys() - there.keys()), *((had.keys() - wanted.keys()) & there.keys())]:
        target.send(partial(target.writer.toggle_pin, target.project, kind, uuid))
    places = _places(wanted)
    pinned_list, there = _pinned(target)
    if pinned_list is not None and any(there.get(pin) != place for pin, place in places.items()):
        rows, numbers = [*places], [*places.values()]
        target.send(partial(target.writer.order_pins, target.project, pinned_list, rows, numbers))


def _places(wanted: dict[Pinned, int]) -> dict[Pinned, int]:
    """Return a number for each pin: those of the source, unless they contradict the order of the list."""
    numbers = [*wanted.values()]
    if numbers == sorted(numbers):
        return wanted
    return {pin: place for place, pin in enumerate(wanted)}


def _pinned(target: TargetProject) -> tuple[str | None, dict[Pinned, int]]:
    """Return the uuid of the list, and what is pinned with its place."""
    pinned_list = target.lightdash.project(target.project)[0].pinnedListUuid
    if pinned_list is None:
        return None, {}
    rows = target.lightdash.pins(target.project, pinned_list)
    kinds = {kind: kind for kind in _PINNABLE}
    return pinned_list, {
        (kinds[row.type], row.data.uuid): _order(row.data.pinnedListOrder)
        for row in rows
        if row.type in kinds
    }


def _pins(target: TargetProject, content: Json) -> dict[Pinned, int]:
    found: dict[Pinned, int] = {}
    for row in objects(content):
        for kind in _PINNABLE:
            if row.get("kind") == kind:
                uuid = target.identity.uuid(Kind(kind), str(row.get("key")))
                if uuid is None:
                    raise UnresolvedReference(f"{kind} {row.get('key')} is not known in this environment")
                found[kind, uuid] = _order(row.get("order"))
    return found


def _order(value: Json) -> int:
    return value if isinstance(value, int) else _LAST
