"""What is remembered of a target between syncs: which item is which, and what each was then.

It is a snapshot of its own (`NAME.sync`), written whole or not at all, and meant for git. `identity.json`
has every item of the target by the keys of the plan; `sync` in an item's facts says how it came to be
known: `linked` for one that a sync made or a person adopted, `restored` for one that was put back.
`former` has the uuids that an item had before it was deleted and put back, by which older snapshots name it.
`unfinished` marks what a run began and did not end, so that the next plan has it on its list.
The content files are the *base*: each linked item as the target had it after the last sync; after a merge,
as the source wanted it. In the facts (of lists, in those of the project) `settled` remembers what the server
made of what was written, where that is not the same, and `merged` what a merge made of what was wanted.

It proves nothing about the target now: every plan reads the target again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lightdash_sync.content.identity import FORMER, Identity, as_made_anew
from lightdash_sync.content.json import objects, parse, sha256
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.parts import parts_in, with_names
from lightdash_sync.content.tree import Tree, file_of, place_of, rekeyed
from lightdash_sync.disk import Disk, refuse_link
from lightdash_sync.errors import Refused
from lightdash_sync.snapshot.layout import IDENTITY, require_ours
from lightdash_sync.snapshot.manifest import FORMAT, Manifest, SnapshotSelection
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.write import Staging, locked, put_back
from lightdash_sync.sync.plan.managed import GONE
from lightdash_sync.sync.plan.matching import LINKED, linked, with_former

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.snapshot.manifest import SnapshotSource


# Some content of a target as a snapshot of its own: what a run touched, what is remembered of a sync.
#
# It has the form of a snapshot, and `verify` finds it whole, but its map of identities names every item of
# the target, because content refers to what is not in it.


def store(
    target: Path,
    files: Iterable[tuple[str, bytes]],
    identity: Identity,
    source: SnapshotSource,
    disk: Disk | None = None,
) -> None:
    """Write content as a snapshot, whole or not at all.

    Args:
        target: the directory; what stood there is replaced.
        files: path and bytes of each content file; asked for one by one. A list without rows has no file,
            as in every snapshot.
        identity: what their keys mean, and more.
        source: where they are from.
        disk: where to write.

    Raises:
        Locked: another run writes there.
        OSError: the disk refuses; what stood there stands as it was.
    """
    disk = disk or Disk()
    counts: Counter[str] = Counter()
    with locked(target, disk):
        staging = Staging(target, disk)
        try:
            for path, data in files:
                place = place_of(path)
                rows = len(objects(parse(data))) if place and KINDS[place[0]].is_list else 1
                if not rows:
                    continue
                staging.put(path, data)
                if place:
                    counts[place[0]] += rows
            staging.put(IDENTITY, identity.to_bytes())
            staging.commit(
                Manifest(
                    format=FORMAT,
                    source=source,
                    selection=SnapshotSelection(kinds=sorted(counts), history=False),
                    counts=dict(sorted(counts.items())),
                    leftOut=[],
                    files=dict(sorted(staging.files.items())),
                )
            )
        finally:
            staging.discard()


LINK = "linked"
RESTORED = "restored"
_HOW = "sync"
_SETTLED = "settled"
_UNFINISHED = "unfinished"
_MERGED = "merged"
_KEPT = ("uuid", "slug")
_LISTS = frozenset({file_of(Kind.PINS), file_of(Kind.METRIC_ICONS)})  # items of no map

LinkTable = dict[Kind, dict[str, "JsonObject"]]


@dataclass(frozen=True)
class State:
    """What is remembered of a target.

    Attributes:
        base: content of items after the last sync, in the keys that the plans use.
    """

    base: Tree = field(default_factory=lambda: Tree.of({}))

    @property
    def identity(self) -> Identity:
        """The target's map at the last sync; `sync` in the facts of an item says how it is known."""
        return self.base.identity

    @property
    def links(self) -> LinkTable:
        """Kind -> key -> facts of the items that are linked."""
        return self.known(LINK)

    @property
    def hints(self) -> Identity:
        """Keys that an export of the target should use for items that it does not know yet."""
        restored, linked = self.known(RESTORED), self.known(LINK)
        items: LinkTable = {kind: {**restored[kind], **linked[kind]} for kind in LINKED}
        return Identity(items=items)

    @property
    def settled(self) -> dict[str, tuple[str, str]]:
        """Path -> (hash of a content that was wanted, hash of what the server made of it)."""
        return self._pairs(_SETTLED)

    @property
    def merged(self) -> dict[str, tuple[str, str]]:
        """Path -> (hash of what the source wanted, hash of what a merge made of it, `GONE` for nothing)."""
        return self._pairs(_MERGED)

    def _pairs(self, name: str) -> dict[str, tuple[str, str]]:
        found = {
            file_of(kind, key): facts.get(name)
            for kind, entries in self.identity.items.items()
            for key, facts in entries.items()
        }
        of_lists = self.identity.project.get(name)
        found |= of_lists if isinstance(of_lists, dict) else {}
        return {
            path: (str(pair[0]), str(pair[1]))
            for path, pair in found.items()
            if isinstance(pair, list) and len(pair) == 2
        }

    @property
    def former(self) -> dict[str, list[Json]]:
        """Uuid of an item that was put back -> the uuids that it had before, newest first."""
        return {
            str(facts["uuid"]): [*uuids]
            for entries in self.identity.items.values()
            for facts in entries.values()
            if isinstance(uuids := facts.get(FORMER), list)
        }

    @property
    def unfinished(self) -> frozenset[ItemKey]:
        """What a run began and did not end, and a plan might leave as it is."""
        return frozenset(
            (kind, key)
            for kind, entries in self.identity.items.items()
            for key, facts in entries.items()
            if facts.get(_UNFINISHED)
        )

    def as_now(self, links: Mapping[Kind, Mapping[str, JsonObject]]) -> LinkTable:
        """Return links of an older snapshot of the target, with what was put back since as it is now."""
        return as_made_anew(links, self.identity.items)

    def base_in(self, identity: Identity) -> Tree:
        """Return the base in the keys that the target's items have now.

        Args:
            identity: the target's present map.
        """
        return rekeyed(self.base, with_former(identity, self.identity))

    def linked_with(self, more: Mapping[Kind, Mapping[str, JsonObject]]) -> State:
        """Return this memory with more links."""
        marked: LinkTable = {
            kind: {key: {**facts, _HOW: LINK} for key, facts in entries.items()}
            for kind, entries in more.items()
        }
        return State(replace(self.base, identity=self.identity.extended(marked)))

    def known(self, how: str) -> LinkTable:
        """Return kind -> key -> facts of the items that are known in one way, `linked` or `restored`."""
        return {
            kind: {
                key: facts
                for key, facts in self.identity.items.get(kind, {}).items()
                if facts.get(_HOW) == how
            }
            for kind in LINKED
        }


