"""Projects with a past, made by chance: everything that makes their history hard to tell is in them.

Nested spaces, charts and dashboards that refer to each other in circles, charts in dashboards that do not
show them, versions at equal times, without an author, by people who left, before 1970, at no time at all,
and versions that refer to what no longer exists or lack what every chart has.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import canonical, sha256
from lightdash_sync.content.keys import external_key
from lightdash_sync.content.kinds import Kind
from lightdash_sync.snapshot.layout import (
    IDENTITY,
    MANIFEST,
    item_path,
    parse_path,
    version_name,
    version_path,
)
from tests.snapshot.small import manifest_of, uuid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

LEFT = external_key("somebody who left")
NOWHERE = external_key("a chart of another project")
PEOPLE = ("ann@example.com", "bob@example.com", LEFT, "nobody-knows@example.com", None)
TIMES = [f"2026-03-{day:02}T0{hour}:00:00.000Z" for day in (2, 3, 20) for hour in (7, 8)]
ODD_TIMES = ["1969-07-20T20:17:40.000Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999Z", "", None]
GONE = "@{dashboard:long-gone}"


@dataclass
class Past:
    """A project in the making.

    Attributes:
        chance: decides.
        files: path -> content.
        facts: kind -> key -> facts.
        versions: of each item with a history, the uuids of those versions that can stand in a snapshot,
            oldest first.
        texts: tokens for everything that can be referred to.
    """

    chance: Random
    files: dict[str, Any] = field(default_factory=dict)
    facts: dict[Kind, dict[str, dict[str, Any]]] = field(default_factory=dict)
    versions: dict[tuple[Kind, str], list[str]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    uuids: int = 100

    def uuid(self) -> str:
        """Return a new uuid."""
        self.uuids += 1
        return uuid(self.uuids)

    def time(self) -> Any:
        """Return a time, most often one that something else has too."""
        return self.chance.choice(TIMES if self.chance.random() < 0.9 else ODD_TIMES)

    def text(self) -> str:
        """Return a text that may refer to something."""
        return self.chance.choice(self.texts) if self.chance.random() < 0.3 else "plain"

    def add(self, kind: Kind, key: str, content: Any, **facts: Any) -> None:
        """Add an item."""
        self.files[item_path(kind, key)] = content
        self.facts.setdefault(kind, {})[key] = {"uuid": self.uuid(), "slug": key, **facts}

    def chart(self, key: str, home: dict[str, str]) -> None:
        """Add a chart with its earlier versions."""
        standing = {"name": f"Chart {key}", "description": self.text(), **home}
        facts = self._history(Kind.CHART, key, self._query)
        self.add(Kind.CHART, key, {**standing, **self._query(self.text(), 9)}, **facts)

    def _history(self, kind: Kind, key: str, content: Callable[[str, int], dict[str, Any]]) -> dict[str, Any]:
        """Add earlier versions of an item, in the order of their names; return its facts.

        Args:
            kind: of the item.
            key: of the item.
            content: makes what is saved in a version, of a text and a number.
        """
        chance = self.chance
        count = chance.choice((0, 0, 1, 2, 3))
        earlier = sorted((version_name(time, id_), id_, time) for id_, time in
                         ((self.uuid(), chance.choice(TIMES)) for _ in range(count)))  # fmt: skip
        known, self.versions[kind, key] = {}, []
        for number, (name, id_, time) in enumerate(earlier):
            says = GONE if chance.random() < 0.1 else self.text()
            is_whole = chance.random() < 0.9
            saved_at = time if chance.random() < 0.9 else chance.choice(ODD_TIMES)
            author = chance.choice(PEOPLE)
            self.files[version_path(kind, key, name)] = {
                kind.value: content(says, number) if is_whole else {"config": {"says": says}},
                "createdAt": saved_at,
                "createdBy": author,
            }
            names: Any = {"tiles": {"t0": self.uuid()}, "tabs": {"one": self.uuid()}}
            known[name] = {"uuid": id_, "createdBy": author, **(names if kind is Kind.DASHBOARD else {})}
            if says != GONE and is_whole:
                self.versions[kind, key].append(id_)
        current = self.uuid()
        self.versions[kind, key].append(current)
        facts = {"updatedAt": self.time(), "updatedBy": chance.choice(PEOPLE), "seen": "f00d"}
        return facts | {"version": current} | ({"versions": known} if known else {})

    def _query(self, says: str, number: int) -> dict[str, Any]:
        return {
            "tableName": "orders",
            "metricQuery": {"limit": number},
            "chartConfig": {"type": "table", "config": {"says": says}},
        }

    def dashboard(self, key: str, space: str, charts: list[str], sql: list[str]) -> None:
        """Add a dashboard with some tiles; of every other one the history is known."""

        def saved(says: str, number: int) -> dict[str, Any]:
            shown: list[dict[str, Any]] = [
                {"id": f"t{n}", "properties": {"chart": self.chance.choice([*charts, NOWHERE])}}
                for n in range(number % 4)
            ]
            shown.append({"id": "text", "properties": {"content": f"{says} and {self.text()}"}})
            if sql:
                shown.append({"id": "sql", "properties": {"sqlChart": self.chance.choice(sql)}})
            filters: Any = {"dimensions": [{"id": "f"}], "metrics": []}
            return {"tiles": shown, "tabs": [{"id": "one", "name": "One"}], "filters": filters}

        standing = {"name": f"Dashboard {key}", "description": self.text(), "space": space}
        facts: dict[str, Any] = {"updatedAt": self.time(), "updatedBy": self.chance.choice(PEOPLE)}
        if self.chance.random() < 0.5:
            facts = self._history(Kind.DASHBOARD, key, saved)
        content = {**standing, **saved(self.text(), 3)}
        tiles = {str(tile["id"]): self.uuid() for tile in content["tiles"]}
        self.add(Kind.DASHBOARD, key, content, tiles=tiles, tabs={"one": self.uuid()}, **facts)


def make_past(chance: Random) -> Past:
    """Make a project by chance."""
    past = Past(chance)
    spaces, charts, dashboards, sql = (
        [f"{name}-{n}" for n in range(chance.randint(least, most))]
        for name, least, most in (("space", 1, 4), ("chart", 0, 6), ("board", 0, 4), ("sql", 0, 2))
    )
    past.texts = [
        f"@{{{kind}:{key}}}"
        for kind, keys in (
            ("space", spaces),
            ("chart", charts),
            ("dashboard", dashboards),
            ("sql_chart", sql),
        )
        for key in keys
    ]
    past.texts += ["@{scheduler:monday}"] if charts else []
    past.texts += ["@{user:ann@example.com}", "@{project}", "@{}{x}"]
    for number, key in enumerate(spaces):
        parent = chance.choice([None, *spaces[:number]])
        grants = {
            "users": [{"email": LEFT, "role": "editor"}],
            "groups": [{"group": "Ops", "role": "viewer"}],
        }
        name = past.text() if chance.random() < 0.2 else f"Space {key}"
        past.add(Kind.SPACE, key, {"name": name, "inheritsAccess": True, "parent": parent, "access": grants})
    for key in charts:
        inside = dashboards and chance.random() < 0.4
        home = {"dashboard": chance.choice(dashboards)} if inside else {"space": chance.choice(spaces)}
        past.chart(key, home)
    for key in dashboards:
        past.dashboard(key, chance.choice(spaces), charts, sql)
    for key in sql:
        content = {
            "name": key,
            "sql": f"select {past.text()!r}",
            "config": {},
            "space": chance.choice(spaces),
        }
        times = {"lastUpdatedAt": past.time(), "lastUpdatedBy": chance.choice(PEOPLE), "createdAt": TIMES[0]}
        past.add(Kind.SQL_CHART, key, content, **times)
    _decorate(past, charts, dashboards)
    return past


def _decorate(past: Past, charts: list[str], dashboards: list[str]) -> None:
    """Add what has no author, or none that can be told."""
    past.files["project.json"] = {"name": "Production", "type": "DEFAULT"}
    past.add(Kind.TAG, "core", {"name": "core", "metrics": [{"table": "orders", "metric": "revenue"}]})
    if charts:
        content = {
            "name": "Monday", "cron": "0 8 * * 1", "format": "csv", "enabled": True, "targets": [],
            "chart": past.chance.choice(charts), "owner": "ann@example.com",
        }  # fmt: skip
        past.add(Kind.SCHEDULER, "monday", content, createdAt=TIMES[0], updatedAt=TIMES[1])
        past.files["pins.json"] = [{"kind": "chart", "key": key, "order": 0} for key in charts]
    if dashboards:
        past.files[f"comments/{dashboards[0]}.json"] = {"tiles": {"t0": [{"text": past.text()}]}}
    if past.chance.random() < 0.5:
        past.files["metric_icons.json"] = [{"table": "orders", "metric": "revenue", "icon": {}}]


def write_past(root: Path, past: Past) -> None:
    """Write a project as a snapshot."""
    identity = Identity(
        items=past.facts,
        people={
            "ann@example.com": {"uuid": uuid(1), "firstName": "Ann", "lastName": "Lee"},
            "bob@example.com": {"uuid": uuid(2), "firstName": "Bob", "lastName": None},
            LEFT: {"uuid": uuid(3), "firstName": "Lou", "lastName": "Left"},
        },
        groups={"Ops": {"uuid": uuid(4)}},
        external={NOWHERE: uuid(5)},
        project={"uuid": uuid(6), "organizationUuid": uuid(7)},
    )
    files = {path: canonical(content) for path, content in past.files.items()}
    counts: Counter[str] = Counter()
    for path, content in past.files.items():
        place = parse_path(path)
        assert place is not None
        counts[place.counted] += len(content) if isinstance(content, list) else 1
    files[IDENTITY] = identity.to_bytes()
    manifest = manifest_of({path: sha256(data) for path, data in files.items()}, dict(counts))
    for path, data in {**files, MANIFEST: manifest.to_bytes()}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
