"""`backup`: what changed is in git, by whom it was changed; what went wrong is told, and changes nothing."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_sync.content.kinds import Kind
from lightdash_sync.disk import Disk
from lightdash_sync.git import Repository
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.write import locked
from tests.cli.nights import Nights, require_whole, settings
from tests.cli.running import Done, fails, run
from tests.exporting import tree
from tests.git.hands import HOOKS, Hands
from tests.worlds import can


def test_every_environment_is_committed_once(nights: Nights) -> None:
    """`--all` backs up all environments; a night on which nothing changed makes no commit."""
    first = nights.backup("--all", "--json").json
    assert [one["result"] for one in first["environments"]] == ["committed", "committed"]
    assert [one.split(":")[0] for one in nights.commits()] == ["staging", "production"]
    assert nights.hands.status() == ""
    second = nights.backup("--all", "--json").json
    assert [one["result"] for one in second["environments"]] == ["unchanged", "unchanged"]
    assert (second["exit_code"], len(nights.commits())) == (0, 2)
    nights.hands.sound()


def test_authors_are_told_from_the_rest(nights: Nights, tmp_path: Path) -> None:
    """Two people changed a chart each, somebody renamed one: three commits, each a whole snapshot."""
    nights.backup("--env", "production")
    nights.change_a_chart("editor", 1, 11)
    nights.change_a_chart("admin", 2, 12)
    nights.rename_a_chart("Renamed by somebody")
    done = nights.backup("--env", "production", "--json").json
    authors = nights.hands.git("log", "-3", "--format=%an").splitlines()
    committers = nights.hands.git("log", "-3", "--format=%cn").splitlines()
    assert committers == ["lightdash-sync"] * 3
    assert authors[0] == "lightdash-sync"
    assert len({*authors}) == 3
    assert [one["author"] for one in done["environments"][0]["commits"]] == [authors[2], authors[1], None]
    assert nights.commits()[0].startswith("production: chart Renamed by somebody renamed")
    *_, last = require_whole(Repository.around(nights.folder), nights.folder, tmp_path / "out")
    assert tree(last) == tree(nights.folder)


@pytest.mark.parametrize("spoilt", ["charts", "identity.json"])
def test_a_backup_after_an_edit_by_hand_is_no_first_one(nights: Nights, spoilt: str) -> None:
    """Somebody committed an edited file: the next backup says what it puts back, not `first backup`."""
    nights.backup("--env", "production")
    place = nights.folder / spoilt
    edited = sorted(place.iterdir())[0] if place.is_dir() else place
    edited.write_bytes(edited.read_bytes() + b" ")
    nights.hands.git("commit", "-qam", "Edit by hand")
    edited.write_bytes(edited.read_bytes()[:-1])
    done = nights.backup("--env", "production")
    assert done.code == 0, done.err
    subject = nights.hands.git("log", "-1", "--format=%s")
    assert "first backup" not in subject
    assert subject.startswith("production: ")
    assert nights.hands.status() == ""


def _loose(nights: Nights) -> int:
    return int(nights.hands.git("count-objects").split()[0])


@pytest.mark.parametrize(
    ("config", "packs"),
    [
        ({"gc.auto": "1"}, True),
        ({"gc.auto": "0"}, False),
        ({"gc.auto": "1", "maintenance.auto": "false"}, False),
        ({"gc.auto": "1", "gc.recentObjectsHook": "touch ran"}, False),
    ],
)
def test_objects_are_packed_as_the_repository_says(
    nights: Nights, config: dict[str, str], packs: bool
) -> None:
    """Its `gc.auto` and `maintenance.auto` count; no hook of it runs, and all commits stay whole."""
    hook = nights.hands.root / ".git" / "hooks" / "pre-auto-gc"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch ran\n")
    hook.chmod(0o755)
    for number in range(300):  # git looks into one of 256 folders
        nights.hands.write(f"more/{number}", str(number))
    nights.hands.git("add", "more")
    nights.hands.git("-c", "gc.auto=0", "commit", "-qm", "Many")
    for name, value in config.items():
        nights.hands.git("config", name, value)
    nights.backup("--env", "production")
    nights.rename_a_chart("Renamed")
    assert nights.backup("--env", "production").code == 0
    assert (_loose(nights) < 100) == packs
    assert not (nights.hands.root / "ran").exists()
    nights.hands.sound()


def test_commits_fit_the_rules_of_the_remote(nights: Nights) -> None:
    """A prefix of the subject and lines at the end, from the settings or from options."""
    toml = nights.hands.root / "lightdash-sync.toml"
    toml.write_text(
        '[git]\nmessage_prefix = "chore(bi): "\ntrailers = ["[skip ci]", "Ticket: BI-1"]\n' + toml.read_text()
    )
    nights.backup("--env", "production")
    nights.change_a_chart("editor", 1, 11)
    nights.change_a_chart("admin", 2, 12)
    nights.backup("--env", "production", "--single-commit")
    body = nights.hands.git("log", "-1", "--format=%B")
    assert body.startswith("chore(bi): production: ")
    assert "\n\n[skip ci]\n\n" in body
    keys = nights.hands.git("log", "-1", "--format=%(trailers:keyonly)").split()
    assert sorted(keys) == ["Co-authored-by", "Co-authored-by", "Ticket"]
    nights.rename_a_chart("Renamed")
    nights.backup("--env", "production", "--message-prefix", "", "--trailer", "Only: this")
    assert nights.hands.git("log", "-1", "--format=%s").startswith("production: ")
    assert nights.hands.git("log", "-1", "--format=%(trailers)").split() == ["Only:", "this"]
    fails(nights.backup("--trailer", "two\nlines"), 2)
    toml.write_text(toml.read_text().replace("message_prefix", "prefix"))
    assert "[git] has an unknown setting 'prefix'" in nights.backup("--env", "production").err


def test_what_the_remote_needs_is_asked_before_the_server(nights: Nights) -> None:
    """A remote that is not there, a signature that cannot be made: no request was sent."""
    before = len(nights.server.world.requests)
    done = nights.backup("--env", "production", "--push", "--remote", "nowhere")
    assert done.code == 1
    assert "there is no remote 'nowhere'" in done.err
    nights.hands.git("config", "commit.gpgSign", "true")
    nights.hands.git("config", "gpg.format", "ssh")
    nights.hands.git("config", "user.signingKey", "/nonexistent/key")
    assert "commits cannot be signed" in nights.backup("--env", "production").err
    assert len(nights.server.world.requests) == before


def test_one_commit_of_everything(nights: Nights) -> None:
    """`--single-commit` makes one commit, with those who changed something as its co-authors."""
    nights.backup("--env", "production")
    nights.change_a_chart("editor", 1, 11)
    nights.change_a_chart("admin", 2, 12)
    nights.backup("--env", "production", "--single-commit")
    assert len(nights.commits()) == 2
    body = nights.hands.git("log", "-1", "--format=%B")
    assert body.count("\nCo-authored-by: ") == 2


def test_a_backup_says_what_is_not_in_it(nights: Nights) -> None:
    """In a line for each environment, for people; machines get how many, which and why."""
    assert "production: not in the backup: " in nights.backup("--env", "production").out
    nights.change_a_chart("editor", 1, 11)
    read = nights.backup("--env", "production", "--json").json["environments"][0]
    assert read["left_out"]
    assert all({"what", "count", "names", "why"} == one.keys() for one in read["left_out"])


def test_a_first_backup_tells_the_past(nights: Nights, tmp_path: Path) -> None:
    """`--backfill`: each known version is a commit of its author and time, and each of them is whole."""
    uuid = nights.change_a_chart("editor", 1, 11)
    nights.change_a_chart("admin", 1, 12)
    done = nights.backup("--env", "production", "--backfill", "--json").json
    key = Snapshot(nights.folder).identity().key(Kind.CHART, uuid)
    told = nights.hands.git("log", "--format=%ae %at", "--", f"snapshots/production/charts/{key}.json")
    versions = [*nights.server.world.charts[uuid].versions.values()]
    if not can("whole_history"):
        versions = versions[-2:]  # what the server still lists
    assert [int(line.split()[1]) for line in told.splitlines()][::-1] == [
        int(datetime.fromisoformat(one.created_at).timestamp()) for one in versions
    ]
    assert len({line.split()[0] for line in told.splitlines()[:2]}) == 2
    assert len(done["environments"][0]["commits"]) == len(nights.commits()) > 30
    *_, last = require_whole(Repository.around(nights.folder), nights.folder, tmp_path / "out")
    assert tree(last) == tree(nights.folder)
    assert nights.hands.status() == ""
    again = nights.backup("--env", "production", "--backfill", "--json").json
    assert again["environments"][0]["result"] == "unchanged"
    fails(nights.backup("--env", "production", "--backfill", "--single-commit"), 2)


def test_which_environment_is_meant(nights: Nights) -> None:
    """With several environments and no default nothing is guessed."""
    fails(nights.backup(), 2)
    fails(nights.backup("--env", "nowhere"), 2)
    assert nights.backup("--env", "staging", "--env", "production").code == 0
    assert [one.split(":")[0] for one in nights.commits()] == ["staging", "production"]


def test_a_folder_that_is_not_ready(tmp_path: Path, nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without settings, or without git, the error names the command that helps."""
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.chdir(other)
    done = nights.backup()
    fails(done, 2)
    assert "lightdash-sync init" in done.err
    shutil.copy(nights.hands.root / "lightdash-sync.toml", other)
    done = nights.backup("--all", "--json")
    fails(done, 1)
    assert "lightdash-sync init" in done.json["error"]["hint"]
    assert not (other / "snapshots").exists()


