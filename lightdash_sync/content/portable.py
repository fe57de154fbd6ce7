"""From the server's normal form to content files, and back.

`to_portable` puts a key in the place of each reference: `spaceUuid` becomes `space`, a tile's
`savedChartUuid` becomes `chart`, tiles, tabs and rules of filters get names of their own within the
dashboard (by which its schedulers say them, too), and uuids elsewhere become tokens (see `references`), those
of the dashboard's own parts as well.
`to_server` is its exact inverse, given the same identity map; given the map of another environment it says
the same content in that environment's uuids. Fields that nobody told us of pass through both ways, at every
depth.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, cast

from lightdash_sync.content.json import objects
from lightdash_sync.content.keys import external_key
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.parts import FILTERS, PARTS, TABS, TILES, Within, by_id, names_of, server_ids
from lightdash_sync.content.references import UnresolvedReference, tokenise, untokenise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.json import Json, JsonObject

# Server field -> (field in the file, kind it refers to).
PLACES = {"spaceUuid": ("space", Kind.SPACE), "dashboardUuid": ("dashboard", Kind.DASHBOARD)}
SHOWN = {"savedChartUuid": ("chart", Kind.CHART), "savedSqlUuid": ("sqlChart", Kind.SQL_CHART)}
DELIVERED = SHOWN | {"dashboardUuid": ("dashboard", Kind.DASHBOARD)}
APP = ("appUuid", "app")  # of a tile; data apps are not in a snapshot, so each lies outside
PALETTE = "colorPaletteUuid"
_ESCAPE = "server:"  # a server's field, or id of a rule, that has the name of one of ours

Say: TypeAlias = "Callable[[Json], Json]"
Field: TypeAlias = "tuple[str, Say]"
Said: TypeAlias = "tuple[str, str, Say]"
_Parts: TypeAlias = "dict[str, Say]"  # part of a dashboard -> how its elements are said


@dataclass(frozen=True, slots=True)
class Portable:
    """An item as its content file has it.

    Attributes:
        content: the JSON of the file.
        external: external key -> uuid, for each reference that leaves the project.
    """

    content: JsonObject
    external: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Keys:
    """Looks up keys and remembers which references lead outside."""

    identity: Identity
    external: dict[str, str]

    def of(self, kind: Kind) -> Callable[[Json], Json]:
        return lambda uuid: self._noted(uuid, self.identity.key(kind, str(uuid)))

    def person(self, uuid: Json) -> Json:
        return self._noted(uuid, self.identity.person(str(uuid)))

    def group(self, uuid: Json) -> Json:
        return self._noted(uuid, self.identity.group(str(uuid)))

    def palette(self, uuid: Json) -> Json:
        return self._noted(uuid, self.identity.palette(str(uuid)))

    def app(self, uuid: Json) -> Json:
        return self._noted(uuid, external_key(str(uuid)))

    def _noted(self, uuid: Json, key: str) -> Json:
        if not isinstance(uuid, str):
            return uuid
        if key == external_key(uuid):  # a group may have a name that only begins as these keys do
            self.external[key] = uuid
        return key


@dataclass(frozen=True, slots=True)
class _Uuids:
    """Looks up uuids; what the environment lacks is an error that names it."""

    identity: Identity

    def of(self, kind: Kind) -> Callable[[Json], Json]:
        return lambda key: self._found(key, self.identity.uuid(kind, str(key)), kind)

    def person(self, email: Json) -> Json:
        return self._found(email, self.identity.person_uuid(str(email)), "person")

    def group(self, name: Json) -> Json:
        return self._found(name, self.identity.group_uuid(str(name)), "group")

    def palette(self, name: Json) -> Json:
        return self._found(name, self.identity.palette_uuid(str(name)), "palette")

    def app(self, key: Json) -> Json:
        return self._found(key, self.identity.external.get(str(key)), "data app")

    def _found(self, key: Json, uuid: str | None, kind: str) -> Json:
        if not isinstance(key, str):
            return key
        if uuid is None:
            raise UnresolvedReference(f"{kind} {key} is not known in this environment")
        return uuid


def to_portable(
    kind: Kind, key: str, normal: JsonObject, identity: Identity, layout: JsonObject | None = None
) -> Portable:
    """Return an item as content, every reference a key.

    Args:
        kind: its kind.
        key: its key; dashboards find the names of their parts in the map by it.
        normal: the `content` of its normal form.
        identity: the environment's map. References it does not know become external keys.
        layout: names of the parts of an earlier version, which are not those of the map.
    """
    keys = _Keys(identity, {})
    content = _escape(normal, _OURS.get(kind, frozenset()))
    within = Within(identity)
    if kind is Kind.DASHBOARD:
        facts = identity.facts(kind, key) if layout is None else layout
        within = Within(identity, facts, {part: server_ids(normal, part) for part in PARTS})
        content = _layout_out(content, facts, keys)
    elif kind is Kind.SCHEDULER:
        facts = _dashboard_facts(normal.get("dashboardUuid"), keys)
        within = Within(identity, facts)
        content = _delivery(content, _said_in(facts))
    content = _renamed(content, _fields(kind, keys))
    if kind is Kind.SPACE:
        users, groups = ("userUuid", "email", keys.person), ("groupUuid", "group", keys.group)
        content = _with(content, "access", lambda access: _grants(access, users, groups))
    return Portable(cast("JsonObject", tokenise(content, within)), keys.external)


def to_server(kind: Kind, key: str, content: JsonObject, identity: Identity) -> JsonObject:
    """Return a content file in the server's normal form, in the uuids of an environment.

    Raises:
        UnresolvedReference: the environment has no such item, person or group.
    """
    uuids = _Uuids(identity)
    dashboard = key if kind is Kind.DASHBOARD else content.get("dashboard")
    has_parts = kind in (Kind.DASHBOARD, Kind.SCHEDULER) and isinstance(dashboard, str)
    facts = identity.facts(Kind.DASHBOARD, str(dashboard)) if has_parts else {}
    normal = cast("JsonObject", untokenise(content, Within(identity, facts)))
    if kind is Kind.SPACE:
        users, groups = ("email", "userUuid", uuids.person), ("group", "groupUuid", uuids.group)
        normal = _with(normal, "access", lambda access: _grants(access, users, groups))
    normal = _renamed(normal, {ours: (theirs, back) for theirs, (ours, back) in _fields(kind, uuids).items()})
    if kind is Kind.DASHBOARD:
        normal = _layout_back(normal, facts, uuids)
    elif kind is Kind.SCHEDULER:
        normal = _delivery(normal, _meant_by(facts))
    return _unescape(normal)


def _fields(kind: Kind, names: _Keys | _Uuids) -> dict[str, Field]:
    """Return server field -> (field in the file, how its value is said) for the top level of a kind."""
    match kind:
        case Kind.SPACE:
            return {"parentSpaceUuid": ("parent", names.of(Kind.SPACE)), PALETTE: ("palette", names.palette)}
        case Kind.CHART | Kind.SQL_CHART | Kind.DASHBOARD:
            fields: dict[str, Field] = {theirs: (ours, names.of(of)) for theirs, (ours, of) in PLACES.items()}
            return fields | {PALETTE: ("palette", names.palette)}
        case Kind.SCHEDULER:
            shown: dict[str, Field] = {
                theirs: (ours, names.of(of)) for theirs, (ours, of) in DELIVERED.items()
            }
            return shown | {"createdBy": ("owner", names.person)}
        case _:
            return {}


_PLACED = frozenset({"space", "dashboard", "palette"})
_OURS: dict[Kind, frozenset[str]] = {
    Kind.SPACE: frozenset({"parent", "palette"}),
    Kind.CHART: _PLACED,
    Kind.SQL_CHART: _PLACED,
    Kind.DASHBOARD: _PLACED,
    Kind.SCHEDULER: frozenset({"chart", "sqlChart", "dashboard", "owner"}),
}
_OURS_IN_TILES = frozenset({"id", "tab"})
_OURS_IN_TABS = frozenset({"id"})
_OURS_IN_PROPERTIES = frozenset({"chart", "sqlChart", "app"})


def _layout_out(content: JsonObject, facts: JsonObject, keys: _Keys) -> JsonObject:
    """Name tiles, tabs and rules of filters, and say by these names where filters apply."""
    names = _said_in(facts)
    shown: dict[str, Field] = {theirs: (ours, keys.of(of)) for theirs, (ours, of) in SHOWN.items()}
    shown[APP[0]] = (APP[1], keys.app)
    tile_fields: dict[str, Field] = {"uuid": ("id", names[TILES]), "tabUuid": ("tab", names[TABS])}

    def tile_out(tile: JsonObject) -> JsonObject:
        tile = _renamed(_escape(tile, _OURS_IN_TILES), tile_fields)
        return _with(tile, "properties", lambda shows: _renamed(_escape(shows, _OURS_IN_PROPERTIES), shown))

    content = _each(content, TILES, tile_out)
    content = _each(
        content, TABS, lambda tab: _renamed(_escape(tab, _OURS_IN_TABS), {"uuid": ("id", names[TABS])})
    )
    return _elsewhere(content, names)


def with_copied_parts(kind: Kind, content: JsonObject, here: JsonObject, there: JsonObject) -> JsonObject:
    """Say the parts of a dashboard by name where a copy of it still has the ids of what it was copied from.

    Lightdash gives the tabs of a preview new ids, and leaves the old ones in the rules of filters.

    Args:
        kind: a dashboard or a scheduler; others stay as they are.
        content: of the copy, or of its scheduler.
        here: facts of the copy.
        there: facts of the dashboard that it was copied from; only names that the copy has too are taken.
    """
    names: _Parts = {
        part: _in({uuid: name for uuid, name in by_id(there, part).items() if name in names_of(here, part)})
        for part in (TILES, TABS)
    } | {FILTERS: lambda rule: rule}
    if kind is Kind.SCHEDULER:
        return _delivery(content, names)
    return _elsewhere(content, names) if kind is Kind.DASHBOARD else content


def _layout_back(normal: JsonObject, facts: JsonObject, uuids: _Uuids) -> JsonObject:
    ids = _meant_by(facts)
    shown: dict[str, Field] = {ours: (theirs, uuids.of(of)) for theirs, (ours, of) in SHOWN.items()}
    shown[APP[1]] = (APP[0], uuids.app)
    tile_fields: dict[str, Field] = {"id": ("uuid", ids[TILES]), "tab": ("tabUuid", ids[TABS])}

    def tile_back(tile: JsonObject) -> JsonObject:
        tile = _unescape(_renamed(tile, tile_fields))
        return _with(tile, "properties", lambda shows: _unescape(_renamed(shows, shown)))

    normal = _each(normal, TILES, tile_back)
    normal = _each(normal, TABS, lambda tab: _unescape(_renamed(tab, {"id": ("uuid", ids[TABS])})))
    return _elsewhere(normal, ids)


def _delivery(content: JsonObject, names: _Parts) -> JsonObject:
    """Say the parts of a scheduler's dashboard otherwise; its rules replace those of the same id."""
    if isinstance(selected := content.get("selectedTabs"), list):
        content = content | {"selectedTabs": [names[TABS](tab) for tab in selected]}
    return _each(content, FILTERS, lambda rule: _rule(rule, names))


