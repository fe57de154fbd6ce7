"""What of a project to export: kinds, spaces and depth."""

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

# Kinds without a space; `--space` leaves them out.
_WITHOUT_SPACE = frozenset({Kind.VIRTUAL_VIEW, Kind.TAG, Kind.PINS, Kind.METRIC_ICONS, Kind.PROJECT})


class Depth(IntEnum):
    """How much to read of the selected items; each level includes the one before, and takes more requests.

    Attributes:
        CONTENT: the current content; charts come in pages of a hundred if the server has them.
        AUTHORS: also the authors of charts inside dashboards; and no view of a dashboard is counted.
        SINGLY: also what only a chart's own answer has, such as its colour palette.
        HISTORY: also the earlier versions.
    """

    CONTENT = 1
    AUTHORS = 2
    SINGLY = 3
    HISTORY = 4


@dataclass(frozen=True, slots=True)
class ExportSelection:
    """What to export.

    Attributes:
        kinds: kinds to export, or None for all.
        spaces: keys of spaces whose content to export, or None for all.
        depth: how much to read of them.
        palettes: uuids of charts whose colour palette must be known at any depth.
        space_palettes: whether the palettes of spaces must be known, unless only content is read.
        merges: whether it must be known which charts merge rows of other queries, at any depth, and even if
            the server's settings let nobody create merges, because its API still accepts them.
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
        """Whether dashboards are read without counting a view, which takes one more request each."""
        return self.depth >= Depth.AUTHORS

    @property
    def singly(self) -> bool:
        """Whether each chart is read by itself even if the server has pages."""
        return self.depth >= Depth.SINGLY

    @property
    def whole_spaces(self) -> bool:
        """Whether each space is read by itself even if the lists suffice: only that shows its palette."""
        return self.depth >= Depth.AUTHORS and self.space_palettes

    @property
    def reads_all(self) -> bool:
        """Whether everything is exported with history, so that each item is read by itself anyway."""
        return self.history and not self.in_manifest().is_partial

    @property
    def is_kept(self) -> bool:
        """Whether the result is kept, with a manifest that has the day of the last full read.

        Readings for a plan or a comparison are used at once.
        """
        return self.depth in (Depth.CONTENT, Depth.HISTORY)

    @property
    def counts_the_rest(self) -> bool:
        """Whether what snapshots do not contain is counted: in exports of everything, not in comparisons."""
        return self.is_kept and not self.in_manifest().is_partial

    def by_itself(self, chart: str) -> bool:
        """Whether a chart is read by itself, because only that has its palette."""
        return self.singly or chart in self.palettes

    def signs(self, server: Server) -> bool:
        """Whether the author of a chart inside a dashboard must be known, where that takes a request each."""
        return self.depth >= Depth.AUTHORS or not server.can("charts_in_bulk")

    def wants(self, kind: Kind) -> bool:
        """Whether items of a kind are exported at all."""
        if self.spaces is not None and kind in _WITHOUT_SPACE:
            return False
        return self.kinds is None or kind in self.kinds

    def wants_in(self, kind: Kind, space: str) -> bool:
        """Whether items of a kind are exported from the space with a key."""
        return self.wants(kind) and (self.spaces is None or space in self.spaces)

    def wants_history(self, kind: Kind, server: Server) -> bool:
        """Whether earlier versions of a kind are read, and the server has them."""
        return self.history and self.wants(kind) and server.tells_history(kind)

    def require_spaces(self, keys: Iterable[str]) -> None:
        """Check that the selected spaces exist.

        Raises:
            ConfigError: one does not; the message lists those that do.
        """
        there = set(keys)
        if unknown := sorted((self.spaces or frozenset()) - there):
            raise ConfigError(
                f"there is no space {unknown[0]!r} in the project",
                hint=f"There are: {', '.join(sorted(there))}.",
            )

    def in_manifest(self) -> SnapshotSelection:
        """Return the selection in the form of the manifest."""
        return SnapshotSelection(
            kinds=None if self.kinds is None else sorted(self.kinds),
            spaces=None if self.spaces is None else sorted(self.spaces),
            history=self.history,
            historySince=self.since.isoformat() if self.since and self.history else None,
        )

    def require_fits(self, target: Path, old: Manifest | None) -> None:
        """Prevent a partial export from replacing a snapshot of another selection.

        Raises:
            Refused: the existing snapshot has other kinds or spaces than this selection.
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
