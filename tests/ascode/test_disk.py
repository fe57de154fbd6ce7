"""The tree on disk: what is written where, what stays of others, and what is no tree."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from lightdash_sync.ascode.read import is_code_tree, read_tree
from lightdash_sync.ascode.tree import document_path
from lightdash_sync.ascode.write import CodeFiles, WrittenTree, code_files, write_tree
from lightdash_sync.ascode.yaml import to_yaml
from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import canonical, parse
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.tree import Tree
from lightdash_sync.disk import Disk
from lightdash_sync.errors import Refused, SnapshotError
from tests.exporting import tree as files_of

QUERY: Any = {"metricQuery": {}, "chartConfig": {}}
CHART: Any = {
    "name": "Revenue", "description": "d", "tableName": "orders", "metricQuery": {"dimensions": []},
    "chartConfig": {"type": "table"}, "slug": "revenue", "spaceSlug": "sales/emea", "version": 1,
    "contentType": "chart",
}  # fmt: skip
SQL: Any = {
    "name": "Raw", "sql": "select 1", "limit": 5, "config": {}, "slug": "revenue", "spaceSlug": "sales",
    "version": 1, "contentType": "sql_chart",
}  # fmt: skip
TILE: Any = {"type": "markdown", "x": 0, "y": 0, "w": 1, "h": 1, "properties": {"content": "x"}}
BOARD: Any = {
    "name": "Board", "tiles": [TILE], "tabs": [], "slug": "board", "spaceSlug": "sales", "version": 1,
    "filters": {"dimensions": [], "metrics": [], "tableCalculations": []}, "contentType": "dashboard",
}  # fmt: skip
SPACE: Any = {"contentType": "space", "spaceName": "Sales & Co", "slug": "sales"}


def project(**names: str) -> Tree:
    """Two spaces of one name, a chart and a SQL chart of one slug, a dashboard; names by key."""
    at = "2026-01-02T03:04:05.678Z"
    content: dict[str, Any] = {
        "spaces/sales.json": {
            "name": "Sales",
            "parent": None,
            "inheritsAccess": False,
            "access": {"users": [{}]},
        },
        "spaces/emea.json": {"name": "Sales", "parent": "sales", "inheritsAccess": True, "access": {}},
        "charts/revenue.json": {"name": "Revenue", "space": "emea", "tableName": "orders", **QUERY},
        "sql_charts/revenue.json": {"name": "Raw", "space": "sales", "sql": "", "config": {}},
        "dashboards/board.json": {"name": "Board", "space": "emea", "tiles": [], "tabs": [], "filters": {}},
        "tags/core.json": {"name": "Core", "metrics": []},
        "pins.json": [{"kind": "chart", "key": "revenue", "order": 1}],
    }
    for body in content.values():
        if isinstance(body, dict):
            body["name"] = names.get(body["name"], body["name"])
    items: Any = {
        Kind.SPACE: {"sales": {"uuid": "1"}, "emea": {"uuid": "2"}},
        Kind.CHART: {"revenue": {"uuid": "3", "version": "v", "updatedAt": at}},
        Kind.SQL_CHART: {"revenue": {"uuid": "4", "lastUpdatedAt": "2026-01-03T00:00:00Z"}},
        Kind.DASHBOARD: {"board": {"uuid": "5", "updatedAt": at}},
    }
    return Tree.of({path: canonical(body) for path, body in content.items()}, Identity(items=items))


def write(
    target: Path, nested_in: str | None = None, *, overwrite: bool = False, **names: str
) -> WrittenTree:
    return write_tree(target, code_files(project(**names), nested_in), Disk(), overwrite=overwrite)


def put(root: Path, path: str, body: Any) -> Path:
    """Write one file of a tree by hand."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(body if isinstance(body, bytes) else to_yaml(body))
    return file


# --- writing ---


