"""Makes the review of a promotion: reads both projects, asks the server what it would write, and compares.

Only reads. The upstream project is read like every target (`sync.target`); the items that the server matches
then get the keys of the source.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lightdash_sync.changes.differ import changes
from lightdash_sync.content.authorship import of_version
from lightdash_sync.content.json import get_str, parse
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.parts import parts_in
from lightdash_sync.content.tree import file_of
from lightdash_sync.errors import Refused
from lightdash_sync.promotion.findings import PASSED_OVER, Known, overwritten, verdicts
from lightdash_sync.promotion.not_promoted import broken, left_behind, missing_permissions
from lightdash_sync.promotion.reading import ask, find_renamed, read_both
from lightdash_sync.promotion.selection import calls_of, chosen, concerned, outcomes_of
from lightdash_sync.promotion.server_model import shown_on
from lightdash_sync.promotion.values import (
    Call,
    Compared,
    FindingCode,
    Review,
    Reviewed,
    ServerAction,
    Severity,
    Verdict,
)
from lightdash_sync.sync.concluding import load_state
from lightdash_sync.sync.plan.options import PlanOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.content.tree import Tree
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.promotion.not_promoted import NeededPermissions
    from lightdash_sync.promotion.selection import PromotedItems, PromotionEffect
    from lightdash_sync.promotion.server_model import Foresight
    from lightdash_sync.promotion.values import PromotionSelection
    from lightdash_sync.sources import Side
    from lightdash_sync.sync.state import State
    from lightdash_sync.sync.target import Existing, TargetEnvironment

_OPTIONS = PlanOptions()


@dataclass(frozen=True)
class ReviewRequest:
    """The request for a review.

    Attributes:
        source: name of the environment that is promoted.
        selection: the items to promote.
        accepted: `kind:key` of items whose findings are accepted.
        full: read the whole upstream project.
    """

    source: str
    selection: PromotionSelection
    accepted: tuple[str, ...] = ()
    full: bool = False


@dataclass(frozen=True)
class PreparedReview:
    """A review, and what it was made from.

    Attributes:
        review: the review.
        source: content of the project that is promoted.
        existing: the upstream project, in the keys of the source.
        memory: the state of the upstream project.
        foresight: both projects.
    """

    review: Review
    source: Tree
    existing: Existing
    memory: State
    foresight: Foresight


def review_for(
    lightdash: Lightdash,
    source: Side,
    place: TargetEnvironment,
    permissions: NeededPermissions | None,
    request: ReviewRequest,
) -> PreparedReview:
    """Review a promotion; only reads.

    Args:
        lightdash: the server, with the token that would promote.
        source: the project that is promoted, as it is now.
        place: the upstream project; the caller must hold its lock.
        permissions: of the token's owner in both projects; None if another user will promote.
        request: the request.

    Raises:
        ConfigError: the source has no such item.
        Incomplete: something could not be read.
        NotAuthorised: the token is not accepted.
    """
    memory = load_state(place)
    existing, foresight = read_both(lightdash, source.tree, place, memory, full=request.full)
    found = chosen(request.selection, foresight)
    project = str(source.tree.identity.project.get("uuid"))
    answers = ask(lightdash, project, found.calls, source.tree.identity, place.progress)
    items = [*dict.fromkeys(item for call in found.calls for item in concerned(call, foresight))]
    links = _linked(memory)
    outcomes, copies = outcomes_of(items, found.calls, foresight, answers, links)
    calls = calls_of(found.calls, foresight, outcomes)
    known = replace(
        _known(lightdash, place, foresight, existing, memory, outcomes),
        links=links,
        renamed=find_renamed(lightdash, project, place.project, items, foresight),
        standing=copies,
        words=answers.words,
        met=answers.met,
        refused=answers.refused,
        missing=missing_permissions(items, foresight, permissions),
        accepted=frozenset(request.accepted),
        shown=_shown(found, foresight),
        unnamed=frozenset(call for call in found.calls if not request.selection.names),
        idle=frozenset((call.kind, call.key) for call in calls if not call.needed),
    )
    reviewed = [_reviewed(item, known, outcome) for item, outcome in outcomes.items()]
    reviewed += _deleted(calls, foresight)
    reviewed += [_inside(item, foresight) for item in found.inside]
    review = Review(
        source=request.source,
        source_project=project,
        target=existing.target,
        selection=request.selection,
        accepted=tuple(sorted(request.accepted)),
        items=tuple(sorted(reviewed, key=lambda one: ([*Kind].index(one.kind), one.key))),
        calls=tuple(calls),
        left_behind=(
            *_passed_over(reviewed, foresight),
            *left_behind(foresight, {*items}, _pins(existing.tree, source.tree)),
        ),
        spaces=_space_names(foresight),
        notes=(*existing.warnings, *(permissions.doubts() if permissions else ())),
    )
    _require_named(review)
    return PreparedReview(review, source.tree, existing, memory, foresight)


def _linked(memory: State) -> dict[ItemKey, str]:
    """Return the uuids of the upstream items that this tool linked with items of the source."""
    return {
        (kind, key): str(facts["uuid"])
        for kind, entries in memory.links.items()
        for key, facts in entries.items()
    }


def _known(
    lightdash: Lightdash,
    place: TargetEnvironment,
    foresight: Foresight,
    existing: Existing,
    memory: State,
    outcomes: Mapping[ItemKey, PromotionEffect],
) -> Known:
    """Gather facts for the findings: the base, work upstream that would be overwritten, and what it lacks."""
    base = memory.base_in(existing.linked.identity)
    written = [
        item
        for item, outcome in outcomes.items()
        if file_of(*item) not in base and _may_overwrite(item, outcome, foresight)
    ]
    return Known(
        foresight=foresight,
        base=lambda item: parse(base[file_of(*item)]) if file_of(*item) in base else None,
        overwritten=overwritten(lightdash, foresight, written, place.progress),
        broken=broken(place, foresight, {item: one.after for item, one in outcomes.items()}),
    )


def _shown(found: PromotedItems, foresight: Foresight) -> dict[str, tuple[str, ...]]:
    """Return chart -> the promoted dashboards that show it, once for each tile."""
    shown: dict[str, list[str]] = {}
    for kind, key in found.calls:
        if kind is Kind.DASHBOARD:
            for chart in shown_on(foresight.source.of((kind, key))):
                shown.setdefault(chart, []).append(key)
    return {chart: tuple(dashboards) for chart, dashboards in shown.items()}


def _reviewed(item: ItemKey, known: Known, outcome: PromotionEffect) -> Reviewed:
    foresight = known.foresight
    layout: JsonObject = {}
    if item[0] is Kind.DASHBOARD:
        layout = parts_in(foresight.here.facts(*item))
    return Reviewed(
        kind=item[0],
        key=item[1],
        before=outcome.before,
        after=outcome.after,
        space=foresight.source.space_of(item),
        said=known.words.get(item, ServerAction.NOTHING),
        uuid=foresight.here.uuid(*item) or "",
        upstream=foresight.pairs.upstream(item),
        verdicts=verdicts(item, known, outcome.after, effective=outcome.effective),
        effective=outcome.effective,
        layout=layout,
    )


def _passed_over(reviewed: Iterable[Reviewed], foresight: Foresight) -> Iterator[Compared]:
    """Yield the differences that the server skips: upstream is newer, or the item is in another place."""
    for item in reviewed:
        if not item.effective and {verdict.code for verdict in item.verdicts} & PASSED_OVER:
            wanted = foresight.wanted((item.kind, item.key))
            yield Compared(item.kind, item.key, item.before, wanted, item.space)


def _may_overwrite(item: ItemKey, outcome: PromotionEffect, foresight: Foresight) -> bool:
    """Whether the promotion changes an upstream item that is not newer than the source's.

    Only for kinds whose earlier versions the server lists; for others there is nothing more to find out.
    """
    if not foresight.server.tells_history(item[0]):
        return False
    if outcome.before is None or foresight.upstream_is_newer(item):
        return False
    versions = (of_version(item[0], content) for content in (outcome.before, outcome.after))
    return any(not change.quiet for change in changes(item[0], *versions))


def _deleted(calls: Iterable[Call], foresight: Foresight) -> list[Reviewed]:
    """Return the upstream charts that Lightdash may delete in the calls."""
    found: list[Reviewed] = []
    for call in calls:
        if call.kind is Kind.DASHBOARD and call.needed:
            for key in foresight.lost(call.key):
                before = foresight.upstream.look(Kind.CHART, key)
                verdict = Verdict(
                    FindingCode.WOULD_DELETE,
                    f"may be deleted with the promotion of {call.item}",
                    Severity.WARNS,
                )
                found.append(
                    Reviewed(
                        Kind.CHART, key, before, None, foresight.upstream.space_of((Kind.CHART, key)),
                        upstream=foresight.there.uuid(Kind.CHART, key), verdicts=(verdict,), effective=True,
                    )
                )  # fmt: skip
    return found


def _inside(item: ItemKey, foresight: Foresight) -> Reviewed:
    """Return the entry of a chart that was named but cannot be promoted by itself."""
    content, code = foresight.source.of(item), FindingCode.INSIDE_DASHBOARD
    what = f"it lives in a dashboard: promote dashboard:{get_str(content, 'dashboard')}, which takes it along"
    if item[0] is Kind.SQL_CHART:
        code, what = FindingCode.NOT_PROMOTABLE, "this version of Lightdash does not promote SQL charts"
    before = foresight.before(item)
    return Reviewed(
        *item, before, foresight.wanted(item) if before is None else before, foresight.source.space_of(item),
        uuid=foresight.here.uuid(*item) or "", upstream=foresight.pairs.upstream(item),
        verdicts=(Verdict(code, what, Severity.BLOCKS, replay=True),),
    )  # fmt: skip


def _pins(upstream: Tree, source: Tree) -> tuple[Json, Json]:
    path = file_of(Kind.PINS)
    before, after = (parse(tree[path]) if path in tree else [] for tree in (upstream, source))
    return before, after


def _space_names(foresight: Foresight) -> dict[str, str]:
    found: dict[str, str] = {}
    for contents in (foresight.upstream, foresight.source):
        found |= {
            key: get_str(contents.of((kind, key)), "name")
            for kind, key in contents.there
            if kind is Kind.SPACE
        }
    return found


def _require_named(review: Review) -> None:
    """Require that the promotion concerns each accepted item; otherwise its name may be a mistake.

    Raises:
        Refused: the promotion does not concern an accepted item.
    """
    there = {item.item for item in review.items}
    if unknown := sorted({*review.accepted} - there):
        raise Refused(
            f"{unknown[0]} is accepted, and this promotion does not concern it",
            hint="`lightdash-sync promote review` lists what can be accepted.",
        )
