"""What became of what was written: read back and compared, and validated by the server if that is wanted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.apply.look import telling
from lightdash_sync.client.writes import Writer
from lightdash_sync.model.canonical import parse
from lightdash_sync.model.changes import ABSENT, Change, changes
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.known import is_field, unknown_in, without_unknown
from lightdash_sync.model.rekey import file_of
from lightdash_sync.plan.managed import same_content
from lightdash_sync.plan.options import Options
from lightdash_sync.plan.scope import Contents
from lightdash_sync.plan.twins import likenesses
from lightdash_sync.validation import validate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.model.changes.change import Value
    from lightdash_sync.model.identity import Identity
    from lightdash_sync.model.tree import Tree
    from lightdash_sync.plan.values import Plan, Step
    from lightdash_sync.sync.target import Place
    from lightdash_sync.validation import Invalid

# Lightdash makes Markdown safe as HTML (told with its tile), and adds columns to the order of a table.
_OWN_WAYS = (("content",), ("columnOrder",))


@dataclass(frozen=True)
class Mismatch:
    """An item that is not as it was written.

    Attributes:
        item: as `kind:key`.
        changes: what differs from what was wanted, but for null, false and empty where nothing was written.
        added: fields that the server filled in by itself, and that nobody here knows or sent, in words.
    """

    item: str
    changes: tuple[Change, ...]
    added: tuple[str, ...] = ()

    @property
    def is_harmless(self) -> bool:
        """Whether the server only said it its own way: HTML of Markdown, order of columns, new fields."""
        return all(change.quiet or _is_own_way(change) for change in self.changes)


def _is_own_way(change: Change) -> bool:
    """Whether a change is one that the server makes by itself."""
    if change.what == "tile_changed":
        return _without_markdown(change.before) == _without_markdown(change.after)
    if change.what == "access_changed" and change.after in (None, ABSENT):
        return True  # some versions do not show the role of who has none in the project
    return change.where[-1:] in _OWN_WAYS


def _without_markdown(tile: Value) -> Value:
    """Return a tile without the text of its Markdown, which is told with the tile."""
    if not isinstance(tile, dict) or not isinstance(shows := tile.get("properties"), dict):
        return tile
    return tile | {"properties": {name: value for name, value in shows.items() if name != "content"}}


def differences(plan: Plan, done: Iterable[Step], now: Tree) -> Iterator[Mismatch]:
    """Yield what is not as it was written.

    Args:
        plan: that was applied.
        done: its steps that were taken.
        now: the target afterwards, in the plan's keys.
    """
    options = options_of(plan)
    for step in done:
        path = file_of(step.kind, step.key)
        there = parse(now[path]) if path in now else None
        if there is None and step.after == []:  # a list without rows has no file
            continue
        if same_content(step.kind, step.after, there, options):
            continue
        known, added = _without_added(step.kind, step.after, there)
        found = () if same_content(step.kind, step.after, known, options) else changes(
            step.kind, telling_content(step.after), telling_content(known)
        )  # fmt: skip
        yield Mismatch(step.item, tuple(found), added)


def _without_added(kind: Kind, sent: Json, there: Json) -> tuple[Json, tuple[str, ...]]:
    """Return what the server has, without the unknown fields that it added by itself; and these, in words."""
    if not isinstance(sent, dict) or not isinstance(there, dict):
        return there, ()
    own = frozenset(unknown_in(kind, sent))
    added = tuple(what for what in unknown_in(kind, there) if is_field(what) and what not in own)
    return (without_unknown(kind, there, own) if added else there), added


def added_by_server(found: Iterable[Mismatch]) -> dict[str, int]:
    """Return kind and field that the server added by itself and nobody here knows -> of how many items."""
    return dict(
        sorted(
            Counter(f"{one.item.partition(':')[0]}: {what}" for one in found for what in one.added).items()
        )
    )


@dataclass(frozen=True, order=True)
class Stranger:
    """An item that somebody made while a run made the same.

    Attributes:
        item: what the run made, as `kind:key`.
        name: of both.
        uuids: of what somebody else made, of the same name in the same place.
    """

    item: str
    name: str
    uuids: tuple[str, ...]


def strangers(
    created: Mapping[Kind, Mapping[str, JsonObject]],
    known: Mapping[Kind, frozenset[str]],
    after: Tree,
) -> tuple[Stranger, ...]:
    """Return what is like something that a run made, and neither was there before nor was made by it.

    Two machines that apply at the same time make everything twice: each of them sees the other's here.

    Args:
        created: kind -> key -> facts of what the run made.
        known: kind -> uuids of what was there before it.
        after: the target afterwards.
    """
    mine = {(kind, key) for kind, entries in created.items() for key in entries}
    items = {
        (kind, key): str(facts["uuid"])
        for kind, entries in after.identity.items.items()
        for key, facts in entries.items()
    }
    old = frozenset(
        item for item, uuid in items.items() if item in mine or uuid in known.get(item[0], frozenset())
    )
    contents = Contents(after)
    if not mine or not contents.there - old:
        return ()
    found = likenesses(contents, contents, old, mine & contents.there, adopt=True).candidates
    return tuple(
        sorted(
            Stranger(
                f"{item[0]}:{item[1]}",
                text(contents.of(item), "name"),
                tuple(items[candidate] for candidate in candidates if candidate in items),
            )
            for item, candidates in found.items()
        )
    )


def options_of(plan: Plan) -> Options:
    """Return the options of a plan that say what of a content is managed."""
    return Options(enable_schedulers=plan.enable_schedulers, verification=plan.verification)


def telling_content(content: Json) -> Json:
    """Return what a content tells; None for none.

    Another version of the server fills in what its own contents have.
    """
    return None if content is None else telling(content)


def validated(place: Place, plan: Plan, identity: Identity) -> tuple[Invalid, ...]:
    """Let the server validate the project, and return what it says of the items that were written.

    Args:
        place: the target.
        plan: that was applied.
        identity: the target's map afterwards.

    Raises:
        Incomplete: it does not come to an end.
        ApiError: it cannot be started.
    """
    touched = {
        uuid: step.item
        for step in plan.steps
        if step.kind in (Kind.CHART, Kind.DASHBOARD) and (uuid := identity.uuid(step.kind, step.key))
    }
    lightdash = place.lightdash
    writer = Writer(lightdash.session, lightdash.server)
    return validate(lightdash, writer, place.project, touched, wait=lightdash.session.pacer.sleep)
