"""What of a project to export: kinds and spaces, chosen by the user."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import ConfigError, Refused
from lightdash_sync.snapshot.manifest import SnapshotSelection

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

    from lightdash_sync.lightdash.versions import Server
    from lightdash_sync.snapshot.manifest import Manifest

# These have no space, so `--space` leaves them out.
_WITHOUT_SPACE = frozenset({Kind.VIRTUAL_VIEW, Kind.TAG, Kind.PINS, Kind.METRIC_ICONS, Kind.PROJECT})


class Depth(IntEnum):
    """How much is asked of what is chosen; each asks all that the one before does, and takes more requests.

    Attributes:
        CONTENT: what stands there now; charts come by the hundred where the server has pages of them.
        AUTHORS: also who saved charts inside dashboards; and no view of a dashboard is counted.
        SINGLY: each chart by its own answer, for what no page tells of it: its colour palette.
        HISTORY: also the earlier versions.
    """

    CONTENT = 1
    AUTHORS = 2
    SINGLY = 3
    HISTORY = 4


@dataclass(frozen=True, slots=True)
class ExportSelection:
    """What the user chose.

    Attributes:
        kinds: kinds to export, or None for all.
        spaces: keys of spaces whose content to export, or None for all.
        depth: how much to ask of them.
        palettes: uuids of charts of which it must be known which palette they have, however deep.
        space_palettes: whether it must be known of spaces, unless only content is asked for.
        merges: whether it must be known which charts merge rows of other queries, however deep, and even
            where the server lets nobody make merges: who uses its API still can.
        since: the day from which on earlier versions are read; None for all.
    """

    kinds: frozenset[Kind] | None = None
    spaces: frozenset[str] | None = None
    depth: Depth = Depth.HISTORY
    palettes: frozenset[str] = frozenset()
    space_palettes: bool = True
    merges: bool = False
    since: date | None = None

    @property
    def history(self) -> bool:
        """Whether earlier versions are read."""
        return self.depth is Depth.HISTORY

    @property
    def uncounted(self) -> bool:
        """Whether dashboards are read so that no view is counted, though that takes a request more."""
        return self.depth >= Depth.AUTHORS

    @property
    def singly(self) -> bool:
        """Whether each chart is read by itself, also where the server has pages."""
        return self.depth >= Depth.SINGLY

    @property
    def whole_spaces(self) -> bool:
        """Whether each space is read by itself, also where lists tell of it: only so its palette is told."""
        return self.depth >= Depth.AUTHORS and self.space_palettes

    @property
    def reads_all(self) -> bool:
        """Whether everything is exported, with history: then each item is asked for by itself anyway."""
        return self.history and not self.in_manifest().is_partial

    @property
    def is_kept(self) -> bool:
        """Whether somebody keeps what is read, with a manifest that says of which day it is.

        Readings for a plan or a comparison are used at once.
        """
        return self.depth in (Depth.CONTENT, Depth.HISTORY)

    @property
    def counts_the_rest(self) -> bool:
        """Whether what no snapshot holds is counted: in exports of everything, and in no mere comparison."""
        return self.is_kept and not self.in_manifest().is_partial

    def by_itself(self, chart: str) -> bool:
        """Whether a chart is read by itself: only so the server tells its palette."""
        return self.singly or chart in self.palettes

    def signs(self, server: Server) -> bool:
        """Whether it is to be known who saved a chart inside a dashboard, where that takes a request each."""
        return self.depth >= Depth.AUTHORS or not server.can("charts_in_bulk")

    def wants(self, kind: Kind) -> bool:
        """Whether items of a kind are to be exported at all."""
        if self.spaces is not None and kind in _WITHOUT_SPACE:
            return False
        return self.kinds is None or kind in self.kinds

    def wants_in(self, kind: Kind, space: str) -> bool:
        """Whether items of a kind are to be exported from the space of a key."""
        return self.wants(kind) and (self.spaces is None or space in self.spaces)

    def wants_history(self, kind: Kind, server: Server) -> bool:
        """Whether earlier versions of a kind are to be read, and a server can tell them."""
        return self.history and self.wants(kind) and server.tells_history(kind)

    def require_spaces(self, keys: Iterable[str]) -> None:
        """Check that the chosen spaces exist.

        Raises:
            ConfigError: one does not; the message lists those there are.
        """
        there = set(keys)
        if unknown := sorted((self.spaces or frozenset()) - there):
            raise ConfigError(
                f"there is no space {unknown[0]!r} in the project",
                hint=f"There are: {', '.join(sorted(there))}.",
            )

    def in_manifest(self) -> SnapshotSelection:
        """Return the choice as the manifest has it."""
        return SnapshotSelection(
            kinds=None if self.kinds is None else sorted(self.kinds),
            spaces=None if self.spaces is None else sorted(self.spaces),
            history=self.history,
            historySince=self.since.isoformat() if self.since and self.history else None,
        )

    def require_fits(self, target: Path, old: Manifest | None) -> None:
        """Keep a part from replacing a whole.

        Raises:
            Refused: the snapshot there holds kinds or spaces that this choice leaves out.
        """
        new = self.in_manifest()
        if old is None or not new.is_partial:
            return
        if (old.selection.kinds, old.selection.spaces) != (new.kinds, new.spaces):
            items = sum(old.counts.get(kind, 0) for kind in Kind)
            raise Refused(
                f"{target} holds a snapshot of {items} items, which a partial export would replace",
                hint="Choose another directory with --path, or export everything.",
            )
