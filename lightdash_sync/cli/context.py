"""Opens the sources and targets of one command, and asks for confirmation.

The second section finds the source and the upstream project of a promotion.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lightdash_sync.cli.options import connected
from lightdash_sync.errors import ConfigError, GitError, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from lightdash_sync.lightdash.asked_once import CachedAnswers
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.settings import Settings
    from lightdash_sync.sources import Environments, Side
    from lightdash_sync.sync.planning import LastBackup
    from lightdash_sync.sync.target import TargetEnvironment

T = TypeVar("T")


class Opening:
    """Opens sides and targets of one command; they stay open to its end.

    Args:
        settings: loads the settings of an environment.
        config: the settings file, or None.
        stack: closes everything.
    """

    def __init__(self, settings: Callable[[str], Settings], config: Path | None, stack: ExitStack) -> None:
        from lightdash_sync.report.terminal import Bars
        from lightdash_sync.settings import known_environments

        self._settings, self._config, self._stack = settings, config, stack
        self.folders, self.default = known_environments(Path(), config)
        self.bars = Bars()
        self._servers: dict[tuple[str, str], CachedAnswers] = {}

    def side(self, said: str, beside: str = "") -> Side:
        """Open the side that a user named; `beside` is the environment that it is compared with."""
        from lightdash_sync.report.terminal import say_warning
        from lightdash_sync.sources import opened, parse_side

        named = parse_side(said, self.folders, Path())
        others = [parse_side(f"env:{beside}", self.folders, Path())] if beside else []
        if named.note:
            say_warning(named.note)
        return self._stack.enter_context(opened(named, self._known(), [named, *others]))

    def place(self, name: str) -> tuple[TargetEnvironment, Settings]:
        """Open an environment as a target, and hold its lock.

        Raises:
            ConfigError: there is no such environment.
            Locked: another run plans or applies there.
        """
        from lightdash_sync.git import exclude
        from lightdash_sync.sources import choose_project
        from lightdash_sync.sync.runs import Folders
        from lightdash_sync.sync.target import TargetEnvironment, read_before

        if name not in self.folders:
            there = ", ".join(self.folders) or "none"
            raise ConfigError(
                f"there is no environment {name!r} in lightdash-sync.toml", hint=f"There are: {there}."
            )
        loaded = self._settings(name)
        lightdash = self._stack.enter_context(connected(loaded, self._answers(loaded)))
        lightdash.server.require_supported()
        folders = Folders(self.folders[name])
        folders.require_plain()
        exclude(folders.snapshot)
        project = choose_project(lightdash, loaded.project, read_before(folders))
        place = TargetEnvironment(name, project, lightdash, folders, self.bars, loaded.recipients)
        self._stack.enter_context(place.held())
        return place, loaded

    def _answers(self, settings: Settings) -> CachedAnswers:
        """Return what this command knows of a server: environments with one server and token share it."""
        from lightdash_sync.lightdash.asked_once import CachedAnswers

        return self._servers.setdefault((settings.url, settings.token), CachedAnswers())

    def project(self, name: str) -> tuple[Lightdash, str]:
        """Open the server of an environment; return it, and the uuid of the project.

        Raises:
            ConfigError: there is no such project.
        """
        from lightdash_sync.sources import choose_project

        loaded = self._settings(name)
        lightdash = self.keep(connected(loaded, self._answers(loaded)))
        lightdash.server.require_supported()
        return lightdash, choose_project(lightdash, loaded.project, self.folders[name])

    def keep(self, opened: AbstractContextManager[T]) -> T:
        """Keep something open to the end of the command."""
        return self._stack.enter_context(opened)

    def environment_of(self, lightdash: Lightdash, project: str, besides: str) -> str | None:
        """Return the name of the environment of a project; None if there is none.

        Args:
            lightdash: the server.
            project: uuid.
            besides: name of an environment to ignore.
        """
        from lightdash_sync.export.previous import remembered_project
        from lightdash_sync.settings import environment_settings

        origin = lightdash.session.connection.origin.url
        rows = {row.projectUuid: row.name for row in lightdash.projects()}
        title = rows.get(project, project)
        names = {project, title} if [*rows.values()].count(title) == 1 else {project}
        for name, found in environment_settings(Path(), self._config).items():
            url, wanted = found.url, found.project
            remembered = remembered_project(self.folders[name])
            is_it = wanted in names or (
                wanted is None and remembered is not None and remembered[1] == project
            )
            if name != besides and is_it and url.rstrip("/") == origin:
                return name
        return None

    def earlier(self, side: Side, revision: str) -> Side:
        """Open a desired side as it was at a revision.

        Raises:
            GitError: git has no such revision, or no snapshot in it where the side stands.
        """
        from lightdash_sync.sources import earlier

        return self._stack.enter_context(earlier(side, revision, self._known()))

    def _known(self) -> Environments:
        """Return the environments among which sides are looked up."""
        from lightdash_sync.sources import Environments

        base = self._config.parent if self._config else Path()
        return Environments(base, self.folders, self._connect, self.default, progress=self.bars)

    def revision(self, when: str, name: str) -> str:
        """Return the revision for a time: the last one of an environment's snapshot up to then.

        A day means the end of that day. A text that is no time, or that names a revision, stays as it is.

        Raises:
            ConfigError: there was no snapshot yet.
        """
        from lightdash_sync.git import Repository, read_span

        if read_span(when) is None:
            return when
        repository = Repository.around(self._config.parent if self._config else Path())
        try:
            return repository.resolve_at(when, self.folders[name])
        except GitError as error:
            raise ConfigError(
                f"git has no snapshot of {name} from {when} or before",
                hint=f"`lightdash-sync log --env {name}` lists all.",
            ) from error

    def last_backup(self, name: str, revision: str) -> LastBackup | None:
        """Return the last backup of an environment in git; None if it is of another project.

        Args:
            name: of the environment.
            revision: of an earlier backup; both are on one branch.
        """
        from lightdash_sync.git import Repository
        from lightdash_sync.sync.planning import LastBackup

        repository = Repository.around(self._config.parent if self._config else Path())
        folder = self.folders[name]
        newest = repository.newest(folder, revision)
        if newest is None:
            return None
        side = self.side(f"git:{newest.id}:{repository.inside(folder)}", name)
        return LastBackup(side.tree, newest.committed, newest.id)

    @contextmanager
    def _connect(self, name: str) -> Iterator[tuple[Any, str | None]]:
        loaded = self._settings(name)
        with connected(loaded, self._answers(loaded)) as lightdash:
            yield lightdash, loaded.project


def confirmed(question: str, *, yes: bool) -> None:
    """Ask for confirmation.

    Raises:
        click.Abort: the answer is no.
        ConfigError: stdin is not a terminal, so nobody can be asked.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigError(
            "stdin is not a terminal, so the question cannot be answered",
            hint="Pass --yes to go on without confirmation.",
        )
    click.confirm(question, default=False, abort=True, err=True)


