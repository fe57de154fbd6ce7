"""Findings (blocking, warning, info) for each item of a promotion, with the reason in words.

A finding blocks where the server would do something that "update" does not suggest: skip the item, overwrite
newer work, create a duplicate, delete something, or leave references to the source project. This section is
pure; the second section reads version histories to detect work upstream that would be overwritten.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lightdash_sync.changes.differ import changes
from lightdash_sync.content.authorship import full_name, moment, of_version
from lightdash_sync.content.json import get_str
from lightdash_sync.content.kinds import KINDS, VERIFIABLE, VERIFICATION, Kind
from lightdash_sync.content.naming import layouts_of, names_like
from lightdash_sync.content.normal import normalise
from lightdash_sync.content.portable import to_portable
from lightdash_sync.errors import Incomplete, NotAuthorised
from lightdash_sync.promotion.selection import linked_copy
from lightdash_sync.promotion.server_model import grants_of, shown_on
from lightdash_sync.promotion.values import NEVER_ACCEPTED, FindingCode, ServerAction, Severity, Verdict
from lightdash_sync.sync.plan.managed import is_verified
from lightdash_sync.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from lightdash_sync.content.authorship import Stamp
    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.lightdash.schemas import VersionRow
    from lightdash_sync.promotion.server_model import Foresight
    from lightdash_sync.workers import Progress

_SAVED = frozenset({Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD})
PASSED_OVER = frozenset({FindingCode.UPSTREAM_NEWER, FindingCode.NOT_MOVED})
"""Codes of findings for items that the server leaves unchanged although the two sides differ."""

_SHOWN = 5  # names in a sentence


@dataclass(frozen=True)
class Known:
    """Facts about both projects, from which the findings are derived.

    Attributes:
        foresight: both projects.
        base: kind and key -> content upstream after the last sync or promotion; None if unknown.
        links: item -> uuid of the upstream item that this tool linked it with.
        renamed: item -> uuid of the upstream item that had the same slug before one of them was renamed.
        words: item -> the server's action for it.
        standing: item -> key of an up-to-date copy that an earlier promotion made of it.
        met: item -> uuid of the upstream item that the server matches with it, where it reports one.
        refused: item -> why the server refuses to report its action: a code, and its message.
        missing: item -> the missing permission, in words.
        broken: item -> explores and fields that the upstream project lacks, in words.
        overwritten: items whose upstream versions have work that the source never had.
        accepted: `kind:key` of items that the user accepted.
        shown: chart -> the dashboards of this promotion that show it, once for each tile.
        unnamed: charts with a call of their own that were not named, but are promoted because everything
            is; if the server skips one, nothing is blocked.
        idle: items that are not promoted by a call, because nothing would change.
    """

    foresight: Foresight
    base: Callable[[ItemKey], Json]
    links: Mapping[ItemKey, str] = field(default_factory=dict)
    renamed: Mapping[ItemKey, str] = field(default_factory=dict)
    words: Mapping[ItemKey, ServerAction] = field(default_factory=dict)
    standing: Mapping[ItemKey, str] = field(default_factory=dict)
    met: Mapping[ItemKey, str] = field(default_factory=dict)
    refused: Mapping[ItemKey, tuple[FindingCode, str]] = field(default_factory=dict)
    missing: Mapping[ItemKey, str] = field(default_factory=dict)
    broken: Mapping[ItemKey, tuple[str, ...]] = field(default_factory=dict)
    overwritten: Collection[ItemKey] = ()
    accepted: Collection[str] = ()
    shown: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unnamed: Collection[ItemKey] = ()
    idle: Collection[ItemKey] = ()


def verdicts(item: ItemKey, known: Known, after: Json, *, effective: bool) -> tuple[Verdict, ...]:
    """Return the findings for an item, the most severe first.

    Args:
        item: of the source.
        known: facts about both projects, and the server's answers.
        after: the content that the item will have upstream.
        effective: whether the upstream item changes for users.
    """
    if copy := known.standing.get(item):
        what = f"promoted before, and upstream as it is here: {item[0]}:{copy}, which has another slug"
        return (Verdict(FindingCode.UNCHANGED, what),)
    found = [*_impossible(item, known)]
    if not any(verdict.code is FindingCode.AMBIGUOUS for verdict in found):
        found += _of_kind(item, known, after, effective=effective)
    if not any(verdict.weight is Severity.BLOCKS or verdict.code in PASSED_OVER for verdict in found):
        found.append(_plain(item, known, effective=effective))
    order = [*Severity]
    name = f"{item[0]}:{item[1]}"
    taken = [_accepted(verdict) if name in known.accepted else verdict for verdict in found]
    return tuple(sorted(taken, key=lambda verdict: (order.index(verdict.weight), verdict.code)))


def _of_kind(item: ItemKey, known: Known, after: Json, *, effective: bool) -> Iterator[Verdict]:
    """Yield the findings that the server's action alone does not show."""
    yield from _unclear(item, known)
    if item[0] is Kind.SPACE:
        yield from _space(item, known)
        return
    yield from _identity(item, known)
    yield from _upstream_work(item, known, effective=effective)
    yield from _left_where_it_is(item, known, after)
    if effective and (lacks := known.broken.get(item)):
        yield _blocks(FindingCode.WOULD_BREAK, f"upstream it would be broken: {'; '.join(lacks)}")
    if effective and item[0] in VERIFIABLE and is_verified(before := known.foresight.before(item)):
        by = (
            get_str(before, VERIFICATION, "verifiedBy", "firstName"),
            get_str(before, VERIFICATION, "verifiedBy", "lastName"),
        )
        who = " ".join(name for name in by if name) or "somebody"
        what = f"upstream it is verified by {who}, and stays so: Lightdash promotes past the mark"
        yield Verdict(FindingCode.STAYS_VERIFIED, what, Severity.WARNS, replay=True)
    if item[0] is Kind.DASHBOARD and item not in known.idle:
        yield from _dashboard(item, known, after)


