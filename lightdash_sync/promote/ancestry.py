"""Whether upstream was changed after the source's chart was copied from it, or last promoted to it.

Lightdash goes by the time of the last version alone: whoever saved last wins, and what the other side had is
gone. The versions of the source's chart tell more. A preview keeps the times of what it copies, and a
promotion copies a version; so if upstream is in none of these versions, somebody has worked there. It is
known for charts only, and as far back as Lightdash lists versions (three days by default). Reading a
version counts no view.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.errors import Incomplete
from lightdash_sync.export.workers import Workers
from lightdash_sync.model.authorship import moment, of_version
from lightdash_sync.model.changes import changes
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.normal import normalise
from lightdash_sync.model.portable import to_portable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.export.workers import Progress
    from lightdash_sync.plan.options import Item
    from lightdash_sync.promote.foresight import Foresight


def overwritten(
    lightdash: Lightdash, foresight: Foresight, charts: Sequence[Item], progress: Progress
) -> frozenset[Item]:
    """Return the charts whose upstream ones have work in them that the source never had.

    Args:
        lightdash: the server, with a token that sees the source.
        foresight: both projects.
        charts: of the source, that would be written.
        progress: who is told how far it is.

    Raises:
        Incomplete: a history could not be read.
    """
    session = lightdash.session
    workers = Workers(session.connection.concurrency, session.pacer.stopped, progress)
    try:
        found, failed = workers.run(
            "histories",
            charts,
            lambda item: (item, _has_own_work(lightdash, foresight, item)),
            lambda item: item[1],
        )
    finally:
        workers.close()
    if failed:
        raise Incomplete(
            f"chart:{failed[0].what}: its versions could not be read: {failed[0].error.message}",
            hint="Nothing was changed. Try again.",
        )
    return frozenset(item for item, has in found if has)


def _has_own_work(lightdash: Lightdash, foresight: Foresight, item: Item) -> bool:
    theirs, uuid = foresight.stamps(item)[1], foresight.here.uuid(*item)
    if theirs is None or uuid is None:
        return False
    versions = [(moment(version.createdAt), version) for version in lightdash.chart_history(uuid)]
    if any(time == theirs.time for time, _ in versions):
        return False
    before = [(time, version) for time, version in versions if time is not None and time < theirs.time]
    if not before:
        return False  # the history does not reach back so far
    _, version = max(before, key=lambda pair: pair[0])
    raw = lightdash.chart_version(uuid, version.versionUuid)[1].get("chart")
    if not isinstance(raw, dict):
        return False
    content = to_portable(Kind.CHART, item[1], normalise(Kind.CHART, raw).content, foresight.here).content
    mine, there = of_version(Kind.CHART, content), of_version(Kind.CHART, foresight.before(item))
    return any(not change.quiet for change in changes(Kind.CHART, mine, there))
