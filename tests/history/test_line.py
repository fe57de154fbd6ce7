"""The time line of one item."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from lightdash_sync.changes.wording import summary
from lightdash_sync.content.json import canonical
from lightdash_sync.errors import ConfigError
from lightdash_sync.git import Repository
from lightdash_sync.history.log import Event, time_line
from lightdash_sync.history.past import parse_item, read_past
from lightdash_sync.history.sources import open_sources
from lightdash_sync.snapshot.manifest import Manifest
from tests.history.story import ADA, ENDED, INES, OLDEST, UGLY, Story
from tests.worlds import can

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.history.log import LogEntry
    from tests.history.story import Told

REVENUE = "charts/weekly-revenue.json"
SALES = "spaces/sales.json"


def said(entries: list[LogEntry]) -> list[tuple[str, str | None, str]]:
    """What happened, who did it, and in words."""
    return [(entry.event.value, entry.person, summary(entry.changes)) for entry in entries if not entry.quiet]


def commits(entries: list[LogEntry]) -> list[str | None]:
    """The commits that hold what happened."""
    return [entry.commit.id if entry.commit else None for entry in entries if not entry.quiet]


def test_versions_and_commits_make_one_line(told: Told) -> None:
    """Each saved version has its own author; a rename and a move are somebody's, and told by the commit."""
    entries = told.line("chart:weekly-revenue")
    assert said(entries) == [
        ("changed", None, f"moved to customers; renamed to '{UGLY}'".replace("\n", "\\n")),
        ("changed", ADA, "limit: 77 → 78"),
        *ENDED,
        ("changed", INES, "dimension added: orders.status; dimension removed: orders.ordered_week"),
        ("changed", ADA, "limit: 52 → 77"),
        ("first_seen", None, ""),
        ("changed", INES, "sort changed"),
        *OLDEST,
    ]


def test_a_version_names_the_first_commit_that_holds_it(told: Told) -> None:
    """Versions saved between two backups came with the second of them."""
    [first], [saved], [renamed] = (told.commits[night] for night in ("first", "saved", "renamed"))
    expected = [
        renamed,
        renamed,
        *[saved for _ in ENDED],
        saved,
        saved,
        first,
        first,
        *[first for _ in OLDEST],
    ]
    assert commits(told.line("chart:weekly-revenue")) == expected


def test_times_are_those_of_the_version_or_not_later_than_the_commit(told: Told) -> None:
    """The server's own times to the millisecond; of what it does not date, the time of the backup."""
    moved, saved, *_ = told.line("chart:weekly-revenue")
    assert (moved.seen_by, moved.time) == (True, datetime(2026, 3, 19, 1, 16, 41, tzinfo=UTC))
    assert (saved.seen_by, saved.time and saved.time.date().isoformat()) == (False, "2026-03-18")
    assert moved.version == ""
    assert saved.version.startswith("20260318T")


def test_a_new_chart_is_created_by_who_saved_it_first(told: Told) -> None:
    """Between two backups somebody made a chart, saved it again and renamed it: nothing is told twice."""
    created = told.commits["created"]
    assert said(told.line("chart:fresh")) == [("changed", ADA, "limit: 1 → 2"), ("created", INES, "")]
    assert commits(told.line("chart:fresh")) == created * 2
    assert not any(entry.seen_by for entry in told.line("chart:fresh"))


def test_a_deleted_chart_and_another_one_of_its_name(told: Told) -> None:
    """The line goes on where another chart takes the place of a deleted one, and says that it is another."""
    assert [event for event, _, _ in said(told.line("chart:orders-by-shop"))] == [
        "recreated",
        "changed",
        "deleted",
        "first_seen",
        "first_version",
    ]


def test_a_dashboard_tells_who_edited_it_but_not_who_renamed_it(told: Told) -> None:
    """Where dashboards have no versions to be read, the author and time of the last save are known."""
    assert said(told.line("dashboard:subscriptions"))[:2] == [
        ("changed", None, "renamed to 'Subscribers'"),
        ("changed", INES, "tile removed: subscriptions-by-plan"),
    ]


