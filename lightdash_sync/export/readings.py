"""Reading many items, and remembering which could not be read.

What cannot be read is collected by name. An item that a list names and that is gone is no such item: the
project changed under the reading. What shows that is collected, too, so that what was read meanwhile is kept;
`Moved` is only for what makes the rest of a reading useless.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeVar

from lightdash_sync.errors import NotFound, SyncError, Unconvertible
from lightdash_sync.export.workers import Unread
from lightdash_sync.model.kinds import KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from lightdash_sync.export.workers import Workers

R = TypeVar("R")

log = logging.getLogger(__name__)

_OPEN_IT = (
    "Open the item in Lightdash and save it with less in it; if there is nothing odd, report this as a bug."
)


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
            lambda uuid: (uuid, _converted(partial(read, uuid))),
            lambda uuid: f"{kind}:{names.get(uuid) or uuid}",
        )
        self.moved += [f"{item.what} is gone" for item in unread if isinstance(item.error, NotFound)]
        self.unread += [item for item in unread if not isinstance(item.error, NotFound)]
        return dict(pairs)

    def convert(self, what: str, work: Callable[[], R]) -> R | None:
        """Do something with one item, and remember it as unread, by name, if it cannot be converted.

        Args:
            what: `kind:key`.
            work: what to do.

        Returns:
            What came of it; None if nothing did.
        """
        try:
            return _converted(work)
        except Unconvertible as error:
            self.unread.append(Unread(what, error))
            return None


def _converted(work: Callable[[], R]) -> R:
    """Do something with one item; whatever is odd about it is said of this item, and ends nothing else.

    Raises:
        Unconvertible: it cannot be done. Anything of our own passes, and so does what the disk says.
    """
    try:
        return work()
    except (SyncError, Moved, OSError):
        raise
    except Exception as error:
        log.info("an item cannot be converted", exc_info=True)
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error) or type(error).__name__
        raise Unconvertible(f"its content cannot be stored: {why}", hint=_OPEN_IT) from error
