"""Edits of what is desired, so that a plan updates something of each kind, and deletes something."""

from __future__ import annotations

from collections.abc import Mapping

from lightdash_sync.content.json import JsonObject, canonical, parse
from lightdash_sync.content.tree import Tree


def edited(tree: Tree, changes: Mapping[str, JsonObject]) -> Tree:
    """Return a tree with changed files: path without its end -> fields to replace."""
    files = {path: tree[path] for path in tree}
    for name, fields in changes.items():
        path = f"{name}.json"
        content = parse(files[path])
        assert isinstance(content, dict)
        files[path] = canonical(content | fields)
    return Tree.of(files, tree.identity)


def without(tree: Tree, *paths: str) -> Tree:
    """Return a tree without some files."""
    return Tree.of({path: tree[path] for path in tree if path not in paths}, tree.identity)


def content(tree: Tree, path: str) -> JsonObject:
    """Return a file of a tree."""
    found = parse(tree[path])
    assert isinstance(found, dict)
    return found


def reworked(tree: Tree) -> Tree:
    """Return the small project after a busy day: everything has another name, content, place or audience."""
    chart = content(tree, "charts/orders.json")
    query = chart["metricQuery"]
    dashboard = content(tree, "dashboards/overview.json")
    tiles = dashboard["tiles"]
    assert isinstance(query, dict)
    assert isinstance(tiles, list)
    return edited(
        tree,
        {
            "charts/orders": {"name": "Orders of today", "metricQuery": query | {"limit": 11}},
            "charts/orders-again": {"space": "sales"},
            "sql_charts/orders-per-shop-sql": {"name": "SQL", "sql": "select 1"},
            "dashboards/overview": {"description": None, "tiles": tiles[:2], "name": "Overview!"},
            "spaces/sales": {"inheritsAccess": False},
            "spaces/board": {"inheritsAccess": True, "access": {"users": [], "groups": []}},
            "tags/core": {"color": "#000000", "metrics": []},
            "schedulers/overview-each-hour": {"cron": "30 7 * * 1", "targets": [{"channel": "C0SALES"}]},
        },
    )


def emptied(tree: Tree) -> Tree:
    """Return the small project with next to nothing left in it."""
    kept = ("charts/orders-1.json", "spaces/sales.json", "spaces/shared.json", "metric_icons.json")
    return without(tree, *(path for path in tree if path not in kept))
