"""What no snapshot holds is counted and named: in the manifest, the result, and by `doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lightdash_standin.demo_current import add_app
from lightdash_standin.faults import Fault, Faults
from lightdash_standin.licensed import ATTRIBUTES, ROLES, TREES
from lightdash_standin.seed import demo_world
from lightdash_standin.server import Server
from lightdash_standin.state import World
from lightdash_sync.content.kinds import Kind
from lightdash_sync.doctor import examine
from lightdash_sync.export.not_exported import NUMBERS, listed_elsewhere
from lightdash_sync.export.selection import Depth, ExportSelection
from lightdash_sync.lightdash import schemas
from lightdash_sync.lightdash.reading import ELSEWHERE
from lightdash_sync.lightdash.versions import Server as Version
from lightdash_sync.report.exports import export_json
from lightdash_sync.snapshot.manifest import Manifest, NotExported
from tests.exporting import export_world, lightdash_at, undated

CURRENT = "1.219.0"
_P = "/api/v1/projects/{p}"
LICENSED: dict[str, Any] = {
    f"{_P}/aiAgents": [{"uuid": "u", "name": "Ask me"}],
    "/api/v1/ee/projects/{p}/external-connections": [{"name": "CRM"}, {"name": "ERP"}],
    f"{_P}/homepage/list": [{"name": "For all"}],
    TREES: [{"name": "Revenue"}],
    ROLES: [{"name": "Analyst", "ownerType": "user"}],
    ATTRIBUTES: [{"name": "country"}],
}


def licensed_world() -> World:
    """A current Lightdash with something of all that no snapshot holds."""
    world = demo_world(CURRENT)
    admin = next(iter(world.people))
    spaces = [one for one in world.spaces.values() if one.project_uuid == world.projects["production"]]
    add_app(world, spaces[0], "Revenue app", admin)
    add_app(world, spaces[0], "My own app", admin).space_uuid = None
    add_app(world, spaces[0], "Bubbles", admin).template = "data_app_viz"
    world.licensed |= LICENSED
    return world


def counts(manifest: Manifest) -> dict[str, tuple[int | None, list[str]]]:
    """What is left out -> how many, and their names."""
    return {left.what: (left.count, left.names) for left in manifest.leftOut}


EXPECTED = {
    "AI agents": (1, ["Ask me"]),
    "external connections": (2, ["CRM", "ERP"]),
    "homepages": (1, ["For all"]),
    "metrics trees": (1, ["Revenue"]),
    "custom roles of the organisation": (1, ["Analyst"]),
    "user attributes of the organisation": (1, ["country"]),
    "data apps": (2, ["My own app", "Revenue app"]),
    "custom chart types": (1, ["Bubbles"]),
    "groups of the organisation": (2, ["Finance", "Roastery"]),
}


@pytest.mark.parametrize("depth", [Depth.HISTORY, Depth.CONTENT])
def test_all_that_is_left_out_is_counted_and_named(depth: Depth, tmp_path: Path) -> None:
    """Each with a reason; so machines are told, too."""
    report = export_world(licensed_world(), tmp_path / "p", chosen=ExportSelection(depth=depth))
    found = counts(report.manifest)
    assert EXPECTED.items() <= found.items()
    assert "colour palettes of the organisation" in found
    assert all(left.why for left in report.manifest.leftOut)
    said: Any = export_json(report)["left_out"]
    assert {"what": "external connections", "count": 2, "names": ["CRM", "ERP"]}.items() <= next(
        one for one in said if one["what"] == "external connections"
    ).items()


def test_a_server_without_a_licence_has_nothing_of_it(tmp_path: Path) -> None:
    """422, 403 and 404 mean that it is not here: no error, no warning, no line."""
    report = export_world(demo_world(CURRENT), tmp_path / "p")
    mentioned = {one.what for one in ELSEWHERE}
    assert mentioned.isdisjoint(counts(report.manifest))
    assert "data apps" not in counts(report.manifest)


@pytest.mark.parametrize("status", [403, 404])
def test_what_the_token_may_not_see_is_not_here(status: int, tmp_path: Path) -> None:
    faults = Faults(rule=lambda _n, _m, path: Fault.status(status) if "aiAgents" in path else None)
    report = export_world(licensed_world(), tmp_path / "p", faults=faults)
    assert "AI agents" not in counts(report.manifest)
    assert "homepages" in counts(report.manifest)


@pytest.mark.parametrize("fault", [Fault.status(500), Fault.content(b'{"status":"ok","results":"?"}')])
def test_a_list_that_cannot_be_read_is_told_and_holds_up_nothing(fault: Fault, tmp_path: Path) -> None:
    faults = Faults(rule=lambda _n, _m, path: fault if "aiAgents" in path else None)
    report = export_world(licensed_world(), tmp_path / "p", faults=faults)
    (left,) = [one for one in report.manifest.leftOut if one.what == "AI agents"]
    assert left.count is None
    assert "could not be counted" in left.why


def test_a_quiet_night_asks_for_none_of_these_lists(tmp_path: Path) -> None:
    """It takes the numbers over, says of which day they are, and has the bytes of a full export."""
    world = licensed_world()
    export_world(world, tmp_path / "p")
    world.requests.clear()
    night = export_world(world, tmp_path / "p")
    asked = [path for _, path in world.requests]
    assert not [path for path in asked if any(word in path for word in _WORDS)]
    assert NUMBERS in [one.what for one in night.older]
    export_world(world, tmp_path / "full")
    assert undated(tmp_path / "p") == undated(tmp_path / "full")
    world.licensed[TREES] = [{"name": "Revenue"}, {"name": "Churn"}]
    assert counts(export_world(world, tmp_path / "p").manifest)["metrics trees"] == (1, ["Revenue"])
    full = export_world(world, tmp_path / "p", full=True)
    assert counts(full.manifest)["metrics trees"] == (2, ["Churn", "Revenue"])


_WORDS = ("aiAgents", "external-connections", "homepage", "trees", "spotlight", "/roles", "/org/attributes")


def test_a_part_of_a_project_and_a_mere_comparison_count_nothing(tmp_path: Path) -> None:
    world = licensed_world()
    for chosen in (ExportSelection(spaces=frozenset({"shared"})), ExportSelection(depth=Depth.AUTHORS)):
        report = export_world(world, tmp_path / chosen.depth.name, chosen=chosen)
        assert EXPECTED.keys().isdisjoint(counts(report.manifest))


def test_a_whole_over_a_part_counts_all(tmp_path: Path) -> None:
    """The part counted nothing, so nothing is taken over from it, and no number is said to be older."""
    world = licensed_world()
    export_world(world, tmp_path / "p", chosen=ExportSelection(kinds=frozenset({Kind.CHART})))
    report = export_world(world, tmp_path / "p")
    assert EXPECTED.items() <= counts(report.manifest).items()
    assert NUMBERS not in [one.what for one in report.older]


def test_content_of_a_type_that_nobody_knows_is_named() -> None:
    """So is access to single items on servers that have it: nobody can tell how many."""
    uuid = "0b1c2d3e-0000-4000-8000-000000000001"
    rows = [schemas.ContentRow(uuid=uuid, contentType="document", name="Minutes")]
    (document,) = listed_elsewhere(rows, None, (), Version(CURRENT))
    assert (document.what, document.count, document.names) == (
        "content of the type 'document'", 1, ["Minutes"],
    )  # fmt: skip
    (access,) = listed_elsewhere([], None, (), Version("1.260.0"))
    assert access.count is None
    assert access.words == "access to single charts and dashboards (nobody can tell how many)"


def test_doctor_says_what_no_snapshot_would_hold() -> None:
    world = licensed_world()
    with Server(world) as server:
        lightdash = lightdash_at(server.url, world.tokens["admin"])
        with lightdash.session:
            checks = examine(lightdash, world.projects["production"])
    said = "\n".join(check.detail for check in checks if check.name == "left out")
    for words in (
        "data apps (2: My own app, Revenue app)", "custom chart types (1: Bubbles)", "AI agents (1: Ask me)",
    ):  # fmt: skip
        assert words in said


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (NotExported(what="scheduler:a", why=""), "scheduler:a"),
        (NotExported(what="apps", why="", count=2), "apps (2)"),
        (NotExported(what="apps", why="", count=12, names=[*"abcdefghijkl"]),
         "apps (12: a, b, c, d, e, f, g, h, i, j and 2 more)"),
    ],
)  # fmt: skip
def test_how_many_are_left_out_is_in_words(left: NotExported, words: str) -> None:
    assert left.words == words
