"""Draws the layout of a dashboard before and after, with one SVG picture for each side of each tab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.changes.dashboards import COLUMNS, TileFate, layout
from lightdash_sync.report.markup import Markup, joined, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightdash_sync.changes.dashboards import Box, Tab, Tile
    from lightdash_sync.content.json import Value

_ACROSS, _DOWN = 10, 9  # units of a cell of the grid
_MAX_ROWS = 200  # drawn
_MAX_TILES = 300  # drawn of a tab
_MAX_TABS = 12  # drawn of a dashboard
_LONG = 80  # characters of a label; the tile clips what does not fit
_SIGNS = {
    TileFate.ADDED: "+",
    TileFate.REMOVED: "−",
    TileFate.MOVED: "→",
    TileFate.RESIZED: "↔",
    TileFate.CHANGED: "~",
    TileFate.SAME: "",
}


def draw_layouts(before: Value, after: Value) -> Markup:
    """Return pictures of the tabs of a dashboard that differ; empty if none does."""
    tabs = layout(before, after)
    changed = [tab for tab in tabs if tab.is_changed]
    drawn = [_figure(tab) for tab in changed[:_MAX_TABS]]
    if len(changed) > _MAX_TABS:
        drawn.append(tag("p", f"{len(changed) - _MAX_TABS} more tabs differ.", class_="quiet"))
    if drawn and len(tabs) > len(changed):
        same = len(tabs) - len(changed)
        drawn.append(tag("p", f"{same} other tab{'' if same == 1 else 's'} unchanged.", class_="quiet"))
    return joined(*drawn)


def legend() -> Markup:
    """Return the legend of the colours and signs."""
    entries = [tag("span", f"{_SIGNS[fate]} {fate}".strip(), class_=f"key {fate}") for fate in TileFate]
    return tag("p", *entries, tag("span", "where it was", class_="key was"), class_="legend")


def _figure(tab: Tab) -> Markup:
    name = tab.name if len(tab.name) <= _LONG else f"{tab.name[:_LONG]}…"
    words = f"Tab {name}" if name else "Layout"
    words += "" if tab.before and tab.after else " (new)" if tab.after else " (removed)"
    sides = [_side(tab, is_new=False)] if tab.before else []
    sides += [_side(tab, is_new=True)] if tab.after else []
    return tag("figure", tag("figcaption", words), tag("div", *sides, class_="sides"))


def _side(tab: Tab, *, is_new: bool) -> Markup:
    tiles = [(tile, box) for tile in tab.tiles if (box := tile.after if is_new else tile.before)]
    boxes = [box for tile in tab.tiles for box in (tile.before, tile.after) if box]
    rows = min(max((box.y + box.h for box in boxes), default=1), _MAX_ROWS)
    drawn = [(tile, box) for tile, box in tiles if box.y < _MAX_ROWS][:_MAX_TILES]
    outlines = [
        _outline(tile) for tile, _ in drawn if is_new and tile.fate in (TileFate.MOVED, TileFate.RESIZED)
    ]
    picture = tag(
        "svg",
        *(_tile(tile, box) for tile, box in drawn),
        *(outline for outline in outlines if outline),
        viewBox=f"0 0 {COLUMNS * _ACROSS} {rows * _DOWN:g}",
        role="img",
        aria_label=_described(tiles, is_new=is_new),
    )
    words = "after" if is_new else "before"
    if len(drawn) < len(tiles):
        words += f" ({len(tiles) - len(drawn)} more tiles are not drawn)"
    return tag("div", tag("p", words, class_="quiet"), picture, class_="side")


def _described(tiles: Sequence[tuple[Tile, Box]], *, is_new: bool) -> str:
    """Return a picture in words, for screen readers."""
    found = [tile.fate for tile, _ in tiles]
    counted = ", ".join(f"{found.count(fate)} {fate}" for fate in TileFate if fate in found)
    return f"Layout {'after' if is_new else 'before'}: {counted or 'empty'}"


def _tile(tile: Tile, box: Box) -> Markup:
    label = tile.label if len(tile.label) <= _LONG else f"{tile.label[:_LONG]}…"
    words = f"{_SIGNS[tile.fate]} {label}".strip()
    x, y, w, h = _units(box)
    return tag(
        "g",
        tag("title", f"{tile.fate}: {label}"),
        tag("rect", x=x + 1, y=y + 1, width=max(w - 2, 1), height=max(h - 2, 1), rx=2),
        # A nested svg element clips its content, so the label ends where the tile does.
        tag(
            "svg",
            tag("text", words, x=4, y=12),
            x=x + 1,
            y=y + 1,
            width=max(w - 2, 1),
            height=max(h - 2, 1),
        ),
        class_=f"tile {tile.fate}",
    )


def _outline(tile: Tile) -> Markup | None:
    """Return the outline of a tile's former place, if that was on the same tab."""
    if tile.before is None:
        return None
    x, y, w, h = _units(tile.before)
    return tag(
        "rect", x=x + 1, y=y + 1, width=max(w - 2, 1), height=max(h - 2, 1), rx=2, class_=f"was {tile.fate}"
    )


def _units(box: Box) -> tuple[float, float, float, float]:
    return box.x * _ACROSS, box.y * _DOWN, box.w * _ACROSS, box.h * _DOWN
