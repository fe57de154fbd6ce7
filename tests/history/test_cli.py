"""`log` and `show` as they are typed: which snapshot, what is printed, what a terminal gets to see."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from lightdash_sync.content.authorship import of_version
from lightdash_sync.content.json import canonical
from lightdash_sync.content.kinds import Kind
from lightdash_sync.git import program
from lightdash_sync.snapshot.write import spare
from tests.cli.running import Done, fails, run, run_process, run_terminal
from tests.history.story import ENDED, OLDEST, UGLY
from tests.worlds import can

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_sync.content.json import JsonObject
    from tests.history.story import Told

REVENUE = "charts/weekly-revenue.json"
# What is in the first backup: where spaces nest, the demo has two more, with two charts and a dashboard.
FIRST_ITEMS = (66 if can("nested_spaces") else 61) + (4 if can("whole_history") else 0)
SHOWN = UGLY.encode("unicode_escape").decode("ascii").replace("\\U0001f680", "🚀")


@pytest.fixture
def here(told: Told, monkeypatch: pytest.MonkeyPatch) -> Told:
    """A shell in the story's repository."""
    monkeypatch.chdir(told.root)
    return told


@pytest.fixture
def mine(copied: Told, monkeypatch: pytest.MonkeyPatch) -> Told:
    """A shell in a copy of it."""
    monkeypatch.chdir(copied.root)
    return copied


def lines(done: Done) -> list[str]:
    """Return what was printed, without trailing spaces."""
    assert done.code == 0, done.err
    return [line.rstrip() for line in done.out.splitlines()]


# --- log ---


def test_the_history_of_a_snapshot(here: Told) -> None:
    """Per commit when, which, who and its subject; then what became of which items, in words."""
    told = lines(run("log"))
    [created] = here.commits["created"]
    place = told.index(
        f"2026-03-19 04:16  {created[:10]}  Ada Kovač  production: chart Fresher created in Sales"
    )
    assert told[place + 1] == "  created chart:fresh (Fresher)"
    assert any(
        line == "  changed dashboard:subscriptions (Subscribers): renamed to 'Subscribers'; "
        "tile removed: subscriptions-by-plan"
        for line in told
    )
    assert any(line == "  deleted chart:orders-by-shop (Orders by shop)" for line in told)


def test_the_tool_itself_changed_nothing(here: Told) -> None:
    """Commits of what is nobody's by name show a dash; who made the backup is not who did it."""
    [first] = here.commits["first"]
    [line] = [line for line in lines(run("log")) if first[:10] in line]
    assert f"{first[:10]}  —  production: first backup" in line


def test_what_a_first_backup_adds_is_only_seen_first(here: Told) -> None:
    """Nobody knows since when it was there: not created, in words and for machines."""
    [first], [later] = here.commits["first"], here.commits["created"]
    told = lines(run("log"))
    place = next(number for number, line in enumerate(told) if first[:10] in line)
    assert all(line.startswith("  first seen ") for line in told[place + 1 : place + 10])
    begins = {one["commit"]: one["begins"] for one in run("log", "--json", "-n", "0").json["commits"]}
    assert (begins[first], begins[later]) == (True, False)


def test_a_commit_of_many_items_is_cut(here: Told) -> None:
    """A first backup does not fill the screen; `--all` lists everything, and every change in full."""
    told, every = lines(run("log")), lines(run("log", "--all"))
    assert told[-1] == f"  … and {FIRST_ITEMS - 12} more"
    assert not any("more" in line for line in every[-5:])
    assert "    limit: 52 → 77" in every
    assert "    columns follow the fields" in every


def test_the_number_of_commits_is_limited(here: Told) -> None:
    """Twenty unless asked otherwise, 0 for all; that there are older ones is said."""
    two = lines(run("log", "-n", "2"))
    assert [line[:10] for line in two if line.startswith("2026")] == ["2026-03-21"] * 2
    assert two[-1] == "Older commits are not listed; --limit 0 lists all."
    assert "Older" not in run("log", "--limit", "7").out
    assert run("log", "--limit", "0").out == run("log").out


