"""Finding the repository, or a clear word why not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import git
import pytest

from lightdash_sync.errors import GitError
from lightdash_sync.git import Commit, Head, Repository
from lightdash_sync.git import program as program_module
from lightdash_sync.git.program import Program

from .hands import Hands


def test_the_folder_need_not_exist_yet(hands: Hands) -> None:
    """A snapshot that was never made has its repository already."""
    assert not hands.folder.exists()
    assert Repository.around(hands.folder / "deeper").root == hands.root


def test_links_are_followed_to_where_the_files_are(hands: Hands, tmp_path: Path) -> None:
    """The repository is the one that really holds the folder, by whatever link it is named."""
    hands.folder.mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to(hands.folder)
    repository = Repository.around(link)
    assert repository.root == hands.root
    repository.commit(link, [Commit("x", {"a": b"1"})])
    assert hands.tree("HEAD", "snapshots/production") == {"a": "1"}


def test_a_relative_folder_is_meant_from_here(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path is one from the working directory."""
    monkeypatch.chdir(hands.root)
    assert Repository.around(Path("snapshots/production")).root == hands.root


def test_no_repository(tmp_path: Path) -> None:
    """Without a repository the error says how to make one."""
    with pytest.raises(GitError, match="is not in a git repository") as refused:
        Repository.around(tmp_path / "x")
    assert "lightdash-sync init" in refused.value.hint
    assert "git init" in refused.value.hint


@pytest.mark.parametrize("inside", ["bare", "hooks"])
def test_no_work_tree(hands: Hands, tmp_path: Path, inside: str) -> None:
    """A bare repository, or the inside of .git, is no place for a snapshot."""
    hands.git("init", "--quiet", "--bare", str(tmp_path / "bare"))
    folder = tmp_path / "bare" if inside == "bare" else hands.root / ".git" / "hooks"
    with pytest.raises(GitError, match="a repository without a work tree"):
        Repository.around(folder)


