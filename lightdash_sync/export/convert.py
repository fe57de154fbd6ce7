"""Converts one item at a time: an answer of the server becomes a content file and facts in the identity map.

Converters share only the identity map, which is immutable, so they work in any thread and in any order; what
they find (facts, people, references to other projects) is collected in a `Findings`.

In order: converting items, names mentioned in reused files, and fields that this version does not know.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from lightdash_sync.content.json import Json, JsonObject, canonical, objects, parse
from lightdash_sync.content.keys import external_key
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.known_fields import is_known_by_now, unknown_in
from lightdash_sync.content.normal import Normal, earlier_version, in_order
from lightdash_sync.content.portable import to_portable
from lightdash_sync.content.references import tokenise, tokens_in, untokenise
from lightdash_sync.snapshot.manifest import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.kinds import History
    from lightdash_sync.export.reuse import Kept

UNKNOWN = "unknown"  # the fact with the fields of an item that are not known; see `content.known_fields`

# Server field with a person in it -> name of the fact.
PEOPLE = {
    "updatedByUser": "updatedBy",
    "createdBy": "createdBy",
    "lastUpdatedBy": "lastUpdatedBy",
}
# Server field -> name of the fact, where the names differ.
_SAID = {"savedSqlUuid": "uuid", "schedulerUuid": "uuid", "tagUuid": "uuid", "versionUuid": "version"}


@dataclass
class Findings:
    """What is found while items are converted; may be filled from several threads.

    Attributes:
        facts: kind -> key -> facts for the identity map.
        external: external key -> uuid.
        people: key of a person who is mentioned -> facts.
        groups: name of a group that is mentioned -> facts.
        palettes: name of a colour palette that is mentioned -> facts.
        homeless: descriptions of items in a space or dashboard that no list names.
    """

    facts: dict[Kind, dict[str, JsonObject]] = field(default_factory=dict)
    external: dict[str, str] = field(default_factory=dict)
    people: dict[str, JsonObject] = field(default_factory=dict)
    groups: dict[str, JsonObject] = field(default_factory=dict)
    palettes: dict[str, JsonObject] = field(default_factory=dict)
    homeless: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, kind: Kind, key: str, facts: JsonObject) -> None:
        """Record facts of an item."""
        with self._lock:
            self.facts.setdefault(kind, {}).setdefault(key, {}).update(facts)

    def add_names(
        self,
        *,
        people: dict[str, JsonObject] | None = None,
        groups: dict[str, JsonObject] | None = None,
        palettes: dict[str, JsonObject] | None = None,
        external: dict[str, str] | None = None,
    ) -> None:
        """Record people, groups, palettes and external references that are mentioned."""
        with self._lock:
            self.people.update(people or {})
            self.groups.update(groups or {})
            self.palettes.update(palettes or {})
            self.external.update(external or {})


class Converter:
    """Converts answers to content files.

    Args:
        identity: the complete identity map of the project.
        known: the identity map of the previous snapshot, for reused files: people and groups may have been
            renamed since.
        findings: receives what is found.
    """

    def __init__(self, identity: Identity, known: Identity, findings: Findings) -> None:
        self.identity = identity
        self.findings = findings
        self.known = known

    def item(self, kind: Kind, key: str, normal: Normal, more: JsonObject | None = None) -> bytes:
        """Return the bytes of an item's file, and record its facts.

        Args:
            kind: its kind.
            key: its key.
            normal: its normal form.
            more: facts that are not in the item itself.
        """
        self._note_home(kind, key, normal.content)
        content = self._portable_object(kind, key, normal.content)
        unknown = unknown_in(kind, content)
        strange: JsonObject = {UNKNOWN: [*unknown]} if unknown else {}
        self.findings.add(kind, key, self._facts(normal.facts) | strange | (more or {}))
        return canonical(content)

    def version(
        self,
        kind: Kind,
        key: str,
        normal: Normal,
        created_at: str,
        author: str | None,
        layout: JsonObject | None = None,
    ) -> bytes:
        """Return the bytes of an earlier version of an item.

        Args:
            kind: kind of the item.
            key: key of the item.
            normal: its normal form in that version.
            created_at: when the version was saved, in the server's form.
            author: key of the person who saved it.
            layout: names of the parts of a dashboard in that version.
        """
        history = cast("History", KINDS[kind].history)
        content = self._portable_object(kind, key, earlier_version(normal.content), layout)
        return canonical({history.saved: content, "createdAt": created_at, "createdBy": author})

    def author_of(self, facts: JsonObject) -> None:
        """Record the author of a reused version, who may have left since."""
        if isinstance(author := facts.get("createdBy"), str):
            self._note_known(author)

    def taken_over(self, kind: Kind, key: str, kept: Kept) -> None:
        """Record the facts of a reused item, and the names mentioned in its file."""
        self.findings.add(kind, key, kept.facts)
        for name in PEOPLE.values():
            self.author_of({"createdBy": kept.facts.get(name)})
        self.named(kept.names)

    def named(self, names: MentionedNames) -> None:
        """Record the names mentioned in a reused file."""
        self._note_tokens(names.tokens)
        for palette in names.palettes:
            self._note_palette(palette)
        outside = self.known.external
        self.findings.add_names(external={name: outside[name] for name in names.external if name in outside})

    def with_tokens(self, content: Json) -> bytes:
        """Return the bytes of content whose only references are uuids in text."""
        tokenised = tokenise(content, self.identity)
        self._note_tokens(tokens_in(tokenised))
        return canonical(tokenised)

    def person(self, author: JsonObject) -> str | None:
        """Return the key of a person: an e-mail address, or an external key if they left the organisation."""
        uuid = author.get("userUuid")
        if not isinstance(uuid, str):
            return None
        key = self.identity.person(uuid)
        self._note_person(key, author)
        return key

    def _portable_object(
        self, kind: Kind, key: str, content: JsonObject, layout: JsonObject | None = None
    ) -> JsonObject:
        portable = to_portable(kind, key, content, self.identity, layout)
        self.findings.add_names(external=portable.external)
        if kind is Kind.SPACE:
            self._note_grants(portable.content)
        elif kind is Kind.SCHEDULER and isinstance(owner := self._name(portable.content.get("owner")), str):
            self._note_known(owner)
        self._note_tokens(tokens_in(portable.content))
        self._note_palette(portable.content.get("palette"))
        return in_order(kind, portable.content)  # by names: uuids differ from environment to environment

    def _facts(self, facts: JsonObject) -> JsonObject:
        said: JsonObject = {}
        for name, value in facts.items():
            if name in PEOPLE:
                said[PEOPLE[name]] = self.person(value) if isinstance(value, dict) else None
            else:
                said[_SAID.get(name, name)] = value
        return said

    def _note_home(self, kind: Kind, key: str, content: JsonObject) -> None:
        """Record an item in an unknown place: it may have been moved into a new one during the reading."""
        for field_name, place in (("spaceUuid", Kind.SPACE), ("dashboardUuid", Kind.DASHBOARD)):
            uuid = content.get(field_name)
            if isinstance(uuid, str) and self.identity.key(place, uuid) == external_key(uuid):
                self.findings.homeless.add(f"{kind}:{key} is in a {place} that no list names")

    def _note_known(self, person: str) -> None:
        facts = self.identity.people.get(person) or self.known.people.get(person)
        if facts is not None:
            self.findings.add_names(people={person: facts})

    def _note_group(self, name: str) -> None:
        facts = self.identity.groups.get(name) or self.known.groups.get(name)
        if facts is not None:
            self.findings.add_names(groups={name: facts})

    def _note_palette(self, said: Json) -> None:
        name = self._name(said)
        if isinstance(name, str) and (facts := self.identity.palettes.get(name)) is not None:
            self.findings.add_names(palettes={name: facts})

    def _note_person(self, key: str, author: JsonObject) -> None:
        known = self.identity.people.get(key)
        if known is None and (uuid := author.get("userUuid")):
            known = {"uuid": uuid, "firstName": author.get("firstName"), "lastName": author.get("lastName")}
        if known is not None:
            self.findings.add_names(people={key: known})

    def _note_grants(self, content: JsonObject) -> None:
        access = content.get("access")
        if not isinstance(access, dict):
            return
        for grant in objects(access.get("users")):
            self._note_known(str(self._name(grant.get("email"))))
        for grant in objects(access.get("groups")):
            self._note_group(str(self._name(grant.get("group"))))

    def _name(self, text: Json) -> Json:
        """Return a name as it is in the identity map; in a content file a part of it may be a token."""
        return untokenise(text, self.identity)

    def _note_tokens(self, tokens: Iterable[str]) -> None:
        for token in tokens:
            kind, _, name = token.partition(":")
            if kind == "user":
                self._note_known(name)
            elif kind == "group":
                self._note_group(name)
            elif kind == "palette":
                self._note_palette(name.replace("@{", "@{}{"))


# Names mentioned in a file that is reused from the previous snapshot.
#
# Such a file is not converted from an answer, but the people, groups and external references in it must be in
# the new identity map; otherwise the file could not be read any more.

# In canonical form, the top-level fields of a file are indented by two spaces.
_PALETTE = re.compile(rb'^  "palette": (".*"),?$', re.MULTILINE)
_EXTERNAL = re.compile(rb"~[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class MentionedNames:
    """People, groups, palettes and external references mentioned in a file.

    Attributes:
        external: external keys; may include texts that only look like one.
        tokens: names of tokens, such as `user:ann@example.com`.
        palettes: names of colour palettes, in the form of the file.
    """

    external: frozenset[str]
    tokens: frozenset[str]
    palettes: frozenset[str] = frozenset()


def names_in(data: bytes) -> MentionedNames:
    """Return the names mentioned in a content file.

    The file need not be parsed as JSON: names in tokens are percent-encoded, so they contain no JSON escapes.
    """
    return MentionedNames(
        external=frozenset(name.decode() for name in _EXTERNAL.findall(data)),
        tokens=frozenset(tokens_in(data.decode(errors="replace")) if b"@{" in data else ()),
        palettes=frozenset(str(parse(name)) for name in _PALETTE.findall(data)),
    )


def metrics_of(chart: Json | bytes) -> tuple[str, ...]:
    """Return the ids of the metrics that a chart uses; takes the server's form or a content file."""
    try:
        content = parse(chart) if isinstance(chart, bytes) else chart
    except ValueError:
        return ()
    query = content.get("metricQuery") if isinstance(content, dict) else None
    metrics = query.get("metrics") if isinstance(query, dict) else None
    return tuple(map(str, metrics)) if isinstance(metrics, list) else ()


