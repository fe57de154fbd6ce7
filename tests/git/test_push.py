"""Pushing: as git does it, and once more on top of what others pushed meanwhile, if it is safe."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import git
import pytest

from lightdash_sync.errors import GitError
from lightdash_sync.git import Commit, Person, Pushed, Repository

from .hands import SOMEBODY, Hands, after

if TYPE_CHECKING:
    from pathlib import Path

ONE = {"a.json": b"1\n"}
TWO = {"a.json": b"2\n", "b.json": b"2\n"}


@pytest.fixture
def remote(hands: Hands, tmp_path: Path) -> Path:
    """A bare repository that the work tree pushes to."""
    bare = tmp_path / "remote.git"
    hands.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    hands.git("remote", "add", "origin", str(bare))
    hands.git("push", "--quiet", "-u", "origin", "main")
    return bare


@pytest.fixture
def colleague(remote: Path, tmp_path: Path) -> Hands:
    """Somebody else with a clone."""
    subprocess.run(["git", "clone", "--quiet", str(remote), str(tmp_path / "colleague")], check=True)
    return Hands(tmp_path / "colleague")


def pushed_by(colleague: Hands, path: str, content: str) -> str:
    """Let the colleague push a change; return its id."""
    commit = colleague.commit(path, content)
    colleague.git("push", "--quiet", "origin", "HEAD")
    return commit


def there(remote: Path, revision: str = "main") -> str:
    """Return the id of a commit in the remote."""
    return Hands(remote).tip(revision)


def test_a_push_takes_the_branch_to_the_remote(hands: Hands, remote: Path) -> None:
    """What was committed is at the remote afterwards, and git here knows that it is."""
    own = hands.backup(ONE)
    pushed = Repository.around(hands.folder).push(folders=[hands.folder])
    assert pushed == Pushed("origin", "main", own[0])
    assert there(remote) == own[0]
    assert hands.git("status", "--short", "--branch") == "## main...origin/main\n"


def test_pushing_what_is_there_already_is_no_error(hands: Hands, remote: Path) -> None:
    """A push with nothing to push is done."""
    repository = Repository.around(hands.folder)
    assert repository.push().tip == there(remote) == repository.push().tip


def test_another_branch_is_pushed_and_created_there(hands: Hands, remote: Path) -> None:
    """A branch that is not checked out, and not at the remote yet, is pushed under its name."""
    repository = Repository.around(hands.folder)
    own = repository.commit(hands.folder, [Commit("x", ONE)], branch="backups/daily")
    repository.push(branch="backups/daily", folders=[hands.folder])
    assert there(remote, "backups/daily") == own[0]


def test_a_branch_that_only_the_remote_has_is_gone_on_with(
    hands: Hands, remote: Path, tmp_path: Path
) -> None:
    """A fresh clone goes on with the backups of the nights before, on a branch it has not checked out."""
    first = Repository.around(hands.folder)
    first.commit(hands.folder, [Commit("First night", ONE)], branch="backups")
    first.push(branch="backups")
    subprocess.run(["git", "clone", "--quiet", str(remote), str(tmp_path / "fresh")], check=True)
    fresh = Hands(tmp_path / "fresh")
    again = Repository.around(fresh.folder)
    again.commit(fresh.folder, [Commit("Second night", TWO)], branch="backups")
    pushed = again.push(branch="backups")
    assert pushed.rebased == ()
    assert Hands(remote).git("log", "--format=%s", "backups") == "Second night\nFirst night\nBegin\n"


@pytest.mark.parametrize("checked_out", [True, False])
def test_a_rejected_push_is_rebased_and_pushed_once_more(
    hands: Hands, remote: Path, colleague: Hands, checked_out: bool
) -> None:
    """Our series goes on top of others' work with the same content, authors and messages; nothing is lost."""
    branch = None if checked_out else "backups"
    hands.git("push", "--quiet", "origin", "main:backups")
    hands.git("branch", "backups")
    colleague.git("fetch", "--quiet")
    colleague.git("checkout", "--quiet", branch or "main")
    theirs = pushed_by(colleague, "README.md", "from a colleague\n")
    repository = Repository.around(hands.folder)
    ann = Person("Ann", "ann@example.com")
    repository.commit(hands.folder, [Commit("One\n\nbody", ONE, ann), Commit("Two", TWO)], branch=branch)
    hands.put(TWO)
    pushed = repository.push(branch=branch, folders=[hands.folder])
    ours = hands.tip(branch or "HEAD")
    assert (pushed.tip, pushed.rebased[-1], there(remote, branch or "main")) == (ours, ours, ours)
    told = hands.git("log", "--format=%an|%B", "-3", ours).split("\n\n")
    assert hands.git("rev-list", ours, "-3").split()[2] == theirs
    assert "Ann|One" in "".join(told)
    assert [hands.tree(commit, "snapshots/production") for commit in pushed.rebased] == [
        {"a.json": "1\n"},
        {"a.json": "2\n", "b.json": "2\n"},
    ]
    assert hands.git("show", f"{ours}:README.md") == "from a colleague\n"
    if checked_out:
        assert hands.status() == ""
        assert (hands.root / "README.md").read_text() == "from a colleague\n"
    else:
        assert (hands.root / "README.md").read_text() == "hello\n"
        assert hands.status() == "?? snapshots/\n"
    hands.sound()


