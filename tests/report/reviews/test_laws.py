"""Reviews as text, JSON, Markdown and HTML: total for any content, and no text of it is markup."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from hypothesis import given
from markdown_it import MarkdownIt

from lightdash_sync.content.json import canonical, sha256
from lightdash_sync.report.markdown import MAX_CHARACTERS
from tests.content.generated import FEWER
from tests.report.reviews.reviewed import DIGEST, reviews
from tests.report.reviews.telling import told_html, told_json, told_markdown, told_text
from tests.report.seen import ATTRIBUTES, ELEMENTS, Seen

if TYPE_CHECKING:
    from lightdash_sync.promotion.values import Review


@FEWER
@given(reviews())
def test_nothing_of_a_review_is_an_element_of_the_document(review: Review) -> None:
    """Only the report's own elements and attributes, each closed; no script, link, image or comment."""
    seen = Seen(told_html(review))
    assert seen.open == []
    assert seen.odd == []
    assert {tag for tag, _ in seen.found} <= ELEMENTS
    assert {name for _, attributes in seen.found for name in attributes} <= ATTRIBUTES
    assert [tag for tag, _ in seen.found].count("style") == 1


@FEWER
@given(reviews())
def test_a_document_asks_the_network_for_nothing(review: Review) -> None:
    """Its policy allows its own style sheet and nothing else, and that names no address."""
    document = told_html(review)
    metas = [found for tag, found in Seen(document).found if tag == "meta" and "http-equiv" in found]
    [policy] = [found["content"] or "" for found in metas]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    [css] = re.findall(r"<style>(.*?)</style>", document, re.DOTALL)
    assert "url(" not in css
    assert "@import" not in css


@FEWER
@given(reviews())
def test_no_format_has_control_characters(review: Review) -> None:
    """Nothing moves a cursor, rings, or turns text around."""
    for said in (told_text(review), told_markdown(review), told_html(review)):
        assert [char for char in said if not (char.isprintable() or char == "\n")] == []


@FEWER
@given(reviews())
def test_markdown_holds_no_markup_of_a_review(review: Review) -> None:
    """No links, images, emphasis or HTML but the report's own; every row of a table has the same cells."""
    said = told_markdown(review)
    assert len(said) <= MAX_CHARACTERS
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(said)
    inner = [child for token in tokens for child in token.children or ()]
    own = {"text", "text_special", "em_open", "em_close", "softbreak", "code_inline"}
    assert {child.type for child in inner} <= own
    assert all(child.content.startswith("--") for child in inner if child.type == "code_inline")
    for token in tokens:
        if token.type == "html_block":
            assert re.fullmatch(r"(<details><summary>[^<>]*</summary>|</details>)\n?", token.content)
    titles = [token.tag for token in tokens if token.type == "heading_open"]
    assert titles.count("h3") == 1 + bool(review.effective) + bool(review.left_behind)
    kinds = [token.type for token in tokens if token.type in ("tr_open", "td_open", "th_open")]
    rows = "".join(kind[:2] for kind in kinds).split("tr")
    assert set(rows) <= {"", "th" * 5, "td" * 5}
    concerned = {item.kind for item in review.items}
    assert rows.count("td" * 5) == (len(concerned) if review.effective else 0)


@FEWER
@given(reviews())
def test_markdown_of_a_review_mentions_nobody(review: Review) -> None:
    """Outside of code nothing is a mention, a reference or an address, for GitHub and GitLab."""
    tokens = MarkdownIt("commonmark").enable("table").parse(told_markdown(review))
    bare = [token.content for token in tokens if token.type == "html_block"]
    bare += [child.content for token in tokens for child in token.children or () if child.type == "text"]
    for line in bare:
        assert not re.search(r"@\w|#\d|!\d|~\w|%\d|\$\d|&\d|GH-\d|://|www\.\w", html.unescape(line))


@FEWER
@given(reviews())
def test_every_format_says_whether_a_promotion_will_be_refused(review: Review) -> None:
    """One entry for each reason for which a run refuses, and none for what may be run."""
    said = told_json(review)
    assert len(said["refusals"]) == len(review.refusals())
    assert said["blocked"] is bool(review.refusals())
    for told in (told_text(review), told_markdown(review), told_html(review)):
        assert ("This promotion will be refused" in told) is bool(review.refusals())


@FEWER
@given(reviews())
def test_json_has_every_item_every_verdict_and_every_call(review: Review) -> None:
    """In the order of the review, with hashes of both contents and the digest that was given."""
    said = told_json(review)
    assert said["digest"] == DIGEST
    assert [(item["kind"], item["key"], item["effective"]) for item in said["items"]] == [
        (item.kind, item.key, item.effective) for item in review.items
    ]
    assert [[verdict["code"] for verdict in item["verdicts"]] for item in said["items"]] == [
        [verdict.code for verdict in item.verdicts] for item in review.items
    ]
    for told, item in zip(said["items"], review.items, strict=True):
        sides = (("before_sha", item.before), ("after_sha", item.after))
        assert [told[name] for name, _ in sides] == [
            None if content is None else sha256(canonical(content)) for _, content in sides
        ]
    assert [call["key"] for call in said["calls"]] == [call.key for call in review.calls]
    assert len(said["left_behind"]) == len(review.left_behind)


@FEWER
@given(reviews())
def test_every_item_that_changes_is_in_the_text(review: Review) -> None:
    """Each is named by what one would type to choose or accept it."""
    said = told_text(review)
    assert all(f" {item.item}" in said for item in (*review.effective, *review.left_behind))


@FEWER
@given(reviews())
def test_counts_are_the_items(review: Review) -> None:
    """What is created, updated, deleted and left unchanged makes up all that the promotion concerns."""
    counts = told_json(review)["counts"]
    total = sum(counts[name] for name in ("create", "update", "delete", "unchanged"))
    assert total == len(review.items)
    assert sum(number for kind in counts["kinds"].values() for number in kind.values()) == total
    assert counts["rename"] + counts["move"] <= counts["update"]
