"""Links in a source's texts to items of the target: said by key, as the target's own texts say them.

A text may name an item of the target by its uuid. That is no reference of the source's project, so its files
have the bare uuid; but read from the target, the same text names the item by key. Only said alike they can be
compared, and written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import canonical, parse, sha256
from lightdash_sync.model.identity import Identity
from lightdash_sync.model.rekey import items_of
from lightdash_sync.model.tree import Tree

if TYPE_CHECKING:
    from lightdash_sync.plan.keys import Linked

_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def with_tokens(tree: Tree, there: Linked) -> Tree:
    """Return a source's content with the uuids of the target's linked items as keys.

    Args:
        tree: of the source.
        there: which items of the target are which of the source's.

    Returns:
        The very tree, if no text has such a uuid.
    """
    items = {
        kind: {key: there.identity.facts(kind, key) for key in keys} for kind, keys in there.keys.items()
    }
    known = Identity(project=there.identity.project, items=items)

    def token(match: re.Match[bytes]) -> bytes:
        found = known.token(match[0].decode())
        return match[0] if found is None else b"@{%s}" % found.encode()

    texts: dict[str, bytes] = {}
    for path in items_of(tree):
        data = tree[path]
        said = _UUID.sub(token, data)
        if said != data:
            texts[path] = canonical(parse(said))
    if not texts:
        return tree
    digests = {**tree.digests, **{path: sha256(data) for path, data in texts.items()}}
    return Tree(digests, lambda path: texts.get(path) or tree[path], tree.identity)
