"""The identity map of one environment: key <-> uuid, and every volatile fact of an item.

It is the only place with uuids. Content files name items by key, so the same files can describe
staging and production; the map of each environment says which item on its server a key means.
A map is a value: `Identity.extended` returns a new one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from lightdash_sync.content.documents import conform
from lightdash_sync.content.json import JsonObject, canonical, parse
from lightdash_sync.content.keys import EXTERNAL, external_key, is_key
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.parts import parts_in
from lightdash_sync.errors import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FORMAT = 1


@dataclass(frozen=True)
class Identity:
    """Who is who in one environment.

    Attributes:
        items: kind -> key -> facts; each has at least a `uuid`.
        people: e-mail (or a stand-in for one) -> `{"uuid", "firstName", "lastName"}`.
        groups: group name -> `{"uuid"}`.
        palettes: name of a colour palette of the organisation -> `{"uuid"}`.
        external: key starting with `~` -> uuid of something outside the project.
        project: facts of the project itself: `uuid`, `organizationUuid`, ...
    """

    items: Mapping[Kind, Mapping[str, JsonObject]] = field(default_factory=dict)
    people: Mapping[str, JsonObject] = field(default_factory=dict)
    groups: Mapping[str, JsonObject] = field(default_factory=dict)
    palettes: Mapping[str, JsonObject] = field(default_factory=dict)
    external: Mapping[str, str] = field(default_factory=dict)
    project: JsonObject = field(default_factory=dict)

    # The ways back from a uuid are made when they are first asked for: who only writes a map needs none.
    @cached_property
    def _keys(self) -> dict[tuple[Kind, str], str]:
        return {
            (kind, str(facts["uuid"])): key
            for kind, entries in self.items.items()
            for key, facts in entries.items()
        }

    @cached_property
    def _people(self) -> dict[str, str]:
        return {str(facts["uuid"]): email for email, facts in self.people.items()}

    @cached_property
    def _groups(self) -> dict[str, str]:
        return {str(facts["uuid"]): name for name, facts in self.groups.items()}

    @cached_property
    def _palettes(self) -> dict[str, str]:
        return {str(facts["uuid"]): name for name, facts in self.palettes.items()}

    @cached_property
    def _tokens(self) -> dict[str, str]:
        tokens = {uuid: f"{kind}:{key}" for (kind, uuid), key in self._keys.items()}
        tokens |= {uuid: f"user:{email}" for uuid, email in self._people.items()}
        tokens |= {uuid: f"group:{name}" for uuid, name in self._groups.items()}
        tokens |= {uuid: f"palette:{name}" for uuid, name in self._palettes.items()}
        for name, fact in (("project", "uuid"), ("organization", "organizationUuid")):
            if isinstance(uuid := self.project.get(fact), str):
                tokens[uuid] = name
        return tokens

    def key(self, kind: Kind, uuid: str) -> str:
        """Return the key of an item, or an external key if the project has no such item."""
        return self._keys.get((kind, uuid)) or external_key(uuid)

    def uuid(self, kind: Kind, key: str) -> str | None:
        """Return the uuid that a key has in this environment, or None if it has none."""
        if key.startswith(EXTERNAL):
            return self.external.get(key)
        facts = self.items.get(kind, {}).get(key)
        return None if facts is None else str(facts["uuid"])

    def facts(self, kind: Kind, key: str) -> JsonObject:
        """Return what is known of an item, {} if nothing is."""
        return self.items.get(kind, {}).get(key, {})

    def person(self, uuid: str) -> str:
        """Return the e-mail of a user, or an external key for one that the organisation does not list."""
        return self._people.get(uuid) or external_key(uuid)

    def group(self, uuid: str) -> str:
        """Return the name of a group, or an external key."""
        return self._groups.get(uuid) or external_key(uuid)

    def palette(self, uuid: str) -> str:
        """Return the name of a colour palette, or an external key."""
        return self._palettes.get(uuid) or external_key(uuid)

    def palette_uuid(self, name: str) -> str | None:
        """Return the uuid of a colour palette, by name or external key."""
        facts = self.palettes.get(name)
        return self.external.get(name) if facts is None else str(facts["uuid"])

    def person_uuid(self, email: str) -> str | None:
        """Return the uuid of a user, by e-mail or external key."""
        facts = self.people.get(email)
        return self.external.get(email) if facts is None else str(facts["uuid"])

    def group_uuid(self, name: str) -> str | None:
        """Return the uuid of a group, by name or external key."""
        facts = self.groups.get(name)
        return self.external.get(name) if facts is None else str(facts["uuid"])

    def token(self, uuid: str) -> str | None:
        """Return the name that stands for a uuid inside other text, such as `chart:weekly-revenue`."""
        return self._tokens.get(uuid)

    def token_uuid(self, name: str) -> str | None:
        """Return the uuid that a token's name means here."""
        if name in ("project", "organization"):
            uuid = self.project.get("uuid" if name == "project" else "organizationUuid")
            return uuid if isinstance(uuid, str) else None
        kind, _, key = name.partition(":")
        if kind == "user":
            return self.person_uuid(key)
        if kind == "group":
            return self.group_uuid(key)
        if kind == "palette":
            return self.palette_uuid(key)
        if kind == "app":
            return self.external.get(key)
        return self.uuid(Kind(kind), key) if kind in set(Kind) else None

    def known_keys(self, kind: Kind) -> dict[str, str]:
        """Return uuid -> key of all items of a kind."""
        return {str(facts["uuid"]): key for key, facts in self.items.get(kind, {}).items()}

    def extended(
        self, facts: Mapping[Kind, Mapping[str, JsonObject]], external: Mapping[str, str] | None = None
    ) -> Identity:
        """Return this map with more facts about its items, and more external references."""
        items = {kind: dict(entries) for kind, entries in self.items.items()}
        for kind, entries in facts.items():
            for key, more in entries.items():
                items.setdefault(kind, {})[key] = items.get(kind, {}).get(key, {}) | more
        return replace(self, items=items, external={**self.external, **(external or {})})

    def to_bytes(self) -> bytes:
        """Return the map as the bytes of `identity.json`."""
        document: JsonObject = {
            "format": FORMAT,
            "project": self.project,
            "items": {kind.value: dict(entries) for kind, entries in self.items.items() if entries},
            "people": dict(self.people),
            "groups": dict(self.groups),
            "external": dict(self.external),
        }
        if self.palettes:
            document["palettes"] = dict(self.palettes)
        return canonical(document)

    @classmethod
    def from_bytes(cls, data: bytes) -> Identity:
        """Read `identity.json`.

        Raises:
            SnapshotError: it is not what `to_bytes` writes.
        """
        try:
            document = parse(data)
            if canonical(document) != data:  # a name that stands twice would say two things
                raise ValueError("it is not in canonical form")
            if isinstance(document, dict) and document.get("format") != FORMAT:
                raise ValueError(f"format {document.get('format')!r} is not known")
            read = conform(_FORM, document)
            for kind, entries in read.items.items():
                _require_apart(kind, entries)
            return cls(
                items=_raw(document, "items", Kind),
                people=_raw(document, "people"),
                groups=_raw(document, "groups"),
                palettes=_raw(document, "palettes"),
                external=read.external,
                project=_raw(document, "project"),
            )
        except ValueError as error:
            raise SnapshotError(
                f"identity.json cannot be read: {error}", hint="Put it back as it was, for example from git."
            ) from error


