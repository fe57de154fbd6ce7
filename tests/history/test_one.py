"""One item: as it is, as it was in a commit, as somebody saved it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from lightdash_sync.content.json import canonical, digest
from lightdash_sync.errors import ConfigError, GitError, SnapshotError
from lightdash_sync.history.past import parse_item
from lightdash_sync.history.show import Found, find_one
from lightdash_sync.history.sources import open_sources
from lightdash_sync.lightdash.versions import Server
from lightdash_sync.snapshot.manifest import Manifest
from tests.history.story import ADA, INES
from tests.worlds import SERVED

if TYPE_CHECKING:
    from pathlib import Path

    from tests.history.story import Told

REVENUE = "charts/weekly-revenue.json"


def found(told: Told, said: str, at: str = "") -> Found:
    """Find an item of a story."""
    return find_one(open_sources(told.folder), parse_item(said), at)


def refused(told: Told, said: str, at: str = "") -> ConfigError:
    """Return the error for what cannot be found."""
    with pytest.raises(ConfigError) as caught:
        found(told, said, at)
    return caught.value


def name(one: Found) -> object:
    """Return what an item was called."""
    assert isinstance(one.content, dict)
    return one.content.get("name")


def test_an_item_is_shown_byte_by_byte(told: Told) -> None:
    """What is on disk comes as it is, with its version, time and author."""
    one = found(told, "chart:fresh")
    assert one.data == (told.folder / "charts/fresh.json").read_bytes()
    assert (one.revision, one.created_by, name(one)) == (None, ADA, "Fresher")
    assert one.version.startswith("20260319T")
    assert one.created_at is not None
    assert one.created_at.date() == datetime(2026, 3, 19, tzinfo=UTC).date()
    assert one.notes == ()


@pytest.mark.parametrize("item", ["pins", "project", "space:sales", "dashboard:subscriptions", "tag:core"])
def test_every_kind_can_be_shown(told: Told, item: str) -> None:
    """Kinds without versions too; they have none, and where Lightdash does not say, no author."""
    one = found(told, item)
    assert one.data == (told.folder / parse_item(item).path).read_bytes()
    assert bool(one.version) == (
        item == "dashboard:subscriptions" and Server(SERVED).can("dashboard_history")
    )
    assert (one.created_by == INES) == (item == "dashboard:subscriptions")


@pytest.mark.parametrize("how", ["id", "short", "tag", "parent"])
def test_a_revision_shows_what_an_item_was_then(copied: Told, how: str) -> None:
    """Any way in which git names a commit will do; author and version are those of that time."""
    [first] = copied.commits["first"]
    copied.git("tag", "-a", "-m", "x", "began", first)
    [saved] = copied.commits["saved"]
    revision = {"id": first, "short": first[:9], "tag": "began", "parent": f"{saved}~1"}[how]
    one = found(copied, "chart:weekly-revenue", revision)
    assert (one.revision, name(one), one.created_by) == (first, "Weekly revenue", INES)
    assert one.data == copied.repository.read(first, copied.folder / REVENUE)


def test_a_version_can_be_named_in_three_ways(told: Told) -> None:
    """Its whole name, the digits that `log` lists, and the uuid that Lightdash gave it."""
    [entry] = [one for one in told.line("chart:weekly-revenue") if one.person == "lena.brandt@kettle.example"]
    path = f"charts/weekly-revenue.history/{entry.version}.json"
    past = told.past("chart:weekly-revenue")
    uuid = next(
        uuid
        for facts in [state.facts for state in past.states]
        for named in [facts["versions"]]
        if isinstance(named, dict)
        for one in named.values()
        if isinstance(one, dict) and digest(uuid := str(one["uuid"]), 8) == entry.version[-8:]
    )
    for at in (entry.version, entry.version[-8:], uuid):
        one = found(told, "chart:weekly-revenue", at)
        assert one.data == (told.folder / path).read_bytes()
        assert (one.version, one.created_at, one.created_by) == (entry.version, entry.time, entry.person)


def test_every_version_of_the_time_line_can_be_shown(told: Told) -> None:
    """Also the current one, which has no file of its own: then it is the item as it was committed with it."""
    for item in ("chart:weekly-revenue", "chart:fresh", "chart:orders-by-shop"):
        for entry in told.line(item):
            if entry.version:
                one = found(told, item, entry.version[-8:])
                assert (one.version, one.created_by) == (entry.version, entry.person)
                content = one.content
                assert isinstance(content, dict)
                assert isinstance(content.get("chart", content), dict)


def test_a_version_wins_over_a_revision(copied: Told) -> None:
    """A branch that is called like a version is not what is meant."""
    version = next(entry.version for entry in copied.line("chart:weekly-revenue") if entry.version)
    copied.git("branch", version[-8:], copied.commits["first"][0])
    assert found(copied, "chart:weekly-revenue", version[-8:]).version == version
    assert found(copied, "chart:fresh", copied.commits["created"][0]).version != version
    assert found(copied, "space:sales", version[-8:]).revision == copied.commits["first"][0]


def test_digits_that_fit_several_versions_are_not_guessed(copied: Told) -> None:
    """The error lists the versions that may be meant."""
    made = canonical({"chart": {}, "createdAt": "2026-01-01T00:00:00Z", "createdBy": None})
    names = [f"2026010{number}T000000000Z-01234567" for number in (1, 2)]
    for one in names:
        copied.write(f"charts/fresh.history/{one}.json", made)
    copied.by_hand()
    assert refused(copied, "chart:fresh", "01234567").hint == f"There are: {', '.join(names)}."
    assert found(copied, "chart:fresh", names[0]).data == made


@pytest.mark.parametrize("at", ["nope", "-x", "--all", "HEAD~99", "a b", "\0", "01234567", "ü"])
def test_what_is_neither_version_nor_revision_is_an_error(told: Told, at: str) -> None:
    """And nothing that is typed there is ever an option of git."""
    error = refused(told, "chart:fresh", at)
    assert "neither a version of chart:fresh nor a revision" in error.message
    assert "`lightdash-sync log chart:fresh`" in error.hint


def test_a_deleted_item_says_where_it_is_to_be_found(copied: Told) -> None:
    """The commit that deleted it, and what to type; which works."""
    gone = next(one for one in copied.commits["deleted"] if "by-shop" in copied.git("show", "--stat", one))
    chart = copied.folder / "charts/orders-by-shop.json"
    chart.unlink()
    copied.git("checkout", "--quiet", gone)
    error = refused(copied, "chart:orders-by-shop")
    assert f"deleted in commit {gone[:10]}" in error.message
    assert f"`lightdash-sync show chart:orders-by-shop@{gone[:10]}~1`" in error.hint
    assert name(found(copied, "chart:orders-by-shop", f"{gone[:10]}~1")) == "Orders by shop"
    assert refused(copied, "chart:orders-by-shop", "HEAD").message == error.message


def test_an_item_that_was_not_there_yet(told: Told) -> None:
    """A revision from before it was made: the error says how to find out when."""
    error = refused(told, "chart:fresh", told.commits["first"][0])
    assert "chart:fresh is not in" in error.message
    assert "`lightdash-sync log chart:fresh`" in error.hint


def test_a_day_names_the_state_at_its_end(copied: Told) -> None:
    """`show ITEM@2026-03-19` and `@yesterday` are the last commit of that day or before."""
    tip = copied.git("rev-parse", "HEAD")
    day = copied.git("show", "-s", "--format=%as", tip)
    one = found(copied, "chart:fresh", day)
    assert one.revision is not None
    assert one.data == found(copied, "chart:fresh", "HEAD").data
    assert "neither a version" in refused(copied, "chart:fresh", "2001-01-01").message


def test_an_item_that_is_not_committed_yet(copied: Told) -> None:
    """What is only on disk is not in any revision, and is known all the same."""
    copied.git("update-ref", "HEAD", copied.commits["first"][0])
    assert name(found(copied, "chart:fresh")) == "Fresher"
    assert "chart:fresh is not in HEAD" in refused(copied, "chart:fresh", "HEAD").message


def test_an_item_that_is_committed_and_not_on_disk(copied: Told) -> None:
    """The last commit that has it is named, whether the item is missing or the whole snapshot is."""
    manifest = copied.folder / "snapshot.json"
    document = Manifest.from_bytes(manifest.read_bytes())
    files = {path: sha for path, sha in document.files.items() if path != "charts/fresh.json"}
    manifest.write_bytes(document.model_copy(update={"files": files}).to_bytes())
    error = refused(copied, "chart:fresh")
    assert "not in the snapshot on disk" in error.message
    assert f"@{copied.commits['created'][0][:10]}`" in error.hint
    manifest.unlink()
    with pytest.raises(SnapshotError, match="holds no snapshot") as caught:
        found(copied, "chart:fresh")
    assert caught.value.hint == error.hint


@pytest.mark.parametrize("said", ["chart:fres", "chart:../../etc/passwd", "chart:FRESH", "dashboard:fresh"])
@pytest.mark.parametrize("at", ["", "HEAD", "01234567"])
def test_an_unknown_item_is_answered_with_similar_ones(told: Told, said: str, at: str) -> None:
    """Whatever is asked of it, an item that never was is answered with those that may be meant."""
    error = refused(told, said, at)
    assert "there is no" in error.message
    assert "passwd" in said or "chart:fresh" in error.hint


def test_without_git_there_are_still_versions(told: Told, tmp_path: Path) -> None:
    """What Lightdash kept can be shown; a revision cannot, and the error says why."""
    folder = tmp_path / "elsewhere"
    for path in told.folder.rglob("*.json"):
        target = folder / path.relative_to(told.folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    sources, item = open_sources(folder), parse_item("chart:weekly-revenue")
    version = next(iter((folder / "charts/weekly-revenue.history").iterdir())).stem
    assert find_one(sources, item, version[-8:]).version == version
    with pytest.raises(ConfigError, match="no version 'HEAD', and no commits") as caught:
        find_one(sources, item, "HEAD")
    assert "is not in a git repository" in caught.value.hint
    with pytest.raises(ConfigError, match="there is no chart:nope"):
        find_one(sources, parse_item("chart:nope"), "")


@pytest.mark.parametrize("nonsense", [b"{", b"", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_an_error(copied: Told, nonsense: bytes) -> None:
    """On disk and in a commit: a message that says where, and no traceback."""
    copied.write(REVENUE, nonsense)
    commit = copied.by_hand()
    for at in ("", commit):
        with pytest.raises(SnapshotError, match="is no JSON"):
            found(copied, "chart:weekly-revenue", at)


def test_a_file_changed_by_hand_is_shown_with_a_note(copied: Told) -> None:
    """It is shown as it is; that it is not what was backed up is said."""
    copied.change(REVENUE, {"name": "By hand"})
    one = found(copied, "chart:weekly-revenue")
    assert name(one) == "By hand"
    assert ["not as it was written" in note for note in one.notes] == [True]


def test_a_link_is_never_followed(copied: Told) -> None:
    """Neither on disk nor in git."""
    chart = copied.folder / REVENUE
    chart.unlink()
    chart.symlink_to(copied.folder / "charts/fresh.json")
    commit = copied.by_hand()
    with pytest.raises(SnapshotError):
        found(copied, "chart:weekly-revenue")
    with pytest.raises(SnapshotError, match="behind a link"):
        found(copied, "chart:weekly-revenue", commit)
    chart.unlink()
    with pytest.raises(GitError, match="no file"):
        found(copied, "chart:weekly-revenue", commit)


@pytest.mark.parametrize("nonsense", [b"{", b"[]", b'{"items": 3, "people": []}', None])
def test_a_damaged_identity_map_only_costs_author_and_version(copied: Told, nonsense: bytes | None) -> None:
    """The content is shown; who saved it is not known."""
    if nonsense is None:
        (copied.folder / "identity.json").unlink()
    else:
        copied.write("identity.json", nonsense)
    commit = copied.by_hand()
    one = found(copied, "chart:fresh", commit)
    assert (name(one), one.version, one.created_by) == ("Fresher", "", None)
    assert bool(one.notes) == (nonsense == b"{")


def test_another_branch_has_no_snapshot_on_disk(copied: Told) -> None:
    """What is on disk belongs to what is checked out, and is never taken for another branch's."""
    sources = open_sources(copied.folder, copied.commits["first"][0])
    with pytest.raises(SnapshotError, match="holds no snapshot"):
        sources.read("pins.json")
    assert sources.read("pins.json", copied.commits["first"][0])
