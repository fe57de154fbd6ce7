"""Spaces: made and named, and who gets into them.

Who must not see a space any more is out of it before something new comes in; who may is let in after. The
token's owner, whom the server makes an admin of each new space, leaves last, and stays in a private space
that they would not see otherwise: the next run would take it for missing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from lightdash_sync.content.json import get_str, objects
from lightdash_sync.content.keys import slugify
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.normal import space_access
from lightdash_sync.content.portable import to_server
from lightdash_sync.errors import SyncError
from lightdash_sync.sync.apply.project import ours
from lightdash_sync.sync.plan.values import Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.lightdash import schemas
    from lightdash_sync.lightdash.writing import Role
    from lightdash_sync.sync.apply.project import TargetProject, Task
    from lightdash_sync.sync.plan.values import Step

_RANK = {"viewer": 0, "editor": 1, "admin": 2}


def create(target: TargetProject, task: Task) -> JsonObject:
    """Create a space, with nobody in it but the token's owner.

    The server makes its slug of the name, and keeps it whatever becomes of that: where the slug is to be
    another one, the space is created under a name that gives it, and named at once.
    """
    form, slug = target.form(task), task.step.slug
    name = get_str(form, "name")
    first = slug if slug and slugify(name) != slug else name

    def look() -> JsonObject | None:
        rows = [row for row, _ in target.lightdash.spaces(target.project) if row.name in (first, name)]
        placed = {row.uuid: row for row in rows if row.parentSpaceUuid == form.get("parentSpaceUuid")}
        return ours(target, task.step, placed, lambda uuid: _is_untouched(target, placed[uuid]))

    def write() -> JsonObject:
        return {"uuid": target.writer.create_space(target.project, form | {"name": first})}

    made = target.once(write, look, doubtful=task.doubtful)
    if first != name:
        target.again(partial(target.writer.update_space, target.project, str(made["uuid"]), form))
    return made


def _is_untouched(target: TargetProject, space: schemas.SpaceRow) -> bool:
    """Whether a space is as the server makes it: empty, and granted to the token's owner alone."""
    return {*space.access} == {target.caller} and not (space.chartCount or space.dashboardCount)


def update(target: TargetProject, task: Task) -> None:
    """Give a space its name and privacy."""
    form = target.form(task)
    target.again(
        partial(target.writer.update_space, target.project, target.uuid(Kind.SPACE, task.step.key), form)
    )


def move(target: TargetProject, task: Task) -> None:
    """Put a space below another one, or at the root."""
    uuid = target.uuid(Kind.SPACE, task.step.key)
    if not target.writer.server.can("nested_spaces"):
        raise SyncError(f"{task.step.item} cannot be moved: this Lightdash has no spaces inside spaces")
    parent = target.form(task).get("parentSpaceUuid")

    def look() -> bool | None:
        rows = {row.uuid: row for row, _ in target.lightdash.spaces(target.project)}
        return True if uuid in rows and rows[uuid].parentSpaceUuid == parent else None

    def write() -> bool:
        target.writer.move_space(target.project, uuid, parent if isinstance(parent, str) else None)
        return True

    target.once(write, look, doubtful=task.doubtful)


def revoke(target: TargetProject, task: Task) -> None:
    """Take away grants that go, and lower roles that become less; never the token owner's own."""
    uuid, writer = target.uuid(Kind.SPACE, task.step.key), target.writer
    users, groups = _wanted(target, task.step)
    for user, role in _existing(target, task.step, "users").items():
        if user == target.caller:
            continue
        if user not in users:
            target.again(partial(writer.unshare_with_user, target.project, uuid, user))
        elif _lower(users[user], role):
            target.again(partial(writer.share_with_user, target.project, uuid, user, users[user]))
    for group, role in _existing(target, task.step, "groups").items():
        if group not in groups:
            target.again(partial(writer.unshare_with_group, target.project, uuid, group))
        elif _lower(groups[group], role):
            target.again(partial(writer.share_with_group, target.project, uuid, group, groups[group]))


