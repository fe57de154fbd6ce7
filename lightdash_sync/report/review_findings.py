"""Groups the findings of a promotion's review by reason, with the options that accept or avoid each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lightdash_sync.promotion.values import NEVER_ACCEPTED, FindingCode, Severity
from lightdash_sync.report.value import Finding, FindingGroup, Hint

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightdash_sync.promotion.values import Review, Reviewed, Verdict


class Reason(NamedTuple):
    """A reason in words.

    Attributes:
        title: of all items that have it.
        accepted: the effect of `--accept`; "" if it has none.
        replayed: what `--via replay` does instead.
    """

    title: str
    accepted: str = "promotes it nevertheless"
    replayed: str = "carries it over as it should be"


REASONS = {
    FindingCode.NEW: Reason("New upstream"),
    FindingCode.CHANGED: Reason("Changed upstream"),
    FindingCode.UNCHANGED: Reason("Unchanged upstream"),
    FindingCode.UPSTREAM_NEWER: Reason(
        "Upstream is newer",
        "overwrites what upstream has",
        "compares both sides, and asks before it overwrites",
    ),
    FindingCode.UPSTREAM_CHANGED: Reason(
        "Changed upstream since the last sync",
        "overwrites what upstream has",
        "compares both sides, and asks before it overwrites",
    ),
    FindingCode.WOULD_DUPLICATE: Reason(
        "Would be made a second time", "makes another one", "keeps a single copy"
    ),
    FindingCode.WOULD_DELETE: Reason("Would delete charts upstream", "lets them be deleted"),
    FindingCode.WOULD_HIDE: Reason("Would leave charts that nothing shows", "leaves them there"),
    FindingCode.WOULD_BREAK: Reason("Would be broken upstream"),
    FindingCode.POINTS_TO_SOURCE: Reason(
        "Would point to the source project", "promotes it with what points there"
    ),
    FindingCode.RENAMES_SPACE: Reason("Would rename a space upstream", "renames it"),
    FindingCode.NOT_MOVED: Reason("Would not be moved upstream", "leaves it where it is", "moves it"),
    FindingCode.OTHER_ITEM: Reason("Would write another item than the linked one", "writes the other item"),
    FindingCode.AMBIGUOUS: Reason(
        "Several upstream items with one slug", "", "writes the one that it is linked with"
    ),
    FindingCode.FORBIDDEN: Reason("Not permitted", ""),
    FindingCode.INSIDE_DASHBOARD: Reason("Inside a dashboard, which has to be promoted instead", ""),
    FindingCode.NOT_PROMOTABLE: Reason("Cannot be promoted", ""),
    FindingCode.UNCLEAR: Reason("Nobody can foresee what Lightdash would do", ""),
    FindingCode.WIDENS_ACCESS: Reason(
        "Would give more people access", "gives them access", "gives the same people access"
    ),
    FindingCode.BREAKS_DELIVERIES: Reason(
        "Would break deliveries upstream", "lets them break", "keeps the tabs and tiles that they name"
    ),
    FindingCode.MOVES_COMMENTS: Reason(
        "Would lose comments from sight", "loses them from sight", "keeps the tiles that they belong to"
    ),
    FindingCode.STAYS_VERIFIED: Reason(
        "Would stay verified upstream", "leaves the mark", "takes the mark off, or gives it in your name"
    ),
}
_PLAIN = frozenset(
    {FindingCode.NEW, FindingCode.CHANGED, FindingCode.UNCHANGED}
)  # what every item is; the report shows that anyway


def blocking_findings(review: Review) -> tuple[FindingGroup, ...]:
    """Return the findings that block the promotion, by reason; empty if there are none."""
    return _grouped(review, lambda verdict: verdict.blocks, _allowing)


def accepted_findings(review: Review) -> tuple[FindingGroup, ...]:
    """Return the findings that would block the promotion if the user had not accepted them."""
    return _grouped(
        review, lambda verdict: verdict.weight is Severity.BLOCKS and verdict.accepted, _replaying
    )


def warning_findings(review: Review) -> tuple[FindingGroup, ...]:
    """Return the warnings, which do not block the promotion."""
    return _grouped(review, lambda verdict: verdict.weight is Severity.WARNS, _replaying)


def remarks(review: Review) -> list[str]:
    """Return further remarks on items, line by line."""
    return [
        f"{item.item}: {verdict.what}"
        for item in review.items
        for verdict in item.verdicts
        if verdict.weight is Severity.TELLS and verdict.code not in _PLAIN
    ]


def _grouped(
    review: Review,
    matters: Callable[[Verdict], bool],
    hints: Callable[[Reviewed, Verdict], tuple[Hint, ...]],
) -> tuple[FindingGroup, ...]:
    """Return the verdicts that matter by code, in the order of codes."""
    found: dict[FindingCode, list[Finding]] = {}
    for item in review.items:
        name = "" if item.name in (item.key, item.kind) else item.name
        for verdict in filter(matters, item.verdicts):
            one = Finding(verdict.code.value, verdict.what, item.item, name, hints=hints(item, verdict))
            found.setdefault(verdict.code, []).append(one)
    return tuple(
        FindingGroup(code.value, reason.title, tuple(found[code]))
        for code, reason in REASONS.items()
        if code in found
    )


def _allowing(item: Reviewed, verdict: Verdict) -> tuple[Hint, ...]:
    """Return the options that accept a finding, or avoid it."""
    if verdict.code in NEVER_ACCEPTED:
        return _replaying(item, verdict)
    effect = REASONS[verdict.code].accepted
    if verdict.code is FindingCode.UPSTREAM_NEWER and not item.effective:
        effect = "leaves upstream as it is"
    return (Hint(effect, "--accept", item.item), *_replaying(item, verdict))


def _replaying(_item: Reviewed, verdict: Verdict) -> tuple[Hint, ...]:
    return (Hint(REASONS[verdict.code].replayed, "--via replay"),) if verdict.replay else ()
