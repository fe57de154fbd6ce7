"""The results of commands, as text for people and as JSON for machines.

Each result is rendered from the same value; a renderer decides nothing.
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

from lightdash_sync.model.kinds import KINDS, Kind
from lightdash_sync.report.shown import shown
from lightdash_sync.report.terminal import console, table
from lightdash_sync.snapshot.layout import versions_of
from lightdash_sync.snapshot.manifest import Manifest, Older

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lightdash_sync.client.views import ProjectRow
    from lightdash_sync.doctor import Check
    from lightdash_sync.export.run import Report
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.scaffold import Prepared
    from lightdash_sync.verify import Differences, Verdict

_MARKS = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "failed": ("failed", "bold red")}
_LISTED = 12  # lines of a kind before "and n more"


def export_text(report: Report) -> None:
    """Print what an export did."""
    out = console()
    source = report.manifest.source
    changed = len(report.added) + len(report.changed) + len(report.removed)
    out.print(
        Text(
            f"{shown(source.project)} ({shown(source.url)}, Lightdash {shown(source.lightdash)})",
            style="bold",
        )
    )
    out.print(counts_tree(report.target, report.manifest))
    if changed:
        files = "file" if len(report.added) == 1 else "files"
        rest = f"{len(report.changed)} changed, {len(report.removed)} removed"
        out.print(f"{len(report.added)} {files} added, {rest}")
    else:
        out.print("Nothing has changed since the last export.")
    for left in report.manifest.leftOut:
        out.print(Text(f"Left out: {shown(left.words)}: {shown(left.why)}"))
    for line in older_lines(report.older):
        out.print(Text(line))
    out.print(Text(f"{report.requests} requests in {report.duration_s:.1f} s", style="dim"))


def export_json(report: Report) -> JsonObject:
    """Return what an export did, for machines."""
    return {
        "path": str(report.target),
        "project": report.manifest.source.project,
        "url": report.manifest.source.url,
        "lightdash": report.manifest.source.lightdash,
        "counts": {**report.manifest.counts},
        "full": report.full,
        "added": [*report.added],
        "changed": [*report.changed],
        "removed": [*report.removed],
        "left_out": [
            {"what": left.what, "count": left.count, "names": [*left.names], "why": left.why}
            for left in report.manifest.leftOut
        ],
        "unread": [{"what": left.what, "why": left.why} for left in report.unread],
        "older": [{"what": one.what, "as_of": one.asOf} for one in report.older],
        "unknown": [one.model_dump() for one in report.manifest.unknown],
        "warnings": [*report.warnings],
        "requests": report.requests,
        "duration_s": report.duration_s,
    }


def older_lines(older: Sequence[Older]) -> list[str]:
    """Return what was taken over from earlier exports, a line for each day."""
    days: dict[str, list[str]] = {}
    for one in older:
        days.setdefault(one.asOf, []).append(one.what)
    return [f"As of {shown(day)}: {shown('; '.join(what))}." for day, what in days.items()]


def counts_tree(root: Path, manifest: Manifest) -> Tree:
    """Return a snapshot as a small tree with counts."""
    tree = Tree(Text(f"{shown(str(root))}/"))
    for kind in Kind:
        count = manifest.counts.get(kind, 0)
        if not count:
            continue
        spec = KINDS[kind]
        name = f"{spec.folder}/" if spec.folder else f"{kind.value}.json"
        noun = spec.noun[0] if count == 1 else spec.noun[1]
        versions = manifest.counts.get(versions_of(kind), 0)
        more = f", {_versions(versions)}" if versions else ""
        tree.add(
            Text.assemble(
                (f"{name:<20}", "cyan"), "settings" if kind is Kind.PROJECT else f"{count} {noun}{more}"
            )
        )
    tree.add(
        Text.assemble((f"{'identity.json':<20}", "cyan"), "key to uuid, the only file that names this server")
    )
    tree.add(Text.assemble((f"{'snapshot.json':<20}", "cyan"), f"the hashes of {len(manifest.files)} files"))
    return tree


def verify_text(verdict: Verdict, live: Differences | None) -> None:
    """Print what `verify` found."""
    out = console()
    if verdict.damages:
        out.print(table(["FILE", "PROBLEM"], ((damage.path, damage.problem) for damage in verdict.damages)))
    else:
        counts = ", ".join(_counted(verdict.manifest.counts))
        out.print(Text(f"{shown(str(verdict.root))} is whole: {verdict.files} files, {counts}."))
    if live is not None:
        _differences_text(live)


def _differences_text(live: Differences) -> None:
    out = console()
    if not (live.added or live.changed or live.removed):
        out.print("The project is as it was when the snapshot was made.")
    for title, items in (
        ("Added since", live.added),
        ("Changed since", live.changed),
        ("Removed since", live.removed),
    ):
        for line in _bounded(items):
            out.print(Text(f"{title}: {shown(line)}"))


def verify_json(verdict: Verdict, live: Differences | None, requests: int, duration_s: float) -> JsonObject:
    """Return what `verify` found, for machines."""
    result: JsonObject = {
        "path": str(verdict.root),
        "whole": not verdict.damages,
        "files": verdict.files,
        "counts": {**verdict.manifest.counts},
        "damages": [{"path": damage.path, "problem": damage.problem} for damage in verdict.damages],
        "duration_s": duration_s,
    }
    if live is not None:
        result["live"] = {"added": [*live.added], "changed": [*live.changed], "removed": [*live.removed]}
        result["requests"] = requests
    return result


def projects_text(projects: Sequence[ProjectRow]) -> None:
    """Print the projects that a token sees."""
    names = {project.projectUuid: project.name for project in projects}
    rows = [
        (
            project.name,
            project.projectUuid,
            project.type.lower(),
            names.get(project.upstreamProjectUuid, project.upstreamProjectUuid)
            if project.upstreamProjectUuid
            else "",
        )
        for project in projects
    ]
    console().print(table(["PROJECT", "UUID", "TYPE", "UPSTREAM"], rows))


def projects_json(projects: Sequence[ProjectRow], requests: int, duration_s: float) -> JsonObject:
    """Return the projects that a token sees, for machines."""
    return {
        "projects": [
            {
                "name": project.name,
                "uuid": project.projectUuid,
                "type": project.type,
                "upstream": project.upstreamProjectUuid,
            }
            for project in projects
        ],
        "requests": requests,
        "duration_s": duration_s,
    }


def doctor_text(checks: Sequence[Check]) -> None:
    """Print the outcome of each check, with what to do."""
    out = console()
    for check in checks:
        mark, style = _MARKS[check.state]
        out.print(Text.assemble((f"{mark:<8}", style), f"{check.name:<10}", shown(check.detail)))
        if check.hint:
            out.print(Text(f"{'':<18}{shown(check.hint)}"))


def doctor_json(checks: Sequence[Check], requests: int, duration_s: float) -> JsonObject:
    """Return the outcome of each check, for machines."""
    return {
        "checks": [
            {"name": check.name, "state": check.state, "detail": check.detail, "hint": check.hint}
            for check in checks
        ],
        "requests": requests,
        "duration_s": duration_s,
    }


def init_text(top: Path, is_new: bool, env: str, done: Sequence[Prepared]) -> None:
    """Print which files were made, and what to do next."""
    out = console()
    out.print(Text(f"{'Made a' if is_new else 'Found the'} git repository {shown(str(top))}"))
    for one in done:
        style = "dim" if one.result == "kept" else "green"
        out.print(Text.assemble((f"{one.result:<9} ", style), shown(os.path.relpath(one.path))))
    out.print("\nNext:")
    here = os.path.relpath(done[0].path.parent)
    for command, why in (
        *([] if here == "." else [(f"cd {shlex.quote(shown(here))}", "where the settings are")]),
        ("git add . && git commit -m 'Set up backups'", "a backup commits nothing but snapshots"),
        (f"lightdash-sync doctor --env {env}", "check server, token and project"),
        (f"lightdash-sync backup --env {env}", "make the first backup"),
    ):
        out.print(Text(f"  {command:<47} {why}"))


def init_json(top: Path, is_new: bool, env: str, done: Sequence[Prepared]) -> JsonObject:
    """Return which files were made, for machines."""
    return {
        "repository": str(top),
        "new_repository": is_new,
        "environment": env,
        "files": [{"path": str(one.path), "result": one.result} for one in done],
    }


def next_steps(root: Path) -> None:
    """Say what to try after the demo."""
    path = shown(str(root))
    steps = [
        (f"less {path}/dashboards/sales-overview.json", "see what an export looks like"),
        (f"lightdash-sync verify {path}", "check it again; try it with a file changed"),
        ("lightdash-sync demo --serve", "keep the embedded Lightdash running"),
        ("lightdash-sync doctor", "then your own: set LIGHTDASH_URL and LIGHTDASH_API_KEY"),
    ]
    wide = max(len(command) for command, _ in steps)
    out = console()
    out.print("\nVerified: every hash, count and reference fits. What to try next:")
    for command, why in steps:
        out.print(Text(f"  {command:<{wide}}  {why}"))


def _counted(counts: Mapping[str, int]) -> list[str]:
    said = [
        f"{counts[kind]} {KINDS[kind].noun[0 if counts[kind] == 1 else 1]}"
        for kind in Kind
        if counts.get(kind) and kind is not Kind.PROJECT
    ]
    if versions := sum(counts.get(versions_of(kind), 0) for kind in Kind):
        said.append(_versions(versions))
    return said


def _versions(count: int) -> str:
    return f"{count} earlier version{'' if count == 1 else 's'}"


def _bounded(items: Sequence[str]) -> list[str]:
    if len(items) <= _LISTED:
        return [*items]
    return [*items[:_LISTED], f"… and {len(items) - _LISTED} more"]
