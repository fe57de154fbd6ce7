"""What came of a promotion: counts, what failed, what is not as the review said, and what to do next."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.text import Text

from lightdash_sync.model.changes import Status, words
from lightdash_sync.model.kinds import Kind
from lightdash_sync.report.changes import changes_json
from lightdash_sync.report.parts.phrases import counted
from lightdash_sync.report.shown import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console

    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.model.changes import Change
    from lightdash_sync.promote.calling import Called
    from lightdash_sync.promote.proving import Unforeseen
    from lightdash_sync.promote.running import Fate, Promoted

_LISTED, _LINES = 25, 6
_FATES = ("created", "updated", "deleted", "kept", "failed")
_PAGES = {Kind.DASHBOARD: "dashboards/{}/view", Kind.CHART: "saved/{}/view", Kind.SPACE: "spaces/{}"}
_VERBS = {Status.CREATED: "was made", Status.CHANGED: "was changed", Status.DELETED: "is gone"}


def promoted_text(promoted: Promoted, out: Console) -> None:
    """Print what came of a promotion.

    Args:
        promoted: what came of it.
        out: where to; from `terminal.console`, which takes every text literally.
    """
    if promoted.run is None:
        out.print("Nothing to promote: the upstream project has all of it.")
        return
    numbers = ", ".join(f"{number} {result}" for result, number in _counts(promoted).items() if number)
    colour = "bold green" if promoted.is_complete else "bold red"
    out.print(Text.assemble((f"{_head(promoted)}: ", colour), numbers or "nothing"))
    sent = f"{counted(promoted.requests, 'request')}, {counted(promoted.writes, 'promotion')} among them"
    out.print(Text(f"{sent}; run {shown(promoted.run.id)}", style="dim"))
    for blocks, what in (
        ([*_failures(promoted)], "failure"),
        ([*_differences(promoted)], "item"),
        ([*_others(promoted)], "other item"),
        ([*_links(promoted)], "link"),
    ):
        for block in blocks[:_LISTED]:
            for line in block:
                out.print(line, soft_wrap=what == "link")  # a broken address cannot be copied
        if len(blocks) > _LISTED:
            out.print(f"  … and {counted(len(blocks) - _LISTED, f'more {what}')}")
    for said in _next(promoted):
        out.print(Text(said), soft_wrap=True)  # nor can a broken command


def promoted_json(promoted: Promoted) -> JsonObject:
    """Return what came of a promotion, for machines."""
    return {
        "run": promoted.run.id if promoted.run else None,
        "complete": promoted.is_complete,
        "counts": {**_counts(promoted)},
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
                "url": _address(fate, promoted) or None,
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


def _head(promoted: Promoted) -> str:
    if promoted.is_complete:
        return "Promoted"
    if promoted.failed or any(called.error and not called.unclear for called in promoted.calls):
        return "Not everything was promoted"
    return "Promoted, but the upstream project is not as the review said"


def _counts(promoted: Promoted) -> dict[str, int]:
    found = Counter(fate.result for fate in promoted.fates)
    return {result: found[result] for result in _FATES}


def _failures(promoted: Promoted) -> Iterator[list[Text]]:
    """Yield what failed: calls, with what the server said, and the items that were not promoted."""
    told = {id(called.error) for called in promoted.calls}
    for called in promoted.calls:
        if (error := called.error) is None:
            continue
        how = "no clear answer to " if called.unclear else "refused "
        block = [Text.assemble((f"  {how}", "red"), f"{shown(called.call.item)}: {shown(error.message)}")]
        if error.hint:
            block.append(Text(f"    {shown(error.hint)}"))
        yield block
    for fate in promoted.failed:
        block = [Text.assemble(("  not promoted ", "red"), shown(fate.step.item))]
        if fate.error is not None and id(fate.error) not in told:
            block.append(Text(f"    {shown(fate.error.message)}"))
            block.append(Text(f"    {shown(fate.error.hint)}"))
        yield block


def _differences(promoted: Promoted) -> Iterator[list[Text]]:
    for found in promoted.mismatches:
        head = f"{shown(found.item)}: it is not as the review said"
        yield [Text.assemble(("  differs ", "yellow"), head), *_lines(found.changes)]


def _others(promoted: Promoted) -> Iterator[list[Text]]:
    for one in promoted.unforeseen:
        head = f"{shown(one.item)} {_VERBS[one.status]}, which the review did not say{_saved(one)}"
        changed = one.changes if one.status is Status.CHANGED else ()
        yield [Text.assemble(("  besides ", "yellow"), head), *_lines(changed)]


def _saved(one: Unforeseen) -> str:
    """Say who saved an item last; it may be somebody who worked there meanwhile."""
    if one.when is None or one.status is Status.DELETED:
        return ""
    who = f" by {shown(one.who)}" if one.who else ""
    return f" (last saved{who} at {one.when:%Y-%m-%d %H:%M:%S} UTC)"


def _lines(changes: Iterable[Change]) -> Iterator[Text]:
    loud = [change for change in changes if not change.quiet]
    yield from (Text(f"    {shown(words(change))}") for change in loud[:_LINES])
    if len(loud) > _LINES:
        yield Text(f"    … and {len(loud) - _LINES} more")


def _links(promoted: Promoted) -> Iterator[list[Text]]:
    for kind in _PAGES:
        for fate in promoted.fates:
            if fate.step.kind is kind and (address := _address(fate, promoted)):
                yield [Text(f"  {shown(fate.step.name)}: {shown(address)}")]


def _address(fate: Fate, promoted: Promoted) -> str:
    page = _PAGES.get(fate.step.kind)
    if fate.result not in ("created", "updated") or not fate.uuid or page is None:
        return ""
    target = promoted.review.target
    return f"{target.url.rstrip('/')}/projects/{target.project}/{page.format(fate.uuid)}"


def _next(promoted: Promoted) -> Iterator[str]:
    if promoted.run is None or not promoted.writes:
        return
    review, run = promoted.review, shown(promoted.run.id)
    if promoted.failed:
        yield f"Go on with what was not done: lightdash-sync promote run --env {shown(review.source)}"
    yield f"Take it back: lightdash-sync undo {run} --to {shown(review.target.environment)}"


def _call_json(called: Called) -> Json:
    return {
        "item": called.call.item,
        "made": called.made,
        "unclear": called.unclear,
        "error": None if called.error is None else {**called.error.as_json()},
    }
