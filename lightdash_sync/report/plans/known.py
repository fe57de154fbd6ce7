"""Which item of a target is which item of the sources: the links, by hand and by syncs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.report.terminal import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.sync.linking import Link


def links_text(found: Sequence[Link], out: Console) -> None:
    """Print a table of links.

    Args:
        found: from `sync.linking.links_of`.
        out: where to; from `terminal.console`.
    """
    if not found:
        out.print("No links.")
        return
    rows = ([one.item, one.name, one.uuid, one.slug, one.how, "yes" if one.exists else "no"] for one in found)
    out.print(table(["ITEM", "NAME", "UUID", "SLUG", "HOW", "THERE"], rows, {"UUID"}))


def links_json(found: Sequence[Link]) -> JsonObject:
    """Return links, for machines."""
    return {
        "links": [
            {
                "kind": one.kind.value,
                "key": one.key,
                "name": one.name or None,
                "uuid": one.uuid,
                "slug": one.slug or None,
                "how": one.how,
                "exists": one.exists,
            }
            for one in found
        ]
    }