def test_a_dry_run_changes_nothing(nights: Nights) -> None:
    """It says which commits there would be; disk, index and branch stay as they are."""
    done = nights.backup("--all", "--dry-run", "--json").json
    assert [len(one["commits"]) for one in done["environments"]] == [1, 1]
    assert (nights.commits(), nights.hands.status(), Path("snapshots").exists()) == ([], "", False)
    nights.backup("--all")
    world, chart = nights.server.world, nights.rename_a_chart("New name")
    space = world.spaces[str(world.charts[chart].space_uuid)].name
    before = _without_locks(nights.hands.root)
    done = nights.backup("--all", "--dry-run", "--json").json
    subjects = [one["subject"] for one in done["environments"][0]["commits"]]
    assert subjects == [f"production: chart New name renamed in {space}"]
    assert _without_locks(nights.hands.root) == before
    assert "would make 1 commit" in nights.backup("--all", "--dry-run").out


def _without_locks(root: Path) -> dict[str, str]:
    return {path: sha for path, sha in tree(root).items() if not path.endswith((".lock", ".pid"))}


def test_another_branch_leaves_the_work_tree_alone(nights: Nights) -> None:
    """Backups to a branch that is not checked out touch no file here, and build on what is there."""
    head = nights.hands.tip()
    assert nights.backup("--env", "production", "--branch", "nightly").code == 0
    uuid = nights.change_a_chart("admin", 0, 77)
    first = nights.hands.tree("nightly", "snapshots/production")
    # The server forgets all earlier versions, and the slug of a chart changes: key and history stay.
    nights.server.world.charts[uuid].slug = "another-slug"
    done = nights.backup("--env", "production", "--branch", "nightly", "--json").json
    second = nights.hands.tree("nightly", "snapshots/production")
    assert done["environments"][0]["result"] == "committed"
    assert not done["environments"][0]["removed"]
    assert set(first) <= set(second)
    assert (nights.hands.tip(), nights.hands.status()) == (head, "")
    assert not nights.folder.exists()
    assert (
        nights.backup("--env", "production", "--branch", "nightly", "--json").json["environments"][0][
            "result"
        ]
        == "unchanged"
    )


