"""A desk with everything that a promotion can meet: one item for each state, in a preview of production.

`production` was filled first. `preview` is a preview of it with its content, where somebody has worked since,
as others have in production. `staging` is a project of its own whose upstream is production: nothing in it
was copied from there. `STATES` and `STAGED` tell which item is in which state, by kind and by the name that
it has in preview or staging.

Where a name here does not say what differs, the comment beside it does. Edits of production come last, so
that upstream is newer wherever both were edited, unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from copy import deepcopy
from functools import cache
from pathlib import Path

from lightdash_standin.organisation import found_company
from lightdash_standin.server import Server
from lightdash_standin.state import World
from lightdash_sync.content.kinds import Kind
from tests.dialects import preview_of
from tests.promotion.hands import Hands, Tiles
from tests.sync.desk import Desk

PRODUCTION, PREVIEW, STAGING = "production", "preview", "staging"

HOSTILE = {
    Kind.SPACE: "\x1b[2J<b>Space</b> | a\n# x",
    Kind.CHART: "<script>alert(1)</script> | \x1b[31m`x`\u202egnp",
    Kind.DASHBOARD: '"><img src=x onerror=alert(2)> | [a](javascript:b)\r\n| - |',
    Kind.SQL_CHART: "'; drop table charts; --\u2066\x07 &lt;i&gt; | =1+1",
}

STATES: Mapping[str, tuple[Kind, str]] = {
    "unchanged": (Kind.CHART, "Unchanged"),
    "changed": (Kind.CHART, "Changed"),
    "renamed": (Kind.CHART, "Renamed, now"),
    "moved": (Kind.CHART, "Moved"),
    "moved and changed": (Kind.CHART, "Moved and changed"),
    "changed on both sides": (Kind.CHART, "Changed on both sides"),
    "changed upstream": (Kind.CHART, "Changed upstream"),
    "renamed and changed upstream": (Kind.CHART, "Renamed upstream"),  # server: update, by older content
    "renamed on both sides": (Kind.CHART, "Renamed on both sides, here"),
    "changed alike": (Kind.CHART, "Changed alike"),  # upstream first: the server says update
    "new": (Kind.CHART, "New"),
    "deleted upstream": (Kind.CHART, "Deleted upstream"),
    "in a renamed space": (Kind.CHART, "In a renamed space"),
    "in a new space": (Kind.CHART, "In a new space"),
    "in a new private space": (Kind.CHART, "In a new private space"),
    "two upstream": (Kind.CHART, "Two upstream"),
    "in a space of which two are upstream": (Kind.CHART, "In a space twice"),
    "inside a dashboard": (Kind.CHART, "Inside, shown"),
    "hostile": (Kind.CHART, HOSTILE[Kind.CHART]),
    "SQL chart unchanged": (Kind.SQL_CHART, "SQL, unchanged"),
    "SQL chart changed": (Kind.SQL_CHART, "SQL, changed"),
    "SQL chart changed upstream": (Kind.SQL_CHART, "SQL, changed upstream"),
    "SQL chart new": (Kind.SQL_CHART, "SQL, new"),
    "SQL chart hostile": (Kind.SQL_CHART, HOSTILE[Kind.SQL_CHART]),
    "dashboard unchanged": (Kind.DASHBOARD, "Board, unchanged"),
    "dashboard changed": (Kind.DASHBOARD, "Board, changed"),
    "dashboard renamed": (Kind.DASHBOARD, "Board, renamed, now"),
    "dashboard moved": (Kind.DASHBOARD, "Board, moved"),
    "dashboard changed upstream": (Kind.DASHBOARD, "Board, changed upstream"),
    "dashboard changed on both sides": (Kind.DASHBOARD, "Board, changed on both sides"),
    "dashboard new": (Kind.DASHBOARD, "Board, new"),
    "dashboard with charts inside": (Kind.DASHBOARD, "Board with charts inside"),
    "dashboard with a new chart inside": (Kind.DASHBOARD, "Board with a new chart inside"),
    "dashboard with a chart inside on two tiles": (Kind.DASHBOARD, "Board with one inside, twice"),
    "dashboard with a chart on two tiles": (
        Kind.DASHBOARD,
        "Board with one chart twice",
    ),  # new, as its chart
    "dashboard with an SQL tile": (Kind.DASHBOARD, "Board with SQL"),
    "dashboard with a deleted tile": (Kind.DASHBOARD, "Board with a gap"),
    "dashboard with links": (Kind.DASHBOARD, "Board with links"),
    "dashboard with comments upstream": (Kind.DASHBOARD, "Board with comments"),  # one of two tiles is gone
    "dashboard with a changed chart": (Kind.DASHBOARD, "Board with a changed chart"),
    "dashboard with a chart changed upstream": (Kind.DASHBOARD, "Board with a newer chart"),
    "dashboard two upstream": (Kind.DASHBOARD, "Board, two upstream"),
    "dashboard hostile": (Kind.DASHBOARD, HOSTILE[Kind.DASHBOARD]),
    "space renamed": (Kind.SPACE, "Regions, now"),
    "space new": (Kind.SPACE, "Fresh"),
    "space new and private": (Kind.SPACE, "Secret"),  # with grants to a user and to a group
    "space granted": (Kind.SPACE, "Finance"),  # private on both sides, with other grants
    "space of which two are upstream": (Kind.SPACE, "Doubled"),
}
"""What is in which state in `preview`."""

STAGED: Mapping[str, tuple[Kind, str]] = {
    "promoted before": (Kind.CHART, "Staged before"),  # before 0.1505.2 the upstream copy has another slug
    "new": (Kind.CHART, "Staged now"),
    "dashboard promoted before": (Kind.DASHBOARD, "Staged board"),
    "dashboard with an SQL tile": (Kind.DASHBOARD, "Staged board with SQL"),
    "SQL chart": (Kind.SQL_CHART, "Staged SQL"),
    "namesake": (Kind.CHART, "Unchanged"),  # production has one of this name, made by others
}
"""What is in which state in `staging`."""


@contextmanager
def promotion_desk(folder: Path, version: str = "0.1372.1") -> Iterator[Desk]:
    """Serve production, preview and staging as described, and go to a directory of a person.

    Args:
        folder: of the person.
        version: of Lightdash; decides how it promotes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    world, projects = deepcopy(_made(version))
    with Server(world) as server, chdir(folder):
        desk = Desk(server, folder, projects, target=PRODUCTION)
        desk.settle()
        yield desk