def _impossible(item: ItemKey, known: Known) -> Iterator[Verdict]:
    """Yield findings for what the server will not do."""
    noun = KINDS[item[0]].noun[1]
    if known.foresight.pairs.is_ambiguous(item):
        number = len(known.foresight.pairs.found[item])
        found = {*known.foresight.pairs.found[item]}
        what = (
            f"{number} {noun} with its slug upstream" if len(found) > 1 else f"it on {number} tiles upstream"
        )
        yield _blocks(
            FindingCode.AMBIGUOUS, f"Lightdash finds {what}, and refuses to choose (409)", replay=True
        )
    elif refusal := known.refused.get(item):
        code, reason = refusal
        what = f"Lightdash does not say what it would do: {reason}"
        yield _blocks(code, what, replay=code is not FindingCode.FORBIDDEN)
    if lacks := known.missing.get(item):
        yield _blocks(FindingCode.FORBIDDEN, f"Lightdash will refuse it: {lacks}")


def _unclear(item: ItemKey, known: Known) -> Iterator[Verdict]:
    """Yield a finding if the server's action contradicts the content of both projects."""
    said, foreseen = known.words.get(item, ServerAction.NOTHING), known.foresight.word(item)
    if said not in (ServerAction.NOTHING, foreseen):
        what = f'Lightdash says "{said}", and by both projects it should be "{foreseen}"'
        yield _blocks(
            FindingCode.UNCLEAR, f"{what}: somebody is at work there, or this version promotes otherwise"
        )
    elif known.met.get(item, (expected := known.foresight.pairs.upstream(item))) != expected:
        what = "Lightdash takes another upstream item for the same than the one with its slug"
        yield _blocks(FindingCode.UNCLEAR, what)