@dataclass(frozen=True)
class StateUpdate:
    """What a run changes in the memory.

    Attributes:
        existing: the target now, in the keys of the plan.
        links: kind -> key -> facts of all that is linked now, also with what the target has no more.
        restored: kind -> key -> facts of what was put back without being linked.
        base: path -> content to remember, None to forget; of other paths the old base stays.
        settled: path -> (hash of what was wanted, hash of what is there); of other paths the old one stays.
        merged: the same of what a merge made; None to forget it.
        former: uuid of what was put back -> the uuid that it had before.
        unfinished: what was begun and not ended.
        finished: what needs nothing more.
    """

    existing: Tree
    links: Mapping[Kind, Mapping[str, JsonObject]]
    restored: Mapping[Kind, Mapping[str, JsonObject]] = field(default_factory=dict)
    base: Mapping[str, bytes | None] = field(default_factory=dict)
    settled: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    merged: Mapping[str, tuple[str, str] | None] = field(default_factory=dict)
    former: Mapping[str, str] = field(default_factory=dict)
    unfinished: frozenset[ItemKey] = frozenset()
    finished: frozenset[ItemKey] = frozenset()


def hints_for(folder: Path, project: str) -> Identity:
    """Return keys that an export of a project should use for items that its snapshot does not know yet.

    What a sync created has the key of its source, so that the snapshots of both sides are alike.

    Args:
        folder: see `Folders.memory`; it need not exist.
        project: uuid.

    Raises:
        SnapshotError: what is remembered is damaged.
    """
    try:
        return read_state(folder, project).hints
    except Refused:
        return Identity()


def read_state(folder: Path, project: str) -> State:
    """Read what is remembered of a target; an empty memory if nothing is.

    Args:
        folder: see `Folders.memory`.
        project: uuid of the target.

    Raises:
        Refused: it is of another project.
        SnapshotError: it is damaged, or a link.
        Refused: it holds something else, too, which the next run would not keep.
    """
    refuse_link(folder)
    put_back(folder)
    if not folder.is_dir() or not any(folder.iterdir()):
        return State()
    require_ours(folder)
    tree = Snapshot(folder).tree()
    if tree.identity.project.get("uuid") != project:
        raise Refused(
            f"{folder} remembers another project than the one that the environment names now",
            hint="Correct `project` in lightdash-sync.toml, or move the directory away to begin anew.",
        )
    return State(tree)


