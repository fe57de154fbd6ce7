"""Renders the review of a promotion as a report: whether it may be run, what it does, and notes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from lightdash_sync.changes.items import Status
from lightdash_sync.changes.wording import edit
from lightdash_sync.content.json import canonical, sha256
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.promotion.values import ServerAction
from lightdash_sync.report.differences import count_by_kind, counts_block, group_by_space, report_item
from lightdash_sync.report.json import findings_json, loud_changes_json
from lightdash_sync.report.phrases import VERBS, amounts, counted, listed, short_digest, target_name
from lightdash_sync.report.review_findings import (
    REASONS,
    accepted_findings,
    blocking_findings,
    remarks,
    warning_findings,
)
from lightdash_sync.report.value import Alert, Items, NameLists, Notes, Report, Tone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.promotion.values import Call, Compared, Review, Reviewed, Verdict
    from lightdash_sync.report.value import FindingGroup

REFUSED = "This promotion will be refused"
_LEFT_BEHIND = (
    "These differ, and stay as they are: promotion passes over what is newer upstream or only moved, "
    "and never carries schedulers, tags, pins and the access of spaces (--via replay --with … does)."
)

_VERBS = {Status.CREATED: "create", Status.DELETED: "delete"}
_LEFT = {Status.CREATED: "missing", Status.CHANGED: "differs", Status.DELETED: "only upstream"}
_WORDS = {
    ServerAction.CREATE: "the server says create",
    ServerAction.UPDATE: "the server says update",
    ServerAction.SAME: "the server says no changes",
    ServerAction.NOTHING: "the server says nothing of it",
}


def review_report(review: Review, digest: str) -> Report:
    """Return a review as a report. Its data has hashes of the promoted contents instead of the contents.

    Args:
        review: the review.
        digest: of the review, in hexadecimal.
    """
    refusals, counts = blocking_findings(review), _counts(review)
    alert = Alert(refusals, REFUSED)
    named = {item.item: item.name for item in review.items if item.name != item.key}
    return Report(
        "Review of a promotion",
        _data(review, digest, refusals, counts),
        (
            alert,
            Alert(accepted_findings(review), "Accepted by name", Tone.WARNING),
            Alert(warning_findings(review), "Warnings", Tone.WARNING),
            counts_block(counts if review.effective else {}, (*VERBS, "unchanged")),
            Notes(
                tuple(_call(call, review, named) for call in review.calls if call.needed),
                "What is promoted, in this order",
                is_numbered=True,
            ),
            Notes(
                tuple(_named(call.item, named) for call in review.calls if not call.needed),
                "Not promoted, because nothing would change",
            ),
            _changed_items(review),
            _left_behind_items(review),
            NameLists("Stays as it is upstream", _unchanged(review)),
            Notes((*review.notes, *remarks(review)), "Notes"),
        ),
        source=review.source,
        target=target_name(review.target),
        lead=_selection(review),
        totals=_totals(review),
        digest=short_digest(digest),
        verdict=_verdict(review, alert.total),
        tone=Tone.BAD if refusals else Tone.GOOD,
        more="--format json lists everything",
    )


def _verdict(review: Review, reasons: int) -> str:
    """Return whether the promotion may be run, in one sentence."""
    if reasons:
        return f"{REFUSED}: {counted(reasons, 'reason')}."
    if review.is_empty:
        return "Nothing is to be promoted."
    return "Nothing stops this promotion."


def _selection(review: Review) -> str:
    """Return what was selected, in words; may hold text from anywhere."""
    selection = review.selection
    named = [f"{Kind.DASHBOARD}:{key}" for key in selection.dashboards]
    named += [f"{Kind.CHART}:{key}" for key in selection.charts]
    named += [f"what is in {Kind.SPACE}:{key}" for key in selection.spaces]
    if named and not selection.all:
        return f"Chosen: {listed(named)}"
    return "Chosen: everything" if selection.all else "Chosen: everything that would change"


def _totals(review: Review) -> str:
    left = [f"{len(review.left_behind)} left behind"] if review.left_behind else []
    if not review.effective:
        same = "it is" if len(review.items) == 1 else "they are"
        stay = f"{counted(len(review.items), 'item')} would stay as {same}"
        return "; ".join([f"Nothing would change upstream: {stay}", *left]) + "."
    verbs = Counter(_verb(item) for item in review.effective)
    items = ", ".join([*amounts(verbs), f"{len(review.items) - len(review.effective)} unchanged"])
    calls = counted(sum(call.needed for call in review.calls), "call")
    return "; ".join([items, *left, calls])


def _counts(review: Review) -> dict[Kind, Counter[str]]:
    """Return how many items are created, updated and deleted, and how many stay unchanged."""
    return count_by_kind(
        (item.kind, _VERBS.get(item.status, "update") if item.effective else "unchanged")
        for item in review.items
    )


def _changed_items(review: Review) -> Items:
    """Return the items that change."""
    items = [(item.space, report_item(item, _verb(item), _mark(item))) for item in review.effective]
    return Items(group_by_space(items, review.spaces), "What changes upstream")


def _left_behind_items(review: Review) -> Items:
    """Return the differences that the promotion does not carry."""
    items = [(item.space, report_item(item, _LEFT[item.status])) for item in review.left_behind]
    return Items(group_by_space(items, review.spaces), "Left behind", _LEFT_BEHIND)


def _verb(item: Reviewed) -> str:
    """Return what happens to an item: `create`, `update`, `delete`, `rename` or `move`."""
    return _VERBS.get(item.status) or edit(item.changes)


def _mark(item: Reviewed) -> str:
    """Return the server's action for an item, where it is not what happens."""
    if item.status is Status.DELETED:
        return "the server does not say so" if item.said is ServerAction.NOTHING else _WORDS[item.said]
    expected = ServerAction.CREATE if item.status is Status.CREATED else ServerAction.UPDATE
    return "" if item.said is expected else _WORDS[item.said]