def test_what_means_nothing_is_not_listed(mine: Told) -> None:
    """A commit that only made ids anew or sorted a list has no lines; `--all` shows them."""
    mine.change(REVENUE, {"newField": None})
    commit = mine.by_hand("Nothing")
    told = lines(run("log", "-n", "1"))
    assert (len(told), commit[:10] in told[0]) == (2, True)
    assert "newField" in run("log", "-n", "1", "--all").out
    assert commit[:10] not in run("log", "chart:weekly-revenue").out
    assert commit[:10] in run("log", "chart:weekly-revenue", "--all").out


def test_the_time_line_of_an_item(here: Told) -> None:
    """When, who, what to type after @ to see it, and what, newest first."""
    [saved] = here.commits["saved"]
    head, columns, *told = lines(run("log", "chart:weekly-revenue"))
    assert head == f"chart:weekly-revenue  {SHOWN}"
    assert columns.split() == ["WHEN", "(UTC)", "WHO", "VERSION", "COMMIT", "WHAT"]
    assert told[0].startswith("by 2026-03-19 01:16  —")
    assert told[0].endswith(f"moved to customers; renamed to '{SHOWN}'")
    ended, limit = told[2 : 2 + len(ENDED)], told[3 + len(ENDED)]
    assert [line.endswith("verification removed") for line in ended] == [True for _ in ENDED]
    assert limit.split()[:4] == ["2026-03-16", "19:16", "Ada", "Kovač"]
    assert limit.split()[5:] == [saved[:10], "limit:", "52", "→", "77"]
    version = limit.split()[4]
    assert run("show", f"chart:weekly-revenue@{version}").code == 0


def test_columns_that_say_nothing_are_left_out(here: Told) -> None:
    """Only charts have versions to be shown."""
    assert lines(run("log", "space:sales"))[1].split() == ["WHEN", "(UTC)", "WHO", "COMMIT", "WHAT"]


def test_a_time_line_is_limited_too(here: Told) -> None:
    """The newest entries, and how many older ones there are."""
    told = lines(run("log", "chart:weekly-revenue", "-n", "2"))
    assert len(told) == 5
    assert told[-1] == f"{4 + len(OLDEST) + len(ENDED)} older not listed; --limit 0 lists all."


def test_what_happened_otherwise_has_words(mine: Told) -> None:
    """Deleted, made anew, saved without a change, not committed, nothing known."""
    (mine.folder / "spaces/sales.json").unlink()
    mine.by_hand()
    mine.git("checkout", "--quiet", "HEAD~1", "--", ".")
    told = lines(run("log", "space:sales"))
    assert [line.split("  ")[0] for line in told[2:4]] == ["not committed", told[3].split("  ")[0]]
    assert [line.split()[-1] for line in told[2:4]] == ["restored", "deleted"]
    again = lines(run("log", "chart:orders-by-shop"))
    assert any("made anew" in line for line in again)
    name = "20300101T000000000Z-01234567"
    same = of_version(Kind.CHART, mine.content(REVENUE))
    document: JsonObject = {"chart": same, "createdAt": "2030-01-01T00:00:00Z", "createdBy": None}
    mine.write(f"charts/weekly-revenue.history/{name}.json", canonical(document))
    mine.by_hand()
    assert "saved, and nothing changed" in run("log", "chart:weekly-revenue", "--all").out
    assert "saved, and nothing changed" not in run("log", "chart:weekly-revenue").out


def test_an_item_without_a_past(told: Told, tmp_path: Path) -> None:
    """Outside of git nothing is known of a space; that is said, and is no failure."""
    folder = tmp_path / "elsewhere"
    shutil.copytree(told.folder, folder)
    done = run("log", "space:sales", "--path", str(folder))
    assert lines(done)[-1] == "Nothing is known of its past."
    assert "Warning: git is left out" in done.err


# --- show ---