def grant(target: TargetProject, task: Task) -> None:
    """Give the grants that a space shall have and has not, but for the token owner's own."""
    uuid, writer = target.uuid(Kind.SPACE, task.step.key), target.writer
    users, groups = _wanted(target, task.step)
    there: dict[str, Role | None] = {**_existing(target, task.step, "users")}
    if _copies_grants(target, task.step):
        listed = {row.uuid: row.access for row, _ in target.lightdash.spaces(target.project)}
        there = _read_grants(target, uuid, listed.get(uuid, []))
        for user in sorted(there.keys() - users.keys() - {target.caller}):
            target.again(partial(writer.unshare_with_user, target.project, uuid, user))
    for user, role in users.items():
        if user != target.caller and there.get(user) != role:
            target.again(partial(writer.share_with_user, target.project, uuid, user, role))
    existing = _existing(target, task.step, "groups")
    for group, role in groups.items():
        if existing.get(group) != role:
            target.again(partial(writer.share_with_group, target.project, uuid, group, role))


def leave(target: TargetProject, task: Task) -> None:
    """Give the token's owner the grant that the space shall have for them, which may be none."""
    uuid, caller = target.uuid(Kind.SPACE, task.step.key), target.caller
    wanted = _wanted(target, task.step)[0].get(caller)
    creates = task.step.action is Action.CREATE
    there: dict[str, Role | None]
    if not creates and not _copies_grants(target, task.step):
        there = {**_existing(target, task.step, "users")}
    elif caller not in target.holders(uuid):
        there = {}
    elif wanted is None:
        there = {caller: None}  # whatever their role is
    else:
        there = _read_grants(target, uuid, target.holders(uuid))
    if creates and caller in there and there[caller] is None:
        there[caller] = "admin"  # the server makes whoever creates a space one, also where it does not tell
    # Of a service account no space tells the role; the list of spaces tells that it holds a grant.
    if (caller in there) == (wanted is not None) and there.get(caller) == wanted:
        return
    if wanted is not None:
        target.again(partial(target.writer.share_with_user, target.project, uuid, caller, wanted))
    elif target.sees_all_spaces or _inherits(task.step.after):
        target.again(partial(target.writer.unshare_with_user, target.project, uuid, caller))


def _wanted(target: TargetProject, step: Step) -> tuple[dict[str, Role], dict[str, Role]]:
    """Return uuid -> role of users and of groups; grants whose role nobody knows are left as they are."""
    return _grants(target, step, step.after, "users"), _grants(target, step, step.after, "groups")


def _existing(target: TargetProject, step: Step, who: str) -> dict[str, Role]:
    return _grants(target, step, step.before, who)


def _grants(target: TargetProject, step: Step, content: Json, who: str) -> dict[str, Role]:
    if not isinstance(content, dict):
        return {}
    form = to_server(Kind.SPACE, step.key, {"access": content.get("access")}, target.identity)
    access = form.get("access")
    rows = objects(access.get(who)) if isinstance(access, dict) else []
    field = "userUuid" if who == "users" else "groupUuid"
    return {str(row.get(field)): cast("Role", row["role"]) for row in rows if row.get("role") in _RANK}


def _read_grants(target: TargetProject, uuid: str, granted: Sequence[str]) -> dict[str, Role | None]:
    """Return user -> role of the grants that a space has now; None for a role that is not told.

    `granted` are the uuids of who has one, by the list of spaces.

    Where a space tells the caller's access alone, its list of access tells the highest role of everybody:
    that is the one of their grant only if nothing else gives one.
    """
    raw = target.lightdash.space(target.project, uuid)[1]
    shares = objects(raw.get("access"))
    if target.lightdash.server.can("own_access_only"):
        others = raw.get("groupsAccess") or raw.get("projectMemberAccessRole") or _inherits_there(raw)
        shares = [
            {"userUuid": one.userUuid, "role": None if others else one.role}
            for one in target.lightdash.space_access(target.project, uuid)
        ]
    access, _unseen = space_access(granted, shares, ())
    return {str(row["userUuid"]): cast("Role | None", row["role"]) for row in objects(access["users"])}


def _inherits_there(raw: JsonObject) -> bool:
    return raw.get("inheritParentPermissions") is not False


def _copies_grants(target: TargetProject, step: Step) -> bool:
    """Whether the server gives grants by itself: current ones do when a space becomes private."""
    return (
        target.writer.server.can("inherited_access") and _inherits(step.before) and not _inherits(step.after)
    )


def _inherits(content: Json) -> bool:
    return isinstance(content, dict) and content.get("inheritsAccess") is True


def _lower(role: str, than: str) -> bool:
    return _RANK[role] < _RANK[than]