@cache
def _made(version: str) -> tuple[World, dict[str, str]]:
    """Make the three projects over HTTP; return the world and their uuids."""
    world = World(seed="promotion", version=version)
    company = found_company(world)
    projects = {PRODUCTION: company.production.uuid, STAGING: company.staging.uuid}
    with Server(world) as server:
        desk = Desk(server, Path(), projects, target=PRODUCTION)
        production = Hands(desk, PRODUCTION)
        _fill(production)
        body = {"name": "Preview", "copyContent": True}
        projects[PREVIEW] = preview_of(desk.send("POST", f"{production.project}/createPreview", body), world)
        _work_in_preview(Hands(desk, PREVIEW))
        _work_in_production(production)
        _stage(Hands(desk, STAGING))
    assert world.crashes == []
    world.requests.clear()
    return world, projects


# --- production, before the preview


def _fill(hands: Hands) -> None:
    for name in ("Sales", "Other place", "Regions", "Doubled", HOSTILE[Kind.SPACE]):
        hands.space(name)
    hands.space("Finance", private=True)
    hands.share("Finance", "ines.marchetti@kettle.example", "viewer")
    hands.share_with_group("Finance", "Roastery", "editor")
    for name in (
        "Unchanged", "Changed", "Renamed", "Moved", "Moved and changed", "Changed on both sides",
        "Changed upstream", "Renamed upstream", "Renamed on both sides", "Changed alike", "Deleted upstream",
        "Two upstream", "Twin",
    ):  # fmt: skip
        hands.chart(name, space="Sales")
    hands.chart("In a renamed space", space="Regions")
    hands.chart("In a space twice", space="Doubled")
    hands.chart("Granted", space="Finance")
    hands.chart(HOSTILE[Kind.CHART], space=HOSTILE[Kind.SPACE])
    for name in ("SQL, unchanged", "SQL, changed", "SQL, changed upstream", HOSTILE[Kind.SQL_CHART]):
        hands.sql_chart(name, "Sales")
    _fill_boards(hands)
    _fill_boards_with_insides(hands)


