"""Every fault at every request of an export: the same bytes as without it, or a clear error."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, NamedTuple

import orjson
import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_standin.server import Server
from lightdash_sync.content.json import canonical
from lightdash_sync.errors import SyncError
from lightdash_sync.export.run import export_project
from lightdash_sync.export.selection import Depth, ExportSelection
from lightdash_sync.snapshot.verify import verify
from tests.exporting import lightdash_at, tree
from tests.worlds import generated_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lightdash_sync.export.run import ExportResult

# Another try may go well.
PASSING = {
    "429 with Retry-After": Fault.status(429, retry_after="1"),
    "429": Fault.status(429),
    "500": Fault.status(500),
    "502 page": Fault.content(b"<html>Bad Gateway</html>", "text/html", code=502),
    "503 with Retry-After": Fault.status(503, retry_after="soon"),
    "503": Fault.status(503),
    "504": Fault.status(504),
    "empty body": Fault.empty(),
    "cut JSON": Fault.cut_json(),
    "wrong envelope": Fault.wrong_envelope(),
    "not a number": Fault.not_a_number(),
    "connection dropped": Fault.dropped(),
    "body cut short": Fault.cut(),
    "chunked body cut short": Fault.cut(chunked=True),
    "no answer in time": Fault.wait(0.6),
}
# Another try would get the same.
LASTING = {
    "401": Fault.status(401),
    "login page": Fault.login_page(),
    "redirect": Fault.redirect("https://elsewhere.example.com/"),
    "400": Fault.status(400),
}
# These say something of one item, which may be true.
TELLING = {"403": Fault.status(403), "404": Fault.status(404)}
# What an export leaves beside the snapshot.
BESIDE = {".p.lock", ".p.state.json", ".p.versions"}
ALL = {**PASSING, **LASTING, **TELLING}


class Site(NamedTuple):
    """A served project with an older snapshot of it, without history, and what an export makes of that."""

    server: Server
    older: Path
    files: dict[str, str]
    requests: int

    def export(
        self, target: Path, faults: Faults, chosen: ExportSelection | None = None, deadline: float = 0.3
    ) -> ExportResult:
        """Export with faults, one request after the other so that the n-th is always the same."""
        world = self.server.world
        self.server.app.faults = faults
        lightdash = lightdash_at(self.server.url, world.tokens["admin"], concurrency=1, deadline=deadline)
        with lightdash.session:
            return export_project(
                lightdash, world.projects["production"], target, chosen or ExportSelection()
            )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A small project of every kind."""
    folder = tmp_path_factory.mktemp("site")
    world = generated_world(
        charts=4, versions=2, dashboards=2, tiles=2, spaces=2, schedulers=2, sql_charts=1, tags=1
    )
    with Server(world) as server:
        bare = Site(server, folder / "older", {}, 0)
        bare.export(folder / "older", Faults(), ExportSelection(depth=Depth.CONTENT))
        shutil.copytree(folder / "older", folder / "newer")
        # A busy machine must not make one request more of it, which nothing would strike.
        report = bare.export(folder / "newer", Faults(), deadline=60.0)
        yield bare._replace(files=tree(folder / "newer"), requests=report.requests)


def _strike(site: Site, tmp_path: Path, fault: Fault, n: int) -> ExportResult | SyncError:
    """Export over the older snapshot with one fault, and check what stands afterwards."""
    target = tmp_path / "p"
    for left in (target, tmp_path / ".p.versions"):  # of the fault before
        shutil.rmtree(left, ignore_errors=True)
    shutil.copytree(site.older, target)
    try:
        outcome: ExportResult | SyncError = site.export(target, Faults({n: fault}))
    except SyncError as error:
        outcome = error
        assert tree(target) == tree(site.older), "the old snapshot was touched"
    if isinstance(outcome, SyncError):
        assert outcome.exit_code in (1, 3, 12)
        assert outcome.message
    assert [path.name for path in tmp_path.iterdir() if path.name not in BESIDE] == ["p"]
    assert verify(target).damages == []
    return outcome


def _check(site: Site, tmp_path: Path, name: str, n: int) -> None:
    outcome = _strike(site, tmp_path, ALL[name], n)
    if name in PASSING:
        assert not isinstance(outcome, SyncError), f"request {n}: {outcome}"
        assert tree(tmp_path / "p") == site.files
    elif name in LASTING:
        if not isinstance(outcome, SyncError):  # a page failed, and each of its charts was read by itself
            assert name != "401", f"request {n} of {site.requests}"
            assert "/code?" in site.server.world.requests[n - 1 - outcome.requests][1]
            assert tree(tmp_path / "p") == site.files
    elif not isinstance(outcome, SyncError):
        assert (
            _without_fingerprints(tmp_path / "p") == _without_fingerprints(site.older.parent / "newer")
            or outcome.warnings
        )


def _without_fingerprints(root: Path) -> dict[str, str]:
    """Return a snapshot's files, less the fingerprints of spaces: whose is missing is only read again.

    Where the groups may not be listed, nobody can tell whether who is in a space is as it was.
    """
    files = tree(root)
    identity = orjson.loads((root / "identity.json").read_bytes())
    for facts in identity["items"]["space"].values():
        facts.pop("seen", None)
    del files["snapshot.json"]  # has the hash of the other
    return files | {"identity.json": canonical(identity).decode()}


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_fault_at_some_requests(site: Site, tmp_path: Path, name: str) -> None:
    """A passing fault leaves no trace; a lasting one ends in an error, with the old snapshot as it was."""
    for n in range(1 + len(name) % 3, site.requests + 1, 11):
        _check(site, tmp_path, name, n)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(ALL))
def test_a_fault_at_every_request(site: Site, tmp_path: Path, name: str) -> None:
    """The same, at every single request."""
    for n in range(1, site.requests + 1):
        _check(site, tmp_path, name, n)


def test_a_server_that_is_gone_is_not_asked_for_ever(tmp_path: Path) -> None:
    """With nobody listening the export ends after a few tries, and names the URL."""
    lightdash = lightdash_at("http://127.0.0.1:9", "token")
    with lightdash.session, pytest.raises(SyncError, match="no connection") as caught:
        export_project(lightdash, "00000000-0000-4000-8000-000000000000", tmp_path / "p", ExportSelection())
    assert "http://127.0.0.1:9" in caught.value.hint
    assert lightdash.session.requests == 4


def test_an_outage_in_the_middle_ends_the_run(tmp_path: Path) -> None:
    """From some request on nothing works: the run gives up with an error, and does not ask for every item."""
    world = generated_world(
        charts=200, versions=1, dashboards=1, tiles=1, spaces=1, schedulers=1, sql_charts=1, tags=1
    )
    faults = Faults(rule=lambda n, _method, _path: Fault.status(503) if n > 60 else None)
    with Server(world, faults=faults) as server:
        lightdash = lightdash_at(server.url, world.tokens["admin"])
        with lightdash.session, pytest.raises(SyncError):
            export_project(lightdash, world.projects["production"], tmp_path / "p", ExportSelection())
    assert lightdash.session.requests < 150
    assert not (tmp_path / "p").exists()
