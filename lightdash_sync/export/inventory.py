"""Reads every list of a project, and compares the lists with each other.

No list of Lightdash is complete by itself (docs/lightdash-api.md#which-list-holds-what), and a list can come
back short without an error, so each is compared with a second one that the server makes by another query. A
difference is a contradiction: the project changed between two reads, or the server does not return
everything. It is resolved or reported, never ignored.

In order: reading the lists, comparing them, and reading them again until they agree.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from lightdash_sync.content.naming import named_apart
from lightdash_sync.errors import Incomplete, NotAuthorised, NotFound, UnexpectedAnswer
from lightdash_sync.export.items import Moved
from lightdash_sync.export.membership import groups_of_members
from lightdash_sync.lightdash.as_code import CodePages
from lightdash_sync.lightdash.reading import if_here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.lightdash import schemas
    from lightdash_sync.lightdash.reading import CodeSpaces, Lightdash
    from lightdash_sync.workers import Unread, Workers

T = TypeVar("T")

SQL = "sql"
EXPLORE = "dbt_explore"
_PROJECT = "project"
_NAMED = 3  # maximum number of uuids in the description of a contradiction


@dataclass(frozen=True, slots=True)
class Lists:
    """Which lists of a project are read, besides those that always are.

    Attributes:
        virtual_views: whether virtual views are listed.
        groups: whether groups are needed, without their members.
        spare: whether the lists of `export.spared` are skipped.
    """

    virtual_views: bool = True
    groups: bool = False
    spare: bool = False


@dataclass(frozen=True)
class Inventory:
    """All lists of a project, read at about the same time.

    Attributes:
        project: the project.
        settings: the project as the server returns it, with connection details.
        spaces: rows with their raw form.
        charts: charts in spaces, of every source.
        summaries: explore charts, including those on the latest version of a dashboard.
        dashboards: dashboards.
        content: charts in spaces and dashboards, from another query.
        schedulers: with their raw form; None if the token may not list them.
        has_own_schedulers: whether these may be the token owner's only, because each was requested for its
            chart or dashboard, and the server returns other people's only to those who may manage deliveries.
        tags: with their raw form.
        metrics: metrics of the catalogue.
        pins: pinned items.
        members: members of the organisation; None if the token may not list them.
        groups: groups of the organisation; empty if they were not needed, None if the token may not list
            them, or if `has_groups_of_members` and their names are ambiguous.
        has_groups_of_members: whether the groups are only those with members.
        palettes: colour palettes of the organisation; empty if the server has none for items.
        virtual_views: names of the explores that people wrote in SQL; empty if they were not requested.
        code_views: the virtual views as code, by name; empty if they were not requested.
        had_palettes: whether there were colour palettes when they were last requested.
        is_spared: whether the lists of `export.spared` were skipped.
        tables: names of all explores; None if they were not requested.
        chart_total: number of explore charts, including hidden ones; None if the server cannot count them, or
            not for this token.
        code_spaces: the spaces as code; None if a space itself has everybody's access, or if the server, or
            this token, has no spaces as code.
    """

    project: schemas.Project
    settings: JsonObject
    spaces: list[tuple[schemas.SpaceRow, JsonObject]]
    charts: list[schemas.ChartRow]
    summaries: list[schemas.SummaryRow]
    dashboards: list[schemas.DashboardRow]
    content: list[schemas.ContentRow]
    schedulers: list[tuple[schemas.Scheduler, JsonObject]] | None
    tags: list[tuple[schemas.Tag, JsonObject]]
    metrics: list[schemas.Metric]
    pins: list[schemas.Pin]
    members: list[schemas.Member] | None
    groups: Sequence[schemas.Group] | None = ()
    palettes: tuple[schemas.Palette, ...] = ()
    virtual_views: tuple[str, ...] = ()
    tables: frozenset[str] | None = None
    chart_total: int | None = None
    code_spaces: CodeSpaces | None = None
    has_own_schedulers: bool = False
    has_groups_of_members: bool = False
    code_views: Mapping[str, JsonObject] = field(default_factory=dict)
    is_spared: bool = False
    had_palettes: bool = False

    @property
    def has_palettes(self) -> bool:
        """Whether there are colour palettes, as far as it is known."""
        return self.had_palettes if self.is_spared else bool(self.palettes)

    @property
    def sql_charts(self) -> list[schemas.ChartRow]:
        """The SQL charts."""
        return [row for row in self.charts if row.source == SQL]

    @property
    def other_charts(self) -> list[schemas.ChartRow]:
        """Charts of sources that are neither explores nor SQL: semantic layer, on old servers only."""
        return [row for row in self.charts if row.source not in (SQL, EXPLORE)]


def read_inventory(
    lightdash: Lightdash, project: str, workers: Workers, lists: Lists | None = None
) -> Inventory:
    """Read a project's settings and all its lists, except the pins, which are not always needed.

    Args:
        lightdash: the server.
        project: uuid of the project.
        workers: read in parallel.
        lists: which of the optional lists are read; all but groups by default.

    Raises:
        ApiError: one of them cannot be read.
        Incomplete: the server does not have one of the lists.
    """
    lists = lists or Lists()
    reads: dict[str, Callable[[], Any]] = {
        _PROJECT: lambda: lightdash.project(project),
        "spaces": lambda: lightdash.spaces(project),
        "charts": lambda: lightdash.charts(project),
        "summaries": lambda: lightdash.chart_summaries(project),
        "dashboards": lambda: lightdash.dashboards(project),
        "content": lambda: lightdash.content(project),
        "schedulers": lambda: if_allowed(lambda: lightdash.schedulers(project)),
        "tags": lambda: lightdash.tags(project),
        "metrics": lambda: lightdash.metrics(project),
        "members": lambda: if_here(lightdash.members),
    }
    by_members = lists.spare and lightdash.server.can("own_access_only")
    if by_members:
        reads["members"] = lambda: if_here(lightdash.members_with_groups)
    elif lightdash.server.can("space_member_role"):
        reads["groups"] = lambda: if_here(lightdash.teams)
    elif lists.groups:
        reads["groups"] = lambda: if_here(lightdash.groups)
    if not lists.spare:
        reads |= spared_lists(lightdash, project)
    if lists.virtual_views:
        reads["explores"] = lambda: _virtual_views(lightdash, project, as_code=lists.spare)
    if lightdash.server.can("own_access_only"):
        reads["code_spaces"] = lambda: _code_spaces(lightdash, project)
    found, unread = workers.run(
        "lists", reads.items(), lambda item: (item[0], item[1]()), lambda item: item[0]
    )
    if unread:  # if the project does not exist, every list fails
        first = min(unread, key=lambda item: item.what != _PROJECT)
        raise _no_list(first) if isinstance(first.error, NotFound) and first.what != _PROJECT else first.error
    said = dict(found)
    head, settings = said.pop(_PROJECT)
    names, in_code, tables = said.pop("explores", ((), {}, None))
    if by_members:
        said["groups"] = None if said["members"] is None else groups_of_members(said["members"])
    return Inventory(
        project=head,
        settings=settings,
        pins=[],
        virtual_views=names,
        code_views=in_code,
        tables=tables,
        has_groups_of_members=by_members,
        is_spared=lists.spare,
        **said,
    )


def spared_lists(lightdash: Lightdash, project: str) -> dict[str, Callable[[], Any]]:
    """Return functions that read the lists which an export without changes skips, by name in `Inventory`."""
    server = lightdash.server
    reads: dict[str, Callable[[], Any]] = {}
    if server.can("chart_palettes"):
        reads["palettes"] = lambda: tuple(if_here(lightdash.color_palettes) or ())
    if server.can("charts_in_bulk"):
        reads["chart_total"] = lambda: if_here(CodePages(lightdash.session, server, project).count_charts)
    return reads


def _virtual_views(
    lightdash: Lightdash, project: str, *, as_code: bool
) -> tuple[tuple[str, ...], dict[str, JsonObject], frozenset[str] | None]:
    """Return the names of the virtual views, their code if it is complete, and the names of all explores.

    The last is None if explores were not requested.
    """
    if as_code and lightdash.server.can("virtual_views_as_code"):
        try:
            told = if_allowed(lambda: lightdash.code_views(project))
        except (NotFound, UnexpectedAnswer):
            told = None
        if told is not None and not told[1]:
            return tuple(sorted(told[0])), told[0], None
    explores = lightdash.explores(project)
    names = tuple(sorted(row.name for row in explores if row.is_virtual))
    return names, {}, frozenset(row.name for row in explores)


def _no_list(unread: Unread) -> Incomplete:
    """Return the error for a list that the server does not have, although it has the project."""
    return Incomplete(
        f"Lightdash has no list of {unread.what} where this tool knows one ({unread.error.message}); "
        "nothing was written",
        hint="If this Lightdash is newer than this tool, look for a newer lightdash-sync.",
    )


def contradictions(inventory: Inventory, *, counts: bool = True) -> list[str]:
    """Return descriptions of how lists of the same items differ; empty if all agree.

    Args:
        inventory: the lists.
        counts: whether to compare with the counts of each space, too.
    """
    found: list[str] = []
    for what, first, ours, second, theirs in _pairs(inventory):
        found += _differ(what, first, ours, second, theirs)
    if counts:
        found += _space_counts(inventory)
    return found + _outside_spaces(inventory) + _in_two_places(inventory)


def disputed_items(inventory: Inventory) -> set[str]:
    """Return the uuids of the charts and dashboards about which the lists differ."""
    disputed: set[str] = set()
    for _, _, ours, _, theirs in _pairs(inventory):
        disputed |= ours ^ theirs
    spaces = {row.uuid for row, _ in inventory.spaces}
    rows: list[schemas.Row] = [*inventory.charts, *inventory.dashboards]
    disputed |= {row.uuid for row in rows if row.spaceUuid not in spaces}
    return disputed | {uuid for uuid, _ in _two_places(inventory)}


def in_unlisted(inventory: Inventory) -> set[str]:
    """Return the uuids of charts in dashboards, and of schedulers of items, that no list names.

    This happens for a moment while something is created, and always for a token that sees only a part.
    """
    dashboards = {row.uuid for row in inventory.dashboards}
    sql_charts = {row.uuid for row in inventory.sql_charts}
    found = {
        row.uuid
        for row in inventory.summaries
        if row.dashboardUuid is not None and row.dashboardUuid not in dashboards
    }
    for row, _ in inventory.schedulers or []:
        homes = (row.dashboardUuid and dashboards, row.savedSqlUuid and sql_charts)
        if any(home and row.delivers not in home for home in homes):
            found.add(row.schedulerUuid)
    return found


def _pairs(inventory: Inventory) -> list[tuple[str, str, set[str], str, set[str]]]:
    """Return the sets of uuids that two lists have of the same items, with the names of items and lists."""
    explores = {row.uuid for row in inventory.charts if row.source == EXPLORE}
    in_spaces = {row.uuid for row in inventory.summaries if row.dashboardUuid is None}
    charts = explores | {row.uuid for row in inventory.sql_charts}
    dashboards = {row.uuid for row in inventory.dashboards}
    by_type: dict[str, set[str]] = {"chart": set(), "dashboard": set()}
    for item in inventory.content:
        by_type.setdefault(item.contentType, set()).add(item.uuid)
    other = {row.uuid for row in inventory.other_charts}
    listed = "the list of charts"
    return [
        ("charts", listed, explores, "the chart summaries", in_spaces),
        ("charts", listed, charts, "the content list", by_type["chart"] - other),
        ("dashboards", "the list of dashboards", dashboards, "the content list", by_type["dashboard"]),
    ]


def _two_places(inventory: Inventory) -> list[tuple[str, str]]:
    """Return uuid and name of charts that two lists have in different spaces."""
    places = {row.uuid: row.spaceUuid for row in inventory.summaries if row.dashboardUuid is None}
    return [
        (row.uuid, row.name)
        for row in inventory.charts
        if row.source == EXPLORE and places.get(row.uuid, row.spaceUuid) != row.spaceUuid
    ]


def _in_two_places(inventory: Inventory) -> list[str]:
    return [f"chart {name!r} is in two spaces" for _, name in _two_places(inventory)]


def space_contradictions(row: schemas.SpaceRow, space: schemas.Space, inventory: Inventory) -> dict[str, str]:
    """Return the items about which a space's own answer and the lists disagree, with descriptions."""
    explores = {
        chart.uuid for chart in inventory.charts if chart.source == EXPLORE and chart.spaceUuid == row.uuid
    }
    dashboards = {dashboard.uuid for dashboard in inventory.dashboards if dashboard.spaceUuid == row.uuid}
    where = f"space {row.name!r}"
    charts_in, dashboards_in = ({item.uuid for item in rows} for rows in (space.queries, space.dashboards))
    return _each("charts", "the list of charts", explores, where, charts_in) | _each(
        "dashboards", "the list of dashboards", dashboards, where, dashboards_in
    )


