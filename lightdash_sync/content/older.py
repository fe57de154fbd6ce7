"""Content of older snapshots as this version would have written it.

Before conversion 8, tiles and tabs stood by the server's uuids where date zoom, locks of filters and unknown
fields speak of them, and tiles of data apps by the uuid of the app.

Before conversion 7, charts said what is not set as their server did, and the slug of the dashboard around
them.

Before conversion 5, deliveries said null for what is not set, and had their slug in content and not among
their facts.

Before conversion 4, rules of filters stood in content by the server's own ids. Such a snapshot is known by
its facts: they name the tiles of a dashboard and no rules. Where its content is compared or planned for, the
rules get the names that an export would give them today. Files of earlier versions stay as they are, and so
does a file that is damaged, or names what the snapshot does not have: whoever needs it says so.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from lightdash_sync.content.json import canonical, objects, parse, sha256
from lightdash_sync.content.kinds import TILE_DERIVED, Kind
from lightdash_sync.content.naming import layout_names
from lightdash_sync.content.normal import in_order, without_unset
from lightdash_sync.content.parts import FILTERS, TILES
from lightdash_sync.content.portable import to_portable, to_server
from lightdash_sync.content.references import UnresolvedReference, untokenise
from lightdash_sync.content.tree import Tree, file_of, in_other_keys
from lightdash_sync.errors import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.json import JsonObject

# The first conversion that writes items of a kind without what is not set, and what was content before.
_PLAIN = {
    Kind.SCHEDULER: (5, frozenset({"slug", "appName"})),
    Kind.CHART: (7, frozenset({"dashboardSlug"})),
}
_PARTS_NAMED = 8  # the first conversion that says parts of dashboards by name wherever they stand


def as_written_today(tree: Tree, conversion: int) -> Tree:
    """Return the content of a snapshot as this version would have written it.

    Args:
        tree: of the snapshot.
        conversion: by which it was written; see `snapshot.manifest`.
    """
    for kind, (plain, _) in _PLAIN.items():
        if conversion < plain:
            tree = _with_items_plain(tree, kind)
    tree = with_rules_named(tree)
    return with_parts_named(tree) if conversion < _PARTS_NAMED else tree


def item_as_written_today(kind: Kind, content: JsonObject) -> JsonObject:
    """Return the content of one item, or of a version of it, as this version would have written it.

    Names of rules are left as they are: they go by all that is known of a dashboard.
    """
    _, no_content = _PLAIN.get(kind, (0, frozenset()))
    return without_unset(kind, {name: value for name, value in content.items() if name not in no_content})


def with_rules_named(tree: Tree) -> Tree:
    """Return a tree with names for rules of filters, if its dashboards have none; else the tree itself."""
    identity = tree.identity
    unnamed = {
        key: content
        for key, facts in identity.items.get(Kind.DASHBOARD, {}).items()
        if TILES in facts and FILTERS not in facts
        if (content := _content(tree, Kind.DASHBOARD, key))
    }
    if not unnamed:
        return tree
    names = {key: _names(key, content, identity) for key, content in unnamed.items()}
    named = identity.extended({Kind.DASHBOARD: names})
    said = {(Kind.DASHBOARD, key): content for key, content in unnamed.items()}
    for key in identity.items.get(Kind.SCHEDULER, {}):
        content = _content(tree, Kind.SCHEDULER, key)
        if content.get("dashboard") in unnamed:
            said[Kind.SCHEDULER, key] = content
    files: dict[str, bytes] = {}
    for (kind, key), content in said.items():
        with suppress(UnresolvedReference):
            files[file_of(kind, key)] = canonical(in_other_keys(kind, key, content, identity, named))
    return _with(tree, files, named)


def with_parts_named(tree: Tree) -> Tree:
    """Return a tree whose dashboards, and their deliveries, name parts and data apps wherever they do."""
    identity = tree.identity
    files: dict[str, bytes] = {}
    external: dict[str, str] = {}
    for kind in (Kind.DASHBOARD, Kind.SCHEDULER):
        for key in identity.items.get(kind, {}):
            content = _content(tree, kind, key)
            if not content or (kind is Kind.SCHEDULER and not isinstance(content.get("dashboard"), str)):
                continue
            with suppress(UnresolvedReference):
                normal = to_server(kind, key, content, identity)
                portable = to_portable(kind, key, _without_derived(normal), identity)
                said = in_order(kind, portable.content)
                if said != content:
                    files[file_of(kind, key)] = canonical(said)
                    external |= portable.external
    return _with(tree, files, identity.extended({}, external)) if files else tree


def _without_derived(dashboard: JsonObject) -> JsonObject:
    """Return a dashboard without what its tiles say of data apps beside their uuid and slug."""
    tiles = [
        tile
        if not isinstance(shows := tile.get("properties"), dict)
        else tile | {"properties": {name: value for name, value in shows.items() if name not in TILE_DERIVED}}
        for tile in objects(dashboard.get("tiles"))
    ]
    return dashboard | {"tiles": [*tiles]} if tiles else dashboard


def _with_items_plain(tree: Tree, kind: Kind) -> Tree:
    """Return a tree whose items of a kind say nothing of what is not set; slugs are among their facts."""
    files: dict[str, bytes] = {}
    slugs: dict[str, JsonObject] = {}
    for key, facts in tree.identity.items.get(kind, {}).items():
        content = _content(tree, kind, key)
        plain = item_as_written_today(kind, content)
        if plain != content:
            files[file_of(kind, key)] = canonical(plain)
        if "slug" not in facts and isinstance(slug := content.get("slug"), str):
            slugs[key] = {"slug": untokenise(slug, tree.identity)}
    return _with(tree, files, tree.identity.extended({kind: slugs}) if slugs else tree.identity)


def _with(tree: Tree, files: Mapping[str, bytes], identity: Identity) -> Tree:
    """Return a tree with some of its files, and its map, said otherwise."""
    digests = {**tree.digests, **{path: sha256(data) for path, data in files.items()}}
    return Tree(digests, lambda path: files[path] if path in files else tree[path], identity)


def _names(key: str, content: JsonObject, identity: Identity) -> JsonObject:
    """Return the names that an export would give the rules of a dashboard."""
    with suppress(UnresolvedReference):
        return {
            FILTERS: layout_names(to_server(Kind.DASHBOARD, key, content, identity), identity, {})[FILTERS]
        }
    return {}


def _content(tree: Tree, kind: Kind, key: str) -> JsonObject:
    """Return the content of an item; {} if the tree has no such file, or no object in it."""
    path = file_of(kind, key)
    with suppress(ValueError, SnapshotError):
        found = parse(tree[path]) if path in tree else None
        return found if isinstance(found, dict) else {}
    return {}
