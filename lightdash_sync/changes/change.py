"""One change: a value that says what differs, where, and from what to what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from lightdash_sync.content.json import Value, canonical

if TYPE_CHECKING:
    from collections.abc import Sequence


# The codes of changes: the list that other programs may rely on, each with its words.
#
# A line is a text with `{name}`, `{before}`, `{after}`, `{change}` (from what to what, or how many lines)
# and `{details}`; `short` is what a summary says of one such
# change, `many` of several.


class ChangeCode(NamedTuple):
    """How a change of one code is said.

    Attributes:
        line: in full.
        short: in a summary.
        many: several of them in a summary, after their number.
    """

    line: str
    short: str
    many: str


def _said(line: str, short: str = "", many: str = "") -> ChangeCode:
    return ChangeCode(line, short or line, many or f"times: {(short or line).partition(':')[0]}")


def _member(noun: str, plural: str = "") -> dict[str, ChangeCode]:
    """The codes of an element of a list: `noun_added`, `noun_removed`."""
    code, plural = noun.lower().replace(" ", "_"), plural or f"{noun}s"
    return {
        f"{code}_added": _said(f"{noun} added: {{name}}", many=f"{plural} added"),
        f"{code}_removed": _said(f"{noun} removed: {{name}}", many=f"{plural} removed"),
    }


def _element(noun: str, plural: str = "") -> dict[str, ChangeCode]:
    """The codes of an element that can change and still be the same one: `noun_changed` too."""
    code, line, plural = noun.lower().replace(" ", "_"), f"{noun} changed: {{name}}", plural or f"{noun}s"
    return {
        **_member(noun, plural),
        f"{code}_changed": _said(f"{line}{{details}}", line, f"{plural} changed"),
    }


def _moved_value(label: str) -> ChangeCode:
    return _said(f"{label}: {{change}}", many=f"changes of {label}")


def _reordered(plural: str) -> ChangeCode:
    return _said(f"{plural} reordered: {{change}}", f"{plural} reordered")


CODES: dict[str, ChangeCode] = {
    # Of any item
    "created": _said("created: {name}", "created"),
    "deleted": _said("deleted: {name}", "deleted"),
    "renamed": _said("renamed: {change}", "renamed to {after}"),
    "moved": _said("moved from {before} to {after}", "moved to {after}"),
    "description_changed": _said("description: {change}", "description changed"),
    "palette_changed": _moved_value("colour palette"),
    "verified": _said("verified by {name}", "verified"),
    "unverified": _said("verification removed (it was by {name})", "verification removed"),
    "field_changed": _said("field {name}: {change}", "field {name} changed", "other fields changed"),
    # Of charts
    "explore_changed": _moved_value("explore"),
    **_member("dimension"),
    **_member("metric"),
    **_element("custom dimension"),
    **_element("custom metric"),
    **_element("table calculation"),
    "dimensions_reordered": _reordered("dimensions"),
    "metrics_reordered": _reordered("metrics"),
    "sort_changed": _said("sort: {change}", "sort changed"),
    "limit_changed": _moved_value("limit"),
    "timezone_changed": _moved_value("time zone"),
    "merge_added": _said("merged with {after}", many="merges added"),
    "merge_removed": _said("merge removed (it was with {before})", "merge removed", "merges removed"),
    "merge_changed": _said("merge: {name}: {change}", "merge changed: {name}", "changes of the merge"),
    "pivot_changed": _said("pivot: {change}", "pivot changed"),
    "columns_reordered": _reordered("columns"),
    "columns_changed": _said("columns: {change}", "columns changed"),
    "chart_type_changed": _moved_value("chart type"),
    "chart_config_changed": _said(
        "chart configuration: {name}: {change}",
        "chart configuration changed: {name}",
        "changes of the chart configuration",
    ),
    **_element("series", "series"),
    "series_colour_changed": _said(
        "colour of series {name}: {change}", "colour of series {name} changed", "colours changed"
    ),
    "series_reordered": _reordered("series"),
    "sql_changed": _said("SQL: {change}", "SQL changed"),
    "parameter_changed": _said(
        "parameter {name}: {change}", "parameter {name} changed", "parameters changed"
    ),
    # Filters: of charts, dashboards and schedulers
    "filter_added": _said("filter on {name}: {change}", "filter added: {name}", "filters added"),
    "filter_removed": _said("filter on {name}: {change}", "filter removed: {name}", "filters removed"),
    "filter_changed": _said("filter on {name}: {change}", "filter changed: {name}", "filters changed"),
    "filter_group_added": _said("filters added: {after}", "filters added", "groups of filters added"),
    "filter_group_removed": _said(
        "filters removed: {before}", "filters removed", "groups of filters removed"
    ),
    "filter_logic_changed": _said("filters combined: {change}", "filters combined in another way"),
    "filters_reordered": _reordered("filters"),
    # Of dashboards
    **_element("tile"),
    "tile_added": _said("tile added: {name} at {after}", "tile added: {name}", "tiles added"),
    "tile_moved": _said("tile moved: {name} {change}", "tile moved: {name}", "tiles moved"),
    "tile_resized": _said("tile resized: {name} {change}", "tile resized: {name}", "tiles resized"),
    **_element("tab"),
    "tab_renamed": _said("tab renamed: {change}", many="tabs renamed"),
    "tab_hidden": _said("tab hidden: {name}", many="tabs hidden"),
    "tab_shown": _said("tab shown: {name}", many="tabs shown"),
    "tabs_reordered": _reordered("tabs"),
    # Of spaces
    "access_given": _said(
        "access given: {name} as {after}", "access given: {name}", "people or groups let in"
    ),
    "access_taken": _said(
        "access taken: {name} (was {before})", "access taken: {name}", "people or groups shut out"
    ),
    "access_changed": _said("access of {name}: {change}", "access changed: {name}", "changes of access"),
    "made_private": _said("made private"),
    "access_inherited": _said("inherits access"),
    # Of virtual views
    "label_changed": _moved_value("label"),
    **_element("column"),
    # Of schedulers
    "schedule_changed": _moved_value("schedule"),
    "paused": _said("paused"),
    "resumed": _said("resumed"),
    "owner_changed": _moved_value("owner"),
    "format_changed": _moved_value("format"),
    "message_changed": _said("message: {change}", "message changed"),
    **_member("recipient"),
    **_element("threshold"),
    "delivered_tabs_changed": _said("tabs delivered: {change}", "tabs delivered changed"),
    # Of tags, pins, icons and comments
    "tag_colour_changed": _moved_value("tag colour"),
    "metric_tagged": _said("metric tagged: {name}", many="metrics tagged"),
    "metric_untagged": _said("metric untagged: {name}", many="metrics untagged"),
    "pinned": _said("pinned: {name}", many="items pinned"),
    "unpinned": _said("unpinned: {name}", many="items unpinned"),
    "pins_reordered": _reordered("pinned items"),
    "icon_added": _said("icon of {name}: {change}", many="icons given"),
    "icon_removed": _said("icon of {name}: {change}", many="icons taken"),
    "icon_changed": _said("icon of {name}: {change}", many="icons changed"),
    "comment_added": _said("comment added by {name}: {after}", "comment added by {name}", "comments added"),
    "comment_removed": _said(
        "comment resolved or deleted, by {name}: {before}",
        "comment of {name} resolved or deleted",
        "comments resolved or deleted",
    ),
    "comment_changed": _said(
        "comment changed, by {name}{details}", "comment of {name} changed", "comments changed"
    ),
    # What means nothing to users
    "ids_changed": _said("ids made anew (nothing that users see)", "ids made anew"),
    "renumbered": _said("places numbered anew (the order is the same)", "places numbered anew"),
    "order_changed": _said("order of {name}, which means nothing", "order in the file changed"),
    "null_changed": _said("field {name}: {change} (which says the same)", "field {name} not set or null"),
    "columns_followed": _said("columns follow the fields", "columns follow the fields"),
}

QUIET = frozenset({"ids_changed", "renumbered", "order_changed", "null_changed", "columns_followed"})

Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What differs at one place of an item's content.

    Text in it comes from content and is not to be trusted: who shows it, escapes it.

    Attributes:
        what: a code of `codes.CODES`, which stays the same from version to version.
        where: path in the new content; in the old one, for what is not in the new one any more.
        before: the value there was, or `ABSENT`. Of some codes it is what the code is about: the place of
            a tile, the kind of a chart, the names of what was put in another order.
        after: the value there is, or `ABSENT`.
        name: who or what it is about, as users call it: `orders.status`, the name of a tile. May be "".
        also: other paths that the same change explains.
        tables: names of tables, by which the id of a field is told from its table's.
    """

    what: str
    where: Path
    before: Value
    after: Value
    name: str = ""
    also: tuple[Path, ...] = ()
    tables: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @property
    def quiet(self) -> bool:
        """Whether it means nothing to users: ids that were made anew, places in a sorted list."""
        return self.what in QUIET

    @property
    def places(self) -> tuple[Path, ...]:
        """All paths that it explains."""
        return (self.where, *self.also)


def field_name(field_id: str, tables: Sequence[str]) -> str:
    """Return the id of a field as `table.field`, if its table is known; else as it is.

    Args:
        field_id: as queries have it: `orders_total_revenue`.
        tables: names of tables, longest first, since one may be the beginning of another.
    """
    for table in tables:
        if len(field_id) > len(table) + 1 and field_id.startswith(f"{table}_"):
            return f"{table}.{field_id[len(table) + 1 :]}"
    return field_id


def dotted(path: Sequence[str | int]) -> str:
    """Return a path as people write it: `chartConfig.config.series[0].type`; the empty one is `content`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.replace("_", "").isalnum():
            text += f".{part}" if text else part
        else:
            text += f"[{canonical(part).decode().strip()}]"
    return text or "content"
