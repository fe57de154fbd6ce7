"""Generated environments and content, as hostile as Lightdash allows.

A `World` is an identity map with content's uuids, and the pools from which references and texts are
drawn: uuids the map knows, uuids of tiles and tabs, and uuids that belong to nothing.
"""

from __future__ import annotations

import hashlib
import uuid as uuids
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.keys import key_from
from lightdash_sync.content.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lightdash_sync.content.json import Json, JsonObject

FEWER = settings(max_examples=settings().max_examples // 3)  # for laws that are checked for each kind

KEYED = (Kind.SPACE, Kind.VIRTUAL_VIEW, Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD, Kind.SCHEDULER, Kind.TAG)

# Names that content files use for something else, or that look as if they did.
COLLIDING = ["chart", "sqlChart", "space", "dashboard", "parent", "owner", "id", "tab", "uuid2", "kind"] + [
    f"server:{name}" for name in ("", "x", "chart", "space", "id", "server:x", "uuid")
]
_TOKEN_LIKE = [
    "@{",
    "@{}",
    "@{}{",
    "}",
    "{",
    "@",
    "@@{",
    "@{chart:a}",
    "@{chart:gone}",
    "%7B",
    "@{user:",
    "%",
]


def made_uuid(seed: str) -> str:
    """A uuid that is always the same for the same seed."""
    return str(uuids.UUID(bytes=hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest()[:16]))


@dataclass(frozen=True, eq=False)  # compared by being the same, so that strategies can be kept for each
class World:
    """One environment, and what to draw from it."""

    identity: Identity
    strangers: tuple[str, ...]

    def of(self, kind: Kind) -> list[str]:
        """The uuids of a kind's items."""
        return [str(facts["uuid"]) for facts in self.identity.items[kind].values()]

    def people(self) -> list[str]:
        """The uuids of the people."""
        return [str(facts["uuid"]) for facts in self.identity.people.values()]

    def groups(self) -> list[str]:
        """The uuids of the groups."""
        return [str(facts["uuid"]) for facts in self.identity.groups.values()]

    def known(self) -> list[str]:
        """Every uuid that has a token."""
        items = [uuid for kind in self.identity.items for uuid in self.of(kind)]
        project = [str(uuid) for uuid in self.identity.project.values()]
        return [*items, *self.people(), *self.groups(), *project]

    def parts(self, dashboard: str, what: str) -> list[str]:
        """The server's ids of a part of a dashboard: its tiles, tabs or rules of filters."""
        named = self.identity.facts(Kind.DASHBOARD, dashboard)[what]
        assert isinstance(named, dict)
        return [str(uuid) for uuid in named.values()]


def build_world(keys: Iterable[str], people: Iterable[str], groups: Iterable[str], salt: str = "") -> World:
    """An environment with an item of each kind for each key; another salt gives other uuids."""
    items: dict[Kind, dict[str, JsonObject]] = {
        kind: {key: {"uuid": made_uuid(f"{salt}{kind}{key}")} for key in keys} for kind in KEYED
    }
    for key, facts in items[Kind.DASHBOARD].items():
        for what in ("tiles", "tabs"):
            facts[what] = {f"{what}-{n}": made_uuid(f"{salt}{what}{key}{n}") for n in range(3)}
        # the id of a rule is any text, perhaps that which is another's name
        facts["filters"] = {"rule-0": made_uuid(f"{salt}rule{key}"), "rule-1": "rule-0", "rule-2": "server:x"}
    identity = Identity(
        items=items,
        people={email: {"uuid": made_uuid(f"{salt}user{email}")} for email in people},
        groups={name: {"uuid": made_uuid(f"{salt}group{name}")} for name in groups},
        project={"uuid": made_uuid(f"{salt}project"), "organizationUuid": made_uuid(f"{salt}organization")},
    )
    return World(identity, tuple(made_uuid(f"stranger{n}") for n in range(3)))


_NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["@{chart:a}", "x@{y}", "~tilde", "a:b", "100%", "Sales & Ops", "", "o'hara+x@example.com", "ü@x"]
)


@st.composite
def recipes(draw: st.DrawFn) -> tuple[list[str], list[str], list[str]]:
    """Keys, e-mails and group names."""
    keys = draw(st.lists(_NAMES.map(key_from), min_size=1, max_size=3, unique=True))
    people = draw(st.lists(_NAMES, min_size=1, max_size=3, unique=True))
    groups = draw(st.lists(_NAMES, min_size=1, max_size=3, unique=True))
    return keys, people, groups


RECIPES = (
    (["weekly-revenue"], ["ann@example.com"], ["Ops"]),
    (["a", "x-2"], ["", "~tilde", "@{chart:a}"], ["", "x@{y}", "a:b", "100%"]),
    ([key_from("../../x"), "0"], ["o'hara+x@example.com", "ü@x"], ["Sales & Ops", "~tilde", "{}", "@", "😀"]),
)
WORLDS = tuple(build_world(*recipe) for recipe in RECIPES)


def worlds() -> st.SearchStrategy[World]:
    """Environments whose people and groups have hostile names; few, since their strategies are dear."""
    return st.sampled_from(WORLDS)


@cache
def texts(world: World) -> st.SearchStrategy[str]:
    """Texts with uuids of any kind anywhere, running on without a gap, and things that look like tokens."""
    tiles = [uuid for key in world.identity.items[Kind.DASHBOARD] for uuid in world.parts(key, "tiles")]
    whole = [*world.known(), *world.strangers, *tiles]
    pieces = st.sampled_from(whole) | st.sampled_from(_TOKEN_LIKE) | st.text(max_size=5)
    cut = st.tuples(st.sampled_from(whole), st.integers(0, 36)).map(lambda pair: pair[0][: pair[1]])
    return st.lists(pieces | cut, max_size=4).map("".join)


def numbers() -> st.SearchStrategy[int | float]:
    """Numbers that JSON and 64 bits can hold."""
    return st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)


@cache
def values(world: World) -> st.SearchStrategy[Json]:
    """Any JSON, with such texts as values and as names."""
    said = texts(world)
    leaves: st.SearchStrategy[Json] = st.none() | st.booleans() | numbers() | said
    names = said | st.sampled_from(COLLIDING)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
        max_leaves=5,
    )


@cache
def unknown_fields(world: World) -> st.SearchStrategy[JsonObject]:
    """Fields nobody told us of."""
    return st.dictionaries(texts(world) | st.sampled_from(COLLIDING), values(world), max_size=3)


def reference(world: World, known: list[str]) -> st.SearchStrategy[Json]:
    """A reference: to something known, to something of another kind, out of the project, or to nothing."""
    return st.sampled_from([*known, *world.strangers, world.known()[0], None])