def test_a_rebase_keeps_a_dirty_work_tree(hands: Hands, remote: Path, colleague: Hands) -> None:
    """What somebody has changed or staged elsewhere is as it was after a rebase."""
    hands.commit("mine.txt", "1\n")
    hands.git("push", "--quiet")
    colleague.git("pull", "--quiet")
    pushed_by(colleague, "theirs.txt", "2\n")
    hands.write("mine.txt", "dirty\n")
    hands.write("staged.txt", "new\n")
    hands.git("add", "staged.txt")
    before = hands.status()
    hands.backup(ONE)
    Repository.around(hands.folder).push(folders=[hands.folder])
    assert hands.status() == before
    assert (hands.root / "mine.txt").read_text() == "dirty\n"
    assert (hands.root / "theirs.txt").read_text() == "2\n"


@pytest.mark.parametrize("how", ["changed", "staged", "untracked"])
def test_a_rebase_that_would_overwrite_somebodys_changes_stops(
    hands: Hands, remote: Path, colleague: Hands, how: str
) -> None:
    """A file that was changed here and by others is not overwritten: nothing moves, and the hint helps."""
    path = "new.txt" if how == "untracked" else "README.md"
    theirs = pushed_by(colleague, path, "theirs\n")
    hands.write(path, "mine\n")
    if how == "staged":
        hands.git("add", path)
    own = hands.backup(ONE)
    before = hands.status()
    with pytest.raises(GitError, match="files that others changed are changed here too") as refused:
        Repository.around(hands.folder).push(folders=[hands.folder])
    assert refused.value.hint == "run `git pull --rebase origin main`, then run again"
    assert (hands.tip(), there(remote), hands.status()) == (own[0], theirs, before)
    assert (hands.root / path).read_text() == "mine\n"


def test_a_rebase_waits_for_nobodys_lock(hands: Hands, remote: Path, colleague: Hands) -> None:
    """A lock of the index stops a rebase before anything changes."""
    pushed_by(colleague, "README.md", "theirs\n")
    own = hands.backup(ONE)
    hands.write(".git/index.lock", "")
    with pytest.raises(GitError, match=r"index\.lock"):
        Repository.around(hands.folder).push(folders=[hands.folder])
    assert hands.tip() == own[0]


@pytest.mark.parametrize("files", [1, 3])
def test_a_remote_that_changed_the_same_folder_stops_a_push(
    hands: Hands, remote: Path, colleague: Hands, files: int
) -> None:
    """Two places that make backups to one branch are not merged by guesswork."""
    for number in range(files):
        pushed_by(colleague, f"snapshots/production/{number}.json", "theirs\n")
    theirs = colleague.tip()
    own = hands.backup(ONE)
    with pytest.raises(GitError, match="has changes to the same snapshot that are not here") as refused:
        Repository.around(hands.folder).push(folders=[hands.folder])
    assert "0.json and 2 more)" in str(refused.value) or files == 1
    assert "git reset --keep origin/main" in refused.value.hint
    assert (hands.tip(), there(remote)) == (own[0], theirs)


def test_workers_push_their_folders_to_one_branch(hands: Hands, remote: Path, colleague: Hands) -> None:
    """What others changed in a snapshot that is not backed up here stops nobody, and is kept."""
    staging = hands.root / "snapshots/staging"
    theirs = pushed_by(colleague, "snapshots/staging/a.json", "theirs\n")
    hands.backup(ONE)
    pushed = Repository.around(hands.folder).push(folders=[hands.folder, staging])
    assert hands.tip("HEAD~1") == theirs
    assert there(remote) == hands.tip() == pushed.tip
    assert (staging / "a.json").read_text() == "theirs\n"
    assert hands.status() == ""


