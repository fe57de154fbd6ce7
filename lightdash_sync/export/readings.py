"""Reading many items, and remembering which could not be read.

What cannot be read is collected by name. An item that a list names and that is gone is no such item: the
project changed under the reading. What shows that is collected, too, so that what was read meanwhile is kept;
`Moved` is only for what makes the rest of a reading useless.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

from lightdash_sync.errors import NotFound
from lightdash_sync.model.kinds import KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from lightdash_sync.export.workers import Unread, Workers

R = TypeVar("R")


class Moved(Exception):
    """The project changed while it was read, so that nothing can be made of this reading.

    Args:
        what: what was seen, in words.
    """


@dataclass
class Readings:
    """Reads items with all workers, and remembers which could not be read.

    Attributes:
        workers: the threads.
        unread: what could not be read so far.
        moved: what showed that the project changed meanwhile, in words: the reading is no snapshot yet.
        doubts: what may show it, or may always be so, in words; if the next reading has the same, it is so.
    """

    workers: Workers
    unread: list[Unread] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    doubts: set[str] = field(default_factory=set)

    def of(
        self,
        kind: Kind | Literal["metric", "explore"],
        uuids: Collection[str],
        read: Callable[[str], R],
        names: Mapping[str, str],
        which: str = "",
    ) -> dict[str, R]:
        """Read some items of a kind.

        Args:
            kind: for the progress, and to name what cannot be read.
            uuids: the items; for metrics and explores, their names.
            read: reads one.
            names: uuid -> key or slug, where there is one.
            which: more words for the progress, such as "that no list names".

        Returns:
            uuid -> what was read; without those that could not be, and those that are gone.
        """
        nouns = KINDS[kind].noun if isinstance(kind, Kind) else (kind, f"{kind}s")
        noun = nouns[0 if len(uuids) == 1 else 1]
        pairs, unread = self.workers.run(
            f"{noun} {which}".strip(),
            uuids,
            lambda uuid: (uuid, read(uuid)),
            lambda uuid: f"{kind}:{names.get(uuid) or uuid}",
        )
        self.moved += [f"{item.what} is gone" for item in unread if isinstance(item.error, NotFound)]
        self.unread += [item for item in unread if not isinstance(item.error, NotFound)]
        return dict(pairs)
