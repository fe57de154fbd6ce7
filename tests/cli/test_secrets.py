"""The token goes to the server and nowhere else."""

from __future__ import annotations

import base64
import itertools
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_standin.server import Server
from tests.cli.running import ended, reach, run, started
from tests.worlds import generated_world

if TYPE_CHECKING:
    from collections.abc import Iterator

CANARY = "ldpat_canary+/=C4n4ry~Zz9"
BASIC = "Basic cHJveHk6Y2FuYXJ5LXByb3h5"
SECRETS = [CANARY, BASIC]

# What a proxy answers that shows whoever asks what it was sent.
_ECHO = f"You sent Authorization: ApiKey {CANARY} and {BASIC}".encode()
FAULTS = {
    "ok": None,
    "401": Fault.status(401),
    "401 that repeats the token": Fault.content(_ECHO, "text/plain", code=401),
    "400 that repeats the token": Fault.content(
        b'{"status":"error","error":{"name":"X","message":"%s"}}' % _ECHO, code=400
    ),
    "redirect that repeats the token": Fault.redirect(f"https://elsewhere.example.com/?t={CANARY}"),
    "login page": Fault.login_page(),
}
SLOW_FAULTS = {"500": Fault.status(500), "dropped": Fault.dropped(), "bad JSON": Fault.cut_json()}
COMMANDS = {
    "export": ["export", "--path", "p"],
    "projects": ["projects"],
    "doctor": ["doctor"],
    "verify": ["verify", "p", "--live"],
}
WAYS: dict[str, list[str]] = {"plain": [], "verbose": ["-v"], "JSON": ["--json"]}

EVERYTHING = list(itertools.product(COMMANDS, {**FAULTS, **SLOW_FAULTS}, WAYS))
# Every command, every fault and every way at least once.
SAMPLE = [case for n, case in enumerate(itertools.product(COMMANDS, FAULTS, WAYS)) if n % 5 == 0]
SAMPLE += [("export", "500", "verbose"), ("projects", "bad JSON", "JSON")]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A small project, for a token that is easily recognised."""
    world = generated_world(
        charts=2, versions=1, dashboards=1, tiles=1, spaces=1, schedulers=1, sql_charts=1, tags=1
    )
    world.token_rows[CANARY] = world.token_rows[world.tokens["admin"]]
    world.tokens["admin"] = CANARY
    with Server(world) as running:
        yield running


def _forms() -> list[bytes]:
    """The secrets, and what they become in other encodings."""
    plain = [secret.encode() for secret in SECRETS]
    return [*plain, *map(base64.b64encode, plain), *(quote(one, safe="").encode() for one in SECRETS)]


def _check(server: Server, folder: Path, case: tuple[str, str, str]) -> None:
    command, fault, way = case
    variables = {**reach(server), "LIGHTDASH_PROXY_AUTHORIZATION": BASIC}
    if command == "verify":
        assert run("export", "--path", "p", env=variables).code == 0
    server.app.faults = Faults(rule=lambda *_: {**FAULTS, **SLOW_FAULTS}[fault])
    try:
        done = run(*COMMANDS[command], *WAYS[way], env=variables)
    finally:
        server.app.faults = Faults()
    assert (done.code == 0) == (fault == "ok"), done.err
    written = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    for text in [done.out.encode(), done.err.encode(), *written]:
        assert [form for form in _forms() if form in text] == []


@pytest.mark.parametrize("case", SAMPLE, ids="-".join)
def test_no_secret_is_repeated(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: tuple[str, str, str]
) -> None:
    """Neither output nor log nor any file holds a secret, in no form, not even if the server repeats it."""
    monkeypatch.chdir(tmp_path)
    _check(server, tmp_path, case)


@pytest.mark.slow
@pytest.mark.parametrize("case", EVERYTHING, ids="-".join)
def test_no_secret_is_ever_repeated(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: tuple[str, str, str]
) -> None:
    """The same for every command, every failure and every way of output."""
    monkeypatch.chdir(tmp_path)
    _check(server, tmp_path, case)


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_no_secret_is_in_the_arguments_of_a_process(server: Server, tmp_path: Path) -> None:
    """A token that a command prints is never seen in the list of processes."""
    (tmp_path / "secret").write_text(CANARY)
    (tmp_path / "lightdash-sync.toml").write_text(
        f'[env.a]\nurl = "{server.url}"\ntoken_command = ["cat", "secret"]\n'
    )
    seen: list[bytes] = []

    def rule(_n: int, _method: str, _path: str) -> None:
        seen.extend(path.read_bytes() for path in Path("/proc").glob(f"{process.pid}/task/*/cmdline"))

    server.app.faults = Faults(rule=rule)
    process = started("projects", home=tmp_path)
    try:
        assert ended(process).code == 0
    finally:
        server.app.faults = Faults()
    assert any(b"lightdash_sync" in line for line in seen)
    assert not any(form in line for form in _forms() for line in seen)
