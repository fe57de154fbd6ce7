"""A promotion as the tool runs it: both projects reviewed over HTTP, and the review run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from lightdash_sync.content.kinds import Kind
from lightdash_sync.export.run import Reading, export_project
from lightdash_sync.export.selection import Depth, ExportSelection
from lightdash_sync.lightdash.reading import Lightdash
from lightdash_sync.promotion.review import PreparedReview, ReviewRequest, review_for
from lightdash_sync.promotion.run import PromotionResult, run
from lightdash_sync.promotion.values import PromotionSelection
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.sources import Side, SideKind
from lightdash_sync.sync.runs import Folders
from lightdash_sync.sync.target import TargetEnvironment
from lightdash_sync.workers import Silent
from tests.exporting import lightdash_at
from tests.promotion.worlds import PREVIEW, PRODUCTION, STATES
from tests.sync.desk import Desk

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DEADLINE = 0.8  # seconds; a server that is slow beyond that gives no answer in time


class Everything:
    """Permissions of somebody who may do everything."""

    def missing(
        self, kind: Kind, source_space: str, upstream_space: str | None, *, exists: bool, name: str
    ) -> str:
        """Return that nothing is missing."""
        return ""

    def doubts(self) -> tuple[str, ...]:
        """Return that nothing is unclear."""
        return ()


@dataclass
class Stage:
    """Preview and production of a desk, with a connection.

    Attributes:
        desk: with both.
        lightdash: the server.
        place: production, as a target.
    """

    desk: Desk
    lightdash: Lightdash
    place: TargetEnvironment

    def side(self) -> Side:
        """Read preview as it is now."""
        root = Path(tempfile.mkdtemp(dir=self.desk.folder)) / "preview"
        chosen = ExportSelection(depth=Depth.CONTENT)
        project = self.desk.projects[PREVIEW]
        report = export_project(self.lightdash, project, root, chosen, Reading(full=True))
        return Side(PREVIEW, SideKind.ENVIRONMENT, Snapshot(root).tree(), report.manifest, root)

    def review(self, *names: str, accept: bool = True) -> PreparedReview:
        """Review what is in some states, or is called `kind:key`.

        Args:
            names: states of the world, or `kind:key`.
            accept: accept what speaks against it.
        """
        source = self.side()
        items = [self._item(name, source) for name in names]
        selection = PromotionSelection(
            dashboards=tuple(key for kind, key in items if kind is Kind.DASHBOARD),
            charts=tuple(key for kind, key in items if kind is Kind.CHART),
        )
        request = ReviewRequest(PREVIEW, selection)
        prepared = review_for(self.lightdash, source, self.place, Everything(), request)
        if not accept:
            return prepared
        blocked = tuple(item.item for item in prepared.review.items if item.blocking)
        return review_for(
            self.lightdash, source, self.place, Everything(), replace(request, accepted=blocked)
        )

    def run(self, prepared: PreparedReview, approved: str = "") -> PromotionResult:
        """Run what was reviewed."""
        with self.place.held():
            return run(self.lightdash, self.place, prepared, NOW, approved)

    def promote(self, *names: str) -> PromotionResult:
        """Review and run, whatever speaks against it."""
        return self.run(self.review(*names))

    def promotions(self) -> int:
        """Return how many promotions the server was asked for."""
        return sum(path.endswith("/promote") for _, path in self.desk.writes())

    def _item(self, name: str, source: Side) -> tuple[Kind, str]:
        if name not in STATES:
            kind, _, key = name.partition(":")
            return Kind(kind), key
        kind, called = STATES[name]
        uuid = self.desk.uuid(kind, called, PREVIEW)
        return kind, source.tree.identity.key(kind, uuid)


@contextmanager
def stage_of(desk: Desk, *, deadline: float = 5.0) -> Iterator[Stage]:
    """Open a desk for promotions; with a deadline, a server that is slow gives no answer in time."""
    lightdash = lightdash_at(desk.server.url, desk.world.tokens["admin"], deadline=deadline)
    with lightdash.session:
        folders = Folders(desk.folder / "snapshots" / PRODUCTION)
        place = TargetEnvironment(PRODUCTION, desk.projects[PRODUCTION], lightdash, folders, Silent())
        yield Stage(desk, lightdash, place)


def results(promoted: PromotionResult) -> dict[str, str]:
    """Return item -> what became of it."""
    return {fate.step.item: fate.result for fate in promoted.fates}


def told(promoted: PromotionResult) -> str:
    """Return all that is not as it was said, for a failed test."""
    lines: Iterable[str] = (
        *(f"failed {fate.step.item}: {fate.error}" for fate in promoted.failed),
        *(f"differs {one.item}: {[*map(str, one.changes)]}" for one in promoted.mismatches),
        *(f"unforeseen {one.item}: {one.status} {[*map(str, one.changes)]}" for one in promoted.unforeseen),
    )
    return "\n".join(lines)