# Fields of answers that this version does not know: counted over a snapshot, and named once each.

_NAMED = 12  # maximum in a warning; the manifest has all


def unknown_things(identity: Identity) -> list[Unknown]:
    """Return the unknown fields of the items in an identity map, as recorded in their facts."""
    times: Counter[tuple[str, str]] = Counter()
    for kind, entries in identity.items.items():
        for facts in entries.values():
            said = facts.get(UNKNOWN)
            times.update(
                (kind.value, what)
                for what in (said if isinstance(said, list) else ())
                if isinstance(what, str) and not is_known_by_now(kind, what)
            )
    return [Unknown(kind=kind, what=what, items=count) for (kind, what), count in sorted(times.items())]


def unknown_warnings(found: Sequence[Unknown]) -> list[str]:
    """Return one warning that names the unknown fields; none if there are none."""
    if not found:
        return []
    nouns = {kind.value: spec.noun for kind, spec in KINDS.items()}
    named = [f"{one.what} ({one.items} {nouns[one.kind][one.items != 1]})" for one in found[:_NAMED]]
    more = f", and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return [
        f"Not known to this version of lightdash-sync, and kept as it came: {', '.join(named)}{more}. "
        "snapshot.json names all of it (`unknown`); what changes there is said field by field."
    ]