def test_files_stand_where_the_official_tool_has_them(tmp_path: Path) -> None:
    """Flat and nested. A second space of one name gets a file of its own, which that tool would lose."""
    write(tmp_path / "flat")
    write(tmp_path / "deep", "Jaffle Shop")
    assert sorted(files_of(tmp_path / "flat")) == [
        ".lightdash-metadata.json", "charts/revenue.sql.yml", "charts/revenue.yml", "dashboards/board.yml",
        "sales-emea.space.yml", "sales.space.yml",
    ]  # fmt: skip
    assert sorted(files_of(tmp_path / "deep")) == [
        ".lightdash-metadata.json", "jaffle-shop/sales/charts/revenue.sql.yml",
        "jaffle-shop/sales/emea/charts/revenue.yml", "jaffle-shop/sales/emea/dashboards/board.yml",
        "jaffle-shop/sales/emea/sales.space.yml", "jaffle-shop/sales/sales.space.yml",
    ]  # fmt: skip
    assert read_tree(tmp_path / "flat").spaces == read_tree(tmp_path / "deep").spaces


@pytest.mark.parametrize(
    ("slug", "file"),
    [
        ("a-b_1", "a-b_1.yml"),
        ("l" * 200, "l" * 200 + ".yml"),
        ("l" * 300, "x-" + "l" * 40 + "-ab5229cf2ab0.yml"),
        ("con", "x-con-1143da2bc54c.yml"),
        ("../../etc/passwd", "x-etc-passwd-"),
        ("Übung", "x-bung-"),
        ("..", "x-"),
    ],
)
def test_a_slug_is_a_file_name_where_that_is_safe(slug: str, file: str) -> None:
    """Else it has a hash, and the document says the slug; none leaves its folder."""
    path = document_path(Kind.CHART, slug, "sales/../..", "p")
    assert path.startswith("p/sales/x-")
    assert path.count("/") == 5
    assert path.rpartition("/")[2].startswith(file)


def test_files_have_the_time_of_their_content(tmp_path: Path) -> None:
    """So `lightdash upload` takes them for unchanged, today and tomorrow, and an edited one for changed."""
    write(tmp_path / "tree")
    times: Any = parse((tmp_path / "tree/.lightdash-metadata.json").read_bytes())
    assert times == {
        "version": 1,
        "charts": {"revenue": "2026-01-03T00:00:00.000Z"},
        "dashboards": {"board": "2026-01-02T03:04:05.678Z"},
    }
    assert (tmp_path / "tree/charts/revenue.yml").stat().st_mtime == 1767398400
    assert abs((tmp_path / "tree/dashboards/board.yml").stat().st_mtime - 1767323045.678) < 0.001


def test_what_a_tree_cannot_hold_is_counted() -> None:
    """Whatever the snapshot has besides."""
    held = {one.code: one.count for one in code_files(project(), versions=7).not_held}
    assert held == {"tag": 1, "pins": 1, "access": 1, "privacy": 1, "versions": 7}


def test_a_second_run_changes_nothing_and_a_third_only_what_differs(tmp_path: Path) -> None:
    """The same project gives the same bytes; what is gone from the project is gone from the tree."""
    root = tmp_path / "tree"
    assert write(root) == WrittenTree(changed=5, removed=0, kept=0)
    before = files_of(root)
    assert write(root) == WrittenTree(changed=0, removed=0, kept=0)
    assert files_of(root) == before
    assert write(root, Board="Renamed").changed == 1
    fewer = {
        path: data for path, data in code_files(project()).files.items() if path != "dashboards/board.yml"
    }
    rest = CodeFiles(fewer, {}, {}, ())
    assert write_tree(root, rest, Disk()).removed == 1
    assert not (root / "dashboards").exists()


