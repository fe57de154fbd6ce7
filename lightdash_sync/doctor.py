"""Checks server, token and project, one after the other, from the network to the role.

Each check ends as ok, warning or failed, with a hint what to do; checks that need an earlier one that failed
are skipped. Nothing is written anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Literal

from lightdash_sync.errors import SyncError
from lightdash_sync.export.not_exported import asked_elsewhere, listed_elsewhere
from lightdash_sync.lightdash.reading import if_here
from lightdash_sync.lightdash.tokens import TokenKind, expiry_warning
from lightdash_sync.promotion.permission import Abilities
from lightdash_sync.sources import find_project

if TYPE_CHECKING:
    from lightdash_sync.lightdash import schemas
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.lightdash.versions import Server

LIMITS = "limits"
"""The name of the checks that list what an old version cannot do."""

_CLOCK_SECONDS = 60  # a larger difference would make dates in reports and logs misleading

# What a token may be used for: action and subject of the server's rules, a description, and the capability
# that a server needs for it ("" for none).
_WORK = (
    ("create", "Space", "create spaces", ""),
    ("manage", "SavedChart", "write charts", ""),
    ("manage", "Dashboard", "write dashboards", ""),
    ("manage", "CustomSql", "write SQL charts", ""),
    ("create", "ScheduledDeliveries", "write schedulers", ""),
    ("manage", "Tags", "write tags", ""),
    ("manage", "PinnedItems", "pin", ""),
    ("promote", "SavedChart", "promote charts", ""),
    ("promote", "Dashboard", "promote dashboards", ""),
    ("manage", "Validation", "validate", ""),
    ("manage", "ContentAsCode", "read charts in bulk", "content_as_code"),
)

_BACKUPS_NEED = (
    "A backup needs the token of a project admin: this one reads no schedulers, and sees no private spaces "
    "of others. `lightdash-sync export --only space,chart,sql_chart,dashboard` works with it."
)

State = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one check.

    Attributes:
        name: what was checked.
        state: how it ended.
        detail: what was found.
        hint: what to do, or "".
        exit_code: exit code of the error behind a failure, else 0.
    """

    name: str
    state: State
    detail: str
    hint: str = ""
    exit_code: int = 0


def examine(lightdash: Lightdash, wanted: str | None) -> list[Check]:
    """Check a server, a token and a project.

    Args:
        lightdash: the server.
        wanted: uuid or name of the project, or None if none is chosen.
    """
    checks: list[Check] = []
    try:
        checks += _server(lightdash)
        user = lightdash.user()
        checks.append(_token(lightdash.session.connection.token_kind, user, lightdash.token_expiry()))
        projects = lightdash.projects()
        if wanted is None and len(projects) != 1:
            hint = "Choose one with --project; `lightdash-sync projects` lists them."
            checks.append(Check("project", "warning", f"none is chosen, {len(projects)} are visible", hint))
            return checks
        project = find_project(projects, wanted)
        checks.append(Check("project", "ok", f"{project.name} ({project.projectUuid})"))
        checks += [_role(user, project), _rights(lightdash.server, user, project)]
        checks += [_upstream(projects, project), _spaces(lightdash, project)]
        checks += _elsewhere(lightdash, project)
    except SyncError as error:
        checks.append(Check("answer", "failed", error.message, error.hint, error.exit_code))
    return checks


def _server(lightdash: Lightdash) -> list[Check]:
    """Check that the server answers, its version and its clock."""
    answer = lightdash.session.answer("GET", "/api/v1/health")
    url = lightdash.session.connection.origin.url
    checks = [Check("server", "ok", f"{url} answers")]
    server = lightdash.server
    server.require_supported()
    if server.is_newer_than_known():
        hint = "It works by what it answers; look for a newer lightdash-sync."
        checks.append(
            Check("version", "warning", f"{server.version} is newer than any this tool was tried on", hint)
        )
    else:
        checks.append(Check("version", "ok", server.version))
    checks += [Check(LIMITS, "ok", missing) for missing in server.lacks()]
    checks.append(_clock(answer.date))
    return checks