def _space_counts(inventory: Inventory) -> list[str]:
    """Compare the counts in the list of spaces, which include items that the token may not see."""
    charts = Counter(row.spaceUuid for row in inventory.charts if row.source == EXPLORE)
    dashboards = Counter(row.spaceUuid for row in inventory.dashboards)
    found = []
    for row, _ in inventory.spaces:
        for what, said, seen in (
            ("charts", row.chartCount, charts[row.uuid]),
            ("dashboards", row.dashboardCount, dashboards[row.uuid]),
        ):
            if said != seen:
                found.append(f"space {row.name!r} has {said} {what} by its own count, {seen} in the list")
    return found


def _outside_spaces(inventory: Inventory) -> list[str]:
    known = {row.uuid for row, _ in inventory.spaces}
    rows: list[tuple[str, schemas.Row]] = [("chart", row) for row in inventory.charts]
    rows += [("dashboard", row) for row in inventory.dashboards]
    return [
        f"{what} {row.name!r} is in a space that is not listed"
        for what, row in rows
        if row.spaceUuid not in known
    ]


def marked_pins(inventory: Inventory) -> set[tuple[str, str, int | None]]:
    """Return the items that the lists mark as pinned: type, uuid and order."""
    pinned = inventory.project.pinnedListUuid
    groups: dict[str, list[schemas.SpaceRow] | list[schemas.ChartRow] | list[schemas.DashboardRow]] = {
        "space": [row for row, _ in inventory.spaces],
        "chart": inventory.charts,
        "dashboard": inventory.dashboards,
    }
    return {
        (kind, row.uuid, row.pinnedListOrder)
        for kind, rows in groups.items()
        for row in rows
        if pinned is not None and row.pinnedListUuid == pinned
    }


