"""The documents of one tree, as they were read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.kinds import Kind


@dataclass(frozen=True)
class Document:
    """One document.

    Attributes:
        kind: chart, SQL chart or dashboard.
        slug: which one.
        body: what it says.
        file: where it stands, from the root of the tree.
        downloaded: when it was taken from the server, as the tree says; "" if it does not.
    """

    kind: Kind
    slug: str
    body: JsonObject = field(repr=False)
    file: str
    downloaded: str = ""


@dataclass(frozen=True)
class CodeTree:
    """A tree of documents.

    Attributes:
        documents: by kind and slug.
        spaces: path of each space that the tree speaks of -> its name; None where nothing says it.
        notes: what was passed over, for people.
        access: path of a space -> who may see it, for those of which the tree says it (1.219.0).
        personal: paths of the spaces that are somebody's personal ones, and of those inside: the official
            tool writes a document of the space above them, none of them, and all that is in them.
    """

    documents: Mapping[tuple[Kind, str], Document]
    spaces: Mapping[str, str | None]
    notes: tuple[str, ...] = ()
    access: Mapping[str, JsonObject] = field(default_factory=dict, repr=False)
    personal: frozenset[str] = frozenset()
