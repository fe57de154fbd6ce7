"""Keys: the names that items have in files, safe on every file system and the same in every environment.

A key is given once and then kept (in `identity.json`) through renames of the item. It starts as the
server's slug where that is a safe file name, else as a readable remainder with a hash. Names are hostile
input: any editor can call a chart `../../x`, `CON` or 250 characters of emoji, so a key comes from an
allow-list, never from a list of what is forbidden.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID, uuid5

from lightdash_sync.content.json import digest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

MAX_KEY = 80
_SAFE = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{MAX_KEY - 1}}}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Device names of Windows, which it finds behind any extension too.
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin", "conout"]
    + [f"{port}{n}" for port in ("com", "lpt") for n in range(10)]
)

EXTERNAL = "~"  # starts the key of something outside the project; no item's key can start so


class Candidate(NamedTuple):
    """An item that may need a key.

    Attributes:
        uuid: its uuid on this server.
        base: the text the key should be made of: the slug, or the name where there is none.
        natural: what tells it from another item of the same base, alike in every environment.
    """

    uuid: str
    base: str
    natural: str


def is_key(text: str) -> bool:
    """Whether a text is safe as a key: `[a-z0-9][a-z0-9_-]{0,79}`, no device name and no uuid in it."""
    return bool(_SAFE.fullmatch(text)) and text not in _DEVICES and not _UUID.search(text)


def slugify(text: str) -> str:
    """Return what Lightdash makes of a name: lower case, each run of other than a-z and 0-9 one hyphen."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def virtual_view_uuid(project: str, name: str) -> str:
    """Return what stands for the uuid that virtual views do not have: made of their project and name."""
    return str(uuid5(UUID(project), f"virtual-view/{name}"))


def key_from(text: str) -> str:
    """Return a text as a key: itself if that is safe, else `x-`, its safe characters and a hash of it."""
    if is_key(text):
        return text
    readable = slugify(text)[:40].strip("-")
    key = "-".join(part for part in ("x", readable, digest(text)) if part)
    return key if is_key(key) else f"x-{digest(text)}"


def external_key(uuid: str) -> str:
    """Return the key for a reference to something that is not in the project."""
    return EXTERNAL + digest(uuid)


def assign_keys(
    candidates: Iterable[Candidate], known: Mapping[str, str], reserved: Collection[str] = ()
) -> dict[str, str]:
    """Give each item its key.

    An item that has a key keeps it. Items that would get the same key all get a hash of what tells them
    apart, so that none of them changes its name when another is deleted. The order of the candidates
    does not matter.

    Args:
        candidates: the items.
        known: uuid -> key, from the identity sidecar.
        reserved: keys that belong to items which are not among the candidates.

    Returns:
        uuid -> key, no key twice.
    """
    items = sorted(set(candidates))
    keys = {item.uuid: known[item.uuid] for item in items if item.uuid in known}
    taken = set(keys.values()) | set(reserved)
    fresh = [item for item in items if item.uuid not in keys]
    for attempt in (_plain, _by_nature, _by_uuid):
        wanted: dict[str, list[Candidate]] = {}
        for item in fresh:
            wanted.setdefault(attempt(item), []).append(item)
        fresh = []
        for key, claimants in sorted(wanted.items()):
            if len(claimants) == 1 and key not in taken:
                keys[claimants[0].uuid] = key
                taken.add(key)
            else:
                fresh.extend(claimants)
    for item in fresh:  # only if somebody chose a slug to collide with a hash
        keys[item.uuid] = f"x-{digest(item.uuid, 32)}"
    return keys


def _plain(item: Candidate) -> str:
    return key_from(item.base)


def _by_nature(item: Candidate) -> str:
    return _suffixed(item, digest(item.natural, 8))


def _by_uuid(item: Candidate) -> str:
    return _suffixed(item, digest(item.natural + item.uuid, 8))


def _suffixed(item: Candidate, suffix: str) -> str:
    return f"{key_from(item.base)[: MAX_KEY - 9].rstrip('-')}-{suffix}"
