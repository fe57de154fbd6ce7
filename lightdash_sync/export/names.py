"""Whom and what a file names that is taken over from an older snapshot.

Such a file is not made anew from an answer, and yet the people, groups and outside references in it must
be in the new identity map, or it could not be read any more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import parse
from lightdash_sync.model.references import tokens_in

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import Json

# In the canonical form, where a file's own fields stand two spaces in.
_PALETTE = re.compile(rb'^  "palette": (".*"),?$', re.MULTILINE)
_EXTERNAL = re.compile(rb"~[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Names:
    """What a file names.

    Attributes:
        external: keys of what is outside the project; perhaps texts that only look like one.
        tokens: names of tokens, such as `user:ann@example.com`.
        palettes: names of colour palettes, as the file has them.
    """

    external: frozenset[str]
    tokens: frozenset[str]
    palettes: frozenset[str] = frozenset()


def names_in(data: bytes) -> Names:
    """Return what a content file names.

    It need not be read as JSON: names in tokens are percent-encoded, so no escape of JSON stands in them.
    """
    return Names(
        external=frozenset(name.decode() for name in _EXTERNAL.findall(data)),
        tokens=frozenset(tokens_in(data.decode(errors="replace")) if b"@{" in data else ()),
        palettes=frozenset(str(parse(name)) for name in _PALETTE.findall(data)),
    )


def metrics_of(chart: Json | bytes) -> tuple[str, ...]:
    """Return the ids of the metrics that a chart uses, as the server or a content file has it."""
    try:
        content = parse(chart) if isinstance(chart, bytes) else chart
    except ValueError:
        return ()
    query = content.get("metricQuery") if isinstance(content, dict) else None
    metrics = query.get("metrics") if isinstance(query, dict) else None
    return tuple(map(str, metrics)) if isinstance(metrics, list) else ()