@pytest.mark.parametrize("item", ["chart:weekly-revenue", "sql-chart:weekly-revenue", "pins", "tags:core"])
def test_show_prints_the_file_and_nothing_else(here: Told, item: str) -> None:
    """Byte by byte, so that it can be piped into a file or another program."""
    done = run("show", item)
    files = {"chart": REVENUE, "sql-chart": f"sql_{REVENUE}", "pins": "pins.json", "tags": "tags/core.json"}
    assert done.out.encode() == (here.folder / files[item.partition(":")[0]]).read_bytes()
    assert (done.code, done.err) == (0, "")


def test_show_at_a_revision_with_an_at_sign(here: Told) -> None:
    """All that follows the first @ is the revision."""
    assert run("show", "chart:fresh@@").out == run("show", "chart:fresh").out


def test_show_as_json_says_which_version_it_is(here: Told) -> None:
    """One object with kind, key, commit, version, time, author and content."""
    [saved] = here.commits["saved"]
    result = run("show", f"chart:weekly-revenue@{saved}", "--json").json
    content = result.pop("content")
    version = result.pop("version")
    assert version.startswith("20260316T211641")
    assert content["metricQuery"]["dimensions"] == ["orders_status"]
    assert result == {
        "path": "snapshots/production",
        "kind": "chart",
        "key": "weekly-revenue",
        "revision": saved,
        "createdAt": result["createdAt"],
        "createdBy": "ines.marchetti@kettle.example",
        "warnings": [],
    }
    assert result["createdAt"].startswith("2026-03-16T21:16:41.")
    space = run("show", "space:sales", "--json").json
    assert [space[name] for name in ("revision", "version", "createdAt", "createdBy")] == [None] * 4


# --- JSON ---


def test_the_history_as_json_is_complete(here: Told) -> None:
    """All items with all changes, times in full, author and committer."""
    result = run("log", "--json", "-n", "6").json
    assert (result["path"], result["older"], result["warnings"]) == ("snapshots/production", True, [])
    [dashboard] = [one for one in result["commits"] if one["items"][0]["kind"] == "dashboard"]
    assert dashboard["author"] == {"name": "Ines Marchetti", "email": "ines.marchetti@kettle.example"}
    assert dashboard["committer"]["name"] == "lightdash-sync"
    assert dashboard["time"].startswith("2026-03-20T08:16:41.")
    assert dashboard["committed"] == "2026-03-21T10:16:41.000Z"
    [item] = dashboard["items"]
    assert (item["key"], item["status"], item["name"]) == ("subscriptions", "changed", "Subscribers")
    assert [change["what"] for change in item["changes"]] == ["renamed", "tile_removed"]
    whole = run("log", "--json").json
    assert whole["older"] is False
    assert len(whole["commits"][-1]["items"]) == FIRST_ITEMS


def test_the_time_line_as_json_is_complete(here: Told) -> None:
    """Every entry with its changes in words and codes, the whole name of the version, the whole commit."""
    result = run("log", "chart:weekly-revenue", "--json", "-n", "3").json
    assert (result["kind"], result["key"], result["name"]) == ("chart", "weekly-revenue", UGLY)
    assert result["older"] == 3 + len(OLDEST) + len(ENDED)
    renamed, saved, _ = result["entries"]
    assert (renamed["event"], renamed["who"], renamed["seen_by"], renamed["version"]) == (
        "changed",
        None,
        True,
        None,
    )
    assert renamed["commit"] == here.commits["renamed"][0]
    assert renamed["time"] == "2026-03-19T01:16:41.000Z"
    assert saved["who"] == {"key": "ada.kovac@kettle.example", "name": "Ada Kovač"}
    assert saved["summary"] == "limit: 77 → 78"
    assert saved["changes"] == [
        {
            "what": "limit_changed",
            "where": ["metricQuery", "limit"],
            "name": "",
            "words": "limit: 77 → 78",
            "quiet": False,
        }
    ]


@pytest.mark.parametrize(
    "words",
    [
        ["log", "foo:x"],
        ["log", "chart:fres"],
        ["log", "chart"],
        ["log", "chart:../../etc/shadow"],
        ["show", "chart:fres"],
        ["show", "chart:fresh@nope"],
        ["show", "chart:fresh@--help"],
        ["log", "--env", "nope"],
        ["log", "--env", "a", "--path", "b"],
        ["log", "--limit", "-1"],
        ["show"],
    ],
)
def test_wrong_usage_is_exit_code_2(here: Told, words: list[str]) -> None:
    """What was typed wrongly is named, for people and for machines."""
    done = run(*words, "--json")
    fails(done, 2)
    assert done.json["error"]["exit_code"] == 2


