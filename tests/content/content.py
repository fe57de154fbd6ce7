"""Generated normal forms of every kind, with unknown fields at every depth."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from lightdash_sync.content.kinds import Kind
from tests.content.generated import World, reference, texts, unknown_fields, values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.content.json import Json, JsonObject


@cache
def normal_forms(world: World, kind: Kind, key: str) -> st.SearchStrategy[JsonObject]:
    """Normal forms of one kind; of a dashboard, with the tiles that the map has for its key."""
    match kind:
        case Kind.SPACE:
            return _object(
                world, {"parentSpaceUuid": reference(world, world.of(kind)), "access": _access(world)}
            )
        case Kind.CHART | Kind.SQL_CHART:
            return _object(world, _places(world))
        case Kind.DASHBOARD:
            return _dashboards(world, key)
        case Kind.SCHEDULER:
            return _schedulers(world)
        case _:
            return _object(world, {})


def _object(
    world: World, fields: Mapping[str, st.SearchStrategy[Json]], rare: bool = True
) -> st.SearchStrategy[JsonObject]:
    """An object with these fields, each sometimes absent, beside unknown ones."""
    known = st.fixed_dictionaries({}, optional=dict(fields)) if rare else st.fixed_dictionaries(dict(fields))
    return st.tuples(unknown_fields(world), known).map(lambda parts: {**parts[0], **parts[1]})


def _places(world: World) -> dict[str, st.SearchStrategy[Json]]:
    return {
        "spaceUuid": reference(world, world.of(Kind.SPACE)),
        "dashboardUuid": reference(world, world.of(Kind.DASHBOARD)),
    }


def _shown(world: World) -> dict[str, st.SearchStrategy[Json]]:
    return {
        "savedChartUuid": reference(world, world.of(Kind.CHART)),
        "savedSqlUuid": reference(world, world.of(Kind.SQL_CHART)),
    }


def _access(world: World) -> st.SearchStrategy[Json]:
    """Grants in the order that normal forms have them in, or something else that we must not lose."""

    def grants(field: str, known: list[str]) -> st.SearchStrategy[Json]:
        holders = st.lists(st.sampled_from([*known, *world.strangers]), unique=True).map(sorted)
        return holders.flatmap(
            lambda uuids: st.tuples(
                *(st.fixed_dictionaries({field: st.just(uuid), "role": texts(world)}) for uuid in uuids)
            ).map(list)
        )

    users, groups = grants("userUuid", world.people()), grants("groupUuid", world.groups())
    odd = st.sampled_from([None, [], ["nobody"], "open"])
    both: st.SearchStrategy[Any] = st.fixed_dictionaries(
        {}, optional={"users": users | odd, "groups": groups | odd}
    )
    return both | values(world).filter(lambda value: not isinstance(value, dict))


def _rules(world: World, key: str) -> st.SearchStrategy[Json]:
    """Rules of filters that say on which tiles they apply; some of one id, some of one that nobody knows."""
    tiles, rules = world.parts(key, "tiles"), world.parts(key, "filters")
    targets = st.dictionaries(st.sampled_from([*tiles, *world.strangers]), values(world), max_size=2)
    said = reference(world, [*rules, "rule-1", "server:rule-1", "server:", ""]) | values(world)
    rule = _object(world, {"tileTargets": targets | st.none(), "id": said})
    return st.lists(rule | st.none(), max_size=2).map(list)


def _dashboards(world: World, key: str) -> st.SearchStrategy[JsonObject]:
    tiles, tabs = world.parts(key, "tiles"), world.parts(key, "tabs")
    shows = _object(world, _shown(world)) | st.none()
    tile = _object(
        world, {"uuid": reference(world, tiles), "tabUuid": reference(world, tabs), "properties": shows}
    )
    tab = _object(world, {"uuid": reference(world, tabs), "name": texts(world)})
    groups = st.dictionaries(
        st.sampled_from(["dimensions", "metrics", "new"]), _rules(world, key), max_size=2
    )
    return _object(
        world,
        {
            **_places(world),
            "tiles": st.lists(tile | st.none(), max_size=3).map(list),
            "tabs": st.lists(tab, max_size=2).map(list),
            "filters": groups | st.none(),
        },
    )


def _schedulers(world: World) -> st.SearchStrategy[JsonObject]:
    key = next(iter(world.identity.items[Kind.DASHBOARD]))
    return _object(
        world,
        {
            **_shown(world),
            "dashboardUuid": reference(world, world.of(Kind.DASHBOARD)),
            "createdBy": reference(world, world.people()),
            "selectedTabs": st.lists(reference(world, world.parts(key, "tabs")), max_size=2).map(list)
            | st.none(),
            "filters": _rules(world, key) | values(world).filter(lambda v: not isinstance(v, list)),
        },
    )