def _unchanged(review: Review) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the unchanged items by the server's action: a heading with their number, and their labels."""
    found: dict[ServerAction, list[str]] = {}
    for item in review.items:
        if not item.effective:
            found.setdefault(item.said, []).append(item.item)
    return tuple(
        (f"{counted(len(items), 'item')} of which {_WORDS[word].removesuffix(' of it')}", tuple(items))
        for word in ServerAction
        if (items := found.get(word))
    )


def _call(call: Call, review: Review, named: Mapping[str, str]) -> str:
    """Return what a call promotes, with the number of items that it includes."""
    kinds = {item.item: item.kind for item in review.items}
    along = Counter(kinds[item] for item in {*call.items} - {call.item} if item in kinds)
    numbers = ", ".join(counted(along[kind], *KINDS[kind].noun) for kind in KINDS if along[kind])
    return _named(call.item, named) + (f", with {numbers}" if numbers else "")


def _named(item: str, named: Mapping[str, str]) -> str:
    return f"{item} ({named[item]})" if named.get(item) else item


# --- JSON ---


def _data(
    review: Review, digest: str, refusals: Sequence[FindingGroup], counts: Mapping[Kind, Counter[str]]
) -> JsonObject:
    target, selection = review.target, review.selection
    return {
        "digest": digest,
        "source": review.source,
        "source_project": review.source_project,
        "target": {
            "environment": target.environment,
            "url": target.url,
            "project": target.project,
            "project_name": target.project_name,
        },
        "selection": {
            "dashboards": [*selection.dashboards],
            "charts": [*selection.charts],
            "spaces": [*selection.spaces],
            "all": selection.all,
            "changed": selection.changed,
        },
        "accepted": [*review.accepted],
        "empty": review.is_empty,
        "blocked": bool(refusals),
        "refusals": findings_json(refusals),
        "counts": _counts_json(review, counts),
        "calls": [_call_json(call) for call in review.calls],
        "items": [_item_json(item) for item in review.items],
        "left_behind": [{**_compared_json(item), "status": item.status.value} for item in review.left_behind],
        "notes": [*review.notes],
    }


def _counts_json(review: Review, counts: Mapping[Kind, Counter[str]]) -> JsonObject:
    verbs = [_verb(item) for item in review.effective]
    numbers = {verb: sum(found[verb] for found in counts.values()) for verb in VERBS}
    numbers |= {verb: verbs.count(verb) for verb in ("rename", "move")}
    kinds: JsonObject = {kind.value: dict(found) for kind, found in counts.items()}
    return {
        **numbers,
        "unchanged": len(review.items) - len(verbs),
        "left_behind": len(review.left_behind),
        "calls": sum(call.needed for call in review.calls),
        "kinds": kinds,
    }


def _call_json(call: Call) -> Json:
    return {
        "kind": call.kind.value,
        "key": call.key,
        "uuid": call.uuid,
        "items": [*call.items],
        "needed": call.needed,
    }


def _item_json(item: Reviewed) -> Json:
    return {
        **_compared_json(item),
        "said": item.said.value or None,
        "status": item.status.value if item.effective else "unchanged",
        "effective": item.effective,
        "verb": _verb(item) if item.effective else None,
        "uuid": item.uuid or None,
        "upstream": item.upstream,
        "blocked": bool(item.blocking),
        "verdicts": [_verdict_json(verdict) for verdict in item.verdicts],
        "before_sha": _sha(item.before),
        "after_sha": _sha(item.after),
    }


def _verdict_json(verdict: Verdict) -> Json:
    return {
        "code": verdict.code.value,
        "title": REASONS[verdict.code].title,
        "what": verdict.what,
        "weight": verdict.weight.value,
        "accepted": verdict.accepted,
        "replay": verdict.replay,
    }


def _compared_json(item: Compared) -> JsonObject:
    return {
        "kind": item.kind.value,
        "key": item.key,
        "name": item.name,
        "space": item.space or None,
        **loud_changes_json(item.changes),
    }


def _sha(content: Json) -> str | None:
    """Return the hash of a content, as a snapshot's manifest has it; None if there is none."""
    return None if content is None else sha256(canonical(content))