# --- which snapshot ---


@pytest.mark.parametrize("words", [["log"], ["log", "chart:fresh"], ["show", "chart:fresh"]])
def test_which_snapshot_is_meant(mine: Told, tmp_path: Path, words: list[str]) -> None:
    """By path, by environment, the only one of the file, the only one there is; no token is needed."""
    expected = run(*words).out
    assert expected
    assert run(*words, "--path", str(mine.folder)).out == expected
    settings = mine.root / "lightdash-sync.toml"
    settings.write_text('[env.production]\nurl = "https://lightdash.example.com"\n')
    assert run(*words).out == expected
    both = settings.read_text() + '[env.staging]\nurl = "https://lightdash.example.com"\n'
    settings.write_text(both)
    assert run(*words, "--env", "production").out == expected
    fails(run(*words), 2)
    elsewhere = shutil.move(settings, tmp_path / "other.toml")
    assert "production" in run(*words, "--config", str(elsewhere), "--env", "production").err


def test_several_snapshots_are_not_guessed(mine: Told) -> None:
    """Without a file, and with two snapshots, the error names both; leftovers of a run do not count."""
    shutil.copytree(mine.folder, mine.folder.parent / ".production.new")
    assert run("log", "-n", "1").code == 0
    shutil.copytree(mine.folder, mine.folder.parent / "staging")
    done = run("log")
    fails(done, 2)
    assert "snapshots/production, snapshots/staging" in done.err


@pytest.mark.parametrize("words", [["log"], ["log", "chart:fresh"], ["show", "chart:fresh"]])
def test_where_there_is_no_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """An empty directory: the error says how to name one; a directory that holds none is named."""
    monkeypatch.chdir(tmp_path)
    fails(run(*words), 2)
    done = run(*words, "--path", "nowhere")
    assert done.code in (1, 10)
    assert "nowhere" in done.err


def test_a_snapshot_that_an_export_left_under_its_spare_name_is_put_back(mine: Told) -> None:
    """As every command that opens a snapshot does."""
    mine.folder.rename(spare(mine.folder))
    assert run("show", "chart:fresh", "--path", str(mine.folder)).code == 0
    assert mine.folder.is_dir()


def test_a_snapshot_that_was_never_committed(mine: Told) -> None:
    """A snapshot beside the repository's own has no commits, and its history is an error that says so."""
    new = mine.folder.parent / "staging"
    shutil.copytree(mine.folder, new)
    done = run("log", "--path", str(new))
    fails(done, 1)
    assert "was never committed" in done.err
    assert "oldest version known" in run("log", "chart:fresh", "--path", str(new)).out


def test_another_branch(mine: Told) -> None:
    """`--branch` looks back from where backups are committed that are not checked out."""
    mine.git("branch", "backups", mine.commits["saved"][0])
    assert len([line for line in lines(run("log", "--branch", "backups")) if line.startswith("2026")]) == 2
    fails(run("log", "--branch", "nope"), 1)
    fails(run("log", "chart:fresh", "--branch", "nope"), 1)