def _space(item: ItemKey, known: Known) -> Iterator[Verdict]:
    """Yield findings for changes of an existing space, and for the access to a new one."""
    foresight = known.foresight
    before, content = foresight.before(item), foresight.source.of(item)
    if before is not None:
        if (new := get_str(content, "name")) != (old := get_str(before, "name")):
            what = f"the upstream space “{old}” would be renamed to “{new}”, for all that is in it"
            yield _blocks(FindingCode.RENAMES_SPACE, what)
        return
    if twins := [*_twins(item, foresight, anywhere=True)]:
        there = _listed([f"space:{key}" for key in twins])
        what = f"a second space of its name would be made: upstream has {there}, in another place"
        yield _blocks(FindingCode.WOULD_DUPLICATE, what, replay=True)
    granted = grants_of(foresight.after(item, ServerAction.CREATE))
    mine = {(get_str(grant, "email"), get_str(grant, "group")) for grant in grants_of(content)}
    more = [
        get_str(one, "email") for one in granted if (get_str(one, "email"), get_str(one, "group")) not in mine
    ]
    if more:
        what = f"members of its groups get grants of their own, which outlive the group: {_listed(more)}"
        yield Verdict(FindingCode.WIDENS_ACCESS, what, Severity.WARNS, replay=True)


def _identity(item: ItemKey, known: Known) -> Iterator[Verdict]:
    """Yield a finding if the promotion would write the wrong item."""
    foresight, kind = known.foresight, item[0]
    linked, met = known.links.get(item), foresight.pairs.upstream(item)
    there = linked is not None and linked in foresight.there.known_keys(kind)
    if met is not None:
        if what := _other_item(item, known, met, linked if there else None):
            yield _blocks(FindingCode.OTHER_ITEM, what, replay=True)
        return
    noun = KINDS[kind].noun[0]
    if (copy := linked_copy(item, foresight, known.links)) is not None:
        what = f"upstream has it as {kind}:{copy}, of another slug, and Lightdash would make another {noun}"
        yield _blocks(FindingCode.NOT_PROMOTABLE, what, replay=True)
        return
    same = linked if there else known.renamed.get(item)
    twins = [*_twins(item, foresight)]
    if same is not None:
        twins.insert(0, foresight.there.key(kind, same))
    if not foresight.server.can("promotion_keeps_slugs"):
        made = len(known.shown.get(item[1], ())) if kind is Kind.CHART else 1
        copies = f"{made} copies" if made > 1 else "a copy"
        what = f"this Lightdash gives {copies} another slug, so that each promotion makes a new {noun}"
        if twins:
            what += f"; upstream has {_listed([f'{kind}:{key}' for key in dict.fromkeys(twins)])} already"
        yield _blocks(FindingCode.WOULD_DUPLICATE, what, replay=True)
    elif twins:
        named = _listed([f"{kind}:{key}" for key in dict.fromkeys(twins)])
        what = f"a second one would be made: upstream has {named}, with another slug"
        if item in known.renamed:
            what += ": it had the same before it was renamed, and promotion does not follow that"
        yield _blocks(FindingCode.WOULD_DUPLICATE, what, replay=True)


def _other_item(item: ItemKey, known: Known, met: str, linked: str | None) -> str:
    """Return the reason why the upstream item with the same slug is another item; "" if there is none.

    Args:
        item: of the source.
        known: facts about both projects.
        met: uuid of the upstream item with the same slug.
        linked: uuid of the upstream item that the item was synced with, if that exists.
    """
    kind, there = item[0], known.foresight.there
    writes = "promotion would write another item, which has its slug"
    if linked is not None:
        return "" if linked == met else f"it was synced with {kind}:{there.key(kind, linked)}, and {writes}"
    if (before := known.renamed.get(item)) not in (None, met):
        return f"it was {kind}:{there.key(kind, before or '')} upstream before it was renamed, and {writes}"
    others = [
        f"{other[0]}:{other[1]}" for other, uuid in known.renamed.items() if uuid == met and other != item
    ]
    if others:
        return f"what has its slug upstream is {others[0]}, renamed, and promotion would write over it"
    return ""


def _twins(item: ItemKey, foresight: Foresight, *, anywhere: bool = False) -> Iterator[str]:
    """Yield the keys of upstream items with the same name in the same place."""
    content = foresight.wanted(item)
    place = [] if anywhere else [(field, get_str(content, field)) for field in ("space", "dashboard")]
    for other in sorted(foresight.upstream.there):
        there = foresight.upstream.of(other)
        same_name = other[0] is item[0] and get_str(there, "name") == get_str(content, "name")
        if same_name and all(get_str(there, field) == key for field, key in place):
            yield other[1]


