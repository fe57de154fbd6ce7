"""`list`, and items by name where a key does."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.running import fails, run

DEMO = Path(__file__).parents[2] / "snapshots" / "demo"


def test_list_has_key_name_place_and_uuid_of_every_item() -> None:
    """The same for people and for machines; names that are long are cut for people only."""
    done = run("list", "--ids", "--path", str(DEMO))
    listed = run("list", "--path", str(DEMO), "--json").json["items"]
    assert done.code == 0
    assert len(listed) == 9 + 37 + 2 + 8 + 3 + 7
    north = next(one for one in listed if one["key"] == "orders-in-the-north")
    assert (north["kind"], north["place"]) == ("chart", "Sales / Regions / North")
    for one in listed:
        assert f"{one['kind']}:{one['key']}" in done.out
        assert one["uuid"] in done.out
    without = run("list", "--path", str(DEMO))
    assert listed[0]["uuid"] not in without.out
    assert listed[0]["name"] in without.out
    assert "\x1b[31m" not in done.out
    assert max(map(len, done.out.splitlines())) < 260
    long = next(one for one in listed if one["name"].startswith("Looo"))
    assert len(long["name"]) > 100


def test_a_list_can_be_narrowed() -> None:
    """To kinds, by whatever name, and to a text in key, name or place."""
    only = run("list", "charts", "dashboard", "--find", "SALES", "--path", str(DEMO), "--json").json["items"]
    assert {one["kind"] for one in only} == {"chart", "dashboard"}
    assert all("sales" in f"{one['key']} {one['name']} {one['place']}".lower() for one in only)
    fails(run("list", "nonsense", "--path", str(DEMO)), 2)


def test_log_and_show_take_a_name_or_an_address(tmp_path: Path) -> None:
    """A key, a name and a pasted address mean the same item; a typo is answered with what may be meant."""
    folder = tmp_path / "demo"
    shutil.copytree(DEMO, folder)
    uuid = next(
        one["uuid"]
        for one in run("list", "--path", str(folder), "--json").json["items"]
        if one["key"] == "revenue-to-date"
    )
    texts = ["chart:revenue-to-date", "revenue TO date", f"http://x/projects/p/saved/{uuid}/view"]
    shown = [run("show", text, "--path", str(folder)) for text in texts]
    assert shown[0].code == 0
    assert len({one.out for one in shown}) == 1
    told = [run("log", text, "--path", str(folder)) for text in texts]
    assert told[0].code == 0
    assert len({one.out for one in told}) == 1
    wrong = run("show", "Revenue to dat", "--path", str(folder))
    fails(wrong, 2)
    assert "Did you mean chart:revenue-to-date" in wrong.err