def pin_contradictions(inventory: Inventory) -> dict[str, str]:
    """Return the items about which the pinned list and the other lists disagree, with descriptions."""
    marked = {uuid for _, uuid, _ in marked_pins(inventory)}
    listed = {pin.data.uuid for pin in inventory.pins if pin.type in ("space", "chart", "dashboard")}
    return _each("pinned items", "the lists", marked, "the pinned list", listed)


def _each(what: str, first: str, ours: set[str], second: str, theirs: set[str]) -> dict[str, str]:
    """Return uuid -> description of the items that only one of two lists has."""
    return {
        uuid: words
        for uuid in ours ^ theirs
        for words in _differ(what, first, ours & {uuid}, second, theirs & {uuid})
    }


def _differ(what: str, first: str, ours: set[str], second: str, theirs: set[str]) -> list[str]:
    found = []
    for here, there, missing in ((first, second, ours - theirs), (second, first, theirs - ours)):
        if missing:
            named = ", ".join(sorted(missing)[:_NAMED]) + (", …" if len(missing) > _NAMED else "")
            found.append(f"{len(missing)} {what} of {here} are not in {there}: {named}")
    return found


def palettes_by_name(palettes: Iterable[schemas.Palette]) -> dict[str, JsonObject]:
    """Return name -> `{"uuid"}` of colour palettes, in the form of the identity map."""
    return named_apart({row.colorPaletteUuid: row.name for row in palettes})