def _dashboard_facts(uuid: Json, keys: _Keys) -> JsonObject:
    if not isinstance(uuid, str):
        return {}
    return keys.identity.facts(Kind.DASHBOARD, keys.identity.key(Kind.DASHBOARD, uuid))


def _said_in(facts: JsonObject) -> _Parts:
    """Return for each part how an id of the server is said in content; one that has no name stays."""
    tiles, tabs, filters = (by_id(facts, part) for part in PARTS)
    return {TILES: _in(tiles), TABS: _in(tabs), FILTERS: _rule_said(filters)}


def _meant_by(facts: JsonObject) -> _Parts:
    """Return for each part which id of the server a name means."""
    tiles, tabs, filters = (names_of(facts, part) for part in PARTS)
    return {TILES: _in(tiles), TABS: _in(tabs), FILTERS: _rule_meant(filters)}


def _elsewhere(content: JsonObject, names: _Parts) -> JsonObject:
    """Say the parts of a dashboard otherwise where its filters and its date zoom speak of them."""
    content = _with(content, "config", lambda config: _with(config, "dateZoomConfig", partial(_zoom, names)))
    return _filters(content, names)


def _zoom(names: _Parts, zoom: JsonObject) -> JsonObject:
    return _with(zoom, "tileTargets", partial(_targets, names))