def _clock(date: str | None) -> Check:
    try:
        theirs = parsedate_to_datetime(date or "")
    except (ValueError, OverflowError):  # the latter for years out of range
        return Check("clock", "ok", "the server does not tell its time")
    theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    apart = abs((datetime.now(UTC) - theirs).total_seconds())
    if apart > _CLOCK_SECONDS:
        return Check(
            "clock", "warning", f"{apart:.0f} s apart from the server's", "Set the clock of this machine."
        )
    return Check("clock", "ok", "agrees with the server's")


def _token(kind: TokenKind, user: schemas.User, expires: datetime | None) -> Check:
    """Report owner, kind and expiry of the token; a service account has a name and no e-mail."""
    whose = user.email or user.firstName or user.userUuid
    detail = f"{kind.noun} of {whose}, {user.role or 'no role'}"
    if kind is TokenKind.OAUTH:
        detail += "; it expires, after an hour unless Lightdash was told otherwise"
    if expires is not None:
        detail += f"; it expires on {expires.date()}"
        if soon := expiry_warning(expires, datetime.now(UTC)):
            return Check("token", "warning", detail, soon)
    return Check("token", "ok", detail)


def _rights(server: Server, user: schemas.User, project: schemas.ProjectRow) -> Check:
    """Report what the token may not do, by the rules that the server returns."""
    abilities = Abilities(user.abilityRules)
    # As if in a space of their own, so that only what no space would allow is reported.
    mine = [{"userUuid": user.userUuid, "role": role} for role in ("editor", "admin")]
    facts: dict[str, object] = {
        "organizationUuid": user.organizationUuid,
        "projectUuid": project.projectUuid,
        "access": mine,
    }
    missing = [
        words
        for action, subject, words, needs in _WORK
        if (not needs or server.can(needs)) and not abilities.allow(action, subject, facts)
    ]
    if not missing:
        return Check("rights", "ok", "may read and write everything")
    may_not = f"may not {', '.join(missing)}"
    if not abilities.allow("create", "ScheduledDeliveries", facts):  # who may not create them is shown none
        return Check("rights", "warning", f"may not read schedulers, and {may_not}", _BACKUPS_NEED)
    hint = "Reading works. For what is missing, use the token of somebody who may do it."
    return Check("rights", "warning", may_not, hint)


def _role(user: schemas.User, project: schemas.ProjectRow) -> Check:
    if user.sees_all_spaces(project.projectUuid):
        return Check("role", "ok", "sees every space")
    hint = "Use the token of a project admin: private spaces of others are left out without a trace."
    return Check("role", "warning", "is not an admin of the project", hint)


def _upstream(projects: list[schemas.ProjectRow], project: schemas.ProjectRow) -> Check:
    upstream = project.upstreamProjectUuid
    if upstream is None:
        return Check("upstream", "ok", "none: this project does not promote")
    name = next((other.name for other in projects if other.projectUuid == upstream), None)
    if name is None:
        hint = "Promotion needs a token that sees both projects."
        return Check("upstream", "warning", f"{upstream} is not visible to this token", hint)
    return Check("upstream", "ok", name)


def _elsewhere(lightdash: Lightdash, row: schemas.ProjectRow) -> list[Check]:
    """Report what snapshots do not contain, of the project and beside it, with numbers."""
    project, _ = lightdash.project(row.projectUuid)
    server = lightdash.server
    palettes = lightdash.color_palettes() if server.can("chart_palettes") else []
    found = listed_elsewhere(lightdash.content(row.projectUuid), if_here(lightdash.groups), palettes, server)
    found += asked_elsewhere(lightdash, project)
    return [Check("left out", "ok", f"{left.words}: {left.why}") for left in found]


def _spaces(lightdash: Lightdash, project: schemas.ProjectRow) -> Check:
    spaces = lightdash.spaces(project.projectUuid)
    return Check("spaces", "ok", f"{len(spaces)} visible")
