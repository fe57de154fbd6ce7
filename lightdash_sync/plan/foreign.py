"""Uuids of another project in what is to be written: nothing on the target has them.

What a content file refers to is said by keys and tokens, wherever it stands. Two things are left as the
server said them: the uuid of a part of *another* dashboard, such as a link in Markdown to one of its tabs,
and a uuid in a field that nobody told us of. The first would be written into a project that does not know
it, so it is refused; of the second nobody knows what it is the uuid of, so it is named.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.parts import TOKENS, by_id
from lightdash_sync.model.shown import shown
from lightdash_sync.plan.fields import Finding
from lightdash_sync.plan.values import Gravity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lightdash_sync.model.canonical import Json
    from lightdash_sync.model.identity import Identity

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Names that an item gives within itself, and values that people filter by.
_ITS_OWN = frozenset({"id", "controlUuid", "requiredGroupId", "values", "parameters", "verification"})
_CONTROLS = ("config", "dateZoomConfig", "controls")  # each has a `uuid`, by which its targets name it


def parts_of_all(identity: Identity) -> dict[str, str]:
    """Return uuid -> words for the parts of all dashboards of a project."""
    return {
        uuid: f"the {word} {shown(name)} of dashboard:{key}"
        for key, facts in sorted(identity.items.get(Kind.DASHBOARD, {}).items())
        for word, part in TOKENS.items()
        for uuid, name in by_id(facts, part).items()
    }


def foreign_findings(content: Json, parts: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the uuids in a content file that mean something only where it comes from.

    Args:
        content: of the file.
        parts: uuid -> words, of the parts of dashboards there.
    """
    for path, text in _texts(content, ()):
        place = ".".join(path)
        for uuid in sorted({*_UUID.findall(text)} & parts.keys()):
            what = (
                f"its field {shown(place)} holds the uuid of {parts[uuid]} of the source, which nothing in"
                " the target has; replace it there"
            )
            yield Finding("foreign_uuid", f"{place} {uuid}", what)
        if _UUID.fullmatch(text) and text not in parts and not _is_its_own(path):
            what = (
                f"its field {shown(place)} holds the uuid {text}, and what it is of is not known: it is"
                " written as it is"
            )
            yield Finding("unknown_uuid", f"{place} {text}", what, Gravity.WARNS)


def _texts(value: Json, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every text in a value, names of fields included, with the fields that lead to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, path)
    elif isinstance(value, dict):
        for name, one in value.items():
            if _UUID.search(name):
                yield path, name
                yield from _texts(one, path)
            else:
                yield from _texts(one, (*path, name))


def _is_its_own(path: tuple[str, ...]) -> bool:
    return not _ITS_OWN.isdisjoint(path) or path[:-1] == _CONTROLS
