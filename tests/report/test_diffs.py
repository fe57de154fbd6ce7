"""Differences as text, JSON, Markdown and HTML: total for any content, and no text of it is markup."""

from __future__ import annotations

import html
import io
import json
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from lightdash_sync.changes.change import CODES
from lightdash_sync.content.kinds import Kind
from lightdash_sync.report.html import render_html
from lightdash_sync.report.json import render_json
from lightdash_sync.report.markdown import MAX_CHARACTERS, render_markdown
from lightdash_sync.report.terminal import console
from lightdash_sync.report.text import render_text
from tests.content.changes.samples import sample
from tests.content.generated import FEWER
from tests.report.sections import HOSTILE, hostile, items_of, section, sections
from tests.report.seen import ATTRIBUTES, ELEMENTS, Seen

if TYPE_CHECKING:
    from lightdash_sync.content.json import Json
    from lightdash_sync.report.value import Report


def _text(told: Report) -> str:
    out = io.StringIO()
    render_text(told, console(out))
    return out.getvalue()


# --- laws for any content ---


@FEWER
@given(sections())
def test_nothing_of_content_is_an_element_of_the_document(told: Report) -> None:
    """Only the report's own elements and attributes, each closed; no script, link, image or comment."""
    seen = Seen(render_html(told))
    assert seen.open == []
    assert seen.odd == []
    assert {tag for tag, _ in seen.found} <= ELEMENTS
    assert {name for _, attributes in seen.found for name in attributes} <= ATTRIBUTES
    assert [tag for tag, _ in seen.found].count("style") == 1


@FEWER
@given(sections())
def test_a_document_asks_the_network_for_nothing(told: Report) -> None:
    """Its policy allows its own style sheet and nothing else, and that names no address."""
    document = render_html(told)
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', document)
    assert policy.startswith("default-src &#x27;none&#x27;; style-src &#x27;sha256-")
    [css] = re.findall(r"<style>(.*?)</style>", document, re.DOTALL)
    assert "url(" not in css
    assert "@import" not in css


@FEWER
@given(sections())
def test_text_has_no_control_characters(told: Report) -> None:
    """Nothing moves a cursor, rings, or turns text around; in no format."""
    for said in (_text(told), render_markdown(told), render_html(told)):
        assert [char for char in said if not (char.isprintable() or char == "\n")] == []


@FEWER
@given(sections())
def test_markdown_holds_no_markup_of_content(told: Report) -> None:
    """No links, images, emphasis, code or HTML but the report's own folds; every row has its four cells."""
    said = render_markdown(told)
    assert len(said) <= MAX_CHARACTERS
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(said)
    inner = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in inner} <= {"text", "text_special", "em_open", "em_close", "softbreak"}
    own = len(re.findall(r"^\*.*\*$", said, re.MULTILINE))  # notes stand in lines of their own
    assert [child.type for child in inner].count("em_open") == own <= 4
    for token in tokens:
        if token.type == "html_block":
            assert re.fullmatch(r"(<details><summary>[^<>]*</summary>|</details>)\n?", token.content)
    assert [token.tag for token in tokens if token.type == "heading_open"].count("h3") == 1
    kinds = [token.type for token in tokens if token.type in ("tr_open", "th_open", "td_open")]
    assert "".join(kind[:2] for kind in kinds) in (
        "trthththth" + "trtdtdtdtd" * len({item.kind for item in items_of(told)}) if items_of(told) else ""
    )


@FEWER
@given(sections())
def test_markdown_mentions_nobody(told: Report) -> None:
    """Outside of code nothing is a mention, a reference or an address, for GitHub and GitLab."""
    tokens = MarkdownIt("commonmark").enable("table").parse(render_markdown(told))
    bare = [token.content for token in tokens if token.type == "html_block"]
    bare += [child.content for token in tokens for child in token.children or () if child.type == "text"]
    for line in bare:
        seen = html.unescape(line)
        assert not re.search(r"@\w|#\d|!\d|~\w|%\d|\$\d|&\d|GH-\d|://|www\.\w", seen), seen


@FEWER
@given(sections())
def test_json_is_complete(told: Report) -> None:
    """Every item and every change that is told, each with a code that is documented."""
    said = json.loads(json.dumps(render_json(told)))
    assert sorted((item["kind"], item["key"]) for item in said["items"]) == sorted(
        (one.kind, one.key) for one in items_of(told)
    )
    assert all(change["what"] in CODES for item in said["items"] for change in item["changes"])
    assert said["different"] is bool(items_of(told))


@FEWER
@given(sections())
def test_every_item_is_in_the_text(told: Report) -> None:
    """Each is named by what one would type to see it."""
    said = _text(told)
    assert all(f" {one.label}" in said for one in items_of(told))


# --- what people see ---


def _overview(**changed: Json) -> Report:
    return section((Kind.DASHBOARD, "kpis", sample(Kind.DASHBOARD), sample(Kind.DASHBOARD) | changed))


@pytest.mark.parametrize("name", [name for name in HOSTILE if name.isprintable()])
def test_a_name_is_read_as_it_was_written(name: str) -> None:
    """What is made harmless still says the same to a person: the HTML has the very text of the name."""
    texts = "".join(Seen(render_html(_overview(name=name))).texts)
    assert name[:60] in texts


