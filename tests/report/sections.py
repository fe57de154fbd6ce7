"""Differences to render: any content, and names that try to be markup."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from lightdash_sync.changes.items import compare
from lightdash_sync.content.json import canonical
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.tree import Tree
from lightdash_sync.report.differences import diff_report
from lightdash_sync.report.value import Items
from tests.content.changes.mutations import pairs
from tests.content.changes.samples import sample

if TYPE_CHECKING:
    from lightdash_sync.changes.items import ItemChange
    from lightdash_sync.content.json import Json
    from lightdash_sync.report.value import Report, ReportItem

HOSTILE = [
    "</summary></details><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' style='background:url(https://evil.example/x)",
    "![x](https://evil.example/x.png) [y](javascript:alert(1))",
    "a | b | c",
    "`code` ``` ~~~",
    "@octocat @org/team #12 GH-12 !3 ~label %1 $4 &5",
    "https://evil.example www.evil.example mailto:x@evil.example",
    "**bold** _under_ *star* ~~gone~~ # head",
    "&lt;script&gt; &#60;b&#62; &amp;",
    "first\n\n<!-- second -->\r\nthird\n```\n</details>",
    "\x1b[31mred\x1b[0m \x07 \x9b31m \u202edesrever\u2066 \u200b \ufeff",
    "[/bold] [red]x[/red]",
    "]]>--><![CDATA[",
    "\\| \\` \\",
    "   ",
    "☕ Zürich 注文 طلبات",
    "{name} {before} %s",
    "x" * 5000,
]
hostile = (
    st.sampled_from(HOSTILE)
    | st.text(max_size=60)
    | st.lists(st.sampled_from(HOSTILE), max_size=3).map(" ".join)
)


def section(*items: tuple[Kind, str, Json, Json], every: bool = False) -> Report:
    """Return how the old and new contents of some items differ: kind, key, old, new."""
    return diff_report("old", "new", _differing(*items), every=every)


def _differing(*items: tuple[Kind, str, Json, Json]) -> list[ItemChange]:
    trees = [
        Tree.of(
            {
                _path(kind, key): canonical(sides[side])
                for kind, key, *sides in items
                if sides[side] is not None
            }
        )
        for side in (0, 1)
    ]
    return compare(*trees)


def _path(kind: Kind, key: str) -> str:
    folder = KINDS[kind].folder
    return f"{folder}/{key}.json" if folder else f"{kind}.json"


@st.composite
def sections(draw: st.DrawFn) -> Report:
    """Any contents: edited, other, or chaos; and samples in which every text may be hostile."""
    items: list[tuple[Kind, str, Json, Json]] = []
    for number in range(draw(st.integers(0, 3))):
        kind, old, new = draw(pairs())
        before, after = draw(st.sampled_from([(old, new), (None, new), (old, None)]))
        items.append((kind, f"item-{number}", before, after))
    for number in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(list(Kind)))
        old, new = sample(kind), poisoned(draw, sample(kind))
        before, after = draw(st.sampled_from([(old, new), (new, old), (None, new)]))
        items.append((kind, f"hostile-{number}", before, after))
    unique = {(item[0], item[1] if KINDS[item[0]].folder else ""): item for item in items}
    found = _differing(*unique.values())
    spaces = {item.space: draw(hostile) for item in found}
    texts = [draw(hostile) for _ in range(4)]
    return diff_report(
        texts[1],
        texts[2],
        found,
        quiet=1,
        spaces=spaces,
        notes=(texts[3],),
        every=draw(st.booleans()),
        title=texts[0],
    )


def items_of(report: Report) -> list[ReportItem]:
    """Return the items of a report."""
    blocks = [block for block in report.blocks if isinstance(block, Items)]
    return [item for block in blocks for group in block.groups for item in group.items]


def poisoned(draw: st.DrawFn, content: Any) -> Any:
    """Return a content in which some texts, and names of fields, are hostile."""
    if isinstance(content, dict):
        found = {name: poisoned(draw, value) for name, value in content.items()}
        if draw(st.integers(0, 9)) == 0:
            found[_encodable(draw(hostile))] = draw(st.sampled_from(HOSTILE))
        return found
    if isinstance(content, list):
        return [poisoned(draw, value) for value in content]
    if isinstance(content, str) and draw(st.booleans()):
        return _encodable(draw(hostile))
    return copy.deepcopy(content)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