def test_a_quiet_night_behind_the_remote_is_fine(hands: Hands, remote: Path, colleague: Hands) -> None:
    """With nothing to push, what others have pushed is no reason to fail, nor to change anything here."""
    before = hands.tip()
    theirs = pushed_by(colleague, "snapshots/production/a.json", "theirs\n")
    pushed = Repository.around(hands.folder).push(folders=[hands.folder])
    assert pushed == Pushed("origin", "main", before, is_news=False)
    assert (hands.tip(), there(remote)) == (before, theirs)


@pytest.mark.parametrize("commits", [1, 2])
def test_commits_of_others_are_never_rebased(
    hands: Hands, remote: Path, colleague: Hands, commits: int
) -> None:
    """Unpushed work of the user's own is not rewritten; they are told to do it themselves."""
    pushed_by(colleague, "README.md", "theirs\n")
    for number in range(commits):
        hands.commit("mine.txt", f"{number}\n")
    own = hands.backup(ONE)
    with pytest.raises(GitError, match="neither pushed nor made by a backup") as refused:
        Repository.around(hands.folder).push(folders=[hands.folder])
    assert ("and 1 more" in str(refused.value)) == (commits == 2)
    assert hands.tip() == own[0]


def test_a_commit_of_another_folder_is_not_rebased(hands: Hands, remote: Path, colleague: Hands) -> None:
    """Only what is in the named folders is carried over, and nothing else is dropped silently."""
    pushed_by(colleague, "README.md", "theirs\n")
    repository = Repository.around(hands.folder)
    repository.commit(hands.root / "snapshots/staging", [Commit("Back up", ONE)])
    mine = hands.tip()
    with pytest.raises(GitError, match="is not about the snapshot alone"):
        repository.push(folders=[hands.folder])
    assert hands.tip() == mine


def test_what_an_earlier_run_could_not_push_is_rebased_too(
    hands: Hands, remote: Path, colleague: Hands
) -> None:
    """A night without network does not stop all nights after it: its commits are known to be ours."""
    hands.backup(ONE, "First night")
    theirs = pushed_by(colleague, "README.md", "theirs\n")
    hands.backup(TWO, "Second night")
    pushed = Repository.around(hands.folder).push(folders=[hands.folder])
    assert hands.git("log", "--format=%s", f"{theirs}..{pushed.tip}") == "Second night\nFirst night\n"
    assert there(remote) == pushed.tip
    hands.sound()


