"""The rules that `GET /user` tells (`abilityRules`): what each role may do, as 0.1372.1 has them.

They are told, not used: `access.can` decides here, and a test holds one to the other. Each role has the rules
of the role before; those of a role in the organisation are about all its projects, those of a role in a
project about that one. Of newer versions, editors manage public spaces (since 0.1385.1, for promotion).
"""

from __future__ import annotations

from collections.abc import Iterator

from lightdash_sync.demo.access import ORDER
from lightdash_sync.demo.state import Json, Person, World

_CONTENT_OF_A_SPACE = (
    "manage Dashboard editor", "manage SavedChart editor", "manage SemanticViewer editor",
    "manage Dashboard admin", "manage SavedChart admin", "manage Space admin",
)  # fmt: skip
_SEEN = (
    "view Dashboard public", "view SavedChart public", "view Dashboard seen", "view SavedChart seen",
    "view Space public", "view Space seen", "view Project",
)  # fmt: skip
_EDITOR = (
    "create Space", "manage Job anywhere", "manage PinnedItems", "update Project",
    "manage ScheduledDeliveries", "manage DashboardComments", "manage SemanticViewer", "manage Tags",
)  # fmt: skip
_DEVELOPER = (
    "manage VirtualView", "manage CustomSql", "manage SqlRunner", "manage Validation",
    "promote SavedChart editor", "promote Dashboard editor", "manage CompileProject",
)  # fmt: skip
# Role -> action, subject, and what is asked (see `_rule`); in the server's order.
_IN_ORGANISATION: dict[str, tuple[str, ...]] = {
    "member": ("view OrganizationMemberProfile", "view CsvJobResult authored", "view PinnedItems"),
    "viewer": (
        *_SEEN, "view Organization", "manage ExportCsv", "view DashboardComments", "view Tags",
    ),
    "interactive_viewer": (
        "create Job anywhere", "view Job own", "view UnderlyingData", "view SemanticViewer",
        "manage ChangeCsvResults", "manage Explore", "create ScheduledDeliveries",
        "create DashboardComments", *_CONTENT_OF_A_SPACE,
    ),
    "editor": _EDITOR,
    "developer": (*_DEVELOPER, "create Project preview", "delete Project preview"),
    "admin": (
        "manage Dashboard", "manage Space", "manage SavedChart", "create Project any-type", "delete Project",
        "manage Project", "manage InviteLink", "manage Organization", "view Analytics",
        "manage OrganizationMemberProfile", "manage PinnedItems", "manage Group",
    ),
}  # fmt: skip
_IN_PROJECT: dict[str, tuple[str, ...]] = {
    "viewer": (*_SEEN, "view PinnedItems", "manage ExportCsv", "view DashboardComments", "view Tags"),
    "interactive_viewer": (
        "view UnderlyingData", "view SemanticViewer", "manage Explore", "manage ChangeCsvResults",
        "create ScheduledDeliveries", "create DashboardComments", *_CONTENT_OF_A_SPACE,
    ),
    "editor": _EDITOR,
    "developer": (*_DEVELOPER, "delete Project own-preview", "create Project preview-of"),
    "admin": (
        "delete Project", "manage Project", "manage Space", "manage Dashboard", "manage SavedChart",
    ),
}  # fmt: skip


def ability_rules(world: World, person: Person) -> list[Json]:
    """What the person may do, in the organisation and in each project where there is a role of its own."""
    rules = list(_of_role(world, person, _IN_ORGANISATION, ("member", *ORDER), person.role, None))
    rules.append({"action": "manage", "subject": "PersonalAccessToken", "conditions": {}})
    for project in world.project_rows.values():
        roles = [project.access.get(person.uuid)]
        roles += [
            role for group, role in project.group_access.items() if person.uuid in world.groups[group].members
        ]
        for role in roles:
            if role is not None:
                rules += _of_role(world, person, _IN_PROJECT, ORDER, role, project.uuid)
    return rules


def _of_role(
    world: World,
    person: Person,
    table: dict[str, tuple[str, ...]],
    order: tuple[str, ...],
    role: str,
    project_uuid: str | None,
) -> Iterator[Json]:
    for below in order[: order.index(role) + 1]:
        for rule in table[below]:
            yield _rule(person, rule, project_uuid)
        if below == "editor" and world.can("promotes_into_public_spaces"):
            yield _rule(person, "manage Space public", project_uuid)


def _rule(person: Person, rule: str, project_uuid: str | None) -> Json:
    """A rule of the table, as it is told."""
    action, subject, asked = (*rule.split(" "), "")[:3]
    told: Json = {"action": action, "subject": subject}
    scope = {"projectUuid": project_uuid} if project_uuid else {"organizationUuid": person.org_uuid}
    me = {"userUuid": person.uuid}
    conditions: dict[str, Json] = {
        "": scope,
        "public": scope | {"isPrivate": False},
        "seen": scope | {"access": {"$elemMatch": me}},
        "editor": scope | {"access": {"$elemMatch": me | {"role": "editor"}}},
        "admin": scope | {"access": {"$elemMatch": me | {"role": "admin"}}},
        "own": me,
        "authored": {"createdByUserUuid": person.uuid},
        "preview": scope | {"type": "PREVIEW"},
        "own-preview": {"type": "PREVIEW", "createdByUserUuid": person.uuid},
        "preview-of": {"upstreamProjectUuid": project_uuid, "type": "PREVIEW"},
        "any-type": scope | {"type": {"$in": ["DEFAULT", "PREVIEW"]}},
    }
    return told if asked == "anywhere" else told | {"conditions": conditions[asked]}
