"""Which item is which can be seen, said by hand, and taken back; nothing of that changes the server."""

from __future__ import annotations

from lightdash_sync.content.kinds import Kind
from lightdash_sync.snapshot.verify import verify
from tests.dialects import preview_of
from tests.sync.desk import SOURCE, TARGET, TO, Desk
from tests.sync.people import People

NOBODY = "00000000-0000-4000-8000-000000000000"


def shown(desk: Desk, *more: str) -> dict[str, str]:
    """Return item -> uuid as `link show` tells it."""
    said = desk.do("link", "show", *TO, "--json", *more).json["links"]
    return {f"{one['kind']}:{one['key']}": one["uuid"] for one in said}


def test_a_link_by_hand_is_followed_by_the_next_plan(desk: Desk) -> None:
    uuid = desk.uuid(Kind.SPACE, "Shared")
    with desk.nothing_is_written():
        assert shown(desk) == {}
        assert list(shown(desk, "--all").values()) == [uuid]
        said = desk.do("link", "add", f"space:shared={uuid}", *TO, "--json").json
        assert said["items"] == ["space:shared"]
        assert shown(desk) == {"space:shared": uuid}
        plan = desk.plan()
    assert (plan["twins"], plan["counts"]["create"]) == ([], 12)


def test_a_link_that_was_removed_makes_a_twin_of_the_item_again(desk: Desk) -> None:
    desk.apply("--adopt-by-name")
    with desk.nothing_is_written():
        desk.do("link", "remove", "chart:inside", "tag:core", *TO)
        assert not {"chart:inside", "tag:core"} & shown(desk).keys()
        assert [one["item"] for one in desk.plan(code=4)["twins"]] == ["chart:inside", "tag:core"]
        assert "is not linked" in desk.do("link", "remove", "chart:inside", *TO, code=4).err
    assert verify(desk.memory).damages == []


def test_what_cannot_be_linked_is_refused(desk: Desk) -> None:
    desk.apply("--adopt-by-name")
    tag = desk.uuid(Kind.TAG, "core")
    with desk.nothing_is_written():
        assert "the target has no chart" in desk.do("link", "add", f"chart:x={NOBODY}", *TO, code=4).err
        done = desk.do("link", "add", f"tag:core={NOBODY}", *TO, code=4)
        assert "linked with" in done.err
        desk.do("link", "add", "chart:x=5", *TO, code=2)
        desk.do("link", "add", f"spice:x={tag}", *TO, code=2)
        desk.do("link", "add", f"chart:../x={tag}", *TO, code=2)


def test_everything_of_one_name_is_linked_at_once_and_shown_before(desk: Desk) -> None:
    """What is called the same twice is left for a person."""
    desk.apply("--adopt-by-name")
    kept = shown(desk)
    desk.memory.rename(desk.folder / "aside")
    with desk.nothing_is_written():
        command = ("link", "adopt", "--from", SOURCE, *TO, "--by", "name", "--json")
        said = desk.do(*command, "--dry-run").json
        assert shown(desk) == {}
        assert desk.do(*command).json["items"] == said["items"]
        twice = ("chart:orders", "chart:orders-1")
        assert shown(desk) == {item: uuid for item, uuid in kept.items() if item not in twice}
        assert [one["item"] for one in desk.plan(code=4)["twins"]] == [*twice]


def test_an_item_that_was_linked_and_is_gone_is_shown_as_gone(desk: Desk) -> None:
    desk.apply("--adopt-by-name")
    desk.send("DELETE", f"/schedulers/{desk.scheduler()}")
    said = desk.do("link", "show", *TO, "--json").json["links"]
    gone = [f"{one['kind']}:{one['key']}" for one in said if not one["exists"]]
    assert gone == ["scheduler:overview-each-hour"]


def test_work_that_was_done_before_a_link_is_no_more_overwritten_than_later_work(desk: Desk) -> None:
    """Nobody knows whether the source ever had it, whoever linked the item."""
    desk.apply("--adopt-by-name")
    there = People(desk, TARGET)
    desk.do("link", "remove", "chart:orders-again", *TO)
    there.chart_name()
    desk.do("link", "add", f"chart:orders-again={there.chart}", *TO)
    with desk.nothing_is_written():
        (drift,) = desk.plan(code=4)["drift"]
    assert (drift["item"], drift["how"], drift["conflicts"]) == ("chart:orders-again", "unsynced", [["name"]])
    there.chart_query()
    assert [one["item"] for one in desk.plan(code=4)["drift"]] == ["chart:orders-again"]


def test_a_target_that_is_a_source_is_compared_by_the_keys_that_its_own_syncs_go_by(desk: Desk) -> None:
    """It was exported under its own keys before anybody linked it, and is another sync's source since."""
    desk.apply("--adopt-by-name")
    desk.memory.rename(desk.folder / "aside")
    desk.export(TARGET)
    (desk.folder / "aside").rename(desk.memory)
    body = {"name": "Other", "copyContent": False}
    made = desk.send("POST", f"/projects/{desk.projects[SOURCE]}/createPreview", body)
    desk.settle(other=preview_of(made, desk.world))
    desk.do("apply", "--from", TARGET, "--to", "other", "--adopt-by-name", "--allow-twins=all", "--yes")
    for one, two in ((SOURCE, TARGET), (TARGET, "other")):
        found = desk.do("diff", one, two, "--only", "chart", "--only", "dashboard", "--json").json
        assert found["items"] == []
