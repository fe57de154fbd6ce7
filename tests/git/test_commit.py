"""Commits: complete, in order, signed by whoever did it, and nobody else's work touched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import git
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightdash_sync.errors import GitError
from lightdash_sync.git import Commit, Head, Person, Repository

from .hands import Hands, after

ROOT = Path(__file__).parents[2]
ONE = {"charts/a.json": b"1\n", "charts/b.json": b"2\n", "snapshot.json": b"{}\n"}
TWO = {"charts/a.json": b"11\n", "charts/c.json": b"3\n", "snapshot.json": b"{}\n"}


def texts(files: dict[str, bytes]) -> dict[str, str]:
    return {path: content.decode() for path, content in files.items()}


def test_a_series_appears_in_order_and_each_commit_holds_its_complete_content(hands: Hands) -> None:
    """Every commit of a series holds exactly the files that were given for it, on top of the one before."""
    begun = hands.tip()
    made = Repository.around(hands.folder).commit(hands.folder, [Commit("First", ONE), Commit("Second", TWO)])
    assert hands.git("rev-list", "HEAD").split() == [made[1], made[0], begun]
    assert [hands.tree(commit, "snapshots/production") for commit in made] == [texts(ONE), texts(TWO)]
    assert hands.git("log", "--format=%s", "-2").splitlines() == ["Second", "First"]
    assert hands.git("show", "HEAD:README.md") == "hello\n"
    hands.sound()


def test_the_folder_is_clean_after_a_commit(hands: Hands) -> None:
    """After a commit of what is on disk, `git status` says nothing about the folder."""
    hands.backup(ONE)
    (hands.folder / "charts/b.json").unlink()
    hands.backup(TWO)
    assert hands.status() == ""


def test_a_commit_that_changes_nothing_is_not_made(hands: Hands) -> None:
    """The same content twice is one commit, within a series and from one run to the next."""
    repository = Repository.around(hands.folder)
    assert len(repository.commit(hands.folder, [Commit("a", ONE), Commit("b", ONE), Commit("c", ONE)])) == 1
    assert repository.commit(hands.folder, [Commit("d", ONE)]) == []
    assert repository.commit(hands.folder, []) == []
    assert hands.git("log", "--format=%s").splitlines() == ["a", "Begin"]


def test_a_folder_that_was_never_there_and_is_empty_makes_no_commit(hands: Hands) -> None:
    """Nothing to commit is not an error, in a branch without commits either."""
    hands.git("checkout", "--quiet", "--orphan", "new")
    assert Repository.around(hands.folder).commit(hands.folder, [Commit("Nothing", {})]) == []


def test_going_back_to_what_was_is_a_commit(hands: Hands) -> None:
    """A series that returns to its beginning tells so, commit by commit."""
    commits = [Commit("a", ONE), Commit("b", TWO), Commit("c", ONE)]
    assert len(Repository.around(hands.folder).commit(hands.folder, commits)) == 3


def test_all_files_can_go(hands: Hands) -> None:
    """An empty content deletes the folder's files, and only those."""
    hands.backup(ONE)
    Repository.around(hands.folder).commit(hands.folder, [Commit("Empty", {})])
    assert hands.git("ls-files").splitlines() == ["README.md"]
    assert hands.git("ls-tree", "-r", "--name-only", "HEAD").splitlines() == ["README.md"]


def test_files_are_read_from_disk_where_a_path_is_given(hands: Hands) -> None:
    """A file on disk goes into git byte by byte: no conversion of line ends, no filter."""
    hands.write(".gitattributes", "* text eol=crlf\n")
    content = b"a\r\nb\n\0\xff"
    file = hands.root / "elsewhere.bin"
    file.write_bytes(content)
    repository = Repository.around(hands.folder)
    made = repository.commit(hands.folder, [Commit("One", {"a.json": file}), Commit("Two", {"b.json": file})])
    assert repository.read(made[0], hands.folder / "a.json") == content
    assert repository.read(made[1], hands.folder / "b.json") == content