def test_what_lightdash_knows_of_the_making_is_told(told: Told) -> None:
    """SQL charts, tags and schedulers say when they were made, and by whom."""
    paused, made = told.line("scheduler:value-per-segment-paused-since-june")
    assert (paused.event, paused.person, paused.seen_by, summary(paused.changes)) == (
        Event.CHANGED,
        None,
        False,
        "resumed",
    )
    assert (made.event, made.person) == (Event.CREATED, ADA)
    [tag] = told.line("tag:core")
    assert (tag.event, tag.person, tag.seen_by) == (Event.CREATED, INES, False)
    [chart] = told.line("sql_chart:weekly-revenue")
    assert (chart.event, chart.person) == (Event.CREATED, "lena.brandt@kettle.example")


@pytest.mark.parametrize(
    "item", ["space:sales", "pins", "project", "metric_icons", "comments:sales-overview"]
)
def test_what_lightdash_does_not_date_is_told_by_commits(told: Told, item: str) -> None:
    """Of spaces, pins, icons, comments and settings git is all there is."""
    [entry] = told.line(item)
    assert (entry.event, entry.seen_by, entry.person) == (Event.FIRST_SEEN, True, None)


def test_what_is_not_committed_yet_comes_first(copied: Told) -> None:
    """An export that nobody committed is told too, with no commit."""
    copied.change(REVENUE, {"name": "Now"})
    entry = copied.line("chart:weekly-revenue")[0]
    assert (entry.time, entry.commit, summary(entry.changes)) == (None, None, "renamed to 'Now'")


def test_a_version_on_disk_only_is_told_by_its_author(tmp_path: Path) -> None:
    """Who saved what is known before the backup is committed; saved without a change it is quiet."""
    story = Story(tmp_path / "work")
    story.night()
    story.save("weekly-revenue", "admin")
    story.export()
    # Current servers leave it on what somebody saves who may verify.
    ended = [] if story.world.can("current") else ENDED
    entries = time_line(read_past(open_sources(story.folder), parse_item("chart:weekly-revenue")))
    newest = entries[len(ended)]
    assert (newest.person, newest.quiet, newest.commit) == (ADA, True, None)
    assert said(entries[: len(ended)]) == ended
    story.save("weekly-revenue", "editor", limit=3)
    story.export()
    entries = time_line(read_past(open_sources(story.folder), parse_item("chart:weekly-revenue")))
    told = [*ENDED, ("changed", INES, "limit: 52 → 3"), ("first_seen", None, "")]
    assert said(entries)[: len(told)] == told
    saved = entries[len(ENDED) : len(ENDED) + 2]
    assert [(entry.person, entry.quiet, entry.commit) for entry in saved] == [
        (INES, False, None),
        (ADA, True, None),
    ]