def test_files_of_others_come_along_and_their_documents_are_not_replaced_unasked(tmp_path: Path) -> None:
    """A README, translations and ignored files stay; what somebody wrote or edited is named, and kept."""
    root = tmp_path / "tree"
    write(root)
    put(root, "README.md", b"ours")
    put(root, "charts/revenue.language.map.yml", b"chart: {}\n")
    put(root, "charts/.gitignore", b"x")
    assert write(root, Board="New").kept == 3
    put(root, "charts/mine.yml", CHART | {"slug": "mine"})
    with pytest.raises(Refused, match=r"charts/mine\.yml") as raised:
        write(root)
    assert "--overwrite" in raised.value.hint
    (root / "charts/mine.yml").unlink()
    edited = put(root, "charts/revenue.yml", CHART)
    with pytest.raises(Refused, match=r"charts/revenue\.yml"):
        write(root)
    assert edited.read_bytes() == to_yaml(CHART)
    assert write(root, overwrite=True) == WrittenTree(changed=2, removed=0, kept=3)
    assert (root / "README.md").read_bytes() == b"ours"


def test_a_tree_that_the_official_tool_wrote_is_replaced_if_asked(tmp_path: Path) -> None:
    """Where nothing differs it need not be asked for."""
    root, other = tmp_path / "tree", tmp_path / "other"
    write(root)
    shutil.copytree(root, other)  # what one finds after a checkout: nobody remembers who wrote it
    assert write(other).changed == 0
    shutil.rmtree(root)
    shutil.copytree(other, root)
    (tmp_path / ".tree.written.json").unlink()
    with pytest.raises(Refused, match="did not write"):
        write(root, Board="New")
    assert write(root, Board="New", overwrite=True).changed == 1


def test_what_is_no_tree_is_left_alone(tmp_path: Path) -> None:
    """A snapshot, a repository, a file, a link."""
    for path, why in (("snapshot/snapshot.json", "a snapshot"), ("repository/.git/HEAD", "a git repository")):
        file = put(tmp_path, path, b"{}")
        with pytest.raises(SnapshotError, match=why):
            write(tmp_path / path.split("/")[0])
        assert file.exists()
    put(tmp_path, "linked/charts/x.txt", b"")
    (tmp_path / "linked/out").symlink_to(tmp_path)
    with pytest.raises(SnapshotError, match="neither a file nor a directory"):
        write(tmp_path / "linked")
    with pytest.raises(SnapshotError, match="not a directory"):
        write(put(tmp_path, "file", b""))


def test_a_full_disk_leaves_the_old_tree(tmp_path: Path) -> None:
    """Whichever write fails."""

    class Full(Disk):
        left = 0

        def write(self, path: Path, data: bytes) -> None:
            if ".tree.new" in str(path):
                if not self.left:
                    raise OSError(28, "No space left on device")
                self.left -= 1
            super().write(path, data)

    root = tmp_path / "tree"
    write(root)
    before = files_of(root)
    for number in range(6):
        disk = Full()
        disk.left = number
        with pytest.raises(OSError, match="No space"):
            write_tree(root, code_files(project(Board="New")), disk)
        assert files_of(root) == before
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            ".tree.lock",
            ".tree.written.json",
            "tree",
        ]


# --- reading ---


def test_a_tree_is_read_as_the_official_tool_reads_it(tmp_path: Path) -> None:
    """By folder, else by contentType; times from their file, else from the document, as once upon a time."""
    put(tmp_path, "charts/a.yml", CHART)
    put(tmp_path, "p/sales/charts/b.sql.yml", SQL)
    put(tmp_path, "loose.yml", BOARD | {"downloadedAt": "2025-01-01T00:00:00.000Z"})
    put(tmp_path, "any.space.yml", SPACE)
    put(tmp_path, "dbt_project.yml", {"name": "jaffle"})
    put(tmp_path, "broken.yml", b"a: [")
    put(tmp_path, "charts/a.language.map.yml", b"a: 1\n")
    put(tmp_path, ".git/charts/no.yml", b"no: [")
    put(tmp_path, "charts/old.yaml", CHART)
    put(
        tmp_path,
        ".lightdash-metadata.json",
        b'{"version": 1, "charts": {"revenue": "2026-01-01T00:00:00.000Z"}}',
    )
    found = read_tree(tmp_path)
    assert {item: one.downloaded[:4] for item, one in found.documents.items()} == {
        (Kind.CHART, "revenue"): "2026",
        (Kind.SQL_CHART, "revenue"): "2026",
        (Kind.DASHBOARD, "board"): "2025",
    }
    assert found.spaces == {"sales": "Sales & Co", "sales/emea": None}
    assert [note.partition(":")[0] for note in found.notes] == [
        "files that end with .yaml are passed over", "files that are no documents are passed over",
    ]  # fmt: skip


