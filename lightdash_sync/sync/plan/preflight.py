"""What would be broken after a plan, known before its first write.

Pure: it asks nobody. What the target has comes in as facts, and what could not be asked is said as a
warning, never taken for granted. An explore or field that the item lacks on the target already does not
stop it from being written; a reference that this plan would break does, unless the user allows it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lightdash_sync.content.display import shown
from lightdash_sync.content.json import get_list, get_str
from lightdash_sync.content.keys import EXTERNAL
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.parts import TOKENS, by_id, elements
from lightdash_sync.content.references import (
    APP,
    GROUP,
    PALETTE,
    PERSON,
    Reference,
    is_own_part,
    links,
    tokens_in,
)
from lightdash_sync.sync.plan.fields import (
    PreflightFinding,
    chart_findings,
    dashboard_rules,
    filter_findings,
    tables_of,
    threshold_findings,
    tile_charts,
)
from lightdash_sync.sync.plan.options import allows
from lightdash_sync.sync.plan.recipients import NOT_ALLOWED, UNKNOWN_PLACE, delivery_findings, owner_problems
from lightdash_sync.sync.plan.values import Action, Gravity, Look, Outlook, Problem, nothing
from lightdash_sync.sync.plan.virtual_views import with_views

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.json import Json
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.sync.plan.options import PlanOptions, TargetFacts
    from lightdash_sync.sync.plan.values import Step


# Uuids of another project in what is to be written: nothing on the target has them.
#
# What a content file refers to is said by keys and tokens, wherever it stands. Two things are left as the
# server said them: the uuid of a part of *another* dashboard, such as a link in Markdown to one of its
# tabs, and a uuid in a field that nobody told us of. The first would be written into a project that does
# not know it, so it is refused; of the second nobody knows what it is the uuid of, so it is named.

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Names that an item gives within itself, and values that people filter by.
_ITS_OWN = frozenset({"id", "controlUuid", "requiredGroupId", "values", "parameters", "verification"})
_CONTROLS = ("config", "dateZoomConfig", "controls")  # each has a `uuid`, by which its targets name it


def parts_of_all(identity: Identity) -> dict[str, str]:
    """Return uuid -> words for the parts of all dashboards of a project."""
    return {
        uuid: f"the {word} {shown(name)} of dashboard:{key}"
        for key, facts in sorted(identity.items.get(Kind.DASHBOARD, {}).items())
        for word, part in TOKENS.items()
        for uuid, name in by_id(facts, part).items()
    }


def foreign_findings(content: Json, parts: Mapping[str, str]) -> Iterator[PreflightFinding]:
    """Yield the uuids in a content file that mean something only where it comes from.

    Args:
        content: of the file.
        parts: uuid -> words, of the parts of dashboards there.
    """
    for path, text in _texts(content, ()):
        place = ".".join(path)
        for uuid in sorted({*_UUID.findall(text)} & parts.keys()):
            what = (
                f"its field {shown(place)} holds the uuid of {parts[uuid]} of the source, which nothing in"
                " the target has; replace it there"
            )
            yield PreflightFinding("foreign_uuid", f"{place} {uuid}", what)
        if _UUID.fullmatch(text) and text not in parts and not _is_its_own(path):
            what = (
                f"its field {shown(place)} holds the uuid {text}, and what it is of is not known: it is"
                " written as it is"
            )
            yield PreflightFinding("unknown_uuid", f"{place} {text}", what, Gravity.WARNS)


def _texts(value: Json, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every text in a value, names of fields included, with the fields that lead to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, path)
    elif isinstance(value, dict):
        for name, one in value.items():
            if _UUID.search(name):
                yield path, name
                yield from _texts(one, path)
            else:
                yield from _texts(one, (*path, name))


def _is_its_own(path: tuple[str, ...]) -> bool:
    return not _ITS_OWN.isdisjoint(path) or path[:-1] == _CONTROLS


_KINDS = frozenset(Kind)
_ITSELF = frozenset({"project", "organization"})


def needed_tables(steps: Sequence[Step], look: Look = nothing) -> frozenset[str]:
    """Return the explores whose fields must be known to check what a plan creates and updates.

    Some may be tables that are no explores of their own, because filters name tables.

    Args:
        steps: of the plan.
        look: content of charts and dashboards that the plan leaves alone.
    """
    outlook = Outlook.of(steps, look)
    names = (name for step in steps for name in tables_of(step.kind, step.key, outlook))
    return frozenset(name for name in names if name)


_IN_TEXT = "its text refers to"

# What nothing can be written for, whatever the user allows.
IMPOSSIBLE = frozenset(
    {"missing_item", "missing_link", "deleted_reference", "external_reference", "external_link"}
    | {"unknown_holder", "unknown_reference"}
    | {"secret_address", NOT_ALLOWED, UNKNOWN_PLACE, "missing_app", "missing_part"}
)


def reference_problems(
    steps: Sequence[Step],
    facts: TargetFacts,
    options: PlanOptions,
    existing: Set[ItemKey],
    external: Collection[str] = (),
    look: Look = nothing,
    parts: Mapping[str, str] | None = None,
) -> tuple[Problem, ...]:
    """Return what the items that a plan writes refer to and would not find.

    Args:
        steps: of the plan.
        facts: what the target has, with the fields of `needed_tables`.
        options: `allow_broken` and `recipients`.
        existing: kind and key of every item of the target.
        external: `~` keys of what lies outside the project and the target can say.
        look: content of charts and dashboards that the plan leaves alone.
        parts: uuid -> words, of the parts of dashboards of the source; None if that is the target itself.
    """
    outlook, then = Outlook.of(steps, look), with_views(facts, steps)
    there = _There(outlook, facts, existing, external, parts)
    found = [*owner_problems(steps, facts)]
    for step in steps:
        if step.action is Action.DELETE:
            continue
        known = _of_explores(step.kind, step.key, outlook.before, facts)
        old = {(finding.code, finding.subject) for finding in known}
        allowed = allows(options.allow_broken, step.item)
        for finding in dict.fromkeys(_findings(step, outlook, there, then, options)):
            mild = allowed and finding.code not in IMPOSSIBLE
            lenient = mild or (finding.code, finding.subject) in old
            gravity = Gravity.WARNS if lenient else finding.gravity
            found.append(Problem(step.item, finding.code, finding.what, gravity))
    return tuple(sorted(set(found)))


def _findings(
    step: Step, outlook: Outlook, there: _There, facts: TargetFacts, options: PlanOptions
) -> Iterator[PreflightFinding]:
    yield from _of_explores(step.kind, step.key, outlook.after, facts)
    yield from there.findings(step.kind, step.after)
    if step.kind is Kind.SCHEDULER:
        yield from delivery_findings(step.after, facts, options)


def _of_explores(
    kind: Kind, key: str, content: Callable[[Kind, str], Json], facts: TargetFacts
) -> Iterator[PreflightFinding]:
    """Yield explores and fields that an item needs and does not find, by its content at one time."""
    item = content(kind, key)
    if kind is Kind.CHART and item is not None:
        yield from chart_findings(item, facts)
    elif kind is Kind.DASHBOARD:
        yield from _of_filters(dashboard_rules(item), item, content, facts)
    elif kind is Kind.SCHEDULER:
        if dashboard := get_str(item, "dashboard"):
            shows = content(Kind.DASHBOARD, dashboard)
            yield from _of_filters([*get_list(item, "filters")], shows, content, facts)
        if chart := get_str(item, "chart"):
            yield from threshold_findings(item, content(Kind.CHART, chart), facts)


def _of_filters(
    rules: list[Json], dashboard: Json, content: Callable[[Kind, str], Json], facts: TargetFacts
) -> Iterator[PreflightFinding]:
    charts = [content(Kind.CHART, key) for key in tile_charts(dashboard)]
    known = [chart for chart in charts if chart is not None]
    yield from filter_findings(rules, known, facts, all_charts=len(known) == len(charts))


class _There:
    """What can be referred to once the plan is done.

    Args:
        outlook: the plan.
        facts: people and groups of the target.
        existing: its items.
        external: what lies outside the project and is known there.
        parts: uuid -> words, of the parts of dashboards of the source; None if that is the target itself.
    """

    def __init__(
        self,
        outlook: Outlook,
        facts: TargetFacts,
        existing: Set[ItemKey],
        external: Collection[str],
        parts: Mapping[str, str] | None,
    ) -> None:
        self._parts = parts
        self._outlook, self._steps = outlook, outlook.steps
        self._facts = facts
        self._existing = existing
        self._external = external

    def findings(self, kind: Kind, content: Json) -> Iterator[PreflightFinding]:
        """Yield the references of an item that lead nowhere."""
        tokens = tokens_in(content)
        in_text = {Reference(*_split(token)) for token in tokens}
        yield from self._own_parts(kind, content, tokens)
        if self._parts is not None:
            yield from foreign_findings(content, self._parts)
        for link in sorted(set(links(kind, content))):
            if link.to in (PERSON, GROUP, PALETTE):
                if link in in_text:  # grants, owners and palettes of items are seen to elsewhere
                    yield from self._holder(link)
            elif link.to == APP:
                yield from self._app(content, link.key)
            elif link.to in _KINDS - _ITSELF:
                yield from self._item(Kind(link.to), link.key, place_of(kind, content, link))
            elif link.to not in _ITSELF:
                what = f"its text refers to {_named(link)}, which nothing can be"
                yield PreflightFinding("unknown_reference", _named(link), what)

    def _own_parts(self, kind: Kind, content: Json, tokens: Collection[str]) -> Iterator[PreflightFinding]:
        """Yield the parts of its dashboard that a text names and that the dashboard does not have."""
        own = sorted(token for token in tokens if is_own_part(kind, token))
        if not own:
            return
        board = (
            content
            if kind is Kind.DASHBOARD
            else self._outlook.after(Kind.DASHBOARD, get_str(content, "dashboard"))
        )
        dashboard = board if isinstance(board, dict) else {}
        for token in own:
            word, name = _split(token)
            if name not in {get_str(one, "id") for one in elements(dashboard, TOKENS[word])}:
                what = f"its text refers to the {word} {shown(name)}, which its dashboard does not have"
                yield PreflightFinding("missing_part", token, what)

    def _app(self, content: Json, key: str) -> Iterator[PreflightFinding]:
        if key in self._external:
            return
        for tile in get_list(content, "tiles"):
            if get_str(tile, "properties", "app") == key:
                title = shown(get_str(tile, "properties", "appSlug") or get_str(tile, "properties", "title"))
                what = (
                    f"the tile {shown(get_str(tile, 'id'))} shows the data app {title}, which is not in a"
                    " snapshot and not on any dashboard of the target; take the tile away, or show the app"
                    " of the target there first"
                )
                yield PreflightFinding("missing_app", f"{get_str(tile, 'id')} {key}", what)

    def _item(self, kind: Kind, key: str, place: str) -> Iterator[PreflightFinding]:
        name, in_text = _named(Reference(kind, key)), place == _IN_TEXT
        if key.startswith(EXTERNAL):
            if key not in self._external:
                what = (
                    f"{place} a {KINDS[kind].noun[0]} that is not in the source's project, or that its token "
                    f"did not see ({name}); replace it there by one of the project"
                )
                yield PreflightFinding("external_link" if in_text else "external_reference", name, what)
            return
        step = self._steps.get((kind, key))
        if step is not None and step.action is Action.DELETE:
            yield PreflightFinding(
                "deleted_reference", name, f"{place} {name}, which this plan deletes; keep it"
            )
        elif step is None and (kind, key) not in self._existing:
            advice = "select it too, or take the link away" if in_text else "select it too"
            what = f"{place} {name}, which the target does not have and this plan does not create; {advice}"
            yield PreflightFinding("missing_link" if in_text else "missing_item", name, what)

    def _holder(self, link: Reference) -> Iterator[PreflightFinding]:
        facts = self._facts
        names = {PERSON: facts.people, GROUP: facts.groups, PALETTE: facts.palettes}[link.to]
        if names is None:
            what = f"its text refers to {_named(link)}, and the token may not ask whether the target has it"
            yield PreflightFinding("unchecked_holder", _named(link), what, Gravity.WARNS)
        elif link.key not in names:
            what = f"its text refers to {_named(link)}, which the target's organisation does not have"
            yield PreflightFinding("unknown_holder", _named(link), what)


def place_of(kind: Kind, content: Json, link: Reference) -> str:
    """Return where in an item a reference stands, as the beginning of a sentence about it."""
    if kind is Kind.PINS:
        return "pinned is"
    for field, of, words in _PLACES:
        if link.to == of and get_str(content, field) == link.key:
            return words
    shows = {"chart": Kind.CHART, "sqlChart": Kind.SQL_CHART}
    for tile in get_list(content, "tiles"):
        if any(link == (of, get_str(tile, "properties", field)) for field, of in shows.items()):
            title = shown(get_str(tile, "properties", "title") or get_str(tile, "id"))
            return f"the tile {title} shows"
    return _IN_TEXT


_PLACES = (
    ("space", Kind.SPACE, "it lies in"),
    ("parent", Kind.SPACE, "it lies in"),
    ("dashboard", Kind.DASHBOARD, "it belongs to"),
    ("chart", Kind.CHART, "it delivers"),
    ("sqlChart", Kind.SQL_CHART, "it delivers"),
)


def _named(link: Reference) -> str:
    return shown(f"{link.to}:{link.key}" if link.key else link.to)


def _split(token: str) -> tuple[str, str]:
    to, _, key = token.partition(":")
    return to, key
