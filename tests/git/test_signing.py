"""Signed commits, where git's config asks for them; and told before the work where that cannot be."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from lightdash_sync.errors import GitError
from lightdash_sync.git import Commit, Person, Repository
from tests.git.hands import Hands

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")


@pytest.fixture
def signing(hands: Hands, home: Path) -> Hands:
    """A repository whose user signs with an SSH key."""
    key = home / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (home / "signers").write_text(f"* {key.with_suffix('.pub').read_text()}")
    for name, value in {
        "commit.gpgSign": "true",
        "gpg.format": "ssh",
        "user.signingKey": str(key),
        "gpg.ssh.allowedSignersFile": str(home / "signers"),
    }.items():
        hands.git("config", "--global", name, value)
    return hands


def test_each_commit_is_signed_and_else_the_same(signing: Hands) -> None:
    """Author, time, message and content are those of an unsigned commit."""
    repository = Repository.around(signing.root)
    repository.require_policy(None)
    commits = [
        Commit(f"Näme {number}\n\nBody\n", {"a.json": b"%d" % number}, Person("Ánn O. Nym", "ann@x.example"))
        for number in range(3)
    ]
    made = repository.commit(signing.folder, commits)
    assert signing.git("log", "-3", "--format=%H %G? %an <%ae> %cn %s").splitlines() == [
        f"{name} G Ánn O. Nym <ann@x.example> lightdash-sync Näme {number}"
        for number, name in reversed([*enumerate(made)])
    ]
    assert signing.git("show", "HEAD:snapshots/production/a.json") == "2"
    signing.sound()


def test_a_rebase_before_a_push_signs_again(signing: Hands, tmp_path: Path) -> None:
    signing.git("init", "--quiet", "--bare", str(tmp_path / "far.git"))
    signing.git("remote", "add", "origin", str(tmp_path / "far.git"))
    signing.git("push", "-q", "origin", "main")
    signing.git("clone", "-q", "-b", "main", str(tmp_path / "far.git"), str(tmp_path / "other"))
    other = Hands(tmp_path / "other")
    other.commit("else.txt", "of somebody")
    other.git("push", "-q", "origin", "main")
    signing.backup({"a.json": b"1"})
    pushed = Repository.around(signing.root).push(folders=[signing.folder])
    assert len(pushed.rebased) == 1
    assert signing.git("log", "-1", "--format=%G?").strip() == "G"


def test_a_signature_that_cannot_be_made_is_told_first(signing: Hands, home: Path) -> None:
    """Nothing is committed, and the message says what to do; without the setting it goes on unsigned."""
    (home / "key").unlink()
    repository, before = Repository.around(signing.root), signing.tip()
    with pytest.raises(GitError, match="commits cannot be signed") as caught:
        repository.require_policy(None)
    assert "user.signingKey" in caught.value.hint
    signing.sound()
    assert signing.tip() == before
    signing.git("config", "commit.gpgSign", "false")
    repository.require_policy(None)
    assert repository.commit(signing.folder, [Commit("Plain", {"a.json": b"1"})])


def test_programs_of_the_repository_do_not_sign(signing: Hands) -> None:
    """They are named instead, before anything is done."""
    signing.git("config", "gpg.ssh.program", "touch ran; false")
    signing.git("config", "gpg.ssh.defaultKeyCommand", "touch ran")
    with pytest.raises(GitError, match=r"the repository's own config names \(gpg.ssh.program\)"):
        Repository.around(signing.root).require_policy(None)
    signing.backup({"a.json": b"1"})
    assert not (signing.root / "ran").exists()
