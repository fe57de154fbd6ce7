"""Reading many items, and remembering which could not be read.

What cannot be read is collected by name. An item that a list names and that is gone is no such item: it
means that the project changed under the reading, and `Moved` says so.
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
    """The project changed while it was read.

    Args:
        what: what was seen, in words.
    """


@dataclass
class Readings:
    """Reads items with all workers, and remembers which could not be read.

    Attributes:
        workers: the threads.
        unread: what could not be read so far.
    """

    workers: Workers
    unread: list[Unread] = field(default_factory=list)

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
            uuid -> what was read; without those that could not be.

        Raises:
            Moved: one of them is gone.
        """
        nouns = KINDS[kind].noun if isinstance(kind, Kind) else (kind, f"{kind}s")
        noun = nouns[0 if len(uuids) == 1 else 1]
        pairs, unread = self.workers.run(
            f"{noun} {which}".strip(),
            uuids,
            lambda uuid: (uuid, read(uuid)),
            lambda uuid: f"{kind}:{names.get(uuid) or uuid}",
        )
        for item in unread:
            if isinstance(item.error, NotFound):
                raise Moved(f"{item.what} is gone")
        self.unread += unread
        return dict(pairs)
