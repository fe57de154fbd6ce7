"""Reads both projects of a promotion, and expresses the upstream one in the keys of the source.

An item of the upstream project gets the key of the source's item that the server matches with it (see
`Pairs`). Tags and schedulers have no slug; they match by name and place.

The sections: links in texts, reading both projects, items whose slug was renamed, and the server's answers
to `promoteDiff`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightdash_sync.content.contents import Contents
from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import canonical, get_list, get_str, parse, sha256
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.tree import Tree, items_of
from lightdash_sync.errors import ApiError, Incomplete, NotAuthorised
from lightdash_sync.lightdash.as_code import find_aliases
from lightdash_sync.promotion.server_model import PROMOTED, Foresight, pairs
from lightdash_sync.promotion.values import FindingCode, ServerAction
from lightdash_sync.sync.plan.matching import find_unlinked_matches
from lightdash_sync.sync.state import joined
from lightdash_sync.sync.target import read_target, relinked
from lightdash_sync.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.lightdash.promotion import PromotionDiff
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.sync.plan.matching import Linked
    from lightdash_sync.sync.state import LinkTable, State
    from lightdash_sync.sync.target import Existing, TargetEnvironment
    from lightdash_sync.workers import Progress


# Links to items of the target in texts of the source, rewritten from uuid to key.
#
# A text of the source may contain the uuid of an item of the target. That is not a reference within the
# source project, so its files keep the bare uuid; read from the target, the same text has a key instead. The
# two can be compared and written only in the same form.

_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def with_tokens(tree: Tree, there: Linked) -> Tree:
    """Return the content of a source with the uuids of linked items of the target replaced by keys.

    Args:
        tree: content of the source.
        there: the links between items of the target and of the source.

    Returns:
        The same object, if no text has such a uuid.
    """
    items = {
        kind: {key: there.identity.facts(kind, key) for key in keys} for kind, keys in there.keys.items()
    }
    known = Identity(project=there.identity.project, items=items)

    def token(match: re.Match[bytes]) -> bytes:
        found = known.token(match[0].decode())
        return match[0] if found is None else b"@{%s}" % found.encode()

    texts: dict[str, bytes] = {}
    for path in items_of(tree):
        data = tree[path]
        said = _UUID.sub(token, data)
        if said != data:
            texts[path] = canonical(parse(said))
    if not texts:
        return tree
    digests = {**tree.digests, **{path: sha256(data) for path, data in texts.items()}}
    return Tree(digests, lambda path: texts.get(path) or tree[path], tree.identity)


_LIKE = (Kind.TAG, Kind.SCHEDULER)


def read_both(
    lightdash: Lightdash, source: Tree, place: TargetEnvironment, memory: State, *, full: bool
) -> tuple[Existing, Foresight]:
    """Read the upstream project; return it, and the combination of both projects.

    Args:
        lightdash: the server, with the token that would promote.
        source: content of the project that is promoted.
        place: the upstream project; the caller must hold its lock.
        memory: the state of the upstream project.
        full: read everything, even items that the lists prove unchanged.

    Raises:
        Incomplete: something could not be read.
    """
    raw = read_target(place, memory.hints, {}, Identity(), full=full)
    server = lightdash.server
    found = pairs(source.identity, raw.linked.identity, Contents(raw.tree), server)
    links = found.links(source.identity)
    existing = relinked(raw, links, source.identity)
    mine = frozenset((kind, key) for kind in PROMOTED for key in existing.linked.keys.get(kind, ()))
    desired, there = Contents(source), Contents(existing.tree)
    like = find_unlinked_matches(
        desired, there, mine, {one for one in desired.there if one[0] in _LIKE}, adopt=True
    ).same
    more: LinkTable = {kind: {} for kind in _LIKE}
    for (kind, key), other in like.items():
        if kind in _LIKE:
            more[kind][key] = {"uuid": existing.linked.identity.facts(*other)["uuid"]}
    existing = relinked(existing, joined(links, more), source.identity)
    now = existing.linked.identity
    return existing, Foresight(
        source=Contents(with_tokens(source, existing.linked)),
        literal=desired,
        here=source.identity,
        upstream=Contents(existing.tree),
        there=now,
        pairs=found,
        server=server,
        members=_members(lightdash, source, desired),
        commented=frozenset(now.key(Kind.DASHBOARD, uuid) for uuid in existing.commented),
    )


def _members(lightdash: Lightdash, source: Tree, contents: Contents) -> Mapping[str, Sequence[str]]:
    """Return group -> e-mails of its members; empty if no private space is granted to a group."""
    spaces = [contents.of(item) for item in contents.there if item[0] is Kind.SPACE]
    if not any(get_list(space, "access", "groups") for space in spaces):
        return {}
    try:
        teams, people = lightdash.teams(), {one.userUuid: one.email for one in lightdash.members()}
    except NotAuthorised:
        return {}
    group, person = source.identity.group, source.identity.person
    return {
        group(team.uuid): [people.get(uuid) or person(uuid) for uuid in team.memberUuids] for team in teams
    }


# Items whose slug was renamed on one side only.
#
# Lightdash finds an item by its earlier slugs, but its promotion uses current slugs: it writes onto the item
# that has the slug upstream now, and creates an item if there is none. After a rename on one side, the next
# promotion therefore creates a duplicate or overwrites another item. The requests made here find such pairs;
# they count no view.


def find_renamed(
    lightdash: Lightdash, source: str, upstream: str, items: Iterable[ItemKey], foresight: Foresight
) -> dict[ItemKey, str]:
    """Return item of the source -> uuid of the upstream item that was the same before a slug was renamed.

    Args:
        lightdash: the server.
        source: uuid of the project that is promoted.
        upstream: uuid of the upstream project.
        items: items of the source that would be promoted.
        foresight: both projects.

    Raises:
        ApiError: the server failed.
    """
    kinds = sorted({kind for kind, _ in items} & {*PROMOTED})
    here, there = ({kind: _by_slug(one, kind) for kind in kinds} for one in (foresight.here, foresight.there))
    renamed_there = find_aliases(
        lightdash, upstream, {kind: here[kind].keys() - there[kind] for kind in kinds}
    )
    renamed_here = find_aliases(lightdash, source, {kind: there[kind].keys() - here[kind] for kind in kinds})
    pairs = [(kind, mine, now) for kind, found in renamed_there.items() for mine, now in found.items()]
    pairs += [(kind, now, theirs) for kind, found in renamed_here.items() for theirs, now in found.items()]
    return {
        (kind, here[kind][mine]): uuid
        for kind, mine, theirs in pairs
        if mine in here[kind] and theirs in there[kind]
        if (uuid := foresight.there.uuid(kind, there[kind][theirs])) is not None
    }


def _by_slug(identity: Identity, kind: Kind) -> dict[str, str]:
    """Return slug -> key of the items of a kind."""
    return {
        slug: key for key, facts in identity.items.get(kind, {}).items() if (slug := get_str(facts, "slug"))
    }


# The server's announcement of what a promotion would write (`promoteDiff`), by item of the source.
#
# The request changes nothing and counts no view. A refusal is an answer, too; it is recorded for the item
# whose promotion was requested.

_REFUSALS = {
    400: FindingCode.NOT_PROMOTABLE,
    403: FindingCode.FORBIDDEN,
    404: FindingCode.UNCLEAR,
    409: FindingCode.AMBIGUOUS,
}


@dataclass
class Answers:
    """The server's answers to `promoteDiff`.

    Attributes:
        words: item -> the announced action; the first one, if several calls concern the item.
        met: item -> uuid of the upstream item that the server matches with it.
        refused: item -> code and reason of the server's refusal.
    """

    words: dict[ItemKey, ServerAction] = field(default_factory=dict)
    met: dict[ItemKey, str] = field(default_factory=dict)
    refused: dict[ItemKey, tuple[FindingCode, str]] = field(default_factory=dict)


def ask(
    lightdash: Lightdash, project: str, calls: Sequence[ItemKey], identity: Identity, progress: Progress
) -> Answers:
    """Ask the server what each call would write.

    Args:
        lightdash: the server.
        project: uuid of the source project.
        calls: items that would be promoted by a call.
        identity: identity map of the source.
        progress: receives the progress.

    Raises:
        Incomplete: the server gave no usable answer.
        NotAuthorised: the token is not accepted.
    """
    answers = Answers()
    session = lightdash.session
    workers = Workers(session.connection.concurrency, session.pacer.stopped, progress)

    def one(item: ItemKey) -> tuple[ItemKey, PromotionDiff | ApiError]:
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


def _note(item: ItemKey, answer: PromotionDiff | ApiError, identity: Identity, answers: Answers) -> None:
    if isinstance(answer, ApiError):
        answers.refused[item] = (_REFUSALS[answer.status or 404], answer.reason)
        return
    for other, word, uuid in _told(item, answer, identity):
        answers.words.setdefault(other, word)
        if word is not ServerAction.CREATE:
            answers.met.setdefault(other, uuid)


def _told(
    item: ItemKey, diff: PromotionDiff, identity: Identity
) -> Iterator[tuple[ItemKey, ServerAction, str]]:
    """Yield each item of the source in an answer, with its action and the uuid reported with it."""
    for kind, rows in ((Kind.CHART, diff.charts), (Kind.SQL_CHART, diff.sqlCharts)):
        for row in rows:
            yield (kind, identity.key(kind, row.data.oldUuid)), ServerAction(row.action), row.data.uuid
    for dashboard in diff.dashboards:
        yield item, ServerAction(dashboard.action), dashboard.data.uuid
    for space in diff.spaces:
        for key in _spaces(space.data.slug, space.data.path, identity):
            yield (Kind.SPACE, key), ServerAction(space.action), space.data.uuid


def _spaces(slug: str, path: str | None, identity: Identity) -> Iterable[str]:
    """Return the keys of the source's spaces that a row describes: those with its path, or its slug."""
    entries = identity.items.get(Kind.SPACE, {}).items()
    if path and any(facts.get("path") == path for _, facts in entries):
        return [key for key, facts in entries if facts.get("path") == path]
    return [key for key, facts in entries if facts.get("slug") == slug]
