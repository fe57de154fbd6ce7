"""Generated projects, as a snapshot has them: charts that share names, tiles that show one chart twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from lightdash_sync.ascode.read import code_tree
from lightdash_sync.ascode.tree import Role, role_of
from lightdash_sync.ascode.write import CodeFiles, code_files
from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import canonical
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.naming import layout_names
from lightdash_sync.content.normal import normalise
from lightdash_sync.content.portable import to_portable
from lightdash_sync.content.tree import Tree, file_of
from tests.content.generated import made_uuid

if TYPE_CHECKING:
    from lightdash_sync.ascode.tree import CodeTree
    from lightdash_sync.content.json import JsonObject

DOCUMENTED = (Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD)
_CHARTS, _SQL, _BOARDS = ("alpha", "beta", "gamma-1"), ("alpha", "raw"), ("board", "other")
_SPACES = {"sales": "", "emea": "sales", "charts": "emea", "public": ""}  # key -> parent
_NAMES = st.sampled_from(["Revenue", "No", "1:30", "🎉", "a: b # c", "Zeile\nzwei", "", "~"]) | st.text(
    max_size=8
)
_WORDS = st.none() | _NAMES
_FIELDS = st.sampled_from(["orders_status", "orders_date", "customers_country"])
_FILTERS = [{}, {"dimensions": {"id": "g", "and": [{"id": "f", "values": [1]}]}}]
_PALETTES = st.sampled_from([None, made_uuid("palette")])
_FEW = st.integers(0, 2)


@st.composite
def projects(draw: st.DrawFn, current: bool = True) -> Tree:
    """A project with spaces in spaces, charts, SQL charts and dashboards; each of them may be missing.

    Args:
        draw: of hypothesis.
        current: whether the server tells paths of spaces.
    """
    spaces = ["sales", *draw(st.lists(st.sampled_from(["emea", "public"]), unique=True))]
    spaces += ["charts"] if "emea" in spaces and draw(st.booleans()) else []
    kept = {
        Kind.CHART: draw(st.lists(st.sampled_from(_CHARTS), unique=True)),
        Kind.SQL_CHART: draw(st.lists(st.sampled_from(_SQL), unique=True)),
        Kind.DASHBOARD: draw(st.lists(st.sampled_from(_BOARDS), unique=True)),
    }
    items: dict[Kind, dict[str, JsonObject]] = {
        kind: {key: {"uuid": made_uuid(f"{kind}/{key}"), "slug": key} for key in keys}
        for kind, keys in kept.items()
    }
    items[Kind.SPACE] = {key: _space_facts(key, current) for key in spaces}
    identity = Identity(items=items, project={"uuid": made_uuid("project")})
    raws = {(Kind.SPACE, key): _space(draw, key) for key in spaces}
    for kind, keys in kept.items():
        for key in keys:
            place = {"spaceUuid": made_uuid(f"space/{draw(st.sampled_from(spaces))}")}
            raws[kind, key] = _MAKERS[kind](draw, kept) | place
            if kind is Kind.CHART and kept[Kind.DASHBOARD] and draw(st.booleans()):
                board = draw(st.sampled_from(kept[Kind.DASHBOARD]))
                raws[kind, key] = {**raws[kind, key], "spaceUuid": None} | {
                    "dashboardUuid": made_uuid(f"dashboard/{board}")
                }
    return _tree(raws, identity)


def _tree(raws: dict[tuple[Kind, str], Any], identity: Identity) -> Tree:
    normals = {item: normalise(item[0], raw).content for item, raw in raws.items()}
    for (kind, key), normal in normals.items():
        if kind is Kind.DASHBOARD:
            identity = identity.extended({kind: {key: layout_names(normal, identity, {})}})
    external: dict[str, str] = {}
    files = {}
    for (kind, key), normal in normals.items():
        portable = to_portable(kind, key, normal, identity)
        external |= portable.external
        files[file_of(kind, key)] = canonical(portable.content)
    return Tree.of(files, identity.extended({}, external))


def _space_facts(key: str, current: bool) -> JsonObject:
    facts: JsonObject = {"uuid": made_uuid(f"space/{key}"), "slug": key}
    if current:
        path, above = key, _SPACES[key]
        while above:
            path, above = f"{above}.{path}", _SPACES[above]
        facts["path"] = path
    return facts


def _space(draw: st.DrawFn, key: str) -> Any:
    parent = _SPACES[key]
    return {
        "name": draw(_NAMES),
        "inheritParentPermissions": draw(st.booleans()),
        "parentSpaceUuid": made_uuid(f"space/{parent}") if parent else None,
        "access": {"users": [], "groups": []},
    }


def _chart(draw: st.DrawFn, _kept: Any) -> Any:
    names = draw(st.lists(st.sampled_from("abc"), unique=True))
    chart: dict[str, Any] = {
        "name": draw(_NAMES),
        "description": draw(_WORDS),
        "tableName": "orders",
        "metricQuery": {
            "exploreName": "orders", "dimensions": draw(st.lists(_FIELDS, max_size=2)), "metrics": [],
            "sorts": [], "customDimensions": [], "filters": draw(st.sampled_from(_FILTERS)),
            "limit": draw(st.integers(1, 5)),
            "tableCalculations": [{"name": name, "sql": draw(_NAMES)} for name in names],
            "additionalMetrics": [{"uuid": made_uuid(name), "table": "t", "name": name} for name in names],
        },
        "chartConfig": {"type": "table", "config": draw(st.none() | st.just({"x": 0.5}))},
        "tableConfig": {"columnOrder": []},
        "verification": draw(st.none() | st.just({"verifiedAt": "2026-01-01"})),
        "colorPaletteUuid": draw(_PALETTES),
        "somethingNew": draw(_FEW),
    }  # fmt: skip
    return chart | draw(
        st.sampled_from([{}, {"pivotConfig": {"columns": ["a"]}}, {"parameters": {"p": "x"}}])
    )


def _sql_chart(draw: st.DrawFn, _kept: Any) -> Any:
    return {
        "name": draw(_NAMES), "description": draw(_WORDS), "sql": draw(_NAMES), "limit": draw(_FEW),
        "config": {"type": "table"}, "chartKind": "table",
    }  # fmt: skip


def _dashboard(draw: st.DrawFn, kept: dict[Kind, list[str]]) -> Any:
    tabs = [made_uuid(f"tab{n}") for n in range(draw(_FEW))]
    tiles = [_tile(draw, made_uuid(f"tile{n}"), tabs, kept) for n in range(draw(st.integers(0, 5)))]
    uuids = [tile["uuid"] for tile in tiles] + [made_uuid("a tile that is gone")]
    rules = [_rule(draw, f"rule{n}", uuids) for n in range(draw(_FEW))]
    return {
        "name": draw(_NAMES),
        "description": draw(_WORDS),
        "tabs": [
            {"uuid": tab, "name": draw(_NAMES), "order": order, "hidden": draw(st.booleans())}
            for order, tab in enumerate(tabs)
        ],
        "tiles": tiles,
        "filters": {"dimensions": rules, "metrics": [_rule(draw, "m", uuids)], "tableCalculations": []},
        "colorPaletteUuid": draw(_PALETTES),
        **draw(
            st.sampled_from(
                [{}, {"config": {"isDateZoomDisabled": True}}, {"parameters": {"p": {"value": "x"}}}]
            )
        ),
    }


def _tile(draw: st.DrawFn, uuid: str, tabs: list[str], kept: dict[Kind, list[str]]) -> Any:
    tile: dict[str, Any] = {
        "uuid": uuid, "x": draw(_FEW), "y": draw(_FEW), "w": 18, "h": 4,
        "tabUuid": draw(st.sampled_from([None, *tabs])),
    }  # fmt: skip
    titles = {"title": draw(_NAMES), "hideTitle": draw(st.booleans())}
    kind: Any = draw(st.sampled_from([Kind.CHART, Kind.SQL_CHART, "markdown", "heading"]))
    if kind == "markdown":
        return tile | {"type": kind, "properties": titles | {"content": draw(_NAMES), "hideFrame": True}}
    if kind == "heading":
        return tile | {"type": kind, "properties": {"text": draw(_NAMES), "showDivider": False}}
    shown = [made_uuid(f"{kind}/{key}") for key in kept[kind]] + [None, made_uuid("of another project")]
    field = "savedChartUuid" if kind is Kind.CHART else "savedSqlUuid"
    said = "saved_chart" if kind is Kind.CHART else "sql_chart"
    return tile | {"type": said, "properties": titles | {field: draw(st.sampled_from(shown))}}


def _rule(draw: st.DrawFn, name: str, tiles: list[str]) -> Any:
    targets = draw(
        st.dictionaries(st.sampled_from(tiles), st.sampled_from([False, {"fieldId": "x"}]), max_size=3)
    )
    return {
        "id": name, "target": {"fieldId": draw(_FIELDS), "tableName": "orders"}, "operator": "equals",
        "values": draw(st.lists(_NAMES, max_size=2)), "label": draw(_WORDS),
    } | draw(st.sampled_from([{}, {"tileTargets": targets}]))  # fmt: skip


_MAKERS = {Kind.CHART: _chart, Kind.SQL_CHART: _sql_chart, Kind.DASHBOARD: _dashboard}


def read_again(files: CodeFiles) -> CodeTree:
    """Read what was written."""
    documents = ((path, data) for path, data in files.files.items() if role_of(path) is not Role.OTHER)
    return code_tree("tree", documents, files.files)


def documents(tree: Tree, nested_in: str | None = None) -> CodeTree:
    """Write a project as documents, and read them."""
    return read_again(code_files(tree, nested_in))
