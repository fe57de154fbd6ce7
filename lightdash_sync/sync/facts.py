"""What a target has besides content, read before a plan: people, groups, explores, metrics, channels.

What the token may not list, or the server does not tell, is left open in the facts (`None`, or an explore
without fields), and the checks that need it say so; everything else that fails is an error as usual.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from lightdash_sync.content.json import get_path, get_str
from lightdash_sync.errors import ApiError, NotAuthorised, NotFound
from lightdash_sync.export.inventory import palettes_by_name
from lightdash_sync.lightdash.as_code import find_aliases
from lightdash_sync.lightdash.tokens import TokenKind
from lightdash_sync.sync.plan.fields import field_id
from lightdash_sync.sync.plan.options import TargetFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from lightdash_sync.content.json import Json
    from lightdash_sync.content.kinds import Kind
    from lightdash_sync.export.inventory import Inventory
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.workers import Workers

    Slugs = Mapping[Kind, Collection[str]]

T = TypeVar("T")

# A faulty explore is refused with 400 (`NonCompiledModelError`), a hidden one with 403.
_NO_FIELDS = (400, 403, 404)


def read_facts(
    lightdash: Lightdash,
    project: str,
    *,
    same_project: bool = False,
    lists: Inventory | None = None,
    slack: bool = True,
) -> TargetFacts:
    """Read what can be asked before the content is known; `with_fields` reads the rest.

    Args:
        lightdash: the server of the target.
        project: uuid of the target.
        same_project: whether the desired content was taken from this very project.
        lists: of the target, if they were read already; what they tell is not asked for again.
        slack: whether the content delivers to Slack, so that its channels have to be known.

    Raises:
        NotAuthorised: the token is not accepted at all.
        ApiError: the server failed.
    """
    members = lists.members if lists is not None else _allowed(lightdash.members)
    groups = _allowed(lightdash.groups)
    tables = lists.tables if lists is not None else None
    if tables is None:
        explores = _allowed(lambda: lightdash.explores(project))
        tables = None if explores is None else frozenset(row.name for row in explores)
    metrics = lists.metrics if lists is not None else _allowed(lambda: lightdash.metrics(project))
    channels, user = read_channels(lightdash) if slack else None, lightdash.user()
    palettes = _allowed(lightdash.color_palettes) if lightdash.server.can("chart_palettes") else None
    return TargetFacts(
        same_project=same_project,
        people=None if members is None else {member.email: member.userUuid for member in members},
        groups=None if groups is None else {group.name: group.uuid for group in groups},
        palettes=None if palettes is None else frozenset(palettes_by_name(palettes)),
        keeps_deleted=lightdash.health().keeps_deleted if lightdash.server.can("soft_delete") else None,
        verifies=lightdash.server.can("verification"),
        may_verify=user.may("manage", "ContentVerification", project),
        caller=user.email or "",
        service_account=lightdash.session.connection.token_kind is TokenKind.SERVICE_ACCOUNT,
        tables=tables,
        metrics=None if metrics is None else frozenset((one.tableName, one.name) for one in metrics),
        channels=channels,
        lacks=lightdash.server.cannot,
        may_write_code=not user.abilityRules or user.may("manage", "ContentAsCode", project),
    )


def read_channels(lightdash: Lightdash) -> dict[str, str] | None:
    """Return id -> name of the Slack channels that a server can post to; None if it cannot say."""
    channels = lightdash.slack_channels()
    return None if channels is None else {channel.id: channel.name for channel in channels}


def with_fields(
    facts: TargetFacts, lightdash: Lightdash, project: str, tables: Collection[str], workers: Workers
) -> TargetFacts:
    """Return facts with the fields of some explores, read at the same time; those known are not read again.

    Args:
        facts: of `read_facts`.
        lightdash: the server of the target.
        project: uuid of the target.
        tables: names of explores (`sync.plan.preflight.needed_tables`); what is none is passed over.
        workers: who reads.

    Raises:
        ApiError: the server failed.
    """
    wanted = sorted((facts.tables or frozenset()).intersection(tables) - facts.fields.keys())

    def read(table: str) -> tuple[str, frozenset[str] | None]:
        try:
            return table, frozenset(field_ids(lightdash.explore(project, table)))
        except ApiError as error:
            if error.status in _NO_FIELDS:
                return table, None
            raise

    found, unread = workers.run("explores", wanted, read)
    if unread:
        raise unread[0].error
    fields = {table: ids for table, ids in found if ids is not None}
    return replace(facts, fields={**facts.fields, **fields})


def with_aliases(facts: TargetFacts, lightdash: Lightdash, project: str, slugs: Slugs) -> TargetFacts:
    """Return facts with what had some slugs of the target before it was renamed.

    Args:
        facts: of `read_facts`.
        lightdash: the server of the target.
        project: uuid of the target.
        slugs: kind -> slugs that no item there has now.

    Raises:
        ApiError: the server failed.
    """
    found = find_aliases(lightdash, project, slugs)
    known = {kind: {**facts.aliases.get(kind, {}), **more} for kind, more in found.items()}
    return replace(facts, aliases={**facts.aliases, **known})


def field_ids(explore: Json) -> Iterator[str]:
    """Yield the ids of all fields of an explore, those of joined tables and hidden ones included."""
    tables = get_path(explore, "tables")
    for name, table in tables.items() if isinstance(tables, dict) else ():
        for group in ("dimensions", "metrics"):
            fields = get_path(table, group)
            for key, field in fields.items() if isinstance(fields, dict) else ():
                yield field_id(get_str(field, "table") or name, get_str(field, "name") or key)


def _allowed(ask: Callable[[], T]) -> T | None:
    """Return an answer, or None where the token may not ask."""
    try:
        return ask()
    except NotFound:
        return None
    except NotAuthorised as error:
        if error.status == 401:
            raise
        return None
