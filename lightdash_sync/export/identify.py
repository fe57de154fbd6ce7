"""Assigns keys to everything that the lists name, before any item is converted.

Keys of the previous snapshot are kept, so an export over a snapshot is a pure function of the server's state
and of that snapshot's `identity.json`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lightdash_sync.content.identity import FORMER, Identity, former_uuids
from lightdash_sync.content.json import objects
from lightdash_sync.content.keys import Candidate, assign_keys, virtual_view_uuid
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.naming import (
    layouts_of,
    named_apart,
    names_like,
    scheduler_candidate,
    slug_candidate,
    tag_candidate,
)
from lightdash_sync.export.inventory import palettes_by_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.export.convert import Findings
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.export.spaces import SpaceRead
    from lightdash_sync.export.structure import Structure
    from lightdash_sync.lightdash import schemas

Named = tuple[str, str, str]  # uuid, slug, name


def identify(structure: Structure, known: Identity) -> Identity:
    """Return the identity map of a project, without the facts that come from single items.

    Args:
        structure: the lists and structure of the project.
        known: the map of the snapshot that is being replaced, or an empty one.
    """
    inventory = structure.inventory
    spaces = [*structure.spaces.values()]
    charts = [(row.uuid, row.slug, row.name) for row in inventory.summaries]
    charts += [(chart.view.uuid, chart.view.slug, chart.view.name) for chart in structure.hidden.values()]
    slugs = {row.uuid: row.slug for row in inventory.content}
    identity = Identity(
        items={
            Kind.SPACE: _slugged(
                ((row.uuid, row.slug, row.name) for row, _ in inventory.spaces), Kind.SPACE, known
            ),
            Kind.VIRTUAL_VIEW: _virtual_views(inventory, known),
            Kind.CHART: _slugged(charts, Kind.CHART, known),
            Kind.SQL_CHART: _slugged(
                ((row.uuid, row.slug, row.name) for row in inventory.sql_charts), Kind.SQL_CHART, known
            ),
            Kind.DASHBOARD: _slugged(
                ((row.uuid, slugs[row.uuid], row.name) for row in inventory.dashboards), Kind.DASHBOARD, known
            ),
            Kind.TAG: _keyed((tag_candidate(name, uuid) for uuid, name in _tags(inventory)), Kind.TAG, known),
        },
        people=_people(inventory, spaces, known),
        groups=_groups(inventory, structure, spaces),
        palettes=known.palettes if inventory.is_spared else palettes_by_name(inventory.palettes),
        project=_project(inventory),
    )
    kept = structure.kept[Kind.DASHBOARD]
    layouts = {identity.key(Kind.DASHBOARD, uuid): item.facts for uuid, item in kept.items()}
    for uuid, dashboard in structure.dashboards.items():
        key = identity.key(Kind.DASHBOARD, uuid)
        former = layouts_of(known.facts(Kind.DASHBOARD, key))
        layouts[key] = names_like(dashboard.normal.content, identity, former)
    schedulers = _keyed(
        (scheduler_candidate(raw, row.schedulerUuid, identity) for row, raw in inventory.schedulers or []),
        Kind.SCHEDULER,
        known,
    )
    return identity.extended({Kind.DASHBOARD: layouts, Kind.SCHEDULER: schedulers})


def known_keys(old: Identity, hints: Identity) -> Identity:
    """Return the map of the previous snapshot, with keys for items that it does not have.

    Args:
        old: the map of the snapshot that is being replaced; its keys stay.
        hints: keys for other items, used unless an item of the previous snapshot has them.
    """
    more: dict[Kind, dict[str, JsonObject]] = {}
    for kind, entries in hints.items.items():
        uuids, keys = old.known_keys(kind), old.items.get(kind, {})
        more[kind] = {
            key: facts for key, facts in entries.items() if key not in keys and facts["uuid"] not in uuids
        }
    return old.extended(more)


def formerly(old: Identity, hints: Identity) -> dict[str, list[str]]:
    """Return uuid -> the uuids that an item had before it was deleted and restored, newest first.

    Args:
        old: the map of the snapshot that is being replaced.
        hints: other known items.
    """
    return {
        str(facts["uuid"]): uuids
        for identity in (old, hints)
        for entries in identity.items.values()
        for facts in entries.values()
        if (uuids := former_uuids(facts))
    }


def with_former_uuids(identity: Identity, former: Mapping[str, list[str]]) -> Identity:
    """Return a map with the former uuids of items that were created again."""
    said: dict[Kind, dict[str, JsonObject]] = {}
    for kind, entries in identity.items.items():
        for key, facts in entries.items():
            if uuids := former.get(str(facts["uuid"])):
                said.setdefault(kind, {})[key] = {FORMER: [*uuids]}
    return identity.extended(said) if said else identity


def with_charts(identity: Identity, charts: Iterable[schemas.Chart], known: Identity) -> Identity:
    """Add charts that were found later; existing keys stay."""
    late = [slug_candidate(chart.uuid, chart.slug, chart.name) for chart in charts]
    keys = assign_keys(late, known.known_keys(Kind.CHART), reserved=identity.items.get(Kind.CHART, {}))
    return identity.extended({Kind.CHART: {key: {"uuid": uuid} for uuid, key in keys.items()}})


def _slugged(items: Iterable[Named], kind: Kind, known: Identity) -> dict[str, JsonObject]:
    """Assign keys by slug, or by name if the slug is empty: 0.1372.1 makes "", "-1", "-2" from emoji."""
    return _keyed((slug_candidate(*item) for item in items), kind, known)


def pruned(identity: Identity, findings: Findings) -> Identity:
    """Add the facts of the items, and remove people, groups and palettes that nothing mentions."""
    complete = identity.extended(findings.facts, findings.external)
    return replace(
        complete,
        people=dict(sorted(findings.people.items())),
        groups=dict(sorted(findings.groups.items())),
        palettes=dict(sorted(findings.palettes.items())),
    )


def _keyed(candidates: Iterable[Candidate], kind: Kind, known: Identity) -> dict[str, JsonObject]:
    keys = assign_keys(candidates, known.known_keys(kind))
    return {key: {"uuid": uuid} for uuid, key in keys.items()}


def _virtual_views(inventory: Inventory, known: Identity) -> dict[str, JsonObject]:
    """Assign keys by the name of the explore, which charts refer to; it is also the slug."""
    project = inventory.project.projectUuid
    names = {virtual_view_uuid(project, name): name for name in inventory.virtual_views}
    keyed = _keyed((Candidate(uuid, name, name) for uuid, name in names.items()), Kind.VIRTUAL_VIEW, known)
    return {key: {**facts, "slug": names[str(facts["uuid"])]} for key, facts in keyed.items()}


def _tags(inventory: Inventory) -> list[tuple[str, str]]:
    """Return the listed tags, and those that only metrics still have because their author was deleted."""
    tags = {tag.tagUuid: tag.name for metric in inventory.metrics for tag in metric.categories}
    tags |= {row.tagUuid: row.name for row, _ in inventory.tags}
    return sorted(tags.items())


def _people(inventory: Inventory, spaces: Iterable[SpaceRead], known: Identity) -> dict[str, JsonObject]:
    """Return everybody whose e-mail is known; by the previous snapshot if the token may not list members."""
    people = {str(facts["uuid"]): (email, facts) for email, facts in known.people.items()}
    people |= {
        share.userUuid: (share.email, _person(share))
        for space in spaces
        for share in (*(space.view.access if space.view else ()), *space.entries)
        if share.email
    }
    people |= {row.userUuid: (row.email, _person(row)) for row in inventory.members or []}
    return dict(people.values())


def _person(row: schemas.SpaceShare | schemas.Member) -> JsonObject:
    return {"uuid": row.userUuid, "firstName": row.firstName, "lastName": row.lastName}


def _groups(inventory: Inventory, structure: Structure, spaces: Iterable[SpaceRead]) -> dict[str, JsonObject]:
    """Return the groups with grants by name, from spaces and spaces as code."""
    shared = {
        str(grant["groupUuid"])
        for granted in structure.grants.told.values()
        for grant in objects(granted.access["groups"])
    }
    names = {group.uuid: group.name for group in inventory.groups or () if group.uuid in shared}
    names |= {
        group.groupUuid: group.groupName
        for space in spaces
        for group in (space.view.groupsAccess if space.view else ())
    }
    return named_apart(names)


def _project(inventory: Inventory) -> JsonObject:
    project = inventory.project
    return {
        "uuid": project.projectUuid,
        "organizationUuid": project.organizationUuid,
        "pinnedListUuid": project.pinnedListUuid,
        "upstreamProjectUuid": project.upstreamProjectUuid,
    }
