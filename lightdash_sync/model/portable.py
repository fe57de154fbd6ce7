"""From the server's normal form to content files, and back.

`to_portable` puts a key in the place of each reference: `spaceUuid` becomes `space`, a tile's
`savedChartUuid` becomes `chart`, tiles and tabs get names of their own within the dashboard, and uuids
elsewhere become tokens (see `references`). `to_server` is its exact inverse, given the same identity
map; given the map of another environment it says the same content in that environment's uuids. Fields
that nobody told us of pass through both ways, at every depth.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, cast

from lightdash_sync.model.canonical import objects
from lightdash_sync.model.keys import external_key
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.references import UnresolvedReference, tokenise, untokenise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.model.identity import Identity

# Server field -> (field in the file, kind it refers to).
PLACES = {"spaceUuid": ("space", Kind.SPACE), "dashboardUuid": ("dashboard", Kind.DASHBOARD)}
TILES = {"savedChartUuid": ("chart", Kind.CHART), "savedSqlUuid": ("sqlChart", Kind.SQL_CHART)}
DELIVERED = TILES | {"dashboardUuid": ("dashboard", Kind.DASHBOARD)}
PALETTE = "colorPaletteUuid"
_ESCAPE = "server:"  # a server's field that has the name of one of ours

Field: TypeAlias = "tuple[str, Callable[[Json], Json]]"
Said: TypeAlias = "tuple[str, str, Callable[[Json], Json]]"


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
        key: its key; dashboards find the names of their tiles and tabs in the map by it.
        normal: the `content` of its normal form.
        identity: the environment's map. References it does not know become external keys.
        layout: names of the tiles and tabs of an earlier version, which are not those of the map.
    """
    keys = _Keys(identity, {})
    content = _escape(normal, _OURS.get(kind, frozenset()))
    if kind is Kind.DASHBOARD:
        content = _layout_out(content, identity.facts(kind, key) if layout is None else layout, keys)
    elif kind is Kind.SCHEDULER:
        content = _delivery(content, _dashboard_names(normal.get("dashboardUuid"), keys))
    content = _renamed(content, _fields(kind, keys))
    if kind is Kind.SPACE:
        users, groups = ("userUuid", "email", keys.person), ("groupUuid", "group", keys.group)
        content = _with(content, "access", lambda access: _grants(access, users, groups))
    return Portable(cast("JsonObject", tokenise(content, identity)), keys.external)


def to_server(kind: Kind, key: str, content: JsonObject, identity: Identity) -> JsonObject:
    """Return a content file in the server's normal form, in the uuids of an environment.

    Raises:
        UnresolvedReference: the environment has no such item, person or group.
    """
    uuids = _Uuids(identity)
    normal = cast("JsonObject", untokenise(content, identity))
    if kind is Kind.SPACE:
        users, groups = ("email", "userUuid", uuids.person), ("group", "groupUuid", uuids.group)
        normal = _with(normal, "access", lambda access: _grants(access, users, groups))
    dashboard = content.get("dashboard")
    normal = _renamed(normal, {ours: (theirs, back) for theirs, (ours, back) in _fields(kind, uuids).items()})
    if kind is Kind.DASHBOARD:
        normal = _layout_back(normal, identity.facts(kind, key), uuids)
    elif kind is Kind.SCHEDULER and isinstance(dashboard, str):
        facts = identity.facts(Kind.DASHBOARD, dashboard)
        normal = _delivery(normal, (_texts(facts.get("tiles")), _texts(facts.get("tabs"))))
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
_OURS_IN_PROPERTIES = frozenset({"chart", "sqlChart"})


def _layout_out(content: JsonObject, facts: JsonObject, keys: _Keys) -> JsonObject:
    """Name tiles and tabs, and say by these names where filters apply."""
    tiles, tabs = _swapped(facts.get("tiles")), _swapped(facts.get("tabs"))
    shown: dict[str, Field] = {theirs: (ours, keys.of(of)) for theirs, (ours, of) in TILES.items()}
    tile_fields: dict[str, Field] = {"uuid": ("id", _in(tiles)), "tabUuid": ("tab", _in(tabs))}

    def tile_out(tile: JsonObject) -> JsonObject:
        tile = _renamed(_escape(tile, _OURS_IN_TILES), tile_fields)
        return _with(tile, "properties", lambda shows: _renamed(_escape(shows, _OURS_IN_PROPERTIES), shown))

    content = _each(content, "tiles", tile_out)
    content = _each(
        content, "tabs", lambda tab: _renamed(_escape(tab, _OURS_IN_TABS), {"uuid": ("id", _in(tabs))})
    )
    return _filters(content, tiles)


def _layout_back(normal: JsonObject, facts: JsonObject, uuids: _Uuids) -> JsonObject:
    tiles, tabs = _texts(facts.get("tiles")), _texts(facts.get("tabs"))
    shown: dict[str, Field] = {ours: (theirs, uuids.of(of)) for theirs, (ours, of) in TILES.items()}
    tile_fields: dict[str, Field] = {"id": ("uuid", _in(tiles)), "tab": ("tabUuid", _in(tabs))}

    def tile_back(tile: JsonObject) -> JsonObject:
        tile = _unescape(_renamed(tile, tile_fields))
        return _with(tile, "properties", lambda shows: _unescape(_renamed(shows, shown)))

    normal = _each(normal, "tiles", tile_back)
    normal = _each(normal, "tabs", lambda tab: _unescape(_renamed(tab, {"id": ("uuid", _in(tabs))})))
    return _filters(normal, tiles)


def _delivery(content: JsonObject, names: tuple[Mapping[str, str], Mapping[str, str]]) -> JsonObject:
    """Say the tabs and tiles of a scheduler's dashboard by other names."""
    tiles, tabs = names
    if isinstance(selected := content.get("selectedTabs"), list):
        content = content | {"selectedTabs": [_in(tabs)(tab) for tab in selected]}
    return _each(content, "filters", lambda rule: _targets(rule, tiles))


def _dashboard_names(uuid: Json, keys: _Keys) -> tuple[dict[str, str], dict[str, str]]:
    if not isinstance(uuid, str):
        return {}, {}
    facts = keys.identity.facts(Kind.DASHBOARD, keys.identity.key(Kind.DASHBOARD, uuid))
    return _swapped(facts.get("tiles")), _swapped(facts.get("tabs"))


def _filters(content: JsonObject, tiles: Mapping[str, str]) -> JsonObject:
    def rules(filters: JsonObject) -> JsonObject:
        for group in filters:
            filters = _each(filters, group, lambda rule: _targets(rule, tiles))
        return filters

    return _with(content, "filters", rules)


def _targets(rule: JsonObject, tiles: Mapping[str, str]) -> JsonObject:
    return _with(
        rule, "tileTargets", lambda targets: {tiles.get(tile, tile): to for tile, to in targets.items()}
    )


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


def _in(names: Mapping[str, str]) -> Callable[[Json], Json]:
    return lambda value: names.get(value, value) if isinstance(value, str) else value


def _texts(names: Json) -> dict[str, str]:
    return {name: str(uuid) for name, uuid in names.items()} if isinstance(names, dict) else {}


def _swapped(names: Json) -> dict[str, str]:
    return {uuid: name for name, uuid in _texts(names).items()}