def test_a_branch_with_other_files_in_the_folder(nights: Nights) -> None:
    """A file of somebody's in the committed folder is not dropped by a backup: exit 4, and it is named."""
    nights.backup("--env", "production")
    nights.hands.commit("snapshots/production/notes.txt", "mine\n")
    nights.hands.git("checkout", "-q", "-b", "other")
    done = nights.backup("--env", "production", "--branch", "main")
    fails(done, 4)
    assert "notes.txt" in done.err
    fails(nights.backup("--env", "production"), 4)


def test_a_detached_head_is_told_before_anything_is_read(nights: Nights) -> None:
    """A CI checkout of a commit: nothing is asked of Lightdash, and the error says what to do."""
    nights.hands.git("checkout", "-q", "--detach")
    nights.server.world.requests.clear()
    done = nights.backup("--env", "production")
    fails(done, 1)
    assert "detached HEAD" in done.err
    assert "--branch" in done.err
    assert nights.server.world.requests == []
    assert nights.backup("--env", "production", "--branch", "main").code == 0
    assert nights.commits("main")[0].startswith("production: first backup")


def test_a_locked_index_is_told_before_anything_is_read(nights: Nights) -> None:
    """Another git at work: exit 1 and no request; afterwards the next run does its work."""
    lock = nights.hands.root / ".git/index.lock"
    lock.touch()
    nights.server.world.requests.clear()
    fails(nights.backup("--env", "production"), 1)
    assert (nights.commits(), nights.server.world.requests) == ([], [])
    lock.unlink()
    assert nights.backup("--env", "production").code == 0
    assert nights.hands.status() == ""


