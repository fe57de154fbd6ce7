"""`-o`: the bytes of the format go into the file, and the screen says what is in it and where it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.apply.small_world import small_world
from tests.sync.desk import FROM_TO, desk_at

BEGINS = {"html": "<!doctype html>", "markdown": "###", "json": "{", "text": "Plan"}


@pytest.mark.parametrize("form", ["html", "markdown", "json"])
def test_a_report_goes_into_the_file_in_the_format_that_was_asked_for(tmp_path: Path, form: str) -> None:
    """Plan, diff, status: the file has what the format prints, stdout nothing, stderr totals and the path."""
    with desk_at(small_world(), tmp_path / "work") as desk:
        desk.do("export", "--env", "source")
        desk.do("export", "--env", "target")
        for words in (["plan", *FROM_TO], ["diff", "snapshots/source", "snapshots/target"], ["status"]):
            printed = desk.do(*words, "--format", form, may=(0, 4))
            done = desk.do(*words, "--format", form, "-o", "out/file", may=(0, 4))
            assert done.code == printed.code
            assert done.out == ""
            assert (desk.folder / "out" / "file").read_text("utf-8").startswith(BEGINS[form])
            assert "Written to out/file" in done.err
            if words[0] == "plan":
                assert "to create" in done.err


def test_without_a_format_the_ending_tells_it_and_a_plan_is_kept_for_apply(tmp_path: Path) -> None:
    """`plan -o plan.json` is what `apply` takes, and can be shown again in any format."""
    with desk_at(small_world(), tmp_path / "work") as desk:
        desk.do("plan", *FROM_TO, "--adopt-by-name", "-o", "plan.html")
        assert (desk.folder / "plan.html").read_text("utf-8").startswith(BEGINS["html"])
        done = desk.do("plan", *FROM_TO, "--adopt-by-name", "-o", "plan.json")
        assert "lightdash-sync apply plan.json" in done.err
        assert done.out.startswith("Plan: ")
        shown = desk.do("show", "plan.json")
        assert shown.out == done.out
        desk.do("show", "plan.json", "--format", "html", "-o", "again.html")
        assert (desk.folder / "again.html").read_text("utf-8").startswith(BEGINS["html"])
        told = json.loads(desk.do("show", "plan.json", "--json").out)
        assert told["digest"] in (desk.folder / "plan.json").read_text("utf-8")
        desk.do("plan", *FROM_TO, "--adopt-by-name", "--format", "json", "-o", "report.json")
        wrong = desk.do("apply", "report.json", "--yes", code=1)
        assert "report.json is the report of a plan" in wrong.err
        assert "without --format writes a plan" in wrong.err
        desk.do("apply", "plan.json", "--yes")


def test_a_refused_review_says_so_where_its_report_goes_into_a_file(tmp_path: Path) -> None:
    """Exit code and screen are the same, whoever reads the report."""
    with desk_at(small_world(), tmp_path / "work") as desk:
        done = desk.do("plan", *FROM_TO, "-o", "x.md", code=4)
        assert "This plan will be refused" in done.err
        assert "Written to x.md" in done.err
