"""The commands `link` and `runs`: show and change the links of an environment, and list its runs."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lightdash_sync.cli.context import Opening
from lightdash_sync.cli.options import environment_options
from lightdash_sync.cli.output import print_json, show_report
from lightdash_sync.cli.plan_options import parse_item, parse_uuid

if TYPE_CHECKING:
    from collections.abc import Callable

    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.content.kinds import Kind
    from lightdash_sync.settings import Settings

_TO = click.option("--to", "target", metavar="ENV", required=True, help="The environment.")


@click.group()
def link() -> None:
    """Link items of an environment with items of a source.

    Only linked items are ever changed or deleted by a plan.
    """


@link.command("show")
@_TO
@click.option("--all", "every", is_flag=True, help="Also items that are not linked.")
@environment_options
def show_links(
    settings: Callable[[str], Settings], target: str, every: bool, config: Path | None, as_json: bool
) -> int:
    """List the links of an environment, with the items' names."""
    from lightdash_sync.report.records import links_report
    from lightdash_sync.sync.links import links_of

    with ExitStack() as stack:
        place, _ = Opening(settings, config, stack).place(target)
        found = [one for one in links_of(place) if every or one.how != "own"]
    show_report(links_report(found), "json" if as_json else "text")
    return 0


@link.command("add")
@click.argument("pairs", metavar="KIND:KEY=UUID", nargs=-1, required=True)
@_TO
@environment_options
def add_link(
    settings: Callable[[str], Settings],
    pairs: tuple[str, ...],
    target: str,
    config: Path | None,
    as_json: bool,
) -> int:
    """Link items of an environment by hand."""
    from lightdash_sync.sync.links import add_links

    wanted: dict[Kind, dict[str, JsonObject]] = {}
    for pair in pairs:
        item, _, uuid = pair.partition("=")
        kind, key = parse_item(item)
        wanted.setdefault(kind, {})[key] = {"uuid": parse_uuid(uuid)}
    with ExitStack() as stack:
        place, _ = Opening(settings, config, stack).place(target)
        fresh = add_links(place, wanted)
    _tell("linked", [f"{kind}:{key}" for kind, key in fresh], as_json=as_json)
    return 0


@link.command("remove")
@click.argument("items", metavar="KIND:KEY", nargs=-1, required=True)
@_TO
@environment_options
def remove_link(
    settings: Callable[[str], Settings],
    items: tuple[str, ...],
    target: str,
    config: Path | None,
    as_json: bool,
) -> int:
    """Forget links; nothing is changed in Lightdash."""
    from lightdash_sync.sync.links import remove_links

    wanted = [parse_item(item) for item in items]
    with ExitStack() as stack:
        place, _ = Opening(settings, config, stack).place(target)
        remove_links(place, wanted)
    _tell("unlinked", [f"{kind}:{key}" for kind, key in wanted], as_json=as_json)
    return 0


@link.command("adopt")
@click.option(
    "--from", "source", metavar="SIDE", required=True, help="A directory, git:REV, or an environment."
)
@_TO
@click.option(
    "--by", type=click.Choice(["name", "slug"]), required=True, help="What must be the same on both sides."
)
@click.option("--dry-run", is_flag=True, help="Only show what would be linked.")
@environment_options
def adopt(
    settings: Callable[[str], Settings],
    source: str,
    target: str,
    by: str,
    dry_run: bool,
    config: Path | None,
    as_json: bool,
) -> int:
    """Link everything with one name and place, or one slug.

    Only where exactly one item here and one there has it; all others are left for `link add`. Says which
    of them are not alike: of these a plan is refused until each is allowed by name.
    """
    from lightdash_sync.report.blockers import last_saved
    from lightdash_sync.report.plans import saved_json
    from lightdash_sync.sync.links import add_links, adoptable
    from lightdash_sync.sync.plan.options import PlanOptions
    from lightdash_sync.sync.planning import PlanRequest

    with ExitStack() as stack:
        opening = Opening(settings, config, stack)
        place, _ = opening.place(target)
        side = opening.side(source, target)
        lacks = side.lacks()
        found = adoptable(
            place, PlanRequest(side.label, side.tree, PlanOptions(), adopt_by=by, source_lacks=lacks)
        )
        if not dry_run:
            add_links(place, found.links)
    items = sorted(f"{kind}:{key}" for kind, entries in found.links.items() for key in entries)
    what = "would be linked" if dry_run else "linked"
    differing = {one.item: one for one in found.differing}
    if as_json:
        differ: list[Json] = [{"item": one.item, **saved_json(one)} for one in found.differing]
        print_json({"result": what, "items": [*items], "differing": differ})
        return 0
    for item in items:
        click.echo(f"{item}  {what}{', differs' if item in differing else ''}")
        for line in last_saved(differing[item]) if item in differing else ():
            click.echo(f"    {line}")
    click.echo(f"{len(items)} {what}, {len(differing)} of which differ", err=True)
    if differing:
        click.echo(
            f"`lightdash-sync plan --from {source} --to {target}` shows how they differ, and overwrites none "
            "of them unless it is allowed by name (--allow-drift KIND:KEY).",
            err=True,
        )
    return 0


@click.command()
@_TO
@click.option("--config", type=click.Path(dir_okay=False, path_type=Path), help="Settings file.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON result on stdout.")
def runs(target: str, config: Path | None, as_json: bool) -> int:
    """List the runs of an environment made from this machine."""
    from lightdash_sync.report.records import runs_report
    from lightdash_sync.settings import snapshot_folder
    from lightdash_sync.sync.runs import Folders
    from lightdash_sync.sync.runs import runs as all_runs

    folder = snapshot_folder(target, Path(), config) or Path("snapshots") / target
    folders = Folders(folder)
    folders.require_plain()
    show_report(runs_report(all_runs(folders.runs)), "json" if as_json else "text")
    return 0


def _tell(what: str, items: list[str], *, as_json: bool) -> None:
    if as_json:
        print_json({"result": what, "items": [*items]})
        return
    for item in items:
        click.echo(f"{item}  {what}")
    click.echo(f"{len(items)} {what}", err=True)
