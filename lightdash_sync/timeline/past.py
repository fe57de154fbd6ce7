"""What is remembered of one item: how commits left it, and the versions that people saved in Lightdash."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lightdash_sync.model.authorship import Stamp, moment, of_version, version_stamp
from lightdash_sync.model.canonical import Json, JsonObject, parse
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import KINDS, Kind
from lightdash_sync.model.older import item_as_written_today
from lightdash_sync.snapshot.layout import is_version_name, version_name

if TYPE_CHECKING:
    from lightdash_sync.git import Revision
    from lightdash_sync.timeline.item import Item


@dataclass(frozen=True, slots=True)
class State:
    """An item as a commit left it, or as it is on disk.

    Attributes:
        commit: None for the snapshot on disk, where it differs from the last commit.
        before: its content until then; None if it was not there.
        content: None if it is gone.
        facts: what the map of identities knew of it.
        begins: whether what was not there before may be older, because nobody looked.
    """

    commit: Revision | None
    before: Json
    content: Json
    facts: JsonObject
    begins: bool


@dataclass(frozen=True, slots=True)
class Version:
    """A version that somebody saved in Lightdash.

    Attributes:
        stamp: when, and by whom.
        content: what of the item belongs to a version.
        commit: the first that held it; None if it is only on disk.
        source: where it can be read: a commit (None for the disk), and a path in the snapshot.
    """

    stamp: Stamp
    content: Json
    commit: Revision | None
    source: tuple[Revision | None, str]


@dataclass(frozen=True)
class Past:
    """All that is remembered of an item.

    Attributes:
        item: which one.
        states: oldest first; add with `remember`.
        versions: name -> version. Where Lightdash tells earlier versions of a kind, the name is that of the
            file; else it means nothing.
        people: key of a person -> facts.
        notes: what could not be read, for people.
    """

    item: Item
    states: list[State] = field(default_factory=list)
    versions: dict[str, Version] = field(default_factory=dict)
    people: dict[str, JsonObject] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What the item is called now, or was last; "" if nobody knows."""
        contents = (state.content for state in reversed(self.states) if state.content is not None)
        return text(next(contents, None), "name")

    def remember(self, state: State) -> None:
        """Add the next state, and the version that the item was in."""
        self.states.append(state)
        if state.content is not None:
            self.remember_saved(state.content, state.facts, state.commit)

    def remember_saved(self, content: Json, facts: JsonObject, commit: Revision | None) -> None:
        """Add the version that an item is in, unless an older commit held it already."""
        stamp = version_stamp(self.item.kind, facts)
        if stamp is not None:
            saved = Version(stamp, of_version(self.item.kind, content), commit, (commit, self.item.path))
            self.versions.setdefault(version_in(self.item, facts), saved)

    def remember_version(self, name: str, data: bytes, source: tuple[Revision | None, str]) -> None:
        """Add an earlier version, from its own file.

        Args:
            name: of the version.
            data: the file.
            source: the first commit that holds it (None for the disk), and its path in the snapshot.
        """
        document, history = readable(self.item.kind, data), KINDS[self.item.kind].history
        saved = document.get(history.saved) if history and isinstance(document, dict) else None
        time = moment(document.get("createdAt")) if isinstance(document, dict) else None
        if not isinstance(document, dict) or time is None or not isinstance(saved, dict):
            self.note(f"version {name}", "it is not of the expected form")
            return
        person = document.get("createdBy")
        stamp = Stamp(name, time, person if isinstance(person, str) else None)
        new = Version(stamp, item_as_written_today(self.item.kind, saved), source[0], source)
        known = self.versions.get(name)
        self.versions[name] = new if known is None else replace(new, commit=known.commit or source[0])

    def settle(self) -> None:
        """Tell each version once: one that was seen before the server told its uuid has two names."""
        named = {version.stamp.time: name for name, version in self.versions.items() if is_version_name(name)}
        for name in [name for name in self.versions if not is_version_name(name)]:
            if (other := named.get(self.versions[name].stamp.time)) is not None:
                first = self.versions.pop(name)
                self.versions[other] = replace(self.versions[other], commit=first.commit)

    def note(self, where: str, problem: str) -> None:
        """Note what is passed over."""
        self.notes.append(f"{where} is passed over: {problem}")


def version_in(item: Item, facts: JsonObject) -> str:
    """Return the name of the version that facts tell of; "" if they tell of none."""
    stamp = version_stamp(item.kind, facts)
    if stamp is None:
        return ""
    if KINDS[item.kind].history and isinstance(uuid := facts.get("version"), str):
        return version_name(str(facts.get("updatedAt")), uuid)
    return f"{facts.get('uuid')} {stamp.version}"


def readable(kind: Kind, data: bytes) -> Json:
    """Return the content of an item's file, as this version would have written it.

    None if it is no JSON, or no object (for some kinds a list).
    """
    try:
        content = parse(data)
    except ValueError:
        return None
    if not isinstance(content, list if KINDS[kind].is_list else dict):
        return None
    return item_as_written_today(kind, content) if isinstance(content, dict) else content
