"""A project read by plain requests and said in names, so that two projects can be compared field by field.

Shares nothing with the tool: neither its client, nor its keys, nor what it leaves out. An item is known by
its place and name (spaces by all names above them; equal ones are numbered by what they hold or say), a
reference by the name of what it leads to: that of a delivery's filter is the rule of its dashboard with the
same id. What stays out is listed here (`DROPPED`), with the reason.

Reading a chart this way counts a view. Not read: comments, earlier versions, charts inside dashboards that no
tile shows.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

Row = dict[str, Any]
Content = dict[str, Any]

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
DROPPED = {
    # identity of the project, and of rows that are made anew
    "uuid", "organizationUuid", "projectUuid", "dashboardVersionId", "versionUuid", "savedSqlUuid",
    "schedulerUuid", "schedulerEmailTargetUuid", "schedulerSlackTargetUuid", "schedulerMsTeamsTargetUuid",
    "schedulerGoogleChatTargetUuid", "slug",
    # who and when: those of a copy are its maker's
    "updatedAt", "updatedByUser", "createdAt", "createdBy", "lastUpdatedAt", "lastUpdatedBy", "createdByName",
    # counted by the server
    "views", "firstViewedAt", "lastViewedAt",
    # derived from what is compared elsewhere: place, project, pins, grants, palettes of the project
    "spaceName", "dashboardName", "space", "dashboard", "project", "organization", "access", "isPrivate",
    "inheritsFromOrgOrProject", "pinnedListUuid", "pinnedListOrder", "colorPalette", "resolvedColorPalette",
    "savedChartName", "savedSqlName", "projectName", "projectSchedulerTimezone", "latestRun",
    "validationErrors",
    # said about tiles on reading
    "chartName", "chartSlug", "lastVersionChartKind", "belongsToDashboard",
    # of a verification its time and maker; and schedulers arrive switched off
    "verification", "enabled",
}  # fmt: skip
UNORDERED = {"tableCalculations": "name", "additionalMetrics": "name", "customDimensions": "id"}


@dataclass
class Reader:
    """Reads projects of one server.

    Attributes:
        url: of the server.
        token: a personal access token of an admin.
        workers: requests at a time.
    """

    url: str
    token: str
    workers: int = 8
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        """Open the connections."""
        headers = {"Authorization": f"ApiKey {self.token}"}
        plain = self.url.startswith("http://")
        self.client = httpx.Client(
            base_url=self.url, headers=headers, timeout=120, trust_env=False, verify=not plain
        )

    def __enter__(self) -> Reader:
        """Begin to read."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close the connections."""
        self.client.close()

    def get(self, path: str, **query: Any) -> Any:
        """Send a GET below `/api/v1` (or of a full path) and return its results."""
        full = path if path.startswith("/api/") else f"/api/v1{path}"
        answer = self.client.get(full, params=query)
        assert answer.status_code == 200, f"{full}: {answer.status_code} {answer.text[:300]}"
        return answer.json()["results"]

    def each(self, read: Callable[[str], Any], uuids: list[str]) -> dict[str, Any]:
        """Read many items side by side: uuid -> what was read."""
        with ThreadPoolExecutor(self.workers) as pool:
            return dict(zip(uuids, pool.map(read, uuids), strict=True))

    def pages(self, path: str, inside: str = "data") -> list[Row]:
        """Follow a list page by page; one without pages is returned as it is."""
        found: list[Row] = []
        page = 1
        while True:
            results = self.get(path, page=page, pageSize=100)
            found += results[inside]
            if page >= results.get("pagination", {}).get("totalPageCount", 1):
                return found
            page += 1

    def project(self, project: str) -> Content:
        """Read a project: `kind: name` -> what it is, in names.

        Args:
            project: its uuid.
        """
        return _Telling(self, project).told()


