"""Documents of a project, read again, are that project; documents of another one make it that other one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.ascode.desired import desired_of
from lightdash_sync.ascode.write import code_files
from lightdash_sync.content.contents import Contents, planned_items
from lightdash_sync.content.json import canonical
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.tree import Tree, file_of
from lightdash_sync.sync.plan.managed import is_verified
from tests.ascode.projects import DOCUMENTED, documents, projects
from tests.content.generated import FEWER

if TYPE_CHECKING:
    from lightdash_sync.ascode.tree import CodeTree


@FEWER
@given(projects(), st.sampled_from([None, "Jaffle shop", "🎉"]))
def test_documents_of_a_project_change_nothing_of_it(project: Tree, nested_in: str | None) -> None:
    """Byte for byte, whatever the documents have no word for; flat and nested; and each item is linked."""
    code = documents(project, nested_in)
    wanted = desired_of(code, project)
    assert {path: wanted.tree[path] for path in wanted.tree} == {path: project[path] for path in project}
    assert {(kind, key) for kind, keys in wanted.links.items() for key in keys} == planned_items(project)


@FEWER
@given(projects(current=False))
def test_so_do_documents_of_a_server_without_paths(project: Tree) -> None:
    """The paths of spaces are made of their slugs then."""
    wanted = desired_of(documents(project), project)
    assert {path: wanted.tree[path] for path in wanted.tree} == {path: project[path] for path in project}


@FEWER
@given(projects(), st.data())
def test_the_order_of_lists_and_of_tiles_means_nothing(project: Tree, data: st.DataObject) -> None:
    """The official tool writes tabs, custom metrics and calculations in any order."""
    code = documents(project)
    for document in code.documents.values():
        for place, name in ((document.body, "tabs"), (document.body.get("metricQuery"), "tableCalculations")):
            if isinstance(place, dict) and isinstance(rows := place.get(name), list):
                place[name] = data.draw(st.permutations(rows))
    wanted = desired_of(code, project)
    assert {path: wanted.tree[path] for path in wanted.tree} == {path: project[path] for path in project}


@FEWER
@given(projects(), projects())
def test_documents_of_another_project_are_taken_over_whole(source: Tree, target: Tree) -> None:
    """Written again of what is wanted, they say the same; what the target has of its own stays."""
    code = documents(source)
    wanted = desired_of(code, target)
    again = documents(wanted.tree)
    assert set(again.documents) == set(code.documents)
    assert set(code.spaces) <= set(again.spaces)
    for item, document in code.documents.items():
        assert said(again, item) == said(code, item), document.file
    before, after = Contents(target), Contents(wanted.tree)
    for item in planned_items(target) & planned_items(wanted.tree):
        for name in ("palette", "somethingNew", "inheritsAccess", "access"):
            assert before.of(item).get(name) == after.of(item).get(name)
        if item[0] is Kind.CHART:  # said only where somebody vouches for it
            verified = code.documents[item].body.get("verified", is_verified(before.of(item)))
            assert is_verified(after.of(item)) == verified


@FEWER
@given(projects(), projects())
def test_taking_documents_over_a_second_time_changes_nothing(source: Tree, target: Tree) -> None:
    """Once a project is as documents want it, they want nothing more: keys, ids of tiles and filters stay."""
    code = documents(source)
    first = desired_of(code, target).tree
    second = desired_of(code, first).tree
    assert {path: second[path] for path in second} == {path: first[path] for path in first}


@FEWER
@given(projects())
def test_the_same_project_gives_the_same_bytes(project: Tree) -> None:
    """Whatever order its files are read in."""
    turned = Tree.of({path: project[path] for path in reversed([*project])}, project.identity)
    assert code_files(project).files == code_files(turned).files


@FEWER
@given(projects(), projects())
def test_what_documents_do_not_speak_of_stands_beside_them(source: Tree, target: Tree) -> None:
    """Spaces without content stay; what hangs on a dashboard that is gone goes with it."""
    board = next((key for kind, key in sorted(planned_items(target)) if kind is Kind.DASHBOARD), None)
    files = {path: target[path] for path in target}
    files[file_of(Kind.SCHEDULER, "s")] = canonical(
        {"name": "S", "dashboard": board or "gone", "cron": "", "targets": []}
    )
    files[file_of(Kind.TAG, "t")] = canonical({"name": "T", "metrics": []})
    target = Tree.of(files, target.identity)
    wanted = desired_of(documents(source), target, kept=planned_items(target)).tree
    assert file_of(Kind.TAG, "t") in wanted
    assert {item for item in planned_items(target) if item[0] is Kind.SPACE} <= planned_items(wanted)
    stays = board is None or (Kind.DASHBOARD, board) in planned_items(wanted)
    assert (file_of(Kind.SCHEDULER, "s") in wanted) == stays
    assert not any(
        item[0] in DOCUMENTED and item not in planned_items(wanted)
        for item in planned_items(source) & planned_items(target)
    )


def said(code: CodeTree, item: tuple[Kind, str]) -> Any:
    """What a document says, but for what each project calls its own way: ids, tabs, tiles, marks."""
    body: Any = dict(code.documents[item].body)
    for name in ("verification", "verified"):
        body.pop(name, None)
    if item[0] is not Kind.DASHBOARD:
        return body | {"description": body.get("description")}
    tabs = {tab["uuid"]: tab["name"] for tab in body["tabs"]}
    called = {
        tile.get("tileSlug"): _tile(tile, tabs)
        for tile in body["tiles"]
        if tile["properties"].get("chartSlug")
    }
    body["tabs"] = sorted(canonical({**tab, "uuid": ""}) for tab in body["tabs"])
    body["tiles"] = sorted(_tile(tile, tabs) for tile in body["tiles"])
    body["filters"] = [
        (
            {name: value for name, value in rule.items() if name not in ("tileTargets", "id")},
            sorted(
                (called[slug], canonical(to))
                for slug, to in rule.get("tileTargets", {}).items()
                if slug in called
            ),
        )
        for rule in body["filters"]["dimensions"]
    ]
    return body | {"description": body.get("description")}


def _tile(tile: Any, tabs: dict[str, str]) -> bytes:
    return canonical({**tile, "tabUuid": tabs.get(tile.get("tabUuid")), "tileSlug": None})