def _fill_boards(hands: Hands) -> None:
    shown = [hands.chart_tile("Unchanged"), hands.text("Read *this*", 1)]
    for name in (
        "Board, unchanged", "Board, changed", "Board, renamed", "Board, moved", "Board, changed upstream",
        "Board, changed on both sides", "Board with a gap", "Board with comments", "Board, two upstream",
        "Board twin", HOSTILE[Kind.DASHBOARD],
    ):  # fmt: skip
        tabs: Tiles = [{"uuid": hands.desk.world.new_uuid(), "name": "Now", "order": 0}]
        tiles = [tile | {"uuid": hands.desk.world.new_uuid(), "tabUuid": tabs[0]["uuid"]} for tile in shown]
        hands.dashboard(name, "Sales", *tiles, tabs=tabs)
    hands.dashboard("Board with a changed chart", "Sales", hands.chart_tile("Changed"))
    hands.dashboard("Board with a newer chart", "Sales", hands.chart_tile("Changed on both sides"))
    hands.dashboard("Board with SQL", "Sales", hands.sql_tile("SQL, changed"))
    link = f"/projects/{hands.desk.projects[PRODUCTION]}/saved/{hands.uuid(Kind.CHART, 'Unchanged')}"
    hands.dashboard("Board with links", "Sales", hands.text(f"See [this]({link})"))
    hands.comment("Board with comments", 0, "Is this right?")
    hands.comment("Board with comments", 1, "Thank you")
    hands.deliver("Board, unchanged", "Each Monday", "0 7 * * 1")
    hands.tag("core", "#2f4858")
    hands.pin(Kind.DASHBOARD, "Board, unchanged")


def _fill_boards_with_insides(hands: Hands) -> None:
    insides = {
        "Board with charts inside": ("Inside, shown", "Inside, taken off"),
        "Board with a new chart inside": ("Inside, old",),
        "Board with one inside, twice": ("Inside, twice",),
    }
    for board, charts in insides.items():
        hands.dashboard(board, "Sales")
        for chart in charts:
            hands.chart(chart, dashboard=board)
        hands.add(board, *(hands.chart_tile(chart) for chart in charts))
    hands.add("Board with one inside, twice", hands.chart_tile("Inside, twice"))


# --- what was done in the preview


def _work_in_preview(hands: Hands) -> None:
    hands.rename_space("Regions", "Regions, now")
    hands.space("Fresh")
    hands.space("Secret", private=True)
    hands.share("Secret", "ines.marchetti@kettle.example", "editor")
    hands.share_with_group("Secret", "Finance", "viewer")
    hands.share("Finance", "yuki.tanaka@kettle.example", "editor")
    for name in (
        "Changed", "Moved and changed", "Changed on both sides", "In a renamed space", "Two upstream",
        "In a space twice", "Inside, shown", HOSTILE[Kind.CHART],
    ):  # fmt: skip
        hands.edit(name, 42)
    hands.change(Kind.CHART, "Renamed", name="Renamed, now")
    hands.change(Kind.CHART, "Renamed on both sides", name="Renamed on both sides, here")
    for name in ("Moved", "Moved and changed"):
        hands.change(Kind.CHART, name, spaceUuid=hands.uuid(Kind.SPACE, "Other place"))
    for name, space in (("New", "Sales"), ("In a new space", "Fresh"), ("In a new private space", "Secret")):
        hands.chart(name, space=space)
    hands.edit_sql("SQL, changed", "select 2")
    hands.edit_sql(HOSTILE[Kind.SQL_CHART], "select 3")
    hands.sql_chart("SQL, new", "Sales")
    _rearrange(hands)
    hands.deliver("Board, unchanged", "Each Friday", "0 7 * * 5")
    hands.tag("draft", "#ff0000")
    hands.pin(Kind.CHART, "Changed")


