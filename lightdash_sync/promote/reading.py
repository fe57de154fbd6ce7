"""Both projects, read and held together: the upstream one in the keys of the source.

An item of the upstream project has the key of the source's item that the server takes for the same (see
`pairs`). Tags and schedulers have no slug: they are the same if there is one of the name in the place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.errors import NotAuthorised
from lightdash_sync.model.changes.look import held
from lightdash_sync.model.identity import Identity
from lightdash_sync.model.kinds import Kind
from lightdash_sync.plan.scope import Contents
from lightdash_sync.plan.twins import likenesses
from lightdash_sync.promote.foresight import Foresight
from lightdash_sync.promote.pairs import PROMOTED, pairs
from lightdash_sync.promote.texts import with_tokens
from lightdash_sync.sync.target import joined, read_target, relinked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.model.tree import Tree
    from lightdash_sync.sync.memory import LinkTable, Memory
    from lightdash_sync.sync.target import Existing, Place

_LIKE = (Kind.TAG, Kind.SCHEDULER)


def read_both(
    lightdash: Lightdash, source: Tree, place: Place, memory: Memory, *, full: bool
) -> tuple[Existing, Foresight]:
    """Read the upstream project; return it, and both together.

    Args:
        lightdash: the server, with the token that would promote.
        source: the project that is promoted.
        place: the upstream project; its lock must be held.
        memory: what is remembered of it.
        full: read everything, also what the lists prove unchanged.

    Raises:
        Incomplete: something could not be read.
    """
    raw = read_target(place, memory.hints, {}, Identity(), full=full)
    server = lightdash.server
    found = pairs(source.identity, raw.linked.identity, Contents(raw.tree), server)
    links = found.links(source.identity)
    existing = relinked(raw, links, source.identity)
    mine = frozenset((kind, key) for kind in PROMOTED for key in existing.linked.keys.get(kind, ()))
    desired, there = Contents(source), Contents(existing.tree)
    like = likenesses(
        desired, there, mine, {one for one in desired.there if one[0] in _LIKE}, adopt=True
    ).same
    more: LinkTable = {kind: {} for kind in _LIKE}
    for (kind, key), other in like.items():
        if kind in _LIKE:
            more[kind][key] = {"uuid": existing.linked.identity.facts(*other)["uuid"]}
    existing = relinked(existing, joined(links, more), source.identity)
    now = existing.linked.identity
    return existing, Foresight(
        source=Contents(with_tokens(source, existing.linked)),
        literal=desired,
        here=source.identity,
        upstream=Contents(existing.tree),
        there=now,
        pairs=found,
        server=server,
        members=_members(lightdash, source, desired),
        commented=frozenset(now.key(Kind.DASHBOARD, uuid) for uuid in existing.commented),
    )


def _members(lightdash: Lightdash, source: Tree, contents: Contents) -> Mapping[str, Sequence[str]]:
    """Return group -> e-mails of its members, if a private space is granted to a group at all."""
    spaces = [contents.of(item) for item in contents.there if item[0] is Kind.SPACE]
    if not any(held(space, "access", "groups") for space in spaces):
        return {}
    try:
        teams, people = lightdash.teams(), {one.userUuid: one.email for one in lightdash.members()}
    except NotAuthorised:
        return {}
    group, person = source.identity.group, source.identity.person
    return {
        group(team.uuid): [people.get(uuid) or person(uuid) for uuid in team.memberUuids] for team in teams
    }