def test_somebodys_unfinished_work_stays(nights: Nights) -> None:
    """A dirty index and work tree are neither committed nor changed."""
    nights.hands.write("README.md", "half a sen")
    nights.hands.write("staged.txt", "1\n")
    nights.hands.git("add", "staged.txt")
    nights.hands.write("untracked.txt", "2\n")
    before = nights.hands.status()
    assert nights.backup("--all").code == 0
    assert nights.hands.status() == before
    assert nights.hands.git("diff", "--name-only", "HEAD~2", "HEAD").count("snapshots/") == len(
        nights.hands.git("diff", "--name-only", "HEAD~2", "HEAD").splitlines()
    )


def test_one_failure_does_not_stop_the_others(nights: Nights, tmp_path: Path) -> None:
    """An environment with a bad token fails alone; the exit code is that of the worst."""
    text = settings(nights.server).replace("TOKEN_OF_ADMIN", "MISSING", 1)
    Path("lightdash-sync.toml").write_text(text)
    done = nights.backup("--all", "--json")
    fails(done, 2)
    assert [one["result"] for one in done.json["environments"]] == ["failed", "committed"]
    assert done.json["error"] == done.json["environments"][0]["error"]
    assert "production: the variable MISSING" in done.err
    Path("lightdash-sync.toml").write_text(settings(nights.server))
    done = run("backup", "--env", "production", "--env", "staging", "--json", env={"TOKEN_OF_ADMIN": "wrong"})
    fails(done, 12)
    assert done.json["exit_code"] == 12


