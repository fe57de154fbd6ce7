"""What is not set in an item: versions of Lightdash say that by null, an empty value, a word, or not at all.

Content says it by leaving the field out, whichever server it is from. So an upgrade of a server changes
nothing, and nothing that an older server does not know is sent to it. All functions may be applied again,
to content and to what a server answers alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.known import is_known_field

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import Json, JsonObject

# The zone of a chart's query that is none of its own: current servers say so in words.
PROJECT_ZONE = "project_timezone"

_OVERRIDES = ("metricOverrides", "dimensionOverrides")
_UNSET_IF_FALSE = frozenset({"plainTextEmail"})  # of a delivery: what older servers do not know


def without_unset(kind: Kind, content: JsonObject) -> JsonObject:
    """Return an item without what is not set in it.

    Args:
        kind: of the item.
        content: of the item, or of an earlier version of it; also in the server's form.
    """
    if kind is Kind.SCHEDULER:
        return {name: value for name, value in content.items() if not _is_unset(name, value)}
    return _chart(content) if kind is Kind.CHART else content


def _is_unset(name: str, value: Json) -> bool:
    """Whether a field of a delivery is not set; what null means in an unknown field is unknown."""
    if value is None:
        return is_known_field(Kind.SCHEDULER, name)
    return name in _UNSET_IF_FALSE and value is False


def _chart(chart: JsonObject) -> JsonObject:
    """Return a chart without the merge that it has not, and its query without what is as it always is."""
    kept = {name: value for name, value in chart.items() if name != "merge" or value is not None}
    if isinstance(query := chart.get("metricQuery"), dict):
        kept["metricQuery"] = {
            name: value
            for name, value in query.items()
            if not (name == "timezone" and value in (None, PROJECT_ZONE))
            and not (name in _OVERRIDES and value == {})
        }
    return kept
