"""What the server says that a promotion would write (`promoteDiff`), told of the source's items.

Nothing is changed by asking, and no view is counted. A refusal is an answer too: it is kept with the item
whose promotion was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightdash_sync.errors import ApiError, Incomplete
from lightdash_sync.export.workers import Workers
from lightdash_sync.model.kinds import Kind
from lightdash_sync.promote.values import Code, Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.client.promotion import PromotionDiff
    from lightdash_sync.export.workers import Progress
    from lightdash_sync.model.identity import Identity
    from lightdash_sync.plan.options import Item

_REFUSALS = {400: Code.NOT_PROMOTABLE, 403: Code.FORBIDDEN, 404: Code.UNCLEAR, 409: Code.AMBIGUOUS}


@dataclass
class Answers:
    """What the server says.

    Attributes:
        words: item -> what it says of it; of what several calls concern, what was said first.
        met: item -> uuid of the upstream item that it takes for the same.
        refused: item -> code and reason, of what it says nothing.
    """

    words: dict[Item, Word] = field(default_factory=dict)
    met: dict[Item, str] = field(default_factory=dict)
    refused: dict[Item, tuple[Code, str]] = field(default_factory=dict)


def ask(
    lightdash: Lightdash, project: str, calls: Sequence[Item], identity: Identity, progress: Progress
) -> Answers:
    """Ask what each call would write.

    Args:
        lightdash: the server.
        project: uuid of the source project.
        calls: what would be promoted.
        identity: the map of the source.
        progress: who is told how far it is.

    Raises:
        Incomplete: the server gave no usable answer.
        NotAuthorised: the token is not accepted.
    """
    answers = Answers()
    session = lightdash.session
    workers = Workers(session.connection.concurrency, session.pacer.stopped, progress)

    def one(item: Item) -> tuple[Item, PromotionDiff | ApiError]:
        uuid = identity.uuid(*item) or ""
        try:
            return item, lightdash.promotion_diff(item[0], uuid, project)
        except ApiError as error:
            if error.status in _REFUSALS:
                return item, error
            raise

    try:
        found, failed = workers.run("promotions", calls, one, lambda item: f"{item[0]}:{item[1]}")
    finally:
        workers.close()
    if failed:
        raise Incomplete(
            f"{failed[0].what}: it is not known what its promotion would do: {failed[0].error.message}",
            hint="Nothing was changed. Try again.",
        )
    for item, answer in sorted(found, key=lambda pair: pair[0]):
        _note(item, answer, identity, answers)
    return answers


def _note(item: Item, answer: PromotionDiff | ApiError, identity: Identity, answers: Answers) -> None:
    if isinstance(answer, ApiError):
        answers.refused[item] = (_REFUSALS[answer.status or 404], answer.reason)
        return
    for other, word, uuid in _told(item, answer, identity):
        answers.words.setdefault(other, word)
        if word is not Word.CREATE:
            answers.met.setdefault(other, uuid)


def _told(item: Item, diff: PromotionDiff, identity: Identity) -> Iterator[tuple[Item, Word, str]]:
    """Yield item of the source, what is said of it, and the uuid that is said with it."""
    for kind, rows in ((Kind.CHART, diff.charts), (Kind.SQL_CHART, diff.sqlCharts)):
        for row in rows:
            yield (kind, identity.key(kind, row.data.oldUuid)), Word(row.action), row.data.uuid
    for dashboard in diff.dashboards:
        yield item, Word(dashboard.action), dashboard.data.uuid
    for space in diff.spaces:
        for key in _spaces(space.data.slug, space.data.path, identity):
            yield (Kind.SPACE, key), Word(space.action), space.data.uuid


def _spaces(slug: str, path: str | None, identity: Identity) -> Iterable[str]:
    """Return the keys of the source's spaces that a row stands for: those with its path, or its slug."""
    entries = identity.items.get(Kind.SPACE, {}).items()
    if path and any(facts.get("path") == path for _, facts in entries):
        return [key for key, facts in entries if facts.get("path") == path]
    return [key for key, facts in entries if facts.get("slug") == slug]