def test_as_many_tries_as_asked_for(
    hands: Hands, remote: Path, colleague: Hands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where several workers push to one branch, losing the race twice is not the end."""
    pushed_by(colleague, "README.md", "first\n")
    once = tmp_path / "once"
    move = (
        f"mkdir {once} && cd {colleague.root} && {SOMEBODY} commit -q --allow-empty -m again && git push -q"
    )
    monkeypatch.setattr(git.Git, "GIT_PYTHON_GIT_EXECUTABLE", after("fetch", move, tmp_path))
    hands.backup(ONE)
    pushed = Repository.around(hands.folder).push(folders=[hands.folder], again=2)
    assert there(remote) == pushed.tip == hands.tip()
    assert there(remote, "main~1") == colleague.tip()


def test_several_folders_in_one_run(hands: Hands, remote: Path, colleague: Hands) -> None:
    """The commits of several environments are rebased together, in their order."""
    pushed_by(colleague, "README.md", "theirs\n")
    staging = hands.root / "snapshots" / "staging"
    repository = Repository.around(hands.folder)
    own = repository.commit(hands.folder, [Commit("production", ONE)])
    own += repository.commit(staging, [Commit("staging", TWO)])
    own += repository.commit(hands.folder, [Commit("production again", TWO)])
    pushed = repository.push(folders=[hands.folder, staging])
    assert len(pushed.rebased) == 3
    subjects = hands.git("log", "--format=%s", "-3").splitlines()
    assert subjects == ["production again", "staging", "production"]
    assert hands.tree("HEAD", "snapshots/staging") == {"a.json": "2\n", "b.json": "2\n"}


def test_a_new_repository_goes_on_top_of_what_a_new_remote_has(tmp_path: Path, remote: Path) -> None:
    """A first backup and a remote that was made with a README have no common history, and need none."""
    fresh = Hands(tmp_path / "fresh")
    repository = Repository.init(fresh.root)
    fresh.backup(ONE)
    fresh.git("remote", "add", "origin", str(remote))
    pushed = repository.push(folders=[fresh.folder])
    assert there(remote) == pushed.tip == fresh.tip()
    assert (fresh.root / "README.md").read_text() == "hello\n"
    assert fresh.status() == ""


def test_a_shallow_clone_is_rebased_and_pushed(
    hands: Hands, remote: Path, colleague: Hands, tmp_path: Path
) -> None:
    """A checkout of depth 1, as CI makes it, pushes on top of what came after it."""
    hands.commit("more.txt", "1\n")
    hands.git("push", "--quiet")
    subprocess.run(
        ["git", "clone", "--quiet", "--depth=1", f"file://{remote}", str(tmp_path / "ci")], check=True
    )
    colleague.git("pull", "--quiet")
    theirs = pushed_by(colleague, "README.md", "theirs\n")
    ci = Hands(tmp_path / "ci")
    ci.backup(ONE)
    pushed = Repository.around(ci.folder).push(folders=[ci.folder])
    assert (there(remote), there(remote, "main~1")) == (pushed.tip, theirs)
    assert ci.status() == ""
    ci.sound()


def test_a_remote_that_moves_all_the_time(
    hands: Hands, remote: Path, colleague: Hands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """After one more try the commits are kept, and the error says so; the next run pushes them."""
    pushed_by(colleague, "README.md", "first\n")
    # As soon as something has been fetched, the remote moves again.
    move = f"cd {colleague.root} && {SOMEBODY} commit -q --allow-empty -m again && git push -q"
    monkeypatch.setattr(git.Git, "GIT_PYTHON_GIT_EXECUTABLE", after("fetch", move, tmp_path))
    hands.backup(ONE)
    repository = Repository.around(hands.folder)
    with pytest.raises(GitError, match="origin moved on again") as refused:
        repository.push(folders=[hands.folder])
    assert "the commits are kept here" in refused.value.hint
    assert hands.tree("HEAD", "snapshots/production") == {"a.json": "1\n"}
    monkeypatch.undo()


def test_a_refusal_of_the_remote_is_told_in_its_words(hands: Hands, remote: Path, colleague: Hands) -> None:
    """What is no race is not tried again: a protected branch stays an error."""
    Hands(remote).git("config", "receive.denyDeletes", "true")
    Hands(remote).git("config", "receive.denyCurrentBranch", "refuse")
    Hands(remote).git("config", "core.bare", "false")
    hands.backup(ONE)
    with pytest.raises(GitError, match=r"origin refused branch main: .*branch is currently checked out"):
        Repository.around(hands.folder).push(folders=[hands.folder])


def test_a_remote_that_is_not_there(hands: Hands, remote: Path) -> None:
    """A remote that cannot be reached is an error in git's words, and the commits stay."""
    own = hands.backup(ONE)
    remote.rename(remote.with_name("moved"))
    with pytest.raises(GitError, match="remote origin: git push: fatal: ") as refused:
        Repository.around(hands.folder).push(folders=[hands.folder])
    assert "the commits are kept here" in refused.value.hint
    assert hands.tip() == own[0]


def test_a_branch_that_vanishes_between_push_and_fetch(
    hands: Hands, remote: Path, colleague: Hands, tmp_path: Path
) -> None:
    """Where pushing and fetching do not lead to the same repository, the error is git's."""
    pushed_by(colleague, "README.md", "theirs\n")
    empty = tmp_path / "empty.git"
    hands.git("init", "--quiet", "--bare", str(empty))
    hands.git("config", "remote.origin.url", str(empty))
    hands.git("config", "remote.origin.pushurl", f"file://{remote}")
    hands.backup(ONE)
    with pytest.raises(GitError, match="remote origin: git fetch: fatal: "):
        Repository.around(hands.folder).push(folders=[hands.folder])


def test_nothing_to_push(tmp_path: Path) -> None:
    """A branch without commits cannot be pushed."""
    repository = Repository.init(tmp_path / "new")
    with pytest.raises(GitError, match="branch main has no commits to push"):
        repository.push()


def test_the_remote_is_the_one_git_would_push_to(hands: Hands, remote: Path, tmp_path: Path) -> None:
    """The branch's own remote comes first, then origin, then the only one there is."""
    hands.backup(ONE)
    for name in ("other", "third"):
        hands.git("init", "--quiet", "--bare", str(tmp_path / name))
        hands.git("remote", "add", name, str(tmp_path / name))
    repository = Repository.around(hands.folder)
    assert repository.push("third").remote == "third"
    hands.git("config", "branch.main.pushRemote", "other")
    assert repository.push().remote == "other"
    hands.git("config", "--unset", "branch.main.pushRemote")
    hands.git("config", "--unset", "branch.main.remote")
    assert repository.push().remote == "origin"
    hands.git("remote", "remove", "origin")
    with pytest.raises(GitError, match="which remote to push to"):
        repository.push()
    hands.git("remote", "remove", "other")
    assert repository.push().remote == "third"
    hands.git("remote", "remove", "third")
    with pytest.raises(GitError, match="no remote to push to"):
        repository.push()
    with pytest.raises(GitError, match="there is no remote 'nowhere'") as refused:
        repository.push("nowhere")
    assert "git remote add nowhere URL" in refused.value.hint


def test_a_remote_with_several_urls_gets_all(hands: Hands, remote: Path, tmp_path: Path) -> None:
    """As with git itself: each push URL gets the same commits; one that has others is named."""
    mirror = tmp_path / "mirror.git"
    hands.git("init", "--quiet", "--bare", str(mirror))
    hands.git("remote", "set-url", "--add", "--push", "origin", str(remote))
    hands.git("remote", "set-url", "--add", "--push", "origin", str(mirror))
    hands.backup({"a.json": b"1"})
    repository = Repository.around(hands.root)
    pushed = repository.push(folders=[hands.folder])
    for url in (remote, mirror):
        assert hands.git("ls-remote", str(url), "refs/heads/main").split()[0] == pushed.tip
    hands.git("clone", "-q", "-b", "main", str(mirror), str(tmp_path / "other"))
    Hands(tmp_path / "other").commit("else.txt", "of somebody")
    Hands(tmp_path / "other").git("push", "-q", "origin", "main")
    hands.backup({"a.json": b"2"})
    with pytest.raises(GitError, match=r"mirror.git.* has commits on branch main that the other URLs"):
        repository.push(folders=[hands.folder])


def test_a_remote_that_is_named_is_looked_for_first(hands: Hands, remote: Path) -> None:
    repository = Repository.around(hands.root)
    repository.require_policy("origin")
    with pytest.raises(GitError, match="there is no remote 'orign'"):
        repository.require_policy("orign")


def test_a_remote_whose_branches_are_not_followed(hands: Hands, remote: Path) -> None:
    """Where nothing follows the remote's branches, nothing is made up."""
    hands.git("config", "remote.origin.fetch", "+refs/heads/main:refs/remotes/elsewhere/main")
    before = hands.tip("origin/main")
    hands.backup(ONE)
    Repository.around(hands.folder).push()
    assert hands.tip("origin/main") == before


@pytest.mark.parametrize("kind", ["relative", "file url"])
def test_urls_of_directories(hands: Hands, remote: Path, kind: str) -> None:
    """A remote may be a relative path or a file URL."""
    hands.git("config", "remote.origin.url", "../remote.git" if kind == "relative" else f"file://{remote}")
    own = hands.backup(ONE)
    assert Repository.around(hands.folder).push().tip == there(remote) == own[0]


def test_what_happens_to_the_branch_meanwhile_is_not_overwritten(
    hands: Hands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A commit that somebody makes while ours are written is kept, and ours are not made."""
    move = f"cd {hands.root} && {SOMEBODY} commit -q --allow-empty -m meanwhile"
    monkeypatch.setattr(git.Git, "GIT_PYTHON_GIT_EXECUTABLE", after("fast-import", move, tmp_path))
    with pytest.raises(GitError, match="changed by somebody else in the meantime; nothing was committed"):
        hands.backup(ONE)
    assert hands.git("log", "--format=%s").splitlines() == ["meanwhile", "Begin"]


def test_another_branch_checked_out_meanwhile_keeps_its_index(
    hands: Hands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """If somebody checks out another branch in the same moment, that branch's index is left alone."""
    hands.git("branch", "side")
    move = f"cd {hands.root} && git symbolic-ref HEAD refs/heads/side"
    monkeypatch.setattr(git.Git, "GIT_PYTHON_GIT_EXECUTABLE", after("update-ref", move, tmp_path))
    own = Repository.around(hands.folder).commit(hands.folder, [Commit("x", ONE)])
    assert hands.tip("main") == own[0]
    assert hands.git("ls-files").split() == ["README.md"]