def test_without_git_the_versions_are_told(told: Told, tmp_path: Path) -> None:
    """A snapshot outside of git still has the versions that Lightdash kept, and says what is missing."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for path in (*told.folder.rglob("*.json"),):
        target = folder / path.relative_to(told.folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    sources = open_sources(folder)
    assert sources.commits is None
    assert ["git is left out" in note for note in sources.notes] == [True]
    entries = time_line(read_past(sources, parse_item("chart:weekly-revenue")))
    assert [event for event, _, _ in said(entries)] == ["changed"] * (3 + len(OLDEST)) + ["first_version"]
    assert time_line(read_past(sources, parse_item("space:sales"))) == []


def test_a_snapshot_that_only_git_has(copied: Told) -> None:
    """Where the files are not checked out, the commits are enough."""
    copied.git("rm", "-r", "--quiet", "--cached", ".")
    for path in sorted(copied.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    sources = open_sources(copied.folder)
    assert sources.snapshot is None
    assert "only git is asked" in sources.notes[0]
    entries = time_line(read_past(sources, parse_item("chart:fresh")))
    assert said(entries) == [("changed", ADA, "limit: 1 → 2"), ("created", INES, "")]


def test_a_shallow_clone_says_so(told: Told, tmp_path: Path) -> None:
    """Where history is cut off, items are first seen there, versions are all there, and a note says it."""
    told.git("clone", "--quiet", "--depth=2", f"file://{told.root}", str(tmp_path / "clone"))
    sources = open_sources(tmp_path / "clone" / "snapshots" / "production")
    assert any("shallow" in note for note in sources.notes)
    entries = time_line(read_past(sources, parse_item("chart:weekly-revenue")))
    assert [event for event, _, _ in said(entries)] == [
        "first_seen",
        *["changed"] * (3 + len(OLDEST)),
        "first_version",
    ]


def test_without_history_files_authors_are_still_known(tmp_path: Path) -> None:
    """Exports without earlier versions still say who saved what was current at each backup."""
    story = Story(tmp_path / "work")
    story.night(history=False)
    story.save("weekly-revenue", "editor", limit=3)
    story.rename("weekly-revenue", "Renamed")
    story.night(history=False)
    entries = time_line(read_past(open_sources(story.folder), parse_item("chart:weekly-revenue")))
    assert said(entries) == [
        ("changed", None, "; ".join(["renamed to 'Renamed'", *(words for _, _, words in ENDED)])),
        ("changed", INES, "limit: 52 → 3"),
        ("first_seen", None, ""),
        ("first_version", INES, ""),
    ]


def test_without_history_files_a_chart_inside_a_dashboard_may_be_nobodys(tmp_path: Path) -> None:
    """Where charts come by the hundred, no list tells who saved that one; what changed and when is told."""
    story = Story(tmp_path / "work")
    slug = next(one.slug for one in story.world.charts.values() if one.dashboard_uuid)
    story.night(history=False)
    story.save(slug, "editor", limit=3)
    story.night(history=False)
    entries = time_line(read_past(open_sources(story.folder), parse_item(f"chart:{slug}")))
    who = None if can("charts_in_bulk") else INES
    assert said(entries)[0] == ("changed", who, "limit: 500 → 3")
    assert not entries[0].seen_by


def test_one_commit_of_everybodys_work_is_told_by_each(tmp_path: Path) -> None:
    """Whoever a commit names as its author: each item is told by those who saved it."""
    story = Story(tmp_path / "work")
    story.night()
    story.save("weekly-revenue", "editor", limit=3)
    story.save("revenue-by-channel", "admin", limit=4)
    assert len(story.night(single=True)) == 1
    sources = open_sources(story.folder)
    expected: dict[str, list[tuple[str, str | None, str]]] = {
        "weekly-revenue": [*ENDED, ("changed", INES, "limit: 52 → 3")],
        "revenue-by-channel": [("changed", ADA, "limit: 500 → 4; pivot changed")],
    }
    for key, told in expected.items():
        entries = time_line(read_past(sources, parse_item(f"chart:{key}")))
        assert said(entries)[: len(told)] == told


def test_a_commit_by_hand_names_nobody_of_lightdash(copied: Told) -> None:
    """Whoever types `git commit` did not make the change: it was somebody, before that."""
    copied.change(REVENUE, {"name": "Mine", "tableName": "customers"})
    commit = copied.by_hand()
    entry = copied.line("chart:weekly-revenue")[0]
    assert (entry.person, entry.seen_by, entry.commit and entry.commit.id) == (None, True, commit)
    assert {change.what for change in entry.changes} >= {"renamed", "explore_changed"}


def test_what_was_deleted_by_hand_and_put_back_is_restored(copied: Told) -> None:
    """The same item, back again with other content: it is restored, and what differs from before is told."""
    content = copied.content(SALES)
    (copied.folder / SALES).unlink()
    gone = copied.by_hand()
    copied.write(SALES, canonical(content | {"name": "Sales again"}))
    back = copied.by_hand()
    entries = copied.line("space:sales")
    assert said(entries) == [
        ("restored", None, "renamed to 'Sales again'"),
        ("deleted", None, ""),
        ("first_seen", None, ""),
    ]
    assert commits(entries)[:2] == [back, gone]


def test_a_commit_that_cannot_be_read_is_passed_over_with_a_note(copied: Told) -> None:
    """No JSON, another form, a link: a note names the commit, and the line goes on around it."""
    chart, good = copied.folder / REVENUE, copied.content(REVENUE)
    bad = []
    for nonsense in (b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000):
        chart.write_bytes(nonsense)
        bad.append(copied.by_hand())
    chart.unlink()
    chart.symlink_to("/etc/passwd")
    bad.append(copied.by_hand())
    chart.unlink()
    chart.write_bytes(canonical(good | {"name": "Good again"}))
    copied.by_hand()
    past = copied.past("chart:weekly-revenue")
    assert all(any(commit[:10] in note for note in past.notes) for commit in bad)
    assert said(time_line(past))[0] == ("changed", None, "renamed to 'Good again'")
    chart.write_bytes(b"{")
    copied.by_hand()
    chart.write_bytes(canonical(good))
    copied.by_hand()
    assert [event for event, _, _ in said(copied.line("chart:weekly-revenue"))[:2]] == ["changed"] * 2


def test_what_lies_behind_a_link_on_disk_is_passed_over(copied: Told) -> None:
    """Git is not asked for what a link leads to, and neither is the disk; a note says so."""
    chart = copied.folder / REVENUE
    chart.unlink()
    chart.symlink_to(copied.folder / "charts/fresh.json")
    past = copied.past("chart:weekly-revenue")
    assert sum("behind a link" in note for note in past.notes) == 1
    assert {entry.event for entry in time_line(past)} == {Event.CHANGED, Event.FIRST_VERSION}


def test_what_is_missing_on_disk_is_passed_over(copied: Told) -> None:
    """A version that only the manifest knows, and files that no snapshot has, hide nothing else."""
    before = copied.line("chart:fresh")
    copied.write("charts/fresh.history/README.txt", b"not a version")
    copied.by_hand()
    assert copied.line("chart:fresh") == before
    name = "charts/fresh.history/20260101T000000000Z-01234567.json"
    manifest = Manifest.from_bytes((copied.folder / "snapshot.json").read_bytes())
    files = dict(sorted({**manifest.files, name: "0" * 64}.items()))
    copied.write("snapshot.json", manifest.model_copy(update={"files": files}).to_bytes())
    past = copied.past("chart:fresh")
    assert ["01234567" in note and "is missing" in note for note in past.notes] == [True]
    assert time_line(past) == before


def test_a_folder_in_the_place_of_a_file_is_no_item(copied: Told) -> None:
    """What lies in a folder that is called like an item's file is never taken for the item."""
    chart = copied.folder / REVENUE
    good = chart.read_bytes()
    chart.unlink()
    copied.write(f"{REVENUE}/x", canonical({"name": "Not me"}))
    copied.by_hand()
    (chart / "x").write_bytes(b"{}")
    copied.by_hand()
    (chart / "x").unlink()
    chart.rmdir()
    chart.write_bytes(good)
    copied.by_hand()
    events = [entry.event for entry in copied.line("chart:weekly-revenue")]
    assert events[:2] == [Event.RESTORED, Event.DELETED]
    assert events.count(Event.DELETED) == 1


