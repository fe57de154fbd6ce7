"""The rules in `GET /user` (`abilityRules`): what each role may do in the server's version.

They are only returned: `access.can` decides what is allowed here, and a test compares the two. The rules of a
role in the organisation apply to all its projects, those of a role in a project to that one. Of the changes
between 0.1372.1 and 0.2904.5, only one is imitated: editors manage public spaces (since 0.1385.1, for
promotion).
"""

from __future__ import annotations

from collections.abc import Iterator

from lightdash_standin.ability_rules import (
    CURRENT_ORGANISATION,
    CURRENT_PROJECT,
    OLD_ORGANISATION,
    OLD_PROJECT,
    ORGANISATION,
    PROJECT,
    Rules,
)
from lightdash_standin.accounts import Person
from lightdash_standin.roles import ORDER
from lightdash_standin.state import Json, World


def ability_rules(world: World, person: Person) -> list[Json]:
    """What the person may do, in the organisation and in each project where they have a role of their own."""
    of_org, of_project = (
        (CURRENT_ORGANISATION, CURRENT_PROJECT)
        if world.can("editors_write_code")
        else (ORGANISATION, PROJECT)
        if world.can("inherited_access")
        else (OLD_ORGANISATION, OLD_PROJECT)
    )
    rules = list(_of_role(world, person, of_org, ("member", *ORDER), person.role, None))
    rules.append({"action": "manage", "subject": "PersonalAccessToken", "conditions": {}})
    for project in world.project_rows.values():
        roles = [project.access.get(person.uuid)]
        roles += [
            role for group, role in project.group_access.items() if person.uuid in world.groups[group].members
        ]
        for role in roles:
            if role is not None:
                rules += _of_role(world, person, of_project, ORDER, role, project.uuid)
    return rules


def _of_role(
    world: World,
    person: Person,
    table: Rules,
    order: tuple[str, ...],
    role: str,
    project_uuid: str | None,
) -> Iterator[Json]:
    for below in order[: order.index(role) + 1]:
        for rule in table[below]:
            yield _rule(world, person, rule, project_uuid)
        between = world.can("promotes_into_public_spaces") and not world.can("inherited_access")
        if below == "editor" and between:
            yield _rule(world, person, "manage Space public", project_uuid)


def _rule(world: World, person: Person, rule: str, project_uuid: str | None) -> Json:
    """A rule of the table in the form of the answer."""
    action, subject, asked = (*rule.split(" "), "")[:3]
    told: Json = {"action": action, "subject": subject}
    scope = {"projectUuid": project_uuid} if project_uuid else {"organizationUuid": person.org_uuid}
    me = {"userUuid": person.uuid}
    mine = {"type": "PREVIEW", "createdByUserUuid": person.uuid}
    news = world.can("inherited_access")
    conditions: dict[str, Json] = {
        "": scope,
        "public": scope | ({"inheritsFromOrgOrProject": True} if news else {"isPrivate": False}),
        "seen": scope | {"access": {"$elemMatch": me}},
        "editor": scope | {"access": {"$elemMatch": me | {"role": "editor"}}},
        "admin": scope | {"access": {"$elemMatch": me | {"role": "admin"}}},
        "own": me,
        "mine": scope | me,
        "authored": (scope if news and subject == "DataApp" else {}) | {"createdByUserUuid": person.uuid},
        "active": scope | {"isActive": True},
        "unprotected": scope | {"isProtectedBranch": False},
        "preview": scope | {"type": "PREVIEW"},
        "preview-mine": scope | mine,
        "own-preview": (scope if news else {}) | mine,
        "preview-of": {"upstreamProjectUuid": project_uuid, "type": "PREVIEW"},
        "linkable": scope | {"allowDataAppBuilderLinking": True},
        "in-my-preview": scope | {"projectType": "PREVIEW", "projectCreatedByUserUuid": person.uuid},
        "any-type": scope | {"type": {"$in": ["DEFAULT", "PREVIEW"]}},
    }
    return told if asked == "anywhere" else told | {"conditions": conditions[asked]}
