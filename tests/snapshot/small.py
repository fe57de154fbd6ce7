"""A small snapshot that is complete and valid, with every kind, made by hand and written for real."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import canonical
from lightdash_sync.content.keys import external_key
from lightdash_sync.content.kinds import Kind
from lightdash_sync.disk import Disk
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST, parse_path, version_name
from lightdash_sync.snapshot.manifest import FORMAT, Manifest, NotExported, SnapshotSelection, SnapshotSource
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.write import Staging, locked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def uuid(number: int) -> str:
    """A uuid by number."""
    return f"{number:08x}-1111-4222-8333-{number:012x}"


GONE = uuid(99)
EARLIER = version_name("2026-01-02T03:04:05.000Z", uuid(40))
VERSION_PATH = f"charts/weekly-revenue.history/{EARLIER}.json"
BOARD_VERSION_PATH = f"dashboards/kpis.history/{EARLIER}.json"

_CHART = {
    "name": "Weekly revenue",
    "tableName": "orders",
    "metricQuery": {"metrics": ["orders_revenue"], "limit": 500},
    "chartConfig": {"type": "cartesian"},
    "tableConfig": {"columnOrder": []},
}
_FILES: dict[str, Any] = {
    "project.json": {"name": "Production", "type": "DEFAULT"},
    "spaces/marketing.json": {
        "name": "Marketing",
        "inheritsAccess": False,
        "parent": None,
        "access": {
            "users": [{"email": "ann@example.com", "role": "editor"}],
            "groups": [{"group": "Ops @{}{x}", "role": "viewer"}],
        },
    },
    "spaces/campaigns.json": {
        "name": "Campaigns",
        "inheritsAccess": True,
        "parent": "marketing",
        "access": {"users": [], "groups": []},
    },
    "charts/weekly-revenue.json": {**_CHART, "space": "marketing"},
    "charts/in-dashboard.json": {**_CHART, "dashboard": "kpis", "description": "by @{user:ann@example.com}"},
    VERSION_PATH: {"chart": _CHART, "createdAt": "2026-01-02T03:04:05.000Z", "createdBy": "ann@example.com"},
    BOARD_VERSION_PATH: {
        "dashboard": {
            "tiles": [{"id": "once", "properties": {"content": "gone"}}],
            "tabs": [],
            "filters": {},
        },
        "createdAt": "2026-01-02T03:04:05.000Z",
        "createdBy": "ann@example.com",
    },
    "virtual_views/wanted.json": {"name": "wanted", "label": "Wanted", "sql": "select 1", "columns": []},
    "sql_charts/raw.json": {"name": "Raw", "sql": "select 1", "config": {}, "space": "campaigns"},
    "dashboards/kpis.json": {
        "name": "KPIs",
        "space": "marketing",
        "tabs": [{"id": "first", "name": "First"}],
        "tiles": [
            {"id": "revenue", "tab": "first", "properties": {"chart": "weekly-revenue"}},
            {"id": "raw", "properties": {"sqlChart": "raw"}},
            {"id": "lost", "properties": {"chart": external_key(GONE)}},
            {"id": "text", "properties": {"content": "/projects/@{project} @{chart:weekly-revenue}"}},
        ],
        "filters": {"dimensions": [{"tileTargets": {"revenue": False}}]},
    },
    "schedulers/kpis-monday.json": {
        "name": "Monday",
        "cron": "0 8 * * 1",
        "format": "image",
        "enabled": True,
        "targets": [{"recipient": "ann@example.com"}],
        "dashboard": "kpis",
        "owner": "ann@example.com",
    },
    "tags/core.json": {"name": "core", "metrics": [{"table": "orders", "metric": "revenue"}]},
    "comments/kpis.json": {"tiles": {"revenue": [{"text": "hello", "user": {"name": "Ann"}}]}},
    "pins.json": [
        {"kind": "chart", "key": "weekly-revenue", "order": 0},
        {"kind": "space", "key": "marketing", "order": 1},
    ],
    "metric_icons.json": [{"table": "orders", "metric": "revenue", "icon": {"unicode": "1f600"}}],
}


def small_files(title: str = "Weekly revenue", charts: int = 0) -> dict[str, Any]:
    """The content files, but for identity and manifest.

    Args:
        title: name of a chart.
        charts: how many more charts there are.
    """
    files = dict(_FILES)
    files["charts/weekly-revenue.json"] = {**_FILES["charts/weekly-revenue.json"], "name": title}
    return files | {f"charts/more-{n}.json": {**_CHART, "space": "marketing", "n": n} for n in range(charts)}


def small_identity(charts: int = 0) -> Identity:
    """The identity map of these files."""
    return Identity(
        items={
            Kind.SPACE: {"marketing": {"uuid": uuid(1)}, "campaigns": {"uuid": uuid(2)}},
            Kind.CHART: {
                "weekly-revenue": {"uuid": uuid(3), "versions": {EARLIER: {"uuid": uuid(40)}}},
                "in-dashboard": {"uuid": uuid(4)},
                **{f"more-{n}": {"uuid": uuid(100 + n)} for n in range(charts)},
            },
            Kind.SQL_CHART: {"raw": {"uuid": uuid(5)}},
            Kind.VIRTUAL_VIEW: {"wanted": {"uuid": uuid(13)}},
            Kind.DASHBOARD: {
                "kpis": {
                    "uuid": uuid(6),
                    "tiles": {"revenue": uuid(20), "raw": uuid(21), "lost": uuid(22), "text": uuid(23)},
                    "tabs": {"first": uuid(24)},
                    "versions": {EARLIER: {"uuid": uuid(40), "tiles": {"once": uuid(25)}, "tabs": {}}},
                }
            },
            Kind.SCHEDULER: {"kpis-monday": {"uuid": uuid(7)}},
            Kind.TAG: {"core": {"uuid": uuid(8)}},
        },
        people={"ann@example.com": {"uuid": uuid(9), "firstName": "Ann", "lastName": "A"}},
        groups={"Ops @{x}": {"uuid": uuid(10)}},
        external={external_key(GONE): GONE},
        project={"uuid": uuid(11), "organizationUuid": uuid(12)},
    )


def write_small_snapshot(
    target: Path,
    *,
    title: str = "Weekly revenue",
    charts: int = 0,
    change: Mapping[str, Any] | None = None,
    disk: Disk | None = None,
) -> Manifest:
    """Write the snapshot as an export would: locked, staged, earlier versions taken over, swapped in.

    Args:
        target: its directory.
        title: name of a chart, so that two snapshots differ.
        charts: how many more charts there are.
        change: path -> other content of a file, or None for no such file.
        disk: does the writing.
    """
    contents = small_files(title, charts) | dict(change or {})
    files = {path: canonical(content) for path, content in contents.items() if content is not None}
    return write_files(target, files, small_identity(charts), disk or Disk())


def write_files(target: Path, files: Mapping[str, bytes], identity: Identity, disk: Disk) -> Manifest:
    """Write any snapshot the way `write_small_snapshot` does."""
    with locked(target, disk):
        old = Snapshot(target).manifest.files if (target / MANIFEST).exists() else {}
        staging = Staging(target, disk)
        try:
            for path, data in files.items():
                place = parse_path(path)
                if path in old and place is not None and place.version:
                    staging.keep(path, target / path, old[path])
                else:
                    staging.put(path, data)
            staging.put(IDENTITY, identity.to_bytes())
            manifest = manifest_of(staging.files, counted(files))
            staging.commit(manifest)
        finally:
            staging.discard()
    return manifest


def manifest_of(files: dict[str, str], counts: dict[str, int]) -> Manifest:
    """A manifest that lists these files."""
    return Manifest(
        format=FORMAT,
        source=SnapshotSource(
            url="https://lightdash.example.com", lightdash="0.1372.1", project="Production"
        ),
        selection=SnapshotSelection(),
        counts=counts,
        leftOut=[NotExported(what="scheduler:kpis-monday", why="its webhook address is a secret")],
        files=files,
    )


def counted(files: Mapping[str, bytes]) -> dict[str, int]:
    """The counts of a manifest: lists count by their entries, everything else by files."""
    counts: Counter[str] = Counter()
    for path, data in files.items():
        place = parse_path(path)
        assert place is not None, path
        counts[place.counted] += data.count(b'"kind"') if path == "pins.json" else 1
    return dict(counts)


def tree(directory: Path) -> dict[str, bytes]:
    """Every file of a directory, read by the plainest means."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def beside(target: Path) -> list[str]:
    """What stands beside a snapshot, but for its lock."""
    return sorted(
        path.name
        for path in target.parent.iterdir()
        if path.name not in (target.name, f".{target.name}.lock")
    )