def _upstream_work(item: ItemKey, known: Known, *, effective: bool) -> Iterator[Verdict]:
    """Yield a finding if work upstream would be overwritten, or makes the server skip the item."""
    foresight, kind = known.foresight, item[0]
    before = foresight.before(item)
    if before is None or kind not in _SAVED:
        return
    word = known.words.get(item) or foresight.word(item)
    whose = _saved(foresight.stamps(item)[1], foresight.there)
    if foresight.upstream_is_newer(item):
        if word is ServerAction.SAME and _version_differs(item, foresight):
            what = f"upstream is newer ({whose}), so Lightdash would pass it over without a word"
            yield Verdict(FindingCode.UPSTREAM_NEWER, what, _passed_over(item, known), replay=True)
        elif effective:
            mine = _saved(foresight.stamps(item)[0], foresight.here)
            what = f"upstream is newer ({whose}) and would be overwritten by what is older ({mine})"
            yield _blocks(FindingCode.UPSTREAM_NEWER, what, replay=True)
        return
    base = known.base(item)
    if effective and base is not None and any(not one.quiet for one in changes(kind, base, before)):
        what = f"upstream was changed since the last sync ({whose}), and would be overwritten"
        yield _blocks(FindingCode.UPSTREAM_CHANGED, what, replay=True)
    elif effective and item in known.overwritten:
        what = f"upstream has work in it that never was here ({whose}), and would be overwritten"
        yield _blocks(FindingCode.UPSTREAM_CHANGED, what, replay=True)


def _version_differs(item: ItemKey, foresight: Foresight) -> bool:
    """Whether an update would change more than the place of an item."""
    before, after = foresight.before(item), foresight.after(item, ServerAction.UPDATE)
    return any(not one.quiet and one.what != "moved" for one in changes(item[0], before, after))


def _left_where_it_is(item: ItemKey, known: Known, after: Json) -> Iterator[Verdict]:
    """Yield a finding if a chart was moved in the source, which the promotion does not do upstream."""
    wanted = get_str(known.foresight.wanted(item), "space")
    if known.foresight.before(item) is not None and wanted and wanted != get_str(after, "space"):
        stays = f"in space:{get_str(after, 'space')}" if get_str(after, "space") else "inside a dashboard"
        what = f"it is in space:{wanted} here, and upstream Lightdash would leave it {stays}"
        yield Verdict(FindingCode.NOT_MOVED, what, _passed_over(item, known), replay=True)


def _passed_over(item: ItemKey, known: Known) -> Severity:
    """Return how severe it is that the server skips an item although it differs."""
    return Severity.WARNS if item in known.unnamed else Severity.BLOCKS


def _dashboard(item: ItemKey, known: Known, after: Json) -> Iterator[Verdict]:
    """Yield findings for the charts and parts of a dashboard."""
    foresight = known.foresight
    content = foresight.source.of(item)
    if not foresight.server.can("promotes_sql_charts") and (
        shown := sorted({*shown_on(content, "sqlChart")})
    ):
        named = _listed([f"sql_chart:{key}" for key in shown])
        what = f"its tiles would go on showing the source project's own SQL charts: {named}"
        yield _blocks(FindingCode.POINTS_TO_SOURCE, what, replay=True)
    if strangers := [*_strangers(content, known)]:
        what = "its tiles show charts of other projects, which nobody reads here and Lightdash would promote"
        yield _blocks(FindingCode.UNCLEAR, f"{what}, with their spaces: {_listed(strangers)}")
    if lost := [f"chart:{key}" for key in foresight.lost(item[1])]:
        what = f"Lightdash may delete charts inside it that no tile shows: {_listed(lost)}"
        yield _blocks(FindingCode.WOULD_DELETE, what)
    if hidden := [f"chart:{key}" for key in foresight.hidden(item[1], after)]:
        what = f"charts inside it stay upstream, where nothing shows them any more: {_listed(hidden)}"
        yield Verdict(FindingCode.WOULD_HIDE, what, Severity.WARNS)
    if any("@{" in said for said in _texts(foresight.literal.of(item))) and foresight.before(item) != after:
        what = "links in its text go on leading to the source project"
        yield Verdict(FindingCode.POINTS_TO_SOURCE, what, Severity.WARNS, replay=True)
    met = foresight.met(item)
    if met is None:
        return
    if unsettled := [*foresight.unsettled(item[1])]:
        what = f"deliveries would name tabs, tiles or filters that are no more: {_listed(unsettled)}"
        yield _blocks(FindingCode.BREAKS_DELIVERIES, what, replay=True)
    if met[1] in foresight.commented and foresight.lost_names(item, "tiles"):
        what = "comments on its tiles would be seen no more, because tiles get the source's uuids"
        yield _blocks(FindingCode.MOVES_COMMENTS, what, replay=True)


