"""What would be broken after a plan, known before its first write.

Pure: it asks nobody. What the target has comes in as facts, and what could not be asked is said as a
warning, never taken for granted. An explore or field that the item lacks on the target already does not
stop it from being written; a reference that this plan would break does, unless the user allows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.changes.look import held, text
from lightdash_sync.model.keys import EXTERNAL
from lightdash_sync.model.kinds import KINDS, Kind
from lightdash_sync.model.links import APP, GROUP, PALETTE, PERSON, Link, is_own_part, links
from lightdash_sync.model.parts import TOKENS, elements
from lightdash_sync.model.references import tokens_in
from lightdash_sync.model.shown import shown
from lightdash_sync.plan.deliveries import delivery_findings, owner_problems
from lightdash_sync.plan.fields import (
    Finding,
    chart_findings,
    dashboard_rules,
    filter_findings,
    tables_of,
    threshold_findings,
    tile_charts,
)
from lightdash_sync.plan.foreign import foreign_findings
from lightdash_sync.plan.options import allows
from lightdash_sync.plan.outlook import Look, Outlook, nothing
from lightdash_sync.plan.recipients import NOT_ALLOWED, UNKNOWN_PLACE
from lightdash_sync.plan.values import Action, Gravity, Problem
from lightdash_sync.plan.virtual_views import with_views

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set

    from lightdash_sync.model.canonical import Json
    from lightdash_sync.plan.options import Facts, Item, Options
    from lightdash_sync.plan.values import Step

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


# What nothing can be written for, whatever the user allows.
IMPOSSIBLE = frozenset(
    {"missing_item", "deleted_reference", "external_reference", "unknown_holder", "unknown_reference"}
    | {"secret_address", NOT_ALLOWED, UNKNOWN_PLACE, "missing_app", "missing_part"}
)


def reference_problems(
    steps: Sequence[Step],
    facts: Facts,
    options: Options,
    existing: Set[Item],
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
    step: Step, outlook: Outlook, there: _There, facts: Facts, options: Options
) -> Iterator[Finding]:
    yield from _of_explores(step.kind, step.key, outlook.after, facts)
    yield from there.findings(step.kind, step.after)
    if step.kind is Kind.SCHEDULER:
        yield from delivery_findings(step.after, facts, options)


def _of_explores(
    kind: Kind, key: str, content: Callable[[Kind, str], Json], facts: Facts
) -> Iterator[Finding]:
    """Yield explores and fields that an item needs and does not find, by its content at one time."""
    item = content(kind, key)
    if kind is Kind.CHART and item is not None:
        yield from chart_findings(item, facts)
    elif kind is Kind.DASHBOARD:
        yield from _of_filters(dashboard_rules(item), item, content, facts)
    elif kind is Kind.SCHEDULER:
        if dashboard := text(item, "dashboard"):
            shows = content(Kind.DASHBOARD, dashboard)
            yield from _of_filters([*held(item, "filters")], shows, content, facts)
        if chart := text(item, "chart"):
            yield from threshold_findings(item, content(Kind.CHART, chart), facts)


def _of_filters(
    rules: list[Json], dashboard: Json, content: Callable[[Kind, str], Json], facts: Facts
) -> Iterator[Finding]:
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
        facts: Facts,
        existing: Set[Item],
        external: Collection[str],
        parts: Mapping[str, str] | None,
    ) -> None:
        self._parts = parts
        self._outlook, self._steps = outlook, outlook.steps
        self._facts = facts
        self._existing = existing
        self._external = external

    def findings(self, kind: Kind, content: Json) -> Iterator[Finding]:
        """Yield the references of an item that lead nowhere."""
        tokens = tokens_in(content)
        in_text = {Link(*_split(token)) for token in tokens}
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
                yield Finding("unknown_reference", _named(link), what)

    def _own_parts(self, kind: Kind, content: Json, tokens: Collection[str]) -> Iterator[Finding]:
        """Yield the parts of its dashboard that a text names and that the dashboard does not have."""
        own = sorted(token for token in tokens if is_own_part(kind, token))
        if not own:
            return
        board = (
            content
            if kind is Kind.DASHBOARD
            else self._outlook.after(Kind.DASHBOARD, text(content, "dashboard"))
        )
        dashboard = board if isinstance(board, dict) else {}
        for token in own:
            word, name = _split(token)
            if name not in {text(one, "id") for one in elements(dashboard, TOKENS[word])}:
                what = f"its text refers to the {word} {shown(name)}, which its dashboard does not have"
                yield Finding("missing_part", token, what)

    def _app(self, content: Json, key: str) -> Iterator[Finding]:
        if key in self._external:
            return
        for tile in held(content, "tiles"):
            if text(tile, "properties", "app") == key:
                title = shown(text(tile, "properties", "appSlug") or text(tile, "properties", "title"))
                what = (
                    f"the tile {shown(text(tile, 'id'))} shows the data app {title}, which is not in a"
                    " snapshot and not on any dashboard of the target; take the tile away, or show the app"
                    " of the target there first"
                )
                yield Finding("missing_app", f"{text(tile, 'id')} {key}", what)

    def _item(self, kind: Kind, key: str, place: str) -> Iterator[Finding]:
        name = _named(Link(kind, key))
        if key.startswith(EXTERNAL):
            if key not in self._external:
                what = (
                    f"{place} a {KINDS[kind].noun[0]} that is not in the source's project, or that its token "
                    f"did not see ({name}); replace it there by one of the project"
                )
                yield Finding("external_reference", name, what)
            return
        step = self._steps.get((kind, key))
        if step is not None and step.action is Action.DELETE:
            yield Finding("deleted_reference", name, f"{place} {name}, which this plan deletes; keep it")
        elif step is None and (kind, key) not in self._existing:
            what = (
                f"{place} {name}, which the target does not have and this plan does not create; select it too"
            )
            yield Finding("missing_item", name, what)

    def _holder(self, link: Link) -> Iterator[Finding]:
        facts = self._facts
        names = {PERSON: facts.people, GROUP: facts.groups, PALETTE: facts.palettes}[link.to]
        if names is None:
            what = f"its text refers to {_named(link)}, and the token may not ask whether the target has it"
            yield Finding("unchecked_holder", _named(link), what, Gravity.WARNS)
        elif link.key not in names:
            what = f"its text refers to {_named(link)}, which the target's organisation does not have"
            yield Finding("unknown_holder", _named(link), what)


def place_of(kind: Kind, content: Json, link: Link) -> str:
    """Return where in an item a reference stands, as the beginning of a sentence about it."""
    if kind is Kind.PINS:
        return "pinned is"
    for field, of, words in _PLACES:
        if link.to == of and text(content, field) == link.key:
            return words
    shows = {"chart": Kind.CHART, "sqlChart": Kind.SQL_CHART}
    for tile in held(content, "tiles"):
        if any(link == (of, text(tile, "properties", field)) for field, of in shows.items()):
            title = shown(text(tile, "properties", "title") or text(tile, "id"))
            return f"the tile {title} shows"
    return "its text refers to"


_PLACES = (
    ("space", Kind.SPACE, "it lies in"),
    ("parent", Kind.SPACE, "it lies in"),
    ("dashboard", Kind.DASHBOARD, "it belongs to"),
    ("chart", Kind.CHART, "it delivers"),
    ("sqlChart", Kind.SQL_CHART, "it delivers"),
)


def _named(link: Link) -> str:
    return shown(f"{link.to}:{link.key}" if link.key else link.to)


def _split(token: str) -> tuple[str, str]:
    to, _, key = token.partition(":")
    return to, key