def test_a_file_may_become_a_folder_and_a_folder_a_file(hands: Hands) -> None:
    """Paths that change their kind from one commit to the next are committed as they are."""
    repository = Repository.around(hands.folder)
    as_file, as_folder = {"a": b"1"}, {"a/b/c": b"2"}
    commits = [Commit("File", as_file), Commit("Folder", as_folder), Commit("File again", as_file)]
    made = repository.commit(hands.folder, commits)
    found = [dict(repository.contents(commit, hands.folder)) for commit in made]
    assert found == [as_file, as_folder, as_file]
    hands.sound()


def test_names_that_git_or_a_shell_could_mistake_are_plain_names(hands: Hands) -> None:
    """A file may begin with a dash, or have quotes, spaces, line breaks or letters of any script."""
    names = [
        "-rf.json",
        "--help",
        '"quoted"',
        "a b",
        "line\nbreak",
        "ünï/日本",
        ":(top)x",
        "*",
        "a\tb",
        "$(x)",
    ]
    files = {name: name.encode() for name in names}
    repository = Repository.around(hands.folder)
    made = repository.commit(hands.folder, [Commit("Names", files)])
    assert dict(repository.contents(made[0], hands.folder)) == files
    assert set(repository.files("HEAD", hands.folder)) == set(names)
    hands.put(files)
    assert hands.status("snapshots") == ""


@given(
    st.lists(
        st.dictionaries(
            st.lists(st.sampled_from(["a", "b", "-", "é"]), min_size=1, max_size=3).map("/".join),
            st.binary(max_size=4),
            max_size=5,
        ),
        max_size=4,
    )
)
@settings(max_examples=12)
def test_what_is_committed_is_what_was_given(
    tmp_path_factory: pytest.TempPathFactory, series: list[dict[str, bytes]]
) -> None:
    """Whatever the series: each commit restores exactly, and a file is never a folder too."""
    hands = Hands(tmp_path_factory.mktemp("law") / "work")
    hands.begin()
    repository = Repository.around(hands.folder)
    sensible = [
        files
        for files in series
        if not any(other.startswith(f"{path}/") for path in files for other in files)
    ]
    if len(sensible) < len(series):
        with pytest.raises(GitError, match="a file and a folder at once"):
            repository.commit(hands.folder, [Commit("x", files) for files in series])
        assert hands.git("log", "--format=%s").splitlines() == ["Begin"]
    made = repository.commit(hands.folder, [Commit("x", files) for files in sensible])
    distinct = [files for before, files in zip([{}, *sensible], sensible, strict=False) if before != files]
    assert [dict(repository.contents(commit, hands.folder)) for commit in made] == distinct


@pytest.mark.parametrize(
    "path",
    ["", ".", "..", "../x", "a/../b", "/etc/passwd", "a//b", "a/", ".git", ".git/config", "a/.GIT/hooks/x",
     ".gitattributes", ".gitmodules", "GIT~1", ".g\u200cit", "a\\b", "nul\0", ".git. "],
)  # fmt: skip
def test_paths_that_leave_the_folder_or_mean_something_to_git_are_refused(hands: Hands, path: str) -> None:
    """No path can leave the folder, or become configuration of git for whoever checks it out."""
    with pytest.raises(GitError, match="is not a path for a file in git"):
        Repository.around(hands.folder).commit(hands.folder, [Commit("x", {path: b""})])
    assert hands.git("log", "--format=%s").splitlines() == ["Begin"]


@pytest.mark.parametrize("what", ["nothing", "link", "directory", "pipe"])
def test_only_regular_files_are_read(hands: Hands, what: str) -> None:
    """A file that is missing, a link, a directory or a pipe stops the whole series, at once."""
    path = hands.root / "thing"
    if what == "link":
        path.symlink_to("/etc/passwd")
    elif what == "directory":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    with pytest.raises(GitError, match=r"thing (cannot be read|is not a regular file)"):
        Repository.around(hands.folder).commit(hands.folder, [Commit("x", ONE), Commit("y", {"a": path})])
    assert hands.git("log", "--format=%s").splitlines() == ["Begin"]