def test_a_shallow_clone_says_so(told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On stderr, and for machines in the result."""
    told.git("clone", "--quiet", "--depth=1", f"file://{told.root}", str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    for words in (["log"], ["log", "chart:fresh"]):
        done = run(*words, "--json")
        assert "Warning: this clone is shallow" in done.err
        assert "shallow" in done.json["warnings"][0]


# --- what comes from anybody ---


def test_nothing_moves_the_cursor(copied: Told) -> None:
    """Names, people, subjects and keys full of escape codes are shown as text, in a terminal too."""
    ugly = "\x1b]0;owned\x07\x1b[2J[/bold]\x9b31m\x7f\u202e\u2028\u200b\r\x08"
    copied.change(REVENUE, {"name": ugly, "tableName": ugly, ugly: ugly})
    copied.git("add", "-A")
    copied.git("-c", f"user.name=E{ugly.replace(chr(10), '')}", "commit", "--quiet", "-m", f"S{ugly}")
    for words in (
        ["log"],
        ["log", "--all"],
        ["log", "chart:weekly-revenue"],
        ["log", "chart:weekly-revenue", "--all"],
        ["show", "chart:weekly-revenue"],
        ["show", f"chart:{ugly}"],
        ["show", f"{ugly}:x"],
        ["show", f"chart:fresh@{ugly[:9]}"],
    ):
        _, seen = run_terminal(*words, home=copied.root, env={"NO_COLOR": "1", "TERM": "dumb"})
        assert not {char for char in seen if not char.isprintable()} - {"\n", "\r"}, words
        assert "\r" not in seen.replace("\r\n", "\n")
        assert "Traceback" not in seen


def test_what_a_terminal_shows_is_still_the_same_json(copied: Told) -> None:
    """Escapes say the same: what is copied from the screen is the item."""
    strange = copied.content(REVENUE) | {"name": "\x7f\u202e\U000e0041\x9b🚀 ü\u200d"}
    copied.write(REVENUE, canonical(strange))
    code, seen = run_terminal("show", "chart:weekly-revenue", home=copied.root)
    text = seen.replace("\r\n", "\n")
    assert (code, json.loads(text[text.index("\n{") if not text.startswith("{") else 0 :])) == (0, strange)
    assert "🚀 ü" in text


def test_colours_are_for_terminals_that_want_them(told: Told) -> None:
    """On a terminal there are colours, with NO_COLOR and in a pipe there are none."""
    colour = {"TERM": "xterm-256color"}
    assert "\x1b[" in run_terminal("log", home=told.root, env=colour)[1]
    assert "\x1b[3" not in run_terminal("log", home=told.root, env=colour | {"NO_COLOR": "1"})[1]
    assert "\x1b" not in run_process("log", home=told.root).out


def test_content_that_cannot_be_read_is_said_and_passed_over(mine: Told) -> None:
    """A commit with nonsense in it does not keep the others from being listed."""
    mine.write(REVENUE, b"{")
    mine.write("charts/odd.json", b"\xff")
    commit = mine.by_hand()
    told = lines(run("log", "-n", "2"))
    assert told[1:3] == [
        "  created chart:odd: its content cannot be read",
        "  changed chart:weekly-revenue: its content cannot be read",
    ]
    items = run("log", "--json").json["commits"][0]["items"]
    assert [item["unreadable"] for item in items] == [True, True]
    done = run("log", "chart:weekly-revenue", "--json")
    assert commit[:10] in done.json["warnings"][0]
    assert len(done.json["entries"]) == 6 + len(OLDEST) + len(ENDED)
    fails(run("show", "chart:weekly-revenue"), 10)


def test_a_damaged_snapshot_on_disk_does_not_hide_what_git_has(mine: Told) -> None:
    """A manifest that cannot be read is said, and git is asked all the same."""
    mine.write("snapshot.json", b"{")
    done = run("log", "chart:fresh")
    assert "Warning: only git is asked" in done.err
    assert len(lines(done)) == 4
    fails(run("show", "chart:fresh"), 10)
    assert run("show", "chart:fresh@HEAD").code == 0


def test_git_is_started_a_few_times_however_long_the_history(
    mine: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A time line over many commits costs as many runs of git as one over a few."""
    started: list[object] = []
    start = program._started

    def counted(*given: object) -> object:
        started.append(given)
        return start(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(program, "_started", counted)
    counts = []
    for more in (0, 30):
        for number in range(more):
            mine.change(REVENUE, {"name": f"Name {number}"})
            mine.by_hand()
        for words in (["log", "chart:weekly-revenue"], ["log"], ["show", "chart:fresh@HEAD"]):
            started.clear()
            assert run(*words).code == 0
            counts.append(len(started))
    item, whole, show = counts[:3]
    assert counts[3] <= item + 2  # maps of identities are read some at a time
    assert counts[4:] == [whole, show]
    assert item < 20
