"""New charts and dashboards with the slug that the plan chose for them.

The endpoint updates what has the slug already, so nothing may have it: that is looked for right before,
and the answer must say `create`. If somebody was faster, in the moment between, their version is put back
and the operation fails, and says what could not be put back. What cannot be said to this endpoint (its
space by a path, a body that it refuses) is created in the ordinary way, with a note: the slug is another
one then. What it did not store as it was sent is written once more, by the ordinary means.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from lightdash_sync.content.display import shown
from lightdash_sync.content.json import get_list, get_str
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.errors import ApiError, SyncError, Unsure
from lightdash_sync.lightdash.as_code import read_by_slug

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.lightdash.as_code import Upserted
    from lightdash_sync.sync.apply.project import TargetProject, Task
    from lightdash_sync.sync.plan.values import Step

# Answers by which the server says that it wrote nothing, because of what was sent.
_REFUSED = (400, 404, 422)
_EXPRESSIBLE = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")


def create_chart(target: TargetProject, task: Task, form: JsonObject) -> JsonObject | None:
    """Create a chart with its slug, in a space or inside a dashboard.

    Returns:
        Its server object; None if it has to be created in the ordinary way.

    Raises:
        SyncError: the slug is taken by now, or the chart is not where it should be.
    """
    dashboard = get_str(form, "dashboardUuid")
    inside, space = ("", get_str(form, "spaceUuid"))
    if dashboard:
        inside, space = SlugPlaces(target).dashboard(dashboard)
    path = SlugPlaces(target).path(space) if space and (inside or not dashboard) else ""
    if not path:
        _told(target, task.step, "its place cannot be said without doubt")
        return None

    def upsert() -> Upserted:
        return target.writer.upsert_chart(target.project, task.step.slug, form, path, inside)

    raw = _created(target, task, form, upsert, lambda _: True)
    if raw is not None and dashboard and raw.get("dashboardUuid") != dashboard:
        raise SyncError(
            f"{task.step.item} was created inside another dashboard ({raw.get('dashboardUuid')}): somebody "
            "deleted its own in this moment, or another has its slug",
            hint="Look at that dashboard in Lightdash, and delete it if it holds nothing else; plan again.",
        )
    return raw


def create_dashboard(target: TargetProject, task: Task, form: JsonObject) -> str | None:
    """Create an empty dashboard with its slug; return its uuid, or None for the ordinary way.

    Raises:
        SyncError: the slug is taken by now.
    """
    path = SlugPlaces(target).path(get_str(form, "spaceUuid"))
    if not path:
        _told(target, task.step, "the path of its space stands for others, too")
        return None

    def upsert() -> Upserted:
        return target.writer.upsert_empty_dashboard(target.project, task.step.slug, form, path)

    raw = _created(target, task, form, upsert, lambda found: not get_list(found, "tiles"))
    if raw is None:
        return None
    uuid, slug, space = get_str(raw, "uuid"), get_str(raw, "slug"), get_str(form, "spaceUuid")
    if (slug, get_str(raw, "spaceUuid")) == (task.step.slug, space):
        target.knows_dashboard(uuid, slug, space)
    return uuid


def _created(
    target: TargetProject,
    task: Task,
    form: JsonObject,
    upsert: Callable[[], Upserted],
    fits: Callable[[JsonObject], bool],
) -> JsonObject | None:
    step = task.step

    def write() -> JsonObject:
        if target.slugs.is_taken(step):
            raise SyncError(
                f"{step.item} was not created: somebody made a {KINDS[step.kind].noun[0]} with its slug "
                f"{shown(step.slug)} since the plan was made, or renamed one that had it",
                hint="Make a new plan: it shows that one, or takes another slug.",
            )
        done = upsert()
        if done.action != "create" or not target.is_new(step.kind, done.uuid):
            raise _overwritten(target, step, done)
        return done.raw

    def look() -> JsonObject | None:
        raw = read_by_slug(target.lightdash, step.kind, target.project, step.slug)
        if raw is None or get_str(raw, "slug") != step.slug:  # what only had it once is not what was sent
            return None
        if _is_ours(target, step, raw, form) and fits(raw):
            return raw
        raise Unsure(
            f"{step.item}: the answer to its creation was lost, and what has its slug {shown(step.slug)} now "
            "is not, or not only, what was sent",
            hint="See in Lightdash whose it is. If it is yours, delete it and resume; else make a new plan.",
        )

    try:
        return target.once(write, look, doubtful=task.doubtful)
    except ApiError as error:
        if error.unclear or error.status not in _REFUSED:
            raise
        _told(target, step, error.reason)
        return None


def _is_ours(target: TargetProject, step: Step, raw: JsonObject, form: JsonObject) -> bool:
    """Whether what has the slug is what this run made: new, named and placed so, saved once, by us."""
    uuid = get_str(raw, "uuid")
    place = "dashboardUuid" if form.get("dashboardUuid") else "spaceUuid"
    if not target.is_new(step.kind, uuid) or any(raw.get(one) != form.get(one) for one in ("name", place)):
        return False
    if step.kind is Kind.DASHBOARD and not target.lightdash.server.can("dashboard_history"):
        return get_str(raw, "updatedByUser", "userUuid") == target.caller
    history = target.lightdash.history(step.kind, uuid)
    return len(history) == 1 and history[0].author == target.caller


def _overwritten(target: TargetProject, step: Step, done: Upserted) -> SyncError:
    """Put back what an update took away from somebody's item, as far as that is possible; say the rest."""
    noun = KINDS[step.kind].noun[0]
    what = (
        f"{step.item} was not created: somebody made a {noun} with its slug {shown(step.slug)} "
        f"({done.uuid}) in this very moment"
    )
    if done.action == "no changes":
        return SyncError(f"{what}; it is as it was", hint="Make a new plan: it shows that one.")
    hint = f"Tell whoever made it: Lightdash keeps no earlier name, description and place of a {noun}."
    theirs = _version_before(target, step.kind, done.uuid)
    what += ", and Lightdash wrote name, description and place of ours over theirs"
    if not theirs:
        return SyncError(f"{what}, and the content", hint=hint)
    try:
        back = target.writer.roll_back_chart if step.kind is Kind.CHART else target.writer.roll_back_dashboard
        target.send(partial(back, done.uuid, theirs))
    except ApiError as error:
        return SyncError(f"{what}, and the content (their version is {theirs}): {error.message}", hint=hint)
    return SyncError(f"{what}; the content was put back", hint=hint)


