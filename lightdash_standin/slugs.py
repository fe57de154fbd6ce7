"""Slugs as the server makes them: from the name, once, and unique in the whole instance.

In newer versions slugs of spaces are unique in their project only, in current ones all slugs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container
from dataclasses import dataclass, field

_OUTSIDE = re.compile(r"[^a-z0-9]+")
KINDS = ("charts", "sql_charts", "dashboards", "spaces", "schedulers")


def slug_of(name: str) -> str:
    """The slug of a name: lower case, each run outside `[a-z0-9]` one hyphen; empty if nothing is left."""
    return _OUTSIDE.sub("-", name.lower()).strip("-")


def free_slug(wanted: str, taken: Container[str]) -> str:
    """The first of `wanted`, `wanted-1`, `wanted-2` ... that is not taken."""
    slug, number = wanted, 0
    while slug in taken:
        number += 1
        slug = f"{wanted}-{number}"
    return slug


@dataclass
class SlugRegister:
    """How often each slug is in use, by kind of content; each kind has its own slugs.

    Attributes:
        scoped: the kinds whose slugs are unique in their project only.
        seen: the slugs that a slow write read before it slept; while set, new slugs are chosen by it, because
            on the real server choosing a slug and storing it are two steps.
        without_letters: makes the slug of a name without letters and digits, if that is not the empty one.
        random_end: makes the suffix for the slug of a space that is in use, if it is not a number.
    """

    taken: dict[str, Counter[str]] = field(default_factory=lambda: {kind: Counter() for kind in KINDS})
    scoped: frozenset[str] = frozenset()
    seen: dict[str, frozenset[str]] | None = None
    without_letters: Callable[[], str] | None = None
    random_end: Callable[[], str] | None = None

    def of(self, name: str) -> str:
        """The slug of a name, whether or not it is in use."""
        return slug_of(name) or (self.without_letters() if self.without_letters else "")

    def look(self) -> dict[str, frozenset[str]]:
        """The slugs in use now, as a write reads them."""
        return {kind: frozenset(counts) for kind, counts in self.taken.items()}

    def claim(self, kind: str, name: str, project_uuid: str) -> str:
        """Choose a free slug for the name and take it."""
        slug = self._free(kind, self.of(name), project_uuid)
        self.force(kind, slug, project_uuid)
        return slug

    def take(self, kind: str, wanted: str, project_uuid: str, *, force: bool) -> str:
        """Claim a free slug, or with `force` exactly this one."""
        if force:
            self.force(kind, wanted, project_uuid)
            return wanted
        return self.claim(kind, wanted, project_uuid)

    def force(self, kind: str, slug: str, project_uuid: str) -> None:
        """Take this slug although it may be in use (promotion of spaces, copies into a preview)."""
        self.taken[kind][self._key(kind, slug, project_uuid)] += 1

    def release(self, kind: str, slug: str, project_uuid: str) -> None:
        """Release a slug, as deleting content does."""
        counts, key = self.taken[kind], self._key(kind, slug, project_uuid)
        counts[key] -= 1
        if counts[key] <= 0:
            del counts[key]

    def is_taken(self, kind: str, slug: str, project_uuid: str) -> bool:
        """Whether a slug is in use, or is an alias of an item."""
        return self._key(kind, slug, project_uuid) in self._seen(kind)

    def _seen(self, kind: str) -> Container[str]:
        return self.taken[kind] if self.seen is None else self.seen[kind]

    def _key(self, kind: str, slug: str, project_uuid: str) -> str:
        return f"{project_uuid}/{slug}" if kind in self.scoped else slug

    def _free(self, kind: str, slug: str, project_uuid: str) -> str:
        """This slug or, if it is in use, one with a number or some letters at its end."""
        prefix = self._key(kind, "", project_uuid)
        if kind == "spaces" and self.random_end is not None:
            return f"{slug}-{self.random_end()}" if prefix + slug in self._seen(kind) else slug
        return free_slug(prefix + slug, self._seen(kind)).removeprefix(prefix)