def test_a_repository_of_somebody_else(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where git does not trust the owner, neither is anything done, and the hint says how to trust them."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(GitError, match="belongs to another user") as refused:
        Repository.around(hands.folder)
    assert "safe.directory" in refused.value.hint


def test_git_is_missing(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git on the machine the error says so, whichever way it is missing."""
    for executable in (str(hands.root / "none"), str(hands.root)):
        monkeypatch.setattr(git.Git, "GIT_PYTHON_GIT_EXECUTABLE", executable)
        with pytest.raises(GitError, match="git could not be started") as refused:
            Repository.around(hands.folder)
        assert "install git" in refused.value.hint


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"])
def test_an_environment_that_points_elsewhere_is_refused(
    hands: Hands, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Inside a hook of another repository nothing is committed to that one by mistake."""
    monkeypatch.setenv(name, str(hands.root / "elsewhere"))
    for call in (Repository.around, Repository.init):
        with pytest.raises(GitError, match=f"{name} in the environment") as refused:
            call(hands.folder)
        assert f"unset {name}" in refused.value.hint


def test_a_work_tree_elsewhere_is_refused(hands: Hands, tmp_path: Path) -> None:
    """A config that moves the work tree cannot make us write to another directory."""
    (tmp_path / "victim").mkdir()
    hands.git("config", "core.worktree", str(tmp_path / "victim"))
    with pytest.raises(GitError, match="has its work tree elsewhere"):
        Repository.around(hands.folder)


def test_a_line_break_in_the_path_of_the_repository_is_refused(tmp_path: Path) -> None:
    """A path that git's own answers cannot carry is refused, not cut in two."""
    odd = Hands(tmp_path / "a\nb")
    odd.begin()
    with pytest.raises(GitError, match="line break"):
        Repository.around(odd.folder)


def test_links_that_lead_nowhere_are_refused(tmp_path: Path) -> None:
    """A loop of links is an error, not a traceback."""
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(GitError, match=r"links that lead nowhere|is not in a git repository"):
        Repository.around(tmp_path / "a" / "x")


def test_what_git_says_otherwise_is_passed_on(hands: Hands) -> None:
    """A repository that git cannot read is reported in git's words."""
    hands.git("config", "core.repositoryFormatVersion", "99")
    with pytest.raises(GitError, match=r"git rev-parse: .*version"):
        Repository.around(hands.folder)


@pytest.mark.parametrize(
    ("folder", "message"),
    [
        (".", "is the top of a git repository"),
        ("..", "is not in the repository"),
        (".git/x", "belongs to git itself"),
        ("sub/.GIT/x", "belongs to git itself"),
    ],
)
def test_only_a_folder_below_the_top_is_committed(hands: Hands, folder: str, message: str) -> None:
    """The whole repository, a folder outside it and git's own directory are refused."""
    repository = Repository.around(hands.folder)
    with pytest.raises(GitError, match=message):
        repository.commit(hands.root / folder, [Commit("x", {"a": b"1"})])
    assert hands.git("log", "--format=%s").splitlines() == ["Begin"]


def test_init_makes_a_repository_once(tmp_path: Path) -> None:
    """A new repository has the branch main and no hooks; a second time nothing changes."""
    folder = tmp_path / "new" / "repo"
    assert Repository.init(folder).head() == Head("main", None)
    assert not (folder / ".git" / "hooks").exists()
    commit = Hands(folder).commit("a", "1")
    assert Repository.init(folder).head() == Head("main", commit)


def test_init_obeys_the_users_own_choice_of_a_branch(tmp_path: Path, home: Path) -> None:
    """Who configured another name for first branches gets that name."""
    (home / ".gitconfig").write_text("[init]\n\tdefaultBranch = trunk\n")
    assert Repository.init(tmp_path / "new").head() == Head("trunk", None)


def test_init_where_no_directory_can_be(tmp_path: Path) -> None:
    """A file in the way is an error that names it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(GitError, match="file/repo: Not a directory"):
        Repository.init(tmp_path / "file" / "repo")


def test_a_git_that_hangs_is_stopped_with_its_helpers(hands: Hands, tmp_path: Path) -> None:
    """Nothing waits for ever: git and what it started are stopped, and no process is left."""
    pids = tmp_path / "pids"
    (tmp_path / "hang").write_text(
        f'#!/bin/sh\necho $$ > {pids}\ntrap "" TERM\nwhile :; do sleep 0.05; done\n'
    )
    (tmp_path / "hang").chmod(0o755)
    program = Program(hands.root)
    with pytest.raises(GitError, match=r"git hang took longer than 0\.3 s"):
        program.run("hang", settings=[("alias.hang", f"!{tmp_path}/hang")], deadline=0.3)
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", pids.read_text().strip()], capture_output=True, text=True
    )
    assert state.stdout.strip()[:1] in ("", "Z")  # gone, or nothing but a line in a table


def test_ctrl_c_stops_git(hands: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interruption stops git before it goes on."""
    started = []

    def interrupted(self: object, **_: object) -> None:
        started.append(self)
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr("subprocess.Popen.communicate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Program(hands.root).run("wait", settings=[("alias.wait", "!sleep 60")])
    assert started[0].poll() is not None  # type: ignore[attr-defined]


def test_config_of_the_users_variables_is_kept(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that the user hands over in variables count beside ours; a bad count is no traceback."""
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.name")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "Variable")
    program = Program(hands.root)
    told = program.ask("config", "--get-regexp", r"^(user\.name|x\.y)$", settings=[("x.y", "z")]).lines()
    assert told == ["user.name Variable", "x.y z"]
    monkeypatch.setenv("GIT_CONFIG_COUNT", "many")
    assert program.ask("config", "x.y", settings=[("x.y", "z")]).lines() == ["z"]


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("to https://user:p@ss@host/x.git?token=1 no", "to https://***@host/x.git?*** no"),
        ("'https://tok@host/x'", "'https://***@host/x'"),
        ("ssh://git@host:22/x", "ssh://***@host:22/x"),
        ("plain: git@host:x", "plain: git@host:x"),
    ],
)
def test_credentials_of_urls_are_not_shown(message: str, shown: str) -> None:
    """Whatever git says, no credentials and no query of a URL come through."""
    assert program_module.redacted(message) == shown


def test_a_full_disk_is_named(hands: Hands) -> None:
    """An error of a full disk says what to do."""
    answer = program_module.GitResult(128, b"", "fatal: write error: No space left on device\n")
    problem = program_module.failure("fast-import", answer)
    assert (problem.message, problem.hint) == (
        "git fast-import: fatal: write error: No space left on device",
        "make room on the disk and run again",
    )


def test_an_error_without_words_has_its_status(hands: Hands) -> None:
    """A silent failure is still one."""
    assert program_module.failure("x", program_module.GitResult(3, b"", "")).message == "git x: exit status 3"
