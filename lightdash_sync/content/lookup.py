"""Finds an item of a tree by whatever a person calls it: its key, its name, or the address of its page."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from lightdash_sync.content.json import get_str
from lightdash_sync.content.kinds import KINDS, Kind, kind_called
from lightdash_sync.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightdash_sync.content.contents import Contents
    from lightdash_sync.content.kinds import ItemKey

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NAMED = 4


def find_item(text: str, contents: Contents) -> ItemKey | None:
    """Return the item that a person means; None if the tree has none.

    Args:
        text: `KIND:KEY`, `KIND:NAME` or `NAME` (upper and lower case are the same in names), a uuid, or the
            address of a page of Lightdash, whose last uuid names the item.
        contents: of the tree.

    Raises:
        ConfigError: several items have the name.
    """
    if uuids := _UUID.findall(text):
        found = [item for item in contents.there if contents.uuid(item) in {one.lower() for one in uuids}]
        return next((item for item in found if contents.uuid(item) == uuids[-1].lower()), None)
    word, colon, rest = text.partition(":")
    kind = kind_called(word) if colon else None
    if kind is not None and (kind, rest.strip()) in contents.there:
        return kind, rest.strip()
    found = _called(rest if kind is not None else text, kind, contents)
    if len(found) > 1:
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        listed = ", ".join(f"{kind}:{key}" for kind, key in found[:_NAMED])
        raise ConfigError(f"{len(found)} items are called {text!r}", hint=f"Say which: {listed}{more}.")
    return found[0] if found else None


def suggest_items(text: str, contents: Contents) -> str:
    """Return a sentence with the items whose name or key is most like a text, and how to list all."""
    names: dict[str, ItemKey] = {}
    for item in sorted(contents.there):
        names |= {item[1]: item, _folded(get_str(contents.of(item), "name")): item}
    close = difflib.get_close_matches(_folded(text.rpartition(":")[2]), names, _NAMED)
    items = dict.fromkeys(f"{kind}:{key}" for kind, key in (names[one] for one in close))
    meant = f"Did you mean {' or '.join(items)}? " if items else ""
    return f"{meant}`lightdash-sync list` has all keys and names."


def name_of(item: ItemKey, contents: Contents) -> str:
    """Return the name of an item; its key if it has none."""
    return get_str(contents.of(item), "name") or item[1] or KINDS[item[0]].noun[0]


def _called(name: str, kind: Kind | None, contents: Contents) -> list[ItemKey]:
    wanted = _folded(name)
    if not wanted:
        return []
    items: Iterable[ItemKey] = (item for item in contents.there if kind in (None, item[0]))
    return sorted(item for item in items if _folded(get_str(contents.of(item), "name")) == wanted)


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()
