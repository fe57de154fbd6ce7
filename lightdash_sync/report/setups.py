"""Builds the reports of `doctor`, `projects` and `init`."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from lightdash_sync.report.phrases import counted
from lightdash_sync.report.value import Notes, Report, Table, TableRow, Tone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.doctor import Check
    from lightdash_sync.lightdash.schemas import ProjectRow
    from lightdash_sync.scaffold import PreparedFolder

_STATES = {"ok": Tone.GOOD, "warning": Tone.WARNING, "failed": Tone.BAD}


def doctor_report(
    checks: Sequence[Check], requests: int = 0, duration_s: float = 0.0, *, is_verbose: bool = False
) -> Report:
    """Return the result of each check, with what to do.

    Args:
        checks: in order.
        requests: sent to the server.
        duration_s: seconds.
        is_verbose: list everything that an old version cannot do, instead of the number only.
    """
    data: JsonObject = {
        "checks": [
            {"name": check.name, "state": check.state, "detail": check.detail, "hint": check.hint}
            for check in checks
        ],
        "requests": requests,
        "duration_s": duration_s,
    }
    shown = checks if is_verbose else _without_limits(checks)
    rows = tuple(
        row for check in shown for row in _check_rows(check.state, check.name, check.detail, check.hint)
    )
    return Report("Checks", data, (Table((), rows),), is_complete=True)


def projects_report(projects: Sequence[ProjectRow], requests: int = 0, duration_s: float = 0.0) -> Report:
    """Return the projects that a token sees."""
    names = {project.projectUuid: project.name for project in projects}
    rows = (
        TableRow((one.name, one.projectUuid, one.type.lower(), names.get(upstream, upstream)))
        for one in projects
        for upstream in [one.upstreamProjectUuid or ""]
    )
    data: JsonObject = {
        "projects": [
            {
                "name": one.name,
                "uuid": one.projectUuid,
                "type": one.type,
                "upstream": one.upstreamProjectUuid,
            }
            for one in projects
        ],
        "requests": requests,
        "duration_s": duration_s,
    }
    return Report("Projects", data, (Table(("project", "uuid", "type", "upstream"), tuple(rows)),))


def init_report(
    repository: Path, environment: str, files: Sequence[PreparedFolder], *, is_new: bool
) -> Report:
    """Return the created files, with what to do next.

    Args:
        repository: root of the repository.
        environment: the environment in the settings.
        files: the files with their results.
        is_new: whether the repository was created.
    """
    rows = (
        TableRow((one.result, os.path.relpath(one.path)), Tone.QUIET if one.result == "kept" else Tone.GOOD)
        for one in files
    )
    data: JsonObject = {
        "repository": str(repository),
        "new_repository": is_new,
        "environment": environment,
        "files": [{"path": str(one.path), "result": one.result} for one in files],
    }
    blocks = (
        Notes((f"{'Made a' if is_new else 'Found the'} git repository {repository}",)),
        Table((), tuple(rows)),
        Notes(tuple(_next_of_init(files, environment)), "Next:", is_unbroken=True),
    )
    return Report("Set-up", data, blocks, is_complete=True)


def _next_of_init(files: Sequence[PreparedFolder], environment: str) -> Iterator[str]:
    here = os.path.relpath(files[0].path.parent)
    steps = [] if here == "." else [(f"cd {shlex.quote(here)}", "where the settings are")]
    steps += [
        ("git add . && git commit -m 'Set up backups'", "a backup commits nothing but snapshots"),
        (f"lightdash-sync doctor --env {environment}", "check server, token and project"),
        (f"lightdash-sync backup --env {environment}", "make the first backup"),
    ]
    yield from (f"{command:<47} {why}" for command, why in steps)


def _without_limits(checks: Iterable[Check]) -> Iterator[Check]:
    """Yield checks, with only the number of things that an old version cannot do."""
    from lightdash_sync.doctor import LIMITS, Check

    checks = [*checks]
    limits = sum(check.name == LIMITS for check in checks)
    for number, check in enumerate(checks):
        if check.name != LIMITS:
            yield check
        elif number == 0 or checks[number - 1].name != LIMITS:
            what = counted(limits, "thing")
            yield Check(
                LIMITS, "ok", f"this version cannot do {what} that newer ones can; --verbose lists them"
            )


def _check_rows(state: str, name: str, detail: str, hint: str) -> Iterator[TableRow]:
    yield TableRow((state, name, detail), _STATES[state])
    if hint:
        yield TableRow(("", "", hint))
