"""A review as JSON, for gates. Fields and codes stay the same from version to version; words may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import canonical, sha256
from lightdash_sync.model.changes import QUIET
from lightdash_sync.report.changes import changes_json
from lightdash_sync.report.parts.objections import objection_json
from lightdash_sync.report.parts.phrases import VERBS
from lightdash_sync.report.reviews.against import WORDS
from lightdash_sync.report.reviews.told import Told

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.promote.values import Call, Compared, Review, Reviewed, Verdict


def review_json(review: Review, *, digest: str, every: bool = False) -> JsonObject:
    """Return a review without the contents that are promoted; of those only hashes.

    Args:
        review: what to tell.
        digest: of the review, in hexadecimal.
        every: tell changes that mean nothing to users, too.
    """
    told = Told(review, digest, every)
    refusals = [objection_json(group.code, one) for group in told.objections for one in group.found]
    target, choice = review.target, review.selection
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
            "dashboards": [*choice.dashboards],
            "charts": [*choice.charts],
            "spaces": [*choice.spaces],
            "all": choice.all,
            "changed": choice.changed,
        },
        "accepted": [*review.accepted],
        "empty": review.is_empty,
        "blocked": bool(refusals),
        "refusals": [*refusals],
        "counts": _counts(told),
        "calls": [_call(call) for call in review.calls],
        "items": [_item(item, told) for item in review.items],
        "left_behind": [_left_behind(item, every=every) for item in review.left_behind],
        "notes": [*review.notes],
    }


def _counts(told: Told) -> JsonObject:
    review = told.review
    verbs = [told.verb(item) for item in review.effective]
    words = {verb: sum(numbers[verb] for numbers in told.counts.values()) for verb in VERBS}
    words |= {verb: verbs.count(verb) for verb in ("rename", "move")}
    kinds: JsonObject = {kind.value: dict(numbers) for kind, numbers in told.counts.items()}
    return {
        **words,
        "unchanged": len(review.items) - len(verbs),
        "left_behind": len(review.left_behind),
        "calls": sum(call.needed for call in review.calls),
        "kinds": kinds,
    }


def _call(call: Call) -> Json:
    return {
        "kind": call.kind.value,
        "key": call.key,
        "uuid": call.uuid,
        "items": [*call.items],
        "needed": call.needed,
    }


def _item(item: Reviewed, told: Told) -> Json:
    return {
        **_compared(item, every=told.every),
        "said": item.said.value or None,
        "status": item.status.value if item.effective else "unchanged",
        "effective": item.effective,
        "verb": told.verb(item) if item.effective else None,
        "uuid": item.uuid or None,
        "upstream": item.upstream,
        "blocked": bool(item.blocking),
        "verdicts": [_verdict(verdict) for verdict in item.verdicts],
        "before_sha": _sha(item.before),
        "after_sha": _sha(item.after),
    }


def _verdict(verdict: Verdict) -> Json:
    return {
        "code": verdict.code.value,
        "title": WORDS[verdict.code].title,
        "what": verdict.what,
        "weight": verdict.weight.value,
        "accepted": verdict.accepted,
        "replay": verdict.replay,
    }


def _left_behind(item: Compared, *, every: bool) -> Json:
    return {**_compared(item, every=every), "status": item.status.value}


def _compared(item: Compared, *, every: bool) -> JsonObject:
    return {
        "kind": item.kind.value,
        "key": item.key,
        "name": item.name,
        "space": item.space or None,
        **changes_json([change for change in item.changes if every or change.what not in QUIET]),
    }


def _sha(content: Json) -> str | None:
    """Return the hash of a content, as a snapshot's manifest has it; None if there is none."""
    return None if content is None else sha256(canonical(content))
