"""The result of an apply or a promotion, as a report: counts, failures, links, and next steps."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from lightdash_sync.changes.items import Status
from lightdash_sync.changes.wording import words
from lightdash_sync.content.kinds import Kind
from lightdash_sync.report.json import changes_json
from lightdash_sync.report.phrases import counted
from lightdash_sync.report.value import Alert, Detail, Finding, FindingGroup, Hint, Notes, Report, Tone
from lightdash_sync.sync.apply.engine import OperationState
from lightdash_sync.sync.plan.managed import LOST
from lightdash_sync.sync.plan.values import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lightdash_sync.changes.change import Change
    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.promotion.calls import CallResult
    from lightdash_sync.promotion.run import PromotedItem, PromotionResult, UnexpectedChange
    from lightdash_sync.sync.apply.engine import Result
    from lightdash_sync.sync.applying import Applied
    from lightdash_sync.sync.plan.values import Step
    from lightdash_sync.sync.readback import Stranger

_RESULTS = {Action.CREATE: "created", Action.UPDATE: "updated", Action.DELETE: "deleted"}
_OF_APPLY = (*_RESULTS.values(), "failed", "skipped")
_OF_PROMOTION = (*_RESULTS.values(), "kept", "failed")
# Dashboards first, because users open them most.
_PAGES = {Kind.DASHBOARD: "dashboards/{}/view", Kind.CHART: "saved/{}/view", Kind.SPACE: "spaces/{}"}
_HAPPENED = {Status.CREATED: "was made", Status.CHANGED: "was changed", Status.DELETED: "is gone"}


def applied_report(applied: Applied) -> Report:
    """Return the report of an apply."""
    results = _results(applied)
    found = Counter(result for _, result in results)
    counts = {**{one: found[one] for one in _OF_APPLY}, "unchanged": len(applied.plan.unchanged)}
    links, skipped, lost = (
        _applied_links(applied, results),
        _skipped(applied),
        _not_put_back(applied, results),
    )
    requests = f"{counted(applied.requests, 'request')}, {applied.outcome.writes} of them to write"
    return Report(
        _applied_title(applied),
        _applied_data(applied, results, counts, links, skipped, lost),
        (
            _outcomes(map(_failed, applied.outcome.of(OperationState.FAILED)), Tone.BAD, "failure"),
            _outcomes((_skipped_item(*one) for one in skipped), Tone.WARNING, "item"),
            _outcomes(
                (
                    _differing(one.item, "it is not on the server as it was written", one.changes)
                    for one in applied.mismatches
                ),
                Tone.WARNING,
                "item",
            ),
            _outcomes((_made_twice(one) for one in applied.strangers), Tone.WARNING, "item"),
            Notes(tuple(f"  not put back: {line}" for line in lost), noun="item"),
            _link_notes((step.name, address) for step, address in links),
            Notes(tuple(_added_by_server(applied))),
            Notes(tuple(_next_of_apply(applied)), is_unbroken=True),
        ),
        totals=_numbers(counts) or "nothing to do",
        facts=f"{requests}; run {applied.run.id}",
        tone=Tone.GOOD if applied.is_complete else Tone.BAD,
    )


def promoted_report(promoted: PromotionResult) -> Report:
    """Return the report of a promotion."""
    if promoted.run is None:
        return Report(
            "Nothing to promote", _promoted_data(promoted), totals="the upstream project has all of it."
        )
    requests = f"{counted(promoted.requests, 'request')}, {counted(promoted.writes, 'promotion')} among them"
    links = (
        (fate.step.name, address)
        for kind in _PAGES
        for fate in promoted.fates
        if fate.step.kind is kind and (address := _promoted_address(fate, promoted))
    )
    return Report(
        _promoted_title(promoted),
        _promoted_data(promoted),
        (
            _outcomes(_not_promoted(promoted), Tone.BAD, "failure"),
            _outcomes(
                (
                    _differing(one.item, "it is not as the review said", one.changes)
                    for one in promoted.mismatches
                ),
                Tone.WARNING,
                "item",
            ),
            _outcomes(map(_unforeseen, promoted.unforeseen), Tone.WARNING, "other item"),
            _link_notes(links),
            Notes(tuple(_next_of_promotion(promoted)), is_unbroken=True),
        ),
        totals=_numbers(_promoted_counts(promoted)) or "nothing",
        facts=f"{requests}; run {promoted.run.id}",
        tone=Tone.GOOD if promoted.is_complete else Tone.BAD,
    )


# --- both ---


def _outcomes(findings: Iterable[Finding], tone: Tone, noun: str) -> Alert:
    found = tuple(findings)
    return Alert((FindingGroup("", "", found),) if found else (), "", tone, noun)


def _differing(item: str, what: str, changes: Iterable[Change]) -> Finding:
    return Finding("differs", f"{item}: {what}", mark="differs", details=_loud(changes))


def _loud(changes: Iterable[Change]) -> tuple[Detail, ...]:
    return (Detail("", tuple(words(change) for change in changes if not change.quiet)),)


def _link_notes(links: Iterable[tuple[str, str]]) -> Notes:
    return Notes(tuple(f"  {name}: {address}" for name, address in links), is_unbroken=True, noun="link")


def _numbers(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {result}" for result, number in counts.items() if number)


# --- an apply ---


def _applied_title(applied: Applied) -> str:
    if applied.outcome.is_complete and applied.mismatches:
        return "Done, but not all of it is as it was written"
    if applied.outcome.is_complete and applied.strangers:
        return "Done, but somebody else made the same at the same time"
    return "Done" if applied.is_complete else "Not everything was done"


def _results(applied: Applied) -> list[tuple[Step, str]]:
    """Return each step with its result: `created`, `updated`, `deleted`, `failed` or `skipped`."""
    states: dict[int, set[OperationState]] = {}
    for result in applied.outcome.results:
        states.setdefault(result.operation.step, set()).add(result.state)
    return [
        (step, _result(step, states.get(number, set()))) for number, step in enumerate(applied.plan.steps)
    ]


def _result(step: Step, states: set[OperationState]) -> str:
    if OperationState.FAILED in states:
        return "failed"
    return "skipped" if OperationState.SKIPPED in states else _RESULTS[step.action]


def _skipped(applied: Applied) -> list[tuple[str, str]]:
    """Return the items that were not tried, each with the item whose failure is the reason."""
    by_number = {result.operation.number: result for result in applied.outcome.results}
    found: dict[str, str] = {}
    for result in applied.outcome.of(OperationState.SKIPPED):
        cause = result
        while cause.because is not None and cause.because in by_number:
            cause = by_number[cause.because]  # an operation needs only earlier ones
        found.setdefault(result.operation.item, cause.operation.item)
    failed = {result.operation.item for result in applied.outcome.of(OperationState.FAILED)}
    return [(item, cause) for item, cause in found.items() if item not in failed]


def _applied_links(applied: Applied, results: list[tuple[Step, str]]) -> list[tuple[Step, str]]:
    """Return dashboards, charts and spaces that were created or updated, each with its address."""
    target, identity = applied.plan.target, applied.outcome.identity
    base = f"{target.url.rstrip('/')}/projects/{target.project}"
    return [
        (step, f"{base}/{page.format(uuid)}")
        for kind, page in _PAGES.items()
        for step, result in results
        if step.kind is kind
        and result in ("created", "updated")
        and (uuid := identity.uuid(step.kind, step.key))
    ]


def _not_put_back(applied: Applied, results: list[tuple[Step, str]]) -> list[str]:
    """Return in words what was not restored with the restored items."""
    done = {step.item for step, result in results if result in ("created", "updated")}
    problems = applied.plan.problems
    return [f"{one.item}: {one.what}" for one in problems if one.code == LOST and one.item in done]


def _added_by_server(applied: Applied) -> Iterator[str]:
    for what, items in applied.added.items():
        yield f"Lightdash adds by itself, and this tool does not know: {what} ({counted(items, 'item')})"


def _failed(result: Result) -> Finding:
    error = result.error
    what = f"{result.operation.item}: {error.message if error else 'failed'}"
    hints = (Hint(error.hint),) if error and error.hint else ()
    return Finding("failed", what, mark="failed", hints=hints)


def _skipped_item(item: str, cause: str) -> Finding:
    return Finding("skipped", f"{item}, because {cause} failed", mark="skipped")


def _made_twice(found: Stranger) -> Finding:
    what = f"{found.item}: somebody made {found.name} there as well ({', '.join(found.uuids)})"
    return Finding("twice", what, mark="twice")


def _next_of_apply(applied: Applied) -> Iterator[str]:
    run, environment = applied.run.id, applied.plan.target.environment
    if applied.strangers:
        yield (
            "If it was another apply, from another machine, take one of the two back; that one's "
            f"snapshots/{environment}.sync is then the one to keep out of git."
        )
    if not applied.outcome.is_complete:
        yield f"Go on with what was not done: lightdash-sync apply --resume {run} --to {environment}"
    if applied.outcome.writes:
        yield f"Take it back: lightdash-sync undo {run} --to {environment}"


def _applied_data(
    applied: Applied,
    results: list[tuple[Step, str]],
    counts: dict[str, int],
    links: list[tuple[Step, str]],
    skipped: list[tuple[str, str]],
    lost: list[str],
) -> JsonObject:
    addresses = {step.item: address for step, address in links}
    identity = applied.outcome.identity
    return {
        "run": applied.run.id,
        "complete": applied.is_complete,
        "undoes": applied.plan.undoes or None,
        "counts": {**counts},
        "requests": applied.requests,
        "writes": applied.outcome.writes,
        "items": [
            {
                "kind": step.kind.value,
                "key": step.key,
                "name": step.name,
                "result": result,
                "uuid": step.uuid or (identity.uuid(step.kind, step.key) if step.key else None),
                "url": addresses.get(step.item),
            }
            for step, result in results
        ],
        "failed": [_failed_json(result) for result in applied.outcome.of(OperationState.FAILED)],
        "skipped": [{"item": item, "because": cause} for item, cause in skipped],
        "not_put_back": [*lost],
        "added_by_server": {**applied.added},
        "strangers": [
            {"item": one.item, "name": one.name, "uuids": [*one.uuids]} for one in applied.strangers
        ],
        "mismatches": [{"item": one.item, **changes_json(one.changes)} for one in applied.mismatches],
    }


def _failed_json(result: Result) -> Json:
    error: JsonObject | None = None if result.error is None else {**result.error.as_json()}
    return {"item": result.operation.item, "operation": result.operation.what.value, "error": error}


# --- a promotion ---


def _promoted_title(promoted: PromotionResult) -> str:
    if promoted.is_complete:
        return "Promoted"
    if promoted.failed or any(called.error and not called.unclear for called in promoted.calls):
        return "Not everything was promoted"
    return "Promoted, but the upstream project is not as the review said"


def _promoted_counts(promoted: PromotionResult) -> dict[str, int]:
    found = Counter(fate.result for fate in promoted.fates)
    return {result: found[result] for result in _OF_PROMOTION}


def _not_promoted(promoted: PromotionResult) -> Iterator[Finding]:
    """Yield the failures: calls with the server's error, and items that were not promoted."""
    known = {id(called.error) for called in promoted.calls}
    for called in promoted.calls:
        if (error := called.error) is not None:
            mark = "no clear answer to" if called.unclear else "refused"
            hints = (Hint(error.hint),) if error.hint else ()
            yield Finding("call", f"{called.call.item}: {error.message}", mark=mark, hints=hints)
    for fate in promoted.failed:
        error = None if id(fate.error) in known else fate.error
        details = (Detail("", (error.message,)),) if error else ()
        hints = (Hint(error.hint),) if error and error.hint else ()
        yield Finding("failed", fate.step.item, mark="not promoted", details=details, hints=hints)