def save_state(folder: Path, before: State, update: StateUpdate, source: SnapshotSource) -> None:
    """Remember what a run did; whole or not at all.

    Args:
        folder: see `Folders.memory`.
        before: what was remembered.
        update: what changed.
        source: where the target is.
    """
    named = linked(update.existing.identity, update.links, Identity()).identity
    identity = _marked(before, update, named)
    said = Tree.of(
        {path: data for path, data in update.base.items() if data is not None}, _all(update, before)
    )
    files = rekeyed(said, identity)
    forgotten = {
        _path_in(path, said.identity, identity) for path, data in update.base.items() if data is None
    }
    old = before.base_in(identity)
    paths = sorted((set(old) | set(files)) - forgotten)
    store(folder, ((path, files[path] if path in files else old[path]) for path in paths), identity, source)


def _all(update: StateUpdate, before: State) -> Identity:
    """Return the map in whose keys an update speaks, with what is gone."""
    return with_former(update.existing.identity, before.identity)


def _path_in(path: str, here: Identity, there: Identity) -> str:
    """Return the path of an item in the keys of another map."""
    place = place_of(path)
    uuid = here.uuid(*place) if place and place[1] else None
    return path if place is None or uuid is None else file_of(place[0], there.key(place[0], uuid))


def _marked(before: State, update: StateUpdate, named: Identity) -> Identity:
    """Return the target's map in its own keys, with what is known of its items by all runs."""
    pairs: dict[str, dict[str, tuple[str, str] | None]] = {
        _SETTLED: {**before.settled, **update.settled},
        _MERGED: {**before.merged, **update.merged},
    }
    restored_before = {
        str(facts["uuid"]) for entries in before.known(RESTORED).values() for facts in entries.values()
    }
    former = _former(before, update)
    unfinished = _unfinished_uuids(before, update)
    now = with_former(named, before.identity)
    items: LinkTable = {}
    for kind, entries in now.items.items():
        mine, restored = update.links.get(kind, {}), update.restored.get(kind, {})
        items[kind] = {}
        for key, facts in entries.items():
            kept = parts_in(facts, _KEPT)
            if key in mine:
                kept[_HOW] = LINK
            elif key in restored or facts["uuid"] in restored_before:
                kept[_HOW] = RESTORED
            if uuids := former.get(str(facts["uuid"])):
                kept[FORMER] = uuids
            if facts["uuid"] in unfinished:
                kept[_UNFINISHED] = True
            for name, known in pairs.items():
                if pair := known.get(file_of(kind, key)):
                    kept[name] = [*pair]
            items[kind][key] = kept
    project = {name: value for name, value in now.project.items() if name not in pairs}
    for name, known in pairs.items():
        lists: JsonObject = {path: [*pair] for path, pair in known.items() if pair and path in _LISTS}
        project |= {name: lists} if lists else {}
    return replace(now, items=items, project=project)


def _unfinished_uuids(before: State, update: StateUpdate) -> set[str]:
    """Return the uuids of what runs began and did not end."""
    there, now = before.identity, update.existing.identity
    found = {there.uuid(*item) for item in before.unfinished} | {
        now.uuid(*item) for item in update.unfinished
    }
    return {uuid for uuid in found - {now.uuid(*item) for item in update.finished} if uuid}


def _former(before: State, update: StateUpdate) -> dict[str, list[Json]]:
    """Return the uuids that items had before; each of them leads to the latest item only."""
    former = before.former
    for now, old in update.former.items():
        between = [uuid for uuid, had in former.items() if old in had or uuid == old]
        earlier = [uuid for one in between for uuid in former.pop(one)]
        former[now] = [*dict.fromkeys([*between, old, *earlier])]
    return former


def settle(wanted: bytes, there: bytes | None) -> tuple[str, str]:
    """Return what is remembered of a content that became another one, by the server or by a merge.

    Args:
        wanted: the `settled_form` of what the source wants.
        there: what the target has instead; None if it has nothing.
    """
    return sha256(wanted), GONE if there is None else sha256(there)


def joined(*tables: Mapping[Kind, Mapping[str, JsonObject]]) -> LinkTable:
    """Put links together; a later table wins, and no uuid has two keys.

    What a dashboard has that only an earlier table names keeps its name.
    """
    result: LinkTable = {}
    for table in tables:
        for kind, entries in table.items():
            uuids = {facts["uuid"] for facts in entries.values()}
            kept = {
                key: facts
                for key, facts in result.get(kind, {}).items()
                if facts["uuid"] not in uuids or key in entries
            }
            again = {
                key: with_names(facts, kept[key])
                for key, facts in entries.items()
                if kept.get(key, {}).get("uuid") == facts["uuid"]
            }
            result[kind] = {**kept, **entries, **again}
    return result
