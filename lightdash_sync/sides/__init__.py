"""What a user names as one side of a comparison: a directory, a commit, or a project as it is now.

`parse_side` reads what was typed, `opened` gives the content (a `Side` with a `Tree`), `difference` compares
two. Nothing of what is named is written, neither on disk nor on a server.
"""

from lightdash_sync.sides.code import beside_each_other
from lightdash_sync.sides.difference import Difference, Only, difference, parse_only
from lightdash_sync.sides.named import Named, SideKind, parse_side
from lightdash_sync.sides.scope import Scope, common_scope
from lightdash_sync.sides.side import Environments, Side, earlier, opened

__all__ = [
    "Difference",
    "Environments",
    "Named",
    "Only",
    "Scope",
    "Side",
    "SideKind",
    "beside_each_other",
    "common_scope",
    "difference",
    "earlier",
    "opened",
    "parse_only",
    "parse_side",
]