def _targets(names: _Parts, applies: JsonObject) -> JsonObject:
    return {str(names[TILES](tile)): to for tile, to in applies.items()}


def _filters(content: JsonObject, names: _Parts) -> JsonObject:
    def rules(filters: JsonObject) -> JsonObject:
        for group in filters:
            filters = _each(filters, group, lambda rule: _rule(rule, names))
        return filters

    return _with(content, FILTERS, rules)


def _rule(rule: JsonObject, names: _Parts) -> JsonObject:
    rule = rule | {"id": names[FILTERS](rule["id"])} if "id" in rule else rule
    if isinstance(locked := rule.get("lockedTabUuids"), list):
        rule = rule | {"lockedTabUuids": [names[TABS](tab) for tab in locked]}
    return _with(rule, "tileTargets", partial(_targets, names))


def _grants(access: JsonObject, users: Said, groups: Said) -> JsonObject:
    """Say the holders of a space's grants in other words, and put them in the order of these words."""
    for who, (theirs, ours, say) in (("users", users), ("groups", groups)):
        fields: dict[str, Field] = {theirs: (ours, say)}
        if found := objects(access.get(who)):
            grants = [_renamed(grant, fields) for grant in found]
            access = access | {who: [*sorted(grants, key=partial(_holder, ours))]}
    return access


