"""The options of commands that make plans: which items to select, what to allow, which items to link."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

import click

from lightdash_sync.cli.options import Command, environment_options, with_options
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lightdash_sync.content.contents import Contents
    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.sources import Side
    from lightdash_sync.sync.plan.options import ItemSelection, PlanOptions

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

PERSONAL_SPACES = click.option(
    "--personal-spaces", is_flag=True, help="Take personal spaces along into another project, too."
)
_CHOICE = [
    click.option(
        "--only",
        multiple=True,
        metavar="KIND[:KEY]",
        help="Only this item, or this kind (repeated). Items go by key, name or address.",
    ),
    click.option(
        "--space", "spaces", multiple=True, metavar="KEY", help="Only what is in this space (repeated)."
    ),
    click.option(
        "--dashboard", "dashboards", multiple=True, metavar="KEY", help="Only this dashboard (repeated)."
    ),
    click.option("--chart", "charts", multiple=True, metavar="KEY", help="Only this chart (repeated)."),
    click.option(
        "--changed-since",
        metavar="WHEN",
        help="Only what was saved since: 2026-11-01, yesterday, 3d, or a git revision.",
    ),
    PERSONAL_SPACES,
    click.option("--no-dependencies", is_flag=True, help="Refuse what needs something that is not chosen."),
]
_DELETES = [
    click.option("--delete", is_flag=True, help="Delete what the source no longer has, within limits."),
    click.option("--max-deletes", type=click.IntRange(0), metavar="N", help="Allow N deletes of a kind."),
]
ALLOWED = [
    click.option(
        "--allow-drift", multiple=True, metavar="KIND:KEY|all", help="Overwrite the target's change."
    ),
    click.option("--merge", is_flag=True, help="Combine the changes of both sides, field by field."),
    click.option("--allow-twins", multiple=True, metavar="KIND:KEY|all", help="Make a second one of a name."),
    click.option("--allow-broken", multiple=True, metavar="KIND:KEY|all", help="Write what lacks something."),
    click.option("--keep-access", is_flag=True, help="Leave privacy and grants of existing spaces alone."),
]
_SCHEDULERS = [
    click.option("--enable-schedulers", is_flag=True, help="Switch schedulers on as the source has them."),
    click.option(
        "--with-verification", is_flag=True, help="Carry verification, in the name of the token's owner."
    ),
]
ADOPTED = [
    click.option("--adopt", multiple=True, metavar="KIND:KEY=UUID", help="Link an item of the target."),
    click.option("--adopt-by-name", is_flag=True, help="Link what has the same name in the same place."),
    click.option("--adopt-by-slug", is_flag=True, help="Link what has the same slug."),
]


_ALL = [*_CHOICE, *_DELETES, *ALLOWED, *_SCHEDULERS, *ADOPTED]


def planning_options(command: Command) -> Command:
    """Add the options of a command that makes a plan; they arrive as one `PlanArguments`, named `wanted`."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return command(*args, wanted=PlanArguments(taken(kwargs, _ALL)), **kwargs)

    return with_options(environment_options(wrapped), _ALL)


def taken(given: dict[str, Any], options: Iterable[Callable[[Command], Command]]) -> dict[str, Any]:
    """Remove the values of options from the arguments of a command; return them by name."""
    names = [param.name for option in options for param in _params(option)]
    return {name: given.pop(name) for name in names if name}


def _params(option: Callable[[Command], Command]) -> list[click.Parameter]:
    def nothing() -> None:
        """Carry the option, so that click exposes its parameters."""

    option(nothing)
    found: list[click.Parameter] = nothing.__click_params__  # type: ignore[attr-defined]
    return found


class PlanArguments:
    """The values of the plan options; each is checked when a method needs it, not before.

    Args:
        said: name of each option -> its value.
    """

    def __init__(self, said: dict[str, Any]) -> None:
        self._said = said

    def options(self, side: Side, earlier: Callable[[str], Side]) -> PlanOptions:
        """Return what the user allows, and the selected items.

        Args:
            side: the desired side.
            earlier: opens the desired side as it was at a revision.

        Raises:
            ConfigError: the value of an option is invalid.
        """
        return allowed(self._said, self._choice(side, earlier))

    @property
    def deletes(self) -> bool:
        """Whether items that the source no longer has may be deleted."""
        return bool(self._said["delete"])

    def adopt(self) -> dict[Kind, dict[str, JsonObject]]:
        """Return the items of the target to link, by kind and key.

        Raises:
            ConfigError: the value of an option is invalid.
        """
        return adopted(self._said)

    @property
    def adopt_by(self) -> str:
        """The property by which items are linked: `name`, `slug` or "".

        Raises:
            ConfigError: both were given.
        """
        return adopted_by(self._said)

    def _choice(self, side: Side, earlier: Callable[[str], Side]) -> ItemSelection:
        from lightdash_sync.content.contents import Contents
        from lightdash_sync.sync.plan.options import ItemSelection

        said, contents = self._said, Contents(side.tree)
        kinds = [Kind(one) for one in said["only"] if one in set(Kind)]
        items = {_find(one, None, contents) for one in said["only"] if one not in set(Kind)}
        items |= {_find(text, Kind.DASHBOARD, contents) for text in said["dashboards"]}
        items |= {_find(text, Kind.CHART, contents) for text in said["charts"]}
        spaces = {_find(text, Kind.SPACE, contents) for text in said["spaces"]}
        if not said["delete"]:  # items to delete are not in the source
            _require_known(side, contents, items | spaces)
        return ItemSelection(
            items=frozenset(items),
            kinds=frozenset(kinds),
            spaces=frozenset(key for _, key in spaces),
            paths=_changed(side, said["changed_since"], earlier),
            dependencies=not said["no_dependencies"],
        )


