"""Short ways to tell a review in each format."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from lightdash_sync.report.html import render_html
from lightdash_sync.report.json import render_json
from lightdash_sync.report.markdown import render_markdown
from lightdash_sync.report.reviews import review_report
from lightdash_sync.report.terminal import console
from lightdash_sync.report.text import render_text
from tests.report.reviews.reviewed import DIGEST

if TYPE_CHECKING:
    from typing import Any

    from lightdash_sync.promotion.values import Review


def told_text(review: Review) -> str:
    """The review as a file or pipe gets it."""
    out = io.StringIO()
    render_text(review_report(review, DIGEST), console(out))
    return out.getvalue()


def told_json(review: Review) -> Any:
    """The review as a program reads it."""
    return json.loads(json.dumps(render_json(review_report(review, DIGEST))))


def told_markdown(review: Review) -> str:
    """The review as a comment."""
    return render_markdown(review_report(review, DIGEST))


def told_html(review: Review) -> str:
    """The review as a document."""
    return render_html(review_report(review, DIGEST))
