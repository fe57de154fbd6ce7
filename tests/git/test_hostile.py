"""A repository may come from anybody. Whatever it wants to have executed is not.

Each case plants a program that leaves a mark, proves with plain git that the mark is left when the program
runs, then does everything this tool does with a repository and proves that it is not.
"""

from __future__ import annotations

import http.server
import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from lightdash_sync.errors import GitError
from lightdash_sync.git import Commit, Repository

from .hands import HOOKS, Hands

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Plant = Callable[["Hands", "Trap"], None]

ONE = {"a.json": b"1\n"}
TWO = {"a.json": b"2\n", "b.json": b"2\n"}


@dataclass(frozen=True)
class Trap:
    """A program that leaves a mark when it runs."""

    path: Path

    @classmethod
    def at(cls, path: Path) -> Trap:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!/bin/sh\n: > "{path}.ran"\nexit 1\n')
        path.chmod(0o755)
        return cls(path)

    def ran(self) -> bool:
        return self.path.with_name(f"{self.path.name}.ran").exists()

    def reset(self) -> None:
        self.path.with_name(f"{self.path.name}.ran").unlink()


@pytest.fixture
def remote(hands: Hands, tmp_path: Path) -> Path:
    """A bare repository that the work tree pushes to, and that has moved on meanwhile."""
    bare = tmp_path / "remote.git"
    hands.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    hands.git("remote", "add", "origin", str(bare))
    hands.git("push", "--quiet", "-u", "origin", "main")
    hands.git("clone", "--quiet", str(bare), str(tmp_path / "colleague"))
    colleague = Hands(tmp_path / "colleague")
    colleague.commit("README.md", "changed by a colleague\n")
    colleague.git("push", "--quiet")
    return bare


def everything(hands: Hands) -> None:
    """Do all that this tool does with a repository, a rebase included."""
    repository = Repository.init(hands.root)
    assert repository.head().branch == "main"
    hands.backup(ONE)
    repository.commit(hands.folder, [Commit("a", TWO), Commit("b", ONE)])
    repository.commit(hands.folder, [Commit("a", TWO)], branch="other")
    assert repository.changes(hands.folder, TWO) == {"a.json": "M", "b.json": "A"}
    assert repository.files("HEAD", hands.folder).keys() == ONE.keys()
    assert dict(repository.contents("HEAD", hands.folder)) == ONE
    assert repository.read("HEAD", hands.folder / "a.json") == b"1\n"
    assert len(list(repository.history(hands.folder))) == 3
    pushed = repository.push(folders=[hands.folder])
    assert len(pushed.rebased) == 3
    assert (hands.root / "README.md").read_text() == "changed by a colleague\n"


@pytest.mark.parametrize("where", ["hooks", "core.hooksPath"])
def test_no_hook_runs(hands: Hands, remote: Path, where: str) -> None:
    """No hook of any kind runs, here or in a remote that is a directory."""
    hooks = hands.root / (".git/hooks" if where == "hooks" else "my-hooks")
    traps = [Trap.at(hooks / name) for name in HOOKS]
    traps += [Trap.at(remote / "hooks" / name) for name in HOOKS]
    if where != "hooks":
        hands.git("config", "core.hooksPath", str(hooks))
    for trap in traps[: len(HOOKS)]:
        hands.git("hook", "run", trap.path.name, status=None)
        assert trap.ran()
        trap.reset()
    everything(hands)
    assert [trap.path for trap in traps if trap.ran()] == []


def test_hooks_of_the_remote_would_have_run(hands: Hands, remote: Path) -> None:
    """The proof for the test above: plain git runs the hooks of a remote that is a directory."""
    trap = Trap.at(remote / "hooks" / "pre-receive")
    hands.git("push", "--quiet", "origin", "main:refs/heads/x", status=1)
    assert trap.ran()


def _config(*keys: str) -> Plant:
    def plant(hands: Hands, trap: Trap) -> None:
        for key in keys:
            name, _, value = key.partition("=")
            hands.git("config", name, value or str(trap.path))

    return plant


def _filter(name: str) -> Plant:
    def plant(hands: Hands, trap: Trap) -> None:
        hands.write(".git/info/attributes", "* filter=evil diff=evil merge=evil\n")
        hands.git("config", f"filter.evil.{name}", str(trap.path))

    return plant


def _textconv(hands: Hands, trap: Trap) -> None:
    hands.write(".git/info/attributes", "* diff=evil\n")
    hands.git("config", "diff.evil.textconv", str(trap.path))


def _alias(hands: Hands, trap: Trap) -> None:
    hands.git("config", "alias.hash-it", f"!{trap.path}")
    for name in ("rev-parse", "update-ref", "commit", "push", "fetch", "fast-import", "ls-tree"):
        hands.git("config", f"alias.{name}", f"!{trap.path}")


def _included(hands: Hands, trap: Trap) -> None:
    hands.write(".git/more", f"[core]\n\tfsmonitor = {trap.path}\n")
    hands.git("config", "include.path", "more")