def _rearrange(hands: Hands) -> None:
    """Work at the dashboards of the preview."""
    for name in ("Board, changed", "Board, changed on both sides", HOSTILE[Kind.DASHBOARD]):
        hands.add(name, hands.chart_tile("Changed"), hands.text("More"))
    hands.change(Kind.DASHBOARD, "Board, renamed", name="Board, renamed, now")
    to = hands.uuid(Kind.SPACE, "Other place")
    hands.change(Kind.DASHBOARD, "Board, moved", spaceUuid=to)
    hands.arrange("Board with charts inside", lambda tiles: tiles[:1])
    hands.chart("Inside, new", dashboard="Board with a new chart inside")
    hands.add("Board with a new chart inside", hands.chart_tile("Inside, new"))
    hands.chart("Gone soon", space="Sales")
    hands.add("Board with a gap", hands.chart_tile("Gone soon"))
    hands.delete(Kind.CHART, "Gone soon")
    hands.chart("Shown twice", space="Sales")
    hands.dashboard(
        "Board with one chart twice",
        "Sales",
        hands.chart_tile("Shown twice"),
        hands.chart_tile("Shown twice", 1),
    )
    hands.dashboard("Board, new", "Sales", hands.chart_tile("New"), hands.text("New", 1))
    link = f"/projects/{hands.desk.projects[PREVIEW]}/saved/{hands.uuid(Kind.CHART, 'Unchanged')}"
    hands.add("Board with links", hands.text(f"See also [this]({link})"))
    hands.arrange("Board with comments", lambda tiles: tiles[:1])


# --- what others have done in production since


def _work_in_production(hands: Hands) -> None:
    hands.edit("Changed on both sides", 13)
    hands.edit("Changed upstream", 13)
    hands.edit("Renamed upstream", 13)
    hands.change(Kind.CHART, "Renamed upstream", name="Renamed upstream, there")
    hands.edit("Renamed on both sides", 13)
    hands.change(Kind.CHART, "Renamed on both sides", name="Renamed on both sides, there")
    hands.edit("Changed alike", 42)
    Hands(hands.desk, PREVIEW).edit("Changed alike", 42)
    hands.delete(Kind.CHART, "Deleted upstream")
    hands.edit_sql("SQL, changed upstream", "select 13")
    for name in ("Board, changed upstream", "Board, changed on both sides"):
        hands.add(name, hands.text("Production has this"))
    hands.chart("Inside, never shown", dashboard="Board with charts inside")
    _double(hands)


def _double(hands: Hands) -> None:
    """Let two items have one slug, as two of one name do that were made at the same moment."""
    world = hands.desk.world
    hands.space("Doubled, too")
    charts, boards, spaces = (world.charts, world.dashboards, world.spaces)
    charts[hands.uuid(Kind.CHART, "Twin")].slug = "two-upstream"
    boards[hands.uuid(Kind.DASHBOARD, "Board twin")].slug = "board-two-upstream"
    spaces[hands.uuid(Kind.SPACE, "Doubled, too")].slug = "doubled"


# --- staging


def _stage(hands: Hands) -> None:
    upstream = {"upstreamProjectUuid": hands.desk.projects[PRODUCTION]}
    hands.send("PATCH", f"{hands.project}/metadata", upstream)
    hands.space("Staged")
    for name in ("Staged before", "Staged now", "Unchanged"):
        hands.chart(name, space="Staged")
    hands.sql_chart("Staged SQL", "Staged")
    hands.dashboard("Staged board", "Staged", hands.chart_tile("Staged before"))
    hands.dashboard("Staged board with SQL", "Staged", hands.sql_tile("Staged SQL"))
    hands.send("POST", f"/saved/{hands.uuid(Kind.CHART, 'Staged before')}/promote")
    hands.send("POST", f"/dashboards/{hands.uuid(Kind.DASHBOARD, 'Staged board')}/promote")