def _code_spaces(lightdash: Lightdash, project: str) -> CodeSpaces | None:
    """Read the spaces as code; None if they cannot be read or understood, so that each space is read."""
    try:
        return if_allowed(lambda: lightdash.code_spaces(project))
    except (NotFound, UnexpectedAnswer):
        return None


def if_allowed(read: Callable[[], T]) -> T | None:
    """Return the result of `read`, or None if the token may not read it (403)."""
    try:
        return read()
    except NotAuthorised as error:
        if error.status == 403:
            return None
        raise


# One inventory of a project in which people work: the lists are read again until they agree.
#
# Every list is a request of its own, so an item that is created, moved or deleted between two of them is in
# one and not in the other. That is no contradiction yet: if lists disagree about an item, they are read
# again, and the item is used as it was in the last reading whose lists agreed about it. An item that was in
# no list before is left for the next export. Only if lists never agree about an item, it is a contradiction:
# a list came back short.

Row = TypeVar("Row", "schemas.ChartRow", "schemas.SummaryRow", "schemas.DashboardRow", "schemas.ContentRow")

_READINGS = 5  # maximum number of readings until the lists agree about every item
_PAUSE = 0.3  # seconds; each reading waits that much longer


def read_settled(lightdash: Lightdash, project: str, workers: Workers, lists: Lists) -> Inventory:
    """Read the lists of a project, and again if they disagree; see `read_inventory`.

    Raises:
        Moved: they never agree about an item.
        ApiError: one of them cannot be read.
    """
    read = partial(read_inventory, lightdash, project, workers, lists)
    readings = [read()]
    while (problems := _disagreements(readings)) or _may_be_new(readings):
        if len(readings) == _READINGS:
            break
        lightdash.session.pacer.sleep(_PAUSE * len(readings))
        readings.append(read())
    require_agreement(problems)
    return as_agreed(readings)


def require_agreement(problems: Sequence[str]) -> None:
    """Check that no lists contradict each other.

    Raises:
        Moved: some do.
    """
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise Moved(f"the lists of Lightdash contradict each other: {problems[0]}{more}")


