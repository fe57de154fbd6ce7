"""Items that are known by a slug that the other side's item had before it was renamed.

Lightdash finds an item by its earlier slugs, too, but its promotion does not: it writes onto whatever has the
slug upstream now, and makes a new item where nothing has it. So whoever renamed a slug on one side alone gets
a second item by the next promotion, or has another one overwritten. What is asked here says which pairs that
are; it counts no view.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.client.by_slug import find_aliases
from lightdash_sync.model.changes.look import text
from lightdash_sync.promote.pairs import PROMOTED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.model.identity import Identity
    from lightdash_sync.model.kinds import Kind
    from lightdash_sync.plan.options import Item
    from lightdash_sync.promote.foresight import Foresight


def find_renamed(
    lightdash: Lightdash, source: str, upstream: str, items: Iterable[Item], foresight: Foresight
) -> dict[Item, str]:
    """Return item of the source -> uuid of the upstream item that was the same before a slug was renamed.

    Args:
        lightdash: the server.
        source: uuid of the project that is promoted.
        upstream: uuid of the upstream project.
        items: of the source, that would be promoted.
        foresight: both projects.

    Raises:
        ApiError: the server failed.
    """
    kinds = sorted({kind for kind, _ in items} & {*PROMOTED})
    here, there = ({kind: _by_slug(one, kind) for kind in kinds} for one in (foresight.here, foresight.there))
    renamed_there = find_aliases(
        lightdash, upstream, {kind: here[kind].keys() - there[kind] for kind in kinds}
    )
    renamed_here = find_aliases(lightdash, source, {kind: there[kind].keys() - here[kind] for kind in kinds})
    pairs = [(kind, mine, now) for kind, found in renamed_there.items() for mine, now in found.items()]
    pairs += [(kind, now, theirs) for kind, found in renamed_here.items() for theirs, now in found.items()]
    return {
        (kind, here[kind][mine]): uuid
        for kind, mine, theirs in pairs
        if mine in here[kind] and theirs in there[kind]
        if (uuid := foresight.there.uuid(kind, there[kind][theirs])) is not None
    }


def _by_slug(identity: Identity, kind: Kind) -> dict[str, str]:
    """Return slug -> key of the items of a kind."""
    return {slug: key for key, facts in identity.items.get(kind, {}).items() if (slug := text(facts, "slug"))}
