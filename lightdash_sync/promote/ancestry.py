"""Whether upstream was changed after the source's item was copied from it, or last promoted to it.

Lightdash goes by the time of the last version alone: whoever saved last wins, and what the other side had is
gone. The versions of the source's item tell more. A preview keeps the times of what it copies, and a
promotion copies a version; so if upstream is in none of these versions, somebody has worked there. It is
known for the kinds whose history the server tells (dashboards since 0.2450.0, to those who may manage them),
and as far back as Lightdash lists versions (to the first one since 0.3007.0, else three days by default).
Reading a version counts no view.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.errors import Incomplete, NotAuthorised
from lightdash_sync.export.workers import Workers
from lightdash_sync.model.authorship import moment, of_version
from lightdash_sync.model.changes import changes
from lightdash_sync.model.naming import layouts_of, names_like
from lightdash_sync.model.normal import normalise
from lightdash_sync.model.portable import to_portable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.client.views import Version
    from lightdash_sync.export.workers import Progress
    from lightdash_sync.model.kinds import Kind
    from lightdash_sync.plan.options import Item
    from lightdash_sync.promote.foresight import Foresight


def overwritten(
    lightdash: Lightdash, foresight: Foresight, items: Sequence[Item], progress: Progress
) -> frozenset[Item]:
    """Return the items whose upstream ones have work in them that the source never had.

    Args:
        lightdash: the server, with a token that sees the source.
        foresight: both projects.
        items: of the source, that would be written; of kinds whose history the server tells.
        progress: who is told how far it is.

    Raises:
        Incomplete: a history could not be read.
    """
    session = lightdash.session
    workers = Workers(session.connection.concurrency, session.pacer.stopped, progress)
    try:
        found, failed = workers.run(
            "histories",
            items,
            lambda item: (item, _has_own_work(lightdash, foresight, item)),
            lambda item: f"{item[0]}:{item[1]}",
        )
    finally:
        workers.close()
    if failed:
        raise Incomplete(
            f"{failed[0].what}: its versions could not be read: {failed[0].error.message}",
            hint="Nothing was changed. Try again.",
        )
    return frozenset(item for item, has in found if has)


def _has_own_work(lightdash: Lightdash, foresight: Foresight, item: Item) -> bool:
    kind, theirs, uuid = item[0], foresight.stamps(item)[1], foresight.here.uuid(*item)
    if theirs is None or uuid is None:
        return False
    versions = [(moment(version.createdAt), version) for version in _history(lightdash, kind, uuid)]
    if any(time == theirs.time for time, _ in versions):
        return False
    before = [(time, version) for time, version in versions if time is not None and time < theirs.time]
    if not before:
        return False  # the history does not reach back so far
    _, version = max(before, key=lambda pair: pair[0])
    normal = normalise(kind, lightdash.version(kind, uuid, version.versionUuid)).content
    layout = names_like(normal, foresight.here, layouts_of(foresight.here.facts(*item)))
    content = to_portable(kind, item[1], normal, foresight.here, layout).content
    mine, there = foresight.copied_version(kind, content), of_version(kind, foresight.before(item))
    return any(not change.quiet for change in changes(kind, mine, there))


def _history(lightdash: Lightdash, kind: Kind, uuid: str) -> list[Version]:
    """Return the history of an item; nothing if the token may not see it, as of dashboards of others."""
    try:
        return lightdash.history(kind, uuid)
    except NotAuthorised as error:
        if error.status != 403:
            raise
        return []