def as_agreed(readings: Sequence[Inventory]) -> Inventory:
    """Return the last of some readings, with each item as it was in the last one whose lists agreed about it.

    Items in something that is left for the next export are left, too.
    """
    last, earlier = readings[-1], readings[:-1]
    if not earlier:
        return last
    chosen: dict[str, Inventory] = {}
    disputes = [(reading, disputed_items(reading)) for reading in earlier]
    for uuid in disputed_items(last):
        agreeing = (reading for reading, disputed in reversed(disputes) if uuid not in disputed)
        if (reading := next(agreeing, None)) is not None:
            chosen[uuid] = reading
    found = {id(reading): reading for reading in chosen.values()}.values()
    agreed = replace(
        last,
        charts=_rows(chosen, last.charts, {id(one): one.charts for one in found}),
        summaries=_rows(chosen, last.summaries, {id(one): one.summaries for one in found}),
        dashboards=_rows(chosen, last.dashboards, {id(one): one.dashboards for one in found}),
        content=_rows(chosen, last.content, {id(one): one.content for one in found}),
    )
    stayed = set().union(*(in_unlisted(reading) for reading in earlier))
    new = in_unlisted(agreed) - stayed
    if not new:
        return agreed
    schedulers = agreed.schedulers
    return replace(
        agreed,
        summaries=[row for row in agreed.summaries if row.uuid not in new],
        schedulers=schedulers and [row for row in schedulers if row[0].schedulerUuid not in new],
    )


def unexplained(questions: Iterable[str], before: Inventory, now: Inventory) -> set[str]:
    """Return the items about which the lists have not changed, so that no change explains a dispute."""
    then, there = _states(before), _states(now)
    return {uuid for uuid in questions if then.get(uuid) == there.get(uuid)}


def _states(inventory: Inventory) -> dict[str, tuple[str, bool, int | None]]:
    """Return uuid -> space, whether it is pinned, and its order, of everything that the lists name."""
    rows: list[schemas.Row] = [*inventory.charts, *inventory.dashboards]
    states = {row.uuid: (row.spaceUuid, row.pinnedListUuid is not None, row.pinnedListOrder) for row in rows}
    return states | {
        row.uuid: ("", row.pinnedListUuid is not None, row.pinnedListOrder) for row, _ in inventory.spaces
    }


def _disagreements(readings: Sequence[Inventory]) -> list[str]:
    """Return descriptions of items about which the lists did not agree in any reading."""
    if len(readings) == 1:
        return contradictions(readings[0])
    if not (found := contradictions(readings[-1])):
        return found
    return [*contradictions(as_agreed(readings), counts=False), *_disputed_counts(readings)]


def _may_be_new(readings: Sequence[Inventory]) -> bool:
    """Whether an item is in something unlisted, which a second reading has not confirmed yet."""
    return len(readings) == 1 and bool(in_unlisted(readings[0]))


def _disputed_counts(readings: Sequence[Inventory]) -> Iterator[str]:
    """Yield descriptions of spaces whose counts cannot be right; they include what the token may not see.

    The count and the charts come from different lists. So either they are equal in one reading, or the count
    is between the number of items that were always in the space and that of all items that ever were.
    """
    for row, _ in readings[-1].spaces:
        for what in ("charts", "dashboards"):
            seen = [_in_space(reading, row.uuid, what) for reading in readings]
            counts = [_own_count(reading, row.uuid, what) for reading in readings]
            least, most = len(set.intersection(*seen)), len(set.union(*seen))
            fits = (
                count is not None and (count == len(found) or least <= count <= most)
                for count, found in zip(counts, seen, strict=True)
            )
            if not any(fits):
                listed = f"{len(seen[-1])} in the list"
                yield f"space {row.name!r} has {counts[-1]} {what} by its own count, {listed}"


def _in_space(reading: Inventory, space: str, what: str) -> set[str]:
    if what == "dashboards":
        return {row.uuid for row in reading.dashboards if row.spaceUuid == space}
    return {row.uuid for row in reading.charts if row.source == EXPLORE and row.spaceUuid == space}


def _own_count(reading: Inventory, space: str, what: str) -> int | None:
    row = next((row for row, _ in reading.spaces if row.uuid == space), None)
    if row is None:
        return None
    return row.chartCount if what == "charts" else row.dashboardCount


def _rows(
    chosen: Mapping[str, Inventory], last: Sequence[Row], others: Mapping[int, Sequence[Row]]
) -> list[Row]:
    """Return the rows of a list, with some items as another reading has them."""
    rows = [row for row in last if row.uuid not in chosen]
    for reading, found in others.items():
        rows += [row for row in found if row.uuid in chosen and id(chosen[row.uuid]) == reading]
    return rows
