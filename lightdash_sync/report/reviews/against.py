"""What is to be thought of a promotion, by reason, in words; and what allows it or does it right."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lightdash_sync.promote.values import NEVER_ACCEPTED, Code, Weight
from lightdash_sync.report.parts.objections import Objection, Objections

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightdash_sync.promote.values import Review, Reviewed, Verdict


class Words(NamedTuple):
    """How a reason is said.

    Attributes:
        title: of all items that have it.
        accepted: what `--accept` does then; "" where it can do nothing.
        replayed: what `--via replay` does instead.
    """

    title: str
    accepted: str = "promotes it nevertheless"
    replayed: str = "carries it over as it should be"


WORDS = {
    Code.NEW: Words("New upstream"),
    Code.CHANGED: Words("Changed upstream"),
    Code.UNCHANGED: Words("Unchanged upstream"),
    Code.UPSTREAM_NEWER: Words(
        "Upstream is newer",
        "overwrites what upstream has",
        "compares both sides, and asks before it overwrites",
    ),
    Code.UPSTREAM_CHANGED: Words(
        "Changed upstream since the last sync",
        "overwrites what upstream has",
        "compares both sides, and asks before it overwrites",
    ),
    Code.WOULD_DUPLICATE: Words("Would be made a second time", "makes another one", "keeps a single copy"),
    Code.WOULD_DELETE: Words("Would delete charts upstream", "lets them be deleted"),
    Code.WOULD_HIDE: Words("Would leave charts that nothing shows", "leaves them there"),
    Code.WOULD_BREAK: Words("Would be broken upstream"),
    Code.POINTS_TO_SOURCE: Words("Would point to the source project", "promotes it with what points there"),
    Code.RENAMES_SPACE: Words("Would rename a space upstream", "renames it"),
    Code.NOT_MOVED: Words("Would not be moved upstream", "leaves it where it is", "moves it"),
    Code.OTHER_ITEM: Words("Would write another item than the linked one", "writes the other item"),
    Code.AMBIGUOUS: Words(
        "Several upstream items with one slug", "", "writes the one that it is linked with"
    ),
    Code.FORBIDDEN: Words("Not permitted", ""),
    Code.INSIDE_DASHBOARD: Words("Inside a dashboard, which has to be promoted instead", ""),
    Code.NOT_PROMOTABLE: Words("Cannot be promoted", ""),
    Code.UNCLEAR: Words("Nobody can foresee what Lightdash would do", ""),
    Code.WIDENS_ACCESS: Words(
        "Would give more people access", "gives them access", "gives the same people access"
    ),
    Code.BREAKS_DELIVERIES: Words(
        "Would break deliveries upstream", "lets them break", "keeps the tabs and tiles that they name"
    ),
    Code.MOVES_COMMENTS: Words(
        "Would lose comments from sight", "loses them from sight", "keeps the tiles that they belong to"
    ),
    Code.STAYS_VERIFIED: Words(
        "Would stay verified upstream", "leaves the mark", "takes the mark off, or gives it in your name"
    ),
}
_PLAIN = frozenset({Code.NEW, Code.CHANGED, Code.UNCHANGED})  # the report says it without them


def objections(review: Review) -> list[Objections]:
    """Return why the promotion is refused, by reason; nothing if it is not."""
    return _grouped(review, lambda verdict: verdict.blocks, _allowing)


def accepted(review: Review) -> list[Objections]:
    """Return what would have been refused, if the user had not accepted it."""
    return _grouped(review, lambda verdict: verdict.weight is Weight.BLOCKS and verdict.accepted, _replaying)


def warnings(review: Review) -> list[Objections]:
    """Return what people should know, and what stands in no way."""
    return _grouped(review, lambda verdict: verdict.weight is Weight.WARNS, _replaying)


def remarks(review: Review) -> list[str]:
    """Return what else there is to say of items, line by line."""
    return [
        f"{item.item}: {verdict.what}"
        for item in review.items
        for verdict in item.verdicts
        if verdict.weight is Weight.TELLS and verdict.code not in _PLAIN
    ]


def _grouped(
    review: Review,
    matters: Callable[[Verdict], bool],
    hints: Callable[[Reviewed, Verdict], tuple[tuple[str, str], ...]],
) -> list[Objections]:
    """Return the verdicts that matter by code, in the order of codes."""
    found: dict[Code, list[Objection]] = {}
    for item in review.items:
        name = "" if item.name in (item.key, item.kind) else item.name
        for verdict in filter(matters, item.verdicts):
            one = Objection(verdict.code.value, item.item, name, verdict.what, hints=hints(item, verdict))
            found.setdefault(verdict.code, []).append(one)
    return [
        Objections(code.value, words.title, tuple(found[code]))
        for code, words in WORDS.items()
        if code in found
    ]


def _allowing(item: Reviewed, verdict: Verdict) -> tuple[tuple[str, str], ...]:
    """Return the options that allow an item, or do it right."""
    if verdict.code in NEVER_ACCEPTED:
        return _replaying(item, verdict)
    does = WORDS[verdict.code].accepted
    if verdict.code is Code.UPSTREAM_NEWER and not item.effective:
        does = "leaves upstream as it is"
    return ((f"--accept {item.item}", does), *_replaying(item, verdict))


def _replaying(_item: Reviewed, verdict: Verdict) -> tuple[tuple[str, str], ...]:
    return (("--via replay", WORDS[verdict.code].replayed),) if verdict.replay else ()