# The source of a promotion with its connection, and its upstream project.


@dataclass(frozen=True)
class PromotionSource:
    """The environment that is promoted.

    Attributes:
        name: of the environment.
        lightdash: its server, with the token that promotes.
        project: uuid.
        upstream: uuid of the upstream project; "" if there is none.
        target: name of the environment of the upstream project; None if there is none.
    """

    name: str
    lightdash: Lightdash
    project: str
    upstream: str
    target: str | None


def open_source(opening: Opening, name: str | None) -> PromotionSource:
    """Connect to the environment to promote; its content is not read yet.

    Args:
        opening: opens the environment.
        name: of the environment; None for the default of the settings.

    Raises:
        ConfigError: there is no such environment, or none was named and there is no default.
    """
    from lightdash_sync.sources import find_project

    name = source_name(opening, name)
    lightdash, project = opening.project(name)
    row = find_project(lightdash.projects(), project)
    upstream = row.upstreamProjectUuid or ""
    target = opening.environment_of(lightdash, upstream, besides=name) if upstream else None
    return PromotionSource(name, lightdash, project, upstream, target)


def source_name(opening: Opening, name: str | None) -> str:
    """Return the name of the environment to promote.

    Raises:
        ConfigError: there is no such environment, or none was named and there is no default.
    """
    name = name or opening.default
    if name is None or name not in opening.folders:
        said = "no environment to promote is named" if name is None else f"there is no environment {name!r}"
        hint = (
            "Set LIGHTDASH_URL and LIGHTDASH_PROJECT, or make lightdash-sync.toml with `lightdash-sync init`."
        )
        if opening.folders:
            hint = f"Name an environment of lightdash-sync.toml with --env: {', '.join(opening.folders)}."
        raise ConfigError(said, hint=hint)
    return name


def open_upstream(opening: Opening, source: PromotionSource, *, writing: bool) -> TargetEnvironment:
    """Open the upstream project of a source as a target, and hold its lock.

    For reading, the upstream project need not be an environment. For writing it must be one, because the data
    for an undo are stored beside the snapshot of the environment.

    Args:
        opening: opens the project.
        source: the environment that is promoted.
        writing: whether the project will be changed.

    Raises:
        Refused: there is no upstream project.
        ConfigError: the project will be changed but is not an environment.
        Locked: another run is active there.
    """
    from lightdash_sync.sync.runs import Folders
    from lightdash_sync.sync.target import TargetEnvironment

    if not source.upstream:
        raise Refused(
            f"the project of {source.name} has no upstream project, so Lightdash cannot promote it",
            hint="Set one in Lightdash (project settings), or use `--via replay --to ENV`, which needs none.",
        )
    if source.target is not None:
        return opening.place(source.target)[0]
    if writing:
        url = source.lightdash.session.connection.origin.url
        raise ConfigError(
            f"no environment of lightdash-sync.toml is the upstream project of {source.name}",
            hint="Add one, so that the run can be undone:\n"
            f'[env.upstream]\nurl = "{url}"\nproject = "{source.upstream}"\ntoken_env = "…"',
        )
    folder = opening.keep(TemporaryDirectory(prefix="lightdash-sync-", ignore_cleanup_errors=True))
    place = TargetEnvironment(
        "upstream", source.upstream, source.lightdash, Folders(Path(folder) / "upstream"), opening.bars
    )
    opening.keep(place.held())
    return place