def _unforeseen(one: UnexpectedChange) -> Finding:
    what = f"{one.item} {_HAPPENED[one.status]}, which the review did not say{_last_saved(one)}"
    changes = one.changes if one.status is Status.CHANGED else ()
    return Finding("unforeseen", what, mark="besides", details=_loud(changes))


def _last_saved(one: UnexpectedChange) -> str:
    """Return who saved an item last: possibly a user who worked there at the same time."""
    if one.when is None or one.status is Status.DELETED:
        return ""
    who = f" by {one.who}" if one.who else ""
    return f" (last saved{who} at {one.when:%Y-%m-%d %H:%M:%S} UTC)"


def _promoted_address(fate: PromotedItem, promoted: PromotionResult) -> str:
    page = _PAGES.get(fate.step.kind)
    if fate.result not in ("created", "updated") or not fate.uuid or page is None:
        return ""
    target = promoted.review.target
    return f"{target.url.rstrip('/')}/projects/{target.project}/{page.format(fate.uuid)}"


def _next_of_promotion(promoted: PromotionResult) -> Iterator[str]:
    if promoted.run is None or not promoted.writes:
        return
    review = promoted.review
    if promoted.failed:
        yield f"Go on with what was not done: lightdash-sync promote run --env {review.source}"
    yield f"Take it back: lightdash-sync undo {promoted.run.id} --to {review.target.environment}"


