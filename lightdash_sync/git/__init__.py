"""Git: commits of snapshots that appear whole or not at all, and nothing of a repository executed.

`Repository.around(folder)` finds the repository, `commit` adds a series of commits of one folder,
`push` takes them to a remote, `files`, `contents`, `read` and `history` look back. Git's index and
work tree belong to the user. The rest of the package is how: `program` runs git, `place` finds the
repository, `objects` reads and writes objects away from its config, `series` builds commits, `branches`
and `index` make them visible, `settings` and `remote` push.
"""

from lightdash_sync.git.branches import TOOL, Head
from lightdash_sync.git.moments import Span, read_span
from lightdash_sync.git.place import exclude, ignored_beside, keep_line_ends, kept_as_written, tracked
from lightdash_sync.git.remote import Pushed
from lightdash_sync.git.repository import Repository
from lightdash_sync.git.series import Commit, Content, Person, Revision

__all__ = [
    "TOOL",
    "Commit",
    "Content",
    "Head",
    "Person",
    "Pushed",
    "Repository",
    "Revision",
    "Span",
    "exclude",
    "ignored_beside",
    "keep_line_ends",
    "kept_as_written",
    "read_span",
    "tracked",
]
