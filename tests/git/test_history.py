"""Looking back: what a commit holds, and which commits touched a file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from lightdash_sync.errors import GitError
from lightdash_sync.git import Commit, Person, Repository

from .hands import Hands

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def made(hands: Hands) -> list[str]:
    """Three commits of a folder: a chart is added, then another one, then the first is deleted."""
    when = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    ann = Person("Ann Ünal", "ann@example.com")
    commits = [
        Commit("Add a\n\nwith a body\n", {"a": b"1"}, ann, when),
        Commit("Add b", {"a": b"1", "-b": b"2"}),
        Commit("Delete a", {"-b": b"2"}),
    ]
    return Repository.around(hands.folder).commit(hands.folder, commits)


def test_a_history_tells_who_changed_what_and_when(hands: Hands) -> None:
    """Every commit that touched the folder, newest first, with author, time, message and paths."""
    ids = made(hands)
    begun = hands.tip(f"{ids[0]}~1")
    hands.commit("elsewhere.txt", "x")
    told = list(Repository.around(hands.folder).history(hands.folder))
    assert [revision.id for revision in told] == ids[::-1]
    assert [dict(revision.changes) for revision in told] == [
        {"snapshots/production/a": "D"},
        {"snapshots/production/-b": "A"},
        {"snapshots/production/a": "A"},
    ]
    first = told[-1]
    assert (first.parents, first.message) == ((begun,), "Add a\n\nwith a body")
    assert (first.author, first.time) == (
        Person("Ann Ünal", "ann@example.com"),
        datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
    )
    assert first.committer == Person("lightdash-sync", "lightdash-sync@localhost")
    assert first.committed > first.time


def test_the_history_of_one_file(hands: Hands) -> None:
    """A file has the commits that touched it, also after it is gone; a limit cuts them off."""
    ids = made(hands)
    repository = Repository.around(hands.folder)
    assert [revision.id for revision in repository.history(hands.folder / "a")] == [ids[2], ids[0]]
    assert [revision.id for revision in repository.history(hands.folder / "a", limit=1)] == [ids[2]]
    assert [revision.id for revision in repository.history(hands.folder / "a", ids[1])] == [ids[0]]
    assert list(repository.history(hands.folder / "never")) == []


def test_a_history_leads_to_the_contents_before_and_after(hands: Hands) -> None:
    """What a file held before and after each commit is one question to git, however many commits."""
    made(hands)
    hands.commit("snapshots/production/-b", "3")
    repository = Repository.around(hands.folder)
    told = list(repository.history(hands.folder))
    sides = [side for revision in told for side in (revision.before, revision.after)]
    ids = sorted({name for side in sides for name in side.values()})
    contents = dict(zip(ids, repository.blobs(ids), strict=True))

    def said(side: Mapping[str, str]) -> dict[str, bytes]:
        return {path.rpartition("/")[2]: contents[name] for path, name in side.items()}

    assert [(said(revision.before), said(revision.after)) for revision in told] == [
        ({"-b": b"2"}, {"-b": b"3"}),
        ({"a": b"1"}, {}),
        ({}, {"-b": b"2"}),
        ({}, {"a": b"1"}),
    ]


def test_contents_by_id_in_any_number_and_order(hands: Hands) -> None:
    """Contents come in the order asked for, also twice, and however many are read at once."""
    files = {f"{number:03}": b"%d\n" % number for number in range(25)}
    repository = Repository.around(hands.folder)
    repository.commit(hands.folder, [Commit("x", files)])
    ids = repository.files("HEAD", hands.folder)
    asked = [ids[name] for name in [*sorted(files, reverse=True), "003", "003"]]
    expected = [files[name] for name in [*sorted(files, reverse=True), "003", "003"]]
    assert list(repository.blobs(asked, at_once=4)) == expected
    assert list(repository.blobs([])) == []
    with pytest.raises(GitError, match="is not in the repository"):
        list(repository.blobs([asked[0], "0" * 40]))


def test_files_of_many_commits_are_found_at_once(hands: Hands) -> None:
    """One question finds a file in many commits; where it is no file, or not there, nothing is found."""
    ids = made(hands)
    repository = Repository.around(hands.folder)
    a, odd = hands.folder / "a", hands.folder / "with space blob"
    places = [(ids[2], a), (ids[0], a), (ids[1], a), (ids[0], hands.folder), (ids[0], odd), ("0" * 40, a)]
    first = repository.files(ids[0], hands.folder)["a"]
    assert repository.find(places) == [None, first, first, None, None, None]
    assert repository.find([]) == []
    broken = hands.folder / "a\nb"
    assert repository.find([(ids[0], broken), (ids[0], a)]) == [None, first]
    tip = repository.commit(hands.folder, [Commit("x", {"with space blob": b"1"})])[-1]
    assert repository.find([(tip, odd)]) == [first]


def test_what_is_no_file_has_no_content_in_a_history(hands: Hands) -> None:
    """A link is told as a change, and has no content to be read."""
    hands.commit("snapshots/production/a", "1")
    (hands.folder / "a").unlink()
    (hands.folder / "a").symlink_to("/etc/passwd")
    hands.git("add", "-A")
    hands.git("commit", "--quiet", "-m", "Link")
    told = next(Repository.around(hands.folder).history(hands.folder))
    assert told.changes == {"snapshots/production/a": "T"}
    assert (len(told.before), told.after) == (1, {})


def test_merges_are_told_once(hands: Hands) -> None:
    """Of a merge only what is in none of its parents is told, against the first of them."""
    made(hands)
    hands.git("checkout", "--quiet", "-b", "side", "HEAD~1")
    side = hands.commit("snapshots/production/c", "3")
    hands.git("checkout", "--quiet", "main")
    hands.git("read-tree", "--reset", "-u", "HEAD")
    main = hands.commit("snapshots/production/d", "4")
    hands.git("merge", "--quiet", "--no-commit", "side")
    hands.write("snapshots/production/e", "5")
    hands.git("add", "-A")
    hands.git("commit", "--quiet", "-m", "Merge")
    told = {
        revision.id: dict(revision.changes)
        for revision in Repository.around(hands.folder).history(hands.folder, limit=3)
    }
    assert told == {
        hands.tip(): {"snapshots/production/e": "A"},
        main: {"snapshots/production/d": "A"},
        side: {"snapshots/production/c": "A"},
    }


def test_a_merge_of_its_own_mind_is_told_against_its_first_parent(hands: Hands) -> None:
    """What was changed on both sides and settled by the merge leads from the first parent to the merge."""
    made(hands)
    hands.git("read-tree", "--reset", "-u", "HEAD")
    hands.git("checkout", "--quiet", "-b", "side")
    hands.commit("snapshots/production/-b", "theirs")
    hands.git("checkout", "--quiet", "main")
    hands.commit("snapshots/production/-b", "ours")
    hands.git("merge", "--quiet", "side", status=1)
    settled = hands.commit("snapshots/production/-b", "both")
    told = next(Repository.around(hands.folder).history(hands.folder / "-b"))
    [path] = told.changes
    contents = Repository.around(hands.folder).blobs([told.before[path], told.after[path]])
    assert (told.id, told.changes[path], [*contents]) == (settled, "M", [b"ours", b"both"])


def test_a_merge_that_only_joins_changes_nothing(hands: Hands) -> None:
    """Such a merge has no changes of its own, wherever it stands in the history."""
    made(hands)
    hands.git("read-tree", "--reset", "-u", "HEAD")
    for turn in ("one", "two"):
        hands.git("checkout", "--quiet", "-b", turn)
        side = hands.commit(f"snapshots/production/{turn}-side", "3")
        hands.git("checkout", "--quiet", "main")
        main = hands.commit(f"snapshots/production/{turn}-main", "4")
        hands.git("merge", "--quiet", "--no-edit", turn)
        told = {
            revision.id: list(revision.changes)
            for revision in Repository.around(hands.folder).history(hands.folder)
        }
        assert told[hands.tip()] == []
        assert told[side] == [f"snapshots/production/{turn}-side"]
        assert told[main] == [f"snapshots/production/{turn}-main"]
    joined = [revision.message for revision in Repository.around(hands.folder).history(hands.folder, limit=1)]
    assert joined == ["Merge branch 'two'"]


def test_a_time_that_no_calendar_has_is_no_traceback(hands: Hands) -> None:
    """A commit with a nonsensical time is told with the first time there is."""
    made(hands)
    tree = hands.tip("HEAD^{tree}")
    raw = f"tree {tree}\nparent {hands.tip('HEAD~1')}\nauthor X <x> 99999999999999 +0000\n"
    raw += "committer X <x> 99999999999999 +0000\n\nOdd\n"
    file = hands.write(".git/raw", raw)
    odd = hands.git("hash-object", "-t", "commit", "-w", "--literally", str(file)).strip()
    told = next(Repository.around(hands.folder).history(hands.folder, odd))
    assert told.message == "Odd"
    assert told.time == datetime.fromtimestamp(0, UTC)


def test_before_the_first_commit_there_is_no_history(tmp_path: Path) -> None:
    """A new repository has an empty history, not an error."""
    repository = Repository.init(tmp_path / "new")
    assert list(repository.history(tmp_path / "new" / "x")) == []


@pytest.mark.parametrize("revision", ["nothing", "-x", "--all", "HEAD~99", "nul\0", ""])
def test_a_revision_that_is_none_is_an_error(hands: Hands, revision: str) -> None:
    """A name without a commit is an error that says it, and is never an option."""
    repository = Repository.around(hands.folder)
    for call in (
        lambda: repository.resolve(revision),
        lambda: repository.files(revision, hands.folder),
        lambda: list(repository.history(hands.folder, revision)),
    ):
        with pytest.raises(GitError, match="no commit"):
            call()


def test_files_and_contents_of_any_revision(hands: Hands) -> None:
    """The files of a commit, by branch, tag or id, with ids that are equal where the content is."""
    ids = made(hands)
    hands.git("tag", "-a", "-m", "tag", "good", ids[1])
    repository = Repository.around(hands.folder)
    files = repository.files("good", hands.folder)
    assert set(files) == {"a", "-b"}
    assert files["-b"] == repository.files("main", hands.folder)["-b"]
    assert dict(repository.contents("good", hands.folder)) == {"a": b"1", "-b": b"2"}
    assert repository.read("HEAD~1", hands.folder / "a") == b"1"
    assert repository.files("HEAD~3", hands.folder) == {}


def test_what_is_no_file_in_a_commit_is_not_read(hands: Hands) -> None:
    """A folder, a link and a file that is not there are errors; links are not among the contents."""
    hands.write("snapshots/production/a", "1")
    (hands.folder / "link").symlink_to("/etc/passwd")
    hands.git("add", "-A")
    hands.git("commit", "--quiet", "-m", "Link")
    repository = Repository.around(hands.folder)
    for path in (hands.folder, hands.folder / "none"):
        with pytest.raises(GitError, match="no file"):
            repository.read("HEAD", path)
    assert dict(repository.contents("HEAD", hands.folder)) == {"a": b"1"}
    (hands.folder / "link").unlink()
    with pytest.raises(GitError, match="no file snapshots/production/link in HEAD"):
        repository.read("HEAD", hands.folder / "link")


def test_more_files_than_are_read_at_once(hands: Hands) -> None:
    """A big snapshot comes back whole and in order."""
    files = {f"{number:04}": b"%d\n" % number for number in range(1100)}
    repository = Repository.around(hands.folder)
    repository.commit(hands.folder, [Commit("x", files)])
    assert list(repository.contents("HEAD", hands.folder)) == list(files.items())


def test_a_shallow_clone_knows_that_it_is_one(hands: Hands, tmp_path: Path) -> None:
    """In a shallow clone history ends where it was cut, commits work, and errors say how to get the rest."""
    made(hands)
    hands.git("clone", "--quiet", "--depth=2", f"file://{hands.root}", str(tmp_path / "shallow"))
    clone = Hands(tmp_path / "shallow")
    repository = Repository.around(clone.folder)
    assert (repository.is_shallow, Repository.around(hands.folder).is_shallow) == (True, False)
    clone.backup({"new": b"1"})
    told = [revision.message for revision in repository.history(clone.folder)]
    assert told == ["Back up", "Delete a", "Add b"]
    with pytest.raises(GitError, match="no commit") as refused:
        repository.resolve("HEAD~9")
    assert "--unshallow" in refused.value.hint
    clone.sound()


def test_a_missing_object_is_an_error_and_is_not_fetched(hands: Hands, tmp_path: Path) -> None:
    """In a partial clone nothing is fetched behind the user's back; the error says what to do."""
    made(hands)
    hands.git("config", "uploadpack.allowFilter", "true")
    source = f"file://{hands.root}"
    hands.git("clone", "--quiet", "--no-checkout", "--filter=blob:none", source, str(tmp_path / "partial"))
    clone = Hands(tmp_path / "partial")
    repository = Repository.around(clone.folder)
    assert set(repository.files("HEAD", clone.folder)) == {"-b"}
    with pytest.raises(GitError, match="is not in the repository") as refused:
        repository.read("HEAD", clone.folder / "-b")
    assert "--refetch" in refused.value.hint
    assert len(repository.commit(clone.folder, [Commit("x", {"n": b"1"})])) == 1
