"""Looking back: what happened to an item or a snapshot, and what it was.

`open_sources` opens the snapshot on disk and the git repository around it, of which one will do.
`snapshot_log` tells the history of a snapshot, `read_past` and `time_line` that of one item, `find_one`
finds an item as it was. Nothing here needs a server or a token, and nothing is written.
"""

from lightdash_sync.timeline.commits import SnapshotCommit, snapshot_log
from lightdash_sync.timeline.item import Item, parse_item
from lightdash_sync.timeline.line import Entry, Event, time_line
from lightdash_sync.timeline.one import Found, find_one
from lightdash_sync.timeline.past import Past
from lightdash_sync.timeline.reading import read_past
from lightdash_sync.timeline.sources import (
    SHALLOW,
    Commits,
    Sources,
    only_snapshot,
    open_commits,
    open_sources,
)

__all__ = [
    "SHALLOW",
    "Commits",
    "Entry",
    "Event",
    "Found",
    "Item",
    "Past",
    "SnapshotCommit",
    "Sources",
    "find_one",
    "only_snapshot",
    "open_commits",
    "open_sources",
    "parse_item",
    "read_past",
    "snapshot_log",
    "time_line",
]
