"""Which item is meant: `chart:weekly-revenue`, as people type it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.errors import ConfigError
from lightdash_sync.model.keys import is_key
from lightdash_sync.model.kinds import KINDS, Kind, kind_called
from lightdash_sync.snapshot.layout import item_path, parse_path

if TYPE_CHECKING:
    from collections.abc import Iterable

_SUGGESTED = 4  # keys that look like what was typed
_ALIKE = 0.5


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of content.

    Attributes:
        kind: of the item.
        key: of the item; "" for a kind that is one file.
    """

    kind: Kind
    key: str = ""

    @property
    def path(self) -> str:
        """Its file in a snapshot."""
        return item_path(self.kind, self.key)

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}" if self.key else str(self.kind)


def parse_item(said: str) -> Item:
    """Read `KIND:KEY`, or `KIND` for a kind that is one file.

    Raises:
        ConfigError: there is no such kind, or the key is missing or too many.
    """
    name, _, key = said.partition(":")
    kind = kind_called(name)
    if kind is None:
        raise ConfigError(f"{name!r} is no kind of content", hint=f"There are: {', '.join(Kind)}.")
    if bool(key) != bool(KINDS[kind].folder):
        needed = f"{kind}:KEY" if KINDS[kind].folder else str(kind)
        raise ConfigError(f"{said!r} names no item", hint=f"Say it as {needed}.")
    return Item(kind, key)


def unknown_item(item: Item, paths: Iterable[str], where: str) -> ConfigError:
    """Return the error for an item that is nowhere, with those that may be meant.

    Args:
        item: what was asked for.
        paths: the files there are.
        where: what was looked into.
    """
    places = [place for path in paths if (place := parse_path(path)) and place.key and not place.version]
    known = sorted({place.key for place in places if place.kind is item.kind})
    close = difflib.get_close_matches(item.key.lower(), known, _SUGGESTED, _ALIKE)
    close += [key for key in known if item.key and item.key in key and key not in close][:_SUGGESTED]
    near = [Item(place.kind, place.key) for place in places if place.key == item.key]
    near += [Item(item.kind, key) for key in close]
    noun = KINDS[item.kind].noun[1]
    there = f"There are: {', '.join(known)}." if 0 < len(known) <= _SUGGESTED else ""
    hint = f"Did you mean {' or '.join(map(str, near[:_SUGGESTED]))}?" if near else there
    if not known:
        hint = hint or f"There are no {noun} in it."
    return ConfigError(f"there is no {item} in {where}", hint=hint)


def is_possible(item: Item) -> bool:
    """Whether a snapshot can have such an item at all."""
    return not item.key or is_key(item.key)