def test_authors_and_times_are_those_given(hands: Hands) -> None:
    """A commit names its author and when they did it, whatever their time zone; the tool committed it."""
    when = datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone(timedelta(hours=2)))
    before = int(time.time())
    Repository.around(hands.folder).commit(
        hands.folder, [Commit("x", ONE, Person("Zoë Ünal", "zoe@example.com"), when)]
    )
    told = hands.git("log", "-1", "--format=%an|%ae|%at|%cn|%ce|%ct").strip().split("|")
    assert told[:3] == ["Zoë Ünal", "zoe@example.com", str(int(when.timestamp()))]
    assert told[3:5] == ["lightdash-sync", "lightdash-sync@localhost"]
    assert before <= int(told[5]) <= time.time()


def test_without_an_author_the_tool_is_both(hands: Hands) -> None:
    """A commit of nobody in particular is the tool's, with no identity configured anywhere."""
    hands.backup(ONE)
    assert hands.git("log", "-1", "--format=%an <%ae>").strip() == "lightdash-sync <lightdash-sync@localhost>"


def test_the_tool_is_the_committer_on_everybodys_machine(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose machine it is does not matter, unless the variables for this purpose name somebody."""
    for name in ("user", "author", "committer"):
        hands.git("config", f"{name}.name", "Jane")
        hands.git("config", f"{name}.email", "jane@example.com")
    hands.backup(ONE)
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Other")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "other@example.com")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "1700000000 +0100")
    hands.backup(TWO)
    told = hands.git("log", "-2", "--format=%an <%ae> %cn <%ce>").splitlines()
    assert told[0] == "Other <other@example.com> Other <other@example.com>"
    assert told[1] == " ".join(["lightdash-sync <lightdash-sync@localhost>"] * 2)
    assert hands.git("log", "-1", "--format=%ct").strip() == "1700000000"


@pytest.mark.parametrize(
    ("name", "email", "told"),
    [
        ("", "", "unknown <>"),
        ("<b>\n\x1b[31mX", "a b>@c\n", "b [31mX <ab@c>"),
        ("\ud800lone", "l@x", "lone <l@x>"),
        ("a\0b", "c\0d", "a b <cd>"),
    ],
)
def test_hostile_names_of_authors_cannot_break_a_commit(
    hands: Hands, name: str, email: str, told: str
) -> None:
    """Whatever somebody calls themselves, the commit is sound and names one author."""
    Repository.around(hands.folder).commit(hands.folder, [Commit("x", ONE, Person(name, email))])
    assert hands.git("log", "-1", "--format=%an <%ae>").strip() == told
    hands.git("fsck", "--strict")


def test_hostile_messages_cannot_break_a_commit(hands: Hands) -> None:
    """A message may hold anything, commands of fast-import included."""
    message = "Subject\n\ndone\ncommit refs/heads/main\n\0\ud800 <x>\nprogress é\n\n\n"
    Repository.around(hands.folder).commit(hands.folder, [Commit(message, ONE)])
    assert hands.git("log", "-1", "--format=%B").rstrip() == (
        "Subject\n\ndone\ncommit refs/heads/main\n\\ud800 <x>\nprogress é"
    )
    hands.sound()


def test_times_before_git_are_the_first_that_git_has(hands: Hands) -> None:
    """A time before 1970 does not stop a backup."""
    Repository.around(hands.folder).commit(
        hands.folder, [Commit("x", ONE, None, datetime(1900, 1, 1, tzinfo=UTC))]
    )
    assert hands.git("log", "-1", "--format=%at").strip() == "0"


def test_a_dirty_index_and_work_tree_stay_as_they_are(hands: Hands) -> None:
    """What somebody has staged, changed, deleted or not added elsewhere is neither committed nor touched."""
    hands.commit("both.txt", "1\n")
    hands.commit("gone.txt", "1\n")
    hands.backup(ONE)
    hands.write("both.txt", "staged\n")
    hands.write("new.txt", "new\n")
    hands.git("add", "both.txt", "new.txt")
    hands.write("both.txt", "changed again\n")
    hands.git("rm", "--quiet", "gone.txt")
    hands.write("untracked.txt", "mine\n")
    before, staged = hands.status(), hands.git("ls-files", "-s")
    assert sorted(before.splitlines()) == ["?? untracked.txt", "A  new.txt", "D  gone.txt", "MM both.txt"]
    hands.backup({"charts/a.json": b"other\n", **{k: v for k, v in ONE.items() if k != "charts/a.json"}})
    assert hands.status() == before
    outside = [line for line in hands.git("ls-files", "-s").splitlines() if "snapshots/" not in line]
    assert outside == [line for line in staged.splitlines() if "snapshots/" not in line]
    assert hands.git("show", "--format=", "--name-only", "HEAD").split() == [
        "snapshots/production/charts/a.json"
    ]


def test_what_is_staged_in_the_folder_gives_way_to_the_snapshot(hands: Hands) -> None:
    """The folder is the tool's: whatever is staged or in conflict there is brought to the new commit."""
    hands.backup(ONE)
    hands.write("snapshots/production/charts/extra.json", "by hand\n")
    hands.git("add", "-A")
    blob = hands.git("rev-parse", "HEAD:README.md").strip()
    info = "".join(f"100644 {blob} {stage}\tsnapshots/production/charts/a.json\n" for stage in (1, 2, 3))
    subprocess.run(["git", "update-index", "--index-info"], cwd=hands.root, input=info.encode(), check=True)
    repository = Repository.around(hands.folder)
    assert "UU" in hands.status()
    assert repository.commit(hands.folder, [Commit("x", ONE)]) == []
    assert hands.status() == "?? snapshots/production/charts/extra.json\n"


def test_flags_of_entries_that_do_not_change_are_kept(hands: Hands) -> None:
    """Entries that are already right are not written: what somebody told git about them stays."""
    hands.backup(ONE)
    hands.git("update-index", "--skip-worktree", "snapshots/production/charts/a.json")
    hands.backup({**ONE, "charts/b.json": b"new\n"})
    assert "S snapshots/production/charts/a.json" in hands.git("ls-files", "-v")


def test_the_first_commit_of_a_repository(tmp_path: Path) -> None:
    """A repository without any commit gets its first one, on the branch it was made with."""
    hands = Hands(tmp_path / "work")
    repository = Repository.init(hands.root)
    assert repository.head() == Head("main", None)
    made = hands.backup(ONE)
    assert repository.head() == Head("main", made[0])
    assert hands.tree("HEAD", "snapshots/production") == texts(ONE)
    assert hands.status() == ""
    hands.sound()


def test_sha256_repositories(tmp_path: Path) -> None:
    """A repository of the newer object format is served as any other."""
    hands = Hands(tmp_path / "work")
    hands.begin("--object-format=sha256")
    hands.backup(ONE)
    hands.backup({})
    made = hands.backup(TWO)
    assert len(made[0]) == 64
    assert hands.tree("HEAD", "snapshots/production") == texts(TWO)
    assert hands.status("snapshots") == "?? snapshots/production/charts/b.json\n"
    hands.sound()


def test_linked_work_trees(hands: Hands, tmp_path: Path) -> None:
    """A linked work tree has its own index and branch; the main one does not notice."""
    hands.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    side = Hands(tmp_path / "side")
    side.backup(ONE)
    assert side.status() == ""
    assert (hands.tip("side"), hands.tip("side~1")) == (side.tip(), hands.tip("main"))
    assert hands.status() == ""
    with pytest.raises(GitError, match="branch side is checked out in another work tree"):
        Repository.around(hands.folder).commit(hands.folder, [Commit("x", ONE)], branch="side")


def test_another_branch_is_committed_to_without_checking_it_out(hands: Hands) -> None:
    """With a branch named, index and work tree stay exactly as they are."""
    hands.git("branch", "backups")
    hands.commit("later.txt", "on main only\n")
    hands.write("later.txt", "dirty\n")
    index = (hands.root / ".git/index").read_bytes()
    repository = Repository.around(hands.folder)
    made = repository.commit(hands.folder, [Commit("x", ONE)], branch="backups")
    assert (hands.tip("backups"), hands.tip("backups~1")) == (made[0], hands.tip("main~1"))
    assert (hands.root / ".git/index").read_bytes() == index
    assert not hands.folder.exists()
    assert repository.head() == Head("main", hands.tip("main"))


def test_a_branch_that_does_not_exist_begins_at_head(hands: Hands) -> None:
    """A new name makes a new branch on top of what is checked out, which may be no branch at all."""
    hands.git("checkout", "--quiet", "--detach")
    repository = Repository.around(hands.folder)
    made = repository.commit(hands.folder, [Commit("x", ONE)], branch="new/name")
    assert (hands.tip("new/name"), hands.tip("new/name~1")) == (made[0], hands.tip("main"))
    assert repository.head() == Head(None, hands.tip("main"))


def test_the_checked_out_branch_may_be_named(hands: Hands) -> None:
    """Naming the branch that is checked out is the same as naming none."""
    hands.put(ONE)
    Repository.around(hands.folder).commit(hands.folder, [Commit("x", ONE)], branch="main")
    assert hands.status() == ""


def test_a_detached_head_is_not_committed_to(hands: Hands) -> None:
    """Commits that no branch would hold are not made; the error says what to do."""
    hands.git("checkout", "--quiet", "--detach")
    with pytest.raises(GitError, match="detached HEAD") as refused:
        Repository.around(hands.folder).commit(hands.folder, [Commit("x", ONE)])
    assert (refused.value.exit_code, refused.value.hint) == (
        1,
        "check out a branch, or name one with --branch",
    )


@pytest.mark.parametrize("name", ["", "-x", "a..b", "a b", "@{-1}", "a.lock", "nul\0", "refs/../x", "ends/"])
def test_names_that_are_none_are_refused(hands: Hands, name: str) -> None:
    """A name that git has no branch for is an error, never an option or another branch."""
    with pytest.raises(GitError, match="is not a name for a branch"):
        Repository.around(hands.folder).commit(hands.folder, [Commit("x", ONE)], branch=name)


def test_a_lock_of_the_index_stops_a_run_before_anything_is_written(hands: Hands) -> None:
    """While another git holds the index nothing is written, not even an object; the hint names the lock."""
    lock = hands.write(".git/index.lock", "")
    objects = sorted((hands.root / ".git/objects").rglob("*"))
    repository = Repository.around(hands.folder)
    with pytest.raises(GitError, match="another git process is at work") as refused:
        repository.commit(hands.folder, [Commit("x", ONE)])
    assert str(lock) in refused.value.hint
    assert sorted((hands.root / ".git/objects").rglob("*")) == objects
    assert len(repository.commit(hands.folder, [Commit("x", ONE)], branch="other")) == 1  # needs no index


def test_a_lock_of_the_branch_stops_a_run(hands: Hands) -> None:
    """While another git changes the branch nothing is committed; the hint names the lock."""
    hands.write(".git/refs/heads/main.lock", "")
    with pytest.raises(GitError, match="locked by another git process; nothing was committed") as refused:
        hands.backup(ONE)
    assert "refs/heads/main.lock" in refused.value.hint


def test_a_branch_that_cannot_be_made_is_an_error(hands: Hands) -> None:
    """A name that another branch stands in the way of is refused in git's words."""
    with pytest.raises(GitError, match=r"branch main/sub cannot be changed: .*exists"):
        Repository.around(hands.folder).commit(hands.folder, [Commit("x", ONE)], branch="main/sub")


def test_an_index_that_is_not_what_head_says_is_repaired_by_the_next_run(hands: Hands) -> None:
    """A run that died before it came to the index is made good by the next one, also if nothing changed."""
    hands.backup(ONE)
    index = (hands.root / ".git/index").read_bytes()
    hands.backup(TWO)
    (hands.folder / "charts/b.json").unlink()
    (hands.root / ".git/index").write_bytes(index)
    assert hands.status() != ""
    assert hands.backup(TWO) == []
    assert hands.status() == ""


@pytest.mark.parametrize("links", [True, False])
def test_a_run_that_dies_while_it_holds_the_index_stops_nobody(hands: Hands, links: bool) -> None:
    """A lock of ours that was left behind is known and removed; without links, it is there for one step."""
    hands.backup(ONE)
    script = (
        "import os, sys; from tests.git import test_commit as t; from tests.git.hands import Hands;"
        "from pathlib import Path; os.replace = lambda *_: os.kill(os.getpid(), 9)\n"
        "def no_link(*_): raise OSError(1, 'no links')\n"
        "if sys.argv[2] == 'False': os.link = no_link\n"
        "Hands(Path(sys.argv[1])).backup(t.TWO)"
    )
    command = [sys.executable, "-c", script, str(hands.root), str(links)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    lock = hands.root / ".git/index.lock"
    assert lock.exists()
    if not links:
        lock.unlink()
    (hands.folder / "charts/b.json").unlink()
    assert hands.backup(TWO) == []
    assert hands.status() == ""
    hands.sound()
    assert not (hands.root / ".git/lightdash-sync.index").exists()


def test_an_index_that_changes_at_the_last_moment_is_not_overwritten(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody stages while a backup makes its index is staged afterwards too."""
    hands.write("mine.txt", "1\n")
    real = os.link

    def late(*names: Any) -> None:
        hands.git("add", "mine.txt")
        real(*names)

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", late)
        with pytest.raises(GitError, match="was changed in the meantime"):
            hands.backup(ONE)
    assert hands.backup(ONE) == []
    assert hands.status() == "A  mine.txt\n"
    hands.sound()


def test_a_lock_that_appears_at_the_last_moment(
    hands: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who takes the index while commits are made gets an error that says what is done and what is not."""
    lock = hands.root / ".git" / "index.lock"
    with monkeypatch.context() as patch:
        patch.setattr(git.Git, "GIT_PYTHON_GIT_EXECUTABLE", after("update-ref", f": > {lock}", tmp_path))
        with pytest.raises(
            GitError, match=r"the commits are made, but the index .* could not follow"
        ) as told:
            hands.backup(ONE)
    assert str(lock) in told.value.hint
    assert hands.tree("HEAD", "snapshots/production") == texts(ONE)
    lock.unlink()
    assert hands.backup(ONE) == []
    assert hands.status() == ""


def test_an_index_that_git_cannot_read_is_an_error(hands: Hands) -> None:
    """A damaged index is reported, and is not made worse."""
    (hands.root / ".git/index").write_bytes(b"DIRCgarbage")
    with pytest.raises(GitError, match=r"the commits are made, but the index of .* could not follow"):
        hands.backup(ONE)
    with pytest.raises(GitError, match="git ls-files: "):
        hands.backup(ONE)


@pytest.mark.parametrize("kind", ["file", "symbolic link", "submodule"])
@pytest.mark.parametrize("place", ["snapshots", "snapshots/production"])
def test_nothing_of_another_kind_is_replaced_by_the_folder(hands: Hands, kind: str, place: str) -> None:
    """Where git has a file, a link or a submodule, no folder is put in its place."""
    modes = {"file": "100644", "symbolic link": "120000", "submodule": "160000"}
    name = hands.tip() if kind == "submodule" else hands.git("rev-parse", "HEAD:README.md").strip()
    hands.git("update-index", "--add", "--cacheinfo", f"{modes[kind]},{name},{place}")
    hands.git("commit", "--quiet", "-m", "In the way")
    with pytest.raises(GitError, match=f"{place} is a {kind} in git, not a folder"):
        hands.backup(ONE)


def test_a_submodule_is_a_repository_of_its_own(hands: Hands, tmp_path: Path) -> None:
    """A folder in a submodule is committed in the submodule; the outer repository stays as it is."""
    other = Hands(tmp_path / "other")
    other.begin()
    hands.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.root), "sub")
    hands.git("commit", "--quiet", "-m", "Submodule")
    inner = Hands(hands.root / "sub")
    before = hands.tip()
    inner.backup(ONE)
    assert inner.tree("HEAD", "snapshots/production") == texts(ONE)
    assert hands.tip() == before
    inner.sound()


def test_two_thousand_files_are_committed_in_a_moment(hands: Hands) -> None:
    """2,000 new files, and then an unchanged run over them, take seconds at most."""
    files = {f"charts/chart-{number}.json": b"%d" % number * 2000 for number in range(2000)}
    repository = Repository.around(hands.folder)
    started = time.monotonic()
    repository.commit(hands.folder, [Commit("Many", files)])
    assert repository.commit(hands.folder, [Commit("Many", files)]) == []
    assert time.monotonic() - started < 10
    assert len(repository.files("HEAD", hands.folder)) == 2000


def test_changes_tells_what_a_commit_would_do_and_does_nothing(hands: Hands) -> None:
    """A dry run names what is added, modified and deleted, and writes no object."""
    repository = Repository.around(hands.folder)
    assert set(repository.changes(hands.folder, ONE).values()) == {"A"}
    hands.backup(ONE)
    objects = sorted((hands.root / ".git/objects").rglob("*"))
    told = repository.changes(hands.folder, TWO)
    assert told == {"charts/a.json": "M", "charts/b.json": "D", "charts/c.json": "A"}
    assert repository.changes(hands.folder, ONE) == {}
    assert repository.changes(hands.folder, ONE, branch="not-there") == {}
    assert sorted((hands.root / ".git/objects").rglob("*")) == objects


def test_a_file_that_is_executable_in_git_becomes_a_plain_one(hands: Hands) -> None:
    """Content files have one mode; another one is a difference and is mended."""
    hands.backup(ONE)
    hands.git("update-index", "--chmod=+x", "snapshots/production/charts/a.json")
    hands.git("commit", "--quiet", "-m", "Make it executable")
    assert len(hands.backup(ONE)) == 1
    assert "100755" not in hands.git("ls-tree", "-r", "HEAD")


@pytest.mark.parametrize(("said", "bits"), [("group", 0o060), ("0660", 0o060), ("all", 0o064)])
def test_a_shared_repository_stays_shared(hands: Hands, said: str, bits: int) -> None:
    """`core.sharedRepository`: colleagues can write all that a backup writes into `.git`."""
    hands.git("config", "core.sharedRepository", said)
    before = set((hands.root / ".git").rglob("*"))
    mask = os.umask(0o077)
    try:
        repository = Repository.around(hands.root)
        with repository.exclusive():
            for number in range(3):
                hands.put({"a.json": b"%d" % number, "b/c.json": b"%d" % number})
                repository.commit(
                    hands.folder, [Commit("Back up", {"a.json": b"%d" % number, "b/c.json": b"%d" % number})]
                )
        repository.share(hands.folder)
    finally:
        os.umask(mask)
    made = [path for path in (hands.root / ".git").rglob("*") if path not in before]
    made += [hands.root / ".git/index", *hands.folder.rglob("*"), hands.folder]
    assert len(made) > 9
    for path in made:
        wanted = 0o070 if path.is_dir() else bits & 0o040 if "objects" in path.parts else bits
        assert path.stat().st_mode & wanted == wanted, path
