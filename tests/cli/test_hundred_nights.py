"""A hundred nights of random work, one in ten of them bad: what git tells is what happened."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_sync.disk import Disk
from lightdash_sync.export.run import export_beside
from lightdash_sync.git import Repository
from lightdash_sync.snapshot.write import locked
from lightdash_sync.workers import Silent
from tests.cli.nights import Nights, require_whole
from tests.export.editing import Editors
from tests.exporting import lightdash_at, tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.running import Done


def _faults(chance: random.Random, project: str) -> Faults:
    """Return one of the ways in which a server does not give what it has, for a whole night."""
    listed = [
        f"/api/v1/projects/{project}/{what}" for what in ("charts", "chart-summaries", "dashboards", "spaces")
    ]
    which = chance.choice(listed)
    first = chance.randrange(8)
    empty = Fault.content(b'{"status":"ok","results":[]}')
    kinds: list[Callable[[int, str, str], Fault | None]] = [
        lambda _n, _m, path: empty if path.split("?")[0] == which else None,
        lambda n, _m, _path: Fault.status(403) if n > first else None,
        lambda n, _m, _path: Fault.login_page() if n > first else None,
        lambda _n, _m, path: Fault.wrong_envelope() if path.split("?")[0] == which else None,
        lambda _n, _m, path: Fault.status(404) if path.split("?")[0] == which else None,
    ]
    return Faults(rule=chance.choice(kinds))


def _bad_night(nights: Nights, chance: random.Random) -> Done:
    """Let a backup run into a fault, a lock of git, or another run."""
    what = chance.randrange(4)
    if what == 0:
        lock = nights.hands.root / ".git/index.lock"
        lock.touch()
        done = nights.backup("--env", "production")
        lock.unlink()
    elif what == 1:
        with locked(nights.folder, Disk()):
            done = nights.backup("--env", "production")
    else:
        nights.server.app.faults = _faults(chance, nights.server.world.projects["production"])
        done = nights.backup("--env", "production")
        nights.server.app.faults = Faults()
    return done


def _is_the_project(nights: Nights, folder: Path) -> bool:
    """Whether the snapshot has the bytes of a full read of the project as it is now, with the same keys."""
    lightdash = lightdash_at(nights.server.url, nights.server.world.tokens["admin"])
    with lightdash.session:
        now = export_beside(lightdash, nights.folder, folder / "now", progress=Silent())
    ours = {path: sha for path, sha in tree(nights.folder).items() if ".history/" not in path}
    theirs = tree(folder / "now")
    differ = {path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path)}
    return bool(now.files) and differ <= {"identity.json", "snapshot.json"}  # which tell of earlier versions


def _live_through(nights: Nights, tmp_path: Path, count: int, seed: int) -> None:
    chance = random.Random(seed)
    repository = Repository.around(nights.folder)
    editors = Editors(nights.server.url, nights.server.world, chance)
    nights.backup("--env", "production")
    made = 0
    for number in range(count):
        edits = [editors.edit() for _ in range(chance.choice((0, 1, 1, 2, 5)))]
        head, before = nights.hands.tip(), tree(nights.folder)
        if number % 10 == seed:
            done = _bad_night(nights, chance)
            assert done.code in (1, 3, 4, 11, 12), (number, edits, done.err)
            assert "Traceback" not in done.err
            assert (nights.hands.tip(), tree(nights.folder)) == (head, before), (number, edits, done.err)
        done = nights.backup("--env", "production", "--json")
        if done.code == 4:  # people deleted half of something: a person says that it is right
            assert (nights.hands.tip(), tree(nights.folder)) == (head, before)
            done = nights.backup("--env", "production", "--accept-shrink", "--json")
        assert done.code == 0, (number, edits, done.err)
        changed = tree(nights.folder) != before
        assert (nights.hands.tip() != head) == changed == bool(done.json["environments"][0]["commits"])
        assert nights.hands.status() == ""
        assert nights.hands.paths("HEAD", "snapshots/production") == tree(nights.folder).keys()
        made += changed
    editors.close()
    assert made > count / 3
    assert _is_the_project(nights, tmp_path)
    *_, last = require_whole(repository, nights.folder, tmp_path / "out")
    assert tree(last) == tree(nights.folder)
    nights.hands.sound()


def test_ten_nights(nights: Nights, tmp_path: Path) -> None:
    """Good nights that changed something have commits that restore, bad nights have none."""
    _live_through(nights, tmp_path, 10, 5)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_hundred_nights(nights: Nights, tmp_path: Path, seed: int) -> None:
    """The same a hundred times, with other chances."""
    _live_through(nights, tmp_path, 100, seed)
