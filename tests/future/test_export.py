"""A server from the future: what nobody here knows is kept and named, and nothing is lost in silence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lightdash_standin.seed import demo_world
from lightdash_sync.content.json import canonical, parse
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.known_fields import unknown_in
from lightdash_sync.snapshot.layout import item_path, parse_path
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.verify import verify
from tests.cli.running import Done, reach, run
from tests.future.server import VERSION, Future, Novelty, served

NEWEST = "1.219.0"

# Places in the answers of real servers where something new may appear, by kind.
PLACES: dict[Kind, list[tuple[str, ...]]] = {
    Kind.CHART: [(), ("metricQuery",), ("metricQuery", "sorts", "[]"), ("chartConfig",), ("tableConfig",)],
    Kind.DASHBOARD: [
        (),
        ("tiles", "[]"),
        ("tiles", "[]", "properties"),
        ("tabs", "[]"),
        ("config",),
        ("filters",),
    ],
    Kind.SQL_CHART: [(), ("config",)],
    Kind.SCHEDULER: [(), ("options",), ("targets", "[]")],
}
VALUES = {  # enumerated: place, field, how it is named
    Kind.CHART: (("chartConfig",), "type", "chartConfig.type"),
    Kind.DASHBOARD: (("tiles", "[]"), "type", "tiles[].type"),
    Kind.SCHEDULER: ((), "format", "format"),
}
# Lists and pages that a newer server may have elsewhere, and why an export ends with 3 then; "" for 0.
LIST, ROLES = "no list of", "did not tell the role of"
GONE: dict[str, str] = {
    r"GET /api/v1/projects/[^/]+/(charts|sqlCharts|dashboards)/code": "",  # the older form
    r"GET /api/v1/projects/[^/]+/code/(charts|sqlCharts|dashboards)": "",  # the newer one
    r"GET /api/v1/projects/[^/]+/code/spaces": ROLES,
    r"GET /api/v1/projects/[^/]+/(code/.*|.*/code)": ROLES,
    r"GET /api/v1/schedulers/[^/]+/list": LIST,
    r"GET /api/v1/org/groups": ROLES,
    r"GET /api/v1/org/color-palettes": "",
    r"GET /api/v1/projects/[^/]+/tags": LIST,
    r"GET /api/v1/projects/[^/]+/dataCatalog/metrics": LIST,
    r"GET /api/v1/projects/[^/]+/charts": LIST,
    r"GET /api/v1/projects/[^/]+/dashboards": LIST,
    r"GET /api/v1/projects/[^/]+/chart-summaries": LIST,
    r"GET /api/v1/projects/[^/]+/spaces": LIST,
    r"GET /api/v2/content": LIST,
    r"GET /api/v1/projects/[^/]+/explores": LIST,
}
NAMES = st.from_regex(r"[a-z]{3,9}[A-Z][a-z]{2,8}", fullmatch=True).map(lambda name: f"new{name}")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("abc é", max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=4,
)


@st.composite
def novelties(draw: st.DrawFn) -> tuple[Novelty, str]:
    """Something new, and how it has to be named."""
    kind = draw(st.sampled_from([*PLACES]))
    if kind in VALUES and draw(st.booleans()):
        path, name, where = VALUES[kind]
        value: Any = draw(NAMES)
        return Novelty(kind, path, name, value), f"{where} = {value}"
    path, name = draw(st.sampled_from(PLACES[kind])), draw(NAMES)
    return Novelty(kind, path, name, draw(JSON)), f"field {'.'.join((*path, name)).replace('.[]', '[]')}"


def exported(server: Any, path: Path, *more: str, code: int = 0) -> Done:
    """Export as a person does."""
    done = run("export", "--path", str(path), "--json", *more, env=reach(server))
    assert done.code == code, done.err
    assert "Traceback" not in done.err
    return done


def contents(path: Path, kind: Kind) -> list[Any]:
    """The content of all items of a kind in a snapshot."""
    snapshot = Snapshot(path)
    return [
        parse(snapshot.checked(file))
        for file in snapshot.manifest.files
        if (place := parse_path(file)) is not None
        and place.kind is kind
        and file == item_path(kind, place.key)
    ]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([(Novelty(Kind.SCHEDULER, (), "newField", None), "field newField")], False)
@given(
    st.lists(
        novelties(), min_size=1, max_size=4, unique_by=lambda one: (one[0].kind, one[0].path, one[0].name)
    ),
    st.booleans(),
)
def test_whatever_is_new_is_kept_and_named_once(
    tmp_path_factory: pytest.TempPathFactory, new: list[tuple[Novelty, str]], history: bool
) -> None:
    path = tmp_path_factory.mktemp("future") / "p"
    future = Future([novelty for novelty, _ in new])
    with served(demo_world(NEWEST), future) as server:
        done = exported(server, path, *([] if history else ["--no-history"]))
        assert server.world.crashes == []
    manifest = Snapshot(path).manifest
    assert manifest.source.lightdash == VERSION
    assert verify(path).damages == []
    named = {(one.kind, one.what): one.items for one in manifest.unknown}
    for novelty, name in new:
        having = [one for one in contents(path, novelty.kind) if name in unknown_in(novelty.kind, one)]
        if not having and not any(_has_place(one, novelty.path) for one in contents(path, novelty.kind)):
            continue  # nothing of this kind has such a place
        assert named.pop((novelty.kind.value, name)) == len(having)
        assert name in done.err
        for one in having:
            assert json.dumps(novelty.value, sort_keys=True) in json.dumps(_plain(one), sort_keys=True)
    assert named == {}
    assert sum(what in done.err for _, what in new) <= done.err.count("Not known to this version") * len(new)


def _has_place(content: Any, path: tuple[str, ...]) -> bool:
    if not path:
        return isinstance(content, dict)
    if path[0] == "[]":
        return isinstance(content, list) and any(_has_place(one, path[1:]) for one in content)
    return isinstance(content, dict) and _has_place(content.get(path[0]), path[1:])


def _plain(content: Any) -> Any:
    return json.loads(canonical(content))


@pytest.mark.parametrize("gone", GONE)
def test_what_is_not_there_any_more_is_found_elsewhere_or_named(tmp_path: Path, gone: str) -> None:
    """Never a snapshot with less in it: another form is asked, or nothing is written, and it is said what."""
    with served(demo_world(NEWEST), Future()) as server:
        exported(server, tmp_path / "whole", "--no-history")
    with served(demo_world(NEWEST), Future(gone=[gone])) as server:
        done = exported(server, tmp_path / "p", "--no-history", code=3 if GONE[gone] else 0)
    assert GONE[gone] in done.err
    if GONE[gone] == LIST:
        assert not (tmp_path / "p").exists()
    else:
        assert Snapshot(tmp_path / "p").manifest.counts == Snapshot(tmp_path / "whole").manifest.counts


def test_a_quiet_night_names_it_again_and_reads_nothing_for_it(tmp_path: Path) -> None:
    future = Future(
        [Novelty(Kind.CHART, (), "newField", {"a": 1}), Novelty(Kind.CHART, ("chartConfig",), "type", "holo")]
    )
    with served(demo_world(NEWEST), future) as server:
        exported(server, tmp_path / "p", "--no-history")
        before = Snapshot(tmp_path / "p").manifest
        requests = len(server.world.requests)
        exported(server, tmp_path / "p", "--no-history")
        assert len(server.world.requests) - requests < requests - 10
    assert Snapshot(tmp_path / "p").manifest.unknown == before.unknown != []


def test_on_a_known_server_everything_is_known(tmp_path: Path) -> None:
    from lightdash_standin.server import Server

    with Server(demo_world(NEWEST)) as server:
        done = exported(server, tmp_path / "p")
    assert done.json["unknown"] == []
    assert "unknown" not in parse((tmp_path / "p" / "snapshot.json").read_bytes())  # type: ignore[operator]