def _holder(field: str, grant: JsonObject) -> str:
    return str(grant.get(field))


def _renamed(obj: JsonObject, fields: Mapping[str, Field]) -> JsonObject:
    """Rename fields and change their values; null stays null."""
    result: JsonObject = {}
    for name, value in obj.items():
        ours, say = fields.get(name, (name, None))
        result[ours] = value if say is None or value is None else say(value)
    return result


def _escape(obj: JsonObject, ours: frozenset[str]) -> JsonObject:
    return {
        _ESCAPE + name if name in ours or name.startswith(_ESCAPE) else name: value
        for name, value in obj.items()
    }


def _unescape(obj: JsonObject) -> JsonObject:
    return {name.removeprefix(_ESCAPE): value for name, value in obj.items()}


def _each(obj: JsonObject, name: str, change: Callable[[JsonObject], JsonObject]) -> JsonObject:
    """Change each object of a list; anything else stays as it is."""
    items = obj.get(name)
    if not isinstance(items, list):
        return obj
    return obj | {name: [change(item) if isinstance(item, dict) else item for item in items]}


def _with(obj: JsonObject, name: str, change: Callable[[JsonObject], JsonObject]) -> JsonObject:
    inner = obj.get(name)
    return obj | {name: change(inner)} if isinstance(inner, dict) else obj


def _in(names: Mapping[str, str]) -> Say:
    return lambda value: names.get(value, value) if isinstance(value, str) else value


def _rule_said(names: Mapping[str, str]) -> Say:
    """Say the id of a rule, which is any text: one without a name that could be taken for one is escaped."""
    taken = {*names.values()}

    def say(value: Json) -> Json:
        if not isinstance(value, str) or value in names:
            return _in(names)(value)
        return _ESCAPE + value if value in taken or value.startswith(_ESCAPE) else value

    return say


def _rule_meant(ids: Mapping[str, str]) -> Say:
    def say(value: Json) -> Json:
        return ids.get(value, value.removeprefix(_ESCAPE)) if isinstance(value, str) else value

    return say
