"""One change: a value that says what differs, where, and from what to what."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from lightdash_sync.model.canonical import Json, canonical
from lightdash_sync.model.changes.codes import QUIET

if TYPE_CHECKING:
    from collections.abc import Sequence


class Absent(Enum):
    """The type of `ABSENT`: not there at all, which is not the same as null."""

    ABSENT = "absent"


ABSENT: Final[Literal[Absent.ABSENT]] = Absent.ABSENT

Value: TypeAlias = "Json | Literal[Absent.ABSENT]"
Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What differs at one place of an item's content.

    Text in it comes from content and is not to be trusted: who shows it, escapes it.

    Attributes:
        what: a code of `codes.CODES`, which stays the same from version to version.
        where: path in the new content; in the old one, for what is not in the new one any more.
        before: the value there was, or `ABSENT`. Of some codes it is what the code is about: the place of
            a tile, the kind of a chart, the names of what was put in another order.
        after: the value there is, or `ABSENT`.
        name: who or what it is about, as users call it: `orders.status`, the name of a tile. May be "".
        also: other paths that the same change explains.
        tables: names of tables, by which the id of a field is told from its table's.
    """

    what: str
    where: Path
    before: Value
    after: Value
    name: str = ""
    also: tuple[Path, ...] = ()
    tables: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @property
    def quiet(self) -> bool:
        """Whether it means nothing to users: ids that were made anew, places in a sorted list."""
        return self.what in QUIET

    @property
    def places(self) -> tuple[Path, ...]:
        """All paths that it explains."""
        return (self.where, *self.also)


def same(old: Value, new: Value) -> bool:
    """Whether two values have the same canonical bytes: in Python, `True == 1 == 1.0`."""
    if old is ABSENT or new is ABSENT:
        return old is new
    return old == new and canonical(old) == canonical(new)


def field_name(field_id: str, tables: Sequence[str]) -> str:
    """Return the id of a field as `table.field`, if its table is known; else as it is.

    Args:
        field_id: as queries have it: `orders_total_revenue`.
        tables: names of tables, longest first, since one may be the beginning of another.
    """
    for table in tables:
        if len(field_id) > len(table) + 1 and field_id.startswith(f"{table}_"):
            return f"{table}.{field_id[len(table) + 1 :]}"
    return field_id


def dotted(path: Sequence[str | int]) -> str:
    """Return a path as people write it: `chartConfig.config.series[0].type`; the empty one is `content`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.replace("_", "").isalnum():
            text += f".{part}" if text else part
        else:
            text += f"[{canonical(part).decode().strip()}]"
    return text or "content"
