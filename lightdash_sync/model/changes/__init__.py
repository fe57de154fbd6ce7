"""How one item differs from another, in the words of a Lightdash user.

`changes` compares two contents, `compare` two trees of content files; `words`, `summary` and `edit` say it.
The result is values, so that a log, a diff, a plan and a review can show the same change as text, JSON,
Markdown or HTML.
"""

from lightdash_sync.model.changes.change import ABSENT, Absent, Change, Path, Value
from lightdash_sync.model.changes.codes import CODES, QUIET
from lightdash_sync.model.changes.differ import changes
from lightdash_sync.model.changes.items import ItemChange, Status, compare, space_of
from lightdash_sync.model.changes.wording import edit, summary, words

__all__ = [
    "ABSENT",
    "CODES",
    "QUIET",
    "Absent",
    "Change",
    "ItemChange",
    "Path",
    "Status",
    "Value",
    "changes",
    "compare",
    "edit",
    "space_of",
    "summary",
    "words",
]
