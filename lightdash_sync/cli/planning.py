"""The options of commands that make plans, and the target that they are made for."""

from __future__ import annotations

import functools
import re
import sys
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lightdash_sync.cli.connect import Command, connected, environment_options, with_options
from lightdash_sync.errors import ConfigError
from lightdash_sync.model.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lightdash_sync.config import Settings
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.plan.options import Item, Options
    from lightdash_sync.sides import Side
    from lightdash_sync.sync.target import Place

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_AGE = re.compile(r"(\d{1,6})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}

_CHOICE = [
    click.option(
        "--only", multiple=True, metavar="KIND[:KEY]", help="Only this item, or this kind (repeated)."
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
        help="Only what was saved since: 2026-11-01, 3d, or a git revision.",
    ),
    click.option("--no-dependencies", is_flag=True, help="Refuse what needs something that is not chosen."),
]
_ALLOWED = [
    click.option("--delete", is_flag=True, help="Delete what the source no longer has, within limits."),
    click.option("--max-deletes", type=click.IntRange(0), metavar="N", help="Allow N deletes of a kind."),
    click.option(
        "--allow-drift", multiple=True, metavar="KIND:KEY|all", help="Overwrite the target's change."
    ),
    click.option("--merge", is_flag=True, help="Combine the changes of both sides, field by field."),
    click.option("--allow-twins", multiple=True, metavar="KIND:KEY|all", help="Make a second one of a name."),
    click.option("--allow-broken", multiple=True, metavar="KIND:KEY|all", help="Write what lacks something."),
    click.option("--keep-access", is_flag=True, help="Leave privacy and grants of existing spaces alone."),
    click.option("--enable-schedulers", is_flag=True, help="Switch schedulers on as the source has them."),
]
_ADOPTED = [
    click.option("--adopt", multiple=True, metavar="KIND:KEY=UUID", help="Link an item of the target."),
    click.option("--adopt-by-name", is_flag=True, help="Link what has the same name in the same place."),
    click.option("--adopt-by-slug", is_flag=True, help="Link what has the same slug."),
]


def planning_options(command: Command) -> Command:
    """Add the options of a command that makes a plan; they arrive as one `Wanted`, named `wanted`."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        names = {param.name for option in (*_CHOICE, *_ALLOWED, *_ADOPTED) for param in _params(option)}
        mine = {name: kwargs.pop(name) for name in names if name}
        return command(*args, wanted=Wanted(mine), **kwargs)

    return with_options(environment_options(wrapped), [*_CHOICE, *_ALLOWED, *_ADOPTED])


def _params(option: Callable[[Command], Command]) -> list[click.Parameter]:
    def nothing() -> None:
        """Take the option, to tell its name."""

    option(nothing)
    found: list[click.Parameter] = nothing.__click_params__  # type: ignore[attr-defined]
    return found


class Wanted:
    """What the options of a plan say; nothing of it is looked at before it is asked for.

    Args:
        said: name of each option -> its value.
    """

    def __init__(self, said: dict[str, Any]) -> None:
        self._said = said

    def options(
        self, side: Side, recipients: tuple[str, ...] | None, earlier: Callable[[str], Side]
    ) -> Options:
        """Return what the user allows, and which items.

        Args:
            side: the desired side.
            recipients: patterns of addresses that the target may deliver to; None for any.
            earlier: opens the desired side as it was at a revision.

        Raises:
            ConfigError: something cannot be understood.
        """
        from lightdash_sync.plan.options import Options

        said = self._said
        return Options(
            choice=self._choice(side, earlier),
            delete=said["delete"],
            max_deletes=said["max_deletes"],
            allow_drift=frozenset(said["allow_drift"]),
            merge=said["merge"],
            allow_twins=frozenset(said["allow_twins"]),
            allow_broken=frozenset(said["allow_broken"]),
            keep_access=said["keep_access"],
            enable_schedulers=said["enable_schedulers"],
            recipients=recipients,
        )

    @property
    def deletes(self) -> bool:
        """Whether what the source no longer has may be deleted."""
        return bool(self._said["delete"])

    def adopt(self) -> dict[Kind, dict[str, JsonObject]]:
        """Return the items of the target that are to be linked, by kind and key.

        Raises:
            ConfigError: something cannot be understood.
        """
        found: dict[Kind, dict[str, JsonObject]] = {}
        for said in self._said["adopt"]:
            item, _, uuid = said.partition("=")
            kind, key = parse_item(item)
            found.setdefault(kind, {})[key] = {"uuid": parse_uuid(uuid)}
        return found

    @property
    def adopt_by(self) -> str:
        """`name`, `slug` or "".

        Raises:
            ConfigError: both.
        """
        if self._said["adopt_by_name"] and self._said["adopt_by_slug"]:
            raise ConfigError("--adopt-by-name and --adopt-by-slug exclude each other")
        return "name" if self._said["adopt_by_name"] else "slug" if self._said["adopt_by_slug"] else ""

    def _choice(self, side: Side, earlier: Callable[[str], Side]) -> Any:
        from lightdash_sync.plan.options import Choice

        said = self._said
        kinds = [Kind(one) for one in said["only"] if one in set(Kind)]
        items = {parse_item(one) for one in said["only"] if one not in set(Kind)}
        items |= {(Kind.DASHBOARD, key) for key in said["dashboards"]}
        items |= {(Kind.CHART, key) for key in said["charts"]}
        _require_known(side, items | {(Kind.SPACE, key) for key in said["spaces"]}, deletes=said["delete"])
        return Choice(
            items=frozenset(items),
            kinds=frozenset(kinds),
            spaces=frozenset(said["spaces"]),
            paths=_changed(side, said["changed_since"], earlier),
            dependencies=not said["no_dependencies"],
        )


def parse_item(said: str) -> Item:
    """Read `kind:key`.

    Raises:
        ConfigError: it is something else.
    """
    from lightdash_sync.model.keys import is_key

    kind, _, key = said.partition(":")
    if kind not in set(Kind) or not is_key(key):
        raise ConfigError(f"{said!r} is no item", hint=f"Say it as KIND:KEY; kinds are {', '.join(Kind)}.")
    return Kind(kind), key


def parse_uuid(said: str) -> str:
    """Read a uuid.

    Raises:
        ConfigError: it is something else.
    """
    if not _UUID.fullmatch(said):
        raise ConfigError(f"{said!r} is no uuid", hint="Say it as KIND:KEY=UUID.")
    return said.lower()


def _require_known(side: Side, items: set[Item], *, deletes: bool) -> None:
    from lightdash_sync.model.rekey import file_of

    if deletes:  # what is to be deleted is not in the source
        return
    for kind, key in sorted(items):
        if file_of(kind, key) not in side.tree:
            raise ConfigError(
                f"{side.label} has no {kind}:{key}",
                hint="A key is the name of the item's file in a snapshot.",
            )


def _changed(side: Side, since: str | None, earlier: Callable[[str], Side]) -> frozenset[str] | None:
    """Return the paths of what was saved since a time, or differs from a revision."""
    from lightdash_sync.model.authorship import version_stamp
    from lightdash_sync.model.rekey import items_of

    if since is None:
        return None
    moment = read_moment(since)
    if moment is not None:
        identity = side.tree.identity
        return frozenset(
            path
            for path, (kind, key) in items_of(side.tree).items()
            if (stamp := version_stamp(kind, identity.facts(kind, key))) and stamp.time >= moment
        )
    before = earlier(since).tree
    return frozenset(
        path for path in items_of(side.tree) if before.digests.get(path) != side.tree.digests[path]
    )


def read_moment(said: str) -> datetime | None:
    """Read a date, or how long ago; None for what is neither."""
    if match := _AGE.fullmatch(said):
        return datetime.now(UTC) - timedelta(**{_UNITS[match[2]]: int(match[1])})
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


class Opening:
    """Opens sides and targets of one command; they stay open to its end.

    Args:
        settings: loads the settings of an environment.
        config: the settings file, or None.
        stack: closes everything.
    """

    def __init__(self, settings: Callable[[str], Settings], config: Path | None, stack: ExitStack) -> None:
        from lightdash_sync.config import known_environments
        from lightdash_sync.report.terminal import Bars

        self._settings, self._config, self._stack = settings, config, stack
        self.folders, self.default = known_environments(Path(), config)
        self.bars = stack.enter_context(Bars())

    def side(self, said: str, beside: str = "") -> Side:
        """Open what a user named; `beside` is the environment that it is compared with."""
        from lightdash_sync.report.terminal import say_warning
        from lightdash_sync.sides import Environments, opened, parse_side

        named = parse_side(said, self.folders, Path())
        others = [parse_side(f"env:{beside}", self.folders, Path())] if beside else []
        if named.note:
            say_warning(named.note)
        base = self._config.parent if self._config else Path()
        known = Environments(base, self.folders, self._connect, self.default, progress=self.bars)
        return self._stack.enter_context(opened(named, known, [named, *others]))

    def place(self, name: str) -> tuple[Place, Settings]:
        """Open an environment as a target, and hold its lock.

        Raises:
            ConfigError: there is no such environment.
            Locked: another run plans or applies there.
        """
        from lightdash_sync.projects import choose_project
        from lightdash_sync.sync.folders import Folders
        from lightdash_sync.sync.target import Place, read_before

        if name not in self.folders:
            there = ", ".join(self.folders) or "none"
            raise ConfigError(
                f"there is no environment {name!r} in lightdash-sync.toml", hint=f"There are: {there}."
            )
        loaded = self._settings(name)
        lightdash = self._stack.enter_context(connected(loaded))
        lightdash.server.require_supported()
        folders = Folders(self.folders[name])
        project = choose_project(lightdash, loaded.project, read_before(folders))
        place = Place(name, project, lightdash, folders, self.bars)
        self._stack.enter_context(place.held())
        return place, loaded

    def earlier(self, side: Side, revision: str, target: str) -> Side:
        """Open a desired side as it was at a revision.

        Raises:
            ConfigError: it is no snapshot in git.
        """
        from lightdash_sync.sides import SideKind

        if side.kind is SideKind.DIRECTORY:
            return self.side(
                f"git:{revision}:./{side.root}" if not side.root.is_absolute() else f"git:{revision}"
            )
        if side.kind is SideKind.GIT:
            return self.side(f"git:{revision}:{side.label.split(':', 2)[2].split(' ')[0]}", target)
        return self.side(f"git:{revision}", side.label.removesuffix(" (live)"))

    def revision(self, when: str, name: str) -> str:
        """Return the revision that is meant by a date: the last one of an environment's snapshot by then.

        Raises:
            ConfigError: there was none yet.
        """
        from lightdash_sync.git import Repository

        moment = read_moment(when)
        if moment is None:
            return when
        folder = self.folders[name]
        repository = Repository.around(self._config.parent if self._config else Path())
        for revision in repository.history(folder):
            if revision.time <= moment:
                return revision.id
        raise ConfigError(
            f"git has no snapshot of {name} from {when} or before",
            hint=f"`lightdash-sync log --env {name}` lists all.",
        )

    @contextmanager
    def _connect(self, name: str) -> Iterator[tuple[Any, str | None]]:
        loaded = self._settings(name)
        with connected(loaded) as lightdash:
            yield lightdash, loaded.project


def confirmed(question: str, *, yes: bool) -> None:
    """Ask whether to go on.

    Raises:
        click.Abort: the answer is no.
        ConfigError: there is nobody to ask.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigError("nobody is there to say yes", hint="Give --yes to apply without being asked.")
    click.confirm(question, default=False, abort=True, err=True)
