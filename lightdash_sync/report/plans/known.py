"""Which item of a target is which item of the sources: the links, by hand and by syncs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import parse
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.rekey import file_of
from lightdash_sync.report.terminal import table
from lightdash_sync.sync.memory import LINK, RESTORED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.identity import Identity
    from lightdash_sync.model.kinds import Kind
    from lightdash_sync.sync.memory import Memory

_EXISTS = {True: "yes", False: "no", None: "unknown"}


@dataclass(frozen=True)
class Link:
    """An item of the target that is known to be one of the sources' items.

    Attributes:
        kind: of both.
        key: of the sources' item.
        uuid: of the target's item.
        how: `linked` or `restored`.
        name: what it is called, or "" if that is not known.
        slug: of the target's item, or "".
        exists: whether the target still has it; None if nobody looked.
    """

    kind: Kind
    key: str
    uuid: str
    how: str
    name: str = ""
    slug: str = ""
    exists: bool | None = None

    @property
    def item(self) -> str:
        """The item as the command line says it."""
        return f"{self.kind}:{self.key}"


def known_links(memory: Memory, existing: Identity | None = None) -> list[Link]:
    """Return what is remembered of a target, by kind and key.

    Args:
        memory: what is remembered.
        existing: the target's map now, in any keys; None if it was not read.
    """
    found = []
    for how in (LINK, RESTORED):
        for kind, entries in memory.known(how).items():
            there = (
                None
                if existing is None
                else {facts["uuid"] for facts in existing.items.get(kind, {}).values()}
            )
            for key, facts in entries.items():
                path = file_of(kind, key)
                name = text(parse(memory.base[path]), "name") if path in memory.base else ""
                uuid = str(facts["uuid"])
                exists = None if there is None else uuid in there
                found.append(Link(kind, key, uuid, how, name, text(facts, "slug"), exists))
    return sorted(found, key=lambda link: (link.kind, link.key))


def links_text(found: Sequence[Link], out: Console) -> None:
    """Print a table of links.

    Args:
        found: from `known_links`.
        out: where to; from `terminal.console`.
    """
    if not found:
        out.print("No links.")
        return
    rows = ([one.item, one.name, one.uuid, one.slug, one.how, _EXISTS[one.exists]] for one in found)
    out.print(table(["ITEM", "NAME", "UUID", "SLUG", "HOW", "ON THE TARGET"], rows))


def links_json(found: Sequence[Link]) -> JsonObject:
    """Return links, for machines; `exists` is null if the target was not read."""
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