def _strangers(content: JsonObject, known: Known) -> Iterator[str]:
    """Yield the charts of other projects on a dashboard that the server would copy or match wrongly."""
    foresight = known.foresight
    for field_there, kind in (("chart", Kind.CHART), ("sqlChart", Kind.SQL_CHART)):
        for key in dict.fromkeys(shown_on(content, field_there)):
            item, uuid = (kind, key), foresight.here.external.get(key)
            if item in foresight.source.there or item not in known.words:
                continue
            if known.met.get(item) != uuid:  # otherwise it is the upstream chart itself
                yield f"{kind}:{key} ({uuid})"


def _texts(content: Json) -> Iterator[str]:
    """Yield each string in a content."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list | dict):
        for one in content.values() if isinstance(content, dict) else content:
            yield from _texts(one)


def _plain(item: ItemKey, known: Known, *, effective: bool) -> Verdict:
    """Return the finding for an item without any other finding."""
    if known.foresight.before(item) is None:
        return Verdict(FindingCode.NEW, "upstream has none; it would be made")
    if effective:
        return Verdict(FindingCode.CHANGED, "upstream would become as it is here")
    if (known.words.get(item) or known.foresight.word(item)) is ServerAction.UPDATE:
        return Verdict(FindingCode.UNCHANGED, "really unchanged, although Lightdash says update")
    return Verdict(FindingCode.UNCHANGED, "unchanged")


def _saved(stamp: Stamp | None, identity: Identity) -> str:
    """Return who saved a version, and when."""
    if stamp is None:
        return "nobody knows when"
    who = full_name(stamp.person, identity.people.get(stamp.person, {})) if stamp.person else "somebody"
    return f"saved by {who} at {stamp.time:%Y-%m-%d %H:%M} UTC"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _blocks(code: FindingCode, what: str, *, replay: bool = False) -> Verdict:
    return Verdict(code, what, Severity.BLOCKS, replay=replay)


def _accepted(verdict: Verdict) -> Verdict:
    """Return a finding as accepted by the user, if it can be accepted."""
    if verdict.weight is not Severity.BLOCKS or verdict.code in NEVER_ACCEPTED:
        return verdict
    return replace(verdict, accepted=True)


# Detects upstream items that were changed after the source's item was copied from them or promoted to them.
#
# Lightdash compares only the times of the last versions: the later one wins and replaces the other. The
# versions of the source's item show more. A preview keeps the times of the versions that it copies, and a
# promotion copies a version; so if the upstream content equals none of them, somebody has worked upstream.
# This is possible for kinds whose history the server lists (dashboards since 0.2450.0, for users who may
# manage them), and as far back as Lightdash lists versions (to the first one since 0.3007.0, before that
# three days by default). Reading a version counts no view.


def overwritten(
    lightdash: Lightdash, foresight: Foresight, items: Sequence[ItemKey], progress: Progress
) -> frozenset[ItemKey]:
    """Return the items whose upstream versions have work that the source never had.

    Args:
        lightdash: the server, with a token that sees the source.
        foresight: both projects.
        items: items of the source that would be written, of kinds whose history the server lists.
        progress: receives the progress.

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


def _has_own_work(lightdash: Lightdash, foresight: Foresight, item: ItemKey) -> bool:
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


def _history(lightdash: Lightdash, kind: Kind, uuid: str) -> list[VersionRow]:
    """Return the history of an item; empty if the token may not read it."""
    try:
        return lightdash.history(kind, uuid)
    except NotAuthorised as error:
        if error.status != 403:
            raise
        return []
