"""The user's index: only the entries of the snapshot's folder are ever changed, to what HEAD has."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from lightdash_sync.git import settings
from lightdash_sync.git.program import raw

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lightdash_sync.git.objects import Entry
    from lightdash_sync.git.place import Place


def settle(place: Place, folder: str, tree: Mapping[str, Entry]) -> None:
    """Bring the entries of a folder to what its commit has, in one step; leave all others alone.

    Called after every commit, and when there was nothing to commit: so a run that died between its
    commits and the index is made good by the next one.

    Raises:
        GitError: git could not write the index.
    """
    wanted = {f"{folder}/{path}": f"{entry.mode} {entry.id} 0" for path, entry in tree.items()}
    found: dict[str, str] = {}
    for line in place.program.ask("ls-files", "-s", "-z", "--", folder).fields():
        facts, path = line.split("\t", 1)
        # A path in conflict has several entries; none of them is equal to the wanted one then.
        found[path] = facts if path not in found else "conflict"
    # An entry put over a conflict would stand beside it, so all of a conflict goes first.
    gone = [path for path, facts in found.items() if path not in wanted or facts == "conflict"]
    changed = [path for path, facts in wanted.items() if found.get(path) != facts]
    if not gone and not changed:
        return
    nothing = "0 " + "0" * (40 if place.object_format == "sha1" else 64)
    lines = [f"{nothing}\t{path}" for path in gone]
    lines += [f"{wanted[path]}\t{path}" for path in changed]
    with tempfile.TemporaryFile() as file:
        file.write(raw("".join(f"{line}\0" for line in lines)))
        file.seek(0)
        # When git writes an index it reads again what was changed in the same moment, through filters.
        disarmed = settings.read(place).disarmed()
        place.program.ask("update-index", "-z", "--index-info", stdin=file, settings=disarmed)