def _instead(hands: Hands, trap: Trap) -> None:
    hands.git("config", "protocol.ext.allow", "always")
    hands.git("config", f"url.ext::{trap.path} .insteadOf", hands.git("config", "remote.origin.url").strip())


def _touch_and_add(hands: Hands) -> None:
    hands.write("README.md", "touched\n")
    hands.git("add", "README.md", status=None)


def _smudge(hands: Hands) -> None:
    (hands.root / "README.md").unlink()
    hands.git("checkout", "--", "README.md", status=None)


def _diff(hands: Hands) -> None:
    hands.write("README.md", "touched\n")
    hands.git("diff", status=None)


def _on_a_terminal(hands: Hands, command: str) -> None:
    main, terminal = os.openpty()
    subprocess.run(["git", command], cwd=hands.root, stdout=terminal, stderr=terminal, check=False)
    os.close(terminal)
    os.close(main)


CASES: dict[str, tuple[Plant, Callable[[Hands], object] | None]] = {
    "fsmonitor": (_config("core.fsmonitor"), lambda hands: hands.status()),
    "fsmonitor, included": (_included, lambda hands: hands.status()),
    "filter.clean": (_filter("clean"), _touch_and_add),
    "filter.smudge": (_filter("smudge"), _smudge),
    "filter.process": (_filter("process"), _touch_and_add),
    "diff.external": (_config("diff.external"), _diff),
    "textconv": (_textconv, _diff),
    "alias": (_alias, lambda hands: hands.git("hash-it", status=None)),
    "pager": (_config("core.pager"), lambda hands: _on_a_terminal(hands, "log")),
    "gpg": (
        _config("gpg.program", "commit.gpgSign=true", "push.gpgSign=if-asked", "log.showSignature=true"),
        lambda hands: hands.git("commit", "--allow-empty", "-m", "x", status=None),
    ),
    "editor": (_config("core.editor"), lambda hands: hands.git("commit", "--allow-empty", status=None)),
    "receivepack": (
        _config("remote.origin.receivepack"),
        lambda hands: hands.git("push", "origin", "main:refs/heads/x", status=None),
    ),
    "uploadpack": (
        _config("remote.origin.uploadpack"),
        lambda hands: hands.git("fetch", "origin", status=None),
    ),
    "insteadOf": (_instead, lambda hands: hands.git("fetch", "origin", status=None)),
    "promisor": (
        _config(
            "core.repositoryFormatVersion=1",
            "extensions.partialClone=evil",
            "remote.evil.url=.",
            "remote.evil.promisor=true",
            "remote.evil.uploadpack",
        ),
        lambda hands: hands.git("cat-file", "-p", "1" * 40, status=None),
    ),
    # Nothing that plain git of every version would run, so there is no proof.
    "vcs": (_config("protocol.ext.allow=always", "remote.origin.vcs=ext"), None),
    "alternateRefsCommand": (_config("core.alternateRefsCommand"), None),
    "gc": (
        _config("gc.auto=1", "gc.autoPackLimit=1", "gc.recentObjectsHook", "uploadpack.packObjectsHook"),
        None,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_no_program_of_the_repository_runs(hands: Hands, remote: Path, tmp_path: Path, case: str) -> None:
    """No program that the repository's config or attributes name is run by anything this tool does."""
    trap = Trap.at(tmp_path / "traps" / "trap")
    plant, prove = CASES[case]
    plant(hands, trap)
    if prove is not None:
        shutil.copytree(hands.root, tmp_path / "proof")
        prove(Hands(tmp_path / "proof"))
        assert trap.ran()
        trap.reset()
    everything(hands)
    assert not trap.ran()


def test_filters_of_a_gitattributes_file_do_not_run(hands: Hands, remote: Path, tmp_path: Path) -> None:
    """A .gitattributes file that comes with the repository, or with what others pushed, starts no filter."""
    trap = Trap.at(tmp_path / "traps" / "trap")
    colleague = Hands(tmp_path / "colleague")
    colleague.commit(".gitattributes", "* filter=evil\n")
    colleague.git("push", "--quiet")
    for name in ("clean", "smudge", "process"):
        hands.git("config", f"filter.evil.{name}", str(trap.path))
    hands.git("config", "filter.evil.required", "true")
    everything(hands)
    assert not trap.ran()
    _smudge(hands)
    assert trap.ran()


def test_a_remote_that_is_a_program_is_refused(hands: Hands, remote: Path, tmp_path: Path) -> None:
    """A URL that names a program is refused, whatever the config allows."""
    trap = Trap.at(tmp_path / "traps" / "trap")
    hands.git("config", "protocol.ext.allow", "always")
    hands.git("config", "remote.origin.url", f"ext::{trap.path} x")
    hands.git("fetch", "origin", status=None)
    assert trap.ran()
    trap.reset()
    with pytest.raises(GitError, match="names a program to run"):
        Repository.around(hands.folder).push()
    assert not trap.ran()


@pytest.mark.parametrize("key", ["core.sshCommand", "core.gitProxy"])
def test_a_transport_of_the_repository_is_not_used(
    hands: Hands, remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """`core.sshCommand` and `core.gitProxy` of the repository do not run; the hint says what to do."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    Trap.at(tmp_path / "bin" / "ssh")
    trap = Trap.at(tmp_path / "traps" / "trap")
    url = "ssh://git@127.0.0.1:1/x.git" if key == "core.sshCommand" else "git://127.0.0.1:1/x.git"
    hands.git("config", "remote.origin.url", url)
    hands.git("config", key, str(trap.path))
    hands.git("fetch", "origin", status=None)
    assert trap.ran()
    trap.reset()
    with pytest.raises(GitError, match="remote origin: git push: ") as refused:
        Repository.around(hands.folder).push()
    assert not trap.ran()
    assert key.lower() in refused.value.hint
    assert "git config --global" in refused.value.hint


def test_the_users_own_ssh_command_is_used(
    hands: Hands, remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the user's own variables or config name is theirs to run."""
    trap = Trap.at(tmp_path / "traps" / "mine")
    hands.git("config", "remote.origin.url", "git@127.0.0.1:x.git")
    monkeypatch.setenv("GIT_SSH_COMMAND", str(trap.path))
    with pytest.raises(GitError, match="remote origin: git push: ") as refused:
        Repository.around(hands.folder).push()
    assert trap.ran()
    assert refused.value.hint


@dataclass
class Web:
    """A server that wants a password and tells nobody why."""

    url: str
    seen: list[str] = field(default_factory=list)


@contextmanager
def web() -> Iterator[Web]:
    told = Web("")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.seen.append(self.headers.get("Authorization", ""))
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("key", ["credential.helper", "credential.{}.helper", "core.askPass"])
def test_credential_helpers_of_the_repository_do_not_run(
    hands: Hands, remote: Path, tmp_path: Path, key: str
) -> None:
    """No helper of the repository is asked for a password, nor is its program for questions."""
    trap = Trap.at(tmp_path / "traps" / "trap")
    with web() as server:
        hands.git("config", "remote.origin.url", f"{server.url}/x.git")
        hands.git("config", key.format(server.url), str(trap.path))
        hands.git("fetch", "origin", status=None)
        assert trap.ran()
        trap.reset()
        with pytest.raises(GitError, match="remote origin: git push: ") as refused:
            Repository.around(hands.folder).push()
    assert not trap.ran()
    assert "git config --global" in refused.value.hint


def test_the_users_own_credential_helper_is_asked(
    hands: Hands, remote: Path, tmp_path: Path, home: Path
) -> None:
    """A helper of the user's own config gives the password; a wrong one is an error, and is not shown."""
    helper = tmp_path / "helper"
    helper.write_text("#!/bin/sh\n[ $1 = get ] && printf 'username=me\\npassword=hunter2\\n'\nexit 0\n")
    helper.chmod(0o755)
    (home / ".gitconfig").write_text(f"[credential]\n\thelper = {helper}\n")
    with web() as server:
        hands.git("config", "remote.origin.url", f"{server.url}/x.git")
        with pytest.raises(GitError, match="Authentication failed") as refused:
            Repository.around(hands.folder).push()
        assert any(header.startswith("Basic ") for header in server.seen)
    assert "hunter2" not in f"{refused.value} {refused.value.hint}"
    assert "nothing can ask for a password here" in refused.value.hint


def test_the_token_that_a_ci_system_leaves_in_a_checkout_is_used_and_not_shown(
    hands: Hands, remote: Path, tmp_path: Path
) -> None:
    """A header for the remote's host goes to it, also from an included file; no message has it."""
    with web() as server:
        hands.git("config", "remote.origin.url", f"{server.url}/x.git")
        hands.write(".git/ci", f'[http "{server.url}/"]\n\textraheader = AUTHORIZATION: basic c2VjcmV0\n')
        hands.git("config", f"includeIf.gitdir:{hands.root}/.git.path", "ci")
        with pytest.raises(GitError) as refused:
            Repository.around(hands.folder).push()
        assert server.seen[0] == "basic c2VjcmV0"
    assert "c2VjcmV0" not in f"{refused.value} {refused.value.hint}"


def test_a_password_in_the_url_is_used_and_not_shown(hands: Hands, remote: Path) -> None:
    """A URL with a password works as it does for git; no message has it."""
    with web() as server:
        address = server.url.removeprefix("http://")
        hands.git("config", "remote.origin.url", f"http://me:hunter2@{address}/x.git?private=hunter2")
        with pytest.raises(GitError) as refused:
            Repository.around(hands.folder).push()
        assert any(header.startswith("Basic ") for header in server.seen)
    assert "hunter2" not in f"{refused.value} {refused.value.hint}"


def test_a_push_asks_nobody(hands: Hands, remote: Path) -> None:
    """Without a password there is an error at once, with what to do, and no question on a terminal."""
    with web() as server:
        hands.git("config", "remote.origin.url", f"{server.url}/x.git")
        with pytest.raises(GitError, match="could not read Username") as refused:
            Repository.around(hands.folder).push()
    assert "set up a credential helper" in refused.value.hint
