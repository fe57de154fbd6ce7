"""What is done for one step of a plan, and in which phase of the whole; and what of the item it writes.

Pure. In which order things are done within a phase, and what needs what, is `operations`.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, NamedTuple

from lightdash_sync.model.authorship import of_version
from lightdash_sync.model.kinds import Kind
from lightdash_sync.plan.values import Action
from lightdash_sync.plan.verification import VERIFIABLE, is_verified

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.plan.values import Plan, Step


class What(StrEnum):
    """What an operation does; the words stay the same from version to version."""

    SPACE_CREATE = "space_create"
    SPACE_UPDATE = "space_update"
    SPACE_MOVE = "space_move"
    SPACE_REVOKE = "space_revoke"
    SPACE_GRANT = "space_grant"
    SPACE_LEAVE = "space_leave"
    VIEW_CREATE = "view_create"
    VIEW_UPDATE = "view_update"
    CHART_CREATE = "chart_create"
    CHART_PATCH = "chart_patch"
    CHART_VERSION = "chart_version"
    CHART_ROLLBACK = "chart_rollback"
    SQL_CREATE = "sql_create"
    SQL_UPDATE = "sql_update"
    DASHBOARD_CREATE = "dashboard_create"
    DASHBOARD_UPDATE = "dashboard_update"
    TAG_CREATE = "tag_create"
    TAG_UPDATE = "tag_update"
    TAG_METRICS = "tag_metrics"
    ICONS = "icons"
    PINS = "pins"
    SCHEDULER_CREATE = "scheduler_create"
    SCHEDULER_PAUSE = "scheduler_pause"
    SCHEDULER_BODY = "scheduler_body"
    SCHEDULER_ENABLE = "scheduler_enable"
    FINISH = "finish"
    VERIFY = "verify"
    DELETE = "delete"
    PROMOTE = "promote"  # the server does it, as a part of a promotion


CREATES = frozenset(
    {
        What.SPACE_CREATE,
        What.VIEW_CREATE,
        What.CHART_CREATE,
        What.SQL_CREATE,
        What.DASHBOARD_CREATE,
        What.TAG_CREATE,
        What.SCHEDULER_CREATE,
    }
)


class Phase(IntEnum):
    """Operations of a lower phase come first."""

    NARROWING = 0
    SPACES = 1
    VIRTUAL_VIEWS = 2
    SHELLS = 3
    CHARTS = 4
    CHART_UPDATES = 5
    DASHBOARDS = 6
    GRANTS = 7
    TAGS = 8
    METRICS = 9
    PINS = 10
    SCHEDULERS = 11
    FINISHES = 12
    VERIFICATIONS = 13
    DELETES = 14
    LEAVES = 15


class Draft(NamedTuple):
    """An operation that has no number yet."""

    phase: Phase
    step: int
    what: What
    parallel: bool = False


def drafts_of(index: int, step: Step, plan: Plan) -> Iterator[Draft]:
    """Yield what is done for a step; what is done to one item within a phase is in order."""
    if step.action is Action.DELETE:
        if step.kind in DELETED:
            yield Draft(Phase.DELETES, index, What.DELETE)
        return
    yield from _written(index, step, plan)
    if plan.verification and step.kind in VERIFIABLE:
        yield from _verified(index, step, plan)


def _verified(index: int, step: Step, plan: Plan) -> Iterator[Draft]:
    """Verify what shall be verified once all else is written, or take that off where nothing else does."""
    edits = any(True for _ in _written(index, step, plan))
    before, after = is_verified(step.before), is_verified(step.after)
    if (after and edits) or (before != after and not edits):
        yield Draft(Phase.VERIFICATIONS, index, What.VERIFY, parallel=True)


def _written(index: int, step: Step, plan: Plan) -> Iterator[Draft]:
    """Yield what is written of an item that is created or changed, but for its verification."""
    before, after = content_of(step.before), content_of(step.after)
    creates = step.action is Action.CREATE
    match step.kind:
        case Kind.SPACE:
            yield from _space(index, before, after, creates=creates)
        case Kind.VIRTUAL_VIEW:
            yield Draft(Phase.VIRTUAL_VIEWS, index, What.VIEW_CREATE if creates else What.VIEW_UPDATE)
        case Kind.CHART | Kind.SQL_CHART:
            yield from _chart(index, step, before, after)
        case Kind.DASHBOARD:
            if creates:
                yield Draft(Phase.SHELLS, index, What.DASHBOARD_CREATE)
            if creates or _differ(before, after, *((before.keys() | after.keys()) - {"verification"})):
                yield Draft(Phase.DASHBOARDS, index, What.DASHBOARD_UPDATE, parallel=True)
        case Kind.TAG:
            if creates:
                yield Draft(Phase.TAGS, index, What.TAG_CREATE)
            elif _differ(before, after, "name", "color"):
                yield Draft(Phase.TAGS, index, What.TAG_UPDATE)
            if _differ(before, after, "metrics"):
                yield Draft(Phase.METRICS, index, What.TAG_METRICS)
        case Kind.METRIC_ICONS:
            yield Draft(Phase.METRICS, index, What.ICONS)
        case Kind.PINS:
            yield Draft(Phase.PINS, index, What.PINS)
        case Kind.SCHEDULER:
            yield from _scheduler(index, before, after, creates=creates, enable=plan.enable_schedulers)
        case Kind.COMMENTS | Kind.PROJECT:
            return  # nothing of them can be written


def _space(index: int, before: JsonObject, after: JsonObject, *, creates: bool) -> Iterator[Draft]:
    if creates:
        yield Draft(Phase.SPACES, index, What.SPACE_CREATE)
        if any(after.get(name) is not None for name in _NOT_CREATED):
            yield Draft(Phase.GRANTS, index, What.SPACE_UPDATE)
        yield Draft(Phase.GRANTS, index, What.SPACE_GRANT)
    else:
        opens = after.get("inheritsAccess") is True and before.get("inheritsAccess") is not True
        narrows = before.get("inheritsAccess") is True and after.get("inheritsAccess") is not True
        if _differ(before, after, *_FIELDS[What.SPACE_UPDATE]):
            widens = opens or (_rank_of_all(after) > _rank_of_all(before) and not narrows)
            yield Draft(Phase.GRANTS if widens else Phase.NARROWING, index, What.SPACE_UPDATE)
        if _differ(before, after, "parent"):
            yield Draft(Phase.SPACES, index, What.SPACE_MOVE)
        if _differ(before, after, "access") or narrows:
            yield Draft(Phase.NARROWING, index, What.SPACE_REVOKE)
            yield Draft(Phase.GRANTS, index, What.SPACE_GRANT)
            yield Draft(Phase.LEAVES, index, What.SPACE_LEAVE)
    if creates:
        yield Draft(Phase.LEAVES, index, What.SPACE_LEAVE)


def _chart(index: int, step: Step, before: JsonObject, after: JsonObject) -> Iterator[Draft]:
    sql = step.kind is Kind.SQL_CHART
    if step.action is Action.CREATE:
        yield Draft(Phase.CHARTS, index, What.SQL_CREATE if sql else What.CHART_CREATE)
        if after.get("palette") is not None:  # which only a patch can say
            yield Draft(Phase.CHART_UPDATES, index, What.CHART_PATCH, parallel=True)
        return
    patched = _differ(before, after, *_METADATA)
    written = of_version(step.kind, before) != of_version(step.kind, after)
    if sql:
        if patched or written:
            yield Draft(Phase.CHART_UPDATES, index, What.SQL_UPDATE, parallel=True)
        return
    if patched:
        yield Draft(Phase.CHART_UPDATES, index, What.CHART_PATCH, parallel=True)
    if written:
        what = What.CHART_ROLLBACK if step.restores else What.CHART_VERSION
        yield Draft(Phase.CHART_UPDATES, index, what, parallel=True)


def _rank_of_all(space: JsonObject) -> int:
    """How much the role is that all members of the project have in a space; 0 for none."""
    return _RANK_OF_ALL.get(str(space.get("projectMemberAccessRole")), 0)


def _scheduler(
    index: int, before: JsonObject, after: JsonObject, *, creates: bool, enable: bool
) -> Iterator[Draft]:
    """A new one can send nothing before it is paused; it is switched on last, and only if that is wanted."""
    if creates:
        yield Draft(Phase.SCHEDULERS, index, What.SCHEDULER_CREATE)
    pauses = creates or (before.get("enabled") is True and after.get("enabled") is False)
    if pauses:
        yield Draft(Phase.SCHEDULERS, index, What.SCHEDULER_PAUSE)
    if creates or _differ(before, after, *((before.keys() | after.keys()) - {"enabled", "owner"})):
        yield Draft(Phase.SCHEDULERS, index, What.SCHEDULER_BODY)
    if enable and after.get("enabled") is True and before.get("enabled") is not True:
        yield Draft(Phase.SCHEDULERS, index, What.SCHEDULER_ENABLE)


_METADATA = ("name", "description", "space", "dashboard", "palette")
_NOT_CREATED = ("projectMemberAccessRole", "palette")  # of a space; no create takes them
_RANK_OF_ALL = {"viewer": 1, "editor": 2, "admin": 3}
DELETED = (
    Kind.SCHEDULER,
    Kind.DASHBOARD,
    Kind.CHART,
    Kind.SQL_CHART,
    Kind.VIRTUAL_VIEW,
    Kind.TAG,
    Kind.SPACE,
)
# What of its item an operation writes; the others write all of it.
_FIELDS: Mapping[What, tuple[str, ...]] = {
    What.SPACE_CREATE: ("name", "inheritsAccess", "parent"),
    What.SPACE_UPDATE: ("name", "inheritsAccess", *_NOT_CREATED),
    What.SPACE_MOVE: ("parent",),
    What.CHART_PATCH: _METADATA,
    What.DASHBOARD_CREATE: ("name", "space"),
    What.TAG_CREATE: ("name", "color"),
    What.TAG_UPDATE: ("name", "color"),
    What.SCHEDULER_CREATE: (
        "name",
        "chart",
        "sqlChart",
        "dashboard",
        "cron",
        "format",
        "options",
        "includeLinks",
    ),
}
_NOTHING = frozenset(
    {
        What.SPACE_REVOKE,
        What.SPACE_GRANT,
        What.SPACE_LEAVE,
        What.TAG_METRICS,
        What.SCHEDULER_PAUSE,
        What.SCHEDULER_ENABLE,
        What.CHART_ROLLBACK,
        What.VERIFY,
        What.DELETE,
    }
)


def written(what: What, step: Step) -> Json:
    """Return what of its step's content an operation writes, as far as it may refer to something."""
    if what in _NOTHING:
        return {}
    if what is What.CHART_VERSION:
        return of_version(step.kind, step.after)
    if what is What.FINISH and step.kind is Kind.SPACE:
        what = What.SPACE_UPDATE  # the rest of it is written by other operations
    fields = _FIELDS.get(what)
    return step.after if fields is None else {name: content_of(step.after).get(name) for name in fields}


def content_of(content: Json) -> JsonObject:
    """Return the content of an item that is an object; {} for none, and for a list."""
    return content if isinstance(content, dict) else {}


def _differ(before: JsonObject, after: JsonObject, *names: str) -> bool:
    return any(before.get(name) != after.get(name) for name in names)
