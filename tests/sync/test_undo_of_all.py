"""A run that filled an empty project is taken back whole: lists of the project included."""

from __future__ import annotations

from pathlib import Path

from tests.worlds import demo_world

from .desk import TARGET, TO, desk_at


def test_an_undo_takes_back_icons_and_pins_that_were_not_there_before(tmp_path: Path) -> None:
    """An empty list has no file: what a run put into it must go nevertheless."""
    with desk_at(demo_world(), tmp_path / "work") as desk:
        before = desk.content(TARGET)
        assert "metric_icons.json" not in before
        desk.apply("--adopt-by-name")
        assert {"metric_icons.json", "pins.json"} <= desk.content(TARGET).keys()
        undone = desk.do("undo", *TO, "--yes", "--json").json
        assert (undone["complete"], undone["mismatches"]) == (True, [])
        assert desk.content(TARGET) == before


def test_an_undo_does_not_say_that_it_links_anything(tmp_path: Path) -> None:
    """What the run created is known by its journal; no link comes of that."""
    with desk_at(demo_world(), tmp_path / "work") as desk:
        desk.apply("--adopt-by-name")
        said = desk.do("undo", *TO, "--yes").out
        assert "Linked by this plan" not in said