def test_an_identity_map_that_cannot_be_read_only_costs_the_authors(copied: Told) -> None:
    """Who saved it comes from the versions; the commit that fits one of them is told by it all the same."""
    identity = copied.folder / "identity.json"
    whole = identity.read_bytes()
    odd: JsonObject = {"uuid": 3, "version": [], "updatedAt": 1}
    for number, nonsense in enumerate((b"{", b"[]", canonical({"items": {"chart": {"fresh": odd}}}))):
        identity.write_bytes(nonsense)
        copied.change("charts/fresh.json", {"name": f"Name {number}"})
        copied.by_hand()
    identity.write_bytes(whole)
    copied.by_hand()
    past = copied.past("chart:fresh")
    assert [note for note in past.notes if "identity.json" in note] == past.notes != []
    assert [entry[2] for entry in said(time_line(past))[:3]] == [
        f"renamed to 'Name {number}'" for number in (2, 1, 0)
    ]


def test_a_commit_without_identities_is_told_by_the_version_that_it_fits(copied: Told) -> None:
    """Where nobody knows which version a commit holds, the version with its content is not told again."""
    before = copied.line("chart:fresh")
    [kept] = (copied.folder / "charts/fresh.history").iterdir()
    earlier = copied.content(f"charts/fresh.history/{kept.name}")["chart"]
    assert isinstance(earlier, dict)
    (copied.folder / "identity.json").unlink()
    copied.change("charts/fresh.json", earlier)
    copied.by_hand()
    assert [entry for entry in copied.line("chart:fresh") if entry.commit] == before
    copied.change("charts/fresh.json", {"name": "Other", "tableName": "other"})
    copied.by_hand()
    [entry] = [entry for entry in copied.line("chart:fresh") if entry.seen_by and entry.commit]
    assert {change.what for change in entry.changes} == {"renamed", "explore_changed"}