class _Part(BaseModel):
    """Something that must have some fields; more are welcome."""

    model_config = ConfigDict(extra="allow", strict=True, hide_input_in_errors=True)


class _Named(_Part):
    uuid: str


class _Person(_Named):
    firstName: str | None = None
    lastName: str | None = None


class _Names(_Named):
    """Names of parts of a dashboard, each with its id."""

    tiles: dict[str, str] = {}
    tabs: dict[str, str] = {}
    filters: dict[str, str] = {}


class _Version(_Named):
    place: int = 0


class _Facts(_Names):
    slug: str | None = None
    versions: dict[str, _Version] = {}  # their names of parts only help to name those of the next version
    former: list[str] = []
    settled: list[str] = []


class _Document(_Part):
    format: int
    project: dict[str, Any]
    items: dict[Annotated[Kind, Field(strict=False)], dict[str, _Facts]]
    people: dict[str, _Person]
    groups: dict[str, _Named]
    palettes: dict[str, _Named] = {}
    external: dict[str, str]


_FORM = TypeAdapter(_Document)
_FACTS = TypeAdapter(_Facts)


def facts_problem(facts: JsonObject) -> str:
    """Return what is wrong with the facts of an item, with the place; "" if nothing is."""
    try:
        conform(_FACTS, facts)
    except ValueError as error:
        return str(error)
    return ""


def _raw(document: Any, part: str, name: Callable[[str], Any] = str) -> Any:
    """Return a part of a document as it stands there: numbers and fields that nobody knows included."""
    return {name(key): value for key, value in document.get(part, {}).items()}


def _require_apart(kind: Kind, entries: Mapping[str, _Facts]) -> None:
    """Require of the items of a kind that their keys and the names of versions can be names of files.

    Two keys with one uuid would be two items here and one on the server.
    """
    if len({facts.uuid for facts in entries.values()}) != len(entries):
        raise ValueError(f"items.{kind}: two keys have the same uuid")
    for key, facts in entries.items():
        if not is_key(key):
            raise ValueError(f"items.{kind}: {key!r} is no key")
        for version in facts.versions:
            if not is_key(version.lower()):
                raise ValueError(f"items.{kind}.{key}: {version!r} is no name of a version")


FORMER = "former"
"""The fact that holds the uuids that an item had before it was deleted and put back, newest first."""


def former_uuids(facts: JsonObject) -> list[str]:
    """Return the uuids that an item had before it was made anew."""
    uuids = facts.get(FORMER)
    return [one for one in uuids if isinstance(one, str)] if isinstance(uuids, list) else []


def made_anew(known: Identity, identity: Identity) -> set[tuple[Kind, str]]:
    """Return the items that were deleted and put back between two snapshots, by kind and key.

    Args:
        known: the identity map of the older snapshot.
        identity: that of the newer one.
    """
    return {
        (kind, key)
        for kind, entries in identity.items.items()
        for key, facts in entries.items()
        if (former := former_uuids(facts)) and known.uuid(kind, key) in former
    }


def as_made_anew(
    items: Mapping[Kind, Mapping[str, JsonObject]], now: Mapping[Kind, Mapping[str, JsonObject]]
) -> dict[Kind, dict[str, JsonObject]]:
    """Return the items of an older map with the uuids, and parts of dashboards, of those that were made anew.

    Args:
        items: of a map of before.
        now: items whose facts tell which uuids they had before.
    """
    anew = {
        (kind, former): parts_in(facts, ("uuid",))
        for kind, entries in now.items()
        for facts in entries.values()
        for former in former_uuids(facts)
    }
    return {
        kind: {key: {**facts, **anew.get((kind, str(facts["uuid"])), {})} for key, facts in entries.items()}
        for kind, entries in items.items()
    }