@pytest.mark.parametrize("what", ["charts", "dashboards", "spaces"])
def test_an_emptied_list_never_reaches_git(nights: Nights, what: str) -> None:
    """A list that comes back empty is refused or read as incomplete, and the next run is right."""
    nights.backup("--env", "production")
    project = nights.server.world.projects["production"]
    ends = {"charts": ("/charts", "/chart-summaries"), "dashboards": ("/dashboards",), "spaces": ("/spaces",)}
    paths = {f"/api/v1/projects/{project}{end}" for end in ends[what]}
    empty = Fault.content(b'{"status":"ok","results":[]}')
    nights.server.app.faults = Faults(
        rule=lambda _n, _m, path: empty if path.split("?")[0] in paths else None
    )
    before = tree(nights.folder)
    done = nights.backup("--env", "production", "--json")
    nights.server.app.faults = Faults()
    assert done.code in (3, 4)
    assert done.json["environments"][0]["commits"] == []
    assert (tree(nights.folder), len(nights.commits())) == (before, 1)
    assert nights.backup("--env", "production").code == 0
    assert len(nights.commits()) == 1


def test_a_half_read_project_is_not_committed(nights: Nights) -> None:
    """An item that cannot be read: exit 3, no commit, and the next run makes it."""
    nights.backup("--env", "production")
    nights.change_a_chart("admin", 1, 33)
    nights.server.app.faults = Faults(
        rule=lambda _n, _m, path: Fault.status(404) if "/saved/" in path and "/version/" in path else None
    )
    fails(nights.backup("--env", "production"), 3)
    assert len(nights.commits()) == 1
    nights.server.app.faults = Faults()
    assert nights.backup("--env", "production").code == 0
    assert len(nights.commits()) == 2


def test_an_export_whose_commit_failed_is_committed_by_the_next_run(nights: Nights) -> None:
    """What is on disk but not in git, because a run died in between, is not lost."""
    nights.backup("--env", "production")
    nights.rename_a_chart("Between")
    env = {"TOKEN_OF_ADMIN": nights.server.world.tokens["admin"]}
    assert run("export", "--env", "production", env=env).code == 0
    assert nights.backup("--env", "production").code == 0
    assert nights.commits()[0].startswith("production: chart Between renamed")


def test_a_snapshot_that_is_missing_on_disk_comes_back_from_git(nights: Nights) -> None:
    """Keys and earlier versions are not lost with the directory."""
    nights.backup("--env", "production")
    before = tree(nights.folder)
    shutil.rmtree(nights.folder)
    for chart in nights.server.world.charts.values():
        chart.versions = dict([list(chart.versions.items())[-1]])
    done = nights.backup("--env", "production", "--json").json
    assert done["environments"][0]["result"] == "unchanged"
    assert tree(nights.folder) == before


def test_another_run_holds_the_snapshot(nights: Nights) -> None:
    """Exit 11, and the holder is named."""
    with locked(nights.folder, Disk()):
        done = nights.backup("--env", "production", "--json")
    fails(done, 11)
    assert "process" in done.json["error"]["message"]
    assert nights.commits() == []


