"""Predicts what Lightdash does with each promoted item, and what the upstream project has afterwards.

Pure: the input is both projects in the source's keys, and the version of the server
(docs/lightdash-api.md#promotion). Promotion copies the content of a version unchanged: uuids in text, and
references to SQL charts where the server does not promote them, still refer to items of the source project.

The first section matches upstream items with items of the source; `Foresight` predicts the content.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.content.authorship import of_no_version, of_version, version_stamp
from lightdash_sync.content.json import get_list, get_str, objects
from lightdash_sync.content.keys import external_key
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.normal import in_order
from lightdash_sync.content.parts import PARTS, Within, by_id, names_of, parts_in, stand_ins
from lightdash_sync.content.references import tokenise, tokens_in, untokenise
from lightdash_sync.promotion.values import ServerAction
from lightdash_sync.sync.plan.managed import same_content
from lightdash_sync.sync.plan.options import PlanOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lightdash_sync.content.authorship import Stamp
    from lightdash_sync.content.contents import Contents
    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.lightdash.versions import Server


# How Lightdash matches items of the source with items of the upstream project.
#
# Lightdash matches by slug alone: a chart or dashboard anywhere in the upstream project with the same slug is
# the same item. A space matches by its slug, and since 0.1610.1 by its path of slugs
# (docs/lightdash-api.md#how-items-are-matched). A chart inside a dashboard is found on the tiles of that
# dashboard's latest version only; before 0.2213.3 once for each tile. An item with more than one match cannot
# be promoted (409).

PROMOTED = (Kind.SPACE, Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD)


@dataclass(frozen=True)
class Pairs:
    """The matches between both projects, as Lightdash finds them.

    Attributes:
        found: item of the source -> uuids of the upstream items with its slug, or path; at least one.
    """

    found: Mapping[ItemKey, tuple[str, ...]]

    def upstream(self, item: ItemKey) -> str | None:
        """Return the uuid of the only upstream item; None if there is none, or more than one."""
        uuids = {*self.found.get(item, ())}
        return uuids.pop() if len(uuids) == 1 else None

    def is_ambiguous(self, item: ItemKey) -> bool:
        """Whether the server refuses to choose: it finds several items, or one item several times."""
        return len(self.found.get(item, ())) > 1

    def links(self, source: Identity) -> dict[Kind, dict[str, JsonObject]]:
        """Return the matches as links (kind -> key -> facts), for reading upstream in the source's keys.

        A preview has two spaces with the slug `shared`; both are promoted into one, which has the key of the
        first. Parts of dashboards have the names of the source, because promotion copies their ids.

        Args:
            source: identity map of the source.
        """
        links: dict[Kind, dict[str, JsonObject]] = {}
        for kind, key in sorted(self.found):
            mine, uuid = links.setdefault(kind, {}), self.upstream((kind, key))
            if uuid is not None and all(facts["uuid"] != uuid for facts in mine.values()):
                mine[key] = {"uuid": uuid, **parts_in(source.facts(kind, key))}
        return links


def pairs(
    source: Identity,
    upstream: Identity,
    contents: Contents,
    server: Server,
    kinds: tuple[Kind, ...] = PROMOTED,
) -> Pairs:
    """Find the matches that Lightdash would find.

    Args:
        source: identity map of the project that is promoted.
        upstream: identity map of the upstream project.
        contents: of the upstream project, in the keys of its map.
        server: the server, which knows its version.
        kinds: the kinds of items to match.
    """
    found: dict[ItemKey, tuple[str, ...]] = {}
    for kind in kinds:
        there: dict[str, list[str]] = {}
        for key, facts in upstream.items.get(kind, {}).items():
            times = _times(kind, key, contents, server)
            there.setdefault(_name(kind, facts, server), []).extend([str(facts["uuid"])] * times)
        for key, facts in source.items.get(kind, {}).items():
            if uuids := there.get(_name(kind, facts, server)):
                found[kind, key] = tuple(uuids)
    return Pairs(found)


def _name(kind: Kind, facts: JsonObject, server: Server) -> str:
    """Return the slug or path by which the server finds an item."""
    if kind is Kind.SPACE and server.can("promotes_by_path") and (path := get_str(facts, "path")):
        return path
    return get_str(facts, "slug")


def _times(kind: Kind, key: str, contents: Contents, server: Server) -> int:
    """Return how many times the server finds an item."""
    dashboard = get_str(contents.of((kind, key)), "dashboard") if kind is Kind.CHART else ""
    if not dashboard:
        return 1
    tiles = Counter(shown_on(contents.of((Kind.DASHBOARD, dashboard))))[key]
    return min(tiles, 1) if server.can("finds_inside_charts_once") else tiles


def shown_on(dashboard: JsonObject, field: str = "chart") -> Iterator[str]:
    """Yield the keys of the charts on a dashboard's tiles, one for each tile.

    Args:
        dashboard: its content.
        field: `chart`, or `sqlChart`.
    """
    for tile in get_list(dashboard, "tiles"):
        if key := get_str(tile, "properties", field):
            yield key


_OPTIONS = PlanOptions()
_NAMED, _PLACE = ("name", "description"), ("space", "dashboard")  # no part of a version, but promoted with it


@dataclass(frozen=True)
class Foresight:
    """Both projects, and the predicted effect of a promotion.

    Attributes:
        source: content of the project that is promoted; links to upstream items have the upstream form.
        literal: the same content in the source's own form: this is what promotion copies.
        here: identity map of the source.
        upstream: content of the upstream project; matched items have the keys of the source.
        there: identity map of the upstream project, in the same keys.
        pairs: the matches that the server finds.
        server: the server, which knows its version.
        members: name of a group -> e-mails of its members; a new private space is granted to each.
        commented: keys of the upstream dashboards that have comments.
    """

    source: Contents
    literal: Contents
    here: Identity
    upstream: Contents
    there: Identity
    pairs: Pairs
    server: Server
    members: Mapping[str, Sequence[str]]
    commented: frozenset[str] = frozenset()

    def met(self, item: ItemKey) -> ItemKey | None:
        """Return the upstream item that the server matches with an item of the source, or None."""
        uuid = self.pairs.upstream(item)
        return None if uuid is None else (item[0], self.there.key(item[0], uuid))

    def before(self, item: ItemKey) -> Json:
        """Return the content that an item has upstream; None if the server finds none."""
        met = self.met(item)
        return None if met is None else self.upstream.look(*met)

    def stamps(self, item: ItemKey) -> tuple[Stamp | None, Stamp | None]:
        """Return the stamps of the current versions of an item, in the source and upstream."""
        met = self.met(item)
        mine = version_stamp(item[0], self.here.facts(*item))
        return mine, None if met is None else version_stamp(item[0], self.there.facts(*met))

    def upstream_is_newer(self, item: ItemKey) -> bool:
        """Whether the upstream item was saved after the source's."""
        mine, theirs = self.stamps(item)
        return mine is not None and theirs is not None and theirs.time > mine.time

    def word(self, item: ItemKey) -> ServerAction:
        """Return the action that the server is expected to take for an item."""
        kind, before = item[0], self.before(item)
        content = self.source.of(item)
        if before is None:
            return ServerAction.CREATE
        if kind is Kind.DASHBOARD:
            return ServerAction.UPDATE
        named = ("name",) if kind is Kind.SPACE else ("name", "description")
        if any(_said(content, name) != _said(before, name) for name in named):
            return ServerAction.UPDATE
        mine, theirs = self.stamps(item)
        is_newer = mine is not None and theirs is not None and mine.time > theirs.time
        return ServerAction.UPDATE if kind is not Kind.SPACE and is_newer else ServerAction.SAME

    def wanted(self, item: ItemKey) -> JsonObject:
        """Return the content an item would have upstream if all of it were promoted, links included."""
        content = self._placed(self.source.of(item))
        if "palette" in content:  # promotion keeps the palette that upstream has
            before = self.before(item)
            content |= {"palette": before.get("palette") if isinstance(before, dict) else None}
        return content

    def differs(self, item: ItemKey) -> bool:
        """Whether an item differs between the two sides, or does not exist upstream."""
        if item[0] is Kind.SPACE:
            return _said(self.wanted(item), "name") != _said(self.before(item), "name")
        return not same_content(item[0], self.wanted(item), self.before(item), _OPTIONS)

    def after(self, item: ItemKey, word: ServerAction) -> Json:
        """Return the content that an item has upstream after its promotion."""
        before = self.before(item)
        if word is ServerAction.SAME or (word is ServerAction.NOTHING and before is not None):
            return before
        copied = self._copied(item)
        if item[0] is Kind.SPACE:
            return (
                {**before, "name": copied.get("name")}
                if isinstance(before, dict)
                else self._new_space(_without_palette(copied))
            )
        if not isinstance(before, dict):
            return {name: value for name, value in _without_palette(copied).items() if name != "verification"}
        found: JsonObject = {
            **_object(of_no_version(item[0], before)),
            **_object(of_version(item[0], copied)),
        }
        if not get_str(copied, "dashboard"):  # a chart inside a dashboard keeps its place upstream
            found = {name: value for name, value in found.items() if name not in _PLACE}
            found |= {name: copied[name] for name in _PLACE if name in copied}
        return in_order(item[0], found | {name: copied[name] for name in _NAMED if name in copied})

    def lost(self, dashboard: str) -> Iterator[str]:
        """Yield the charts inside the upstream dashboard that its latest version does not show.

        Promotion deletes those that were never on a tile of any version; the API does not show which.
        """
        met = self.met((Kind.DASHBOARD, dashboard))
        if met is None:
            return
        shown = set(shown_on(self.upstream.of(met)))
        for _, key in sorted(self.upstream.inside.get(met[1], set())):
            if key not in shown:
                yield key

    def lost_names(self, item: ItemKey, part: str) -> frozenset[str]:
        """Return the upstream names of the parts of a dashboard whose ids the promoted version lacks.

        Promotion copies the ids of the source; a preview keeps the ids that it copied, except those of tabs.

        Args:
            item: the dashboard.
            part: one of `PARTS`.
        """
        met = self.met(item)
        kept = by_id(self.here.facts(*item), part)
        theirs = {} if met is None else names_of(self.there.facts(*met), part)
        return frozenset(name for name, uuid in theirs.items() if uuid not in kept)

    def unsettled(self, dashboard: str) -> Iterator[str]:
        """Yield the upstream schedulers of a dashboard that refer to parts whose ids disappear."""
        item = (Kind.DASHBOARD, dashboard)
        met = self.met(item)
        tiles, tabs, rules = (self.lost_names(item, part) for part in PARTS)
        for kind, key in sorted(self.upstream.there):
            content = self.upstream.of((kind, key))
            if kind is not Kind.SCHEDULER or met is None or get_str(content, "dashboard") != met[1]:
                continue
            selected = content.get("selectedTabs")
            named = {*map(str, selected)} if isinstance(selected, list) else set()
            replaced = get_list(content, "filters")
            targets = {tile for rule in replaced for tile in _object(rule.get("tileTargets"))}
            if named & tabs or targets & tiles or {get_str(rule, "id") for rule in replaced} & rules:
                yield f"{kind}:{key}"

    def hidden(self, dashboard: str, after: Json) -> Iterator[str]:
        """Yield the charts inside the upstream dashboard that the promoted version no longer shows."""
        met = self.met((Kind.DASHBOARD, dashboard))
        if met is None or not isinstance(after, dict):
            return
        inside = {key for _, key in self.upstream.inside.get(met[1], set())}
        left = set(shown_on(after))
        yield from sorted(inside & (set(shown_on(self.upstream.of(met))) - left))

    def _placed(self, said: JsonObject) -> JsonObject:
        """Return a content with the upstream keys of its space and dashboard."""
        content = dict(said)
        for field, kind in (("space", Kind.SPACE), ("parent", Kind.SPACE), ("dashboard", Kind.DASHBOARD)):
            if key := get_str(content, field):
                met = self.met((kind, key))
                content[field] = key if met is None else met[1]
        return content

    def copied_version(self, kind: Kind, content: JsonObject) -> Json:
        """Return a version of an item of the source as a promotion would have copied it.

        Args:
            kind: of the item.
            content: of that version, in the source's keys.
        """
        return of_version(kind, self._said_there(kind, content))

    def _copied(self, item: ItemKey) -> JsonObject:
        """Return an item of the source as promotion copies it."""
        return self._said_there(item[0], self._placed(self.literal.of(item)))

    def _said_there(self, kind: Kind, content: JsonObject) -> JsonObject:
        parts = stand_ins(tokens_in(content))  # promotion keeps their ids
        said = _object(tokenise(untokenise(content, Within(self.here, parts)), Within(self.there, parts)))
        if kind is not Kind.DASHBOARD:
            return said
        return said | {"tiles": [self._tile(tile) for tile in get_list(said, "tiles")]}

    def _tile(self, tile: JsonObject) -> JsonObject:
        """Return a tile with the chart that it shows afterwards."""
        properties = tile.get("properties")
        if not isinstance(properties, dict):
            return tile
        shown = dict(properties)
        if key := get_str(shown, "chart"):
            met = self.met((Kind.CHART, key))
            shown["chart"] = self._of_others(key) if met is None else met[1]
        if (key := get_str(shown, "sqlChart")) and not self.server.can("promotes_sql_charts"):
            uuid = self.here.uuid(Kind.SQL_CHART, key)
            shown["sqlChart"] = key if uuid is None else external_key(uuid)
        return tile | {"properties": shown}

    def _of_others(self, key: str) -> str:
        """Return the key of a chart that is not in the source, but may be in the upstream project."""
        uuid = self.here.external.get(key)
        return key if uuid is None else self.there.key(Kind.CHART, uuid)

    def _new_space(self, copied: JsonObject) -> JsonObject:
        """Return a new space; a private one has the source's grants, and one for each member of a group."""
        if copied.get("inheritsAccess") is not False:
            return copied | {"access": {"users": [], "groups": []}}
        users = {get_str(grant, "email"): grant for grant in get_list(copied, "access", "users")}
        groups = get_list(copied, "access", "groups")
        for grant in groups:
            for email in self.members.get(get_str(grant, "group"), ()):
                users.setdefault(email, {"email": email, "role": grant.get("role")})
        return copied | {"access": {"users": [users[email] for email in sorted(users)], "groups": [*groups]}}


def _without_palette(copied: JsonObject) -> JsonObject:
    """Return a new item without its palette, which promotion does not carry."""
    return copied | {"palette": None} if "palette" in copied else copied


def _said(content: Json, name: str) -> Json:
    return content.get(name) if isinstance(content, dict) else None


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def grants_of(content: Json) -> list[JsonObject]:
    """Return the grants of a space, users first."""
    return [
        *objects(_said(_said(content, "access"), "users")),
        *objects(_said(_said(content, "access"), "groups")),
    ]