def test_what_is_a_tree_is_told_without_being_asked(tmp_path: Path) -> None:
    """A directory with documents in the places of the official tool; any other one is not."""
    assert not is_code_tree(tmp_path)
    put(tmp_path, "x.yml", CHART)
    assert not is_code_tree(tmp_path)
    put(tmp_path, "p/s/charts/x.yml", CHART)
    assert is_code_tree(tmp_path)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no YAML": ({"charts/x.yml": b"a: ["}, r"charts/x\.yml: it is no YAML"),
    "no object": ({"charts/x.yml": b"[]"}, r"charts/x\.yml: it holds no object"),
    "no slug": ({"charts/x.yml": {**CHART, "slug": None}}, r"charts/x\.yml: slug: "),
    "an empty slug": ({"charts/x.yml": {**CHART, "slug": ""}}, r"charts/x\.yml: slug: "),
    "no query": ({"charts/x.yml": {**CHART, "metricQuery": "x"}}, r"x\.yml: metricQuery: "),
    "a tile without a type": ({"dashboards/x.yml": {**BOARD, "tiles": [{"x": 1}]}}, r"tiles\.0\.type: "),
    "tiles that are none": ({"dashboards/x.yml": {**BOARD, "tiles": [1]}}, r"tiles\.0: "),
    "another version": ({"charts/x.yml": {**CHART, "version": 2}}, "version 2"),
    "another type": ({"charts/x.yml": {**CHART, "contentType": "dashboard"}}, "contentType is 'dashboard'"),
    "no path": ({"charts/x.yml": {**CHART, "spaceSlug": "a//b"}}, "'a//b' is no path"),
    "no end of spaces": ({"charts/x.yml": {**CHART, "spaceSlug": "a/" * 99 + "a"}}, "is no path"),
    "one slug twice": ({"charts/x.yml": CHART, "p/charts/y.yml": CHART}, "'revenue', too"),
    "two names of a space": (
        {"a.space.yml": SPACE, "b.space.yml": {**SPACE, "spaceName": "Other"}},
        r"b\.space\.yml: .*a\.space\.yml gives the space 'sales' another name",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_understood_names_the_file(tmp_path: Path, what: str) -> None:
    """Half a tree is no wish."""
    files, why = WRONG[what]
    for path, body in files.items():
        put(tmp_path, path, body)
    with pytest.raises(SnapshotError, match=why):
        read_tree(tmp_path)


def test_links_and_other_things_are_not_followed(tmp_path: Path) -> None:
    """Whatever a pull request puts there: a link out, a pipe, a directory with the name of a file."""
    secret = put(tmp_path, "secret/charts/x.yml", CHART)
    root = tmp_path / "tree"
    put(root, "charts/a.yml", CHART | {"slug": "a"})
    (root / "charts/b.yml").symlink_to(secret)
    (root / "more").symlink_to(secret.parent.parent)
    (root / "charts/c.yml").mkdir()
    os.mkfifo(root / "charts/d.yml")
    found = read_tree(root)
    assert [slug for _, slug in found.documents] == ["a"]
    assert any(note.startswith("links are not followed") for note in found.notes)


def test_an_unknown_field_is_passed_over_and_named(tmp_path: Path) -> None:
    """Newer versions may write more than we know."""
    put(tmp_path, "charts/x.yml", CHART | {"newThing": 1})
    assert read_tree(tmp_path).notes == (
        f"the field newThing is not known, and passed over: {tmp_path}/charts/x.yml",
    )
