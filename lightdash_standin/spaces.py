"""Spaces: how they are stored and read, created, moved and deleted.

Since 0.1569.0 a space may be in another one; its path has the slugs from the root down to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lightdash_standin.access import can_in_space, is_closed, own_access, shares
from lightdash_standin.accounts import Person
from lightdash_standin.charts import delete_chart
from lightdash_standin.dashboards import dashboard_row, delete_dashboard
from lightdash_standin.lists import chart_row, errors_by
from lightdash_standin.refusals import bad_parameter
from lightdash_standin.sql_charts import delete_sql_chart
from lightdash_standin.state import Dashboard, Json, Space, World


def path_label(slug: str) -> str:
    """A slug in the form of paths."""
    return slug.replace("/", "___").replace("-", "_")


PERSONAL = "default_user_spaces"


def is_in_personal(world: World, space: Space) -> bool:
    """Whether a space is inside a personal one, which the server made for a person."""
    above = world.spaces.get(space.parent_uuid or "")
    return above is not None and (above.is_personal or is_in_personal(world, above))


def create_space(
    world: World,
    project_uuid: str,
    name: str,
    slug: str | None,
    *,
    is_private: bool,
    above: Space | None = None,
    path: str | None = None,
    creator: Person | None = None,
) -> Space:
    """Store a new space.

    Args:
        world: the instance.
        project_uuid: the project.
        name: its name.
        slug: its slug, although it may be in use; by default a free one is made from the name.
        is_private: whether it does not inherit access.
        above: the space that it is in, if any.
        path: its path, if that is not made from the slug (promotion keeps that of the source).
        creator: who creates it, if known.
    """
    if slug is None:
        slug = world.slugs.claim("spaces", name, project_uuid)
    else:
        world.slugs.force("spaces", slug, project_uuid)
    made_at = world.clock.tick() if world.can("nested_spaces") else world.clock.now()
    space = Space(
        world.new_uuid(), project_uuid, name, slug, is_private,
        path=path or ".".join([*([above.path] if above else []), path_label(slug)]),
        created_at=made_at, created_by=creator.uuid if creator else None,
    )  # fmt: skip
    if above is not None:
        space.parent_uuid, above.children[space.uuid] = above.uuid, None
    world.spaces[space.uuid] = space
    world.project_rows[project_uuid].spaces[space.uuid] = None
    return space


def delete_space(world: World, space: Space) -> None:
    """Delete a space with everything in it."""
    for uuid in list(space.children):
        delete_space(world, world.spaces[uuid])
    for uuid in list(space.dashboards):
        delete_dashboard(world, world.dashboards[uuid])
    for uuid in list(space.charts):
        delete_chart(world, world.charts[uuid])
    for uuid in list(space.sql_charts):
        delete_sql_chart(world, world.sql_charts[uuid])
    if space.parent_uuid is not None:
        world.spaces[space.parent_uuid].children.pop(space.uuid)
    world.slugs.release("spaces", space.slug, space.project_uuid)
    del world.project_rows[space.project_uuid].spaces[space.uuid]
    del world.spaces[space.uuid]


def below(world: World, space: Space) -> Iterator[Space]:
    """The spaces in this one, and in those."""
    for uuid in space.children:
        yield world.spaces[uuid]
        yield from below(world, world.spaces[uuid])


def ancestry(world: World, space: Space) -> list[Space]:
    """The spaces from the root down to this one."""
    found = [space]
    while found[0].parent_uuid is not None:
        found.insert(0, world.spaces[found[0].parent_uuid])
    return found


def move_space(world: World, space: Space, target: Space | None) -> None:
    """Put a space into another one, or at the root, with everything in it.

    A target in another project moves nothing, without an error.

    Raises:
        Refusal: 400 for a target inside the space itself.
    """
    if target is not None and target.project_uuid == space.project_uuid:
        if f"{target.path}.".startswith(f"{space.path}."):
            raise bad_parameter(
                "You cannot move a space into one of its own nested-spaces. Please choose a different "
                "location."
            )
    elif target is not None:
        return
    if space.parent_uuid is not None:
        world.spaces[space.parent_uuid].children.pop(space.uuid)
    space.parent_uuid = target.uuid if target else None
    if target is not None:
        target.children[space.uuid] = None
    old, label = space.path, space.path.rsplit(".", 1)[-1]
    new = f"{target.path}.{label}" if target else label
    for one in (space, *below(world, space)):
        one.path = new + one.path[len(old) :]


def _inheritance(space: Space) -> Json:
    """The parent of a space and what it inherits, in versions with nested spaces."""
    return {
        "parentSpaceUuid": space.parent_uuid,
        "path": space.path,
        "inheritParentPermissions": not space.is_private,
        "projectMemberAccessRole": space.member_role,
    }


def space_basics(world: World, space: Space) -> Json:
    """The fields that every form of a space has."""
    project = world.project_rows[space.project_uuid]
    basics: Json = {
        "organizationUuid": project.org_uuid,
        "projectUuid": project.uuid,
        "uuid": space.uuid,
        "name": space.name,
        "pinnedListUuid": project.pinned_list_uuid if space.pin_order is not None else None,
        "pinnedListOrder": space.pin_order,
        "slug": space.slug,
    }
    if world.can("inherited_access"):
        return {**basics, **_inheritance(space)}
    if world.can("promotes_by_path"):
        basics |= {"parentSpaceUuid": space.parent_uuid, "path": space.path}
    return {**basics, "isPrivate": space.is_private}


def apps_in(world: World, space: Space) -> int:
    """The number of data apps in a space, including deleted ones."""
    return sum(app.space_uuid == space.uuid for app in world.apps.values())


def _counts(world: World, space: Space) -> Json:
    counts: Json = {"chartCount": len(space.charts), "dashboardCount": len(space.dashboards)}
    if world.can("nested_spaces"):
        counts |= {"childSpaceCount": len(space.children), "appCount": apps_in(world, space)}
        return {name: str(count) for name, count in counts.items()}
    return counts


def space_summary(world: World, space: Space) -> Json:
    """The short form of a space: `access` has the users with a direct grant."""
    inherited = {"inheritsFromOrgOrProject": not is_closed(world, space)}
    return {
        **space_basics(world, space),
        **_counts(world, space),
        **(inherited if world.can("inherited_access") else {}),
        "access": world.jumbled(list(direct_access(world, space))),
    }


def promoted_space(world: World, space: Space) -> Json:
    """A space in answers to promotion; in newer versions without access."""
    if world.can("inherited_access"):
        return {**space_basics(world, space), **_counts(world, space)}
    return space_summary(world, space)


def direct_access(world: World, space: Space) -> Iterator[str]:
    """The uuids of people with a direct grant, in newer versions also by a group or as a member."""
    yield from space.access
    if world.can("inherited_access"):
        for uuid in space.group_access:
            yield from world.groups[uuid].members
        if space.member_role:
            project = world.project_rows[space.project_uuid]
            everybody = (one for one in world.people.values() if one.org_uuid == project.org_uuid)
            yield from (one.uuid for one in everybody if one.role != "member" or one.uuid in project.access)


def _dashboard_row(world: World, dashboard: Dashboard, errors: list[Json]) -> Json:
    """A dashboard in its space: as in the list of dashboards, except for the types of its tiles."""
    row = dashboard_row(world, dashboard, errors)
    del row["tileTypes"]
    return row


def read_space(world: World, space: Space, reader: Person) -> Json:
    """The whole space: charts (neither SQL nor inside dashboards), dashboards, and access.

    Since 1.104.0 it has only the reader's access.
    """
    validations = world.project_rows[space.project_uuid].validations
    charts = [world.charts[uuid] for uuid in space.charts]
    charts.sort(key=lambda chart: chart.last_updated_at, reverse=True)
    dashboards = [world.dashboards[uuid] for uuid in space.dashboards]
    of_charts, of_dashboards = errors_by(validations, "chart"), errors_by(validations, "dashboard")
    groups = [
        {"groupUuid": uuid, "spaceRole": role, "groupName": world.groups[uuid].name}
        for uuid, role in space.group_access.items()
    ]
    return {
        **space_basics(world, space),
        "queries": [chart_row(world, chart, of_charts.get(chart.uuid, [])) for chart in charts],
        "dashboards": world.jumbled(
            [_dashboard_row(world, one, of_dashboards.get(one.uuid, [])) for one in dashboards]
        ),
        "access": world.jumbled(
            own_access(world, space, reader) if world.can("own_access_only") else shares(world, space)
        ),
        "groupsAccess": world.jumbled(groups),
        **(_surroundings(world, space, reader) if world.can("inherited_access") else {}),
    }


def _surroundings(world: World, space: Space, reader: Person) -> Json:
    """The spaces below and above a space, and whether the reader may see those above."""
    above = [
        {"name": one.name, "uuid": one.uuid, "hasAccess": can_in_space(world, reader, "view", "Space", one)}
        for one in ancestry(world, space)
    ]
    children = [world.spaces[uuid] for uuid in space.children]
    return {
        "colorPaletteUuid": space.color_palette_uuid,
        "inheritsFromOrgOrProject": not is_closed(world, space),
        "childSpaces": world.jumbled(
            [{**space_basics(world, one), **_counts(world, one)} for one in children]
        ),
        "breadcrumbs": above,
    }