def test_a_layout_is_drawn_before_and_after() -> None:
    """A picture of each side of the changed tab; what was moved has its old outline; others are not drawn."""
    content = sample(Kind.DASHBOARD)
    content["tiles"][0] |= {"y": 30}
    content["tiles"].pop(1)
    seen = Seen(render_html(_overview(tiles=content["tiles"])))
    pictures = [found for tag, found in seen.found if tag == "svg" and "role" in found]
    assert [found["aria-label"] for found in pictures] == [
        "Layout before: 1 removed, 1 moved, 1 same",
        "Layout after: 1 moved, 1 same",
    ]
    assert [found["class"] for tag, found in seen.found if tag == "rect" and "class" in found] == [
        "was moved"
    ]
    assert "1 other tab unchanged." in seen.texts


def test_a_dashboard_that_only_got_another_name_is_not_drawn() -> None:
    """There is nothing to see in its layout."""
    assert "<svg" not in render_html(_overview(name="Other"))


def test_a_huge_dashboard_is_drawn_in_part() -> None:
    """A thousand tiles, some of them far down: the picture says how many are missing."""
    tiles: Json = [
        {"id": f"t{n}", "type": "markdown", "x": 0, "y": n * 3, "w": 9, "h": 3} for n in range(1000)
    ]
    document = render_html(_overview(tiles=tiles))
    assert "more tiles are not drawn" in document
    assert len(document) < 100_000


def test_sql_is_shown_line_by_line() -> None:
    """In text, Markdown and HTML: what came, what went, what stayed."""
    old = sample(Kind.SQL_CHART)
    told = section((Kind.SQL_CHART, "raw", old, old | {"sql": old["sql"].replace("from a", "from `b` <c>")}))
    assert "      - from a\n      + from `b` <c>\n" in _text(told)
    assert "  ```diff\n    select 1\n  - from a\n  + from `b` <c>\n    where b\n  ```\n" in render_markdown(
        told
    )
    assert '<span class="line added">+ from `b` &lt;c&gt;</span>' in render_html(told)


def test_a_fence_is_longer_than_any_in_it() -> None:
    """Markdown inside a tile cannot end the block that shows it."""
    old = sample(Kind.SQL_CHART)
    said = render_markdown(section((Kind.SQL_CHART, "raw", old, old | {"sql": "a\n`````\n</details>"})))
    assert "  ``````diff\n" in said


def test_many_items_stay_below_the_length_of_a_comment() -> None:
    """First with their changes, then without, then only their number; every one is counted."""
    old, new = sample(Kind.CHART), sample(Kind.CHART) | {"name": "N" * 200, "description": "D\n" * 300}
    told = section(*((Kind.CHART, f"chart-{number:04}", old, new) for number in range(3000)))
    said = render_markdown(told)
    assert MAX_CHARACTERS - 2000 < len(said) <= MAX_CHARACTERS
    assert said.count("<details>") == said.count("</details>") > 10
    [more] = re.findall(r"and (\d+) more items", said)
    assert said.count("chart:chart-") + int(more) == 3000


def test_text_is_bounded_unless_all_is_asked_for() -> None:
    """A screen is not filled by a thousand items; `--all` lists them."""
    items: list[tuple[Kind, str, Json, Json]] = [
        (Kind.CHART, f"c{number}", None, sample(Kind.CHART)) for number in range(500)
    ]
    short, long = _text(section(*items)), _text(section(*items, every=True))
    assert short.count("created chart:") == 200
    assert "… and 300 more items (--all lists everything)" in short
    assert long.count("created chart:") == 500


def test_what_means_nothing_is_not_told() -> None:
    """A quiet change beside a loud one is left out, unless everything is asked for."""
    new = {"name": "Other", "newField": None}
    item = (Kind.CHART, "c", sample(Kind.CHART), sample(Kind.CHART) | new)
    quiet, every = section(item), section(item, every=True)
    assert ("newField" in _text(quiet), "newField" in _text(every)) == (False, True)
    assert ("newField" in render_html(quiet), "newField" in render_html(every)) == (False, True)


def test_no_differences_are_said() -> None:
    """In every format; none of them is empty."""
    told = section((Kind.CHART, "c", sample(Kind.CHART), sample(Kind.CHART)))
    assert "No differences." in _text(told)
    assert "No differences." in render_markdown(told)
    assert "No differences." in render_html(told)
    assert render_json(told)["items"] == []


@FEWER
@given(st.lists(hostile, min_size=1, max_size=4))
def test_json_has_values_of_changes_and_none_of_what_is_not_there(names: list[str]) -> None:
    """A field that came has no `before`; a rename has both."""
    name = names[0].encode("utf-8", "replace").decode() or "x"
    item = (Kind.CHART, "c", sample(Kind.CHART), sample(Kind.CHART) | {"name": name, "fresh": 1})
    said = json.loads(json.dumps(render_json(section(item))))
    told = {change["what"]: change for change in said["items"][0]["changes"]}
    assert told["renamed"]["before"] == "Weekly revenue"
    assert told["renamed"]["after"] == name
    assert "before" not in told["field_changed"]


def test_a_report_of_any_size_is_bounded() -> None:
    """What would make a document that no browser opens is left out of the last items, and that is said."""
    old = sample(Kind.SQL_CHART)
    sql = "\n".join(f"{number} {'x' * 390}" for number in range(100))
    items: list[tuple[Kind, str, Json, Json]] = [
        (Kind.SQL_CHART, f"c{number}", old, old | {"sql": f"{number} {sql}"}) for number in range(600)
    ]
    document = render_html(section(*items))
    assert len(document) < 12_000_000
    assert "sql_chart:c599" in document
    assert "The report would be too long" in document