@pytest.mark.parametrize(
    "nonsense",
    [
        b"{",
        b"[]",
        b'{"chart": {}}',
        b'{"chart": {}, "createdAt": "soon", "createdBy": null}',
        b'{"chart": [], "createdAt": "2026-03-03T07:09:28.041Z", "createdBy": null}',
        b'{"chart": {}, "createdAt": "0001-01-01T00:00:00+23:59", "createdBy": null}',
    ],
)
def test_an_earlier_version_that_cannot_be_read_is_passed_over(copied: Told, nonsense: bytes) -> None:
    """A version of another form is named in a note, in git and on disk; all others are told."""
    name = "20260101T000000000Z-0123abcd"
    copied.write(f"charts/fresh.history/{name}.json", nonsense)
    copied.by_hand()
    past = copied.past("chart:fresh")
    assert [name in note for note in past.notes] == [True]
    assert len(time_line(past)) == 2


def test_an_earlier_version_stays_as_it_was_first_committed(copied: Told) -> None:
    """Versions are written once: whoever rewrites one later does not change what is told of it."""
    before = copied.line("chart:fresh")
    [kept] = (copied.folder / "charts/fresh.history").iterdir()
    copied.change(f"charts/fresh.history/{kept.name}", {"createdBy": "mallory@example.com"})
    copied.by_hand()
    assert copied.line("chart:fresh") == before


def test_an_author_that_nobody_knows_is_told_by_the_key(copied: Told) -> None:
    """A version by somebody who is in no list of people keeps the key; one by nobody is nobody's."""
    version: JsonObject = {"chart": {"tableName": "x"}, "createdAt": "2026-01-01T00:00:00Z"}
    for name, person in (("20260101T000000Z-00000001", "~0123456789ab"), ("20260102T000000Z-00000002", 7)):
        made = canonical({**version, "createdBy": person})
        copied.write(f"charts/fresh.history/{name}.json", made)
    copied.by_hand()
    assert [entry.person for entry in copied.line("chart:fresh")][-2:] == [None, "~0123456789ab"]


def test_merged_work_is_told_once(copied: Told) -> None:
    """What came by a merge is told by the commit that changed it, not by the merge again."""
    copied.git("checkout", "--quiet", "-b", "side")
    copied.change(SALES, {"name": "Side"})
    side = copied.by_hand()
    copied.git("checkout", "--quiet", "-")
    (copied.root / "README").write_text("x")
    copied.by_hand()
    copied.git("merge", "--quiet", "--no-edit", "side")
    entries = copied.line("space:sales")
    assert said(entries) == [("changed", None, "renamed to 'Side'"), ("first_seen", None, "")]
    assert commits(entries)[0] == side


def test_another_branch_is_told_without_what_is_on_disk(copied: Told) -> None:
    """Backups that go to a branch of their own are told from there: what is checked out is not theirs."""
    copied.git("branch", "backups", copied.commits["saved"][0])
    copied.change(REVENUE, {"name": "Now"})
    item = parse_item("chart:weekly-revenue")
    entries = time_line(read_past(open_sources(copied.folder, "backups"), item))
    saved = ("changed", INES, "dimension added: orders.status; dimension removed: orders.ordered_week")
    assert said(entries)[: len(ENDED) + 1] == [*ENDED, saved]
    here = copied.git("branch", "--show-current")
    assert time_line(read_past(open_sources(copied.folder, here), item)) == copied.line(str(item))
    with pytest.raises(ConfigError, match="there is no chart:fresh"):
        read_past(open_sources(copied.folder, "backups"), parse_item("chart:fresh"))


def test_commits_stay_in_order_whatever_their_clocks_said(
    copied: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine whose clock was wrong does not turn the line around."""
    for name, when in (("Late", "2030-01-01T00:00Z"), ("Early", "1999-01-01T00:00Z"), ("Odd", "@0 +0000")):
        monkeypatch.setenv("GIT_COMMITTER_DATE", when)
        copied.change(SALES, {"name": name})
        copied.by_hand()
    told = [summary(entry.changes) for entry in copied.line("space:sales")]
    assert told == [*(f"renamed to '{name}'" for name in ("Odd", "Early", "Late")), ""]


def test_a_repository_without_commits_is_no_error(told: Told, tmp_path: Path) -> None:
    """Before the first commit there are the versions on disk."""
    Repository.init(tmp_path / "new")
    folder = tmp_path / "new" / "snapshot"
    folder.mkdir()
    for path in ("snapshot.json", "identity.json"):
        (folder / path).write_bytes((told.folder / path).read_bytes())
    sources = open_sources(folder)
    assert "has no commit yet" in sources.notes[0]