def test_shares_of_workers(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each worker backs up its share, by option or by what its scheduler says."""
    done = nights.backup("--all", "--shard", "2/2", "--json").json
    assert (done["shard"], [one["environment"] for one in done["environments"]]) == ("2/2", ["staging"])
    monkeypatch.setenv("JOB_COMPLETION_INDEX", "0")
    fails(nights.backup("--all"), 2)
    done = nights.backup("--all", "--shard", "/2", "--json").json
    assert [one["environment"] for one in done["environments"]] == ["production"]
    # Who names an environment means it, whatever a scheduler says.
    assert nights.backup("--env", "staging", "--json").json["environments"][0]["result"] == "unchanged"
    assert nights.backup("--all", "--shard", "3/3", "--push", "--json").json["environments"] == []


def test_quiet_says_nothing(nights: Nights) -> None:
    """Cron mails whatever is printed: a good night prints nothing, a bad one its error."""
    done = nights.backup("--all", "-q")
    assert (done.code, done.out, done.err) == (0, "", "")
    nights.hands.git("checkout", "-q", "--detach")
    done = nights.backup("--all", "-q")
    assert done.out == ""
    fails(done, 1)


def test_names_cannot_harm_the_terminal(nights: Nights) -> None:
    """What people call their charts is shown without its control characters."""
    nights.backup("--env", "production")
    nights.rename_a_chart("\x1b[31mred\u202e [/foo] 🚀\nnext")
    done = nights.backup("--env", "production")
    assert "\x1b" not in done.out + done.err
    assert "[/foo] 🚀" in done.out
    assert "\nnext" not in nights.hands.git("log", "-1", "--format=%B")


@pytest.fixture
def remote(nights: Nights, tmp_path: Path) -> Path:
    """A bare repository that is pushed to."""
    bare = tmp_path / "remote.git"
    nights.hands.git("init", "-q", "--bare", "--initial-branch=main", str(bare))
    nights.hands.git("remote", "add", "origin", str(bare))
    nights.hands.git("push", "-q", "-u", "origin", "main")
    return bare


def _push(remote: Path, tmp_path: Path, path: str) -> None:
    """Let a colleague push a commit."""
    colleague = tmp_path / "colleague"
    if not colleague.exists():
        Hands(remote).git("clone", "-q", str(remote), str(colleague))
    hands = Hands(colleague)
    hands.git("pull", "-q", "--rebase")
    hands.commit(path, "theirs\n")
    hands.git("push", "-q")


def test_commits_are_pushed(nights: Nights, remote: Path, tmp_path: Path) -> None:
    """`--push` takes them to the remote, on top of what a colleague pushed in the meantime."""
    assert nights.backup("--all", "--push", "--json").json["pushed"]["rebased"] == 0
    _push(remote, tmp_path, "docs.md")
    nights.rename_a_chart("New name")
    done = nights.backup("--all", "--push", "--json").json
    assert done["pushed"]["rebased"] == 1
    assert Hands(remote).tip("main") == nights.hands.tip() == done["pushed"]["tip"]
    assert (nights.hands.status(), (nights.hands.root / "docs.md").exists()) == ("", True)


def test_a_night_without_network_is_made_good(nights: Nights, remote: Path, tmp_path: Path) -> None:
    """The push fails: exit 1 and the commits stay; a later run pushes them, even if nothing changed."""
    nights.backup("--all", "--push")
    away = remote.rename(remote.with_name("away"))
    nights.rename_a_chart("New name")
    done = nights.backup("--env", "production", "--push", "--json")
    fails(done, 1)
    assert done.json["environments"][0]["result"] == "committed"
    assert done.json["pushed"] is None
    away.rename(remote)
    _push(remote, tmp_path, "docs.md")
    done = nights.backup("--env", "staging", "--push", "--json")
    assert (done.code, done.json["pushed"]["rebased"]) == (0, 1)
    assert Hands(remote).tip("main") == nights.hands.tip()


def test_the_result_is_one_object(nights: Nights) -> None:
    """With `--json`, stdout has one line, for success and for failure."""
    done = nights.backup("--all", "--json")
    assert json.loads(done.out)["environments"][0]["requests"] > 0
    nights.hands.git("checkout", "-q", "--detach")
    assert nights.backup("--all", "--json").json["exit_code"] == 1


def test_nothing_of_a_hostile_repository_is_executed(nights: Nights, remote: Path, tmp_path: Path) -> None:
    """Hooks of every kind, filters and programs in the config: a backup with a push runs none of them."""
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {ran}\ncat\n')
    program.chmod(0o755)
    for hooks in (nights.hands.root / ".git/hooks", remote / "hooks"):
        hooks.mkdir(exist_ok=True)
        for name in HOOKS:
            shutil.copy(program, hooks / name)
    nights.hands.write(".gitattributes", "* filter=evil diff=evil merge=evil\n")
    for key in (
        "core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.gitProxy", "gpg.program",
        "core.askPass", "credential.helper", "filter.evil.clean", "filter.evil.smudge",
        "filter.evil.process", "diff.evil.textconv", "diff.evil.command", "merge.evil.driver", "alias.push",
        "remote.origin.receivepack", "remote.origin.uploadpack", "uploadpack.packObjectsHook",
    ):  # fmt: skip
        nights.hands.git("config", key, str(program))
    nights.hands.git("config", "commit.gpgSign", "true")
    nights.hands.git("config", "push.gpgSign", "true")
    nights.hands.git("config", "core.hooksPath", ".git/hooks")
    told = nights.backup("--all", "--push")
    assert (told.code, "(gpg.program), which is not run" in told.err, ran.exists()) == (1, True, False)
    nights.hands.git("config", "commit.gpgSign", "false")
    for number in range(2):
        done = nights.backup("--all", "--push", "--json")
        assert (done.code, done.json["pushed"]["branch"]) == (0, "main"), done.err
        nights.rename_a_chart(f"Night {number}")
    assert nights.backup("--all", "--branch", "other", "--dry-run").code == 0
    assert not ran.exists(), ran.read_text()
    assert len(nights.commits()) == 3


def test_a_new_branch_is_made_though_nothing_changed(nights: Nights) -> None:
    """It begins where HEAD is, which holds the project as it is; a dry run only says so."""

    def backup(*more: str) -> Done:
        return nights.backup("--env", "production", "--branch", "nightly", *more)

    nights.backup("--env", "production")
    head, files = nights.hands.tip(), tree(nights.folder)
    assert backup("--dry-run", "--json").json["environments"][0]["branch_made"] == "nightly"
    assert "would make branch nightly" in backup("--dry-run").out
    assert nights.hands.git("branch", "--list", "nightly") == ""
    done = backup("--json").json["environments"][0]
    assert (done["result"], done["branch_made"]) == ("unchanged", "nightly")
    assert (nights.hands.tip("nightly"), nights.hands.tip(), nights.hands.status()) == (head, head, "")
    assert tree(nights.folder) == files
    assert backup("--json").json["environments"][0]["branch_made"] is None
    nights.rename_a_chart("New")
    backup()
    assert nights.hands.git("rev-parse", "nightly~1").strip() == head
    nights.hands.sound()


def test_what_is_remembered_of_one_branch_says_nothing_of_another(nights: Nights) -> None:
    """A branch is read as a whole when its own turn comes, however fresh the one that is checked out is."""
    nights.backup("--env", "production")
    nights.backup("--env", "production", "--branch", "nightly")
    manifest = nights.hands.git("show", "nightly:snapshots/production/snapshot.json")
    today = json.loads(manifest)["wholeOn"]
    nights.hands.git("checkout", "-q", "nightly")
    nights.hands.commit("snapshots/production/snapshot.json", manifest.replace(today, "2026-01-01"))
    nights.hands.git("checkout", "-q", "main")
    assert nights.backup("--env", "production", "--json").json["environments"][0]["full"] is False
    done = nights.backup("--env", "production", "--branch", "nightly", "--json").json
    assert (done["environments"][0]["full"], done["environments"][0]["result"]) == (True, "committed")


def test_a_push_with_nothing_to_push_is_no_failure(nights: Nights, remote: Path) -> None:
    """What the remote has already is no news; a branch that was made for nothing new is."""
    nights.backup("--env", "production", "--push")
    quiet = nights.backup("--env", "production", "--push")
    assert (quiet.code, "Pushed" in quiet.out) == (0, False)
    for is_news in (True, False):
        done = nights.backup("--env", "production", "--branch", "nightly", "--push", "--json")
        assert (done.code, done.json["pushed"]["branch"], done.json["pushed"]["news"]) == (
            0,
            "nightly",
            is_news,
        )
    assert Hands(remote).tip("nightly") == nights.hands.tip()
    nights.hands.git("checkout", "-q", "--detach")
    done = nights.backup("--env", "production", "--push")
    assert (done.code, done.err.count("detached")) == (1, 1)
