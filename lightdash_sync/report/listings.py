"""Builds the report of `list`: the items of a snapshot with their keys, names, places and uuids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.content.contents import PLANNED
from lightdash_sync.content.json import get_str
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.lookup import name_of
from lightdash_sync.report.phrases import counted
from lightdash_sync.report.value import Report, Table, TableRow

if TYPE_CHECKING:
    from collections.abc import Collection

    from lightdash_sync.content.contents import Contents
    from lightdash_sync.content.kinds import ItemKey

_NAME = 60  # characters of a name or place
_COLUMNS = ("item", "name", "place", "uuid")


def listing_report(
    label: str, contents: Contents, kinds: Collection[Kind], text: str, *, ids: bool = False
) -> Report:
    """Return the items of a tree.

    Args:
        label: name of the tree.
        contents: of the tree.
        kinds: to list; none of them for all.
        text: that key, name or place has to contain, whatever the case; "" for any.
        ids: show the uuids, which JSON has in any case.
    """
    rows = [
        (item, _cells(item, contents))
        for item in sorted(contents.there, key=lambda item: (PLANNED.index(item[0]), item[1]))
        if item[1] and (not kinds or item[0] in kinds)
    ]
    rows = [(item, cells) for item, cells in rows if text.casefold() in " ".join(cells[:3]).casefold()]
    numbers = {kind: sum(item[0] is kind for item, _ in rows) for kind in PLANNED}
    totals = ", ".join(counted(number, *KINDS[kind].noun) for kind, number in numbers.items() if number)
    width = len(_COLUMNS) if ids else len(_COLUMNS) - 1
    shown = tuple(TableRow(_cut(cells)[:width]) for _, cells in rows)
    table = Table(_COLUMNS[:width], shown, unbroken=frozenset({"item", "uuid"}))
    return Report(
        label,
        {
            "items": [
                {"kind": item[0].value, "key": item[1], "name": cells[1], "place": cells[2], "uuid": cells[3]}
                for item, cells in rows
            ]
        },
        (table,),
        totals=totals or "nothing",
        is_complete=True,
    )


def _cut(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Return the cells with a long name or place cut, so that the columns stay on the screen."""
    item, *texts, uuid = cells
    return (item, *(text if len(text) <= _NAME else f"{text[: _NAME - 1]}…" for text in texts), uuid)


def _cells(item: ItemKey, contents: Contents) -> tuple[str, str, str, str]:
    return (f"{item[0]}:{item[1]}", name_of(item, contents), _place(item, contents), contents.uuid(item))


def _place(item: ItemKey, contents: Contents) -> str:
    """Return the path of spaces above an item, by names."""
    names: list[str] = []
    is_space = item[0] is Kind.SPACE
    space = get_str(contents.of(item), "parent") if is_space else contents.space_of(item)
    while space and len(names) < len(contents.there):
        above = (Kind.SPACE, space)
        names.append(name_of(above, contents))
        space = get_str(contents.of(above), "parent")
    return " / ".join(reversed(names))