def allowed(said: Mapping[str, Any], choice: ItemSelection) -> PlanOptions:
    """Return what the options of a command allow.

    Args:
        said: name of each option -> its value; an option that the command lacks allows nothing.
        choice: the selected items.
    """
    from lightdash_sync.sync.plan.options import PlanOptions

    return PlanOptions(
        choice=choice,
        delete=said.get("delete", False),
        max_deletes=said.get("max_deletes"),
        allow_drift=frozenset(said["allow_drift"]),
        merge=said["merge"],
        allow_twins=frozenset(said["allow_twins"]),
        allow_broken=frozenset(said["allow_broken"]),
        keep_access=said["keep_access"],
        enable_schedulers=said.get("enable_schedulers", False),
        personal_spaces=said.get("personal_spaces", False),
        verification=said.get("with_verification", False),
    )


def adopted(said: Mapping[str, Any]) -> dict[Kind, dict[str, JsonObject]]:
    """Return the items of the target to link, by kind and key.

    Raises:
        ConfigError: the value of an option is invalid.
    """
    found: dict[Kind, dict[str, JsonObject]] = {}
    for one in said["adopt"]:
        item, _, uuid = one.partition("=")
        kind, key = parse_item(item)
        found.setdefault(kind, {})[key] = {"uuid": parse_uuid(uuid)}
    return found


def adopted_by(said: Mapping[str, Any]) -> str:
    """Return the property by which items are linked: `name`, `slug` or "".

    Raises:
        ConfigError: both were given.
    """
    if said["adopt_by_name"] and said["adopt_by_slug"]:
        raise ConfigError("--adopt-by-name and --adopt-by-slug exclude each other")
    return "name" if said["adopt_by_name"] else "slug" if said["adopt_by_slug"] else ""


def parse_item(said: str) -> ItemKey:
    """Parse `kind:key`.

    Raises:
        ConfigError: the text has another form.
    """
    from lightdash_sync.content.keys import is_key

    kind, _, key = said.partition(":")
    if kind not in set(Kind) or not is_key(key):
        raise ConfigError(f"{said!r} is no item", hint=f"Say it as KIND:KEY; kinds are {', '.join(Kind)}.")
    return Kind(kind), key


def parse_uuid(said: str) -> str:
    """Parse a uuid.

    Raises:
        ConfigError: the text is not a uuid.
    """
    if not _UUID.fullmatch(said):
        raise ConfigError(f"{said!r} is no uuid", hint="Say it as KIND:KEY=UUID.")
    return said.lower()


def _find(text: str, kind: Kind | None, contents: Contents) -> ItemKey:
    """Return the item that a user names by key, name or address; a key need not be of an item that is there.

    Raises:
        ConfigError: several items have the name, it is of another kind, or it can be no key.
    """
    from lightdash_sync.content.lookup import find_item, suggest_items

    named = text if kind is None else f"{kind}:{text}"
    found = find_item(named, contents)
    if found is None:
        try:
            return parse_item(named)
        except ConfigError as error:
            raise ConfigError(error.message, hint=f"{error.hint} {suggest_items(named, contents)}") from None
    if kind not in (None, found[0]):
        raise ConfigError(f"{text} is {found[0]}:{found[1]}, and no {kind}", hint="Use --only for any kind.")
    return found


def _require_known(side: Side, contents: Contents, items: set[ItemKey]) -> None:
    from lightdash_sync.content.lookup import suggest_items
    from lightdash_sync.content.tree import file_of

    missing = [f"{kind}:{key}" for kind, key in sorted(items) if file_of(kind, key) not in side.tree]
    if missing:
        raise ConfigError(
            f"{side.label} has no {', '.join(missing)}",
            hint=f"{suggest_items(missing[0], contents)} `lightdash-sync log {missing[0]}` tells when it was "
            "there.",
        )


def _changed(side: Side, since: str | None, earlier: Callable[[str], Side]) -> frozenset[str] | None:
    """Return the paths of items that were saved since a time, or that differ from a revision."""
    from lightdash_sync.content.authorship import version_stamp
    from lightdash_sync.content.tree import items_of
    from lightdash_sync.git import read_span

    if since is None:
        return None
    span = read_span(since)
    if span is not None:
        identity = side.tree.identity
        return frozenset(
            path
            for path, (kind, key) in items_of(side.tree).items()
            if (stamp := version_stamp(kind, identity.facts(kind, key))) and stamp.time >= span.first
        )
    before = earlier(since).tree
    return frozenset(
        path for path in items_of(side.tree) if before.digests.get(path) != side.tree.digests[path]
    )