class _Telling:
    """One reading of a project."""

    def __init__(self, reader: Reader, project: str) -> None:
        self.get, self.each, self.pages = reader.get, reader.each, reader.pages
        self.path = f"/projects/{project}"
        self.project = project
        self.names: dict[str, str] = {project: "this project"}
        self.rules: dict[str, dict[str, str]] = defaultdict(dict)  # dashboard -> id -> the first rule with it

    def told(self) -> Content:
        spaces = {row["uuid"]: row for row in self.get(f"{self.path}/spaces")}
        listed = self.get(f"{self.path}/charts")
        held = self._held(listed)
        for uuid in spaces:
            self.names[uuid] = self._trail(spaces, uuid, held)
        summaries = {row["uuid"] for row in self.get(f"{self.path}/chart-summaries")}
        sql = [row["uuid"] for row in listed if row["source"] == "sql"]
        boards = [row["uuid"] for row in self.get(f"{self.path}/dashboards")]
        groups = {
            "chart": self.each(lambda one: self.get(f"/saved/{one}"), sorted(summaries)),
            "sql chart": self.each(lambda one: self.get(f"{self.path}/sqlRunner/saved/{one}"), sql),
            "dashboard": self.each(lambda one: self.get(f"/dashboards/{one}"), boards),
        }
        for kind, rows in groups.items():
            self._name(kind, rows)
        content: Content = {self.names[uuid]: self._space(spaces[uuid]) for uuid in spaces}
        content |= {self.names[uuid]: self._chart(row) for uuid, row in groups["chart"].items()}
        content |= {self.names[uuid]: self._sql(row) for uuid, row in groups["sql chart"].items()}
        content |= {self.names[uuid]: self._dashboard(row) for uuid, row in groups["dashboard"].items()}
        content["schedulers"] = sorted((self._scheduler(row) for row in self._schedulers()), key=_text)
        content |= self._metrics()
        content["pins"] = self._pins()
        return content

    # --- names

    def _held(self, charts: list[Row]) -> dict[str, list[str]]:
        """Names of what is in each space, by its uuid."""
        held: dict[str, list[str]] = defaultdict(list)
        for row in [*charts, *self.get(f"{self.path}/dashboards")]:
            held[row["spaceUuid"]].append(row["name"])
        return {uuid: sorted(names) for uuid, names in held.items()}

    def _trail(self, spaces: dict[str, Row], uuid: str | None, held: dict[str, list[str]]) -> str:
        """Name a space by all that it is in; two of one name are numbered by what they hold."""
        row = spaces.get(uuid or "")
        if row is None:
            return "space:"
        same = [
            one for one in spaces.values()
            if (one["name"], one.get("parentSpaceUuid")) == (row["name"], row.get("parentSpaceUuid"))
        ]  # fmt: skip
        same.sort(key=lambda one: (held.get(one["uuid"], []), len(one["access"]), one["slug"]))
        here = row["name"] + (f" #{same.index(row) + 1}" if len(same) > 1 else "")
        return f"{self._trail(spaces, row.get('parentSpaceUuid'), held)} / {here}"

    def _name(self, kind: str, rows: dict[str, Row]) -> None:
        """Name items by place and name; equal ones are numbered in the order of what they say."""
        alike: dict[str, list[str]] = defaultdict(list)
        for uuid, row in rows.items():
            inside = row.get("dashboardUuid")
            place = self._place(row) if inside is None else f"in {row['dashboardName']}"
            alike[f"{kind}: {place} / {row['name']}"].append(uuid)
        for name, uuids in alike.items():
            uuids.sort(key=lambda uuid: UUID.sub("", _text(_cleaned(rows[uuid]))))
            for number, uuid in enumerate(uuids):
                self.names[uuid] = name + (f" #{number + 1}" if len(uuids) > 1 else "")

    def _place(self, row: Row) -> str:
        uuid = row.get("spaceUuid") or (row.get("space") or {}).get("uuid", "")
        return self.names.get(uuid, "a space that is not seen")

    def _worded(self, value: Any) -> Any:
        """Say every uuid that is known by its name, at any depth."""

        def word(match: re.Match[str]) -> str:
            return self.names.get(match[0], match[0])

        return json.loads(UUID.sub(lambda match: json.dumps(word(match))[1:-1], json.dumps(value)))

    # --- kinds

    def _space(self, row: Row) -> Row:
        space = self.get(f"{self.path}/spaces/{row['uuid']}")
        return {
            "everybody": space.get("inheritParentPermissions", not space.get("isPrivate", False)),
            "members": space.get("projectMemberAccessRole"),
            "palette": space.get("colorPaletteUuid"),
            "people": self._people(row, space),
            "groups": {one["groupName"]: one["spaceRole"] for one in space["groupsAccess"]},
        }

    def _people(self, row: Row, space: Row) -> Row:
        """Who has a grant of their own; since 1.104.0 a space itself names nobody but who asks."""
        try:
            told = self.get(f"{self.path}/spaces/{row['uuid']}/access", directOnly=True)["data"]
        except (AssertionError, json.JSONDecodeError):
            direct = set(row["access"])
            told = [one for one in space["access"] if one["userUuid"] in direct]
        return {one["email"]: one["role"] for one in told if one.get("inheritedFrom") != "space_group"}

    def _chart(self, row: Row) -> Row:
        return {**self._worded(_cleaned(row)), "place": self._home(row)}

    def _home(self, row: Row) -> str:
        inside = row.get("dashboardUuid")
        return self.names.get(inside, "an unknown dashboard") if inside else self._place(row)

    def _sql(self, row: Row) -> Row:
        return {**self._worded(_cleaned(row)), "place": self._place(row)}

    def _dashboard(self, row: Row) -> Row:
        tabs = {tab["uuid"]: f"tab {tab['name']}" for tab in row["tabs"]}
        tiles = sorted(row["tiles"], key=lambda tile: self._where(tile, tabs))
        for number, tile in enumerate(tiles):
            self.names[tile["uuid"]] = f"tile {number + 1}"
        self.names |= tabs
        filters = {group: self._rules(row["uuid"], group, rules) for group, rules in row["filters"].items()}
        said = self._worded(_cleaned({**row, "tiles": tiles, "filters": filters}))
        said["tabs"] = sorted(said["tabs"], key=lambda tab: tab["order"])
        return {**said, "place": self._place(row)}

    def _rules(self, dashboard: str, group: str, rules: list[Row]) -> list[Row]:
        """Say the ids of rules by their places: they are made up, and mean which one a delivery replaces."""
        known = self.rules[dashboard]
        for number, rule in enumerate(rules):
            known.setdefault(rule["id"], f"rule {number + 1} of {group}")
        return [{**rule, "id": known[rule["id"]]} for rule in rules]

    def _where(self, tile: Row, tabs: dict[str, str]) -> tuple[Any, ...]:
        shown = tile["properties"].get("savedChartUuid") or tile["properties"].get("savedSqlUuid") or ""
        tab = tabs.get(tile.get("tabUuid") or "", "")
        text = UUID.sub("", _text(_cleaned(tile["properties"])))
        return (tab, tile["y"], tile["x"], tile["type"], self.names.get(shown, ""), text)

    def _schedulers(self) -> list[Row]:
        """The list of newer servers, else that of the delivery log."""
        try:
            return self.pages(f"/schedulers/{self.project}/list")
        except (AssertionError, json.JSONDecodeError):
            found: list[Row] = self.get(f"/schedulers/{self.project}/logs")["schedulers"]
            return found

    def _scheduler(self, row: Row) -> Row:
        known = self.rules[row.get("dashboardUuid") or ""]
        if isinstance(rules := row.get("filters"), list):
            row = {**row, "filters": [{**rule, "id": known.get(rule["id"], "no rule")} for rule in rules]}
        said = self._worded(_cleaned(row))
        said["targets"] = sorted(said["targets"], key=_text)
        return {name: value for name, value in said.items() if value is not None}

    def _metrics(self) -> Content:
        tags = {row["tagUuid"]: row for row in self.get(f"{self.path}/tags")}
        carried: dict[str, list[str]] = defaultdict(list)
        icons: Content = {}
        for row in self.pages(f"{self.path}/dataCatalog/metrics"):
            field_name = f"{row['tableName']}.{row['name']}"
            if row.get("icon"):
                icons[field_name] = row["icon"]
            for one in row["categories"]:
                carried[one["tagUuid"]].append(field_name)
        told = {
            f"tag: {row['name']}": {"color": row["color"], "metrics": sorted(carried[uuid])}
            for uuid, row in tags.items()
        }
        return {**told, "icons": icons}

    def _pins(self) -> list[str]:
        pinned = self.get(self.path).get("pinnedListUuid")
        rows = self.get(f"{self.path}/pinned-lists/{pinned}/items") if pinned else []
        told = [
            (row["data"]["pinnedListOrder"], f"{row['type']} {self.names.get(row['data']['uuid'], '?')}")
            for row in rows
        ]
        return [f"{order}: {said}" for order, said in sorted(told)]


def _cleaned(value: Any) -> Any:
    """Drop what `DROPPED` names, and sort what has no order."""
    if isinstance(value, list):
        return [_cleaned(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {name: _cleaned(one) for name, one in value.items() if name not in DROPPED}
    for name, by in UNORDERED.items():
        if isinstance(kept.get(name), list):
            kept[name] = sorted(kept[name], key=_by(by))
    return kept


def _by(name: str) -> Callable[[Row], str]:
    return lambda row: str(row.get(name))


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def differences(one: Any, other: Any, where: str = "") -> Iterator[str]:
    """Yield each place at which two readings differ, with both values."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            if name not in one or name not in other:
                side, value = ("first", one[name]) if name in one else ("second", other[name])
                if value is not None:
                    yield f"{where} > {name}: only in the {side}: {_text(value)[:200]}"
            else:
                yield from differences(one[name], other[name], f"{where} > {name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from differences(left, right, f"{where}[{number}]")
    elif _text(one) != _text(other):
        yield f"{where}: {_text(one)[:200]} / {_text(other)[:200]}"