def _promoted_data(promoted: PromotionResult) -> JsonObject:
    return {
        "run": promoted.run.id if promoted.run else None,
        "complete": promoted.is_complete,
        "counts": {**_promoted_counts(promoted)},
        "requests": promoted.requests,
        "promotions": promoted.writes,
        "calls": [_call_json(called) for called in promoted.calls],
        "items": [
            {
                "kind": fate.step.kind.value,
                "key": fate.step.key,
                "name": fate.step.name,
                "result": fate.result,
                "uuid": fate.uuid or None,
                "url": _promoted_address(fate, promoted) or None,
                "error": None if fate.error is None else {**fate.error.as_json()},
            }
            for fate in promoted.fates
        ],
        "mismatches": [{"item": one.item, **changes_json(one.changes)} for one in promoted.mismatches],
        "unforeseen": [
            {
                "item": one.item,
                "name": one.name,
                "what": one.status.value,
                "who": one.who or None,
                "when": None if one.when is None else one.when.isoformat(),
                **changes_json(one.changes),
            }
            for one in promoted.unforeseen
        ],
    }


def _call_json(called: CallResult) -> Json:
    return {
        "item": called.call.item,
        "made": called.made,
        "unclear": called.unclear,
        "error": None if called.error is None else {**called.error.as_json()},
    }
