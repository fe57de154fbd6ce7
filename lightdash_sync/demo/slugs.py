"""Slugs as the server makes them: from the name, once, unique over the instance and all its projects.

Newer versions make those of spaces unique in their project only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container
from dataclasses import dataclass, field

_OUTSIDE = re.compile(r"[^a-z0-9]+")
KINDS = ("charts", "sql_charts", "dashboards", "spaces")


def slug_of(name: str) -> str:
    """The slug of a name: lower case, each run outside `[a-z0-9]` one hyphen; empty when nothing is left."""
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
    """How often each slug is in use, by kind of content (kinds do not get in each other's way).

    Attributes:
        seen: what a slow write found before it slept; while it is set, new slugs are chosen by it, as on the
            real server, where choosing a slug and storing it is not one step.
        without_letters: makes the slug of a name of which nothing is left, where that is not the empty one.
    """

    taken: dict[str, Counter[str]] = field(default_factory=lambda: {kind: Counter() for kind in KINDS})
    seen: dict[str, frozenset[str]] | None = None
    without_letters: Callable[[], str] | None = None

    def of(self, name: str) -> str:
        """The slug of a name, whether it is free or not."""
        return slug_of(name) or (self.without_letters() if self.without_letters else "")

    def claim_below(self, above: str, name: str, suffix: Callable[[], str]) -> str:
        """Choose a slug that is free in a project, for a space; one that is not gets a suffix.

        Args:
            above: the uuid of the project.
            name: the name of the space.
            suffix: makes what is added to a slug that is taken.
        """
        taken: Container[str] = self.taken["spaces"] if self.seen is None else self.seen["spaces"]
        slug = self.of(name)
        if f"{above}/{slug}" in taken:
            slug = f"{slug}-{suffix()}"
        self.force("spaces", f"{above}/{slug}")
        return slug

    def look(self) -> dict[str, frozenset[str]]:
        """What a write that looks now would see."""
        return {kind: frozenset(counts) for kind, counts in self.taken.items()}

    def claim(self, kind: str, name: str) -> str:
        """Choose a free slug for the name and take it."""
        taken: Container[str] = self.taken[kind] if self.seen is None else self.seen[kind]
        slug = free_slug(self.of(name), taken)
        self.force(kind, slug)
        return slug

    def take(self, kind: str, wanted: str, *, force: bool) -> str:
        """Claim a free slug, or take exactly this one."""
        if force:
            self.force(kind, wanted)
            return wanted
        return self.claim(kind, wanted)

    def force(self, kind: str, slug: str) -> None:
        """Take this slug although it may be in use (promotion of spaces, copies into a preview)."""
        self.taken[kind][slug] += 1

    def release(self, kind: str, slug: str) -> None:
        """Give the slug back: deleting content frees it."""
        counts = self.taken[kind]
        counts[slug] -= 1
        if counts[slug] <= 0:
            del counts[slug]
