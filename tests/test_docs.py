"""The documentation can be followed: every link and citation leads to a file, and to a heading in it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
CODE = sorted(
    path
    for folder in ("lightdash_sync", "lightdash_standin", "tests", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
)

LINK = re.compile(r"\]\(([^)\s]+)\)")
CITATION = re.compile(r"\bdocs/[\w-]+\.md(?:#[\w-]+)?")
# Notes that are in no repository, and so cannot be opened by a reader.
CLOSED = re.compile(r"\bapi[-]facts|\bobserved-\d|\bafter-0|\brecordings? \d")


@cache
def _anchors(page: Path) -> frozenset[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings)


def _broken(target: str, base: Path) -> bool:
    """Whether `FILE`, `FILE#ANCHOR` or `#ANCHOR` leads to nothing; `base` is the page that has the link."""
    name, _, anchor = target.partition("#")
    path = (base.parent / name).resolve() if name else base
    return not path.exists() or bool(anchor and anchor not in _anchors(path))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_heading(page: Path) -> None:
    """Every relative link of a page leads to a file of the repository, and to a heading if it names one."""
    targets = [one for one in LINK.findall(page.read_text("utf-8")) if not one.startswith("http")]
    assert [one for one in targets if _broken(one, page)] == []


def test_every_citation_leads_to_a_heading() -> None:
    """Every page of `docs`, and every heading in one, that a docstring or comment cites exists."""
    cited = [(path, one) for path in CODE for one in CITATION.findall(path.read_text("utf-8"))]
    assert cited
    assert [(str(path), one) for path, one in cited if _broken(one, ROOT / "README.md")] == []


def test_nothing_cites_what_a_reader_cannot_open() -> None:
    """Sources are pages of this repository, or Lightdash's own files: no notes that are kept elsewhere."""
    found = [str(path) for path in (*PAGES, *CODE) if CLOSED.search(path.read_text("utf-8"))]
    assert found == []