def _version_before(target: TargetProject, kind: Kind, uuid: str) -> str:
    """Return the version that ours replaced; "" if that cannot be told."""
    if kind is Kind.DASHBOARD and not target.lightdash.server.can("dashboard_history"):
        return ""
    history = target.lightdash.history(kind, uuid)
    return history[1].versionUuid if len(history) > 1 and history[0].author == target.caller else ""


def _told(target: TargetProject, step: Step, why: str) -> None:
    """Say that an item is created in the ordinary way."""
    target.noted(f"{step.item} gets another slug than {shown(step.slug)}: {why}.")


class SlugPlaces:
    """Where things are, in the words of these endpoints: the paths of spaces, the slugs of dashboards.

    Args:
        target: the project.
    """

    def __init__(self, target: TargetProject) -> None:
        self._target = target

    def path(self, space: str) -> str:
        """Return the path of a space; "" if it is not known, or means another one, too."""
        paths = self._target.space_paths(space)
        path = paths.get(space, "")
        alone = Counter(paths.values())[path] == 1
        return path if alone and _EXPRESSIBLE.fullmatch(path) else ""

    def dashboard(self, uuid: str) -> tuple[str, str]:
        """Return the slug of a dashboard and the uuid of its space; "" for what is not known for certain."""
        if (made := self._target.made_dashboard(uuid)) is not None:
            return made
        rows = self._target.dashboard_rows(uuid)
        if uuid not in rows:
            return "", ""
        slug, space = rows[uuid]
        alone = Counter(one for one, _ in rows.values())[slug] == 1
        return (slug, space) if alone else ("", "")
